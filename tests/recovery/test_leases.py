"""A DHCP server's leases: dnsmasq's file, ISC dhcpd's, the virtual one's, and what is neither."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from emulators.network import Dhcp
from recovery.leases import Lease, NoLeases, of, parse

BMC, OTHER = "ac:1f:6b:73:c9:f0", "d0:94:66:00:00:01"
NOW = 1_767_225_600.0

DNSMASQ = f"""1767229200 {BMC} 192.0.2.100 * 01:ac:1f:6b:73:c9:f0
1767220000 {OTHER} 192.0.2.101 laptop *
0 aa:bb:cc:dd:ee:ff 192.0.2.102 printer *
duid 00:01:00:01:2c:5e:11:22:33:44:55:66:77:88
1767229200 12345 2001:db8::5 host 00:01:00:01
"""
DHCPD = """# The format of this file is documented in the dhcpd.leases(5) manual page.
authoring-byte-order little-endian;

lease 192.0.2.100 {
  starts 4 2026/01/01 00:00:00;
  ends 4 2026/01/01 01:00:00;
  cltt 4 2026/01/01 00:00:00;
  binding state active;
  next binding state free;
  rewind binding state free;
  hardware ethernet AC:1F:6B:73:C9:F0;
  uid "\\001\\254\\037ks\\311\\360";
  client-hostname "bmc}7";
}
lease 192.0.2.101 {
  ends 4 2026/01/01 00:30:00;
  binding state active;
  hardware ethernet d0:94:66:00:00:01;
}
lease 192.0.2.101 {
  ends 4 2026/01/01 00:10:00;
  binding state free;
  hardware ethernet d0:94:66:00:00:01;
}
lease 192.0.2.103 {
  starts epoch 1767225600; # Thu Jan  1 00:00:00 2026
  ends never;
  binding state active;
  hardware ethernet 0:1:2:a:b:c;
}
"""


def test_dnsmasqs_leases_are_read_and_ipv6_is_left_out() -> None:
    assert parse(DNSMASQ) == (
        Lease("192.0.2.100", BMC, 1767229200.0),
        Lease("192.0.2.101", OTHER, 1767220000.0, "laptop"),
        Lease("192.0.2.102", "aa:bb:cc:dd:ee:ff", None, "printer"),
    )


def test_dhcpds_leases_are_read_and_the_last_block_of_an_address_counts() -> None:
    assert parse(DHCPD) == (
        Lease("192.0.2.100", BMC, NOW + 3600, "bmc}7"),
        Lease("192.0.2.103", "00:01:02:0a:0b:0c", None),
    )


@pytest.mark.parametrize(
    "text", ["", "\n", "# only a comment\n", "authoring-byte-order little-endian;\n", "duid 00:01\n"]
)
def test_a_server_that_has_leased_nothing_has_no_leases(text: str) -> None:
    assert parse(text) == ()


@pytest.mark.parametrize(
    "text", ["hello", "<html>no such page</html>", "123 zz 192.0.2.1 * *", "123 aa:bb:cc:dd:ee:ff 999.1.1.1 * *", "5 5"]
)
def test_what_is_no_lease_file_is_said_to_be_none(text: str) -> None:
    with pytest.raises(NoLeases) as error:
        parse(text)
    assert "expected" in str(error.value)
    assert "seen" in str(error.value)


def test_a_lease_that_has_run_out_is_none() -> None:
    assert of(parse(DNSMASQ), OTHER, NOW) is None
    assert of(parse(DNSMASQ), "AC:1F:6B:73:C9:F0", NOW) == Lease("192.0.2.100", BMC, 1767229200.0)
    assert of(parse(DNSMASQ), BMC, NOW + 7200) is None
    assert of(parse(DNSMASQ), "aa:bb:cc:dd:ee:ff", NOW * 2) is not None


def test_of_two_leases_of_one_mac_the_newer_counts() -> None:
    two = f"1767229200 {BMC} 192.0.2.100 * *\n1767232800 {BMC} 192.0.2.150 * *\n"
    found = of(parse(two), BMC, NOW)
    assert found is not None
    assert found.address == "192.0.2.150"


def test_the_virtual_dhcp_servers_leases_are_read() -> None:
    dhcp = Dhcp(("192.0.2.100", "192.0.2.101"))
    dhcp.lease(BMC)
    assert parse(dhcp.file) == (Lease("192.0.2.100", BMC, None),)


@given(st.text(max_size=300))
def test_any_text_is_read_or_refused(text: str) -> None:
    try:
        parse(text)
    except NoLeases:
        pass
