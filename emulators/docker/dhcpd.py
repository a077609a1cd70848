"""`python3 -m emulators.docker.dhcpd`: dnsmasq on the management network, while anybody wants the estate."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time

from emulators.docker import told
from emulators.docker.lifeline import wanted

LOOK_S = 0.5
DNSMASQ = (
    "dnsmasq", "--keep-in-foreground", "--user=root", "--group=root", "--conf-file=/dev/null", "--pid-file=",
    "--port=0", "--no-ping", "--dhcp-authoritative", "--log-dhcp", "--log-facility=-",
)  # fmt: skip
"""No DNS, no question whether an address is free (it takes seconds), answers to whoever asks."""


def command(leases: told.Leases) -> tuple[str, ...]:
    """dnsmasq's words."""
    return (
        *DNSMASQ,
        f"--dhcp-range={leases.first},{leases.last},{leases.netmask},1h",
        f"--dhcp-option=option:router,{leases.gateway}",
        f"--dhcp-leasefile={told.ESTATE / told.LEASE_FILE}",
    )


def main() -> int:
    """Until a signal, or until nobody wants the estate: dnsmasq's exit status, or 0."""
    leases = told.Leases.model_validate_json(os.environ.get(told.LEASES, ""))
    signal.signal(signal.SIGTERM, lambda number, frame: sys.exit(0))
    child = subprocess.Popen(command(leases))
    try:
        shared = (told.ESTATE / told.LOCK).exists()
        while child.poll() is None and (not shared or wanted(told.ESTATE)):
            time.sleep(LOOK_S)
        return child.poll() or 0
    finally:
        child.kill()
        child.wait()


if __name__ == "__main__":
    sys.exit(main())
