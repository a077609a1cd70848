"""Ports, cables and leases."""

from __future__ import annotations

from emulators.network import Dhcp, Network, Segment


def network(**cables: str) -> Network:
    management = Segment("management", Dhcp(("192.0.2.100", "192.0.2.101")))
    return Network({"management": management, "production": Segment("production")}, cables)


def test_a_dedicated_bmc_without_its_cable_is_on_no_network() -> None:
    assert network(lan1="production").bmc_port("dedicated") is None


def test_failover_takes_the_shared_port_only_while_the_dedicated_one_has_no_cable() -> None:
    both = network(dedicated="management", lan1="production")
    assert both.bmc_port("failover") == "dedicated"
    del both.cables["dedicated"]
    assert both.bmc_port("failover") == "lan1"


def test_the_same_mac_is_leased_the_same_address_again() -> None:
    lan = network(dedicated="management")
    first = lan.lease("dedicated", "aa")
    assert first == lan.lease("dedicated", "aa") == "192.0.2.100"
    assert lan.lease("dedicated", "bb") == "192.0.2.101"


def test_an_empty_pool_and_a_network_without_a_server_lease_nothing() -> None:
    lan = network(dedicated="management", lan1="production")
    for mac in "ab":
        lan.lease("dedicated", mac)
    assert lan.lease("dedicated", "c") is None
    assert lan.lease("lan1", "a") is None
