"""The one door for messages: privileges, lengths, the unknown, and any bytes at all."""

from __future__ import annotations

import re
from importlib.resources import files

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from emulators.bmc import dispatch
from emulators.bmc.controller import Bmc
from emulators.bmc.message import ADMIN, TABLE, Entry, Request
from emulators.bmc.reply import Reply
from tests.emulators.bmc.bench import KCS, OPERATOR, USER, ask, bmc, later, refused, told

BOARDS = ("x11ssh-f", "x11ssm-f", "r740", "r730", "c6220", "x11ssh-f-nohpm")


def test_an_unknown_command_is_answered_c1() -> None:
    assert refused(bmc(), 0x06, 0xFE) == 0xC1
    assert refused(bmc(), 0x3A, 0x01) == 0xC1
    assert refused(bmc(), 0x06, 0x52, 0, 0, 0) == 0xC1


def test_the_readme_lists_every_command_and_no_other() -> None:
    text = files("emulators.bmc").joinpath("README.md").read_text("utf-8")
    rows = text[text.index("## Commands") : text.index("Where things are kept")]
    listed = re.findall(r"\b([0-9a-f]{2})/([0-9a-f]{2})\b", rows)
    assert {(int(netfn, 16), int(number, 16)) for netfn, number in listed} == set(TABLE)


def test_another_lun_is_refused() -> None:
    reply = bmc().handle(0x06, 2, 0x01, b"", ADMIN)
    assert reply is not None and reply.completion_code == 0xC2


def test_a_user_may_look_and_may_not_power_off() -> None:
    target = bmc()
    assert told(target, 0x00, 0x01, privilege=USER)
    assert refused(target, 0x00, 0x02, 0, privilege=USER) == 0xD4
    assert target.server.powered


def test_only_an_administrator_resets_the_bmc() -> None:
    assert refused(bmc(), 0x06, 0x02, privilege=OPERATOR) == 0xD4


def test_without_a_session_only_the_login_questions_are_answered() -> None:
    target = bmc()
    open_to_all = {key for key, entry in TABLE.items() if entry.privilege == 0}
    assert open_to_all == {(0x06, 0x37), (0x06, 0x38), (0x06, 0x54)}
    assert refused(target, 0x06, 0x01, privilege=0) == 0xD4


def test_short_data_is_answered_c7() -> None:
    target = bmc()
    for (netfn, number), entry in TABLE.items():
        if entry.least:
            assert ask(target, netfn, number).completion_code in (0xC7,), f"{netfn:02x}/{number:02x}"


def test_a_dark_bmc_answers_nothing() -> None:
    target = bmc()
    assert told(target, 0x06, 0x02) == b""
    later(target, 0)
    assert target.handle(0x06, 0, 0x01, b"", ADMIN) is None
    later(target, target.board.boot_s)
    assert told(target, 0x06, 0x01)


def test_a_cold_reset_answers_before_it_resets() -> None:
    target = bmc()
    before = target.generation
    assert ask(target, 0x06, 0x02) == Reply(0)
    assert target.answering
    later(target, target.board.boot_s + 1)
    assert target.generation == before + 1


@pytest.fixture(scope="module")
def benches() -> dict[str, Bmc]:
    return {board: bmc(board) for board in BOARDS}


def _revive(target: Bmc) -> None:
    """Messages may reset the BMC: let it come back, so that the next one finds it up."""
    if not target.answering:
        later(target, target.board.boot_s + 1)


@settings(max_examples=1500, deadline=None)
@given(
    board=st.sampled_from(BOARDS),
    key=st.one_of(st.sampled_from(sorted(TABLE)), st.tuples(st.integers(0, 255), st.integers(0, 255))),
    lun=st.integers(0, 3),
    data=st.binary(max_size=40),
    privilege=st.integers(0, 5),
    channel=st.sampled_from([1, KCS]),
    seconds=st.sampled_from([0.0, 0.0, 1.0, 70.0]),
)
def test_no_bytes_make_it_raise(
    benches: dict[str, Bmc],
    board: str,
    key: tuple[int, int],
    lun: int,
    data: bytes,
    privilege: int,
    channel: int,
    seconds: float,
) -> None:
    target = benches[board]
    _revive(target)
    reply = dispatch.handle(target, key[0], lun, key[1], data, privilege, channel=channel)
    assert reply is None or (0 <= reply.completion_code <= 0xFF and len(reply.data) <= 600)
    later(target, seconds)


def test_a_handler_is_called_with_what_came(monkeypatch: pytest.MonkeyPatch) -> None:
    seen: list[Request] = []

    def handler(request: Request) -> bytes:
        seen.append(request)
        return b"\x2a"

    monkeypatch.setitem(TABLE, (0x3A, 0x07), Entry(handler, USER, 0, None))
    target = bmc()
    assert target.handle(0x3A, 0, 0x07, b"ab", OPERATOR, channel=KCS, session="s") == Reply(0, b"\x2a")
    assert (seen[0].data, seen[0].privilege, seen[0].channel, seen[0].session) == (b"ab", OPERATOR, KCS, "s")
