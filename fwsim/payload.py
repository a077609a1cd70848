"""Firmware files: what they are, for which board, which version, whether they are whole; as far as we can read them.

Formats: HPM.1 (hpmfile.py); FWSIMIMG, the synthetic images of virtual servers (their own description, in
emulators/images.py, is the format's source; this is a second reader on purpose); all else is opaque, and then the
vendor's tool is asked or the plan attests.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, Literal

from fwsim import hpmfile
from fwsim.boards import Board, Kind
from fwsim.plan import Fallback, Image, Plan
from fwsim.versions import BadVersion, same

SYNTHETIC_MAGIC = b"FWSIMIMG"
HPM_MARK = b"FWSIM SYNTHETIC IMAGE"
_SYNTHETIC_FIELD = re.compile(rb'"synthetic"\s*:\s*true')
EVERY_POWEREDGE = (674, 0x0100)
_HEADER = 16  # fixed bytes of a FWSIMIMG
_BOARD_ID_IN_NAME = re.compile(r"-([0-9A-Fa-f]{4})_")


class PayloadError(Exception):
    """A payload file that cannot be read at all. What is wrong with its contents is in `Payload.defects` instead."""


@dataclass(frozen=True)
class Payload:
    """A firmware file. Texts are "" and ids None where the file does not say.

    `defects`: why it is not whole, one sentence each; such a file is never flashed. `synthetic`: it carries the mark
    that a real update refuses.
    """

    path: Path
    format: Literal["hpm", "fwsim", "opaque"]
    size: int
    sha256: str
    synthetic: bool
    kind: Kind | None = None
    version: str = ""
    date: str = ""
    family: str = ""
    board_id: str = ""
    requires_bmc: str = ""
    manufacturer_id: int | None = None
    product_id: int | None = None
    hpm: hpmfile.HpmFile | None = field(default=None, repr=False)
    defects: tuple[str, ...] = ()

    @property
    def services_affected(self) -> bool:
        """Will `hpm upgrade` ask whether to go on? Its one prompt follows from this bit."""
        return bool(self.hpm and self.hpm.header and self.hpm.header.services_affected)

    def identifies(self, kind: Kind) -> bool:
        """Does the file itself say for which board it is? Else the vendor's tool must, or the plan.

        Dell's product id is one for all PowerEdges, so an .hpm of theirs needs a family as well.
        """
        if kind == "bios":
            return bool(self.board_id)
        ids = (self.manufacturer_id, self.product_id)
        return bool(self.family) or (self.product_id is not None and ids != EVERY_POWEREDGE)


def read(path: Path) -> Payload:
    """Raises PayloadError."""
    try:
        data = path.read_bytes()
    except OSError as error:
        raise PayloadError(f"{path}: cannot be read: {error.strerror}") from error
    return parse(path, data)


def read_all(plan: Plan) -> Mapping[Path, Payload]:
    """Every firmware file of a plan by its path. Raises PayloadError."""
    images = [image for entry in plan.payloads for image in (*entry.intermediate, entry)]
    files = [*(image.file for image in images), *(image.file for image in plan.fallback)]
    return {file: read(file) for file in files}


def parse(path: Path, data: bytes) -> Payload:
    """What these bytes are. Never raises. `path` is for the name alone."""
    base = Payload(path, "opaque", len(data), hashlib.sha256(data).hexdigest(), _is_marked(data))
    if data.startswith(hpmfile.SIGNATURE):
        return _hpm(base, data)
    if data.startswith(SYNTHETIC_MAGIC):
        return _synthetic(replace(base, format="fwsim"), data)
    if path.suffix.lower() == ".hpm":
        wrong = hpmfile.read(data).defects
        return replace(base, defects=wrong)
    if not data:
        return replace(base, defects=("is empty",))
    return base


def _is_marked(data: bytes) -> bool:
    """Either mark suffices, wherever it stands: a damaged header must not hide it."""
    return HPM_MARK in data or (SYNTHETIC_MAGIC in data and _SYNTHETIC_FIELD.search(data) is not None)


def _hpm(base: Payload, data: bytes) -> Payload:
    file = hpmfile.read(data)
    found = replace(base, format="hpm", kind="bmc", hpm=file, defects=file.defects)
    if file.header is None:
        return found
    found = replace(
        found,
        version=file.header.version,
        manufacturer_id=file.header.manufacturer_id,
        product_id=file.header.product_id,
    )
    inner = next((u.data for u in file.uploads if u.data.startswith(SYNTHETIC_MAGIC)), None)
    return found if inner is None else _synthetic(found, inner)


def _synthetic(base: Payload, data: bytes) -> Payload:
    """A FWSIMIMG, alone or inside an .hpm: magic, version, header length, total length, JSON, body."""
    if len(data) < _HEADER:
        return _defect(base, f"the image header is cut short: {len(data)} of {_HEADER} bytes")
    version, header = int.from_bytes(data[8:10], "little"), int.from_bytes(data[10:12], "little")
    total = int.from_bytes(data[12:16], "little")
    if version != 1:
        return _defect(base, f"image format version is {version}, expected 1")
    if not _HEADER <= header <= total:
        return _defect(base, f"the image header's length is {header}, expected {_HEADER} to {total}")
    if total > len(data):
        base = _defect(base, f"the image is cut short: {len(data)} of {total} bytes")
    words = _json(data[_HEADER:header])
    if words is None:
        return _defect(base, "the image header holds no JSON object")
    hashed, named = hashlib.sha256(data[header:total]).hexdigest(), str(words.get("body_sha256", ""))
    if total <= len(data) and hashed != named:
        base = _defect(base, f"the image body's SHA-256 is {hashed}, expected {named or 'one in the header'}")
    return _described(base, words)


def _json(data: bytes) -> dict[str, Any] | None:
    try:
        words = json.loads(data)
    except (ValueError, RecursionError):
        return None
    return words if isinstance(words, dict) else None


def _described(base: Payload, words: dict[str, Any]) -> Payload:
    kind: Kind | None = {"bmc": "bmc", "bios": "bios"}.get(str(words.get("kind")))  # type: ignore[assignment]
    if kind is None:
        return _defect(base, f"the image is of kind {words.get('kind')!r}, expected 'bmc' or 'bios'")
    version = str(words.get("version", ""))
    if base.format == "hpm" and not _two_parts_agree(base.version, version):
        base = _defect(base, f"the .hpm header says version {base.version}, the image inside says {version}")
    return replace(
        base,
        kind=kind,
        version=version,
        date=str(words.get("date", "")),
        family=str(words.get("family", "")),
        board_id=str(words.get("board_id", "")) if kind == "bios" else "",
        requires_bmc=str(words.get("requires_bmc", "")),
        synthetic=base.synthetic or words.get("synthetic") is not False,
    )


def _two_parts_agree(header: str, inner: str) -> bool:
    """An .hpm header has major and two digits of the minor; an image's version may have more parts."""
    parts = inner.split(".")
    try:
        return same(header, f"{parts[0]}.{parts[1][:2]}" if len(parts) > 1 else parts[0])
    except BadVersion:
        return False


