"""The agenda: order, cancelling, time that never goes back."""

from __future__ import annotations

from functools import partial

from hypothesis import given
from hypothesis import strategies as st

from emulators.agenda import Agenda


def test_what_is_due_together_runs_in_the_order_of_asking() -> None:
    agenda, seen = Agenda(), list[str]()
    agenda.at(5, lambda: seen.append("second"))
    agenda.at(1, lambda: seen.append("first"))
    agenda.at(5, lambda: seen.append("third"))
    agenda.advance(10)
    assert seen == ["first", "second", "third"]


def test_an_action_sees_the_time_at_which_it_was_due_not_the_time_of_the_look() -> None:
    agenda, seen = Agenda(), list[float]()

    def first() -> None:
        agenda.after(3, lambda: seen.append(agenda.now))

    agenda.after(2, first)
    agenda.advance(100)
    assert seen == [5]
    assert agenda.now == 100


def test_a_cancelled_entry_neither_runs_nor_is_due() -> None:
    agenda, seen = Agenda(), list[int]()
    agenda.at(1, lambda: seen.append(1)).cancel()
    assert agenda.next_due() is None
    agenda.advance(2)
    assert seen == []


def test_time_never_goes_back() -> None:
    agenda = Agenda()
    agenda.advance(7)
    agenda.advance(3)
    assert agenda.now == 7


@given(st.lists(st.floats(0, 100), max_size=20), st.lists(st.floats(0, 120), max_size=20))
def test_looking_more_often_changes_nothing(dues: list[float], looks: list[float]) -> None:
    def run(at: list[float]) -> list[tuple[float, int]]:
        agenda, seen = Agenda(), list[tuple[float, int]]()

        def note(i: int) -> None:
            seen.append((agenda.now, i))

        for i, due in enumerate(dues):
            agenda.at(due, partial(note, i))
        for look in [*sorted(at), 200]:
            agenda.advance(look)
        return seen

    assert run([]) == run(looks)
