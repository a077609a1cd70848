"""Inputs to begin with: whole valid conversations, and every command in the table with data that it takes."""

from __future__ import annotations

from emulators.bmc.message import TABLE
from tests.emulators.bmc.lan_toy import ToyClient, classic, ipmi, plain
from tests.fuzz.bench import Bench

DATAGRAM, AIMED, PLAINTEXT, COMMAND, MESSAGE, IN_BAND, CONSOLE = range(7)
AT_ONCE = 0
ADMINISTRATOR = 4 << 2
HALF, WHOLE = b"\x00", b"\xff"  # whose session id goes into an aimed packet
PAYLOADS = (b"", b"\0", b"\0\0\x02", b"\x01\x0e\x04", b"\0\x04\0\0\0\x10", bytes(8), bytes(range(9)))


def inputs() -> list[bytes]:
    """Seeds for every way in."""
    return [*_conversations(), *_commands(), *_console()]


def _conversations() -> list[bytes]:
    seeds = []
    for suite in (3, 17):
        for way, whose in ((DATAGRAM, b""), (AIMED, HALF), (AIMED, WHOLE)):
            seeds += [bytes([way, AT_ONCE]) + whose + datagram for datagram in _conversation(suite)]
    return seeds


def _conversation(suite: int) -> list[bytes]:
    """Every datagram of a session from its first packet to its last."""
    bench = Bench(suite=suite)
    client, sent = (
        ToyClient(bench.sessions, bench.name, bench.password, suite=suite, guid=bench.server.bmc.guid),
        list[bytes](),
    )
    ask = client.raw

    def recording(datagram: bytes):  # type: ignore[no-untyped-def]  # returns what ask does
        sent.append(datagram)
        return ask(datagram)

    client.raw = recording  # type: ignore[method-assign]
    client.raw(bytes.fromhex("0600ff06000011be802a0000"))
    client.raw(classic(ipmi(0x06, 0x38, b"\x8e\x04")))
    client.raw(plain(0, ipmi(0x06, 0x54, b"\x0e\x00\x80")))
    client.raw(plain(0, ipmi(0x06, 0x37)))
    client.admin()
    client.command(0x06, 0x01)
    client.command(0x06, 0x3C, client.managed_id)
    return sent


def _console() -> list[bytes]:
    """SOL payloads: what is typed, acknowledgements, breaks, half packets."""
    payloads = (
        b"\x01\0\0\0root\n",
        b"\0\x01\x20\0",
        b"\x02\x01\x05\x40x",
        b"\x03\0\0\x10",
        b"\x04\0\0\x0bls\n",
        b"\x05\0",
    )
    return [bytes([CONSOLE, AT_ONCE, sealing]) + payload for sealing in (0x00, 0x80) for payload in payloads]


def _commands() -> list[bytes]:
    seeds = []
    for netfn, number in [*sorted(TABLE), *((0x06, n) for n in (0x3B, 0x3C, 0x3D, 0x48, 0x49, 0x4A, 0x4B))]:
        for payload in PAYLOADS:
            seeds.append(bytes([MESSAGE, AT_ONCE, netfn, number, ADMINISTRATOR]) + payload)
            seeds.append(bytes([IN_BAND, AT_ONCE, netfn, number, 0]) + payload)
            seeds.append(bytes([COMMAND, AT_ONCE, netfn << 2, number]) + payload)
        seeds.append(bytes([PLAINTEXT, AT_ONCE]) + ipmi(netfn, number, bytes(4)))
    return seeds
