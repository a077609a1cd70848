"""ipmitool, one module a subcommand. All commands are in band (the open interface) and carry no password.

Facts: stdout and stderr are apart (`lprintf` writes to stderr); the exit status is 0 or 1 and proves little.
"""

from __future__ import annotations

from fwsim.tools import Argv

NO_DEVICE = "Could not open device at"
UNSUPPORTED_HPM = "Board might not be supporting the HPM.1 Standards"


def argv(*words: str) -> Argv:
    """The command with these arguments."""
    return ("ipmitool", *words)


def device_is_missing(stderr: str) -> bool:
    """Does the open interface say that there is no /dev/ipmi0? (modules not loaded, or the BMC is dark)"""
    return NO_DEVICE in stderr


EXEC: Argv = argv("exec", "/dev/stdin")
"""Subcommands from standard input, one a line: the only way for a password, which must not stand in any argv."""
