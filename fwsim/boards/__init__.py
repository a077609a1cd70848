"""What operators know of each board: ids, channels, methods, deadlines, jumpers, labels. One YAML file a board.

Written from vendors' documents and the field, never from what the virtual servers truly do: `emulators/boards` is the
other catalogue, and a test compares the two. Deadlines are generous; how long a board truly takes does not stand here.
"""

from __future__ import annotations

import difflib
import re
from functools import cache, cached_property
from importlib.resources import files
from typing import Literal

import yaml
from pydantic import BaseModel, ConfigDict, Field, field_validator

from fwsim import oem

Tool = Literal["hpm", "sum", "racadm"]
Kind = Literal["bmc", "bios"]


class Part(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class BmcMethod(Part):
    """One way to update the BMC.

    `activation` says what makes an uploaded image the one that runs: `finish` and `reset` need nothing but the reset,
    `activate` needs HPM.1's Activate (2c/35) before it. `resets_itself`: the tool restarts the BMC; nobody else does.
    """

    tool: Tool
    extensions: tuple[str, ...]
    resets_itself: bool = False
    activation: Literal["finish", "reset", "activate"] = "finish"


class BiosMethod(Part):
    """One way to update the BIOS. `at-once`: written while the OS runs. `staged`: written during the next boot."""

    tool: Literal["sum", "racadm"]
    extensions: tuple[str, ...]
    applies: Literal["at-once", "staged"]
    activated_by: Literal["reboot", "power-cycle", "ac-cycle"] = "reboot"
    preserve_setting: bool = False  # does the tool take --preserve_setting for this board?


class KnownBmc(Part):
    """The BMC as operators know it. `product_ids` as Get Device ID answers; empty = never told apart by it.

    `lan_mode` and `post_code` are OEM's and come from their own list (fwsim/oem.py), never from a board's file.
    """

    manufacturer_id: int
    product_ids: tuple[int, ...]
    channels: tuple[int, ...] = (1, 8)
    methods: tuple[BmcMethod, ...] = Field(min_length=1)  # in order of preference
    version_from: Literal["mc-info", "getversion", "sum"] = "mc-info"
    families: tuple[str, ...]  # whose BMC images fit
    default_user: str
    file_names: tuple[str, ...] = ()  # regular expressions
    lan_mode: oem.LanMode | None = None
    post_code: tuple[int, ...] | None = None
    racadm_nic_selection: bool = False
    power_supplies: tuple[str, ...] = ("PS1 Status", "PS2 Status")  # sensors

    def method(self, tool: Tool) -> BmcMethod | None:
        """How this BMC is updated by that tool, or None."""
        return next((m for m in self.methods if m.tool == tool), None)


class KnownBios(Part):
    """The BIOS as operators know it. `board_ids`: whose BIOS images fit, as the vendor's tool prints them."""

    vendor: str
    board_ids: tuple[str, ...]
    methods: tuple[BiosMethod, ...] = Field(min_length=1)
    file_names: tuple[str, ...] = ()


class Deadlines(Part):
    """After how many seconds something has failed. The true times are shorter, by a margin that a busy day needs."""

    bmc_flash_s: int
    bmc_boot_s: int
    bios_flash_s: int
    bios_apply_s: int  # staged: from the reboot until the job is Completed
    post_s: int
    host_boot_s: int  # from the reboot command until the host answers
    shutdown_s: int = 300
    bios_s: int = 45 * 60  # from the restart into a new BIOS until the host answers; nobody takes its power before


class Waits(Part):
    """How to wait: ask every `poll_s` seconds; `steady` answers in a row mean that it is back."""

    poll_s: float = 5
    steady: int = 3


class Example(Part):
    """Versions (today's, and one to update to) for plans that somebody starts from, and for the default rehearsal."""

    bmc: tuple[str, str]
    bios: tuple[str, str]


class Cmos(Part):
    """How hands clear the BIOS settings. `short`: two pads, all mains off; `move`: a jumper, across one start."""

    jumper: str
    how: Literal["short", "move"]
    seconds: int = 10
    keep: str = ""  # pins
    clear: str = ""
    battery: Literal["stays", "comes-out"] = "stays"


class RecoveryMedia(Part):
    """The medium from which a dead chip is written again, and the name that its file must have."""

    slot: Literal["usb", "sd"]
    file: str
    place: str


class KnownHands(Part):
    """What somebody beside the server meets. `ports`: "dedicated", "lan1", ... -> what stands beside the port.

    `rear`: the order of a sketch, from left to right; nobody must rely on it. `nodes`: how many share the mains, and
    `psus`: how many supplies these have.
    """

    serial_name: str
    serial_at: str
    ports: dict[str, str]
    identify: str  # the LED that chassis identify makes blink, and the button below it
    bmc_led: str
    bmc_led_alive: str
    reset_button_s: int | None = None
    cmos: Cmos
    media: RecoveryMedia | None = None
    nodes: int = 1
    psus: int = Field(2, ge=1)
    rear: tuple[str, ...]

    @property
    def supplies(self) -> tuple[str, ...]:
        """What stands beside each power supply: all of them have to be off before a cover comes off."""
        return tuple(f"PSU{number}" for number in range(1, self.psus + 1))


class Board(Part):
    """One board. `products`: baseboard product names as dmidecode prints them, exact."""

    name: str
    title: str
    vendor: Literal["supermicro", "dell"]
    manufacturers: tuple[str, ...]  # baseboard manufacturer as dmidecode prints it
    products: tuple[str, ...]
    system_products: tuple[str, ...] = ()
    bmc: KnownBmc
    bios: KnownBios
    deadlines: Deadlines
    waits: Waits = Waits()
    racadm: Literal["idrac7", "idrac8", "idrac9"] | None = None
    racadm_packages: tuple[str, ...] = ()
    oob_licence: str | None = None  # what SUM wants for updates out of band; in band it needs none
    example: Example
    jumpers: dict[str, str] = {}
    labels: dict[str, str] = {}
    hands: KnownHands
    notes: tuple[str, ...] = ()

    @field_validator("bmc", "bios")
    @classmethod
    def _patterns_compile(cls, part: KnownBmc | KnownBios) -> KnownBmc | KnownBios:
        for pattern in part.file_names:
            re.compile(pattern)
        return part

    @cached_property
    def oem_bytes(self) -> frozenset[tuple[int, ...]]:
        """Every OEM request that this board's BMC may be sent."""
        return oem.of(self.bmc.manufacturer_id, self.products).exact()

    def is_baseboard(self, manufacturer: str, product: str) -> bool:
        """Is this board what `dmidecode -t baseboard` says? Exact: X11SSH-F is not X11SSM-F."""
        return manufacturer in self.manufacturers and product in self.products

    def extensions(self, kind: Kind) -> tuple[str, ...]:
        """The endings of that kind's files, preferred first. Compare without regard to case."""
        methods: tuple[BmcMethod | BiosMethod, ...] = self.bmc.methods if kind == "bmc" else self.bios.methods
        return tuple(e for m in methods for e in m.extensions)

    def name_fits(self, kind: Kind, file_name: str) -> bool:
        """Does the vendor name its files for this board so? True where no pattern is known."""
        patterns = self.bmc.file_names if kind == "bmc" else self.bios.file_names
        return not patterns or any(re.search(p, file_name) for p in patterns)


class UnknownBoard(LookupError):
    """No board of that name. `close` are the names that look like it."""

    def __init__(self, name: str, known: tuple[str, ...]) -> None:
        self.name, self.known = name, known
        self.close = tuple(difflib.get_close_matches(name.lower(), known, n=2, cutoff=0.7))
        hint = f"did you mean {' or '.join(self.close)}?" if self.close else f"there are: {', '.join(known)}"
        super().__init__(f"no board is called {name!r}; {hint}")


def names() -> tuple[str, ...]:
    """The boards there are, in alphabetical order."""
    return tuple(sorted(f.name[:-5] for f in files(__package__).iterdir() if f.name.endswith(".yaml")))


@cache
def load(name: str) -> Board:
    """The board of that name. Raises UnknownBoard."""
    if name not in names():
        raise UnknownBoard(name, names())
    text = files(__package__).joinpath(f"{name}.yaml").read_text("utf-8")
    board = Board.model_validate(yaml.safe_load(text))
    known = oem.of(board.bmc.manufacturer_id, board.products)
    bmc = board.bmc.model_copy(update={"lan_mode": known.lan_mode, "post_code": known.post_code})
    return board.model_copy(update={"bmc": bmc})
