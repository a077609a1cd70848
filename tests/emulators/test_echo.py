"""Who answers a ping: kernels, not services. The lines are those of the real tool, read off iputils 20221126."""

from __future__ import annotations

import pytest

from emulators import cabling, echo
from emulators.faults import Fault
from emulators.server import VirtualServer
from emulators.spec import ServerSpec

HOST, BMC = ServerSpec(board="x11ssh-f").host_address, ServerSpec(board="x11ssh-f").bmc_address
ANSWERED = """PING 127.0.0.1 (127.0.0.1) 56(84) bytes of data.
64 bytes from 127.0.0.1: icmp_seq=1 ttl=64 time=0.412 ms
64 bytes from 127.0.0.1: icmp_seq=2 ttl=64 time=0.412 ms

--- 127.0.0.1 ping statistics ---
2 packets transmitted, 2 received, 0% packet loss, time 1000ms
rtt min/avg/max/mdev = 0.412/0.412/0.412/0.000 ms
"""
SILENT = """PING 192.0.2.77 (192.0.2.77) 56(84) bytes of data.

--- 192.0.2.77 ping statistics ---
3 packets transmitted, 0 received, 100% packet loss, time 2000ms

"""


@pytest.fixture
def server() -> VirtualServer:
    return VirtualServer(ServerSpec(board="x11ssh-f"))


def later(server: VirtualServer, seconds: float) -> None:
    server.advance(server.now + seconds)


def test_both_kernels_of_a_healthy_server_answer_and_nobody_elsewhere(server: VirtualServer) -> None:
    assert [echo.heard(server, at) for at in (HOST, BMC, "192.0.2.77", "")] == [True, True, False, False]


def test_a_host_whose_sshd_is_dead_answers_and_takes_no_connection(server: VirtualServer) -> None:
    server.host.units.stand("ssh", running=False)
    assert not server.serves
    assert echo.heard(server, HOST)
    server.power_reset()
    later(server, 1200)
    assert server.serves, "the next start brings it back"


def test_a_host_that_is_off_or_in_post_answers_nothing(server: VirtualServer) -> None:
    server.power_off()
    assert not echo.heard(server, HOST)
    server.power_on()
    later(server, 10)
    assert (server.phase, echo.heard(server, HOST)) == ("post", False)
    assert echo.heard(server, BMC)


def test_a_bmc_answers_where_ipmi_over_lan_is_switched_off(server: VirtualServer) -> None:
    server.bmc.lan.access_mode = 0
    assert server.bmc.address is None
    assert echo.heard(server, BMC)


def test_a_bmc_that_restarts_hangs_or_has_no_link_answers_nothing(server: VirtualServer) -> None:
    server.bmc.cold_reset()
    assert not echo.heard(server, BMC)
    later(server, 400)
    assert echo.heard(server, BMC)
    label = server.body.in_port("dedicated")
    assert label is not None
    cabling.move(server, label, port="")
    assert not echo.heard(server, BMC)
    fresh = VirtualServer(ServerSpec(board="x11ssh-f"))
    fresh.bmc.hang()
    assert not echo.heard(fresh, BMC)


def test_a_bmc_answers_at_its_new_lease_and_not_at_its_old_address(server: VirtualServer) -> None:
    server.bmc.lan.forget()
    server.bmc.refresh_lease()
    assert not echo.heard(server, BMC)
    assert echo.heard(server, server.bmc.lan.address)


def test_what_the_management_network_loses_is_lost(server: VirtualServer) -> None:
    server.network.weather.loss = 1.0
    assert not echo.heard(server, BMC)
    server.faults.arm(Fault(kind="ssh-drops"))
    assert echo.heard(server, HOST), "the host is reached by another network"


def test_the_lines_and_the_time_are_the_real_tools() -> None:
    sent = echo.Pinging("127.0.0.1", 2, 2.0, lambda: True)
    assert (list(sent.steps()), sent.output, sent.status) == ([1.0], ANSWERED, 0)
    sent = echo.Pinging("192.0.2.77", 3, 2.0, lambda: False)
    assert (list(sent.steps()), sent.output, sent.status) == ([1.0, 1.0, 2.0], SILENT, 1)
