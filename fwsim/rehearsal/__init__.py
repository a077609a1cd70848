"""Rehearsals: a scenario or a plan, a virtual server made for it, and the same engine as on a real host."""

from __future__ import annotations

import contextlib
import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from emulators.faults import Fault
from emulators.home.config import HomeConfig, Ready
from emulators.server import VirtualServer
from emulators.world import World
from fwsim import boards
from fwsim.doors import Doors
from fwsim.engine import Engine
from fwsim.events import EXIT_CODES, Event, RunEnded, StepStarted
from fwsim.payload import read_all
from fwsim.plan import Plan
from fwsim.rehearsal import prepare, wire
from fwsim.rehearsal.memory import MemoryClock, MemoryHost, MemoryNetwork, drive
from fwsim.rehearsal.operator import RecordingHost
from fwsim.rehearsal.prepare import ROOT_PASSWORD, Prepared

Emit = Callable[[Event], None]
WORLD = "world.jsonl"  # what truly happened: for judges alone


@dataclass(frozen=True)
class Options:
    """`speed`: simulated seconds a wall second. `ipmitool`: real = the machine's own, in band and over LAN."""

    speed: float = 60.0
    ipmitool: Literal["builtin", "real"] = "builtin"


@dataclass(frozen=True)
class Injection:
    """A fault that waits until a step of the engine has been announced, and is there before that step acts."""

    fault: Fault
    step: str


def in_memory(
    prepared: Prepared,
    emit: Emit,
    *,
    run_id: str,
    run_dir: Path,
    server: VirtualServer | None = None,
    injections: Sequence[Injection] = (),
) -> RunEnded:
    """Rehearse in virtual time: no sockets, no event loop, milliseconds for an hour."""
    injections = (*injections, *waiting(prepared))
    with contextlib.ExitStack() as stack:
        if server is None:
            file = stack.enter_context((run_dir / WORLD).open("a", encoding="utf-8"))
            server = VirtualServer(prepared.spec, World(lambda record: print(json.dumps(record), file=file)))
        heard = _injecting(emit, server, injections)
        ended = drive(engine(prepared, heard, server, run_id=run_id, run_dir=run_dir).run())
        server.faults.tell_never_fired()
        for injection in injections:
            if injection.fault not in server.faults.armed:
                server.note("fault-never-fired", fault=injection.fault.kind, step=injection.step)
    return ended


def waiting(prepared: Prepared) -> tuple[Injection, ...]:
    """The faults that wait for a step, as injections."""
    armed = [(fault.model_copy(update={"when": None}), fault.when) for fault in prepared.waiting]
    return tuple(Injection(fault, when.step) for fault, when in armed if when is not None and when.step is not None)


def never_fired(run_dir: Path) -> list[str]:
    """The kinds whose moment has not come in that rehearsal, as the world's record has them."""
    try:
        lines = (run_dir / WORLD).read_text("utf-8").splitlines()
    except OSError:
        return []
    return [str(r["fault"]) for r in map(json.loads, lines) if r["kind"] == "fault-never-fired"]


def engine(
    prepared: Prepared, emit: Emit, server: VirtualServer, *, run_id: str, run_dir: Path, past: Sequence[Event] = ()
) -> Engine:
    """The engine with that server's doors in memory; `memory.drive` runs it. `past`: of a run that is gone on with."""
    recorder = RecordingHost()
    doors = memory_doors(prepared, server, recorder, began=0.0 if past else None)
    return _engine(prepared.plan, doors, recorder.telling(emit), run_id, run_dir, prepared.spec.epoch, past)


def memory_doors(
    prepared: Prepared, server: VirtualServer, recorder: RecordingHost, *, began: float | None = None
) -> Doors:
    """That server's doors in memory. `began`: when the run did, if not now."""
    return Doors(
        MemoryClock(server, began),
        MemoryHost(server, "root", ROOT_PASSWORD),
        MemoryNetwork(server, prepared.spec.bmc_address, *prepared.bmc_login),
        recorder,
        prepared.bmc_passwords,
    )


