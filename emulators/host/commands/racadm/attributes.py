"""racadm get, set and setniccfg: attributes as groups of names, read from and written to the iDRAC's settings."""

from __future__ import annotations

import posixpath
import xml.etree.ElementTree as ElementTree
from collections.abc import Callable
from dataclasses import dataclass

from emulators.bmc.controller import LanMode
from emulators.bmc.lanconfig import DHCP, STATIC
from emulators.host.commands.racadm.text import SYNTAX, RacadmError
from emulators.host.process import Invocation, Run
from emulators.lifecycle import BOOT_SEQUENCE, queue
from emulators.nvram import CATALOGUES, Setting
from emulators.server import VirtualServer

PENDING = (
    "RAC1017: Successfully modified the object value and the change is in pending state.\n"
    "To apply modified value, create a configuration job and reboot the system.\n"
    'To create the commit and reboot jobs, use "jobqueue" command. For more information, see RACADM help.\n'
)
IMPORTING = (
    "RAC977: Import configuration XML file operation initiated.\n"
    'Use the "racadm jobqueue view -i {job}" command to view the status of the operation.\n'
)
MODIFIED = "Object value modified successfully\n"


@dataclass(frozen=True)
class Attribute:
    """One attribute: how to read it and, where it can be set, how. A setter raises ValueError for a bad value."""

    component: str  # idrac or bios
    group: str
    name: str
    read: Callable[[VirtualServer], str]
    write: Callable[[VirtualServer, str], None] | None = None


def _selection(server: VirtualServer) -> str:
    return "Dedicated" if server.bmc.lan_mode == "dedicated" else "LOM1"


def _select(server: VirtualServer, value: str) -> None:
    modes: dict[str, LanMode] = {"dedicated": "dedicated", "1": "dedicated", "lom1": "shared", "2": "shared"}
    if value.lower() not in modes:
        raise ValueError(value)
    server.bmc.lan_mode = modes[value.lower()]
    server.bmc.refresh_lease()


def _enabled(value: bool) -> str:
    return "Enabled" if value else "Disabled"


def _on(value: str) -> bool:
    words = {"1": True, "enabled": True, "0": False, "disabled": False}
    if value.lower() not in words:
        raise ValueError(value)
    return words[value.lower()]


def _address(value: str) -> str:
    parts = value.split(".")
    if len(parts) != 4 or not all(p.isdigit() and int(p) < 256 for p in parts):
        raise ValueError(value)
    return value


def _set_address(server: VirtualServer, value: str) -> None:
    server.bmc.lan.address = _address(value)


def _set_netmask(server: VirtualServer, value: str) -> None:
    server.bmc.lan.netmask = _address(value)


def _set_gateway(server: VirtualServer, value: str) -> None:
    server.bmc.lan.gateway = _address(value)


def _set_dhcp(server: VirtualServer, value: str) -> None:
    server.bmc.lan.source = DHCP if _on(value) else STATIC
    server.bmc.refresh_lease()


def _bios_version(server: VirtualServer) -> str:
    return server.running_bios.version if server.running_bios else ""


def _bios(setting: Setting) -> Attribute:
    """A BIOS setting: what is written waits for a job and a start."""

    def write(server: VirtualServer, value: str) -> None:
        if value not in setting.values:
            raise ValueError(value)
        server.nvram.pending[setting.key] = value

    return Attribute("bios", setting.menu[0], setting.name, lambda s: s.nvram.settings[setting.key], write)


def _write_sequence(server: VirtualServer, value: str) -> None:
    known = {"disk", *(nic.port for nic in server.board.nics)}
    devices = [device.strip() for device in value.split(",") if device.strip()]
    if set(devices) - known:
        raise ValueError(value)
    server.nvram.pending[BOOT_SEQUENCE] = ",".join(devices)


ATTRIBUTES = (
    Attribute("idrac", "NIC", "Selection", _selection, _select),
    Attribute("idrac", "NIC", "MACAddress", lambda s: s.bmc.lan.mac),
    Attribute("idrac", "NIC", "VLanEnable", lambda s: _enabled(s.bmc.lan.vlan is not None)),
    Attribute("idrac", "NIC", "VLanID", lambda s: str(s.bmc.lan.vlan or 1)),
    Attribute("idrac", "IPv4", "Enable", lambda s: "Enabled"),
    Attribute("idrac", "IPv4", "DHCPEnable", lambda s: _enabled(s.bmc.lan.source == DHCP), _set_dhcp),
    Attribute("idrac", "IPv4", "Address", lambda s: s.bmc.lan.address, _set_address),
    Attribute("idrac", "IPv4", "Netmask", lambda s: s.bmc.lan.netmask, _set_netmask),
    Attribute("idrac", "IPv4", "Gateway", lambda s: s.bmc.lan.gateway, _set_gateway),
    Attribute(
        "idrac", "Lockdown", "SystemLockdown", lambda s: _enabled(s.spec.hardening.idrac_lockdown)
    ),  # iDRAC9 alone has it
    Attribute("idrac", "Info", "Version", lambda s: s.bmc.running.version if s.bmc.running else ""),
    Attribute("bios", "SysInformation", "SystemModelName", lambda s: s.board.system_product),
    Attribute("bios", "SysInformation", "SystemBiosVersion", _bios_version),
    Attribute("bios", "SysInformation", "SystemServiceTag", lambda s: s.board.system_serial),
    *(_bios(setting) for setting in CATALOGUES["dell"]),
    Attribute("bios", "BiosBootSettings", "UefiBootSeq", lambda s: ", ".join(s.boot_order), _write_sequence),
)
INSTANCES = {"idrac": "{typed}.Embedded.1#{group}.1", "bios": "{typed}.Setup.1-1#{group}"}


