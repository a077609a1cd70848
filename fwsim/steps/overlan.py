"""HPM.1 over the network, from the operator's machine: where the BMC does not answer on its host any more.

Only by the plan's word (`policy.flash_over_lan`), and only in a run that has verified the server in band before. The
flash runs in a unit of this machine, one a BMC; meanwhile a unit of the host's own, which does nothing, holds the lock
that another operator's fwsim looks at. The password goes through a pipe with a name, and lies on no disk.
"""

from __future__ import annotations

from fwsim import boards, look, units, versions, waiting
from fwsim.boards import BiosMethod, BmcMethod
from fwsim.context import Context, Job, last_line
from fwsim.doors import BmcAuthenticationRefused, BmcUnreachable, CommandTimeout, DoorError
from fwsim.look import UnitSeen, Verdict, VersionSeen
from fwsim.outcomes import Fail, NeedsHands, Refuse
from fwsim.paths import Hop
from fwsim.steps import Planned, hpmproof, reading
from fwsim.steps.guard import INCOMPLETE, WORD
from fwsim.steps.progress import Meter
from fwsim.steps.systeminterface import COLD_RESET
from fwsim.tools import Unparsable, sha256sum, systemd
from fwsim.tools.ipmitool import hpm

DEVICE_ID, UPGRADE_STATUS, ACTIVATE = (0x06, 0x01), (0x2C, 0x34), (0x2C, 0x35)
BUSY = 0x80
HOLDER = "over-lan"  # the step in the tag of the host's unit
TRIES = 2
WHEN = "where the BMC answers over LAN alone, and the plan lets it go that way"
SECRET_S = 30.0
REFUSED = ("RAKP", "nauthorized name", "Incorrect password")


def applies(context: Context, image: Hop, method: BmcMethod | BiosMethod) -> bool:
    """May this image go over the network? Where fwsim runs on the host itself there is no other machine."""
    return context.plan.policy.flash_over_lan and method.tool == "hpm" and not context.plan.host.local


def unit_name(job: Job) -> str:
    """The unit on the operator's machine: one a BMC."""
    return f"{systemd.UNIT}-{job.plan.bmc.address.replace(':', '-')}"


def folder(job: Job) -> str:
    """On the operator's machine."""
    return f"{job.directory}-operator"


def command(job: Job, image: Hop) -> tuple[str, ...]:
    at = job.plan.bmc
    suite = () if at.cipher_suite is None else ("-C", str(at.cipher_suite))
    login = ("-H", at.address, "-p", str(at.port), "-U", at.user, "-f", _pipe(job), *suite)
    return ("ipmitool", "-I", "lanplus", *login, *hpm.upgrade(str(image.file))[1:])


def looks(job: Job) -> tuple[tuple[str, ...], ...]:
    """What is asked of this machine, to see whether it can do it."""
    return (("id", "-u"), ("which", "ipmitool"), systemd.show(unit_name(job)))


def planned(job: Job, image: Hop, step: str) -> tuple[Planned, ...]:
    """The whole way, where the plan allows it."""
    if not job.plan.policy.flash_over_lan or job.plan.host.local or all(m.tool != "hpm" for m in job.methods(image)):
        return ()
    unit, hosts = unit_name(job), (systemd.stop(), systemd.reset_failed())
    start = (*_preparation(job, image), _detached(job, image, step).start, _telling(job))
    over = (systemd.stop(unit), systemd.reset_failed(unit), ("rm", "-rf", folder(job)))
    raws = tuple(("raw", *(f"{b:#04x}" for b in row)) for row in (DEVICE_ID, (*UPGRADE_STATUS, 0)))
    rows = [("operator", sha256sum.argv(str(image.file))), ("host", _holder(job, image))]
    rows += [("operator", argv) for argv in start]
    rows += [*(("bmc", argv) for argv in raws), *(("host", argv) for argv in hosts)]
    rows += [("operator", argv) for argv in over]
    return tuple(Planned(where, argv, WHEN) for where, argv in rows)


