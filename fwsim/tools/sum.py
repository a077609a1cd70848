"""Supermicro Update Manager, in band. It colours its output even into files, and its leaders have any number of dots.

No error block was ever found in public: failures are told by the exit status, whose meanings are the guide's table.
"""

from __future__ import annotations

import re
import xml.etree.ElementTree as ElementTree
from dataclasses import dataclass
from functools import lru_cache
from typing import Literal

from fwsim.tools import Argv, Unparsable
from fwsim.tools.text import as_displayed, dotted_pairs

EXIT_CODES: dict[int, str] = {
    0: "successful",
    8: "cannot open file",
    9: "file already exists",
    12: "function access denied",
    33: "TCP connection error",
    35: "program interrupted and terminated",
    36: "required device does not exist",
    37: "required device does not work",
    38: "function is not supported",
    60: "invalid BIOS configuration file",
    61: "utility internal error",
    62: "invalid firmware image file",
    63: "invalid firmware flash ROM",
    64: "invalid DMI information from BIOS",
    80: "node product key is not activated",
    81: "internal communication error",
    82: "board information mismatch",
    83: "does not support OOB",
    86: "required tool does not exist",
    87: "IPMI standard error",
    100: "cannot open driver",
    101: "driver input/output control failed",
    102: "driver reports: execution of command failed",
    103: "BIOS does not support this in-band command",
    105: "cannot load driver",
    106: "driver is busy, try again later",
    107: "ROM chip is occupied, try again later",
    108: "kernel module verification error",
    144: "IPMI undefined error",
    145: "IPMI connect failed",
    146: "IPMI login failed",
    147: "IPMI parameter validation failed",
    148: "IPMI execution exception occurred",
    149: "IPMI execution failed",
}
_RANGES = ((1, 30, "wrong command line"), (31, 59, "resource error"), (60, 79, "file parsing error"))
_LATER_RANGES = ((80, 99, "IPMI operation error"), (100, 119, "in-band error"), (120, 199, "IPMI communication error"))
RETRY_LATER = frozenset({106, 107})
LICENCE_MISSING = 80
WRONG_BOARD = 82
DRIVER_REFUSED = frozenset({100, 101, 105, 108})


def meaning(status: int) -> str:
    """What the guide says of an exit status."""
    if status in EXIT_CODES:
        return EXIT_CODES[status]
    return next((text for low, high, text in _RANGES + _LATER_RANGES if low <= status <= high), "unknown exit status")


def get_bios_info(file: str | None = None, *, program: str = "sum") -> Argv:
    """Of this system, or of an image file alone."""
    return _info(program, "GetBiosInfo", file)


def get_bmc_info(file: str | None = None, *, program: str = "sum") -> Argv:
    """Of this system, or of an image file alone."""
    return _info(program, "GetBmcInfo", file)


def _info(program: str, command: str, file: str | None) -> Argv:
    return (program, "-c", command, *(("--file", file, "--file_only") if file else ()))


def update_bios(file: str, *, preserve_setting: bool = False, program: str = "sum") -> Argv:
    """Without `preserve_setting` the BIOS's settings go back to defaults. Never --reboot: the reboot is ours."""
    return (program, "-c", "UpdateBios", "--file", file, *(("--preserve_setting",) if preserve_setting else ()))


def over_lan(argv: Argv, address: str, user: str) -> Argv:
    """The same out of band, which wants a product key. The password is read from standard input."""
    return (argv[0], "-i", address, "-u", user, "-f", "/dev/stdin", *argv[1:])


def update_bmc(file: str, *, program: str = "sum") -> Argv:
    """Keeps the BMC's configuration. SUM restarts the BMC itself."""
    return (program, "-c", "UpdateBmc", "--file", file)


def get_bios_settings(file: str, *, program: str = "sum") -> Argv:
    """Write the BIOS's settings into a file on the host."""
    return (program, "-c", "GetCurrentBiosCfg", "--file", file, "--overwrite")


def change_bios_settings(file: str, *, program: str = "sum") -> Argv:
    """Put settings back from a file; those that a newer BIOS has no more are left out. They act after the next
    reboot."""
    return (program, "-c", "ChangeBiosCfg", "--file", file, "--skip_unknown")


def parse_bios_settings(data: bytes) -> dict[str, str]:
    """The file of get_bios_settings: "Menu / Menu / Name" -> value. A name that is there twice is numbered. Raises
    Unparsable."""
    try:
        root = ElementTree.fromstring(data)
    except ElementTree.ParseError as error:
        raise Unparsable("sum -c GetCurrentBiosCfg", "an XML file", str(error)) from error
    found: dict[str, str] = {}
    _walk(root, (), found)
    if root.tag != "BiosCfg" or not found:
        raise Unparsable("sum -c GetCurrentBiosCfg", "a BiosCfg with settings", data[:200].decode("latin-1"))
    return found


def _walk(node: ElementTree.Element, menus: tuple[str, ...], found: dict[str, str]) -> None:
    for child in node:
        if child.tag == "Menu":
            _walk(child, (*menus, child.get("name", "")), found)
        elif child.tag == "Setting":
            value = next((child.get(k) for k in _VALUES if child.get(k) is not None), None)
            if value is not None:  # passwords and the like have none
                name, number = " / ".join((*menus, child.get("name", ""))), 2
                while (key := name if number == 2 and name not in found else f"{name} #{number}") in found:
                    number += 1
                found[key] = value


_VALUES = ("selectedOption", "checkedStatus", "numericValue")


