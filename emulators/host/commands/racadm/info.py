"""racadm's subcommands that only look: versions, system information, network settings, inventory (section 4.3)."""

from __future__ import annotations

from collections.abc import Iterator

from emulators.bmc.lanconfig import DHCP
from emulators.host.commands.racadm.text import moment, padded
from emulators.host.process import Invocation, Run
from emulators.images import Firmware
from emulators.lifecycle import queue


def versions(inv: Invocation, words: list[str]) -> Run[None]:
    """getversion [-b]."""
    bios, rac = _running(inv)
    inv.out(padded("Bios Version", bios, 28))
    if "-b" not in words:
        inv.out(padded("iDRAC Version", rac, 28) + padded("Lifecycle Controller Version", rac, 28))
    yield 0


def _running(inv: Invocation) -> tuple[str, str]:
    """The versions that run: BIOS, iDRAC."""
    server = inv.host.server

    def version(firmware: Firmware | None) -> str:
        return firmware.version if firmware else "N/A"

    return version(server.running_bios), version(server.bmc.running)


def service_tag(inv: Invocation, words: list[str]) -> Run[None]:
    """getsvctag."""
    inv.out(inv.host.server.board.system_serial + "\n")
    yield 0


def system(inv: Invocation, words: list[str]) -> Run[None]:
    """getsysinfo [-d] [-s]: the iDRAC's part, the system's, or both."""
    every = not {"-d", "-s"} & set(words)
    if every or "-d" in words:
        inv.out(_rac(inv))
    if every or "-s" in words:
        inv.out(_system(inv))
    yield 0


def _rac(inv: Invocation) -> str:
    server = inv.host.server
    lan, dhcp = server.bmc.lan, int(server.bmc.lan.source == DHCP)
    updates = [j.completed for j in queue(server).jobs if j.kind == "bmc" and j.status == "Completed"]
    last = moment(inv, updates[-1] or 0, "%m/%d/%Y %H:%M:%S") if updates else "05/23/2023 11:30:51"
    clock = moment(inv, server.now, "%a %b %d %H:%M:%S %Y")
    fields = (
        ("Firmware Version", _running(inv)[1]),
        ("Firmware Build", "02"),
        ("Last Firmware Update", last),
        ("Hardware Version", "0.01"),
        ("MAC Address", lan.mac),
    )
    address = (
        ("IPv4 Enabled", "1"),
        ("Current IP Address", lan.address),
        ("Current IP Gateway", lan.gateway),
        ("Current IP Netmask", lan.netmask),
        ("DHCP Enabled", str(dhcp)),
    )
    text = "\nRAC Information:\n" + padded("RAC Date/Time", clock) + "\n" + "".join(padded(*f) for f in fields)
    return text + "\nCommon settings:\n" + "\nIPv4 settings:\n" + "".join(padded(*f) for f in address)


def _system(inv: Invocation) -> str:
    server = inv.host.server
    fields = (
        ("System Model", server.board.system_product.removeprefix("Dell ")),
        ("System BIOS Version", _running(inv)[0]),
        ("Service Tag", server.board.system_serial),
        ("Host Name", inv.host.hostname),
        ("Power Status", "ON" if server.powered else "OFF"),
    )
    return "\nSystem Information:\n" + "".join(padded(*f) for f in fields)


def network(inv: Invocation, words: list[str]) -> Run[None]:
    """getniccfg."""
    bmc = inv.host.server.bmc
    lan = bmc.lan
    fields = (
        ("NIC Enabled", "1"),
        ("IPv4 Enabled", "1"),
        ("DHCP Enabled", str(int(lan.source == DHCP))),
        ("IP Address", lan.address),
        ("Subnet Mask", lan.netmask),
        ("Gateway", lan.gateway),
    )
    link = bmc.port is not None
    inv.out("\nIPv4 settings:\n" + "".join(padded(n, v, 20) for n, v in fields))
    six = (("IPv6 Enabled", "0"), ("DHCP6 Enabled", "1"), ("IP Address 1", "::"), ("Gateway", "::"))
    inv.out("\nIPv6 settings:\n" + "".join(padded(n, v, 20) for n, v in six))
    lom = (
        ("NIC Selection", "dedicated" if bmc.lan_mode == "dedicated" else "lom1"),
        ("Link Detected", "Yes" if link else "No"),
        ("Speed", "1Gb/s" if link else "Unknown"),
        ("Duplex Mode", "Full Duplex" if link else "Unknown"),
    )
    inv.out("\nLOM Status:\n" + "".join(padded(n, v, 20) for n, v in lom))
    yield 0


def inventory(inv: Invocation, words: list[str]) -> Run[None]:
    """swinventory: a component appears up to three times: current, rollback, available (staged)."""
    rule = "-" * 67 + "\n"
    inv.out(rule + "SOFTWARE INVENTORY" + "\n" + rule)
    for component, fqdd, key, version in _records(inv):
        kind = "BIOS" if fqdd.startswith("BIOS") else "FIRMWARE"
        inv.out(f"ComponentType = {kind}\nElementName = {component}\nFQDD = {fqdd}\nInstallationDate = NA\n")
        inv.out(f"{key} Version = {version}\n{rule}")
    yield 0


def _records(inv: Invocation) -> Iterator[tuple[str, str, str, str]]:
    server = inv.host.server
    bios, rac = _running(inv)
    for component, fqdd, kind, current in (
        ("BIOS", "BIOS.Setup.1-1", "bios", bios),
        ("Integrated Dell Remote Access Controller", "iDRAC.Embedded.1-1", "bmc", rac),
    ):
        yield component, fqdd, "Current", current
        chip = server.chips["bios" if kind == "bios" else "bmc"]
        spare = chip.banks[chip.target].firmware() if len(chip.banks) > 1 else None
        if spare is not None and spare.version != current:
            yield component, fqdd, "Rollback", spare.version
        for job in queue(server).jobs:
            if job.kind == kind and job.status == "Scheduled":
                yield component, fqdd, "Available", job.version
