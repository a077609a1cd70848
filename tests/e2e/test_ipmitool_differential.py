"""The built-in ipmitool and the machine's own against the same virtual server: text and exit status must be equal.

The machine's ipmitool speaks by its dummy interface to the BMC's system interface (channel 0xf, administrator), so that
nothing of a LAN session comes between. Left out of the comparison: the upload's wall time.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from emulators import images
from emulators.bmc.reply import Reply
from emulators.server import VirtualServer
from emulators.spec import ServerSpec
from tests.emulators.host.ipmitool_bench import Kcs, Outcome, built_in, real
from tests.tools import require_tool

BOARDS = ("x11ssh-f", "x11ssm-f", "x10dri", "x12spi", "r730", "r740", "c6220")
ADMINISTRATOR, SYSTEM_INTERFACE = 4, 0x0F
HPM, GET_STATUS = 0x2C, 0x34
LONG_S = 300.0  # what a poll of the machine's ipmitool is worth, so that nobody waits for the flash

READING = """
mc info | bmc info | mc guid | mc guid dump | mc guid rfc | mc guid ipmi | mc selftest | mc getenables
mc watchdog get | mc watchdog off | mc watchdog reset | mc watchdog get
lan print | lan print 1 | lan print 8 | lan print 15 | lan print x | lan | lan foo
user list | user list 1 | -c user list 1 | user summary 1 | user list 99 | user foo | user
channel info | channel info 1 | channel info 8 | channel info 15 | channel getaccess 1 2 | channel authcap 1 4
channel getciphers ipmi 1 | channel foo
chassis status | chassis power status | power status | chassis selftest | chassis poh | chassis restart_cause
chassis policy list | chassis bootparam get 5 | chassis bootparam get 3 | chassis bootparam get 7 | chassis foo
sel | sel info | sel list | sel elist | sel list last 2 | sel list first 1 | -c sel elist | sel get 1 | sel get 99
sel time get | sel foo
sdr | sdr elist | sdr list all | sdr elist all | sdr list fru | sdr elist mcloc | sdr info | sdr type list
sdr type Temperature | sdr type foo | -c sdr | -c sdr elist | sdr foo
sensor | -c sensor | sensor get FAN1 | sensor get nothing | sensor reading FAN1 | sensor foo
fru | fru print | fru print 0 | fru print 9 | sol info 1 | -c sol info 1 | session info all | session info active
raw 6 1 | raw app 1 | raw 0x30 0x70 0x0c 0 | raw 0x30 0x70 0x02 | raw 0x3c 0x99 | raw 6 | raw zz 1 | -l 1 raw 6 1
hpm check | hpm targetcap | hpm compprop 0 1 | hpm compprop 1 2 | hpm compprop 9 1 | hpm upgstatus | hpm foo | hpm
hpm rollbackstatus | hpm selftestresult | hpm check nofile | hpm upgrade nofile force | hpm upgrade nofile component
delloem lan get | delloem lan get active | foo | help | -V | -h | exec nofile | -v mc info | -v lan print
"""

WRITING = """
lan set 1 ipsrc static | lan set 1 ipaddr 192.0.2.77 | lan set 1 netmask 255.255.0.0 | lan set 1 ipaddr 1.2.3
lan set 1 defgw ipaddr 192.0.2.254 | lan set 1 vlan id 17 | lan print 1 | lan set 1 vlan id off
lan set 1 vlan id 9999 | lan set 1 access on | lan set 1 user | lan set 1 foo | lan set 9 ipsrc static
lan set 1 arp respond on | lan set 1 snmp monitor | lan set 1 ipsrc dhcp | lan print 1
user set name 3 operator | user set password 3 secret | user test 3 16 secret | user test 3 16 wrong | user enable 3
user set password 3 123456789012345678901 | user priv 3 4 1 | user priv 3 9 1 | channel setaccess 1 3 ipmi=on link=on
channel getaccess 1 3 | user list 1 | user disable 3 | user set name 3 averylongnameindeed
chassis bootdev pxe | chassis bootparam get 5 | chassis bootdev bios options=persistent,efiboot
chassis bootparam get 5 | chassis bootdev foo | chassis bootparam set bootflag force_disk | chassis policy always-on
chassis policy previous | chassis identify | chassis identify 5 | chassis identify force | chassis identify x
sel time set 02/03/26~04:05:06 | sel clear | sel list | mc setenables | hpm abort
delloem lan set dedicated | delloem lan get
raw 0x30 0x70 0x0c 1 1 | raw 0x30 0x70 0x0c 0 | power off
"""


def commands(table: str) -> list[list[str]]:
    """One a cell; `~` stands for a space within a word."""
    cells = [command.split() for line in table.strip().splitlines() for command in line.split("|")]
    return [[word.replace("~", " ") for word in words] for words in cells]


def server(board: str) -> VirtualServer:
    made = VirtualServer(ServerSpec(board=board))
    made.host.modules |= {"ipmi_msghandler", "ipmi_devintf", "ipmi_si"}
    return made


def in_band(made: VirtualServer) -> Callable[[int, int, int, bytes], Reply | None]:
    """The BMC as the machine's ipmitool sees it. Time passes by what each answer takes."""

    def answer(netfn: int, lun: int, command: int, data: bytes) -> Reply | None:
        reply = made.bmc.handle(netfn, lun, command, data, ADMINISTRATOR, channel=SYSTEM_INTERFACE)
        assert reply is not None
        poll = LONG_S if (netfn, command) == (HPM, GET_STATUS) else 0.0
        made.advance(made.agenda.now + reply.delay_s + poll)
        return reply

    return answer


