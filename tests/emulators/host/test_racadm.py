"""racadm on the host: text and effect of each subcommand (facts/vendor-tools-and-boards.md section 4)."""

from __future__ import annotations

import re

import pytest

from emulators import lifecycle
from emulators.host.commands import racadm
from emulators.lifecycle import queue
from emulators.server import VirtualServer
from tests.emulators.host.vendor import Ran, begin, image, later, put, run, server


def rac(on: VirtualServer, *words: str) -> Ran:
    return run(racadm.main, on, "racadm", *words)


def update(on: VirtualServer, name: str, data: bytes) -> Ran:
    put(on, name, data)
    return rac(on, "update", "-f", name)


def fields(text: str) -> dict[str, str]:
    """The lines `Name = value`."""
    pairs = (line.split("=", 1) for line in text.splitlines() if "=" in line)
    return {name.strip(): value.strip() for name, value in pairs}


def test_an_update_says_initiated_as_the_transcript_has_it() -> None:
    ran = update(server("r730"), "BIOS_KRC11_WN64_2.11.0.EXE", image("r730", "bios", "2.11.0"))
    assert ran.status == 0
    assert ran.stdout.text == (
        "The Copying Operation has begun,\n"
        "\tThis might take several minutes to complete, depending on the network.\n"
        "\tDo not interrupt the operation.\n"
        "RAC987: Firmware update job for BIOS_KRC11_WN64_2.11.0.EXE is initiated.\n"
        "This firmware update job may take several minutes to complete depending on the\n"
        "component or firmware being updated. To view the progress of the job, use the\n"
        '"racadm jobqueue view" command. If the job is scheduled, the system will require a manual reboot.\n'
        'To reboot the system  manually, use the "racadm serveraction powercycle" command.\n'
    )


def test_a_scheduled_job_in_the_older_dialect_has_no_percent_line() -> None:
    on = server("r730")
    update(on, "bios.exe", image("r730", "bios", "2.11.0"))
    later(on, 60)
    (job,) = queue(on).jobs
    assert rac(on, "jobqueue", "view").stdout.text == (
        "-------------------------JOB QUEUE------------------------\n"
        f"[Job ID={job.id}]\n"
        "Job Name=Firmware Update: BIOS\n"
        "Status=Scheduled\n"
        "Start Time=[Next Reboot]\n"
        "Expiration Time=[Not Applicable]\n"
        "Message=[JCP001: Task successfully scheduled.]\n"
        "----------------------------------------------------------\n"
    )


def test_a_completed_job_in_the_newer_dialect_has_four_times() -> None:
    on = server("r740")
    update(on, "idrac.exe", image("r740", "bmc", "7.00.30.00"))
    later(on, 900)
    (job,) = queue(on).jobs
    text = rac(on, "jobqueue", "view", "-i", job.id).stdout.text
    assert text.startswith(
        "---------------------------- JOB -------------------------\n"
        f"[Job ID={job.id}]\n"
        "Job Name=Firmware Update: iDRAC\n"
        "Status=Completed\n"
        "Scheduled Start Time=[Now]\n"
        "Expiration Time=[Not Applicable]\n"
    )
    times = re.findall(r"^Actual (?:Start|Completion) Time=\[(.+)\]$", text, re.MULTILINE)
    assert times == ["Thu, 01 Jan 2026 00:00:43", "Thu, 01 Jan 2026 00:05:43"]
    assert text.endswith("Percent Complete=[100]\n" + "-" * 58 + "\n")


def test_a_foreign_package_fails_in_the_queue_and_not_on_the_command_line() -> None:
    on = server("r730")
    assert update(on, "bios.exe", image("r740", "bios", "2.19.1")).status == 0
    later(on, 60)
    view = rac(on, "jobqueue", "view").stdout.text
    assert "Status=Failed\n" in view
    assert "Message=[RED007: Unable to verify Update Package signature.]\n" in view


@pytest.mark.parametrize("board", ["r730", "r740", "c6220"])
def test_a_bios_update_is_complete_after_a_reboot(board: str) -> None:
    on = server(board)
    update(on, "BIOS_File.BIN", image(board, "bios", "2.99.0"))
    later(on, 60)
    on.host_reboot()
    later(on, 1500)
    assert on.phase == "up"
    assert fields(rac(on, "getversion").text)["Bios Version"] == "2.99.0"
    assert "Status=Completed\n" in rac(on, "jobqueue", "view").text


