"""In a session: privilege, replays, duplicates, closing, expiry, darkness, and who may ask what about sessions."""

from __future__ import annotations

import dataclasses

import pytest
from hypothesis import given
from hypothesis import strategies as st

from emulators.bmc.lan import Policy, Sessions
from emulators.bmc.rmcp_session import Window
from tests.emulators.bmc.lan_toy import HOME, ToyBmc, ToyClient, classic, ipmi, plain


def runs(bmc: ToyBmc, netfn: int = 0x30) -> int:
    return sum(1 for ran in bmc.ran if ran[0] == netfn)


# -- privilege


def test_a_session_begins_as_a_user_whatever_its_role() -> None:
    bmc = ToyBmc()
    client = ToyClient(Sessions(bmc)).login()
    client.command(0x30, 0x01)
    assert bmc.ran[-1][4] == 2


def test_the_privilege_cannot_be_raised_above_the_role_asked_for_at_login() -> None:
    client = ToyClient(Sessions(ToyBmc()), role=2).login()
    assert client.command(0x06, 0x3B, b"\x04") == (0x81, b"")
    assert client.command(0x06, 0x3B, b"\x00") == (0, b"\x02")


def test_the_privilege_can_be_lowered_and_each_command_runs_with_it() -> None:
    bmc = ToyBmc()
    client = ToyClient(Sessions(bmc)).admin()
    for level in (3, 2, 4):
        assert client.command(0x06, 0x3B, bytes([level])) == (0, bytes([level]))
        client.command(0x30, 0x01)
        assert bmc.ran[-1][4] == level


@pytest.mark.parametrize(("data", "code"), [(b"\x01", 0xCC), (b"\x06", 0xCC), (b"", 0xC7), (b"\x02\x02", 0xC7)])
def test_a_level_that_is_none_is_refused(data: bytes, code: int) -> None:
    assert ToyClient(Sessions(ToyBmc())).login().command(0x06, 0x3B, data) == (code, b"")


def test_the_lun_is_passed_on() -> None:
    bmc = ToyBmc()
    ToyClient(Sessions(bmc)).login().command(0x30, 0x01, b"xyz", lun=3)
    assert bmc.ran == [(0x30, 3, 0x01, b"xyz", 2, 1)]


def test_the_answer_carries_the_targets_delay() -> None:
    client = ToyClient(Sessions(ToyBmc())).login()
    [answer] = client.raw(client.packet(0x30, 0x02))
    assert answer.delay_s == 10.0


# -- replays


def test_a_duplicated_datagram_runs_its_command_once_and_is_answered_again() -> None:
    bmc = ToyBmc()
    client = ToyClient(Sessions(bmc)).admin()
    packet = client.packet(0x30, 0x01)
    answers = [client.reply(client.raw(packet)[0]) for _ in range(3)]
    assert runs(bmc) == 1
    assert answers == [answers[0]] * 3


def test_a_request_retried_in_a_new_packet_runs_once() -> None:
    """ipmitool retries with the same request sequence in a packet of a new session sequence."""
    bmc = ToyBmc()
    client = ToyClient(Sessions(bmc)).admin()
    message = ipmi(0x30, 0x01, sequence=5)
    answers = [client.reply(client.raw(client.seal(message))[0]) for _ in range(3)]
    assert runs(bmc) == 1
    assert answers == [answers[0]] * 3


def test_a_slow_command_is_not_run_again_by_the_retries_that_come_meanwhile() -> None:
    bmc = ToyBmc()
    client = ToyClient(Sessions(bmc)).admin()
    message = ipmi(0x30, 0x02, sequence=5)
    for client.now in (0.0, 1.0, 3.0, 6.0, 10.0, 15.0):
        [answer] = client.raw(client.seal(message))
        assert answer.delay_s == 10.0
    assert runs(bmc) == 1


def test_the_same_command_in_a_new_request_runs_again() -> None:
    bmc = ToyBmc()
    client = ToyClient(Sessions(bmc)).admin()
    assert client.command(0x30, 0x01) != client.command(0x30, 0x01)
    assert runs(bmc) == 2


def test_a_client_that_never_changes_its_request_sequence_is_not_served_stale_answers_for_ever() -> None:
    bmc = ToyBmc()
    client = ToyClient(Sessions(bmc)).admin()
    for client.now in (10.0, 21.0):
        client.raw(client.seal(ipmi(0x30, 0x01, sequence=0)))
    assert runs(bmc) == 2


def test_a_request_that_got_no_answer_runs_when_it_is_retried() -> None:
    bmc = ToyBmc()
    client = ToyClient(Sessions(bmc)).admin()
    for _ in range(2):
        assert client.raw(client.seal(ipmi(0x30, 0x03, sequence=9))) == []
    assert runs(bmc) == 2


