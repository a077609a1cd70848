"""Comparing and restoring, broken one at a time: a run that was fine is no update any more, or breaks a rule."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from fwsim import oem
from fwsim.outcomes import Result, done
from fwsim.steps import biossettings, hostparts, lastlook, users, verify
from fwsim.tools import ipmitool
from fwsim.tools.ipmitool import lan, user
from tests.scenarios.test_scenarios import rehearse

Break = Callable[[pytest.MonkeyPatch], None]


async def nothing(*args: Any, **more: Any) -> Result:
    return done("looks fine")


@dataclass(frozen=True)
class Mutation:
    """`scenario` ends well, or as its file says, with the engine whole. `rule`: which the broken one breaks, None where
    it is enough that it does not end as an update."""

    name: str
    scenario: str
    apply: Break
    rule: int | None


def replaced(module: Any, name: str, by: Any = nothing) -> Break:
    return lambda patch: patch.setattr(module, name, by)


def _lan_never_looked_at(patch: pytest.MonkeyPatch) -> None:
    """Neither after the flash nor before the end."""
    patch.setattr(verify, "lan_settings", nothing)
    patch.setattr(lastlook, "STEPS", ())


def _password_in_argv(patch: pytest.MonkeyPatch) -> None:
    async def put(context: Any, one: user.User, password: str) -> None:
        await context.change(ipmitool.argv("user", "set", "password", str(one.id), password))

    patch.setattr(users, "_set_password", put)


def _without_asking(patch: pytest.MonkeyPatch) -> None:
    """Nobody's policy is told before users are touched."""
    from fwsim.context import Context

    real = Context.fact

    def fact(self: Context, key: str, value: str) -> None:
        if key != "allowed":
            real(self, key, value)

    patch.setattr(Context, "fact", fact)


def _other_mode_bytes(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(oem.LanMode, "set_bytes", lambda self, mode: (0x30, 0x70, 0x0C, 0x01, 0x07))


def _vlan_forgotten(patch: pytest.MonkeyPatch) -> None:
    real = lan.restore
    patch.setattr(lan, "restore", lambda wanted, now: tuple(c for c in real(wanted, now) if "vlan" not in c))


def _enabled_without_password(patch: pytest.MonkeyPatch) -> None:
    from dataclasses import replace

    real = user.set_access
    patch.setattr(user, "set_access", lambda channel, one: real(channel, replace(one, privilege="ADMINISTRATOR")))


MUTATIONS = (
    Mutation("the_port_is_not_compared", "lan-mode-moved", replaced(verify, "lan_mode"), None),
    Mutation("lan_settings_are_not_compared", "lan-config-wiped", _lan_never_looked_at, 4),
    Mutation("the_vlan_is_not_put_back", "lan-config-wiped", _vlan_forgotten, None),
    Mutation("users_are_not_compared", "users-reset", replaced(users, "compare"), None),
    Mutation("users_get_another_privilege", "users-reset", _enabled_without_password, None),
    Mutation("passwords_go_by_argv", "users-reset", _password_in_argv, 8),
    Mutation("users_are_made_without_the_plans_word", "users-reset", _without_asking, 15),
    Mutation("settings_are_put_back_without_the_plans_word", "settings-reset", _without_asking, 15),
    Mutation("settings_are_not_compared", "settings-reset", replaced(biossettings, "compare"), 4),
    Mutation("a_profile_is_not_imported", "settings-reset-dell", replaced(biossettings, "_put_back"), None),
    Mutation("ports_are_not_compared", "ports-renamed", replaced(hostparts, "compare"), 4),
    Mutation("what_is_left_is_not_told", "ports-renamed", replaced(verify, "LAST", ()), 4),
    Mutation("a_lost_user_is_not_told", "users-reset-unknown", replaced(verify, "LAST", ()), 4),
    Mutation("the_port_is_set_by_other_bytes", "lan-mode-moved", _other_mode_bytes, None),
)


@pytest.mark.parametrize("mutation", MUTATIONS, ids=lambda m: m.name)
def test_it_does_not_go_unnoticed(mutation: Mutation, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    mutation.apply(monkeypatch)
    run = rehearse(mutation.scenario, tmp_path)
    if mutation.rule is None:
        assert run.broken or run.ended.ending != "updated"
    else:
        assert mutation.rule in {b.rule for b in run.broken}, [run.ended.message, *map(str, run.broken)]


def test_commit_confirm_that_does_not_take_back_is_noticed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The test of taking back can fail."""
    from tests.fwsim import test_restore

    real = verify._set

    async def once(context: Any, wanted: lan.LanConfig, now: lan.LanConfig) -> None:
        if wanted.source == "static":
            await real(context, wanted, now)

    monkeypatch.setattr(verify, "_set", once)
    with pytest.raises(AssertionError):
        test_restore.test_lan_settings_that_the_bmc_does_not_answer_with_are_taken_back(tmp_path)


def test_a_boot_order_that_is_not_compared_costs_a_reboot_that_is_noticed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from tests.fwsim import test_restore

    monkeypatch.setattr(hostparts, "boot_order", nothing)
    with pytest.raises(AssertionError):
        test_restore.test_a_changed_boot_order_is_put_back_without_a_reboot(tmp_path)


def test_a_backup_that_is_not_read_back_is_noticed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from fwsim.steps import backup
    from tests.fwsim import test_backup

    monkeypatch.setattr(backup, "_read_back", lambda context, folder: None)
    with pytest.raises(AssertionError):
        test_backup.test_output_that_cannot_be_read_back_is_no_backup(("ip", "-br"), tmp_path)


def test_a_run_that_asks_the_wrong_password_is_told_wrong() -> None:
    assert user.parse_test("Failure: password incorrect\n", "", 1) == "wrong"
    assert (
        user.parse_test("", "Unable to send RAW command (channel=0x0 netfn=0x6 lun=0x0 cmd=0x47 rsp=0x80)", 1)
        == "wrong"
    )
    assert user.parse_test("", "Could not open device at /dev/ipmi0", 1) == "unknown"
    assert user.parse_test("Success\n", "", 0) == "right"
