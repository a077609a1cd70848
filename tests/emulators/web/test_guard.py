"""What hostile requests get, before any page sees them."""

from __future__ import annotations

import asyncio
import tempfile
from pathlib import Path
from typing import Any

import pytest

from emulators.web import guard
from emulators.web.app import application
from tests.emulators.web.bench import Bench, bench


@pytest.fixture
def pages() -> Bench:
    made = bench()
    made.login()
    return made


@pytest.mark.parametrize(
    ("host", "code"),
    [
        ("192.0.2.20", 200), ("192.0.2.20:8443", 200), ("localhost:1", 200), ("[::1]:443", 200), ("virtual", 200),
        ("evil.example", 421), ("evil.example:443", 421), ("", 421), ("192.0.2.20.evil.example", 421), ("a b", 421),
    ],
)  # fmt: skip
def test_the_pages_answer_to_addresses_and_to_names_of_their_own(pages: Bench, host: str, code: int) -> None:
    assert pages.client.get("/login", headers={"host": host}).status_code in (code, 303 if code == 200 else code)


@pytest.mark.parametrize(
    ("header", "value", "taken"),
    [
        ("origin", "https://evil.example", False), ("origin", "null", False), ("origin", "https://192.0.2.20", True),
        ("origin", "https://192.0.2.20:444", False), ("sec-fetch-site", "cross-site", False),
        ("sec-fetch-site", "same-site", False), ("sec-fetch-site", "same-origin", True),
    ],
)  # fmt: skip
def test_a_form_of_another_site_s_page_is_refused(pages: Bench, header: str, value: str, taken: bool) -> None:
    answer = pages.client.post("/power", data={"act": "off"}, headers={header: value})
    assert answer.status_code == 403
    assert ("another site" in answer.text) is not taken


@pytest.mark.parametrize("path", ["/overview", "/login", "/nowhere", "/static/pages.css", "/live.json"])
def test_every_answer_carries_the_security_headers(pages: Bench, path: str) -> None:
    headers = pages.client.get(path).headers
    for name, value in guard.HEADERS.items():
        assert headers[name] == value
    assert "unsafe" not in headers["content-security-policy"]


@pytest.mark.parametrize(
    "path",
    [
        "/static/../site.py", "/static/%2e%2e/site.py", "/static/..%2fsite.py", "/static//etc/passwd",
        "/static/%2e%2e%5csite.py", "/static/....//site.py", "/../etc/passwd", "/static/", "/static", "/static/a%00b",
    ],
)  # fmt: skip
def test_no_path_leads_out_of_the_static_files(pages: Bench, path: str) -> None:
    answer = pages.client.get(path)
    assert answer.status_code in (307, 400, 404), path
    assert "import" not in answer.text


@pytest.mark.parametrize("method", ["PUT", "DELETE", "PATCH", "OPTIONS", "TRACE", "CONNECT", "X"])
def test_other_methods_are_refused(pages: Bench, method: str) -> None:
    for path in ("/overview", "/power", "/login"):
        assert pages.client.request(method, path).status_code in (400, 405), path


def test_a_header_cannot_be_smuggled_in(pages: Bench) -> None:
    for path in ("/overview%0d%0aset-cookie:%20a=b", "/login?next=%0d%0aX:y", "/%0d%0a"):
        answer = pages.client.get(path)
        assert "x" not in answer.headers
        assert "a=b" not in str(answer.headers)


async def _send(site: Any, path: str, chunks: list[bytes], headers: dict[str, str], then: str = "end") -> int:
    """The status of a request whose body comes in pieces; `then`: end, stall, or vanish."""
    waiting = [{"type": "http.request", "body": chunk, "more_body": True} for chunk in chunks]
    answered: list[dict[str, Any]] = []

    async def receive() -> dict[str, Any]:
        if waiting:
            return waiting.pop(0)
        if then == "stall":
            await asyncio.Event().wait()
        if then == "vanish":
            return {"type": "http.disconnect"}
        return {"type": "http.request", "body": b"", "more_body": False}

    async def send(message: Any) -> None:
        answered.append(message)

    scope = {
        "type": "http", "method": "POST", "path": path, "raw_path": path.encode(), "query_string": b"",
        "headers": [(k.encode(), v.encode()) for k, v in ({"host": "192.0.2.20"} | headers).items()],
        "http_version": "1.1", "scheme": "https", "server": ("192.0.2.20", 443), "client": ("192.0.2.9", 9),
        "root_path": "", "asgi": {"version": "3.0"},
    }  # fmt: skip
    await application(site)(scope, receive, send)
    return int(answered[0]["status"])


