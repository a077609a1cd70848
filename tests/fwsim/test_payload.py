"""Firmware files: what we can read of them, and every reason not to flash one."""

from __future__ import annotations

import hashlib
import json
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from emulators import boards as truth
from emulators import images, packages
from fwsim import boards, payload
from fwsim.boards import Kind
from fwsim.payload import Payload, PayloadError, objections, parse
from fwsim.plan import Image

BOARDS = boards.names()


def made(board: str, kind: Kind, version: str = "3.90") -> Payload:
    package = packages.make(truth.load(board), kind, version)
    return parse(Path(package.name), package.data)


def wanted(found: Payload, version: str = "3.90") -> Image:
    return Image(file=found.path, version=version, sha256=found.sha256)


@pytest.mark.parametrize("kind", ["bmc", "bios"])
@pytest.mark.parametrize("board", BOARDS)
def test_an_image_of_a_board_fits_that_board_and_no_other(board: str, kind: Kind) -> None:
    found = made(board, kind)
    assert found.identifies(kind)
    for other in BOARDS:
        told = objections(found, wanted(found), kind, boards.load(other))
        assert bool(told) is (other != board), (other, told)


def test_the_twin_s_images_are_told_apart_by_their_product() -> None:
    found = made("x11ssh-f", "bmc")
    told = " ".join(objections(found, wanted(found), "bmc", boards.load("x11ssm-f")))
    assert "is for product 0x0958, a Supermicro X11SSM-F is 0x0959" in told


def test_a_supermicro_image_on_a_dell_names_the_manufacturers() -> None:
    found = made("x11ssh-f", "bmc")
    told = objections(found, wanted(found), "bmc", boards.load("r740"))
    assert "is for manufacturer 10876, a Dell PowerEdge R740 is of 674" in told


@pytest.mark.parametrize("kind", ["bmc", "bios"])
@pytest.mark.parametrize("board", BOARDS)
def test_every_synthetic_image_carries_the_mark(board: str, kind: Kind) -> None:
    assert made(board, kind).synthetic


def test_either_mark_of_an_hpm_suffices() -> None:
    data = packages.make(truth.load("x11ssh-f"), "bmc", "3.90").data
    in_header_alone = data.replace(b'"synthetic": true', b'"synthetic":false')
    in_image_alone = data.replace(images.HPM_MARK, b"x" * len(images.HPM_MARK))
    neither = in_header_alone.replace(images.HPM_MARK, b"x" * len(images.HPM_MARK))
    marks = [parse(Path("a.hpm"), d).synthetic for d in (in_header_alone, in_image_alone, neither)]
    assert marks == [True, True, False]


def test_a_damaged_header_does_not_hide_the_mark() -> None:
    data = images.build(truth.load("x11ssh-f").firmware("bios"))
    assert parse(Path("a.bin"), data[:8] + b"\xff\xff" + data[10:]).synthetic
    assert parse(Path("a.bin"), b"junk" + data).synthetic


def test_the_service_affected_bit_foretells_the_prompt() -> None:
    assert made("c6220", "bmc").services_affected
    assert not made("x11ssh-f", "bmc").services_affected


def test_a_bios_image_names_what_it_needs() -> None:
    board = truth.load("x11ssh-f")
    package = packages.make(board, "bios", "2.7", requires_bmc="3.90")
    found = parse(Path(package.name), package.data)
    assert (found.requires_bmc, found.board_id, found.kind) == ("3.90", "0958", "bios")


@pytest.mark.parametrize(
    ("change", "complaint"),
    [
        ({"sha256": "0" * 64}, "the plan says " + "0" * 64),
        ({"version": "3.91"}, "holds version 3.90, the plan says 3.91"),
    ],
)
def test_a_file_that_is_not_what_the_plan_says_is_told(change: dict[str, str], complaint: str) -> None:
    found = made("x11ssh-f", "bmc")
    image = wanted(found).model_copy(update=change)
    assert any(complaint in told for told in objections(found, image, "bmc", boards.load("x11ssh-f")))


def test_a_bios_file_for_the_bmc_is_told() -> None:
    found = made("x11ssh-f", "bios")
    assert "holds a BIOS image, the plan says bmc" in objections(found, wanted(found), "bmc", boards.load("x11ssh-f"))


