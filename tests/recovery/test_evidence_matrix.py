"""One rehearsal a kind of fault, at the first moment and at the last: where it ends badly, the first cause is the one
that an expert names who knows the fault and sees the true state (expert.yaml)."""

from __future__ import annotations

from pathlib import Path

import pytest

from emulators.faults.table import ABOUT
from emulators.server import VirtualServer
from emulators.world import World
from fwsim.events import Event
from fwsim.rehearsal import in_memory, matrix
from fwsim.rehearsal.matrix import Cell
from fwsim.rehearsal.prepare import Prepared, from_scenario
from fwsim.rehearsal.scenario import load
from recovery.ruletable import rules
from tests.recovery import expert
from tests.recovery.looked import Looked


def cells(prepared: Prepared) -> list[Cell]:
    """Of every kind the first moment and the last."""
    by_kind: dict[str, list[Cell]] = {}
    for cell in matrix.singles(matrix.watch(prepared)):
        by_kind.setdefault(cell.injections[0].fault.kind, []).append(cell)
    return [cell for row in by_kind.values() for cell in {row[0].name: row[0], row[-1].name: row[-1]}.values()]


def told_apart(prepared: Prepared, cell: Cell, folder: Path) -> str | None:
    """None where the cell did not end badly, "" where expert and diagnosis agree, else what each of them says."""
    server, events = VirtualServer(prepared.spec, World()), list[Event]()
    before = expert.Before.of(server, prepared.spec.bmc_address)
    ended = in_memory(prepared, events.append, run_id="TEST", run_dir=folder, server=server, injections=cell.injections)
    if ended.ending not in ("failed", "needs-hands"):
        return None
    began = expert.state(server, before)
    found = Looked(prepared, server, ended, events, folder).diagnose()
    state = expert.state(server, before)
    wanted = expert.accepted([cell.injections[0].fault.kind], began, state)
    if found.first.name in wanted:
        return ""
    causes = ", ".join(f"{cause.name} ({cause.confidence})" for cause in found.causes[:3])
    return f"{cell.name}: {' or '.join(sorted(wanted)) or 'no row'}, not {causes}; {' '.join(sorted(state))}"


@pytest.mark.parametrize("name", ["x11ssh-f", "r740", "c6220"])
def test_whatever_goes_wrong_the_first_cause_is_the_experts(
    name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    prepared = from_scenario(load(name), tmp_path / "payloads")
    judged = [told_apart(prepared, cell, tmp_path / str(n)) for n, cell in enumerate(cells(prepared))]
    assert [words for words in judged if words] == []
    assert judged.count("") > 15


# -- the expert


def test_the_expert_knows_every_kind_of_fault() -> None:
    assert set(expert.table()) == {*ABOUT, "none"}


def test_the_expert_names_causes_that_there_are_with_a_reason_and_few_of_them() -> None:
    causes = {rule.cause for rule in rules()}
    for kind, rows in expert.table().items():
        for row in rows:
            assert set(row.one_of) <= causes, kind
            assert 1 <= len(row.one_of) <= 3, kind
            assert len(row.because.split()) >= 3, kind


def test_no_row_of_the_expert_hides_behind_an_earlier_one() -> None:
    for kind, rows in expert.table().items():
        for number, row in enumerate(rows):
            assert not any(earlier.state <= row.state for earlier in rows[:number]), (kind, sorted(row.state))
