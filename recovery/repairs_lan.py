"""Repairs of the BMC's network side: its LAN settings, its port, its users, and a BMC that is at another address."""

from __future__ import annotations

import ipaddress
from collections.abc import Awaitable, Callable
from dataclasses import replace

from fwsim.context import Context
from fwsim.doors import DoorError
from fwsim.outcomes import Fail, Result, done
from fwsim.paths import Hop
from fwsim.steps import users, verify
from fwsim.tools.ipmitool import lan, raw
from recovery import ground, leases

Part = Callable[[Context, Hop], Awaitable[Result]]
SET_LAN, GET_LAN = (0x0C, 0x01), (0x0C, 0x02)
SOURCE, ADDRESS, MASK, GATEWAY, VLAN, MAC = 4, 3, 6, 12, 20, 5
STATIC = 1
CATCHES_UP_S = 5.0


async def lan_settings(context: Context) -> Result:
    """In band, by the backup; taken back unless the BMC then answers from outside."""
    return await _in_band(context, verify.lan_settings)


async def lan_mode(context: Context) -> Result:
    """The port first, then whether it is heard there. Over LAN where no host answers: then a cable was moved for it."""
    if not await context.doors.host.answers():
        return await _mode_over_lan(context)
    result = await _in_band(context, verify.lan_mode)
    await verify.lan_settings(context, ground.any_image(context))
    return result


async def _mode_over_lan(context: Context) -> Result:
    """By the board's OEM command. It answers at this cable no more then."""
    await ground.with_backup(context)
    known, before = context.board.bmc.lan_mode, context.found.backup["lan-mode"]
    if known is None or before not in known.modes.values():
        raise Fail("this board's port is set by no IPMI command", "set it in the BMC's web page")
    netfn, command, *rest = known.set_bytes(before)
    context.intend(f"set LAN mode {before} over LAN", "bmc")
    context.changed("lan-mode", "LAN mode put back")
    reply = await context.lan(netfn, command, bytes(rest))
    if reply.completion_code:
        raise Fail(f"the BMC refuses the LAN mode: {reply.completion_code:#04x}", "set it in its web page")
    return done(f"the BMC uses the {before} port again")


async def bmc_users(context: Context) -> Result:
    return await _in_band(context, users.compare)


async def _in_band(context: Context, part: Part) -> Result:
    await ground.on_host(context)
    await ground.with_backup(context)
    return await part(context, ground.any_image(context))


async def at_lease(context: Context) -> Result:
    """Find it by its lease, prove by GUID and MAC address that it is this host's, and set it back over LAN."""
    await ground.with_backup(context)
    before = lan.parse(context.found.backup["lan-print"], context.found.channel)
    address = await _leased(context, before.mac)
    there = context.doors.network.elsewhere(address)
    at = replace(context, doors=replace(context.doors, network=there))
    await _is_this_hosts(at, address, before)
    await ground.boot_id_if_up(context)
    context.intend(f"set the BMC at {address} back to {before.address}", "bmc")
    context.changed("lan", "LAN settings put back")
    await _set_back(at, before)
    await context.sleep(CATCHES_UP_S)
    await verify.answers_outside(context)
    return done(f"it was at {address}, proved by GUID and MAC address, and is at {before.address} again")


async def _leased(context: Context, mac: str) -> str:
    source = context.plan.leases
    if source is None:
        raise Fail(
            "the plan does not say where the DHCP server's leases are", "leases: {file: PATH} or {command: LINE}"
        )
    printed = await context.run_operator(source.argv)
    if printed.status != 0:
        raise Fail(f"the leases cannot be read: {printed.stderr.strip()}", f"try `{' '.join(source.argv)}` by hand")
    try:
        found = leases.of(leases.parse(printed.stdout), mac, 0.0)  # an old one is seen through by who answers there
    except leases.NoLeases as error:
        raise Fail(f"the leases cannot be read: {error}", "look what `leases` in the plan prints") from error
    if found is None:
        raise Fail(
            f"the DHCP server has no lease for {mac}", "the BMC asks nobody for an address, or in another network"
        )
    return found.address


async def _is_this_hosts(at: Context, address: str, before: lan.LanConfig) -> None:
    """Two witnesses, before anything is touched there. Raises Fail."""
    another = f"what answers at {address} is another machine's BMC; nothing was touched there"
    try:
        guid = raw.parse_guid((await at.lan(0x06, 0x37)).data)
        mac = raw.parse_lan_mac((await at.lan(*GET_LAN, bytes([before.channel, MAC, 0, 0]))).data)
    except DoorError as error:
        raise Fail(
            f"no BMC lets us in at its lease {address}: {error}", "look for it in the management network"
        ) from error
    if not at.found.guid or guid != at.found.guid or mac != before.mac:
        raise Fail(f"GUID {guid} and MAC {mac} at {address}, expected {at.found.guid} and {before.mac}", another)


async def _set_back(at: Context, before: lan.LanConfig) -> None:
    """The address last: with it the session ends."""
    rows = [(SOURCE, bytes([STATIC])), (MASK, _bytes(before.netmask)), (GATEWAY, _bytes(before.gateway))]
    if before.vlan is not None:
        rows.append((VLAN, (before.vlan | 0x8000).to_bytes(2, "little")))
    for parameter, value in (*rows, (ADDRESS, _bytes(before.address))):
        try:
            reply = await at.lan(*SET_LAN, bytes([before.channel, parameter]) + value)
        except DoorError:
            if parameter != ADDRESS:
                raise
            return
        if reply.completion_code:
            raise Fail(
                f"the BMC refuses LAN parameter {parameter}: {reply.completion_code:#04x}", "set it in its web page"
            )


def _bytes(address: str) -> bytes:
    return ipaddress.IPv4Address(address or "0.0.0.0").packed