def _injecting(emit: Emit, server: VirtualServer, injections: Sequence[Injection]) -> Emit:
    """The engine hears nothing of it: the fault stands in the world's record alone."""
    if not injections:
        return emit

    def hear(event: Event) -> None:
        emit(event)
        if isinstance(event, StepStarted):
            for injection in injections:
                if injection.step == event.step:
                    server.faults.arm(injection.fault)
                    server.note("fault-armed", fault=injection.fault.kind, step=event.step)

    return hear


async def on_wires(prepared: Prepared, emit: Emit, options: Options, *, run_id: str, run_dir: Path) -> RunEnded:
    """Rehearse over SSH and IPMI against a virtual server in a process of its own. Raises wire.ServerLost."""
    async with wire.server(on_loopback(prepared, options, run_dir), run_dir, prepared.bmc_passwords) as served:
        return await _over_wires(prepared.plan, served, emit, options, run_id, run_dir)


def on_loopback(prepared: Prepared, options: Options, run_dir: Path) -> HomeConfig:
    """The virtual server as a process that reaches nothing but this machine, and is reached from there alone."""
    loopback = {
        "host_address": "127.0.0.1",
        "bmc_address": "127.0.0.1",
        "bmc_netmask": "255.0.0.0",
        "bmc_gateway": "127.0.0.254",
        "dhcp_pool": ("127.0.1.100", "127.0.1.101"),
        "ipmitool": options.ipmitool,
    }
    spec = prepared.spec.model_copy(update=loopback)
    return HomeConfig(spec=spec, speed=options.speed, idle_s=wire.IDLE_S, directory=run_dir)


async def resumed_on_wires(
    plan: Plan,
    past: Sequence[Event],
    emit: Emit,
    options: Options,
    *,
    run_id: str,
    run_dir: Path,
    scenario: Path | None = None,
) -> RunEnded:
    """Go on with a rehearsal whose engine was interrupted or killed. Where its server is gone, it ends as failed.

    `scenario`: the file that it was made from, if there was one; its users' passwords stand nowhere else.
    """
    try:
        async with wire.attached(run_dir, prepare.passwords_again(plan, scenario), prepare.ROOT_PASSWORD) as served:
            return await _over_wires(plan, served, emit, options, run_id, run_dir, past)
    except wire.ServerLost as error:
        at = past[-1].at if past else 0.0
        lost = RunEnded(at, "failed", EXIT_CODES["failed"], str(error), "rehearse again", {})
        emit(lost)
        return lost


def moved(plan: Plan, at: Ready) -> Plan:
    """The plan's own addresses are left behind: those of the server that was started for it take their place."""
    host = plan.host.model_copy(update={"address": at.ssh.host, "port": at.ssh.port})
    bmc = plan.bmc.model_copy(update={"address": at.ipmi.host, "port": at.ipmi.port})
    return plan.model_copy(update={"host": host, "bmc": bmc})


async def _over_wires(
    plan: Plan,
    served: wire.Served,
    emit: Emit,
    options: Options,
    run_id: str,
    run_dir: Path,
    past: Sequence[Event] = (),
) -> RunEnded:
    at, plan = served.ready, moved(plan, served.ready)
    recorder = RecordingHost()
    async with wire.doors(at, recorder, real_ipmitool=options.ipmitool == "real") as doors:
        ended = await _engine(plan, doors, recorder.telling(emit), run_id, run_dir, at.epoch, past).run()
    served.wanted = ended.ending == "interrupted"
    return ended


def _engine(
    plan: Plan, doors: Doors, emit: Emit, run_id: str, run_dir: Path, epoch: float, past: Sequence[Event] = ()
) -> Engine:
    return Engine(
        plan,
        boards.load(plan.board),
        read_all(plan),
        doors,
        emit,
        run_id=run_id,
        run_dir=run_dir,
        epoch=epoch,
        allow_synthetic=True,
        past=past,
    )