@pytest.mark.parametrize("part", [0.0, 0.1, 0.5, 0.9, 0.999])
@pytest.mark.parametrize("kind", ["bmc", "bios"])
def test_a_damaged_file_is_told_as_damaged(kind: Kind, part: float) -> None:
    package = packages.make(truth.load("x11ssh-f"), kind, "3.90")
    at = int(len(package.data) * part) or 17
    data = package.data[:at] + bytes([package.data[at] ^ 0xFF]) + package.data[at + 1 :]
    found = parse(Path(package.name), data)
    told = objections(found, wanted(found), kind, boards.load("x11ssh-f"))
    assert any(text.startswith("is damaged: ") for text in told)


@pytest.mark.parametrize("length", [0, 1, 7, 8, 9, 15, 16, 17, 100, 300, 5000])
@pytest.mark.parametrize("name", ["x.hpm", "x.bin"])
def test_a_cut_file_is_told_as_damaged_or_is_opaque(name: str, length: int) -> None:
    board = truth.load("x11ssh-f")
    data = packages.make(board, "bmc", "3.90").data if name == "x.hpm" else images.build(board.firmware("bios"))
    found = parse(Path(name), data[:length])
    assert found.defects or (found.format == "opaque" and length < 8)


def test_a_file_named_hpm_that_is_none_is_told() -> None:
    (told,) = parse(Path("a.hpm"), b"<html>not found</html>").defects
    assert "expected the signature" in told


def test_an_hpm_whose_image_is_of_another_version_is_told() -> None:
    board = truth.load("x11ssh-f")
    data = images.wrap_hpm(images.build(board.firmware("bmc", "3.88")), "3.90", board.hpm_target())
    assert any("header says version 3.90, the image inside says 3.88" in d for d in parse(Path("a.hpm"), data).defects)


def test_a_vendor_s_file_is_opaque_and_says_nothing() -> None:
    found = parse(Path("REDFISH_X11_390.bin"), b"\x7fvendor" * 100)
    assert (found.format, found.kind, found.defects, found.synthetic) == ("opaque", None, (), False)
    assert not found.identifies("bmc")
    assert objections(found, wanted(found), "bmc", boards.load("x11ssh-f")) == ()


def test_the_board_id_in_a_bios_file_s_name_is_believed_against_it() -> None:
    found = parse(Path("BIOS_X12SPI-1B4A_20220815_1.4_STDsp.bin"), b"vendor")
    image = wanted(found, "1.4")
    assert objections(found, image, "bios", boards.load("x12spi")) == ()
    told = objections(found, image, "bios", boards.load("x11ssh-f"))
    assert told == ("its name says board id 1B4A, a Supermicro X11SSH-F has 0958",)


def test_a_real_dell_hpm_does_not_say_which_poweredge_it_is_for() -> None:
    target = images.HpmTarget(32, 674, 0x0100)
    found = parse(Path("a.hpm"), images.wrap_hpm(b"vendor" * 100, "2.64", target))
    assert not found.identifies("bmc")


def test_a_real_supermicro_hpm_says_it_by_its_product() -> None:
    target = images.HpmTarget(32, 10876, 0x0958)
    found = parse(Path("a.hpm"), images.wrap_hpm(b"vendor" * 100, "3.90", target))
    assert found.identifies("bmc")
    assert objections(found, wanted(found), "bmc", boards.load("x11ssh-f")) == ()
    assert objections(found, wanted(found, "3.90.11"), "bmc", boards.load("x11ssh-f")) == ()


def test_reading_a_file_hashes_it(tmp_path: Path) -> None:
    (tmp_path / "a.bin").write_bytes(b"abc")
    found = payload.read(tmp_path / "a.bin")
    assert (found.sha256, found.size) == (hashlib.sha256(b"abc").hexdigest(), 3)


def test_a_file_that_cannot_be_read_is_one_error(tmp_path: Path) -> None:
    with pytest.raises(PayloadError, match="cannot be read: No such file"):
        payload.read(tmp_path / "none")
    with pytest.raises(PayloadError, match="cannot be read: Is a directory"):
        payload.read(tmp_path)


def test_the_facts_are_json_and_leave_out_what_is_not_said() -> None:
    said = json.loads(json.dumps(payload.facts(made("x11ssh-f", "bmc"))))
    assert (said["format"], said["version"], said["product_id"], said["whole"]) == ("hpm", "3.90", "0x0958", True)
    assert "board_id" not in said
    assert "whole" not in payload.facts(parse(Path("a.bin"), b"vendor"))
    assert payload.facts(replace(made("x11ssh-f", "bmc"), defects=("x",)))["whole"] is False


@given(st.binary(max_size=100).map(lambda data: b"FWSIMIMG" + data) | st.binary(max_size=60))
def test_no_bytes_raise(data: bytes) -> None:
    found = parse(Path("a.bin"), data)
    assert found.size == len(data)
    payload.facts(found)
