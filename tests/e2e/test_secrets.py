"""No password of a rehearsal over wires stands in an artefact, an event, a log, or any process's argv or environment.

The whole run is looked at from outside: every file that it leaves, what it prints, and /proc while it goes on.
"""

from __future__ import annotations

import base64
import json
import os
import shlex
import subprocess
import sys
import time
from pathlib import Path

import pytest

pytestmark = [pytest.mark.e2e, pytest.mark.wire]

SSH = "Zq7-Needle-ssh"
BMC = "Wv4-Needle-bmc"
PLAN = "Kx9-Needle-plan"
OTHERS = ('Watch #1 "twice"', "Eighteen-Bytes-Pw1")  # of the users in the scenario users-reset


def forms(password: str) -> list[bytes]:
    """As it might stand somewhere: plain, quoted, as hexadecimal digits in the usual ways."""
    plain, digits = password.encode(), [f"{byte:02x}" for byte in password.encode()]
    quoted = [json.dumps(password)[1:-1].encode(), shlex.quote(password).encode(), base64.b64encode(plain)[:-4]]
    return [
        plain,
        *quoted,
        *(sep.join(digits).encode() for sep in ("", " ", ":")),
        " ".join(f"0x{d}" for d in digits).encode(),
    ]


NEEDLES = [form for password in (SSH, BMC, PLAN, *OTHERS) for form in forms(password)]


def found(data: bytes) -> list[bytes]:
    return [needle for needle in NEEDLES if needle in data]


DRIVER = '''
"""fwsim with passwords of its own for the virtual server: they stand in a file, not in argv."""
import json, sys

ssh, bmc = json.load(open(sys.argv.pop(1)))
from fwsim.rehearsal import prepare

prepare.ROOT_PASSWORD, prepare.BMC_PASSWORD = ssh, bmc
from fwsim import cli

cli.main()
'''


def command_lines_and_environments(seen: dict[int, bytes], group: str) -> None:
    """Of every process that carries our mark in its environment, or did."""
    for entry in Path("/proc").iterdir():
        if not entry.name.isdigit():
            continue
        try:
            environment = (entry / "environ").read_bytes()
            if group.encode() in environment:
                line = (entry / "cmdline").read_bytes()
                seen[int(entry.name)] = seen.get(int(entry.name), b"") + line + b"\n" + environment
        except (OSError, ValueError):
            continue


def rehearsed(folder: Path, *options: str) -> tuple[subprocess.CompletedProcess[bytes], dict[int, bytes]]:
    """A rehearsal, its processes sampled while it ran."""
    (folder / "passwords").write_text(json.dumps([SSH, BMC]))
    (folder / "driver.py").write_text(DRIVER)
    mark = f"FWSIM_TEST_MARK={folder}"
    env = {**os.environ, "FWSIM_TEST_MARK": str(folder), "XDG_STATE_HOME": str(folder / "state")}
    command = [sys.executable, str(folder / "driver.py"), str(folder / "passwords"), "rehearse"]
    command += ["--speed", "300", "--runs", str(folder / "runs"), *options]
    seen: dict[int, bytes] = {}
    with (folder / "out").open("wb") as out, (folder / "err").open("wb") as err:
        process = subprocess.Popen(command, env=env, stdin=subprocess.DEVNULL, stdout=out, stderr=err)
        deadline = time.monotonic() + 100
        while process.poll() is None:
            assert time.monotonic() < deadline, (folder / "err").read_text()
            command_lines_and_environments(seen, mark)
            time.sleep(0.01)
    done = subprocess.CompletedProcess(
        command, process.returncode, (folder / "out").read_bytes(), (folder / "err").read_bytes()
    )
    return done, seen


@pytest.fixture(scope="module", params=["x11ssh-f", "users-reset"])
def whole(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, dict[int, bytes]]:
    """An update in which nothing goes wrong, and one after which passwords are put back."""
    folder = tmp_path_factory.mktemp("secrets")
    done, seen = rehearsed(folder, request.param, "--progress", "json")
    assert done.returncode == 0, done.stdout + done.stderr
    return folder, seen


