"""What the plan's word is needed for: power, quiet, a way back; and findings that it waives with a reason."""

from __future__ import annotations

from fwsim import payload, units
from fwsim.context import Context
from fwsim.outcomes import Refuse, Result, done, waived, warned
from fwsim.plan import Fallback, Kind
from fwsim.tools import racadm
from fwsim.tools.ipmitool import sdr
from fwsim.versions import BadVersion, same


def refuse_unless_waived(context: Context, finding: str, message: str, remedy: str) -> Result:
    """The plan's reason, or a refusal that says what to write."""
    if reason := context.plan.waiver(finding):
        return waived(f"{message} ({reason})")
    key = f"waivers: [{{finding: {finding}, reason: WHY}}]"
    raise Refuse(message, f"{remedy}; or, where that may be, say why in the plan: {key}")


async def power(context: Context) -> Result:
    """Two feeds or a UPS, by the operator's word, and no sensor that says otherwise."""
    attested = context.plan.power
    if attested.feeds < 2 and not attested.ups:
        raise Refuse(
            f"power.feeds is {attested.feeds} and there is no UPS: a flash must not end with one breaker",
            "supply the server from two feeds or a UPS, then say so in the plan: power: {feeds: 2}, or {ups: true}",
        )
    answer = await context.read(sdr.POWER_SUPPLIES)
    supplies = sdr.parse(answer.stdout) if answer.status == 0 else ()
    against = sdr.contradict(supplies, attested.feeds)
    if against:
        raise Refuse(f"the plan says {attested.feeds} feeds, the sensors say: {against}", "repair the supply first")
    if not supplies:
        return warned("no power supply sensor answers; the plan's word is all there is")
    return done(f"{attested.feeds} feeds{', UPS' if attested.ups else ''}; {len(supplies)} supplies agree")


async def quiet(context: Context) -> Result:
    """Nobody else acts on this server meanwhile. That cannot be seen from here."""
    word = context.plan.quiet
    missing = [key for key in ("fencing", "controllers") if not getattr(word, key)]
    if missing:
        means = {
            "fencing": "cluster fencing cannot reset or power this server",
            "controllers": "no other controller acts on its BMC",
        }
        keys = ", ".join(f"{key}: true" for key in missing)
        raise Refuse(
            f"nobody attests that {' and that '.join(means[key] for key in missing)} during the update",
            f"see to it, then say so in the plan: quiet: {{{keys}}}",
        )
    return done("fencing and other controllers are quiet, by the plan's word")


async def idle(context: Context) -> Result:
    """Nothing else is flashing, or waits to be flashed."""
    unit = await units.look(context)
    if unit.state == "running":
        raise Refuse(f"a flash is running on this host: {unit.description}", "wait for it to end")
    if context.board.racadm is None:
        return done("no flash is running on the host")
    jobs = racadm.parse_jobs((await context.must(racadm.JOBS, timeout_s=120)).stdout)
    before = frozenset[str]().union(*context.found.jobs_before.values())  # what is newer is this run's own
    pending = [job for job in jobs if job.is_open and (not context.found.flashed or job.id in before)]
    if pending:
        names = ", ".join(f"{job.id} ({job.name}, {job.status})" for job in pending)
        raise Refuse(f"the iDRAC has open jobs: {names}", "let them end, or delete them where they are not wanted")
    return done("no flash is running, no job is open")


async def fallback(context: Context) -> Result:
    """Firmware of each version that is about to be replaced: whole, hashed, for this board."""
    found: list[str] = []
    missing: list[tuple[Kind, str]] = []
    for kind in _to_be_flashed(context):
        running = context.found.version(kind)
        image = _fallback_of(context, kind, running)
        if image is None:
            missing.append((kind, running))
        else:
            _check_image(context, image)
            found.append(image.file.name)
    what = " and ".join(f"{kind.upper()} {version}" for kind, version in missing)
    if missing and not context.plan.policy.accept_no_fallback:
        rows = ", ".join(f'{{kind: {k}, file: FILE, version: "{v}", sha256: SHA}}' for k, v in missing)
        raise Refuse(
            f"no way back: the plan has no fallback image of {what}, which runs now",
            f"get it from the vendor and add it: fallback: [{rows}]; or accept that: policy.accept_no_fallback: true",
        )
    if missing:
        return waived(f"no fallback image of {what}, as policy.accept_no_fallback has it")
    return done(f"{', '.join(found)}: SHA-256 as in the plan" if found else "nothing will be replaced")


def _to_be_flashed(context: Context) -> tuple[Kind, ...]:
    """The kinds whose wanted version does not run yet."""
    return tuple(p.kind for p in context.plan.payloads if not _is(context.found.version(p.kind), p.version))


def _is(running: str, version: str) -> bool:
    try:
        return same(running, version)
    except BadVersion:
        return False


def _fallback_of(context: Context, kind: Kind, running: str) -> Fallback | None:
    return next((f for f in context.plan.fallback if f.kind == kind and _is(running, f.version)), None)


def _check_image(context: Context, image: Fallback) -> None:
    name, found = image.file.name, context.job.payloads[image.file]
    reasons = list(payload.fallback_objections(found, image, context.board))
    if found.synthetic and not context.job.allow_synthetic:
        reasons.append("is a synthetic image for virtual servers")
    if reasons:
        raise Refuse(
            f"the fallback image {name} {'; '.join(reasons)}", "get the right file, and its SHA-256, from the vendor"
        )
