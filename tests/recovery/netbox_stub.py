"""A NetBox of a few records on loopback: the JSON that pynetbox asks for, traces and missing data included."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlsplit

TOKEN = "0123456789abcdef0123456789abcdef01234567"
Answers = dict[str, Any]
"""Path under /api/ -> what is answered: a list for a list of records, a dict for one record or a trace."""


def brief(url: str, number: int, name: str, **more: Any) -> dict[str, Any]:
    return {"id": number, "url": f"{{base}}/api/{url}/{number}/", "display": name, "name": name, **more}


def cable(number: int, label: str, color: str) -> dict[str, Any]:
    return {"id": number, "url": f"{{base}}/api/dcim/cables/{number}/", "label": label, "color": color}


def hop(near: dict[str, Any], wire: dict[str, Any] | None, far: dict[str, Any] | None) -> list[Any]:
    return [[near], wire, [far] if far else []]


def answers() -> Answers:
    """One server, db07, in B07: U21 to U22, a BMC port, two more ports, two supplies."""
    device = {
        **brief("dcim/devices", 7, "db07"),
        "device_type": {**brief("dcim/device-types", 1, "x"), "model": "SYS-5019S-M", "u_height": 2.0},
        "site": brief("dcim/sites", 1, "LON2", time_zone="Europe/London"),
        "location": brief("dcim/locations", 2, "C12", parent=brief("dcim/locations", 1, "Hall 3")),
        "rack": brief("dcim/racks", 3, "B07"),
        "tenant": brief("tenancy/tenants", 1, "EXAMPLE-LTD"),
        "position": 21.0,
        "serial": "S258923X6B01234",
        "asset_tag": "AT-004512",
        "oob_ip": {"id": 1, "url": "{base}/api/ipam/ip-addresses/1/", "address": "192.0.2.20/24"},
        "primary_ip": {"id": 2, "url": "{base}/api/ipam/ip-addresses/2/", "address": "192.0.2.10/24"},
        "parent_device": None,
    }
    switch = brief("dcim/devices", 9, "mgt-sw-b07")
    ports = [_port(1, "IPMI", True, 31, "AC:1F:6B:0A:10:20"), _port(2, "LAN1", False, 32, "AC:1F:6B:0A:10:22")]
    ports.append(_port(3, "LAN2", False, None, None))
    pdu = brief("dcim/devices", 11, "PDU A")
    return {
        "dcim/devices": [device],
        "dcim/interfaces": ports,
        "dcim/interfaces/1/trace": [
            hop(ports[0], cable(31, "MGT-B07-21", "ffeb3b"), brief("dcim/interfaces", 91, "21", device=switch))
        ],
        "dcim/interfaces/2/trace": [
            hop(ports[1], cable(32, "PRD-B07-21", "4caf50"), brief("dcim/front-ports", 92, "p1", device=pdu)),
            hop(brief("dcim/rear-ports", 93, "r1", device=pdu), cable(33, "", ""), _far("prod-sw-b07", "21")),
        ],
        "dcim/power-ports": [_supply(1, "PSU1", 41), _supply(2, "PSU2", None)],
        "dcim/power-ports/1/trace": [
            hop(_supply(1, "PSU1", 41), cable(41, "PWR-A14", ""), brief("dcim/power-outlets", 95, "14", device=pdu))
        ],
        "tenancy/contact-assignments": [
            {
                "id": 1,
                "url": "{base}/api/tenancy/contact-assignments/1/",
                "role": brief("tenancy/contact-roles", 1, "Technical", slug="technical"),
                "contact": {
                    **brief("tenancy/contacts", 1, "Ada Example"),
                    "phone": "+44 20 7946 0123",
                    "email": "ops@example.net",
                },
            }
        ],
    }


def _far(switch: str, port: str) -> dict[str, Any]:
    return brief("dcim/interfaces", 94, port, device=brief("dcim/devices", 10, switch))


def _port(number: int, name: str, management: bool, wire: int | None, mac: str | None) -> dict[str, Any]:
    return {
        **brief("dcim/interfaces", number, name),
        "mgmt_only": management,
        "mac_address": mac,
        "type": {"value": "1000base-t", "label": "1000BASE-T"},
        "cable": brief("dcim/cables", wire, "") if wire else None,
    }


def _supply(number: int, name: str, wire: int | None) -> dict[str, Any]:
    return {**brief("dcim/power-ports", number, name), "cable": brief("dcim/cables", wire, "") if wire else None}


@contextmanager
def serving(known: Answers, status: int = 200) -> Iterator[str]:
    """Its address. It wants the token, and answers nothing but GET."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            path, query = urlsplit(self.path).path.removeprefix("/api/").strip("/"), parse_qs(urlsplit(self.path).query)
            if self.headers.get("Authorization") != f"Token {TOKEN}" or status != 200:
                return self._say(403 if status == 200 else status, {"detail": "Invalid token"})
            return self._answer(path, query)

        def _answer(self, path: str, query: dict[str, list[str]]) -> None:
            found = known.get(path)
            if found is None and path.rpartition("/")[0] in known:  # the details of a record that was listed
                whole = [r for r in known[path.rpartition("/")[0]] if str(r["id"]) == path.rpartition("/")[2]]
                return self._say(200, whole[0]) if whole else self._say(404, {"detail": "Not found."})
            if found is None:
                return self._say(404, {"detail": "Not found."})
            if path.endswith("/trace"):
                return self._say(200, found)
            names = query.get("name", [])
            rows = [row for row in found if not names or row.get("name") in names]
            return self._say(200, {"count": len(rows), "next": None, "previous": None, "results": rows})

        def _say(self, code: int, body: Any) -> None:
            content = json.dumps(body).replace("{base}", f"http://127.0.0.1:{self.server.server_port}").encode()  # type: ignore[attr-defined]
            self.send_response(code)
            self.send_header("Content-Type", "application/json")
            self.send_header("API-Version", "4.2")
            self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            self.wfile.write(content)

        def log_message(self, format: str, *args: Any) -> None:
            """Says nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