def comparable(outcome: Outcome) -> tuple[str, str, int]:
    text = re.sub(r"Upload Time: \d\d:\d\d", "Upload Time: --:--", outcome.stdout)
    return text, outcome.stderr, outcome.status


@pytest.mark.parametrize("table", [READING, WRITING], ids=["reading", "writing"])
@pytest.mark.parametrize("board", BOARDS)
def test_both_ipmitools_print_the_same(board: str, table: str, tmp_path: Path) -> None:
    program = require_tool("ipmitool")
    ours, theirs = server(board), server(board)
    different = []
    for arguments in commands(table):
        left = comparable(built_in(arguments, ours.host))
        right = comparable(real(program, arguments, in_band(theirs), tmp_path))
        if left != right:
            different.append((" ".join(arguments), left, right))
    assert different == []


def firmware(version: str = "2.70", **changes: Any) -> bytes:
    """An .hpm file for the C6220, whose BMC takes them."""
    target: dict[str, Any] = {"device_id": 32, "manufacturer_id": 674, "product_id": 0x0100, "component": 1}
    image = images.build(images.Firmware("bmc", "C6220", "", version, "2016-01-01"), 4096)
    return images.wrap_hpm(image, version, images.HpmTarget(**{**target, **changes}, description="BMCFW"))


def signed(data: bytes) -> bytes:
    body = data[:-16]
    return body + hashlib.md5(body, usedforsecurity=False).digest()


def damaged(at: int) -> bytes:
    data = bytearray(firmware())
    data[at] ^= 1
    return signed(bytes(data))


FIRST_ACTION = 34 + len(images.HPM_MARK) + 1
UPGRADE = ["hpm", "upgrade", "x.hpm"]
FORCED = ["-z", "38", *UPGRADE, "force"]  # 38: the open interface's own request size
CHECK = ["hpm", "check", "x.hpm"]
ACTIVATE = [*FORCED, "activate"]
COMPARE = ["-z", "38", "hpm", "compare", "x.hpm"]
YES, NO, NOTHING = b"y\n", b"n\n", b""
ANSWERED = {"yes": YES, "no": NO, "end of input": NOTHING, "no newline": b"Y", "blank lines": b"\n\n  y\n"}

