"""The rows of the fault table (facts, section 2) that take the real ipmitool long: silence, time-outs, restarts.

They wait, and need no processor: all of them start together, each with a server of its own, and each test reads one.
"""

from __future__ import annotations

import subprocess
import threading
import time
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from emulators.faults import Fault
from tests.emulators.bmc import hpm_bench
from tests.emulators.bmc.hpm_bench import Ran, Wired, package, wired
from tests.tools import require_tool

pytestmark = [pytest.mark.wire, pytest.mark.timeout(180), pytest.mark.xdist_group("hpm-silence")]
FAILED, SUCCESSFUL = "Firmware upgrade procedure failed", "Firmware upgrade procedure successful"
INITIATE, BLOCK, FINISH, STATUS, ACTIVATE, FOR_EVER = 0x31, 0x32, 0x33, 0x34, 0x35, None
STILL_RUNNING = -1
DEADLINE_S = 20.0
QUICK = ("-N", "1", "-R", "2")  # for what only comes before or after the row itself


@dataclass(frozen=True)
class Row:
    """One run. `then` is what follows a first upgrade; without it the upgrade itself is the run."""

    faults: tuple[Fault, ...] = ()
    arguments: tuple[str, ...] = ("force",)
    then: tuple[str, ...] = ()
    boot_s: float = 0.5
    inaccessible_s: int = 5
    restart: bool = False  # between the upgrade and `then`
    deadline_s: float | None = None


@dataclass(frozen=True)
class Outcome:
    """What came of it. `seconds` of the run itself; `commands` those of netfn 2c that reached the BMC."""

    ran: Ran
    seconds: float
    running: str
    commands: list[int] = field(default_factory=list)


def silent(command: int, **more: object) -> Fault:
    return Fault(kind="hpm-silent", command=command, **more)  # type: ignore[arg-type]  # a model's fields


def slow(command: int, seconds: float, code: int | None = None) -> Fault:
    return Fault(kind="hpm-slow", command=command, seconds=seconds, completion_code=code)


BUSY = Fault(kind="hpm-answer", command=BLOCK, completion_code=0xC0, percent=25, times=FOR_EVER)
MUTE = Fault(kind="hpm-mute", command=ACTIVATE, times=FOR_EVER)
UPGRADE = ("force", "activate")
ROWS = {
    "busy for ever": Row((BUSY,), deadline_s=DEADLINE_S),
    "blocks unanswered": Row((silent(BLOCK, percent=25, times=FOR_EVER),)),
    "initiate too slow": Row((slow(INITIATE, 60),)),
    "finish too slow": Row((slow(FINISH, 60),)),
    "status d5": Row((slow(FINISH, 0.2, 0xD5),)),
    "silent 8 s": Row((), UPGRADE, boot_s=8),
    "mute, silent 8 s": Row((MUTE,), UPGRADE, boot_s=8),
    "silent 38 s": Row((), UPGRADE, boot_s=36, inaccessible_s=10),
    "activate, mute": Row((MUTE,), then=("hpm", "activate"), boot_s=8),
    "activate": Row((), then=("hpm", "activate"), boot_s=8),
    "rolls back": Row((Fault(kind="activation-rolls-back"),), UPGRADE),
    "self-test fails": Row((Fault(kind="self-test-fails"),), UPGRADE),
    "rollback": Row((), then=("hpm", "rollback"), restart=True),
}


def play(row: Row, folder: Path) -> Outcome:
    board = hpm_bench.board(boot_s=row.boot_s, inaccessible_s=row.inaccessible_s)
    with wired(folder, board, *row.faults) as on:
        argv = on.argv("hpm", "upgrade", on.file(package(board)), *row.arguments)
        if row.then:
            assert hpm_bench.ran(argv).status == 0
            argv = on.argv(*row.then)
        if row.restart:
            restarted(on)
        on.messages.clear()
        began = time.monotonic()
        done = killed_after(argv, row.deadline_s) if row.deadline_s else hpm_bench.ran(argv)
        taken = time.monotonic() - began
        return Outcome(done, taken, on.running, [m[1] for m in on.messages if m[0] == 0x2C])


def restarted(on: Wired) -> None:
    on.ipmitool("mc", "reset", "cold", options=QUICK)
    until_up = threading.Event()
    while on.running != "3.90":
        until_up.wait(0.1)


def killed_after(argv: list[str], seconds: float) -> Ran:
    child = subprocess.Popen(argv, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, stdin=subprocess.DEVNULL)
    try:
        return Ran(child.wait(seconds), "")
    except subprocess.TimeoutExpired:
        return Ran(STILL_RUNNING, "")
    finally:
        child.kill()
        child.communicate()


