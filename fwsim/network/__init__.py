"""The BMC over the management network: IPMI over LAN by the operator's ipmitool, else by pyghmi in a child process."""

from __future__ import annotations

import shutil

from fwsim.network.address import BmcAddress
from fwsim.network.ipmitool import IpmitoolNetwork
from fwsim.network.pyghmi_client import PyghmiNetwork

__all__ = ["BmcAddress", "IpmitoolNetwork", "PyghmiNetwork", "choose"]


def choose(address: BmcAddress, *, speed: float = 1.0, real_ipmitool: bool = False) -> IpmitoolNetwork | PyghmiNetwork:
    """The client for this machine. ipmitool's time-outs cannot be scaled: at another speed only on request.

    Cipher suites other than 3 and 17 are ipmitool's alone.
    """
    if shutil.which("ipmitool") and (speed == 1 or real_ipmitool):
        return IpmitoolNetwork(address, speed=speed)
    return PyghmiNetwork(address, speed=speed)
