"""The built-in ipmitool without a BMC: golden texts, both streams, exit status, and time."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from emulators.bmc.reply import Reply
from emulators.host.process import Stdin
from tests.emulators.host.ipmitool_bench import BenchHost, Outcome, built_in

DEVICE_ID = bytes([32, 1, 0x03, 0x10, 0x02, 0xBF, 0x7C, 0x2A, 0, 0x54, 0x1B, 17, 0, 0, 0])
BOOT_S = 100.0

Table = dict[tuple[int, int], Reply | bytes | Callable[[bytes], Reply | None] | None]


def host(table: Table, files: dict[str, bytes] | None = None) -> BenchHost:
    """A host whose BMC answers by a table, and c1 to all else."""
    answers: Table = {(0x06, 0x01): DEVICE_ID, **table}

    def answer(netfn: int, lun: int, command: int, data: bytes) -> Reply | None:
        found = answers.get((netfn, command), Reply(0xC1))
        if callable(found) and not isinstance(found, Reply):
            return found(data)
        return Reply(0, found) if isinstance(found, bytes) else found

    return BenchHost(answer, files)


def run(words: str, table: Table | None = None, stdin: bytes = b"") -> Outcome:
    return built_in(words.split(), host(table or {}), stdin)


def test_mc_info_prints_what_supermicro_transcripts_show() -> None:
    expected = """\
Device ID                 : 32
Device Revision           : 1
Firmware Revision         : 3.10
IPMI Version              : 2.0
Manufacturer ID           : 10876
Manufacturer Name         : Super Micro Computer Inc.
Product ID                : 6996 (0x1b54)
Product Name              : Unknown (0x1B54)
Device Available          : yes
Provides Device SDRs      : no
Additional Device Support :
    Sensor Device
    SDR Repository Device
    SEL Device
    FRU Inventory Device
    IPMB Event Receiver
    IPMB Event Generator
    Chassis Device
Aux Firmware Rev Info     :\x20
    0x11
    0x00
    0x00
    0x00
