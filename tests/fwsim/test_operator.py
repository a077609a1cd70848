"""The operator's hand on a run: the yes, the stage to stop before, the window, hooks. In memory."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC
from pathlib import Path

import pytest

from emulators.server import VirtualServer
from emulators.world import World
from fwsim import boards, gates, window
from fwsim.cli.stopping import Stopping
from fwsim.context import Job
from fwsim.doors import CommandTimeout, Completed
from fwsim.events import Answered, Asked, CommandRan, Event, NotRehearsed, RunEnded, RunStarted, StepStarted
from fwsim.gates import Proposal, Terms
from fwsim.judged import Broken
from fwsim.plan import Plan
from fwsim.rehearsal import in_memory, truth
from fwsim.rehearsal.memory import drive
from fwsim.rehearsal.operator import RecordingHost
from fwsim.rehearsal.prepare import Prepared
from fwsim.report import html, markdown, model, terminal
from fwsim.steps import sequence
from tests.fwsim.engine_bench import Bench, bench


class Machine(RecordingHost):
    """The operator's machine: hooks whose text has `fail` in it fail."""

    async def run(self, argv: Sequence[str], *, stdin: bytes = b"", timeout_s: float = 60.0) -> Completed:
        await super().run(argv, stdin=stdin, timeout_s=timeout_s)
        if "hang" in argv[-1]:
            raise CommandTimeout("hang did not end")
        return Completed(tuple(argv), int("fail" in argv[-1]), "", "it broke\n")


class Person:
    """Answers what the engine asks."""

    def __init__(self, answer: str = "") -> None:
        self.answer, self.shown = answer, list[Proposal]()

    async def __call__(self, proposal: Proposal) -> str:
        self.shown.append(proposal)
        return self.answer


def run(case: Bench, terms: Terms = gates.NO_TERMS, epoch: float = 0.0) -> RunEnded:
    from fwsim import payload
    from fwsim.doors import Doors
    from fwsim.engine import Engine

    of = case.engine()._context.doors
    doors: Doors = replace(of, operator=machine(case))
    board = boards.load(case.plan.board)
    engine = Engine(
        case.plan, board, payload.read_all(case.plan), doors, case.events.append, run_id=case.run_id,
        run_dir=case.folder, allow_synthetic=True, terms=terms, epoch=epoch,
    )  # fmt: skip
    return drive(engine.run())


_machines: dict[int, Machine] = {}


def machine(case: Bench) -> Machine:
    return _machines.setdefault(id(case), Machine())


def ran(case: Bench) -> list[str]:
    """The hooks that were started, with what they were told of the ending."""
    return [
        f"{argv[-1]}{''.join(w[12:] for w in argv if w.startswith('FWSIM_ENDING'))}" for argv in machine(case).recorded
    ]


def steps_begun(events: Sequence[Event]) -> list[str]:
    return [e.step for e in events if isinstance(e, StepStarted)]


# -- the yes


def test_nobody_says_yes_and_nothing_is_changed(tmp_path: Path) -> None:
    case = bench(tmp_path)
    ended = run(case, Terms(Person("nobody said yes")))
    assert (ended.ending, ended.exit_code, ended.message) == ("refused", 3, "nobody said yes")
    assert not case.changing
    assert case.untouched


def test_a_yes_is_asked_for_once_and_after_everything_was_read(tmp_path: Path) -> None:
    case, person = bench(tmp_path), Person()
    assert run(case, Terms(person)).ending == "updated"
    (shown,) = person.shown
    known = dict(shown.identity)
    assert known["board"] == "Supermicro X11SSH-F"
    assert known["BMC version"] == "3.88"
    assert known["serial number"]
    assert known["BMC GUID"]
    assert known["BMC MAC"]
    assert [(w.kind, w.before, w.version) for w in shown.writes] == [("bmc", "3.88", "3.90"), ("bios", "2.6", "3.0")]
    assert any(step.id == "bmc-flash" and step.changes for step in shown.steps)
    asked = next(i for i, e in enumerate(case.events) if isinstance(e, Asked))
    assert not any(isinstance(e, CommandRan) and e.changes and "modprobe" not in e.argv for e in case.events[:asked])
    assert case.events[asked + 1] == Answered(case.events[asked].at, True)


