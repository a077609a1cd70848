"""The tools of a stranger's server that can be updated: each writes its call down, and together they keep a state.

Run as a script by the server's own shell: `stand_ins.py FOLDER NAME ARGS...`. It imports nothing of ours. A flash is a
file's name that becomes a version; a unit is a process of its own, which outlives whoever has started it.
"""

from __future__ import annotations

import itertools
import json
import os
import re
import subprocess
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from typing import TextIO

NAMES = (
    *("ipmitool", "dmidecode", "systemd-run", "systemctl", "systemd-inhibit", "modprobe", "sum", "racadm", "reboot"),
    *("efibootmgr", "ip", "mokutil", "lsblk", "cat", "id", "sudo"),
)
FLASH_S = 8.0
LAN = "Set in Progress         : Set Complete\nIP Address Source       : Static Address\n" + "".join(
    f"{name:<24}: {value}\n"
    for name, value in (
        ("IP Address", "192.0.2.9"),
        ("Subnet Mask", "255.255.255.0"),
        ("MAC Address", "<MAC>"),
        ("Default Gateway IP", "192.0.2.1"),
        ("802.1q VLAN ID", "Disabled"),
    )
)
SAYS = {
    "ipmitool mc info": (
        "Device ID                 : 32\nDevice Revision           : 1\nFirmware Revision         : <BMC>\n"
        "IPMI Version              : 2.0\nManufacturer ID           : 10876\nManufacturer Name         : Supermicro\n"
        "Product ID                : 2392 (0x0958)\nProduct Name              : Unknown (0x958)\n"
        "Device Available          : yes\n"
    ),
    "ipmitool lan print 1": LAN,
    "ipmitool raw 0x06 0x37": " <GUID>\n",
    "ipmitool raw 0x30 0x70 0x0c 0x00": " 00\n",
    "ipmitool raw 0x00 0x09 0x05 0x00 0x00": " 01 05 00 00 00 00 00\n",
    "ipmitool raw 0x0a 0x48": " <NOW>\n",
    "ipmitool mc selftest": "Selftest: passed\n",
    "ipmitool mc watchdog get": (
        "Watchdog Timer Use:     SMS/OS (0x04)\nWatchdog Timer Is:      Stopped\nWatchdog Timer Logging: On\n"
        "Watchdog Timer Action:  No action (0x00)\nPre-timeout interrupt:  None\nPre-timeout interval:   0 seconds\n"
        "Timer Expiration Flags: None (0x00)\nInitial Countdown:      0.0 sec\nPresent Countdown:      0.0 sec\n"
    ),
    "ipmitool sdr type Power Supply": (
        "PS1 Status       | 08h | ok  | 10.1 | Presence detected\n"
        "PS2 Status       | 09h | ok  | 10.2 | Presence detected\n"
    ),
    "ipmitool user list 1": (
        "ID  Name\t     Callin  Link Auth\tIPMI Msg   Channel Priv Limit\n"
        "2   ADMIN            false   false      true       ADMINISTRATOR\n"
    ),
    "ipmitool channel getaccess 1": (
        "Maximum User IDs     : 10\nEnabled User IDs     : 1\n\nUser ID              : 2\n"
        "User Name            : ADMIN\nFixed Name           : No\nAccess Available     : callback\n"
        "Link Authentication  : disabled\nIPMI Messaging       : enabled\nPrivilege Level      : ADMINISTRATOR\n"
        "Enable Status        : enabled\n"
    ),
    "ipmitool exec /dev/stdin": "Success\n",
    "ipmitool sel info": (
        "SEL Information\nVersion          : 1.5 (v1.5, v2 compliant)\nEntries          : 0\n"
        "Free Space       : 8192 bytes \nPercent Used     : 0%\nLast Add Time    : Not Available\n"
        "Last Del Time    : Not Available\nOverflow         : false\nSupported Cmds   : 'Reserve' \n"
    ),
    "dmidecode -t baseboard": (
        "# dmidecode 3.4\nHandle 0x0002, DMI type 2, 15 bytes\nBase Board Information\n\tManufacturer: Supermicro\n"
        "\tProduct Name: X11SSH-F\n\tVersion: 1.01\n\tSerial Number: ZM000S000001\n"
    ),
    "dmidecode -t bios": (
        "# dmidecode 3.4\nHandle 0x0000, DMI type 0, 24 bytes\nBIOS Information\n"
        "\tVendor: American Megatrends Inc.\n\tVersion: <BIOS>\n\tRelease Date: 11/04/2021\n"
    ),
    "dmidecode -t system": (
        "# dmidecode 3.4\nHandle 0x0001, DMI type 1, 27 bytes\nSystem Information\n\tManufacturer: Supermicro\n"
        "\tProduct Name: SYS-5019S-M\n\tSerial Number: S000\n\tUUID: 00000000-0000-0000-0000-020000000009\n"
    ),
    "ip -br link": "lo UNKNOWN 00:00:00:00:00:00 <LOOPBACK,UP>\neno1 UP 02:00:00:00:00:0a <BROADCAST,UP,LOWER_UP>\n",
    "efibootmgr -v": "BootCurrent: 0000\nTimeout: 1 seconds\nBootOrder: 0000\nBoot0000* linux\tHD(1,GPT)/File(x.efi)\n",
    "mokutil --sb-state": "SecureBoot disabled\n",
    "lsblk -rpno NAME,FSTYPE": "/dev/sda \n/dev/sda1 vfat\n/dev/sda2 ext4\n",
    "cat /sys/kernel/security/lockdown": "[none] integrity confidentiality\n",
    "cat /proc/sys/kernel/random/boot_id": "<BOOT>\n",
    "systemctl is-system-running": "running\n",
    "id -u": "0\n",
}
SETTINGS = (
    '<?xml version="1.0"?><BiosCfg><Menu name="Boot"><Setting name="Boot mode" selectedOption="UEFI"/></Menu></BiosCfg>'
)


