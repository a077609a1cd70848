"""The host's life: boots, halts, modules, packages."""

from __future__ import annotations

import re

import pytest

from tests.emulators.host.machine import Machine

BOOT_ID = "cat /proc/sys/kernel/random/boot_id"


def test_every_boot_has_an_id_of_its_own_and_the_same_world_gives_the_same_ids() -> None:
    ids = []
    for _ in range(2):
        machine = Machine()
        first = machine.run(BOOT_ID).out
        machine.run("reboot")
        machine.wait(1000)
        ids.append((first, machine.run(BOOT_ID).out))
    assert ids[0] == ids[1]
    assert ids[0][0] != ids[0][1]
    assert re.fullmatch(r"[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}\n", ids[0][0])


def test_a_halt_ends_all_processes_and_nothing_runs_while_it_is_down() -> None:
    machine = Machine()
    process, _, _ = machine.start("sleep 99999; touch /root/late")
    told = []
    machine.host.on_halt.append(lambda: told.append("down"))
    machine.host.on_boot.append(lambda: told.append("up"))
    machine.run("poweroff")
    machine.wait(60)
    assert process.status == 137
    assert machine.host.processes == {}
    assert told == ["down"]
    with pytest.raises(ConnectionRefusedError):
        machine.start("true")
    machine.server.power_on()
    machine.wait(1000)
    assert told == ["down", "up"]
    assert not machine.host.files.exists("/root/late")


def test_a_command_that_takes_its_own_host_down_ends_quietly() -> None:
    machine = Machine()
    process, out, _ = machine.start("reboot -f; sleep 1; echo still here")
    machine.wait(1)
    assert process.status == 137
    assert not machine.host.up
    assert "still here" not in out.text


def test_tmp_run_and_modules_do_not_outlive_a_boot_and_files_do() -> None:
    machine = Machine()
    machine.run("modprobe ipmi_si; modprobe ipmi_devintf; touch /tmp/a /run/b /root/c /var/tmp/d")
    assert machine.run("ls /dev/ipmi0").status == 0
    machine.run("reboot")
    machine.wait(1000)
    assert machine.run("ls /tmp /run/b /dev/ipmi0 /root/c /var/tmp/d").out == "/root/c\n/var/tmp/d\n\n/tmp:\n"


def test_uptime_and_the_list_of_boots_follow_the_world() -> None:
    machine = Machine()
    machine.wait(3 * 86400 + 3720)
    assert machine.run("uptime -p").out == "up 3 days, 1 hour, 2 minutes\n"
    assert machine.run("uptime -s").out == "2026-01-01 00:00:00\n"
    machine.run("reboot")
    machine.wait(1000)
    assert machine.run("last").out.count("system boot") == 2


def test_the_bmc_is_reached_only_with_both_modules_loaded() -> None:
    machine = Machine()
    kcs = machine.host.kcs
    assert kcs.request(6, 0, 1, b"") is None
    machine.run("modprobe ipmi_si")
    assert not kcs.device_present
    machine.run("modprobe ipmi_devintf")
    reply = kcs.request(6, 0, 1, b"")
    assert reply is not None
    assert reply.completion_code == 0


def test_the_device_is_mute_while_the_bmc_boots_and_answers_after() -> None:
    machine = Machine()
    machine.run("modprobe -a ipmi_si ipmi_devintf")
    machine.server.bmc.cold_reset()
    assert not machine.host.kcs.device_present
    assert machine.run("test -e /dev/ipmi0").status == 0
    machine.wait(machine.server.board.bmc.boot_s + 1)
    assert machine.host.kcs.device_present


def test_a_driver_loaded_while_the_bmc_is_dark_must_be_loaded_again() -> None:
    machine = Machine()
    machine.server.bmc.cold_reset()
    assert machine.run("modprobe ipmi_si && modprobe ipmi_devintf").status == 0
    machine.wait(machine.server.board.bmc.boot_s + 1)
    assert machine.run("test -e /dev/ipmi0").status == 1
    machine.run("modprobe -r ipmi_si && modprobe ipmi_si")
    assert machine.host.kcs.device_present


def test_a_distribution_may_load_the_modules_itself() -> None:
    assert Machine(autoload_ipmi=True).host.kcs.device_present
    assert not Machine().host.kcs.loaded


def test_a_missing_tool_is_not_found_and_can_be_installed() -> None:
    machine = Machine(missing=("ipmitool",))
    done = machine.run("ipmitool mc info")
    assert (done.status, done.err) == (127, "bash: line 1: ipmitool: command not found\n")
    assert machine.run("which ipmitool").status == 1
    assert machine.run("apt-get install -y ipmitool").status == 0
    assert machine.run("modprobe -a ipmi_si ipmi_devintf; ipmitool mc guid").status == 0


def test_a_deleted_tool_comes_back_by_its_package() -> None:
    machine = Machine()
    machine.run("rm /usr/bin/ipmitool")
    assert machine.run("ipmitool -V").status == 127
    assert machine.run("apt install -y ipmitool; ipmitool -V").out.endswith("ipmitool version 1.8.19\n")


def test_red_hats_tools_are_red_hats() -> None:
    machine = Machine(distribution="rocky", missing=("ipmitool",))
    assert machine.run("apt-get update").status == 127
    assert machine.run("dnf install -y ipmitool && ipmitool -V").status == 0
    assert machine.run("sh -c foo").err == "sh: line 1: foo: command not found\n"


def test_each_vendor_brings_its_own_tool() -> None:
    supermicro, dell = Machine("x11ssh-f"), Machine("r740")
    assert supermicro.run("which sum racadm").out == "/usr/local/bin/sum\n"
    assert dell.run("which racadm; ls /opt/dell/srvadmin/bin").out == "/usr/bin/racadm\nracadm\n"
    assert supermicro.run("cd /opt/sum && ./sum -c GetBiosInfo").status == 0
    assert supermicro.run("apt-get install -y srvadmin-idracadm8").status == 100


def test_a_program_is_its_bytes() -> None:
    machine = Machine()
    assert machine.run("cp /usr/bin/uname /root/copy; /root/copy -r").out == "6.1.0-28-amd64\n"
    assert machine.run("chmod -x /root/copy; /root/copy").status == 126
    done = machine.run("head -c 12 /usr/bin/uname > /root/cut; chmod +x /root/cut; /root/cut")
    assert done.status == 126
    assert done.err == "bash: line 1: /root/cut: cannot execute binary file: Exec format error\n"


def test_a_script_runs_by_its_first_line() -> None:
    machine = Machine()
    script = b'#!/bin/bash\nset -euo pipefail\necho "$0 $1"\nfalse\necho never\n'
    machine.host.files.write("/root/go.sh", script, mode=0o755)
    done = machine.run("./go.sh now")
    assert (done.status, done.out) == (1, "./go.sh now\n")


def test_a_scheduled_shutdown_can_be_called_off() -> None:
    machine = Machine()
    assert "Reboot scheduled for Thu 2026-01-01 00:05:00 UTC" in machine.run("shutdown -r +5").err
    machine.run("shutdown -c")
    machine.wait(3600)
    assert machine.server.boots == 0
    machine.run("shutdown -r +1")
    machine.wait(3600)
    assert machine.server.boots == 1


def test_only_root_may_reboot() -> None:
    machine = Machine()
    done = machine.run("/usr/sbin/reboot", user="admin")
    assert done.status == 1
    assert "Interactive authentication required" in done.err
    machine.wait(100)
    assert machine.host.up
    machine.run("sudo -n reboot", user="admin")
    machine.wait(100)
    assert not machine.host.up
