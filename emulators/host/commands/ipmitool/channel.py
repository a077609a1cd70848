"""`ipmitool channel`: what kind of channel it is and who may use it."""

from __future__ import annotations

from emulators.host.commands.ipmitool import users
from emulators.host.commands.ipmitool.arguments import channel_number, privilege_limit, user_id
from emulators.host.commands.ipmitool.tool import Tool
from emulators.host.commands.ipmitool.usage import CHANNEL_USAGE
from emulators.host.commands.ipmitool.values import PRIVILEGE, byte, completion_text, text_of
from emulators.host.process import Run

APP = 0x06
AUTH_CAPABILITIES, SET_ACCESS, GET_ACCESS, GET_INFO, CIPHER_SUITES = 0x38, 0x40, 0x41, 0x42, 0x54
LAN_MEDIA = (0x04, 0x06)

MEDIUM = {
    0x00: "reserved",
    0x01: "IPMB (I2C)",
    0x02: "ICMB v1.0",
    0x03: "ICMB v0.9",
    0x04: "802.3 LAN",
    0x05: "Serial/Modem",
    0x06: "Other LAN",
    0x07: "PCI SMBus",
    0x08: "SMBus v1.0/v1.1",
    0x09: "SMBus v2.0",
    0x0A: "USB 1.x",
    0x0B: "USB 2.x",
    0x0C: "System Interface",
}
PROTOCOL = {
    0x00: "reserved",
    0x01: "IPMB-1.0",
    0x02: "ICMB-1.0",
    0x03: "reserved",
    0x04: "IPMI-SMBus",
    0x05: "KCS",
    0x06: "SMIC",
    0x07: "BT-10",
    0x08: "BT-15",
    0x09: "TMode",
    0x1C: "OEM 1",
    0x1D: "OEM 2",
    0x1E: "OEM 3",
    0x1F: "OEM 4",
}
SESSIONS = {0x00: "session-less", 0x40: "single-session", 0x80: "multi-session", 0xC0: "session-based"}
ACCESS_MODE = {0: "disabled", 1: "pre-boot only", 2: "always available", 3: "shared"}
AUTH_BITS = ((0x01, "NONE"), (0x02, "MD2"), (0x04, "MD5"), (0x10, "PASSWORD"), (0x20, "OEM"))
AUTHENTICATION = {0: "none", 1: "hmac_sha1", 2: "hmac_md5", 3: "hmac_sha256"}
INTEGRITY = {0: "none", 1: "hmac_sha1_96", 2: "hmac_md5_128", 3: "md5_128", 4: "sha256_128"}
ENCRYPTION = {0: "none", 1: "aes_cbc_128", 2: "xrc4_128", 3: "xrc4_40"}
STATUS = {0x00: "unknown", 0x40: "enabled", 0x80: "disabled", 0xC0: "reserved"}


def info_data(tool: Tool, channel: int) -> Run[tuple[int, bytes]]:
    return (yield from tool.exchange(APP, GET_INFO, bytes([channel & 0x0F]), 9))


def medium(tool: Tool, channel: int) -> Run[int]:
    """The channel's medium; 0 (reserved) where the BMC does not say."""
    code, data = yield from info_data(tool, channel)
    if code == 0:
        return data[1] & 0x7F
    if code > 0 and code != 0xCC:
        tool.log(f"Get Channel Info command failed: {completion_text(code)}")
    elif code < 0:
        tool.checked(code)
    return 0


def access_data(tool: Tool, channel: int, *, volatile: bool) -> Run[tuple[int, bytes]]:
    return (yield from tool.exchange(APP, GET_ACCESS, bytes([channel & 0x0F, 0x80 if volatile else 0x40]), 2))


def main(tool: Tool, argv: list[str]) -> Run[int]:
    match argv:
        case []:
            tool.log("Not enough parameters given.")
            return _usage(tool)
        case ["help", *_]:
            _usage(tool)
            return 0
        case ["authcap", channel_text, limit_text]:
            channel = channel_number(tool, channel_text)
            limit = None if channel is None else privilege_limit(tool, limit_text)
            return -1 if channel is None or limit is None else (yield from _capabilities(tool, channel, limit))
        case ["getaccess", *rest]:
            return (yield from _get_access(tool, rest))
        case ["setaccess", *rest]:
            return (yield from _set_access(tool, rest))
        case ["info", *rest] if len(rest) <= 1:
            number = channel_number(tool, rest[0]) if rest else users.CURRENT_CHANNEL
            return -1 if number is None else (yield from _info(tool, number))
        case ["getciphers", "ipmi" | "sol", *rest] if len(rest) <= 1:
            number = channel_number(tool, rest[0]) if rest else users.CURRENT_CHANNEL
            return -1 if number is None else (yield from _ciphers(tool, argv[1], number))
        case ["authcap" | "info" | "getciphers", *_]:
            return _usage(tool)
    tool.log(f"Invalid CHANNEL command: {argv[0]}\n")
    return _usage(tool)


