"""`fwsim preflight`: every refusal by its check, with what to do; the update stops for the same reason."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from pathlib import Path

import pytest

from emulators import boards as truth
from emulators.bmc import watchdog as bmc_watchdog
from emulators.bmc.sel import POWER_SUPPLY
from emulators.faults import Fault
from emulators.host.linux import SYSTEM_BYTES
from emulators.lifecycle import queue
from emulators.server import VirtualServer
from fwsim.attestations import SealedDisk
from fwsim.doors import Completed
from fwsim.events import CommandRan, Warned
from fwsim.plan import Power
from fwsim.rehearsal.memory import MemoryHost, MemoryNetwork
from fwsim.steps.checks_host import needed_tools
from tests.fwsim.engine_bench import Between, bench
from tests.fwsim.preflight_bench import Bench, Hardening, Quiet, look, policy, the, waive

Arrange = Callable[[Path], Bench]


def hardened(folder: Path, board: str = "x11ssh-f", **what: object) -> Bench:
    return bench(folder, board, hardening=Hardening.model_validate(what))


def another_servers_bmc(folder: Path) -> Bench:
    test, other = bench(folder / "a"), bench(folder / "b", "x11ssm-f")
    test.network = MemoryNetwork(other.server, other.prepared.spec.bmc_address, *other.prepared.bmc_login)
    return test


def no_fallback(folder: Path) -> Bench:
    test = bench(folder)
    test.change(fallback=tuple(f for f in test.plan.fallback if f.kind == "bmc"))
    return test


def fallback_of_another_version(folder: Path) -> Bench:
    test = bench(folder, versions={"bmc": "3.80"})
    test.change(fallback=bench(folder / "newer").plan.fallback)
    return test


def unhashed_fallback(folder: Path) -> Bench:
    test = bench(folder)
    test.change(fallback=tuple(f.model_copy(update={"sha256": None}) for f in test.plan.fallback))
    return test


def damaged_fallback(folder: Path) -> Bench:
    test = bench(folder)
    file = test.plan.fallback[0].file
    file.write_bytes(file.read_bytes()[:-1] + b"\0")
    return test


def twins_fallback(folder: Path) -> Bench:
    test, twin = bench(folder / "a"), bench(folder / "b", "x11ssm-f", versions={"bmc": "3.88", "bios": "2.6"})
    test.change(fallback=twin.plan.fallback)
    return test


def locked_watchdog(folder: Path) -> Bench:
    return bench(folder, watchdog="locked")


def fencing_unattested(folder: Path) -> Bench:
    test = bench(folder)
    test.change(quiet=Quiet(controllers=True))
    return test


def controllers_unattested(folder: Path) -> Bench:
    test = bench(folder)
    test.change(quiet=Quiet(fencing=True))
    return test


def one_feed(folder: Path) -> Bench:
    test = bench(folder)
    test.change(power=Power(feeds=1))
    return test


def dead_supply(folder: Path) -> Bench:
    test = bench(folder)
    test.server.set_mains(1, False)
    return test


def critical_event(folder: Path) -> Bench:
    test = bench(folder)
    test.server.bmc.sel.add(POWER_SUPPLY, 1, 0x01)  # table 42-3: power supply failure detected
    return test


def failed_self_test(folder: Path) -> Bench:
    return bench(folder, self_test=(0x57, 0x02))


def pending_job(folder: Path) -> Bench:
    test = bench(folder, "r740")
    entry = test.plan.payloads[1]
    queue(test.server).update(entry.file.read_bytes(), entry.file.name)
    return test


def no_product_key(folder: Path) -> Bench:
    """SUM ends with 80."""
    board = truth.load("x12spi").model_copy(update={"licences": ()})
    test = with_board(bench(folder, "x12spi"), board)
    policy(test, preserve_bios_settings=True)
    return test


def driver_refused(folder: Path) -> Bench:
    """105."""
    return bench(folder, faults=(Fault(kind="driver-refused", times=None),))


def driver_unverified(folder: Path) -> Bench:
    """108."""
    return bench(folder, faults=(Fault(kind="driver-unverified", times=None),))


def secure_boot(folder: Path) -> Bench:
    return hardened(folder, secure_boot=True)


def kernel_lockdown(folder: Path) -> Bench:
    return hardened(folder, lockdown="confidentiality")


def idrac_lockdown(folder: Path) -> Bench:
    return hardened(folder, "r740", idrac_lockdown=True)


def no_ipmitool(folder: Path) -> Bench:
    return bench(folder, missing=("ipmitool",))


def no_sum(folder: Path) -> Bench:
    return bench(folder, missing=("sum",))


def no_modules(folder: Path) -> Bench:
    return bench(folder, missing=("ipmi_si",))


def downgrade(folder: Path) -> Bench:
    return bench(folder, versions={"bmc": "3.95"})


def tpm_sealed(folder: Path) -> Bench:
    return hardened(folder, root_disk="tpm2")


def clevis_sealed(folder: Path) -> Bench:
    return hardened(folder, root_disk="clevis")


def operator_user(folder: Path) -> Bench:
    test = bench(folder)
    user = test.server.bmc.users.by_name(b"ADMIN")
    assert user is not None
    user.privilege = 3
    return test


def sol_off(folder: Path) -> Bench:
    test = bench(folder)
    test.server.bmc.handle(0x0C, 0, 0x21, bytes([1, 1, 0]), 4)
    return test


def sol_denied(folder: Path) -> Bench:
    test = bench(folder)
    user = test.server.bmc.users.by_name(b"ADMIN")
    assert user is not None
    user.sol = False
    return test


def web_silent(folder: Path) -> Bench:
    test = bench(folder)
    test.change(bmc=test.plan.bmc.model_copy(update={"web": 8443}))
    return test


def disk_full(folder: Path) -> Bench:
    test = bench(folder)
    test.server.host.files.capacity = SYSTEM_BYTES + (32 << 20)
    return test


def no_lan_channel(folder: Path) -> Bench:
    return with_channel(bench(folder), 3)


def silent_host(folder: Path) -> Bench:
    test = bench(folder)
    test.server.power_off()
    return test


def wrong_ssh_password(folder: Path) -> Bench:
    test = bench(folder)
    test.host = Between(MemoryHost(test.server, "root", "wrong"))
    return test


def wrong_bmc_password(folder: Path) -> Bench:
    test = bench(folder)
    test.network = MemoryNetwork(test.server, test.prepared.spec.bmc_address, "ADMIN", "wrong")
    return test


def silent_bmc(folder: Path) -> Bench:
    test = bench(folder)
    test.network = MemoryNetwork(test.server, "192.0.2.77", *test.prepared.bmc_login)
    return test


def with_board(test: Bench, board: truth.Board) -> Bench:
    """The same bench on a server whose board is a little different."""
    test.server = VirtualServer(test.prepared.spec, board=board)
    test.host = Between(MemoryHost(test.server))
    test.network = MemoryNetwork(test.server, test.prepared.spec.bmc_address, *test.prepared.bmc_login)
    return test


def with_channel(test: Bench, channel: int) -> Bench:
    board = test.server.board
    return with_board(test, board.model_copy(update={"bmc": board.bmc.model_copy(update={"channel": channel})}))


REFUSALS: list[tuple[Arrange, str, str, str]] = [  # how, which check, what it says, what is to be done
    (another_servers_bmc, "same-bmc", "another server's", "bmc.address"),
    (silent_bmc, "same-bmc", "silent", "bmc.address"),
    (no_lan_channel, "same-bmc", "tried 1 and 8", "channel"),
    (no_fallback, "fallback", "no fallback image of BIOS 2.6", 'fallback: [{kind: bios, file: FILE, version: "2.6"'),
    (fallback_of_another_version, "fallback", "BMC 3.80", "policy.accept_no_fallback: true"),
    (unhashed_fallback, "fallback", "has no sha256", "its SHA-256"),
    (damaged_fallback, "fallback", "damaged", "vendor"),
    (twins_fallback, "fallback", "X11SSM-F", "right file"),
    (locked_watchdog, "watchdog", "nowayout", "waivers: [{finding: watchdog, reason: WHY}]"),
    (fencing_unattested, "quiet", "cluster fencing", "quiet: {fencing: true}"),
    (controllers_unattested, "quiet", "other controller", "quiet: {controllers: true}"),
    (one_feed, "power", "power.feeds is 1", "power: {feeds: 2}"),
    (dead_supply, "power", "PS2", "repair"),
    (critical_event, "events", "Power Supply", "waivers: [{finding: sel-1, reason: WHY}]"),
    (failed_self_test, "self-test", "boot block corrupted", "waivers: [{finding: self-test, reason: WHY}]"),
    (pending_job, "idle", "JID_", "let them end"),
    (no_product_key, "vendor", "ends with 80, node product key is not activated", "product key"),
    (driver_refused, "vendor", "ends with 105, cannot load driver", "driver for this kernel"),
    (driver_unverified, "vendor", "ends with 108", "enrol the key"),
    (secure_boot, "secure-boot", "Secure Boot is on and kernel lockdown is integrity", "enrol the key"),
    (kernel_lockdown, "secure-boot", "kernel lockdown is confidentiality", "waivers: [{finding: secure-boot"),
    (idrac_lockdown, "vendor", "System Lockdown mode", "racadm set iDRAC.Lockdown.SystemLockdown 0"),
    (no_ipmitool, "ipmitool", "ipmitool", "policy.install_ipmitool: true"),
    (no_sum, "tools", "sum", "install sum"),
    (no_modules, "modules", "ipmi_si cannot be loaded", "Secure Boot"),
    (downgrade, "path", "older; set policy.allow_downgrade: true", "release notes"),
    (tpm_sealed, "sealed-disk", "/dev/sda2 (systemd-tpm2)", "sealed_disk: {passphrase: true}"),
    (clevis_sealed, "sealed-disk", "/dev/sda2 (clevis)", "sealed_disk: {passphrase: true}"),
    (operator_user, "login", "privilege OPERATOR", "bmc.user"),
    (sol_off, "console", "serial over LAN is off", "ipmitool sol set enabled true 1"),
    (sol_denied, "console", "ADMIN may not use serial over LAN", "sol payload enable 1 2"),
    (web_silent, "web", "nothing answers at 192.0.2.20:8443", "waivers: [{finding: web, reason: WHY}]"),
    (disk_full, "room", "are needed", "make room"),
    (silent_host, "reach", "does not answer", "host"),
    (wrong_ssh_password, "reach", "refused the user root", "password"),
    (wrong_bmc_password, "same-bmc", "refused ADMIN", "lock the account"),
]
NAMES = [arrange.__name__ for arrange, *_ in REFUSALS]


@pytest.mark.parametrize(("arrange", "id", "message", "todo"), REFUSALS, ids=NAMES)
def test_a_preflight_finds_it_and_says_what_to_do(
    arrange: Arrange, id: str, message: str, todo: str, tmp_path: Path
) -> None:
    found = look(arrange(tmp_path))
    assert (found.verdict, found.exit_code) == ("no-go", 3)
    check = the(found, id)
    assert check.verdict == "no-go", check
    assert message in check.message
    assert todo in check.todo


@pytest.mark.parametrize(("arrange", "id", "message", "todo"), REFUSALS, ids=NAMES)
def test_an_update_stops_for_the_same_reason_and_changes_nothing(
    arrange: Arrange, id: str, message: str, todo: str, tmp_path: Path
) -> None:
    test = arrange(tmp_path)
    ended = test.run()
    assert (ended.ending, ended.exit_code) == ("refused", 3), ended.message
    assert test.untouched
    assert message in ended.message
    assert todo in ended.remedy


@pytest.mark.parametrize("board", ["x11ssh-f", "x11ssm-f", "x10dri", "x12spi", "r730", "r740", "c6220"])
def test_a_healthy_server_is_a_go_on_every_board(board: str, tmp_path: Path) -> None:
    found = look(bench(tmp_path, board))
    assert found.verdict == "go", [c for c in found.checks if c.verdict != "go"]
    assert [c.id for c in found.checks if c.verdict != "go"] in (["web"], ["web", "power"], ["power", "web"])


def test_all_findings_are_told_not_only_the_first(tmp_path: Path) -> None:
    test = hardened(tmp_path, root_disk="tpm2", lockdown="integrity")
    test.change(quiet=Quiet(), power=Power(feeds=1), fallback=())
    found = look(test)
    assert [c.id for c in found.of("no-go")] == ["fallback", "power", "quiet", "secure-boot", "vendor", "sealed-disk"]
    assert all(c.todo for c in found.of("no-go"))
    assert found.message.startswith("6 of ")


def test_what_follows_from_another_finding_could_not_be_told(tmp_path: Path) -> None:
    found = look(silent_host(tmp_path))
    assert [c.id for c in found.of("no-go")] == ["reach"]
    assert the(found, "payloads").verdict == "go", "what lies on this machine is checked all the same"
    assert the(found, "quiet").verdict == "go"
    assert the(found, "baseboard").message == "follows from: 1. Reach the host"
    assert not [c for c in found.checks if c.verdict == "not checked"]


def test_an_update_and_a_preflight_run_the_same_steps(tmp_path: Path) -> None:
    test = bench(tmp_path)
    ids = [c.id for c in look(test).checks]
    steps = test.engine().steps
    assert [s.id for s in steps if s.stage == "preflight"] == ids
    assert not any(s.changes for s in steps if s.stage == "preflight")


def test_a_preflight_installs_nothing_where_the_update_would(tmp_path: Path) -> None:
    test = no_ipmitool(tmp_path)
    policy(test, install_ipmitool=True)
    found = look(test)
    assert the(found, "ipmitool").verdict == "could not tell"
    assert the(found, "ipmitool").todo == "the update installs it, as the plan allows"
    assert the(found, "bmc").verdict == "could not tell"
    assert "ipmitool" not in test.server.host.packages
    assert test.run().ending == "updated"


@pytest.mark.parametrize(
    ("arrange", "id", "finding"),
    [
        (critical_event, "events", "sel-1"),
        (failed_self_test, "self-test", "self-test"),
        (sol_off, "console", "sol"),
        (web_silent, "web", "web"),
        (locked_watchdog, "watchdog", "watchdog"),
    ],
    ids=lambda value: getattr(value, "__name__", value),
)
def test_a_finding_is_waived_with_its_reason(arrange: Arrange, id: str, finding: str, tmp_path: Path) -> None:
    test = arrange(tmp_path)
    waive(test, finding)
    found = look(test)
    assert found.verdict == "go"
    assert the(found, id).verdict == "waived"
    assert "known since May, TICKET-7" in the(found, id).message


def test_a_waiver_of_one_event_waives_no_other(tmp_path: Path) -> None:
    test = critical_event(tmp_path)
    waive(test, "sel-1")
    test.server.bmc.sel.add(POWER_SUPPLY, 2, 0x01)
    assert "sel-2" in the(look(test), "events").message
    assert the(look(test), "events").verdict == "no-go"


def test_no_fallback_is_accepted_by_the_plans_word(tmp_path: Path) -> None:
    test = no_fallback(tmp_path)
    policy(test, accept_no_fallback=True)
    assert the(look(test), "fallback").verdict == "waived"
    assert test.run().ending == "updated"


def test_a_version_that_stays_needs_no_fallback(tmp_path: Path) -> None:
    test = bench(tmp_path, versions={"bmc": "3.90", "bios": "3.0"})
    test.change(fallback=())
    assert the(look(test), "fallback").verdict == "go"


def test_a_synthetic_fallback_is_no_way_back_for_a_real_server(tmp_path: Path) -> None:
    test = bench(tmp_path)
    test.synthetic = False
    assert "synthetic" in the(look(test), "fallback").message


def test_a_sealed_disk_is_no_obstacle_with_its_passphrase_at_hand(tmp_path: Path) -> None:
    test = tpm_sealed(tmp_path)
    test.change(sealed_disk=SealedDisk(passphrase=True))
    assert the(look(test), "sealed-disk").verdict == "go"


def test_a_plain_passphrase_is_nothing_that_the_tpm_holds(tmp_path: Path) -> None:
    assert the(look(hardened(tmp_path, root_disk="passphrase")), "sealed-disk").verdict == "go"


def test_a_sealed_disk_does_not_matter_to_a_bmc(tmp_path: Path) -> None:
    test = tpm_sealed(tmp_path)
    test.keep_only("bmc")
    assert the(look(test), "sealed-disk").verdict == "go"


def test_secure_boot_does_not_matter_where_nothing_loads_a_driver(tmp_path: Path) -> None:
    test = secure_boot(tmp_path)
    test.keep_only("bmc")
    assert look(test).verdict == "go"


def test_channel_8_is_taken_where_1_is_none(tmp_path: Path) -> None:
    check = the(look(with_channel(bench(tmp_path), 8)), "same-bmc")
    assert check.verdict == "go"
    assert check.message.endswith("channel 8")


@pytest.mark.parametrize("arrange", [wrong_bmc_password, wrong_ssh_password])
def test_a_wrong_password_is_tried_twice_at_the_most(arrange: Arrange, tmp_path: Path) -> None:
    test = arrange(tmp_path)
    look(test)
    assert 1 <= test.happened("bmc-login-refused") + test.happened("host-login-refused") <= 2


def test_a_web_port_that_answers_is_a_way_in(tmp_path: Path) -> None:
    test = bench(tmp_path)
    test.change(bmc=test.plan.bmc.model_copy(update={"web": 443}))
    assert the(look(test), "web").verdict == "go"


def test_a_defect_of_ours_is_no_go_and_the_rest_is_still_told(tmp_path: Path) -> None:
    test = bench(tmp_path)

    def nonsense(number: int, done: Completed) -> Completed:
        return dataclasses.replace(done, stdout="?") if done.argv[:2] == ("ipmitool", "sol") else done

    test.host.after = nonsense
    found = look(test)
    assert [c.id for c in found.of("no-go")] == ["console"]
    assert the(found, "room").verdict == "go"


# -- the watchdog, which a preflight only looks at


def timer(test: Bench) -> bmc_watchdog.Watchdog:
    return bmc_watchdog.of(test.server.bmc)


def test_an_armed_watchdog_is_left_alone_by_a_preflight(tmp_path: Path) -> None:
    test = bench(tmp_path, watchdog="armed")
    check = the(look(test), "watchdog")
    assert check.verdict == "go"
    assert "Hard Reset" in check.message
    assert timer(test).entry is not None
    assert timer(test).action == 1


def test_it_is_off_while_anything_is_written_and_armed_again_at_the_end(tmp_path: Path) -> None:
    test = bench(tmp_path, watchdog="armed")
    test.keep_only("bmc")
    seen: list[int] = []

    def while_flashing(number: int, argv: tuple[str, ...]) -> None:
        if argv[0] == "systemd-run":
            seen.append(timer(test).action)

    test.host.before = while_flashing
    assert test.run().ending == "updated"
    assert seen == [0]
    assert (timer(test).action, timer(test).entry is None) == (1, False)
    assert test.happened("watchdog-expired") == 0


def test_a_watchdog_that_the_host_arms_again_is_off_in_every_flash(tmp_path: Path) -> None:
    test = bench(tmp_path, watchdog="armed")
    seen: list[int] = []

    def look_at_it(number: int, argv: tuple[str, ...]) -> None:
        if argv[0] == "systemd-run":
            seen.append(timer(test).action)

    test.host.before = look_at_it
    assert test.run().ending == "updated"
    assert seen == [0, 0], "the host's daemon arms it at every boot, and the canary is one"
    warned = [e.message for e in test.events if isinstance(e, Warned) and "armed the watchdog again" in e.message]
    assert warned
    assert (timer(test).action, timer(test).entry is None) == (1, False)


def test_it_is_armed_again_when_the_run_is_refused_later(tmp_path: Path) -> None:
    test = bench(tmp_path, watchdog="armed")

    def mismatch(number: int, done: Completed) -> Completed:
        if done.argv[:3] == ("ipmitool", "hpm", "check"):
            return dataclasses.replace(done, status=1, stdout="Invalid MD5 signature\n")
        return done

    test.host.after = mismatch
    ended = test.run()
    assert (ended.ending, ended.exit_code) == ("refused", 3), ended.message
    ran = [e.argv for e in test.events if isinstance(e, CommandRan)]
    assert ("ipmitool", "mc", "watchdog", "off") in ran
    assert (timer(test).action, timer(test).entry is None) == (1, False)


def test_a_watchdog_that_arms_itself_again_stops_the_run_before_anything_is_written(tmp_path: Path) -> None:
    test = bench(tmp_path, watchdog="locked")
    waive(test, "watchdog")
    stopped: list[bool] = []

    def insists(number: int, done: Completed) -> Completed:
        if done.argv[-1] == "off":
            stopped.append(True)
            test.server.advance(test.server.now + 60)
        return done

    test.host.after = insists
    ended = test.run()
    assert stopped
    assert ended.ending == "refused"
    assert "cannot be disarmed" in ended.message
    assert test.untouched


# -- the tools of every stage


@pytest.mark.parametrize("tool", ["efibootmgr", "ip", "sum", "systemd-run", "sha256sum", "dmidecode"])
def test_a_tool_that_a_later_stage_needs_is_missed_before_anything_is_changed(tool: str, tmp_path: Path) -> None:
    test = bench(tmp_path)

    def gone(number: int, done: Completed) -> Completed:
        return dataclasses.replace(done, status=1, stdout="") if done.argv == ("which", tool) else done

    test.host.after = gone
    check = the(look(test), "tools")
    assert check.verdict == "no-go"
    assert tool in check.message


def test_a_tool_whose_output_may_be_missing_is_not_asked_for(tmp_path: Path) -> None:
    test = bench(tmp_path)
    test.change(backup=test.plan.backup.model_copy(update={"without": ("boot-order",)}))
    assert "efibootmgr" not in needed_tools(test.engine().job)
    assert "ip" in needed_tools(test.engine().job)
    test.keep_only("bmc")
    assert "ip" not in needed_tools(test.engine().job)
