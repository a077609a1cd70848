"""What the engine does about failures that it can answer itself: stuck consoles, jobs, interfaces, a lost clock."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from emulators.faults import Fault
from emulators.faults.fault import When
from emulators.hardening import PASSPHRASE
from fwsim.doors import ConsoleTaken
from fwsim.events import CommandRan, Warned, to_json
from fwsim.plan import Policy
from fwsim.rehearsal import truth
from tests.fwsim.engine_bench import Bench, bench

ASKS = Fault(kind="sealed-disk-asks", nth=2)
STOPS = Fault(kind="stops-at-f1", nth=2)


def only(folder: Path, kind: str, *faults: Fault, board: str = "x11ssh-f") -> Bench:
    test = bench(folder, board, faults=faults)
    test.keep_only(kind)
    return test


def with_passphrase(test: Bench, passphrase: str) -> None:
    made = test.engine

    def engine() -> object:
        built = made()
        built._context.doors = replace(built._context.doors, passphrase=passphrase)
        return built

    test.engine = engine  # type: ignore[method-assign,assignment]


def test_a_disk_that_asks_is_opened_with_the_passphrase_that_the_plan_names_and_no_event_holds_it(
    tmp_path: Path,
) -> None:
    test = only(tmp_path, "bios", ASKS)
    with_passphrase(test, PASSPHRASE)
    assert test.run().ending == "updated"
    assert not any(PASSPHRASE in to_json(event) for event in test.events)
    assert any(isinstance(e, CommandRan) and e.argv == ("sol", "type", "the passphrase") for e in test.events)


def test_a_passphrase_that_is_echoed_stands_in_no_event(tmp_path: Path) -> None:
    test = only(tmp_path, "bios", ASKS)
    with_passphrase(test, PASSPHRASE)
    typed = test.network.console

    async def echoing(*, seconds: float, send: bytes = b"", timeout_s: float = 30.0) -> bytes:
        return send + await typed(seconds=seconds, send=send, timeout_s=timeout_s)

    test.network.console = echoing  # type: ignore[method-assign]
    test.run()
    assert not any(PASSPHRASE in to_json(event) for event in test.events)


def test_a_disk_whose_passphrase_nobody_named_is_told_and_nothing_is_typed_into_it(tmp_path: Path) -> None:
    test = only(tmp_path, "bios", ASKS)
    ended = test.run()
    assert (ended.ending, "names no source" in ended.message) == ("failed", True)
    assert not any(isinstance(e, CommandRan) and e.argv[:2] == ("sol", "type") for e in test.events)


def test_a_wrong_passphrase_is_typed_once(tmp_path: Path) -> None:
    test = only(tmp_path, "bios", ASKS)
    with_passphrase(test, "wrong")
    ended = test.run()
    assert (ended.ending, "does not take the passphrase" in ended.message) == ("failed", True)
    assert sum(isinstance(e, CommandRan) and e.argv[:2] == ("sol", "type") for e in test.events) == 1


def test_f1_is_pressed_unseen_where_nobody_heard_the_question(tmp_path: Path) -> None:
    test = only(tmp_path, "bios", STOPS)
    listened = test.network.console

    async def deaf(*, seconds: float, send: bytes = b"", timeout_s: float = 30.0) -> bytes:
        heard = await listened(seconds=seconds, send=send, timeout_s=timeout_s)
        return heard if send else b""

    test.network.console = deaf  # type: ignore[method-assign]
    assert test.run().ending == "updated"
    keys = [e.argv[2] for e in test.events if isinstance(e, CommandRan) and e.argv[:2] == ("sol", "type")]
    assert keys == ["Enter", "F1"]


def test_a_console_that_somebody_else_has_is_left_to_them(tmp_path: Path) -> None:
    test = only(tmp_path, "bios", STOPS)

    async def taken(*, seconds: float, send: bytes = b"", timeout_s: float = 30.0) -> bytes:
        raise ConsoleTaken("somebody else has it")

    test.network.console = taken  # type: ignore[method-assign]
    assert test.run().ending == "needs-hands"


def test_no_key_is_pressed_in_a_healthy_start(tmp_path: Path) -> None:
    test = only(tmp_path, "bios", board="r740")
    assert test.run().ending == "updated"
    assert not any(isinstance(e, CommandRan) and e.argv[:1] == ("sol",) for e in test.events)


def test_a_failed_job_is_cleared_once_it_has_ended_and_the_file_handed_over_once_more(tmp_path: Path) -> None:
    test = only(tmp_path, "bios", Fault(kind="job-fails", target="bios"), board="r740")
    assert test.run().ending == "updated"
    deleted = [e for e in test.events if isinstance(e, CommandRan) and e.argv[:3] == ("racadm", "jobqueue", "delete")]
    assert len(deleted) == 1
    assert test.happened("flash-started") == 1


def test_a_job_that_fails_twice_is_not_handed_over_a_third_time(tmp_path: Path) -> None:
    test = only(tmp_path, "bmc", Fault(kind="job-fails", target="bmc", times=None), board="r740")
    assert test.run().ending == "failed"
    assert test.happened("job-created") == 2


def test_a_failed_job_stays_where_the_plan_says_so(tmp_path: Path) -> None:
    test = only(tmp_path, "bmc", Fault(kind="job-fails", target="bmc"), board="r740")
    test.change(policy=Policy(retry_failed_job=False))
    assert test.run().ending == "failed"
    assert test.happened("job-created") == 1


def test_no_job_is_cleared_while_another_one_is_open(tmp_path: Path) -> None:
    """Somebody else's job is made while ours fails."""
    from emulators.lifecycle import queue

    test = only(tmp_path, "bmc", Fault(kind="job-fails", target="bmc"), board="r740")

    def meddle(number: int, argv: tuple[str, ...]) -> None:
        jobs = (test.happened("job-created"), test.happened("job-ended"))
        if argv[:2] == ("racadm", "jobqueue") and jobs == (1, 1):
            queue(test.server).configure("Configure: BIOS.Setup.1-1")

    test.host.before = meddle
    assert test.run().ending == "failed"
    assert not any(isinstance(e, CommandRan) and "delete" in e.argv for e in test.events)


