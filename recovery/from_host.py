"""What can be seen through the host: is it there, and does its BMC answer it in band? Nothing is changed but that the
IPMI modules are loaded, which is done without asking."""

from __future__ import annotations

from fwsim import versions
from fwsim.boards import Kind
from fwsim.context import last_line
from fwsim.doors import CommandTimeout, Completed, DoorError, HostAuthenticationRefused, HostKeyRefused
from fwsim.outcomes import Stop
from fwsim.steps import reading
from fwsim.tools import Unparsable, df, dmidecode, ipmitool, kernel, racadm, systemd
from fwsim.tools.ipmitool import lan, mc, user
from recovery import echoes
from recovery.from_journal import Past
from recovery.notes import Notes

SSH, KCS = "the host over SSH", "the BMC through the host (KCS)"
COMMAND_S, RACADM_S = 30.0, 180.0
NOT_FOUND = 127
JOBS_WORST_FIRST = (("running", "running"), ("waiting", "scheduled"), ("failed", "failed"), ("completed", "completed"))
LEAST_FREE = 1024 * 1024  # bytes
TOOLS = {"hpm": "ipmitool"}  # method -> command, where they differ
NO_ADDRESS, NO_MAC = "0.0.0.0", "00:00:00:00:00:00"


async def look(notes: Notes, past: Past) -> None:
    """The host, then the BMC through it."""
    await echoes.host(notes)
    if not await notes.context.doors.host.answers():
        notes.saw("host.answers", "no", SSH)
        notes.saw("host.login", "silent", SSH)
        notes.cannot("kcs", "the host does not answer", KCS)
        return
    notes.saw("host.answers", "yes", SSH)
    if not await _logged_in(notes):
        notes.cannot("kcs", "nobody could log in to the host", KCS)
        return
    if await _is_flashing(notes):
        notes.cannot("kcs", "nothing is sent to a BMC while a flash runs", KCS)
        return
    await _bios(notes)
    await _tools(notes)
    await _disk(notes)
    await _in_band(notes, past)
    if notes.context.board.racadm is not None:
        await _jobs(notes)


async def _logged_in(notes: Notes) -> bool:
    before = notes.context.found.restart_under
    try:
        now = kernel.parse_boot_id((await _run(notes, kernel.BOOT_ID)).stdout)
    except HostAuthenticationRefused:
        notes.saw("host.login", "refused", SSH)
        return False
    except HostKeyRefused:
        notes.saw("host.login", "key-changed", SSH)
        return False
    except (DoorError, Unparsable) as error:
        notes.cannot("host.login", str(error), SSH)
        return False
    notes.saw("host.login", "in", SSH)
    if before:
        notes.saw("host.restarted", "no" if now == before else "yes", SSH)
    return True


async def _is_flashing(notes: Notes) -> bool:
    try:
        unit = systemd.parse_show((await _run(notes, systemd.show())).stdout)
    except (DoorError, Unparsable) as error:
        notes.cannot("flash", str(error), SSH)
        return False
    notes.saw("flash", {"running": "running", "ended": "ended"}.get(unit.state, "none"), SSH)
    return unit.state == "running"


async def _bios(notes: Notes) -> None:
    try:
        running = dmidecode.parse_bios((await _run(notes, dmidecode.BIOS)).stdout).version
    except (DoorError, Unparsable) as error:
        notes.cannot("bios.version", str(error), SSH)
        return
    saw_version(notes, "bios", running, SSH)


async def _tools(notes: Notes) -> None:
    """The commands by which the plan's images are flashed."""
    job = notes.context.job
    wanted = {"ipmitool", *(TOOLS.get(m.tool, m.tool) for image in job.all_images for m in job.methods(image)[:1])}
    try:
        answer = await _run(notes, ("sh", "-c", f"command -v {' '.join(sorted(wanted))}"))
    except DoorError as error:
        notes.cannot("tools", str(error), SSH)
        return
    found = {line.rsplit("/", 1)[-1] for line in answer.stdout.split()}
    notes.saw("tools", "present" if wanted <= found else "missing", SSH)


