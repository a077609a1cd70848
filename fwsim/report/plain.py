"""Progress as plain lines: for logs, pipes and screens that cannot be redrawn."""

from __future__ import annotations

from fwsim.events import Event, Progress, RunEnded, RunStarted, StepEnded, StepStarted, Warned
from fwsim.report import wording
from fwsim.report.model import Report, apply

EVERY = 0.1  # a line for each tenth of a long step


class PlainLines:
    """Turns events into lines. Progress gets one line for each tenth, waiting gets none. A phase begins anew."""

    def __init__(self) -> None:
        self._report = Report()
        self._phase, self._tenth = "", -1

    def lines(self, event: Event) -> list[str]:
        """What to print because of this event; often nothing."""
        self._report = apply(self._report, event)
        match event:
            case RunStarted():
                return [f"run {event.run}: board {event.board}, host {event.host}, BMC {event.bmc}"]
            case StepStarted():
                self._phase, self._tenth = "", -1
                return [self._line(event.at, event.step, event.title)]
            case Progress():
                return self._progress(event)
            case Warned():
                return [self._line(event.at, event.step, f"warning: {event.message}")]
            case StepEnded():
                return [self._line(event.at, event.step, _ended(event))]
            case RunEnded():
                return [f"{wording.clock(event.at)}  {event.ending}: {event.message}"]
            case _:
                return []

    def _line(self, at: float, step: str, text: str) -> str:
        number = next((s.number for s in self._report.steps if s.id == step), 0)
        total = len(self._report.steps)
        return f"{wording.clock(at)}  [{number:>{len(str(total))}}/{total}] {text}"

    def _progress(self, event: Progress) -> list[str]:
        if event.fraction is None:
            return []
        tenth = int(event.fraction / EVERY + 1e-9)
        if event.text == self._phase and self._tenth - 1 <= tenth <= self._tenth:
            return []
        self._phase, self._tenth = event.text, tenth
        return [self._line(event.at, event.step, describe(event))]


def describe(progress: Progress) -> str:
    """Upload: 62 %, 131.0 kB/s, 1 min 32 s left."""
    parts = []
    if progress.fraction is not None:
        parts.append(f"{progress.fraction:.0%}".replace("%", " %"))
    if progress.rate is not None:
        parts.append(wording.rate(progress.rate, progress.unit))
    if progress.left_s is not None:
        parts.append(f"{wording.duration(progress.left_s)} left")
    return f"{progress.text}: {', '.join(parts)}" if parts else progress.text


def _ended(event: StepEnded) -> str:
    text = f"{event.outcome} after {wording.duration(event.took_s)}"
    return f"{text}: {event.message}" if event.message else text
