"""Logging in: the handshake against a client written from the specification, and every way to be refused."""

from __future__ import annotations

import dataclasses

import pytest

from emulators.bmc.lan import Policy, Sessions
from emulators.bmc.rmcp_lockout import LockoutRule
from tests.emulators.bmc.lan_toy import SUITES, ToyBmc, ToyClient, ToySuite, ToyUser, checksum, classic, ipmi, plain

ADDRESS = ("127.0.0.1", 50000)


def sessions(**policy: object) -> Sessions:
    return Sessions(ToyBmc(), policy=dataclasses.replace(Policy(), **policy))  # type: ignore[arg-type]


def only(answers: list[object]) -> bytes:
    [answer] = answers
    return bytes(answer.data)  # type: ignore[attr-defined]


# -- before a session


def test_a_presence_ping_is_answered_with_ipmi_supported() -> None:
    ping = bytes.fromhex("0600ff06 000011be 80 2a 00 00")
    answer = only(list(sessions().receive(ping, ADDRESS, 0)))
    assert answer.hex() == "0600ff06000011be402a0010" + "000011be" + "00000000" + "8100" + "00" * 6


def test_authentication_capabilities_offer_rmcp_plus_and_nothing_older() -> None:
    request = classic(ipmi(0x06, 0x38, b"\x8e\x04"))
    answer = only(list(sessions().receive(request, ADDRESS, 0)))
    message = bytes.fromhex("811c63200438 00 01800402 00000000")
    assert answer == classic(message + bytes([checksum(message[3:])]))


def test_a_client_that_knows_only_ipmi_1_5_is_offered_no_authentication_type() -> None:
    answer = only(list(sessions().receive(classic(ipmi(0x06, 0x38, b"\x0e\x04")), ADDRESS, 0)))
    assert answer[14 + 7 : 14 + 11] == bytes([1, 0, 4, 0])


@pytest.mark.parametrize("suites", [{3}, {17}, {3, 17}])
def test_the_cipher_suites_listed_are_those_of_the_policy(suites: set[int]) -> None:
    records = {3: bytes.fromhex("c003014181"), 17: bytes.fromhex("c011034481")}
    layer = sessions(suites=frozenset(suites))
    for frame, start in ((classic, 14), (lambda m: plain(0, m), 16)):
        answer = only(list(layer.receive(frame(ipmi(0x06, 0x54, b"\x0e\x00\x80")), ADDRESS, 0)))
        assert answer[start + 6 : -1] == b"\x00\x01" + b"".join(records[n] for n in sorted(suites))
        beyond = only(list(layer.receive(frame(ipmi(0x06, 0x54, b"\x0e\x00\x81")), ADDRESS, 0)))
        assert beyond[start + 6 : -1] == b"\x00\x01"


def test_the_guid_can_be_asked_without_a_session_and_nothing_else_of_the_bmc_can() -> None:
    bmc = ToyBmc()
    layer = Sessions(bmc)
    assert only(list(layer.receive(plain(0, ipmi(0x06, 0x37)), ADDRESS, 0)))[16 + 7 : -1] == bmc.guid
    refused = only(list(layer.receive(classic(ipmi(0x00, 0x02, b"\x00")), ADDRESS, 0)))
    assert refused[14 + 6] == 0xD4
    assert [(netfn, command) for netfn, _, command, *_ in bmc.ran] == [(0x06, 0x37)]


@pytest.mark.parametrize("command", [0x39, 0x3A])
def test_ipmi_1_5_logins_are_not_supported(command: int) -> None:
    assert only(list(sessions().receive(classic(ipmi(0x06, command, bytes(17))), ADDRESS, 0)))[14 + 6] == 0xC1


# -- the login


@pytest.mark.parametrize("suite", [3, 17])
def test_a_login_succeeds_and_commands_run_with_the_privilege_asked_for(suite: int) -> None:
    bmc = ToyBmc()
    client = ToyClient(Sessions(bmc), suite=suite).admin()
    assert client.command(0x06, 0x01)[0] == 0
    assert bmc.ran == [(0x06, 0, 0x01, b"", 4, 1)]
    assert bmc.sessions[0].user_name == b"ADMIN"


@pytest.mark.parametrize("step", ["open", "rakp1", "rakp3"])
def test_a_retransmitted_message_of_the_login_gets_the_same_answer_and_the_login_goes_on(step: str) -> None:
    layer = sessions()
    client = ToyClient(layer)
    request = client.open_request()
    client.open()
    if step == "open":
        assert client.ask(0x10, request)[8:12] == client.managed_id
    assert client.exchange() == 0
    if step == "rakp1":
        assert client.ask(0x12, client.rakp1())[8:24] == client.bmc_random
    assert client.prove() == 0
    if step == "rakp3":
        assert client.ask(0x14, client.rakp3())[1] == 0
    assert client.command(0x06, 0x01)[0] == 0
    assert len(layer.active) == 1


