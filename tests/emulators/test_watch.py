"""Whatever is done to a watched server is written down, with the server as it was just before; passwords are not."""

from __future__ import annotations

import json

import pytest

from emulators.bmc.message import SYSTEM_INTERFACE
from emulators.hands import Hands
from emulators.host.process import Buffer
from emulators.server import VirtualServer
from emulators.spec import Account, BmcAccount, ServerSpec
from emulators.watch import Watch

ADMIN = 4


@pytest.fixture
def server() -> VirtualServer:
    users = (BmcAccount(id=3, name="monitoring", password="Watch-me-1", privilege=2),)
    made = VirtualServer(
        ServerSpec(board="x11ssh-f", accounts=(Account(password="root"),), bmc_users=users, autoload_ipmi=True)
    )
    made.watch = Watch(made)
    return made


def run(server: VirtualServer, line: str) -> None:
    process = server.host.execute(line, stdout=Buffer(), stderr=Buffer())
    while process.status is None:
        due = server.next_due()
        assert due is not None
        server.advance(due)


def did(server: VirtualServer, door: str) -> list[str]:
    return [r["what"] for r in server.world.records if r["kind"] == "did" and r["door"] == door]


def test_a_command_and_its_exit_status_are_written_down(server: VirtualServer) -> None:
    run(server, "sha256sum /etc/nothing")
    start = next(r for r in server.world.records if r["kind"] == "did")
    end = next(r for r in server.world.records if r["kind"] == "ended")
    assert (start["door"], start["what"], start["user"]) == ("host", "sha256sum /etc/nothing", "root")
    assert (end["number"], end["status"]) == (start["number"], 1)


def test_an_ipmi_message_with_an_effect_is_written_down_by_its_door(server: VirtualServer) -> None:
    server.bmc.handle(0x00, 0, 0x02, b"\x03", ADMIN)
    server.bmc.handle(0x06, 0, 0x02, b"", ADMIN, channel=SYSTEM_INTERFACE)
    assert did(server, "lan") == ["chassis power reset"]
    assert did(server, "kcs") == ["mc reset cold"]


def test_the_same_reading_is_told_once(server: VirtualServer) -> None:
    for _ in range(5):
        server.bmc.handle(0x06, 0, 0x01, b"", ADMIN)
    assert did(server, "lan") == ["mc info"]


def test_the_state_is_the_one_before_the_act(server: VirtualServer) -> None:
    server.bmc.handle(0x06, 0, 0x02, b"", ADMIN)
    server.advance(server.now + 1)
    server.watch.look() if server.watch else None
    act = next(r for r in server.world.records if r["kind"] == "did")
    last = [r for r in server.world.records if r["kind"] == "became"][-1]
    assert act["state"]["bmc"] == "up"
    assert last["state"]["bmc"] == "booting"


def test_hands_are_written_down_with_what_was_seen(server: VirtualServer) -> None:
    Hands(server).do("unplug", psu=1)
    record = next(r for r in server.world.records if r["kind"] == "did")
    assert (record["door"], record["what"]) == ("hands", "unplug psu=1")
    assert record["seen"]
    assert record["state"]["mains"] == [True, True]


def test_no_password_is_written_down(server: VirtualServer) -> None:
    run(server, "ipmitool user set password 3 Geheim-42")
    run(server, "/opt/dell/srvadmin/bin/racadm -r 192.0.2.20 -u root -p Geheim-43 getversion")
    run(server, "ipmitool -I lanplus -H 192.0.2.20 -U ADMIN -P Geheim-44 mc info")
    run(server, "ipmitool -I lanplus -H 192.0.2.20 -U ADMIN -PGeheim-45 mc info")
    run(server, "bash -c 'ipmitool user set password 3 Geheim-46; ipmitool -H x -P Geheim-47 mc info'")
    text = json.dumps(server.world.records)
    assert "********" in text
    assert not [word for word in ("Geheim-", "Watch-me-1") if word in text]


def test_what_is_kept_says_whose_password_still_works(server: VirtualServer) -> None:
    run(server, "ipmitool user set password 3 Other-1")
    assert server.watch is not None
    server.watch.inventory()
    kept = [r for r in server.world.records if r["kind"] == "kept"][-1]
    assert kept["logins"] == {"ADMIN": True, "monitoring": False}
    assert kept["rights"]["monitoring"] == 2
    assert (kept["images"], kept["lan_source"]) == (0, "static")


def test_links_that_lead_in_circles_are_not_followed(server: VirtualServer) -> None:
    run(server, "ln -s /root /root/again")
    assert server.watch is not None
    server.watch.inventory()
