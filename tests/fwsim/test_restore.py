"""After each flash everything else is as it was: compared, put back, proved; what was not is told and is no update."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from emulators.faults import Fault, Kind
from emulators.spec import BmcAccount
from fwsim.doors import Completed
from fwsim.events import CommandRan, Warned
from fwsim.plan import Policy
from fwsim.rehearsal.prepare import BMC_PASSWORD
from fwsim.secret import Secret
from tests.fwsim.engine_bench import Bench, bench


def after_bmc(folder: Path, *kinds: Kind, board: str = "x11ssh-f", **spec: Any) -> Bench:
    """An update of the BMC alone, after which that is forgotten."""
    test = bench(folder, board, faults=tuple(Fault(kind=kind) for kind in kinds), **spec)
    test.keep_only("bmc")
    return test


def after_bios(folder: Path, *kinds: Kind, board: str = "x11ssh-f", **spec: Any) -> Bench:
    test = bench(folder, board, faults=tuple(Fault(kind=kind) for kind in kinds), **spec)
    test.keep_only("bios")
    return test


def knowing(test: Bench, *names: str) -> Bench:
    """The plan has a source for these users' passwords too."""
    test.change(bmc=test.plan.bmc.model_copy(update={"users": {name: Secret(env="X") for name in names}}))
    test.prepared = type(test.prepared)(test.prepared.title, test.plan, test.prepared.spec)
    return test


def lines(test: Bench, *words: str) -> list[str]:
    """Commands on the host that begin so."""
    return [" ".join(argv) for argv in test.host.ran if argv[: len(words)] == words]


def warnings(test: Bench) -> str:
    return "\n".join(e.message for e in test.events if isinstance(e, Warned))


THREE = BmcAccount(id=3, name="oncall", password="Third-User-Password!", privilege=3)  # 20 bytes


# -- the BMC's LAN


@pytest.mark.parametrize("kind", ["lan-reverts-to-dhcp", "lan-config-wiped"])
def test_every_lan_setting_is_put_back_with_its_vlan(kind: Kind, tmp_path: Path) -> None:
    test = after_bmc(tmp_path, kind, bmc_vlan=42)
    assert test.run().ending == "updated"
    lan = test.server.bmc.lan
    assert (lan.source, lan.address, lan.netmask, lan.gateway, lan.vlan) == (
        1, "192.0.2.20", "255.255.255.0", "192.0.2.1", 42,
    )  # fmt: skip
    assert lines(test, "ipmitool", "lan", "set")[-1] == "ipmitool lan set 1 vlan id 42", "it cuts the link: last"


def test_lan_settings_that_the_bmc_does_not_answer_with_are_taken_back(tmp_path: Path) -> None:
    test = after_bmc(tmp_path, "lan-reverts-to-dhcp")

    def unplugged(number: int, argv: tuple[str, ...]) -> None:
        if argv[:3] == ("ipmitool", "lan", "set"):
            test.server.network.cables.pop("dedicated", None)

    test.host.before = unplugged
    ended = test.run()
    assert ended.ending == "failed"
    assert "set back to what the flash had left" in ended.message
    assert test.server.bmc.lan.source == 2, "DHCP, as the flash left it"
    assert "cable" in ended.remedy


def test_a_stranger_at_the_old_address_is_not_taken_for_the_bmc(tmp_path: Path) -> None:
    test = after_bmc(tmp_path, "lan-reverts-to-dhcp")

    def another(number: int, argv: tuple[str, ...]) -> None:
        if argv[:3] == ("ipmitool", "lan", "set"):
            test.server.bmc.guid = bytes(16)

    test.host.before = another
    ended = test.run()
    assert ended.ending == "failed"
    assert "another BMC answers" in ended.message
    assert test.server.bmc.lan.source == 2