def test_clients_with_the_same_session_id_and_address_do_not_meet() -> None:
    """ipmitool's console session id is a constant, and ports are used again."""
    layer = sessions()
    first, second = ToyClient(layer).admin(), ToyClient(layer, role=2).login()
    assert first.managed_id != second.managed_id
    assert first.command(0x06, 0x3B, b"\x00") == (0, b"\x04")
    assert second.command(0x06, 0x3B, b"\x00") == (0, b"\x02")


def test_two_bmcs_in_one_process_do_not_answer_for_each_other() -> None:
    one, other = ToyBmc(), ToyBmc(guid=b"another BMC here")
    ToyClient(Sessions(one)).admin().command(0x06, 0x01)
    client = ToyClient(Sessions(other), guid=other.guid).admin()
    assert client.command(0x06, 0x37) == (0, other.guid)
    assert len(one.ran) == 1


def test_two_logins_at_once_from_one_address_both_succeed() -> None:
    layer = sessions()
    one = ToyClient(layer, console_id=b"one1")
    two = ToyClient(layer, console_id=b"two2", suite=17)
    for client in (one, two):
        client.open()
    for client in (two, one):
        assert client.exchange() == 0
    for client in (one, two):
        assert client.prove() == 0
    assert len(layer.active) == 2


# -- refusals


@pytest.mark.parametrize(
    ("algorithms", "status"),
    [((0, 0, 0), 0x04), ((1, 2, 1), 0x05), ((1, 1, 2), 0x10), ((3, 1, 1), 0x11), ((1, 0, 1), 0x05), ((1, 1, 0), 0x10)],
)
def test_no_other_combination_of_algorithms_opens_a_session(algorithms: tuple[int, int, int], status: int) -> None:
    layer = sessions()
    client = ToyClient(layer)
    client.suite = ToySuite(algorithms, "sha1", 12)
    answer = client.ask(0x10, client.open_request())
    assert answer == bytes([7, status, 0, 0]) + client.console_id


def test_a_suite_that_the_policy_does_not_list_is_refused() -> None:
    client = ToyClient(sessions(suites=frozenset({3})), suite=17)
    assert client.ask(0x10, client.open_request())[1] == 0x04


def test_a_client_that_leaves_the_choice_gets_the_strongest_suite() -> None:
    client = ToyClient(sessions())
    request = bytearray(client.open_request())
    for field in (8, 16, 24):
        request[field + 3] = 0
    answer = client.ask(0x10, bytes(request))
    assert (answer[1], answer[16], answer[24], answer[32]) == (0, *SUITES[17].algorithms)


def refused_rakp1(client: ToyClient) -> int:
    client.open()
    return client.ask(0x12, client.rakp1())[1]


@pytest.mark.parametrize("name", [b"nobody", b"gone", b"", b"\xff\xfe\xfd"])
def test_an_unknown_disabled_or_nameless_user_is_an_unauthorized_name(name: bytes) -> None:
    assert refused_rakp1(ToyClient(sessions(), name, b"x")) == 0x0D


@pytest.mark.parametrize("role", [0, 5, 6, 15])
def test_a_role_that_is_none_is_an_invalid_role(role: int) -> None:
    assert refused_rakp1(ToyClient(sessions(), role=role)) == 0x09


def test_a_role_above_the_users_limit_is_unauthorized() -> None:
    assert refused_rakp1(ToyClient(sessions(), b"reader", b"reader", role=4)) == 0x0A


def test_a_lookup_by_name_and_privilege_does_not_find_the_user_of_a_lower_privilege() -> None:
    assert refused_rakp1(ToyClient(sessions(), b"reader", b"reader", role=4, lookup=0)) == 0x0D


def test_a_role_above_the_channels_limit_is_unauthorized() -> None:
    assert refused_rakp1(ToyClient(sessions(privilege_limit=lambda: 3), role=4)) == 0x0A


def test_a_user_without_access_or_messaging_is_an_unauthorized_name() -> None:
    bmc = ToyBmc()
    bmc.users.all += [ToyUser(5, b"none", b"x", privilege=15), ToyUser(6, b"mute", b"x", ipmi_messaging=False)]
    for name in (b"none", b"mute"):
        assert refused_rakp1(ToyClient(Sessions(bmc), name, b"x", role=2)) == 0x0D


def test_a_name_longer_than_its_packet_or_than_16_bytes_is_an_invalid_length() -> None:
    client = ToyClient(sessions())
    client.open()
    payload = bytearray(client.rakp1())
    payload[27] = 16
    assert client.ask(0x12, bytes(payload))[1] == 0x0C
    assert refused_rakp1(ToyClient(sessions(), b"a" * 17)) == 0x0C


