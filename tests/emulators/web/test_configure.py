"""Network, users, factory default and restart by the pages."""

from __future__ import annotations

import pytest

from emulators import webflash
from emulators.bmc.lanconfig import DHCP, STATIC
from tests.emulators.web.bench import Bench, bench

STATIC_FORM = {"source": "static", "address": "192.0.2.77", "netmask": "255.255.255.0", "gateway": "192.0.2.1"}


@pytest.fixture
def pages() -> Bench:
    made = bench()
    made.login()
    return made


def test_a_static_address_is_set_after_the_goodbye_that_names_it(pages: Bench) -> None:
    answer = pages.post("/network", **STATIC_FORM)
    assert "https://192.0.2.77/" in answer.text
    lan = pages.server.bmc.lan
    assert (lan.source, lan.address, lan.netmask, lan.gateway, lan.vlan) == (
        STATIC, "192.0.2.77", "255.255.255.0", "192.0.2.1", None,
    )  # fmt: skip


def test_dhcp_leases_an_address_and_a_static_one_comes_back(pages: Bench) -> None:
    pages.post("/network", source="dhcp")
    lan = pages.server.bmc.lan
    assert (lan.source, lan.address) == (DHCP, "192.0.2.100")
    pages.post("/network", **STATIC_FORM)
    assert (lan.source, lan.address) == (STATIC, "192.0.2.77")


def test_a_vlan_is_set_and_taken_away(pages: Bench) -> None:
    pages.post("/network", **STATIC_FORM, vlan="120")
    assert pages.server.bmc.lan.vlan == 120
    pages.post("/network", **STATIC_FORM)
    assert pages.server.bmc.lan.vlan is None


@pytest.mark.parametrize(
    "wrong",
    [
        {"source": "neither"}, {"address": "192.0.2"}, {"address": "300.1.1.1"}, {"address": ""}, {"address": "::1"},
        {"netmask": "255.0.255.0"}, {"netmask": "x"}, {"gateway": "x"}, {"vlan": "4095"}, {"vlan": "-1"},
        {"vlan": "²"}, {"address": "224.0.0.1"}, {"address": "0.0.0.0"}, {"address": "192.0.2.255"},
        {"address": "192.0.2.0"}, {"address": "192.0.2.77\r\nX: y"},
    ],
)  # fmt: skip
def test_an_address_that_cannot_be_changes_nothing(pages: Bench, wrong: dict[str, str]) -> None:
    answer = pages.post("/network", **{**STATIC_FORM, **wrong})
    assert "Nothing was changed" in pages.said(answer)
    assert pages.server.bmc.lan.address == "192.0.2.20"


@pytest.mark.parametrize("board", ["x11ssh-f", "r730", "r740", "c6220"])
@pytest.mark.parametrize("mode", ["dedicated", "shared", "failover"])
def test_the_port_is_chosen_on_every_board(board: str, mode: str) -> None:
    pages = bench(board)
    pages.login()
    assert "Port" in pages.post("/network/mode", mode=mode).text
    assert pages.server.bmc.lan_mode == mode


def test_a_port_that_there_is_not_is_refused(pages: Bench) -> None:
    assert "no such port" in pages.said(pages.post("/network/mode", mode="../dedicated"))
    assert pages.server.bmc.lan_mode == "dedicated"


NEW = {"id": "5", "name": "new", "password": "secret5", "privilege": "3", "enabled": "on"}


def test_a_new_user_logs_in_here_and_over_ipmi(pages: Bench) -> None:
    assert "User 5 (new) was changed" in pages.said(pages.post("/users", **NEW))
    user = pages.server.bmc.users.slots[5]
    assert (user.name, user.password, user.privilege, user.enabled, user.ipmi_messaging, user.link_auth) == (
        b"new", b"secret5", 3, True, True, True,
    )  # fmt: skip
    assert pages.another().login("new", "secret5").status_code == 303


def test_a_user_keeps_the_password_where_none_is_given(pages: Bench) -> None:
    pages.post("/users", **NEW)
    pages.post("/users", **{**NEW, "password": "", "privilege": "2"})
    user = pages.server.bmc.users.slots[5]
    assert (user.password, user.privilege) == (b"secret5", 2)


def test_a_user_is_disabled(pages: Bench) -> None:
    pages.post("/users", id="3", name="olga", privilege="3")
    assert not pages.server.bmc.users.slots[3].enabled


@pytest.mark.parametrize(
    "wrong",
    [
        {"id": "1"}, {"id": "99"}, {"id": ""}, {"id": "²"}, {"id": "-3"}, {"name": ""}, {"name": "a b"},
        {"name": "x" * 17}, {"name": "é"}, {"name": "ADMIN"}, {"password": "x" * 21}, {"password": ""},
    ],
)  # fmt: skip
def test_a_user_that_cannot_be_changes_nothing(pages: Bench, wrong: dict[str, str]) -> None:
    assert "Nothing was changed" in pages.said(pages.post("/users", **{**NEW, **wrong}))
    assert not pages.server.bmc.users.slots[5].name


@pytest.mark.parametrize("change", [{"privilege": "2", "enabled": "on"}, {"privilege": "4"}])
def test_nobody_takes_the_own_rights_away(pages: Bench, change: dict[str, str]) -> None:
    assert "your own account" in pages.said(pages.post("/users", id="2", name="ADMIN", **change))
    assert pages.server.bmc.users.slots[2].privilege == 4


def test_factory_default_wants_a_tick_and_then_forgets_users_and_network(pages: Bench) -> None:
    assert "tick the box" in pages.said(pages.post("/factory"))
    assert pages.server.bmc.users.by_name(b"olga") is not None
    pages.post("/factory", sure="on")
    assert pages.server.bmc.users.by_name(b"olga") is None
    assert pages.server.bmc.lan.source == DHCP


def test_a_restart_leaves_the_server_as_it_is(pages: Bench) -> None:
    assert "The controller restarts" in pages.post("/restart").text
    assert pages.server.bmc.state == "booting"
    assert pages.server.phase == "up"


@pytest.mark.parametrize("path", ["/restart", "/factory", "/power"])
def test_while_firmware_is_written_nothing_restarts(pages: Bench, path: str) -> None:
    pages.server.power_off()
    pages.upload()
    pages.time(60)
    assert webflash.firmware_writing(pages.server.bmc)
    assert "Firmware is being written" in pages.said(pages.post(path, sure="on", act="on"))
    assert (pages.server.bmc.state, pages.server.phase) == ("up", "off")