def _usage(tool: Tool) -> int:
    tool.notice(CHANNEL_USAGE)
    return -1


def _info(tool: Tool, channel: int) -> Run[int]:
    code, data = yield from info_data(tool, channel)
    if not tool.checked(code):
        tool.log("Unable to Get Channel Info")
        return -1
    channel, kind = data[0] & 0x0F, data[1] & 0x7F
    tool.line(f"Channel 0x{channel:x} info:")
    tool.line(f"  Channel Medium Type   : {text_of(kind, MEDIUM)}")
    tool.line(f"  Channel Protocol Type : {text_of(data[2] & 0x1F, PROTOCOL)}")
    tool.line(f"  Session Support       : {SESSIONS[data[3] & 0xC0]}")
    tool.line(f"  Active Session Count  : {data[3] & 0x3F}")
    tool.line(f"  Protocol Vendor ID    : {int.from_bytes(data[4:7], 'little')}")
    if kind not in LAN_MEDIA:
        return 0
    if not (yield from _access_block(tool, channel, volatile=True)):
        return -1
    return 0 if (yield from _access_block(tool, channel, volatile=False)) else -1


def _access_block(tool: Tool, channel: int, *, volatile: bool) -> Run[bool]:
    code, data = yield from access_data(tool, channel, volatile=volatile)
    if not tool.checked(code):
        tool.log(f"Unable to Get Channel Access ({'volatile' if volatile else 'non-volatile'})")
        return False
    flags = data[0]
    tool.line("  Volatile(active) Settings" if volatile else "  Non-Volatile Settings")
    tool.line(f"    Alerting            : {'dis' if flags & 0x20 else 'en'}abled")
    tool.line(f"    Per-message Auth    : {'dis' if flags & 0x10 else 'en'}abled")
    tool.line(f"    User Level Auth     : {'dis' if flags & 0x08 else 'en'}abled")
    tool.line(f"    Access Mode         : {ACCESS_MODE.get(flags & 7, 'unknown')}")
    return True


def _capabilities(tool: Tool, channel: int, limit: int) -> Run[int]:
    reply = yield from tool.send(APP, AUTH_CAPABILITIES, bytes([channel | 0x80, limit]))
    if reply is None or reply.completion_code:
        reply = yield from tool.send(APP, AUTH_CAPABILITIES, bytes([channel, limit]))
        if reply is None:
            tool.log("Unable to Get Channel Authentication Capabilities")
            return -1
        if reply.completion_code:
            tool.log(f"Get Channel Authentication Capabilities failed: {completion_text(reply.completion_code)}")
            return -1
    data = reply.data.ljust(8, b"\0")
    extended = bool(data[1] & 0x80)
    types = "".join(f"{name} " for bit, name in AUTH_BITS if data[1] & bit)
    tool.line(f"Channel number             : {data[0]}")
    tool.line(f"IPMI v1.5  auth types      : {types}")
    if extended:
        tool.line(f"KG status                  : {'non-zero' if data[2] & 0x20 else 'default (all zeroes)'}")
    tool.line(f"Per message authentication : {'dis' if data[2] & 0x10 else 'en'}abled")
    tool.line(f"User level authentication  : {'dis' if data[2] & 0x08 else 'en'}abled")
    tool.line(f"Non-null user names exist  : {'yes' if data[2] & 0x04 else 'no'}")
    tool.line(f"Null user names exist      : {'yes' if data[2] & 0x02 else 'no'}")
    tool.line(f"Anonymous login enabled    : {'yes' if data[2] & 0x01 else 'no'}")
    if extended:
        tool.line(f"Channel supports IPMI v1.5 : {'yes' if data[3] & 0x01 else 'no'}")
        tool.line(f"Channel supports IPMI v2.0 : {'yes' if data[3] & 0x02 else 'no'}")
    if data[1] & 0x20:
        tool.line(f"IANA Number for OEM        : {int.from_bytes(data[4:7], 'little')}")
        tool.line(f"OEM Auxiliary Data         : 0x{data[7]:x}")
    return 0


