"""A DHCP server's leases, in the formats of dnsmasq (dhcp.leases) and ISC dhcpd (dhcpd.leases). Text in, facts out.

dnsmasq writes a line a lease: expiry as Unix time (0 = never), MAC, address, name, client id (see --dhcp-leasefile).
dhcpd appends a block whenever a lease changes: the last one of an address counts (dhcpd.leases(5)); its times are UTC.
"""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime

_MAC = re.compile(r"(?:[0-9a-f]{1,2}-)?((?:[0-9a-f]{1,2}:){5}[0-9a-f]{1,2})$", re.IGNORECASE)
_BLOCK = re.compile(r"^[ \t]*lease\s+([0-9.]+)\s*\{(.*?)^[ \t]*\}", re.MULTILINE | re.DOTALL)
_COMMENT = re.compile(r"^\s*#.*$", re.MULTILINE)
_TIME = r"(never|\d+ \d{4}/\d\d/\d\d \d\d:\d\d:\d\d|epoch \d+)"


class NoLeases(ValueError):
    """This is no lease file of either kind. The message says what was expected."""


@dataclass(frozen=True)
class Lease:
    """`ends`: Unix time, None = never. `mac`: lower case, colons, two digits each."""

    address: str
    mac: str
    ends: float | None
    name: str = ""

    def holds(self, now: float) -> bool:
        return self.ends is None or self.ends > now


def parse(text: str) -> tuple[Lease, ...]:
    """Every lease that was not given back, in the order of the file; () for an empty file. Raises NoLeases."""
    bare = _COMMENT.sub("", text)
    if re.search(r"^\s*lease\s+[0-9.]+\s*\{", bare, re.MULTILINE):
        return tuple(_dhcpd(bare))
    lines = [line for line in bare.splitlines() if line.strip() and not line.startswith("duid ")]
    if lines and not re.match(r"\d+\s", lines[0]) and _is_dhcpd(bare):
        return ()
    return tuple(lease for line in lines if (lease := _dnsmasq(line)) is not None)


def of(leases: tuple[Lease, ...], mac: str, now: float) -> Lease | None:
    """The lease of that MAC address, the newest where there are more; None where none holds."""
    wanted = _mac(mac)
    held = [lease for lease in leases if lease.mac == wanted and lease.holds(now)]
    return max(held, key=lambda lease: float("inf") if lease.ends is None else lease.ends) if held else None


def _is_dhcpd(text: str) -> bool:
    return (
        re.search(r"^(authoring-byte-order|server-duid|failover peer|option |class )", text, re.MULTILINE) is not None
    )


def _dnsmasq(line: str) -> Lease | None:
    """None for an IPv6 lease."""
    cells = line.split()
    if len(cells) < 4 or not cells[0].isdigit():
        raise NoLeases(
            f"expected `EXPIRY MAC ADDRESS NAME ...` (dnsmasq) or `lease ADDRESS {{` (ISC dhcpd), seen: {line[:60]!r}"
        )
    if ":" in cells[2]:
        return None
    mac = _MAC.match(cells[1])
    if mac is None or not _is_address(cells[2]):
        raise NoLeases(
            f"expected a MAC address and an IPv4 address in the second and third column, seen: {line[:60]!r}"
        )
    ends = float(cells[0]) or None
    return Lease(cells[2], _mac(mac[1]), ends, "" if cells[3] == "*" else cells[3])


def _dhcpd(text: str) -> Iterator[Lease]:
    last: dict[str, Lease | None] = {}
    for block in _BLOCK.finditer(text):
        address, body = block[1], block[2]
        if not _is_address(address):
            raise NoLeases(f"expected an IPv4 address after `lease`, seen: {address!r}")
        last.pop(address, None)
        last[address] = _held(address, body)
    yield from (lease for lease in last.values() if lease is not None)


def _held(address: str, body: str) -> Lease | None:
    """None for a lease that is free, or that says of no MAC."""
    state = re.search(r"^\s*binding state (\w+);", body, re.MULTILINE)
    hardware = re.search(r"^\s*hardware \S+ ([0-9a-fA-F:]+);", body, re.MULTILINE)
    if hardware is None or _MAC.match(hardware[1]) is None or (state is not None and state[1] != "active"):
        return None
    name = re.search(r'^\s*client-hostname "(.*?)";', body, re.MULTILINE)
    return Lease(address, _mac(hardware[1]), _ends(body), name[1] if name else "")


def _ends(body: str) -> float | None:
    found = re.search(rf"^\s*ends {_TIME}", body, re.MULTILINE)
    if found is None or found[1] == "never":
        return None
    if found[1].startswith("epoch"):
        return float(found[1].split()[1])
    moment = datetime.strptime(found[1].split(" ", 1)[1], "%Y/%m/%d %H:%M:%S").replace(tzinfo=UTC)
    return moment.timestamp()


def _mac(text: str) -> str:
    return ":".join(f"{int(part, 16):02x}" for part in text.split(":"))


def _is_address(text: str) -> bool:
    try:
        ipaddress.IPv4Address(text)
    except ValueError:
        return False
    return True
