"""Sensor commands, netfn 04: readings, thresholds, the device's own SDRs (IPMI 2.0 section 35)."""

from __future__ import annotations

import struct

from emulators.bmc import sdr, storage
from emulators.bmc.controller import Bmc
from emulators.bmc.message import (
    ADMIN,
    INVALID_COMMAND,
    LENGTH_INVALID,
    NOT_PRESENT,
    OPERATOR,
    SENSOR,
    USER,
    Refused,
    Request,
    command,
)
from emulators.bmc.sel import SYSTEM_EVENT
from emulators.boards import Sensor

SCANNING = 0xC0  # event messages enabled, scanning enabled
EVENT_RECEIVER = bytes([0x20, 0x00])  # IPMB address of the BMC, LUN
UNAVAILABLE = 0x20
SOFTWARE = 0x41  # generator of events that come over the LAN: system management software
AT_LOWER_CRITICAL, AT_UPPER_CRITICAL = 0x02, 0x10  # comparison status (section 35.14)


def _sensor(request: Request) -> tuple[int, Sensor]:
    number, sensors = request.data[0], request.bmc.board.sensors
    if not 1 <= number <= len(sensors):
        raise Refused(NOT_PRESENT)
    return number, sensors[number - 1]


def value(bmc: Bmc, sensor: Sensor) -> float | None:
    """What it measures now, in its unit: the standby value while the host is off. None where there is no reading."""
    if bmc.foreign:
        return None
    return sensor.value if bmc.server.powered else sensor.standby


def supply_states(bmc: Bmc, sensor: Sensor) -> int:
    """The states of a power-supply sensor: the nth such sensor watches the nth supply."""
    supplies = [other for other in bmc.board.sensors if other.kind == "power-supply"]
    index = supplies.index(sensor)
    if index >= len(bmc.server.psus):
        return 0
    return sdr.PRESENT if bmc.server.psus[index].mains else sdr.PRESENT | sdr.FAILED | sdr.INPUT_LOST


def thresholds(bmc: Bmc, number: int, sensor: Sensor) -> tuple[int | None, int | None]:
    """Lower and upper critical as raw bytes: what was set since the BMC's boot, else the board's own."""
    changed: dict[int, tuple[int | None, int | None]] = bmc.volatile.get("thresholds", {})
    scale = sdr.factors(sensor)
    lower, upper = sensor.lower_critical, sensor.upper_critical
    own = (None if lower is None else scale.raw(lower), None if upper is None else scale.raw(upper))
    return changed.get(number, own)


def _comparison(bmc: Bmc, number: int, sensor: Sensor, raw: int) -> int:
    lower, upper = thresholds(bmc, number, sensor)
    below = AT_LOWER_CRITICAL if lower is not None and raw <= lower else 0
    return below | (AT_UPPER_CRITICAL if upper is not None and raw >= upper else 0)


@command(SENSOR, 0x2D, least=1)
def get_sensor_reading(request: Request) -> bytes:
    bmc, (number, sensor) = request.bmc, _sensor(request)
    if sensor.kind == "power-supply":
        return bytes([0x00, SCANNING, supply_states(bmc, sensor), 0x80])
    measured = value(bmc, sensor)
    if measured is None:
        return bytes([0x00, SCANNING | UNAVAILABLE, 0xC0])
    raw = sdr.factors(sensor).raw(measured)
    return bytes([raw, SCANNING, 0xC0 | _comparison(bmc, number, sensor, raw)])


@command(SENSOR, 0x00, privilege=ADMIN, least=2)
def set_event_receiver(request: Request) -> bytes:
    request.bmc.volatile["event-receiver"] = request.data[:2]
    return b""


@command(SENSOR, 0x01)
def get_event_receiver(request: Request) -> bytes:
    """The BMC's own log takes the events until somebody says otherwise."""
    receiver: bytes = request.bmc.volatile.get("event-receiver", EVENT_RECEIVER)
    return receiver


@command(SENSOR, 0x23, least=2)
def get_reading_factors(request: Request) -> bytes:
    return bytes([request.data[1]]) + sdr.factors(_sensor(request)[1]).encoded


@command(SENSOR, 0x24, privilege=OPERATOR, least=4)
def set_hysteresis(request: Request) -> bytes:
    number, _ = _sensor(request)
    request.bmc.volatile.setdefault("hysteresis", {})[number] = bytes(request.data[2:4])
    return b""