def _get_access(tool: Tool, argv: list[str]) -> Run[int]:
    if len(argv) not in (1, 2):
        tool.log("Not enough parameters given.")
        return _usage(tool)
    channel = channel_number(tool, argv[0])
    wanted = user_id(tool, argv[1]) if channel is not None and len(argv) == 2 else 0
    if channel is None or wanted is None:
        return -1
    user, last = wanted or 1, wanted
    while True:
        code, access = yield from users.get_access(tool, channel, user)
        if not tool.checked(code):
            tool.log(f"Unable to Get User Access (channel {channel} id {user})")
            return -1
        code, name = yield from users.get_name(tool, user)
        if not tool.checked(code):
            tool.log(f"Unable to Get User Name (id {user})")
            return -1
        if user == (wanted or 1):
            tool.line(f"Maximum User IDs     : {access.maximum}")
            tool.line(f"Enabled User IDs     : {access.enabled}")
            last = wanted or access.maximum
        _user_block(tool, user, name, access)
        user += 1
        if user > last:
            return 0


def _user_block(tool: Tool, user: int, name: str, access: users.Access) -> None:
    tool.line()
    tool.line(f"User ID              : {user}")
    tool.line(f"User Name            : {name}")
    tool.line(f"Fixed Name           : {'Yes' if user <= access.fixed else 'No'}")
    tool.line(f"Access Available     : {'callback' if access.callback else 'call-in / callback'}")
    tool.line(f"Link Authentication  : {'en' if access.link else 'dis'}abled")
    tool.line(f"IPMI Messaging       : {'en' if access.messaging else 'dis'}abled")
    tool.line(f"Privilege Level      : {text_of(access.limit, PRIVILEGE)}")
    tool.line(f"Enable Status        : {text_of(access.status, STATUS)}")


def _set_access(tool: Tool, argv: list[str]) -> Run[int]:
    if argv and argv[0] == "help":
        _usage(tool)
        return 0
    if len(argv) < 3:
        tool.log("Not enough parameters given.")
        return _usage(tool)
    channel = channel_number(tool, argv[0])
    user = user_id(tool, argv[1]) if channel is not None else None
    if channel is None or user is None:
        return -1
    code, access = yield from users.get_access(tool, channel, user)
    if not tool.checked(code):
        tool.log(f"Unable to Get User Access (channel {channel} id {user})")
        return -1
    if not all(_apply(tool, access, option) for option in argv[2:]):
        return -1
    code = yield from users.set_access(tool, channel, user, access, limit_only=False)
    if not tool.checked(code):
        tool.log(f"Unable to Set User Access (channel {channel} id {user})")
        return -1
    tool.line(f"Set User Access (channel {channel} id {user}) successful.")
    return 0


def _apply(tool: Tool, access: users.Access, option: str) -> bool:
    name, equals, value = option.partition("=")
    on = value not in ("off", "disable", "no")
    if not equals or name not in ("callin", "link", "ipmi", "privilege"):
        tool.log(f"Invalid option: {option}\n")
        return False
    match name:
        case "callin":
            access.callback = not on
        case "link":
            access.link = on
        case "ipmi":
            access.messaging = on
        case _:
            by_name = {text: level for level, text in PRIVILEGE.items()}
            level = by_name.get(value.upper(), byte(value))
            if level is None:
                tool.log(f"Numeric [1-15] value expected, but '{value}' given.")
                return False
            access.limit = level
    return True


def _ciphers(tool: Tool, payload: str, channel: int) -> Run[int]:
    data = b""
    for index in range(0x40):
        request = bytes([channel, 0 if payload == "ipmi" else 1, 0x80 | index])
        reply = yield from tool.send(APP, CIPHER_SUITES, request)
        if reply is None:
            tool.log("Unable to Get Channel Cipher Suites")
            return -1
        if reply.completion_code or not 1 <= len(reply.data) <= 17:
            tool.log(f"Get Channel Cipher Suites failed: {completion_text(reply.completion_code)}")
            return -1
        data += reply.data[1:]
        if len(reply.data) < 17:
            break
    if not tool.options.csv:
        tool.line("ID   IANA    Auth Alg        Integrity Alg   Confidentiality Alg")
    for suite, iana, algorithms in _suites(data):
        cells = (
            f"{iana:06x}" if iana else "N/A",
            text_of(algorithms[0] & 0x3F, AUTHENTICATION),
            text_of(algorithms[1] & 0x3F, INTEGRITY),
            text_of(algorithms[2] & 0x3F, ENCRYPTION),
        )
        if tool.options.csv:
            tool.line(",".join((str(suite), *cells)))
        else:
            tool.line(f"{suite:<4} {cells[0]:<7} {cells[1]:<15} {cells[2]:<15} {cells[3]:<15}")
    return 0


def _suites(data: bytes) -> list[tuple[int, int, bytes]]:
    """Records of (suite id, vendor, three algorithms); stops at what is no record."""
    found = []
    while data:
        size = {0xC0: 5, 0xC1: 8}.get(data[0])
        if size is None or len(data) < size:
            break
        vendor = int.from_bytes(data[2:5], "little") if size == 8 else 0
        found.append((data[1], vendor, data[size - 3 : size]))
        data = data[size:]
    return found
