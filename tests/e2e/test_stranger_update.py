"""A whole `fwsim update` of a stranger's server over OpenSSH's sshd, killed in each flash, then resumed.

The host is sshd with stand-ins (stand_ins.py) that keep a state and write down their calls; the BMC on the network is
a virtual one, restarted by the stand-in of the vendor's tool as the real one would be.
"""

from __future__ import annotations

import getpass
import hashlib
import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from emulators.home.config import Ready
from tests.e2e import stand_ins, test_stranger
from tests.homes import home
from tests.tools import require_tool

pytestmark = [
    pytest.mark.e2e,
    pytest.mark.wire,
    pytest.mark.xdist_group("stranger"),
    pytest.mark.timeout(600),
]

SPEED = 20.0  # of the BMC on the network: its restart takes 6 s
LEFT = Path("/var/tmp")
ROOT = Path(__file__).parents[2]
BOOT_ID = "0a000000-0000-4000-8000-000000000001"
WRITES = ("sum -c UpdateBmc", "sum -c UpdateBios")


class Reboots(threading.Thread):
    """Takes sshd down for a moment whenever the stand-in says that the host restarts."""

    def __init__(self, folder: Path, port: int) -> None:
        super().__init__(daemon=True)
        self.machine, self.port, self.over = stand_ins.Machine(folder), port, threading.Event()
        self.sshd = self._start()
        self.start()

    def _start(self) -> subprocess.Popen[bytes]:
        command = (require_tool("sshd"), "-D", "-e", "-f", str(self.machine.folder / "sshd_config"))
        return subprocess.Popen(command, stderr=subprocess.DEVNULL)

    def run(self) -> None:
        while not self.over.wait(0.1):
            if self.machine.get().get("rebooting"):
                self._end()
                self.over.wait(4)
                self.machine.set(rebooting="")
                self.sshd = self._start()

    def _end(self) -> None:
        self.sshd.terminate()
        self.sshd.wait(20)

    def close(self) -> None:
        self.over.set()
        self.join(20)
        self._end()


@contextmanager
def server(folder: Path, bmc: Ready) -> Iterator[Path]:
    """That server; the plan of its update."""
    folder.mkdir()
    with test_stranger.listening(folder) as plain:  # makes keys and the daemon's settings
        port = plain.port
    for name in stand_ins.NAMES:
        script = folder / "bin" / name
        script.write_text(f'#!/bin/sh\nexec {sys.executable} -I -S {stand_ins.__file__} {folder} {name} "$@"\n')
        script.chmod(0o755)
    (folder / "bin" / "sha256sum").unlink()
    guid, mac = test_stranger.over_lan(bmc.ipmi.port, bmc.ipmi.user, bmc.ipmi.password)
    login = ("-H", bmc.ipmi.host, "-p", str(bmc.ipmi.port), "-U", bmc.ipmi.user, "-E")
    reset = {
        "argv": [require_tool("ipmitool"), "-I", "lanplus", *login, "mc", "reset", "cold"],
        "env": {"IPMI_PASSWORD": bmc.ipmi.password},
    }
    digits = " ".join(guid[i : i + 2] for i in range(0, 32, 2))
    state = {"BMC": "3.88", "BIOS": "2.6", "BOOT": BOOT_ID, "GUID": digits, "MAC": mac, "reset": json.dumps(reset)}
    (folder / "state.json").write_text(json.dumps(state))
    (folder / "calls").unlink(missing_ok=True)
    daemon = Reboots(folder, port)
    before = set(LEFT.glob("fwsim-*-x11ssh-f-*"))
    try:
        until_open(port)
        yield plan(folder, port, bmc)
    finally:
        daemon.close()
        for left in set(LEFT.glob("fwsim-*-x11ssh-f-*")) - before:
            shutil.rmtree(left)


def until_open(port: int) -> None:
    deadline = time.monotonic() + 20
    while time.monotonic() < deadline:
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", port)) == 0:
                return
        time.sleep(0.05)
    raise AssertionError("sshd never answered")


