"""systemd's units on the virtual host: the flash's lock and its memory."""

from __future__ import annotations

from tests.emulators.host.machine import Machine

SHOW = "systemctl show fwsim-flash --property=LoadState,ActiveState,SubState,Result,ExecMainStatus,Description"
RUN = "systemd-run --unit=fwsim-flash --description='fwsim run=R step=S sha256=H' --property=RemainAfterExit=yes"


def shown(machine: Machine) -> dict[str, str]:
    return dict(line.split("=", 1) for line in machine.run(SHOW).out.splitlines())


def test_a_unit_that_nobody_started_is_not_found() -> None:
    machine = Machine()
    assert machine.run(SHOW).out == (
        "Result=success\nExecMainStatus=0\nDescription=fwsim-flash.service\nLoadState=not-found\nActiveState=inactive\nSubState=dead\n"
    )


def test_a_unit_runs_ends_and_is_remembered() -> None:
    machine = Machine()
    done = machine.run(f"{RUN} /bin/sh -c 'exec sleep 100 >/root/log 2>&1 </dev/null'")
    assert (done.status, done.out, done.err) == (0, "", "Running as unit: fwsim-flash.service\n")
    assert shown(machine)["SubState"] == "running"
    assert machine.run("systemctl is-active fwsim-flash").out == "active\n"
    machine.wait(101)
    state = shown(machine)
    assert (state["ActiveState"], state["SubState"], state["Result"], state["ExecMainStatus"]) == (
        "active",
        "exited",
        "success",
        "0",
    )
    assert state["Description"] == "fwsim run=R step=S sha256=H"


def test_a_second_unit_of_the_name_is_refused_while_the_first_runs_and_after_it_ended() -> None:
    machine = Machine()
    machine.run(f"{RUN} sleep 10")
    for _ in range(2):
        done = machine.run(f"{RUN} touch /root/second")
        assert done.status == 1
        reason = "Unit fwsim-flash.service was already loaded or has a fragment file."
        assert done.err == f"Failed to start transient service unit: {reason}\n"
        machine.wait(11)
    assert not machine.host.files.exists("/root/second")
    assert machine.run("systemctl stop fwsim-flash").status == 0
    assert machine.run(f"{RUN} touch /root/second").status == 0
    assert machine.host.files.exists("/root/second")


def test_a_failed_unit_stays_until_it_is_reset() -> None:
    machine = Machine()
    machine.run(f"{RUN} sh -c 'sleep 1; exit 7'")
    machine.wait(2)
    state = shown(machine)
    assert (state["ActiveState"], state["SubState"], state["Result"], state["ExecMainStatus"]) == (
        "failed",
        "failed",
        "exit-code",
        "7",
    )
    assert machine.run("systemctl stop fwsim-flash").status == 0
    assert shown(machine)["LoadState"] == "loaded"
    assert machine.run("systemctl reset-failed fwsim-flash").status == 0
    assert shown(machine)["LoadState"] == "not-found"
    again = machine.run("systemctl reset-failed fwsim-flash")
    assert again.status == 1
    assert (
        again.err == "Failed to reset failed state of unit fwsim-flash.service: Unit fwsim-flash.service not loaded.\n"
    )


def test_without_remain_after_exit_a_success_is_forgotten() -> None:
    machine = Machine()
    machine.run("systemd-run --unit=x --quiet sleep 1")
    machine.wait(2)
    assert machine.run("systemctl is-active x").status == 3
    assert machine.host.units.find("x") is None


def test_a_killed_unit_says_so() -> None:
    machine = Machine()
    machine.run(f"{RUN} sleep 100")
    unit = machine.host.units.find("fwsim-flash")
    assert unit is not None
    machine.run(f"kill -9 {unit.pid}")
    state = shown(machine)
    assert (state["ActiveState"], state["Result"], state["ExecMainStatus"]) == ("failed", "signal", "9")


def test_stopping_a_running_unit_ends_and_forgets_it() -> None:
    machine = Machine()
    machine.run(f"{RUN} sh -c 'sleep 100; touch /root/late'")
    assert machine.run("systemctl stop fwsim-flash.service").status == 0
    machine.wait(200)
    assert shown(machine)["LoadState"] == "not-found"
    assert not machine.host.files.exists("/root/late")
    done = machine.run("systemctl stop fwsim-flash")
    assert (done.status, done.err) == (5, "Failed to stop fwsim-flash.service: Unit fwsim-flash.service not loaded.\n")


def test_a_unit_outlives_the_session_that_started_it() -> None:
    machine = Machine()
    process, _, _ = machine.start(f"{RUN} sleep 100; sleep 50")
    machine.wait(1)
    process.kill(1)
    assert shown(machine)["SubState"] == "running"


def test_a_reboot_ends_units_and_forgets_them() -> None:
    machine = Machine()
    machine.run(f"{RUN} sh -c 'sleep 30; touch /root/late'")
    machine.run("reboot")
    machine.wait(1000)
    assert machine.host.up
    assert shown(machine)["LoadState"] == "not-found"
    assert not machine.host.files.exists("/root/late")


def test_output_goes_to_the_journal_or_to_a_file() -> None:
    machine = Machine()
    machine.run("systemd-run --unit=a -p RemainAfterExit=yes sh -c 'echo hello'")
    assert machine.run("journalctl -u a -o cat").out == "Started a.service - /usr/bin/sh -c echo hello.\nhello\n"
    machine.run("systemd-run --unit=b -p RemainAfterExit=yes -p StandardOutput=file:/root/out sh -c 'echo hello'")
    assert machine.host.files.read("/root/out") == b"hello\n"
    assert machine.run("journalctl -u none").out == "-- No entries --\n"


def test_only_root_manages_units() -> None:
    machine = Machine()
    done = machine.run("systemd-run true", user="admin")
    assert (done.status, done.err) == (
        1,
        "Failed to start transient service unit: Interactive authentication required.\n",
    )
    assert machine.run("sudo -n systemd-run --unit=x true", user="admin").status == 0


def test_what_cannot_be_found_is_not_started() -> None:
    done = Machine().run("systemd-run nosuch")
    assert (done.status, done.err) == (1, "Failed to find executable nosuch: No such file or directory\n")


def test_an_inhibitor_lasts_as_long_as_its_command() -> None:
    machine = Machine()
    process, _, _ = machine.start("systemd-inhibit --what=shutdown --who=fwsim --why=flash sleep 10")
    assert "fwsim 0   root" in machine.run("systemd-inhibit --list").out
    machine.until(process)
    assert machine.run("systemd-inhibit --list").out == "No inhibitors.\n"
