"""A rehearsal is sealed: whatever addresses a plan names, no packet leaves loopback."""

from __future__ import annotations

import ipaddress
import os
import subprocess
import sys
from pathlib import Path

import pytest

from fwsim.plan import BmcEndpoint, HostEndpoint, Leases, PayloadEntry, Plan, Power
from fwsim.rehearsal.prepare import from_plan
from fwsim.secret import Secret

WATCH = '''
"""Writes every address that a socket is pointed at, of this process and of each it starts."""
import os, sys

def hook(event, arguments):
    if event in ("socket.connect", "socket.sendto", "socket.sendmsg", "socket.getaddrinfo"):
        target = arguments[0] if event == "socket.getaddrinfo" else arguments[1]
        host = target[0] if isinstance(target, tuple) else target
        with open(os.environ["WATCH_FILE"], "a") as file:
            file.write(f"{event} {host!r}\\n")

sys.addaudithook(hook)
'''


def is_loopback(text: str) -> bool:
    """Of IPv4, IPv6, or IPv4 in IPv6's clothes, as pyghmi's client has it."""
    address = ipaddress.ip_address(text)
    return (getattr(address, "ipv4_mapped", None) or address).is_loopback


def a_plan_of_a_real_server(folder: Path) -> Plan:
    entry = PayloadEntry(kind="bmc", file=folder / "BMC_3.90.hpm", version="3.90", sha256="0" * 64)
    return Plan(
        board="x11ssh-f",
        host=HostEndpoint(address="db07.example.net", port=2222, user="ops", key=folder / "id"),
        bmc=BmcEndpoint(address="203.0.113.20", user="operator", password=Secret(env="REAL_SECRET")),
        payloads=(entry,),
        power=Power(feeds=2),
        leases=Leases(command="ssh dhcp.example.net cat leases"),
    )


def test_every_endpoint_and_login_of_a_plan_is_replaced(tmp_path: Path) -> None:
    prepared = from_plan(a_plan_of_a_real_server(tmp_path), tmp_path / "payloads")
    told = prepared.plan.model_dump_json()
    for word in ("db07", "203.0.113.20", "ops", "operator", "REAL_SECRET", "2222", "dhcp.example"):
        assert word not in told
    assert prepared.plan.host.key is None


def test_an_absent_payload_is_substituted_and_the_notes_say_which(tmp_path: Path) -> None:
    prepared = from_plan(a_plan_of_a_real_server(tmp_path), tmp_path / "payloads")
    assert any("BMC_3.90.hpm" in note and "stands in" in note for note in prepared.notes)
    assert prepared.plan.payloads[0].file.is_file()


def test_an_opaque_vendor_image_is_substituted_and_a_readable_one_is_not(tmp_path: Path) -> None:
    plan = a_plan_of_a_real_server(tmp_path)
    (tmp_path / "BMC_3.90.hpm").write_bytes(b"a vendor's bytes")
    assert from_plan(plan, tmp_path / "p").plan.payloads[0].file != plan.payloads[0].file
    from emulators import boards, packages

    (tmp_path / "BMC_3.90.hpm").write_bytes(packages.make(boards.load("x11ssh-f"), "bmc", "3.90").data)
    assert from_plan(plan, tmp_path / "p").plan.payloads[0].file == plan.payloads[0].file


@pytest.mark.wire
def test_no_packet_of_a_rehearsal_leaves_loopback(tmp_path: Path) -> None:
    (tmp_path / "watch").mkdir()
    (tmp_path / "watch" / "sitecustomize.py").write_text(WATCH)
    plan = tmp_path / "plan.yaml"
    plan.write_text(
        "board: x11ssh-f\n"
        "host: {address: db07.example.net, user: ops}\n"
        "bmc: {address: 203.0.113.20, user: operator, password: {env: REAL_SECRET}}\n"
        'running: {bmc: "3.88", bios: "2.6"}\n'
        f'payloads: [{{kind: bmc, file: gone.hpm, version: "3.90", sha256: "{"0" * 64}"}}]\n'
        f'fallback: [{{kind: bmc, file: gone-too.hpm, version: "3.88", sha256: "{"0" * 64}"}}]\n'
        "power: {feeds: 2}\n"
        "quiet: {fencing: true, controllers: true}\n"
    )
    path = os.pathsep.join((str(tmp_path / "watch"), os.getcwd()))
    environment = {**os.environ, "WATCH_FILE": str(tmp_path / "seen"), "PYTHONPATH": path}
    command = (sys.executable, "-m", "fwsim", "rehearse", str(plan), "--speed", "600", "--runs", str(tmp_path / "runs"))
    done = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=100, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    hosts = {line.split(" ", 1)[1].strip("'") for line in (tmp_path / "seen").read_text().splitlines()}
    assert "127.0.0.1" in hosts, "the hook saw nothing, so it proves nothing"
    outside = {h for h in hosts if h not in ("localhost", "None") and not h.startswith("/")}  # a path is here
    assert not {h for h in outside if not is_loopback(h)}
