"""Serial over LAN in the session layer: who may activate it, what its packets do, and when it ends."""

from __future__ import annotations

import struct

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from emulators.bmc import payload_access
from emulators.bmc.lan import Sessions
from emulators.bmc.payloads import Payloads, SolSettings
from emulators.bmc.sol_link import Timing
from emulators.server import VirtualServer
from emulators.spec import ServerSpec
from tests.emulators.bmc.lan_toy import ToyBmc, ToyClient
from tests.emulators.bmc.sol_toy import (
    APP,
    OPEN_SOL,
    Sol,
    ToyLine,
    activate,
    deactivate,
    packet,
    poll,
    send,
)

NACK, DEACTIVATED = 0x40, 0x10


class Bench:
    """A toy BMC with a toy line; `rule` is what its SOL parameters say."""

    def __init__(self, rule: SolSettings | None = None, *, allowed: bool = True) -> None:
        self.line, self.bmc, self.here = ToyLine(), ToyBmc(), True
        self.rule = rule or SolSettings(timing=Timing(threshold=1))
        self.payloads = Payloads(self.line, lambda: self.rule, lambda user_id: allowed)
        self.sessions = Sessions(self.bmc, payloads=self.payloads, reachable=lambda: self.here)

    def client(self, **login: object) -> ToyClient:
        return ToyClient(self.sessions, **login).admin()  # type: ignore[arg-type]  # each test names the field it sets

    def activated(self, **login: object) -> ToyClient:
        client = self.client(**login)
        assert activate(client)[0] == 0
        return client


OTHER = ("127.0.0.1", 40001)
PORT = 45678


# -- activation


@pytest.mark.parametrize("suite", [3, 17])
def test_an_activation_tells_sizes_port_and_no_vlan(suite: int) -> None:
    bench = Bench()
    bench.payloads.udp_port = PORT
    code, data = activate(bench.client(suite=suite))
    assert (code, data) == (0, bytes(4) + struct.pack("<HHHH", 200, 200, PORT, 0xFFFF))


def test_a_second_activation_is_refused_as_active_already() -> None:
    bench = Bench()
    first, second = bench.activated(), bench.client(address=OTHER)
    assert activate(second) == (0x80, b"")
    assert activate(first) == (0x80, b"")
    bench.line.written += b"x"
    assert len(poll(first, 0.0)) == 1, "the first one goes on"


@pytest.mark.parametrize(
    ("rule", "allowed", "auxiliary", "code"),
    [
        (SolSettings(enabled=False), True, 0xC6, 0x81),
        (SolSettings(), False, 0xC6, 0x81),
        (SolSettings(force_encryption=True), True, 0x46, 0x84),
        (SolSettings(force_encryption=False), True, 0x46, 0x00),
        (SolSettings(), True, 0x86, 0xCC),
        (SolSettings(privilege=5), True, 0xC6, 0xD4),
    ],
    ids=["disabled", "not this user", "must encrypt", "may be open", "must authenticate", "privilege"],
)
def test_the_settings_decide_who_may_activate(rule: SolSettings, allowed: bool, auxiliary: int, code: int) -> None:
    assert activate(Bench(rule, allowed=allowed).client(), auxiliary)[0] == code


def test_another_instance_or_payload_is_a_wrong_field_and_another_size_a_wrong_length() -> None:
    client = Bench().client()
    assert activate(client, instance=2)[0] == activate(client, kind=2)[0] == deactivate(client, instance=2)[0] == 0xCC
    assert client.command(APP, 0x48, b"\x01\x01")[0] == client.command(APP, 0x4A)[0] == 0xC7


def test_status_and_instance_info_name_the_owner() -> None:
    bench = Bench()
    client = bench.client()
    assert client.command(APP, 0x4A, b"\x01") == (0, b"\x01\0\0")
    assert client.command(APP, 0x4B, b"\x01\x01") == (0, bytes(4) + b"\x01" + bytes(7))
    activate(client)
    assert client.command(APP, 0x4A, b"\x01") == (0, b"\x01\x01\0")
    assert client.command(APP, 0x4B, b"\x01\x01") == (0, client.managed_id + b"\x01" + bytes(7))


def test_a_channel_without_a_console_knows_none_of_it() -> None:
    client = ToyClient(Sessions(ToyBmc())).admin()
    assert [client.command(APP, number, bytes(6))[0] for number in (0x48, 0x49, 0x4A, 0x4B)] == [0xC1] * 4
    assert send(client, b"\x01\0\0\0x") == []
    assert client.sessions.poll(0.0) == []
    assert client.sessions.next_wake() is None


# -- packets


