"""Rules 7 to 9 and 12 to 15 of DESIGN section 8: what a run may say, to whom it talks, what it does unasked."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Sequence

from fwsim import boards, deeds
from fwsim.events import Event, Fact, Intent, NotRehearsed, from_json, to_json
from fwsim.judged import Broken, Command, Record, Told

LOGINS = 2
SUPERMICRO_POST_CODE = (0x30, 0x70, 0x02)
OVER_LAN = "flash-over-lan"  # among what the plan allows
HARD = frozenset({0x00, 0x02, 0x03})  # of Chassis Control: off, cycle, reset without asking the operating system
POWER_ON = 0x01
OURS = "/var/tmp/fwsim-"  # noqa: S108 - on the host, made with mode 0700
URL, REMOTE = r"\w+://(?:[^@/]*@)?([^/:]+)", r"(?:[^@/:]*@)?([^/:]+):"
AFFECTS_MUCH = frozenset({"flash", "activate", "bmc-reset", "restart", "power", "factory-default", "users", "lan"})


def least_invasive(told: Told, world: Sequence[Record]) -> Iterator[Broken]:
    """7. The host's power is not cut while its operating system could still be asked to go down."""
    for command in told.commands:
        if command.deed != "power" or not _is_hard(command):
            continue
        asked = [c for c in told.commands if c.deed == "restart" and c.index < command.index]
        if not asked and _host_was_up(world, command.began):
            yield Broken(7, f"`{command.line}` though nobody has asked the operating system to go down", command.began)


def _is_hard(command: Command) -> bool:
    data = deeds.raw_bytes(command.event.where, command.event.argv)
    if data:
        return len(data) > 2 and data[2] in HARD
    return bool(set(command.event.argv) & {"off", "cycle", "reset", "powerdown", "powercycle", "hardreset"})


def _host_was_up(world: Sequence[Record], at: float) -> bool:
    up = True
    for record in world:
        if record["at"] > at:
            break
        if record["kind"] in ("host-shutdown", "host-hung", "post", "host-power-off"):
            up = False
        elif record["kind"] == "host-up":
            up = True
    return up


def no_secret(told: Told, world: Sequence[Record]) -> Iterator[Broken]:
    """8. No password in events, files or the journal. The message never repeats it."""
    for secret in told.final.secrets:
        for event, line in zip(told.events, told.lines, strict=True):
            if secret in line:
                yield Broken(8, f"a password stands in a {event.name} event", event.at)
                break
        for name, data in told.final.files.items():
            if secret.encode() in data:
                yield Broken(8, f"a password stands in {name}", _end(told))


def whole_journal(told: Told, world: Sequence[Record]) -> Iterator[Broken]:
    """9. The journal holds these very events; what may end a server was announced before, with the host's boot id."""
    yield from _readable(told)
    for command in told.commands:
        event = command.event
        if command.deed not in AFFECTS_MUCH or not event.changes:
            continue
        intents = [e for i, e in told.of(Intent, before=command.index) if e.step == event.step]
        if not intents:
            yield Broken(9, f"`{command.line}` was not announced by an intent", command.began)
        elif not intents[-1].boot_id:
            yield Broken(9, f"the intent before `{command.line}` does not say under which boot", command.began)


def _readable(told: Told) -> Iterator[Broken]:
    data = told.final.journal
    if data is None:
        return
    lines = data[: data.rfind(b"\n") + 1].splitlines()
    read: list[Event] = []
    for number, line in enumerate(lines, 1):
        try:
            read.append(from_json(line.decode()))
        except ValueError as error:
            yield Broken(9, f"line {number} of the journal is no event: {error}", _end(told))
            return
    if [to_json(e) for e in read] != told.lines:
        yield Broken(9, "the journal does not hold the events that were told", _end(told))


def _end(told: Told) -> float:
    return told.events[-1].at if told.events else 0.0


def only_own_endpoints(told: Told, world: Sequence[Record]) -> Iterator[Broken]:
    """12. A rehearsal talks to what it started, and to nothing of the plan that a person wrote."""
    endpoints = told.final.endpoints
    if endpoints and told.started is not None:
        for address in (told.started.host, told.started.bmc):
            if address not in endpoints:
                yield Broken(12, f"the run is about {address}, which is not of this rehearsal", told.started.at)
    for command in told.commands:
        for address in _addresses(command):
            if endpoints and address not in endpoints:
                yield Broken(12, f"`{command.line}` goes to {address}, which is not of this rehearsal", command.began)
    written_down = {e.argv for e in told.events if isinstance(e, NotRehearsed)}
    for word in told.final.forbidden:
        event = next(
            (
                e
                for e, line in zip(told.events, told.lines, strict=True)
                if word in line and getattr(e, "argv", None) not in written_down
            ),
            None,
        )
        if event is not None:
            yield Broken(12, f"{word} of the operator's own plan stands in a {event.name} event", event.at)