@pytest.mark.parametrize("board", ["x11ssh-f", "x12spi", "c6220", "r730", "r740"])
def test_the_bmcs_port_is_put_back_on_every_kind_of_board(board: str, tmp_path: Path) -> None:
    test = after_bmc(tmp_path, "lan-mode-moved", board=board)
    before = test.server.bmc.lan_mode
    assert test.run().ending == "updated"
    assert test.server.bmc.lan_mode == before
    assert any(r["kind"] == "bmc-forgot" for r in test.server.world.records)


def test_boot_flags_that_last_are_put_back(tmp_path: Path) -> None:
    test = after_bmc(tmp_path, "boot-flags-lost")
    flags = bytes([0xC0, 0x08, 0, 0, 0])  # persistent: from disk
    test.server.bmc.nvram["boot-options"] = {n: bytes(s) for n, s in {0: 1, 3: 1, 4: 2}.items()} | {5: flags}
    assert test.run().ending == "updated"
    assert test.server.bmc.nvram["boot-options"][5] == flags


def test_an_event_log_that_was_cleared_is_told_and_is_still_an_update(tmp_path: Path) -> None:
    test = after_bmc(tmp_path)
    test.server.host_reboot()
    test.server.advance(600)
    assert test.server.bmc.sel.records

    def cleared(number: int, argv: tuple[str, ...]) -> None:
        if "reset" in argv:
            test.server.bmc.sel.records.clear()

    test.host.before = cleared
    assert test.run().ending == "updated"
    assert "the event log has 0 records" in warnings(test)


# -- its users


def test_lost_users_are_made_again_with_the_passwords_that_the_plan_knows(tmp_path: Path) -> None:
    test = knowing(after_bmc(tmp_path, "users-reset", bmc_users=(THREE,)), "oncall")
    assert test.run().ending == "updated"
    made = test.server.bmc.users.by_name(b"oncall")
    assert made is not None
    assert (made.id, made.password, made.privilege, made.enabled, made.link_auth) == (
        3, b"Third-User-Password!", 3, True, True,
    )  # fmt: skip
    own = test.server.bmc.users.by_name(b"ADMIN")
    assert own is not None
    assert own.password == BMC_PASSWORD.encode(), "and not the factory's any more"


@pytest.mark.parametrize("password", ["plain", "with blank", "#hash", "both \"' quotes", "~tilde~", "umläut", "x" * 20])
def test_whatever_a_password_is_made_of_it_is_put_back(password: str, tmp_path: Path) -> None:
    three = BmcAccount(id=3, name="oncall", password=password, privilege=3)
    test = knowing(after_bmc(tmp_path, "users-reset", bmc_users=(three,)), "oncall")
    assert test.run().ending == "updated"
    made = test.server.bmc.users.by_name(b"oncall")
    assert made is not None
    assert made.password == password.encode()


def test_passwords_go_to_the_host_on_standard_input_alone(tmp_path: Path) -> None:
    test = knowing(after_bmc(tmp_path, "users-reset", bmc_users=(THREE,)), "oncall")
    assert test.run().ending == "updated"
    said = repr(test.events) + repr(test.host.ran)
    assert "exec" in said
    assert THREE.password not in said
    assert BMC_PASSWORD not in said


def test_a_user_that_was_disabled_stays_so(tmp_path: Path) -> None:
    three = THREE.model_copy(update={"enabled": False})
    test = knowing(after_bmc(tmp_path, "users-reset", bmc_users=(three,)), "oncall")
    assert test.run().ending == "updated"
    made = test.server.bmc.users.by_name(b"oncall")
    assert made is not None
    assert not made.enabled


def test_a_user_whose_password_nobody_knows_is_made_again_disabled_and_told(tmp_path: Path) -> None:
    test = after_bmc(tmp_path, "users-reset", bmc_users=(THREE,))
    ended = test.run()
    assert ended.ending == "failed"
    assert "oncall" in ended.message
    assert "bmc: {users:" in ended.remedy
    made = test.server.bmc.users.by_name(b"oncall")
    assert made is not None
    assert (made.privilege, made.enabled) == (3, False)
    assert "oncall" in warnings(test)


