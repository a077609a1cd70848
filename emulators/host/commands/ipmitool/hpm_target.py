"""The target's components: what `hpm check` asks for and prints."""

from __future__ import annotations

from dataclasses import dataclass

from emulators.host.commands.ipmitool.hpm_link import COMPONENT_PROPERTIES, Link
from emulators.host.commands.ipmitool.names import manufacturer_name
from emulators.host.commands.ipmitool.tool import Tool
from emulators.host.commands.ipmitool.values import c_string
from emulators.host.process import Run

GENERAL, CURRENT, DESCRIPTION, ROLLBACK, DEFERRED = range(5)
ABSENT = b"\xff\xff\xff\xff\xff\xff"
NO_VERSION = " ---.-- -------- |"
GENERAL_LINES = (
    (0x20, "Payload cold reset req....[%s]   "),
    (0x10, "Def. activation supported.[%s]   "),
    (0x08, "Comparison supported......[%s]   "),
    (0x04, "Preparation supported.....[%s]   "),
    (0x03, "Rollback supported........[%s]   \n"),
)
VERSION_TITLES = {CURRENT: "Current Version: ", ROLLBACK: "Rollback FW Version: ", DEFERRED: "Deferred FW Version: "}


@dataclass
class Component:
    """One component of the target, and later the version that the file has for it."""

    number: int
    properties: int = 0
    description: str = ""
    active: bytes = bytes(6)
    backup: bytes = bytes(6)
    deferred: bytes = bytes(6)
    file: bytes = bytes(6)

    @property
    def has_rollback(self) -> bool:
        return bool(self.properties & 0x03)

    @property
    def cold_reset(self) -> bool:
        return bool(self.properties & 0x20)

    @property
    def has_deferred(self) -> bool:
        return bool(self.properties & 0x10)

    @property
    def upgradable(self) -> bool:
        """Is the file's version another than the active or the backup one? Lower counts as another."""
        return self.file != self.active or (self.has_rollback and self.file != self.backup)


def properties(link: Link, component: int, selector: int) -> Run[bytes | None]:
    """One property (without the PICMG byte), or None after printing why not."""
    reply = yield from link.send(COMPONENT_PROPERTIES, bytes([0, component, selector]))
    if link.failed(reply, "Error getting component properties\n", "Error getting component properties") or not reply:
        return None
    size = {GENERAL: 1, DESCRIPTION: 12}.get(selector, 6)
    data = reply.data[1:].ljust(size, b"\0")[:size]
    if link.verbose:
        _show(link.tool, selector, data)
    return data


def _show(tool: Tool, selector: int, data: bytes) -> None:
    if selector == GENERAL:
        tool.notice("GENERAL PROPERTIES")
        tool.notice("-------------------------------")
        for bits, text in GENERAL_LINES:
            tool.notice(text % ("y" if data[0] & bits else "n"))
    elif selector == DESCRIPTION:
        tool.notice(f"Description string: {c_string(data)}\n")
    else:
        tool.notice(VERSION_TITLES[selector])
        tool.notice(f" Major: {data[0]}")
        tool.notice(f" Minor: {data[1]:x}")
        tool.notice(" Aux  : " + " ".join(f"{octet:03d}" for octet in data[2:6]) + "\n")


def check(link: Link, *, view: bool) -> Run[dict[int, Component] | None]:
    """Identity and every component of the target; None when something failed (printed)."""
    tool = link.tool
    device = yield from link.device_id()
    if device is None:
        tool.notice("Verify whether the Target board is present \n")
        return None
    capabilities = yield from link.capabilities()
    if capabilities is None:
        tool.notice("Board might not be supporting the HPM.1 Standards\n")
        return None
    if view:
        _show_identity(tool, device)
        header(tool, "Deferred")
    components: dict[int, Component] = {}
    for number in range(8):
        if not capabilities.components & 1 << number:
            continue
        component = yield from _component(link, number)
        if component is None:
            return None
        components[number] = component
        if view:
            tool.line(row(component, file=False))
    if view:
        tool.line("-" * 74)
        tool.flush()
        tool.notice("(*) Component requires Payload Cold Reset")
        tool.out("\n\n")
    return components


def _show_identity(tool: Tool, device: bytes) -> None:
    manufacturer = int.from_bytes(device[6:8], "little")
    tool.notice("-------Target Information-------")
    tool.notice(f"Device Id          : 0x{device[0]:x}")
    tool.notice(f"Device Revision    : 0x{device[1]:x}")
    tool.notice(f"Product Id         : 0x{int.from_bytes(device[9:11], 'little'):04x}")
    tool.notice(f"Manufacturer Id    : 0x{manufacturer:04x} ({manufacturer_name(manufacturer)})\n\n")


def _component(link: Link, number: int) -> Run[Component | None]:
    component = Component(number, backup=ABSENT, deferred=ABSENT)
    needed = ((GENERAL, "CompGenProp"), (DESCRIPTION, "CompDescString"), (CURRENT, "CompCurrentVersion"))
    for selector, name in needed:
        data = yield from properties(link, number, selector)
        if data is None:
            link.tool.notice(f"Get {name} Failed for component Id {number}\n")
            return None
        if selector == GENERAL:
            component.properties = data[0]
        elif selector == DESCRIPTION:
            component.description = c_string(data)
        else:
            component.active = data
    if component.has_rollback:
        component.backup = yield from _optional(link, number, ROLLBACK)
    if component.has_deferred:
        component.deferred = yield from _optional(link, number, DEFERRED)
    return component


def _optional(link: Link, number: int, selector: int) -> Run[bytes]:
    data = yield from properties(link, number, selector)
    if data is None:
        link.tool.notice(f"Get CompRollbackVersion Failed for component Id {number}\n")
    return data or bytes(6)


def header(tool: Tool, last: str) -> None:
    """The head of the version table; `last` names its third version."""
    tool.line("-" * 74)
    tool.line("|ID  | Name        |                     Versions                        |")
    tool.line(f"|    |             |     Active      |     Backup      |      {last:<11}|")
    tool.line("-" * 74)


def version(data: bytes) -> str:
    if data[0] in (0xFF, 0x7F) and data[1] == 0xFF:
        return NO_VERSION
    return f" {data[0]:3d}.{data[1]:02x} {data[2]:02X}{data[3]:02X}{data[4]:02X}{data[5]:02X} |"


def row(component: Component, *, file: bool, upgrade: bool = False) -> str:
    """One line of the version table, without its newline."""
    marks = ("*" if component.cold_reset else " ") + ("^" if upgrade else " ")
    text = f"|{marks}{component.number:2d}|{component.description:<13}|{version(component.active)}"
    text += version(component.backup) if component.has_rollback else NO_VERSION
    if not file:
        return text + version(component.deferred)
    shown = version(component.file)
    return text + (" ---.-- |" if shown == NO_VERSION else shown)