def plan(folder: Path, port: int, bmc: Ready) -> Path:
    files = {
        "BMC_X11SSH-F_3.90.bin": bytes(range(256)) * 64,
        "BIOS_X11SSHF-0958_3.0.bin": bytes(range(255, -1, -1)) * 64,
    }
    rows = []
    for (name, data), (kind, version) in zip(files.items(), (("bmc", "3.90"), ("bios", "3.0")), strict=True):
        (folder / name).write_bytes(data)
        digest = hashlib.sha256(data).hexdigest()
        rows.append(
            f'{{kind: {kind}, file: {name}, version: "{version}", sha256: "{digest}", attest: "from the vendor"}}'
        )
    path = folder / "plan.yaml"
    path.write_text(
        "board: x11ssh-f\n"
        f"host: {{address: 127.0.0.1, port: {port}, user: {getpass.getuser()}, key: user_key, "
        "known_hosts: known_hosts}\n"
        f"bmc: {{address: 127.0.0.1, port: {bmc.ipmi.port}, user: {bmc.ipmi.user}, password: {{env: STRANGER_BMC}}}}\n"
        f"payloads: [{', '.join(rows)}]\npower: {{feeds: 2}}\nquiet: {{fencing: true, controllers: true}}\n"
        "policy: {accept_no_fallback: true, canary_reboot: false}\n"
    )
    return path


def fwsim(path: Path, bmc: Ready, *words: str) -> subprocess.Popen[str]:
    env = {
        **os.environ,
        "STRANGER_BMC": bmc.ipmi.password,
        "XDG_STATE_HOME": str(path.parent / "operator"),
        "NO_COLOR": "1",
    }
    options = ("--progress", "plain", "--runs", str(path.parent / "runs"))
    command, pipe = (sys.executable, "-m", "tests.e2e.hurried", *words, *options), subprocess.PIPE
    return subprocess.Popen(command, cwd=ROOT, env=env, stdin=subprocess.DEVNULL, stdout=pipe, stderr=pipe, text=True)


def calls(folder: Path) -> list[str]:
    path = folder / "calls"
    return path.read_text().splitlines() if path.exists() else []


def killed_in(process: subprocess.Popen[str], folder: Path, write: str) -> None:
    """`kill -9` once that flash writes and fwsim has seen it."""
    deadline = time.monotonic() + 200
    while not any(call.startswith(write) for call in calls(folder)):
        if process.poll() is not None or time.monotonic() > deadline:
            process.kill()
            raise AssertionError("".join(process.communicate()))
        time.sleep(0.05)
    time.sleep(1.0)
    process.send_signal(signal.SIGKILL)
    process.communicate()
    assert process.returncode == -signal.SIGKILL


def test_an_update_killed_in_each_flash_is_gone_on_with_and_flashes_each_file_once(tmp_path: Path) -> None:
    folder = tmp_path / "stranger"
    with home(speed=SPEED) as bmc, server(folder, bmc) as path:
        killed_in(fwsim(path, bmc, "update", str(path), "--yes"), folder, WRITES[0])
        assert stand_ins.Machine(folder).get()["unit"] == "running", "the flash outlives fwsim"
        killed_in(fwsim(path, bmc, "resume", "latest"), folder, WRITES[1])
        with fwsim(path, bmc, "resume", "latest") as last:
            out, err = last.communicate(timeout=200)
        assert last.returncode == 0, out + err
        assert out.splitlines()[-1].startswith("updated: "), out
        made = calls(folder)
        for write in WRITES:
            assert sum(call.startswith(write) for call in made) == 1, write
        assert sum(call.startswith("systemd-run ") for call in made) == 2
        assert sum(call == "reboot" for call in made) == 1
        state = stand_ins.Machine(folder).get()
        assert (state["BMC"], state["BIOS"], state["unit"]) == ("3.90", "3.0", "")
        journal = next((folder / "runs").glob("*/events.jsonl")).read_text()
        assert bmc.ipmi.password not in "\n".join(made)
        assert f'"{bmc.ipmi.password}"' not in journal
        assert not list(LEFT.glob("fwsim-*-x11ssh-f-*"))