def _headers(pages: Bench, kind: str = "multipart/form-data; boundary=b") -> dict[str, str]:
    cookie = "; ".join(f"{name}={value}" for name, value in pages.client.cookies.items())
    return {"cookie": cookie, "content-type": kind}


FORM = "application/x-www-form-urlencoded"
PART = b'--b\r\ncontent-disposition: form-data; name="file"; filename="x.bin"\r\n\r\n'


def test_an_announced_size_over_the_limit_is_refused_unread(pages: Bench) -> None:
    for path, limit in (("/bios", guard.UPLOAD_BYTES), ("/power", guard.FORM_BYTES)):
        headers = _headers(pages) | {"content-length": str(limit + 1)}
        assert asyncio.run(_send(pages.site, path, [], headers, "stall")) == 413
    for bad in ("-1", "x", "1e3"):
        assert asyncio.run(_send(pages.site, "/bios", [], _headers(pages) | {"content-length": bad}, "stall")) == 413


def test_an_upload_without_an_announced_size_ends_at_the_limit_and_leaves_no_file(
    pages: Bench, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    monkeypatch.setattr(guard, "UPLOAD_BYTES", 4_000_000)
    chunks = [PART, *[b"x" * 500_000] * 10]
    assert asyncio.run(_send(pages.site, "/bios", chunks, _headers(pages))) == 413
    assert list(tmp_path.iterdir()) == []


def test_an_upload_is_on_disk_without_a_name(pages: Bench, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    rolled: list[int] = []
    roll = tempfile.SpooledTemporaryFile.rollover

    def watched(file: Any) -> None:
        roll(file)
        rolled.append(len(list(tmp_path.iterdir())))

    monkeypatch.setattr(tempfile.SpooledTemporaryFile, "rollover", watched)
    pages.post("/bios", {"file": ("x.bin", b"x" * 3_000_000)})
    assert rolled == [0]
    assert list(tmp_path.iterdir()) == []


def test_a_form_too_large_for_a_form_is_refused(pages: Bench) -> None:
    assert pages.client.post("/power", data={"act": "x" * 20_000}).status_code == 413


def test_a_body_that_never_ends_is_given_up(pages: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(guard, "FORM_S", 0.05)
    monkeypatch.setattr(guard, "UPLOAD_S", 0.05)
    assert asyncio.run(_send(pages.site, "/power", [b"act="], _headers(pages, FORM), "stall")) == 408
    assert asyncio.run(_send(pages.site, "/bios", [PART], _headers(pages), "stall")) == 408


def test_a_browser_that_goes_away_in_the_middle_changes_nothing(pages: Bench) -> None:
    pages.server.power_off()
    assert asyncio.run(_send(pages.site, "/bios", [PART, b"x" * 9], _headers(pages), "vanish")) == 408
    assert pages.server.chips["bios"].boot_firmware() is not None


@pytest.mark.parametrize(
    "body",
    [
        b"", b"--b", b"--b\r\n\r\n", b"--b--", b"no boundary at all",
        b"--b\r\ncontent-disposition: x\r\n\r\n\r\n--b--\r\n",
        b"--b\r\ncontent-disposition: form-data\r\n\r\nx\r\n--b--\r\n", PART * 3 + b"\r\n--b--\r\n",
        b'--b\r\ncontent-disposition: form-data; name="csrf"\r\n\r\n' + b"x" * 9000 + b"\r\n--b--\r\n",
    ],
)  # fmt: skip
def test_a_broken_upload_is_a_bad_request(pages: Bench, body: bytes) -> None:
    assert asyncio.run(_send(pages.site, "/bios", [body], _headers(pages))) in (400, 403)


def test_who_is_not_logged_in_uploads_nothing(pages: Bench) -> None:
    assert asyncio.run(_send(pages.site, "/bios", [PART], {"content-type": "multipart/form-data; boundary=b"})) == 303
