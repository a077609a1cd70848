"""`ipmitool raw`, and what the raw commands that we send answer.

Raw bytes are the same in every version of ipmitool, unlike its text: GUID and HPM.1 capabilities are asked so.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from fwsim.tools import Argv, Unparsable, ipmitool


def argv(*data: int) -> Argv:
    """netfn, command and data, e.g. argv(0x06, 0x37)."""
    return ipmitool.argv("raw", *(f"0x{byte:02x}" for byte in data))


def parse(stdout: str) -> bytes:
    """The reply's data, without the completion code. An empty line is an empty reply. Raises Unparsable."""
    words = stdout.split()
    if not stdout or not all(re.fullmatch(r"[0-9a-fA-F]{2}", word) for word in words):
        raise Unparsable("ipmitool raw", "bytes in hexadecimal", stdout)
    return bytes(int(word, 16) for word in words)


def completion_code(stderr: str) -> int | None:
    """The completion code of a refused command, or None where there was no answer at all."""
    match = re.search(r"Unable to send RAW command \(.*\brsp=0x([0-9a-fA-F]+)\)", stderr)
    return int(match[1], 16) if match else None


GUID: Argv = argv(0x06, 0x37)


def lan_mac(channel: int) -> Argv:
    """Get LAN Configuration Parameters 5: the MAC address."""
    return argv(0x0C, 0x02, channel, 5, 0, 0)


def parse_lan_mac(data: Sequence[int]) -> str:
    """The MAC in lower case with colons, from the reply of lan_mac. Raises Unparsable."""
    if len(data) != 7:
        raise Unparsable("Get LAN Configuration Parameters", "a revision byte and six of the MAC", bytes(data).hex(" "))
    return ":".join(f"{byte:02x}" for byte in data[1:])


def parse_guid(data: bytes) -> str:
    """32 hexadecimal digits in wire order, from the reply of GUID. Raises Unparsable."""
    if len(data) != 16:
        raise Unparsable("Get System GUID", "16 bytes", data.hex(" "))
    return data.hex()
