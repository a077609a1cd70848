"""The handover bundle: all of a run that a vendor or an audit needs, and nothing that a stranger must not have."""

from __future__ import annotations

import hashlib
import io
import json
import tarfile
import time
from pathlib import Path

import pytest

from fwsim import bundle, journal
from fwsim.events import CommandRan, Fact
from fwsim.runs import Run, Runs
from fwsim.steps.stillness import HEARD
from tests.fwsim.command_line import Fwsim, fwsim

__all__ = ["fwsim"]

SECRET = "correct-horse-battery"
HASH = "$6$saltsalt$0123456789abcdefghijklmnopqrstuvwxyz"


@pytest.fixture
def run(fwsim: Fwsim, tmp_path: Path) -> Run:
    """A rehearsal that ended with needs-hands, and so has a ticket."""
    fwsim("rehearse", "severe-lock", "--virtual", "--progress", "json", "--runs", str(tmp_path / "runs"))
    return Runs(tmp_path / "runs").find("latest")


def _files(packed: bytes) -> dict[str, bytes]:
    with tarfile.open(fileobj=io.BytesIO(packed), mode="r:gz") as archive:
        found = {}
        for entry in archive.getmembers():
            content = archive.extractfile(entry)
            assert content is not None
            found[entry.name.partition("/")[2]] = content.read()
    return found


def test_it_holds_what_the_readme_of_a_return_desk_asks_for(run: Run) -> None:
    files = _files(bundle.build(run))
    wanted = ("journal.jsonl", "report.md", "report.html", "firmware.json", "sel.txt", "SHA256SUMS")
    assert set(wanted) <= set(files)
    assert "backup/lan-print.txt" in files
    assert "tickets/look-and-report.txt" in files
    outputs = [name for name in files if name.startswith("outputs/")]
    commands = [event for event in journal.read(run.journal) if isinstance(event, CommandRan)]
    assert len(outputs) == len(commands)
    assert b"hpm upgrade" in b"".join(files[name] for name in outputs)


def test_what_the_console_said_stands_in_its_order(run: Run) -> None:
    with journal.Journal(run.journal) as record:
        for at, words in ((1.0, "POST 92"), (2.0, "Press F1")):
            record.write(Fact(at, "bios-wait", HEARD, words))
    assert _files(bundle.build(run))["console.txt"] == (
        b"# 1.0 s, step bios-wait\nPOST 92\n# 2.0 s, step bios-wait\nPress F1\n"
    )


def test_every_file_stands_in_the_list_of_hashes(run: Run) -> None:
    files = _files(bundle.build(run))
    lines = [line.split("  ") for line in files.pop("SHA256SUMS").decode().splitlines()]
    listed = {name: digest for digest, name in lines}
    assert listed == {name: hashlib.sha256(content).hexdigest() for name, content in files.items()}


def test_the_firmware_is_named_by_its_hash_and_not_packed(run: Run) -> None:
    files = _files(bundle.build(run))
    rows = json.loads(files["firmware.json"])
    assert {row["use"] for row in rows} == {"payload", "fallback"}
    assert all(len(row["sha256"]) == 64 for row in rows)
    assert not [name for name in files if name.endswith((".hpm", ".bin"))]


def test_the_same_run_is_the_same_bytes_whenever_it_is_packed(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    first = bundle.build(run)
    monkeypatch.setattr(time, "time", lambda: 4_000_000_000.0)
    assert bundle.build(run) == first


def test_what_truly_happened_stays_with_the_judges(run: Run) -> None:
    assert (run.path / "world.jsonl").exists()
    assert not [name for name in _files(bundle.build(run)) if "world" in name or "server.json" in name]


def test_a_planted_secret_stands_nowhere(run: Run) -> None:
    """In a command's output, in the backup, in a ticket; plain, and as JSON writes it."""
    event = CommandRan(0.0, "preflight-host", "host", ("cat", "/x"), 0, f"pw {SECRET}\n{HASH}\n", "", 0.1, False)
    with journal.Journal(run.journal) as record:
        record.write(event)
    (run.path / "backup" / "user-list.txt").write_text(f"{SECRET} {HASH}", "utf-8")
    (run.path / "tickets" / "note.txt").write_text(f"https://root:{SECRET}@192.0.2.1/", "utf-8")
    files = _files(bundle.build(run, [SECRET]))
    everything = b"\n".join(files.values())
    assert SECRET.encode() not in everything
    assert HASH.encode() not in everything
    assert everything.count(bundle.REMOVED.encode()) >= 4
    assert all(json.loads(line) for line in files["journal.jsonl"].splitlines())


@pytest.mark.parametrize(
    "secret", ["-----BEGIN RSA PRIVATE KEY-----\nabc\n-----END RSA PRIVATE KEY-----", HASH, 'quo"te\\slash']
)
def test_what_looks_like_a_secret_or_needs_quotes_is_removed_too(secret: str) -> None:
    said = json.dumps({"x": secret}) if '"' in secret else f"a {secret} b"
    assert secret not in bundle.redact(said, [secret] if '"' in secret else [])
    assert bundle.REMOVED in bundle.redact(said, [secret] if '"' in secret else [])


def test_a_word_too_short_for_a_password_is_left_alone() -> None:
    assert bundle.redact("a root and a tree", ["a"]) == "a root and a tree"


def test_show_writes_it_and_the_plans_passwords_are_out(
    fwsim: Fwsim, run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("FWSIM_REHEARSAL_BMC_PASSWORD", SECRET)
    (run.path / "backup" / "user-list.txt").write_text(SECRET, "utf-8")
    file = tmp_path / "out.tar.gz"
    code, out, _ = fwsim("show", run.id, "--runs", str(run.path.parent), "--bundle", str(file))
    assert (code, out) == (0, f"{file}\n")
    assert SECRET.encode() not in b"".join(_files(file.read_bytes()).values())


def test_a_bundle_that_cannot_be_written_is_one_clear_error(fwsim: Fwsim, run: Run, tmp_path: Path) -> None:
    code, _, err = fwsim("show", run.id, "--runs", str(run.path.parent), "--bundle", str(tmp_path / "no" / "x.tar.gz"))
    assert code == 2
    assert "cannot be written" in err
