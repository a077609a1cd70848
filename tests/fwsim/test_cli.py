"""The command line: exit codes, where words go, and that nothing ever ends in a traceback."""

from __future__ import annotations

import hashlib
import json
import subprocess
import sys
from pathlib import Path

import pytest

from fwsim.events import Event, to_json
from fwsim.runs import Runs
from tests.fwsim.command_line import Fwsim, fwsim
from tests.fwsim.run_events import refused, until_the_flash, updated

__all__ = ["fwsim"]  # pytest finds the fixture here


def recorded(root: Path, events: list[Event]) -> str:
    """A run with that journal; returns its id."""
    run = Runs(root).new("x11ssh-f")
    run.journal.write_text("".join(to_json(e) + "\n" for e in events))
    return run.id


def in_a_shell(*args: str, line: str = '"$@"', **environment: str) -> subprocess.CompletedProcess[str]:
    """The program as a process of its own, within a shell line."""
    command = ["bash", "-c", line, "bash", sys.executable, "-m", "fwsim", *args]
    env = {"PATH": "/usr/bin:/bin", **environment}
    return subprocess.run(command, env=env, capture_output=True, text=True, timeout=60, check=False)


def test_the_version_is_the_packages(fwsim: Fwsim) -> None:
    from fwsim import __version__

    assert fwsim("--version") == (0, f"fwsim {__version__}\n", "")


def test_help_names_every_command_and_the_exit_codes(fwsim: Fwsim) -> None:
    code, out, _ = fwsim("--help")
    assert code == 0
    for word in ("rehearse", "update", "plan", "runs", "show", "emulator", "image", "scenario", "4 needs hands"):
        assert word in out


def test_help_imports_nothing_heavy() -> None:
    words = (
        "import sys; sys.argv=['fwsim','--help']; from fwsim.cli import main\ntry: main()\nfinally: print(*sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", words], capture_output=True, text=True, timeout=60, check=True)
    loaded = {name.split(".")[0] for name in done.stdout.splitlines()[-1].split()}
    assert loaded & {"asyncio", "asyncssh", "pydantic", "pyghmi", "jinja2", "yaml", "rich", "emulators"} == set()


@pytest.mark.parametrize(
    ("args", "words"),
    [
        (("rehearse", "no-such-scenario"), "no-such-scenario"),
        (("rehearse", "no-such-file.yaml"), "no-such-file.yaml"),
        (("rehearse", "--board", "x11ssh"), "x11ssh-f"),
        (("rehearse", "x11ssh-f", "--board", "r740"), "not both"),
        (("rehearse", "--speed", "fast"), "--speed"),
        (("rehearse", "--speed", "0"), "--speed"),
        (("rehearse", "--progress", "loud"), "--progress"),
        (("update", "no-such-plan.yaml"), "no-such-plan.yaml"),
        (("plan", "new", "--board", "x11"), "x11"),
        (("plan", "check", "no-such-plan.yaml"), "no-such-plan.yaml"),
        (("show", "20260101"), "20260101"),
        (("show", "latest"), "no run yet"),
        (("emulator", "up", "x99"), "x99"),
        (("emulator", "up", "x11ssh-f", "--host", "example"), "--host"),
        (("image", "make", "--board", "x11ssh-f", "--kind", "bmc", "--version", "new"), "version"),
        (("image", "make", "--board", "x11ssh-f", "--kind", "nic", "--version", "1.0"), "--kind"),
        (("image", "make", "--board", "x11ssh-f", "--kind", "bmc", "--version", "1.0", "--size", "3z"), "--size"),
        (("image", "make", "--board", "x11ssh-f", "--kind", "bmc", "--version", "1.0", "-o", "/no/where"), "/no/where"),
        (("image", "show", "no-such-file.hpm"), "no-such-file.hpm"),
        (("scenario", "show", "no-such-scenario"), "no-such-scenario"),
        (("frobnicate",), "frobnicate"),
    ],
)
def test_bad_input_is_one_clear_error_and_exit_2(fwsim: Fwsim, args: tuple[str, ...], words: str) -> None:
    code, out, err = fwsim(*args)
    assert (code, out) == (2, "")
    assert words in err
    assert "Traceback" not in err
    assert "unexpected" not in err