def test_where_nothing_will_be_written_nobody_is_asked(tmp_path: Path) -> None:
    case, person = bench(tmp_path), Person("no")
    run(case)
    again = Bench(case.prepared, case.server, tmp_path / "again", case.plan, case.host, case.network)
    again.server.advance(again.server.now + 600)
    ended = run(again, Terms(person))
    assert (ended.ending, person.shown) == ("updated", [])


def test_a_refusing_preflight_asks_nobody(tmp_path: Path) -> None:
    case, person = bench(tmp_path, server_board="x11ssm-f"), Person()
    assert run(case, Terms(person)).ending == "refused"
    assert not person.shown


# -- the stage to stop before


def stages_of(case: Bench) -> tuple[str, ...]:
    return gates.stages(sequence(case.engine().job))


def test_one_can_stop_before_every_stage_and_what_was_done_is_whole(tmp_path: Path) -> None:
    names = stages_of(bench(tmp_path / "names"))
    assert names[0] == "transfer"
    assert {"backup", "bmc", "bios", "cleanup"} <= set(names)
    for name in names:
        case = bench(tmp_path / name)
        ended = run(case, Terms(stop_before=name))
        assert (ended.ending, ended.exit_code) == ("interrupted", 5), name
        assert f"resume {case.run_id}" in ended.remedy
        begun = {gates.slug(s.stage) for s in sequence(case.engine().job) if s.id in steps_begun(case.events)}
        assert name not in begun
        flashes = sum(names.index(flash) < names.index(name) for flash in ("bmc", "bios"))
        assert case.happened("flash-started") == flashes, name


# -- the window


def at(text: str) -> float:
    """Unix time of that minute of 22 November 2026, UTC."""
    return time.mktime(time.strptime(f"2026-11-22 {text}", "%Y-%m-%d %H:%M"))


