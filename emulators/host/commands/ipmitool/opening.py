"""Opening the interface: which errors the real tool prints when it cannot, and the messages that it sends first."""

from __future__ import annotations

from emulators.host.commands.ipmitool.tool import INFO, Tool
from emulators.host.commands.ipmitool.values import completion_text
from emulators.host.process import Run

APP, GET_DEVICE_ID = 0x06, 0x01
PICMG, GET_PROPERTIES, GET_ADDRESS = 0x2C, 0x00, 0x01
VITA = 0x03
INVALID_DATA = 0xCC
PICMG_MAJORS = (2, 4, 5)  # ATCA, AMC, MicroTCA

LAN_TIMEOUT_S = {"lan": 10.0, "lanplus": 20.0}  # a mute address, by the tool's own retries
UNREACHABLE = {
    "lanplus": ("Error: Unable to establish IPMI v2 / RMCP+ session",),
    "lan": ("Error: Unable to establish LAN session", "Error: Unable to establish IPMI v1.5 / RMCP session"),
}
OTHERS = {
    "imb": "Error: no IMB driver found at /dev/imb!",
    "free": "ipmi_open_inband(): device not found",
    "usb": "Error in USB session setup \n\nUnable to setup interface usb\nError loading interface usb",
    "dummy": "dummy failed on connect(): : No such file or directory",
    "serial-terminal": "Serial device is not specified",
    "serial-basic": "Serial device is not specified",
}


def open_interface(tool: Tool, *, remote: bool) -> Run[bool]:
    """True when messages can be sent. A virtual host has no network of its own for IPMI: remote ends are silent."""
    name = "lan" if remote and tool.options.interface == "open" else tool.options.interface
    if name in UNREACHABLE:
        if remote:
            yield LAN_TIMEOUT_S[name]
        else:
            tool.log("No hostname specified!")
        for text in UNREACHABLE[name] if remote else ():
            tool.log(text)
        return False
    if name == "open":
        tool.log("Loading IANA PEN Registry...", INFO)
    if name in OTHERS:
        tool.log(OTHERS[name])
        return False
    if name != "open":
        tool.log(f"Error loading interface {name}")
        return False
    device = tool.options.device
    if not tool.inv.host.kcs.device_present or device:
        paths = f"/dev/ipmi{device} or /dev/ipmi/{device} or /dev/ipmidev/{device}"
        tool.log(f"Could not open device at {paths}: No such file or directory")
        return False
    yield from tool.manufacturer()
    yield from _discover(tool)
    tool.log("Discovered IPMB address 0x0", INFO)
    return True


def _discover(tool: Tool) -> Run[None]:
    """PICMG, else VITA: asked on every start, and nothing printed but for silence."""
    reply = yield from tool.send(PICMG, GET_PROPERTIES, b"\0")
    data = reply.data if reply and not reply.completion_code else b""
    if len(data) >= 4 and data[0] == 0 and data[1] & 0x0F in PICMG_MAJORS:
        yield from tool.send(PICMG, GET_ADDRESS, b"\0")
        return
    tool.log("Running Get VSO Capabilities my_addr 0x20, transit 0, target 0x20", INFO)
    reply = yield from tool.send(PICMG, GET_PROPERTIES, bytes([VITA]))
    if reply is None:
        tool.log("No valid response received")
    elif reply.completion_code:
        what = "data field" if reply.completion_code == INVALID_DATA else "completion code"
        tool.log(f"Invalid {what} received: {completion_text(reply.completion_code)}", INFO)
