"""`ipmitool user`: the BMC's accounts."""

from __future__ import annotations

from dataclasses import dataclass

from emulators.host.commands.ipmitool.arguments import channel_number, privilege_limit, user_id
from emulators.host.commands.ipmitool.tool import Tool
from emulators.host.commands.ipmitool.usage import USER_USAGE
from emulators.host.commands.ipmitool.values import PRIVILEGE, byte, c_string, completion_text, number, text_of
from emulators.host.process import Run

APP = 0x06
SET_ACCESS, GET_ACCESS, SET_NAME, GET_NAME, SET_PASSWORD = 0x43, 0x44, 0x45, 0x46, 0x47
DISABLE, ENABLE, SET, TEST = 0, 1, 2, 3
CURRENT_CHANNEL = 0x0E
HEADER = "ID  Name\t     Callin  Link Auth\tIPMI Msg   Channel Priv Limit"


@dataclass
class Access:
    """Get User Access' answer."""

    maximum: int = 0
    enabled: int = 0
    fixed: int = 0
    status: int = 0
    callback: bool = False
    link: bool = False
    messaging: bool = False
    limit: int = 0


def get_access(tool: Tool, channel: int, user: int) -> Run[tuple[int, Access]]:
    code, data = yield from tool.exchange(APP, GET_ACCESS, bytes([channel & 0x0F, user & 0x3F]), 4)
    if code:
        return code, Access()
    flags = data[3]
    access = Access(
        data[0] & 0x3F,
        data[1] & 0x3F,
        data[2] & 0x3F,
        data[1] & 0xC0,
        bool(flags & 0x40),
        bool(flags & 0x20),
        bool(flags & 0x10),
        flags & 0x0F,
    )
    return 0, access


def get_name(tool: Tool, user: int) -> Run[tuple[int, str]]:
    """The user's name; a BMC that says cc for an empty slot has an empty name there."""
    code, data = yield from tool.exchange(APP, GET_NAME, bytes([user]), 16)
    return (0, "") if code == 0xCC else (code, c_string(data))


def set_access(tool: Tool, channel: int, user: int, access: Access, *, limit_only: bool) -> Run[int]:
    flags = (0 if limit_only else 0x80) | access.callback << 6 | access.link << 5 | access.messaging << 4
    data = bytes([flags | channel & 0x0F, user & 0x3F, access.limit & 0x0F, 0])
    code, _ = yield from tool.exchange(APP, SET_ACCESS, data)
    return code


def set_password(tool: Tool, user: int, operation: int, password: str = "", *, long: bool = False) -> Run[int]:
    size = 20 if long else 16
    data = bytes([(0x80 if long else 0) | user & 0x3F, operation]) + password.encode()[:size].ljust(size, b"\0")
    code, _ = yield from tool.exchange(APP, SET_PASSWORD, data)
    return code


def main(tool: Tool, argv: list[str]) -> Run[int]:
    match argv:
        case []:
            tool.log("Not enough parameters given.")
            return _usage(tool)
        case ["help", *_]:
            _usage(tool)
            return 0
        case ["summary" | "list", *_] if len(argv) <= 2:
            channel = channel_number(tool, argv[1]) if len(argv) == 2 else CURRENT_CHANNEL
            if channel is None:
                return -1
            return (yield from (_list if argv[0] == "list" else _summary)(tool, channel))
        case ["test", *rest] if len(rest) in (2, 3):
            return (yield from _test(tool, rest))
        case ["set", "password", user, *rest]:
            return (yield from _password(tool, user, rest))
        case ["set", "name", user, name]:
            return (yield from _name(tool, user, name))
        case ["priv", user, limit, *rest] if len(rest) <= 1:
            return (yield from _privilege(tool, user, limit, rest))
        case ["disable" | "enable", user]:
            return (yield from _switch(tool, argv[0], user))
        case ["summary" | "list" | "test" | "set" | "priv" | "disable" | "enable", *_]:
            return _usage(tool)
    tool.log(f"Invalid user command: '{argv[0]}'\n")
    return _usage(tool)


def _usage(tool: Tool) -> int:
    tool.notice(USER_USAGE)
    return -1


def _list(tool: Tool, channel: int) -> Run[int]:
    user, last = 1, 1
    while user <= min(last, 63):
        code, access = yield from get_access(tool, channel, user)
        if not tool.checked(code):
            return -1
        code, name = yield from get_name(tool, user)
        if not tool.checked(code):
            return -1
        _row(tool, user, name, access)
        user, last = user + 1, access.maximum
    return 0


