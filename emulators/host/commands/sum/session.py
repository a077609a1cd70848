"""What each of SUM's commands works with: the invocation, the server, the options, files of the host."""

from __future__ import annotations

import posixpath
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeAlias

from emulators import images
from emulators.boards import Board
from emulators.host.commands.sum.text import SumError
from emulators.host.process import Invocation

if TYPE_CHECKING:
    from emulators.server import VirtualServer

DRIVER = "sum_bios"
Options: TypeAlias = dict[str, str]
"""Option -> value; "" for options that take none."""


@dataclass(frozen=True)
class Session:
    """One run of SUM on the server that it runs on."""

    inv: Invocation
    server: VirtualServer
    options: Options

    @property
    def board(self) -> Board:
        return self.server.board

    def licensed(self, key: str) -> bool:
        """Is that product key activated? SFT-DCMS-SINGLE includes the older keys."""
        return bool({key, "SFT-DCMS-SINGLE"} & set(self.server.licences))

    def path(self, name: str) -> str:
        return posixpath.join(self.inv.cwd, name)

    def read(self) -> bytes:
        """The bytes of --file. Raises SumError 8."""
        name = self.options["--file"]
        try:
            data: bytes = self.inv.host.files.read(self.path(name))
        except OSError:
            raise SumError(8, f"Can not open file {name}.") from None
        return data

    def image(self, kind: images.Kind) -> tuple[bytes, images.Firmware]:
        """The image in --file. Raises SumError 8, or 62 where it is no whole image of that kind."""
        data = self.read()
        firmware = images.read(data)
        if firmware is None or firmware.kind != kind:
            raise SumError(62, f"{self.options['--file']} is not a valid {kind.upper()} image file.")
        return data[: images.declared_length(data)], firmware

    def save(self, text: str) -> None:
        """Write --file. Raises SumError 9 where it is there already and --overwrite is not given."""
        path = self.path(self.options["--file"])
        if self.inv.host.files.exists(path) and "--overwrite" not in self.options:
            raise SumError(9, f"File {self.options['--file']} already exists. Use --overwrite to overwrite it.")
        try:
            self.inv.host.files.write(path, text.encode())
        except OSError:
            raise SumError(8, f"Can not open file {self.options['--file']}.") from None

    @contextmanager
    def driver(self) -> Iterator[None]:
        """SUM's kernel module, loaded while the BIOS flash is worked on. Raises SumError 105, 106 or 108."""
        if DRIVER in self.inv.host.modules:
            raise SumError(106, "Another SUM is working on the BIOS flash.")
        if self.server.spec.hardening.signed_modules_only:
            raise SumError(108, "The kernel module could not be verified. Check Secure Boot.")
        for fault in self.server.faults.passing("sum.driver"):
            if fault.kind == "driver-unverified":
                raise SumError(108, "The kernel module could not be verified. Check Secure Boot.")
            raise SumError(105, f"Can not load the driver {DRIVER}.ko.")
        self.inv.host.modules.add(DRIVER)
        try:
            yield
        finally:
            self.inv.host.modules.discard(DRIVER)
