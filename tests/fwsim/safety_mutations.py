"""What keeps a real server safe, broken once in each place, each with the test that must see it.

That this test is green with the code whole is shown where it stands.
"""

from __future__ import annotations

import fcntl
import os
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from fwsim import boards, context, gates, journal, recall, units, versions, window
from fwsim.cli import consent as asking
from fwsim.cli.stopping import Stopping
from fwsim.doors import CommandTimeout, Doors, HostUnreachable
from fwsim.events import to_json
from fwsim.findings import Findings
from fwsim.outcomes import Interrupt, Result, done
from fwsim.rehearsal.memory import MemoryClock
from fwsim.rehearsal.operator import RecordingHost
from fwsim.steps import (
    backup,
    bmc,
    flash,
    guard,
    hooks,
    hostreboot,
    looking,
    offhost,
    preflight,
    resume,
    verify,
    watchdog,
)
from fwsim.steps.stillness import Stillness
from fwsim.tools import systemd
from tests.fwsim import (
    test_backup,
    test_consent,
    test_engine,
    test_engine_broken,
    test_engine_proof,
    test_engine_refusals,
    test_guard,
    test_journal,
    test_logins,
    test_operator,
    test_preflight,
    test_resume,
    test_stillness,
    test_two_operators,
)
from tests.fwsim.engine_bench import bench
from tests.fwsim.test_preflight import REFUSALS
from tests.fwsim.tools import test_host_tools

Break = Callable[[pytest.MonkeyPatch], Any]
Seen = Callable[[Path, pytest.MonkeyPatch], Any]


async def nothing(*what: Any, **more: Any) -> Any:
    return None


async def fine(*what: Any, **more: Any) -> Result:
    return done("all is well")


class Mutation(NamedTuple):
    """`point`: of the list of what must hold. `seen_by`: the test that turns red."""

    point: int
    name: str
    apply: Break
    seen_by: Seen


def plain(test: Callable[[Path], Any]) -> Seen:
    return lambda folder, patch: test(folder)


def replaced(owner: Any, name: str, by: Any) -> Break:
    return lambda patch: patch.setattr(owner, name, by)


