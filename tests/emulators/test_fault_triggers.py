"""What faults wait for, and what they do to the model's state."""

from __future__ import annotations

from collections.abc import Callable
from typing import get_args

import pytest
from pydantic import ValidationError

from emulators.faults import ABOUT, POINTS, Fault, Kind, When
from emulators.host.process import Buffer, Stdin
from emulators.server import VirtualServer
from emulators.spec import ServerSpec


def server(*faults: Fault, board: str = "x11ssh-f", seed: int = 0) -> VirtualServer:
    return VirtualServer(ServerSpec(board=board, faults=faults, seed=seed, autoload_ipmi=True))


def run(world: VirtualServer, line: str) -> tuple[int | None, str]:
    out = Buffer()
    process = world.host.execute(line, stdin=Stdin(b""), stdout=out, stderr=out)
    for _ in range(1000):
        due = world.next_due()
        if process.status is not None or due is None:
            break
        world.advance(due)
    return process.status, out.text


def until(world: VirtualServer, what: Callable[[], object], seconds: float = 7200.0) -> None:
    deadline = world.now + seconds
    while not what():
        due = world.next_due()
        assert due is not None, "nothing will happen any more"
        assert due <= deadline, "it did not happen in time"
        world.advance(due)


def kinds(world: VirtualServer) -> list[str]:
    return [str(r["kind"]) for r in world.world.records]


def test_every_kind_has_a_row_with_a_source_and_a_cure() -> None:
    assert tuple(ABOUT) == get_args(Kind)
    for about in ABOUT.values():
        assert about.points
        assert all((about.does, about.seen, about.source, about.cure)), about.kind
        assert set(about.parameters) <= set(Fault.model_fields)


@pytest.mark.parametrize(
    "fields",
    [
        {"reset": 1, "post": 1},
        {},
        {"reset": 1, "nth": 2},
        {"probability": 0},
        {"uploaded": 101},
        {"never": 1},
    ],
)
def test_a_trigger_that_waits_for_nothing_or_for_two_things_is_refused(fields: dict[str, object]) -> None:
    with pytest.raises(ValidationError):
        When.model_validate(fields)


@pytest.mark.parametrize(
    "fields",
    [
        {"kind": "mac-lost", "code": 1},
        {"kind": "psu-dead", "share": 0.5},
        {"kind": "post-hangs", "name": "ipmitool"},
    ],
)
def test_a_parameter_that_means_nothing_for_its_kind_is_refused(fields: dict[str, object]) -> None:
    with pytest.raises(ValidationError, match="takes no"):
        Fault.model_validate(fields)


def test_the_nth_start_of_a_command_on_the_host_triggers() -> None:
    world = server(Fault(kind="tool-missing", name="dmidecode", when=When(runs="uname", nth=2)))
    assert run(world, "uname")[0] == 0
    assert run(world, "dmidecode -t bios")[0] == 0
    run(world, "uname")
    assert run(world, "dmidecode -t bios")[0] == 127


def test_a_moment_in_time_triggers_once() -> None:
    world = server(Fault(kind="someone-resets-bmc", when=When(at=100), times=None))
    world.advance(99)
    assert world.bmc.answering
    world.advance(101)
    assert not world.bmc.answering
    world.advance(5000)
    assert kinds(world).count("bmc-dark") == 1


def test_the_nth_reset_triggers() -> None:
    world = server(Fault(kind="disk-full", when=When(reset=2)))
    full = []
    for _ in range(2):
        world.bmc.cold_reset()
        until(world, lambda: world.bmc.answering)
        full.append(world.host.files.used >= world.host.files.capacity)
    assert full == [False, True]


def test_a_post_triggers() -> None:
    world = server(Fault(kind="someone-resets-bmc", when=When(post=1)))
    world.power_reset()
    until(world, lambda: not world.bmc.answering, 10)


def test_a_probability_is_drawn_by_the_servers_seed() -> None:
    def hits(seed: int) -> list[bool]:
        fault = Fault(kind="host-never-returns", times=None, when=When(probability=0.5))
        faults = server(fault, seed=seed).faults
        return [bool(faults.passing("host.boot")) for _ in range(40)]

    assert hits(1) == hits(1) != hits(2)
    assert 5 < sum(hits(1)) < 35


def test_times_bounds_what_a_trigger_does() -> None:
    world = server(Fault(kind="ssh-drops", times=2, when=When(runs="uname")))
    for _ in range(4):
        run(world, "uname")
    assert world.host.drops == 2


def test_what_fires_and_what_never_does_stands_in_the_worlds_record() -> None:
    world = server(Fault(kind="ssh-drops"), Fault(kind="disk-full", when=When(runs="nothing")))
    run(world, "uname")
    world.faults.tell_never_fired()
    told = [(r["kind"], r["fault"]) for r in world.world.records if str(r["kind"]).startswith("fault-")]
    assert told == [("fault-fired", "ssh-drops"), ("fault-never-fired", "disk-full")]


def test_a_healed_fault_fires_no_more() -> None:
    world = server(Fault(kind="ssh-drops", times=None))
    run(world, "uname")
    world.faults.heal("ssh-drops")
    run(world, "uname")
    assert world.host.drops == 1


# -- what follows from the model's state


