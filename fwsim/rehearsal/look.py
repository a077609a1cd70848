"""A preflight rehearsed: the same checks on a virtual server, in memory or on wires."""

from __future__ import annotations

from pathlib import Path

from emulators.server import VirtualServer
from emulators.world import World
from fwsim import boards, rehearsal
from fwsim.doors import Doors
from fwsim.events import PreflightEnded
from fwsim.payload import read_all
from fwsim.plan import Plan
from fwsim.preflight import Preflight
from fwsim.rehearsal import wire
from fwsim.rehearsal.memory import drive
from fwsim.rehearsal.operator import RecordingHost
from fwsim.rehearsal.prepare import Prepared


def in_memory(
    prepared: Prepared, emit: rehearsal.Emit, *, run_id: str, run_dir: Path, server: VirtualServer | None = None
) -> PreflightEnded:
    """In virtual time."""
    server = server or VirtualServer(prepared.spec, World())
    doors = rehearsal.memory_doors(prepared, server, RecordingHost())
    return drive(_preflight(prepared.plan, doors, emit, run_id, run_dir, prepared.spec.epoch).look())


async def on_wires(
    prepared: Prepared, emit: rehearsal.Emit, options: rehearsal.Options, *, run_id: str, run_dir: Path
) -> PreflightEnded:
    """Over SSH and IPMI. Raises wire.ServerLost."""
    config = rehearsal.on_loopback(prepared, options, run_dir)
    async with wire.server(config, run_dir, prepared.bmc_passwords) as served:
        plan, at = rehearsal.moved(prepared.plan, served.ready), served.ready
        async with wire.doors(at, RecordingHost(), real_ipmitool=options.ipmitool == "real") as doors:
            return await _preflight(plan, doors, emit, run_id, run_dir, at.epoch).look()


def _preflight(plan: Plan, doors: Doors, emit: rehearsal.Emit, run_id: str, run_dir: Path, epoch: float) -> Preflight:
    return Preflight(
        plan,
        boards.load(plan.board),
        read_all(plan),
        doors,
        emit,
        run_id=run_id,
        run_dir=run_dir,
        epoch=epoch,
        allow_synthetic=True,
    )
