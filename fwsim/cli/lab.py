"""`fwsim lab`: servers to learn on, which can be bricked without cost."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from fwsim.cli import options, screen

if TYPE_CHECKING:
    from fwsim.labs.grade import Grade
    from fwsim.labs.lab import Lab
    from fwsim.labs.session import Session
    from fwsim.runs import Runs

app = typer.Typer(help="Labs: learn the job on servers that can be bricked without cost.", no_args_is_help=True,
                  rich_markup_mode=None)  # fmt: skip


def complete_lab(incomplete: str) -> list[str]:
    """Labs that ship, for the shell."""
    from fwsim.labs import lab as labs

    return sorted(p.stem for p in labs.folder().glob("*.yaml") if p.stem.startswith(incomplete))


Name = Annotated[str, typer.Argument(help="A lab's name, or its file.", autocompletion=complete_lab)]
LabsFolder = Annotated[
    Path | None,
    typer.Option("--runs", metavar="DIR", help="Where labs are kept.", show_default="the user's state directory"),
]
RunName = Annotated[str | None, typer.Argument(metavar="[RUN]", help="A lab's run; the one that runs now if left out.")]


@app.command("list")
def list_labs(as_json: options.AsJson = False) -> None:
    """List the labs, the easiest first."""
    from fwsim.labs import lab as labs

    known = [(name, labs.load(name)) for name in labs.names()]
    if as_json:
        for name, each in known:
            print(json.dumps({"name": name, "level": each.level, "board": each.board, "minutes": each.minutes,
                              "title": each.title}))  # fmt: skip
        return
    from rich import box
    from rich.table import Table

    table = Table(box=box.SIMPLE_HEAD, show_edge=False, pad_edge=False, header_style="dim")
    for column in ("lab", "level", "board", "minutes", "title"):
        table.add_column(column, no_wrap=column != "title", justify="right" if column == "minutes" else "left")
    for name, each in known:
        table.add_row(name, each.level, each.board, str(each.minutes), each.title)
    console = screen.out()
    if console.width < 80:  # the title would stand in a column of single letters
        table.columns = [table.columns[0], table.columns[-1]]
    console.print(table)


@app.command()
def show(name: Name, as_json: options.AsJson = False) -> None:
    """Print what a lab is about; not how it is solved."""
    from fwsim.labs import grade, wording
    from fwsim.labs import lab as labs

    lab = labs.load(name)
    if as_json:
        print(json.dumps({"name": name, **lab.model_dump(mode="json", exclude={"solution", "hints", "faults"})}))
        return
    print(wording.page(lab, {}))
    print("\nGOALS")
    for goal in lab.goals:
        print(f"  - {goal.text}")
    gates = [item.title for item in grade.items(lab) if item.gate]
    print(f"\nNobody passes without: {'; '.join(gates)}." if gates else "")


@app.command()
def start(
    name: Name,
    exam: Annotated[bool, typer.Option("--exam", help="Graded: no hints, and a time limit.")] = False,
    key: Annotated[
        Path | None,
        typer.Option("--key", metavar="FILE", help="An exam's public key: the result is vouched for to it."),
    ] = None,
    learner: Annotated[str, typer.Option("--learner", help="Whose result it is.")] = "",
    docker: Annotated[
        bool, typer.Option("--docker", help="In a container, on networks and addresses of its own.")
    ] = False,
    image: Annotated[
        str | None, typer.Option("--image", help="With --docker: another image.", show_default="this fwsim's own")
    ] = None,
    speed: Annotated[float | None, typer.Option("--speed", min=0.01, max=10_000, show_default="the lab's own")] = None,
    runs: LabsFolder = None,
) -> None:
    """Start a lab's server and say how to get in. It runs until `fwsim lab finish`."""
    import asyncio
    import time

    from fwsim.cli.errors import BadInput
    from fwsim.labs import exam as exams
    from fwsim.labs import session as sessions
    from fwsim.labs import wording
    from fwsim.rehearsal import classroom

    if key is not None and not exam:
        raise BadInput("--key is for --exam")
    if image is not None and not docker:
        raise BadInput("--image goes with --docker")
    seal_to = exams.public_key(key) if key is not None else ""
    _one_at_a_time(sessions.kept(runs))
    if exam and key is None:
        screen.note("note: without --key nothing vouches for the result, and `fwsim lab verify` cannot check it")
    mode: sessions.Mode = "exam" if exam else "practice"
    run, lab = sessions.begin(sessions.kept(runs), name)
    faster = speed or lab.speed
    note = {"lab": sessions.digest(lab), "mode": mode, "learner": learner, "speed": faster}
    chosen = _image(image) if docker else None
    ready = asyncio.run(classroom.start(lab, run.path, speed=faster, seal_to=seal_to, note=note, image=chosen))
    card = sessions.Card(
        name=Path(name).stem, mode=mode, learner=learner, speed=faster, wall=time.time(), sealed=bool(seal_to)
    )
    sessions.write(run.path, card)
    print(
        wording.page(
            lab.model_copy(update={"speed": faster}), wording.ways_in(ready, classroom.SHELF, run.path / classroom.DESK)
        )
    )
    print("\n`fwsim lab status` shows the clock, `check` the goals, `finish` ends it" + (
        "." if exam else "; `hint` helps, and costs points."))  # fmt: skip


