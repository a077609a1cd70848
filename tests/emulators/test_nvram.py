"""The BIOS's settings in NVRAM: who reads and writes them, what a new BIOS forgets, and what follows for the boot."""

from __future__ import annotations

import pytest

from emulators.faults import Fault, Kind
from emulators.nvram import CATALOGUES, Nvram
from emulators.server import VirtualServer
from emulators.spec import BmcAccount, ServerSpec
from fwsim.rehearsal.memory import MemoryHost, drive


def server(board: str = "x11ssh-f", *kinds: Kind, **spec: object) -> VirtualServer:
    faults = tuple(Fault(kind=kind) for kind in kinds)
    return VirtualServer(ServerSpec.model_validate({"board": board, "faults": faults, **spec}))


def run(on: VirtualServer, *argv: str) -> str:
    done = drive(MemoryHost(on).run(argv, timeout_s=2000))
    assert done.status == 0, done.stdout + done.stderr
    return done.stdout


def restart(on: VirtualServer) -> VirtualServer:
    on.host_reboot()
    on.advance(on.now + 2000)
    return on


def flash_bios(on: VirtualServer, *options: str) -> VirtualServer:
    from emulators import packages

    package = packages.make(on.board, "bios", "9.9")
    on.host.files.write("/root/new.bin", package.data)
    run(on, "sum", "-c", "UpdateBios", "--file", "/root/new.bin", *options)
    return on


def test_sum_reads_and_changes_every_setting_of_the_catalogue() -> None:
    on = server(bios_settings={"sr-iov": "Enabled"})
    run(on, "sum", "-c", "GetCurrentBiosCfg", "--file", "/root/cfg.xml")
    text = on.host.files.read("/root/cfg.xml").decode()
    assert all(f'name="{setting.name}"' in text for setting in CATALOGUES["supermicro"])
    on.nvram.reset()
    run(on, "sum", "-c", "ChangeBiosCfg", "--file", "/root/cfg.xml")
    assert on.bios_settings["sr-iov"] == "Disabled", "it waits for the next start"
    assert restart(on).bios_settings["sr-iov"] == "Enabled"


def test_a_setting_that_the_bios_has_not_is_left_out_by_option_alone() -> None:
    on = server()
    on.host.files.write("/root/cfg.xml", b'<BiosCfg><Setting name="Old One" selectedOption="On" /></BiosCfg>')
    host = MemoryHost(on)
    assert drive(host.run(("sum", "-c", "ChangeBiosCfg", "--file", "/root/cfg.xml"))).status == 60
    run(on, "sum", "-c", "ChangeBiosCfg", "--file", "/root/cfg.xml", "--skip_unknown")


def test_sum_without_preserve_setting_starts_the_new_bios_with_defaults() -> None:
    on = restart(flash_bios(server(bios_settings={"hyper-threading": "Disabled"})))
    assert (on.bios_settings["hyper-threading"], on.phase) == ("Enabled", "up")


def test_settings_survive_until_the_restart() -> None:
    on = flash_bios(server(bios_settings={"hyper-threading": "Disabled"}))
    assert on.bios_settings["hyper-threading"] == "Disabled"


@pytest.mark.parametrize(("options", "after"), [((), "Enabled"), (("--preserve_setting",), "Disabled")])
def test_a_staged_update_keeps_settings_with_preserve_setting_alone(options: tuple[str, ...], after: str) -> None:
    on = server("x12spi", bios_settings={"hyper-threading": "Disabled"})
    flash_bios(on, *options).host_poweroff()
    on.advance(on.now + 120)
    on.power_on()
    on.advance(on.now + 3000)
    assert on.running_bios is not None
    assert (on.running_bios.version, on.bios_settings["hyper-threading"]) == ("9.9", after)


@pytest.mark.parametrize(
    ("settings", "lost"), [({"sata-mode": "RAID"}, "sata-mode"), ({"boot-mode": "LEGACY"}, "boot-mode")]
)
def test_a_system_is_not_found_under_another_mode_than_it_was_installed_under(
    settings: dict[str, str], lost: str
) -> None:
    on = server(bios_settings=settings)
    assert restart(on).phase == "up"
    on.nvram.settings[lost] = on.nvram.defaults[lost]
    assert restart(on).phase == "no-boot"


def test_the_network_is_tried_in_its_place_and_takes_its_time() -> None:
    one, two = server(), server()
    two.boot_order = ["lan1", "disk"]
    times = []
    for on in (one, two):
        on.power_reset()
        while on.phase != "up":
            on.advance(on.next_due() or 0)
        times.append(on.now)
    assert times[1] > times[0] + 30


