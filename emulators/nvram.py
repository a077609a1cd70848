"""The BIOS's settings, as the host's firmware keeps them in NVRAM: what SUM, racadm and efibootmgr read and write.

A small set, but each acts or is compared: whether the installed system is found follows from boot order, boot mode and
SATA mode. Values are the vendor's own words. A new BIOS may start with all of them at their defaults: SUM warns of it
(`BIOS setting will be reset without option --preserve_setting`), and the faults below do it where a tool does not.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from emulators.boards import BiosBoard, Nic

BOOT_MODE, SATA_MODE = "boot-mode", "sata-mode"
LEGACY = ("LEGACY", "Bios")
DEFAULT_ORDER = ("disk",)
INVENTED = (
    "nvram: defaults other than Dell's 13G BootMode, and SUM's menus around each setting",
    "nvram: a system installed under one SATA mode is not found under another",
    "nvram: names that Linux gives to ports whose firmware labels are lost",
)


@dataclass(frozen=True)
class Setting:
    """One setting. `menu`: SUM's menus from the outside in, or racadm's group alone. The first value is the default."""

    key: str
    menu: tuple[str, ...]
    name: str
    values: tuple[str, ...]


_SUPERMICRO = (
    Setting("power-restore", ("Advanced", "Boot Feature"), "Restore on AC Power Loss",
            ("Last State", "Stay Off", "Power On")),
    Setting("hyper-threading", ("Advanced", "CPU Configuration"), "Hyper-threading", ("Enabled", "Disabled")),
    Setting("virtualization", ("Advanced", "CPU Configuration"), "Intel Virtualization Technology",
            ("Enabled", "Disabled")),
    Setting(SATA_MODE, ("Advanced", "SATA Configuration"), "Configure SATA as", ("AHCI", "RAID")),
    Setting("sr-iov", ("Advanced", "PCIe/PCI/PnP Configuration"), "SR-IOV Support", ("Disabled", "Enabled")),
    Setting(BOOT_MODE, ("Boot",), "Boot mode select", ("DUAL", "LEGACY", "UEFI")),
)  # fmt: skip
_DELL = (
    Setting(BOOT_MODE, ("BiosBootSettings",), "BootMode", ("Uefi", "Bios")),
    Setting(SATA_MODE, ("SataSettings",), "EmbSata", ("AhciMode", "RaidMode", "Off")),
    Setting("sr-iov", ("IntegratedDevices",), "SriovGlobalEnable", ("Disabled", "Enabled")),
    Setting("hyper-threading", ("ProcSettings",), "LogicalProc", ("Enabled", "Disabled")),
    Setting("virtualization", ("ProcSettings",), "ProcVirtualization", ("Enabled", "Disabled")),
    Setting("power-restore", ("SysSecurity",), "AcPwrRcvry", ("Last", "On", "Off")),
)
CATALOGUES: dict[str, tuple[Setting, ...]] = {"supermicro": _SUPERMICRO, "dell": _DELL}


@dataclass
class Nvram:
    """`settings` by key; `order`: devices in boot order; `pending`: set, and taken over at a start for which a job
    waits. `labels`: do the ports have the firmware's names (eno1)? Without them Linux names them by their slots."""

    catalogue: tuple[Setting, ...]
    defaults: dict[str, str]
    settings: dict[str, str]
    order: list[str] = field(default_factory=lambda: list(DEFAULT_ORDER))
    pending: dict[str, str] = field(default_factory=dict)
    labels: bool = True
    reset_due: bool = False  # a new BIOS was written without its settings
    invalid: bool = False  # nothing of it can be used: POST does not begin, until the CMOS is cleared
    installed: tuple[bool, str] = (False, "")  # how the operating system was installed: legacy, SATA mode

    @classmethod
    def of(cls, vendor: str, board: BiosBoard, settings: Mapping[str, str]) -> Nvram:
        """As the server is handed over. `settings`: other than the board's. Raises ValueError for what there is not."""
        catalogue = CATALOGUES[vendor]
        defaults = {s.key: s.values[0] for s in catalogue} | board.defaults
        made = cls(catalogue, defaults, {**defaults, **board.settings})
        for key, value in settings.items():
            made.check(key, value)
        made.settings |= settings
        made.installed = (made.legacy, made.settings[SATA_MODE])
        return made

    def check(self, key: str, value: str) -> None:
        """Raises ValueError for a setting that there is not, or a value that it does not take."""
        setting = next((s for s in self.catalogue if s.key == key), None)
        if setting is None or value not in setting.values:
            known = ", ".join(s.key for s in self.catalogue)
            raise ValueError(f"no BIOS setting {key} = {value}; there are: {known}" if setting is None else
                             f"{key} takes {', '.join(setting.values)}, not {value}")  # fmt: skip

    @property
    def legacy(self) -> bool:
        """Does the firmware start systems the legacy way only?"""
        return self.settings[BOOT_MODE] in LEGACY

    @property
    def finds_system(self) -> bool:
        """Is the system on the disk found, as it was installed?"""
        return self.installed == (self.legacy, self.settings[SATA_MODE])

    def reset(self) -> None:
        """Everything to the defaults, the boot order too."""
        self.settings, self.order = dict(self.defaults), list(DEFAULT_ORDER)
        self.pending.clear()

    def start(self, faults: Sequence[str], nics: tuple[Nic, ...]) -> list[str]:
        """POST begins: a BIOS that was written without its settings starts with the defaults; `faults` of a new BIOS
        lose more. Returns what was forgotten, in words."""
        forgotten = list(faults)
        if self.reset_due or "bios-settings-reset" in faults:
            forgotten = sorted({*faults, "bios-settings-reset"})
            self.reset()
        self.reset_due = False
        if "boot-order-lost" in faults:
            self.order = [device for device in self.order if device != "disk"]
        if "boot-order-changed" in faults:
            self.order = [*(nic.port for nic in nics if nic.name and nic.port not in self.order), *self.order]
        if "severe-lock" in faults:
            self.invalid = True
        if "nic-renamed" in faults:
            self.labels = False
        return forgotten

    def port_name(self, nics: tuple[Nic, ...], nic: Nic) -> str | None:
        """What Linux calls that port; None for the BMC's own."""
        if nic.name is None or self.labels:
            return nic.name
        return f"enp2s0f{[n for n in nics if n.name].index(nic)}"
