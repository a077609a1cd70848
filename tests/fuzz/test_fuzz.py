"""A short run of the fuzzer; `make fuzz` is the long one. And that the bench sees what it is there to see."""

from __future__ import annotations

import gc
import tracemalloc

import pytest

from emulators.bmc import message
from emulators.bmc.lan import Outgoing
from emulators.bmc.message import Entry, Request
from tests.fuzz import corpus, mutate
from tests.fuzz.bench import Bench, Broken

INPUTS = 30_000
SEEDS = corpus.inputs()


@pytest.mark.parametrize(("board", "suite"), [("x11ssm-f", 17), ("c6220", 3)])
def test_tens_of_thousands_of_inputs_break_nothing(board: str, suite: int) -> None:
    bench = Bench(board, suite)
    for number, data in enumerate(mutate.mutated(SEEDS, INPUTS, seed=suite), start=1):
        try:
            bench.run(data)
        except Exception as error:
            raise AssertionError(f"input {number}: {data.hex()}") from error
        if number % 5_000 == 0:
            bench.good_login()


def test_no_way_in_lets_memory_grow() -> None:
    bench = Bench()
    inputs = list(mutate.mutated(SEEDS, 6_000, seed=9))
    tracemalloc.start()
    try:
        sizes = []
        for _ in range(4):
            for data in inputs:
                bench.run(data)
            bench.renew()
            gc.collect()
            sizes.append(tracemalloc.get_traced_memory()[0])
    finally:
        tracemalloc.stop()
    assert sizes[3] - sizes[1] < 100_000, sizes


def test_every_seed_is_taken_and_most_commands_of_them_are_answered() -> None:
    bench, answered = Bench(), 0
    judge = bench._judge

    def counting(answers: list[Outgoing], longest: int) -> None:
        nonlocal answered
        answered += bool(answers)
        judge(answers, longest)

    bench._judge = counting  # type: ignore[method-assign]
    sealed = [data for data in SEEDS if data[0] in (corpus.PLAINTEXT, corpus.COMMAND)]
    for data in sealed:
        bench.run(data)
    assert answered > 0.9 * len(sealed)


def test_an_exception_in_a_handler_is_a_finding(monkeypatch: pytest.MonkeyPatch) -> None:
    def handler(request: Request) -> bytes:
        return bytes([request.data[0]])

    monkeypatch.setitem(message.TABLE, (0x3A, 0x07), Entry(handler, 2, 0, None))
    with pytest.raises(IndexError):
        Bench().run(bytes([corpus.MESSAGE, 0, 0x3A, 0x07, corpus.ADMINISTRATOR]))


def test_an_answer_that_is_too_long_is_a_finding(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(message.TABLE, (0x3A, 0x07), Entry(lambda request: bytes(901), 2, 0, None))
    with pytest.raises(Broken):
        Bench().run(bytes([corpus.MESSAGE, 0, 0x3A, 0x07, corpus.ADMINISTRATOR]))
    with pytest.raises(Broken):
        Bench().run(bytes([corpus.COMMAND, 0, 0x3A << 2, 0x07]))


def test_a_server_that_lets_nobody_in_is_a_finding() -> None:
    bench = Bench()
    bench.sessions.ghosts = bench.sessions.policy.slots
    with pytest.raises(AssertionError):
        bench.good_login()


def test_the_same_seed_gives_the_same_inputs() -> None:
    assert list(mutate.mutated(SEEDS, 50, seed=4)) == list(mutate.mutated(SEEDS, 50, seed=4))
    assert list(mutate.mutated(SEEDS, 50, seed=4)) != list(mutate.mutated(SEEDS, 50, seed=5))
