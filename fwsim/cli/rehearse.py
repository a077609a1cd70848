"""`fwsim rehearse`: a scenario or a plan, on a virtual server that is made for it and ends with it."""

from __future__ import annotations

import shlex
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from fwsim.cli import options, recovering, screen, visiting
from fwsim.cli.errors import BadInput

if TYPE_CHECKING:
    from fwsim.events import Ending
    from fwsim.record import Record
    from fwsim.rehearsal.prepare import Prepared
    from fwsim.report.model import Report
    from fwsim.runs import Run, Runs

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
    from fwsim.cli import containers, everyfault, session
    from fwsim.rehearsal import wire
    from fwsim.runs import Runs

    if target and board:
        raise BadInput("name a scenario or a plan, or give --board; not both")
    if pairs and not every_fault:
        raise BadInput("--pairs goes with --every-fault")
    if every_fault and only:
        raise BadInput("--every-fault rehearses them all, --only one of them; give one of the two")
    if (docker and (virtual or every_fault)) or (image and not docker):
        raise BadInput("--docker is for one rehearsal on the wires, and --image for its container")
    if technician and docker:
        raise BadInput("--technician goes with no --docker: hands reach servers in this process")
    if docker:
        image = containers.image(image)
    virtual = virtual or technician
    if technician and (every_fault or only):
        raise BadInput("--technician follows the tickets of one rehearsal; leave out --every-fault and --only")
    if technician and _typed(context, "speed"):
        raise BadInput("--technician works in memory, where time is the server's own; leave out --speed")
    if technician and not recovery:
        raise BadInput("--technician follows tickets, which --no-recovery never writes")
    cell = everyfault.chosen(only) if only else None
    recover = recovering.recoverer(yes=True, inventory=inventory) if recovery else None
    attend = recovering.attended if technician else None
    tool: options.Ipmitool = "builtin" if virtual or every_fault or docker else options.ipmitool_at(speed, ipmitool)
    run, prepared, expected = _prepare(target or _healthy(board or DEFAULT_BOARD), Runs(folder), seed)
    screen.note(f"rehearsal: {prepared.title}")
    for note in prepared.notes:
        screen.note(f"note: {note}")
    if every_fault:
        wish = everyfault.Wish(_command(target, board), pairs, jobs or everyfault.default_jobs(), seed)
        raise typer.Exit(everyfault.conduct(prepared, run, wish, progress, as_json=as_json))
    if cell is not None and virtual:
        raise typer.Exit(everyfault.replay(prepared, run, cell, progress, as_json=as_json))
    how = rehearsal.Options(speed=speed, ipmitool=tool, image=image)
    expected = "updated" if technician else expected
    if cell is not None:
        everyfault.check_steps(prepared, run, cell)
        _remember(run, prepared, expected, tool, virtual, image)
        raise typer.Exit(everyfault.replay_on_wires(prepared, run, cell, progress, how, as_json=as_json))
    known = _remember(run, prepared, expected, tool, virtual, image)
    if virtual:
        report = session.conduct(
            run,
            lambda emit: rehearsal.in_memory(
                prepared, emit, run_id=prepared.run_id, run_dir=run.path, recover=recover, attend=attend
            ),
            progress,
        )
    else:
        report = session.conduct(
            run,
            lambda emit: rehearsal.on_wires(
                prepared, emit, how, run_id=run.id, run_dir=run.path, recover=recover, visited=visiting.stands(known)
            ),
            progress,
            speed=speed,
            remark=f"simulated, x{speed:g}",
        )
    if technician:
        recovering.tell_visits(run)
    for kind in rehearsal.never_fired(run.path):
        screen.note(f"note: {kind} never fired: what it waits for did not happen")
    screen.report(report, as_json=as_json)
    if not technician:
        visiting.say(run, known, report)
    if report.ending == "interrupted" and not virtual:
        screen.note(f"the virtual server goes on for {wire.IDLE_S / 60:.0f} minutes: `fwsim resume {run.id}`")
    raise typer.Exit(judge(report, expected))


def _typed(context: typer.Context, parameter: str) -> bool:
    """Was it given, and is not its default?"""
    source = context.get_parameter_source(parameter)
    return source is not None and source.name == "COMMANDLINE"


def _remember(
    run: Run, prepared: Prepared, expected: Ending, ipmitool: options.Ipmitool, virtual: bool, image: str | None
) -> Record:
    """What `fwsim resume` needs."""
    from fwsim import record

    run_id = prepared.run_id if virtual else run.id
    known = record.Record(
        kind="rehearsal", plan=prepared.plan, run_id=run_id, title=prepared.title,
        in_memory=virtual, ipmitool=ipmitool, image=image, expected=expected, scenario=prepared.scenario,
    )  # fmt: skip
    record.write(run, known)
    return known


def _command(target: str | None, board: str | None) -> str:
    """The command that names what is rehearsed, to be copied."""
    words = [target] if target else ["--board", board] if board else []
    return shlex.join(["fwsim", "rehearse", *words])


def _healthy(board: str) -> str:
    """The scenario of that board in which nothing goes wrong. Raises UnknownBoard."""
    from emulators import boards
    from fwsim.rehearsal import scenario

    boards.load(board)
    path = scenario.folder() / "healthy" / f"{board}.yaml"
    if not path.exists():
        raise BadInput(f"no healthy scenario of {board} is shipped; rehearse a plan: `fwsim plan new --board {board}`")
    return str(path)


def _prepare(target: str, runs: Runs, seed: int) -> tuple[Run, Prepared, Ending]:
    """A new run's directory and what is rehearsed in it. Nothing is left behind for a target that is none."""
    from fwsim import plan, yamlfile
    from fwsim.rehearsal import prepare, scenario

    path = Path(target)
    if path.suffix in (".yaml", ".yml") and path.exists() and _is_plan(yamlfile.read(path).data):
        wanted = plan.load(path, require_files=False)
        run = runs.new(wanted.board)
        return run, prepare.from_plan(wanted, run.path / "payloads", seed=seed), "updated"
    if path.suffix in (".yaml", ".yml") and not path.exists():
        raise BadInput(f"there is no file {target}")
    chosen = scenario.load(target)
    run = runs.new(chosen.board)
    prepared = prepare.from_scenario(chosen, run.path / "payloads", seed=seed)
    return run, replace(prepared, scenario=scenario.find(target)), chosen.expect.ending


def _is_plan(document: object) -> bool:
    """A scenario has an expected ending; whatever else it is, its mistakes are told as a plan's."""
    return not (isinstance(document, dict) and {"expect", "update", "title"} & set(document))


def judge(report: Report, expected: Ending) -> int:
    """0 when it ended as the scenario says; else the ending's own code, or 1 where that would look like success."""
    if report.ending == expected:
        if expected != "updated":
            screen.note(f"as expected: {expected}")
        return 0
    if expected != "updated":
        screen.note(f"expected {expected}, got {report.ending}")
    return report.exit_code or 1
