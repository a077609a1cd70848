"""The journal: what is on the disk when, and what a torn one still says."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from fwsim.events import Event, Fact, Intent, Progress, RunEnded, Warned
from fwsim.journal import Journal, read

EVENTS: tuple[Event, ...] = (
    Fact(0.5, "bmc", "bmc.version", "3.88"),
    Intent(1.0, "bmc-flash", "flash", "/var/tmp/x.hpm", "0b00-1d"),
    Progress(2.0, "bmc-flash", "uploading", 0.5, 100.0, "B", 2.0),
    Warned(3.0, "lan", "line\nbreak, ümlaut, \udc80"),
    RunEnded(4.0, "updated", 0, "done", "", {"bmc": ("3.88", "3.90")}),
)


def written(path: Path) -> Path:
    with Journal(path) as journal:
        for event in EVENTS:
            journal.write(event)
    return path


def test_what_is_written_is_read_back(tmp_path: Path) -> None:
    assert read(written(tmp_path / "run" / "events.jsonl")) == list(EVENTS)


def test_a_journal_cut_at_any_byte_is_a_prefix_of_its_events(tmp_path: Path) -> None:
    data = written(tmp_path / "events.jsonl").read_bytes()
    torn = tmp_path / "torn.jsonl"
    for length in range(len(data) + 1):
        torn.write_bytes(data[:length])
        events = read(torn)
        assert events == list(EVENTS[: len(events)])
        assert len(events) == data[:length].count(b"\n")


def test_opening_cuts_a_torn_line_and_goes_on_after_it(tmp_path: Path) -> None:
    path = written(tmp_path / "events.jsonl")
    whole = path.read_bytes()
    path.write_bytes(whole + b'{"event":"fact","at":9')
    with Journal(path) as journal:
        assert path.read_bytes() == whole
        journal.write(EVENTS[0])
    assert read(path) == [*EVENTS, EVENTS[0]]


def test_a_long_torn_line_is_cut_too(tmp_path: Path) -> None:
    path = tmp_path / "events.jsonl"
    path.write_bytes(b"{}\n" + b"x" * 200_000)
    Journal(path).close()
    assert path.read_bytes() == b"{}\n"


def test_lifecycle_events_are_synced_and_progress_is_not(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    synced: list[int] = []
    with Journal(tmp_path / "events.jsonl") as journal:
        monkeypatch.setattr(os, "fsync", synced.append)
        for event in EVENTS:
            before = len(synced)
            journal.write(event)
            assert len(synced) - before == (0 if isinstance(event, Progress) else 1)


def test_only_its_owner_reads_a_journal(tmp_path: Path) -> None:
    assert written(tmp_path / "events.jsonl").stat().st_mode & 0o077 == 0
