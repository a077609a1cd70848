"""SUM's output. Samples are those of facts/vendor-tools-and-boards.md section 3."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fwsim.tools import Unparsable
from fwsim.tools import sum as supermicro

BIOS_INFO = """\
Supermicro Update Manager (for UEFI BIOS) 2.14.0 (2024/02/15) (x86_64)
Copyright(C) 2013-2024 Super Micro Computer, Inc. All rights reserved.
....
Managed system..........................10.145.129.168
    Board ID............................1B0F
    BIOS build date.....................2022/09/16
    BIOS version........................1.9
"""
BMC_INFO = """\
............
Managed system...........lsstcam-dc01-bmc.ls.lsst.org
    BMC UFFN.............BMC_H12AST2500-ROT-2201MS_20230106_01.01.08_STDsp.bin
    BMC type.............H12_RoT_ATEN_AST2500/H12_RoT_ATEN_AST2600_1_2
    BMC version..........01.01.08
    BMC ext. version.....01 00 00 (P)
    BMC build date.......2023/01/06
"""
LOCAL = """\
Local BMC image file.....BMC.bin
    BMC type.............H12_RoT_ATEN_AST2500
    BMC version..........01.02.00
    BMC build date.......2024/01/06
    FW image.............Signed
        Signed Key.......RoT
