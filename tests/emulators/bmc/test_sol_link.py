"""SOL packets and their acknowledgements, retries and flow control, without sessions or sockets."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from emulators.bmc import sol_packet
from emulators.bmc.sol_link import CHARACTERS, SolLink, Timing
from emulators.bmc.sol_packet import SolPacket
from tests.emulators.bmc.sol_toy import Sol, ToyLine, fields

NACK, UNAVAILABLE, OVERRUN = 0x40, 0x20, 0x08
BREAK, PAUSE, FLUSH_OUTBOUND = 0x10, 0x08, 0x01


def made(**timing: float) -> tuple[ToyLine, SolLink]:
    line = ToyLine(bytearray(b"from before"))
    return line, SolLink(line, Timing(**timing))  # type: ignore[arg-type]  # each test names the field it sets


def poll(link: SolLink, now: float) -> list[Sol]:
    return [fields(payload) for payload in link.poll(now)]


def receive(link: SolLink, payload: bytes, now: float = 0.0) -> list[Sol]:
    return [fields(answer) for answer in link.receive(payload, now)]


def ack(sequence: int, accepted: int, flags: int = 0) -> bytes:
    return bytes([0, sequence, accepted, flags])


# -- the codec


def test_a_packet_is_these_bytes() -> None:
    assert SolPacket(3, 15, 7, 0x60, b"ab").build() == bytes.fromhex("030f07606162")


@given(st.integers(0, 15), st.integers(0, 15), st.integers(0, 255), st.integers(0, 255), st.binary(max_size=255))
def test_what_is_built_is_parsed_again(
    sequence: int, acknowledges: int, accepted: int, flags: int, data: bytes
) -> None:
    built = SolPacket(sequence, acknowledges, accepted, flags, data)
    assert sol_packet.parse(built.build()) == built


@given(st.binary(max_size=3))
def test_a_cut_header_is_no_packet(payload: bytes) -> None:
    assert sol_packet.parse(payload) is None
    assert made()[1].receive(payload, 0.0) == []


def test_sequence_numbers_go_from_15_to_1() -> None:
    line, link = made(threshold=1)
    seen = []
    for now in range(17):
        line.written += b"x"
        [sent] = poll(link, float(now))
        seen.append(sent.sequence)
        receive(link, ack(sent.sequence, 1), float(now))
    assert seen == [*range(1, 16), 1, 2]


# -- the console's output


def test_only_what_is_written_after_the_activation_is_shown() -> None:
    line, link = made()
    assert (poll(link, 0.0), link.wake()) == ([], None)
    line.written += b"new" * 40
    assert [sent.data for sent in poll(link, 0.0)] == [b"new" * 40]


def test_few_characters_wait_for_more_and_many_go_at_once() -> None:
    line, link = made(accumulate_s=0.06, threshold=96)
    line.written += b"few"
    assert (poll(link, 5.0), link.wake()) == ([], 5.06)
    line.written += b"er"
    assert poll(link, 5.05) == []
    assert poll(link, 5.06) == [Sol(1, 0, 0, 0, b"fewer")]
    line.written += b"x" * 1000
    receive(link, ack(1, 5), 5.1)
    assert [len(sent.data) for sent in poll(link, 5.1)] == [CHARACTERS]


def test_one_packet_is_under_way_at_a_time() -> None:
    line, link = made()
    line.written += b"x" * 1000
    assert len(poll(link, 0.0)) == 1
    assert poll(link, 0.1) == []
    receive(link, ack(1, CHARACTERS), 0.2)
    assert [sent.sequence for sent in poll(link, 0.2)] == [2]


def test_a_lost_packet_is_sent_again_as_it_was_and_given_up_after_the_retries() -> None:
    line, link = made(retries=2, retry_s=0.5, threshold=1)
    line.written += b"lost"
    first = poll(link, 0.0)
    assert (poll(link, 0.49), link.wake()) == ([], 0.5)
    line.written += b"and more"
    assert poll(link, 0.5) == poll(link, 1.0) == first == [Sol(1, 0, 0, 0, b"lost")]
    assert poll(link, 1.5) == [], "no retry is left"
    assert poll(link, 1.5) == [Sol(2, 0, 0, 0, b"and more")]


def test_an_acknowledgement_of_a_part_brings_the_rest_in_a_new_packet() -> None:
    line, link = made(threshold=1)
    line.written += b"abcdef"
    poll(link, 0.0)
    receive(link, ack(1, 2), 0.1)
    assert poll(link, 0.1) == [Sol(2, 0, 0, 0, b"cdef")]


def test_a_nack_is_answered_after_a_pause_and_not_in_a_storm() -> None:
    line, link = made(threshold=1, retry_s=0.5)
    line.written += b"abcdef"
    poll(link, 0.0)
    receive(link, ack(1, 0, NACK), 0.1)
    assert (poll(link, 0.2), link.wake()) == ([], 0.6)
    assert poll(link, 0.6) == [Sol(2, 0, 0, 0, b"abcdef")]


def test_an_acknowledgement_of_another_packet_is_none() -> None:
    line, link = made(threshold=1)
    line.written += b"abc"
    poll(link, 0.0)
    receive(link, ack(2, 3), 0.1)
    assert poll(link, 0.5) == [Sol(1, 0, 0, 0, b"abc")]


def test_a_console_that_pauses_us_gets_nothing_until_it_lets_go() -> None:
    line, link = made(threshold=1)
    receive(link, bytes([0, 0, 0, PAUSE]))
    line.written += b"held"
    assert (poll(link, 1.0), link.wake()) == ([], None)
    receive(link, bytes([0, 0, 0, 0]))
    assert poll(link, 1.0) == [Sol(1, 0, 0, 0, b"held")]


def test_flushing_drops_what_was_not_sent() -> None:
    line, link = made(threshold=1)
    line.written += b"old"
    receive(link, bytes([0, 0, 0, FLUSH_OUTBOUND]))
    line.written += b"new"
    assert poll(link, 1.0) == [Sol(1, 0, 0, 0, b"new")]


def test_what_the_scrollback_lost_is_told_as_an_overrun() -> None:
    line, link = made(threshold=1)
    line.written += b"x" * 500
    line.lost = len(line.written) - 10
    assert poll(link, 0.0) == [Sol(1, 0, 0, OVERRUN, b"x" * 10)]


# -- typing


def test_what_is_typed_is_acknowledged_with_its_count() -> None:
    line, link = made()
    assert receive(link, b"\x01\0\0\0hello") == [Sol(0, 1, 5, 0, b"")]
    assert line.typed == b"hello"


def test_a_packet_that_comes_twice_is_typed_once_and_answered_twice() -> None:
    line, link = made()
    first = receive(link, b"\x01\0\0\x10ls")
    assert receive(link, b"\x01\0\0\x10ls", 9.0) == first == [Sol(0, 1, 2, 0, b"")]
    assert (bytes(line.typed), line.breaks) == (b"ls", 1)
    receive(link, b"\x02\0\0\0ls")
    assert line.typed == b"lsls", "the same characters in a new packet are new"


def test_a_line_with_little_room_takes_a_part_and_a_full_one_nothing() -> None:
    line, link = made()
    line.room = 3
    assert receive(link, b"\x01\0\0\0hello") == [Sol(0, 1, 3, 0, b"")]
    assert receive(link, b"\x02\0\0\0lo") == [Sol(0, 2, 0, NACK, b"")]
    assert line.typed == b"hel"


def test_no_more_is_taken_than_the_payload_size_that_was_granted() -> None:
    line, link = made()
    assert receive(link, b"\x01\0\0\0" + b"x" * 250)[0].accepted == CHARACTERS == len(line.typed)


def test_a_host_that_is_off_takes_no_characters() -> None:
    line, link = made()
    line.powered = False
    assert receive(link, b"\x01\0\0\0x") == [Sol(0, 1, 0, NACK | UNAVAILABLE, b"")]
    assert line.typed == b""


def test_an_empty_packet_is_a_keepalive_and_is_acknowledged() -> None:
    assert receive(made()[1], b"\x05\0\0\0") == [Sol(0, 5, 0, 0, b"")]


# -- whatever comes


@given(
    st.lists(
        st.one_of(
            st.binary(max_size=260),
            st.builds(lambda a, b, c, d: bytes([a, b, c, d]), *[st.integers(0, 15)] * 2, *[st.integers(0, 255)] * 2),
            st.sampled_from([b"output" * 9, b"more" * 60]).map(lambda text: (text,)),
            st.floats(0.0, 2.0),
        ),
        max_size=40,
    )
)
def test_under_noise_nothing_raises_replies_are_bounded_and_the_wake_is_never_in_the_past(events: list[object]) -> None:
    line, link = made()
    now = 0.0
    for event in events:
        match event:
            case bytes():
                assert all(len(answer) == 4 for answer in link.receive(event, now))
            case (bytes() as text,):
                line.written += text
            case float():
                now += event
        while sent := link.poll(now):
            assert len(sent) == 1 and 4 < len(sent[0]) <= CHARACTERS + 4
        link.poll(now)  # a packet that was given up makes room for the next one
        wake = link.wake()
        assert wake is None or wake > now or link.poll(now)


@pytest.mark.parametrize("seed", range(5))
def test_over_a_bad_line_everything_arrives_once_and_in_order(seed: int) -> None:
    import random

    chance = random.Random(seed)
    line, link = made(threshold=1, retries=7, retry_s=0.5)
    text = bytes(chance.randrange(256) for _ in range(3000))
    line.written += text
    shown, last, now = bytearray(), 0, 0.0
    while len(shown) < len(text):
        for sent in poll(link, now):
            if chance.random() < 0.3:
                continue
            if sent.sequence != last:
                shown += sent.data
            last = sent.sequence
            if chance.random() > 0.3:
                link.receive(ack(sent.sequence, len(sent.data)), now)
        now += 0.1
        assert now < 1000
    assert shown == text
