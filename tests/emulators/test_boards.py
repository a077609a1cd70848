"""What the boards' files promise to everything that is built on them."""

from __future__ import annotations

import pytest

from emulators import boards, images
from emulators.flash import Chip

ALL = boards.names()


def test_the_catalogue_has_the_boards_of_the_issue() -> None:
    assert set(ALL) >= {"x11ssh-f", "x11ssh-f-nohpm", "x11ssm-f", "x10dri", "x12spi", "r740", "r730", "c6220"}


@pytest.mark.parametrize("name", ALL)
def test_a_board_is_called_as_its_file_is(name: str) -> None:
    assert boards.load(name).name == name


@pytest.mark.parametrize("name", ALL)
def test_the_ports_are_one_of_the_bmc_and_at_least_one_of_the_host_and_no_mac_is_used_twice(name: str) -> None:
    nics = boards.load(name).nics
    assert [nic.port for nic in nics if nic.name is None] == ["dedicated"]
    assert any(nic.name is not None for nic in nics)
    assert len({nic.mac for nic in nics}) == len(nics)


def test_no_two_boards_share_a_mac_a_serial_or_a_uuid() -> None:
    every = [boards.load(name) for name in ALL]
    assert len({nic.mac for board in every for nic in board.nics}) == sum(len(board.nics) for board in every)
    assert len({board.serial for board in every}) == len(every)
    assert len({board.uuid for board in every}) == len(every)


@pytest.mark.parametrize("name", ALL)
def test_a_board_runs_images_made_for_it(name: str) -> None:
    board = boards.load(name)
    for kind, part in (("bmc", board.bmc), ("bios", board.bios)):
        firmware = board.firmware("bmc" if kind == "bmc" else "bios")
        assert Chip.holding(kind, images.build(firmware, part.image_size), part.banks).boot_firmware() == firmware


@pytest.mark.parametrize("name", ALL)
def test_every_version_can_be_written_into_an_hpm_header(name: str) -> None:
    assert len(images.version_bytes(boards.load(name).bmc.version)) == 6


@pytest.mark.parametrize("name", ALL)
def test_what_no_source_confirms_is_named(name: str) -> None:
    assert {"serials", "macs", "timings", "sensors"} <= set(boards.load(name).invented)


@pytest.mark.parametrize("name", ALL)
def test_each_name_under_invented_is_a_field_or_a_group_of_them(name: str) -> None:
    board = boards.load(name)
    for path in board.invented:
        if path in ("serials", "macs", "timings", "sensors"):
            continue
        value: object = board
        for part in path.split("."):
            assert hasattr(value, part), path
            value = getattr(value, part)


def test_the_twins_share_no_identity_that_an_image_is_checked_against() -> None:
    one, other = boards.load("x11ssh-f"), boards.load("x11ssm-f")
    assert one.bmc.family != other.bmc.family
    assert one.bmc.product_id != other.bmc.product_id
    assert one.bios.board_id != other.bios.board_id
    assert one.product != other.product


def test_the_variant_without_hpm_differs_in_hpm_and_its_own_numbers_only() -> None:
    base, variant = boards.load("x11ssh-f"), boards.load("x11ssh-f-nohpm")
    assert base.bmc.hpm is not None
    assert variant.bmc.hpm is None
    own = {"name", "serial", "system_serial", "uuid", "nics", "bmc"}
    assert base.model_dump(exclude=own) == variant.model_dump(exclude=own)
    assert base.bmc.model_dump(exclude={"hpm"}) == variant.bmc.model_dump(exclude={"hpm"})


def test_the_boards_differ_in_what_makes_an_upload_active_and_a_bios_apply() -> None:
    every = [boards.load(name) for name in ALL]
    assert {board.bmc.hpm.activation for board in every if board.bmc.hpm} == {"finish", "reset", "activate"}
    assert {board.bios.applies for board in every} == {"at-once", "staged"}
    assert {board.bios.activated_by for board in every} >= {"reboot", "power-cycle"}
    assert {board.bmc.banks for board in every} == {1, 2}
    assert any(board.bmc.hpm and board.bmc.hpm.block_size for board in every)


@pytest.mark.parametrize("name", ALL)
def test_a_bmc_can_be_updated_in_some_way(name: str) -> None:
    bmc = boards.load(name).bmc
    assert bmc.hpm is not None or bmc.vendor_update is not None


@pytest.mark.parametrize("name", [name for name in ALL if boards.load(name).vendor == "supermicro"])
def test_a_supermicro_product_id_is_the_board_id_of_its_bios(name: str) -> None:
    board = boards.load(name)
    assert f"{board.bmc.product_id:04X}" == board.bios.board_id


def test_an_unknown_board_is_named_together_with_those_there_are() -> None:
    with pytest.raises(boards.UnknownBoard) as caught:
        boards.load("x99")
    assert caught.value.name == "x99"
    assert "x11ssh-f" in str(caught.value)
