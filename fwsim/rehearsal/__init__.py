"""Rehearsals: a scenario or a plan, a virtual server made for it, and the same engine as on a real host."""

from __future__ import annotations

import contextlib
import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from emulators.faults import Fault
from emulators.faults.waiting import Waiting, released, until
from emulators.home.config import HomeConfig, Ready
from emulators.server import VirtualServer
from emulators.truth import Truth
from emulators.truth import of as truth_of  # this package's own `truth` is another
from emulators.world import Record, World
from fwsim import aftermath, boards
from fwsim.aftermath import Recover
from fwsim.doors import Doors
from fwsim.engine import Engine
from fwsim.events import EXIT_CODES, Event, RunEnded, StepStarted
from fwsim.hosts.local import LocalHost
from fwsim.payload import read_all
from fwsim.plan import Plan
from fwsim.rehearsal import prepare, wire
from fwsim.rehearsal.memory import MemoryClock, MemoryHost, MemoryNetwork, drive
from fwsim.rehearsal.operator import RecordingHost, VirtualOperator
from fwsim.rehearsal.prepare import ROOT_PASSWORD, Prepared
from fwsim.steps import Step

Emit = Callable[[Event], None]
GONE = (
    "its server was in memory and has gone with it: rehearse again; over wires (no --virtual) it could be gone on with"
)
WORLD = "world.jsonl"  # what truly happened: for judges alone


@dataclass(frozen=True)
class Options:
    """`speed`: simulated seconds a wall second. `ipmitool`: real = the machine's own, in band and over LAN. `image`: of
    the container that the virtual server is; None = it is a process."""

    speed: float = 60.0
    ipmitool: Literal["builtin", "real"] = "builtin"
    image: str | None = None


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
    recover: Recover | None = None,
    attend: Callable[[VirtualServer], Recover] | None = None,
    judge: Callable[[Truth], None] | None = None,
) -> RunEnded:
    """Rehearse in virtual time: no sockets, no event loop, milliseconds for an hour. `recover`: what goes on with a run
    that has ended; `attend` makes it for somebody who stands beside the server. `judge` is told what the server truly
    is at the end."""
    injections = (*injections, *waiting(prepared))
    held = [until(injection.fault, injection.step) for injection in injections]
    with contextlib.ExitStack() as stack:
        if server is None:
            server = VirtualServer(prepared.spec, stack.enter_context(recording(run_dir)))
        steps = Waiting(server, held)
        heard = announcing(emit, steps.announced)
        operator = VirtualOperator(server)
        doors = memory_doors(prepared, server, operator)
        build = _builder(prepared.plan, doors, run_id, run_dir, prepared.spec.epoch, GONE)
        goes_on = attend(server) if attend is not None else recover
        ended = drive(aftermath.run(build, operator.telling(heard), (), goes_on))
        server.faults.tell_never_fired()
        steps.tell_never_fired()
        if judge is not None:
            judge(truth_of(server))
    return ended


@contextlib.contextmanager
def recording(run_dir: Path) -> Iterator[World]:
    """A world whose record goes into that run's folder too. What is still on its way in the model when the block ends
    dies with our memory, not with the server: that is no event."""
    with (run_dir / WORLD).open("a", encoding="utf-8") as file:
        world = World(lambda record: print(json.dumps(record), file=file))
        yield world
        world.sink = None


def waiting(prepared: Prepared) -> tuple[Injection, ...]:
    """The faults that wait for a step, as injections."""
    armed = [(released(fault), fault.when) for fault in prepared.waiting]
    return tuple(Injection(fault, when.step) for fault, when in armed if when is not None and when.step is not None)


@dataclass(frozen=True)
class Unfired:
    """A fault that has not fired. `waits`: for what; `spared`: that came, and chance was against the fault."""

    fault: str
    waits: str
    spared: bool


def never_fired(run_dir: Path) -> list[Unfired]:
    """Those of that rehearsal, as the world's record has them."""
    return unfired(recorded(run_dir))


def unfired(records: Sequence[Record]) -> list[Unfired]:
    """Those of that record."""
    told = (r for r in records if r["kind"] == "fault-never-fired")
    return [Unfired(str(r["fault"]), str(r["waits"]), bool(r["spared"])) for r in told]


def recorded(run_dir: Path) -> list[Record]:
    """The world's record of that rehearsal. For judges alone."""
    try:
        lines = (run_dir / WORLD).read_text("utf-8").splitlines()
    except OSError:
        return []
    return [json.loads(line) for line in lines]


def engine(
    prepared: Prepared, emit: Emit, server: VirtualServer, *, run_id: str, run_dir: Path, past: Sequence[Event] = ()
) -> Engine:
    """The engine with that server's doors in memory; `memory.drive` runs it. `past`: of a run that is gone on with."""
    recorder = VirtualOperator(server)
    doors = memory_doors(prepared, server, recorder, began=0.0 if past else None)
    return _builder(prepared.plan, doors, run_id, run_dir, prepared.spec.epoch)(recorder.telling(emit), past, None)


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
        prepared.passphrase,
    )


def announcing(emit: Emit, announce: Callable[[str], object]) -> Emit:
    """Each step is announced to the server before it acts. The engine hears nothing of it."""

    def hear(event: Event) -> None:
        emit(event)
        if isinstance(event, StepStarted):
            announce(event.step)

    return hear


