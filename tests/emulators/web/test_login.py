"""Who gets in, and for how long."""

from __future__ import annotations

import pytest

from emulators.web.sessions import IDLE_S, MOST
from tests.emulators.web.bench import bench, token


@pytest.mark.parametrize("board", ["x11ssh-f", "r740"])
def test_the_bmc_s_user_gets_in_and_out(board: str) -> None:
    pages = bench(board)
    assert pages.client.get("/overview").headers["location"] == "/login"
    assert pages.login().headers["location"] == "/overview"
    assert "Log out" in pages.get("/overview")
    pages.post("/logout")
    assert pages.client.get("/overview").headers["location"] == "/login"


@pytest.mark.parametrize(
    ("name", "password"),
    [("ADMIN", "wrong"), ("ADMIN", ""), ("nobody", "ADMIN"), ("", ""), ("x" * 300, "y" * 300), ("ADMIN\0", "ADMIN")],
)
def test_a_refused_login_says_the_same_whatever_was_wrong(name: str, password: str) -> None:
    pages = bench()
    fields = {"name": name, "password": password, "csrf": token(pages.client.get("/login"))}
    answer = pages.client.post("/login", data=fields)
    assert answer.status_code == 401
    assert "the name or the password is wrong, or the account is locked" in answer.text
    assert "__Host-session" not in pages.client.cookies


def test_the_cookie_is_for_this_host_over_tls_and_for_no_script() -> None:
    cookie = next(c for c in bench().login().headers.get_list("set-cookie") if c.startswith("__Host-session"))
    assert {"HttpOnly", "Secure", "SameSite=strict", "Path=/"} <= {part.strip() for part in cookie.split(";")}
    assert "Domain" not in cookie


def test_a_login_form_of_another_site_is_refused() -> None:
    pages = bench()
    answer = pages.client.post("/login", data={"name": "ADMIN", "password": "ADMIN", "csrf": "guessed"})
    assert answer.status_code == 403


def test_bad_passwords_here_lock_the_user_for_ipmi_too_and_the_other_way_round() -> None:
    pages = bench()
    pages.server.bmc.lan.bad_password_threshold = 3
    for _ in range(3):
        pages.login(password="wrong")
    assert pages.site.lockouts.locked(b"ADMIN", pages.wall[0])
    assert pages.login().status_code == 401
    pages.wall[0] += 301
    assert pages.login().status_code == 303
    pages.site.lockouts.lock(b"olga", pages.wall[0] + 100)
    assert pages.another().login("olga", "operates").status_code == 401


def test_a_session_ends_after_half_an_hour_without_anybody() -> None:
    pages = bench()
    pages.login()
    pages.wall[0] += IDLE_S - 1
    pages.get("/overview")
    pages.wall[0] += IDLE_S - 1
    pages.get("/overview")
    pages.wall[0] += IDLE_S + 1
    assert pages.client.get("/overview").headers["location"] == "/login"


def test_a_page_that_asks_by_itself_keeps_no_session_alive() -> None:
    pages = bench()
    pages.login()
    for _ in range(4):
        pages.wall[0] += IDLE_S / 3
        answer = pages.client.get("/live.json")
    assert answer.status_code == 401


def test_a_restart_of_the_bmc_ends_all_sessions() -> None:
    pages = bench()
    pages.login()
    pages.server.bmc.cold_reset()
    pages.time(200)
    assert pages.client.get("/overview").headers["location"] == "/login"


@pytest.mark.parametrize("change", ["password", "enabled", "name", "privilege"])
def test_a_user_who_is_changed_is_out(change: str) -> None:
    pages = bench()
    pages.login("olga", "operates")
    user = pages.server.bmc.users.slots[3]
    values = {"password": b"new", "enabled": False, "name": b"other", "privilege": 15}
    setattr(user, change, values[change])
    assert pages.client.get("/overview").headers["location"] == "/login"


def test_rights_that_are_taken_away_are_gone_at_once() -> None:
    pages = bench()
    pages.login("olga", "operates")
    pages.server.bmc.users.slots[3].privilege = 2
    assert pages.post("/power", act="off").status_code == 403
    assert pages.server.powered


def test_there_are_only_so_many_sessions() -> None:
    pages = bench()
    for _ in range(MOST):
        assert pages.another().login().status_code == 303
    answer = pages.login()
    assert answer.status_code == 401
    assert "maximum number of sessions" in answer.text


USER, OPERATOR, ADMIN = ("ulla", "uses"), ("olga", "operates"), (None, None)


@pytest.mark.parametrize(
    ("path", "least"),
    [
        ("/overview", 2), ("/health", 2), ("/events", 2), ("/power", 2), ("/network", 2), ("/screen", 3),
        ("/users", 4), ("/bios", 4), ("/firmware", 4), ("/factory", 4), ("/restart", 4),
    ],
)  # fmt: skip
def test_a_page_is_for_those_who_have_the_privilege(path: str, least: int) -> None:
    for privilege, who in ((2, USER), (3, OPERATOR), (4, ADMIN)):
        pages = bench()
        pages.login(*who)
        assert pages.client.get(path).status_code == (200 if privilege >= least else 403), (path, who)


@pytest.mark.parametrize(
    ("path", "least"),
    [
        ("/events/clear", 3), ("/power", 3), ("/identify", 3), ("/screen/type", 3), ("/network", 4), ("/users", 4),
        ("/network/mode", 4), ("/factory", 4), ("/restart", 4), ("/bios", 4), ("/firmware", 4), ("/firmware/mode", 4),
    ],
)  # fmt: skip
def test_a_deed_is_for_those_who_have_the_privilege(path: str, least: int) -> None:
    for privilege, who in ((2, USER), (3, OPERATOR)):
        pages = bench()
        pages.login(*who)
        assert (pages.post(path).status_code == 403) is (privilege < least), (path, who)


def test_a_form_without_the_session_s_token_does_nothing() -> None:
    pages = bench()
    pages.login()
    for data in ({"act": "off"}, {"act": "off", "csrf": "guessed"}, {"act": "off", "csrf": "é"}):
        assert pages.client.post("/power", data=data).status_code == 403
    assert pages.server.powered
    assert pages.post("/power", act="off").status_code == 303
    assert not pages.server.powered


def test_the_token_of_one_session_is_not_another_s() -> None:
    pages = bench()
    pages.login()
    other = pages.another()
    other.login("olga", "operates")
    stolen = token(pages.client.get("/overview"))
    assert other.client.post("/power", data={"act": "off", "csrf": stolen}).status_code == 403
