"""A rehearsal that needs hands: its server stands for the visit, and the same run goes on after it, over the wires."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from emulators.home import control
from emulators.home.registry import Registry
from fwsim import journal
from fwsim.events import Fact
from fwsim.rehearsal import standing
from fwsim.runs import Runs
from recovery.loop import OUTCOME
from tests.fwsim.command_line import Fwsim, fwsim
from tests.homes import home

__all__ = ["fwsim"]


@pytest.fixture
def runs(tmp_path: Path) -> Iterator[Path]:
    """Whatever stands for a run in it is ended, by its own pid."""
    yield tmp_path / "runs"
    for path in tmp_path.glob(f"runs/*/{standing.NAME}"):
        standing.end(standing.Standing.model_validate_json(path.read_bytes()))
        standing.clear(path.parent)


@pytest.mark.e2e
@pytest.mark.wire
def test_hands_reach_a_rehearsals_server_and_closing_its_ticket_goes_on_with_the_run(runs: Path, fwsim: Fwsim) -> None:
    folder = ("--runs", str(runs))
    code, out, err = fwsim("rehearse", "never-returns", "--speed", "1500", "--progress", "plain", *folder)
    run = Runs(runs).find("latest")
    assert code == 0, out + err
    assert "as expected: needs-hands" in err
    assert f"fwsim emulator down {run.id}   ends it" in err
    for act in ("unplug", "plug"):
        for psu in ("1", "2"):
            assert fwsim("emulator", "hands", run.id, act, f"psu={psu}")[0] == 0
    code, out, err = fwsim("ticket", "close", run.id, "--report", "done", "--progress", "plain", *folder)
    assert code == 0, out + err
    assert "updated: BMC 3.88 -> 3.90" in out
    assert [e.value for e in journal.read(run.journal) if isinstance(e, Fact) and e.key == OUTCOME] == ["done"]
    world = [json.loads(line)["kind"] for line in (run.path / "world.jsonl").read_text().splitlines()]
    assert world.count("flash-started") == 1, "the same server, and no second flash"
    assert Registry().all() == [], "its end is its server's"


def test_the_ticket_of_a_rehearsal_whose_server_is_gone_says_what_can_be_done(runs: Path, fwsim: Fwsim) -> None:
    _, _, err = fwsim("rehearse", "never-returns", "--virtual", "--runs", str(runs))
    assert "`--technician` rehearses the visit" in err
    before = Runs(runs).find("latest").journal.read_bytes()
    code, _, err = fwsim("ticket", "close", "latest", "--report", "done", "--runs", str(runs))
    assert code == 2
    assert "its server stands no more (it ended with the rehearsal)" in err
    assert "`fwsim rehearse ... --technician`" in err
    assert Runs(runs).find("latest").journal.read_bytes() == before, "nothing is told of a visit to nobody"


def test_a_server_that_is_lent_is_found_by_its_name_until_it_is_taken_back(tmp_path: Path) -> None:
    registry = Registry(tmp_path / "servers")
    (tmp_path / "run").mkdir()
    with home(directory=tmp_path / "run") as ready:
        registry.lend("a-run", ready, tmp_path / "run")
        assert registry.find("a-run").pid == ready.pid
        assert registry.socket(registry.find("a-run")).exists()
        registry.take_back("a-run")
        assert registry.all() == []
        assert (tmp_path / "run" / control.NAME).exists(), "its own socket stays"
        registry.lend("a-run", ready, tmp_path / "run")
    assert registry.all() == [], "it has ended"
