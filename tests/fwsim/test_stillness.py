"""Whether a silent host still does something: what counts as a change, and what cannot be told."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from emulators.bmc.payloads import ACTIVATE
from emulators.faults import Fault
from emulators.server import VirtualServer
from fwsim import boards
from fwsim.context import Context, Job
from fwsim.doors import Doors
from fwsim.events import Event, Fact, StepEnded, Warned
from fwsim.rehearsal import memory_console
from fwsim.rehearsal.memory import MemoryClock, drive
from fwsim.rehearsal.operator import RecordingHost
from fwsim.steps.stillness import HEARD, SAMPLE_S, Stillness
from tests.fwsim.engine_bench import Bench, bench


@pytest.fixture
def b(tmp_path: Path) -> Bench:
    return bench(tmp_path)


@pytest.fixture
def context(b: Bench) -> Context:
    board = boards.load(b.plan.board)
    doors = Doors(MemoryClock(b.server), b.host, b.network, RecordingHost())
    return Context(Job("TEST", b.plan, board, {}), doors, b.events.append, b.folder)


def watch(context: Context, minutes: int, each: Callable[[int], None] = lambda minute: None) -> Stillness:
    """One look a minute."""
    stillness = Stillness(context)

    async def run() -> None:
        for minute in range(minutes):
            each(minute)
            await stillness.look()
            await context.sleep(SAMPLE_S)

    drive(run())
    return stillness


def take_console(server: VirtualServer) -> None:
    """A colleague has it."""
    user = server.bmc.users.by_name(b"ADMIN")
    assert user is not None
    held = memory_console.payloads(server)
    other = memory_console.session(user, server.now)
    assert held.answer(other, ACTIVATE, bytes([1, 1, 0xC0, 0, 0, 0])).completion_code == 0


def test_a_host_that_only_writes_on_its_console_is_not_still(b: Bench, context: Context) -> None:
    def say(minute: int) -> None:
        b.server.agenda.after(5, lambda: b.server.console.write(b"."))

    assert watch(context, 10, say).still_s <= 2 * SAMPLE_S + 60


def test_a_host_of_which_nothing_changes_is_still(context: Context) -> None:
    assert watch(context, 10).still_s >= 9 * SAMPLE_S


def test_a_console_that_somebody_has_counts_for_nothing_and_is_said_once(b: Bench, context: Context) -> None:
    take_console(b.server)

    def say(minute: int) -> None:
        b.server.agenda.after(5, lambda: b.server.console.write(b"."))

    stillness = watch(context, 10, say)
    assert stillness.still_s >= 8 * SAMPLE_S
    assert "could not be told" in stillness.tell()
    assert len([e for e in b.events if isinstance(e, Warned)]) == 1


def test_a_refused_login_is_not_tried_a_third_time(b: Bench, context: Context) -> None:
    b.server.bmc.users.reset()
    user = b.server.bmc.users.by_name(b"ADMIN")
    assert user is not None
    user.password = b"changed"
    watch(context, 10)
    assert b.happened("bmc-login-refused") <= 2


@pytest.mark.parametrize(
    ("fault", "words"),
    [
        (Fault(kind="host-never-returns"), "start job"),
        (Fault(kind="post-hangs"), "92"),
    ],
)
def test_what_the_console_said_last_stands_in_the_ending_and_in_the_journal(
    tmp_path: Path, fault: Fault, words: str
) -> None:
    b = bench(tmp_path, faults=(fault,))
    ended = b.run()
    assert ended.ending == "needs-hands"
    told = next(e for e in b.events if isinstance(e, StepEnded) and e.outcome == "needs-hands")
    assert words in told.message
    assert any(words in fact.value for fact in facts(b.events))


def test_a_host_that_answers_and_goes_on_writing_is_not_listened_to_for_long(b: Bench, context: Context) -> None:
    """Its console asks nobody to log in, and never falls silent."""

    def chatter() -> None:
        b.server.console.write(b"[   12.345678] eth0: link is up\r\n")
        b.server.agenda.after(5, chatter)

    b.server.agenda.after(1, chatter)
    before = context.now()
    drive(Stillness(context).look())
    assert context.now() - before < 2 * SAMPLE_S


def facts(events: list[Event]) -> list[Fact]:
    return [e for e in events if isinstance(e, Fact) and e.key == HEARD]
