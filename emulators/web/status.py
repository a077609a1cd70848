"""What the pages tell of the server, as plain data: read from the model, changed by nothing here."""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from emulators import webflash
from emulators.bmc import chassis, selfupdate, sensor
from emulators.host.commands.ipmitool.events import description, sensor_type_name
from emulators.host.commands.ipmitool.sel_entry import OEM_TIMED, Entry
from emulators.host.commands.ipmitool.times import INIT_DONE
from emulators.web import terminal

if TYPE_CHECKING:
    from emulators.boards import Sensor
    from emulators.server import VirtualServer

PHASES = {
    "off": "Off",
    "post": "On, firmware self-test running",
    "hung": "On, self-test or start stopped",
    "boot": "On, system starting",
    "no-boot": "On, no system found",
    "setup": "On, in firmware setup",
    "up": "On, system running",
    "shutdown": "On, system shutting down",
}
UNITS = {"temperature": "°C", "fan": "RPM", "voltage": "V", "power": "W"}
NO_SIGNAL = "No video signal"


@dataclass(frozen=True)
class Reading:
    """One sensor. `state`: ok, critical or none."""

    name: str
    value: str
    state: str
    limits: str


@dataclass(frozen=True)
class LogLine:
    """One entry of the event log."""

    number: int
    when: str
    sensor: str
    event: str
    grave: bool


def brief(server: VirtualServer) -> dict[str, Any]:
    """What stands on every page and changes by itself."""
    bmc, bios = server.bmc, server.running_bios
    update = webflash.current(server)
    own = selfupdate.current(bmc)
    return {
        "powered": server.powered,
        "phase": PHASES[server.phase],
        "post_code": f"{server.post_code:02X}" if server.powered else "--",
        "bios": bios.version if bios else ("not read yet" if not server.powered else "cannot be read"),
        "bmc": bmc.running.version if bmc.running else "unknown",
        "health": health(server),
        "identify": chassis.identify_state(bmc) != 0,
        "bios_update": None
        if update is None
        else {"stage": update.stage, "percent": update.percent, "version": update.version},
        "bmc_writing": own is not None,
        "bmc_percent": own.percent if own is not None else None,
        "time": stamp(int(server.calendar + bmc.sel.clock_offset)),
    }


def health(server: VirtualServer) -> str:
    """OK or what is wrong, the gravest first."""
    if server.phase == "hung":
        return "Critical: the server does not start"
    if server.phase == "no-boot":
        return "Warning: no system to start was found"
    critical = [reading.name for reading in readings(server) if reading.state == "critical"]
    return f"Critical: {', '.join(critical)}" if critical else "OK"


def readings(server: VirtualServer) -> list[Reading]:
    """All sensors, now."""
    return [_reading(server, one) for one in server.board.bmc.sensors]


def _reading(server: VirtualServer, one: Sensor) -> Reading:
    if one.kind == "power-supply":
        lost = bool(sensor.supply_states(server.bmc, one) & ~1)
        return Reading(one.name, "No input" if lost else "Present", "critical" if lost else "ok", "")
    value = sensor.value(server.bmc, one)
    low, high = one.lower_critical, one.upper_critical
    limits = " ".join(
        text for text in (f"≥ {low:g}" if low is not None else "", f"≤ {high:g}" if high is not None else "") if text
    )
    if value is None:
        return Reading(one.name, "no reading", "none", limits)
    bad = (low is not None and value <= low) or (high is not None and value >= high)
    return Reading(one.name, f"{value:g} {UNITS[one.kind]}", "critical" if bad else "ok", limits)


def events(server: VirtualServer) -> list[LogLine]:
    """The event log, the newest first."""
    return [_event(server, Entry(record.encode())) for record in reversed(server.bmc.sel.records)]


def _event(server: VirtualServer, entry: Entry) -> LogLine:
    when = stamp(entry.time) if entry.time >= INIT_DONE else "before the clock was set"
    if entry.kind >= OEM_TIMED:
        return LogLine(entry.number, when, f"Vendor record {entry.kind:02x}", entry.data[7:].hex(), False)
    sensors = server.board.bmc.sensors
    own = sensors[entry.sensor - 1].name if 0 < entry.sensor <= len(sensors) else ""
    text = description(entry.sensor_type, entry.event_type, entry.event) or f"event {entry.event.hex()}"
    if entry.deasserted:
        text += " (over)"
    grave = not entry.deasserted and (entry.sensor_type == 0x08 or (entry.sensor_type, entry.event[0] & 15) in GRAVE)
    return LogLine(entry.number, when, own or sensor_type_name(entry.sensor_type), text, grave)


GRAVE = {(0x0F, 0x00), (0x0F, 0x01)}  # firmware: error, hang (IPMI 2.0 table 42-3)


def screen(server: VirtualServer) -> str:
    """What a monitor at the server would show."""
    if not server.powered:
        return f"{NO_SIGNAL}: the host is off"
    if server.phase in ("hung", "post") and server.running_bios is None:
        return f"{NO_SIGNAL}: the host is on and shows nothing (POST code {server.post_code:02X})"
    return terminal.shown(server.console.read(0).data)


def stamp(seconds: int) -> str:
    """Unix time as people read it."""
    return time.strftime("%Y-%m-%d %H:%M:%S", time.gmtime(seconds))