@pytest.mark.parametrize("suite", [3, 17])
def test_typing_and_output_cross_a_session(suite: int) -> None:
    bench = Bench()
    client = bench.activated(suite=suite)
    assert send(client, b"\x01\0\0\0ls\r") == [Sol(0, 1, 3, 0, b"")]
    assert bench.line.typed == b"ls\r"
    bench.line.written += b"file\r\n"
    assert poll(client, 1.0) == [Sol(1, 0, 0, 0, b"file\r\n")]
    assert send(client, b"\0\x01\x06\0") == []
    assert client.sessions.next_wake() is None


def test_an_activation_without_encryption_is_authenticated_and_in_the_clear() -> None:
    bench = Bench(SolSettings(force_encryption=False))
    client = bench.client()
    assert activate(client, 0x46)[0] == 0
    assert send(client, b"\x01\0\0\0open", kind=OPEN_SOL) == [Sol(0, 1, 4, 0, b"")]
    assert b"open" in packet(client, b"\x02\0\0\0open", kind=OPEN_SOL)
    forged = bytearray(packet(client, b"\x02\0\0\0open", kind=OPEN_SOL))
    forged[20] ^= 1
    assert client.raw(bytes(forged)) == []
    assert bench.line.typed == b"open"


def test_an_encrypted_payload_takes_no_clear_packet() -> None:
    bench = Bench()
    client = bench.activated()
    assert client.raw(packet(client, b"\x01\0\0\0x", kind=OPEN_SOL)) == []
    assert bench.line.typed == b""


def test_a_duplicate_of_the_network_and_a_retry_of_the_client_are_typed_once() -> None:
    bench = Bench()
    client = bench.activated()
    once = packet(client, b"\x01\0\0\0ls\r")
    assert [len(client.raw(once)), len(client.raw(once))] == [1, 0]
    assert send(client, b"\x01\0\0\0ls\r") == [Sol(0, 1, 3, 0, b"")], "a retry is acknowledged again"
    assert bench.line.typed == b"ls\r"


def test_a_retry_that_the_network_held_back_is_not_typed_after_newer_packets() -> None:
    bench = Bench()
    client = bench.activated()
    send(client, b"\x01\0\0\0rm x")
    late = packet(client, b"\x01\0\0\0rm x")
    send(client, b"\x02\0\0\0\r")
    assert client.raw(late) == []
    assert bench.line.typed == b"rm x\r"


def test_output_that_was_lost_is_sent_again_in_a_new_packet_of_the_session() -> None:
    bench = Bench()
    client = bench.activated()
    bench.line.written += b"login: "
    [lost] = client.sessions.poll(1.0)
    assert client.sessions.next_wake() == 1.5
    [again] = client.sessions.poll(1.5)
    assert lost.data[10:14] != again.data[10:14]
    assert client.unseal(lost.data, kind=0xC1) == client.unseal(again.data, kind=0xC1) == b"\x01\0\0\0login: "


def test_sol_packets_keep_a_session_from_idling_out() -> None:
    bench = Bench()
    client = bench.activated()
    for sequence in range(1, 6):
        client.now += 50.0
        assert len(send(client, bytes([sequence, 0, 0, 0]))) == 1
    assert bench.sessions.active


def test_packets_of_a_session_that_has_not_the_console_are_refused() -> None:
    bench = Bench()
    bench.activated()
    other = bench.client(address=OTHER)
    assert send(other, b"\x01\0\0\0x") == [Sol(0, 1, 0, NACK | DEACTIVATED, b"")]
    assert send(other, b"\0\x01\0\0") == []
    assert bench.line.typed == b""


# -- the end


def test_deactivating_frees_the_console_and_twice_is_an_error() -> None:
    client = Bench().activated()
    assert [deactivate(client)[0], deactivate(client)[0], activate(client)[0]] == [0, 0x80, 0]


def test_whoever_loses_the_console_to_another_is_told() -> None:
    bench = Bench()
    first, second = bench.activated(), bench.client(address=OTHER)
    assert deactivate(second)[0] == 0
    assert poll(first, 0.0) == [Sol(0, 0, 0, DEACTIVATED, b"")]
    assert activate(second)[0] == 0


def test_it_ends_with_its_session() -> None:
    bench = Bench()
    client = bench.activated()
    assert client.command(APP, 0x3C, client.managed_id)[0] == 0
    bench.line.written += b"nobody sees this"
    assert bench.sessions.poll(0.0) == []
    assert activate(bench.client(address=OTHER))[0] == 0


def test_it_ends_with_an_idle_session() -> None:
    bench = Bench()
    bench.activated()
    bench.line.written += b"x"
    assert len(bench.sessions.poll(59.0)) == 1
    assert bench.sessions.poll(61.0) == []
    assert bench.payloads.active is None


