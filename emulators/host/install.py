"""What stands on the virtual host's disk when it is handed over, and which kernel and packages it has."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from emulators.host import commands, programs
from emulators.host.commands.disks import crypttab

if TYPE_CHECKING:
    from emulators.host.linux import VirtualHost


@dataclass(frozen=True)
class Distribution:
    """`absent`: commands of the table that it does not have."""

    name: Literal["debian", "rocky"]
    kernel: str
    build: str
    os_release: str
    issue: str  # as agetty shows it
    sh: Literal["bash", "sh"]
    absent: tuple[str, ...]

    @property
    def pretty_name(self) -> str:
        """PRETTY_NAME of /etc/os-release."""
        return self.os_release.split('PRETTY_NAME="')[1].split('"')[0]


DISTRIBUTIONS: dict[str, Distribution] = {
    "debian": Distribution(
        "debian",
        "6.1.0-28-amd64",
        "#1 SMP PREEMPT_DYNAMIC Debian 6.1.119-1 (2024-11-22)",
        'PRETTY_NAME="Debian GNU/Linux 12 (bookworm)"\nNAME="Debian GNU/Linux"\nVERSION_ID="12"\n'
        'VERSION="12 (bookworm)"\nVERSION_CODENAME=bookworm\nID=debian\nHOME_URL="https://www.debian.org/"\n',
        "Debian GNU/Linux 12 {hostname} {line}\n",
        "sh",
        ("dnf", "yum"),
    ),
    "rocky": Distribution(
        "rocky",
        "5.14.0-503.14.1.el9_5.x86_64",
        "#1 SMP PREEMPT_DYNAMIC Fri Nov 15 12:04:32 UTC 2024",
        'NAME="Rocky Linux"\nVERSION="9.5 (Blue Onyx)"\nID="rocky"\nID_LIKE="rhel centos fedora"\nVERSION_ID="9.5"\n'
        'PRETTY_NAME="Rocky Linux 9.5 (Blue Onyx)"\n',
        "Rocky Linux 9.5 (Blue Onyx)\nKernel 5.14.0-503.14.1.el9_5.x86_64 on an x86_64\n",
        "bash",
        ("apt-get", "apt", "dpkg"),
    ),
}

KERNEL_ARGUMENTS = "root=/dev/sda2 ro console=tty0 console=ttyS1,115200n8"
BOOT_MODULES = ("ahci", "ext4", "igb", "i2c_i801", "ipmi_msghandler", "mei", "mei_me", "xhci_pci")
VENDOR_TOOLS = {"supermicro": "sum", "dell": "racadm"}


def packages(host: VirtualHost) -> set[str]:
    """The commands that are installed: those of the distribution, the vendor's own, less what the server lacks."""
    spec = host.server.spec
    foreign = {tool for vendor, tool in VENDOR_TOOLS.items() if vendor != host.server.board.vendor}
    return set(commands.TABLE) - set(host.distribution.absent) - foreign - set(spec.missing)


def lay_out(host: VirtualHost) -> None:
    """Directories, programs, /etc, /proc, /dev."""
    files = host.files
    for path in ("/root", "/home", "/etc", "/var/log", "/var/tmp", "/usr/bin", "/usr/sbin", "/boot", "/opt", "/mnt"):  # noqa: S108
        files.mkdir(path, parents=True)
    for path in ("/usr/local/bin", "/usr/local/sbin", "/proc/sys/kernel/random", "/dev", "/sys/firmware"):
        files.mkdir(path, parents=True)
    for path, mode in (("/tmp", 0o1777), ("/run", 0o755), ("/var/tmp", 0o1777), ("/root", 0o700)):  # noqa: S108
        if not files.exists(path):
            files.mkdir(path)
        files.chmod(path, mode)
    for path in ("bin", "sbin"):
        files.symlink(f"usr/{path}", f"/{path}")
    _programs(host)
    _people(host)
    _system_files(host)


def _programs(host: VirtualHost) -> None:
    for name in commands.TABLE:
        place_program(host, name)
    for name, place in (("sum", "/opt/sum/sum"), ("racadm", "/opt/dell/srvadmin/bin/racadm")):
        link = "/usr/local/bin/sum" if name == "sum" else "/usr/bin/racadm"
        host.files.symlink(place, link)
        host.files.lookup(link, follow=False).present = _installed(host, name)
    if "sum" in host.packages:
        host.files.install("/opt/sum/ReleaseNote.txt", b"Supermicro Update Manager (SUM) 2.14.0\n")
    if host.distribution.sh == "sh":
        host.files.remove("/usr/bin/sh")
        host.files.install("/usr/bin/dash", programs.binary("sh"), mode=0o755)
        host.files.symlink("dash", "/usr/bin/sh")