@pytest.fixture(scope="module")
def outcomes(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, Future[Outcome]]]:
    require_tool("ipmitool")
    folder = tmp_path_factory.mktemp("rows")
    with ThreadPoolExecutor(len(ROWS)) as threads:
        yield {name: threads.submit(play, row, folder) for name, row in ROWS.items()}


Outcomes = dict[str, "Future[Outcome]"]


@pytest.mark.parametrize("name", ["initiate too slow", "finish too slow", "status d5"])
def test_what_lasts_past_the_upgrade_time_out_fails_without_a_reason(outcomes: Outcomes, name: str) -> None:
    """A status of 0xd5 is taken for still in progress."""
    outcome = outcomes[name].result()
    assert outcome.ran.status == 1 and FAILED in outcome.ran.text
    assert "compcode" not in outcome.ran.text and "Error" not in outcome.ran.text
    assert outcome.commands.count(STATUS) in (5, 6), "once a second; the upgrade time-out is five seconds"


def test_a_failed_activation_that_rolled_back_is_told_as_a_success(outcomes: Outcomes) -> None:
    outcome = outcomes["rolls back"].result()
    assert outcome.ran.status == 0, "verify by version, never by exit status"
    assert outcome.ran.says("Waiting firmware activation...", "Rollback occurred on component mask: 0x01", SUCCESSFUL)
    assert "Failed" in outcome.ran.text
    assert outcome.running == "3.88"


def test_a_failed_self_test_that_rolled_back_is_told_as_a_success(outcomes: Outcomes) -> None:
    outcome = outcomes["self-test fails"].result()
    assert outcome.ran.status == 0
    assert outcome.ran.says(
        "Self test failed:", "Result1 = 57", "Rollback occurred on component mask: 0x01", SUCCESSFUL
    )
    assert outcome.running == "3.88"


def test_a_rollback_brings_the_backup_back(outcomes: Outcomes) -> None:
    outcome = outcomes["rollback"].result()
    assert outcome.ran.status == 0 and "Rollback occurred on component mask: 0x01" in outcome.ran.text
    assert outcome.running == "3.88"


def test_after_a_silence_of_8_s_the_session_is_opened_again(outcomes: Outcomes) -> None:
    outcome = outcomes["silent 8 s"].result()
    assert outcome.ran.status == 0 and outcome.ran.says("Waiting firmware activation...OK", SUCCESSFUL)
    assert outcome.running == "3.90"
    assert 9 < outcome.seconds < 18


def test_blocks_that_are_not_answered_end_the_upgrade_after_20_s(outcomes: Outcomes) -> None:
    outcome = outcomes["blocks unanswered"].result()
    assert outcome.ran.status == 1 and FAILED in outcome.ran.text
    assert "Error uploading firmware block." in outcome.ran.text and "TotalSent:0x3f0 " in outcome.ran.text
    assert 19 < outcome.seconds < 30


def test_a_block_answered_busy_for_ever_never_ends(outcomes: Outcomes) -> None:
    outcome = outcomes["busy for ever"].result()
    assert outcome.ran.status == STILL_RUNNING, "four upgrade time-outs have passed"
    assert outcome.commands.count(BLOCK) > 100, "it asks ten times a second"


def test_a_bmc_that_says_nothing_to_activate_is_found_again(outcomes: Outcomes) -> None:
    outcome = outcomes["mute, silent 8 s"].result()
    assert outcome.ran.status == 0 and outcome.ran.says("Waiting firmware activation...OK", SUCCESSFUL)
    assert outcome.running == "3.90"
    assert 19 < outcome.seconds < 30


def test_activate_alone_outlives_a_silence_of_8_s(outcomes: Outcomes) -> None:
    outcome = outcomes["activate"].result()
    assert outcome.ran.status == 0 and "Waiting firmware activation...OK" in outcome.ran.text
    assert outcome.running == "3.90"


def test_a_silence_longer_than_the_inaccessibility_is_a_failure_told_as_a_success(outcomes: Outcomes) -> None:
    """A second or two later, and ipmitool 1.8.19 dies of a segmentation fault while it asks for the rollback status."""
    outcome = outcomes["silent 38 s"].result()
    assert outcome.ran.status == 0 and outcome.running == "3.90"
    assert "compcode=0xc3: Timeout" in outcome.ran.text and "Failed" in outcome.ran.text
    assert outcome.ran.says("No Firmware rollback occurred", SUCCESSFUL)
    assert 36 < outcome.seconds < 45


def test_activate_alone_waits_81_s_for_a_bmc_that_says_nothing_to_it(outcomes: Outcomes) -> None:
    outcome = outcomes["activate, mute"].result()
    assert outcome.ran.status == 0 and outcome.running == "3.90"
    assert 70 < outcome.seconds < 100