def test_severe_lock_is_cured_by_both_acts_and_by_neither_alone() -> None:
    world = server(Fault(kind="severe-lock"))
    world.nvram.invalid = True
    world.bmc.hang()
    world.power_reset()
    until(world, lambda: world.phase == "hung")
    world.body.battery = False
    assert not world.cmos.short(10), "it does nothing while there is standby power"
    for psu in range(len(world.psus)):
        world.set_mains(psu, False)
    world.advance(world.now + 30)
    for psu in range(len(world.psus)):
        world.set_mains(psu, True)
    until(world, lambda: world.bmc.answering and world.phase == "hung")
    assert world.nvram.invalid, "taking the mains away cures the BMC alone"
    for psu in range(len(world.psus)):
        world.set_mains(psu, False)
    assert world.cmos.short(10)
    world.body.battery = True
    for psu in range(len(world.psus)):
        world.set_mains(psu, True)
    until(world, lambda: world.console.asking)
    world.console.type(b"\x1bOP")
    until(world, lambda: world.phase == "up")


def test_a_bmc_that_never_returns_is_back_after_all_mains_were_off() -> None:
    world = server(Fault(kind="bmc-never-returns"))
    world.bmc.cold_reset()
    world.advance(3600)
    assert world.bmc.state == "dead"
    world.bmc.power(False)
    world.advance(world.now + 5)
    world.bmc.power(True)
    world.advance(world.now + 3600)
    assert world.bmc.state == "dead", "so short a loss drains nothing"
    world.bmc.power(False)
    world.advance(world.now + 20)
    world.bmc.power(True)
    until(world, lambda: world.bmc.answering)


def test_a_flapping_bmc_is_steady_in_the_end() -> None:
    world = server(Fault(kind="bmc-flapping", times=2))
    world.bmc.cold_reset()
    world.advance(3600)
    assert world.bmc.answering
    assert kinds(world).count("bmc-up") == 3


def test_a_wedged_system_interface_is_served_again_after_a_reset_over_the_lan() -> None:
    world = server(Fault(kind="kcs-wedged"))
    world.bmc.cold_reset()
    until(world, lambda: world.bmc.answering)
    assert world.bmc.address is not None
    assert world.host.kcs.request(0x06, 0, 0x01, b"") is None
    world.bmc.cold_reset()
    until(world, lambda: world.bmc.answering)
    assert world.host.kcs.request(0x06, 0, 0x01, b"") is not None


def test_f1_over_the_console_lets_post_go_on() -> None:
    world = server(Fault(kind="stops-at-f1"))
    world.power_reset()
    until(world, lambda: world.console.asking)
    world.advance(world.now + 3600)
    assert world.phase == "post"
    world.console.type(b"x")
    assert world.console.asking
    world.console.type(b"\x1bOP")
    until(world, lambda: world.phase == "up")


def test_the_right_passphrase_opens_a_sealed_disk_and_no_other_does() -> None:
    world = server(Fault(kind="sealed-disk-asks"))
    world.power_reset()
    until(world, lambda: world.console.asking)
    world.console.type(b"guess\r")
    assert world.console.asking
    world.console.type(b"opens-the-virtual-disk\r")
    until(world, lambda: world.phase == "up")


def test_post_that_hangs_shows_its_code_and_begins_anew_at_a_reset() -> None:
    world = server(Fault(kind="post-hangs", code=0xB2))
    world.power_reset()
    until(world, lambda: world.phase == "hung")
    assert world.post_code == 0xB2
    world.power_reset()
    until(world, lambda: world.phase == "up")


def test_a_boot_loop_without_end_never_boots() -> None:
    world = server(Fault(kind="boot-loop", times=None))
    world.power_reset()
    world.advance(world.now + 36_000)
    assert world.phase == "post"


def test_one_dead_supply_leaves_a_server_with_two_running() -> None:
    world = server(Fault(kind="psu-dead", number=2))
    run(world, "uname")
    assert [psu.mains for psu in world.psus] == [True, False]
    assert world.phase == "up"


def test_a_watchdog_that_nobody_pats_resets_the_host() -> None:
    world = server(Fault(kind="watchdog-fires", seconds=30))
    run(world, "uname")
    boots = world.boots
    until(world, lambda: world.boots > boots)
    assert "watchdog-expired" in kinds(world)


def test_a_missing_kernel_module_cannot_be_loaded() -> None:
    world = server(Fault(kind="module-missing"))
    run(world, "uname")
    status, text = run(world, "modprobe ipmi_si")
    assert status == 1
    assert "Module ipmi_si not found in directory /lib/modules/" in text


def test_without_its_licence_sum_says_80() -> None:
    world = server(Fault(kind="licence-missing"))
    run(world, "uname")
    status, _ = run(world, "sum -c QueryProductKey")
    assert status == 80


def test_a_stuck_job_is_freed_by_a_restart_of_the_idrac_alone() -> None:
    from emulators import lifecycle, packages

    world = server(Fault(kind="job-stuck"), board="r740")
    package = packages.make(world.board, "bios", "2.19.1")
    job = lifecycle.queue(world).update(package.data, package.name)
    world.advance(world.now + 7200)
    assert str(job.status) == "Downloading"
    world.bmc.cold_reset()
    world.advance(world.now + 600)
    assert job.status == "Failed"


def test_points_name_moments_that_the_model_has() -> None:
    assert {p.partition(".")[0] for points in POINTS.values() for p in points} == {
        "hpm", "bmc", "bios", "host", "sum", "transfer", "job",
    }  # fmt: skip
