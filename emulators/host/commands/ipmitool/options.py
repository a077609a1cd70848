"""What stands before the subcommand: getopt() as ipmitool has it."""

from __future__ import annotations

import getopt
from dataclasses import dataclass, field

from emulators.host.commands.ipmitool.tool import Options
from emulators.host.commands.ipmitool.values import number

SHORT = "I:46hVvcgsEKYao:H:d:P:f:U:p:C:L:A:t:T:m:z:S:l:b:B:e:k:y:O:R:N:D:Z"
INTEGER = (-(2**31), 2**31 - 1)
BYTE = (0, 255)
RANGES = {
    "-d": INTEGER,
    "-p": INTEGER,
    "-C": BYTE,
    "-t": BYTE,
    "-b": BYTE,
    "-T": BYTE,
    "-B": BYTE,
    "-l": BYTE,
    "-m": BYTE,
    "-z": (0, 65535),
    "-R": (0, INTEGER[1]),
    "-N": (0, 2**32 - 1),
}


@dataclass
class CommandLine:
    """The options, the subcommand's words, and what ends the run before it begins: a text and a status."""

    options: Options = field(default_factory=Options)
    words: list[str] = field(default_factory=list)
    remote: bool = False
    ends: tuple[str, int] | None = None  # "usage", "version" or an error's text
    warnings: list[str] = field(default_factory=list)
    misread: bool = False  # the error is one of getopt(), and the usage follows


def parse(name: str, argv: list[str], *, password_known: bool = True) -> CommandLine:
    """Options are read up to the first word that is none. `password_known`: does the environment hold one (-E)?"""
    line = CommandLine()
    try:
        pairs, line.words = getopt.getopt(argv, SHORT)
    except getopt.GetoptError as error:
        hint = "option requires an argument" if "requires argument" in error.msg else "invalid option"
        line.ends = (f"{name}: {hint} -- '{error.opt}'", 1)
        line.misread = True
        return line
    for option, value in pairs:
        if line.ends is None:
            _apply(line, option, value, password_known=password_known)
    return line


def _apply(line: CommandLine, option: str, value: str, *, password_known: bool) -> None:
    figure = number(value, *RANGES[option]) if option in RANGES else None
    if option in RANGES and figure is None:
        low = "range [0-255] for" if option == "-C" else "range for"
        line.ends = (f"Invalid parameter given or out of {low} '{option}'.", 1)
        return
    match option:
        case "-E" if not password_known:
            line.warnings.append("Unable to read password from environment")
        case "-h":
            line.ends = ("usage", 0)
        case "-V":
            line.ends = ("version", 0)
        case "-v":
            line.options.verbose += 1
        case "-c":
            line.options.csv = True
        case "-Z":
            line.options.utc = True
        case "-I":
            line.options.interface = value
        case "-H":
            line.remote = True
        case "-d":
            line.options.device = figure or 0
        case "-l":
            line.options.lun = (figure or 0) & 3
        case "-z":
            line.options.large_buffer = figure or 0
        case "-p" if not 0 <= (figure or 0) <= 65535:
            line.ends = (f"Port number {figure} is out of range.", 1)
        case "-U" if len(value) > 16:
            line.ends = ("Username is too long (> 16 bytes)", 1)
