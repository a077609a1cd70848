"""Words that no program takes end that program, and never the virtual server that it runs on."""

from __future__ import annotations

import pytest

from tests.emulators.host.machine import Machine


@pytest.mark.parametrize(
    "line",
    [
        "dd if=/dev/zero of=/tmp/b bs=1M count=100000", "dd if=/dev/zero bs=1G count=100", "dd bs=x", "dd count=y",
        "dd bs=0 if=/etc/hostname", "truncate -s x /tmp/a", "truncate -s 100000G /tmp/a", "truncate -s 1P /tmp/a",
        "cut -c x /etc/hostname", "journalctl -n x", "shift x",
    ],
)  # fmt: skip
def test_a_word_that_no_program_takes_ends_that_program_alone(line: str) -> None:
    machine = Machine()
    done = machine.run(line)
    assert done.status != 0
    assert done.err
    assert machine.run("echo alive").out == "alive\n"


def test_a_file_is_still_made_from_zeros() -> None:
    machine = Machine()
    assert machine.run("dd if=/dev/zero of=/tmp/b bs=1K count=3; wc -c < /tmp/b").out.strip() == "3072"
    assert machine.run("truncate -s 2K /tmp/b; wc -c < /tmp/b").out.strip() == "2048"
