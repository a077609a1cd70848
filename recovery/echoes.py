"""Does a kernel answer a ping there? Sent from the operator's machine: host and BMC alike, whatever runs on them.

It tells a host whose sshd is dead from one that is down, and a BMC without IPMI over LAN from one that is dark. Where
`ping` is missing or may not send, or would ask this very machine, that is said: nothing follows from it.
"""

from __future__ import annotations

from ipaddress import ip_address

from fwsim.context import Context, last_line
from fwsim.doors import DoorError
from fwsim.tools import Unparsable, ping
from recovery.notes import Notes

PING = "a ping from here"
LOOPBACK = "this machine itself answers at {address}: what is behind its port cannot be pinged"
HERE = "fwsim runs on that very server"


class Untold(Exception):
    """Nobody can tell. The message says why."""


async def host(notes: Notes) -> None:
    """Of `host.pings`."""
    if notes.context.plan.host.local:
        notes.cannot("host.pings", HERE, PING)
    else:
        await _look(notes, "host.pings", notes.context.plan.host.address)


async def bmc(notes: Notes) -> None:
    """Of `bmc.pings`."""
    await _look(notes, "bmc.pings", notes.context.plan.bmc.address)


async def answered(context: Context, address: str) -> bool:
    """Is a ping from the operator's machine answered there? Raises Untold."""
    if _is_loopback(address):
        raise Untold(LOOPBACK.format(address=address))
    try:
        ran = await context.run_operator(ping.argv(address), timeout_s=ping.TAKES_S)
    except DoorError as error:
        raise Untold(str(error)) from error
    try:
        return ping.parse(ran.stdout)
    except Unparsable as error:
        raise Untold(f"`ping` exited {ran.status}: {last_line(ran.stderr or ran.stdout)}") from error


async def _look(notes: Notes, key: str, address: str) -> None:
    try:
        notes.saw(key, "yes" if await answered(notes.context, address) else "no", PING)
    except Untold as why:
        notes.cannot(key, str(why), PING)


def _is_loopback(address: str) -> bool:
    """As of a tunnel, or of a virtual server at home on this machine."""
    try:
        return ip_address(address).is_loopback
    except ValueError:
        return address.lower().rstrip(".") in ("localhost", "localhost.localdomain")
