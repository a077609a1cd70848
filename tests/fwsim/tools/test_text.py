"""What a terminal would show."""

from __future__ import annotations

import pytest

from fwsim.tools.text import as_displayed, dotted_pairs, pairs, without_colours


def test_colours_go_away() -> None:
    assert without_colours("\x1b[0m\x1b[1mStatus:\x1b[0m\x1b[0m \x1b[0mThe end") == "Status: The end"


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("  0%|\b\b\b\b\b  7%|", "  7%|"),
        ("|a|  0%|\b\b\b\b\b 50%|\b\b\b\b\b100%|\nx", "|a|100%|\nx"),
        ("\rone   ( 10%)\rone   ( 20%)", "one   ( 20%)"),
        ("long text\rshort", "shorttext"),
        ("\b\bx", "x"),
        ("dos\r\nline", "dos\nline"),
    ],
)
def test_what_is_rewritten_in_place_shows_its_last_state(text: str, shown: str) -> None:
    assert as_displayed(text) == shown


def test_pairs_keep_the_first_of_equal_keys() -> None:
    assert pairs("A  : 1\n   : x\nA: 2\nno separator\nB:") == {"A": "1", "B": ""}


def test_leaders_may_have_any_number_of_dots() -> None:
    text = "....\nManaged system...........a.b.example\n    Board ID..1B0F\n        Signed Key.......RoT\n"
    assert dotted_pairs(text) == {"Managed system": "a.b.example", "Board ID": "1B0F", "Signed Key": "RoT"}
