"""A home's control channel: one JSON line a request, over a Unix socket in the home's folder."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from emulators.faults import Fault, When
from emulators.home import client, control
from emulators.home.sockets import LONGEST, connected
from tests.homes import home

pytestmark = pytest.mark.wire
WAITS = Fault(kind="users-reset", when=When(step="bmc-reset"))


@pytest.fixture(scope="module")
def deep(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder whose path is longer than a socket's address can be."""
    folder = tmp_path_factory.mktemp("control") / ("long" * 30)
    folder.mkdir()
    return folder


@pytest.fixture(scope="module")
def socket(deep: Path) -> Iterator[Path]:
    with home(directory=deep):
        yield deep / control.NAME
    assert not (deep / control.NAME).exists(), "it goes with its home"


@pytest.fixture(autouse=True)
def healed(socket: Path) -> Iterator[None]:
    yield
    client.ask(socket, "heal")


def state(socket: Path) -> dict[str, Any]:
    found: dict[str, Any] = client.ask(socket, "state")["state"]
    return found


def test_the_channel_opens_in_a_folder_of_any_depth_for_its_user_alone(socket: Path) -> None:
    assert len(str(socket)) > LONGEST
    assert socket.stat().st_mode & 0o777 == 0o600
    assert state(socket)["phase"] == "up"


def test_a_step_is_announced_and_its_faults_are_armed_before_the_answer(tmp_path: Path) -> None:
    socket = tmp_path / control.NAME
    with home(directory=tmp_path, waiting=(WAITS,)):
        client.ask(socket, "fault", kind="users-reset", parameters={"when.step": "bmc-wait"})
        assert [fault["when"]["step"] for fault in state(socket)["waiting"]] == ["bmc-reset", "bmc-wait"]
        assert client.ask(socket, "step", step="bmc-check")["armed"] == []
        assert client.ask(socket, "step", step="bmc-reset")["armed"] == ["users-reset"]
        now = state(socket)
        assert (now["armed"], len(now["waiting"]), now["step"]) == ([{"kind": "users-reset"}], 1, "bmc-reset")
        assert client.ask(socket, "step", step="bmc-reset")["armed"] == [], "once"
    record = [json.loads(line) for line in (tmp_path / "world.jsonl").read_text().splitlines()]
    assert [r.get("step") for r in record if r["kind"] == "fault-never-fired"] == [None, "bmc-wait"]


def test_a_fault_of_the_servers_own_life_is_armed_and_healed(socket: Path) -> None:
    done = client.ask(socket, "fault", kind="flash-interrupted", parameters={"percent": "25", "target": "bmc"})
    assert done["happens"].startswith("at the next ")
    assert state(socket)["armed"] == [{"kind": "flash-interrupted", "target": "bmc", "percent": 25.0}]
    assert client.ask(socket, "heal", kind="flash-interrupted")["healed"] == ["flash-interrupted"]
    assert state(socket)["armed"] == []


def test_what_others_do_they_do_at_once(socket: Path) -> None:
    assert client.ask(socket, "fault", kind="psu-dead", parameters={"number": 2})["happens"] == "now"
    assert state(socket)["mains"] == [True, False]


def test_the_weather_lasts_until_it_is_healed(socket: Path) -> None:
    client.ask(socket, "fault", kind="network-loss", parameters={"share": 1.0})
    assert [fault["kind"] for fault in state(socket)["fired"]].count("network-loss") == 1
    assert client.ask(socket, "heal")["healed"] == ["network-loss"]
    assert client.ask(socket, "heal")["healed"] == []


def test_hands_do_and_see(socket: Path) -> None:
    assert client.ask(socket, "hands", act="look", parameters={"at": "led:power"})["seen"] == "green"
    done = client.ask(socket, "hands", act="insert-media", parameters={"slot": "usb", "files": {"a.rom": "QUJD"}})
    assert (done["done"], done["seen"]) == (True, "inserted: a.rom")
    assert client.ask(socket, "hands", act="unplug", parameters={"psu": 9})["done"] is False


