"""Every route x every privilege x session, expired session, none x the form's token: who may not, changes nothing."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Callable

import httpx
import pytest

from emulators.web.app import ROUTES, Row
from emulators.web.door import COOKIE
from tests.emulators.web.bench import Bench, bench, token

WHO: dict[int, tuple[str | None, str | None]] = {2: ("ulla", "uses"), 3: ("olga", "operates"), 4: (None, None)}
DEED = {"act": "off", "sure": "1", "mode": "shared", "source": "dhcp", "id": "5", "name": "eve", "password": "evil",
        "privilege": "4", "enabled": "1", "text": "x", "key": "Enter"}  # fmt: skip
POSTS = [row for row in ROUTES if row.method == "POST"]


def state(pages: Bench) -> str:
    """What a refused request must leave as it is."""
    server = pages.server
    users = [(u.id, u.name, u.password, u.privilege, u.enabled) for u in server.bmc.users.slots.values()]
    volatile = sorted(server.bmc.volatile)
    told = (server.powered, str(server.bmc.lan), server.bmc.lan_mode, server.bmc.generation, users, volatile)
    return json.dumps([*told, len(server.bmc.sel.records), server.console.end, pages.site.serial is None], default=str)


def refused(pages: Bench, act: Callable[[], httpx.Response], codes: tuple[int, ...], where: str = "") -> None:
    before = state(pages)
    answer = act()
    assert answer.status_code in codes, answer.text[:200]
    if where:
        assert answer.headers["location"] == where
    assert state(pages) == before


@pytest.mark.parametrize("board", ["x11ssh-f", "r740"])
@pytest.mark.parametrize("row", ROUTES, ids=lambda row: f"{row.method} {row.path}")
def test_who_may_not_gets_nothing_and_changes_nothing(row: Row, board: str) -> None:
    pages = bench(board)
    stranger = pages.another()
    pages.login()
    csrf = token(pages.client.get("/overview"))
    out: tuple[tuple[int, ...], str] = ((401,), "") if row.live else ((303,), "/login")
    for cookie in ("", "guessed", "é", csrf):
        stranger.client.cookies.set(COOKIE, cookie.encode("latin-1").decode("latin-1") if cookie.isascii() else "x")
        refused(pages, lambda: stranger.client.request(row.method, row.path, data={**DEED, "csrf": csrf}), *out)
    for privilege in range(2, row.privilege):
        low = pages.another()
        low.login(*WHO[privilege])
        mine = token(low.client.get("/overview"))
        refused(pages, lambda: low.client.request(row.method, row.path, data={**DEED, "csrf": mine}), (403,))  # noqa: B023 - called at once
    if row.method == "POST":
        for wrong in ({}, {"csrf": "guessed"}, {"csrf": mine_of(pages)}):
            refused(pages, lambda: pages.client.post(row.path, data={**DEED, **wrong}), (403,))  # noqa: B023 - called at once
    pages.wall[0] += 31 * 60
    refused(pages, lambda: pages.client.request(row.method, row.path, data={**DEED, "csrf": csrf}), *out)


def mine_of(pages: Bench) -> str:
    """The form's token of somebody else, who is an administrator too."""
    other = pages.another()
    other.login()
    return token(other.client.get("/overview"))


def slowly(pages: Bench, path: str, meanwhile: Callable[[], object]) -> httpx.Response:
    """A form whose second half comes only after something else has happened."""
    body = (
        "&".join(f"{name}={value}" for name, value in DEED.items()) + "&csrf=" + token(pages.client.get("/overview"))
    ).encode()

    async def pieces() -> AsyncIterator[bytes]:
        yield body[:10]
        await asyncio.to_thread(meanwhile)
        yield body[10:]

    kind = {"content-type": "application/x-www-form-urlencoded", "content-length": str(len(body))}
    return pages.client.post(path, content=pieces(), headers=kind)


@pytest.mark.parametrize("row", POSTS, ids=lambda row: row.path)
@pytest.mark.parametrize("change", ["privilege", "enabled", "password", "logout"])
def test_rights_that_are_lost_while_a_body_is_on_its_way_are_lost(row: Row, change: str) -> None:
    pages = bench()
    pages.login()
    user = next(
        u for u in pages.server.bmc.users.slots.values() if u.name == pages.server.board.bmc.users[0].name.encode()
    )
    seen: list[str] = []

    def lose() -> None:
        match change:
            case "privilege":
                user.privilege = 1
            case "enabled":
                user.enabled = False
            case "password":
                user.password = b"another"
            case "logout":
                pages.site.sessions.end(next(iter(pages.site.sessions._by_token.values())))
        seen.append(state(pages))

    answer = slowly(pages, row.path, lose)
    assert (answer.status_code, answer.headers["location"]) == (303, "/login")
    assert state(pages) == seen[0]


def test_a_demoted_operator_s_slow_form_does_nothing() -> None:
    pages = bench()
    pages.login(*WHO[3])
    user = pages.server.bmc.users.by_name(b"olga")
    assert user is not None
    assert slowly(pages, "/power", lambda: setattr(user, "privilege", 2)).status_code == 403
    assert pages.server.powered


def test_a_slow_form_that_update_mode_overtakes_does_nothing() -> None:
    pages, other = bench(), None
    pages.login(*WHO[3])
    other = pages.another()
    other.login()

    def enter() -> None:
        pages.server.bmc.volatile["update-mode"] = next(
            key for key, session in pages.site.sessions._by_token.items() if session.privilege == 4
        )

    answer = slowly(pages, "/power", enter)
    assert (answer.status_code, answer.headers["location"]) == (303, "/login")
    assert pages.server.powered


def test_who_is_not_allowed_the_console_any_more_loses_it_in_the_page_too() -> None:
    pages = bench()
    pages.login(*WHO[3])
    pages.post("/serial/open")
    assert pages.site.payloads.taken
    pages.server.bmc.volatile.clear()
    user = pages.server.bmc.users.by_name(b"olga")
    assert user is not None
    pages.site.payloads._may_use = lambda user_id: user_id != user.id
    end = pages.server.console.end
    assert "not yours any more" in pages.said(pages.post("/serial/type", text="poweroff", line="1"))
    assert pages.server.console.end == end
    assert not pages.site.payloads.taken
