"""The payloads on the operator's side: whole, of the plan's hash and version, for this board; and in which order."""

from __future__ import annotations

from fwsim import paths, payload
from fwsim.boards import Kind
from fwsim.context import Context
from fwsim.outcomes import Refuse, Result, done
from fwsim.paths import Hop
from fwsim.plan import Image
from fwsim.versions import BadVersion, Requirement


async def check(context: Context) -> Result:
    """Every file of the plan, before any of them leaves this machine."""
    attested = []
    for image in context.job.all_images:
        _check_one(context, image)
        if _by_word_alone(context, image):
            attested.append(image.file.name)
    said = f"; by the plan's word alone: {', '.join(attested)}" if attested else ""
    return done(f"{', '.join(i.file.name for i in context.job.all_images)}: SHA-256 as in the plan{said}")


def _check_one(context: Context, image: Hop) -> None:
    found, name = context.job.payloads[image.file], image.file.name
    wanted = next(i for i in _images(context, image) if i.file == image.file)
    reasons = payload.objections(found, wanted, image.kind, context.board)
    if reasons:
        raise Refuse(
            f"{name} {'; '.join(reasons)}", "get the right file from the vendor, and its SHA-256 into the plan"
        )
    if found.synthetic and not context.job.allow_synthetic:
        raise Refuse(
            f"{name} is a synthetic image for virtual servers", "rehearse with it; a real server takes real files"
        )
    if not context.job.methods(image):
        known = context.board.bmc.methods if image.kind == "bmc" else context.board.bios.methods
        offer = ", ".join(f"{m.tool} takes {' '.join(m.extensions)}" for m in known)
        raise Refuse(f"no tool of this board takes a file named {name}", f"on {context.board.title} {offer}")


def _images(context: Context, image: Hop) -> tuple[Image, ...]:
    entry = context.plan.payload(image.kind)
    return (*entry.intermediate, entry) if entry else ()


def _by_word_alone(context: Context, image: Hop) -> bool:
    """Neither the file nor a tool on the host says for which board it is: then a person must."""
    found = context.job.payloads[image.file]
    if found.identifies(image.kind) or any(method.tool == "sum" for method in context.job.methods(image)):
        return False
    entry = context.plan.payload(image.kind)
    if entry is None or not entry.attest:
        raise Refuse(
            f"{image.file.name} does not say for which board it is, and no tool can be asked",
            "check it against the vendor's page, then say so in the payload's `attest`",
        )
    return True


async def path(context: Context) -> Result:
    """Which flashes lead from what runs to what is wanted; the BMC that a BIOS needs comes first."""
    words = []
    for entry in context.plan.payloads:
        running = _from(context, entry.kind)
        try:
            row = paths.hops(entry, running, allow_downgrade=context.plan.policy.allow_downgrade)
        except (paths.NoPath, BadVersion) as error:
            raise Refuse(str(error), "read the release notes; add the missing versions under `intermediate`") from error
        row = tuple(image for image in row if image not in context.found.verified)
        if row:
            context.found.path[entry.kind] = row
        words.append(f"{entry.kind.upper()} {' -> '.join([running, *(hop.version for hop in row)])}")
    _bios_has_its_bmc(context)
    return done(", ".join(words))


def _from(context: Context, kind: Kind) -> str:
    """What runs; where a flash of that kind is still to be ended, what ran before it was begun."""
    found = context.found
    return found.versions[kind][0] if found.pending(kind) and kind in found.versions else found.version(kind)


def _bios_has_its_bmc(context: Context) -> None:
    entry = context.plan.payload("bios")
    if entry is None or not context.found.path.get("bios"):
        return
    row = context.found.path.get("bmc", ())
    will_run = row[-1].version if row else context.found.version("bmc")
    own = context.job.payloads[entry.file].requires_bmc
    for need in (entry.requires_bmc, f">={own}" if own else ""):
        if not Requirement(need).allows(will_run):
            raise Refuse(
                f"BIOS {entry.version} needs a BMC {need}, and {will_run} will run then",
                "add the BMC's payload to the plan: the BMC is updated first",
            )
