"""What an older BMC can be asked besides: its serial channel, the keys of the LAN channel, the suites that it lists."""

from __future__ import annotations

import pytest

from emulators.bmc.capabilities import group_key
from emulators.bmc.serial import DEFAULTS, FIXED
from emulators.home.channel import lan_sessions
from emulators.server import VirtualServer
from tests.emulators.bmc.bench import KCS, OPERATOR, bmc, refused, server, told
from tests.emulators.bmc.lan_toy import ToyClient

SERIAL = 2
WITH_SERIAL = ("c6220", "r730", "r740")
KEY = bytes(range(1, 21))


@pytest.mark.parametrize("board", WITH_SERIAL)
def test_the_serial_channel_is_told_from_the_lan(board: str) -> None:
    target = bmc(board)
    assert told(target, 0x06, 0x42, SERIAL)[:4] == bytes([SERIAL, 0x05, 0x01, 0x40])
    assert told(target, 0x06, 0x42, 1)[1] == 0x04
    assert refused(target, 0x0C, 0x02, SERIAL, 3, 0, 0) == 0xCC, "it has no address"


def test_a_board_without_one_says_so() -> None:
    target = bmc("x11ssh-f")
    assert refused(target, 0x06, 0x42, SERIAL) == 0xCC
    assert refused(target, 0x0C, 0x11, SERIAL, 3, 0, 0) == 0xCC
    assert refused(target, 0x0C, 0x10, SERIAL, 3, 0x81) == 0xCC


@pytest.mark.parametrize("parameter", sorted(set(DEFAULTS) - FIXED))
def test_a_serial_setting_is_read_back(parameter: int) -> None:
    target = bmc("r740")
    value = bytes(number + 1 for number in range(len(DEFAULTS[parameter])))
    told(target, 0x0C, 0x10, SERIAL, parameter, *value)
    assert told(target, 0x0C, 0x11, SERIAL, parameter, 0, 0) == b"\x11" + value


def test_a_serial_setting_that_cannot_be_is_refused() -> None:
    target = bmc("r740")
    assert refused(target, 0x0C, 0x11, SERIAL, 99, 0, 0) == refused(target, 0x0C, 0x10, SERIAL, 99, 0) == 0x80
    assert refused(target, 0x0C, 0x10, SERIAL, 1, 0) == 0x82
    assert refused(target, 0x0C, 0x10, SERIAL, 3, 0, 0) == 0xC7
    told(target, 0x0C, 0x10, SERIAL, 0, 1)
    assert refused(target, 0x0C, 0x10, SERIAL, 0, 1) == 0x81


def test_a_users_level_on_the_serial_channel_is_not_that_on_the_lan() -> None:
    target = bmc("r740")
    lan = told(target, 0x06, 0x44, 1, 2)
    assert told(target, 0x06, 0x44, SERIAL, 2)[3] == 0
    told(target, 0x06, 0x43, 0x90 | SERIAL, 2, OPERATOR)
    assert told(target, 0x06, 0x44, SERIAL, 2)[3] == 0x10 | OPERATOR
    assert told(target, 0x06, 0x44, 1, 2) == lan


def test_access_to_the_serial_channel_is_kept_and_leaves_the_lan_open() -> None:
    target = bmc("r740")
    told(target, 0x06, 0x40, SERIAL, 0x41, 0x42)
    assert told(target, 0x06, 0x41, SERIAL, 0x40) == bytes([1, 2])
    assert told(target, 0x06, 0x41, 1, 0x40) == bytes([2, 4])


def test_a_board_without_channel_keys_knows_no_such_command() -> None:
    assert refused(bmc("x11ssh-f"), 0x06, 0x56, 1, 0, 1) == 0xC1


def test_a_key_is_read_back_until_it_is_locked() -> None:
    target = bmc("r740")
    assert told(target, 0x06, 0x56, 1, 0, 1) == bytes([2]) + bytes(20)
    told(target, 0x06, 0x56, 1, 1, 1, *KEY)
    assert told(target, 0x06, 0x56, 1, 0, 1) == bytes([2]) + KEY
    told(target, 0x06, 0x56, 1, 2, 1)
    assert told(target, 0x06, 0x56, 1, 0, 1) == bytes([1])
    assert refused(target, 0x06, 0x56, 1, 1, 1, *KEY) == 0x80
    assert refused(target, 0x06, 0x56, 1, 1, 0, *KEY, 0) == 0x82
    assert refused(target, 0x06, 0x56, 1, 0, 2) == refused(target, 0x06, 0x56, 1, 3, 0) == 0xCC


def test_only_an_administrator_reads_a_key() -> None:
    assert refused(bmc("r740"), 0x06, 0x56, 1, 0, 1, privilege=OPERATOR) == 0xD4


def enters(home: VirtualServer, suite: int, key: bytes = b"") -> bool:
    """Does a login with this group key end in a session that answers?"""
    layer = lan_sessions(home, lambda: True)
    client = ToyClient(layer, b"root", b"calvin", suite=suite, guid=home.bmc.guid)
    client.open()
    assert client.exchange() == 0
    client.ask(0x14, client.rakp3())
    client.password = key or client.password
    client.take_keys()
    return bool(client.raw(client.packet(0x06, 0x01)))


@pytest.mark.parametrize("suite", [3, 17])
def test_a_login_needs_the_group_key_that_was_set(suite: int) -> None:
    home = server("r740")
    assert enters(home, suite)
    told(home.bmc, 0x06, 0x56, 1, 1, 1, *KEY, channel=KCS)
    assert group_key(home.bmc) == KEY
    assert enters(home, suite, KEY)
    assert not enters(home, suite)
    home.bmc.factory_default()
    assert enters(home, suite)


@pytest.mark.parametrize("board", ["r730", "r740"])
def test_an_idrac_lists_fifteen_suites_and_lets_in_two(board: str) -> None:
    home = server(board)
    assert told(home.bmc, 0x0C, 0x02, 1, 22, 0, 0) == bytes([0x11, 15])
    assert told(home.bmc, 0x0C, 0x02, 1, 23, 0, 0) == bytes([0x11, 0, *range(15)])
    privileges = told(home.bmc, 0x0C, 0x02, 1, 24, 0, 0)[2:]
    levels = [nibble for byte in privileges for nibble in (byte & 0x0F, byte >> 4)]
    assert levels == [0, 0, 0, 4, *[0] * 12], "unused but for 3; 17 has no place in this list"
    listed = told(home.bmc, 0x06, 0x54, 1, 0, 0x80)[1:]
    assert [listed[at + 1] for at in range(0, len(listed), 5)] == [3, 17]


def test_ipv6_is_answered_as_not_there() -> None:
    target = bmc("r740")
    assert told(target, 0x0C, 0x02, 1, 51, 0, 0) == b"\x11\x00"
    told(target, 0x0C, 0x01, 1, 51, 0)
    assert refused(target, 0x0C, 0x01, 1, 51, 1) == 0xCC
    assert refused(target, 0x0C, 0x01, 1, 50, 1) == 0x82