def test_packets_out_of_order_run_within_the_window_and_not_behind_it() -> None:
    bmc = ToyBmc()
    client = ToyClient(Sessions(bmc)).login()
    packets = [client.packet(0x30, 0x01) for _ in range(40)]
    assert client.raw(packets[39]) != []
    assert client.raw(packets[8]) != []
    assert client.raw(packets[7]) == []
    assert runs(bmc) == 2


def test_a_replay_from_another_address_is_neither_run_nor_answered() -> None:
    bmc = ToyBmc()
    client = ToyClient(Sessions(bmc)).login()
    packet = client.packet(0x30, 0x01)
    client.raw(packet)
    client.address = ("127.0.0.66", 666)
    assert client.raw(packet) == []
    assert runs(bmc) == 1


def test_a_session_follows_its_client_to_another_port() -> None:
    client = ToyClient(Sessions(ToyBmc())).login()
    client.address = ("127.0.0.1", 40001)
    [answer] = client.raw(client.packet(0x30, 0x01))
    assert answer.address == ("127.0.0.1", 40001)


@given(st.lists(st.integers(1, 120), max_size=80))
def test_the_window_admits_a_number_at_most_once_and_every_new_one_of_the_last_32(numbers: list[int]) -> None:
    window, admitted, highest = Window(), set[int](), 0
    for number in numbers:
        expected = number not in admitted and number > highest - 32
        assert window.admit(number) == expected
        if expected:
            admitted.add(number)
            highest = max(highest, number)


def test_the_window_goes_on_past_the_last_number_and_never_admits_zero() -> None:
    window = Window()
    assert [window.admit(n) for n in (1, 0x7FFFFFFF, 0xFFFFFFFE, 0xFFFFFFFF, 0, 1, 0xFFFFFFFF, 2)] == [
        True, True, True, True, False, True, False, True,
    ]  # fmt: skip


# -- others cannot disturb


def test_an_ipmi_1_5_packet_with_the_sessions_id_or_none_does_not_disturb_it() -> None:
    layer = Sessions(ToyBmc())
    client = ToyClient(layer).admin()
    number = int.from_bytes(client.managed_id, "little")
    for session_id, sequence in ((number, 1), (number, 0xFFFFFFFF), (0, 0), (0, 5)):
        for auth in (0, 2, 4):
            packet = bytearray(classic(ipmi(0x06, 0x3C, client.managed_id), session_id=session_id, sequence=sequence))
            packet[4] = auth
            answers = client.raw(bytes(packet))
            assert len(answers) == (auth == session_id == sequence == 0), (
                "only a packet outside any session is answered"
            )
    assert client.command(0x06, 0x01)[0] == 0


def test_an_unsealed_packet_with_the_sessions_id_is_ignored() -> None:
    client = ToyClient(Sessions(ToyBmc())).admin()
    packet = bytearray(plain(0, ipmi(0x06, 0x3C, client.managed_id)))
    packet[6:10] = client.managed_id
    for flags in (0x00, 0x40, 0x80, 0xC0):
        packet[5] = flags
        assert client.raw(bytes(packet)) == []
    assert client.command(0x06, 0x01)[0] == 0


def test_an_old_open_session_request_does_not_disturb_the_session() -> None:
    client = ToyClient(Sessions(ToyBmc())).admin()
    for payload_type, payload in ((0x10, client.open_request()), (0x12, client.rakp1()), (0x14, client.rakp3())):
        client.raw(plain(payload_type, payload))
    assert client.command(0x06, 0x01)[0] == 0


# -- the end of a session


def test_close_session_really_closes() -> None:
    layer = Sessions(ToyBmc())
    client = ToyClient(layer).admin()
    assert client.command(0x06, 0x3C, client.managed_id) == (0, b"")
    assert layer.active == {}
    assert client.raw(client.packet(0x06, 0x01)) == []


def test_only_an_administrator_closes_the_session_of_another() -> None:
    layer = Sessions(ToyBmc())
    victim = ToyClient(layer, console_id=b"vict").admin()
    reader = ToyClient(layer, b"reader", b"reader", role=2).login()
    assert reader.command(0x06, 0x3C, victim.managed_id) == (0xD4, b"")
    assert victim.command(0x06, 0x01)[0] == 0
    boss = ToyClient(layer, console_id=b"boss").admin()
    assert boss.command(0x06, 0x3C, victim.managed_id) == (0, b"")
    assert victim.raw(victim.packet(0x06, 0x01)) == []


@pytest.mark.parametrize(("data", "code"), [(b"none", 0x87), (bytes(4) + b"\x09", 0x88), (b"", 0xC7)])
def test_closing_what_is_not_there_is_refused(data: bytes, code: int) -> None:
    assert ToyClient(Sessions(ToyBmc())).admin().command(0x06, 0x3C, data) == (code, b"")


