"""Look before every start: the table is whole, it is what the README publishes, and the steps do what it says."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

import fwsim
from fwsim import look, units
from fwsim.boards import BmcMethod
from fwsim.context import Context
from fwsim.doors import Doors
from fwsim.look import UnitSeen, Verdict, VersionSeen
from fwsim.outcomes import Fail, NeedsHands, Refuse
from fwsim.rehearsal.memory import MemoryClock, drive
from fwsim.rehearsal.operator import RecordingHost
from fwsim.steps import flash, looking
from tests.fwsim.engine_bench import Bench, bench

HPM = BmcMethod(tool="hpm", extensions=(".hpm",), activation="reset")
COMPLETE = units.Ended(0, "Firmware upgrade procedure successful\n")
Cell = tuple[UnitSeen, VersionSeen, bool]


def test_the_readme_publishes_the_very_table() -> None:
    readme = (Path(fwsim.__file__).parent / "README.md").read_text("utf-8")
    assert readme.count(look.markdown()) == 1
    headings = [line for line in readme.splitlines() if line.startswith("#")]
    assert len(headings) == len(set(headings)), "no section stands there twice"


def test_every_cell_has_its_verdict_and_every_verdict_its_meaning() -> None:
    cells = {(u, v, a) for u in look.UNIT for v in ("old", "new", "unreadable") for a in (True, False)}
    assert set(look.TABLE) == cells
    assert set(look.TABLE.values()) == set(look.MEANING)


def test_a_flash_is_started_in_one_cell_alone() -> None:
    assert [cell for cell, verdict in look.TABLE.items() if verdict == "start"] == [("unknown", "old", True)]


def a_context(test: Bench) -> Context:
    doors = Doors(MemoryClock(test.server), test.host, test.network, RecordingHost())
    context = Context(test.engine().job, doors, test.events.append, test.folder)
    context.step = "bmc-flash"
    return context


class Driven:
    """The flash of a BMC's image at a server that is seen as one wants it; what is then done is noted."""

    def __init__(self, test: Bench, patch: pytest.MonkeyPatch, *seen: looking.Seen) -> None:
        self.did: list[str] = []
        self.context, self.image = a_context(test), test.engine().job.images("bmc")[-1]
        self._seen = list(seen)
        patch.setattr(looking, "look_at", self._look)
        patch.setattr(units, "run", self._noting("start"))
        patch.setattr(units, "attach", self._noting("attach"))

    async def _look(self, context: Context, image: object) -> looking.Seen:
        self.did.append("look")
        return self._seen.pop(0)

    def _noting(self, word: str) -> Callable[..., Any]:
        async def drive(context: Context, one: units.Detached, **how: Any) -> units.Ended:
            self.did.append(word)
            return COMPLETE

        return drive

    def run(self) -> bool:
        return drive(flash.run(self.context, self.image, HPM, 600.0))


def seen(cell: Cell) -> looking.Seen:
    unit, version, answers = cell
    return looking.Seen(unit, {"old": "3.88", "new": "3.90", "unreadable": ""}[version], version, answers)


DONE: dict[Verdict, list[str]] = {
    "follow": ["look", "attach"],
    "judge": ["look", "attach"],
    "skip": ["look"],
    "start": ["look", "start"],
    "wait": ["look", "look"],
    "stop": ["look"],
}


@pytest.mark.parametrize("cell", list(look.TABLE), ids=lambda c: "-".join(str(part) for part in c))
def test_what_is_done_is_what_the_table_says(cell: Cell, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    verdict = look.TABLE[cell]
    driven = Driven(bench(tmp_path), monkeypatch, seen(cell), seen(("unknown", "new", True)))
    if verdict == "stop":
        with pytest.raises(Fail, match="nothing is started blind"):
            driven.run()
    else:
        assert driven.run() == (verdict in ("follow", "judge", "start"))
    assert driven.did == DONE[verdict]


def test_a_bmc_that_stays_silent_needs_hands_and_nothing_is_flashed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    test = bench(tmp_path)
    for psu in range(len(test.server.psus)):
        test.server.set_mains(psu, False)
    driven = Driven(test, monkeypatch, seen(("unknown", "old", False)))
    with pytest.raises(NeedsHands):
        driven.run()
    assert driven.did == ["look"]


def test_a_newer_version_than_the_wanted_one_is_never_flashed_over(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    newer = looking.Seen("unknown", "3.95", "old", True)
    driven = Driven(bench(tmp_path), monkeypatch, newer)
    with pytest.raises(Refuse, match="newer"):
        driven.run()
    assert driven.did == ["look"]


def started(test: Bench, run: str, sha256: str, command: str = "sleep 3000") -> None:
    line = f"systemd-run --unit=fwsim-flash --description='fwsim run={run} step=bmc-flash sha256={sha256}'"
    process = test.server.host.execute(f"{line} --property=RemainAfterExit=yes {command}", user="root", **streams())
    test.server.advance(test.server.now + 5)
    assert process.status == 0


def streams() -> dict[str, Any]:
    from emulators.host.process import Buffer, Stdin

    return {"stdin": Stdin(b""), "stdout": Buffer(), "stderr": Buffer()}


@pytest.mark.parametrize(
    ("run", "of_image", "command", "expected"),
    [
        ("TEST", True, "sleep 3000", "active"),
        ("TEST", True, "true", "ended"),
        ("TEST", True, "false", "ended"),
        ("TEST", False, "true", "unknown"),
        ("OTHER", True, "true", "unknown"),
    ],
)
def test_only_a_unit_of_this_run_and_this_image_counts(
    run: str, of_image: bool, command: str, expected: UnitSeen, tmp_path: Path
) -> None:
    test = bench(tmp_path)
    context, image = a_context(test), test.engine().job.images("bmc")[-1]
    started(test, run, image.sha256 if of_image else "0" * 64, command)
    assert drive(looking.look_at(context, image)).unit == expected


def test_nothing_else_is_sent_to_a_bmc_that_is_being_written(tmp_path: Path) -> None:
    test = bench(tmp_path)
    context, image = a_context(test), test.engine().job.images("bmc")[-1]
    started(test, "TEST", image.sha256)
    drive(looking.look_at(context, image))
    assert [argv[0] for argv in test.host.ran] == ["systemctl"]


def test_anothers_running_flash_is_left_alone(tmp_path: Path) -> None:
    test = bench(tmp_path)
    context, image = a_context(test), test.engine().job.images("bmc")[-1]
    started(test, "OTHER", image.sha256)
    with pytest.raises(Refuse, match="run=OTHER"):
        drive(looking.look_at(context, image))
