"""Two failures at once: the second hides the first, or takes its remedy away, and neither is left without an answer."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any, cast

import pytest

from emulators.server import VirtualServer
from emulators.world import World
from fwsim import boards, units
from fwsim.aftermath import Recover
from fwsim.attestations import SealedDisk
from fwsim.context import Context
from fwsim.doors import Completed
from fwsim.events import Asked, Event, Fact, RunEnded, StepEnded, StepStarted
from fwsim.judged import Broken
from fwsim.plan import Policy
from fwsim.rehearsal import in_memory, truth
from fwsim.rehearsal.matrix import parse_cell
from fwsim.rehearsal.prepare import from_scenario
from fwsim.rehearsal.scenario import load
from fwsim.tools import systemd
from recovery import evidence, remedies, unattended
from recovery.diagnosis import diagnose
from tests.recovery.test_diagnosis import told
from tests.recovery.test_loop import asking


class Pair:
    """Two faults in one rehearsal in memory, with recovery, and judged."""

    def __init__(
        self,
        cell: str,
        folder: Path,
        recover: Recover = unattended.recover,
        *,
        board: str = "x11ssh-f",
        unlock: bool = True,
        **policy: Any,
    ) -> None:
        prepared = from_scenario(load(board), folder / "payloads")
        plan = prepared.plan.model_copy(update={"policy": Policy(**policy)}) if policy else prepared.plan
        prepared = replace(prepared, plan=plan)
        if not unlock:
            prepared = replace(prepared, plan=prepared.plan.model_copy(update={"sealed_disk": SealedDisk()}))
        self.prepared = prepared
        server = VirtualServer(prepared.spec, World())
        before = truth.condition(server)
        self.events: list[Event] = []
        self.ended: RunEnded = in_memory(
            prepared, self.events.append, run_id=prepared.run_id, run_dir=folder, server=server, recover=recover,
            injections=parse_cell(cell).injections if cell else (),
        )  # fmt: skip
        self.broken: list[Broken] = truth.judge(prepared, server, before, self.events, folder, recovers=True)

    @property
    def tried(self) -> list[str]:
        steps = [e.step for e in self.events if isinstance(e, StepStarted)]
        return [step.removeprefix("repair-") for step in steps if step.startswith("repair-")]

    def facts(self, key: str) -> list[str]:
        return [e.value for e in self.events if isinstance(e, Fact) and e.key == key]


def silent(name: str) -> str:
    return f"{name}@bmc-wait+tool-missing@bmc-wait"


@pytest.mark.parametrize("fault", ["lan-mode-moved", "lan-disabled"])
def test_a_bmc_that_nobody_hears_is_asked_again_once_ipmitool_is_back(fault: str, tmp_path: Path) -> None:
    done = Pair(silent(fault), tmp_path)
    assert (done.ended.ending, done.tried[0], done.broken) == ("updated", "install-ipmitool", [])


def test_ipmitool_is_installed_without_asking_where_the_plan_allows_it(tmp_path: Path) -> None:
    done = Pair(silent("lan-config-wiped"), tmp_path, asking(lambda repair: False), install_ipmitool=True)
    assert done.tried[:1] == ["install-ipmitool"]
    assert not any(isinstance(e, Asked) and "ipmitool" in e.question for e in done.events)
    assert done.broken == []


def test_where_nobody_agrees_to_ipmitool_there_is_a_ticket(tmp_path: Path) -> None:
    done = Pair(silent("lan-config-wiped"), tmp_path, asking(lambda repair: False))
    assert (done.tried, done.facts("ticket"), done.broken) == ([], ["look-and-report"], [])
    assert "say yes to install-ipmitool" in done.ended.remedy


def test_without_the_kernels_modules_somebody_looks_and_the_operators_own_cure_is_said_first(tmp_path: Path) -> None:
    done = Pair("mac-lost@bmc-wait+module-missing@bmc-wait", tmp_path)
    assert (done.ended.ending, done.facts("ticket"), done.broken) == ("needs-hands", ["look-and-report"], [])
    assert done.ended.remedy.startswith("install the kernel's extra modules; else send the ticket")


def test_an_f1_stop_that_was_passed_says_nothing_of_the_system_that_hangs_after_it(tmp_path: Path) -> None:
    done = Pair("stops-at-f1@canary+host-never-returns@canary", tmp_path)
    assert (done.ended.ending, done.tried, done.broken) == ("updated", ["power-cycle"], [])


def test_a_full_disk_is_for_the_operator_to_free_and_no_reason_for_another_board(tmp_path: Path) -> None:
    done = Pair("mac-lost@bmc-wait+disk-full@bmc-reset", tmp_path)
    assert (done.tried, done.facts("ticket"), done.broken) == ([], [], [])
    assert done.ended.ending == "failed"
    assert done.ended.remedy.startswith("free some space on the host")


def test_nothing_is_flashed_again_by_a_host_that_cannot_ask_its_bmc(tmp_path: Path) -> None:
    done = Pair("module-missing@bmc-reset", tmp_path)
    assert (done.tried, done.ended.remedy, done.broken) == ([], "install the kernel's extra modules", [])


SILENT = "host.answers=no bmc.answers=no host.pings=no bmc.pings=no bmc.asf=no bank.bios=whole bank.bmc=whole"


@pytest.mark.parametrize("board", boards.names())
def test_a_look_comes_before_the_case_is_opened_on_every_board(board: str) -> None:
    found = diagnose(told(f"{SILENT} bmc.age=overdue host.age=overdue"), boards.load(board))
    assert found.first.confidence != "certain"
    assert next(name for name in found.first.remedies if remedies.table()[name].visit) == "look-and-report"
    looked = diagnose(
        told(f"{SILENT} bmc.age=overdue host.age=overdue seen.video=none seen.fans=100%"), boards.load(board)
    )
    assert looked.first.remedies[0] != "look-and-report"


def test_a_bios_that_nothing_writes_from_here_has_a_ticket_and_the_journal_alone_still_says_why(tmp_path: Path) -> None:
    scenario = tmp_path / "me.yaml"
    scenario.write_text(
        "{title: x, board: x11ssh-f, update: {bios: '3.0'}, expect: {ending: needs-hands}, "
        "faults: [{kind: bios-written-corrupt}, {kind: engine-not-in-recovery}]}",
        "utf-8",
    )
    done = Pair("", tmp_path, board=str(scenario))
    assert (done.tried, done.facts("ticket"), done.broken) == (["reflash-bios-oob"], ["usb-bios-recovery"], [])
    failed = [e for e in done.events if isinstance(e, StepEnded) and e.step == "repair-reflash-bios-oob"]
    assert "management engine" in failed[0].message
    assert "***" not in failed[0].message
    seen = evidence.of_journal(done.prepared.plan, boards.load("x11ssh-f"), done.events, run_dir=tmp_path)
    assert seen.values("power") == {"off"}
    assert diagnose(seen, boards.load("x11ssh-f")).first.name == "bios-half-written"


def test_no_step_says_what_the_ticket_goes_against(tmp_path: Path) -> None:
    done = Pair("severe-lock@bios-wait", tmp_path)
    assert done.facts("ticket") == ["look-and-report"]
    waited = [e for e in done.events if isinstance(e, StepEnded) and e.outcome == "needs-hands"]
    assert waited[-1].remedy.startswith("`fwsim diagnose ")


def test_where_the_passphrase_has_no_source_the_last_word_says_to_type_it(tmp_path: Path) -> None:
    done = Pair("sealed-disk-asks@bios-wait", tmp_path, unlock=False)
    assert (done.tried, done.ended.remedy[:30]) == (["pass-f1"], "type the passphrase at its con")
    assert (done.facts("left-to-operator"), done.broken) == (["D42 disk-asks"], [])


def test_a_flash_that_stands_still_is_ended_and_written_again_and_nothing_restarts_before(tmp_path: Path) -> None:
    done = Pair("flash-stalls@bios-flash", tmp_path)
    assert (done.ended.ending, done.tried[-1], done.broken) == ("updated", "end-flash", [])


def test_no_flash_is_ended_without_a_yes(tmp_path: Path) -> None:
    done = Pair("flash-stalls@bios-flash", tmp_path, asking(lambda repair: repair.name != "end-flash"))
    assert (done.ended.ending, "end-flash" in done.tried, done.broken) == ("failed", False, [])
    assert done.ended.remedy == "say yes to end-flash"


@pytest.mark.parametrize(
    ("more", "state", "still"), [("", "running", True), (".", "running", False), ("", "ended", False)]
)
def test_a_flash_whose_log_grows_or_that_ends_does_not_stand_still(more: str, state: str, still: bool) -> None:
    class Door:
        unit = systemd.UNIT

        async def poll(self, argv: tuple[str, ...], **how: object) -> Completed:
            if argv[0] == "tail":
                return Completed(argv, 0, "Writing" if argv[2] == "+1" else more, "")
            shown = f"LoadState=loaded\nActiveState=active\nSubState={state}\nDescription=x\nResult=success\n"
            shown += "ExecMainStatus=0\n"
            return Completed(argv, 0, shown, "")

        async def sleep(self, seconds: float) -> None:
            """No time passes here."""

    ran = units.stands_still(cast(Context, Door()), "/log", 600.0)
    with pytest.raises(StopIteration) as ended:
        ran.send(None)
    assert ended.value.value is still


def test_settings_are_put_back_after_the_fallback_was_flashed_for_repair(tmp_path: Path) -> None:
    """The repair takes the first flash back; what the BMC lost by it is this run's to put back all the same."""
    pair = Pair("mac-lost@bmc-wait+lan-disabled@bmc-wait", tmp_path)
    assert pair.tried[:2] == ["reflash-bmc", "restore-lan"]
    assert (pair.ended.ending, pair.broken) == ("updated", [])