def _no_unit_in_the_way(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(units, "make_room", nothing)


def _never_a_duplicate(patch: pytest.MonkeyPatch) -> None:
    """A unit that somebody else has is taken away before the own one is started."""
    kept = units.started

    async def started(context: Any, detached: units.Detached) -> None:
        await units.forget(context)
        await kept(context, detached)

    patch.setattr(units, "started", started)
    _no_unit_in_the_way(patch)


def _reboots_whatever_runs(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(guard, "may_restart", nothing)

    async def no_objection(context: Any) -> str:
        return ""

    patch.setattr(guard, "objection", no_objection)


def _resume_flashes_first(patch: pytest.MonkeyPatch) -> None:
    """Neither the running unit is waited for nor the version looked at."""
    patch.setattr(units, "until_ended", nothing)

    async def start(context: Any, image: Any) -> looking.Seen:
        return looking.Seen("unknown", "", "old", True)

    patch.setattr(looking, "look_at", start)


def _findings_forget(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(recall, "findings", lambda events, job: Findings(resumed=bool(events)))


def _opened_without_a_cut(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(os, "ftruncate", lambda file, length: None)


def _no_lock(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(fcntl, "flock", lambda file, how: None)


def _not_synced(patch: pytest.MonkeyPatch) -> None:
    def write(self: journal.Journal, event: Any) -> None:
        os.write(self._file, (to_json(event) + "\n").encode())

    patch.setattr(journal.Journal, "write", write)


def _asks_nobody(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(gates.Gates, "_ask", nothing)


def _asks_again_and_again(patch: pytest.MonkeyPatch) -> None:
    kept = gates.Gates._ask

    async def ask(self: gates.Gates, number: int, context: Any) -> None:
        await kept(self, number, context)
        self._agreed = False

    patch.setattr(gates.Gates, "_ask", ask)


def _repeats_what_timed_out(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(context, "BROKEN", (HostUnreachable, CommandTimeout))
    kept = context.Context._insisting

    async def insist(self: context.Context, attempt: Any, patience_s: float, again: Any = None) -> Any:
        return await kept(self, attempt, patience_s)

    patch.setattr(context.Context, "_insisting", insist)


async def _once(self: context.Context, attempt: Any, *patience: Any) -> Any:
    """A broken connection is not made again."""
    return await attempt()


async def _backup_again(context: Any) -> Result:
    """As if no flash had been begun."""
    flashed, context.found.flashed = context.found.flashed, set()
    try:
        return await backup.keep(context)
    finally:
        context.found.flashed = flashed


def _watchdog_stays(patch: pytest.MonkeyPatch) -> None:
    """Neither in its step nor before each flash."""
    patch.setattr(watchdog, "STEP", replace(watchdog.STEP, action=fine))
    patch.setattr(watchdog, "still_off", nothing)


def _nobody_looks_who_flashes(patch: pytest.MonkeyPatch) -> None:
    """Not in the preflight either."""
    lie(patch, "idle")
    lie(patch, "bmc")
    _never_a_duplicate(patch)


def _takes_the_exit_status(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(flash, "_complaint", lambda method, ended: "" if ended.status == 0 else "it failed")


def _given_up_early(patch: pytest.MonkeyPatch) -> None:
    kept = hostreboot.wait

    async def wait(context: Any, deadline_s: float, before: str) -> float:
        return await kept(context, deadline_s / 10, before)

    patch.setattr(hostreboot, "wait", wait)


async def _hears_nothing(self: Stillness) -> bytes:
    return b""


def _on_a_console(folder: Path, patch: pytest.MonkeyPatch) -> None:
    case = bench(folder)
    doors = Doors(MemoryClock(case.server), case.host, case.network, RecordingHost())
    job = context.Job("TEST", case.plan, boards.load(case.plan.board), {})
    here = context.Context(job, doors, case.events.append, case.folder)
    test_stillness.test_a_host_that_only_writes_on_its_console_is_not_still(case, here)


def _first_ctrl_c_stops(patch: pytest.MonkeyPatch) -> None:
    def interrupt(self: Stopping, task: Any) -> None:
        task.cancel()

    patch.setattr(Stopping, "_interrupt", interrupt)


def _row(name: str) -> Seen:
    """The update that stops for that reason."""
    row = next(row for row in REFUSALS if row[0].__name__ == name)
    return lambda folder, patch: test_preflight.test_an_update_stops_for_the_same_reason_and_changes_nothing(
        *row, folder
    )


def _more_logins(patch: pytest.MonkeyPatch) -> None:
    from fwsim.network import address

    patch.setattr(context, "LOGIN_TRIES", 5)
    patch.setattr(address, "LOGIN_TRIES", 5)


def _every_proof() -> None:
    for row in test_engine_proof.PROOFS:
        test_engine_proof.test_a_bank_is_whole_by_completion_line_and_exit_together(*row)


def _a_change_that_timed_out(folder: Path) -> None:
    test_operator.test_a_change_that_timed_out_is_not_repeated_blindly_and_a_look_is(folder, ("rm", "-rf"), 1)


# fmt: off
MUTATIONS = (
    Mutation(1, "another_servers_bmc_is_taken", lambda patch: lie(patch, "same-bmc"), _row("another_servers_bmc")),
    Mutation(1, "a_third_login_is_sent", _more_logins,
        plain(test_logins.test_an_engine_that_resumes_a_run_with_two_refused_logins_sends_no_third)),
    Mutation(2, "a_second_place_is_not_asked_for", replaced(offhost, "copy", nothing),
        lambda folder, patch: test_backup.test_the_backup_is_copied_and_compared(folder, patch)),
    Mutation(2, "what_comes_back_is_not_compared", replaced(offhost, "_differing", lambda folder, copy: []),
        plain(test_backup.test_an_scp_target_that_does_not_give_back_what_it_got_is_refused)),
    Mutation(2, "the_backup_is_taken_again_after_the_flash",
        replaced(backup, "STEPS", (replace(backup.STEPS[0], action=_backup_again),)),
        plain(test_resume.test_the_backup_from_before_the_flash_is_not_taken_again)),
    Mutation(2, "a_local_run_stays_for_its_own_reboot", replaced(hostreboot, "_leave", nothing),
        test_backup.test_a_local_run_ends_before_the_reboot_and_says_how_it_goes_on),
    Mutation(3, "lan_settings_are_believed", replaced(verify, "lan_settings", fine),
        plain(test_engine_broken.test_a_lan_that_reverted_to_dhcp_is_put_back_and_tried_from_outside)),
    Mutation(4, "a_running_unit_is_no_obstacle", _nobody_looks_who_flashes,
        plain(test_two_operators.test_from_two_machines_the_second_is_refused_while_the_first_flashes)),
    Mutation(4, "the_race_for_the_unit_is_won_by_force", _never_a_duplicate,
        plain(test_two_operators.test_a_second_that_is_past_its_preflight_loses_the_race_for_the_unit)),
    Mutation(4, "nothing_holds_a_shutdown_up", replaced(systemd, "INHIBIT", ()),
        lambda folder, patch: test_host_tools.test_a_flash_runs_in_one_unit_of_a_fixed_name_that_says_whose_it_is()),
    Mutation(4, "the_console_is_not_heard", replaced(Stillness, "_hear", _hears_nothing), _on_a_console),
    Mutation(4, "a_host_is_given_up_early", _given_up_early,
        plain(test_guard.test_a_host_that_stays_away_is_given_its_time_and_its_power_is_not_touched)),
    Mutation(4, "an_exit_status_is_proof", _takes_the_exit_status,
        lambda folder, patch: _every_proof()),
    Mutation(4, "a_version_is_not_read_back", replaced(versions, "same", lambda one, other: True),
        plain(test_engine_broken.test_a_success_message_is_not_believed_without_the_version)),
    Mutation(4, "the_watchdog_stays_armed", _watchdog_stays,
        plain(test_preflight.test_it_is_off_while_anything_is_written_and_armed_again_at_the_end)),
    Mutation(4, "a_watchdog_that_is_armed_again_stays_so", replaced(watchdog, "still_off", nothing),
        plain(test_preflight.test_a_watchdog_that_the_host_arms_again_is_off_in_every_flash)),
    Mutation(5, "a_flash_that_runs_is_not_looked_for", _resume_flashes_first,
        plain(test_resume.test_a_running_flash_is_followed_and_nothing_is_sent_to_the_bmc_meanwhile)),
    Mutation(5, "a_unit_that_is_gone_counts_as_done", replaced(systemd.Unit, "state", property(lambda unit: "ended")),
        plain(test_engine_broken.test_a_unit_that_vanished_is_never_success)),
    Mutation(6, "a_half_written_bank_is_rebooted", _reboots_whatever_runs,
        plain(test_guard.test_a_canary_reboot_is_left_out_where_the_last_flash_did_not_end_well)),
    Mutation(6, "an_unproved_bank_is_booted", replaced(guard, "proved_whole", lambda context, image, so: None),
        plain(test_engine_proof.test_a_bank_that_was_not_proved_whole_is_never_booted)),
    Mutation(6, "a_host_is_rebooted_while_another_flashes", _reboots_whatever_runs,
        plain(test_two_operators.test_while_anothers_flash_runs_no_host_is_rebooted)),
    Mutation(7, "a_journal_makes_no_findings", _findings_forget,
        plain(test_resume.test_what_a_journal_says_makes_the_findings_again)),
    Mutation(7, "a_torn_line_stays", _opened_without_a_cut,
        plain(test_journal.test_opening_cuts_a_torn_line_and_goes_on_after_it)),
    Mutation(7, "what_is_written_is_not_synced", _not_synced,
        lambda folder, patch: test_journal.test_lifecycle_events_are_synced_and_progress_is_not(folder, patch)),
    Mutation(7, "two_engines_go_on_with_one_run", _no_lock,
        plain(test_two_operators.test_from_one_machine_one_run_has_one_engine)),
    Mutation(7, "a_resume_does_not_see_who_it_talks_to", replaced(resume, "AGAIN", frozenset()),
        plain(test_resume.test_another_server_at_the_plans_address_is_not_touched)),
    Mutation(7, "a_dropped_session_ends_the_run", replaced(context.Context, "_insisting", _once),
        plain(test_engine_broken.test_a_host_out_of_reach_for_minutes_does_not_stop_the_flash)),
    Mutation(8, "nobody_is_asked", _asks_nobody, plain(test_operator.test_nobody_says_yes_and_nothing_is_changed)),
    Mutation(8, "one_is_asked_at_every_step", _asks_again_and_again,
        plain(test_operator.test_a_yes_is_asked_for_once_and_after_everything_was_read)),
    Mutation(8, "hooks_come_before_the_yes", _asks_nobody, plain(test_operator.test_the_yes_comes_before_the_hooks)),
    Mutation(8, "it_does_not_stop_where_it_should", replaced(gates, "slug", lambda stage: ""),
        plain(test_operator.test_after_runs_when_the_operator_stops)),
    Mutation(8, "the_window_is_not_looked_at",
        replaced(gates.Gates, "_fits", lambda self, wanted, stage, context: None),
        plain(test_operator.test_outside_its_window_nothing_is_begun)),
    Mutation(8, "the_way_back_takes_no_time", replaced(window, "needed_s", lambda job, stage: 0.0),
        plain(test_operator.test_a_stage_whose_way_back_does_not_fit_is_not_begun)),
    Mutation(8, "a_failed_drain_does_not_matter", replaced(hooks, "BEFORE", replace(hooks.BEFORE, action=fine)),
        plain(test_operator.test_a_before_hook_that_fails_refuses_and_after_still_runs)),
    Mutation(8, "what_timed_out_is_sent_again", _repeats_what_timed_out,
        lambda folder, patch: _a_change_that_timed_out(folder)),
    Mutation(8, "the_first_ctrl_c_stops_a_flash", _first_ctrl_c_stops,
        lambda folder, patch: test_operator.test_the_first_ctrl_c_in_a_flash_warns_and_the_second_stops()),
    Mutation(11, "without_a_terminal_it_goes_ahead", replaced(asking, "NO_TERMINAL", ""),
        lambda folder, patch: test_consent.test_no_terminal_and_no_yes_means_no(patch)),
    Mutation(11, "a_refusal_after_a_flash_is_still_a_refusal", replaced(Findings, "done", property(lambda found: ())),
        plain(test_engine_refusals.test_a_refusal_after_a_flash_is_a_failure_that_says_what_was_done)),
    Mutation(11, "what_runs_already_is_flashed_again", replaced(bmc, "_needed", lambda context, image: True),
        plain(test_engine.test_what_runs_already_is_not_flashed_again)),
    Mutation(11, "a_stop_on_purpose_is_a_failure", replaced(Interrupt, "ending", "failed"),
        plain(test_operator.test_a_window_that_closes_after_the_bmc_interrupts_before_the_bios)),
)
# fmt: on


def lie(patch: pytest.MonkeyPatch, step: str) -> None:
    """That check says that all is well."""
    rows = tuple(replace(s, action=fine) if s.id == step else s for s in preflight.STEPS)
    assert rows != preflight.STEPS
    patch.setattr(preflight, "STEPS", rows)
    patch.setattr("fwsim.preflight.STEPS", rows)