def tell(text: str, where: TextIO = sys.stdout) -> None:
    where.write(text)
    where.flush()


def behind_options(args: Sequence[str]) -> list[str]:
    return list(itertools.dropwhile(lambda arg: arg.startswith("--"), args))


class Machine:
    """What is true of it, in one file; changed under nobody's lock, for one command at a time changes it."""

    def __init__(self, folder: Path) -> None:
        self.folder, self.file = folder, folder / "state.json"

    def get(self) -> dict[str, str]:
        state: dict[str, str] = json.loads(self.file.read_text())
        return state

    def set(self, **values: str) -> None:
        new = self.file.with_suffix(".new")
        new.write_text(json.dumps(self.get() | values))
        new.replace(self.file)

    def call(self, name: str, args: Sequence[str]) -> int:
        line = " ".join((name, *args))
        with (self.folder / "calls").open("a") as calls:
            calls.write(line.replace("\n", " ") + "\n")
        match name:
            case "sudo":
                os.execvp(args[1], list(args[1:]))
            case "systemd-inhibit":
                rest = behind_options(args)
                os.execvp(rest[0], rest)
            case "systemd-run":
                return self.start(args)
            case "systemctl" if args[0] != "is-system-running":
                return self.unit(args)
            case "sum":
                return self.sum(args)
            case "reboot":
                return self.reboot()
            case "modprobe":
                return 0
        return self.say(line)

    def say(self, line: str) -> int:
        if line == "ipmitool sel elist":
            tell("SEL has no entries\n", sys.stderr)
            return 0
        if line not in SAYS:
            if line.split()[0] == "cat":
                os.execv("/bin/cat", line.split())
            tell(f"{line}: no such thing here\n", sys.stderr)
            return 1
        state = self.get() | {"NOW": int(time.time()).to_bytes(4, "little").hex(" ")}
        text = re.sub(r"<([A-Z]+)>", lambda word: state.get(word[1], word[0]), SAYS[line])
        tell(text)
        return 0

    # -- units

    def start(self, args: Sequence[str]) -> int:
        if self.get().get("unit"):
            tell("Failed to start transient service unit: Unit fwsim-flash.service already exists.\n", sys.stderr)
            return 1
        options = dict(arg[2:].split("=", 1) for arg in args if arg.startswith("--") and "=" in arg)
        command = behind_options(args)
        self.set(unit="running", description=options["description"])
        subprocess.Popen(
            (sys.executable, "-I", "-S", __file__, str(self.folder), "--unit", *command),
            stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, start_new_session=True,
        )  # fmt: skip
        tell("Running as unit: fwsim-flash.service\n")
        return 0

    def supervise(self, command: Sequence[str]) -> int:
        ended = subprocess.run(command, stdin=subprocess.DEVNULL, check=False).returncode
        self.set(unit="ended", status=str(ended))
        return 0

    def unit(self, args: Sequence[str]) -> int:
        state = self.get()
        if args[0] != "show":
            self.set(unit="")
            return 0 if state.get("unit") else 1
        load = "loaded" if state.get("unit") else "not-found"
        sub = {"running": "running", "ended": "exited"}.get(state.get("unit", ""), "dead")
        active = "active" if state.get("unit") else "inactive"
        failed = state.get("unit") == "ended" and state.get("status") != "0"
        rows = {
            "LoadState": load,
            "ActiveState": "failed" if failed else active,
            "SubState": "failed" if failed else sub,
            "Result": "exit-code" if failed else "success",
            "ExecMainStatus": state.get("status", "0"),
            "Description": state.get("description", ""),
        }
        tell("".join(f"{key}={value}\n" for key, value in rows.items()))
        return 0

    # -- firmware

    def sum(self, args: Sequence[str]) -> int:
        verb = args[args.index("-c") + 1]
        file = Path(args[args.index("--file") + 1]) if "--file" in args else None
        match verb:
            case "GetBmcInfo" | "GetBiosInfo":
                kind = verb[3:-4].upper()
                key = "BMC type..........X11SSH-F" if kind == "BMC" else "Board ID..........0958"
                head = f"Local {kind} image file..........{file.name}" if file else "Managed system...........localhost"
                version = self.version(file) if file else self.get()[kind]
                date = f"{kind} build date..........2021/11/04"
                tell(f"{head}\n    {key}\n    {date}\n    {kind} version..........{version}\n")
            case "GetCurrentBiosCfg":
                assert file is not None
                file.write_text(SETTINGS)
            case "UpdateBmc" | "UpdateBios":
                assert file is not None
                self.flash(verb[6:].upper(), file)
            case _:
                return 38
        return 0

    @staticmethod
    def version(file: Path) -> str:
        found = re.search(r"_([\d.]+)\.bin$", file.name)
        assert found is not None
        return found[1]

    def flash(self, kind: str, file: Path) -> None:
        for percent in range(0, 101, 10):
            tell(f"{'Uploading FW' if kind == 'BMC' else 'Writing BIOS flash'} ..... ({percent:3}%)\n")
            time.sleep(FLASH_S / 11)
        if kind == "BIOS":
            self.set(NEXT=self.version(file))
            tell("WARNING:Must power cycle or restart the system for the changes to take effect!\n")
            return
        self.set(BMC=self.version(file))
        reset = json.loads(self.get()["reset"])
        subprocess.run(reset["argv"], env=os.environ | reset["env"], capture_output=True, timeout=60, check=True)
        tell("Status: BMC is updated for 127.0.0.1\n")

    def reboot(self) -> int:
        state = self.get()
        number = f"{int(state['BOOT'][-12:], 16) + 1:012x}"
        self.set(BOOT=state["BOOT"][:-12] + number, BIOS=state.get("NEXT") or state["BIOS"], unit="", rebooting="yes")
        return 0


def main() -> int:
    machine, name = Machine(Path(sys.argv[1])), sys.argv[2]
    return machine.supervise(sys.argv[3:]) if name == "--unit" else machine.call(name, sys.argv[3:])


if __name__ == "__main__":
    sys.exit(main())
