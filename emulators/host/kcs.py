"""The host's own door to the BMC: KCS, the kernel modules that serve it, and /dev/ipmi0."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from emulators.bmc.reply import Reply

if TYPE_CHECKING:
    from emulators.host.linux import VirtualHost

MODULES = frozenset({"ipmi_si", "ipmi_devintf"})
SYSTEM_INTERFACE = 0xF
ADMINISTRATOR = 4


@dataclass(frozen=True)
class KcsWire:
    """Where the machine's own ipmitool finds this KCS: a private loopback listener (opened by the home).

    `materialise` gives a file of the virtual host as one that a program of the machine can read.
    """

    host: str
    port: int
    user: str
    password_file: Path
    materialise: Callable[[str], str]


class Kcs:
    """In-band messages. They pass while the LAN is dead or misconfigured, and not while the BMC boots."""

    def __init__(self, host: VirtualHost) -> None:
        self._host = host
        self.unprobed = False  # ipmi_si came up while the BMC was dark: it has no interface until it is loaded again

    @property
    def loaded(self) -> bool:
        """Are the modules there?"""
        return self._host.modules >= MODULES

    @property
    def node_exists(self) -> bool:
        """Is there a /dev/ipmi0?"""
        return self.loaded and not self.unprobed

    @property
    def device_present(self) -> bool:
        """Is there a /dev/ipmi0, and does somebody answer behind it?"""
        return self.node_exists and self._host.server.bmc.answering

    @property
    def wedged(self) -> bool:
        """Does the BMC leave its system interface unserved (a fault), until it restarts?"""
        return "kcs-wedged" in self._host.server.bmc.volatile

    def probe(self) -> None:
        """ipmi_si has been loaded: it looks for the BMC once."""
        self.unprobed = self.wedged or not self._host.server.bmc.answering

    def request(self, netfn: int, lun: int, command: int, data: bytes) -> Reply | None:
        """One message and its answer. None: no device, or the BMC is dark."""
        bmc = self._host.server.bmc
        if self.unprobed or not self.loaded or not bmc.answering or "kcs-wedged" in bmc.volatile:
            return None
        return bmc.handle(netfn, lun, command, data, ADMINISTRATOR, channel=SYSTEM_INTERFACE)