def test_racadm_writes_a_setting_by_a_job_and_a_start() -> None:
    on = server("r740")
    assert "pending state" in run(on, "racadm", "set", "BIOS.IntegratedDevices.SriovGlobalEnable", "Enabled")
    assert "Commit JID = JID_" in run(on, "racadm", "jobqueue", "create", "BIOS.Setup.1-1")
    assert on.bios_settings["sr-iov"] == "Disabled"
    assert restart(on).bios_settings["sr-iov"] == "Enabled"
    assert "Status=Completed" in run(on, "racadm", "jobqueue", "view")


def test_an_exported_profile_brings_the_settings_back() -> None:
    on = server("r740", bios_settings={"sr-iov": "Enabled"})
    run(on, "racadm", "get", "-t", "xml", "-f", "/root/scp.xml")
    on.nvram.reset()
    on.boot_order = ["lan1", "disk"]
    assert "RAC977" in run(on, "racadm", "set", "-t", "xml", "-f", "/root/scp.xml", "-b", "NoReboot")
    assert on.phase == "up"
    restart(on)
    assert (on.bios_settings["sr-iov"], on.boot_order) == ("Enabled", ["disk"])


def test_a_profile_with_an_unknown_attribute_fails_as_a_whole() -> None:
    on = server("r740")
    on.host.files.write(
        "/root/scp.xml",
        b'<SystemConfiguration><Component FQDD="BIOS.Setup.1-1"><Attribute Name="Nothing">1</Attribute>'
        b'<Attribute Name="LogicalProc">Disabled</Attribute></Component></SystemConfiguration>',
    )
    run(on, "racadm", "set", "-t", "xml", "-f", "/root/scp.xml", "-b", "NoReboot")
    assert "Status=Failed" in run(on, "racadm", "jobqueue", "view")
    assert restart(on).bios_settings["hyper-threading"] == "Enabled"


def test_without_the_firmwares_labels_linux_names_ports_by_their_slots() -> None:
    on = server()
    on.nvram.labels = False
    shown = run(on, "ip", "-br", "link")
    assert "eno1" not in shown
    assert "enp2s0f0" in shown


def test_a_host_that_starts_without_uefi_has_no_boot_entries() -> None:
    on = server(bios_settings={"boot-mode": "LEGACY"})
    done = drive(MemoryHost(on).run(("efibootmgr", "-v")))
    assert (done.status, done.stderr) == (2, "EFI variables are not supported on this system.\n")


def test_a_setting_or_value_that_there_is_not_is_told() -> None:
    board = server().board
    with pytest.raises(ValueError, match="there are: power-restore"):
        Nvram.of("supermicro", board.bios, {"colour": "red"})
    with pytest.raises(ValueError, match="takes AHCI, RAID"):
        Nvram.of("supermicro", board.bios, {"sata-mode": "IDE"})


def test_a_bmc_is_heard_only_with_the_tag_of_its_switch_and_on_the_management_network() -> None:
    on = server(bmc_vlan=42)
    assert on.bmc.address == "192.0.2.20"
    on.bmc.lan.vlan = None
    assert on.bmc.address is None
    on.bmc.lan.vlan, on.bmc.lan_mode = 42, "shared"
    assert on.bmc.address is None, "the host's port is in the production network"


def test_what_new_bmc_firmware_forgets_is_forgotten_once() -> None:
    kinds: tuple[Kind, ...] = ("lan-config-wiped", "users-reset", "lan-mode-moved", "boot-flags-lost")
    on = server("x11ssh-f", *kinds, bmc_users=(BmcAccount(id=3, name="three", password="pw"),))
    on.bmc.nvram["boot-options"] = {5: b"\xc0\x08\0\0\0"}
    on.chips["bmc"].begin().write(0, bytes(packages_image(on)))
    on.chips["bmc"].finish()
    on.chips["bmc"].activate()
    on.bmc.cold_reset()
    on.advance(on.now + 600)
    assert (on.bmc.lan.address, on.bmc.lan.source, on.bmc.lan_mode) == ("0.0.0.0", 1, "shared")
    assert on.bmc.users.by_name(b"three") is None
    assert "boot-options" not in on.bmc.nvram
    on.bmc.lan_mode = "dedicated"
    on.bmc.cold_reset()
    on.advance(on.now + 600)
    assert on.bmc.lan_mode == "dedicated"


def packages_image(on: VirtualServer) -> bytes:
    from emulators import images

    return images.build(on.board.firmware("bmc", "9.9"))
