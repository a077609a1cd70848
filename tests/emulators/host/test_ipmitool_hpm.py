"""HPM.1 by the built-in ipmitool: what it sends, asks and waits for, and what a follower of its log sees."""

from __future__ import annotations

from dataclasses import dataclass, field

import pytest

from emulators import images
from emulators.bmc.reply import Reply
from emulators.host.process import Stdin
from tests.emulators.host.ipmitool_bench import BenchHost, Outcome, built_in

HPM = 0x2C
GENERAL, CURRENT, DESCRIPTION, ROLLBACK = range(4)
OK, IN_PROGRESS = Reply(0, b"\0"), Reply(0x80)
SERVICE_AFFECTED = 0x08


@dataclass
class Target:
    """A small IPMC: takes an upload, keeps count, and can be told what to answer."""

    flags: int = 0x17
    version: bytes = bytes([1, 0, 0, 0, 0, 0])
    upgrade_s: int = 30
    inaccessible_s: int = 5
    blocks: list[bytes] = field(default_factory=list)
    commands: list[int] = field(default_factory=list)
    answers: dict[int, list[Reply | None]] = field(default_factory=dict)

    def answer(self, netfn: int, lun: int, command: int, data: bytes) -> Reply | None:
        if (netfn, command) == (0x06, 0x01):
            return Reply(0, bytes([32, 1, 1, 0, 2, 0xBF, 0x7C, 0x2A, 0, 0x58, 0x09, 0, 0, 0, 0]))
        if netfn != HPM or command < 0x2E:
            return Reply(0xC1)
        self.commands.append(command)
        if self.answers.get(command):
            return self.answers[command].pop(0)
        return self._own(command, data)

    def _own(self, command: int, data: bytes) -> Reply:
        match command:
            case 0x2E:
                times = [self.upgrade_s // 5, 2, 4, self.inaccessible_s // 5]
                return Reply(0, bytes([0, 0, self.flags, *times, 1]))
            case 0x2F:
                found = {GENERAL: b"\x0d", DESCRIPTION: b"BMC".ljust(12, b"\0")}
                return Reply(0, b"\0" + found.get(data[2], self.version))
            case 0x32:
                self.blocks.append(data[2:])
            case 0x34:
                return Reply(0, b"\0\0\0")
            case 0x36:
                return Reply(0, b"\0\x55\0")
            case 0x37:
                return Reply(0, b"\0\1")
        return OK


IMAGE = images.build(images.Firmware("bmc", "X", "", "2.00", "2026-01-01"), 1024)
FILE = images.wrap_hpm(IMAGE, "2.00", images.HpmTarget(32, 10876, 0x0958))


def run(words: str, target: Target, stdin: bytes | Stdin = b"", data: bytes = FILE, *, merged: bool = False) -> Outcome:
    return built_in(words.split(), BenchHost(target.answer, {"/root/x.hpm": data}), stdin, merged=merged)


def test_the_golden_upgrade_sends_no_activation() -> None:
    target = Target()
    outcome = run("hpm upgrade x.hpm force", target)
    assert outcome.status == 0
    assert b"".join(target.blocks) == IMAGE
    assert {0x31, 0x32, 0x33} < set(target.commands)
    assert 0x35 not in target.commands


def test_blocks_fill_what_kcs_takes() -> None:
    target = Target()
    run("hpm upgrade x.hpm force", target)
    assert {len(block) for block in target.blocks[:-1]} == {36}


def test_a_length_error_before_the_first_success_shortens_the_blocks_by_one() -> None:
    target = Target(answers={0x32: [Reply(0xC7), Reply(0xC8)]})
    assert run("hpm upgrade x.hpm force", target).status == 0
    assert len(target.blocks[0]) == 34
    assert b"".join(target.blocks) == IMAGE


def test_a_length_error_after_a_success_is_an_error() -> None:
    target = Target(answers={0x32: [OK, Reply(0xC7)]})
    outcome = run("hpm upgrade x.hpm force", target)
    assert outcome.status == 1
    assert "Error in Upload FIRMWARE command [rc=1]" in outcome.stderr


@pytest.mark.parametrize("code", [0xC3, 0xFF, 0xD3])
def test_a_block_lost_on_the_way_is_sent_again(code: int) -> None:
    target = Target(answers={0x32: [OK, Reply(code)]})
    assert run("hpm upgrade x.hpm force", target).status == 0
    assert b"".join(target.blocks)[-100:] == IMAGE[-100:]


def test_a_failing_block_says_how_far_it_came() -> None:
    target = Target(answers={0x32: [*[OK] * 28, Reply(0x81)]})
    outcome = run("hpm upgrade x.hpm force", target)
    assert outcome.status == 1
    assert "compcode=0x81: Unknown (0x81)" in outcome.stderr
    assert "\n TotalSent:0x3f0 \n" in outcome.stderr
    assert outcome.stderr.endswith("Firmware upgrade procedure failed\n\n")


def test_a_long_command_is_polled_once_a_second_of_simulated_time() -> None:
    target = Target(answers={0x31: [IN_PROGRESS], 0x34: [Reply(0, b"\0\x31\x80")] * 5})
    outcome = run("hpm upgrade x.hpm force", target)
    assert (outcome.status, outcome.seconds) == (0, 5.0)
    assert target.commands.count(0x34) == 6


def test_a_long_command_that_never_ends_is_given_up_after_the_upgrade_timeout() -> None:
    target = Target(answers={0x31: [IN_PROGRESS], 0x34: [Reply(0, b"\0\x31\xd5")] * 99})
    outcome = run("hpm upgrade x.hpm force", target)
    assert (outcome.status, outcome.seconds) == (1, 30.0)


def test_a_busy_node_is_asked_for_ever() -> None:
    target = Target(answers={0x32: [Reply(0xC0)] * 1_000_000})
    outcome = built_in(
        ["hpm", "upgrade", "x.hpm", "force"], BenchHost(target.answer, {"/root/x.hpm": FILE}), limit_s=3600.0
    )
    assert outcome.status == -1


def test_the_service_prompt_takes_only_a_yes() -> None:
    for answer, status in ((b"y\n", 0), (b"Y\n", 0), (b"n\n", 1), (b"", 1)):
        target = Target(flags=0x17 | SERVICE_AFFECTED)
        assert run("hpm upgrade x.hpm force", target, answer).status == status


def test_the_prompt_waits_for_whoever_types() -> None:
    stdin = Stdin(closed=False)
    bench = BenchHost(Target(flags=0x17 | SERVICE_AFFECTED).answer, {"/root/x.hpm": FILE})
    bench.server.agenda.after(60.0, lambda: stdin.feed(b"y\n"))
    outcome = built_in(["hpm", "upgrade", "x.hpm", "force"], bench, stdin)
    assert (outcome.status, outcome.seconds) == (0, 60.0)


def test_a_mismatch_prompts_with_force_and_with_check_and_refuses_without() -> None:
    other = images.wrap_hpm(IMAGE, "2.00", images.HpmTarget(32, 10876, 0x0042))
    prompt = "Continue ignoring DeviceID/ProductID/ManufacturingID (Y/N): "
    for words, shown, status in (
        ("hpm upgrade x.hpm force", True, 0),
        ("hpm check x.hpm", True, 0),
        ("hpm upgrade x.hpm", False, 1),
    ):
        outcome = run(words, Target(), b"y\n", other)
        assert ((prompt in outcome.stdout), outcome.status) == (shown, status)
        assert "Invalid image file for product 2392" in outcome.stderr


def test_a_lower_version_is_installed_without_a_word() -> None:
    target = Target(version=bytes([9, 9, 0, 0, 0, 0]))
    assert run("hpm upgrade x.hpm", target).status == 0
    assert b"".join(target.blocks) == IMAGE


def test_the_same_version_is_skipped_unless_forced() -> None:
    same = bytes([2, 0, 0, 0, 0, 0])
    target = Target(version=same)
    outcome = run("hpm upgrade x.hpm", target)
    assert "Skip|\n" in outcome.stdout
    assert (outcome.status, target.blocks) == (0, [])
    forced = Target(version=same)
    run("hpm upgrade x.hpm force", forced)
    assert b"".join(forced.blocks) == IMAGE


def test_the_percentage_is_rewritten_by_five_backspaces_and_ends_with_the_time() -> None:
    stdout = run("hpm upgrade x.hpm force", Target()).stdout
    assert "|  0%|\b\b\b\b\b  3%|" in stdout
    assert "100%|\n|    |Upload Time: 00:00             | Image Size:    1024 bytes              |\n" in stdout


def test_a_redirected_log_lags_one_figure_and_shows_no_prompt_before_its_answer() -> None:
    stdin = Stdin(closed=False)
    bench = BenchHost(Target(flags=0x17 | SERVICE_AFFECTED).answer, {"/root/x.hpm": FILE})
    waiting = built_in(["hpm", "upgrade", "x.hpm", "force"], bench, stdin, merged=True)
    assert waiting.status == -1
    assert "Performing preparation stage..." in waiting.stdout
    assert "Services may be affected" not in waiting.stdout


def test_a_rolled_back_activation_ends_successfully() -> None:
    target = Target(answers={0x35: [Reply(0x81)]})
    outcome = run("hpm upgrade x.hpm force activate", target)
    assert outcome.status == 0
    assert "Rollback occurred on component mask: 0x01" in outcome.stderr
    assert outcome.stderr.endswith("Firmware upgrade procedure successful\n\n")


def test_a_board_without_hpm_says_so() -> None:
    outcome = run("hpm check", Target(answers={0x2E: [Reply(0xC1)]}))
    assert "Board might not be supporting the HPM.1 Standards\n" in outcome.stderr
    assert outcome.status == 1


def test_a_damaged_file_is_refused_before_anything_is_sent() -> None:
    target = Target()
    outcome = run("hpm upgrade x.hpm force", target, data=FILE[:-1] + b"?")
    assert "    Invalid MD5 signature\n" in outcome.stderr
    assert (outcome.status, 0x31 in target.commands) == (1, False)


def test_a_controller_that_is_dark_for_a_while_is_waited_for_during_activation() -> None:
    target = Target(inaccessible_s=60, answers={0x35: [IN_PROGRESS], 0x34: [None, None, Reply(0, b"\0\x35\0")]})
    outcome = run("hpm upgrade x.hpm force activate", target)
    assert outcome.status == 0
    assert outcome.stderr.count("No data available") == 2