def test_an_idle_session_ends_after_a_minute_and_a_used_one_lives_on() -> None:
    client = ToyClient(Sessions(ToyBmc())).admin()
    for client.now in (59.0, 118.0):
        assert client.command(0x06, 0x01)[0] == 0
    client.now = 179.0
    assert client.raw(client.packet(0x06, 0x01)) == []


def test_replays_do_not_keep_a_session_alive() -> None:
    client = ToyClient(Sessions(ToyBmc())).admin()
    packet = client.packet(0x06, 0x01)
    for client.now in (0.0, 50.0, 59.0):
        client.raw(packet)
    client.now = 61.0
    assert client.raw(client.packet(0x06, 0x01)) == []


def test_a_dark_bmc_answers_nothing_at_all() -> None:
    bmc = ToyBmc()
    layer = Sessions(bmc)
    client = ToyClient(layer).admin()
    bmc.answering = False
    ping = bytes.fromhex("0600ff06000011be802a0000")
    for datagram in (ping, classic(ipmi(0x06, 0x38, b"\x8e\x04")), client.packet(0x06, 0x01), plain(0x10, bytes(32))):
        assert layer.receive(datagram, HOME, 0) == []


def test_a_bmc_that_no_cable_reaches_answers_nothing_and_keeps_its_sessions() -> None:
    plugged = True
    layer = Sessions(ToyBmc(), reachable=lambda: plugged)
    client = ToyClient(layer).admin()
    plugged = False
    assert client.raw(client.packet(0x06, 0x01)) == []
    plugged = True
    assert client.command(0x06, 0x01)[0] == 0


def test_sessions_and_logins_of_an_older_boot_are_gone() -> None:
    bmc = ToyBmc()
    layer = Sessions(bmc)
    client, slow = ToyClient(layer).admin(), ToyClient(layer, console_id=b"slow")
    slow.open()
    bmc.generation += 1
    assert client.raw(client.packet(0x06, 0x01)) == []
    assert slow.ask(0x12, slow.rakp1())[1] == 0x02


def test_the_answer_to_the_command_that_resets_the_bmc_still_leaves() -> None:
    class Resetting(ToyBmc):
        def handle(self, *args, **kwargs):  # type: ignore[no-untyped-def]
            reply = super().handle(*args, **kwargs)
            self.answering = False
            return reply

    client = ToyClient(Sessions(Resetting())).admin()
    assert client.command(0x30, 0x01)[0] == 0
    assert client.raw(client.packet(0x30, 0x01)) == []


# -- session info


def test_session_info_tells_slots_and_active_sessions_and_who_asks() -> None:
    layer = Sessions(ToyBmc(), policy=dataclasses.replace(Policy(), slots=5))
    client = ToyClient(layer).admin()
    ToyClient(layer, b"reader", b"reader", role=2, address=("10.0.0.7", 7)).login()
    mine = bytes([1, 5, 2, 2, 4, 0x11, 127, 0, 0, 1]) + bytes(6) + (40000).to_bytes(2, "little")
    assert client.command(0x06, 0x3D, b"\x00") == (0, mine)
    assert client.command(0x06, 0x3D, b"\x01") == (0, mine)
    assert client.command(0x06, 0x3D, b"\xfe\x01") == (0, mine)
    assert client.command(0x06, 0x3D, b"\xff" + client.managed_id) == (0, mine)
    other = bytes([2, 5, 2, 3, 2, 0x11, 10, 0, 0, 7]) + bytes(6) + b"\x07\x00"
    assert client.command(0x06, 0x3D, b"\x02") == (0, other)
    assert client.command(0x06, 0x3D, b"\x03") == (0, bytes([0, 5, 2]))


def test_the_freed_handle_of_a_closed_session_is_given_again() -> None:
    layer = Sessions(ToyBmc())
    first, second = (ToyClient(layer, console_id=bytes([9, 9, 9, n])).admin() for n in (1, 2))
    first.command(0x06, 0x3C, first.managed_id)
    third = ToyClient(layer).admin()
    assert [third.command(0x06, 0x3D, b"\x00")[1][0], second.command(0x06, 0x3D, b"\x00")[1][0]] == [1, 2]


def test_messages_that_are_no_requests_to_the_bmc_are_ignored() -> None:
    bmc = ToyBmc()
    client = ToyClient(Sessions(bmc)).login()
    good = ipmi(0x30, 0x01)
    responses = ipmi(0x31, 0x01)
    to_another = bytes([0x22]) + good[1:2] + bytes([good[2] - 2 & 0xFF]) + good[3:]
    damaged = good[:-1] + bytes([good[-1] ^ 1])
    damaged_head = good[:2] + bytes([good[2] ^ 1]) + good[3:]
    for message in (responses, to_another, damaged, damaged_head, good[:6], b"\x00"):
        assert client.raw(client.seal(message)) == []
    assert bmc.ran == []