def test_time_that_hands_let_pass_has_passed(socket: Path) -> None:
    before = state(socket)["now_s"]
    client.ask(socket, "hands", act="wait", parameters={"seconds": 5000})
    after = state(socket)["now_s"]
    assert 5000 <= after - before < 6000
    assert state(socket)["now_s"] >= after, "and it goes on from there"


BAD: list[tuple[dict[str, Any], str]] = [
    ({"do": "dance"}, "expected one of state, "),
    ({"do": "state", "of": "mind"}, "takes no of"),
    ({"do": "fault", "kind": "lan-revert"}, "did you mean lan-reverts-to-dhcp"),
    ({"do": "fault", "kind": "psu-dead", "parameters": {"percent": 3}}, "psu-dead takes no 'percent'; it takes number"),
    ({"do": "fault", "kind": "psu-dead", "parameters": {"number": "two"}}, "number: "),
    ({"do": "fault", "kind": "psu-dead", "parameters": {"when.moon": 1}}, "cannot wait for 'moon'"),
    ({"do": "fault", "kind": "psu-dead", "parameters": {"when.at": -1}}, "when.at: "),
    ({"do": "fault", "kind": 7}, "kind: expected a text"),
    ({"do": "heal", "kind": "psu-dead"}, "no psu-dead is armed; armed: nothing"),
    ({"do": "hands", "act": "fly"}, "hands cannot 'fly'"),
    ({"do": "hands", "act": "insert-media", "parameters": {"slot": "usb", "files": {"x": "?"}}}, "expected base64"),
    ({}, "expected a request"),
]


@pytest.mark.parametrize(("request_", "said"), BAD, ids=[said for _, said in BAD])
def test_what_cannot_be_done_is_said_with_what_can(socket: Path, request_: dict[str, Any], said: str) -> None:
    with pytest.raises(client.Refused, match="(?i)" + said.replace("'", ".")):
        client.ask(socket, request_.pop("do", None), **request_)


def test_garbage_is_answered_and_the_line_stays_open(socket: Path) -> None:
    with connected(socket, 5.0) as line:
        answers = line.makefile("rb")
        for garbage in (b"hello\n", b"[]\n", b'"state"\n', b"\xff\xfe\n", b"{}\n"):
            line.sendall(garbage)
            assert json.loads(answers.readline())["ok"] is False
        line.sendall(b'{"do": "state"}\n{"do": "truth"}\n')
        assert json.loads(answers.readline())["ok"] is True
        assert json.loads(answers.readline())["truth"]["whole"] == {"bmc": True, "bios": True}
        answers.close()


def test_a_home_goes_down_when_it_is_asked_to(tmp_path: Path) -> None:
    with home(directory=tmp_path) as ready:
        assert ready.pid
        assert client.ask(tmp_path / control.NAME, "down")["ok"] is True
    assert not (tmp_path / control.NAME).exists()


def test_where_no_home_is_nobody_answers(tmp_path: Path) -> None:
    with pytest.raises(client.NoAnswer, match="does not answer"):
        client.ask(tmp_path / control.NAME, "state")


def test_a_defect_of_ours_is_told_and_ends_nothing(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    def breaks(request: object) -> dict[str, Any]:
        raise KeyError("lost")

    async def asked() -> tuple[dict[str, Any], dict[str, Any]]:
        channel = control.Control(tmp_path / control.NAME, breaks, lambda: None)
        await channel.open()
        reader, writer = await asyncio.open_unix_connection(tmp_path / control.NAME)
        writer.write(b"{}\n{}\n")
        answers = json.loads(await reader.readline()), json.loads(await reader.readline())
        writer.close()
        await channel.close()
        return answers

    for answer in asyncio.run(asked()):
        assert (answer["ok"], answer["error"]) == (False, "that met a defect of the virtual server: KeyError: 'lost'")
    assert "KeyError" in capsys.readouterr().err
