"""A fault is armed on a server that can meet it, or is refused with what there is."""

from __future__ import annotations

import pytest

from emulators import boards
from emulators.faults import POINTS, Fault, Kind, fitting
from emulators.faults.waiting import Waiting
from emulators.home.requests import BadRequest, Requests
from emulators.server import VirtualServer
from emulators.spec import ServerSpec


def home(board: str) -> tuple[VirtualServer, Requests]:
    server = VirtualServer(ServerSpec(board=board))
    return server, Requests(server, Waiting(server), speed=1, down=lambda: None, waited=lambda: None)


@pytest.mark.parametrize(
    ("board", "kind", "parameters", "said"),
    [
        ("x11ssh-f", "psu-dead", {"number": "9"}, "has no power supply 9; it has 1 to 2"),
        ("x11ssh-f", "job-stuck", {}, "x11ssh-f has no lifecycle controller; boards that have: c6220, r730, r740"),
        ("r740", "driver-refused", {}, "r740 has no SUM; boards that have: x"),
        ("r740", "hpm-mute", {"command": "0x32"}, "r740 has no HPM.1; boards that have: "),
        ("r740", "tool-missing", {"name": "sum"}, "the host has no command 'sum'; it has: "),
    ],
)
def test_what_a_server_cannot_meet_is_refused_with_what_there_is(
    board: str, kind: str, parameters: dict[str, str], said: str
) -> None:
    server, requests = home(board)
    with pytest.raises(BadRequest) as refused:
        requests.answer({"do": "fault", "kind": kind, "parameters": parameters})
    assert said in str(refused.value)
    assert server.faults.armed == []
    assert all(psu.mains for psu in server.psus)


def test_what_a_server_can_meet_is_armed() -> None:
    server, requests = home("x11ssh-f")
    requests.answer({"do": "fault", "kind": "psu-dead", "parameters": {"number": "2"}})
    server.advance(server.now + 1)
    assert [psu.mains for psu in server.psus] == [True, False]


@pytest.mark.parametrize("kind", POINTS)
def test_every_kind_can_be_met_by_some_board(kind: Kind) -> None:
    command = 0x32 if "hpm.command" in POINTS[kind] else None
    fault = Fault(kind=kind, command=command, completion_code=0x82 if kind == "hpm-answer" else None)
    assert any(fitting.can_meet(fault, boards.load(name)) for name in boards.names())
