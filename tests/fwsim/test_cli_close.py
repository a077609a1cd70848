"""`fwsim ticket close`: after a visit the same run goes on, or is diagnosed again."""

from __future__ import annotations

import contextlib
from collections.abc import AsyncIterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pytest

from emulators.server import VirtualServer
from emulators.world import World
from fwsim import endpoints, journal, payload, record
from fwsim.doors import Doors
from fwsim.events import Fact, RunEnded, RunStarted
from fwsim.rehearsal import in_memory, memory_doors
from fwsim.rehearsal.operator import VirtualOperator
from fwsim.rehearsal.prepare import Prepared, from_scenario
from fwsim.rehearsal.scenario import load
from fwsim.runs import Run, Runs
from recovery import unattended
from recovery.loop import OUTCOME, TICKET, VISITED
from tests.fwsim.command_line import Fwsim, fwsim

__all__ = ["fwsim"]


@dataclass
class Waiting:
    """A run of an update that waits for its ticket, and its server."""

    prepared: Prepared
    server: VirtualServer
    run: Run
    runs: Path
    fwsim: Fwsim

    def close(self, *words: str) -> tuple[int, str]:
        """Exit code, and all that was printed."""
        code, out, err = self.fwsim("ticket", "close", self.run.id, "--runs", str(self.runs), "--yes", *words)
        return code, out + err

    def facts(self, key: str) -> list[str]:
        return [e.value for e in journal.read(self.run.journal) if isinstance(e, Fact) and e.key == key]


@pytest.fixture
def waiting(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, fwsim: Fwsim) -> Waiting:
    runs = tmp_path / "runs"
    run = Runs(runs).new("x11ssh-f")
    prepared = from_scenario(load("never-returns"), run.path / "payloads")
    server = VirtualServer(prepared.spec, World())
    record.write(run, record.Record(kind="update", plan=prepared.plan, run_id=run.id))
    with journal.Journal(run.journal) as written:
        in_memory(prepared, written.write, run_id=run.id, run_dir=run.path, server=server, recover=unattended.recover)

    @contextlib.asynccontextmanager
    async def doors(plan: object, *, elapsed_s: float = 0.0) -> AsyncIterator[Doors]:
        yield memory_doors(prepared, server, VirtualOperator(server), began=0.0)

    real = payload.read_all

    def unmarked(plan: Any) -> Any:
        return {path: replace(one, synthetic=False) for path, one in real(plan).items()}

    monkeypatch.setattr(endpoints, "doors", doors)
    monkeypatch.setattr(payload, "read_all", unmarked)
    return Waiting(prepared, server, run, runs, fwsim)


def pull_the_cords(server: VirtualServer) -> None:
    for on in (False, True):
        for number in range(len(server.psus)):
            server.set_mains(number, on)
        server.advance(server.now + 60)
    server.advance(server.now + 1200)


def test_after_the_work_is_done_the_same_run_ends_updated(waiting: Waiting) -> None:
    pull_the_cords(waiting.server)
    code, text = waiting.close("--report", "done")
    assert code == 0, text
    events = journal.read(waiting.run.journal)
    assert {e.run for e in events if isinstance(e, RunStarted)} == {waiting.run.id}
    assert isinstance(events[-1], RunEnded)
    assert events[-1].ending == "updated"
    assert (waiting.facts(VISITED), waiting.facts(OUTCOME)) == (["power-removal"], ["done"])


def test_work_that_did_not_help_is_not_sent_for_again(waiting: Waiting) -> None:
    code, text = waiting.close("--report", "failed", "--observed", "bmc_led=off,fans=100%")
    assert code == 4, text
    assert waiting.facts(TICKET)[0] == "power-removal"
    assert waiting.facts(TICKET)[-1] != "power-removal"
    assert "off" in waiting.facts("observed.seen.bmc_led")


def test_a_run_that_waits_for_nobody_cannot_be_closed(waiting: Waiting) -> None:
    pull_the_cords(waiting.server)
    assert waiting.close("--report", "done")[0] == 0
    code, text = waiting.close("--report", "done")
    assert code == 2
    assert "waits for no ticket" in text


@pytest.mark.parametrize(
    ("words", "text"),
    [
        ((), "expected --report done or --report failed"),
        (("--report", "perhaps"), "perhaps"),
        (("--report", "done", "--observed", "fans=loud"), "fans=loud"),
    ],
)
def test_a_report_that_is_none_is_a_usage_error_and_changes_nothing(
    waiting: Waiting, words: tuple[str, ...], text: str
) -> None:
    before = waiting.run.journal.read_bytes()
    code, said = waiting.close(*words)
    assert code == 2
    assert text in said
    assert waiting.run.journal.read_bytes() == before


def test_a_rehearsals_ticket_is_followed_in_the_rehearsal_itself(waiting: Waiting) -> None:
    known = record.read(waiting.run)
    record.write(waiting.run, known.model_copy(update={"kind": "rehearsal"}))
    code, text = waiting.close("--report", "done")
    assert code == 2
    assert "--technician" in text
