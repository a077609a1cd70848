"""What keeps a real server safe, broken once in each place: the test that is named after it turns red.

`test_rules_mutations` does the same for the rules that a checker judges.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from fwsim import consent, look
from fwsim.doors import DoorError
from fwsim.plan import Policy
from tests.fwsim import test_consent, test_look, test_preflight
from tests.fwsim.safety_mutations import MUTATIONS, Mutation, lie
from tests.fwsim.test_preflight import REFUSALS

RED = (AssertionError, pytest.fail.Exception, ValueError, LookupError, DoorError, StopIteration)


@pytest.mark.parametrize("mutation", MUTATIONS, ids=lambda m: f"{m.point}-{m.name}")
def test_it_does_not_go_unnoticed(mutation: Mutation, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    mutation.apply(monkeypatch)
    with pytest.raises(RED):
        mutation.seen_by(tmp_path, monkeypatch)


@pytest.mark.parametrize("row", REFUSALS, ids=lambda row: row[0].__name__)
def test_a_check_of_the_preflight_that_finds_nothing_is_noticed(
    row: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    arrange, step, message, todo = row
    lie(monkeypatch, step)
    with pytest.raises(RED):
        test_preflight.test_a_preflight_finds_it_and_says_what_to_do(arrange, step, message, todo, tmp_path)


@pytest.mark.parametrize("cell", sorted(look.TABLE), ids=str)
def test_another_verdict_in_any_cell_is_noticed(cell: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(look.TABLE, cell, "stop" if look.TABLE[cell] != "stop" else "start")
    with pytest.raises(RED):
        test_look.test_the_readme_publishes_the_very_table()


@pytest.mark.parametrize("switch", sorted(Policy.model_fields))
def test_a_switch_that_nobody_is_told_of_is_noticed(switch: str, monkeypatch: pytest.MonkeyPatch) -> None:
    rows = tuple(row for row in consent.CONSENT if switch not in row.policy)
    monkeypatch.setattr(consent, "CONSENT", rows)
    with pytest.raises(RED):
        test_consent.test_every_switch_of_a_plans_policy_stands_in_one_row()


def test_every_point_that_a_run_can_show_has_a_mutation() -> None:
    """9 and 10, secrets and OEM bytes, are rules 8 and 13 of the checker's; 12 is documentation."""
    assert {m.point for m in MUTATIONS} | {9, 10, 12} == set(range(1, 13))