def test_a_source_with_a_password_that_no_bmc_takes_counts_as_none(tmp_path: Path) -> None:
    long = THREE.model_copy(update={"password": "x" * 21})
    test = knowing(after_bmc(tmp_path, "users-reset", bmc_users=(long,)), "oncall")
    ended = test.run()
    assert ended.ending == "failed"
    assert "oncall" in ended.message


def test_only_a_users_password_is_lost_and_only_that_is_set(tmp_path: Path) -> None:
    test = after_bmc(tmp_path, "users-reset")  # the factory's ADMIN looks like ours in every list
    assert test.run().ending == "updated"
    assert test.outcome("users").message == "the BMC's users were put back"
    assert "the password of ADMIN is another" in warnings(test)


def test_a_user_that_the_flash_has_made_is_disabled_and_told(tmp_path: Path) -> None:
    test = after_bmc(tmp_path)

    def factory(number: int, argv: tuple[str, ...]) -> None:
        if "reset" in argv:
            test.server.bmc.users.add(5, "backdoor", "pw", 4)

    test.host.before = factory
    ended = test.run()
    assert ended.ending == "failed"
    assert "backdoor" in ended.message
    made = test.server.bmc.users.by_name(b"backdoor")
    assert made is not None
    assert not made.enabled


def test_without_the_plans_word_no_user_is_touched(tmp_path: Path) -> None:
    test = after_bmc(tmp_path, "users-reset", bmc_users=(THREE,))
    test.change(policy=Policy(canary_reboot=True, restore=False))
    ended = test.run()
    assert ended.ending == "failed"
    assert not lines(test, "ipmitool", "exec")
    assert test.server.bmc.users.by_name(b"oncall") is None


def test_at_most_one_login_is_refused_when_the_users_are_gone(tmp_path: Path) -> None:
    test = after_bmc(tmp_path, "users-reset")
    test.change(policy=Policy(restore=False))
    test.run()
    assert test.happened("bmc-login-refused") <= 1


# -- the BIOS's settings, boot order and what hangs on them


@pytest.mark.parametrize("board", ["x11ssh-f", "x12spi", "r740", "c6220"])
def test_settings_are_put_back_by_one_more_reboot(board: str, tmp_path: Path) -> None:
    wanted = {"sr-iov": "Enabled", "hyper-threading": "Disabled"}
    test = after_bios(tmp_path, "bios-settings-reset", board=board, bios_settings=wanted)
    ended = test.run()
    assert ended.ending == "updated", ended.message
    assert {key: test.server.bios_settings[key] for key in wanted} == wanted
    reboots = [i.action for i in test.intents if i.action.startswith(("reboot", "power cycle"))]
    assert len(reboots) == test.happened("host-shutdown") == 3, "canary, new BIOS, settings"
    assert "2 of 2 changed settings put back, by one more reboot" in test.outcome("bios-settings").message


def test_a_healthy_update_restarts_no_more_than_it_must(tmp_path: Path) -> None:
    test = after_bios(tmp_path, bios_settings={"sr-iov": "Disabled"})
    assert test.run().ending == "updated"
    assert test.happened("host-shutdown") == 2


def test_an_export_that_a_job_writes_later_is_waited_for(tmp_path: Path) -> None:
    """Some racadm hand the export to a job and return at once."""
    test = after_bios(tmp_path, board="r740")
    get, tried = test.host.host.get, []

    async def late(remote: str, *, timeout_s: float = 600.0) -> bytes:
        tried.append(remote)
        if len(tried) < 3:
            raise FileNotFoundError(remote)
        data: bytes = await get(remote, timeout_s=timeout_s)
        return data[:100] if len(tried) == 3 else data

    test.host.host.get = late  # type: ignore[method-assign]  # a test's stand-in
    assert test.run().ending == "updated"
    assert len(tried) > 4


