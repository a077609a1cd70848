"""What a watched home lets itself be told: notes of the known forms, and nothing that would forge its own record."""

from __future__ import annotations

from typing import Any

import pytest

from emulators.home.requests import BadRequest
from emulators.home.watching import Watching
from emulators.server import VirtualServer
from emulators.spec import ServerSpec
from emulators.watch import Watch


@pytest.fixture
def watching() -> Watching:
    server = VirtualServer(ServerSpec(board="x11ssh-f"))
    server.watch = Watch(server)
    return Watching(server)


@pytest.mark.parametrize(
    "note",
    [
        {"kind": "hint", "number": 1, "cost": -100},
        {"kind": "hint", "number": 1, "cost": "3"},
        {"kind": "hint", "number": 1, "cost": True},
        {"kind": "hint", "number": 1},
        {"kind": "hint", "number": 1, "cost": 3, "state": {"damaged": []}},
        {"kind": "assessed", "by": {}, "at": 5},
        {"kind": "assessed", "by": {}, "self": 5},
        {"kind": "did", "what": "sha256sum -c SHA256SUMS"},
        {"kind": ["hint"]},
        "hint",
    ],
)
def test_a_note_that_would_forge_the_record_is_refused(watching: Watching, note: Any) -> None:
    with pytest.raises(BadRequest, match="tell"):
        watching.answer({"tell": note})


def test_a_server_is_handed_over_once(watching: Watching) -> None:
    watching.answer({"tell": {"kind": "handed-over", "lab": "aa", "mode": "exam", "learner": "Ada", "speed": 1.0}})
    with pytest.raises(BadRequest, match="handed over already"):
        watching.answer({"tell": {"kind": "handed-over", "lab": "bb"}})


def test_a_hint_and_an_assessment_are_written_down(watching: Watching) -> None:
    watching.answer({"tell": {"kind": "hint", "number": 1, "cost": 3}})
    told = watching.answer({"tell": {"kind": "assessed", "by": {"diagnosis": 4}}})
    assert told["records"] > 3