def _row(tool: Tool, user: int, name: str, access: Access) -> None:
    limit = text_of(access.limit, PRIVILEGE)
    columns = (
        "false" if access.callback else "true",
        "true" if access.link else "false",
        "true" if access.messaging else "false",
    )
    if tool.options.csv:
        tool.line(f"{user},{name},{columns[0]},{columns[1]},{columns[2]},{limit}")
        return
    if not tool.user_header_printed:
        tool.line(HEADER)
        tool.user_header_printed = True
    tool.line(f"{user:<4}{name:<17}{columns[0]:<8}{columns[1]:<11}{columns[2]:<11}{limit}")


def _summary(tool: Tool, channel: int) -> Run[int]:
    code, access = yield from get_access(tool, channel, 1)
    if not tool.checked(code):
        return -1
    if tool.options.csv:
        tool.line(f"{access.maximum},{access.enabled},{access.fixed}")
        return 0
    tool.line(f"Maximum IDs\t    : {access.maximum}")
    tool.line(f"Enabled User Count  : {access.enabled}")
    tool.line(f"Fixed Name Count    : {access.fixed}")
    return 0


def _ask_password(tool: Tool, user: int) -> Run[str]:
    """getpass() without a terminal: the prompt goes to standard error, the line comes from standard input."""
    tool.inv.err(f"Password for user {user}: ")
    line = yield from tool.inv.stdin.readline()
    tool.inv.err("\n")
    return line.decode(errors="replace").rstrip("\n")


def _test(tool: Tool, argv: list[str]) -> Run[int]:
    user = user_id(tool, argv[0])
    if user is None:
        return -1
    length = number(argv[1], 0, 255)
    if length not in (16, 20):
        tool.log(f"Given password length '{argv[1]}' is invalid.")
        tool.log("Expected value is either 16 or 20.")
        return -1
    password = argv[2] if len(argv) == 3 else (yield from _ask_password(tool, user))
    code = yield from set_password(tool, user, TEST, password, long=length == 20)
    texts = {0: "Success", 0x80: "Failure: password incorrect", 0x81: "Failure: wrong password size"}
    tool.line(texts.get(code, "Unknown error"))
    return 0 if code == 0 else -1


def _password(tool: Tool, user_text: str, argv: list[str]) -> Run[int]:
    user = user_id(tool, user_text)
    if user is None:
        return -1
    if argv:
        password = argv[0]
    else:
        password = yield from _ask_password(tool, user)
        again = yield from _ask_password(tool, user)
        if password[: len(again)] != again:
            tool.log("Passwords do not match or are longer than 20")
            return -1
    size = byte(argv[1]) if len(argv) > 1 else (16 if len(password) <= 16 else 20)
    if size not in (16, 20):
        tool.log(f"Invalid password length '{argv[1]}'")
        return -1
    if len(password) > size:
        tool.log(f"Password is too long (> {size} bytes)")
        return -1
    code = yield from set_password(tool, user, SET, password, long=size > 16)
    if not tool.checked(code):
        tool.log(f"Set User Password command failed (user {user})")
        return -1
    tool.line(f"Set User Password command successful (user {user})")
    return 0


def _name(tool: Tool, user_text: str, name: str) -> Run[int]:
    user = user_id(tool, user_text)
    if user is None:
        return -1
    if len(name) > 16:
        tool.log("Username is too long (> 16 bytes)")
        return -1
    reply = yield from tool.send(APP, SET_NAME, bytes([user]) + name.encode().ljust(16, b"\0"))
    if reply is None or reply.completion_code:
        why = f": {completion_text(reply.completion_code)}" if reply else ""
        tool.log(f"Set User Name command failed (user {user}, name {name}){why}")
        return -1
    return 0


def _privilege(tool: Tool, user_text: str, limit_text: str, rest: list[str]) -> Run[int]:
    channel = channel_number(tool, rest[0]) if rest else CURRENT_CHANNEL
    if channel is None:
        return -1
    limit = privilege_limit(tool, limit_text)
    user = user_id(tool, user_text) if limit is not None else None
    if user is None or limit is None:
        return -1
    code = yield from set_access(tool, channel, user, Access(limit=limit), limit_only=True)
    if not tool.checked(code):
        tool.log(f"Set Privilege Level command failed (user {user})")
        return -1
    tool.line(f"Set Privilege Level command successful (user {user})")
    return 0


def _switch(tool: Tool, how: str, user_text: str) -> Run[int]:
    user = user_id(tool, user_text)
    if user is None:
        return -1
    code = yield from set_password(tool, user, DISABLE if how == "disable" else ENABLE)
    if not tool.checked(code & 0xFF if code < 0 else code):
        tool.log(f"Set User Password command failed (user {user})")
        return -1
    return 0