def test_a_defect_of_ours_is_one_line_with_a_file_of_details(
    fwsim: Fwsim, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    def broken(self: Runs) -> list[object]:
        raise ZeroDivisionError("here")

    monkeypatch.setattr(Runs, "all", broken)
    code, out, err = fwsim("runs")
    assert (code, out, err.count("\n")) == (1, "", 1)
    assert err.startswith("fwsim: unexpected ZeroDivisionError: here (details: ")
    (details,) = (tmp_path / "state" / "fwsim" / "defects").iterdir()
    assert "ZeroDivisionError: here" in details.read_text()


def test_runs_lists_each_with_its_ending(fwsim: Fwsim, tmp_path: Path) -> None:
    ids = [recorded(tmp_path, events) for events in (updated(), refused(), until_the_flash())]
    code, out, _ = fwsim("runs", "--runs", str(tmp_path))
    rows = {line.split()[0]: line.split()[-1] for line in out.splitlines() if line.startswith("20")}
    assert code == 0
    assert rows == dict(zip(ids, ["updated", "refused", "interrupted"], strict=True))


def test_runs_as_json_has_one_line_a_run(fwsim: Fwsim, tmp_path: Path) -> None:
    recorded(tmp_path, updated())
    (tmp_path / "20260101-000000-r740-0000").mkdir()
    _, out, _ = fwsim("runs", "--runs", str(tmp_path), "--json")
    records = [json.loads(line) for line in out.splitlines()]
    assert [r["ending"] for r in records] == [None, "updated"]
    assert records[1]["exit_code"] == 0


@pytest.mark.parametrize(
    ("form", "words"),
    [("text", "updated: BMC 3.88 -> 3.90"), ("md", "# Run "), ("html", "<!doctype html>"), ("json", '"schema": 1')],
)
def test_show_speaks_each_format(fwsim: Fwsim, tmp_path: Path, form: str, words: str) -> None:
    run = recorded(tmp_path, updated())
    code, out, err = fwsim("show", run, "--runs", str(tmp_path), "--format", form)
    assert (code, err) == (0, "")
    assert words in out


def test_show_without_a_name_shows_the_latest(fwsim: Fwsim, tmp_path: Path) -> None:
    recorded(tmp_path, refused())
    assert "refused" in fwsim("show", "--runs", str(tmp_path))[1]


def test_show_of_a_damaged_journal_is_a_clear_error(fwsim: Fwsim, tmp_path: Path) -> None:
    run = Runs(tmp_path).new("x11ssh-f")
    run.journal.write_text("nonsense\n")
    code, out, err = fwsim("show", run.id, "--runs", str(tmp_path))
    assert (code, out) == (2, "")
    assert str(run.journal) in err


def test_a_new_plan_checks_once_its_payloads_are_there(fwsim: Fwsim, tmp_path: Path) -> None:
    code, text, _ = fwsim("plan", "new", "--board", "x11ssh-f")
    plan = tmp_path / "plan.yaml"
    plan.write_text(text)
    assert code == 0
    missing, _, err = fwsim("plan", "check", str(plan))
    assert missing == 2
    assert f"{plan}:" in err
    paths = [line.rsplit(" ", 1)[1] for line in err.splitlines()]
    rows = (("bmc", "3.90"), ("bios", "2.7"), ("bmc", "3.88"), ("bios", "2.6"))
    for path, (kind, version) in zip(paths, rows, strict=True):
        fwsim("image", "make", "--board", "x11ssh-f", "--kind", kind, "--version", version, "-o", path)
    refused, _, err = fwsim("plan", "check", str(plan))
    assert refused == 3
    assert "SHA-256" in err
    for path in paths:
        hashed = hashlib.sha256(Path(path).read_bytes()).hexdigest()
        plan.write_text(plan.read_text().replace("0" * 64, hashed, 1))
    checked, out, _ = fwsim("plan", "check", str(plan))
    assert checked == 0
    assert "good" in out


def test_an_image_is_written_where_one_says(fwsim: Fwsim, tmp_path: Path) -> None:
    path = tmp_path / "x.hpm"
    made = fwsim(
        *(
            "image",
            "make",
            "--board",
            "x11ssh-f",
            "--kind",
            "bmc",
            "--version",
            "3.90",
            "--size",
            "64K",
            "-o",
            str(path),
        )
    )
    assert made[:2] == (0, f"{path}\n")
    assert path.read_bytes().startswith(b"PICMGFWU")
    assert path.stat().st_size > 65536


def test_an_image_shows_what_it_is_for(fwsim: Fwsim, tmp_path: Path) -> None:
    path = tmp_path / "x.hpm"
    fwsim("image", "make", "--board", "x11ssh-f", "--kind", "bmc", "--version", "3.90", "-o", str(path))
    code, out, _ = fwsim("image", "show", str(path), "--json")
    record = json.loads(out)
    assert code == 0
    assert (record["kind"], record["version"], record["synthetic"]) == ("bmc", "3.90", True)
    assert "3.90" in fwsim("image", "show", str(path))[1]


def test_every_shipped_scenario_can_be_shown(fwsim: Fwsim) -> None:
    _, out, _ = fwsim("scenario", "list", "--json")
    names = [json.loads(line)["name"] for line in out.splitlines()]
    assert "x11ssh-f" in names
    for name in names:
        assert fwsim("scenario", "show", name)[0] == 0


def test_emulator_boards_names_every_board(fwsim: Fwsim) -> None:
    from emulators import boards

    _, out, _ = fwsim("emulator", "boards", "--json")
    assert tuple(json.loads(line)["board"] for line in out.splitlines()) == boards.names()
    assert "X11SSH-F" in fwsim("emulator", "boards")[1]


def test_a_reader_that_goes_away_is_no_error(tmp_path: Path) -> None:
    for _ in range(3):
        recorded(tmp_path, updated())
    done = in_a_shell("runs", "--runs", str(tmp_path), line='"$@" | true; exit ${PIPESTATUS[0]}')
    assert "Traceback" not in done.stderr
    assert "Exception" not in done.stderr


def test_no_color_is_honoured_on_a_forced_terminal(tmp_path: Path) -> None:
    recorded(tmp_path, updated())
    coloured = in_a_shell("show", "--runs", str(tmp_path), FORCE_COLOR="1")
    plain = in_a_shell("show", "--runs", str(tmp_path), FORCE_COLOR="1", NO_COLOR="1")
    assert "\x1b[1;32m" in coloured.stdout
    assert "\x1b[32m" not in plain.stdout
    assert "32m" not in plain.stdout