def test_no_file_that_a_rehearsal_leaves_holds_a_password(whole: tuple[Path, dict[int, bytes]]) -> None:
    folder, _ = whole
    files = [f for place in ("runs", "state") for f in (folder / place).rglob("*") if f.is_file()]
    names = {f.name for f in files}
    assert {"events.jsonl", "world.jsonl", "server.log"} <= names, "the run left too little for this to prove anything"
    assert not [str(f.relative_to(folder)) for f in files if found(f.read_bytes())]


def test_nothing_that_is_printed_holds_a_password(whole: tuple[Path, dict[int, bytes]]) -> None:
    folder, _ = whole
    assert not found((folder / "out").read_bytes())
    printed = (folder / "err").read_bytes()
    assert b'"event":"command"' in printed, "every event is printed"
    assert not found(printed)


def test_no_process_of_either_side_has_a_password_in_argv_or_environment(whole: tuple[Path, dict[int, bytes]]) -> None:
    _, seen = whole
    everything = b"\n".join(seen.values())
    assert b"emulators.home" in everything, "the server's process was not seen"
    assert b"pyghmi_child" in everything or b"ipmitool" in everything, "no client was seen"
    assert not found(everything)


def test_the_report_in_every_format_holds_no_password(whole: tuple[Path, dict[int, bytes]]) -> None:
    folder, _ = whole
    for form in ("text", "md", "html", "json"):
        command = [sys.executable, "-m", "fwsim", "show", "--runs", str(folder / "runs"), "--format", form]
        shown = subprocess.run(command, capture_output=True, timeout=60, check=True).stdout
        assert shown
        assert not found(shown)


def test_the_operators_own_ipmitool_gets_the_password_on_standard_input_alone(tmp_path: Path) -> None:
    """Over LAN by the machine's ipmitool: it is started with neither argv nor environment that tell."""
    from tests.tools import require_tool

    require_tool("ipmitool")
    scenario = tmp_path / "short.yaml"
    scenario.write_text(
        "title: same versions\nboard: x11ssh-f\nversions: {bmc: '3.90'}\nupdate: {bmc: '3.90'}\n"
        "expect: {ending: updated}\n"
    )
    done, seen = rehearsed(tmp_path, str(scenario), "--ipmitool", "real")
    everything = b"\n".join(seen.values())
    assert done.returncode == 0, done.stdout + done.stderr
    assert b"lanplus" in everything, "ipmitool was never seen"
    assert not found(everything)


def test_a_password_from_the_environment_is_not_handed_on(tmp_path: Path) -> None:
    """Hooks and tools are started without the variables that hold the plan's passwords."""
    import asyncio

    from fwsim.hosts.local import LocalHost
    from fwsim.secret import Secret

    os.environ["FWSIM_TEST_SECRET"] = PLAN
    try:
        assert Secret(env="FWSIM_TEST_SECRET").read("?") == PLAN
        ran = asyncio.run(LocalHost().run(("env",)))
    finally:
        del os.environ["FWSIM_TEST_SECRET"]
    assert "PATH=" in ran.stdout
    assert PLAN not in ran.stdout


def test_the_search_would_find_a_password(tmp_path: Path) -> None:
    """The sampling of /proc is not blind."""
    env = {**os.environ, "FWSIM_TEST_MARK": str(tmp_path), "HELD": BMC}
    child = subprocess.Popen((sys.executable, "-c", "input()", SSH), env=env, stdin=subprocess.PIPE)
    seen: dict[int, bytes] = {}
    try:
        deadline = time.monotonic() + 20
        while BMC.encode() not in seen.get(child.pid, b"") and time.monotonic() < deadline:
            command_lines_and_environments(seen, f"FWSIM_TEST_MARK={tmp_path}")
    finally:
        child.kill()
        child.communicate()
    assert SSH.encode() in seen[child.pid]
    assert BMC.encode() in seen[child.pid]
