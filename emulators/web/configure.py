"""Configuration: the network and the users of the BMC; back to the factory's; a restart."""

from __future__ import annotations

import ipaddress
from functools import partial

from starlette.responses import Response

from emulators import webflash
from emulators.bmc.controller import LanMode
from emulators.bmc.lanconfig import DHCP, STATIC
from emulators.bmc.message import APP, TRANSPORT
from emulators.web.sessions import ADMIN, NAME_SIZE, PASSWORD_SIZE, PRIVILEGES
from emulators.web.views import MODES
from emulators.web.visit import Visit

SET_LAN, SET_ACCESS, SET_NAME, SET_PASSWORD = 0x01, 0x43, 0x45, 0x47  # IPMI 2.0 sections 23.1, 22.26, 22.28, 22.30
SOURCE, ADDRESS, NETMASK, GATEWAY, VLAN = 4, 3, 6, 12, 20  # LAN parameters, table 23-4
VLAN_ENABLED = 0x8000
LONG_PASSWORD = 0x80
NO_ACCESS = 0x0F
CHANGE_FLAGS = 0x90  # change the bits; IPMI messaging on


class NotAccepted(ValueError):
    """A field holds what cannot be; the text says what is wanted."""


# -- network


def network(visit: Visit) -> Response:
    """What is set."""
    bmc = visit.site.server.bmc
    return visit.page(
        "network.html", lan=bmc.lan, dhcp=bmc.lan.source == DHCP, mode=bmc.lan_mode, modes=MODES, may=visit.may(ADMIN)
    )


def set_network(visit: Visit) -> Response:
    """Static or DHCP, and the VLAN. The page goes where the address goes, so it says goodbye first."""
    try:
        wanted = _lan_parameters(visit.form)
    except NotAccepted as error:
        return visit.back("/network", trouble=f"Nothing was changed: {error}.")
    static = visit.form.get("source") == "static"
    port = visit.request.url.port
    address = visit.form["address"] if static else ""
    link = f"https://{address}{f':{port}' if port else ''}/" if static else ""
    text = (
        f"The settings are being applied. The pages continue at {address}."
        if static
        else "The settings are being applied. The address now comes from the DHCP server: look it up in its leases."
    )
    return visit.parting("Network settings", text, partial(_apply, visit, wanted), link=link, restarts=False)


def _apply(visit: Visit, wanted: list[tuple[int, bytes]]) -> None:
    site, privilege = visit.site, visit.session.privilege
    channel = site.server.board.bmc.channel
    for parameter, value in wanted:
        site.ipmi(TRANSPORT, SET_LAN, bytes([channel, parameter]) + value, privilege)
    site.did("set LAN configuration", visit.user)


def _lan_parameters(form: dict[str, str]) -> list[tuple[int, bytes]]:
    tag = form.get("vlan", "").strip()
    if tag and not (tag.isascii() and tag.isdigit() and 1 <= int(tag) <= 4094):
        raise NotAccepted("a VLAN is a number from 1 to 4094, or empty for none")
    vlan = (VLAN, ((int(tag) | VLAN_ENABLED) if tag else 0).to_bytes(2, "little"))
    match form.get("source"):
        case "dhcp":
            return [vlan, (SOURCE, bytes([DHCP]))]
        case "static":
            address, netmask = _ip(form, "address"), _ip(form, "netmask")
            gateway = _ip(form, "gateway") if form.get("gateway", "").strip() else ipaddress.IPv4Address(0)
            _fits(address, netmask)
            return [
                vlan,
                (SOURCE, bytes([STATIC])),
                (NETMASK, netmask.packed),
                (GATEWAY, gateway.packed),
                (ADDRESS, address.packed),
            ]
    raise NotAccepted("choose DHCP or static")


def _ip(form: dict[str, str], name: str) -> ipaddress.IPv4Address:
    text = form.get(name, "").strip()
    try:
        made = ipaddress.IPv4Address(text)
    except ValueError:
        raise NotAccepted(f"the {name} is to be like 192.0.2.10, not {text[:40]!r}") from None
    form[name] = str(made)
    return made


def _fits(address: ipaddress.IPv4Address, netmask: ipaddress.IPv4Address) -> None:
    try:
        network = ipaddress.IPv4Network(f"{address}/{netmask}", strict=False)
    except ValueError:
        raise NotAccepted(f"{netmask} is no netmask") from None
    if address.is_multicast or address.is_unspecified or int(address) == 0xFFFFFFFF:
        raise NotAccepted(f"{address} is no address of a machine")
    if network.prefixlen < 31 and address in (network.network_address, network.broadcast_address):
        raise NotAccepted(f"{address} is the whole network {network}, or everybody in it")


