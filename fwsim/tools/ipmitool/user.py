"""`ipmitool user list`: fixed columns. Names may be blank, and empty slots are worded differently by vendor."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import Literal

from fwsim.tools import Argv, Unparsable, ipmitool

EMPTY_PRIVILEGES = ("Unknown (0x00)", "NO ACCESS")


@dataclass(frozen=True)
class User:
    """One slot. `privilege` as printed: ADMINISTRATOR, OPERATOR, USER, CALLBACK, NO ACCESS, Unknown (0x00).

    `enabled` is not in `user list`; None where it was not asked for.
    """

    id: int
    name: str
    callin: bool
    link_auth: bool
    ipmi_messaging: bool
    privilege: str
    enabled: bool | None = None

    @property
    def is_empty(self) -> bool:
        return not self.name and self.privilege in EMPTY_PRIVILEGES


def show(channel: int) -> Argv:
    """`user list` of that channel."""
    return ipmitool.argv("user", "list", str(channel))


@lru_cache(maxsize=64)  # asked before and after each step that may change it
def parse(stdout: str) -> tuple[User, ...]:
    """Every slot that is listed. Raises Unparsable."""
    lines = [line for line in stdout.splitlines() if line.strip()]
    if not lines or not lines[0].startswith("ID  Name"):
        raise Unparsable("ipmitool user list", "the heading ID, Name, Callin, ...", stdout)
    return tuple(_row(line, stdout) for line in lines[1:])


def _row(line: str, stdout: str) -> User:
    number, flags = line[:4].strip(), [line[21:29].strip(), line[29:40].strip(), line[40:51].strip()]
    if not number.isdigit() or set(flags) - {"true", "false"} or not line[51:].strip():
        raise Unparsable("ipmitool user list", "columns of 4, 17, 8, 11 and 11", line or stdout)
    callin, link, messaging = (flag == "true" for flag in flags)
    return User(int(number), line[4:21].strip(), callin, link, messaging, line[51:].strip())


def differences(before: tuple[User, ...], after: tuple[User, ...]) -> dict[str, tuple[str, str]]:
    """Slots that are not as they were: "user 2" -> (before, after). Empty slots of either wording are equal."""
    old, new = ({u.id: _words(u) for u in users if not u.is_empty} for users in (before, after))
    return {
        f"user {i}": (old.get(i, "empty"), new.get(i, "empty"))
        for i in sorted({*old, *new})
        if old.get(i) != new.get(i)
    }


def _words(user: User) -> str:
    rows = (("call-in", user.callin), ("link", user.link_auth), ("ipmi", user.ipmi_messaging))
    flags = [word for word, on in rows if on]
    if user.enabled is not None:
        flags.append("enabled" if user.enabled else "disabled")
    return " ".join([user.name or "(no name)", user.privilege, *flags])


def show_access(channel: int) -> Argv:
    """`channel getaccess` of every user: the one place that says whether a user is enabled."""
    return ipmitool.argv("channel", "getaccess", str(channel))


def parse_access(stdout: str) -> dict[int, bool]:
    """User id -> enabled; users of which the BMC does not say it are left out. Raises Unparsable."""
    ids = re.findall(r"^User ID +: (\d+)$", stdout, re.MULTILINE)
    if not ids:
        raise Unparsable("ipmitool channel getaccess", "blocks that begin with User ID", stdout)
    found = re.findall(r"^User ID +: (\d+)$(?:\n(?!User ID).*)*?\nEnable Status +: (enabled|disabled)$", stdout, re.M)
    return {int(number): status == "enabled" for number, status in found}


def with_access(users: tuple[User, ...], enabled: dict[int, bool]) -> tuple[User, ...]:
    """The same with what parse_access says."""
    return tuple(replace(user, enabled=enabled.get(user.id)) for user in users)


# -- putting one back


def set_name(number: int, name: str) -> Argv:
    return ipmitool.argv("user", "set", "name", str(number), name)


def switch(number: int, enabled: bool) -> Argv:
    """Enable or disable."""
    return ipmitool.argv("user", "enable" if enabled else "disable", str(number))


PRIVILEGES = {"CALLBACK": 1, "USER": 2, "OPERATOR": 3, "ADMINISTRATOR": 4, "OEM": 5, "NO ACCESS": 15}


def set_access(channel: int, user: User) -> Argv:
    """The channel's flags and privilege as `user` has them; a privilege that has no number stays as it is."""
    rows = (("callin", user.callin), ("link", user.link_auth), ("ipmi", user.ipmi_messaging))
    words = [f"{name}={'on' if on else 'off'}" for name, on in rows]
    if user.privilege in PRIVILEGES:
        words.append(f"privilege={PRIVILEGES[user.privilege]}")
    return ipmitool.argv("channel", "setaccess", str(channel), str(user.id), *words)


SHORT, LONG = 16, 20  # bytes of a password; IPMI 1.5 has the short ones
_SET, _TEST = 2, 3  # of Set User Password (IPMI 2.0 section 22.30)
_WRONG = r"Failure: (?:password incorrect|wrong password size)|rsp=0x8[01]\)"


def set_password(number: int, password: str) -> bytes:
    """The line for `exec` that sets it. Raises ValueError where no BMC takes a password of that length."""
    return _password_line("set password", number, password, _SET)


def test_password(number: int, password: str) -> bytes:
    """The line for `exec` that asks whether it is this one. It is no login and locks nobody out."""
    return _password_line("test", number, password, _TEST)


def parse_test(stdout: str, stderr: str, status: int) -> Literal["right", "wrong", "unknown"]:
    """What the BMC answered to test_password."""
    if status == 0:
        return "right"
    return "wrong" if re.search(_WRONG, stdout + stderr) else "unknown"


def _password_line(words: str, number: int, password: str, operation: int) -> bytes:
    """ipmitool's exec cuts at blanks, quotes and #: a password with these, or with more than ASCII, goes as bytes."""
    data = password.encode()
    if not data or len(data) > LONG:
        raise ValueError(f"a BMC takes passwords of 1 to {LONG} bytes")
    size = SHORT if len(data) <= SHORT else LONG
    if not re.fullmatch(r"[!$-&(-~]+", password):
        head = (0x06, 0x47, (0x80 if size == LONG else 0) | number, operation)
        return b"raw " + b" ".join(b"0x%02x" % byte for byte in (*head, *data.ljust(size, b"\0"))) + b"\n"
    if operation == _TEST:
        return f"user test {number} {size} ".encode() + data + b"\n"
    return f"user {words} {number} ".encode() + data + f" {size}\n".encode()