@command(SENSOR, 0x25, least=1)
def get_hysteresis(request: Request) -> bytes:
    number, _ = _sensor(request)
    kept: bytes = request.bmc.volatile.get("hysteresis", {}).get(number, bytes(2))
    return kept


@command(SENSOR, 0x26, privilege=OPERATOR, least=8)
def set_thresholds(request: Request) -> bytes:
    number, sensor = _sensor(request)
    mask = request.data[1] & sdr.threshold_mask(sensor)
    lower, upper = thresholds(request.bmc, number, sensor)
    lower = request.data[3] if mask & sdr.LOWER_CRITICAL else lower
    upper = request.data[6] if mask & sdr.UPPER_CRITICAL else upper
    request.bmc.volatile.setdefault("thresholds", {})[number] = (lower, upper)
    return b""


@command(SENSOR, 0x27, least=1)
def get_thresholds(request: Request) -> bytes:
    number, sensor = _sensor(request)
    lower, upper = thresholds(request.bmc, number, sensor)
    return bytes([sdr.threshold_mask(sensor), 0, lower or 0, 0, 0, upper or 0, 0])


@command(SENSOR, 0x29, least=1)
def get_event_enable(request: Request) -> bytes:
    _sensor(request)
    return bytes([SCANNING, 0, 0, 0, 0])


@command(SENSOR, 0x2B, least=1)
def get_event_status(request: Request) -> bytes:
    bmc, (number, sensor) = request.bmc, _sensor(request)
    if sensor.kind == "power-supply":
        return bytes([SCANNING, supply_states(bmc, sensor), 0, 0, 0])
    measured = value(bmc, sensor)
    if measured is None:
        return bytes([SCANNING | UNAVAILABLE, 0, 0, 0, 0])
    at = _comparison(bmc, number, sensor, sdr.factors(sensor).raw(measured))
    events = sdr.ASSERT_LOWER_CRITICAL_LOW if at & AT_LOWER_CRITICAL else 0
    events |= sdr.ASSERT_UPPER_CRITICAL_HIGH if at & AT_UPPER_CRITICAL else 0
    return bytes([SCANNING]) + events.to_bytes(2, "little") + bytes(2)


@command(SENSOR, 0x2F, least=1)
def get_sensor_type(request: Request) -> bytes:
    sensor = _sensor(request)[1]
    reading = sdr.SENSOR_SPECIFIC if sensor.kind == "power-supply" else sdr.THRESHOLD
    return bytes([sdr.KINDS[sensor.kind][0], reading])


@command(SENSOR, 0x02, privilege=OPERATOR, least=7)
def platform_event(request: Request) -> bytes:
    """An event that somebody else reports, into the log (section 29.3). In band its generator comes first."""
    generator = request.data[0] if request.in_band else SOFTWARE
    event = request.data[1:8] if request.in_band else request.data[:7]
    if len(event) != 7:
        raise Refused(LENGTH_INVALID)
    log = request.bmc.sel
    log.append(bytes([SYSTEM_EVENT]) + struct.pack("<IH", log.time, generator) + event)
    return b""


# -- the device's own SDRs, where the board has them (section 35.2-35.4)


def _provided(request: Request) -> None:
    if not request.bmc.board.provides_sdrs:
        raise Refused(INVALID_COMMAND)


@command(SENSOR, 0x20, most=1)
def get_device_sdr_info(request: Request) -> bytes:
    _provided(request)
    whole = request.data[:1] == b"\x01"
    count = len(sdr.repository(request.bmc.board)) if whole else len(request.bmc.board.sensors)
    return bytes([count, 0x01])


@command(SENSOR, 0x21, privilege=USER, least=6)
def get_device_sdr(request: Request) -> bytes:
    _provided(request)
    return storage.sdr_part(request)


@command(SENSOR, 0x22)
def reserve_device_sdrs(request: Request) -> bytes:
    _provided(request)
    return storage.reserve_sdrs(request)


@command(SENSOR, 0x28, privilege=ADMIN, least=2)
def set_event_enable(request: Request) -> bytes:
    """Taken and not kept: a virtual sensor always scans."""
    if len(request.data) > 6:
        raise Refused(LENGTH_INVALID)
    _sensor(request)
    return b""
