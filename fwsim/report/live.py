"""Progress on a terminal: what is done scrolls up, what runs is redrawn below with its bar and its clock."""

from __future__ import annotations

import time
from collections.abc import Callable
from types import TracebackType

from rich.console import Console, ConsoleOptions, RenderResult
from rich.live import Live
from rich.progress_bar import ProgressBar
from rich.table import Table
from rich.text import Text

from fwsim.events import Answered, Asked, Event, RunStarted, StepEnded, Warned
from fwsim.report import wording
from fwsim.report.model import Report, Step, apply
from fwsim.report.terminal import STYLES

BAR_WIDTH = 30


class LiveDisplay:
    """A subscriber of events. Between two of them its clock goes on at `speed` times the wall's."""

    def __init__(
        self, console: Console, *, speed: float = 1.0, note: str = "", wall: Callable[[], float] = time.monotonic
    ) -> None:
        self._console, self._speed, self._note, self._wall = console, speed, note, wall
        self._report = Report()
        self._seen = wall()
        self._live = Live(get_renderable=lambda: self, console=console, transient=True, refresh_per_second=8)

    def __enter__(self) -> LiveDisplay:
        """Draws from the first event on: before it, somebody may be typing a password."""
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._live.stop()

    def __call__(self, event: Event) -> None:
        self._report, self._seen = apply(self._report, event), self._wall()
        match event:
            case RunStarted():
                self._live.start()
                about = f"run {event.run}: board {event.board}, host {event.host}, BMC {event.bmc}"
                self._console.print(Text(about, style="dim"))
            case StepEnded():
                step = next((s for s in self._report.steps if s.id == event.step), None)
                if step:
                    self._console.print(_ended_line(step, len(self._report.steps)))
            case Asked():
                self._live.stop()  # redrawing would wipe what the person types
            case Answered():
                self._live.start()
            case Warned():
                self._console.print(Text(f"        warning: {event.message}", style=STYLES["warned"]))
            case _:
                pass

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        step = self._report.current
        if step is None:
            return
        heading = Text.assemble((f"{_place(step, len(self._report.steps))} {step.title}", "bold"))
        yield heading.append(f"  {self._note}", style="dim") if self._note else heading
        yield self._bar(step)

    def _bar(self, step: Step) -> Table:
        progress = step.progress
        now = self._report.at + (self._wall() - self._seen) * self._speed
        row = Table.grid(padding=(0, 1))
        cells: list[Text | ProgressBar] = [Text("       " + wording.clock(now), style="cyan")]
        if progress is not None and progress.fraction is not None:
            cells += [
                ProgressBar(total=1.0, completed=progress.fraction, width=BAR_WIDTH),
                Text(f"{progress.fraction * 100:3.0f} %"),
            ]
        if progress is not None and progress.rate is not None:
            cells.append(Text(wording.rate(progress.rate, progress.unit)))
        if progress is not None and progress.left_s is not None:
            cells.append(Text(f"{wording.duration(progress.left_s)} left"))
        text = progress.text if progress else f"for {wording.duration(now - step.began_at)}"
        cells.append(Text(text, style="dim", overflow="ellipsis", no_wrap=True))
        row.add_row(*cells)
        return row


def _place(step: Step, total: int) -> str:
    return f"[{step.number:>{len(str(total))}}/{total}]"


def _ended_line(step: Step, total: int) -> Text:
    line = Text.assemble((f"{_place(step, total)} ", "dim"), step.title, "  ", (step.state, STYLES.get(step.state, "")))
    line.append(f"  {wording.duration(step.took_s)}", style="dim")
    if step.message and step.state != "done":
        line.append(f"  {step.message}")
    return line