def test_a_setting_that_cannot_be_put_back_is_told_and_is_no_update(tmp_path: Path) -> None:
    test = after_bios(tmp_path, bios_settings={"sr-iov": "Enabled"})
    refusing(test, lambda argv: "ChangeBiosCfg" in argv, 80)
    ended = test.run()
    assert ended.ending == "failed"
    assert "SR-IOV Support" in ended.message
    assert ended.versions["bios"][1] == "3.0"
    assert test.server.phase == "up"
    assert not [n for n in test.server.host.files.listdir("/var/tmp") if n.startswith("fwsim")], "and it was tidied"


def test_without_the_plans_word_no_setting_is_put_back(tmp_path: Path) -> None:
    test = after_bios(tmp_path, bios_settings={"sr-iov": "Enabled"})
    test.change(policy=Policy(restore=False))
    ended = test.run()
    assert ended.ending == "failed"
    assert test.happened("host-shutdown") == 2
    assert not lines(test, "sum", "-c", "ChangeBiosCfg")


def test_a_changed_boot_order_is_put_back_without_a_reboot(tmp_path: Path) -> None:
    test = after_bios(tmp_path, "boot-order-changed")
    assert test.run().ending == "updated"
    assert test.server.boot_order == ["disk"]
    assert test.happened("host-shutdown") == 2
    assert "efibootmgr -o 0000" in lines(test, "efibootmgr", "-o")


def test_renamed_ports_are_told_by_their_macs(tmp_path: Path) -> None:
    ended = after_bios(tmp_path, "nic-renamed").run()
    assert ended.ending == "failed"
    assert "ac:1f:6b:0a:10:22 is called enp2s0f0 (was eno1)" in ended.message
    assert ".link" in ended.remedy


def test_a_lost_serial_number_is_told(tmp_path: Path) -> None:
    test = after_bios(tmp_path)

    def blank(number: int, done: Completed) -> Completed:
        if done.argv == ("dmidecode", "-t", "baseboard") and test.happened("host-shutdown") == 2:
            out = done.stdout.replace("ZM16AS012345", "Default string")
            return Completed(done.argv, done.status, out, done.stderr)
        return done

    test.host.after = blank
    ended = test.run()
    assert ended.ending == "failed"
    assert "baseboard's serial number is Default string (was ZM16AS012345)" in ended.message


def test_everything_is_compared_after_an_image_on_the_way_too(tmp_path: Path) -> None:
    test = after_bmc(tmp_path)
    steps = [step.id for step in test.engine().steps]
    for step in ("lan-mode", "users", "lan-settings", "boot-flags"):
        assert steps.index(step) > steps.index("bmc-version")
    assert steps[-1] == "as-before"


def refusing(test: Bench, which: Callable[[tuple[str, ...]], bool], status: int) -> None:
    """Such a command is not run, and ends with that."""
    run = test.host.host.run

    async def instead(argv: Any, *, stdin: bytes = b"", timeout_s: float = 60.0) -> Completed:
        if which(tuple(argv)):
            return Completed(tuple(argv), status, "refused by the test\n", "")
        return await run(argv, stdin=stdin, timeout_s=timeout_s)

    test.host.host.run = instead  # type: ignore[method-assign]  # a test's stand-in


def test_all_that_changes_in_a_restoring_run_was_told_as_a_change(tmp_path: Path) -> None:
    test = knowing(after_bmc(tmp_path, "users-reset", "lan-config-wiped", bmc_users=(THREE,)), "oncall")
    assert test.run().ending == "updated"
    told = {e.argv for e in test.events if isinstance(e, CommandRan) and e.changes}
    setting = [a for a in test.host.ran if a[:3] in (("ipmitool", "lan", "set"), ("ipmitool", "channel", "setaccess"))]
    assert setting
    assert set(setting) <= told
