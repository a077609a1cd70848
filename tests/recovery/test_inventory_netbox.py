"""An inventory read from NetBox through pynetbox, from a stub of its JSON."""

from __future__ import annotations

import socket

import pytest

from recovery import inventory_netbox
from recovery.inventory_netbox import NetboxUnusable
from tests.recovery import netbox_stub
from tests.recovery.netbox_stub import TOKEN

pytestmark = pytest.mark.wire


def test_a_device_is_read_with_its_cables_outlets_and_contacts() -> None:
    with netbox_stub.serving(netbox_stub.answers()) as url:
        found = inventory_netbox.load(url, TOKEN, "db07")
    assert (found.serial, found.asset_tag, found.model) == ("S258923X6B01234", "AT-004512", "SYS-5019S-M")
    at = found.location
    assert (at.site, at.room, at.cage, at.rack, at.unit) == ("LON2", "Hall 3", "C12", "B07", "U21-U22")
    assert found.addresses == {"bmc": "192.0.2.20", "host": "192.0.2.10"}
    assert found.macs == {"dedicated": "ac:1f:6b:0a:10:20", "lan1": "ac:1f:6b:0a:10:22"}
    assert found.time_zone == "Europe/London"
    assert found.customer.account == "EXAMPLE-LTD"
    contact = found.contact("technical")
    assert contact is not None
    assert (contact.name, contact.phone, contact.mail) == ("Ada Example", "+44 20 7946 0123", "ops@example.net")


def test_a_cable_is_told_by_its_label_colour_and_far_end() -> None:
    with netbox_stub.serving(netbox_stub.answers()) as url:
        found = inventory_netbox.load(url, TOKEN, "db07")
    own, shared = found.cable_at("dedicated"), found.cable_at("lan1")
    assert own is not None
    assert (own.label, own.colour, own.switch, own.switch_port) == ("MGT-B07-21", "yellow", "mgt-sw-b07", "21")
    assert shared is not None  # over a patch panel: the label of the first cable, the switch of the last hop
    assert (shared.label, shared.colour, shared.switch) == ("PRD-B07-21", "green", "prod-sw-b07")


def test_an_outlet_is_told_and_a_supply_without_a_cable_has_none() -> None:
    with netbox_stub.serving(netbox_stub.answers()) as url:
        feeds = inventory_netbox.load(url, TOKEN, "db07").feeds
    assert [(f.psu, f.cable, f.pdu, f.outlet) for f in feeds] == [
        ("PSU1", "PWR-A14", "PDU A", "14"),
        ("PSU2", None, None, None),
    ]


def test_a_supply_is_called_by_its_own_number_where_the_first_is_not_in_netbox() -> None:
    known = netbox_stub.answers()
    known["dcim/power-ports"] = known["dcim/power-ports"][1:]
    with netbox_stub.serving(known) as url:
        assert [feed.psu for feed in inventory_netbox.load(url, TOKEN, "db07").feeds] == ["PSU2"]


def test_a_supply_that_netbox_has_twice_is_refused() -> None:
    known = netbox_stub.answers()
    known["dcim/power-ports"] = [known["dcim/power-ports"][1]] * 2
    with netbox_stub.serving(known) as url, pytest.raises(inventory_netbox.NetboxUnusable, match=r"feeds\[1\]\.psu"):
        inventory_netbox.load(url, TOKEN, "db07")


def test_what_netbox_does_not_know_is_missing_and_never_invented() -> None:
    """As its public demonstration data has it: no serial numbers, tags, labels, outlets, contacts."""
    known = netbox_stub.answers()
    device = known["dcim/devices"][0]
    device |= {"serial": "", "asset_tag": None, "position": None, "location": None, "oob_ip": None, "tenant": None}
    known |= {"dcim/interfaces": [], "dcim/power-ports": [], "tenancy/contact-assignments": []}
    with netbox_stub.serving(known) as url:
        found = inventory_netbox.load(url, TOKEN, "db07")
    assert (found.serial, found.asset_tag, found.location.unit, found.location.room) == (None, None, None, None)
    assert (found.cables, found.feeds, found.contacts) == ((), (), ())
    assert "bmc" not in found.addresses


def test_a_device_that_is_not_there_is_told() -> None:
    with netbox_stub.serving(netbox_stub.answers()) as url, pytest.raises(NetboxUnusable, match="no device"):
        inventory_netbox.load(url, TOKEN, "db99")


def test_a_refused_token_is_told_without_the_token() -> None:
    with netbox_stub.serving(netbox_stub.answers()) as url, pytest.raises(NetboxUnusable) as caught:
        inventory_netbox.load(url, "wrong-token", "db07")
    assert "HTTP 403" in str(caught.value)
    assert "wrong-token" not in str(caught.value)


def test_a_server_that_is_down_is_told() -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    with pytest.raises(NetboxUnusable, match="does not answer as NetBox does"):
        inventory_netbox.load(f"http://127.0.0.1:{port}", TOKEN, "db07")


def test_a_neighbour_in_the_same_chassis_is_named() -> None:
    known = netbox_stub.answers()
    known["dcim/devices"][0]["parent_device"] = netbox_stub.brief("dcim/devices", 20, "chassis")
    known["dcim/device-bays"] = [
        {**netbox_stub.brief("dcim/device-bays", n, f"node {n}"), "installed_device": other}
        for n, other in enumerate(
            [netbox_stub.brief("dcim/devices", 7, "db07"), netbox_stub.brief("dcim/devices", 21, "web11"), None], 1
        )
    ]
    with netbox_stub.serving(known) as url:
        found = inventory_netbox.load(url, TOKEN, "db07")
    assert [(n.name, n.node) for n in found.neighbours] == [("web11", "node 2")]
