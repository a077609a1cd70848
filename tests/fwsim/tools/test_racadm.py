"""racadm's output. Samples are those of facts/vendor-tools-and-boards.md section 4."""

from __future__ import annotations

import pytest

from fwsim.tools import Unparsable, racadm

OLD = """\
---------------------------- JOB -------------------------
[Job ID=JID_378288740486]
Job Name=Configure: RAID.Integrated.1-1
Status=Completed
Start Time=[Now]
Expiration Time=[Not Applicable]
Message=[PR19: Job completed successfully.]
Percent Complete=[100]
----------------------------------------------------------
"""
NEW = """\
---------------------------- JOB -------------------------
[Job ID=JID_814372800396]
Job Name=SupportAssist Collection
Status=Completed
Scheduled Start Time=[Not Applicable]
Expiration Time=[Not Applicable]
Actual Start Time=[Thu, 13 Apr 2023 20:54:40]
Actual Completion Time=[Thu, 13 Apr 2023 20:59:51]
Message=[SRV088: The SupportAssist Collection Operation is completed successfully.]
Percent Complete=[100]
----------------------------------------------------------
"""
FAILED = """\
-------------------------JOB QUEUE------------------------
[Job ID=JID_954667719598]
Job Name=Firmware Update: iDRAC
Status=Failed
Start Time=[Not Applicable]
Expiration Time=[Not Applicable]
Message=[RED007: Unable to verify Update Package signature.]
Percent Complete=[NA]
----------------------------------------------------------
[Job ID=JID_954667719599]
Job Name=Firmware Update: BIOS
Status=Scheduled
Start Time=[Next Reboot]
Expiration Time=[Not Applicable]
Message=[JCP001: Task successfully scheduled.]
----------------------------------------------------------
"""
UPDATE = """\
The Copying Operation has begun,
\tThis might take several minutes to complete, depending on the network.
\tDo not interrupt the operation.
RAC987: Firmware update job for iDRAC-with-Lifecycle-Controller_Firmware_KRCXX_WN32_2.75.75.75_A00.EXE is initiated.
This firmware update job may take several minutes to complete depending on the
component or firmware being updated. To view the progress of the job, use the
"racadm jobqueue view" command. If the job is scheduled, the system will require a manual reboot.
To reboot the system  manually, use the "racadm serveraction powercycle" command.
"""


@pytest.mark.parametrize(("text", "start"), [(OLD, "Now"), (NEW, "Not Applicable")])
def test_both_dialects_of_the_job_queue_are_read(text: str, start: str) -> None:
    (job,) = racadm.parse_jobs(text)
    assert (job.state, job.percent, job.start, job.is_open) == ("completed", 100, start, False)
    assert job.message.endswith("successfully.")


def test_a_queue_of_two_jobs_keeps_them_apart() -> None:
    failed, scheduled = racadm.parse_jobs(FAILED)
    assert (failed.id, failed.state, failed.kind, failed.percent) == ("JID_954667719598", "failed", "bmc", None)
    assert (failed.message_id, failed.message) == ("RED007", "Unable to verify Update Package signature.")
    assert (scheduled.state, scheduled.kind, scheduled.percent, scheduled.start) == (
        "waiting",
        "bios",
        None,
        "Next Reboot",
    )
    assert scheduled.is_open


def test_a_hand_spaced_sample_is_read() -> None:
    text = OLD.replace("Status=Completed", "Status=Downloading").replace("Message=[PR19", "Message= [RED001")
    (job,) = racadm.parse_jobs(text.replace("Percent Complete=[100]", "Percent Complete= [50%]"))
    assert (job.state, job.percent, job.message_id) == ("running", 50, "RED001")


def test_a_reboot_job_is_over_when_it_says_so() -> None:
    (job,) = racadm.parse_jobs(OLD.replace("JID_", "RID_").replace("=Completed", "=Reboot Completed"))
    assert (job.id, job.state) == ("RID_378288740486", "completed")


