"""coreutils that work on lines: head, tail, wc, sort, uniq, cut, tr, seq, basename, dirname."""

from __future__ import annotations

import posixpath
import re
from collections.abc import Callable
from dataclasses import replace

from emulators.host.commands.files import byte_count
from emulators.host.commands.options import Options, Usage, hint, parse
from emulators.host.commands.reading import STDIN, lines_fit, lines_of, read_or_say
from emulators.host.limits import room
from emulators.host.process import Invocation, Run

CHUNK = 1000  # lines that are written at one moment
OPEN = "{name}: cannot open '{path}' for reading: {reason}"


def head(inv: Invocation) -> Run[int]:
    options = parse(_modern(inv), "c:n:qvz", ("bytes=", "lines=", "quiet", "silent", "verbose"))
    if len(options.rest) < 2 and (options.rest or ("-",))[0] in STDIN and not options.has("-c", "--bytes"):
        limit = _count(options, "head", "-n", "--lines", default="10")
        if not limit.startswith("-"):
            return (yield from _first_lines(inv, int(limit)))
    return (yield from _ends(inv, options, _head))


def tail(inv: Invocation) -> Run[int]:
    options = parse(_modern(inv), "c:n:fFqs:v", ("bytes=", "lines=", "follow", "quiet", "silent", "verbose", "pid="))
    return (yield from _ends(inv, options, _tail))


def _first_lines(inv: Invocation, limit: int) -> Run[int]:
    """Standard input, line by line: head ends as soon as it has enough, and the writer gets SIGPIPE."""
    for _ in range(limit):
        line = yield from inv.stdin.readline()
        if not line:
            break
        inv.stdout.write(line)
        yield from room(inv.stdout)
    return 0


def _ends(inv: Invocation, options: Options, cut: Callable[[Options, bytes], bytes]) -> Run[int]:
    status = 0
    paths = options.rest or ("-",)
    cut(options, b"")  # a bad count is refused before any file is looked at
    titled = (len(paths) > 1 or options.has("-v", "--verbose")) and not options.has("-q", "--quiet", "--silent")
    for number, path in enumerate(paths):
        data = yield from read_or_say(inv, path, OPEN)
        if data is None:
            status = 1
            continue
        if titled:
            name = "standard input" if path == "-" else path
            inv.out(("\n" if number else "") + f"==> {name} <==\n")
        inv.stdout.write(cut(options, data))
    return status


def _head(options: Options, data: bytes) -> bytes:
    if options.has("-c", "--bytes"):
        count = byte_count(_count(options, "head", "-c", "--bytes"))
        return data[:count]
    count = int(_count(options, "head", "-n", "--lines", default="10"))
    lines_fit(len(data))
    return b"".join(data.splitlines(keepends=True)[:count])


def _tail(options: Options, data: bytes) -> bytes:
    if options.has("-c", "--bytes"):
        text = _count(options, "tail", "-c", "--bytes")
        count = byte_count(text.lstrip("+-"))
        return data[max(0, count - 1) :] if text.startswith("+") else data[max(0, len(data) - count) :]
    text = _count(options, "tail", "-n", "--lines", default="10")
    lines_fit(len(data))
    lines = data.split(b"\n")
    ended = [line + b"\n" for line in lines[:-1]] + ([lines[-1]] if lines[-1] else [])
    count = int(text.lstrip("+-"))
    return b"".join(ended[max(0, count - 1) :] if text.startswith("+") else ended[max(0, len(ended) - count) :])


def _count(options: Options, command: str, short: str, long: str, default: str = "") -> str:
    text = options.last(short, long) or default
    if not re.fullmatch(r"[+-]?\d+[KMGb]?", text):
        what = "bytes" if short == "-c" else "lines"
        raise Usage(f"{command}: invalid number of {what}: '{text}'\n", 1)
    return text


