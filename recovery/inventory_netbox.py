"""An inventory from NetBox, through pynetbox (extra `netbox`): device, rack, cables and outlets by trace, contacts.

NetBox need not know everything: what is missing there is missing here, and a ticket says so. Which board the device
has, and which of its ports is shared with the BMC, NetBox does not say: the ports are told apart by their names.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from pydantic import ValidationError

from fwsim.yamlerrors import dotted
from recovery.inventory import Inventory
from recovery.inventory_checks import mistakes

ROLES = {"technical": "technical", "ordering": "ordering", "notification": "notification"}
TIMEOUT_S = 30


class NetboxUnusable(Exception):
    """NetBox does not answer, does not know the device, or says what no inventory can hold. The message says which."""


def load(url: str, token: str, server: str) -> Inventory:
    """The device of that name. Raises NetboxUnusable."""
    try:
        import pynetbox
        import requests
    except ImportError as error:
        raise NetboxUnusable("reading NetBox needs pynetbox: pip install 'fwsim[netbox]'") from error
    api = pynetbox.api(url, token=token)
    api.http_session.request = _patient(api.http_session.request)
    try:
        device = api.dcim.devices.get(name=server)
        if device is None:
            raise NetboxUnusable(f"{url} has no device that is called {server!r}")
        known = Inventory.model_validate(_fields(api, device))
    except pynetbox.RequestError as error:
        status = getattr(error.req, "status_code", "?")
        raise NetboxUnusable(f"{url} has refused: HTTP {status}; check the token's rights") from error
    except (requests.RequestException, pynetbox.ContentError) as error:
        raise NetboxUnusable(f"{url} does not answer as NetBox does: {type(error).__name__}") from error
    except (ValueError, ValidationError) as error:
        raise NetboxUnusable(f"{url}: {server} cannot be read: {_first(error)}") from error
    for place, why in mistakes(known):
        raise NetboxUnusable(f"{url}: {server} cannot be read: {dotted(place)}: {why}")
    return known


def _patient(request: Any) -> Any:
    """pynetbox waits for ever."""
    return lambda *args, **more: request(*args, **{"timeout": TIMEOUT_S, **more})


def _first(error: Exception) -> str:
    if isinstance(error, ValidationError):
        detail = error.errors()[0]
        return f"{'.'.join(map(str, detail['loc']))}: {detail['msg']}"
    return str(error).splitlines()[0]


def _fields(api: Any, device: Any) -> dict[str, Any]:
    room, cage = _location(device)
    macs, cables = {}, []
    for port, interface in _ports(api, device):
        if mac := _word(interface, "mac_address"):
            macs[port] = mac.lower()
        if (cable := _cable(interface, port)) is not None:
            cables.append(cable)
    known = {
        "name": str(device.name),
        "model": _word(device, "device_type", "model"),
        "serial": _word(device, "serial"),
        "asset_tag": _word(device, "asset_tag"),
        "location": {
            "site": _word(device, "site", "name"),
            "room": room,
            "cage": cage,
            "rack": _word(device, "rack", "name"),
            "unit": _unit(device),
        },
        "addresses": {"bmc": _address(device, "oob_ip"), "host": _address(device, "primary_ip")},
        "macs": macs,
        "cables": cables,
        "feeds": list(_feeds(api, device)),
        "neighbours": list(_neighbours(api, device)),
        "contacts": list(_contacts(api, device)),
        "time_zone": _word(device, "site", "time_zone"),
        "customer": {"account": _word(device, "tenant", "name")},
    }
    return {key: _without_gaps(value) for key, value in known.items() if value is not None}


def _without_gaps(value: Any) -> Any:
    match value:
        case dict():
            return {key: _without_gaps(part) for key, part in value.items() if part is not None}
        case list():
            return [_without_gaps(part) for part in value]
        case _:
            return value


def _word(record: Any, *path: str) -> str | None:
    """What stands at the end of that path, as text; None where nothing does."""
    for name in path:
        record = getattr(record, name, None)
        if record is None:
            return None
    return str(record).strip() or None


def _location(device: Any) -> tuple[str | None, str | None]:
    """Room and cage: a location inside another one is the cage of a room."""
    outer = _word(device, "location", "parent", "name")
    inner = _word(device, "location", "name")
    return (outer, inner) if outer else (inner, None)


def _unit(device: Any) -> str | None:
    """NetBox has the lowest unit; 21.0 and two units high is U21-U22."""
    lowest = getattr(device, "position", None)
    if lowest is None:
        return None
    low, height = int(float(lowest)), float(getattr(device.device_type, "u_height", None) or 1)
    return f"U{low}" if height <= 1 else f"U{low}-U{low + int(height) - 1}"


def _address(device: Any, field: str) -> str | None:
    text = _word(device, field, "address")
    return text.partition("/")[0] if text else None


def _ports(api: Any, device: Any) -> Iterator[tuple[str, Any]]:
    """The BMC's port is the one for management alone; the others count from lan1, by the number in their names."""
    wired = [i for i in api.dcim.interfaces.filter(device_id=device.id) if not _virtual(i)]
    own = [i for i in wired if getattr(i, "mgmt_only", False)]
    if own:
        yield "dedicated", own[0]
    others = sorted((i for i in wired if i not in own), key=lambda i: _number(str(i.name)))
    for count, interface in enumerate(others, 1):
        yield f"lan{count}", interface


