"""dmidecode 3.4 (Debian 12): what the *running* BIOS says of itself and of the board.

Text follows facts/vendor-tools-and-boards.md section 5. The version shown is that of the BIOS that went through POST:
a newly written one appears after the reboot, never before.
"""

from __future__ import annotations

from dataclasses import dataclass

from emulators.boards import Board
from emulators.host.commands.dmidecode.tables import STRINGS, Structure, tables
from emulators.host.process import Invocation, Run
from emulators.images import Firmware

VERSION = "3.4"
INVENTED: tuple[str, ...] = (
    "dmidecode: the size and address in the full listing's first lines",
    "dmidecode: types 0 to 3 are all there is; the tables of processors, memory and slots are not modelled",
    "dmidecode: the characteristics in type 0, and a whole Dell type 0 and 3 (facts section 5: unverified)",
    "dmidecode: lengths in bytes of types 1 and 3 on Supermicro boards",
)

TYPES = {
    "bios": (0, 13),
    "system": (1, 12, 15, 23, 32),
    "baseboard": (2, 10, 41),
    "chassis": (3,),
    "processor": (4,),
    "memory": (5, 6, 16, 17),
    "cache": (7,),
    "connector": (8,),
    "slot": (9,),
}


def main(inv: Invocation) -> Run[int]:
    """dmidecode [-q] [-t TYPE]... [-s KEYWORD] [-V] [-h]."""
    yield 0.02
    try:
        options = _parse(inv.argv[1:])
    except _Usage as usage:
        inv.err(usage.text)
        return 2
    if options.version:
        inv.out(f"{VERSION}\n")
        return 0
    if options.help:
        inv.out(_HELP)
        return 0
    if inv.user != "root":
        return _refused(inv, options)
    server = inv.host.server
    return _answer(inv, options, server.board, server.running_bios or server.board.firmware("bios"))


@dataclass
class _Options:
    quiet: bool = False
    version: bool = False
    help: bool = False
    types: tuple[int, ...] | None = None
    keyword: str | None = None


class _Usage(Exception):
    def __init__(self, text: str) -> None:
        super().__init__(text)
        self.text = text


def _parse(words: tuple[str, ...]) -> _Options:
    options, rest = _Options(), list(words)
    while rest:
        word = rest.pop(0)
        match word:
            case "-q" | "--quiet":
                options.quiet = True
            case "-V" | "--version":
                options.version = True
            case "-h" | "--help":
                options.help = True
            case _ if (value := _value(word, rest, "-t", "--type")) is not None:
                options.types = (options.types or ()) + _types(value)
            case _ if (value := _value(word, rest, "-s", "--string")) is not None:
                options.keyword = _keyword(value)
            case _ if word.startswith("-"):
                what = f"unrecognized option '{word}'" if word.startswith("--") else f"invalid option -- '{word[1]}'"
                raise _Usage(f"dmidecode: {what}\n")
    return options


def _value(word: str, rest: list[str], short: str, long: str) -> str | None:
    """The value of the option that `word` is (`-t 2`, `-t2`, `--type 2`, `--type=2`), or None where it is another."""
    if word.startswith(long + "="):
        return word[len(long) + 1 :]
    if word in (short, long):
        if rest:
            return rest.pop(0)
        letter = f"option requires an argument -- '{short[1]}'"
        missing = f"option '{long}' requires an argument" if word == long else letter
        what, expected = ("Type", "Type number or keyword") if short == "-t" else ("String", "String keyword")
        raise _Usage(f"dmidecode: {missing}\n{expected} expected\n" + _valid(what))
    return word[2:] if word.startswith(short) and not word.startswith("--") else None


def _valid(what: str) -> str:
    words = TYPES if what == "Type" else STRINGS
    return f"Valid {what.lower()} keywords are:\n" + "".join(f"  {word}\n" for word in words)


def _types(value: str) -> tuple[int, ...]:
    if value.lower() in TYPES:
        return TYPES[value.lower()]
    try:
        numbers = tuple(int(part, 0) for part in value.replace(" ", ",").split(",") if part)
    except ValueError:
        raise _Usage(f"Invalid type keyword: {value}\n" + _valid("Type")) from None
    if any(not 0 <= n <= 255 for n in numbers):
        raise _Usage(f"Invalid type number: {value}\n")
    return numbers


def _keyword(value: str) -> str:
    if value.lower() not in STRINGS:
        raise _Usage(f"Invalid string keyword: {value}\n" + _valid("String"))
    return value.lower()


def _refused(inv: Invocation, options: _Options) -> int:
    quiet = options.quiet or options.keyword is not None
    if not quiet:
        inv.out(f"# dmidecode {VERSION}\n")
    inv.err("/sys/firmware/dmi/tables/smbios_entry_point: Permission denied\n")
    if not quiet:
        inv.out("Scanning /dev/mem for entry point.\n")
    inv.err("/dev/mem: Permission denied\n")
    return 1


def _answer(inv: Invocation, options: _Options, board: Board, bios: Firmware) -> int:
    if options.keyword is not None:
        inv.out(STRINGS[options.keyword](board, bios) + "\n")
        return 0
    found = tables(board, bios)
    if not options.quiet:
        inv.out(f"# dmidecode {VERSION}\nGetting SMBIOS data from sysfs.\nSMBIOS {board.smbios} present.\n")
        inv.out((_where(board, found) if options.types is None else "") + "\n")
    for structure in found:
        if options.quiet and structure.type == 127:
            continue
        if options.types is None or structure.type in options.types:
            inv.out(_text(structure, options.quiet))
    return 0


def _where(board: Board, found: tuple[Structure, ...]) -> str:
    """The lines that only a full listing has. SMBIOS 3 does not count its structures."""
    if board.smbios.startswith("3"):
        return "Table at 0x6F5F5000.\n"
    size = sum(s.length + sum(len(line) for line in s.lines) for s in found)
    return f"{len(found)} structures occupying {size} bytes.\nTable at 0x000E0000.\n"


def _text(structure: Structure, quiet: bool) -> str:
    handle = f"Handle 0x{structure.handle:04X}, DMI type {structure.type}, {structure.length} bytes\n"
    body = "".join(f"\t{line}\n" for line in structure.lines)
    return f"{'' if quiet else handle}{structure.title}\n{body}\n"


_HELP = """Usage: dmidecode [OPTIONS]
Options are:
 -d, --dev-mem FILE     Read memory from device FILE (default: /dev/mem)
 -h, --help             Display this help text and exit
 -q, --quiet            Less verbose output
 -s, --string KEYWORD   Only display the value of the given DMI string
 -t, --type TYPE        Only display the entries of given type
 -V, --version          Display the version and exit
"""
