"""A maintenance window, and how long a stage may take in it: its own way and the way back.

Only a flash that came to its end can be taken back, so what counts is: flash at its usual pace, wait as long as the
deadline allows for what then does not come back, flash the old version, wait for that. A board's deadlines are about
twice what it usually takes.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta, tzinfo

from fwsim.boards import Deadlines
from fwsim.context import Job

USUAL = 0.5  # of a deadline
_FORM = re.compile(r"([01]?\d|2[0-3]):([0-5]\d)-([01]?\d|2[0-3]):([0-5]\d)")


class BadWindow(ValueError):
    """Not a window. The message says what one looks like."""


@dataclass(frozen=True)
class Window:
    """Minutes of the day, by the operator's clock. One whose end is not after its begin crosses midnight."""

    begins: int
    ends: int

    def __str__(self) -> str:
        return "-".join(f"{minutes // 60:02}:{minutes % 60:02}" for minutes in (self.begins, self.ends))

    def left_s(self, moment: float, zone: tzinfo | None = None) -> float:
        """Seconds until it closes, 0 where it is not open. `moment`: Unix time. `zone` None: this machine's."""
        now = datetime.fromtimestamp(moment, UTC).astimezone(zone)
        for day in (now.date() - timedelta(days=1), now.date()):
            begin = self._at(day, self.begins, zone)
            end = self._at(day + timedelta(days=self.ends <= self.begins), self.ends, zone)
            if begin <= moment < end:
                return end - moment
        return 0.0

    @staticmethod
    def _at(day: date, minutes: int, zone: tzinfo | None) -> float:
        """Unix time of that wall time; a day whose clocks change is shorter or longer, its wall times stay."""
        return datetime.combine(day, time(minutes // 60, minutes % 60), zone).timestamp()


def parse(text: str) -> Window:
    """From HH:MM-HH:MM. Raises BadWindow."""
    found = _FORM.fullmatch(text.strip())
    if found is None:
        raise BadWindow(f"{text!r} is no window; expected two times of the day, e.g. 02:00-04:00")
    hours = [int(number) for number in found.groups()]
    window = Window(hours[0] * 60 + hours[1], hours[2] * 60 + hours[3])
    if window.begins == window.ends:
        raise BadWindow(f"{text!r} is no window: it ends when it begins")
    return window


def needed_s(job: Job, stage: str) -> float:
    """How long before the window's end that stage has to start, its way back included. 0 for what flashes nothing."""
    count, times = len(job.images("bmc" if stage == "bmc" else "bios")), job.board.deadlines
    if stage not in ("bmc", "bios") or not count:
        return 0.0
    flash, back_up = _bmc(times) if stage == "bmc" else _bios(times, staged=_is_staged(job))
    canary = USUAL * times.host_boot_s if stage == "bios" and job.plan.policy.canary_reboot else 0.0
    forth = count * USUAL * flash + (count - 1) * USUAL * back_up + back_up
    return canary + forth + USUAL * (flash + back_up)


def _bmc(times: Deadlines) -> tuple[float, float]:
    return times.bmc_flash_s, times.bmc_boot_s


def _bios(times: Deadlines, *, staged: bool) -> tuple[float, float]:
    return times.bios_flash_s, times.host_boot_s + (times.bios_apply_s if staged else 0)


def _is_staged(job: Job) -> bool:
    return any(method.applies == "staged" for method in job.board.bios.methods)
