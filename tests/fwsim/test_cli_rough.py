"""The command line in rough hands: whatever is typed, piped or unwritable gives one clear line and the right code."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from fwsim.runs import Runs
from tests.fwsim.command_line import Fwsim, fwsim
from tests.fwsim.run_events import updated
from tests.fwsim.test_cli import recorded

__all__ = ["fwsim"]  # pytest finds the fixture here
COMMANDS = (("plan", "check"), ("rehearse",), ("update",), ("preflight",))


def shell(line: str, folder: Path, **env: str) -> subprocess.CompletedProcess[str]:
    """A line of bash in which `fwsim` is ours. `$?` of the pipeline's first command is what counts."""
    state = {"XDG_STATE_HOME": str(folder / "state"), "NO_COLOR": "1", "COLUMNS": "100"}
    script = f'fwsim() {{ "{sys.executable}" -m fwsim "$@"; }}; {line}'
    command = ["bash", "-c", script]
    return subprocess.run(
        command, env={**os.environ, **state, **env}, capture_output=True, text=True, timeout=100, check=False
    )


def assert_clear(code: int, err: str, expected: int = 2) -> None:
    assert code == expected, err
    assert err.strip()
    assert "Traceback" not in err
    assert "unexpected" not in err
    assert "Errno" not in err


@pytest.mark.parametrize("command", COMMANDS, ids=" ".join)
@pytest.mark.parametrize("content", [None, b"", b"\x80\xff\x00binary", b"a: [1,\n", b"only words\n", b"- 1\n", "dir"])
def test_what_is_no_plan_is_told_in_one_line(
    fwsim: Fwsim,
    tmp_path: Path,
    command: tuple[str, ...],
    content: bytes | str | None,
) -> None:
    path = tmp_path / "plan.yaml"
    if isinstance(content, bytes):
        path.write_bytes(content)
    elif content == "dir":
        path.mkdir()
    code, out, err = fwsim(*command, str(path))
    assert_clear(code, err)
    assert out == ""
    assert "plan.yaml" in err
    assert not (tmp_path / "state").exists(), "nothing is left behind"


@pytest.mark.parametrize(
    ("args", "words"),
    [
        (("rehearse", "lan-mode"), "did you mean lan-mode-moved"),
        (("rehearse", "nothing like it"), "fwsim scenario list"),
        (("rehearse", "."), "expected a YAML file"),
        (("rehearse", "--speed", "0"), "--speed"),
        (("rehearse", "--speed", "-1"), "--speed"),
        (("rehearse", "--speed", "nan"), "--speed"),
        (("rehearse", "--speed", "inf"), "--speed"),
        (("rehearse", "--speed", "fast"), "--speed"),
        (("rehearse", "--board", "x11sshf"), "did you mean x11ssh-f"),
        (("emulator", "up", "x11ssh-f", "--ssh-port", "99999"), "--ssh-port"),
        (("emulator", "up", "x11ssh-f", "--ssh-port", "ssh"), "--ssh-port"),
        (("frobnicate",), "frobnicate"),
        (("show", "no-such-run"), "no run"),
        (("resume",), "there is no run yet"),
        (("image", "show", "."), "directory"),
    ],
)
def test_what_cannot_be_used_is_named(fwsim: Fwsim, args: tuple[str, ...], words: str) -> None:
    code, _, err = fwsim(*args)
    assert_clear(code, err)
    assert words in err


@pytest.fixture
def plan(fwsim: Fwsim, tmp_path: Path) -> Path:
    """A plan of a host that does not exist, with a file that does."""
    path = tmp_path / "plan.yaml"
    (tmp_path / "f.bin").write_bytes(b"firmware")
    path.write_text(
        "board: x11ssh-f\nhost: {address: HOST.EXAMPLE.NET}\n"
        "bmc: {address: BMC.EXAMPLE.NET, user: ADMIN, password: {env: FWSIM_ROUGH_PASSWORD}}\n"
        f'payloads: [{{kind: bmc, file: f.bin, version: "3.90", sha256: "{"0" * 64}"}}]\npower: {{feeds: 2}}\n'
    )
    return path


@pytest.mark.parametrize(
    ("args", "words"),
    [
        (("--stop-before", "lunch"), "expected transfer, backup, bmc, verify-bmc, cleanup"),
        (("--window", "tonight"), "02:00-04:00"),
        (("--window", "04:00-04:00"), "ends when it begins"),
        ((), "FWSIM_ROUGH_PASSWORD is not set"),
    ],
)
def test_an_update_that_cannot_begin_leaves_no_run(
    fwsim: Fwsim,
    plan: Path,
    tmp_path: Path,
    args: tuple[str, ...],
    words: str,
) -> None:
    code, _, err = fwsim("update", str(plan), "--yes", *args, "--runs", str(tmp_path / "runs"))
    assert_clear(code, err)
    assert words in err
    assert not list((tmp_path / "runs").glob("*"))