def test_a_status_that_nobody_has_seen_is_open_and_not_a_success() -> None:
    (job,) = racadm.parse_jobs(OLD.replace("=Completed", "=Contemplating"))
    assert job.state is None
    assert job.is_open


def test_completed_with_errors_is_a_failure() -> None:
    (job,) = racadm.parse_jobs(OLD.replace("=Completed", "=Completed with Errors"))
    assert job.state == "failed"


def test_an_empty_queue_is_empty_and_other_output_is_unparsable() -> None:
    assert racadm.parse_jobs("-------------------------JOB QUEUE------------------------\n") == ()
    with pytest.raises(Unparsable):
        racadm.parse_jobs("ERROR: Unable to connect to RAC at specified IP address.\n")
    with pytest.raises(Unparsable):
        racadm.parse_jobs("")


def test_the_new_job_of_a_kind_is_found_by_what_was_not_there() -> None:
    before, after = racadm.parse_jobs(OLD), racadm.parse_jobs(OLD + FAILED)
    found = racadm.new_job(before, after, "bios")
    assert found is not None
    assert found.id == "JID_954667719599"
    assert racadm.new_job(after, after, "bios") is None


def test_only_rac987_means_that_an_update_was_taken() -> None:
    assert racadm.parse_update(UPDATE).accepted
    assert racadm.parse_update("RAC987: Update initiated.\n").accepted
    refused = racadm.parse_update("ERROR: Invalid File Type\n")
    assert (refused.accepted, refused.complaint) == (False, "ERROR: Invalid File Type")
    assert not racadm.parse_update("").accepted
    assert racadm.parse_update("busy\nRAC0218: The maximum number of user sessions is reached\n").complaint.startswith(
        "RAC0218"
    )


def test_versions_are_read_with_and_without_padding() -> None:
    plain = "Bios Version = 2.0.18\niDRAC Version = 2.00.00.00\nLifecycle Controller Version = 2.00.00.00\n"
    padded = " Bios Version                     = 2.17.1\n iDRAC Version                    = 6.10.30.00\n"
    assert racadm.parse_versions(plain) == racadm.Versions("2.0.18", "2.00.00.00", "2.00.00.00")
    assert racadm.parse_versions(padded) == racadm.Versions("2.17.1", "6.10.30.00", "")
    with pytest.raises(Unparsable):
        racadm.parse_versions("ERROR: no\n")


def test_system_information_goes_on_after_its_blank_line() -> None:
    text = """\
RAC Information:
RAC Date/Time           = Thu May 25 12:25:11 2023

Firmware Version        = 2.84.84.84
Firmware Build          = 02
MAC Address             = D0:94:66:45:8C:10

System Information:
System Model            = PowerEdge R320
System BIOS Version     = 2.4.2
Service Tag             = FW89BX2
Power Status            = ON
"""
    found = racadm.parse_system_info(text)
    assert found == racadm.SystemInfo("PowerEdge R320", "FW89BX2", "2.4.2", "2.84.84.84", "d0:94:66:45:8c:10", "ON")


@pytest.mark.parametrize(
    ("text", "mode"),
    [
        ("[Key=idrac.Embedded.1#NIC.1]\nSelection=Dedicated\n", "Dedicated"),
        ("[Key=iDRAC.Embedded.1#NIC.1]\nSelection=LOM1 (Pending Value=Dedicated)\n", "LOM1"),
    ],
)
def test_the_port_is_the_one_in_use_and_not_the_pending_one(text: str, mode: str) -> None:
    assert racadm.parse_nic_selection(text) == mode


@pytest.mark.parametrize(("text", "on"), [("Server power status: ON\n", True), ("Server Power Status: OFF\n", False)])
def test_the_power_status_is_read_in_either_case(text: str, on: bool) -> None:
    assert racadm.parse_power(text) is on


def test_no_update_ever_reboots_by_itself() -> None:
    assert racadm.update("/tmp/BIOS.EXE") == ("racadm", "update", "-f", "/tmp/BIOS.EXE")
