"""Flash chips: banks of bytes. What a BMC or a BIOS *is* follows from the bytes in its active bank."""

from __future__ import annotations

from dataclasses import dataclass, field

from emulators import images

ERASED = 0xFF


class Bank:
    """One bank's cells. Erased cells read 0xFF.

    `bytes` are as the factory wrote them and may be shared with other banks: they become this bank's own at the first
    change. So a thousand servers hold one copy of an image.
    """

    def __init__(self, data: bytes | bytearray) -> None:
        self._cells = data

    @property
    def data(self) -> bytearray:
        """The cells, to look at or to change."""
        if isinstance(self._cells, bytes):
            self._cells = bytearray(self._cells)
        return self._cells

    def firmware(self) -> images.Firmware | None:
        """What the cells hold, or None where no whole image is in them."""
        return images.read(bytes(self._cells))

    def erase(self) -> None:
        self._cells = bytearray([ERASED]) * len(self._cells)

    def write(self, offset: int, block: bytes) -> None:
        """Program cells; the bank grows to take what is written (its size is not modelled)."""
        cells = self.data
        if len(cells) < offset:
            cells += bytes([ERASED]) * (offset - len(cells))
        cells[offset : offset + len(block)] = block


@dataclass
class Chip:
    """A chip with one or two banks. `active` is what the next boot reads; `pending` waits for an activation."""

    name: str
    banks: list[Bank]
    active: int = 0
    pending: int | None = None
    uploading: int | None = field(default=None)
    fresh: bool = False  # was the active bank written since it was last booted?

    @classmethod
    def holding(cls, name: str, image: bytes, banks: int) -> Chip:
        """A chip as it left the factory: every bank holds `image`."""
        return cls(name, [Bank(bytes(image)) for _ in range(banks)])

    @property
    def target(self) -> int:
        """The bank that an upload writes: the spare one, or the active one where there is no other."""
        return (self.active + 1) % len(self.banks)

    def begin(self) -> Bank:
        """Start an upload: the target bank is erased, nothing is pending any more."""
        self.pending = None
        self.uploading = self.target
        bank = self.banks[self.target]
        bank.erase()
        return bank

    def finish(self) -> None:
        """End an upload: the bank written is whole or not, as its bytes are, and waits for activation."""
        self.pending, self.uploading = self.uploading, None

    def activate(self) -> None:
        """Make the pending bank the one that the next boot reads."""
        if self.pending is not None:
            self.active, self.pending, self.fresh = self.pending, None, True

    def rollback(self) -> bool:
        """Make the other bank active. False where there is none or it holds no whole image."""
        if len(self.banks) < 2 or self.banks[self.target].firmware() is None:
            return False
        self.active, self.pending = self.target, None
        return True

    def boot_firmware(self) -> images.Firmware | None:
        """What the next boot would run."""
        return self.banks[self.active].firmware()
