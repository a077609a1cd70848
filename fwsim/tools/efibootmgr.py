"""`efibootmgr -v`: the boot order that a BIOS update must not lose."""

from __future__ import annotations

import re
from dataclasses import dataclass

from fwsim.tools import Argv, Unparsable

LIST: Argv = ("efibootmgr", "-v")


@dataclass(frozen=True)
class BootOptions:
    """`entries`: four hexadecimal digits -> label. `current` is "" where the firmware does not say."""

    current: str
    order: tuple[str, ...]
    entries: dict[str, str]

    def labels(self) -> tuple[str, ...]:
        """The labels in boot order. Numbers may change over an update; labels should not."""
        return tuple(self.entries.get(number, number) for number in self.order)


def numbers(wanted: BootOptions, now: BootOptions) -> tuple[str, ...]:
    """The order of `wanted` in the numbers that its labels have now; labels that are gone are left out."""
    by_label = {label: number for number, label in reversed(now.entries.items())}
    return tuple(by_label[label] for label in wanted.labels() if label in by_label)


def set_order(order: tuple[str, ...]) -> Argv:
    """Put back a boot order."""
    return ("efibootmgr", "-o", ",".join(order))


def is_legacy(stderr: str) -> bool:
    """Did the host boot without UEFI? Then there is no boot order to read here."""
    return "EFI variables are not supported" in stderr


def parse(stdout: str) -> BootOptions:
    """Raises Unparsable."""
    order = re.search(r"^BootOrder:\s*(\S*)|^No BootOrder is set()", stdout, re.MULTILINE)
    if order is None:
        raise Unparsable("efibootmgr", "BootOrder", stdout)
    current = re.search(r"^BootCurrent:\s*(\S+)", stdout, re.MULTILINE)
    entries = re.findall(r"^Boot([0-9A-Fa-f]{4})[* ]\s*([^\t\n]*)", stdout, re.MULTILINE)
    return BootOptions(
        current=current[1] if current else "",
        order=tuple(part for part in (order[1] or "").split(",") if part),
        entries={number: label.strip() for number, label in entries},
    )
