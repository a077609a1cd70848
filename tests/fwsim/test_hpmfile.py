"""The .hpm reader: golden bytes, every checksum, truncation at every byte, and agreement with an independent writer."""

from __future__ import annotations

import hashlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from emulators import images
from fwsim import hpmfile

OEM = b"oem"


def zero_sum(data: bytes) -> int:
    return -sum(data) & 0xFF


def header(*, capabilities: int = 0x10, components: int = 0x01, oem: bytes = OEM) -> bytes:
    data = b"PICMGFWU" + bytes([0, 32]) + bytes.fromhex("7c2a00") + bytes.fromhex("5809")
    data += bytes.fromhex("00e1f55f") + bytes([capabilities, components, 2, 4, 24, 1, 0])
    data += bytes.fromhex("039011000000") + len(oem).to_bytes(2, "little") + oem
    return data + bytes([zero_sum(data)])


def upload(body: bytes = b"firmware", *, whole_record: bool = False) -> bytes:
    rest = bytes.fromhex("039011000000") + b"BMC".ljust(21, b"\0") + len(body).to_bytes(4, "little")
    start = bytes([2, 1])
    return start + bytes([zero_sum(start + rest if whole_record else start)]) + rest + body


def signed(data: bytes) -> bytes:
    return data + hashlib.md5(data, usedforsecurity=False).digest()


BACKUP, PREPARE = bytes([0, 1, 0xFF]), bytes([1, 1, 0xFE])
GOOD = signed(header() + BACKUP + PREPARE + upload())


def test_every_field_is_read_where_the_specification_has_it() -> None:
    file = hpmfile.read(GOOD)
    assert file.defects == ()
    assert file.header == hpmfile.Header(
        device_id=32,
        manufacturer_id=10876,
        product_id=0x0958,
        created=0x5FF5E100,
        services_affected=True,
        manual_rollback=False,
        automatic_rollback=False,
        self_test=False,
        components=(0,),
        self_test_timeout_s=10,
        rollback_timeout_s=20,
        inaccessible_s=120,
        earliest_compatible="1.00",
        version="3.90",
        oem=OEM,
    )
    assert [action.kind for action in file.actions] == ["backup", "prepare", "upload"]
    assert (file.uploads[0].version, file.uploads[0].description, file.uploads[0].data) == ("3.90", "BMC", b"firmware")


def test_the_header_above_has_the_bytes_of_the_specification() -> None:
    golden = "5049434d4746575500207c2a00580900e1f55f1001020418010003901100000003006f656d"
    assert header().hex() == golden + f"{zero_sum(bytes.fromhex(golden)):02x}"


CAPABILITIES = {4: "services_affected", 5: "manual_rollback", 6: "automatic_rollback", 7: "self_test"}


@pytest.mark.parametrize("bit", CAPABILITIES)
def test_each_capability_has_its_bit(bit: int) -> None:
    found = hpmfile.read(signed(header(capabilities=1 << bit) + upload())).header
    assert [name for name in CAPABILITIES.values() if getattr(found, name)] == [CAPABILITIES[bit]]


def test_an_upload_s_checksum_may_cover_the_whole_record() -> None:
    assert hpmfile.read(signed(header() + upload(whole_record=True))).defects == ()


@pytest.mark.parametrize(
    ("data", "complaint"),
    [
        (b"PICMGFWX" + GOOD[8:], "expected the signature b'PICMGFWU'"),
        (signed(header()[:8] + b"\x01" + header()[9:] + upload()), "header version is 1, expected 0"),
        (signed(header()[:-1] + b"\x00" + upload()), "header checksum is 0x00, expected 0x"),
        (signed(header() + b"\x00\x01\x00" + upload()), "action record 1: checksum is 0x00, expected 0xff"),
        (signed(header() + BACKUP + b"\x02\x01\x00" + upload()[3:]), "record 2: checksum is 0x00, expected 0xfd"),
        (GOOD[:-1] + bytes([GOOD[-1] ^ 1]), "MD5 signature is "),
        (GOOD[:60] + bytes([GOOD[60] ^ 1]) + GOOD[61:], "MD5 signature is "),
        (signed(header() + BACKUP), "holds no upload action"),
        (signed(header() + b"\x07\x00\xf9"), "action record 1 is of type 7"),
        (signed(header() + b"\x00\x01"), "action record 1 is cut short: 2 of 3 bytes"),
        (signed(header() + upload()[:20]), "action record 1 (upload) is cut short: 20 of 34 bytes"),
        (signed(header() + upload()[:-3]), "action record 1 announces 8 bytes of firmware, but 5 follow"),
        (signed(header(components=2) + upload()), "for component 0, which the header does not announce"),
        (signed(header(oem=b"x" * 20)[:36]), "the header is cut short"),
        (b"PICMGFWU" + b"\0" * 5, "the header is cut short: 13 bytes, expected at least 35"),
        (b"", "expected the signature"),
    ],
)
def test_each_fault_has_its_own_sentence(data: bytes, complaint: str) -> None:
    defects = hpmfile.read(data).defects
    assert any(complaint in defect for defect in defects), defects


def test_independent_faults_are_told_together() -> None:
    data = header()[:-1] + b"\x00" + b"\x00\x01\x00" + upload() + b"\0" * 16
    assert len(hpmfile.read(data).defects) == 3


@pytest.mark.parametrize("length", range(len(GOOD)))
def test_a_file_cut_at_any_byte_has_a_defect(length: int) -> None:
    assert hpmfile.read(GOOD[:length]).defects


@pytest.mark.parametrize("at", range(len(GOOD)))
def test_a_file_with_any_byte_changed_has_a_defect(at: int) -> None:
    assert hpmfile.read(GOOD[:at] + bytes([GOOD[at] ^ 0x41]) + GOOD[at + 1 :]).defects


@given(st.binary(max_size=200).map(lambda data: b"PICMGFWU" + data))
def test_no_bytes_raise(data: bytes) -> None:
    assert hpmfile.read(data).defects


def test_what_another_writer_writes_is_read_without_a_defect() -> None:
    target = images.HpmTarget(32, 10876, 0x0958, component=2, service_affected=True, description="BMC")
    file = hpmfile.read(images.wrap_hpm(b"x" * 1000, "3.90", target))
    assert file.defects == ()
    assert file.header is not None
    assert (file.header.product_id, file.header.version, file.header.components) == (0x0958, "3.90", (2,))
    assert file.uploads[0].data == b"x" * 1000