def _defect(base: Payload, text: str) -> Payload:
    return replace(base, defects=(*base.defects, text))


def objections(found: Payload, wanted: Image, kind: Kind, board: Board) -> tuple[str, ...]:
    """Every reason, by the file's own word, not to flash it there: not whole, not what the plan says, not this board's.

    () does not mean that it fits: an opaque file says nothing. See Payload.identifies.
    """
    reasons = [f"is damaged: {defect}" for defect in found.defects]
    if found.sha256 != wanted.sha256:
        reasons.append(f"its SHA-256 is {found.sha256}, the plan says {wanted.sha256}")
    if found.kind not in (None, kind):
        reasons.append(f"holds a {str(found.kind).upper()} image, the plan says {kind}")
    if found.version and not _versions_agree(found, wanted.version):
        reasons.append(f"holds version {found.version}, the plan says {wanted.version}")
    return (*reasons, *_foreign(found, kind, board))


def fallback_objections(found: Payload, image: Fallback, board: Board) -> tuple[str, ...]:
    """The same for a fallback image. One without a hash counts for nothing."""
    if image.sha256 is None:
        return (f"has no sha256 in the plan: compare {found.sha256} with the vendor's page, then write it there",)
    wanted = Image(file=image.file, version=image.version, sha256=image.sha256)
    return objections(found, wanted, image.kind, board)


def _versions_agree(found: Payload, wanted: str) -> bool:
    try:
        return same(found.version, wanted) or (not found.family and _two_parts_agree(found.version, wanted))
    except BadVersion:
        return False


def _foreign(found: Payload, kind: Kind, board: Board) -> list[str]:
    """Why it is another board's. A BMC image may be family-wide, a BIOS image never."""
    reasons = []
    if found.manufacturer_id is not None and found.manufacturer_id != board.bmc.manufacturer_id:
        expected = board.bmc.manufacturer_id
        reasons.append(f"is for manufacturer {found.manufacturer_id}, a {board.title} is of {expected}")
    elif found.product_id is not None and found.product_id not in board.bmc.product_ids:
        ids = ", ".join(f"0x{i:04x}" for i in board.bmc.product_ids)
        reasons.append(f"is for product 0x{found.product_id:04x}, a {board.title} is {ids}")
    if kind == "bmc" and found.family and found.family not in board.bmc.families:
        reasons.append(f"is for BMCs of family {found.family}, a {board.title} takes {', '.join(board.bmc.families)}")
    if kind == "bios":
        reasons += _foreign_bios(found, board)
    return reasons


def _foreign_bios(found: Payload, board: Board) -> list[str]:
    ids = [i.upper() for i in board.bios.board_ids]
    takes = f"a {board.title} has {', '.join(ids)}"
    if found.board_id:
        return [] if found.board_id.upper() in ids else [f"is for board id {found.board_id}, {takes}"]
    named = _BOARD_ID_IN_NAME.search(found.path.name) if board.vendor == "supermicro" else None
    if named and found.path.name.upper().startswith("BIOS_") and named[1].upper() not in ids:
        return [f"its name says board id {named[1].upper()}, {takes}"]
    return []


def facts(found: Payload) -> dict[str, Any]:
    """What `fwsim image show --json` prints; what the file does not say is left out."""
    header = found.hpm.header if found.hpm else None
    said = {
        "file": str(found.path),
        "format": found.format,
        "kind": found.kind,
        "version": found.version,
        "date": found.date,
        "family": found.family,
        "board_id": found.board_id,
        "requires_bmc": found.requires_bmc,
        "manufacturer_id": found.manufacturer_id,
        "product_id": None if found.product_id is None else f"0x{found.product_id:04x}",
        "device_id": header.device_id if header else None,
        "components": list(header.components) if header else None,
        "services_affected": header.services_affected if header else None,
        "size_bytes": found.size,
        "sha256": found.sha256,
        "synthetic": found.synthetic,
        "whole": None if found.format == "opaque" and not found.defects else not found.defects,
        "defects": list(found.defects),
    }
    return {key: value for key, value in said.items() if value not in (None, "", [])}