def test_a_stuck_system_interface_is_freed_by_a_reset_over_lan(tmp_path: Path) -> None:
    test = only(tmp_path, "bmc", Fault(kind="kcs-wedged"))
    assert test.run().ending == "updated"
    assert any(
        isinstance(e, CommandRan) and e.where == "bmc" and e.argv == ("raw", "0x06", "0x02") for e in test.events
    )


def test_a_stuck_system_interface_with_a_bank_that_nothing_proves_whole_is_left_alone(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from fwsim.outcomes import Fail
    from fwsim.steps import guard

    test = only(tmp_path, "bmc", Fault(kind="kcs-wedged"))
    real = guard.proved_whole

    def doubt(context: object, image: object, so: str) -> None:
        if test.happened("bmc-dark"):
            raise Fail(f"the bank is not proved whole, so {so}")
        real(context, image, so)  # type: ignore[arg-type]

    monkeypatch.setattr(guard, "proved_whole", doubt)
    assert test.run().ending == "failed"
    assert test.happened("bmc-dark") == 1, "its own reset after the flash, and no other"


def test_a_flash_that_somebody_cuts_short_by_a_reset_is_written_again_from_what_runs(tmp_path: Path) -> None:
    test = only(tmp_path, "bmc", Fault(kind="someone-resets-bmc", when=When(uploaded=60)))
    before = truth.condition(test.server)
    assert test.run().ending == "updated"
    assert test.happened("flash-started") == 2
    assert truth.judge(replace(test.prepared, plan=test.plan), test.server, before, test.events) == []


def test_a_tool_that_is_gone_is_named_and_no_bank_is_called_incomplete(tmp_path: Path) -> None:
    test = only(tmp_path, "bios", Fault(kind="tool-missing", name="sum", when=When(runs="reboot")))
    ended = test.run()
    assert "sum is gone from the host" in ended.message
    assert "incomplete" not in ended.message + ended.remedy
    assert not test.happened("flash-started")


def test_a_lost_clock_is_set_from_the_host_and_told(tmp_path: Path) -> None:
    test = only(tmp_path, "bmc", Fault(kind="clock-lost"))
    assert test.run().ending == "updated"
    assert abs(test.server.bmc.sel.time - test.server.calendar) < 5
    assert any(isinstance(e, Warned) and "clock was lost" in e.message for e in test.events)


def test_a_lost_clock_stays_lost_where_the_plan_lets_nothing_be_put_back(tmp_path: Path) -> None:
    test = only(tmp_path, "bmc", Fault(kind="clock-lost"))
    test.change(policy=Policy(restore=False))
    ended = test.run()
    assert (ended.ending, "clock" in ended.message) == ("failed", True)


def test_a_bmc_without_its_mac_address_has_it_again_once_it_is_written_again(tmp_path: Path) -> None:
    """Of the model: the same version, flashed again by hand."""
    test = only(tmp_path, "bmc", Fault(kind="mac-lost"))
    assert test.run().ending == "failed"
    assert test.server.bmc.lan.mac == "00:00:00:00:00:00"
    chip = test.server.chips["bmc"]
    image = bytes(chip.banks[chip.active].data)
    chip.begin().write(0, image)
    chip.finish()
    chip.activate()
    test.server.bmc.cold_reset()
    test.server.advance(test.server.now + 600)
    assert test.server.bmc.lan.mac == test.server.mac("dedicated")