def _image(given: str | None) -> str:
    from fwsim.cli import containers

    return containers.image(given)


def _one_at_a_time(runs: Runs) -> None:
    """Two labs at once would be two clocks to watch. What a machine's restart has ended is closed."""
    from fwsim.cli.errors import BadInput
    from fwsim.labs import session as sessions
    from fwsim.rehearsal import classroom
    from fwsim.rehearsal.standing import ServerLost

    for session in sessions.all_of(runs):
        if session.card.ended:
            continue
        try:
            classroom.find(session.run.path, session.lab)
        except ServerLost:
            sessions.write(session.run.path, session.card.model_copy(update={"ended": True}))
            continue
        raise BadInput(f"the lab {session.card.name} runs already; `fwsim lab finish` ends it")


@app.command()
def status(
    run: RunName = None,
    watch: Annotated[bool, typer.Option("--watch", help="Keep it on the screen until Ctrl-C.")] = False,
    as_json: options.AsJson = False,
    runs: LabsFolder = None,
) -> None:
    """Show the job, the clock, and what can be reached now."""
    from fwsim.cli import labface

    session = _session(run, runs)
    if as_json:
        print(json.dumps(labface.facts(session)))
    elif watch:
        labface.watch(session)
    else:
        screen.out().print(labface.face(session))


@app.command()
def hint(run: RunName = None, runs: LabsFolder = None) -> None:
    """Give the next hint. It costs points."""
    from fwsim.cli.errors import BadInput
    from fwsim.labs import session as sessions
    from fwsim.rehearsal import classroom

    session = _session(run, runs)
    if session.card.mode == "exam":
        raise BadInput("an exam has no hints")
    given = sum(e.kind == sessions.HINT for e in session.log().entries)
    if given >= len(session.lab.hints):
        raise BadInput(f"there are no more hints: {given} were given" if given else "this lab has no hints")
    one = session.lab.hints[given]
    classroom.tell(session.run.path, {"kind": sessions.HINT, "number": given + 1, "cost": one.cost})
    print(f"{one.text}\n({given + 1} of {len(session.lab.hints)}; it cost {one.cost} points)")


@app.command()
def check(
    what: Annotated[
        str | None,
        typer.Argument(metavar="[RUN|FILE]", help="A lab's run; or a lab's file, for instructors: is the lab sound?"),
    ] = None,
    speed: Annotated[float, typer.Option("--speed", min=0.01, max=10_000, help="Of a file's check.")] = 200.0,
    as_json: options.AsJson = False,
    runs: LabsFolder = None,
) -> None:
    """Say of each goal whether it is reached. For a FILE: try the lab, its solution and three ways to do it wrong."""
    from fwsim.cli.labcheck import check_file

    if what is not None and what.endswith((".yaml", ".yml")):
        check_file(Path(what), speed, as_json=as_json)
        return
    from fwsim.labs import grade
    from fwsim.rehearsal import classroom

    session = _session(what, runs)
    classroom.tell(session.run.path)
    found = grade.goals(session.lab, session.log())
    if as_json:
        print(json.dumps([{"goal": g.goal.id, "reached": g.met, "text": g.goal.text} for g in found]))
    else:
        for g in found:
            print(f"[{'x' if g.met else ' '}] {g.goal.text}" + ("" if g.met else f"\n    not yet: {g.goal.missing}"))
        if all(g.met for g in found):
            screen.note("every goal is reached; `fwsim lab finish` ends it and says how it was done")
    raise typer.Exit(0 if all(g.met for g in found) else 1)


@app.command()
def finish(
    run: RunName = None,
    assess: Annotated[
        str | None,
        typer.Option(
            "--assess",
            metavar="SKILL=1-5,...",
            help="Your own view, where no terminal can ask for it, e.g. identify=4,flash=3.",
        ),
    ] = None,
    runs: LabsFolder = None,
) -> None:
    """End the lab: first your own view of it, then the grade."""
    from fwsim.cli import labassess
    from fwsim.labs import grade
    from fwsim.labs import session as sessions
    from fwsim.rehearsal import classroom

    session = _session(run, runs)
    own = labassess.asked(session.lab, assess)
    vouched = classroom.tell(session.run.path, {"kind": sessions.ASSESSED, "by": own})
    path = sessions.keep_result(session, own, vouched)
    classroom.end(session.run.path, session.lab)
    log = session.log()
    result = grade.grade(session.lab, log)
    _show_grade(session.lab, result, log.began, own)
    screen.note(f"{path} has the result; `fwsim lab debrief {session.run.id}` talks it over")
    raise typer.Exit(0 if result.passed else 1)


def _show_grade(lab: Lab, result: Grade, began: float, own: dict[str, int]) -> None:
    from fwsim.labs import wording

    console = screen.out()
    console.print(wording.graded(lab, result, began))
    if own:
        console.print(wording.compared(result, own))