async def _disk(notes: Notes) -> None:
    try:
        free = df.parse_available_bytes((await _run(notes, df.argv("/var/tmp"))).stdout)  # noqa: S108 - on the host
    except (DoorError, Unparsable) as error:
        notes.cannot("disk", str(error), SSH)
        return
    notes.saw("disk", "room" if free >= LEAST_FREE else "full", SSH)


def saw_version(notes: Notes, kind: Kind, running: str, source: str) -> None:
    """Is it the plan's target, or what ran before?"""
    plan, found = notes.context.plan, notes.context.found
    wanted, was = plan.payload(kind), found.versions.get(kind, [getattr(plan.running, kind, "")])[0]
    try:
        if wanted is not None and versions.same(running, wanted.version):
            notes.saw(f"{kind}.version", "new", source)
        elif was and versions.same(running, was):
            notes.saw(f"{kind}.version", "old", source)
        else:
            notes.saw(f"{kind}.version", "other", source)
    except versions.BadVersion as error:
        notes.cannot(f"{kind}.version", str(error), source)


async def _in_band(notes: Notes, past: Past) -> None:
    if not await _has_modules(notes):
        return
    try:
        answer = await _run(notes, mc.INFO)
    except CommandTimeout:
        notes.saw("kcs", "silent", KCS)
        return
    except DoorError as error:
        notes.cannot("kcs", str(error), KCS)
        return
    seen = _kcs(answer)
    notes.saw("kcs", seen, KCS)
    if seen == "answers":
        await _told_version(notes, answer)
        await _lan(notes, past)
        await _mode(notes, past)
        await _users(notes, past)


def _kcs(answer: Completed) -> str:
    if answer.status == 0:
        return "answers"
    if answer.status == NOT_FOUND:
        return "no-tool"
    return "no-device" if ipmitool.device_is_missing(answer.stderr) else "silent"


async def _has_modules(notes: Notes) -> bool:
    try:
        loaded = [await _run(notes, kernel.modprobe(module)) for module in kernel.IPMI_MODULES]
    except DoorError as error:
        notes.cannot("kcs", str(error), KCS)
        return False
    if any("not found" in answer.stderr for answer in loaded):
        notes.saw("kcs", "no-module", KCS)
        return False
    return True


async def _told_version(notes: Notes, answer: Completed) -> None:
    """By `mc info` where the board tells its version so; else by the vendor's tool."""
    try:
        if notes.context.board.bmc.version_from == "mc-info":
            running = mc.parse_info(answer.stdout).version
        else:
            running = await reading.version(notes.context, "bmc")
    except (DoorError, Unparsable, Stop) as error:
        notes.cannot("bmc.version", str(error), KCS)
        return
    saw_version(notes, "bmc", running, KCS)


async def _lan(notes: Notes, past: Past) -> None:
    shown, channel = await _shown(notes, past)
    if shown is None:
        return
    before, plan = past.lan, notes.context.plan
    was = before.address if before is not None else plan.bmc.address
    as_before = shown.source == (before.source if before is not None else "static")
    notes.saw("lan.source", "as-before" if as_before else "dhcp" if shown.source == "dhcp" else "other", KCS)
    address = "as-before" if shown.address == was else "none" if shown.address == NO_ADDRESS else "other"
    notes.saw("lan.address", address, KCS)
    mac = "none" if shown.mac in ("", NO_MAC) else "as-before" if before is None or shown.mac == before.mac else "other"
    notes.saw("lan.mac", mac, KCS)
    if before is not None:
        rest = {"netmask", "gateway", "vlan", "vlan_priority"} & set(lan.differences(before, shown))
        notes.saw("lan.rest", "other" if rest else "as-before", KCS)
    access = await _answer(notes, lan.channel_info(channel), "lan.access")
    if access is not None:
        notes.saw("lan.access", "off" if lan.is_switched_off(access) else "on", KCS)