def test_it_ends_when_the_bmc_goes_dark() -> None:
    bench = Bench()
    bench.activated()
    bench.bmc.answering = False
    bench.line.written += b"x"
    assert bench.sessions.poll(0.0) == []
    assert bench.sessions.next_wake() is None, "nobody is woken for a BMC that is dark"
    bench.bmc.answering, bench.bmc.generation = True, 2
    assert activate(bench.client(address=OTHER))[0] == 0


def test_a_cable_that_is_out_loses_output_and_retries_find_it_back() -> None:
    bench = Bench()
    client = bench.activated()
    bench.line.written += b"x"
    bench.here = False
    assert bench.sessions.poll(0.0) == []
    bench.here = True
    assert poll(client, 0.5) == [Sol(1, 0, 0, 0, b"x")]


# -- the virtual server's own settings


def real(**spec: object) -> tuple[VirtualServer, ToyClient]:
    server = VirtualServer(ServerSpec(board="x11ssh-f", **spec))  # type: ignore[arg-type]  # as ServerSpec checks
    sessions = Sessions(server.bmc, payloads=payload_access.for_server(server))
    return server, ToyClient(sessions, password=b"ADMIN", guid=server.guid).admin()


def test_a_virtual_servers_console_is_behind_it() -> None:
    server, client = real()
    assert activate(client)[0] == 0
    send(client, b"\x01\0\0\0root\r")
    assert poll(client, 1.0) == [], "few characters wait for more"
    assert [sent.data for sent in poll(client, 1.06)] == [b"root\r\nPassword: "]
    server.power_off()
    assert send(client, b"\x02\0\0\0x")[0].flags == 0x60


def test_disabling_sol_or_a_users_access_is_obeyed() -> None:
    _, client = real()
    assert client.command(0x0C, 0x21, b"\x01\x01\x00")[0] == 0
    assert activate(client)[0] == 0x81
    client.command(0x0C, 0x21, b"\x01\x01\x01")
    assert client.command(APP, 0x4D, b"\x01\x02") == (0, b"\x02\0\0\0")
    assert client.command(APP, 0x4C, b"\x01\x42\x02\0\0\0")[0] == 0
    assert client.command(APP, 0x4D, b"\x01\x02") == (0, bytes(4))
    assert activate(client)[0] == 0x81
    client.command(APP, 0x4C, b"\x01\x02\x02\0\0\0")
    assert activate(client)[0] == 0


def test_payload_commands_check_channel_user_and_operation() -> None:
    _, client = real()
    assert client.command(APP, 0x4E, b"\x0e") == (0, b"\x03\0\x3f\0\0\0\0\0")
    assert [client.command(APP, 0x4F, bytes([1, kind])) for kind in (0, 1, 0x15)] == [(0, b"\x10")] * 3
    assert client.command(APP, 0x4F, b"\x01\x02")[0] == 0x80
    assert client.command(APP, 0x4E, b"\x05")[0] == client.command(APP, 0x4D, b"\x01\x3f")[0] == 0xCC
    assert client.command(APP, 0x4C, b"\x01\x82\x02\0\0\0")[0] == 0xCC


def test_the_retry_parameters_time_the_retries() -> None:
    server, client = real()
    client.command(0x0C, 0x21, b"\x01\x04\x01\x64")  # one retry after a second
    client.command(0x0C, 0x21, b"\x01\x03\x00\x01")  # nothing accumulates
    activate(client)
    server.console.write(b"x")
    assert len(poll(client, 0.0)) == 1
    assert client.sessions.next_wake() == 1.0
    assert [len(poll(client, now)) for now in (0.9, 1.0, 2.0, 3.0)] == [0, 1, 0, 0]


# -- noise


@settings(max_examples=150, deadline=None)
@given(st.lists(st.tuples(st.binary(max_size=240), st.sampled_from([0xC1, 0x41])), max_size=12))
def test_no_payload_makes_it_raise_or_answer_at_length(noise: list[tuple[bytes, int]]) -> None:
    bench = Bench()
    client = bench.activated()
    for payload, kind in noise:
        answers = client.raw(packet(client, payload, kind=kind))
        assert len(answers) <= 1
        assert all(len(answer.data) <= 80 for answer in answers)
    assert client.command(APP, 0x01)[0] == 0, "the session is as it was"


@settings(max_examples=150, deadline=None)
@given(st.sampled_from([0x48, 0x49, 0x4A, 0x4B, 0x4C, 0x4D, 0x4E, 0x4F]), st.binary(max_size=8))
def test_no_bytes_of_a_payload_command_make_it_raise(number: int, data: bytes) -> None:
    _, client = NOISY
    code, _ = client.command(APP, number, data)
    assert 0 <= code <= 0xFF


NOISY = real()
