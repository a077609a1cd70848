"""The servers that are compared: ours with either framing, stock pyghmi's, OpenIPMI's ipmi_sim. Each is a process that
answers IPMI on loopback, of which we know the pid."""

from __future__ import annotations

import contextlib
import os
import shutil
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from benchmarks.lan_client import Client
from emulators.bmc.wire import CHOICE
from emulators.home.config import EstateConfig
from emulators.home.places import consecutive
from emulators.spec import ServerSpec

USER = PASSWORD = "ADMIN"  # noqa: S105 - public, as all of a virtual server
PATIENCE_S = 30.0
SUITE = 3  # the only one that all of them have

STOCK = """\
import sys
from pyghmi.ipmi.bmc import Bmc

class Server(Bmc):
    def get_power_state(self):
        return "on"

Server({"ADMIN": "ADMIN"}, port=int(sys.argv[1]), address="127.0.0.1").listen()
"""
SIM_LAN = """\
name "peer"
set_working_mc 0x20
  startlan 1
    addr 127.0.0.1 {port}
    priv_limit admin
    allowed_auths_admin none md2 md5 straight
    guid a123456789abcdefa123456789abcdef
  endlan
  user 2 true "ADMIN" "ADMIN" admin 10 none md2 md5 straight
"""
SIM_MC = """\
mc_setbmc 0x20
mc_add 0x20 0 no-device-sdrs 0x23 9 8 0x9f 0x1291 0xf02 persist_sdr
mc_enable 0x20
"""


@dataclass(frozen=True)
class Peer:
    """A server that answers."""

    name: str
    pid: int
    port: int
    ready_s: float  # from its start to its first answer

    @property
    def at(self) -> tuple[str, int]:
        return "127.0.0.1", self.port


@contextlib.contextmanager
def ours(name: str, *, framing: str = "own", board: str = "x11ssm-f", count: int = 1) -> Iterator[Peer]:
    """Virtual BMCs in one process."""
    places = tuple(consecutive("127.0.0.1", 0, count))
    config = EstateConfig(spec=ServerSpec(board=board), places=places, speed=1e6)
    command = [sys.executable, "-m", "emulators.home.crew"]
    with _running(name, command, places[-1][1], {CHOICE: framing}, config.model_dump_json() + "\n") as peer:
        yield peer


@contextlib.contextmanager
def stock_pyghmi(name: str = "pyghmi, stock") -> Iterator[Peer]:
    """pyghmi's own server, as it comes."""
    port = _free_port()
    with _running(name, [sys.executable, "-c", STOCK, str(port)], port) as peer:
        yield peer


@contextlib.contextmanager
def ipmi_sim() -> Iterator[Peer]:
    """OpenIPMI's simulator, in C."""
    with tempfile.TemporaryDirectory() as folder:
        port, scratch = _free_port(), Path(folder)
        lan, mc = scratch / "lan.conf", scratch / "mc.emu"
        lan.write_text(SIM_LAN.format(port=port))
        mc.write_text(SIM_MC)
        command = ["ipmi_sim", "-c", str(lan), "-f", str(mc), "-s", folder, "-n"]
        with _running("ipmi_sim (C)", command, port) as peer:
            yield peer


def without() -> list[str]:
    """What cannot be compared here, and why."""
    lacking = [] if shutil.which("ipmi_sim") else ["ipmi_sim: not installed (Debian package openipmi)"]
    if shutil.which("vbmc") is None:
        lacking.append("virtualbmc: not installed (it needs libvirt); stock pyghmi, its server, stands for it")
    return lacking


@contextlib.contextmanager
def _running(
    name: str, command: list[str], port: int, environment: dict[str, str] | None = None, stdin: str = ""
) -> Iterator[Peer]:
    began = time.perf_counter()
    child = subprocess.Popen(
        command, stdin=subprocess.PIPE, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, text=True,
        env={**os.environ, **(environment or {})},
    )  # fmt: skip
    try:
        assert child.stdin is not None
        child.stdin.write(stdin)
        child.stdin.close()
        _wait(port, child)
        yield Peer(name, child.pid, port, time.perf_counter() - began)
    finally:
        child.terminate()
        try:
            child.wait(10)
        except subprocess.TimeoutExpired:
            child.kill()
            child.wait()


def _wait(port: int, child: subprocess.Popen[str]) -> None:
    deadline = time.monotonic() + PATIENCE_S
    while time.monotonic() < deadline and child.poll() is None:
        try:
            with Client(("127.0.0.1", port), USER, PASSWORD, suite=SUITE, timeout_s=0.2):
                return
        except (OSError, ConnectionError):
            time.sleep(0.02)
    raise RuntimeError(f"{child.args!r} does not answer")


def _free_port() -> int:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as trial:
        trial.bind(("127.0.0.1", 0))
        port: int = trial.getsockname()[1]
        return port
