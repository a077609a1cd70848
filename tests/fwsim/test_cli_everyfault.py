"""`fwsim rehearse --every-fault` and `--only`: the table, the files, the exit codes, and an interrupt."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from fwsim.rehearsal.matrix import deaf_to_interrupts

FWSIM = (sys.executable, "-m", "fwsim")


def fwsim(folder: Path, *words: str) -> subprocess.CompletedProcess[str]:
    command = (*FWSIM, "rehearse", *words, "--runs", str(folder / "runs"))
    return subprocess.run(command, capture_output=True, text=True, timeout=110, check=False)


def of_run(folder: Path, name: str) -> str:
    (run,) = (folder / "runs").iterdir()
    return (run / name).read_text()


@pytest.mark.e2e
def test_the_matrix_is_shown_and_written(tmp_path: Path) -> None:
    done = fwsim(tmp_path, "corrupted-twice", "--every-fault", "--jobs", "2")
    assert done.returncode in (0, 1), done.stderr
    assert "without any further fault this rehearsal ends refused" in done.stderr
    assert "someone-resets-bmc" in done.stdout
    assert "no moment of this plan can meet: flash-interrupted" in done.stdout
    assert "single failures" in done.stdout
    document = json.loads(of_run(tmp_path, "matrix.json"))
    assert document["wanted"] == len(document["cells"]) > 20
    assert (done.returncode == 1) == any(cell["broken"] for cell in document["cells"])
    assert "<table>" in of_run(tmp_path, "matrix.html")
    assert of_run(tmp_path, "junit.xml").startswith("<?xml")


def test_one_cell_is_replayed_and_judged(tmp_path: Path) -> None:
    done = fwsim(tmp_path, "--only", "lan-reverts-to-dhcp@bmc-wait", "--virtual")
    assert done.returncode == 0, done.stderr
    assert "no rule was broken" in done.stderr
    assert "never fired" not in done.stderr
    assert "put back" in of_run(tmp_path, "events.jsonl")
    kinds = [json.loads(line)["kind"] for line in of_run(tmp_path, "world.jsonl").splitlines()]
    assert {"fault-armed", "fault-fired", "flash-started"} <= set(kinds), "what truly happened, for judges"


def test_what_still_runs_in_the_model_at_the_end_is_no_error(tmp_path: Path) -> None:
    """A job that stands still in the iDRAC is still under way when the rehearsal is over."""
    done = fwsim(tmp_path, "--board", "r740", "--only", "flash-stalls@bios-wait", "--virtual")
    assert "Traceback" not in done.stderr
    assert "no rule was broken" in done.stderr


def test_a_replayed_fault_that_never_fires_is_said_so(tmp_path: Path) -> None:
    done = fwsim(tmp_path, "--only", "payload-corrupted@cleanup", "--virtual")
    assert done.returncode == 2
    assert "payload-corrupted never fired: expected the transfer from the step cleanup on" in done.stderr


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("--only", "nonsense@reach"), "no fault is called 'nonsense'"),
        (("--only", "not-activated"), "expected FAULT@STEP"),
        (("--only", ""), "expected FAULT@STEP"),
        (("--pairs",), "--pairs goes with --every-fault"),
        (("--every-fault", "--only", "not-activated@bmc-reset"), "one of the two"),
        (("--only", "not-activated@lunch"), "no step is called 'lunch'"),
    ],
)
def test_what_cannot_be_rehearsed_exits_2_and_leaves_no_run(words: tuple[str, ...], said: str, tmp_path: Path) -> None:
    done = fwsim(tmp_path, *words)
    assert (done.returncode, said in done.stderr) == (2, True), done.stderr
    assert not (tmp_path / "runs").exists() or not list((tmp_path / "runs").iterdir())


def workers(pid: int) -> list[int]:
    """The processes that it has spawned for cells, as Linux lists them."""
    listed = Path(f"/proc/{pid}/task/{pid}/children")
    children = [int(word) for word in listed.read_text().split()] if listed.exists() else []
    return [child for child in children if b"spawn_main" in Path(f"/proc/{child}/cmdline").read_bytes()]


def deaf(pid: int) -> bool:
    status = Path(f"/proc/{pid}/status").read_text()
    masks = [int(line.split()[1], 16) for line in status.splitlines() if line.startswith(("SigBlk:", "SigIgn:"))]
    return any(mask >> (signal.SIGINT - 1) & 1 for mask in masks)


@pytest.mark.e2e
@pytest.mark.parametrize(("jobs", "after_s"), [("1", 0.0), ("2", 0.5), ("2", 1.2)])
def test_an_interrupt_at_any_moment_shows_what_was_done_and_nothing_else(
    jobs: str, after_s: float, tmp_path: Path
) -> None:
    command = (*FWSIM, "rehearse", "--every-fault", "--jobs", jobs, "--runs", str(tmp_path / "runs"))
    with subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, start_new_session=True
    ) as running:
        assert running.stderr is not None
        said = ""
        while "rehearsing" not in said:
            said = running.stderr.readline()
            assert said, "it ended"
        time.sleep(after_s)  # its processes load their modules
        assert all(map(deaf, workers(running.pid)))
        os.killpg(running.pid, signal.SIGINT)
        out, err = running.communicate(timeout=60)
    assert running.returncode == 5, err
    assert "Traceback" not in err
    assert "were not rehearsed" in out
    assert "interrupted: the table shows" in err
    assert (next((tmp_path / "runs").iterdir()) / "matrix.html").exists()


def test_who_is_started_deaf_never_hears_ctrl_c_and_we_hear_it_afterwards() -> None:
    reached = []
    with pytest.raises(KeyboardInterrupt), deaf_to_interrupts():
        os.kill(os.getpid(), signal.SIGINT)
        with subprocess.Popen(["/bin/cat"], stdin=subprocess.PIPE, stdout=subprocess.PIPE) as child:
            child.send_signal(signal.SIGINT)
            said, _ = child.communicate(b"alive", timeout=10)
        reached.append(said)
    assert reached == [b"alive"]
    assert signal.SIGINT not in signal.pthread_sigmask(signal.SIG_BLOCK, set())