def _virtual(interface: Any) -> bool:
    return str(getattr(getattr(interface, "type", None), "value", "")) in ("virtual", "bridge", "lag")


def _number(name: str) -> tuple[int, str]:
    found = re.search(r"(\d+)\D*$", name)
    return (int(found[1]) if found else 0, name)


def _cable(interface: Any, port: str) -> dict[str, Any] | None:
    """The cable in that port and where it ends, by its trace; a patch panel on the way has its last hop's switch."""
    hops = _trace(interface)
    if not hops:
        return None
    end: list[Any] = next((hop for hop in reversed(hops[2::3]) if hop), [])
    first = next((cable for cable in hops[1::3] if cable), None)
    return {
        "label": _word(first, "label"),
        "colour": _colour(first),
        "port": port,
        "switch": _word(end[0], "device", "name") if end else None,
        "switch_port": _word(end[0], "name") if end else None,
    }


def _trace(record: Any) -> list[Any]:
    return list(record.trace()) if getattr(record, "cable", None) else []


COLOURS = {
    "aa1409": "dark red", "f44336": "red", "e91e63": "pink", "9c27b0": "purple", "673ab7": "dark purple",
    "3f51b5": "indigo", "2196f3": "blue", "03a9f4": "light blue", "00bcd4": "cyan", "009688": "teal",
    "4caf50": "green", "8bc34a": "light green", "cddc39": "lime", "ffeb3b": "yellow", "ffc107": "amber",
    "ff9800": "orange", "ff5722": "dark orange", "795548": "brown", "9e9e9e": "grey", "607d8b": "dark grey",
    "111111": "black", "ffffff": "white",
}  # fmt: skip
"""NetBox's palette, in words: a technician sees no hexadecimal."""


def _colour(cable: Any) -> str | None:
    return COLOURS.get((_word(cable, "color") or "").lower())


def _feeds(api: Any, device: Any) -> Iterator[dict[str, Any]]:
    ports = sorted(api.dcim.power_ports.filter(device_id=device.id), key=lambda p: _number(str(p.name)))
    for count, port in enumerate(ports, 1):
        hops = _trace(port)
        end: list[Any] = next((hop for hop in reversed(hops[2::3]) if hop), [])
        cable = next((one for one in hops[1::3] if one), None)
        outlet = _word(end[0], "name") if end else None
        yield {
            "psu": f"PSU{_supply(str(port.name)) or count}",
            "cable": _word(cable, "label"),
            "pdu": _word(end[0], "device", "name") if end else None,
            "outlet": re.sub(r"(?i)^outlet\s*", "", outlet) if outlet else None,
        }


def _supply(name: str) -> int | None:
    """ "PSU2", "PS 2" and "Power Supply 2" say which one it is; other names are counted."""
    found = re.fullmatch(r"(?i)(?:psu?|power[ -]?supply)[ -_]*([1-9])", name.strip())
    return int(found[1]) if found else None


def _neighbours(api: Any, device: Any) -> Iterator[dict[str, Any]]:
    """The other devices in the bays of the same chassis."""
    parent = getattr(device, "parent_device", None)
    if parent is None:
        return
    for bay in api.dcim.device_bays.filter(device_id=parent.id):
        other = getattr(bay, "installed_device", None)
        if other is not None and other.id != device.id:
            yield {"name": str(other.name or other), "node": _word(bay, "name")}


def _contacts(api: Any, device: Any) -> Iterator[dict[str, Any]]:
    for one in api.tenancy.contact_assignments.filter(object_type="dcim.device", object_id=device.id):
        role = ROLES.get((_word(one, "role", "slug") or _word(one, "role", "name") or "").lower())
        if role is not None:
            contact = one.contact
            yield {
                "role": role,
                "name": _word(contact, "name"),
                "phone": _word(contact, "phone"),
                "mail": _word(contact, "email"),
            }
