"""After a bad end: what is tried, in which order, who is asked, and when the ticket is written."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from emulators.faults import Fault
from emulators.server import VirtualServer
from emulators.world import World
from fwsim import journal
from fwsim.aftermath import Aftermath, Recover
from fwsim.events import Answered, Asked, Event, Fact, RunEnded, RunStarted, StepEnded, StepStarted, to_json
from fwsim.judged import Broken
from fwsim.plan import Policy
from fwsim.rehearsal import in_memory, truth
from fwsim.rehearsal.prepare import Prepared, from_scenario
from fwsim.rehearsal.scenario import load
from fwsim.report import model
from recovery import handover, lint, loop, unattended
from recovery.diagnosis import Cause
from recovery.inventory import Inventory
from recovery.loop import Way
from recovery.render import data
from recovery.repair import REPAIRS, Repair


class Rehearsed:
    """A scenario in memory, with recovery, and judged."""

    def __init__(self, name: str, folder: Path, recover: Recover = unattended.recover, **policy: Any) -> None:
        prepared = from_scenario(load(name), folder / "payloads")
        plan = prepared.plan.model_copy(update={"policy": Policy(**policy)}) if policy else prepared.plan
        self.prepared: Prepared = replace(prepared, plan=plan)
        self.server = VirtualServer(self.prepared.spec, World())
        before = truth.condition(self.server)
        self.events: list[Event] = []
        self.folder = folder
        with journal.Journal(folder / "events.jsonl") as record:

            def emit(event: Event) -> None:
                record.write(event)
                self.events.append(event)

            self.ended: RunEnded = in_memory(
                self.prepared, emit, run_id=self.prepared.run_id, run_dir=folder, server=self.server, recover=recover
            )
        self.broken: list[Broken] = truth.judge(self.prepared, self.server, before, self.events, folder, recovers=True)

    @property
    def tried(self) -> list[str]:
        steps = [e.step for e in self.events if isinstance(e, StepStarted)]
        return [step.removeprefix("repair-") for step in steps if step.startswith("repair-")]

    def facts(self, key: str) -> list[str]:
        return [e.value for e in self.events if isinstance(e, Fact) and e.key == key]


def asking(answer: Callable[[Repair], bool], place: Inventory | None = None) -> Recover:
    async def agree(repair: Repair, cause: Cause) -> bool:
        return answer(repair)

    async def recover(after: Aftermath) -> RunEnded:
        return await loop.recover(after, Way(agree, handover.writer(place)))

    return recover


@pytest.mark.parametrize(
    ("spoilt", "said"),
    [
        ({"feeds": [{"psu": "PSU7"}]}, "feeds[0].psu: the Supermicro X11SSH-F has no such power supply"),
        ({"contacts": [{"role": "technical", "phone": "+44 20 7946 0123"}], "model": "+44 20 7946 0999"}, "I04"),
    ],
    ids=["a supply that it has not", "a second number"],
)
def test_what_is_handed_over_may_be_given_out_whatever_the_inventory_says(
    tmp_path: Path, spoilt: dict[str, object], said: str
) -> None:
    place = Inventory.model_validate({"name": "app01.example.net", **spoilt})
    done = Rehearsed("severe-lock", tmp_path, asking(lambda repair: True, place))
    assert done.ended.ending == "needs-hands"
    (ticket,) = (tmp_path / "tickets").glob("*.txt")
    assert lint.check_file(ticket) == ()
    (why,) = done.facts(handover.REFUSED)
    assert why.startswith(f"{ticket.stem}: ")
    assert said in why


def test_a_flash_that_was_cut_short_is_written_again_and_the_same_run_ends_updated(tmp_path: Path) -> None:
    done = Rehearsed("flash-interrupted", tmp_path)
    assert (done.ended.ending, done.tried, done.broken) == ("updated", ["reflash-bmc"], [])
    assert len({e.run for e in done.events if isinstance(e, RunStarted)}) == 1
    assert done.events[-1] is done.ended


def test_the_diagnosis_stands_in_the_journal_before_the_repair(tmp_path: Path) -> None:
    done = Rehearsed("flash-interrupted", tmp_path)
    told = next(i for i, e in enumerate(done.events) if isinstance(e, Fact) and e.key == loop.DIAGNOSIS)
    tried = next(i for i, e in enumerate(done.events) if isinstance(e, StepStarted) and e.step == "repair-reflash-bmc")
    assert told < tried
    assert "reflash-bmc" in done.facts(loop.DIAGNOSIS)[0]


def test_nobody_is_asked_about_a_server_that_is_updated(tmp_path: Path) -> None:
    done = Rehearsed("x11ssh-f", tmp_path)
    assert done.tried == []
    assert not any(isinstance(e, StepStarted) and e.step.startswith("diagnose") for e in done.events)


def test_no_means_that_nothing_is_done_and_that_the_end_says_what_would_help(tmp_path: Path) -> None:
    done = Rehearsed("flash-interrupted", tmp_path, asking(lambda repair: False))
    assert (done.ended.ending, done.tried, done.broken) == ("failed", [], [])
    assert "say yes to reflash-bmc" in done.ended.remedy
    assert [e.agreed for e in done.events if isinstance(e, Answered)][:1] == [False]
    assert sum(isinstance(e, Asked) for e in done.events) == sum(isinstance(e, Answered) for e in done.events)


def test_what_is_done_without_asking_is_not_asked_about(tmp_path: Path) -> None:
    for name, repair in REPAIRS.items():
        assert repair.asks == (name not in ("wait", "restore-lan", "restore-lan-mode")), name


def test_without_asking_is_the_plans_own_yes(tmp_path: Path) -> None:
    done = Rehearsed("flash-interrupted", tmp_path, asking(lambda repair: False), recovery="without-asking")
    assert (done.ended.ending, done.tried) == ("updated", ["reflash-bmc"])


def test_a_plan_that_wants_no_repairs_gets_a_diagnosis_and_no_question(tmp_path: Path) -> None:
    done = Rehearsed("flash-interrupted", tmp_path, recovery="never")
    assert (done.ended.ending, done.tried) == ("failed", [])
    assert done.facts(loop.DIAGNOSIS)
    assert not [e for e in done.events if isinstance(e, Asked)]


def test_where_only_hands_help_the_ticket_lies_in_the_runs_folder_and_cites_the_rule(tmp_path: Path) -> None:
    done = Rehearsed("never-returns", tmp_path)
    assert (done.ended.ending, done.facts(loop.TICKET), done.broken) == ("needs-hands", ["power-removal"], [])
    made = data.read((tmp_path / "tickets" / "power-removal.json").read_text("utf-8"))
    assert made.run == done.prepared.run_id
    assert "D12" in made.why
    assert "Why" in (tmp_path / "tickets" / "power-removal.txt").read_text("utf-8").title()
    assert f"send the ticket power-removal (`fwsim ticket {made.run}` prints it)" in done.ended.remedy


def test_a_ticket_holds_no_password(tmp_path: Path) -> None:
    done = Rehearsed("severe-lock", tmp_path)
    secrets = [s.encode() for s in done.prepared.bmc_passwords.values()]
    files = list((tmp_path / "tickets").iterdir())
    assert files
    assert not any(secret in file.read_bytes() for secret in secrets for file in files)


def test_a_repair_that_changes_nothing_of_the_cause_is_not_done_twice(tmp_path: Path) -> None:
    done = Rehearsed("idrac-job-fails", tmp_path)
    assert done.ended.ending == "failed"
    assert done.tried
    assert not [name for name in done.tried if name.endswith("-2")]


def test_the_least_invasive_comes_first_and_the_next_only_after_it(tmp_path: Path) -> None:
    done = Rehearsed("sata-mode-reset", tmp_path)
    assert done.tried == ["restore-boot-order", "restore-bios-settings"]
    assert (done.ended.ending, done.broken) == ("updated", [])


def test_a_repaired_run_reads_as_one_run_in_its_report(tmp_path: Path) -> None:
    done = Rehearsed("flash-interrupted", tmp_path)
    report = model.build(journal.read(tmp_path / "events.jsonl"))
    assert report.ending == "updated"
    ids = [step.id for step in report.steps]
    assert len(ids) == len(set(ids))
    assert ids.index("bmc-flash") < ids.index("repair-reflash-bmc") < ids.index("bmc-version")
    assert [step.number for step in report.steps] == list(range(1, len(ids) + 1))
    assert done.ended.message == report.message


def test_the_same_seed_gives_the_same_journal_recovery_included(tmp_path: Path) -> None:
    one, other = (Rehearsed("failed-post", tmp_path / name) for name in _folders(tmp_path))
    assert [to_json(e) for e in one.events] == [to_json(e) for e in other.events]


def _folders(path: Path) -> tuple[str, str]:
    for name in ("a", "b"):
        (path / name).mkdir()
    return "a", "b"


def test_what_has_passed_by_itself_is_gone_on_with(tmp_path: Path) -> None:
    """The iDRAC was reset by others while its settings were read: nothing is wrong any more when somebody looks."""
    from fwsim.rehearsal import matrix

    prepared = from_scenario(load("r740"), tmp_path / "payloads")
    healthy = matrix.watch(prepared)
    cell = matrix.parse_cell("someone-resets-bmc@bios-settings")
    assert matrix.rehearse(prepared, healthy, cell).verdict == "failed"
    outcome = matrix.rehearse(prepared, healthy, cell, unattended.recover)
    assert (outcome.ticket, outcome.broken) == ("", ())
    assert outcome.verdict in ("updated", "repaired")


def test_a_stop_from_outside_during_a_repair_ends_the_run_as_interrupted(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from recovery import repairs_bmc

    async def stopped(context: Any) -> Any:
        raise KeyboardInterrupt

    row = replace(REPAIRS["reflash-bmc"], action=stopped)
    monkeypatch.setitem(REPAIRS, "reflash-bmc", row)
    assert repairs_bmc.reflash is not stopped
    done = Rehearsed("flash-interrupted", tmp_path)
    assert (done.ended.ending, done.ended.exit_code) == ("interrupted", 5)
    assert "fwsim resume" in done.ended.remedy


def test_nothing_that_takes_power_is_done_while_a_bank_may_be_incomplete(tmp_path: Path) -> None:
    """The host dies under its BIOS's flash: from here nothing may be switched."""
    from fwsim.rehearsal import matrix

    prepared = from_scenario(load("x11ssh-f"), tmp_path / "payloads")
    healthy = matrix.watch(prepared)
    outcome = matrix.rehearse(prepared, healthy, matrix.parse_cell("watchdog-fires@bios-flash"), unattended.recover)
    assert outcome.broken == ()
    assert not [step for step in outcome.remote if "power" in step or "reset" in step]


def test_what_was_tried_in_this_run_before_counts_after_a_resume(tmp_path: Path) -> None:
    done = Rehearsed("idrac-job-stuck", tmp_path)
    assert done.tried == ["wait"]
    ended = [e for e in done.events if isinstance(e, StepEnded) and e.step == "repair-wait"]
    assert ended[0].outcome == "failed"


def test_faults_that_recovery_meets_break_no_rule(tmp_path: Path) -> None:
    """The second fault waits for the repair of the first."""
    prepared = from_scenario(load("flash-interrupted"), tmp_path / "payloads")
    spec = prepared.spec.model_copy(
        update={"faults": (*prepared.spec.faults, Fault(kind="lan-mode-moved"), Fault(kind="clock-lost"))}
    )
    server = VirtualServer(spec, World())
    before = truth.condition(server)
    events: list[Event] = []
    again = replace(prepared, spec=spec)
    how: dict[str, Any] = {"run_id": "R", "run_dir": tmp_path, "recover": unattended.recover}
    ended = in_memory(again, events.append, server=server, **how)
    assert ended.ending == "updated"
    assert truth.judge(again, server, before, events, recovers=True) == []
