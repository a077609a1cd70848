"""LAN and SOL settings, and the vendors' choice of the port."""

from __future__ import annotations

import pytest

from emulators.bmc.controller import Bmc
from emulators.bmc.transport import DESTINATION_SIZES, GETTERS, SETTERS
from tests.emulators.bmc.bench import OPERATOR, USER, bmc, later, refused, told


def get(target: Bmc, parameter: int) -> bytes:
    return told(target, 0x0C, 0x02, 1, parameter, 0, 0)[1:]


def test_the_address_is_told_and_set() -> None:
    target = bmc()
    assert get(target, 3) == bytes([192, 0, 2, 20])
    told(target, 0x0C, 0x01, 1, 3, 192, 0, 2, 77)
    assert target.address == "192.0.2.77"


def test_with_dhcp_the_lease_rules() -> None:
    target = bmc()
    told(target, 0x0C, 0x01, 1, 4, 2)
    assert target.address == "192.0.2.100"
    assert refused(target, 0x0C, 0x01, 1, 3, 192, 0, 2, 77) == 0x82
    told(target, 0x0C, 0x01, 1, 4, 1)
    told(target, 0x0C, 0x01, 1, 3, 192, 0, 2, 77)
    assert target.address == "192.0.2.77"


@pytest.mark.parametrize("parameter", sorted(set(SETTERS) & set(GETTERS) - {0, 3, 4, 5}))
def test_what_is_written_is_read_back(parameter: int) -> None:
    target = bmc()
    size = SETTERS[parameter][0]
    value = {10: b"\x03", 16: b"private".ljust(18, b"\0"), 20: b"\x2a\x80", 21: b"\x05", 26: b"\0\5\0\0\0\0"}
    written = value.get(parameter, bytes(range(1, size + 1)))
    told(target, 0x0C, 0x01, 1, parameter, *written)
    read = get(target, parameter)
    assert read[:2] == written[:2] if parameter == 26 else read == written


def test_a_vlan_that_is_switched_off_keeps_its_number() -> None:
    target = bmc()
    told(target, 0x0C, 0x01, 1, 20, 0x2A, 0x80)
    assert target.lan.vlan == 42
    told(target, 0x0C, 0x01, 1, 20, 0x2A, 0x00)
    assert target.lan.vlan is None and get(target, 20) == b"\x2a\x00"


def test_every_parameter_has_an_answer_or_is_unsupported() -> None:
    target = bmc()
    for parameter in range(256):
        if parameter in GETTERS or parameter in DESTINATION_SIZES:
            assert get(target, parameter)
        else:
            assert refused(target, 0x0C, 0x02, 1, parameter, 0, 0) == 0x80


def test_the_hardware_address_is_read_only() -> None:
    target = bmc()
    assert get(target, 5) == bytes.fromhex("ac1f6b0a1020")
    assert refused(target, 0x0C, 0x01, 1, 5, 1, 2, 3, 4, 5, 6) == 0x82
    told(target, 0x0C, 0x01, 1, 5, *get(target, 5))  # as one who writes back all that was read


def test_two_clients_cannot_both_have_a_change_in_progress() -> None:
    target = bmc()
    told(target, 0x0C, 0x01, 1, 0, 1)
    assert refused(target, 0x0C, 0x01, 1, 0, 1) == 0x81
    told(target, 0x0C, 0x01, 1, 0, 0)
    told(target, 0x0C, 0x01, 1, 0, 1)


def test_another_channel_is_no_lan() -> None:
    assert refused(bmc(), 0x0C, 0x02, 8, 3, 0, 0) == 0xCC


def test_a_wrong_size_is_refused_and_changes_nothing() -> None:
    target = bmc()
    assert refused(target, 0x0C, 0x01, 1, 3, 10, 0, 0) == 0xC7
    assert target.address == "192.0.2.20"


def test_only_an_administrator_changes_the_lan() -> None:
    assert refused(bmc(), 0x0C, 0x01, 1, 3, 1, 2, 3, 4, privilege=OPERATOR) == 0xD4


def test_large_blocks_are_offered_over_the_lan_alone() -> None:
    target = bmc("x11ssm-f")
    assert told(target, 0x0C, 0x02, 0x0E, 0xC0, 0, 0) == b"\x11\0\0\0" + (1024).to_bytes(2, "little") * 2
    assert refused(target, 0x0C, 0x02, 0x01, 0xC0, 0, 0, channel=0x0F) == 0x80
    assert refused(bmc(), 0x0C, 0x02, 0x0E, 0xC0, 0, 0) == 0x80


def test_sol_settings_are_kept() -> None:
    target = bmc()
    told(target, 0x0C, 0x21, 1, 5, 0x09)
    assert told(target, 0x0C, 0x22, 1, 5, 0, 0) == b"\x11\x09"
    assert refused(target, 0x0C, 0x22, 1, 99, 0, 0) == 0x80
    assert refused(target, 0x0C, 0x21, 1, 3, 0x09) == 0xC7


