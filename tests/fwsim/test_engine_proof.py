"""What counts as proof: of a whole bank, of a restart, of a BMC that is as before."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import pytest

from fwsim import units
from fwsim.boards import BiosMethod, BmcMethod
from fwsim.context import Context
from fwsim.doors import BmcAuthenticationRefused, BmcUnreachable, Completed, Doors, RawReply
from fwsim.outcomes import Fail
from fwsim.rehearsal.memory import MemoryClock, drive
from fwsim.rehearsal.operator import RecordingHost
from fwsim.steps import bios, bmc, flash
from tests.fwsim.engine_bench import Bench, Between, bench

HPM = BmcMethod(tool="hpm", extensions=(".hpm",))
SUM = BiosMethod(tool="sum", extensions=(".bin",), applies="at-once")
RACADM = BiosMethod(tool="racadm", extensions=(".exe",), applies="staged")
COMPLETE = "Firmware upgrade procedure successful\n"
BIOS_WRITTEN = "WARNING:Must power cycle or restart the system for the changes to take effect!\n"

PROOFS: list[tuple[BmcMethod | BiosMethod, int, str, bool]] = [
    (HPM, 0, COMPLETE, True),
    (HPM, 0, "Performing upgrade stage:\n", False),
    (HPM, 0, "", False),
    (HPM, 1, COMPLETE, False),
    (HPM, 0, "Failed... Rollback occurred on component mask: 0x01\n" + COMPLETE, False),
    (HPM, 1, "Firmware upgrade procedure failed\n", False),
    (SUM, 0, BIOS_WRITTEN, True),
    (SUM, 0, "Writing BIOS flash ..................... (100%)\n", False),
    (SUM, 37, BIOS_WRITTEN, False),
    (RACADM, 0, "RAC987: Firmware update job for x is initiated.\n", True),
    (RACADM, 9, "RAC987: Firmware update job for x is initiated.\n", True),
    (RACADM, 0, "ERROR: Invalid File Type\n", False),
]


@pytest.mark.parametrize(("method", "status", "log", "whole"), PROOFS)
def test_a_bank_is_whole_by_completion_line_and_exit_together(
    method: BmcMethod | BiosMethod, status: int, log: str, whole: bool
) -> None:
    complaint = flash._complaint(method, units.Ended(status, log))
    assert (complaint == "") == whole, complaint


def a_context(test: Bench) -> Context:
    doors = Doors(MemoryClock(test.server), test.host, test.network, RecordingHost())
    return Context(test.engine().job, doors, test.events.append, test.folder)


def test_a_bank_that_was_not_proved_whole_is_never_booted(tmp_path: Path) -> None:
    test = bench(tmp_path)
    context = a_context(test)
    for kind, act in (("bmc", bmc.reset), ("bios", bios.activate)):
        image = context.job.images(kind)[-1]  # type: ignore[arg-type]
        context.found.flashed.add(image)
        with pytest.raises(Fail, match="not proved whole"):
            drive(act(context, image))
    assert test.host.ran == []


def test_a_host_that_answers_but_did_not_restart_is_no_restart(tmp_path: Path) -> None:
    test = bench(tmp_path)
    test.host = Swallows(test.host, "reboot")
    ended = test.run()
    assert ended.ending == "failed"
    assert "has not restarted" in ended.message
    assert test.happened("flash-started") == 1, "the BMC's; the BIOS is not flashed on a host that does not reboot"


class Swallows(Between):
    """Says that a command was done, and does nothing."""

    def __init__(self, host: Between, command: str) -> None:
        super().__init__(host)
        self.command = command

    async def run(self, argv: Sequence[str], *, stdin: bytes = b"", timeout_s: float = 60.0) -> Completed:
        if argv[0] == self.command:
            return Completed(tuple(argv), 0, "", "")
        return await super().run(argv, stdin=stdin, timeout_s=timeout_s)


@pytest.mark.parametrize(
    ("broken", "words"),
    [
        (BmcAuthenticationRefused("refused"), "does not let ADMIN in"),
        (BmcUnreachable("no session"), "gives no session"),
        (RawReply(0, bytes(range(16))), "another BMC answers"),
    ],
)
def test_a_bmc_that_is_not_reached_from_outside_as_before_is_no_success(
    broken: Exception | RawReply, words: str, tmp_path: Path
) -> None:
    test = bench(tmp_path)
    raw = test.network.raw

    async def asked(netfn: int, command: int, data: bytes = b"", *, timeout_s: float = 30.0) -> RawReply:
        if test.happened("bmc-dark") and isinstance(broken, Exception):
            raise broken
        if test.happened("bmc-dark") and isinstance(broken, RawReply):
            return broken
        return await raw(netfn, command, data, timeout_s=timeout_s)

    test.network.raw = asked  # type: ignore[method-assign]
    ended = test.run()
    assert ended.ending == "failed"
    assert words in ended.message
    assert ended.versions["bmc"] == ("3.88", "3.90")


def test_users_that_a_flash_lost_are_no_success(tmp_path: Path) -> None:
    test = bench(tmp_path)

    def without(number: int, done: Completed) -> Completed:
        if done.argv[:3] == ("ipmitool", "user", "list") and test.happened("bmc-dark"):
            return Completed(done.argv, 0, done.stdout.replace("ADMIN  ", "other  "), "")
        return done

    test.host.after = without
    ended = test.run()
    assert ended.ending == "failed"
    assert "ADMIN" in ended.message


def test_a_lan_mode_that_a_flash_moved_is_put_back_by_exact_bytes(tmp_path: Path) -> None:
    test = bench(tmp_path)
    moved: list[bool] = []

    def before(number: int, argv: tuple[str, ...]) -> None:
        if argv == ("ipmitool", "raw", "0x30", "0x70", "0x0c", "0x00") and test.happened("bmc-dark") and not moved:
            moved.append(True)
            drive(test.host.host.run(("ipmitool", "raw", "0x30", "0x70", "0x0c", "0x01", "0x02")))

    test.host.before = before
    assert test.run().ending == "updated"
    assert moved
    assert ("ipmitool", "raw", "0x30", "0x70", "0x0c", "0x01", "0x00") in test.host.ran
    assert test.outcome("lan-mode").message == "put back from failover to dedicated"
