"""df: one disk, /dev/sda2 at /; /proc, /run and the like are not listed."""

from __future__ import annotations

from emulators.host.commands.listing import human
from emulators.host.commands.options import Options, Usage, hint, parse
from emulators.host.commands.reading import place
from emulators.host.process import Invocation, Run

LONG = ("human-readable", "si", "block-size=", "output=?", "portability", "local", "print-type", "all")
FIELDS = ("source", "fstype", "size", "used", "avail", "pcent", "target", "file")
LEFT = ("source", "fstype", "target", "file")
LEAST = {"source": 14, "size": 5, "used": 5, "avail": 5, "pcent": 4}
FACTORS = {"K": 1024, "M": 1024**2, "G": 1024**3, "1": 1}


def df(inv: Invocation) -> Run[int]:
    yield from ()
    options = parse(inv, "ahHkPTB:lm", LONG)
    fields = _fields(options)
    table = [[_titles(options)[field] for field in fields]]
    status = 0
    for path in options.rest or ("/",):
        if not inv.host.files.exists(place(inv, path), inv.user):
            inv.err(f"df: {path}: No such file or directory\n")
            status = 1
        else:
            row = _row(inv, options, path)
            table.append([row[field] for field in fields])
    if len(table) > 1:
        _print(inv, fields, table)
    return status


def _fields(options: Options) -> list[str]:
    given = options.last("--output")
    if given is None:
        return ["source", *(["fstype"] if options.has("-T", "--print-type") else []), *FIELDS[2:7]]
    fields = given.split(",") if given else list(FIELDS)
    stranger = next((field for field in fields if field not in FIELDS), None)
    if stranger is not None:
        raise Usage(f"df: option --output: field '{stranger}' unknown\n{hint('df')}", 1)
    return fields


def _titles(options: Options) -> dict[str, str]:
    short = _human(options)
    posix = options.has("-P", "--portability") and not short
    unit = _unit(options)
    size = "Size" if short else "1024-blocks" if posix and unit == "K" else f"{'1B' if unit == '1' else unit}-blocks"
    size = "1K-blocks" if size == "K-blocks" else size
    return {
        "source": "Filesystem",
        "fstype": "Type",
        "size": size,
        "used": "Used",
        "avail": "Avail" if short or options.has("--output") else "Available",
        "pcent": "Capacity" if posix else "Use%",
        "target": "Mounted on",
        "file": "File",
    }


def _human(options: Options) -> bool:
    return options.has("-h", "-H", "--human-readable", "--si")


def _unit(options: Options) -> str:
    return options.last("-B", "--block-size") or ("M" if options.has("-m") else "K")


def _row(inv: Invocation, options: Options, path: str) -> dict[str, str]:
    size = inv.host.files.capacity
    used = min(inv.host.files.used, size)

    def shown(count: int) -> str:
        if _human(options):
            return human(count, 1000 if options.has("-H", "--si") else 1024)
        unit = _unit(options)
        suffix = unit if unit in ("M", "G") and not options.has("-m") else ""
        return str(-(-count // FACTORS.get(unit[-1:].upper(), 1))) + suffix

    percent = -(-used * 100 // size) if size else 100
    return {
        "source": "/dev/sda2",
        "fstype": "ext4",
        "size": shown(size),
        "used": shown(used),
        "avail": shown(size - used),
        "pcent": f"{percent}%",
        "target": "/",
        "file": path,
    }


def _print(inv: Invocation, fields: list[str], table: list[list[str]]) -> None:
    widths = [max(LEAST.get(field, 0), *(len(row[i]) for row in table)) for i, field in enumerate(fields)]
    for row in table:
        cells = [
            cell.ljust(width) if field in LEFT else cell.rjust(width)
            for cell, width, field in zip(row, widths, fields, strict=True)
        ]
        inv.out(" ".join(cells).rstrip() + "\n")