def _modern(inv: Invocation) -> Invocation:
    """`head -5` is `head -n 5`; `tail +3` is no longer understood by GNU."""
    if len(inv.argv) < 2 or not re.fullmatch(r"-\d+", inv.argv[1]):
        return inv
    return replace(inv, argv=(inv.argv[0], f"-n{inv.argv[1][1:]}", *inv.argv[2:]))


def wc(inv: Invocation) -> Run[int]:
    options = parse(inv, "clmwL", ("bytes", "lines", "words", "chars"))
    chosen = [options.has("-l", "--lines"), options.has("-w", "--words"), options.has("-c", "-m", "--bytes", "--chars")]
    chosen = chosen if any(chosen) else [True, True, True]
    rows: list[tuple[list[int], str]] = []
    status = 0
    for path in options.rest or ("-",):
        data = yield from read_or_say(inv, path, "wc: {path}: {reason}")
        if data is None:
            status = 1
            continue
        counts = [data.count(b"\n"), len(data.split()) if chosen[1] else 0, len(data)]
        rows.append(([c for c, wanted in zip(counts, chosen, strict=True) if wanted], path if options.rest else ""))
    if len(options.rest) > 1:
        rows.append(([sum(column) for column in zip(*(counts for counts, _ in rows), strict=True)], "total"))
    piped = not options.rest or "-" in options.rest
    width = 7 if piped and sum(chosen) > 1 else max((len(str(c)) for counts, _ in rows for c in counts), default=1)
    for counts, name in rows:
        inv.out(
            " ".join(f"{c:>{width if sum(chosen) > 1 or len(rows) > 1 else 1}}" for c in counts)
            + (f" {name}" if name else "")
            + "\n"
        )
    return status


def _lines(inv: Invocation, paths: tuple[str, ...], words: str) -> Run[list[str]]:
    found: list[str] = []
    for path in paths or ("-",):
        data = yield from read_or_say(inv, path, words)
        if data is None:
            raise Usage("", 2)
        found += lines_of(data)
    return found


def _write(inv: Invocation, lines: list[str]) -> None:
    inv.stdout.write("".join(f"{line}\n" for line in lines).encode(errors="surrogateescape"))


def sort(inv: Invocation) -> Run[int]:
    options = parse(inv, "bfhk:nrt:uV", ("reverse", "unique", "numeric-sort", "version-sort"), status=2)
    lines = yield from _lines(inv, options.rest, "sort: cannot read: {path}: {reason}")
    number = re.compile(r"\s*-?\d+(\.\d+)?")

    def key(line: str) -> tuple[float, str]:
        match = number.match(line)
        return (float(match[0]) if match else 0.0, line)

    ordered = sorted(lines, key=key) if options.has("-n", "--numeric-sort") else sorted(lines)
    ordered = list(dict.fromkeys(ordered)) if options.has("-u", "--unique") else ordered
    _write(inv, ordered[::-1] if options.has("-r", "--reverse") else ordered)
    return 0


def uniq(inv: Invocation) -> Run[int]:
    options = parse(inv, "cdu", ("count",))
    lines = yield from _lines(inv, options.rest, "uniq: {path}: {reason}")
    groups: list[tuple[str, int]] = []
    for line in lines:
        if groups and groups[-1][0] == line:
            groups[-1] = (line, groups[-1][1] + 1)
        else:
            groups.append((line, 1))
    _write(inv, [f"{count:7d} {line}" if options.has("-c", "--count") else line for line, count in groups])
    return 0