def _addresses(command: Command) -> Iterator[str]:
    argv = command.event.argv
    for i, word in enumerate(argv):
        if word == "-H" and i + 1 < len(argv):
            yield argv[i + 1]
        pattern = URL if "://" in word else REMOTE if argv[0] in ("scp", "sftp", "rsync") else None
        if pattern is not None and (match := re.match(pattern, word)):
            yield match[1]
    if argv[0] in ("ssh", "ping", "telnet", "nc") and len(argv) > 1:
        yield argv[-1].rsplit("@", 1)[-1]


def exact_oem_bytes(told: Told, world: Sequence[Record]) -> Iterator[Broken]:
    """13. OEM raw commands come from the exact list of that board's manufacturer."""
    board = boards.load(told.started.board) if told.started is not None else None
    known = _known_oem(board) if board is not None else frozenset()
    for command in told.commands:
        if command.deed == "factory-default":
            yield Broken(13, f"`{command.line}`: a factory default is never automatic", command.began)
        data = deeds.raw_bytes(command.event.where, command.event.argv)
        if command.deed == "oem" and data not in known:
            yield Broken(13, f"`{command.line}` is not among the OEM bytes of this board", command.began)


def _known_oem(board: boards.Board) -> frozenset[tuple[int, ...]]:
    rows: list[tuple[int, ...]] = [SUPERMICRO_POST_CODE] if board.vendor == "supermicro" else []
    if board.bmc.lan_mode is not None:
        mode = board.bmc.lan_mode
        rows += [mode.get_bytes(), *(mode.set_bytes(name) for name in mode.modes.values())]
    return frozenset(rows)


def few_logins(told: Told, world: Sequence[Record]) -> Iterator[Broken]:
    """14. At most two failed logins a user a run."""
    failed: Counter[str] = Counter()
    for record in world:
        if record["kind"] in ("bmc-login-refused", "host-login-refused"):
            who = f"{record['kind'].split('-')[0]} user {record.get('user', '')}"
            failed[who] += 1
            if failed[who] == LOGINS + 1:
                yield Broken(14, f"a third failed login as {who}", record["at"])


def asked_for(told: Told, world: Sequence[Record]) -> Iterator[Broken]:
    """15. Unasked: look, wait, put LAN settings back. The plan asks for its flashes and restarts; the rest is asked."""
    for command in told.commands:
        why = _unasked(told, command)
        if why and command.deed not in told.final.allowed and not _consented(told, command):
            yield Broken(15, f"`{command.line}`: {why}", command.began)


def _unasked(told: Told, command: Command) -> str:
    """Why this needed a question first, "" where it did not."""
    argv = command.event.argv
    flashed = {s.kind for s in told.starts if s.command.index < command.index}
    match command.deed:
        case "look" | "modules" | "watchdog":
            return ""
        case "flash":
            starts = [s for s in told.starts if s.command.index == command.index]
            foreign = [s for s in starts if s.flash.sha256 not in told.final.payloads]
            if command.event.where == "operator" and OVER_LAN not in told.final.allowed:
                return "the plan does not let it go over the network"
            return "this payload is not the plan's" if foreign else ""
        case "files":
            words = [w for w in deeds.inner(argv) if "/" in w and not w.startswith("-")]
            return "" if any(OURS in w for w in words) or argv[0] == "sh" else "these are not our files"
        case "unit":
            return "" if argv[-1].startswith("fwsim-") else "this unit is not ours"
        case "lan" | "activate" | "bmc-reset":
            return "" if "bmc" in flashed else "no BMC was flashed"
        case "oem":
            return "" if not command.event.changes or "bmc" in flashed else "no BMC was flashed"
        case "restart" | "console":
            return "" if "bios" in told.final.wanted else "the plan has no BIOS to restart for"
        case "power":
            data = deeds.raw_bytes(command.event.where, argv)
            on = data[2:3] == (POWER_ON,) or argv[-1] == "on"
            return "" if on and "bios" in told.final.wanted else "nobody was asked whether to take the power"
        case _:
            return f"nobody was asked ({command.deed})"


def _consented(told: Told, command: Command) -> bool:
    """A person's or the plan's own yes to this kind of deed, told as a fact before it is done."""
    return any(f.key == "allowed" and f.value == command.deed for _, f in told.of(Fact, before=command.index))
