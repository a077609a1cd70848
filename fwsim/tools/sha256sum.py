"""`sha256sum FILE`."""

from __future__ import annotations

import re

from fwsim.tools import Argv, Unparsable


def argv(file: str) -> Argv:
    """Hash one file."""
    return ("sha256sum", file)


def parse(stdout: str) -> str:
    """64 hexadecimal digits, lower case. A leading backslash marks an escaped file name. Raises Unparsable."""
    match = re.match(r"\\?([0-9a-fA-F]{64})\s[ *]", stdout)
    if match is None:
        raise Unparsable("sha256sum", "64 hexadecimal digits and a file name", stdout)
    return match[1].lower()