@dataclass(frozen=True)
class Image:
    """What GetBiosInfo or GetBmcInfo says of one firmware. `board` is the board id (BIOS) or the BMC's type."""

    board: str
    version: str
    build_date: str  # YYYY/MM/DD as printed; N/A is the sign of a dead BIOS

    @property
    def readable(self) -> bool:
        return bool(self.version) and "N/A" not in (self.version, self.build_date)


@dataclass(frozen=True)
class Info:
    """Of the running system, of a local file, or of both."""

    managed: Image | None
    file: Image | None


def parse_bios_info(stdout: str) -> Info:
    """Raises Unparsable."""
    return _parse_info(stdout, "GetBiosInfo", "BIOS", "Board ID")


def parse_bmc_info(stdout: str) -> Info:
    """Raises Unparsable."""
    return _parse_info(stdout, "GetBmcInfo", "BMC", "BMC type")


_SECTION = r"^(?=Managed system\.|Local (?:BIOS|BMC) image file\.)"


def _parse_info(stdout: str, command: str, what: str, board_key: str) -> Info:
    found: dict[str, Image] = {}
    for section in re.split(_SECTION, as_displayed(stdout), flags=re.MULTILINE):
        keys = dotted_pairs(section)
        image = Image(keys.get(board_key, ""), keys.get(f"{what} version", ""), keys.get(f"{what} build date", ""))
        if section.startswith("Managed system") and (image.version or image.board):
            found["managed"] = image
        elif section.startswith("Local ") and (image.version or image.board):
            found["file"] = image
    if not found:
        raise Unparsable(f"sum -c {command}", f"{board_key}, {what} version and {what} build date", stdout)
    return Info(found.get("managed"), found.get("file"))


Stage = Literal["", "reading", "comparing", "uploading", "writing", "verifying", "ended"]


@dataclass(frozen=True)
class Update:
    """What the log of an update says so far. `percent` is of the stage at hand, None where SUM prints none.

    `complete`: SUM's last lines stand there. `settings_reset`: it warned that the BIOS's settings go to defaults.
    """

    stage: Stage
    percent: int | None
    complete: bool
    staged: bool
    settings_reset: bool
    complaints: tuple[str, ...]


_STAGES: dict[str, Stage] = {
    "Reading BIOS flash": "reading",
    "Comparing FDT": "comparing",
    "Uploading FW": "uploading",
    "Uploading BIOS": "uploading",
    "Writing BIOS flash": "writing",
    "Updating FW": "writing",
    "Writing ME region": "writing",
    "Putting ME data": "writing",
    "Verifying BIOS flash": "verifying",
}
_BIOS_DONE = ("Must power cycle or restart the system for the changes", "is staged for", "have to reboot or power up")
_BMC_DONE = ("Status: BMC is updated for", "Update Complete. Please wait for BMC reboot")
_COMPLAINTS = ("failed", "cannot", "can't", "mismatch", "invalid", "not supported", "not activated")
_ERROR = re.compile(r"\berror\b")


@lru_cache(maxsize=256)  # a flash's log is read at every look, and rehearsals of one plan write the same ones
def parse_update(log: str) -> Update:
    """Of UpdateBios or UpdateBmc. Never raises: any prefix of a log, cut at any byte, says something."""
    text = as_displayed(log)
    at, words = max((text.rfind(words), words) for words in _STAGES)
    stage: Stage = _STAGES[words] if at >= 0 else ""
    percents = [int(p) for p in re.findall(r"\(\s*(\d{1,3})%\)", text[max(0, at) :])] or _arrows(text[max(0, at) :])
    complete = any(words in text for words in (*_BIOS_DONE, *_BMC_DONE))
    return Update(
        stage="ended" if complete else stage,
        percent=100 if complete else min(100, percents[-1]) if percents else None,
        complete=complete,
        staged="is staged for" in text,
        settings_reset="BIOS setting will be reset" in text,
        complaints=_complaints_in(text) if _complains(text) else (),
    )


_FRAME = re.compile(r"^\*+<<<<<ERROR>>>>>\*+$(.*?)(?:^\*{40,}\s*$|\Z)", re.MULTILINE | re.DOTALL)


def error(stdout: str) -> str:
    """What stands in the frame that SUM prints before it ends badly, in one line; "" where there is none."""
    found = _FRAME.findall(as_displayed(stdout))
    if not found:
        return ""
    description = re.search(r"^Description\s*=\s*(.+)$", found[-1], re.MULTILINE)
    detail = found[-1].partition("Error message:")[2].split()
    parts = ([description[1].strip()] if description else []) + ([" ".join(detail)] if detail else [])
    return ": ".join(dict.fromkeys(parts))


def _complaints_in(text: str) -> tuple[str, ...]:
    """The lines of a log that complain, and its frame of stars in one."""
    lines = (line.strip() for line in _FRAME.sub("", text).splitlines() if _complains(line))
    return tuple(dict.fromkeys(filter(None, (*lines, error(text)))))


def _complains(text: str) -> bool:
    small = text.lower()
    return any(words in small for words in _COMPLAINTS) or _ERROR.search(small) is not None


def _arrows(text: str) -> list[int]:
    """UpdateBmc draws 38 arrows behind `Updating FW...`."""
    drawn = re.search(r"Updating FW\.*(>*)", text)
    return [min(99, len(drawn[1]) * 100 // 38)] if drawn else []


def product_keys(stdout: str) -> tuple[str, ...]:
    """The names of the node's product keys, from QueryProductKey or CheckOOBSupport. () where there is none."""
    return tuple(dict.fromkeys(re.findall(r"SFT-[A-Za-z]+(?:-[A-Za-z]+)*", as_displayed(stdout))))


QUERY_PRODUCT_KEY: Argv = ("sum", "-c", "QueryProductKey")
