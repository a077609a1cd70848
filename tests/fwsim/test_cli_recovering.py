"""What a person is asked after a bad end, and what silence means."""

from __future__ import annotations

import asyncio
import os
import pty
import sys
import tarfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from fwsim.cli import recovering
from recovery import loop, page
from recovery.diagnosis import Cause
from recovery.loop import Way
from recovery.observation import Observation
from recovery.repair import REPAIRS
from tests.fwsim.command_line import Fwsim, fwsim

__all__ = ["fwsim"]

SEEN = Observation("kcs", "answers", 1.0, "the host")
CAUSE = Cause("bmc-flash-incomplete", "D03", "certain", (SEEN,), (), (), ("reflash-bmc",), "the flash broke off")


@pytest.fixture
def way(monkeypatch: pytest.MonkeyPatch) -> list[Way]:
    """What the loop is given by the command line."""
    given: list[Way] = []

    async def recover(after: object, way: Way) -> None:
        given.append(way)

    monkeypatch.setattr(loop, "recover", recover)
    return given


def agrees(way: list[Way], *, yes: bool = False) -> bool:
    async def ask() -> bool:
        await recovering.recoverer(yes=yes)(None)  # type: ignore[arg-type]
        return await way[-1].agree(REPAIRS["reflash-bmc"], CAUSE)

    return asyncio.run(ask())


@pytest.fixture
def terminal(monkeypatch: pytest.MonkeyPatch) -> Iterator[int]:
    """Its other end."""
    master, slave = pty.openpty()
    with os.fdopen(slave, "rb", buffering=0) as stdin:
        monkeypatch.setattr(sys, "stdin", stdin)
        yield master
    os.close(master)


def test_no_terminal_means_no(way: list[Way], monkeypatch: pytest.MonkeyPatch, capsys: Any) -> None:
    with Path(os.devnull).open("rb") as nothing:
        monkeypatch.setattr(sys, "stdin", nothing)
        assert not agrees(way)
    assert "no terminal" in capsys.readouterr().err


def test_yes_asks_nobody(way: list[Way], monkeypatch: pytest.MonkeyPatch, capsys: Any) -> None:
    with Path(os.devnull).open("rb") as nothing:
        monkeypatch.setattr(sys, "stdin", nothing)
        assert agrees(way, yes=True)
    assert "?" not in capsys.readouterr().err


@pytest.mark.parametrize(
    ("typed", "agreed"), [("y", True), ("yes", True), ("", False), ("n", False), ("perhaps", False)]
)
def test_a_person_sees_the_cause_and_its_evidence_and_types_yes(
    way: list[Way], terminal: int, capsys: Any, typed: str, agreed: bool
) -> None:
    os.write(terminal, typed.encode() + b"\n")
    assert agrees(way) is agreed
    shown = capsys.readouterr().err
    assert "D03: the flash broke off (certain)" in shown
    assert "kcs = answers  (the host)" in shown
    assert "Flash the BMC again from the host?" in shown


def test_without_recovery_a_bad_end_is_the_end(fwsim: Fwsim, tmp_path: Path) -> None:
    code, out, err = fwsim("rehearse", "never-returns", "--virtual", "--no-recovery", "--runs", str(tmp_path))
    assert code == 0
    assert "tickets/" not in out + err
    assert not list(tmp_path.glob("*/tickets"))


def test_a_rehearsal_with_a_technician_ends_updated_where_hands_help(fwsim: Fwsim, tmp_path: Path) -> None:
    code, out, err = fwsim("rehearse", "never-returns", "--technician", "--runs", str(tmp_path / "runs"))
    assert code == 0, out
    assert out.splitlines()[-1].startswith("updated: BMC 3.88 -> 3.90")
    (file,) = (tmp_path / "runs").glob("*/visits/*.txt")
    told = [line for line in err.splitlines() if line.startswith("visit ")]
    name = file.stem.removeprefix("1-")
    outcome = "done: the report was taken"
    assert told == [f"visit with the ticket {name}: {outcome}; what was done, seen and said: {file}"]
    transcript = file.read_text("utf-8")
    printed = (file.parent.parent / "tickets" / f"{name}.txt").read_text("utf-8")
    for step in page.read(printed).steps:
        assert f"{step.number}. {step.text} SEE: {step.see} yes" in transcript
    assert "   call, word: released\n" in transcript
    assert "   call, report: done\n" in transcript
    bundle = tmp_path / "bundle.tgz"
    assert fwsim("show", "latest", "--runs", str(tmp_path / "runs"), "--bundle", str(bundle))[0] == 0
    with tarfile.open(bundle) as archive:
        (kept,) = (member for member in archive if "/visits/" in member.name)
        content = archive.extractfile(kept)
        assert content is not None
        assert content.read().decode() == transcript


@pytest.mark.parametrize(
    "words",
    [
        ("--docker", "--technician"),
        ("--technician", "--no-recovery"),
        ("--technician", "--every-fault"),
        ("--technician", "--only", "mc-reset-hangs@bmc-reset"),
        ("--technician", "--speed", "2"),
    ],
)
def test_a_technician_is_for_rehearsals_in_this_process(fwsim: Fwsim, words: tuple[str, ...]) -> None:
    code, _, err = fwsim("rehearse", "never-returns", *words)
    assert code == 2
    assert "--technician" in err


def test_an_inventory_that_is_none_is_said_with_its_line_before_anything_is_begun(fwsim: Fwsim, tmp_path: Path) -> None:
    file = tmp_path / "inventory.yaml"
    file.write_text("name: db07\nrack: R12\n")
    code, _, err = fwsim("rehearse", "--virtual", "--inventory", str(file), "--runs", str(tmp_path / "runs"))
    assert code == 2
    assert "inventory.yaml:2" in err
    assert not (tmp_path / "runs").exists()
