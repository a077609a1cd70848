"""What we rely on in pyghmi, named method by method, and that nothing of its global machinery is ever set going."""

from __future__ import annotations

import inspect
import subprocess
import sys
import threading
from importlib.metadata import version

import pytest
from pyghmi.ipmi.private import session as pyghmi_session
from pyghmi.ipmi.private.serversession import ServerSession

from emulators.bmc import pyghmi_seam
from emulators.bmc.lan import Sessions
from emulators.bmc.pyghmi_seam import Wire
from emulators.bmc.rmcp_suites import SUITES, derive
from tests.emulators.bmc.lan_toy import ToyBmc, ToyClient

SIGNATURES = {
    "send_payload": (
        "(self, payload=(), payload_type=None, retry=True, delay_xmit=None, needskeepalive=False, timeout=None)"
    ),
    "_xmit_packet": "(self, retry=True, delay_xmit=None, timeout=None)",
    "_handle_ipmi2_packet": "(self, data)",
    "_parse_ipmi_payload": "(self, payload)",
}
KEYS = derive(SUITES[17], b"k" * 32)


def test_pyghmi_is_the_release_that_the_seam_was_written_for() -> None:
    assert version("pyghmi") == "1.6.19"


@pytest.mark.parametrize("name", SIGNATURES)
def test_an_inherited_method_has_the_signature_that_the_seam_relies_on(name: str) -> None:
    assert str(inspect.signature(getattr(ServerSession, name))) == SIGNATURES[name]


def test_the_seam_names_every_method_that_it_relies_on() -> None:
    assert set(pyghmi_seam.RELIED_ON) == set(SIGNATURES)
    overridden = {n for n in vars(Wire) if n in dir(ServerSession) and not n.startswith("__")}
    assert overridden - {"logout", "open", "seal", "plain", "classic"} == {"_xmit_packet", "_parse_ipmi_payload"}


def test_pyghmi_sends_only_through_the_method_that_the_seam_replaces() -> None:
    source = inspect.getsource(ServerSession.send_payload) + inspect.getsource(ServerSession._handle_ipmi2_packet)
    assert "_io_sendto" not in source
    assert "socket" not in source


def test_a_whole_session_leaves_pyghmis_class_level_state_untouched() -> None:
    threads = threading.active_count()
    client = ToyClient(Sessions(ToyBmc()), suite=17).admin()
    client.command(0x06, 0x01)
    for registry in ("bmc_handlers", "waiting_sessions", "initting_sessions", "keepalive_sessions", "socketpool"):
        assert getattr(pyghmi_session.Session, registry) == {}, registry
    assert pyghmi_session.iosockets == []
    assert pyghmi_session.iothread is None
    assert threading.active_count() == threads


def test_importing_the_session_layer_opens_no_socket_and_starts_no_thread() -> None:
    program = (
        "import socket, threading\n"
        "socket.socket = None\n"
        "from emulators.bmc.lan import Sessions\n"
        "assert threading.active_count() == 1\n"
    )
    subprocess.run([sys.executable, "-c", program], check=True, timeout=30)


def test_two_ends_with_the_same_keys_understand_each_other() -> None:
    ours, theirs = (Wire(SUITES[17], KEYS, ours=a, theirs=b) for a, b in ((5, 6), (6, 5)))
    for message in (b"x", bytes(15), bytes(16), bytes(1000)):
        opened = ours.open(theirs.seal(message))
        assert opened is not None
        assert opened.message == message


def test_no_changed_bit_of_a_sealed_packet_goes_unnoticed() -> None:
    ours, theirs = (Wire(SUITES[3], KEYS, ours=a, theirs=b) for a, b in ((5, 6), (6, 5)))
    packet = theirs.seal(b"a message")
    for bit in range(4 * 8, len(packet) * 8):  # the RMCP header itself is not covered
        changed = bytearray(packet)
        changed[bit // 8] ^= 1 << bit % 8
        assert ours.open(bytes(changed)) is None, bit
    assert ours.open(packet) is not None


def test_a_truncated_sealed_packet_is_refused_at_every_length() -> None:
    ours, theirs = (Wire(SUITES[3], KEYS, ours=a, theirs=b) for a, b in ((5, 6), (6, 5)))
    packet = theirs.seal(b"a message")
    assert [ours.open(packet[:n]) for n in range(len(packet))] == [None] * len(packet)


def test_the_sequence_number_wraps_past_zero() -> None:
    wire = Wire(SUITES[3], KEYS, ours=5, theirs=6)
    wire.sequencenumber = 0xFFFFFFFF
    first, second = wire.seal(b"x"), wire.seal(b"x")
    assert (first[10:14], second[10:14]) == (b"\xff\xff\xff\xff", b"\x01\x00\x00\x00")