def cut(inv: Invocation) -> Run[int]:
    options = parse(inv, "b:c:d:f:s", ("delimiter=", "fields=", "characters="))
    fields, characters = options.last("-f", "--fields"), options.last("-c", "-b", "--characters")
    if not (fields or characters):
        raise Usage(f"cut: you must specify a list of bytes, characters, or fields\n{hint('cut')}", 1)
    delimiter = options.last("-d", "--delimiter") or "\t"
    lines = yield from _lines(inv, options.rest, "cut: {path}: {reason}")
    if characters:
        _write(inv, ["".join(c for i, c in enumerate(line, 1) if _chosen(characters, i)) for line in lines])
        return 0
    rows = []
    for line in lines:
        parts = line.split(delimiter)
        kept = [part for i, part in enumerate(parts, 1) if _chosen(fields or "", i)]
        rows.append(delimiter.join(kept) if len(parts) > 1 else line)
    _write(inv, rows)
    return 0


def _chosen(ranges: str, number: int) -> bool:
    for item in ranges.split(","):
        low, dash, high = item.partition("-")
        if int(low or 1) <= number <= (int(high) if high else number if dash else int(low)):
            return True
    return False


def tr(inv: Invocation) -> Run[int]:
    options = parse(inv, "cds", ("delete", "squeeze-repeats"))
    if not options.rest:
        raise Usage(f"tr: missing operand\n{hint('tr')}", 1)
    data = yield from inv.stdin.read()
    text = data.decode(errors="surrogateescape")
    source = _set(options.rest[0])
    if options.has("-d", "--delete"):
        text = "".join(c for c in text if (c in source) == options.has("-c"))
    elif len(options.rest) > 1:
        target = _set(options.rest[1])
        text = text.translate({ord(c): target[min(i, len(target) - 1)] for i, c in enumerate(source)})
    if options.has("-s", "--squeeze-repeats"):
        squeezed = re.escape(_set(options.rest[-1]))
        text = re.sub(f"([{squeezed}])\\1+", r"\1", text)
    inv.stdout.write(text.encode(errors="surrogateescape"))
    return 0


def _set(text: str) -> str:
    classes = {"[:lower:]": "a-z", "[:upper:]": "A-Z", "[:digit:]": "0-9", "[:space:]": " \\t\\n\\r"}
    for name, members in classes.items():
        text = text.replace(name, members)
    text = (
        text.replace("\\n", "\n").replace("\\t", "\t").replace("\\b", "\b").replace("\\r", "\r").replace("\\\\", "\\")
    )
    return re.sub(r"(.)-(.)", lambda m: "".join(map(chr, range(ord(m[1]), ord(m[2]) + 1))), text, flags=re.DOTALL)


def seq(inv: Invocation) -> Run[int]:
    yield from ()
    numbers = [int(word) for word in inv.argv[1:] if re.fullmatch(r"-?\d+", word)]
    if not numbers:
        raise Usage(f"seq: missing operand\n{hint('seq')}", 1)
    first, step, last = {1: (1, 1, numbers[-1]), 2: (numbers[0], 1, numbers[-1])}.get(len(numbers), tuple(numbers[:3]))
    if not step:
        raise Usage(f"seq: invalid Zero increment value: '0'\n{hint('seq')}", 1)
    wanted = range(first, last + (1 if step > 0 else -1), step)
    for start in range(0, len(wanted), CHUNK):
        if start:
            yield inv.host.turn(0.001)
            yield from room(inv.stdout)
        _write(inv, [str(n) for n in wanted[start : start + CHUNK]])
    return 0


def basename(inv: Invocation) -> Run[int]:
    yield from ()
    if len(inv.argv) < 2:
        raise Usage(f"basename: missing operand\n{hint('basename')}", 1)
    name = posixpath.basename(inv.argv[1].rstrip("/")) or "/"
    inv.out((name.removesuffix(inv.argv[2]) if len(inv.argv) > 2 else name) + "\n")
    return 0


def dirname(inv: Invocation) -> Run[int]:
    yield from ()
    if len(inv.argv) < 2:
        raise Usage(f"dirname: missing operand\n{hint('dirname')}", 1)
    inv.out((posixpath.dirname(inv.argv[1].rstrip("/")) or ("/" if inv.argv[1].startswith("/") else ".")) + "\n")
    return 0
