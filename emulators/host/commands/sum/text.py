"""How SUM writes: banner, dot leaders, colours, progress, errors (facts/vendor-tools-and-boards.md section 3)."""

from __future__ import annotations

from emulators.host.process import Invocation

BANNER = (
    "Supermicro Update Manager (for UEFI BIOS) 2.14.0 (2024/02/15) (x86_64)\n"
    "Copyright(C) 2013-2024 Super Micro Computer, Inc. All rights reserved.\n"
)
MANAGED = "localhost"  # how in-band commands name the system
WIDTH = 40
REBOOT_NOTE = "You have to reboot or power up the system for the changes to take effect."
RESET, BOLD, YELLOW = "\x1b[0m", "\x1b[1m", "\x1b[0;33m"

EXIT_CODES = {
    0: "Successful",
    2: "Unknown option",
    3: "Missing argument",
    5: "Missing option",
    6: "Unknown command",
    7: "Option conflict",
    8: "Can not open file",
    9: "File already exists",
    12: "Function access denied",
    36: "Required device does not exist",
    37: "Required device does not work",
    38: "Function is not supported",
    60: "Invalid BIOS configuration file",
    62: "Invalid firmware image file",
    80: "Node Product key is not activated",
    82: "Board information mismatch",
    102: "Driver report: execution of command failed",
    105: "Cannot load driver",
    106: "Driver is busy. Please try again later",
    107: "ROM chip is occupied. Please try again later",
    108: "Kernel module verification error",
    145: "IPMI connect failed",
    146: "IPMI login failed",
}
"""Section 3.1, those that this SUM ends with."""


class SumError(Exception):
    """SUM ends with `code`; `detail` is the error message below the code's own words."""

    def __init__(self, code: int, detail: str) -> None:
        super().__init__(detail)
        self.code, self.detail = code, detail


def field(name: str, value: str, depth: int = 1) -> str:
    """One line `name....value`, indented four blanks a depth."""
    return f"{'    ' * depth}{name}".ljust(WIDTH, ".") + f"{value}\n"


def slashes(date: str) -> str:
    """YYYY/MM/DD, as SUM has it, of an ISO 8601 day."""
    return date.replace("-", "/")


def status(text: str) -> str:
    return _coloured("Status", text)


def note(text: str) -> str:
    return _coloured("Note", text)


def _coloured(word: str, text: str) -> str:
    return f"{RESET}{BOLD}{BOLD}{BOLD}{word}:{RESET}{RESET} {RESET}{text}\n"


def warning(text: str) -> str:
    """A warning as section 3.2's fixture has it; the escapes stand even where nobody sees colours."""
    return f"{RESET}{RESET}{YELLOW}{YELLOW}{YELLOW}WARNING{RESET}{RESET}: {RESET}{text}\n"


def frame(title: str, body: str) -> str:
    """Eighty stars with a title in the middle, `body`, eighty stars."""
    return f"{title:*^80}\n{body}{'*' * 80}\n"


def error(failure: SumError) -> str:
    """What SUM prints before it ends with a code other than 0."""
    words = EXIT_CODES[failure.code]
    body = f"\nExitCode                = {failure.code}\nDescription             = {words}\n"
    body += f"Error message:\n    {failure.detail}\n\n"
    return "\n" + frame("<<<<<ERROR>>>>>", body)


class Bar:
    """A progress line that is rewritten in place: `Reading BIOS flash ..................... (100%)`."""

    def __init__(self, inv: Invocation, title: str) -> None:
        self.inv, self.title = inv, title.ljust(40, ".")
        self.shown = -1

    def show(self, percent: int) -> None:
        """Rewrite the line where its number changed; at 100 it is complete."""
        if percent == self.shown:
            return
        self.shown = percent
        self.inv.out(f"\r{self.title} ({percent:3d}%)" + ("\n" if percent == 100 else ""))
