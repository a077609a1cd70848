"""Every ticket that a diagnosis or a scenario can end in passes the linter, in every format."""

from __future__ import annotations

from pathlib import Path

import pytest

from emulators.server import VirtualServer
from emulators.spec import ServerSpec
from fwsim import boards
from fwsim.rehearsal import place, scenario
from fwsim.runs import Runs
from recovery import lint, procedures, ruletable, ticket
from recovery.inventory import Inventory
from recovery.render import every
from recovery.ticket import TicketRefused
from tests.fwsim.command_line import Fwsim, fwsim
from tests.recovery import ticket_bench

__all__ = ["fwsim"]

NEEDS_HANDS = [name for name in scenario.names() if scenario.load(name).expect.ending == "needs-hands"]


class Cause:
    """As a rule of the table would be cited."""

    confidence = "possible"

    def __init__(self, rule: ruletable.Rule) -> None:
        self.name, self.rule, self.text = rule.cause, rule.rule, rule.text


@pytest.mark.parametrize("board", boards.names())
def test_whatever_the_diagnosis_is_its_ticket_is_good(board: str) -> None:
    """From the inventory that a rehearsal makes: with long names, and nothing unknown."""
    server = VirtualServer(ServerSpec(board=board, name=f"rehearsal-{board}"), hurry=False)
    known, made = Inventory.model_validate(place.inventory(server)), 0
    for rule in ruletable.rules():
        for name in set(rule.remedies) & set(procedures.names()):
            visit = ticket.Visit(when=ticket_bench.WHEN, run="x", bmc_lives=True, sha256="0f" * 32, file="BIOS.bin")
            try:
                one = ticket.build(procedures.load(name), known, boards.load(board), visit, diagnosis=Cause(rule))
            except TicketRefused:
                continue
            assert not one.draft
            assert lint.check_ticket(one) == (), (rule.rule, name)
            made += 1
    assert made > 10


def test_some_scenarios_need_hands() -> None:
    assert len(NEEDS_HANDS) >= 3


@pytest.mark.parametrize("name", NEEDS_HANDS)
def test_the_tickets_of_a_scenario_that_needs_hands_are_good_in_every_format(
    fwsim: Fwsim, tmp_path: Path, name: str
) -> None:
    from recovery.render import data

    fwsim("rehearse", name, "--virtual", "--progress", "json", "--runs", str(tmp_path / "runs"))
    run = Runs(tmp_path / "runs").find("latest")
    written = sorted((run.path / "tickets").glob("*.json"))
    assert written
    for path in written:
        assert lint.check_file(path) == ()
        assert lint.check_file(path.with_suffix(".txt")) == ()
        for form in ("md", "html", "pdf", "eml"):
            file = tmp_path / f"{path.stem}.{form}"
            file.write_bytes(every.render(data.read(path.read_bytes()), form))
            assert lint.check_file(file) == ()
