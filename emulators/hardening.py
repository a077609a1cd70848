"""What keeps software from what it wants: Secure Boot, kernel lockdown, a sealed disk, the iDRAC's lockdown mode.

Plain data of a server's spec. Consequences are the host's and the tools': a kernel that runs signed modules alone
refuses SUM's (its exit code 108), an iDRAC in lockdown takes no update.
"""

from __future__ import annotations

from typing import Literal

from pydantic import BaseModel, ConfigDict

PASSPHRASE = "opens-the-virtual-disk"  # noqa: S105 - public, as all of a virtual server
RootDisk = Literal["plain", "passphrase", "tpm2", "clevis"]


class Hardening(BaseModel):
    """`root_disk`: is it encrypted, and what opens it at boot? tpm2: systemd-cryptenroll; clevis: clevis-luks."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    secure_boot: bool = False
    lockdown: Literal["none", "integrity", "confidentiality"] = "none"
    root_disk: RootDisk = "plain"
    idrac_lockdown: bool = False

    @property
    def signed_modules_only(self) -> bool:
        """Does the kernel refuse modules without a known signature?"""
        return self.secure_boot or self.lockdown != "none"

    @property
    def kernel_lockdown(self) -> str:
        """The kernel's state: distributions lock it down where Secure Boot is on."""
        return "integrity" if self.secure_boot and self.lockdown == "none" else self.lockdown

    @property
    def encrypted(self) -> bool:
        return self.root_disk != "plain"