"""
UPDATE_BIOS = """\
\x1b[0m\x1b[0;33mWARNING\x1b[0m: \x1b[0mBIOS setting will be reset without option --preserve_setting
Reading BIOS flash ..................... (100%)
CPUID = 506e3
Checking ME Firmware ...
Comparing FDT for ROM file and flash.... (100%)
FDT is same, Update BIOS and ME(exclude FDT) regions....
Writing BIOS flash ..................... (100%)
Verifying BIOS flash ................... (100%)
Checking ME Firmware ...
Putting ME data to BIOS ................ (100%)
Writing ME region in BIOS flash ...
 - FDT won't be updated when ME is not in Manufacturing mode!!
   BIOS upgrade continues...
 - Updated Recovery Loader to OPRx
 - Updated FPT, MFSB, FTPR and MFS
 - ME Entire Image done
WARNING:Must power cycle or restart the system for the changes to take effect!
"""
UPDATE_BMC = """\
Status: Start updating BMC for 192.168.34.56
************************************WARNING*************************************
    Do not remove AC power from the server.
********************************************************************************
Uploading FW...........................Done
Updating FW...>>>>>>>>>>>>>>>>>>>>>>>>>>>>>>>>>>>>>>Done
Status: BMC is updated for 192.168.34.56
Update Complete. Please wait for BMC reboot, about 4 mins.
..................................................
....................................Done
"""
DEAD_BIOS = """\
Managed system...........192.168.0.237
    Board ID.............0924
    BIOS build date......N/A
"""


def test_the_bios_is_read_and_the_banner_is_not_taken_for_it() -> None:
    assert supermicro.parse_bios_info(BIOS_INFO) == supermicro.Info(supermicro.Image("1B0F", "1.9", "2022/09/16"), None)


def test_the_bmc_is_read_with_all_its_parts() -> None:
    found = supermicro.parse_bmc_info(BMC_INFO).managed
    assert found == supermicro.Image("H12_RoT_ATEN_AST2500/H12_RoT_ATEN_AST2600_1_2", "01.01.08", "2023/01/06")


def test_the_file_is_kept_apart_from_the_running_system() -> None:
    found = supermicro.parse_bmc_info(BMC_INFO + LOCAL)
    assert found.managed is not None
    assert found.file is not None
    assert (found.managed.version, found.file.version) == ("01.01.08", "01.02.00")
    assert supermicro.parse_bmc_info(LOCAL).managed is None


def test_colours_do_not_matter() -> None:
    coloured = BIOS_INFO.replace("BIOS version", "\x1b[1mBIOS version\x1b[0m")
    assert supermicro.parse_bios_info(coloured) == supermicro.parse_bios_info(BIOS_INFO)


def test_a_dead_bios_is_not_readable() -> None:
    found = supermicro.parse_bios_info(DEAD_BIOS).managed
    assert found is not None
    assert not found.readable


@pytest.mark.parametrize("text", ["", "....\n", "Error message:\n    no\n", BIOS_INFO.splitlines()[0]])
def test_other_output_is_unparsable(text: str) -> None:
    with pytest.raises(Unparsable):
        supermicro.parse_bios_info(text)


def test_a_bios_update_is_complete_at_its_last_line_only() -> None:
    assert supermicro.parse_update(UPDATE_BIOS).complete
    whole = supermicro.parse_update(UPDATE_BIOS)
    assert (whole.stage, whole.percent, whole.settings_reset, whole.staged) == ("ended", 100, True, False)
    before = supermicro.parse_update("".join(UPDATE_BIOS.splitlines(keepends=True)[:-1]))
    assert not before.complete


@pytest.mark.parametrize(
    ("log", "stage", "percent"),
    [
        ("", "", None),
        ("\rReading BIOS flash ..... ( 40%)", "reading", 40),
        (UPDATE_BIOS[: UPDATE_BIOS.index("Writing BIOS")] + "\rWriting BIOS flash ... (  0%)", "writing", 0),
        (
            UPDATE_BIOS[: UPDATE_BIOS.index("Writing BIOS")]
            + "Writing BIOS flash .... (  0%)\rWriting BIOS flash .... ( 37%)",
            "writing",
            37,
        ),
        (UPDATE_BIOS[: UPDATE_BIOS.index("Checking ME Firmware ...\nPutting")], "verifying", 100),
        ("Uploading FW....", "uploading", None),
        ("Uploading FW....Done\nUpdating FW...>>>>>>>>>>>>>>>>>>>", "writing", 50),
    ],
)
def test_progress_is_of_the_stage_at_hand(log: str, stage: str, percent: int | None) -> None:
    found = supermicro.parse_update(log)
    assert (found.stage, found.percent, found.complete) == (stage, percent, False)


def test_a_bmc_update_is_complete_before_the_wait_for_its_reboot_has_ended() -> None:
    at = UPDATE_BMC.index("Status: BMC is updated for") + len("Status: BMC is updated for")
    assert supermicro.parse_update(UPDATE_BMC[:at]).complete
    assert not supermicro.parse_update(UPDATE_BMC[: at - 1]).complete


@given(st.integers(0, len(UPDATE_BIOS)))
def test_a_log_cut_at_any_byte_never_claims_completion_too_early(at: int) -> None:
    assert supermicro.parse_update(UPDATE_BIOS[:at]).complete is (
        at >= UPDATE_BIOS.index("changes to") + len("changes")
    )


def test_failures_keep_their_own_words() -> None:
    found = supermicro.parse_update("Writing BIOS flash ... ( 10%)\nCannot put ME into recovery mode\n")
    assert found.complaints == ("Cannot put ME into recovery mode",)
    assert supermicro.parse_update(UPDATE_BMC).complaints == ()
    assert supermicro.parse_update(UPDATE_BIOS).complaints == ()


@pytest.mark.parametrize(
    ("status", "words"),
    [
        (0, "successful"),
        (80, "node product key is not activated"),
        (82, "board information mismatch"),
        (146, "IPMI login failed"),
        (7, "wrong command line"),
        (255, "unknown exit status"),
    ],
)
def test_exit_codes_mean_what_the_guide_says(status: int, words: str) -> None:
    assert supermicro.meaning(status) == words


def test_no_update_ever_reboots_by_itself() -> None:
    commands = (
        supermicro.update_bios("a.bin"),
        supermicro.update_bios("a.bin", preserve_setting=True),
        supermicro.update_bmc("a.bin"),
    )
    assert commands[0] == ("sum", "-c", "UpdateBios", "--file", "a.bin")
    assert "--preserve_setting" in commands[1]
    assert all("--reboot" not in command for command in commands)


def test_product_keys_are_found_in_both_commands_output() -> None:
    text = "[1] SFT-DCMS-Single, version: none, invoice: none, creation date: none(Key is good.)\n"
    assert supermicro.product_keys(text) == ("SFT-DCMS-Single",)
    assert supermicro.product_keys("Node Product Key Activated.......SFT-OOB-LIC|SFT-DCMS-SINGLE\n") == (
        "SFT-OOB-LIC",
        "SFT-DCMS-SINGLE",
    )
    assert supermicro.product_keys("Node Product Key Activated.......N/A\n") == ()
