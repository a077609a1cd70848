"""What a board truly is: identity, ids, flash banks, ports, timings, vendor quirks. One YAML file a board.

Every value that no public source confirms is named under `invented:` in its file. A test compares these files with
what operators know (fwsim/boards).
"""

from __future__ import annotations

import difflib
from functools import cache
from importlib.resources import files
from typing import Any, Literal

import yaml
from pydantic import BaseModel, ConfigDict

from emulators import images


class Part(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Component(Part):
    """One HPM.1 component. `properties` is the byte that 2c/2f selector 0 answers: bits 0-1 keeps a backup, 2 wants
    preparation, 3 can be compared, 4 activation can wait, 5 needs a reset of the host."""

    id: int
    name: str
    properties: int = 0x1E


class Hpm(Part):
    """How the BMC takes HPM.1 (facts/ipmi-and-hpm1.md section 2). Time-outs in seconds, multiples of 5."""

    components: tuple[Component, ...]
    activation: Literal["finish", "reset", "activate"]  # what makes an uploaded image the one that boots
    capabilities: int = 0x17  # global capabilities byte of 2c/2e
    upgrade_s: int = 30
    self_test_s: int = 10
    rollback_s: int = 20
    inaccessible_s: int = 5
    service_affected: bool = False
    block_size: int | None = None  # HPM.2 large blocks: 512, 1024, 4096, 32767; None = HPM.1 alone


class User(Part):
    """A factory user. Passwords of virtual servers are public by nature."""

    id: int
    name: str
    password: str
    privilege: int = 4
    call_in: bool = True
    link_auth: bool = True


class Sensor(Part):
    """One sensor: `kind` of the SDR's units; `value` in that unit while the host is on (None = no reading)."""

    name: str
    kind: Literal["temperature", "fan", "voltage", "power-supply", "power"]
    value: float | None
    standby: float | None = None
    upper_critical: float | None = None
    lower_critical: float | None = None


class BmcBoard(Part):
    """The management controller. Times in seconds."""

    device_id: int
    device_revision: int = 1
    manufacturer_id: int
    product_id: int
    device_support: int = 0xBF
    provides_sdrs: bool = False
    family: str
    version: str
    version_date: str
    aux: tuple[int, int, int, int] | None = None  # None: derived from the version's further parts
    channel: int = 1
    cipher_suites: tuple[int, ...] = (3, 17)
    auth_types: int = 0x17  # of the LAN channel: none, MD2, MD5, password; 0x20 is OEM
    listed_suites: tuple[int, ...] | None = None  # what the LAN parameters list; None: those that a login may use
    serial_channel: int | None = None  # its number, where there is one to be configured
    security_keys: bool = False  # K_R and K_G can be set (06/56)
    ipv6_parameters: bool = False  # LAN parameters 50 and 51 are answered: IPv4 alone
    session_slots: int = 20
    user_slots: int = 10
    users: tuple[User, ...]
    empty_user_privilege: int = 0  # 0 prints "Unknown (0x00)", 15 prints "NO ACCESS"
    lockout_after: int = 0  # bad passwords; 0 = never
    lockout_s: float = 300
    banks: int = 2
    image_size: int = images.DEFAULT_SIZE
    flash_s: float
    boot_s: float
    hpm: Hpm | None = None
    vendor_update: Literal["sum", "racadm"] | None = None
    resets_itself: bool = False  # after a vendor-tool update
    lan_mode: Literal["dedicated", "shared", "failover"] = "dedicated"
    failover_live: bool = True
    nic_selection_command: Literal["supermicro", "dell-12g", "dell-old"] | None = None
    post_code_command: bool = False
    sensors: tuple[Sensor, ...] = ()


class BiosBoard(Part):
    """The host's firmware and its start. Times in seconds."""

    vendor: str
    version: str
    date: str
    board_id: str
    rom_mb: int = 16
    image_size: int = images.DEFAULT_SIZE
    applies: Literal["at-once", "staged"]
    activated_by: Literal["reboot", "power-cycle", "ac-cycle"] = "reboot"
    write_s: float
    post_s: float
    update_post_s: float  # longer first POST of a new version, own restarts included
    os_boot_s: float = 40
    os_shutdown_s: float = 15
    banks: int = 1
    preserve_setting: bool = False  # SUM's option exists from C620 chipsets on
    oob: Literal["host-off", "job"] = "host-off"  # how the BMC takes it: written while the host is off, or a job
    oob_licences: tuple[str, ...] = ()  # product keys, one of which the BMC wants for that
    no_rollback: bool = False  # signed: the BMC writes nothing older than what is there
    defaults: dict[str, str] = {}  # of settings, where they are not the vendor's usual ones (emulators/nvram.py)
    settings: dict[str, str] = {}  # as the server is handed over, where they are not the defaults


class Nic(Part):
    """A port of the board. `name` is the Linux name, None for the BMC's own; the first host NIC is the shared one."""

    port: str  # "dedicated", "lan1", "lan2", ...
    name: str | None
    mac: str


class CmosBoard(Part):
    """How hands clear the BIOS's settings. `hold_s`: how long the pads take. `battery_out`: a battery in its holder
    holds against them. `fades_s`: without battery and mains the settings last so long; None = they lie in flash.
    `keep`, `clear`: the pins of a jumper's positions."""

    kind: Literal["pads", "jumper"]
    mark: str  # as printed on the board: JBT1, NVRAM_CLR
    hold_s: float = 4.0
    battery_out: bool = False
    fades_s: float | None = None
    stops_at_f1: bool = True
    keep: str = ""
    clear: str = ""


class Board(Part):
    """One board. `family` of the BMC decides whose images fit; the BIOS's board_id is exact."""

    name: str
    vendor: Literal["supermicro", "dell"]
    manufacturer: str  # baseboard manufacturer as dmidecode prints it
    product: str  # baseboard product name as dmidecode prints it
    revision: str
    serial: str
    system_manufacturer: str
    system_product: str
    system_serial: str
    uuid: str
    bmc: BmcBoard
    bios: BiosBoard
    nics: tuple[Nic, ...]
    psus: int = 2
    licences: tuple[str, ...] = ()
    smbios: str = "2.8"  # the tables' version as dmidecode's second line has it
    racadm: Literal["idrac8", "idrac9"] | None = None
    jumpers: dict[str, str] = {}
    leds: tuple[str, ...] = ()
    cmos: CmosBoard
    usb_recovery: str | None = None  # the file that the BIOS's recovery block looks for on a USB stick
    usb_recovery_s: float = 240
    sd_recovery: str | None = None  # the file that the BMC's boot loader looks for on an SD card
    sd_recovery_s: float = 180
    uid_reset_s: float | None = None  # holding the identify button that long restarts the BMC
    uid_default_s: float | None = None  # and that long sets it back to the factory's
    nodes: int = 1  # that share the chassis and its mains
    invented: tuple[str, ...] = ()

    def firmware(self, kind: images.Kind, version: str | None = None) -> images.Firmware:
        """The firmware of this board, at `version` or as the board comes."""
        part = self.bmc if kind == "bmc" else self.bios
        date = self.bmc.version_date if kind == "bmc" else self.bios.date
        return images.Firmware(kind, self.bmc.family, self.bios.board_id, version or part.version, date)

    def hpm_target(self) -> images.HpmTarget:
        """The identity that an .hpm for this board carries."""
        component = self.bmc.hpm.components[0] if self.bmc.hpm else Component(id=0, name="BMC")
        affected = bool(self.bmc.hpm and self.bmc.hpm.service_affected)
        actions = (0,) * bool(component.properties & 0x03) + (1,) * bool(component.properties & 0x04)
        return images.HpmTarget(
            self.bmc.device_id,
            self.bmc.manufacturer_id,
            self.bmc.product_id,
            component.id,
            affected,
            component.name,
            actions,
        )


class UnknownBoard(LookupError):
    """No board of that name. `name` is what was asked for, `known` what there is."""

    def __init__(self, name: str, known: tuple[str, ...]) -> None:
        close = difflib.get_close_matches(name.lower(), known, n=2, cutoff=0.7)
        hint = f"did you mean {' or '.join(close)}?" if close else f"there are: {', '.join(known)}"
        super().__init__(f"no board is called {name!r}; {hint}")
        self.name, self.known = name, known


def names() -> tuple[str, ...]:
    """The boards there are, in alphabetical order."""
    return tuple(sorted(f.name[:-5] for f in files(__package__).iterdir() if f.name.endswith(".yaml")))


@cache
def load(name: str) -> Board:
    """The board of that name. Raises UnknownBoard."""
    return Board.model_validate(_fields(name))


def _fields(name: str) -> dict[str, Any]:
    """The file's fields laid over those of the board that it `extends`."""
    if name not in names():
        raise UnknownBoard(name, names())
    fields: dict[str, Any] = yaml.safe_load(files(__package__).joinpath(f"{name}.yaml").read_text("utf-8"))
    base = fields.pop("extends", None)
    return fields if base is None else _over(_fields(base), fields)


def _over(base: dict[str, Any], change: dict[str, Any]) -> dict[str, Any]:
    """`base` with `change` in place: mappings are merged, all else (lists and null too) is replaced."""
    both = {k: _over(base[k], v) for k, v in change.items() if isinstance(v, dict) and isinstance(base.get(k), dict)}
    return {**base, **change, **both}
