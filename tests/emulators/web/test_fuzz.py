"""Whatever is asked of whatever page: an answer below 500, with the security headers, and the server still true."""

from __future__ import annotations

from typing import Any
from urllib.parse import quote

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from emulators.web import guard
from emulators.web.app import ROUTES
from tests.emulators.web.bench import Bench, bench, token

FIELDS = sorted(
    {"act", "source", "address", "netmask", "gateway", "vlan", "mode", "id", "name", "password", "privilege", "enabled",
     "sure", "key", "text", "line", "preserve", "csrf", "file", "x"}
)  # fmt: skip
WORDS = ["static", "dhcp", "enter", "leave", "on", "off", "soft", "cycle", "2", "3", "15", "shared", "192.0.2.9", "F1",
         "255.255.255.0", "ADMIN", ""]  # fmt: skip
PATHS = sorted({row.path for row in ROUTES} - {"/serial/stream"} | {"/login", "/logout", "/", "/static/x", "/nothing"})
VALUES = st.one_of(st.sampled_from(WORDS), st.text(max_size=40), st.text("\0\r\n%<>\"'\ud7ff", max_size=9))
FORMS = st.dictionaries(st.sampled_from(FIELDS), VALUES, max_size=8)
FILES = st.one_of(st.none(), st.tuples(st.text(max_size=20), st.binary(max_size=200)))
REQUESTS = st.tuples(st.sampled_from(["GET", "POST"]), st.sampled_from(PATHS), FORMS, FILES, st.booleans())


def _ask(pages: Bench, method: str, path: str, form: dict[str, str], file: Any, ours: bool) -> None:
    if ours:
        form = {**form, "csrf": _csrf(pages)}
    options: dict[str, Any] = {"data": form} if method == "POST" else {"params": form}
    if file is not None and method == "POST":
        options["files"] = {"file": file}
    answer = pages.client.request(method, path, **options)
    assert answer.status_code < 500, (method, path, form)
    assert answer.headers["content-security-policy"] == guard.POLICY


def _csrf(pages: Bench) -> str:
    page = pages.client.get("/firmware")
    return token(page) if page.status_code == 200 else ""


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.sampled_from(["x11ssh-f", "r740"]), st.lists(REQUESTS, min_size=1, max_size=12), st.integers(0, 400))
def test_no_request_breaks_a_page(board: str, requests: list[tuple[Any, ...]], seconds: int) -> None:
    pages = bench(board)
    pages.login()
    for request in requests:
        _ask(pages, *request)
        pages.time(seconds / len(requests))
    pages.time(2000)
    assert pages.server.bmc.state == "up"
    assert pages.client.get("/login").status_code in (200, 303)


@settings(max_examples=60, deadline=None)
@given(st.text("/abc.%25\\\0é?#;:@&=+$,~ \r\n", max_size=30), st.text(max_size=60), st.text(max_size=60))
def test_no_path_and_no_cookie_breaks_a_page(path: str, session: str, before: str) -> None:
    pages = bench()
    cookie = f"__Host-session={session}; __Host-login={before}".encode("utf-8", "replace")
    headers = [(b"cookie", bytes(b for b in cookie if b >= 32))]
    assert pages.client.get("/" + quote(path), headers=headers).status_code < 500
    assert pages.client.post("/login", data={"csrf": before}, headers=headers).status_code < 500