def test_a_host_that_has_no_address_is_a_refusal(
    fwsim: Fwsim,
    plan: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("FWSIM_ROUGH_PASSWORD", "x")
    plan.write_text(plan.read_text().replace("HOST.EXAMPLE.NET", "host.invalid"))
    code, out, err = fwsim("update", str(plan), "--yes", "--runs", str(tmp_path / "runs"))
    assert_clear(code, err, 3)
    assert "Errno" not in out
    assert "host.invalid does not answer" in out


def test_a_check_says_where_the_template_was_not_filled_in(fwsim: Fwsim, plan: Path) -> None:
    _, _, err = fwsim("plan", "check", str(plan))
    assert "host.address is still the template's" in err
    assert "bmc.address is still the template's" in err


def test_runs_that_cannot_be_kept_are_told_with_the_option_that_helps(
    fwsim: Fwsim,
    tmp_path: Path,
) -> None:
    (tmp_path / "file").write_text("")
    for place in (tmp_path / "file", tmp_path / "file" / "below"):
        code, _, err = fwsim("rehearse", "--virtual", "--runs", str(place))
        assert_clear(code, err)
        assert "--runs" in err


def test_a_reader_that_goes_away_does_not_change_the_exit_code(tmp_path: Path) -> None:
    done = shell("fwsim rehearse --virtual | true; exit ${PIPESTATUS[0]}", tmp_path)
    assert done.returncode == 0, done.stderr
    assert "Exception" not in done.stderr
    assert "rror" not in done.stderr
    failing = shell("fwsim rehearse failed-post --virtual --json | true; exit ${PIPESTATUS[0]}", tmp_path)
    assert "Exception" not in failing.stderr


def test_ctrl_c_before_anything_was_started_is_said_and_exits_5(fwsim: Fwsim, monkeypatch: pytest.MonkeyPatch) -> None:
    def interrupted(runs: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr("fwsim.runs.Runs.all", interrupted)
    assert fwsim("runs") == (5, "", "fwsim: stopped\n")


def test_every_command_whose_reader_goes_away_ends_as_if_it_had_been_read(tmp_path: Path) -> None:
    """The reader has gone before the first word is written: whoever prints, and however, meets that."""
    for words in ("scenario faults", "scenario schema", "scenario list", "ticket lint --rules", "runs"):
        reader, writer = os.pipe()
        os.close(reader)
        command = [sys.executable, "-m", "fwsim", *words.split()]
        env = {**os.environ, "XDG_STATE_HOME": str(tmp_path)}
        done = subprocess.run(command, env=env, stdout=writer, stderr=subprocess.PIPE, timeout=60, check=False)
        os.close(writer)
        said = "" if words != "runs" else f"no runs in {tmp_path}/fwsim/runs\n"
        assert (done.returncode, done.stderr.decode()) == (0, said), words


@pytest.mark.parametrize("closed", [">&-", "2>&-", ">&- 2>&-"])
def test_a_closed_stream_is_no_defect(tmp_path: Path, closed: str) -> None:
    done = shell(f"fwsim rehearse --virtual {closed}; echo $? >'{tmp_path}/code'", tmp_path)
    assert (tmp_path / "code").read_text() == "0\n", done.stderr
    assert not (tmp_path / "state" / "fwsim" / "defects").exists()
    assert shell(f"fwsim runs {closed}", tmp_path).returncode == 0


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="no /dev/full on this system")
def test_a_full_disk_behind_stdout_does_not_hide_the_ending(tmp_path: Path) -> None:
    done = shell("fwsim rehearse --virtual >/dev/full", tmp_path)
    assert done.returncode == 0
    assert "prints it again" in done.stderr
    assert "Errno" not in done.stderr


def test_a_directory_that_is_gone_is_no_defect(tmp_path: Path) -> None:
    line = f"mkdir '{tmp_path}/gone' && cd '{tmp_path}/gone' && rmdir '{tmp_path}/gone' && fwsim rehearse --virtual"
    done = shell(line, tmp_path, PYTHONPATH=str(Path(__file__).parents[2]))
    assert done.returncode == 0, done.stderr


@pytest.mark.parametrize("columns", [40, 60])
def test_a_narrow_terminal_gets_no_line_that_is_too_long_in_tables(tmp_path: Path, columns: int) -> None:
    import io

    from rich.console import Console

    from fwsim.report import model, terminal

    screen = io.StringIO()
    terminal.show(model.build(updated()), Console(file=screen, width=columns, no_color=True))
    rows = [line for line in screen.getvalue().splitlines() if "preflight" in line or "─" in line]
    assert rows
    assert all(len(row) <= columns for row in rows)


def test_the_latest_run_is_found_by_what_one_would_type(fwsim: Fwsim, tmp_path: Path) -> None:
    run = recorded(tmp_path, updated())
    for name in (run, "latest", run[-4:]):
        assert fwsim("show", name, "--runs", str(tmp_path))[0] == 0
    assert len(Runs(tmp_path).all()) == 1
