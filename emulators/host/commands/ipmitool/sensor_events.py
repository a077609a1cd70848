"""Which events a sensor may send and which it has sent: the last lines of a sensor's long form."""

from __future__ import annotations

from emulators.host.commands.ipmitool.events import asserted, meanings, sensor_type_name
from emulators.host.commands.ipmitool.readings import GET_ENABLE, GET_STATUS, SENSOR_EVENT
from emulators.host.commands.ipmitool.sdr_record import Record
from emulators.host.commands.ipmitool.tool import Tool
from emulators.host.process import Run

LISTED = ("lnc-", "lnc+", "lcr-", "lcr+", "lnr-", "lnr+", "unc-", "unc+", "ucr-", "ucr+", "unr-", "unr+")
TITLES = {
    GET_STATUS: ("Assertion Events", "Deassertion Events"),
    GET_ENABLE: ("Assertions Enabled", "Deassertions Enabled"),
}


def show_states(tool: Tool, title: str, record: Record, low: int, high: int) -> None:
    """A discrete sensor's states, one a line."""
    kind, event = record.sensor_type, record.event_type
    if not low and not high & 0x7F or not meanings(kind, event):
        return
    tool.line(f" {title:<21} : {sensor_type_name(kind)}")
    for text in asserted(kind, event, low, high):
        tool.line(f"{'':25}[{text}]")


def show(tool: Tool, record: Record, command: int) -> Run[None]:
    """Get Sensor Event Status or Enable, in words; nothing where the sensor does not say."""
    reply = yield from tool.send(SENSOR_EVENT, command, bytes([record.sensor]), lun=record.lun)
    if reply is None or reply.completion_code or not reply.data:
        return
    data, what = reply.data, "Status" if command == GET_STATUS else "Enable"
    if command == GET_STATUS and data[0] & 0x20:
        tool.line(" Event Status          : Unavailable")
        return
    if not data[0] & 0x80:
        tool.line(f" Event {what}          : Event Messages Disabled")
    show_kind = _show_thresholds if record.is_threshold else _show_discrete
    show_kind(tool, record, command, data)


def _show_discrete(tool: Tool, record: Record, command: int, data: bytes) -> None:
    for title, at in zip(TITLES[command], (1, 3), strict=True):
        if len(data) > at:
            show_states(tool, title, record, data[at], data[at + 1] if len(data) > at + 1 else 0)


def _show_thresholds(tool: Tool, record: Record, command: int, data: bytes) -> None:
    raised, cleared = TITLES[command]
    low, high = data[1] if len(data) > 1 else 0, data[2] if len(data) > 2 else 0
    tool.line(f" {raised:<21} : {_conditions(low, high)}")
    later = data[3:5]
    needed = any if command == GET_ENABLE or len(later) < 2 else all
    if len(data) > 3 and needed(later):
        tool.line(f" {cleared:<21} : {_conditions(later[0], later[1] if len(later) > 1 else 0)}")


def _conditions(low: int, high: int) -> str:
    bits = low | (high & 0x0F) << 8
    return "".join(f"{text} " for at, text in enumerate(LISTED) if bits & 1 << at)
