"""SUM GetCurrentBiosCfg and ChangeBiosCfg: BIOS settings as an XML file (section 3.2's fixtures).

A change waits for the next start, as SUM says.
"""

from __future__ import annotations

import xml.etree.ElementTree as ElementTree
from itertools import zip_longest
from xml.sax.saxutils import quoteattr

from emulators import images
from emulators.host.commands.sum.session import Session
from emulators.host.commands.sum.text import MANAGED, REBOOT_NOTE, SumError, note, status
from emulators.host.process import Run
from emulators.nvram import Setting
from emulators.server import VirtualServer

OPTION = "Boot Option #"
NOT_A_FILE = "The file is not a BIOS configuration file."


def current(session: Session) -> Run[None]:
    """GetCurrentBiosCfg [--file F [--overwrite]]: to the file, or to standard output."""
    yield 3.0
    session.inv.out("." * 23 + "\n")
    text = _file(session, session.server.running_bios or session.board.firmware("bios"))
    if "--file" not in session.options:
        session.inv.out(text)
        return
    session.save(text)
    session.inv.out(status(f"The current BIOS configuration is saved to {session.options['--file']}"))


def change(session: Session) -> Run[None]:
    """ChangeBiosCfg --file F [--reboot]. Raises SumError 60 where F is no BIOS configuration file, or holds a setting
    or a value that this BIOS has not (--skip_unknown leaves such out)."""
    order, settings = _wanted(session)
    yield 4.0
    session.inv.out("." * 17 + "\n")
    server = session.server
    if order == server.boot_order and all(server.nvram.settings[key] == value for key, value in settings.items()):
        session.inv.out("\n" + note("No BIOS setting has been changed.") + "\n")
    else:
        server.pre_boot.append(lambda: _apply(server, order, settings))
    session.inv.out(status(f"The BIOS configuration is updated for {MANAGED}"))
    session.inv.out("\n" + note(REBOOT_NOTE))
    if "--reboot" in session.options:
        session.inv.out(status(f"The managed system {MANAGED} is rebooting."))
        server.host_reboot()


def _apply(server: VirtualServer, order: list[str], settings: dict[str, str]) -> Run[object]:
    yield 1.0
    server.boot_order = order
    server.nvram.settings |= settings
    server.note("bios-settings-changed", boot_order=order)
    return None


def _wanted(session: Session) -> tuple[list[str], dict[str, str]]:
    """Boot order and settings of the file; a file may hold a part of them."""
    try:
        root = ElementTree.fromstring(session.read())
    except ElementTree.ParseError:
        raise SumError(60, NOT_A_FILE) from None
    if root.tag != "BiosCfg":
        raise SumError(60, NOT_A_FILE)
    found = {s.get("name", ""): s.get("selectedOption", "") for s in root.iter("Setting")}
    order = [found.pop(name) for name in sorted(name for name in found if name.startswith(OPTION))]
    known = {setting.name: setting for setting in session.server.nvram.catalogue}
    settings: dict[str, str] = {}
    for name, value in found.items():
        if name in known and value in known[name].values:
            settings[known[name].key] = value
        elif "--skip_unknown" not in session.options:
            raise SumError(60, f"The setting {name} is unknown to this BIOS, or does not take {value}.")
    return order or list(session.server.boot_order), settings


def _file(session: Session, firmware: images.Firmware) -> str:
    year, month, day = firmware.date.split("-")
    return (
        '<?xml version="1.0" encoding="ISO-8859-1" standalone="yes"?>\n'
        "<BiosCfg>\n"
        "  <!--Supermicro Update Manager 2.14.0 (2024/02/15)-->\n"
        '  <Menu name="Main">\n'
        f"    <Subtitle>Supermicro {session.board.product}</Subtitle>\n"
        f"    <Text>BIOS Version({firmware.version})</Text>\n"
        f"    <Text>Build Date({month}/{day}/{year})</Text>\n"
        "  </Menu>\n"
        f"{_menus(session.server)}"
        "</BiosCfg>\n"
    )


def _menus(server: VirtualServer) -> str:
    """Settings in their menus, which the catalogue has in order; the boot options last in the menu Boot."""
    text, opened = "", tuple[str, ...]()
    for setting in server.nvram.catalogue:
        text += _moved(opened, setting.menu) + _line(setting, server.nvram.settings[setting.key])
        opened = setting.menu
    depth = "  " * (len(opened) + 1)
    for number, device in enumerate(server.boot_order, 1):
        text += f'{depth}<Setting name="{OPTION}{number}" selectedOption="{device}" type="Option" />\n'
    return text + _moved(opened, ())


def _moved(opened: tuple[str, ...], wanted: tuple[str, ...]) -> str:
    """Close the menus that are left, open those that are entered."""
    same = next((i for i, (a, b) in enumerate(zip_longest(opened, wanted)) if a != b), len(opened))
    close = "".join(f"{'  ' * depth}</Menu>\n" for depth in range(len(opened), same, -1))
    names = [(depth, wanted[depth - 1]) for depth in range(same + 1, len(wanted) + 1)]
    return close + "".join(f"{'  ' * depth}<Menu name={quoteattr(name)}>\n" for depth, name in names)


def _line(setting: Setting, value: str) -> str:
    depth = "  " * (len(setting.menu) + 1)
    return f'{depth}<Setting name={quoteattr(setting.name)} selectedOption={quoteattr(value)} type="Option" />\n'
