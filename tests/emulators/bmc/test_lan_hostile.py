"""Datagrams that no client sends: none raises, none runs a command, and a good login succeeds afterwards."""

from __future__ import annotations

import random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from emulators.bmc.lan import Sessions
from tests.emulators.bmc.lan_toy import HOME, ToyBmc, ToyClient, classic, ipmi, plain


def conversation(sessions: Sessions, suite: int) -> list[bytes]:
    """Every datagram that a client sends from its first packet to its last, each valid when it was sent."""
    client, sent = ToyClient(sessions, suite=suite), list[bytes]()
    ask = client.raw

    def recording(datagram: bytes):  # type: ignore[no-untyped-def]
        sent.append(datagram)
        return ask(datagram)

    client.raw = recording  # type: ignore[method-assign]
    client.raw(bytes.fromhex("0600ff06000011be802a0000"))
    client.raw(classic(ipmi(0x06, 0x38, b"\x8e\x04")))
    client.raw(plain(0, ipmi(0x06, 0x54, b"\x0e\x00\x80")))
    client.admin()
    client.command(0x30, 0x01, bytes(20))
    client.command(0x06, 0x3C, client.managed_id)
    return sent


def mutate(source: random.Random, datagram: bytes) -> bytes:
    """Cut, lengthened, or with a few bytes changed."""
    changed = bytearray(datagram)
    match source.randrange(4):
        case 0:
            del changed[source.randrange(len(changed)) :]
        case 1:
            changed += source.randbytes(source.randrange(1, 40))
        case 2:
            for _ in range(source.randrange(1, 4)):
                changed[source.randrange(len(changed))] = source.randrange(256)
        case _:
            at = source.randrange(4, len(changed))
            changed[at : at + source.randrange(8)] = source.randbytes(source.randrange(8))
    return bytes(changed)


@pytest.mark.parametrize("suite", [3, 17])
def test_thousands_of_mutated_datagrams_at_every_stage_of_a_login_raise_nothing_and_run_nothing(suite: int) -> None:
    bmc, source = ToyBmc(), random.Random(suite)
    layer = Sessions(bmc)
    recorded = conversation(layer, suite)
    bmc.ran.clear()
    for stage in ("nothing", "open", "exchange", "prove"):
        client = ToyClient(layer, suite=suite)
        if stage != "nothing":
            client.open()
        if stage in ("exchange", "prove"):
            assert client.exchange() == 0
        if stage == "prove":
            assert client.prove() == 0
        for _ in range(1500):
            datagram = bytearray(mutate(source, source.choice(recorded)))
            if len(datagram) > 24 and source.random() < 0.7:  # aim it at this very session
                at = {0x12: 20, 0x14: 20}.get(datagram[5], 6)
                datagram[at : at + 4] = client.managed_id
            layer.receive(bytes(datagram), HOME, 0)
        if stage == "prove":
            assert client.command(0x06, 0x01)[0] == 0, "the session was disturbed"
    assert {(netfn, command) for netfn, _, command, *_ in bmc.ran} <= {(0x06, 0x01), (0x06, 0x37)}
    ToyClient(layer, suite=suite, console_id=b"good").admin()


@pytest.mark.parametrize("suite", [3, 17])
def test_every_truncation_of_every_datagram_is_survived(suite: int) -> None:
    bmc = ToyBmc()
    layer = Sessions(bmc)
    recorded = conversation(layer, suite)
    client = ToyClient(layer, suite=suite)
    for datagram in recorded:
        for length in range(len(datagram)):
            layer.receive(datagram[:length], HOME, 0)
    client.admin()


@settings(max_examples=500, deadline=None)
@given(
    st.binary(max_size=80), st.sampled_from([b"", b"\x06\x00\xff\x07", b"\x06\x00\xff\x07\x06", b"\x06\x00\xff\x06"])
)
def test_random_bytes_are_survived_and_run_nothing(noise: bytes, start: bytes) -> None:
    bmc = ToyBmc()
    layer = Sessions(bmc)
    layer.receive(start + noise, HOME, 0)
    assert [ran for ran in bmc.ran if ran[:3:2] != (0x06, 0x37)] == []
    ToyClient(layer).admin()


@settings(max_examples=300, deadline=None)
@given(st.sampled_from([0x10, 0x12, 0x14, 0x11, 0x13, 0x15, 0x01, 0x02, 0x20]), st.binary(max_size=60))
def test_random_payloads_of_every_type_are_survived_in_the_middle_of_a_login(kind: int, payload: bytes) -> None:
    layer = Sessions(ToyBmc())
    client = ToyClient(layer)
    client.open()
    client.raw(plain(kind, payload))
    aimed = payload[:4] + client.managed_id + payload[8:]
    client.address = ("127.0.0.1", 1)
    client.raw(plain(kind, aimed))
    client.address = HOME
    assert client.exchange() == 0
    client.address = ("127.0.0.1", 1)
    client.raw(plain(kind, aimed))
    client.address = HOME
    assert client.prove() == 0


@settings(max_examples=300, deadline=None)
@given(st.binary(min_size=1, max_size=64), st.booleans())
def test_an_authenticated_client_that_sends_nonsense_harms_nobody(text: bytes, whole_blocks: bool) -> None:
    """The client knows the keys: lengths, padding and message inside are all its own."""
    bmc = ToyBmc()
    client = ToyClient(Sessions(bmc)).admin()
    honest = client.seal(text)
    size = len(honest) if whole_blocks else 16 + len(text)
    covered = honest[4:14] + size.to_bytes(2, "little") + text + honest[16 + len(text) : -client.suite.code_bytes]
    client.raw(honest[:4] + covered + client.mac(client.k1, covered)[: client.suite.code_bytes])
    assert client.command(0x06, 0x01)[0] == 0


def test_a_payload_shorter_than_its_length_says_is_no_packet() -> None:
    layer = Sessions(ToyBmc())
    request = plain(0x10, ToyClient(layer).open_request() + b"more")
    assert layer.receive(request, HOME, 0) != []
    assert layer.receive(request[:-1], HOME, 0) == []


def test_a_flood_of_open_requests_does_not_grow_without_bound() -> None:
    layer = Sessions(ToyBmc())
    for n in range(1, 3000):
        ToyClient(layer, console_id=n.to_bytes(4, "little"), address=("10.0.0.1", n)).open()
    assert len(layer._logins.half_open) == layer.policy.half_open
    ToyClient(layer).admin()