"""
    assert run("mc info") == Outcome(expected, "", 0)


def test_a_missing_device_is_reported_as_the_open_interface_does() -> None:
    bench = host({})
    bench.kcs.device_present = False
    text = "Could not open device at /dev/ipmi0 or /dev/ipmi/0 or /dev/ipmidev/0: No such file or directory\n"
    assert built_in(["mc", "info"], bench) == Outcome("", text, 1)


def test_a_bmc_that_falls_silent_costs_fifteen_seconds_a_message() -> None:
    outcome = run("mc info", {(0x06, 0x01): None, (0x2C, 0x00): None})
    silence = "No data available\n"
    start = f"{silence}Get Device ID command failed\n{silence}{silence}No valid response received\n"
    assert outcome == Outcome("", f"{start}{silence}Get Device ID command failed\n", 1, 60.0)


def test_a_cold_reset_succeeds_without_an_answer_and_without_waiting() -> None:
    assert run("mc reset cold", {(0x06, 0x02): None}) == Outcome("Sent cold reset command to MC\n", "", 0, 0.0)


def test_a_warm_reset_needs_an_answer() -> None:
    outcome = run("mc reset warm", {(0x06, 0x03): None})
    assert outcome == Outcome("", "No data available\nMC reset command failed.\n", 1, 15.0)


def test_an_unknown_command_gets_the_list_on_standard_error() -> None:
    outcome = run("foo")
    assert (outcome.stdout, outcome.status) == ("", 1)
    assert outcome.stderr.startswith("Invalid command: foo\nCommands:\n\traw           Send a RAW IPMI request")


def test_the_version_is_debians() -> None:
    assert run("-V") == Outcome("ipmitool version 1.8.19\n", "", 0)


@pytest.mark.parametrize("interface", ["lan", "lanplus"])
def test_another_machine_is_never_reached(interface: str) -> None:
    bench = host({})
    outcome = built_in(["-I", interface, "-H", "192.0.2.9", "-U", "a", "-P", "b", "mc", "info"], bench)
    assert outcome.status == 1
    assert "Error: Unable to establish" in outcome.stderr
    assert bench.kcs.log == []


def test_an_unknown_interface_cannot_be_loaded() -> None:
    assert run("-I foo mc info") == Outcome("", "Error loading interface foo\n", 1)


def test_raw_prints_sixteen_bytes_a_line_and_an_empty_line_for_nothing() -> None:
    assert run("raw 0x30 1", {(0x30, 1): bytes(range(17))}).stdout.splitlines()[1] == " 10"
    assert run("raw 0x30 1", {(0x30, 1): b""}) == Outcome("\n", "", 0)


def test_raw_names_the_completion_code() -> None:
    text = "Unable to send RAW command (channel=0x0 netfn=0x30 lun=0x0 cmd=0x70 rsp=0xc1): Invalid command\n"
    assert run("raw 0x30 0x70 0x0c") == Outcome("", text, 1)


def channel_info(data: bytes) -> Reply:
    return Reply(0, bytes([data[0], 4, 1, 0x80, 0xF2, 0x1B, 0, 0, 0]))


def test_lan_set_writes_between_lock_and_commit_and_reads_back() -> None:
    stored: dict[int, bytes] = {0: b"\0", 3: bytes(4)}

    def write(data: bytes) -> Reply:
        stored[data[1]] = data[2:]
        return Reply(0)

    bench = host(
        {
            (0x06, 0x42): channel_info,
            (0x0C, 0x01): write,
            (0x0C, 0x02): lambda data: Reply(0, b"\x11" + stored[data[1]]),
        }
    )
    outcome = built_in(["lan", "set", "1", "ipaddr", "192.0.2.9"], bench)
    assert outcome == Outcome("Setting LAN IP Address to 192.0.2.9\n", "", 0)
    writes = [data[1:] for netfn, command, data in bench.kcs.log if (netfn, command) == (0x0C, 0x01)]
    assert writes == [b"\0\1", bytes([3, 192, 0, 2, 9]), b"\0\2", b"\0\0"]


def test_lan_set_gives_up_after_ten_tries_three_seconds_apart() -> None:
    outcome = run(
        "lan set 1 ipaddr 192.0.2.9",
        {
            (0x06, 0x42): channel_info,
            (0x0C, 0x01): b"",
            (0x0C, 0x02): lambda data: Reply(0, b"\x11\1" if data[1] == 0 else b"\x11\0\0\0\0"),
        },
    )
    assert outcome.stderr == "LAN Parameter Data does not match!  Write may have failed.\n"
    assert (outcome.status, outcome.seconds) == (1, 33.0)


def test_lan_print_goes_on_past_a_parameter_that_the_bmc_lacks() -> None:
    outcome = run(
        "lan print 1",
        {
            (0x06, 0x42): channel_info,
            (0x0C, 0x02): lambda data: Reply(0, b"\x11\xc0\0\2\x14") if data[1] == 3 else Reply(0x80),
        },
    )
    assert outcome.status == 0
    assert "IP Address              : 192.0.2.20\n" in outcome.stdout


def test_exec_runs_each_line_and_keeps_the_last_failure() -> None:
    table: Table = {(0x06, 0x04): b"\x55\0"}
    outcome = run("exec /dev/stdin", table, stdin=b"# tests\nmc selftest\nraw 0x30 1 # no\n\nmc selftest\n")
    assert (outcome.stdout, outcome.status) == ("Selftest: passed\n" * 2, 1)


def test_exec_reads_a_file_relative_to_where_it_was_started() -> None:
    bench = host({(0x06, 0x04): b"\x55\0"}, {"/root/script": b"mc selftest\n"})
    assert built_in(["exec", "script"], bench).stdout == "Selftest: passed\n"
    assert built_in(["exec", "other"], bench) == Outcome("", "File other does not exist\n", 1)


def test_a_password_is_asked_for_twice_without_one_on_the_command_line() -> None:
    seen: list[bytes] = []

    def keep(data: bytes) -> Reply:
        seen.append(data)
        return Reply(0)

    bench = host({(0x06, 0x47): keep})
    outcome = built_in(["user", "set", "password", "2"], bench, Stdin(b"new\nnew\n"))
    assert outcome.stdout == "Set User Password command successful (user 2)\n"
    assert seen == [bytes([2, 2]) + b"new".ljust(16, b"\0")]


def test_the_reply_is_waited_for() -> None:
    assert run("raw 6 4", {(0x06, 0x04): Reply(0, b"\x55\0", 2.5)}).seconds == 2.5
