"""`fwsim emulator` from a second terminal: servers are found by name, asked, and leave nothing behind."""

from __future__ import annotations

import json
import os
import signal
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from emulators.home.config import SCRATCH
from emulators.home.registry import RECORD
from tests.e2e.test_program import FWSIM, emulator, started
from tests.tools import require_tool

pytestmark = [pytest.mark.e2e, pytest.mark.wire]


def fwsim(state: Path, *words: str) -> subprocess.CompletedProcess[str]:
    env = {**os.environ, "XDG_STATE_HOME": str(state), "NO_COLOR": "1"}
    return subprocess.run((*FWSIM, "emulator", *words), env=env, capture_output=True, text=True, timeout=60)


def listed(state: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in fwsim(state, "list", "--json").stdout.splitlines()]


def folders(state: Path) -> list[str]:
    return sorted(path.name for path in (state / "fwsim" / "servers").iterdir() if path.is_dir())


@pytest.fixture(scope="module")
def state(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """Where a server called db07 runs."""
    folder = tmp_path_factory.mktemp("state")
    with started("emulator", "up", "x11ssh-f", "--name", "db07", "--speed", "60", "--json", state=folder) as process:
        assert emulator(process)["name"] == "db07"
        yield folder


def test_a_running_server_is_listed_with_its_endpoints(state: Path) -> None:
    (server,) = listed(state)
    assert (server["name"], server["board"], server["home"]) == ("db07", "x11ssh-f", "process")
    assert server["ipmi"]["port"] > 0
    assert "db07" in fwsim(state, "list").stdout


def test_its_state_is_shown_in_words_and_as_json(state: Path) -> None:
    assert json.loads(fwsim(state, "state", "db07", "--json").stdout)["lan"]["mode"] == "dedicated"
    shown = fwsim(state, "state", "db07").stdout
    assert "phase       up\n" in shown
    assert "mains       yes, yes\n" in shown


def test_a_fault_of_another_terminal_is_there_and_can_be_healed(state: Path) -> None:
    armed = fwsim(state, "fault", "db07", "users-reset", "when.reset=3")
    assert (armed.returncode, armed.stdout) == (0, "db07: users-reset at the next bmc.first-boot, after reset 3\n")
    assert "users-reset" in fwsim(state, "state", "db07").stdout
    assert fwsim(state, "heal", "db07").stdout == "db07: users-reset\n"
    assert fwsim(state, "heal", "db07").stdout == "db07: nothing was armed\n"


def test_hands_of_another_terminal_change_what_is_seen(state: Path) -> None:
    assert fwsim(state, "hands", "db07", "unplug", "psu=1").returncode == 0
    assert json.loads(fwsim(state, "state", "db07", "--json").stdout)["mains"] == [False, True]
    assert fwsim(state, "hands", "db07", "plug", "psu=1").returncode == 0
    cannot = fwsim(state, "hands", "db07", "unplug", "psu=7", "--json")
    assert (cannot.returncode, json.loads(cannot.stdout)["done"]) == (1, False)


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("state", "db70"), "did you mean db07?"),
        (("fault", "db07", "lan-revert"), "did you mean lan-reverts-to-dhcp"),
        (("fault", "db07", "psu-dead", "number"), "expected KEY=VALUE"),
        (("fault", "db07", "psu-dead", "number=1", "number=2"), "number is given twice"),
        (("fault", "db07", "psu-dead", "percent=3"), "psu-dead takes no 'percent'"),
        (("heal", "db07", "psu-dead"), "armed: nothing"),
        (("hands", "db07", "fly"), "hands cannot 'fly'"),
        (("down",), "name a server, or give --all"),
        (("down", "db07", "--all"), "not both"),
        (("up", "x11ssh-f", "--name", "db07"), "a server called 'db07' runs already"),
        (("up", "x11ssh-f", "--name", "../db07"), "expected a name of lower-case letters"),
        (("up", "x11ssh-f", "--name", "x", "--count", "2"), "--count starts BMCs alone"),
    ],
)
def test_what_cannot_be_used_is_one_clear_error(state: Path, words: tuple[str, ...], said: str) -> None:
    done = fwsim(state, *words)
    assert done.returncode == 2
    assert said in done.stderr
    assert "Traceback" not in done.stderr


def test_two_of_one_board_get_two_names_and_go_down_together(tmp_path: Path) -> None:
    up = ("emulator", "up", "r740", "--json")
    with started(*up, state=tmp_path) as one, started(*up, state=tmp_path) as two:
        assert {emulator(one)["name"], emulator(two)["name"]} == {"r740", "r740-2"}
        done = fwsim(tmp_path, "down", "--all")
        assert done.stdout == "r740 has ended\nr740-2 has ended\n"
        assert (one.wait(20), two.wait(20)) == (0, 0)
    assert folders(tmp_path) == []
    assert "no virtual server runs" in fwsim(tmp_path, "list").stderr


def test_what_a_kill_leaves_is_gone_with_the_next_look(tmp_path: Path) -> None:
    require_tool("ipmitool")
    with started("emulator", "up", "x11ssh-f", "--ipmitool", "real", "--json", state=tmp_path) as process:
        emulator(process)
        home = tmp_path / "fwsim" / "servers" / "x11ssh-f"
        assert [path for path in home.iterdir() if path.name.startswith(SCRATCH)], "the machine's ipmitool serves"
        process.send_signal(signal.SIGKILL)
        process.wait()
    assert folders(tmp_path) == ["x11ssh-f"]
    assert listed(tmp_path) == []
    assert folders(tmp_path) == []


def test_a_server_that_was_stopped_dead_is_ended_by_its_process(tmp_path: Path) -> None:
    with started("emulator", "up", "x11ssh-f", "--json", state=tmp_path) as process:
        emulator(process)
        (tmp_path / "fwsim" / "servers" / "x11ssh-f" / "control.sock").unlink()
        assert fwsim(tmp_path, "down", "x11ssh-f").returncode == 0
        assert process.wait(20) == 0
    assert folders(tmp_path) == []


def test_another_process_of_the_same_pid_is_no_server_of_ours(tmp_path: Path) -> None:
    home = tmp_path / "fwsim" / "servers" / "db07"
    home.mkdir(parents=True)
    with subprocess.Popen(["sleep", "60"]) as other:
        record = {"name": "db07", "board": "r740", "pid": other.pid, "started": "1", "wall": 0.0}
        (home / RECORD).write_text(json.dumps(record))
        assert fwsim(tmp_path, "down", "db07").returncode == 2
        assert other.poll() is None, "it was left alone"
        other.kill()
    assert folders(tmp_path) == []
