"""sha256sum and md5sum, with -c."""

from __future__ import annotations

import errno
import hashlib
import posixpath
import re

from emulators.host.commands.options import Options, parse
from emulators.host.commands.reading import contents, read_or_say
from emulators.host.process import Invocation, Run

BYTES_A_SECOND = 400e6


def sha256sum(inv: Invocation) -> Run[int]:
    return (yield from _digest(inv, "sha256", 64))


def md5sum(inv: Invocation) -> Run[int]:
    return (yield from _digest(inv, "md5", 32))


def _digest(inv: Invocation, algorithm: str, width: int) -> Run[int]:
    options = parse(
        inv, "bctwz", ("binary", "check", "text", "quiet", "status", "strict", "warn", "ignore-missing", "tag")
    )
    if options.has("-c", "--check"):
        return (yield from _check(inv, options, algorithm, width))
    status = 0
    for path in options.rest or ("-",):
        data = yield from read_or_say(inv, path, "{name}: {path}: {reason}")
        if data is None:
            status = 1
            continue
        yield len(data) / BYTES_A_SECOND
        value = hashlib.new(algorithm, data).hexdigest()
        inv.out(f"{value} {'*' if options.has('-b', '--binary') else ' '}{path}\n")
    return status


def _check(inv: Invocation, options: Options, algorithm: str, width: int) -> Run[int]:
    name = posixpath.basename(inv.argv[0])
    forgiving, silent = options.has("--ignore-missing"), options.has("--status")
    bad, unreadable, malformed = 0, 0, 0
    for listing in options.rest or ("-",):
        data = yield from read_or_say(inv, listing, "{name}: {path}: {reason}")
        if data is None:
            return 1
        listed, verified = 0, 0
        for line in data.decode(errors="replace").splitlines():
            match = re.fullmatch(rf"\\?([0-9a-fA-F]{{{width}}}) [ *](.+)", line)
            if match is None:
                malformed += 1
                continue
            listed += 1
            verdict = yield from _verdict(inv, match[2], match[1], algorithm, forgiving)
            bad, unreadable = bad + (verdict == "FAILED"), unreadable + (verdict == "FAILED open or read")
            verified += verdict in ("OK", "FAILED")
            if verdict and not silent and not (verdict == "OK" and options.has("--quiet")):
                inv.out(f"{match[2]}: {verdict}\n")
        if not listed:
            inv.err(f"{name}: {listing}: no properly formatted checksum lines found\n")
            return 1
        if forgiving and not verified:
            if not silent:
                inv.err(f"{name}: {listing}: no file was verified\n")
            return 1
    if not silent:
        _warn(inv, name, "line is improperly formatted", "lines are improperly formatted", malformed)
        _warn(inv, name, "listed file could not be read", "listed files could not be read", unreadable)
        _warn(inv, name, "computed checksum did NOT match", "computed checksums did NOT match", bad)
    return 1 if bad or unreadable or (malformed and options.has("--strict")) else 0


def _verdict(inv: Invocation, path: str, wanted: str, algorithm: str, forgiving: bool) -> Run[str]:
    """OK, FAILED, FAILED open or read; "" for a file that is not there where that is forgiven."""
    try:
        data = yield from contents(inv, path)
    except OSError as problem:
        if forgiving and problem.errno == errno.ENOENT:
            return ""
        inv.err(f"{posixpath.basename(inv.argv[0])}: {path}: {problem.strerror}\n")
        return "FAILED open or read"
    yield len(data) / BYTES_A_SECOND
    return "OK" if hashlib.new(algorithm, data).hexdigest() == wanted.lower() else "FAILED"


def _warn(inv: Invocation, name: str, one: str, many: str, count: int) -> None:
    if count:
        inv.err(f"{name}: WARNING: {count} {one if count == 1 else many}\n")