@pytest.fixture(autouse=True)
def _utc(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TZ", "UTC")
    time.tzset()


@pytest.mark.parametrize(
    ("text", "moment", "minutes"),
    [
        ("02:00-04:00", "02:00", 120),
        ("02:00-04:00", "03:59", 1),
        ("02:00-04:00", "04:00", 0),
        ("02:00-04:00", "01:59", 0),
        ("23:30-01:00", "23:45", 75),
        ("23:30-01:00", "00:15", 45),
        ("23:30-01:00", "12:00", 0),
        ("2:00-4:05", "03:00", 65),
    ],
)
def test_a_window_says_how_long_it_is_open_still(text: str, moment: str, minutes: int) -> None:
    assert window.parse(text).left_s(at(moment)) == minutes * 60
    assert window.parse(text).left_s(at(moment), UTC) == minutes * 60


def test_a_day_whose_clocks_change_has_a_longer_window(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TZ", "CET-1CEST,M3.5.0,M10.5.0/3")
    time.tzset()
    begins = 1792879200.0  # 2026-10-25 00:00 in summer time; 02:00-03:00 comes twice
    assert window.parse("01:30-04:00").left_s(begins + 5400) == 3.5 * 3600


@pytest.mark.parametrize("text", ["", "2-4", "02:00", "25:00-26:00", "02:60-03:00", "02:00-02:00", "noon-one"])
def test_what_is_no_window_is_told(text: str) -> None:
    with pytest.raises(window.BadWindow, match="is no window"):
        window.parse(text)


@pytest.mark.parametrize("board", boards.names())
def test_an_update_fits_into_a_window_of_two_hours_on_every_board(tmp_path: Path, board: str) -> None:
    """The way back included: what cannot be done in an ordinary night's window would never be done."""
    case = bench(tmp_path, board)
    job: Job = case.engine().job
    assert 0 < window.needed_s(job, "bmc") <= 2 * 3600
    assert 0 < window.needed_s(job, "bios") <= 3 * 3600


def test_outside_its_window_nothing_is_begun(tmp_path: Path) -> None:
    case = bench(tmp_path)
    ended = run(case, Terms(window=window.parse("02:00-04:00")), epoch=at("12:00"))
    assert (ended.ending, ended.exit_code) == ("refused", 3)
    assert "02:00-04:00 is not open" in ended.message
    assert case.untouched


def test_a_stage_whose_way_back_does_not_fit_is_not_begun(tmp_path: Path) -> None:
    case = bench(tmp_path)
    need = window.needed_s(case.engine().job, "bmc")
    ended = run(case, Terms(window=window.parse("02:00-04:00")), epoch=at("04:00") - need + 1)
    assert ended.ending == "refused"
    assert "way back" in ended.message
    assert case.untouched


def test_a_window_that_closes_after_the_bmc_interrupts_before_the_bios(tmp_path: Path) -> None:
    case = bench(tmp_path)
    need = window.needed_s(case.engine().job, "bios")
    ended = run(case, Terms(window=window.parse("02:00-04:00")), epoch=at("04:00") - need + 60)
    assert (ended.ending, ended.exit_code) == ("interrupted", 5)
    assert ended.versions["bmc"] == ("3.88", "3.90")
    assert case.happened("flash-started") == 1
    assert "canary" not in steps_begun(case.events)


# -- hooks


def hooked(case: Bench, **lines: str) -> Bench:
    case.change(**{name: (line,) for name, line in lines.items()})
    return case


def test_hooks_run_around_an_update(tmp_path: Path) -> None:
    case = hooked(bench(tmp_path), before="drain", verify="ask it", after="undrain")
    assert run(case).ending == "updated"
    assert ran(case) == ["drain", "ask it", "undrain=updated"]
    begun = steps_begun(case.events)
    assert begun.index("quiet" if "quiet" in begun else "power") < begun.index("before") < begun.index("transfer")
    assert begun.index("own-checks") < begun.index("cleanup") < begun.index("after") == len(begun) - 1


def test_a_before_hook_that_fails_refuses_and_after_still_runs(tmp_path: Path) -> None:
    case = hooked(bench(tmp_path), before="fail to drain", after="undrain")
    ended = run(case)
    assert (ended.ending, ended.exit_code) == ("refused", 3)
    assert "`fail to drain`" in ended.message
    assert "it broke" in ended.message
    assert ran(case) == ["fail to drain", "undrain=refused"]
    assert case.untouched


def test_a_before_hook_that_hangs_refuses_and_says_that_it_may_still_run(tmp_path: Path) -> None:
    case = hooked(bench(tmp_path), before="hang")
    ended = run(case)
    assert ended.ending == "refused"
    assert "may still run" in ended.message


def test_a_verify_hook_that_fails_is_a_failed_update(tmp_path: Path) -> None:
    case = hooked(bench(tmp_path), verify="fail: no answer", after="undrain")
    ended = run(case)
    assert (ended.ending, ended.exit_code) == ("failed", 1)
    assert "`fail: no answer` exited 1" in ended.message
    assert ran(case)[-1] == "undrain=failed"


def test_an_after_hook_that_fails_is_told_and_changes_no_ending(tmp_path: Path) -> None:
    case = hooked(bench(tmp_path), after="fail to undrain")
    assert run(case).ending == "updated"
    assert case.outcome("after").outcome == "warned"
    assert "fail to undrain" in case.outcome("after").remedy


def test_after_runs_when_the_operator_stops(tmp_path: Path) -> None:
    case = hooked(bench(tmp_path), before="drain", after="undrain")
    assert run(case, Terms(stop_before="bios")).ending == "interrupted"
    assert ran(case)[-1] == "undrain=interrupted"


def test_what_was_never_drained_is_not_undrained(tmp_path: Path) -> None:
    case = hooked(bench(tmp_path, server_board="x11ssm-f"), before="drain", after="undrain")
    assert run(case).ending == "refused"
    assert ran(case) == []


def test_the_yes_comes_before_the_hooks(tmp_path: Path) -> None:
    case = hooked(bench(tmp_path), before="drain", after="undrain")
    assert run(case, Terms(Person("no"))).ending == "refused"
    assert ran(case) == []


# -- in a rehearsal


def test_a_rehearsal_runs_no_hook_and_lists_each_as_not_rehearsed(tmp_path: Path) -> None:
    marker = tmp_path / "marker"
    case = hooked(bench(tmp_path), before=f"touch {marker}", verify="curl db07", after="undrain <db07>")
    events: list[Event] = []
    (tmp_path / "run").mkdir()
    prepared = replace(case.prepared, plan=case.plan, forbidden=("db07",))
    assert in_memory(prepared, events.append, run_id="R", run_dir=tmp_path / "run").ending == "updated"
    assert rules_that_broke(prepared, tmp_path / "judged") == []
    told = [e.argv[-1] for e in events if isinstance(e, NotRehearsed)]
    assert told == [f"touch {marker}", "curl db07", "undrain <db07>"]
    assert not marker.exists()
    assert isinstance(events[-1], RunEnded)
    report = model.build(events)
    assert len(report.not_rehearsed) == 3
    assert "Not rehearsed" in markdown.render(report)
    assert "curl db07" in markdown.render(report)
    assert "undrain &lt;db07&gt;" in html.render(report)
    assert any("not rehearsed" in str(part) for part in terminal.render(report))


def rules_that_broke(prepared: Prepared, folder: Path) -> list[Broken]:
    """What a person wrote may stand in a hook's text, for nothing of it is run; nowhere else."""
    folder.mkdir()
    events: list[Event] = []
    server = VirtualServer(prepared.spec, World())
    before = truth.condition(server)
    in_memory(prepared, events.append, run_id="R", run_dir=folder, server=server)
    return truth.judge(prepared, server, before, events, folder)


def test_the_plan_a_person_wrote_keeps_its_hooks_in_a_rehearsal(tmp_path: Path) -> None:
    from fwsim.rehearsal.prepare import from_plan

    plan: Plan = hooked(bench(tmp_path), before="drain", after="undrain").plan
    assert from_plan(plan, tmp_path / "p").plan.before == ("drain",)


def test_the_first_event_lists_the_hooks_among_the_steps(tmp_path: Path) -> None:
    case = hooked(bench(tmp_path), before="drain", after="undrain")
    run(case)
    started = case.events[0]
    assert isinstance(started, RunStarted)
    ids = [step for step, _, _ in started.steps]
    assert ids[-1] == "after"
    assert "before" in ids


# -- a command that timed out


@pytest.mark.parametrize(("words", "times"), [(("rm", "-rf"), 1), (("dmidecode", "-t", "baseboard"), 2)])
def test_a_change_that_timed_out_is_not_repeated_blindly_and_a_look_is(
    tmp_path: Path, words: tuple[str, ...], times: int
) -> None:
    """It may still be running on the host; a second one beside it could do what neither would alone."""
    case, missed = bench(tmp_path), list[tuple[str, ...]]()

    def before(number: int, argv: tuple[str, ...]) -> None:
        if argv[: len(words)] == words:
            missed.append(argv)
            if len(missed) == 1:
                raise CommandTimeout(f"{argv[0]} did not end within 60 s")

    case.host.before = before
    case.run()
    assert len(missed) >= times
    assert (len(missed) == 1) == (times == 1)


# -- Ctrl-C


def test_the_first_ctrl_c_in_a_flash_warns_and_the_second_stops() -> None:
    """The same over a real terminal and a real flash: tests/e2e/test_ctrl_c.py."""
    said: list[str] = []
    stopping, task = Stopping(said.append), Cancelled()
    stopping.hear(StepStarted(0.0, "bmc-flash", 1, 2, "Flash"))
    stopping._interrupt(task)  # type: ignore[arg-type]  # all it needs of a task
    assert (len(said), task.times) == (1, 0)
    stopping._interrupt(task)  # type: ignore[arg-type]
    assert (len(said), task.times) == (1, 1)
    stopping.hear(StepStarted(1.0, "bmc-wait", 2, 2, "Wait"))
    stopping._interrupt(task)  # type: ignore[arg-type]
    assert (len(said), task.times) == (1, 2)


class Cancelled:
    times = 0

    def cancel(self) -> None:
        self.times += 1
