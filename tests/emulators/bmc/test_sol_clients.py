"""The host's console through clients that are not ours: `ipmitool sol activate` and FreeIPMI's ipmiconsole."""

from __future__ import annotations

import os
import socket
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from emulators.home.config import Ready
from tests.emulators.bmc.terminal_client import OnTerminal, on_terminal
from tests.homes import home
from tests.tools import require_tool

pytestmark = [pytest.mark.wire, pytest.mark.xdist_group("ipmiconsole")]
TIMEOUT_S = 40
SPEED = 30.0
STANDARD_PORT = ("127.77.1.5", 623)  # ipmiconsole 1.6.10 refuses a port behind the host's name
LOGIN, SHELL = "virtual login: ", "root@virtual:~# "
IN_USE = "Info: SOL payload already active on another session\n"


@pytest.fixture
def server() -> Iterator[Ready]:
    require_tool("ipmitool")
    with home(speed=SPEED) as ready:
        yield ready


def argv(server: Ready, *arguments: str) -> list[str]:
    at = ["-H", server.ipmi.host, "-p", str(server.ipmi.port), "-U", server.ipmi.user, "-P", server.ipmi.password]
    return [require_tool("ipmitool"), "-I", "lanplus", *at, *arguments]


def ipmitool(server: Ready, *arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        argv(server, *arguments), capture_output=True, text=True, timeout=TIMEOUT_S, stdin=subprocess.DEVNULL
    )


def log_in(console: OnTerminal) -> None:
    console.type("\r")
    console.wait_for(LOGIN)
    console.type("root\r")
    console.wait_for("Password: ")
    console.type("secret\r")
    console.wait_for(SHELL)


def test_ipmitool_logs_in_runs_a_command_and_leaves_by_its_escape(server: Ready) -> None:
    with on_terminal(argv(server, "sol", "activate")) as console:
        console.wait_for("[SOL Session operational.  Use ~? for help]")
        log_in(console)
        console.type("hostname\r")
        assert console.wait_for(SHELL) == f"hostname\r\nvirtual\r\n{SHELL}"
        console.type("exit\r")
        console.wait_for(LOGIN)
        console.type("\r~.")
        console.wait_for("~. [terminated ipmitool]")
        assert console.end() == 0
    freed = ipmitool(server, "sol", "deactivate")
    assert (freed.returncode, freed.stderr) == (1, "Info: SOL payload already de-activated\n"), "it had freed it itself"


def test_long_output_arrives_whole_and_in_order(server: Ready) -> None:
    with on_terminal(argv(server, "sol", "activate")) as console:
        log_in(console)
        console.type("seq 1 3000\r")
        shown = console.wait_for(SHELL)
    assert shown.split()[3:-1] == [str(number) for number in range(1, 3001)]


def test_a_reset_from_another_session_shows_post_and_a_new_login(server: Ready) -> None:
    with on_terminal(argv(server, "sol", "activate")) as console:
        log_in(console)
        assert ipmitool(server, "chassis", "power", "reset").returncode == 0
        console.wait_for("Press <DEL> to run Setup")
        console.wait_for("Welcome to GRUB!")
        console.wait_for("Linux version 6.1.0-28-amd64")
        console.wait_for(LOGIN)
        log_in(console)


def test_a_second_console_is_refused_until_the_first_is_deactivated(server: Ready) -> None:
    with on_terminal(argv(server, "sol", "activate")) as console:
        console.wait_for("[SOL Session operational.")
        refused = ipmitool(server, "sol", "activate")
        assert (refused.returncode, refused.stderr) == (1, IN_USE)
        freed = ipmitool(server, "sol", "deactivate")
        assert (freed.returncode, freed.stdout, freed.stderr) == (0, "", "")
        with on_terminal(argv(server, "sol", "activate")) as other:
            log_in(other)


def test_a_break_ends_a_command(server: Ready) -> None:
    with on_terminal(argv(server, "sol", "activate")) as console:
        log_in(console)
        console.type("sleep 100000\r")
        console.wait_for("sleep 100000\r\n")
        console.type("~B")
        console.wait_for(SHELL)


def test_disabled_sol_and_a_user_without_access_are_refused_in_ipmitools_words(server: Ready) -> None:
    assert ipmitool(server, "sol", "set", "enabled", "false", "1").returncode == 0
    assert ipmitool(server, "sol", "activate").stderr == "Info: SOL payload disabled\n"
    assert ipmitool(server, "sol", "set", "enabled", "true", "1").returncode == 0
    assert ipmitool(server, "sol", "payload", "disable", "1", "2").returncode == 0
    assert ipmitool(server, "sol", "payload", "status", "1", "2").stdout == "User 2 on channel 1 is disabled\n"
    assert ipmitool(server, "sol", "activate").stderr == "Info: SOL payload disabled\n"


def test_ipmitools_looptest_activates_and_deactivates(server: Ready) -> None:
    done = ipmitool(server, "sol", "looptest", "3", "10")
    assert (done.returncode, done.stdout.count("[SOL Session operational."), done.stderr) == (0, 3, "")


# -- FreeIPMI


@pytest.fixture
def standard() -> Iterator[Ready]:
    require_tool("ipmiconsole")
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        try:
            probe.bind(STANDARD_PORT)
        except OSError as error:
            if os.environ.get("FWSIM_REQUIRE_ALL") == "1":
                raise
            pytest.skip(f"ipmiconsole asks at port 623 only, which this test may not use: {error}")
    with home(speed=SPEED, bmc=STANDARD_PORT) as ready:
        yield ready


def ipmiconsole(server: Ready, *arguments: str) -> list[str]:
    login = ["-h", server.ipmi.host, "-u", server.ipmi.user, "-p", server.ipmi.password]
    return [require_tool("ipmiconsole"), *login, *arguments]


@pytest.mark.parametrize("suite", ["3", "17"])
def test_ipmiconsole_logs_in_and_leaves_by_its_escape(standard: Ready, tmp_path: Path, suite: str) -> None:
    with on_terminal(ipmiconsole(standard, "-I", suite), {"HOME": str(tmp_path)}) as console:
        console.wait_for("[SOL established]")
        log_in(console)
        console.type("hostname\r")
        assert console.wait_for(SHELL) == f"hostname\r\nvirtual\r\n{SHELL}"
        console.type("&.")
        console.wait_for("[closing the connection]")
        assert console.end() == 0


def test_ipmiconsole_steals_the_console_only_when_it_may(standard: Ready, tmp_path: Path) -> None:
    env = {"HOME": str(tmp_path)}
    with on_terminal(ipmiconsole(standard), env) as first:
        first.wait_for("[SOL established]")
        with on_terminal(ipmiconsole(standard, "--dont-steal"), env) as second:
            second.wait_for("SOL in use")
        with on_terminal(ipmiconsole(standard), env) as thief:
            thief.wait_for("[SOL established]")
            first.wait_for("[SOL session stolen]")
            log_in(thief)


def test_ipmiconsole_is_told_that_sol_is_disabled(standard: Ready, tmp_path: Path) -> None:
    assert ipmitool(standard, "sol", "set", "enabled", "false", "1").returncode == 0
    with on_terminal(ipmiconsole(standard), {"HOME": str(tmp_path)}) as console:
        console.wait_for("SOL unavailable")