def planned_restart(job: Job, image: Hop) -> tuple[Planned, ...]:
    if not planned(job, image, ""):
        return ()
    wants = any(isinstance(m, BmcMethod) and m.activation == "activate" for m in job.methods(image))
    rows = ((*ACTIVATE, 0), COLD_RESET) if wants else (COLD_RESET,)
    return tuple(Planned("bmc", ("raw", *(f"{b:#04x}" for b in row)), WHEN) for row in rows)


async def unready(context: Context) -> str:
    """Why this machine cannot do it, "" where it can."""
    user, installed, unit = [await context.run_operator(argv) for argv in looks(context.job)]
    if user.stdout.strip() != "0":
        return "fwsim does not run as root on this machine, where it would start a unit"
    if installed.status != 0:
        return "ipmitool is not installed on this machine"
    try:
        systemd.parse_show(unit.stdout)
    except Unparsable:
        return "systemd does not answer on this machine"
    return ""


async def run(context: Context, image: Hop, deadline_s: float) -> bool:
    """Look, then do what the table says, as in band. False where the version runs already.

    Raises Refuse before anything is begun, Fail where the bank is or may be incomplete.
    """
    if complaint := await unready(context):
        raise Refuse(f"the BMC does not answer on its host, and cannot be flashed over LAN: {complaint}", _PUT_RIGHT)
    here = context.on_operators_machine(unit_name(context.job))
    starts = 0
    while True:
        verdict, seen = await _look(context, here, image)
        context.fact(f"{image.kind}.look", f"{seen}, over LAN")
        match verdict:
            case "skip":
                await _release(context)
                return False
            case "stop":
                raise Fail(f"{seen}: nothing is started blind", "find out what runs there, then start a new run")
            case "wait":
                await _bmc_is_back(context)
                continue
            case "start":
                if starts == TRIES:
                    raise Fail(f"it was begun {TRIES} times over the network: no more", _remedy(context.job, image))
                starts += 1
                await _begin(context, here, image)
        ended = await _followed(context, here, image, deadline_s, started=verdict == "start")
        if ended is not None:
            await _judge(context, image, ended)
            await _release(context)
            return True


# -- look


async def _look(context: Context, here: Context, image: Hop) -> tuple[Verdict, str]:
    """The unit of this machine, the version and the BMC, as they are seen over the network."""
    unit = await units.look_before(here)
    mine = unit.tag is not None and (unit.tag.run, unit.tag.sha256) == (context.job.run_id, image.sha256)
    if unit.state == "running":
        if not mine:
            await units.make_room(here, unit)
        return "follow", "unit active"
    answers = await context.doors.network.probe()
    version = await _version(context) if answers else ""
    unit_is: UnitSeen = "ended" if mine and unit.state == "ended" else "unknown"
    version_is: VersionSeen = "unreadable"
    if version:
        version_is = "new" if versions.same(version, image.version) else "old"
    said = f"unit {unit_is}, version {version_is}{f' ({version})' if version else ''}"
    return look.follows(unit_is, version_is, answers), f"{said}, BMC {'answers' if answers else 'silent'}"


async def _version(context: Context) -> str:
    """By Get Device ID: the major number, and the minor one as two BCD digits. "" where it cannot be read."""
    try:
        reply = await context.lan(*DEVICE_ID)
        if reply.completion_code != 0 or len(reply.data) < 4:
            return ""
        version = versions.Version(f"{reply.data[2] & 0x7F}.{reply.data[3]:02x}").text
    except (DoorError, versions.BadVersion):
        return ""
    context.read_version("bmc", version)
    return version


async def _bmc_is_back(context: Context) -> None:
    board = context.board
    patience = waiting.Patience(board.deadlines.bmc_boot_s, board.waits.poll_s, board.waits.steady)
    if not (await waiting.until_steady(context.doors.clock, context.doors.network.probe, patience)).reached:
        raise NeedsHands(
            f"the BMC answers neither on its host nor over LAN within {board.deadlines.bmc_boot_s} s",
            "leave the host running: it is the last way in. Somebody has to look at the BMC's LED and its port",
        )


