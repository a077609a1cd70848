"""Files that we cannot read are shown to the vendor's tool on the host: it says for which board they are."""

from __future__ import annotations

from fwsim.context import Context, Job, last_line
from fwsim.outcomes import Refuse, Result, done, skipped
from fwsim.paths import Hop
from fwsim.steps import Planned
from fwsim.tools import sum
from fwsim.versions import BadVersion, same


def _question(job: Job, image: Hop) -> tuple[str, ...] | None:
    """The tool's command, None where the file itself says it, or no tool can be asked."""
    if job.payloads[image.file].identifies(image.kind) or not any(m.tool == "sum" for m in job.methods(image)):
        return None
    ask_of = sum.get_bmc_info if image.kind == "bmc" else sum.get_bios_info
    return ask_of(job.remote(image))


def questions(job: Job) -> tuple[Planned, ...]:
    argvs = (_question(job, image) for image in job.all_images)
    return tuple(Planned("host", argv) for argv in argvs if argv is not None)


async def ask(context: Context) -> Result:
    """Board and version of every opaque file that is needed."""
    asked = []
    for image in (image for row in context.found.path.values() for image in row):
        argv = _question(context.job, image)
        if argv is not None and image not in context.found.flashed:
            await _ask_one(context, image, argv)
            asked.append(image.file.name)
    return done(f"sum knows {', '.join(asked)}") if asked else skipped("the files say it themselves")


async def _ask_one(context: Context, image: Hop, argv: tuple[str, ...]) -> None:
    answer, name = await context.read(argv, timeout_s=300), image.file.name
    if answer.status != 0:
        said = last_line(answer.stderr or answer.stdout)
        raise Refuse(
            f"sum does not take {name}: {sum.meaning(answer.status)} ({answer.status}): {said}", "get the right file"
        )
    parsed = sum.parse_bmc_info(answer.stdout) if image.kind == "bmc" else sum.parse_bios_info(answer.stdout)
    board = context.board
    fits = board.bmc.families if image.kind == "bmc" else board.bios.board_ids
    if parsed.file is None or parsed.file.board.upper() not in {known.upper() for known in fits}:
        seen = parsed.file.board if parsed.file else "nothing"
        raise Refuse(f"sum says that {name} is for {seen}, {board.title} takes {', '.join(fits)}", "get the right file")
    try:
        agrees = same(parsed.file.version, image.version)
    except BadVersion:
        agrees = False
    if not agrees:
        raise Refuse(
            f"sum says that {name} is version {parsed.file.version}, the plan says {image.version}", "correct the plan"
        )
