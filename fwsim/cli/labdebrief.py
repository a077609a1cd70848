"""A debrief as a file, and a session played again in the terminal."""

from __future__ import annotations

import time
from pathlib import Path

from fwsim.cli import screen
from fwsim.cli.errors import BadInput
from fwsim.labs import debrief, page
from fwsim.labs import session as sessions
from fwsim.labs.session import Session

PAUSE_S = 3.0  # wall: a longer silence is cut to this in a replay


def write(session: Session, output: Path | None) -> Path:
    """The page or the PDF. Raises NoSession where the lab has not ended, NoTypst, OSError."""
    result = session.result()
    path = output or session.run.path / "debrief.html"
    if path.suffix not in (".html", ".pdf"):
        raise BadInput(f"--output: expected a name that ends with .html or .pdf, not {path.name!r}")
    lab = sessions.lab_of(result)
    made = debrief.make(lab, result.log(lab), learner=result.learner, mode=result.mode, own=result.assessment)
    path.write_bytes(page.pdf(made) if path.suffix == ".pdf" else page.html(made).encode())
    return path


def replay(session: Session, speed: float) -> None:
    """Everything that was done, at that many times its pace."""
    result = session.result()
    lab = sessions.lab_of(result)
    made = debrief.make(lab, result.log(lab), learner=result.learner, mode=result.mode)
    console, last = screen.out(), made.log.began
    for row in made.rows:
        if console.is_terminal:
            time.sleep(min(PAUSE_S, (row.at - last) / speed))
        last = row.at
        style = "dim" if row.who == "server" else "bold" if row.mark else ""
        state = f"host {row.state.get('host', '?')}, BMC {row.state.get('bmc', '?')}"
        console.print(f"{row.when:>8}  {row.who:<13} {row.what}  {row.status}".rstrip(), style=style, markup=False)
        if row.who != "server" and row.mark:
            console.print(f"{'':>8}  {'':<13} {' '.join(row.mark)}; {state}", style="dim", markup=False)
