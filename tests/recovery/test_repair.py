"""Each repair, on a virtual server that needs it, by the engine and its doors."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import pytest

from emulators.faults import Fault
from emulators.faults.fault import When
from emulators.server import VirtualServer
from emulators.world import World
from fwsim import bank, boards
from fwsim.consent import UNASKED_REPAIRS
from fwsim.doors import Doors
from fwsim.engine import Engine
from fwsim.events import CommandRan, Event, Fact, Intent, RunEnded, StepEnded, to_json
from fwsim.outcomes import Stop
from fwsim.payload import read_all
from fwsim.rehearsal import in_memory, memory_doors
from fwsim.rehearsal.memory import drive
from fwsim.rehearsal.operator import VirtualOperator
from fwsim.rehearsal.prepare import Prepared, from_scenario
from fwsim.rehearsal.scenario import Expect, Paper, Scenario, Update
from recovery import evidence, remedies
from recovery.diagnosis import diagnose
from recovery.ground import Forbidden
from recovery.repair import REPAIRS

NEW = {
    "x11ssh-f": ("3.90", "3.0"),
    "x10dri": ("3.88", "3.4"),
    "r740": ("6.10.80.00", "2.19.1"),
    "c6220": ("2.64", "2.9.0"),
}


@dataclass
class Ill:
    """A rehearsed update that ended badly, and its server: for one repair at a time."""

    prepared: Prepared
    server: VirtualServer
    folder: Path
    ended: RunEnded
    events: list[Event]
    doors: Doors = field(init=False)

    def __post_init__(self) -> None:
        self.doors = memory_doors(self.prepared, self.server, VirtualOperator(self.server), began=0.0)

    def repair(self, name: str) -> Stop | None:
        """None where it did what it ought to."""
        plan = self.prepared.plan
        how: dict[str, Any] = {"run_id": self.prepared.run_id, "run_dir": self.folder, "allow_synthetic": True}
        engine = Engine(
            plan, boards.load(plan.board), read_all(plan), self.doors, self.events.append,
            past=tuple(self.events), steps=(REPAIRS[name].step(),), **how,
        )  # fmt: skip
        return drive(engine.take())

    def happened(self, kind: str) -> int:
        return sum(record["kind"] == kind for record in self.server.world.records)

    def commands(self, where: str) -> list[tuple[str, ...]]:
        return [e.argv for e in self.events if isinstance(e, CommandRan) and e.where == where]


def ill(
    folder: Path,
    *faults: Fault,
    board: str = "x11ssh-f",
    kinds: Sequence[str] = ("bmc", "bios"),
    change: Callable[[Prepared], Prepared] = lambda prepared: prepared,
    **paper: Any,
) -> Ill:
    bmc, bios = NEW[board]
    update = Update(bmc=bmc if "bmc" in kinds else None, bios=bios if "bios" in kinds else None)
    made = Scenario(
        title="t", board=board, update=update, faults=faults, plan=Paper(**paper), expect=Expect(ending="failed")
    )
    prepared = change(from_scenario(made, folder / "payloads"))
    server = VirtualServer(prepared.spec, World())
    events: list[Event] = []
    ended = in_memory(prepared, events.append, run_id=prepared.run_id, run_dir=folder, server=server)
    return Ill(prepared, server, folder, ended, events)


def test_every_repair_of_the_table_of_remedies_can_be_carried_out() -> None:
    named = {name for name, row in remedies.table().items() if row.how == "repair"}
    assert named <= set(REPAIRS)


def test_only_looking_waiting_and_the_bmcs_network_are_not_asked_about() -> None:
    assert {name for name, repair in REPAIRS.items() if not repair.asks} == UNASKED_REPAIRS
    spoils = {"activate", "bmc-reset", "restart", "power", "flash", "users", "settings", "jobs"}
    for name in UNASKED_REPAIRS:
        assert not spoils & set(REPAIRS[name].deeds), name


def test_a_repairs_deeds_are_agreed_to_in_the_journal_before_anything_is_done(tmp_path: Path) -> None:
    it = ill(tmp_path, Fault(kind="mac-lost"), kinds=("bmc",))
    began = len(it.events)
    assert it.repair("reflash-bmc") is None
    told = [e.value for e in it.events[began:] if isinstance(e, Fact) and e.key == "allowed"]
    assert told[:4] == list(REPAIRS["reflash-bmc"].deeds)
    assert next(i for i, e in enumerate(it.events[began:]) if isinstance(e, Intent)) > 4


def test_a_host_whose_sshd_is_dead_is_shut_down_in_good_order_and_started(tmp_path: Path) -> None:
    it = ill(tmp_path)
    assert it.ended.ending == "updated"
    it.server.host.units.stand("ssh", running=False)
    before = it.happened("host-shutdown")
    assert it.repair("power-cycle") is None
    assert it.server.serves
    assert it.happened("host-shutdown") == before + 1
    assert [e.action for e in it.events if isinstance(e, Intent)][-2:] == [
        "power off in good order: its system runs",
        "power on",
    ]


def half_written(folder: Path) -> Ill:
    """The BIOS that was flashed is corrupt; the BMC writes it anew and stands still at that, with the host off."""
    it = ill(folder, Fault(kind="bios-written-corrupt"))
    it.server.faults.arm(Fault(kind="flash-stalls", percent=50))
    stop = it.repair("reflash-bios-oob")
    assert stop is not None
    assert "has not ended writing" in str(stop)
    return it


def test_a_bmc_that_stands_still_in_writing_a_bios_is_restarted_and_nothing_else_is(tmp_path: Path) -> None:
    it = half_written(tmp_path)
    assert it.server.phase == "off"
    for name in ("power-on", "power-cycle"):
        assert isinstance(it.repair(name), Forbidden)
    stop = it.repair("reflash-bios-oob")
    assert "may still be writing" in str(stop)
    assert it.repair("cold-reset") is None
    assert it.server.chips["bios"].uploading is None
    assert it.repair("reflash-bios-oob") is None
    assert it.server.serves


def test_a_bmc_that_still_has_its_time_or_whose_host_is_on_is_not_restarted(tmp_path: Path) -> None:
    it = half_written(tmp_path)
    begun = next(e for e in reversed(it.events) if isinstance(e, Fact) and e.key == "bmc.writes")
    place = it.events.index(begun)
    it.events[place] = replace(begun, at=begun.at + 600)
    assert isinstance(it.repair("cold-reset"), Forbidden)
    it.events[place] = begun
    it.server.power_on()
    it.server.advance(it.server.now + 60)
    assert isinstance(it.repair("cold-reset"), Forbidden)


def test_an_engine_that_died_while_the_bmc_wrote_leaves_it_its_time(tmp_path: Path) -> None:
    it = half_written(tmp_path)
    begun = next(e for e in reversed(it.events) if isinstance(e, Fact) and e.key == "bmc.writes")
    cut = it.events[: it.events.index(begun) + 1]
    plan, board = it.prepared.plan, boards.load(it.prepared.plan.board)
    seen = [evidence.of_journal(plan, board, [*cut, replace(begun, key="x", at=begun.at + s)]) for s in (60, 2800)]
    assert [one.value("bmc.writes") for one in seen] == ["running", "overdue"]
    assert diagnose(seen[0], board).first.remedies == ("wait",)


# -- the BMC's flash


def test_a_flash_that_was_cut_short_is_written_again_with_the_payload(tmp_path: Path) -> None:
    it = ill(tmp_path, Fault(kind="flash-interrupted", target="bmc", percent=40), kinds=("bmc",))
    assert it.ended.ending == "failed"
    assert it.repair("reflash-bmc") is None
    assert it.server.bmc.running is not None
    assert it.server.bmc.running.version == "3.90"


def test_what_runs_badly_is_written_over_by_the_fallback_image(tmp_path: Path) -> None:
    it = ill(tmp_path, Fault(kind="mac-lost"), kinds=("bmc",))
    assert it.server.bmc.address is None
    assert it.repair("reflash-bmc") is None
    assert it.server.bmc.running is not None
    assert (it.server.bmc.running.version, it.server.bmc.lan.mac) == ("3.88", it.server.mac("dedicated"))


def test_without_a_fallback_image_nothing_is_written_over(tmp_path: Path) -> None:
    def without(prepared: Prepared) -> Prepared:
        from dataclasses import replace

        policy = prepared.plan.policy.model_copy(update={"accept_no_fallback": True})
        return replace(prepared, plan=prepared.plan.model_copy(update={"fallback": (), "policy": policy}))

    it = ill(tmp_path, Fault(kind="mac-lost"), kinds=("bmc",), change=without)
    stop = it.repair("reflash-bmc")
    assert stop is not None
    assert "no fallback image" in stop.message
    assert it.happened("flash-started") == 1


def test_the_other_bank_is_gone_back_to_where_the_board_can(tmp_path: Path) -> None:
    it = ill(tmp_path, Fault(kind="account-locked", when=When(reset=1)), kinds=("bmc",))
    assert it.server.bmc.running is not None
    assert it.server.bmc.running.version == "3.90"
    assert it.repair("hpm-rollback") is None
    assert it.server.bmc.running.version == "3.88"


def test_a_rollback_is_refused_where_there_is_no_hpm(tmp_path: Path) -> None:
    it = ill(tmp_path, Fault(kind="job-fails", target="bmc", times=None), board="r740", kinds=("bmc",))
    assert it.repair("hpm-rollback") is not None
    assert it.happened("bmc-rollback") == 0


def test_the_idrac_goes_back_to_its_other_image(tmp_path: Path) -> None:
    it = ill(tmp_path, Fault(kind="ssh-drops", when=When(reset=1)), board="r740", kinds=("bmc",))
    assert it.ended.ending == "updated"
    stop = it.repair("idrac-rollback")
    assert stop is None, stop.message
    assert it.server.bmc.running is not None
    assert it.server.bmc.running.version == "6.10.30.00"


# -- restarts, and rule 11


@pytest.mark.parametrize("name", ["cold-reset", "power-cycle", "pdu-cycle", "hpm-rollback", "restore-boot-order"])
def test_nothing_restarts_a_server_whose_bank_may_be_incomplete(name: str, tmp_path: Path) -> None:
    it = ill(tmp_path, Fault(kind="flash-interrupted", target="bmc", percent=40), pdu=True, kinds=("bmc",))
    it.server.phase = "hung" if name in ("power-cycle", "pdu-cycle", "restore-boot-order") else it.server.phase
    stop = it.repair(name)
    assert stop is not None
    assert "not proved whole" in stop.message
    assert not it.happened("bmc-dark") + it.happened("host-power-off") + it.happened("mains")


def test_a_bmc_that_is_whole_is_reset_in_band(tmp_path: Path) -> None:
    it = ill(tmp_path, Fault(kind="sessions-full", when=When(reset=1)), kinds=("bmc",))
    dark = it.happened("bmc-dark")
    stop = it.repair("cold-reset")
    assert stop is None, stop.message
    assert it.happened("bmc-dark") == dark + 1
    assert ("ipmitool", "mc", "reset", "cold") in it.commands("host")


def test_no_racreset_while_a_job_is_open(tmp_path: Path) -> None:
    it = ill(tmp_path, Fault(kind="job-stuck", target="bios"), board="r740", kinds=("bios",))
    stop = it.repair("racreset")
    assert stop is not None
    assert it.happened("bmc-dark") == 0
    again = it.repair("clear-job-queue")
    assert again is not None
    assert "let it end" in again.remedy


def test_failed_jobs_are_cleared(tmp_path: Path) -> None:
    from emulators.lifecycle import queue

    it = ill(tmp_path, Fault(kind="job-fails", target="bios", times=None), board="r740", kinds=("bios",))
    assert [job.status for job in queue(it.server).jobs] == ["Failed"]
    assert it.repair("clear-job-queue") is None
    assert queue(it.server).jobs == []


# -- a host that does not come back


def test_the_boot_order_is_put_back_by_one_start_from_the_disk(tmp_path: Path) -> None:
    it = ill(tmp_path, Fault(kind="boot-order-lost"), kinds=("bios",))
    assert it.server.phase == "no-boot"
    stop = it.repair("restore-boot-order")
    assert stop is None, stop.message
    assert (it.server.phase, it.server.boot_order[0]) == ("up", "disk")


def test_settings_are_put_back_out_of_band_and_no_password_stands_anywhere(tmp_path: Path) -> None:
    for board in ("x11ssh-f", "r740"):
        folder = tmp_path / board
        folder.mkdir()
        settings = {"sata-mode": "RAID"}

        def with_raid(prepared: Prepared, settings: dict[str, str] = settings) -> Prepared:
            from dataclasses import replace

            return replace(prepared, spec=prepared.spec.model_copy(update={"bios_settings": settings}))

        change = with_raid if board == "x11ssh-f" else (lambda prepared: prepared)
        it = ill(folder, Fault(kind="bios-settings-reset"), board=board, kinds=("bios",), change=change)
        if it.ended.ending == "updated":  # this board starts with its defaults, too
            continue
        stop = it.repair("restore-bios-settings")
        assert stop is None, stop.message
        assert it.server.phase == "up"
        password = it.prepared.bmc_login[1]
        assert not any(password in to_json(event) for event in it.events)
        assert any("-i" in argv for argv in it.commands("operator"))


def test_out_of_band_without_the_product_key_is_refused_by_the_tool(tmp_path: Path) -> None:
    it = ill(tmp_path, Fault(kind="bios-written-corrupt"), kinds=("bios",))
    it.server.licences = ()
    stop = it.repair("reflash-bios-oob")
    assert stop is not None
    assert "80" in stop.message
    assert not it.happened("bios-update-by-bmc")


@pytest.mark.parametrize("board", ["x11ssh-f", "r740"])
def test_a_bios_that_does_not_start_is_written_through_the_bmc(board: str, tmp_path: Path) -> None:
    it = ill(tmp_path, Fault(kind="bios-written-corrupt"), board=board, kinds=("bios",))
    assert it.server.phase == "hung"
    stop = it.repair("reflash-bios-oob")
    assert stop is None, stop.message
    assert (it.server.phase, it.happened("bios-update-by-bmc")) == ("up", 1)
    assert it.server.running_bios is not None
    assert it.server.running_bios.version == NEW[board][1]


def test_a_host_that_is_up_is_not_flashed_through_its_bmc(tmp_path: Path) -> None:
    it = ill(tmp_path, Fault(kind="nic-renamed"), kinds=("bios",))
    assert it.repair("reflash-bios-oob") is not None
    assert it.server.phase == "up"


def test_a_bios_that_was_cut_short_is_written_again_under_the_running_system(tmp_path: Path) -> None:
    it = ill(tmp_path, Fault(kind="flash-interrupted", target="bios"), kinds=("bios",))
    assert it.repair("reflash-bios") is None
    assert it.server.chips["bios"].boot_firmware() is not None
    assert it.server.phase == "up"


def test_power_comes_back_by_the_outlets_of_the_plan(tmp_path: Path) -> None:
    it = ill(tmp_path, Fault(kind="bmc-never-returns"), pdu=True, kinds=("bmc",))
    it.server.phase = "hung"
    stop = it.repair("pdu-cycle")
    assert stop is None, stop.message
    assert it.happened("mains") == 2 * len(it.server.psus)
    assert it.server.bmc.answering


def test_a_running_host_is_shut_down_before_its_outlets_are_switched(tmp_path: Path) -> None:
    it = ill(tmp_path, Fault(kind="bmc-never-returns"), pdu=True, kinds=("bmc",))
    assert it.server.phase == "up"
    stop = it.repair("pdu-cycle")
    assert stop is None, stop.message
    kinds = [r["kind"] for r in it.server.world.records]
    assert kinds.index("host-shutdown") < kinds.index("mains")
    assert (it.server.phase, it.server.bmc.answering) == ("up", True)


def test_a_host_that_is_off_is_powered_on(tmp_path: Path) -> None:
    it = ill(tmp_path, Fault(kind="host-never-returns"), kinds=("bios",))
    it.server.power_off()
    assert it.repair("power-on") is None
    assert it.server.phase == "up"


def test_a_host_that_is_on_is_not_powered_on_again(tmp_path: Path) -> None:
    it = ill(tmp_path, Fault(kind="host-never-returns"), kinds=("bios",))
    assert it.repair("power-on") is not None


def test_f1_is_pressed_for_a_host_that_waits_for_it(tmp_path: Path) -> None:
    it = ill(tmp_path, Fault(kind="post-hangs", nth=2), kinds=("bios",))
    it.server.faults.arm(Fault(kind="stops-at-f1"))
    it.server.power_reset()
    it.server.advance(it.server.now + 300)
    before = it.server.phase
    stop = it.repair("pass-f1")
    assert stop is None, stop.message
    assert [before, it.server.phase] == ["post", "up"]


# -- the BMC's network


def test_a_bmc_at_its_lease_is_proved_and_set_back_with_the_host_down(tmp_path: Path) -> None:
    it = ill(tmp_path, Fault(kind="lan-reverts-to-dhcp"), Fault(kind="bmc-late", seconds=5000), kinds=("bmc",))
    it.server.advance(it.server.now + 6000)
    it.server.phase = "hung"
    moved = it.server.bmc.address
    assert moved not in (None, it.prepared.spec.bmc_address)
    stop = it.repair("find-at-lease")
    if it.prepared.plan.leases is None:
        assert stop is not None
        assert "leases" in stop.message
        return
    assert stop is None, stop.message
    assert it.server.bmc.address == it.prepared.spec.bmc_address


def test_another_machines_bmc_at_the_lease_is_not_touched(tmp_path: Path) -> None:
    from dataclasses import replace

    from fwsim.plan import Leases
    from fwsim.rehearsal.operator import LEASES

    def leased(prepared: Prepared) -> Prepared:
        return replace(prepared, plan=prepared.plan.model_copy(update={"leases": Leases(command=LEASES)}))

    faults = (Fault(kind="lan-reverts-to-dhcp"), Fault(kind="bmc-late", seconds=5000))
    it = ill(tmp_path, *faults, kinds=("bmc",), change=leased)
    it.server.advance(it.server.now + 6000)
    it.server.phase = "hung"
    it.server.bmc.guid = bytes(16)
    before = dict(vars(it.server.bmc.lan))
    stop = it.repair("find-at-lease")
    assert stop is not None
    assert "nothing was touched" in stop.remedy
    assert vars(it.server.bmc.lan) == before


def test_the_same_bmc_at_its_lease_is_set_back(tmp_path: Path) -> None:
    from dataclasses import replace

    from fwsim.plan import Leases
    from fwsim.rehearsal.operator import LEASES

    def leased(prepared: Prepared) -> Prepared:
        return replace(prepared, plan=prepared.plan.model_copy(update={"leases": Leases(command=LEASES)}))

    faults = (Fault(kind="lan-reverts-to-dhcp"), Fault(kind="bmc-late", seconds=5000))
    it = ill(tmp_path, *faults, kinds=("bmc",), change=leased)
    it.server.advance(it.server.now + 6000)
    it.server.phase = "hung"
    stop = it.repair("find-at-lease")
    assert stop is None, stop.message
    lan = it.server.bmc.lan
    assert (it.server.bmc.address, lan.source) == (it.prepared.spec.bmc_address, 1)


def test_a_repair_that_does_not_apply_says_why_and_does_nothing(tmp_path: Path) -> None:
    it = ill(tmp_path, Fault(kind="nic-renamed"), kinds=("bios",))
    for name in ("pdu-cycle", "power-on", "power-cycle", "hpm-rollback"):
        stop = it.repair(name)
        assert stop is not None, name
        assert stop.message
        assert stop.remedy
    ended = [e for e in it.events if isinstance(e, StepEnded) and e.step.startswith("repair-")]
    assert all(e.outcome in ("failed", "refused") for e in ended)
    assert not it.happened("host-power-off")


def test_a_job_that_still_writes_outweighs_a_post_of_an_earlier_start(tmp_path: Path) -> None:
    """A staged BIOS that stands still in the start that writes it: the log's last word is the canary's."""
    it = ill(tmp_path, Fault(kind="flash-stalls", target="bios"), board="r740")
    assert it.server.chips["bios"].uploading is not None
    for name in ("cold-reset", "racreset", "power-cycle"):
        assert it.repair(name) is not None
    assert it.server.chips["bios"].uploading is not None
    assert bank.is_settled(["scheduled"], [])
    assert not bank.is_settled(["running"], ["passed"])
