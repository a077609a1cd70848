"""`df -Pk PATH`: room for the payloads."""

from __future__ import annotations

from fwsim.tools import Argv, Unparsable


def argv(path: str) -> Argv:
    """POSIX format, so that a long device name does not break the line."""
    return ("df", "-Pk", path)


def parse_available_bytes(stdout: str) -> int:
    """Free bytes on the file system. Raises Unparsable."""
    lines = stdout.strip().splitlines()
    words = lines[-1].split() if len(lines) > 1 else []
    if len(words) < 6 or not words[3].isdigit():
        raise Unparsable("df -Pk", "six columns, the fourth of them kilobytes", stdout)
    return int(words[3]) * 1024
