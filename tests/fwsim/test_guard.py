"""Rule 11: while a bank is or may be incomplete nothing is restarted, until it is written anew or a person says so."""

from __future__ import annotations

from pathlib import Path

import pytest

from emulators.faults import Fault
from fwsim import boards, deeds
from fwsim.events import CommandRan, Fact
from fwsim.steps import guard
from fwsim.steps.stillness import STILL_S
from tests.fwsim.engine_bench import Bench, bench
from tests.fwsim.kill_harness import Mortal

RESTARTS = {"bmc-dark", "host-shutdown", "post", "host-power-off"}


def half_written(tmp_path: Path, kind: str) -> Bench:
    """A run has failed in the middle of that flash; its unit on the host says so."""
    fault = Fault(kind="flash-interrupted", target=kind, percent=40.0)  # type: ignore[arg-type]  # bmc or bios
    test = bench(tmp_path, faults=(fault,))
    test.change(policy=test.plan.policy.model_copy(update={"canary_reboot": False}))
    test.keep_only(kind)
    assert test.run().ending == "failed"
    test.events.clear()
    test.run_id = "AGAIN"
    test.folder = tmp_path / "again"
    return test


def since_interrupted(test: Bench) -> list[str]:
    kinds = [record["kind"] for record in test.server.world.records]
    return kinds[kinds.index("flash-interrupted") :]


@pytest.mark.parametrize("kind", ["bmc", "bios"])
def test_a_new_run_flashes_again_from_what_still_runs_and_restarts_nothing_before(kind: str, tmp_path: Path) -> None:
    test = half_written(tmp_path, kind)
    test.change(policy=test.plan.policy.model_copy(update={"canary_reboot": True}))
    ended = test.run()
    assert ended.ending == "updated", ended.message
    kinds = since_interrupted(test)
    assert not RESTARTS & set(kinds[: kinds.index("flash-finished")])


def test_a_canary_reboot_is_left_out_where_the_last_flash_did_not_end_well(tmp_path: Path) -> None:
    test = half_written(tmp_path, "bios")
    test.change(policy=test.plan.policy.model_copy(update={"canary_reboot": True}))
    test.run()
    assert test.outcome("canary").outcome == "warned"
    assert "did not end well" in test.outcome("canary").message


def test_the_operators_word_goes_past_it_and_stands_in_the_journal(tmp_path: Path) -> None:
    test = half_written(tmp_path, "bios")
    test.change(policy=test.plan.policy.model_copy(update={"canary_reboot": True}))
    run = Mortal(test)
    run.live(despite_incomplete=True)
    words = [e.value for e in run.told if isinstance(e, Fact) and e.key == guard.WORD]
    assert words
    assert "restart the host" in words[0] or "reboot" in words[0]
    assert "host-shutdown" in since_interrupted(test)


def test_without_the_word_no_fact_tells_of_one(tmp_path: Path) -> None:
    test = bench(tmp_path)
    test.run()
    assert not any(isinstance(e, Fact) and e.key == guard.WORD for e in test.events)


def test_a_tool_that_wrote_nothing_leaves_no_unit_that_reads_as_half_a_bank(tmp_path: Path) -> None:
    test = bench(tmp_path, faults=(Fault(kind="driver-refused"),))
    test.keep_only("bios")
    test.run()
    from fwsim.rehearsal.memory import drive
    from tests.fwsim.test_look import a_context

    assert drive(guard.objection(a_context(test))) == ""


def test_a_host_that_stays_away_is_given_its_time_and_its_power_is_not_touched(tmp_path: Path) -> None:
    """Three quarters of an hour from its restart, and nothing of it changing for twenty minutes."""
    test = bench(tmp_path, faults=(Fault(kind="bios-written-corrupt", target="bios"),))
    test.keep_only("bios")
    ended = test.run()
    assert ended.ending == "needs-hands", ended
    sent = max(e.at for e in test.events if isinstance(e, CommandRan) and e.argv == ("reboot",))
    assert ended.at - sent >= 45 * 60
    assert STILL_S >= 20 * 60
    after = [deeds.of(e.where, e.argv) for e in test.events if isinstance(e, CommandRan) and e.at > sent]
    assert not {"power", "bmc-reset", "factory-default"} & set(after)


@pytest.mark.parametrize("board", boards.names())
def test_every_board_gives_a_new_bios_three_quarters_of_an_hour(board: str) -> None:
    assert boards.load(board).deadlines.bios_s >= 45 * 60
