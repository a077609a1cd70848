"""What a person reads of a console's stream."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from emulators.web.terminal import COLUMNS, KEPT, Screen, shown


def test_colours_are_left_out_and_lines_kept() -> None:
    assert shown(b"[  \x1b[0;32mOK\x1b[0m  ] Reached\r\nlogin: ") == "[  OK  ] Reached\nlogin:"


def test_clearing_the_screen_begins_a_new_one() -> None:
    assert shown(b"old\r\n\x1b[2J\x1b[01;01HGRUB loading.\r\n") == "GRUB loading.\n"


def test_a_carriage_return_writes_over_and_a_backspace_goes_back() -> None:
    assert shown(b"10 %\r20") == "20 %"
    assert shown(b"rot\b\b\x08bo") == "bot"


def test_a_long_line_goes_on_below() -> None:
    assert shown(b"x" * (COLUMNS + 3)) == "x" * COLUMNS + "\nxxx"


def test_the_last_lines_stand_on_the_screen() -> None:
    text = shown(b"".join(b"%d\r\n" % n for n in range(100)))
    assert text.splitlines()[0] == "76"
    assert text.splitlines()[-1] == "99"


@given(st.binary(max_size=400), st.lists(st.integers(0, 400), max_size=6))
def test_any_bytes_are_shown_and_how_they_are_cut_does_not_matter(data: bytes, cuts: list[int]) -> None:
    whole, parts = Screen(), Screen()
    whole.feed(data)
    places = sorted({min(cut, len(data)) for cut in cuts})
    for start, end in zip([0, *places], [*places, len(data)], strict=True):
        parts.feed(data[start:end])
    if data.isascii():
        assert parts.lines == whole.lines
    assert len(parts.lines) <= KEPT
    assert all(line.isprintable() for line in parts.lines)