def test_the_idrac_is_dark_after_its_own_update_and_racadm_fails_meanwhile() -> None:
    on = server("r740")
    update(on, "idrac.d9", image("r740", "bmc", "7.00.30.00"))
    while on.bmc.answering:
        later(on, 5)
    ran = rac(on, "jobqueue", "view")
    assert (ran.status, ran.text) == (1, "ERROR: Unable to perform requested operation.\n")
    later(on, 300)
    assert fields(rac(on, "getversion").text)["iDRAC Version"] == "7.00.30.00"


def test_a_second_update_at_once_is_refused() -> None:
    on = server("r740")
    update(on, "one.exe", image("r740", "bmc", "7.00.30.00"))
    assert update(on, "two.exe", image("r740", "bios", "2.19.1")).status == 1
    assert len(queue(on).jobs) == 1


def test_the_idrac_is_not_reset_while_it_writes_its_flash() -> None:
    on = server("r740")
    update(on, "one.exe", image("r740", "bmc", "7.00.30.00"))
    later(on, 60)
    ran = rac(on, "racreset")
    assert ran.status == 1
    assert "firmware update is currently in progress" in ran.text
    assert on.bmc.answering


def test_a_file_of_the_wrong_type_or_none_makes_no_job() -> None:
    on = server("r740")
    put(on, "image.hpm", b"x")
    assert rac(on, "update", "-f", "image.hpm").text == "ERROR: Invalid File Type\n"
    assert rac(on, "update", "-f", "absent.exe").status == 1
    assert queue(on).jobs == []


def test_an_update_cut_short_by_a_killed_racadm_makes_no_job() -> None:
    on = server("r740")
    put(on, "bios.exe", image("r740", "bios", "2.19.1"))
    ran = begin(racadm.main, on, "racadm", "update", "-f", "bios.exe")
    later(on, 5)
    ran.process.kill(15)
    later(on, 60)
    assert queue(on).jobs == []


def test_jobs_are_deleted_one_or_all() -> None:
    on = server("r740")
    update(on, "bios.exe", image("r740", "bios", "2.19.1"))
    later(on, 60)
    (job,) = queue(on).jobs
    ran = rac(on, "jobqueue", "delete", "-i", job.id)
    assert ran.text == f"RAC1032: {job.id} job(s) was cancelled by the user.\n"
    assert (queue(on).jobs, on.pre_boot) == ([], [])
    assert rac(on, "jobqueue", "delete", "--all").status == 0
    assert rac(on, "jobqueue", "delete", "-i", "JID_000000000000").status == 1


def test_an_update_with_reboot_restarts_the_host_by_itself() -> None:
    on = server("r740")
    put(on, "bios.exe", image("r740", "bios", "2.19.1"))
    rac(on, "update", "-f", "bios.exe", "--reboot")
    later(on, 1500)
    assert on.running_bios is not None
    assert (on.phase, on.running_bios.version) == ("up", "2.19.1")


def test_racreset_takes_the_idrac_down_and_leaves_the_host_alone() -> None:
    on = server("r730")
    ran = rac(on, "racreset")
    assert ran.text.startswith("RAC reset operation initiated successfully. It may take a few\nminutes for the RAC")
    later(on, 5)
    assert (on.bmc.answering, on.phase) == (False, "up")
    later(on, on.board.bmc.boot_s)
    assert on.bmc.answering


def test_versions_and_system_information_agree_with_what_runs() -> None:
    on = server("r740")
    text = rac(on, "getsysinfo").text
    assert "Firmware Version        = 6.10.30.00\n" in text
    assert "System Model            = PowerEdge R740\n" in text
    found = fields(text)
    assert (found["System BIOS Version"], found["Service Tag"], found["Power Status"]) == ("2.17.1", "FW89BX2", "ON")
    assert re.search(r"^RAC Date/Time           = Thu Jan 01 00:00:\d\d 2026\n\n", text, re.MULTILINE)
    versions = fields(rac(on, "getversion").text)
    assert (versions["Bios Version"], versions["iDRAC Version"]) == ("2.17.1", "6.10.30.00")


