"""`fwsim rehearse`: a scenario or a plan, on a virtual server that is made for it and ends with it."""

from __future__ import annotations

import shlex
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from fwsim.cli import options, recovering, screen, verdict, visiting
from fwsim.cli.errors import BadInput

if TYPE_CHECKING:
    from collections.abc import Callable

    from emulators.server import VirtualServer
    from emulators.truth import Truth
    from fwsim.aftermath import Recover
    from fwsim.cli.verdict import Wanted
    from fwsim.record import Record
    from fwsim.rehearsal import Options
    from fwsim.rehearsal.matrix import Cell
    from fwsim.rehearsal.prepare import Prepared
    from fwsim.rehearsal.scenario import Expect
    from fwsim.runs import Run, Runs

    Attend = Callable[[VirtualServer], Recover]

DEFAULT_BOARD = "x11ssh-f"


def rehearse(
    context: typer.Context,
    target: Annotated[
        str | None,
        typer.Argument(
            help="A scenario's name, a scenario file, or a plan file.",
            show_default="the healthy scenario of --board",
            autocompletion=options.complete_scenario,
        ),
    ] = None,
    board: options.OptionalBoard = None,
    speed: options.Speed = 60.0,
    ipmitool: options.IpmitoolChoice = None,
    virtual: Annotated[
        bool, typer.Option("--virtual", help="In memory and in virtual time: no sockets, over in a moment.")
    ] = False,
    docker: Annotated[
        bool, typer.Option("--docker", help="The virtual server is a container, on networks of its own.")
    ] = False,
    image: Annotated[
        str | None, typer.Option("--image", help="With --docker: another image.", show_default="this fwsim's own")
    ] = None,
    seed: Annotated[int, typer.Option("--seed", help="The same seed gives the same world.")] = 0,
    every_fault: Annotated[
        bool, typer.Option("--every-fault", help="In memory: every fault at every moment at which it can fire.")
    ] = False,
    pairs: Annotated[bool, typer.Option("--pairs", help="With --every-fault: every two of them too.")] = False,
    jobs: Annotated[
        int | None, typer.Option("--jobs", min=1, help="Processes for --every-fault.", show_default="the cores")
    ] = None,
    only: Annotated[
        str | None,
        typer.Option("--only", metavar="FAULT@STEP", help="That one cell of --every-fault, as it names it."),
    ] = None,
    inventory: options.VisitInventory = None,
    recovery: options.Recovery = True,
    technician: Annotated[
        bool,
        typer.Option(
            "--technician", help="A technician follows the tickets that are written, by their text; in memory."
        ),
    ] = False,
    progress: options.Progress = "auto",
    as_json: options.AsJson = False,
    folder: options.RunsFolder = None,
) -> None:
    """Rehearse an update on a virtual server.

    It talks real SSH and IPMI, is made for this rehearsal and ends with it; nothing else is touched.
    """
    from fwsim import rehearsal
    from fwsim.cli import containers, everyfault
    from fwsim.runs import Runs

    _check_together(target, board, only, every_fault=every_fault, pairs=pairs)
    _check_place(image, docker=docker, virtual=virtual or every_fault)
    if technician:
        _check_visit(context, docker=docker, one=not every_fault and only is None, recovery=recovery)
    if docker:
        image = containers.image(image)
    virtual = virtual or technician
    cell = everyfault.chosen(only) if only is not None else None
    tool: options.Ipmitool = "builtin" if virtual or every_fault or docker else options.ipmitool_at(speed, ipmitool)
    recover = recovering.recoverer(yes=True, inventory=inventory) if recovery else None
    run, prepared, expect = _prepare(target or _healthy(board or DEFAULT_BOARD), Runs(folder), seed)
    wanted = verdict.of_scenario(expect, recovery=recovery, technician=technician) if expect else verdict.of_plan()
    way = Way(rehearsal.Options(speed=speed, ipmitool=tool, image=image), virtual, progress, as_json)
    screen.note(f"rehearsal: {prepared.title}")
    for note in prepared.notes:
        screen.note(f"note: {note}")
    if every_fault:
        named = _command(target, board)
        wish = everyfault.Wish(named, pairs, jobs or everyfault.default_jobs(), seed, wanted.ending)
        raise typer.Exit(everyfault.conduct(prepared, run, wish, progress, as_json=as_json))
    if cell is not None:
        raise typer.Exit(_one_cell(prepared, run, cell, wanted, way))
    known = _remember(run, prepared, wanted, way)
    attend = recovering.attended if technician else None
    raise typer.Exit(_in_memory(prepared, run, known, wanted, way, recover, attend) if virtual else
                     _on_wires(prepared, run, known, wanted, way, recover))  # fmt: skip


@dataclass(frozen=True)
class Way:
    """How it is rehearsed, and shown."""

    how: Options
    virtual: bool
    progress: options.ProgressMode
    as_json: bool


def _check_together(target: str | None, board: str | None, only: str | None, *, every_fault: bool, pairs: bool) -> None:
    """What is rehearsed. Raises BadInput."""
    if target is not None and board:
        raise BadInput("name a scenario or a plan, or give --board; not both")
    if target == "":
        raise BadInput("expected a scenario or a plan; `fwsim scenario list` shows those that ship")
    if pairs and not every_fault:
        raise BadInput("--pairs goes with --every-fault")
    if every_fault and only is not None:
        raise BadInput("--every-fault rehearses them all, --only one of them; give one of the two")


def _check_place(image: str | None, *, docker: bool, virtual: bool) -> None:
    """Where it is. Raises BadInput."""
    if (docker and virtual) or (image and not docker):
        raise BadInput("--docker is for one rehearsal on the wires, and --image for its container")