# -- start


async def _begin(context: Context, here: Context, image: Hop) -> None:
    """What was verified is still so, nobody else flashes here, and it is announced."""
    seen = sha256sum.parse((await here.must(sha256sum.argv(str(image.file)))).stdout)
    if seen != image.sha256:
        raise Refuse(f"{image.file.name} has SHA-256 {seen} now, expected {image.sha256}", "start a new run")
    context.warn(
        f"the BMC answers over LAN, and not on its host: {image.file.name} goes over the network, as the plan allows. "
        "A connection that breaks now breaks the flash"
    )
    await _hold(context, image)
    for argv in _preparation(context.job, image):
        await here.must(argv, changes=True)
    await reading.boot_id(context)
    context.intend(f"flash {image.kind} {image.version} by hpm, over LAN", str(image.file))
    context.mark(image, "begun", tool="hpm", where="operator")


def _preparation(job: Job, image: Hop) -> tuple[tuple[str, ...], ...]:
    """The folder, the pipe for the password, and the answer to the one question that there may be."""
    rows = (
        ("mkdir", "-p", "-m", "0700", folder(job)),
        ("rm", "-f", _pipe(job)),
        ("mkfifo", "-m", "0600", _pipe(job)),
    )
    asks = job.payloads[image.file].services_affected
    return (*rows, ("sh", "-c", f"echo y > {_answers(job)}")) if asks else rows


async def _hold(context: Context, image: Hop) -> None:
    """Take the host's own lock: a unit that only sleeps, and keeps the host from being shut down."""
    unit = await units.look_before(context)
    if unit.tag is not None and (unit.tag.run, unit.tag.step) == (context.job.run_id, HOLDER):
        return
    await units.make_room(context, unit)
    context.intend("hold the host's lock", systemd.UNIT)
    started = await context.run(_holder(context.job, image), changes=True)
    if started.status != 0:
        raise Refuse(f"the host's lock {systemd.UNIT} is not to be had: {last_line(started.stderr)}", "look who has it")


def _holder(job: Job, image: Hop) -> tuple[str, ...]:
    tag = systemd.Tag(job.run_id, HOLDER, image.sha256)
    seconds = str(round(boards.load(job.plan.board).deadlines.bmc_flash_s))
    return systemd.run_detached(("sleep", seconds), tag, log="/dev/null", standard_input="/dev/null")


async def _release(context: Context) -> None:
    """The host's lock. The unit of this machine stays until the version was read back."""
    unit = await units.look(context)
    if unit.tag is not None and (unit.tag.run, unit.tag.step) == (context.job.run_id, HOLDER):
        context.intend("free the host's lock", systemd.UNIT)
        await units.forget(context)


async def tidy(context: Context, image: Hop) -> None:
    """What lies on this machine, once its flash tells nothing more."""
    here = context.on_operators_machine(unit_name(context.job))
    await units.over(here, image.sha256)
    await here.change(("rm", "-rf", folder(context.job)))


# -- follow, judge


def _detached(job: Job, image: Hop, step: str) -> units.Detached:
    tag = systemd.Tag(job.run_id, step, image.sha256)
    answers = _answers(job) if job.payloads[image.file].services_affected else "/dev/null"
    return units.Detached(command(job, image), tag, f"{folder(job)}/flash.log", answers, unit_name(job))


async def _followed(
    context: Context, here: Context, image: Hop, deadline_s: float, *, started: bool
) -> units.Ended | None:
    """To its end; None where this machine was restarted meanwhile, and has forgotten its unit."""
    one = _detached(context.job, image, context.step)
    meter = Meter(context, _look_log, context.job.payloads[image.file].size)
    try:
        if started:
            await units.started(here, one)
        await _tell_the_secret(context, here)
        return await units.attach(here, one, deadline_s=deadline_s, every_s=context.board.waits.poll_s, tell=meter)
    except units.Vanished as error:
        context.warn(error.message)
        return None
    except (Fail, DoorError) as error:
        raise Fail(str(error), _remedy(context.job, image)) from error


