"""`python3 -m emulators.docker.probe`: the container's health, which is that its BMC answers IPMI at its address.

A BMC that is dark is not healthy. Nothing but the standard library is loaded: it runs twice a minute in each container.
"""

from __future__ import annotations

import json
import socket
import subprocess
import sys

PORT, PATIENCE_S = 623, 2.0
ASK = bytes.fromhex("0600ff07 00 00000000 00000000 09 2018c8 81 00 38 8e 04 b5")
"""Get Channel Authentication Capabilities outside of any session: IPMI 2.0 sections 13.6 and 22.13."""


def address() -> str | None:
    """The BMC's own, on its own interface."""
    asked = subprocess.run(("ip", "-json", "-4", "address", "show", "dev", "bmc0"), capture_output=True, check=False)
    found = [a["local"] for link in json.loads(asked.stdout or b"[]") for a in link.get("addr_info", [])]
    return found[0] if found else None


def answers(host: str, port: int = PORT) -> bool:
    """Does a BMC answer there?"""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as client:
        client.settimeout(PATIENCE_S)
        try:
            client.sendto(ASK, (host, port))
            return bool(client.recv(1024)[:4] == ASK[:4])
        except OSError:
            return False


def main() -> int:
    """0 where it answers."""
    here = address()
    return 0 if here is not None and answers(here) else 1


if __name__ == "__main__":
    sys.exit(main())
