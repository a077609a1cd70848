"""A command in its unit, followed to its end: a log that grows says that it runs, never that it ended."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import pytest

from fwsim import units
from fwsim.context import Context
from fwsim.doors import Completed, Doors
from fwsim.rehearsal.memory import MemoryClock, drive
from fwsim.rehearsal.operator import RecordingHost
from fwsim.tools.systemd import Tag
from tests.fwsim.engine_bench import Between, bench

SHOW = "LoadState=loaded\nActiveState=active\nSubState={sub}\nResult=success\nExecMainStatus=0\nDescription=x\n"
GONE = "LoadState=not-found\nActiveState=inactive\nSubState=dead\nResult=success\nExecMainStatus=0\nDescription=x\n"
WHAT = units.Detached(("flash",), Tag("run", "step", "00"), "/var/tmp/log")


class Scripted(Between):
    """A host whose log and unit change from one look to the next; the last of each stays."""

    def __init__(self, logs: Sequence[str], shows: Sequence[str]) -> None:
        self.logs, self.shows, self.log = list(logs), list(shows), ""
        self.asked = 0

    async def run(self, argv: Sequence[str], *, stdin: bytes = b"", timeout_s: float = 60.0) -> Completed:
        if argv[0] == "systemctl":
            self.asked += 1
            return Completed(tuple(argv), 0, self.shows.pop(0) if len(self.shows) > 1 else self.shows[0], "")
        self.log = self.logs.pop(0) if self.logs else self.log
        return Completed(tuple(argv), 0, self.log[int(argv[2]) - 1 :], "")


def followed(host: Scripted, folder: Path) -> units.Ended:
    test = bench(folder)
    doors = Doors(MemoryClock(test.server), host, test.network, RecordingHost())
    context = Context(test.engine().job, doors, test.events.append, test.folder)
    return drive(units.attach(context, WHAT, deadline_s=600, every_s=5, tell=lambda log: None))


def test_a_unit_is_not_asked_while_its_log_grows(tmp_path: Path) -> None:
    host = Scripted(["1%", "1% 2%", "1% 2% done"], [SHOW.format(sub="exited")])
    assert followed(host, tmp_path) == units.Ended(0, "1% 2% done")
    assert host.asked == 1


def test_what_is_judged_is_the_log_as_it_is_in_the_end(tmp_path: Path) -> None:
    """A log of the attempt before may still stand there at the first look."""
    host = Scripted(
        ["an old log, and failed", "new: 50%", "new: done"], [SHOW.format(sub="running"), SHOW.format(sub="exited")]
    )
    assert followed(host, tmp_path).log == "new: done"


def test_a_unit_that_is_gone_is_no_success_whatever_its_log_says(tmp_path: Path) -> None:
    with pytest.raises(units.Vanished):
        followed(Scripted(["successful"], [GONE]), tmp_path)
