"""SUM and racadm over the network, against a virtual server's BMC: who is let in, and what they bring about."""

from __future__ import annotations

from collections.abc import Sequence

import pytest

from emulators import images, outofband
from emulators.server import VirtualServer
from emulators.spec import ServerSpec

FILE = "/payload"


def ran(server: VirtualServer, argv: Sequence[str], stdin: bytes, data: bytes = b"") -> tuple[int, str]:
    process, out, err = outofband.start(server, argv, stdin, lambda path: data)
    while process.status is None:
        due = server.next_due()
        assert due is not None
        server.advance(due)
    return process.status, out.text + err.text


def bios(server: VirtualServer, version: str) -> bytes:
    return images.build(server.board.firmware("bios", version), server.board.bios.image_size)


def sum_(server: VirtualServer, *words: str, user: str = "ADMIN") -> tuple[str, ...]:
    return ("sum", "-i", server.spec.bmc_address, "-u", user, "-f", "/dev/stdin", *words)


@pytest.fixture
def supermicro() -> VirtualServer:
    return VirtualServer(ServerSpec(board="x11ssh-f", bmc_passwords={"ADMIN": "right"}))


@pytest.fixture
def dell() -> VirtualServer:
    return VirtualServer(ServerSpec(board="r740", bmc_passwords={"root": "right"}))


@pytest.mark.parametrize(
    ("argv", "address"),
    [
        (("sum", "-i", "192.0.2.20", "-c", "GetBiosInfo"), "192.0.2.20"),
        (("/opt/sum/sum", "-i", "192.0.2.20"), "192.0.2.20"),
        (("racadm", "-i", "-r", "192.0.2.20", "getversion"), "192.0.2.20"),
        (("racadm", "getversion"), ""),
        (("sum", "-c", "GetBiosInfo"), ""),
        (("scp", "-i", "key", "file"), ""),
        ((), ""),
    ],
)
def test_a_command_is_out_of_band_where_it_names_an_address(argv: tuple[str, ...], address: str) -> None:
    assert outofband.is_for(argv) == address


def test_a_wrong_password_is_refused_and_counted(supermicro: VirtualServer) -> None:
    status, _ = ran(supermicro, sum_(supermicro, "-c", "UpdateBios", "--file", FILE), b"wrong\n")
    assert status == 146
    assert supermicro.world.records[-1]["kind"] == "bmc-login-refused"


def test_a_bmc_at_another_address_does_not_answer(supermicro: VirtualServer) -> None:
    argv = ("sum", "-i", "192.0.2.99", "-u", "ADMIN", "-f", "/dev/stdin", "-c", "UpdateBios", "--file", FILE)
    assert ran(supermicro, argv, b"right\n")[0] == 145


def test_without_the_product_key_nothing_is_written(supermicro: VirtualServer) -> None:
    supermicro.licences = ()
    supermicro.power_off()
    data = bios(supermicro, "3.0")
    assert ran(supermicro, sum_(supermicro, "-c", "UpdateBios", "--file", FILE), b"right\n", data)[0] == 80
    assert ran(supermicro, sum_(supermicro, "-c", "ChangeBiosCfg", "--file", FILE), b"right\n", b"<BiosCfg/>")[0] == 80
    assert not any(r["kind"] == "flash-started" for r in supermicro.world.records)


def test_a_bios_is_written_with_the_host_off_and_not_with_it_on(supermicro: VirtualServer) -> None:
    argv, data = sum_(supermicro, "-c", "UpdateBios", "--file", FILE), bios(supermicro, "3.0")
    assert ran(supermicro, argv, b"right\n", data)[0] != 0
    supermicro.power_off()
    assert ran(supermicro, argv, b"right\n", data)[0] == 0
    firmware = supermicro.chips["bios"].boot_firmware()
    assert firmware is not None
    assert firmware.version == "3.0"


def test_settings_wait_for_the_next_start(supermicro: VirtualServer) -> None:
    text = b'<BiosCfg><Menu name="x"><Setting name="SR-IOV Support" selectedOption="Enabled"/></Menu></BiosCfg>'
    argv = sum_(supermicro, "-c", "ChangeBiosCfg", "--file", FILE)
    assert ran(supermicro, argv, b"right\n", text)[0] == 0
    assert supermicro.bios_settings["sr-iov"] == "Disabled"
    supermicro.power_reset()
    supermicro.advance(supermicro.now + 600)
    assert supermicro.bios_settings["sr-iov"] == "Enabled"


def test_sum_is_for_supermicro(dell: VirtualServer) -> None:
    argv = ("sum", "-i", dell.spec.bmc_address, "-u", "root", "-f", "/dev/stdin", "-c", "UpdateBios", "--file", FILE)
    assert ran(dell, argv, b"right\n")[0] == 38


def racadm(server: VirtualServer, *words: str) -> tuple[str, ...]:
    return ("racadm", "-i", "-r", server.spec.bmc_address, *words)


def test_racadm_asks_for_user_and_password_and_does_as_in_band(dell: VirtualServer) -> None:
    status, text = ran(dell, racadm(dell, "getversion"), b"root\nright\n")
    assert (status, "iDRAC Version" in text) == (0, True)
    status, text = ran(dell, racadm(dell, "getversion"), b"root\nwrong\n")
    assert (status, "Login failed" in text) == (1, True)


def test_an_idrac_writes_a_bios_that_does_not_start_by_itself(dell: VirtualServer) -> None:
    dell.chips["bios"].banks[dell.chips["bios"].active].erase()
    dell.power_off()
    status, text = ran(dell, racadm(dell, "update", "-f", FILE), b"root\nright\n", bios(dell, "2.19.1"))
    assert (status, "RAC987" in text) == (0, True)
    firmware = dell.chips["bios"].boot_firmware()
    assert firmware is not None
    assert firmware.version == "2.19.1"


def test_racadm_without_a_subcommand_or_on_another_vendors_bmc_is_an_error(
    dell: VirtualServer, supermicro: VirtualServer
) -> None:
    assert ran(dell, racadm(dell), b"root\nright\n")[0] == 1
    status, text = ran(supermicro, racadm(supermicro, "getversion"), b"ADMIN\nright\n")
    assert (status, "Unable to connect" in text) == (1, True)