@app.command()
def hands(
    ticket: Annotated[Path, typer.Argument(metavar="TICKET", help="A ticket's text, as `fwsim ticket` writes it.")],
    yes: Annotated[bool, typer.Option("--yes", help="Release whatever the technician asks for.")] = False,
    run: Annotated[str | None, typer.Option("--run", help="A lab's run; the one that runs now if left out.")] = None,
    runs: LabsFolder = None,
) -> None:
    """Send the technician: they follow the ticket to the letter, and call you where it says so."""
    import asyncio

    from fwsim.cli import labhands
    from fwsim.cli.errors import BadInput

    session = _session(run, runs)
    try:
        words = ticket.read_text("utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise BadInput(f"{ticket}: cannot be read; expected a ticket's text, as `fwsim ticket` writes it") from error
    report = asyncio.run(labhands.follow(words, session.run.path, agrees=yes))
    print("\n".join(report.log))
    print(f"\nThe visit {'ended' if report.ended == 'done' else 'stopped'} at step {report.step} after "
          f"{report.minutes:.0f} min: {report.why}")  # fmt: skip
    raise typer.Exit(0 if report.ended == "done" else 1)


@app.command()
def debrief(
    run: Annotated[str, typer.Argument(help="A lab's run, or `latest`.")] = "latest",
    replay: Annotated[bool, typer.Option("--replay", help="Play what was done in the terminal.")] = False,
    speed: Annotated[float, typer.Option("--speed", min=0.01, max=100_000, help="Of the replay.")] = 60.0,
    output: Annotated[
        Path | None,
        typer.Option(
            "-o", "--output", metavar="FILE", help="An .html or .pdf file.", show_default="in the run's folder"
        ),
    ] = None,
    runs: LabsFolder = None,
) -> None:
    """Write the debrief as a page: what was done, what became of the server, what was decided and what is better."""
    from fwsim.cli import labdebrief

    session = _session(run, runs)
    if replay:
        labdebrief.replay(session, speed)
    else:
        print(labdebrief.write(session, output))


@app.command()
def solve(
    name: Name,
    speed: Annotated[float | None, typer.Option("--speed", min=0.01, max=10_000, show_default="the lab's own")] = None,
    runs: LabsFolder = None,
) -> None:
    """Play a lab's golden solution, and say why each step is taken."""
    from fwsim.cli import labsolve

    raise typer.Exit(labsolve.solve(name, speed, runs))


@app.command()
def new(
    path: Annotated[Path, typer.Argument(metavar="FILE", help="Where to write it; it must not exist.")],
) -> None:
    """Write a lab's file with comments, to start from."""
    from fwsim.cli.errors import BadInput
    from fwsim.labs import template

    if path.suffix not in (".yaml", ".yml"):
        raise BadInput(f"expected a name that ends with .yaml, not {path.name!r}")
    try:
        with path.open("x", encoding="utf-8") as file:
            file.write(template.TEXT)
    except FileExistsError as error:
        raise BadInput(f"{path} exists; choose another name") from error
    except OSError as error:
        raise BadInput(f"{path} cannot be written: {error.strerror}") from error
    screen.note(f"{path} is a lab that works; change it, then `fwsim lab check {path}`")


@app.command()
def key(path: Annotated[Path, typer.Argument(metavar="FILE", help="Where to write the private key.")]) -> None:
    """Make an instructor's pair of keys for exams: FILE is kept secret, FILE.pub is given to learners."""
    from fwsim.cli.errors import BadInput
    from fwsim.labs import exam

    try:
        public = exam.make_keys(path)
    except FileExistsError as error:
        raise BadInput(f"{error.filename} exists; a key is not overwritten") from error
    except OSError as error:
        raise BadInput(f"{path} cannot be written: {error.strerror}") from error
    screen.note(f"{path} is yours alone; `fwsim lab start NAME --exam --key {public}` is for learners")


@app.command()
def verify(
    result: Annotated[Path, typer.Argument(metavar="RESULT", help="A learner's result.json.")],
    private: Annotated[Path, typer.Option("--key", metavar="FILE", help="The instructor's private key.")],
) -> None:
    """Check that a result is what the server has recorded, and grade it again."""
    from fwsim.cli import labverify

    labverify.verify(result, private)


@app.command()
def results(
    directory: Annotated[Path, typer.Argument(metavar="DIR", help="Where learners' result.json files lie.")],
    csv: Annotated[bool, typer.Option("--csv", help="As CSV, not Markdown.")] = False,
    private: Annotated[
        Path | None, typer.Option("--key", metavar="FILE", help="Check each with the instructor's private key.")
    ] = None,
) -> None:
    """Print a class's results as a table."""
    from fwsim.cli import labverify

    labverify.table(directory, as_csv=csv, key=private)


def _session(run: str | None, root: Path | None) -> Session:
    from fwsim.labs import session as sessions

    return sessions.find(sessions.kept(root), run)
