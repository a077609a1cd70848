"""The commands of the virtual host: one table, loaded as they are used. Nothing outside this table ever runs.

A row says where the command is, in which directory its file stands, and where its texts come from. `INVENTED` marks
what no public source confirmed; a test prints these rows.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from importlib import import_module
from typing import TypeAlias

from emulators.host.process import Invocation, Run

Command: TypeAlias = "Callable[[Invocation], Run[int]]"

COREUTILS = "GNU coreutils 9.1, Debian 12: read off the real tool"
SYSTEMD = "systemd 252 as in Debian 12: its source's format strings"
PROCPS = "procps 4.0.2, Debian 12: read off the real tool"
KMOD = "kmod 30: format strings of its source"
FACTS = "facts/vendor-tools-and-boards.md"
INVENTED = "invented"


@dataclass(frozen=True)
class Row:
    """`place`: module and function. `directory`: where the file is, None = it is only built into shells."""

    place: str
    directory: str | None
    source: str


def _rows(module: str, directory: str, source: str, *names: str) -> dict[str, Row]:
    return {name: Row(f"{module}:{name.replace('-', '_')}", directory, source) for name in names}


BIN, SBIN = "/usr/bin", "/usr/sbin"

TABLE: dict[str, Row] = {
    **_rows("files", BIN, COREUTILS, "cat", "rm", "rmdir", "mkdir", "mv", "cp", "ln", "touch", "chmod", "chown", "tee"),
    **_rows("files", BIN, COREUTILS, "readlink", "realpath", "mktemp", "truncate", "sync", "dd"),
    **_rows("listing", BIN, COREUTILS, "ls", "stat", "du"),
    **_rows("text", BIN, COREUTILS, "head", "tail", "wc", "sort", "uniq", "cut", "tr", "seq", "basename", "dirname"),
    "df": Row("df:df", BIN, COREUTILS),
    "grep": Row("grep:grep", BIN, "GNU grep 3.8: read off the real tool"),
    "sha256sum": Row("digest:sha256sum", BIN, COREUTILS),
    "md5sum": Row("digest:md5sum", BIN, COREUTILS),
    "echo": Row("words:echo", BIN, "bash 5.2: read off the real tool"),
    "printf": Row("words:printf", BIN, "bash 5.2: read off the real tool"),
    "test": Row("words:test", BIN, "bash 5.2: read off the real tool"),
    "[": Row("words:test", BIN, "bash 5.2: read off the real tool"),
    "true": Row("words:true", BIN, COREUTILS),
    "false": Row("words:false", BIN, COREUTILS),
    "pwd": Row("words:pwd", BIN, COREUTILS),
    **_rows("running", BIN, COREUTILS, "sleep", "timeout", "env", "nohup", "nice", "stdbuf"),
    "setsid": Row("running:setsid", BIN, "util-linux 2.38"),
    "sudo": Row("running:sudo", BIN, "sudo 1.9.13: its source's format strings"),
    "bash": Row("running:bash", BIN, "bash 5.2: read off the real tool"),
    "sh": Row("running:sh", BIN, "dash 0.5.12: read off the real tool"),
    "which": Row("running:which", BIN, "debianutils 5.7"),
    "kill": Row("running:kill", BIN, "bash 5.2: read off the real tool"),
    "ps": Row("running:ps", BIN, PROCPS),
    **_rows("system", BIN, COREUTILS, "uname", "date", "id", "whoami", "nproc"),
    "arch": Row("system:arch", BIN, COREUTILS),
    "hostname": Row("system:hostname", BIN, "net-tools hostname 3.23"),
    "uptime": Row("system:uptime", BIN, PROCPS),
    "who": Row("system:who", BIN, COREUTILS),
    "last": Row("system:last", BIN, "util-linux 2.38: read off the real tool; kernel column as the host's own"),
    "dmesg": Row("system:dmesg", BIN, INVENTED),
    **_rows("kernel", SBIN, KMOD, "modprobe", "lsmod", "rmmod", "insmod", "modinfo", "depmod"),
    "systemd-run": Row("systemd_run:systemd_run", BIN, SYSTEMD),
    "systemctl": Row("systemctl:systemctl", BIN, SYSTEMD),
    "systemd-inhibit": Row("inhibit:systemd_inhibit", BIN, SYSTEMD),
    "journalctl": Row("journal:journalctl", BIN, SYSTEMD),
    "logger": Row("journal:logger", BIN, "util-linux 2.38"),
    **_rows("power", SBIN, SYSTEMD, "reboot", "poweroff", "halt", "shutdown"),
    "ip": Row("network:ip", BIN, "iproute2 6.1: read off the real tool"),
    "ping": Row("network:ping", BIN, "iputils 20221126: read off the real tool"),
    **_rows("disks", BIN, "util-linux 2.38: read off the real tool", "lsblk"),
    "cryptsetup": Row("disks:cryptsetup", SBIN, "cryptsetup 2.6: format strings of its source"),
    "mokutil": Row("mokutil:mokutil", BIN, "mokutil 0.6: its source"),
    "efibootmgr": Row("efibootmgr:efibootmgr", BIN, INVENTED),
    "apt-get": Row("apt:apt_get", BIN, INVENTED),
    "apt": Row("apt:apt", BIN, INVENTED),
    "dpkg": Row("apt:dpkg", BIN, INVENTED),
    "dnf": Row("dnf:dnf", BIN, INVENTED),
    "yum": Row("dnf:dnf", BIN, INVENTED),
    "tar": Row("archive:tar", BIN, "GNU tar 1.34: read off the real tool"),
    "ipmitool": Row("machine_ipmitool:ipmitool", BIN, "ipmitool 1.8.19: its source; facts section 1"),
    "dmidecode": Row("dmidecode:main", SBIN, f"{FACTS} section 5"),
    "sum": Row("sum:main", "/opt/sum", f"{FACTS} section 3"),
    "racadm": Row("racadm:main", "/opt/dell/srvadmin/bin", f"{FACTS} section 4"),
}
"""Name of the program -> where it is. A file's bytes name a program of this table (emulators/host/programs.py)."""


@cache
def load(name: str) -> Command:
    """The function that is the command `name` of the table."""
    module, function = TABLE[name].place.split(":")
    command: Command = getattr(import_module(f"{__name__}.{module}"), function)
    return command
