"""The doors that a plan names: its host over SSH, its BMC over IPMI, this machine as the operator's."""

from __future__ import annotations

import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from fwsim.clock import WireClock
from fwsim.doors import Doors
from fwsim.hosts.local import LocalHost
from fwsim.hosts.ssh import SshAddress, SshHost
from fwsim.network import BmcAddress, choose
from fwsim.plan import Plan
from fwsim.secret import SecretUnavailable

PASSWORD_BYTES = 20


@asynccontextmanager
async def doors(plan: Plan, *, elapsed_s: float = 0.0) -> AsyncIterator[Doors]:
    """Connects nowhere yet. `elapsed_s`: since the run began. Passwords are read, or asked for, now.

    Raises SecretUnavailable.
    """
    clock = WireClock(began=time.monotonic() - elapsed_s)
    at = _bmc(plan)
    phrase = _passphrase(plan)
    more = {n: s.read(f"password of {n} on the BMC {plan.bmc.address}") for n, s in plan.bmc.users.items()}
    passwords = {plan.bmc.user: at.password, **more}
    if plan.host.local:
        yield Doors(clock, LocalHost(), choose(at), LocalHost(), passwords, phrase)
        return
    host = SshHost(_host(plan))
    try:
        yield Doors(clock, host, choose(at), LocalHost(), passwords, phrase)
    finally:
        await host.close()


def _passphrase(plan: Plan) -> str:
    unlock = plan.sealed_disk.unlock
    return unlock.read(f"passphrase of the disk of {plan.host.address}") if unlock is not None else ""


def _host(plan: Plan) -> SshAddress:
    at = plan.host
    password = at.password.read(f"password of {at.user} on {at.address}") if at.password else None
    return SshAddress(at.address, at.user, at.port, password=password, key=at.key, known_hosts=at.known_hosts)


def _bmc(plan: Plan) -> BmcAddress:
    at = plan.bmc
    password = at.password.read(f"password of {at.user} on the BMC {at.address}")
    if len(password.encode()) > PASSWORD_BYTES:
        raise SecretUnavailable(
            f"the password of {at.user} on the BMC {at.address} ({at.password}) has {len(password.encode())} bytes; "
            f"IPMI takes {PASSWORD_BYTES} at the most (IPMI 2.0 section 22.30): is it the right one?"
        )
    return BmcAddress(at.address, at.user, password, at.port, at.cipher_suite)
