"""Where words go: results to stdout, progress to stderr. Rich honours NO_COLOR and leaves pipes plain."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING, Any

from fwsim.cli.options import ProgressMode
from fwsim.events import Event

if TYPE_CHECKING:
    from rich.console import Console

    from fwsim.report.model import Report

PIPE_WIDTH = 100  # for tables that go into a file


def out() -> Console:
    """For results."""
    from rich.console import Console

    return Console(highlight=False, width=None if sys.stdout.isatty() else PIPE_WIDTH)


def note(text: str) -> None:
    """A line for the person, on stderr."""
    print(text, file=sys.stderr, flush=True)


def report(outcome: Report, *, as_json: bool, more: Mapping[str, Any] | None = None) -> None:
    """The result of a run, on stdout. That nobody can read it changes no exit code: that is the run's own. `more`:
    what else a program is told of it."""
    try:
        _show(outcome, as_json=as_json, more=more or {})
        sys.stdout.flush()
    except BrokenPipeError:
        _drop_stdout()
    except OSError as error:
        _drop_stdout()
        note(f"fwsim: the result could not be written: {error.strerror}; `fwsim show {outcome.run}` prints it again")


def _show(outcome: Report, *, as_json: bool, more: Mapping[str, Any]) -> None:
    if as_json:
        from fwsim.report import jsonlines

        print(jsonlines.document(outcome, more))
        return
    from fwsim.report import terminal

    console = out()
    with console.capture() as shown:  # rich ends the process where nobody reads what it prints
        terminal.show(outcome, console)
    sys.stdout.write(shown.get())


def _drop_stdout() -> None:
    """What is still to be written there goes nowhere; else the interpreter complains of it at its end."""
    with suppress(OSError, ValueError):  # a stream of a test has no descriptor
        nowhere = os.open(os.devnull, os.O_WRONLY)
        os.dup2(nowhere, sys.stdout.fileno())
        os.close(nowhere)


@contextmanager
def progress(mode: ProgressMode, *, speed: float = 1.0, remark: str = "") -> Iterator[Callable[[Event], None]]:
    """A subscriber that shows a run's events on stderr while they come."""
    if mode == "json":
        from fwsim.report import jsonlines

        yield lambda event: note(jsonlines.line(event))
    elif mode == "plain" or (mode == "auto" and not redrawable()):
        from fwsim.report.plain import PlainLines

        plain = PlainLines()
        yield lambda event: _lines(plain.lines(event))
    else:
        from rich.console import Console

        from fwsim.report.live import LiveDisplay

        console = Console(stderr=True, highlight=False, force_terminal=True if mode == "bar" else None)
        with LiveDisplay(console, speed=speed, note=remark) as display:
            yield display


def redrawable() -> bool:
    """Can stderr be drawn over?"""
    from rich.console import Console

    console = Console(stderr=True)
    return console.is_terminal and not console.is_dumb_terminal


def _lines(lines: list[str]) -> None:
    for line in lines:
        note(line)