# -- Supermicro


def test_the_lan_mode_is_told_and_set() -> None:
    target = bmc()
    assert told(target, 0x30, 0x70, 0x0C, 0) == b"\x00"
    assert told(target, 0x30, 0x70, 0x0C, 1, 1) == b""
    assert told(target, 0x30, 0x70, 0x0C, 0) == b"\x01"
    assert target.lan_mode == "shared"


@pytest.mark.parametrize(
    "data", [(0x0C,), (0x0C, 1), (0x0C, 1, 3), (0x0C, 1, 1, 2), (0x0C, 0, 0), (0x02, 0x01), (0x99,)]
)
def test_surprising_bytes_are_refused(data: tuple[int, ...]) -> None:
    target = bmc()
    assert refused(target, 0x30, 0x70, *data) == 0xCC
    assert target.lan_mode == "dedicated" and target.answering


def test_the_post_code_is_one_byte() -> None:
    target = bmc()
    target.server.post_code = 0x92
    assert told(target, 0x30, 0x70, 0x02) == b"\x92"


def test_the_first_lan_port_tells_its_address() -> None:
    assert told(bmc(), 0x30, 0x21)[-6:] == bytes.fromhex("ac1f6b0a1022")


def test_factory_default_brings_the_factorys_users_back() -> None:
    target = bmc()
    told(target, 0x06, 0x47, 2, 2, *b"secret".ljust(16, b"\0"))
    told(target, 0x3C, 0x40)
    later(target, 0)
    admin = target.users.by_name(b"ADMIN")
    assert admin is not None and admin.password == b"ADMIN"


def test_factory_default_is_for_administrators_of_supermicro_boards() -> None:
    assert refused(bmc(), 0x3C, 0x40, privilege=OPERATOR) == 0xD4
    assert refused(bmc(), 0x3C, 0x40, 1) == 0xCC
    assert refused(bmc("r740"), 0x3C, 0x40) == 0xC1
    assert refused(bmc("r740"), 0x30, 0x70, 0x0C, 0) == 0xC1


# -- Dell


def test_idrac8_keeps_two_bytes() -> None:
    target = bmc("r730")
    assert told(target, 0x30, 0x29) == b"\x01\x00"
    told(target, 0x30, 0x28, 3, 6)
    assert told(target, 0x30, 0x29) == b"\x03\x06"
    assert target.lan_mode == "shared"
    assert told(target, 0x30, 0xC1, 0, 0, 0)[0] == 2, "LOM2"


@pytest.mark.parametrize("pair", [(0, 0), (6, 0), (2, 2), (1, 3), (2, 1), (2, 7)])
def test_idrac8_refuses_what_makes_no_sense(pair: tuple[int, int]) -> None:
    assert refused(bmc("r730"), 0x30, 0x28, *pair) == 0xCC


def test_the_dedicated_port_needs_the_enterprise_licence() -> None:
    target = bmc("r730")
    target.server.licences = ()
    assert refused(target, 0x30, 0x28, 1, 0) == 0x6F
    told(target, 0x30, 0x28, 2, 0)


def test_an_older_dell_keeps_one_byte() -> None:
    target = bmc("c6220")
    assert told(target, 0x30, 0x25) == b"\x00"
    told(target, 0x30, 0x24, 2)
    assert told(target, 0x30, 0x25) == b"\x02" and target.lan_mode == "dedicated"
    assert refused(target, 0x30, 0x29) == 0xC1


def test_idrac9_has_no_such_command() -> None:
    target = bmc("r740")
    for command in (0x24, 0x25, 0x28, 0x29, 0xC1):
        assert refused(target, 0x30, command, 1, 0) in (0xC1, 0xC7)
    assert refused(target, 0x06, 0x59, 0, 0xDD, 2, 0, privilege=USER) == 0x80


@pytest.mark.parametrize(("parameter", "size"), DESTINATION_SIZES.items())
def test_alert_destinations_are_kept_one_by_one(parameter: int, size: int) -> None:
    target = bmc()
    assert get(target, 17) == b"\x04"
    told(target, 0x0C, 0x01, 1, parameter, 3, *range(1, size + 1))
    assert told(target, 0x0C, 0x02, 1, parameter, 3, 0)[1:] == bytes([3, *range(1, size + 1)])
    assert told(target, 0x0C, 0x02, 1, parameter, 2, 0)[1:] == bytes([2, *bytes(size)])
    assert refused(target, 0x0C, 0x02, 1, parameter, 5, 0) == 0xC9
    assert refused(target, 0x0C, 0x01, 1, parameter, 1, 2) == 0xC7