def set_mode(visit: Visit) -> Response:
    """Which port the BMC uses."""
    mode = visit.form.get("mode", "")
    if mode not in MODES:
        return visit.back("/network", trouble="There is no such port.")
    chosen: LanMode = "dedicated" if mode == "dedicated" else "shared" if mode == "shared" else "failover"
    text = f"The controller now uses: {MODES[mode]}. If no cable of the management network is there, it is gone."
    return visit.parting("Port", text, partial(_use, visit, chosen), link="/network", restarts=False)


def _use(visit: Visit, mode: LanMode) -> None:
    bmc = visit.site.server.bmc
    bmc.lan_mode = mode
    bmc.refresh_lease()
    bmc.server.note("lan-mode", mode=mode)
    visit.site.did(f"set LAN mode {mode}", visit.user)


# -- users


def users(visit: Visit) -> Response:
    """All slots but the nameless first."""
    slots = [slot for slot in visit.site.server.bmc.users.slots.values() if slot.id != 1]
    return visit.page("users.html", slots=slots, privileges=PRIVILEGES)


def set_user(visit: Visit) -> Response:
    """Name, password, privilege and whether it is enabled, of one slot."""
    form, site = visit.form, visit.site
    try:
        number = _slot(visit)
        name, password = form.get("name", "").strip(), form.get("password", "")
        _check_user(visit, number, name, password)
        privilege = int(form["privilege"]) if form.get("privilege") in ("2", "3", "4") else NO_ACCESS
    except NotAccepted as error:
        return visit.back("/users", trouble=f"Nothing was changed: {error}.")
    send = partial(site.ipmi, APP, privilege=visit.session.privilege)
    channel = site.server.board.bmc.channel
    user = site.server.bmc.users.slots[number]
    if not user.name:
        user.link_auth = True
    send(SET_NAME, data=bytes([number]) + name.encode().ljust(NAME_SIZE, b"\0"))
    if password:
        send(SET_PASSWORD, data=bytes([number | LONG_PASSWORD, 2]) + password.encode().ljust(PASSWORD_SIZE, b"\0"))
    send(SET_ACCESS, data=bytes([CHANGE_FLAGS | channel | user.link_auth << 5, number, privilege]))
    send(SET_PASSWORD, data=bytes([number, 1 if "enabled" in form else 0]))
    site.did(f"set user {number}", visit.user)
    return visit.back("/users", f"User {number} ({name}) was changed.")


def _slot(visit: Visit) -> int:
    text = visit.form.get("id", "")
    slots = visit.site.server.bmc.users.slots
    if not (text.isascii() and text.isdigit()) or int(text) not in slots or text == "1":
        raise NotAccepted(f"users have the numbers 2 to {len(slots)}")
    return int(text)


def _check_user(visit: Visit, number: int, name: str, password: str) -> None:
    known = visit.site.server.bmc.users
    if not 1 <= len(name.encode()) <= NAME_SIZE or not name.isascii() or not name.isprintable() or " " in name:
        raise NotAccepted(f"a name has 1 to {NAME_SIZE} letters, digits or signs, and no blanks")
    other = known.by_name(name.encode())
    if other is not None and other.id != number:
        raise NotAccepted(f"{name} is the name of user {other.id}")
    if len(password.encode()) > PASSWORD_SIZE:
        raise NotAccepted(f"a password has at most {PASSWORD_SIZE} bytes")
    if not password and not known.slots[number].password:
        raise NotAccepted("a new user needs a password")
    own = number == visit.session.user_id
    if own and ("enabled" not in visit.form or visit.form.get("privilege") != str(ADMIN)):
        raise NotAccepted("your own account stays enabled, and administrator")


# -- factory default and restart


def factory(visit: Visit) -> Response:
    """What it would do."""
    users = ", ".join(user.name for user in visit.site.server.board.bmc.users)
    return visit.page("factory.html", users=users)


def factory_default(visit: Visit) -> Response:
    """Users and network as the factory left them. Only with the box ticked, never while firmware is written."""
    site = visit.site
    if "sure" not in visit.form:
        return visit.back("/factory", trouble="Nothing was changed: tick the box first.")
    if webflash.firmware_writing(site.server.bmc):
        return visit.back("/factory", trouble="Firmware is being written: wait until that is done.")
    site.did("factory default", visit.user)
    text = "Users, passwords and network settings go back to the factory's. The address will come from DHCP."
    return visit.parting("Factory default", text, site.server.bmc.factory_default)


def restart(visit: Visit) -> Response:
    """What it would do."""
    return visit.page("restart.html", minutes=max(1, round(visit.site.server.board.bmc.boot_s / 60)))


def restart_now(visit: Visit) -> Response:
    """A cold reset of the BMC. Never while firmware is written: the restart would boot what is half erased."""
    site = visit.site
    if webflash.firmware_writing(site.server.bmc):
        return visit.back("/restart", trouble="Firmware is being written: wait until that is done.")
    site.did("mc reset cold", visit.user)
    text = "The controller restarts. The server goes on as it is."
    return visit.parting("Restart", text, site.server.bmc.cold_reset, link="/")
