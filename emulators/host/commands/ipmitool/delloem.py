"""`ipmitool delloem lan`: which port an iDRAC uses.

What the controller says it is (system info 0xdd) decides the commands: 12th and 13th generation iDRACs have a shared
and a failover LOM; every other, iDRAC9 too, is spoken to as an 11th generation one.
"""

from __future__ import annotations

from emulators.host.commands.ipmitool.tool import Tool
from emulators.host.commands.ipmitool.usage_more import DELL_LAN_USAGE, DELL_USAGE
from emulators.host.commands.ipmitool.values import completion_text
from emulators.host.process import Run

APP, GET_SYSTEM_INFO, IDRAC_VALIDATOR = 0x06, 0x59, 0xDD
OEM = 0x30
SET_OLD, GET_OLD, SET_12G, GET_12G, GET_ACTIVE = 0x24, 0x25, 0x28, 0x29, 0xC1
GENERATIONS_12_13 = (0x10, 0x11, 0x20, 0x21, 0x22)
MODULAR, MODULAR_11G, WITHOUT_LAN = (0x11, 0x21), 0x0B, 0x0E
NO_LICENCE = 0x6F

OLD_MODES = ("shared", "shared with failover lom2", "dedicated", "shared with Failover all loms")
MODES = (
    "dedicated",
    "shared with lom1",
    "shared with lom2",
    "shared with lom3",
    "shared with lom4",
    "shared with failover lom1",
    "shared with failover lom2",
    "shared with failover lom3",
    "shared with failover lom4",
    "shared with failover all loms",
)
ACTIVE = ("None", "LOM1", "LOM2", "LOM3", "LOM4", "dedicated")
LOMS = {"lom1": 2, "lom2": 3, "lom3": 4, "lom4": 5}
SAME_LOM = "ERROR: Cannot set shared with failover lom same as current shared lom."
IN_DEDICATED = "ERROR: Cannot set shared with failover loms when NIC is set to dedicated Mode."
ON_BLADES = "ERROR: Cannot set shared Mode for Blades."


def main(tool: Tool, argv: list[str]) -> Run[int]:
    match argv:
        case [] | ["help", *_]:
            tool.notice(DELL_USAGE)
            return 0
        case ["lan", *rest]:
            return (yield from _lan(tool, rest))
    tool.notice(DELL_USAGE)
    return -1


def _lan(tool: Tool, argv: list[str]) -> Run[int]:
    if not argv or argv[0] == "help":
        tool.notice(DELL_LAN_USAGE)
        return 0
    kind = yield from _controller(tool)
    if kind == WITHOUT_LAN:
        tool.log("lan is not supported on this system.")
        return -1
    match argv:
        case ["get"]:
            return (yield from _get(tool, kind))
        case ["get", "active", *_]:
            return (yield from _active(tool))
        case ["set", *words] if words:
            return (yield from (_set_12g if kind in GENERATIONS_12_13 else _set_old)(tool, kind, words))
    tool.notice(DELL_LAN_USAGE)
    return 0 if argv[0] == "get" else -1


def _controller(tool: Tool) -> Run[int]:
    """The controller's kind; 0 where it does not say."""
    reply = yield from tool.send(APP, GET_SYSTEM_INFO, bytes([0, IDRAC_VALIDATOR, 2, 0]))
    if reply is None or reply.completion_code:
        return 0
    return reply.data.ljust(11, b"\0")[10]


def _ask(tool: Tool, command: int, data: bytes, what: str) -> Run[bytes | None]:
    reply = yield from tool.send(OEM, command, data)
    if reply is None:
        tool.log(what)
        return None
    if reply.completion_code:
        tool.log(f"{what} ({completion_text(reply.completion_code)})")
        return None
    return reply.data


def _get(tool: Tool, kind: int) -> Run[int]:
    newer = kind in GENERATIONS_12_13
    data = yield from _ask(tool, GET_12G if newer else GET_OLD, b"", "Error in getting nic selection")
    if data is None:
        return -1
    if not newer:
        tool.line(OLD_MODES[data[0]] if data[0] < len(OLD_MODES) else "")
        return 0
    selection, failover = data[0], data.ljust(2, b"\0")[1]
    if not 0 < selection < 6 or failover > 6:
        tool.log(f"Error Outof bond Value received ({selection}) ({failover})")
        return -1
    if selection == 1:
        tool.line(MODES[0])
        return 0
    tool.line(f"Shared LOM   :  {MODES[selection - 1]}")
    if failover == 0:
        tool.line("Failover LOM :  None")
    elif failover >= 2:
        tool.line(f"Failover LOM :  {MODES[failover + 3]}")
    return 0


def _active(tool: Tool) -> Run[int]:
    what = "Error in getting Active LOM Status"
    status = yield from _ask(tool, GET_ACTIVE, b"\0\0\0", what)
    if status is None:
        return -1
    link = yield from _ask(tool, GET_ACTIVE, b"\1\0\0", what)
    if link is None:
        return -1
    up = status[0] < len(ACTIVE) and len(link) > 1 and link[1]
    tool.line(f"\n{ACTIVE[status[0]] if up else ACTIVE[0]}")
    return 0


def _set_old(tool: Tool, kind: int, words: list[str]) -> Run[int]:
    modes = {
        ("shared",): 0,
        ("shared", "with", "failover", "lom2"): 1,
        ("shared", "with", "failover", "all", "loms"): 3,
    }
    mode = 2 if words[0] == "dedicated" else modes.get(tuple(words[:5]))
    if mode is None:
        tool.notice(DELL_LAN_USAGE)
        return -1
    if kind == MODULAR_11G:
        tool.log(ON_BLADES)
        return -1
    if (yield from _ask(tool, SET_OLD, bytes([mode]), "Error in setting nic selection")) is not None:
        tool.out("configured successfully")
    return 0  # the tool forgets how it went


def _set_12g(tool: Tool, kind: int, words: list[str]) -> Run[int]:
    data = yield from _ask(tool, GET_12G, b"", "Error in getting nic selection")
    chosen = None if data is None else _choose(kind, words, data[0], data.ljust(2, b"\0")[1])
    if chosen is None:
        tool.notice(DELL_LAN_USAGE)
        return -1
    if isinstance(chosen, str):
        tool.log(chosen)
        return -1
    reply = yield from tool.send(OEM, SET_12G, bytes(chosen))
    if reply is None:
        tool.log("Error in setting nic selection")
    elif reply.completion_code == NO_LICENCE and chosen[0] == 1:
        tool.log("FM001 : A required license is missing or expired")
    elif reply.completion_code:
        tool.log(f"Error in setting nic selection ({completion_text(reply.completion_code)})")
    else:
        tool.out("configured successfully")
    return 0


def _choose(kind: int, words: list[str], selection: int, failover: int) -> tuple[int, int] | str | None:
    """The pair to set, the reason why not, or None for words that mean nothing."""
    match words:
        case ["dedicated", *_]:
            return 1, 0
        case ["shared", "with", "failover", *rest] if rest:
            wanted = {**LOMS, "none": 0}.get(rest[0], 6 if rest[:2] == ["all", "loms"] else None)
            if wanted is None:
                return None
            if kind in MODULAR:
                return ON_BLADES
            if rest[0] in LOMS and selection == wanted:
                return SAME_LOM
            return IN_DEDICATED if selection == 1 else (selection, wanted)
        case ["shared", "with", lom, *_] if lom in LOMS:
            if kind in MODULAR:
                return ON_BLADES
            return LOMS[lom], 0 if failover == LOMS[lom] else failover
    return None
