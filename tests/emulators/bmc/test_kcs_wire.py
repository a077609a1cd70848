"""The wire that stands for KCS: nothing of the LAN reaches it, and it outlives a reset of the BMC."""

from __future__ import annotations

import subprocess
import time

import pytest

from emulators.bmc.kcs_wire import KcsWire
from emulators.bmc.lan import Sessions
from tests.emulators.bmc.lan_toy import ToyBmc, ToyClient
from tests.emulators.bmc.wire_server import listening
from tests.tools import require_tool


def client(wire: KcsWire, **more: object) -> ToyClient:
    guid = wire.sessions._target.guid
    return ToyClient(wire.sessions, wire.user.name, wire.user.password, guid=guid, **more)  # type: ignore[arg-type]


def test_commands_arrive_as_in_band_administrators_commands() -> None:
    bmc = ToyBmc()
    client(KcsWire(bmc), role=2).login().command(0x30, 0x01, b"x", lun=1)
    assert bmc.ran == [(0x30, 1, 0x01, b"x", 4, 0x0F)]
    assert bmc.sessions == [None]


def test_each_wire_has_a_secret_of_its_own_that_ipmitool_can_take() -> None:
    one, other = KcsWire(ToyBmc()).user, KcsWire(ToyBmc()).user
    assert one.password != other.password
    assert len(one.name) <= 16
    assert len(one.password) <= 20


def test_the_bmcs_own_users_cannot_log_in() -> None:
    wire = KcsWire(ToyBmc())
    intruder = ToyClient(wire.sessions)
    intruder.open()
    assert intruder.ask(0x12, intruder.rakp1())[1] == 0x0D


def test_a_reset_leaves_the_session_mute_and_then_alive() -> None:
    bmc = ToyBmc()
    session = client(KcsWire(bmc)).admin()
    bmc.answering = False
    assert session.raw(session.packet(0x06, 0x01)) == []
    bmc.generation += 1
    session.now = 600.0
    bmc.answering = True
    assert session.command(0x06, 0x01)[0] == 0


def test_a_wedged_interface_is_mute() -> None:
    present = True
    session = client(KcsWire(ToyBmc(), present=lambda: present)).admin()
    present = False
    assert session.raw(session.packet(0x06, 0x01)) == []


def test_clients_that_vanished_never_fill_its_table() -> None:
    wire = KcsWire(ToyBmc())
    for n in range(1, 150):
        client(wire, console_id=n.to_bytes(4, "little"), now=float(n)).login()
    assert len(wire.sessions.active) == wire.sessions.policy.slots
    assert client(wire, now=200.0).admin().command(0x06, 0x01)[0] == 0


def test_wrong_passwords_never_lock_it() -> None:
    wire = KcsWire(ToyBmc())
    for _ in range(50):
        intruder = ToyClient(wire.sessions, wire.user.name, b"wrong")
        intruder.open()
        intruder.bmc_random = intruder.ask(0x12, intruder.rakp1())[8:24]
        assert intruder.prove() == 0x0F
    client(wire).admin()


def test_large_blocks_are_not_offered_although_the_bmc_has_them() -> None:
    bmc = ToyBmc()
    assert ToyClient(Sessions(bmc)).admin().command(0x2C, 0x3E, b"\x00\x02")[0] == 0
    assert client(KcsWire(bmc)).admin().command(0x2C, 0x3E, b"\x00\x02") == (0xC1, b"")


def test_questions_about_sessions_are_about_the_lans() -> None:
    bmc = ToyBmc()
    lan = Sessions(bmc)
    outside = ToyClient(lan).admin()
    session = client(KcsWire(bmc, lan=lan)).admin()
    assert session.command(0x06, 0x3D, b"\x00")[1] == bytes([0, 16, 1])
    assert session.command(0x06, 0x3D, b"\x01")[1][:3] == bytes([1, 16, 1])
    outside.command(0x06, 0x3C, outside.managed_id)
    assert session.command(0x06, 0x3D, b"\x01")[1] == bytes([0, 16, 0])
    assert session.command(0x06, 0x38, b"\x0e\x04")[1][0] == 1


@pytest.mark.wire
def test_the_machines_own_ipmitool_sees_a_system_interface() -> None:
    path, wire = require_tool("ipmitool"), KcsWire(ToyBmc())
    with listening(wire.sessions) as [(host, port)]:
        login = ["-H", host, "-p", str(port), "-U", wire.user.name.decode(), "-P", wire.user.password.decode()]
        argv = [path, "-I", "lanplus", "-C", "3", *login, "channel", "info"]
        began = time.monotonic()
        done = subprocess.run(argv, capture_output=True, text=True, timeout=30)
        assert time.monotonic() - began < 10
    assert "Channel 0xf info:" in done.stdout
    assert "Channel Medium Type   : System Interface" in done.stdout
