"""efibootmgr: the boot order that the firmware keeps in NVRAM."""

from __future__ import annotations

from dataclasses import dataclass

from emulators.host.commands.options import Usage, parse
from emulators.host.process import Invocation, Run

DISK_PATH = "HD(1,GPT,6f2f4bb2-6d1c-4d0c-9a3b-0f2c1d5e7a10,0x800,0x100000)"
LONG = ("verbose", "bootorder=", "bootnext=", "delete-bootnext", "bootnum=", "delete-bootorder", "timeout=")


@dataclass(frozen=True)
class Option:
    """A Boot#### variable. `device`: the name in the server's boot order."""

    number: str
    device: str
    label: str
    path: str


def boot_options(inv: Invocation) -> list[Option]:
    """The installed system, and one network start a port."""
    host = inv.host
    shim = "shimx64.efi" if host.distribution.name == "debian" else "shim.efi"
    found = [
        Option("0000", "disk", host.distribution.name, f"{DISK_PATH}/File(\\EFI\\{host.distribution.name}\\{shim})")
    ]
    for number, nic in enumerate((nic for nic in host.server.board.nics if nic.name), 1):
        mac = nic.mac.replace(":", "")
        found.append(
            Option(
                f"{number:04X}",
                nic.port,
                f"UEFI: PXE IPv4 {nic.name}",
                f"PciRoot(0x0)/Pci(0x1c,0x{number - 1})/MAC({mac},0)/IPv4(0.0.0.0)",
            )
        )
    return found


def efibootmgr(inv: Invocation) -> Run[int]:
    yield 0.1
    options = parse(inv, "vo:n:NOb:t:aAB", LONG)
    known = boot_options(inv)
    server = inv.host.server
    if server.nvram.legacy:
        raise Usage("EFI variables are not supported on this system.\n", 2)
    order = options.last("-o", "--bootorder")
    if order is not None:
        _set_order(inv, order, known)
    ordered = [option.number for device in server.boot_order for option in known if option.device == device]
    inv.out(f"BootCurrent: {known[0].number}\nTimeout: 1 seconds\n")
    if ordered:
        inv.out(f"BootOrder: {','.join(ordered)}\n")
    else:
        inv.out("No BootOrder is set; firmware will attempt recovery\n")
    for option in known:
        path = f"\t{option.path}" if options.has("-v", "--verbose") else ""
        inv.out(f"Boot{option.number}* {option.label}{path}\n")
    return 0


def _set_order(inv: Invocation, order: str, known: list[Option]) -> None:
    if inv.user != "root":
        raise Usage("Could not set BootOrder: Permission denied\n", 10)
    devices = []
    for number in order.split(","):
        option = next((option for option in known if int(option.number, 16) == _number(number)), None)
        if option is None:
            raise Usage(f"Invalid BootOrder order entry value {number}\n                                         ^\n"
                        f"efibootmgr: entry {number} does not exist\n", 8)  # fmt: skip
        devices.append(option.device)
    inv.host.server.boot_order[:] = devices


def _number(text: str) -> int:
    try:
        return int(text, 16)
    except ValueError:
        return -1
