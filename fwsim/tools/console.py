"""What a serial console shows: bytes as they came over SOL in, facts out. Reads only; who typed what is not its matter.

Firmware and loaders draw with escape sequences: colours go, a jump of the cursor begins a new line. Wordings: AMI's and
Dell's firmware, GRUB, Linux, systemd, agetty; the POST code in the lower right corner is AMI's.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache
from typing import Literal

Kind = Literal[
    "post",  # the firmware's banner, or a POST code
    "f1-stop",  # POST waits for F1 to go on
    "setup",  # the firmware's menus
    "no-boot-device",
    "boot-loader",
    "loader-stops",  # a prompt of the boot loader's own
    "booting",  # the kernel, or systemd
    "disk-passphrase",
    "emergency",  # the system asks for somebody instead of starting
    "login",
    "shutdown",
]
State = Kind | Literal["silent", "unknown"]

_SEQUENCE = re.compile(
    r"\x1b\[(?P<row>\d*);?(?P<column>\d*)[Hf]"  # the cursor jumps
    r"|\x1b\[[0-?]*[ -/]*[@-~]|\x1b\][^\x07\x1b]*(?:\x07|\x1b\\)|\x1b[()][0-9A-Z]|\x1b[=>78cDEHMNOZ]"
)
_CONTROL = re.compile(r"[\x00-\x08\x0b-\x1f\x7f]")
_OVERWRITTEN = re.compile(r"[^\b\n]\x08")
_CORNER = re.compile(r"^(?:\x00| {70,})([0-9A-F]{2})\s*$", re.MULTILINE)
CORNER_COLUMN = 70

WORDS: tuple[tuple[Kind, str], ...] = (
    ("post", r"Press <?DEL>? to (?:run|enter) Setup|System Initializing|F2 += System Setup|Lifecycle Controller"),
    ("f1-stop", r"(?:press|strike)(?: the)? <?F1>?(?: key)? to (?:continue|resume)"),
    ("setup", r"Aptio Setup Utility|^System Setup$"),
    ("no-boot-device", r"select proper boot device|no boot(?:able)? device|operating system not found"),
    ("boot-loader", r"GRUB loading|Welcome to GRUB|GNU GRUB|^Loading Linux"),
    ("loader-stops", r"^grub(?: rescue)?> |^Shell> |^boot: *\Z"),
    ("booting", r"Linux version \d|^\[ *\d+\.\d{6}\]|Reached target|A start job is running|Welcome to (?!GRUB).+!"),
    ("disk-passphrase", r"enter passphrase for|please unlock disk|enter the passphrase"),
    ("emergency", r"emergency mode|root password for maintenance|^\(initramfs\)|kernel panic|enter for maintenance"),
    ("login", r"^\S+ login: *$"),
    ("shutdown", r"reboot: (?:restarting system|power down|system halted)|reached target.{0,20}shutdown"),
)  # fmt: skip
_RULES = tuple((kind, re.compile(pattern, re.IGNORECASE | re.MULTILINE)) for kind, pattern in WORDS)


@dataclass(frozen=True)
class Shown:
    """`state`: what was shown last. `seen`: every kind in the order of its first showing. `post_code`: the last code in
    the corner, as two hexadecimal digits. `posts`: how often a POST began. `text`: without escape sequences."""

    state: State
    seen: tuple[Kind, ...]
    post_code: str | None
    posts: int
    text: str

    @property
    def last_line(self) -> str:
        """The last line that says something."""
        return next((line.strip() for line in reversed(self.text.splitlines()) if line.strip()), "")


@lru_cache(maxsize=128)  # the same minutes of a start are heard again and again
def read(data: bytes | str) -> Shown:
    """The facts of what was heard."""
    marked = _drawn(data.decode("utf-8", "replace") if isinstance(data, bytes) else data)
    codes = list(_CORNER.finditer(marked))
    text = _CONTROL.sub("", marked)
    first: dict[Kind, int] = {}
    last: dict[Kind, int] = {}
    for kind, pattern in _RULES:
        found = [match.start() for match in pattern.finditer(text)]
        if found:
            first[kind], last[kind] = found[0], found[-1]
    posts = len(_RULES[0][1].findall(text))
    if codes and not last:
        first["post"] = last["post"] = 0
    latest = max(last.items(), key=lambda kind_at: kind_at[1], default=None)
    state: State = latest[0] if latest else "unknown" if text.strip() else "silent"
    seen = tuple(sorted(first, key=lambda kind: first[kind]))
    return Shown(state, seen, codes[-1][1] if codes else None, posts, text.strip("\n"))


def plain(data: bytes | str) -> str:
    """The text alone, for people."""
    return read(data).text


def _drawn(text: str) -> str:
    """Lines as they stand on a screen. A jump to the lower right corner leaves a mark that no text can hold."""
    text = text.replace("\x00", "")
    text = _SEQUENCE.sub(_jump, text).replace("\r\n", "\n").replace("\r", "\n")
    while (shorter := _OVERWRITTEN.sub("", text)) != text:
        text = shorter
    return text


def _jump(found: re.Match[str]) -> str:
    if found["row"] is None:
        return ""
    corner = found["column"] != "" and int(found["column"]) >= CORNER_COLUMN
    return "\n\x00" if corner else "\n"
