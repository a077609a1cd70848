"""Pages that tell: the overview, the sensors, the event log."""

from __future__ import annotations

from starlette.responses import JSONResponse, Response

from emulators.bmc.lanconfig import DHCP
from emulators.bmc.message import STORAGE
from emulators.web import status
from emulators.web.visit import Visit

RESERVE, CLEAR = 0x42, 0x47  # IPMI 2.0 sections 31.4 and 31.9
MODES = {"dedicated": "Dedicated port", "shared": "Shared with LAN 1", "failover": "Dedicated, else LAN 1 (failover)"}


def overview(visit: Visit) -> Response:
    """Board, versions, power, POST code, health."""
    server, bmc = visit.site.server, visit.site.server.bmc
    rows = {
        "Server": (
            ("Name", server.spec.name),
            ("System", f"{server.board.system_manufacturer} {server.board.system_product}"),
            ("System serial", server.board.system_serial),
            ("Board", f"{server.board.product} {server.board.revision}"),
            ("Board serial", server.board.serial),
            ("UUID", server.board.uuid),
        ),
        "Network": (
            ("Address", bmc.lan.address),
            ("Source", "DHCP" if bmc.lan.source == DHCP else "Static"),
            ("MAC address", bmc.lan.mac),
            ("Port", MODES[bmc.lan_mode]),
            ("VLAN", str(bmc.lan.vlan) if bmc.lan.vlan is not None else "none"),
        ),
    }
    supplies = [(f"Supply {n}", "input present" if psu.mains else "no input") for n, psu in enumerate(server.psus, 1)]
    keys = ", ".join(server.licences) or "none activated"
    return visit.page("overview.html", rows=rows, supplies=supplies, keys=keys)


def live(visit: Visit) -> Response:
    """What changes by itself, for the page that is open."""
    return JSONResponse(status.brief(visit.site.server))


def health(visit: Visit) -> Response:
    """All sensors."""
    return visit.page("health.html", readings=status.readings(visit.site.server))


def events(visit: Visit) -> Response:
    """The event log."""
    return visit.page("events.html", events=status.events(visit.site.server), can_clear=visit.may(3))


def clear_events(visit: Visit) -> Response:
    """Erase it, as Clear SEL does."""
    site, privilege = visit.site, visit.session.privilege
    reservation = site.ipmi(STORAGE, RESERVE, b"", privilege)
    cleared = site.ipmi(STORAGE, CLEAR, reservation.data[:2] + b"CLR\xaa", privilege)
    site.did("clear event log", visit.user)
    if cleared.completion_code:
        return visit.back("/events", trouble=f"The log was not cleared (code {cleared.completion_code:02X}h).")
    return visit.back("/events", "The event log is empty.")
