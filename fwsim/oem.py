"""OEM raw commands: the exact bytes that fwsim may ever send, by manufacturer and product (DESIGN rule 13).

The same bytes mean other things on other BMCs (`30 70 0c`, `3c 40`), so nothing is sent that does not stand here for
exactly that BMC: the id that its Get Device ID answers, and the baseboard's product name, for every PowerEdge answers
the same product id. `Context` holds every raw command against this list before it leaves.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

FIRST_OEM = 0x2E  # network functions from here on are OEM's (IPMI 2.0 table 5-1)
SUPERMICRO, DELL = 10876, 674


@dataclass(frozen=True)
class LanMode:
    """Which port the BMC uses: bytes after netfn and command, and what each answer means."""

    netfn: int
    get_command: int
    get_data: tuple[int, ...]
    set_command: int
    set_data: tuple[int, ...]  # the mode's byte follows
    modes: dict[int, str]

    def get_bytes(self) -> tuple[int, ...]:
        """Arguments of `ipmitool raw` that read the mode."""
        return (self.netfn, self.get_command, *self.get_data)

    def set_bytes(self, mode: str) -> tuple[int, ...]:
        """Arguments of `ipmitool raw` that set the mode. Raises KeyError for a mode the board has not."""
        number = {name: value for value, name in self.modes.items()}[mode]
        return (self.netfn, self.set_command, *self.set_data, number)


@dataclass(frozen=True)
class Commands:
    """What one BMC may be sent. `post_code` reads the byte that the BIOS last wrote to port 80h."""

    lan_mode: LanMode | None = None
    post_code: tuple[int, ...] | None = None

    def exact(self) -> frozenset[tuple[int, ...]]:
        """Every whole request: netfn, command, data."""
        rows = {self.post_code} if self.post_code is not None else set()
        if self.lan_mode is not None:
            rows |= {self.lan_mode.get_bytes(), *(self.lan_mode.set_bytes(m) for m in self.lan_mode.modes.values())}
        return frozenset(rows)


_X9_AND_LATER = Commands(  # vendor facts, section 2.1
    LanMode(0x30, 0x70, (0x0C, 0x00), 0x70, (0x0C, 0x01), {0: "dedicated", 1: "shared", 2: "failover"}),
    (0x30, 0x70, 0x02),
)
_BEFORE_12G = Commands(  # section 2.2, ipmitool's `delloem lan`
    LanMode(
        0x30, 0x25, (), 0x24, (),
        {0: "shared", 1: "shared with failover lom2", 2: "dedicated", 3: "shared with failover all loms"},
    )
)  # fmt: skip

LIST: dict[tuple[int, str], Commands] = {
    (SUPERMICRO, "X10DRi"): _X9_AND_LATER,
    (SUPERMICRO, "X10DRi-T"): _X9_AND_LATER,
    (SUPERMICRO, "X11SSH-F"): _X9_AND_LATER,
    (SUPERMICRO, "X11SSM-F"): _X9_AND_LATER,
    (SUPERMICRO, "X12SPi-TF"): _X9_AND_LATER,
    (DELL, "0TTH1R"): _BEFORE_12G,
}


def of(manufacturer: int, products: Sequence[str]) -> Commands:
    """For a BMC of that manufacturer on those baseboards: what all of them may be sent, nothing where they differ."""
    rows = {LIST.get((manufacturer, product), Commands()).exact() for product in products}
    return LIST.get((manufacturer, products[0]), Commands()) if len(rows) == 1 else Commands()


def unlisted(words: Sequence[str], allowed: frozenset[tuple[int, ...]]) -> bool:
    """Is this (`raw NETFN COMMAND DATA...`, with or without `ipmitool`) an OEM request that is not allowed?"""
    if "raw" not in words[:2]:
        return False
    rest = list(words[1:] if words[:1] == ("ipmitool",) else words)
    if rest[:1] != ["raw"]:
        return False
    try:
        data = tuple(int(word, 0) for word in rest[1:])
    except ValueError:
        return True
    return bool(data) and data[0] >= FIRST_OEM and data not in allowed
