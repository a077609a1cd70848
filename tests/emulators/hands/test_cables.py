"""Cables moved while everything runs."""

from __future__ import annotations

from tests.emulators.hands.person import Beside

# -- cables


def label(there: Beside, port: str) -> str:
    found = there.server.body.in_port(port)
    assert found is not None
    return found


def spare(there: Beside) -> str:
    cable = there.server.site.spare_cable
    assert cable is not None
    return cable.label


def test_a_moved_cable_carries_nothing_until_spanning_tree_lets_it() -> None:
    there = Beside("x10dri")
    there.does("move-cable", cable=label(there, "lan1"), to="lan2")
    there.does("move-cable", cable=label(there, "dedicated"), to="lan1")
    there.server.bmc.lan_mode = "shared"
    assert there.server.bmc.address is None
    there.later(there.server.site.spanning_tree_s)
    assert there.server.bmc.address == there.server.spec.bmc_address
    assert there.sees("port:dedicated") == "empty"


def test_a_port_that_is_taken_takes_no_second_cable() -> None:
    there = Beside()
    text = there.cannot("connect-cable", cable=spare(there), port="dedicated")
    assert text == f"port dedicated is taken by cable {label(there, 'dedicated')}"
    assert there.cannot("move-cable", cable="none", to="lan2") == "no cable here has the label none"
    assert there.cannot("connect-cable", cable=spare(there), port="lan7") == "this server has no port lan7"


def test_a_spare_cable_gives_a_bmc_that_went_to_its_own_port_its_network_back() -> None:
    there = Beside("c6220")
    there.server.bmc.lan_mode = "dedicated"
    assert there.server.bmc.address is None
    there.does("connect-cable", cable=spare(there), port="iDRAC")
    there.later(60)
    assert there.server.bmc.address == there.server.spec.bmc_address
    assert there.sees("port:Gb1").endswith("link light on"), "the host's own cable stays"


def test_the_dhcp_server_is_asked_when_the_link_comes_up() -> None:
    there = Beside("c6220")
    there.server.bmc.lan_mode = "dedicated"
    there.server.bmc.lan.forget()
    there.does("connect-cable", cable=spare(there), port="dedicated")
    there.later(60)
    assert there.server.bmc.address == there.server.spec.dhcp_pool[0]


def test_failover_is_decided_live_or_at_the_bmc_s_start_by_the_board() -> None:
    for board, live in (("x10dri", True), ("x11ssm-f", False)):
        there = Beside(board)
        there.does("disconnect-cable", cable=label(there, "lan1"))
        there.does("move-cable", cable=label(there, "dedicated"), to="lan1")
        there.later(60)
        assert (there.server.bmc.address is not None) is live, board
        there.mains(False)
        there.mains(True)
        there.later()
        assert there.server.bmc.address == there.server.spec.bmc_address, board