def test_network_settings_are_the_bmcs() -> None:
    on = server("r740")
    text = rac(on, "getniccfg").text
    assert text.startswith(
        "\nIPv4 settings:\nNIC Enabled          = 1\nIPv4 Enabled         = 1\nDHCP Enabled         = 0\n"
        f"IP Address           = {on.bmc.lan.address}\n"
    )
    rac(on, "setniccfg", "-s", "192.0.2.77", "255.255.255.0", "192.0.2.1")
    assert on.bmc.address == "192.0.2.77"
    rac(on, "setniccfg", "-d")
    assert on.bmc.lan.address in on.spec.dhcp_pool


def test_nic_selection_is_read_and_set_and_echoes_the_typed_case() -> None:
    on = server("r740")
    assert rac(on, "get", "iDRAC.NIC.Selection").text == "[Key=iDRAC.Embedded.1#NIC.1]\nSelection=Dedicated\n"
    assert rac(on, "get", "idrac.nic.selection").text.startswith("[Key=idrac.Embedded.1#nic.1]\n")
    ran = rac(on, "set", "iDRAC.NIC.Selection", "LOM1")
    assert ran.text == "[Key=iDRAC.Embedded.1#NIC.1]\nObject value modified successfully\n"
    assert on.bmc.lan_mode == "shared"
    assert rac(on, "set", "iDRAC.NIC.Selection", "LOM9").status == 1
    assert rac(on, "get", "iDRAC.Nothing.There").status == 1


def test_a_profile_is_exported_to_a_file() -> None:
    on = server("r740")
    assert rac(on, "get", "-t", "xml", "-f", "scp.xml").status == 0
    text = on.host.files.read("/root/scp.xml").decode()
    assert '<Attribute Name="NIC.1#Selection">Dedicated</Attribute>' in text


def test_power_is_reported_and_cycled() -> None:
    on = server("r740")
    assert rac(on, "serveraction", "powerstatus").text == "Server power status: ON\n"
    assert rac(on, "serveraction", "powercycle").text == "Server power operation successful\n"
    later(on, 5)
    assert on.phase == "off"


def test_a_rollback_brings_the_previous_idrac_back() -> None:
    on = server("r740")
    update(on, "idrac.exe", image("r740", "bmc", "7.00.30.00"))
    later(on, 900)
    assert "Rollback Version = 6.10.30.00\n" in rac(on, "swinventory").text
    ran = rac(on, "rollback", "iDRAC.Embedded.1-1")
    assert ran.text == "RAC1056: Rollback operation initiated successfully.\n"
    later(on, 300)
    assert fields(rac(on, "getversion").text)["iDRAC Version"] == "6.10.30.00"


def test_the_inventory_shows_a_staged_bios_as_available() -> None:
    on = server("r740")
    update(on, "bios.exe", image("r740", "bios", "2.19.1"))
    later(on, 60)
    text = rac(on, "swinventory").text
    assert "FQDD = BIOS.Setup.1-1\nInstallationDate = NA\nCurrent Version = 2.17.1\n" in text
    assert "FQDD = BIOS.Setup.1-1\nInstallationDate = NA\nAvailable Version = 2.19.1\n" in text


def test_an_unknown_subcommand_and_a_supermicro_board_are_refused() -> None:
    ran = rac(server("r740"), "version")
    assert (ran.status, ran.text) == (1, "ERROR: Invalid subcommand specified.\n")
    assert rac(server("x11ssh-f"), "getversion").status == 1


def test_help_lists_every_subcommand() -> None:
    text = rac(server("r740"), "help").text
    assert all(name in text for name in racadm.SUBCOMMANDS)
    assert rac(server("r740"), "help", "jobqueue").status == 0


def test_what_is_invented_is_listed() -> None:
    listed = racadm.INVENTED + lifecycle.INVENTED
    print(*listed, sep="\n")  # noqa: T201 - the list is for whoever reads the test's output
    assert all(line.startswith(("racadm: ", "lifecycle: ")) for line in listed)