FILES: dict[str, bytes] = {
    "good": firmware(),
    "service affected": firmware(service_affected=True),
    "same version": firmware("2.62"),
    "other device": firmware(device_id=17),
    "other product": firmware(product_id=0x42),
    "other maker": firmware(manufacturer_id=15178),
    "missing component": firmware(component=3),
    "bad digest": firmware()[:-1] + bytes([firmware()[-1] ^ 1]),
    "bad header": damaged(30),
    "bad signature": damaged(0),
    "bad format": damaged(8),
    "bad action": damaged(FIRST_ACTION + 2),
}

Override = Callable[[int, int, bytes], Reply | None]


def capabilities(flags: int = 0x17, *, upgrade: int = 6, inaccessible: int = 0) -> Reply:
    return Reply(0, bytes([0, 0, flags, upgrade, 2, 4, inaccessible, 2]))


@dataclass(frozen=True)
class Turns:
    """What an HPM command answers: each of `first` once, then `rest`. None: what the BMC itself says."""

    first: tuple[Reply | None, ...] = ()
    rest: Reply | None = None


def once(*replies: Reply | None, rest: Reply | None = None) -> Turns:
    return Turns(replies, rest)


def always(reply: Reply) -> Turns:
    return Turns(rest=reply)


QUIET = {0x2E: always(capabilities())}  # no service affected, no patience with silence


def override(answers: dict[int, Turns]) -> Override:
    """Stands before the BMC and answers some HPM commands in its place."""
    turns = {**QUIET, **answers}
    counts = dict.fromkeys(turns, 0)

    def answer(netfn: int, command: int, data: bytes) -> Reply | None:
        if netfn != HPM or command not in turns:
            return None
        turn, at = turns[command], counts[command]
        counts[command] += 1
        return turn.first[at] if at < len(turn.first) else turn.rest

    return answer


OK, BUSY = Reply(0, b"\0"), Reply(0x80)
STATUS = {code: Reply(0, bytes([0, 0x35, code])) for code in (0x00, 0x80, 0x81, 0x82, 0xD5)}
SELF_TEST = {code: Reply(0, bytes([0, code, 2])) for code in (0x55, 0x57)}
ROLLED_BACK, NOT_ROLLED_BACK, ROLLBACK_FAILED = Reply(0, b"\0\2"), Reply(0, b"\0\0"), Reply(0x81)

FAULTS: dict[str, tuple[list[str], dict[int, Turns]]] = {
    **{f"block answered {code:x}": (FORCED, {0x32: once(OK, Reply(code))}) for code in (0x81, 0xD5, 0xC1, 0xCC)},
    **{f"first block answered {code:x}": (FORCED, {0x32: once(Reply(code))}) for code in (0x81, 0x82, 0xC7, 0xC8)},
    "first block in progress": (FORCED, {0x32: once(BUSY), 0x34: once(STATUS[0x80], STATUS[0])}),
    "block answered 82 for ever": (FORCED, {0x32: once(OK, rest=Reply(0x82))}),
    "blocks shrink": (FORCED, {0x32: once(Reply(0xC7), Reply(0xC8), Reply(0xC7))}),
    "block of odd length": (FORCED, {0x32: once(Reply(0, b"\0\1\2"))}),
    "block asks for a section": (
        FORCED,
        {0x32: once(Reply(0, bytes([0, 100, 0, 0, 0, 200, 0, 0, 0])), rest=OK), 0x33: always(OK)},
    ),
    **{f"finish answered {code:x}": (FORCED, {0x33: always(Reply(code))}) for code in (0x81, 0x82, 0x83, 0xFF)},
    **{f"initiate answered {code:x}": (FORCED, {0x31: once(OK, Reply(code))}) for code in (0x81, 0x82)},
    "status fails": (FORCED, {0x31: once(BUSY), 0x34: once(STATUS[0x80], STATUS[0x82])}),
    "status is refused": (FORCED, {0x31: once(BUSY), 0x34: always(Reply(0xC1))}),
    "activation works": (ACTIVATE, {0x35: once(BUSY), 0x34: once(None, rest=STATUS[0]), 0x36: always(SELF_TEST[0x55])}),
    "activation fails and rolls back": (ACTIVATE, {0x35: always(Reply(0x81)), 0x37: always(ROLLED_BACK)}),
    "activation fails without rollback": (ACTIVATE, {0x35: always(Reply(0x81)), 0x37: always(NOT_ROLLED_BACK)}),
    "activation fails, rollback too": (ACTIVATE, {0x35: always(Reply(0x81)), 0x37: always(ROLLBACK_FAILED)}),
    "self-test fails": (ACTIVATE, {0x35: once(OK), 0x36: always(SELF_TEST[0x57]), 0x37: always(ROLLED_BACK)}),
    "same and activate": ([*UPGRADE, "activate"], {}),
    "compare differs": (COMPARE, {0x31: always(OK), 0x32: always(OK), 0x33: always(Reply(0x83))}),
    "compare matches": (COMPARE, {0x31: always(OK), 0x32: always(OK), 0x33: always(OK)}),
    "another component": ([*UPGRADE, "component", "2"], {}),
    "undesirable": (FORCED, {0x2E: always(capabilities(0x97))}),
    "verbose": (["-v", *FORCED], {}),
    "activate": (["hpm", "activate"], {0x35: always(OK)}),
    "rollback": (["hpm", "rollback"], {0x38: always(BUSY), 0x37: once(BUSY, rest=ROLLED_BACK)}),
    "rollback refused": (["hpm", "rollback"], {0x38: always(Reply(0x81))}),
    "no HPM at all": (["hpm", "check"], {0x2E: always(Reply(0xC1))}),
}


