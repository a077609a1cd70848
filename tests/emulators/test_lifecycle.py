"""Dell's job queue: what a job does, when, and what is in the flash afterwards."""

from __future__ import annotations

import pytest

from emulators.faults import Fault
from emulators.lifecycle import VERIFY_S, Job, queue
from emulators.server import VirtualServer
from tests.emulators.host.vendor import image, later, server


def bios(on: VirtualServer) -> str | None:
    return on.running_bios.version if on.running_bios else None


def start(on: VirtualServer, data: bytes) -> Job:
    return queue(on).update(data, "package.EXE")


def until(on: VirtualServer, job: Job, status: str) -> None:
    while job.status != status:
        later(on, 1)


def scheduled(on: VirtualServer, version: str = "2.19.1") -> Job:
    job = start(on, image("r740", "bios", version))
    later(on, 60)
    assert job.status == "Scheduled"
    return job


def test_a_bios_job_passes_from_new_to_scheduled_and_waits_there() -> None:
    on = server("r740")
    job = start(on, image("r740", "bios", "2.19.1"))
    seen = [job.status]
    for _ in range(60):
        later(on, 1)
        if job.status != seen[-1]:
            seen.append(job.status)
    assert seen == ["New", "Downloading", "Scheduled"]
    later(on, 86400)
    assert job.status == "Scheduled"
    assert on.chips["bios"].boot_firmware() == on.board.firmware("bios")


def test_a_scheduled_bios_is_written_at_the_next_start_and_runs_then() -> None:
    on = server("r740")
    job = scheduled(on)
    on.host_reboot()
    seen: list[str] = []
    for _ in range(1500):
        later(on, 1)
        if not seen or seen[-1] != job.status:
            seen.append(job.status)
    assert seen == ["Scheduled", "Running", "Completed"]
    assert (on.phase, bios(on), job.percent) == ("up", "2.19.1", 100)


def test_an_idrac_job_runs_at_once_and_ends_with_a_restart() -> None:
    on = server("r740")
    job = start(on, image("r740", "bmc", "7.00.30.00"))
    later(on, VERIFY_S + 5 + on.board.bmc.flash_s / 2)
    assert (job.status, on.bmc.answering) == ("Running", True)
    assert job.percent is not None
    assert 40 <= job.percent <= 60
    later(on, on.board.bmc.flash_s / 2 + 20)
    assert (job.status, on.bmc.answering) == ("Completed", False)
    later(on, on.board.bmc.boot_s)
    assert on.bmc.running is not None
    assert on.bmc.running.version == "7.00.30.00"
    assert queue(on).find(job.id) is job


@pytest.mark.parametrize("kind", ["bmc", "bios"])
def test_the_image_of_another_machine_fails_as_unverified(kind: str) -> None:
    on = server("r740")
    job = start(on, image("r730", "bmc" if kind == "bmc" else "bios", "2.80.80.80"))
    later(on, 60)
    assert (job.status, job.message) == ("Failed", "RED007: Unable to verify Update Package signature.")
    assert not on.pre_boot


def test_a_damaged_package_fails_as_unverified() -> None:
    on = server("r740")
    data = bytearray(image("r740", "bmc", "7.00.30.00"))
    data[9000] ^= 0xFF
    job = start(on, bytes(data))
    later(on, 60)
    assert job.name == "Firmware Update: iDRAC"
    assert job.message == "RED007: Unable to verify Update Package signature."


def test_a_deleted_job_writes_nothing_at_the_next_start() -> None:
    on = server("r740")
    job = scheduled(on)
    assert queue(on).delete(job)
    on.host_reboot()
    later(on, 1500)
    assert (on.phase, bios(on)) == ("up", "2.17.1")


def test_a_job_that_is_being_written_cannot_be_deleted() -> None:
    on = server("r740")
    job = scheduled(on)
    on.host_reboot()
    until(on, job, "Running")
    assert not queue(on).delete(job)


def test_power_lost_while_the_bios_is_written_fails_the_job_and_leaves_half_an_image() -> None:
    on = server("r740")
    job = scheduled(on)
    on.host_reboot()
    until(on, job, "Running")
    later(on, on.board.bios.write_s / 2)
    on.set_mains(0, False)
    on.set_mains(1, False)
    assert job.status == "Failed"
    assert on.chips["bios"].boot_firmware() is None


def test_an_interrupted_bios_flash_fails_the_job_and_the_host_does_not_post() -> None:
    on = server("r740", Fault(kind="flash-interrupted", target="bios", percent=30))
    job = scheduled(on)
    on.host_reboot()
    later(on, 3000)
    assert (job.status, on.phase) == ("Failed", "hung")


def test_an_idrac_reset_while_a_package_is_taken_in_fails_that_job() -> None:
    on = server("r740")
    job = start(on, image("r740", "bios", "2.19.1"))
    later(on, 5)
    on.bmc.cold_reset()
    later(on, 60)
    assert job.status == "Failed"


def test_an_idrac_reset_in_the_middle_of_its_flash_fails_the_job_and_the_old_bank_still_boots() -> None:
    on = server("r740")
    job = start(on, image("r740", "bmc", "7.00.30.00"))
    later(on, VERIFY_S + 100)
    on.bmc.cold_reset()
    later(on, 600)
    assert job.status == "Failed"
    assert on.bmc.running is not None
    assert on.bmc.running.version == "6.10.30.00"


def test_post_waits_for_an_idrac_that_is_still_starting() -> None:
    on = server("r740")
    job = scheduled(on)
    on.host_reboot()
    later(on, on.board.bios.os_shutdown_s + on.board.bios.post_s - 5)
    on.bmc.cold_reset()
    later(on, 60)
    assert job.status == "Scheduled"
    later(on, 2000)
    assert (job.status, bios(on)) == ("Completed", "2.19.1")


def test_job_ids_have_twelve_digits_differ_and_repeat_in_the_same_world() -> None:
    first, second = server("r730"), server("r730")
    ids = [start(first, b"").id, start(first, b"").id]
    assert len(set(ids)) == 2
    assert all(len(i) == 16 and i.startswith("JID_") and i[4:].isdigit() for i in ids)
    assert start(second, b"").id == ids[0]