async def on_wires(
    prepared: Prepared,
    emit: Emit,
    options: Options,
    *,
    run_id: str,
    run_dir: Path,
    injections: Sequence[Injection] = (),
    judge: Callable[[Truth], None] | None = None,
    recover: Recover | None = None,
    visited: bool = False,
) -> RunEnded:
    """Rehearse over SSH and IPMI against a virtual server in a process of its own. Raises wire.ServerLost.

    `judge` is told what the server truly is, before and after. `visited`: where it needs hands its server is left
    standing, for them and for whoever goes on with the run.
    """
    config = on_loopback(prepared, options, run_dir, injections)
    async with _serving(config, options, run_dir, prepared.bmc_passwords) as served:
        if judge is not None:
            judge(wire.truth(run_dir))
        ended = await _over_wires(prepared.plan, served, emit, options, run_id, run_dir, recover=recover)
        served.wanted = served.wanted or (visited and ended.ending == "needs-hands")
        if not served.ready.alive:
            raise wire.ServerLost("the rehearsal is lost: its virtual server has gone meanwhile; rehearse again")
        if judge is not None:
            judge(wire.truth(run_dir))
        return ended


def _serving(
    config: HomeConfig, options: Options, run_dir: Path, passwords: Mapping[str, str]
) -> AbstractAsyncContextManager[wire.Served]:
    if options.image is None:
        return wire.server(config, run_dir, passwords)
    from fwsim.rehearsal import containers  # who rehearses without Docker needs no library for it

    return containers.server(config, options.image, run_dir, passwords)


def on_loopback(
    prepared: Prepared, options: Options, run_dir: Path, injections: Sequence[Injection] = ()
) -> HomeConfig:
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
    held = (*(until(injection.fault, injection.step) for injection in injections), *prepared.waiting)
    return HomeConfig(spec=spec, speed=options.speed, idle_s=wire.IDLE_S, directory=run_dir, waiting=held)


async def resumed_on_wires(
    plan: Plan,
    past: Sequence[Event],
    emit: Emit,
    options: Options,
    *,
    run_id: str,
    run_dir: Path,
    scenario: Path | None = None,
    recover: Recover | None = None,
    visited: bool = False,
    judge: Callable[[Truth], None] | None = None,
) -> RunEnded:
    """Go on with a rehearsal whose engine was interrupted or killed. Where its server is gone, it ends as failed.

    `scenario`: the file that it was made from, if there was one; its users' passwords stand nowhere else. `visited`: as
    for `on_wires`. `judge` is told what the server truly is at the end.
    """
    try:
        async with _attached(options, run_dir, prepare.passwords_again(plan, scenario)) as served:
            ended = await _over_wires(plan, served, emit, options, run_id, run_dir, past, recover)
            if judge is not None and not served.wanted:
                judge(wire.truth(run_dir))
            served.wanted = served.wanted or (visited and ended.ending == "needs-hands")
            return ended
    except wire.ServerLost as error:
        at = past[-1].at if past else 0.0
        lost = RunEnded(at, "failed", EXIT_CODES["failed"], str(error), "rehearse again", {})
        emit(lost)
        return lost


async def visited_on_wires(
    plan: Plan,
    past: Sequence[Event],
    emit: Emit,
    options: Options,
    told: Callable[[float], Sequence[Event]],
    *,
    run_id: str,
    run_dir: Path,
    scenario: Path | None,
    recover: Recover,
    again: bool,
) -> RunEnded:
    """Go on with a rehearsal after a visit. `told`: what is said of the visit, at that moment by the server's clock;
    `again`: it did not come to its end, and nothing is gone on with but what `recover` does. Raises wire.ServerLost."""
    async with _attached(options, run_dir, prepare.passwords_again(plan, scenario)) as served:
        served.wanted = True  # whatever breaks off here: the visit can be told once more
        news = told(served.ready.elapsed_s * served.ready.speed)
        for event in news:
            emit(event)
        ended = await _over_wires(plan, served, emit, options, run_id, run_dir, (*past, *news), recover, again=again)
        served.wanted = ended.ending in ("interrupted", "needs-hands")
        return ended


def _attached(
    options: Options, run_dir: Path, passwords: Mapping[str, str]
) -> AbstractAsyncContextManager[wire.Served]:
    if options.image is None:
        return wire.attached(run_dir, passwords, prepare.ROOT_PASSWORD)
    from fwsim.rehearsal import containers

    return containers.attached(run_dir, passwords, prepare.ROOT_PASSWORD)


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
    recover: Recover | None = None,
    *,
    again: bool = False,
) -> RunEnded:
    at, plan = served.ready, moved(plan, served.ready)
    recorder = RecordingHost(lambda: wire.leases(run_dir), LocalHost() if options.image is not None else None)
    heard = recorder.telling(announcing(emit, lambda step: wire.announce(run_dir, step)))
    phrase = prepare.passphrase_of(plan)
    async with wire.doors(at, recorder, real_ipmitool=options.ipmitool == "real", passphrase=phrase) as doors:
        build = _builder(plan, doors, run_id, run_dir, at.epoch)
        if again and recover is not None:
            ended = await aftermath.taken_up(build, heard, past, recover)
        else:
            ended = await aftermath.run(build, heard, past, recover)
    served.wanted = ended.ending == "interrupted"
    return ended


def _builder(
    plan: Plan, doors: Doors, run_id: str, run_dir: Path, epoch: float, if_stopped: str = ""
) -> aftermath.Build:
    """Makes the engines of one rehearsal."""
    board, payloads = boards.load(plan.board), read_all(plan)
    how: dict[str, Any] = {"run_id": run_id, "run_dir": run_dir, "epoch": epoch, "allow_synthetic": True}
    how["if_stopped"] = if_stopped

    def build(emit: Emit, past: Sequence[Event], steps: Sequence[Step] | None) -> Engine:
        return Engine(plan, board, payloads, doors, emit, past=past, steps=steps, **how)

    return build
