"""The engine broken a rule at a time: what `test_rules_mutations` hands to the checker.

Each mutation says which rule it breaks, and on which rehearsal. They change code as a careless commit would. Where the
engine has a second line of defence, `second` takes that away: both must be broken before the rule is.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from emulators.faults import Fault
from fwsim import units
from fwsim.context import Context
from fwsim.doors import DoorError
from fwsim.engine import Engine
from fwsim.events import EXIT_CODES, RunEnded
from fwsim.outcomes import Fail, NeedsHands, Result, Stop, done
from fwsim.paths import Hop
from fwsim.rehearsal.prepare import BMC_PASSWORD
from fwsim.steps import Step, backup, bmc, cleanup, flash, hostreboot, hpmproof, transfer
from fwsim.tools import systemd
from fwsim.tools.ipmitool import mc
from tests.fwsim.judged_bench import Judged
from tests.fwsim.mutating import (
    INTERRUPTED,
    MUTATIONS,
    NOT_ACTIVATED,
    Mutation,
    act,
    also,
    backup_without,
    breaks,
    lie,
    no_last_look,
    nobody_counts_logins,
    unguarded,
)

__all__ = ["INTERRUPTED", "MUTATIONS", "Mutation"]


# -- 1: verified before a flash


@breaks(1)
def nobody_asks_whose_bmc_answers(patch: pytest.MonkeyPatch, judged: Judged) -> None:
    async def believe(context: Context) -> Result:
        context.found.channel, context.found.guid = 1, judged.test.server.guid.hex()
        return done("it will be the right one")

    act(judged, "same-bmc", believe)


@breaks(1)
def the_hash_on_the_host_is_not_looked_at(patch: pytest.MonkeyPatch, judged: Judged) -> None:
    async def copy(context: Context, image: Hop) -> None:
        await context.put(image.file, context.job.remote(image))
        context.fact(f"{image.kind}.sha256", image.sha256)

    patch.setattr(transfer, "copy_one", copy)


@breaks(1, Fault(kind="payload-corrupted", times=2))
def another_hash_on_the_host_does_not_matter(patch: pytest.MonkeyPatch, judged: Judged) -> None:
    kept = transfer.copy_one

    async def copy(context: Context, image: Hop) -> None:
        try:
            await kept(context, image)
        except Stop as stop:
            context.warn(stop.message)

    async def never_mind(context: Context, image: Hop) -> None:
        return None

    patch.setattr(transfer, "copy_one", copy)
    patch.setattr(bmc, "fits", never_mind)


@breaks(1)
def the_backup_is_skipped(patch: pytest.MonkeyPatch, judged: Judged) -> None:
    judged.engine.steps = tuple(s for s in judged.engine.steps if s.id != "backup")


@breaks(1)
def the_backup_leaves_out_the_users(patch: pytest.MonkeyPatch, judged: Judged) -> None:
    backup_without(patch, "user-list")


@breaks(1)
def the_sensors_of_the_power_supplies_are_not_read(patch: pytest.MonkeyPatch, judged: Judged) -> None:
    lie(judged, "power")


@breaks(1)
def the_board_is_not_read(patch: pytest.MonkeyPatch, judged: Judged) -> None:
    lie(judged, "baseboard")
    backup_without(patch, "dmi-baseboard")


# -- 2: the BMC first


@breaks(2)
def the_bios_comes_first(patch: pytest.MonkeyPatch, judged: Judged) -> None:
    def place(step: Step) -> int:
        return {"bios": 1, "bmc": 2, "verify BMC": 2, "cleanup": 3}.get(step.stage, 0)

    judged.engine.steps = tuple(sorted(judged.engine.steps, key=place))


@breaks(2, NOT_ACTIVATED)
def the_bios_is_flashed_though_the_bmc_stayed_old(patch: pytest.MonkeyPatch, judged: Judged) -> None:
    lie(judged, "bmc-version")


# -- 3: never blind


@breaks(3)
def the_unit_is_not_looked_at_before_the_start(patch: pytest.MonkeyPatch, judged: Judged) -> None:
    async def imagine(context: Context) -> systemd.Unit:
        return systemd.Unit("not-found", "inactive", "dead", "success", None, "")

    patch.setattr(units, "look_before", imagine)


@breaks(3)
def each_image_is_flashed_twice(patch: pytest.MonkeyPatch, judged: Judged) -> None:
    kept = units.run

    async def twice(context: Context, detached: units.Detached, **how: Any) -> units.Ended:
        await kept(context, detached, **how)
        await units.forget(context)
        return await kept(context, detached, **how)

    patch.setattr(units, "run", twice)


@breaks(3)
def the_flash_runs_in_the_ssh_session(patch: pytest.MonkeyPatch, judged: Judged) -> None:
    async def run(context: Context, detached: units.Detached, *, deadline_s: float, **how: Any) -> units.Ended:
        ended = await context.run(detached.command, timeout_s=deadline_s, changes=True)
        return units.Ended(ended.status, ended.stdout + ended.stderr)

    patch.setattr(units, "run", run)


@breaks(3)
def the_unit_has_another_name(patch: pytest.MonkeyPatch, judged: Judged) -> None:
    def start(detached: units.Detached) -> tuple[str, ...]:
        return systemd.run_detached(
            detached.command, detached.tag, log=detached.log, standard_input=detached.answers, unit="flash-2"
        )

    patch.setattr(units.Detached, "start", property(start))


# -- 4: proved by what runs


@breaks(4, NOT_ACTIVATED, second=no_last_look, only="bmc")
def the_exit_status_is_trusted(patch: pytest.MonkeyPatch, judged: Judged) -> None:
    lie(judged, "bmc-version")


@breaks(4, NOT_ACTIVATED, second=no_last_look, only="bmc")
def the_wanted_version_is_told_as_if_it_had_been_read(patch: pytest.MonkeyPatch, judged: Judged) -> None:
    async def claim(context: Context) -> Result:
        context.read_version("bmc", "3.90")
        return done("3.90 runs")

    act(judged, "bmc-version", claim)


@breaks(4, second=no_last_look, only="bmc")
def the_version_is_not_read_back(patch: pytest.MonkeyPatch, judged: Judged) -> None:
    lie(judged, "bmc-version")


@breaks(4, Fault(kind="lan-reverts-to-dhcp"), second=no_last_look, only="bmc")
def the_lan_is_not_compared(patch: pytest.MonkeyPatch, judged: Judged) -> None:
    lie(judged, "lan-settings")


# -- 5: one ending


@breaks(5)
def the_run_ends_twice(patch: pytest.MonkeyPatch, judged: Judged) -> None:
    kept = Engine.run

    async def run(engine: Engine) -> RunEnded:
        ended = await kept(engine)
        engine._emit(ended)
        return ended

    patch.setattr(Engine, "run", run)


@breaks(5, INTERRUPTED)
def a_failure_exits_with_0(patch: pytest.MonkeyPatch, judged: Judged) -> None:
    patch.setattr("fwsim.engine.EXIT_CODES", {**EXIT_CODES, "failed": 0})


@breaks(5)
def something_is_told_after_the_end(patch: pytest.MonkeyPatch, judged: Judged) -> None:
    kept = Engine.run

    async def run(engine: Engine) -> RunEnded:
        ended = await kept(engine)
        engine._context.warn("by the way")
        return ended

    patch.setattr(Engine, "run", run)


@breaks(5)
def the_end_is_forgotten(patch: pytest.MonkeyPatch, judged: Judged) -> None:
    emit = judged.engine._emit
    judged.engine._emit = lambda event: None if isinstance(event, RunEnded) else emit(event)


@breaks(5, INTERRUPTED)
def a_failed_flash_is_called_a_refusal(patch: pytest.MonkeyPatch, judged: Judged) -> None:
    patch.setattr(Fail, "ending", "refused")


@breaks(5, Fault(kind="payload-corrupted", times=2))
def a_refusal_leaves_the_payloads_on_the_host(patch: pytest.MonkeyPatch, judged: Judged) -> None:
    async def nothing(context: Context) -> None:
        return None

    patch.setattr(cleanup, "leave_nothing", nothing)


# -- 6: unhealthy, and nobody is told what to do


@breaks(6, Fault(kind="bios-written-corrupt"))
def no_remedy_is_named(patch: pytest.MonkeyPatch, judged: Judged) -> None:
    def forget(stop: NeedsHands, message: str, remedy: str = "") -> None:
        Exception.__init__(stop, message)
        stop.message, stop.remedy = message, ""

    patch.setattr("fwsim.engine.LOOK_FIRST", "")
    patch.setattr(NeedsHands, "__init__", forget)


@breaks(6, Fault(kind="host-never-returns", nth=2), second=no_last_look, only="bios")
def nobody_waits_for_the_host(patch: pytest.MonkeyPatch, judged: Judged) -> None:
    lie(judged, "bios-wait", "bios-version", "cleanup")


# -- 7: the least invasive first


@breaks(7)
def the_host_is_cut_off_instead_of_rebooted(patch: pytest.MonkeyPatch, judged: Judged) -> None:
    async def cut(context: Context, why: str) -> None:
        context.intend("cycle", "host")
        await context.lan(0x00, 0x02, bytes([0x02]))

    patch.setattr(hostreboot, "reboot", cut)


# -- 8: no password


@breaks(8)
def the_password_stands_in_argv(patch: pytest.MonkeyPatch, judged: Judged) -> None:
    also(judged, "bmc", "ipmitool", "-U", "ADMIN", "-P", BMC_PASSWORD, "mc", "info", changes=False)


@breaks(8)
def the_password_stands_in_a_file_of_the_run(patch: pytest.MonkeyPatch, judged: Judged) -> None:
    kept = backup._write

    def write(context: Context, folder: Any, name: str, text: str) -> None:
        kept(context, folder, name, text)
        (folder / "login.txt").write_text(f"ADMIN {BMC_PASSWORD}\n")

    patch.setattr(backup, "_write", write)


# -- 9: the journal


@breaks(9)
def changes_are_not_announced(patch: pytest.MonkeyPatch, judged: Judged) -> None:
    patch.setattr(Context, "intend", lambda context, action, target: None)


@breaks(9)
def an_intent_does_not_say_under_which_boot(patch: pytest.MonkeyPatch, judged: Judged) -> None:
    kept = Context.intend

    def intend(context: Context, action: str, target: str) -> None:
        boot_id, context.found.boot_id = context.found.boot_id, ""
        kept(context, action, target)
        context.found.boot_id = boot_id

    patch.setattr(Context, "intend", intend)


# -- 11: no reset while a bank may be incomplete


@breaks(11, INTERRUPTED)
def a_failed_upload_is_followed_by_a_cold_reset(patch: pytest.MonkeyPatch, judged: Judged) -> None:
    kept = flash.run

    async def run(context: Context, image: Hop, *rest: Any) -> None:
        try:
            await kept(context, image, *rest)
        except Fail as error:
            context.warn(error.message)

    unguarded(patch)
    patch.setattr(flash, "run", run)


@breaks(11, INTERRUPTED)
def a_failed_upload_ends_with_a_cold_reset_to_tidy_up(patch: pytest.MonkeyPatch, judged: Judged) -> None:
    ended = Engine._ended

    async def end(engine: Engine, stop: Stop | None) -> RunEnded:
        if stop is not None:
            engine._context.intend("reset cold", "bmc")
            await engine._context.run(mc.RESET_COLD, changes=True)
        return await ended(engine, stop)

    patch.setattr(Engine, "_ended", end)


@breaks(11)
def the_bmc_is_reset_while_its_flash_runs(patch: pytest.MonkeyPatch, judged: Judged) -> None:
    kept = units._followed

    async def follow(context: Context, *rest: Any) -> units.Ended:
        await context.sleep(60)
        await context.run(mc.RESET_COLD, changes=True)
        return await kept(context, *rest)

    patch.setattr(units, "_followed", follow)


@breaks(11, Fault(kind="flash-interrupted", target="bios", percent=40), only="bios")
def the_host_is_rebooted_with_half_a_bios(patch: pytest.MonkeyPatch, judged: Judged) -> None:
    a_failed_upload_is_followed_by_a_cold_reset(patch, judged)


@breaks(11, INTERRUPTED, only="bmc")
def the_engine_gives_itself_the_operators_word(patch: pytest.MonkeyPatch, judged: Judged) -> None:
    judged.engine._context.job = replace(judged.engine.job, despite_incomplete=True)


@breaks(11, only="bmc")
def the_bmc_is_not_asked_whether_its_bank_is_whole(patch: pytest.MonkeyPatch, judged: Judged) -> None:
    async def believe(context: Context, image: Hop) -> str:
        return ""

    patch.setattr(hpmproof, "objection", believe)


# -- 12: nobody else


@breaks(12)
def a_file_goes_to_another_host(patch: pytest.MonkeyPatch, judged: Judged) -> None:
    patch.setattr("fwsim.context.Job.copying", lambda job, local, remote: ("scp", local.name, f"db07:{remote}"))


@breaks(12)
def a_bmc_elsewhere_is_asked(patch: pytest.MonkeyPatch, judged: Judged) -> None:
    also(judged, "bmc", "ipmitool", "-I", "lanplus", "-H", "203.0.113.20", "mc", "info", changes=False)


# -- 13: exact OEM bytes


@breaks(13)
def an_unknown_oem_command_is_sent(patch: pytest.MonkeyPatch, judged: Judged) -> None:
    patch.setattr(Context, "_exact", lambda context, words: None)
    also(judged, "bmc-reset", "ipmitool", "raw", "0x30", "0x41")


@breaks(13)
def the_lan_mode_is_set_to_one_that_is_none(patch: pytest.MonkeyPatch, judged: Judged) -> None:
    patch.setattr(Context, "_exact", lambda context, words: None)
    also(judged, "lan-mode", "ipmitool", "raw", "0x30", "0x70", "0x0c", "0x01", "0x07")


@breaks(13)
def factory_default_is_automatic(patch: pytest.MonkeyPatch, judged: Judged) -> None:
    patch.setattr(Context, "_exact", lambda context, words: None)
    also(judged, "lan-settings", "ipmitool", "raw", "0x3c", "0x40")


# -- 14: few logins


@breaks(14, Fault(kind="account-locked"), second=nobody_counts_logins)
def a_refused_login_is_tried_again_and_again(patch: pytest.MonkeyPatch, judged: Judged) -> None:
    kept = Context.lan

    async def insist(context: Context, *request: Any, **how: Any) -> Any:
        for _ in range(4):
            try:
                return await kept(context, *request, **how)
            except DoorError as error:
                last = error
        raise last

    patch.setattr(Context, "lan", insist)


# -- 15: nobody was asked


@breaks(15)
def the_event_log_is_cleared_unasked(patch: pytest.MonkeyPatch, judged: Judged) -> None:
    also(judged, "cleanup", "ipmitool", "sel", "clear")


@breaks(15)
def a_user_is_changed_unasked(patch: pytest.MonkeyPatch, judged: Judged) -> None:
    also(judged, "users", "ipmitool", "user", "disable", "3")


@breaks(15, only="bmc")
def the_host_is_rebooted_though_only_the_bmc_is_updated(patch: pytest.MonkeyPatch, judged: Judged) -> None:
    also(judged, "cleanup", "reboot")


@breaks(15)
def the_bmc_is_reset_before_anything_was_flashed(patch: pytest.MonkeyPatch, judged: Judged) -> None:
    also(judged, "quiet", "ipmitool", "mc", "reset", "cold")


@breaks(15, board="r740")
def open_jobs_are_deleted_unasked(patch: pytest.MonkeyPatch, judged: Judged) -> None:
    also(judged, "quiet", "racadm", "jobqueue", "delete", "--all")