async def _tell_the_secret(context: Context, here: Context) -> None:
    """ipmitool waits at the pipe for the password. It takes it once; then the pipe goes."""
    context.login("tried")
    try:
        await here.run(
            _telling(context.job),
            stdin=context.doors.passwords[context.plan.bmc.user].encode() + b"\n",
            timeout_s=SECRET_S,
        )
    except CommandTimeout:
        context.warn("nobody has taken the password from the pipe: the unit's log will say why")


async def _judge(context: Context, image: Hop, ended: units.Ended) -> None:
    """As in band: the tool's line, exit 0, and the BMC's own word where it says one. Raises Fail."""
    seen = hpm.parse_upgrade(ended.log)
    refused = any(word in ended.log for word in REFUSED) and seen.stage in ("", "validating")
    context.login("refused" if refused else "in")
    if refused:
        context.mark(image, "not-begun")
        await _release(context)
        raise Refuse(f"the BMC refused the login for the flash: {last_line(ended.log)}", "correct the plan's password")
    complaint = ""
    if not seen.complete or seen.failed or seen.rolled_back or ended.status != 0:
        complaint = f"{'; '.join(seen.complaints) or last_line(ended.log)} (exit {ended.status})"
    complaint = complaint or await _bmc_objects(context)
    if not complaint:
        return
    if not context.job.despite_incomplete:
        message = f"the flash of {image.kind.upper()} {image.version} over LAN failed: {complaint}"
        raise Fail(message, _remedy(context.job, image))
    context.fact(WORD, f"go on though {image.kind.upper()} {image.version} is not proved whole: {complaint}")


async def _bmc_objects(context: Context) -> str:
    """Why the bank is not whole by the BMC's word, "" where it agrees or does not say."""
    try:
        return await _by_status(context)
    except BmcAuthenticationRefused:
        return ""
    except DoorError as error:
        return f"the BMC does not answer after it: {error}"


async def _by_status(context: Context) -> str:
    """Get Upgrade Status, until it is busy no more. Raises DoorError."""
    began = context.now()
    while context.now() - began < hpmproof.BUSY_S:
        reply = await context.lan(*UPGRADE_STATUS, b"\0")
        if reply.completion_code != 0 or len(reply.data) < 3 or reply.data[2] == 0:
            return ""
        if reply.data[2] != BUSY:
            return f"the BMC says that command {reply.data[1]:#04x} ended with {reply.data[2]:#04x}"
        await context.sleep(context.board.waits.poll_s)
    return f"the BMC says after {hpmproof.BUSY_S:.0f} s that it is still at work"


async def activate(context: Context) -> None:
    """Activate Firmware, for a board that wants it before its restart; it may restart by that. Raises Fail."""
    context.intend("activate, over LAN", "bmc")
    try:
        reply = await context.lan(*ACTIVATE, b"\0")
        refused = "" if reply.completion_code in (0, BUSY) else f"completion code {reply.completion_code:#04x}"
        complaint = refused or await _by_status(context)
    except BmcUnreachable:
        return
    if complaint:
        raise Fail(f"what was written was not activated: {complaint}", "`ipmitool hpm check` says more")


def _look_log(log: str) -> tuple[str, int | None, int | None]:
    seen = hpm.parse_upgrade(log)
    return seen.stage or "starting", seen.percent if seen.stage == "uploading" else None, seen.size_bytes


def _pipe(job: Job) -> str:
    return f"{folder(job)}/login"


def _telling(job: Job) -> tuple[str, ...]:
    """Whatever comes on standard input goes into the pipe, as long as it is there."""
    pipe = _pipe(job)
    return ("sh", "-c", f"test ! -p {pipe} || {{ cat > {pipe} && rm -f {pipe}; }}")


def _answers(job: Job) -> str:
    return f"{folder(job)}/answers"


def _remedy(job: Job, image: Hop) -> str:
    return INCOMPLETE.format(command=" ".join(command(job, image)))


_PUT_RIGHT = "put that right, or make the BMC answer on its host again: `ipmitool mc reset cold` over LAN"
