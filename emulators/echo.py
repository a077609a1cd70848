"""Who answers an ICMP echo request, and what `ping` prints of it.

A kernel answers, not a service: a host whose system is up does, whether or not its sshd runs; one that is off, in POST
or in its boot loader does not. A BMC's kernel answers wherever the BMC is on its network, even with IPMI over LAN
switched off; one that is dark, hung or runs another machine's code does not. Lines: read off iputils 20221126.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from emulators.server import VirtualServer

INTERVAL_S, REPLY_MS = 1.0, "0.412"


def heard(server: VirtualServer, address: str) -> bool:
    """Does an echo request from the operator's side come back from that address now? Packets that the management
    network loses are lost, each way."""
    if address == server.spec.host_address:
        return server.on_network
    weather = server.network.weather
    arrives = weather.fair or (weather.copies() > 0 and weather.copies() > 0)
    return address == server.bmc.on_network and arrives


@dataclass
class Pinging:
    """One `ping -c COUNT -W WAIT_S ADDRESS`. `steps` yields how long to wait; then `output` and `status` are there."""

    address: str
    count: int
    wait_s: float
    answers: Callable[[], bool]
    output: str = ""
    got: int = 0

    @property
    def status(self) -> int:
        """0 where anything has answered, else 1."""
        return 0 if self.got else 1

    def steps(self) -> Iterator[float]:
        """One request a second; a last one without an answer is waited for."""
        self.output = f"PING {self.address} ({self.address}) 56(84) bytes of data.\n"
        for number in range(1, self.count + 1):
            came = self.answers()
            if came:
                self.got += 1
                self.output += f"64 bytes from {self.address}: icmp_seq={number} ttl=64 time={REPLY_MS} ms\n"
            if number < self.count:
                yield INTERVAL_S
            elif not came:
                yield self.wait_s
        self.output += self._summary()

    def _summary(self) -> str:
        lost, took_ms = f"{(self.count - self.got) * 100 / self.count:g}", (self.count - 1) * INTERVAL_S * 1000
        return (
            f"\n--- {self.address} ping statistics ---\n"
            f"{self.count} packets transmitted, {self.got} received, {lost}% packet loss, time {took_ms:.0f}ms\n"
            + (f"rtt min/avg/max/mdev = {REPLY_MS}/{REPLY_MS}/{REPLY_MS}/0.000 ms\n" if self.got else "\n")
        )