def test_a_wrong_password_is_an_invalid_integrity_check_and_opens_nothing() -> None:
    layer = sessions()
    client = ToyClient(layer)
    client.open()
    assert client.exchange() == 0
    client.password = b"wrong"
    assert client.prove() == 0x0F
    assert layer.active == {}
    client.password = b"secret"
    assert client.prove() == 0x02, "the half-open session is gone: the client has to begin anew"


def test_after_a_refused_user_name_the_same_handshake_cannot_be_finished() -> None:
    client = ToyClient(sessions())
    client.open()
    assert client.exchange() == 0
    client.name = b"nobody"
    assert client.ask(0x12, client.rakp1())[1] == 0x0D
    client.name = b"ADMIN"
    assert client.prove() == 0x02


@pytest.mark.parametrize("message", ["rakp1", "rakp3"])
def test_a_session_id_that_was_never_given_is_invalid(message: str) -> None:
    client = ToyClient(sessions())
    client.open()
    assert client.exchange() == 0
    client.managed_id = b"none"
    kind = {"rakp1": 0x12, "rakp3": 0x14}[message]
    assert client.ask(kind, getattr(client, message)())[1] == 0x02


def test_nobody_at_another_address_can_go_on_with_a_login() -> None:
    client = ToyClient(sessions())
    client.open()
    client.address = ("127.0.0.9", 1)
    assert client.ask(0x12, client.rakp1())[1] == 0x02


def test_a_proof_before_any_name_is_refused() -> None:
    client = ToyClient(sessions())
    client.open()
    client.bmc_random = bytes(16)
    assert client.ask(0x14, client.rakp3())[1] == 0x02


# -- caps and lock-outs


def test_a_full_session_table_refuses_and_a_closed_session_makes_room() -> None:
    layer = sessions(slots=2)
    first, _ = (ToyClient(layer, console_id=bytes([1, 2, 3, n])).admin() for n in (1, 2))
    third = ToyClient(layer, console_id=b"\x01\x02\x03\x03")
    assert third.ask(0x10, third.open_request())[1] == 0x01
    assert first.command(0x06, 0x3C, first.managed_id)[0] == 0
    third.admin()


def test_ghosts_fill_the_table_until_the_bmc_restarts() -> None:
    bmc = ToyBmc()
    layer = Sessions(bmc)
    layer.ghosts = layer.policy.slots
    client = ToyClient(layer)
    assert client.ask(0x10, client.open_request())[1] == 0x01
    bmc.generation += 1
    ToyClient(layer).admin()


def test_half_open_sessions_never_keep_a_client_out() -> None:
    layer = sessions(slots=4, half_open=4)
    for n in range(1, 100):
        ToyClient(layer, console_id=n.to_bytes(4, "little")).open()
    ToyClient(layer).admin()


def test_a_login_that_finds_the_last_slot_taken_meanwhile_is_refused() -> None:
    layer = sessions(slots=1)
    slow, quick = ToyClient(layer, console_id=b"slow"), ToyClient(layer, console_id=b"fast")
    slow.open()
    assert slow.exchange() == 0
    quick.admin()
    assert slow.prove() == 0x01


def test_a_half_open_session_is_forgotten_after_a_minute() -> None:
    client = ToyClient(sessions())
    client.open()
    client.now = 61.0
    assert client.ask(0x12, client.rakp1())[1] == 0x02


def test_bad_passwords_lock_the_user_out_for_a_while_and_nobody_else() -> None:
    layer = sessions(lockout=LockoutRule(attempts=2, within_s=60, locked_s=300))
    for _ in range(2):
        client = ToyClient(layer)
        client.open()
        assert client.exchange() == 0
        client.password = b"wrong"
        assert client.prove() == 0x0F
    assert refused_rakp1(ToyClient(layer)) == 0x0D
    ToyClient(layer, b"reader", b"reader", role=2).login()
    ToyClient(layer, now=301.0).admin()


def test_a_restart_of_the_bmc_lifts_lockouts() -> None:
    bmc = ToyBmc()
    layer = Sessions(bmc)
    layer.lockouts.lock(b"ADMIN", 1e9)
    assert refused_rakp1(ToyClient(layer)) == 0x0D
    bmc.generation += 1
    ToyClient(layer).admin()


def test_with_a_group_key_both_secrets_are_needed() -> None:
    layer = sessions(group_key=lambda: b"k" * 20)
    client = ToyClient(layer)
    client.open()
    assert client.exchange() == 0
    client.ask(0x14, client.rakp3())
    password, client.password = client.password, b"k" * 20
    client.take_keys()
    client.password = password
    assert client.command(0x06, 0x01)[0] == 0
    answer = only(list(layer.receive(classic(ipmi(0x06, 0x38, b"\x8e\x04")), ADDRESS, 0)))
    assert answer[14 + 9] & 0x20
