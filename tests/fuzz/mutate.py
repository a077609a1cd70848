"""Our own mutational driver, for machines without atheris: no coverage, but it knows where the corpus came from."""

from __future__ import annotations

import random
from collections.abc import Iterator, Sequence

INTERESTING = (0x00, 0x01, 0x06, 0x0E, 0x0F, 0x10, 0x20, 0x7F, 0x80, 0x81, 0xC0, 0xFE, 0xFF)


def mutated(corpus: Sequence[bytes], count: int, seed: int) -> Iterator[bytes]:
    """`count` inputs, the same for the same seed."""
    dice = random.Random(seed)
    for _ in range(count):
        data = bytearray(dice.choice(corpus))
        for _ in range(dice.choice((0, 1, 1, 1, 2, 3, 8))):
            _change(dice, data, corpus)
        if dice.random() < 0.05:
            data[1:2] = dice.randbytes(1)  # let time pass
        yield bytes(data)


def _change(dice: random.Random, data: bytearray, corpus: Sequence[bytes]) -> None:
    at = dice.randrange(len(data) + 1)
    match dice.randrange(8):
        case 0:
            del data[at:]
        case 1:
            data[at:at] = dice.randbytes(dice.choice((1, 2, 4, 16, 200)))
        case 2 | 3:
            data[at : at + 1] = bytes([dice.choice(INTERESTING)])
        case 4 | 5:
            data[at : at + 1] = dice.randbytes(1)
        case 6:
            del data[at : at + dice.randrange(1, 5)]
        case _:
            other = dice.choice(corpus)
            data[at:] = other[dice.randrange(len(other)) :]