async def _shown(notes: Notes, past: Past) -> tuple[lan.LanConfig | None, int]:
    """`lan print` of the channel that is known, or of the board's first that answers."""
    known = notes.context.found.channel or (past.lan.channel if past.lan is not None else 0)
    for channel in (known,) if known else notes.context.board.bmc.channels:
        text = await _answer(notes, lan.show(channel), "lan.address")
        if text:
            try:
                return lan.parse(text, channel), channel
            except Unparsable as error:
                notes.cannot("lan.address", str(error), KCS)
    return None, 0


async def _mode(notes: Notes, past: Past) -> None:
    try:
        now = await reading.lan_mode(notes.context)
    except (DoorError, Unparsable, Stop) as error:
        notes.cannot("lan.mode", str(error), KCS)
        return
    if now and past.lan_mode:
        notes.saw("lan.mode", "as-before" if now == past.lan_mode else "other", KCS)
    else:
        notes.cannot(
            "lan.mode", "this board cannot be asked" if not now else "there is nothing to compare it with", KCS
        )


async def _users(notes: Notes, past: Past) -> None:
    channel = notes.context.found.channel or notes.context.board.bmc.channels[0]
    text = await _answer(notes, user.show(channel), "users")
    if text is None:
        return
    try:
        now = user.parse(text)
        before = user.parse(past.users) if past.users else None
    except Unparsable as error:
        notes.cannot("users", str(error), KCS)
        return
    name = notes.context.plan.bmc.user
    own = next((one for one in now if one.name == name), None)
    changed = own is None or bool(before is not None and user.differences(before, now))
    notes.saw("users", "other" if changed else "as-before", KCS)
    password = notes.context.doors.passwords.get(name)
    if own is not None and password:
        await _password(notes, own.id, password)


async def _password(notes: Notes, number: int, password: str) -> None:
    """Asked in band, which is no login and locks nobody out."""
    try:
        answer = await _run(notes, ipmitool.EXEC, stdin=user.test_password(number, password))
    except DoorError as error:
        notes.cannot("password", str(error), KCS)
        return
    found = user.parse_test(answer.stdout, answer.stderr, answer.status)
    if found == "unknown":
        notes.cannot("password", last_line(answer.stderr), KCS)
    else:
        notes.saw("password", found, KCS)


async def _jobs(notes: Notes) -> None:
    try:
        saw_jobs(notes, (await _run(notes, racadm.JOBS, timeout_s=RACADM_S)).stdout, SSH)
    except (DoorError, Unparsable) as error:
        notes.cannot("jobs", str(error), SSH)


def saw_jobs(notes: Notes, stdout: str, source: str) -> None:
    """The worst of them. Raises Unparsable."""
    jobs = racadm.parse_jobs(stdout)
    states = {job.state or "running" for job in jobs}  # a status that nobody has seen may be a job at work
    worst = next((told for state, told in JOBS_WORST_FIRST if state in states), "none")
    notes.saw("jobs", worst, source)


async def _answer(notes: Notes, argv: tuple[str, ...], key: str) -> str | None:
    """Its standard output; where it does not end well, `key` could not be told."""
    try:
        answer = await _run(notes, argv)
    except DoorError as error:
        notes.cannot(key, str(error), KCS)
        return None
    if answer.status != 0:
        notes.cannot(key, last_line(answer.stderr or answer.stdout), KCS)
        return None
    return answer.stdout


async def _run(notes: Notes, argv: tuple[str, ...], *, stdin: bytes = b"", timeout_s: float = COMMAND_S) -> Completed:
    """One try: who looks does not wait for what is gone."""
    return await notes.context.run(argv, stdin=stdin, timeout_s=timeout_s)
