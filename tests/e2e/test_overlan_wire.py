"""HPM.1 over a real network by the machine's own ipmitool: the password goes through the pipe, and is taken once.

The operator's machine is this one, with stand-ins for systemd; the host only holds its lock.
"""

from __future__ import annotations

import asyncio
import hashlib
import shutil
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path

import pytest

from emulators import boards as truth
from emulators import packages
from fwsim import boards, payload
from fwsim.clock import WireClock
from fwsim.context import Context, Job
from fwsim.doors import Completed, Doors
from fwsim.events import CommandRan, Event
from fwsim.hosts.local import LocalHost
from fwsim.network import BmcAddress, PyghmiNetwork
from fwsim.plan import Plan
from fwsim.steps import overlan
from tests.e2e import stand_ins
from tests.homes import home
from tests.tools import require_tool

pytestmark = [pytest.mark.e2e, pytest.mark.wire, pytest.mark.timeout(200)]

RUN, PASSWORD = "e2e-over-lan", "Wire-Needle-over"
ABSENT = "LoadState=not-found\nActiveState=inactive\nSubState=dead\n"
HELD = "LoadState=loaded\nActiveState=active\nSubState=running\nResult=success\nDescription={}\n"


class LockOnly(LocalHost):
    """A host whose BMC does not answer it: all that is asked of it is its lock."""

    def __init__(self) -> None:
        super().__init__()
        self.held: list[str] = []
        self.asked: list[str] = []

    async def run(self, argv: Sequence[str], *, stdin: bytes = b"", timeout_s: float = 60.0) -> Completed:
        self.asked.append(argv[0])
        out = ""
        match argv[0]:
            case "systemd-run":
                self.held.append(next(w.split("=", 1)[1] for w in argv if w.startswith("--description=")))
            case "systemctl" if argv[1] == "stop":
                self.held.pop()
            case "systemctl":
                out = HELD.format(self.held[-1]) if self.held else ABSENT
            case "cat":
                out = "0a000000-0000-4000-8000-000000000001\n"
        return Completed(tuple(argv), 0, out, "")


@pytest.fixture
def units(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A folder in front of PATH with systemd's stand-ins."""
    folder = tmp_path / "here"
    (folder / "bin").mkdir(parents=True)
    (folder / "state.json").write_text("{}")
    for name in ("systemd-run", "systemctl", "systemd-inhibit", "id"):
        script = folder / "bin" / name
        script.write_text(f'#!/bin/sh\nexec {sys.executable} -I -S {stand_ins.__file__} {folder} {name} "$@"\n')
        script.chmod(0o755)
    monkeypatch.setenv("PATH", f"{folder / 'bin'}:{Path(require_tool('ipmitool')).parent}:/usr/bin:/bin")
    yield folder
    shutil.rmtree(f"/var/tmp/fwsim-{RUN}-operator", ignore_errors=True)


def a_job(folder: Path, port: int) -> Job:
    image = packages.make(truth.load("x11ssh-f"), "bmc", "3.90").data
    (folder / "new.hpm").write_bytes(image)
    digest = hashlib.sha256(image).hexdigest()
    bmc = {"address": "127.0.0.1", "port": port, "user": "ADMIN", "password": {"env": "NOBODY_READS_THIS"}}
    entry = {"kind": "bmc", "file": "new.hpm", "version": "3.90", "sha256": digest}
    words = {"board": "x11ssh-f", "host": {"address": "h"}, "bmc": bmc, "payloads": [entry], "power": {"feeds": 2}}
    plan = Plan.model_validate({**words, "policy": {"flash_over_lan": True}}, context={"folder": folder})
    return Job(RUN, plan, boards.load("x11ssh-f"), payload.read_all(plan))


def test_the_real_ipmitool_flashes_from_a_unit_and_nobody_sees_the_password(tmp_path: Path, units: Path) -> None:
    told: list[Event] = []
    with home(speed=60.0, bmc_passwords={"ADMIN": PASSWORD}) as server:
        at = server.ipmi
        job, host = a_job(tmp_path, at.port), LockOnly()
        network = PyghmiNetwork(BmcAddress(at.host, at.user, PASSWORD, at.port))
        doors = Doors(WireClock(), host, network, LocalHost(), {"ADMIN": PASSWORD})
        context = Context(job, doors, told.append, tmp_path, step="bmc-flash")
        (image,) = job.images("bmc")
        assert asyncio.run(overlan.run(context, image, 150.0)) is True
    ran = [e for e in told if isinstance(e, CommandRan)]
    flashed = next(e for e in ran if e.argv[:2] == ("ipmitool", "-I"))
    assert flashed.status == 0
    assert "Firmware upgrade procedure successful" in flashed.stdout
    assert image in context.found.over_lan
    assert host.held == [], "the lock was held, and is free"
    assert "systemd-run" in host.asked
    assert not list(Path(f"/var/tmp/fwsim-{RUN}-operator").glob("login")), "the pipe is gone"
    assert PASSWORD not in repr(told) + (units / "calls").read_text() + (units / "state.json").read_text()