def _check_visit(context: typer.Context, *, docker: bool, one: bool, recovery: bool) -> None:
    """What a technician can follow. Raises BadInput."""
    if docker:
        raise BadInput("--technician goes with no --docker: hands reach servers in this process")
    if not one:
        raise BadInput("--technician follows the tickets of one rehearsal; leave out --every-fault and --only")
    if _typed(context, "speed"):
        raise BadInput("--technician works in memory, where time is the server's own; leave out --speed")
    if not recovery:
        raise BadInput("--technician follows tickets, which --no-recovery never writes")


def _typed(context: typer.Context, parameter: str) -> bool:
    """Was it given, and is not its default?"""
    source = context.get_parameter_source(parameter)
    return source is not None and source.name == "COMMANDLINE"


def _command(target: str | None, board: str | None) -> str:
    """The command that names what is rehearsed, to be copied."""
    words = [target] if target else ["--board", board] if board else []
    return shlex.join(["fwsim", "rehearse", *words])


def _one_cell(prepared: Prepared, run: Run, cell: Cell, wanted: Wanted, way: Way) -> int:
    from fwsim.cli import everyfault

    if way.virtual:
        return everyfault.replay(prepared, run, cell, way.progress, as_json=way.as_json)
    everyfault.check_steps(prepared, run, cell)
    _remember(run, prepared, wanted, way)
    return everyfault.replay_on_wires(prepared, run, cell, way.progress, way.how, as_json=way.as_json)


def _in_memory(
    prepared: Prepared,
    run: Run,
    known: Record,
    wanted: Wanted,
    way: Way,
    recover: Recover | None,
    attend: Attend | None,
) -> int:
    from fwsim import rehearsal
    from fwsim.cli import session

    told: list[Truth] = []
    words: dict[str, Any] = {"run_id": prepared.run_id, "run_dir": run.path, "judge": told.append}
    report = session.conduct(
        run,
        lambda emit: rehearsal.in_memory(prepared, emit, recover=recover, attend=attend, **words),
        way.progress,
    )
    if attend is not None:
        recovering.tell_visits(run)
    code = verdict.give(run, report, wanted, told, prepared.spec.bmc_address, as_json=way.as_json)
    if attend is None:
        visiting.say(run, known, report)
    return code


def _on_wires(prepared: Prepared, run: Run, known: Record, wanted: Wanted, way: Way, recover: Recover | None) -> int:
    from fwsim import rehearsal
    from fwsim.cli import session
    from fwsim.rehearsal import wire

    told: list[Truth] = []
    words: dict[str, Any] = {"run_id": run.id, "run_dir": run.path, "judge": told.append, "recover": recover}
    report = session.conduct(
        run,
        lambda emit: rehearsal.on_wires(prepared, emit, way.how, visited=visiting.stands(known), **words),
        way.progress,
        speed=way.how.speed,
        remark=f"simulated, x{way.how.speed:g}",
    )
    code = verdict.give(run, report, wanted, told, told[0].bmc_at if told else "", as_json=way.as_json)
    visiting.say(run, known, report)
    if report.ending == "interrupted":
        screen.note(f"the virtual server goes on for {wire.IDLE_S / 60:.0f} minutes: `fwsim resume {run.id}`")
    return code


def _remember(run: Run, prepared: Prepared, wanted: Wanted, way: Way) -> Record:
    """What `fwsim resume` needs."""
    from fwsim import record

    run_id, how = prepared.run_id if way.virtual else run.id, way.how
    known = record.Record(
        kind="rehearsal", plan=prepared.plan, run_id=run_id, title=prepared.title, in_memory=way.virtual,
        ipmitool=how.ipmitool, image=how.image, expected=wanted.ending, scenario=prepared.scenario,
    )  # fmt: skip
    record.write(run, known)
    return known


def _healthy(board: str) -> str:
    """The scenario of that board in which nothing goes wrong. Raises UnknownBoard."""
    from emulators import boards
    from fwsim.rehearsal import scenario

    boards.load(board)
    path = scenario.folder() / "healthy" / f"{board}.yaml"
    if not path.exists():
        raise BadInput(f"no healthy scenario of {board} is shipped; rehearse a plan: `fwsim plan new --board {board}`")
    return str(path)


def _prepare(target: str, runs: Runs, seed: int) -> tuple[Run, Prepared, Expect | None]:
    """A new run's directory, what is rehearsed in it, and what a scenario expects of that. Nothing is left behind for a
    target that is none."""
    from fwsim import plan, yamlfile
    from fwsim.cli import knowing
    from fwsim.rehearsal import prepare, scenario, soundness

    path = Path(target)
    if path.suffix in (".yaml", ".yml") and path.exists() and _is_plan(yamlfile.read(path).data):
        wanted = plan.load(path, require_files=False)
        run = runs.new(wanted.board)
        return run, prepare.from_plan(wanted, run.path / "payloads", seed=seed), None
    if path.suffix in (".yaml", ".yml") and not path.exists():
        raise BadInput(f"there is no file {target}")
    chosen = soundness.check(scenario.find(target), knowing.recovery(), rehearsed=False)
    run = runs.new(chosen.board)
    prepared = prepare.from_scenario(chosen, run.path / "payloads", seed=seed)
    return run, replace(prepared, scenario=scenario.find(target)), chosen.expect


def _is_plan(document: object) -> bool:
    """A scenario has an expected ending; whatever else it is, its mistakes are told as a plan's."""
    return not (isinstance(document, dict) and {"expect", "update", "title"} & set(document))
