"""mokutil --sb-state: is Secure Boot on?"""

from __future__ import annotations

from emulators.host.commands.options import Usage, parse
from emulators.host.process import Invocation, Run


def mokutil(inv: Invocation) -> Run[int]:
    yield 0.05
    if not parse(inv, "", ("sb-state",)).has("--sb-state"):
        raise Usage("Usage:\n  mokutil OPTIONS [ARGS...]\n", 1)
    server = inv.host.server
    if server.nvram.legacy:
        inv.err("EFI variables are not supported on this system\n")
        return 255
    inv.out(f"SecureBoot {'enabled' if server.spec.hardening.secure_boot else 'disabled'}\n")
    return 0