def place_program(host: VirtualHost, name: str) -> None:
    """Put a command's file where its row says; it is there as long as the package is installed."""
    directory = commands.TABLE[name].directory
    if directory is not None:
        program = "bash" if name == "sh" and host.distribution.sh == "bash" else name
        host.files.install(f"{directory}/{name}", programs.binary(program), mode=0o755, present=_installed(host, name))


def _installed(host: VirtualHost, name: str) -> Callable[[], bool]:
    return lambda: name in host.packages


def _people(host: VirtualHost) -> None:
    lines = ["root:x:0:0:root:/root:/bin/bash"]
    for number, account in enumerate(name for name in host.accounts if name != "root"):
        home = f"/home/{account}"
        host.files.mkdir(home, mode=0o755)
        node = host.files.lookup(home)
        node.owner = node.group = account
        lines.append(f"{account}:x:{1000 + number}:{1000 + number}::{home}:/bin/bash")
    host.files.install("/etc/passwd", ("\n".join(lines) + "\n").encode())
    for name, person in host.accounts.items():
        if person.keys:
            keys = host.files.install(
                f"{host.home(name)}/.ssh/authorized_keys", "".join(f"{k}\n" for k in person.keys).encode(), mode=0o600
            )
            keys.owner = keys.group = name
            directory = host.files.lookup(f"{host.home(name)}/.ssh")
            directory.owner = directory.group = name
            directory.mode = 0o700


def _system_files(host: VirtualHost) -> None:
    files, distribution = host.files, host.distribution
    files.install("/etc/hostname", f"{host.hostname}\n".encode())
    files.install("/etc/os-release", distribution.os_release.encode())
    files.install("/etc/hosts", f"127.0.0.1\tlocalhost\n127.0.1.1\t{host.hostname}\n".encode())
    version = f"Linux version {distribution.kernel} {distribution.build}\n".encode()
    computed: dict[str, Callable[[], bytes]] = {
        "/proc/sys/kernel/random/boot_id": lambda: f"{host.boot_id}\n".encode(),
        "/proc/sys/kernel/hostname": lambda: f"{host.hostname}\n".encode(),
        "/proc/sys/kernel/osrelease": lambda: f"{distribution.kernel}\n".encode(),
        "/proc/uptime": lambda: f"{host.uptime_s:.2f} {host.uptime_s * 4:.2f}\n".encode(),
        "/proc/version": lambda: version,
        "/proc/loadavg": lambda: b"0.08 0.05 0.01 1/180 1234\n",
        "/proc/cmdline": lambda: f"BOOT_IMAGE=/boot/vmlinuz-{distribution.kernel} {KERNEL_ARGUMENTS}\n".encode(),
        "/proc/modules": lambda: "".join(f"{name} 16384 0 - Live 0x0\n" for name in sorted(host.modules)).encode(),
        "/sys/class/dmi/id/board_name": lambda: f"{host.server.board.product}\n".encode(),
        "/sys/class/dmi/id/board_vendor": lambda: f"{host.server.board.manufacturer}\n".encode(),
        "/sys/class/dmi/id/product_name": lambda: f"{host.server.board.system_product}\n".encode(),
        "/sys/class/dmi/id/bios_version": lambda: _running_bios(host),
        "/sys/kernel/security/lockdown": lambda: _lockdown(host),
        "/dev/zero": lambda: bytes(65536),
    }
    for path, content in computed.items():
        files.install(path, content=content, mode=0o444)
    files.install("/dev/null", sink=lambda data: None, content=lambda: b"", mode=0o666)
    files.install("/dev/ipmi0", sink=lambda data: None, content=lambda: b"", mode=0o600).present = lambda: (
        host.kcs.node_exists
    )
    files.mkdir("/sys/firmware/efi/efivars", parents=True)
    if host.server.spec.hardening.encrypted:
        files.install("/etc/crypttab", crypttab(host.server.spec.hardening.root_disk))


def _lockdown(host: VirtualHost) -> bytes:
    state = host.server.spec.hardening.kernel_lockdown
    words = (f"[{word}]" if word == state else word for word in ("none", "integrity", "confidentiality"))
    return (" ".join(words) + "\n").encode()


def _running_bios(host: VirtualHost) -> bytes:
    firmware = host.server.running_bios
    return f"{firmware.version if firmware else ''}\n".encode()
