"""What three pings print, read off the tools: iputils 20221126, busybox 1.35, and macOS's."""

from __future__ import annotations

import asyncio

import pytest

from emulators import echo
from fwsim.hosts.local import LocalHost
from fwsim.tools import Unparsable, ping
from tests.tools import require_tool

BUSYBOX = """PING 127.0.0.1 (127.0.0.1): 56 data bytes
64 bytes from 127.0.0.1: seq=0 ttl=64 time=0.055 ms

--- 127.0.0.1 ping statistics ---
2 packets transmitted, {got} packets received, {lost}% packet loss
"""
UNREACHABLE = """PING 192.0.2.9 (192.0.2.9) 56(84) bytes of data.
From 192.0.2.1 icmp_seq=1 Destination Host Unreachable

--- 192.0.2.9 ping statistics ---
3 packets transmitted, 0 received, +3 errors, 100% packet loss, time 2042ms
pipe 3
"""
MACOS = "\n--- 192.0.2.9 ping statistics ---\n7 packets transmitted, 0 packets received, 100.0% packet loss\n"


@pytest.mark.parametrize(
    ("stdout", "answered"),
    [
        (BUSYBOX.format(got=1, lost=50), True),
        (BUSYBOX.format(got=0, lost=100), False),
        (UNREACHABLE, False),
        (MACOS, False),
    ],
)
def test_one_answer_is_enough_and_a_routers_word_is_none(stdout: str, answered: bool) -> None:
    assert ping.parse(stdout) is answered


@pytest.mark.parametrize("stdout", ["", "ping: socket: Operation not permitted\n", "0 packets transmitted, 0 received"])
def test_where_nothing_was_sent_nothing_is_told(stdout: str) -> None:
    with pytest.raises(Unparsable):
        ping.parse(stdout)


@pytest.mark.parametrize("answers", [True, False])
def test_what_the_stand_in_prints_is_read(answers: bool) -> None:
    sent = echo.Pinging("192.0.2.9", ping.COUNT, ping.WAIT_S, lambda: answers)
    assert [*sent.steps()]
    assert ping.parse(sent.output) is answers


def test_an_address_is_never_taken_for_an_option() -> None:
    assert ping.argv("-f")[-2:] == ("--", "-f")


def test_this_machines_own_ping_is_read() -> None:
    require_tool("ping")
    ran = asyncio.run(LocalHost().run(ping.argv("127.0.0.1"), timeout_s=ping.TAKES_S))
    if ran.status in (0, 1):  # else it may not send: that is told as such
        assert ping.parse(ran.stdout) is (ran.status == 0)
