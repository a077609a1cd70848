"""dmidecode on the virtual host: formats of facts/vendor-tools-and-boards.md section 5."""

from __future__ import annotations

from emulators.host.commands import dmidecode
from tests.emulators.host.vendor import image, later, run, server


def test_the_baseboard_of_an_x11ssh_f_reads_as_the_facts_have_it() -> None:
    ran = run(dmidecode.main, server("x11ssh-f"), "dmidecode", "-t", "2")
    assert ran.status == 0
    assert ran.stdout.text == (
        "# dmidecode 3.4\n"
        "Getting SMBIOS data from sysfs.\n"
        "SMBIOS 2.8 present.\n"
        "\n"
        "Handle 0x0002, DMI type 2, 15 bytes\n"
        "Base Board Information\n"
        "\tManufacturer: Supermicro\n"
        "\tProduct Name: X11SSH-F\n"
        "\tVersion: 1.01\n"
        "\tSerial Number: ZM16AS012345\n"
        "\tAsset Tag: To be filled by O.E.M.\n"
        "\tFeatures:\n"
        "\t\tBoard is a hosting board\n"
        "\t\tBoard is replaceable\n"
        "\tLocation In Chassis: To be filled by O.E.M.\n"
        "\tChassis Handle: 0x0003\n"
        "\tType: Motherboard\n"
        "\tContained Object Handles: 0\n"
        "\n"
    )


def test_a_keyword_and_its_number_select_the_same_structure() -> None:
    on = server("x11ssh-f")
    by_word = run(dmidecode.main, on, "dmidecode", "-t", "baseboard").stdout.text
    assert by_word == run(dmidecode.main, on, "dmidecode", "--type=2").stdout.text


def test_the_bios_date_is_american() -> None:
    ran = run(dmidecode.main, server("x11ssh-f"), "dmidecode", "-t", "bios")
    assert "\tVendor: American Megatrends Inc.\n\tVersion: 2.6\n\tRelease Date: 06/04/2021\n" in ran.stdout.text
    assert "Handle 0x0000, DMI type 0, 24 bytes\nBIOS Information\n" in ran.stdout.text


def test_a_dell_names_its_model_and_numbers_handles_by_type() -> None:
    ran = run(dmidecode.main, server("r740"), "dmidecode", "-t", "system")
    assert "Handle 0x0100, DMI type 1, 27 bytes\n" in ran.stdout.text
    assert "\tSKU Number: SKU=NotProvided;ModelName=PowerEdge R740\n\tFamily: PowerEdge\n" in ran.stdout.text
    assert "\tProduct Name: PowerEdge R740\n\tVersion: Not Specified\n\tSerial Number: FW89BX2\n" in ran.stdout.text


def test_a_keyword_prints_the_value_alone() -> None:
    on = server("x12spi")
    assert run(dmidecode.main, on, "dmidecode", "-s", "bios-version").stdout.text == "1.4\n"
    assert run(dmidecode.main, on, "dmidecode", "-s", "baseboard-product-name").stdout.text == "X12SPi-TF\n"
    assert run(dmidecode.main, on, "dmidecode", "-s", "system-uuid").stdout.text == on.board.uuid + "\n"


def test_a_newly_written_bios_shows_after_the_reboot_and_not_before() -> None:
    on = server("x11ssh-f")
    chip = on.chips["bios"]
    chip.begin().write(0, image("x11ssh-f", "bios", "3.3"))
    chip.finish()
    chip.activate()
    assert run(dmidecode.main, on, "dmidecode", "-s", "bios-version").stdout.text == "2.6\n"
    on.host_reboot()
    later(on, 1200)
    assert run(dmidecode.main, on, "dmidecode", "-s", "bios-version").stdout.text == "3.3\n"


def test_without_root_nothing_can_be_read() -> None:
    ran = run(dmidecode.main, server("x11ssh-f"), "dmidecode", "-t", "2", user="admin")
    assert ran.status == 1
    assert ran.stderr.text == (
        "/sys/firmware/dmi/tables/smbios_entry_point: Permission denied\n/dev/mem: Permission denied\n"
    )
    assert ran.stdout.text == "# dmidecode 3.4\nScanning /dev/mem for entry point.\n"


def test_the_version_needs_no_root() -> None:
    assert run(dmidecode.main, server("r730"), "dmidecode", "-V", user="admin").stdout.text == "3.4\n"


def test_an_unknown_type_or_keyword_is_refused_with_the_list() -> None:
    on = server("r730")
    ran = run(dmidecode.main, on, "dmidecode", "-t", "mainboard")
    assert ran.status == 2
    assert ran.stderr.text.startswith("Invalid type keyword: mainboard\nValid type keywords are:\n  bios\n")
    assert run(dmidecode.main, on, "dmidecode", "-s", "board").status == 2
    assert run(dmidecode.main, on, "dmidecode", "-t").stderr.text.startswith(
        "dmidecode: option requires an argument -- 't'\nType number or keyword expected\n"
    )


def test_without_options_every_structure_is_listed_up_to_the_end_of_the_table() -> None:
    text = run(dmidecode.main, server("x10dri"), "dmidecode").stdout.text
    titles = [line for line in text.splitlines() if line.endswith("Information") or line == "End Of Table"]
    assert titles == [
        "BIOS Information",
        "System Information",
        "Base Board Information",
        "Chassis Information",
        "End Of Table",
    ]
