"""What is done without asking is one table: the README's, and the code's."""

from __future__ import annotations

from pathlib import Path
from typing import get_args

import pytest

import fwsim
from fwsim import consent
from fwsim.deeds import Deed
from fwsim.gates import Proposal
from fwsim.plan import Policy
from fwsim.rehearsal.memory import drive


def test_the_readme_publishes_the_very_table() -> None:
    readme = (Path(fwsim.__file__).parent / "README.md").read_text("utf-8")
    assert consent.markdown() in readme


def test_every_kind_of_deed_stands_in_one_row() -> None:
    told = [deed for row in consent.CONSENT for deed in row.deeds]
    assert sorted(told) == sorted(get_args(Deed))


def test_every_switch_of_a_plans_policy_stands_in_one_row() -> None:
    told = [name for row in consent.CONSENT for name in row.policy]
    assert sorted(told) == sorted(Policy.model_fields)


def test_whatever_spoils_a_server_is_never_automatic() -> None:
    from fwsim.deeds import SPOILING

    for row in consent.CONSENT:
        if set(row.deeds) & SPOILING:
            assert row.how != "automatic", row.action


class NoTerminal:
    def isatty(self) -> bool:
        return False


def test_no_terminal_and_no_yes_means_no(monkeypatch: pytest.MonkeyPatch) -> None:
    from fwsim.cli.consent import confirmer

    monkeypatch.setattr("sys.stdin", NoTerminal())
    proposal = Proposal("db07", "a board", (), (), ())
    assert "--yes" in drive(confirmer(yes=False)(proposal))  # type: ignore[arg-type]  # an Awaitable that is a coroutine
    assert drive(confirmer(yes=True)(proposal)) == ""  # type: ignore[arg-type]
