"""What stands on the serial console while a server starts and stops, as data: (share of the phase's time, text).

The wording is that of AMI's and Dell's firmware, GRUB, Linux 6.1 and systemd 252. The size of memory and the kernel's
time stamps are made up: boards have no such fields.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from emulators.host.install import DISTRIBUTIONS, KERNEL_ARGUMENTS

if TYPE_CHECKING:
    from emulators.server import VirtualServer

Timed = tuple[float, str]

CLEAR = "\x1b[2J\x1b[01;01H"
COLUMNS = 80
MEMORY_MB = 32768
OK = "[  \x1b[0;32mOK\x1b[0m  ] "

POST = {
    "supermicro": CLEAR
    + "{bios_vendor}\n{manufacturer} {product} BIOS Date:{date} Ver:{version}\n"
    + "Memory Total: {memory} MB\n\n"
    + "Press <DEL> to run Setup\nPress <F11> to invoke Boot Menu\nPress <F12> to boot from PXE/LAN\n\n"
    + "System Initializing..\n",
    "dell": CLEAR
    + "{bios_vendor} {system}\nBIOS Version: {version}\n{memory} MB System Memory\n\n"
    + "F2  = System Setup\nF10 = Lifecycle Controller\nF11 = Boot Manager\nF12 = PXE Boot\n\n"
    + "Initializing Firmware Interfaces...\n",
}

NO_BOOT = {
    "supermicro": "\nReboot and Select proper Boot device\n"
    "or Insert Boot Media in selected Boot device and press a key\n",
    "dell": "\nNo boot device available.\nCurrent boot mode is set to UEFI.\nPress <F1> key to retry boot.\n",
}

SETUP = {
    "supermicro": CLEAR + "Aptio Setup Utility - Copyright (C) 2018 American Megatrends, Inc.\n",
    "dell": CLEAR + "System Setup\n\nSystem BIOS\niDRAC Settings\nDevice Settings\n",
}

F1 = "\nPress F1 to continue, F2 to run Setup\n"
CMOS_LOST = "\nCMOS Checksum Bad\nCMOS Date/Time Not Set\n"
NO_BATTERY = "\nCMOS Battery Low\n"
JUMPER_HELD = "\nThe jumper {mark} is in its clear position: the NVRAM has been cleared.\nPower off, move it back.\n"
F1_KEYS = (b"\x1bOP", b"\x1b[11~", b"\x1b1")  # xterm's, the VT220's, and that of terminals without function keys
DISK_ASKS = "\nPlease enter passphrase for disk VIRTUAL_DISK (sda3_crypt): "
INVENTED = (
    "console: what Dell's firmware says while NVRAM_CLR is moved",
    "console: how the firmware words its stop at F1",
    "console: the disk's name in systemd's question",
)

GRUB: tuple[Timed, ...] = (
    (0.00, CLEAR + "GRUB loading.\nWelcome to GRUB!\n\n"),
    (0.15, "Loading Linux {kernel} ...\nLoading initial ramdisk ...\n"),
)

KERNEL: tuple[Timed, ...] = (
    (0.30, "Linux version {kernel} {build}"),
    (0.30, "Command line: BOOT_IMAGE=/boot/vmlinuz-{kernel} " + KERNEL_ARGUMENTS),
    (0.30, "DMI: {system_vendor} {system}/{product}, BIOS {version} {date}"),
    (0.32, "printk: console [ttyS1] enabled"),
    (0.40, "sd 0:0:0:0: [sda] Attached SCSI disk"),
    (0.45, "EXT4-fs (sda2): mounted filesystem with ordered data mode. Quota mode: none."),
    (0.50, "systemd[1]: Hostname set to <{hostname}>."),
)

SYSTEMD: tuple[Timed, ...] = (
    (0.52, "\nWelcome to \x1b[1m{pretty}\x1b[0m!\n\n"),
    (0.60, OK + "Reached target \x1b[0;1;39mlocal-fs.target\x1b[0m - Local File Systems.\n"),
    (0.70, OK + "Reached target \x1b[0;1;39msysinit.target\x1b[0m - System Initialization.\n"),
    (0.75, OK + "Reached target \x1b[0;1;39mnetwork.target\x1b[0m - Network.\n"),
)

STAR = "\x1b[0;31m*\x1b[0;1;31m*\x1b[0m\x1b[0;31m*\x1b[0m"
HANGS = f"[ {STAR}  ] A start job is running for Wait for Network to be Configured (no limit)\n"

SHUTDOWN: tuple[Timed, ...] = (
    (0.05, OK + "Stopped \x1b[0;1;39mserial-getty@ttyS1.service\x1b[0m - Serial Getty on ttyS1.\n"),
    (0.15, OK + "Stopped \x1b[0;1;39mssh.service\x1b[0m - OpenBSD Secure Shell server.\n"),
    (0.50, OK + "Unmounted \x1b[0;1;39mboot.mount\x1b[0m - /boot.\n"),
    (0.70, OK + "Reached target \x1b[0;1;39mumount.target\x1b[0m - Unmount All Filesystems.\n"),
    (0.80, OK + "Reached target \x1b[0;1;39mshutdown.target\x1b[0m - System Shutdown.\n"),
)


def post(server: VirtualServer) -> str:
    """The banner of the firmware that runs: after an update it shows the new version."""
    return _filled(POST[server.board.vendor], server)


def stuck(code: int) -> str:
    """A POST code in the lower right corner of the screen, as two hexadecimal digits."""
    return f"{code:02X}\n".rjust(COLUMNS)


def boot(server: VirtualServer) -> Iterator[Timed]:
    """From GRUB to the last thing before the login prompt."""
    for share, text in GRUB:
        yield share, _filled(text, server)
    for share, text in KERNEL:
        stamp = (share - KERNEL[0][0]) * server.board.bios.os_boot_s
        yield share, f"[{stamp:12.6f}] " + _filled(text, server) + "\n"
    for share, text in SYSTEMD:
        yield share, _filled(text, server)


def shutdown(uptime_s: float, *, restart: bool) -> Iterator[Timed]:
    """From the first unit that stops to the kernel's last word."""
    yield from SHUTDOWN
    ending = "Restarting system" if restart else "Power down"
    yield 0.95, f"[{uptime_s:12.6f}] reboot: {ending}\n"


def _filled(text: str, server: VirtualServer) -> str:
    board, firmware = server.board, server.running_bios
    distribution = DISTRIBUTIONS[server.spec.distribution]
    year, month, day = (firmware.date if firmware else board.bios.date).split("-")
    return text.format(
        bios_vendor=board.bios.vendor,
        manufacturer=board.manufacturer,
        system_vendor=board.system_manufacturer,
        product=board.product,
        system=board.system_product,
        version=firmware.version if firmware else "",
        date=f"{month}/{day}/{year}",
        memory=MEMORY_MB,
        kernel=distribution.kernel,
        build=distribution.build,
        pretty=distribution.pretty_name,
        hostname=server.spec.hostname,
    )
