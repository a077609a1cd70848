"""The doors of a rehearsal's virtual server that was left standing, for whoever looks at it again."""

from __future__ import annotations

import contextlib
from collections.abc import AsyncIterator

from fwsim import rehearsal
from fwsim.doors import Doors
from fwsim.hosts.local import LocalHost
from fwsim.plan import Plan
from fwsim.record import Record
from fwsim.rehearsal import prepare, wire
from fwsim.rehearsal.operator import RecordingHost
from fwsim.runs import Run


@contextlib.asynccontextmanager
async def doors(run: Run, known: Record) -> AsyncIterator[tuple[Plan, Doors]]:
    """The run's plan with the server's own addresses, and its doors. The server is left standing. Raises ServerLost."""
    plan, directory = known.plan, run.path
    passwords = prepare.passwords_again(plan, known.scenario)
    recorder = RecordingHost(lambda: wire.leases(directory), LocalHost() if known.image is not None else None)
    async with wire.attached(directory, passwords, prepare.ROOT_PASSWORD) as served:
        served.wanted = True
        real, phrase = known.ipmitool == "real", prepare.passphrase_of(plan)
        async with wire.doors(served.ready, recorder, real_ipmitool=real, passphrase=phrase) as opened:
            yield rehearsal.moved(plan, served.ready), opened
