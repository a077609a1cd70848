"""Synthetic images: read back, damaged, marked, and wrapped as HPM.1."""

from __future__ import annotations

import hashlib
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from emulators import boards, images, packages

BOARD = boards.load("x11ssh-f")
IMAGE = images.build(BOARD.firmware("bmc", "3.90"))


def test_an_image_reads_back_as_what_it_was_built_from() -> None:
    assert images.read(IMAGE) == BOARD.firmware("bmc", "3.90")
    assert images.declared_length(IMAGE[:16]) == len(IMAGE) == images.DEFAULT_SIZE


def test_the_same_words_give_the_same_bytes_and_other_words_other_bytes() -> None:
    firmware = BOARD.firmware("bmc", "3.90")
    assert images.build(firmware) == IMAGE
    assert images.build(replace(firmware, version="3.91")) != IMAGE


@given(st.integers(0, len(IMAGE) - 1))
def test_an_image_cut_anywhere_is_not_whole(length: int) -> None:
    assert images.read(IMAGE[:length]) is None


@given(st.integers(0, len(IMAGE) - 1), st.integers(1, 255))
def test_one_changed_byte_never_passes_for_the_same_firmware(position: int, flip: int) -> None:
    damaged = bytearray(IMAGE)
    damaged[position] ^= flip
    assert images.read(bytes(damaged)) != images.read(IMAGE)


def test_bytes_after_the_image_do_not_matter_as_in_a_chip_that_is_larger() -> None:
    assert images.read(IMAGE + b"\xff" * 100) == images.read(IMAGE)


def test_a_size_too_small_for_a_header_is_refused() -> None:
    with pytest.raises(ValueError, match="at least 1024"):
        images.build(BOARD.firmware("bios"), 100)


def test_an_hpm_file_has_the_checksums_of_the_specification_and_the_mark() -> None:
    data = images.wrap_hpm(IMAGE, "3.90", BOARD.hpm_target())
    header_length = 34 + int.from_bytes(data[32:34], "little") + 1
    assert data[:8] == b"PICMGFWU"
    assert sum(data[:header_length]) % 256 == 0
    assert images.HPM_MARK in data[:header_length]
    assert hashlib.md5(data[:-16], usedforsecurity=False).digest() == data[-16:]
    assert data[9:15] == bytes([32]) + (10876).to_bytes(3, "little") + (0x0958).to_bytes(2, "little")
    assert data[26:28] == bytes([3, 0x90])


@pytest.mark.parametrize(
    ("version", "head"), [("3.90", "0390"), ("01.02.18", "010212"), ("6.10.30.00", "06101e00"), ("2.7", "0207")]
)
def test_version_bytes_are_major_and_bcd_minor_then_the_further_parts(version: str, head: str) -> None:
    assert images.version_bytes(version).hex().startswith(head)


@pytest.mark.parametrize("kind", ["bmc", "bios"])
@pytest.mark.parametrize("name", boards.names())
def test_every_package_we_make_is_marked_and_holds_its_firmware(name: str, kind: images.Kind) -> None:
    board = boards.load(name)
    package = packages.make(board, kind, "9.87")
    start = package.data.find(images.MAGIC)
    firmware = images.read(package.data[start:])
    assert firmware is not None
    assert (firmware.kind, firmware.version) == (kind, "9.87")
    assert b'"synthetic": true' in package.data
    assert "9.87" in package.name
