"""Two fwsim at once on one host: the unit on the host is the lock, and the second operator's engine sees it too."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from fwsim.doors import Doors
from fwsim.engine import Engine
from fwsim.events import Event, Progress, RunEnded, StepStarted
from fwsim.journal import Busy, Journal
from fwsim.rehearsal.memory import MemoryClock, drive
from tests.fwsim.engine_bench import Bench, Between, bench
from tests.fwsim.kill_harness import Mortal

ONCE = {"bmc": 1, "bios": 1}


def second(first: Bench, folder: Path) -> Mortal:
    """Another operator's fwsim, of another run, from another machine, at the same server."""
    host = Between(first.host.host)
    return Mortal(replace(first, folder=folder, host=host, run_id="SECOND", events=[]))


def test_from_two_machines_the_second_is_refused_while_the_first_flashes(tmp_path: Path) -> None:
    test = bench(tmp_path)
    first, ends = Mortal(test), list[RunEnded]()

    def meanwhile(at: int, event: Event) -> bool:
        flashing = isinstance(event, Progress) and event.step.endswith("-flash") and (event.fraction or 0) >= 0.3
        if flashing and len(ends) < {"bmc-flash": 1, "bios-flash": 2}[getattr(event, "step", "")]:
            ended = second(test, tmp_path / f"second-{len(ends)}").live()
            assert ended is not None
            ends.append(ended)
        return False

    ended = first.live(meanwhile)
    assert ended is not None
    assert ended.ending == "updated", ended.message
    assert first.flashes == ONCE
    assert [(e.ending, e.exit_code) for e in ends] == [("refused", 3)] * 2
    assert all("run=TEST" in e.message for e in ends)


def test_a_second_that_is_past_its_preflight_loses_the_race_for_the_unit(tmp_path: Path) -> None:
    """It has looked, seen nothing, and its start is refused as a duplicate: it looks again, and stops."""
    test = bench(tmp_path)
    late, first = second(test, tmp_path / "second"), Mortal(test)
    raced: list[bool] = []

    def race(number: int, argv: tuple[str, ...]) -> None:
        if argv[0] == "systemd-run" and not raced:
            raced.append(True)
            first.live(lambda at, event: isinstance(event, Progress) and event.step == "bmc-flash")

    late.test.host.before = race
    lost = late.live()
    assert lost is not None
    assert lost.ending == "refused", lost.message
    assert "run=TEST" in lost.message
    won = first.live()
    assert won is not None
    assert won.ending == "updated", won.message
    assert first.flashes == ONCE
    assert not [name for name in test.server.host.files.listdir("/var/tmp") if "SECOND" in name]


@pytest.mark.parametrize("share", range(3))
def test_wherever_the_second_comes_in_nothing_is_flashed_twice_and_nothing_restarts_in_a_flash(
    share: int, tmp_path: Path
) -> None:
    probe = Mortal(bench(tmp_path / "probe"))
    probe.live()
    steps = [e.step for e in probe.told if isinstance(e, StepStarted)]
    for step in steps[share::3]:
        test = bench(tmp_path / step)
        first, others = Mortal(test), list[RunEnded]()

        def meanwhile(
            at: int, event: Event, step: str = step, test: Bench = test, others: list[RunEnded] = others
        ) -> bool:
            if isinstance(event, StepStarted) and event.step == step and not others:
                ended = second(test, tmp_path / step / "second").live()
                assert ended is not None
                others.append(ended)
            return False

        ended = first.live(meanwhile)
        assert ended is not None
        assert all(n <= 1 for n in first.flashes.values()), step
        assert "updated" in (ended.ending, others[0].ending), (step, ended.message, others[0].message)
        assert test.server.bmc.running is not None
        assert test.server.bmc.running.version == "3.90"
        kinds = [r["kind"] for r in test.server.world.records]
        for begin, end in zip(places(kinds, "flash-started"), places(kinds, "flash-finished"), strict=True):
            assert not {"bmc-dark", "host-shutdown"} & set(kinds[begin:end]), step


def places(kinds: list[str], kind: str) -> list[int]:
    return [i for i, k in enumerate(kinds) if k == kind]


def test_from_one_machine_one_run_has_one_engine(tmp_path: Path) -> None:
    path = tmp_path / "20261122-120000-x11ssh-f-0000" / "events.jsonl"
    with Journal(path), pytest.raises(Busy, match="another fwsim"):
        Journal(path)
    Journal(path).close()


def test_while_anothers_flash_runs_no_host_is_rebooted(tmp_path: Path) -> None:
    """A plan with a BIOS alone reboots the host first: not while somebody else writes the BMC."""
    test = bench(tmp_path)
    late = second(test, tmp_path / "second")
    late.test.keep_only("bios")
    first = Mortal(test)

    def begin(at: int, event: Event) -> bool:
        if isinstance(event, StepStarted) and event.step == "canary":
            first.live(lambda at, event: isinstance(event, Progress) and event.step == "bmc-flash")
        return False

    ended = late.live(begin)
    assert ended is not None
    assert ended.ending in ("refused", "failed")
    assert "run=TEST" in ended.message
    assert test.happened("host-shutdown") == 0
    won = first.live()
    assert won is not None
    assert won.ending == "updated", won.message


def test_doors_of_two_engines_share_nothing_but_the_server(tmp_path: Path) -> None:
    """The bench itself: the second has its own run, events and connection."""
    test = bench(tmp_path)
    other = second(test, tmp_path / "second")
    assert other.test.host is not test.host
    assert other.test.events is not test.events
    engine: Engine = test.engine()
    assert engine.job.run_id != other.test.run_id
    doors: Doors = engine._context.doors
    assert isinstance(doors.clock, MemoryClock)
    assert drive(doors.host.run(("true",))).status == 0
