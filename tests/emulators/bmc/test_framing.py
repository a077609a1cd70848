"""Our own framing against pyghmi's: the same bytes out, the same messages in, whoever sent them."""

from __future__ import annotations

from typing import Any
from unittest import mock

import pytest
from hypothesis import given
from hypothesis import strategies as st

from emulators.bmc import framing, pyghmi_seam, wire
from emulators.bmc.rmcp_suites import SUITES, Suite, derive

OURS, THEIRS = 0x01020304, 0xA1A2A3A4
messages = st.binary(min_size=4, max_size=300)  # pyghmi looks at the second byte of a SOL payload
suites = st.sampled_from(sorted(SUITES.values(), key=lambda s: s.id))
secrets = st.binary(min_size=20, max_size=20)


def both(suite: Suite, secret: bytes, ours: int = OURS, theirs: int = THEIRS) -> tuple[Any, Any]:
    """The same end of a session, framed by us and by pyghmi."""
    keys = derive(suite, suite.mac(secret, b"session"))
    return framing.sealed(suite, keys, ours, theirs), pyghmi_seam.sealed(suite, keys, ours, theirs)


@given(suites, secrets, st.lists(st.tuples(messages, st.sampled_from([0, 1]), st.booleans()), min_size=1, max_size=4))
def test_both_framings_seal_to_the_same_bytes(suite: Suite, secret: bytes, sent: list[tuple[bytes, int, bool]]) -> None:
    own, peer = both(suite, secret)
    for message, kind, encrypted in sent:
        packet = own.seal(message, kind, encrypted=encrypted)
        with mock.patch("os.urandom", lambda n, iv=packet[16:32]: iv):
            assert peer.seal(message, kind, encrypted=encrypted) == packet


@given(suites, secrets, messages, st.booleans())
def test_each_framing_opens_what_the_other_sealed(suite: Suite, secret: bytes, message: bytes, encrypted: bool) -> None:
    near, far = both(suite, secret), both(suite, secret, THEIRS, OURS)
    for sender, receiver in (near, far[::-1]), (near[::-1], far):
        opened = receiver[0].open(sender[0].seal(message, 1, encrypted=encrypted))
        assert opened is not None
        assert (opened.message, opened.payload_type, opened.encrypted) == (message, 1, encrypted)


@given(suites, messages, st.data())
def test_both_framings_judge_a_damaged_packet_alike(suite: Suite, message: bytes, data: st.DataObject) -> None:
    (own, peer), sender = both(suite, b"s" * 20), both(suite, b"s" * 20, THEIRS, OURS)[0]
    packet = bytearray(sender.seal(message))
    at = data.draw(st.integers(4, len(packet) - 1))
    packet[at] ^= data.draw(st.integers(1, 255))
    cut = bytes(packet[: data.draw(st.sampled_from([at, len(packet)]))])
    assert own.open(cut) is None
    assert peer.open(cut) is None


@given(suites, st.lists(messages, min_size=2, max_size=6))
def test_packets_are_opened_in_any_order_and_more_than_once(suite: Suite, sent: list[bytes]) -> None:
    receiver, sender = both(suite, b"s" * 20)[0], both(suite, b"s" * 20, THEIRS, OURS)[0]
    packets = [(message, sender.seal(message)) for message in sent]
    for message, packet in [*reversed(packets), *packets]:
        opened = receiver.open(packet)
        assert opened is not None
        assert opened.message == message


@given(st.binary(min_size=1, max_size=300), st.sampled_from([0x00, 0x11, 0x13, 0x15]))
def test_both_framings_write_the_same_outside_a_session(payload: bytes, kind: int) -> None:
    own, peer = framing.outside(), pyghmi_seam.outside()
    assert own.plain(kind, payload) == peer.plain(kind, payload)
    assert own.classic(payload[:255]) == peer.classic(payload[:255])


@pytest.mark.parametrize("size", [8, 36, 64, 80, 108])  # frames of 56, 84, 112, 128 and 156 bytes
def test_an_ipmi_1_5_frame_of_an_unlucky_length_is_padded_as_pyghmi_pads_it(size: int) -> None:
    packet = framing.outside().classic(bytes(size))
    assert packet == pyghmi_seam.outside().classic(bytes(size))
    assert len(packet) == 14 + size + 1


def test_no_two_packets_have_the_same_iv() -> None:
    sender = both(SUITES[3], b"s" * 20)[0]
    assert len({sender.seal(b"x")[16:32] for _ in range(100)}) == 100


def test_a_payload_that_is_no_whole_number_of_blocks_is_refused_though_authentic() -> None:
    (own, peer), sender = both(SUITES[3], b"s" * 20), both(SUITES[3], b"s" * 20, THEIRS, OURS)[0]
    sender._encrypt = lambda text: text[:-3]
    packet = sender.seal(b"message")
    assert own.open(packet) is None
    assert peer.open(packet) is None


def test_the_sequence_number_wraps_past_zero() -> None:
    sender = both(SUITES[3], b"s" * 20)[0]
    sender.sequencenumber = 0xFFFFFFFF
    assert [sender.seal(b"x")[10:14] for _ in range(2)] == [b"\xff\xff\xff\xff", b"\x01\x00\x00\x00"]


def test_the_environment_chooses_the_framing(monkeypatch: pytest.MonkeyPatch) -> None:
    assert wire.chosen() is framing
    monkeypatch.setenv(wire.CHOICE, "pyghmi")
    assert wire.chosen() is pyghmi_seam