def get(inv: Invocation, words: list[str]) -> Run[None]:
    """get COMPONENT.GROUP[.NAME] | get -t xml -f FILE."""
    if "-f" in words[:-1]:
        yield from _export(inv, words[words.index("-f") + 1])
        return
    if len(words) != 1:
        raise RacadmError(SYNTAX)
    typed, found = _find(words[0])
    group = words[0].split(".")[1]
    inv.out(f"[Key={INSTANCES[typed.lower()].format(typed=typed, group=group)}]\n")
    for attribute in found:
        prefix = "" if attribute.write else "#"
        value = attribute.read(inv.host.server)
        inv.out(f"{prefix}{attribute.name}={value}\n")
    yield 0


def set_one(inv: Invocation, words: list[str]) -> Run[None]:
    """set COMPONENT.GROUP.NAME VALUE | set -t xml -f FILE [-b NoReboot]."""
    if "-f" in words[:-1]:
        yield from _import(inv, words[words.index("-f") + 1], words)
        return
    if len(words) != 2 or words[0].count(".") < 2:
        raise RacadmError(SYNTAX)
    typed, found = _find(words[0])
    write = found[0].write
    if write is None:
        raise RacadmError("ERROR: RAC947: Invalid object value specified.")
    try:
        write(inv.host.server, words[1])
    except ValueError:
        raise RacadmError("ERROR: RAC947: Invalid object value specified.") from None
    group = words[0].split(".")[1]
    said = PENDING if found[0].component == "bios" else MODIFIED
    inv.out(f"[Key={INSTANCES[typed.lower()].format(typed=typed, group=group)}]\n{said}")
    yield 0


def _import(inv: Invocation, name: str, words: list[str]) -> Run[None]:
    """A server configuration profile, of which the BIOS's part is taken: a job, and a start that takes it over."""
    server = inv.host.server
    try:
        root = ElementTree.fromstring(inv.host.files.read(posixpath.join(inv.cwd, name)))
    except (OSError, ElementTree.ParseError):
        raise RacadmError(f"ERROR: Unable to open file {name}.") from None
    wanted = {
        attribute.get("Name", ""): attribute.text or ""
        for component in root.iter("Component")
        if component.get("FQDD") == "BIOS.Setup.1-1"
        for attribute in component.iter("Attribute")
    }
    server.nvram.pending.clear()
    bad = [name for name, value in wanted.items() if not _taken(server, name, value)]
    yield 10.0
    job = queue(server).configure("Configure: Import Server Configuration Profile", failed=bool(bad))
    inv.out(IMPORTING.format(job=job.id))
    if not bad and "NoReboot" not in words:
        server.host_reboot()


def _taken(server: VirtualServer, name: str, value: str) -> bool:
    attribute = next((a for a in ATTRIBUTES if a.component == "bios" and a.name == name), None)
    try:
        if attribute is None or attribute.write is None:
            return False
        attribute.write(server, value)
    except ValueError:
        return False
    return True


def _find(name: str) -> tuple[str, list[Attribute]]:
    """The component as it was typed, and the attributes meant. Raises RacadmError."""
    typed, *rest = [part for part in name.split(".") if not part.isdigit()]
    wanted = [part.lower() for part in rest]
    found = [
        a
        for a in ATTRIBUTES
        if a.component == typed.lower() and wanted and [a.group.lower(), a.name.lower()][: len(wanted)] == wanted
    ]
    if not found:
        raise RacadmError("ERROR: RAC917 : Invalid group or object specified.")
    return typed, found


def _export(inv: Invocation, name: str) -> Run[None]:
    """A server configuration profile: the attributes there are, as XML in a file of the host."""
    server = inv.host.server
    parts = {"idrac": "iDRAC.Embedded.1", "bios": "BIOS.Setup.1-1"}
    text = f'<SystemConfiguration Model="{server.board.system_product}" ServiceTag="{server.board.system_serial}">\n'
    for component, fqdd in parts.items():
        text += f'<Component FQDD="{fqdd}">\n'
        for a in (a for a in ATTRIBUTES if a.component == component):
            key = f"{a.group}.1#{a.name}" if component == "idrac" else a.name
            line = f'<Attribute Name="{key}">{a.read(server)}</Attribute>'
            text += f"{line}\n" if a.write else f"<!-- {line} -->\n"  # what cannot be set is a remark
        text += "</Component>\n"
    yield 30.0
    try:
        inv.host.files.write(posixpath.join(inv.cwd, name), (text + "</SystemConfiguration>\n").encode())
    except OSError:
        raise RacadmError(f"ERROR: Unable to open file {name}.") from None
    inv.out("RAC977: Export configuration file operation is completed successfully.\n")


def set_network(inv: Invocation, words: list[str]) -> Run[None]:
    """setniccfg -s ADDRESS NETMASK GATEWAY | -d."""
    server = inv.host.server
    lan = server.bmc.lan
    match words:
        case ["-d"]:
            lan.source = DHCP
            inv.out("DHCP is now ENABLED\n")
        case ["-s", address, netmask, gateway]:
            try:
                lan.address, lan.netmask, lan.gateway = _address(address), _address(netmask), _address(gateway)
            except ValueError:
                raise RacadmError(SYNTAX) from None
            lan.source = STATIC
            inv.out("Static IP configuration enabled and modified successfully\n")
        case _:
            raise RacadmError(SYNTAX)
    server.bmc.refresh_lease()
    yield 0