def both(
    program: str,
    arguments: list[str],
    data: bytes,
    stdin: bytes,
    make: Callable[[], Override],
    folder: Path,
    merged: bool,
) -> tuple[tuple[str, str, int], tuple[str, str, int]]:
    """One command with both tools, each on a C6220 of its own with `x.hpm` at hand."""
    ours, theirs = server("c6220"), server("c6220")
    ours.host.files.write("/root/x.hpm", data)
    (folder / "x.hpm").write_bytes(data)

    def answering(made: VirtualServer) -> Callable[[int, int, int, bytes], Reply | None]:
        own, faked = in_band(made), make()
        return lambda netfn, lun, command, body: faked(netfn, command, body) or own(netfn, lun, command, body)

    ours.host.kcs = Kcs(answering(ours))  # type: ignore[assignment]
    left = built_in(arguments, ours.host, stdin, merged=merged)
    right = real(program, arguments, answering(theirs), folder, stdin, merged=merged)
    return comparable(left), comparable(right)


@pytest.mark.parametrize("merged", [False, True], ids=["apart", "one log"])
@pytest.mark.parametrize("fault", FAULTS)
def test_each_hpm_fault_reads_the_same(fault: str, merged: bool, tmp_path: Path) -> None:
    arguments, answers = FAULTS[fault]
    data = FILES["same version" if fault.startswith("same") else "good"]
    program = require_tool("ipmitool")
    left, right = both(program, arguments, data, NOTHING, lambda: override(answers), tmp_path, merged)
    assert left == right


@pytest.mark.parametrize("arguments", [FORCED, UPGRADE, CHECK], ids=["force", "plain", "check"])
@pytest.mark.parametrize("kind", FILES)
@pytest.mark.parametrize("stdin", [YES, NOTHING], ids=["yes", "end of input"])
def test_each_firmware_file_is_judged_the_same(kind: str, arguments: list[str], stdin: bytes, tmp_path: Path) -> None:
    program = require_tool("ipmitool")
    options = arguments if arguments is CHECK or "-z" in arguments else ["-z", "38", *arguments]
    left, right = both(program, options, FILES[kind], stdin, lambda: override({}), tmp_path, merged=True)
    assert left == right


@pytest.mark.parametrize("stdin", ANSWERED)
def test_each_answer_to_the_prompt_is_taken_the_same(stdin: str, tmp_path: Path) -> None:
    program = require_tool("ipmitool")
    affected = {0x2E: always(capabilities(0x1F))}
    left, right = both(
        program, FORCED, FILES["good"], ANSWERED[stdin], lambda: override(affected), tmp_path, merged=True
    )
    assert left == right
