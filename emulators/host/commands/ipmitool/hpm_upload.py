"""Uploading one component: blocks, their size, the percent that is rewritten in place."""

from __future__ import annotations

import struct
from dataclasses import dataclass
from functools import lru_cache

from emulators.host.commands.ipmitool.hpm_image import Action
from emulators.host.commands.ipmitool.hpm_link import IN_PROGRESS, UPLOAD, Context, Link
from emulators.host.commands.ipmitool.tool import INFO, Tool
from emulators.host.process import Run

OK, SHORTER, AGAIN, ERROR = 0, 1, 2, -1
LENGTH_ERRORS = (0xC7, 0xC8)
CHECKSUM_ERROR = 0x82
TAKEN = OK, 0, 0
HEADS = tuple(bytes([0, number]) for number in range(256))  # PICMG id and block number
_FLOAT = struct.Struct("f")


@dataclass
class Progress:
    """The percent column: five backspaces, then the new figure, only when it changes."""

    tool: Tool
    shown: int | None = None

    def show(self, sent: int, total: int, seconds: int) -> None:
        """The flush comes first, so a redirected log is one figure behind."""
        if self.tool.buffer:
            self.tool.flush()
        percent = _percent(sent, total)
        if percent != self.shown:
            self.tool.out(("" if self.shown is None else "\b" * 5) + f"{percent:3d}%|")
            self.shown = percent
        if sent == total:
            time = f"{seconds // 60:02d}:{seconds % 60:02d}"
            self.tool.line(f"\n|    |Upload Time: {time}             | Image Size: {sent:7d} bytes              |")
            self.shown = None


@lru_cache(maxsize=4096)
def _percent(sent: int, total: int) -> int:
    """In single precision, as the tool reckons."""
    if not total:
        return 0
    return int(_single(_single(_single(sent) / _single(total)) * 100))


def _single(value: float) -> float:
    return float(_FLOAT.unpack(_FLOAT.pack(value))[0])


@dataclass
class Upload:
    """The blocks of one component on their way."""

    link: Link
    context: Context
    action: Action
    size: int  # bytes a block
    sent: int = 0
    block: int = 0
    size_accepted: bool = False

    def run(self, progress: Progress) -> Run[bool]:
        """Send everything. `sent` then says how many bytes went out."""
        tool = self.link.tool
        total = end = shown_total = self.action.length
        start, at = int(tool.wall()), 0
        while at < end:
            chunk = self.action.data[at : min(at + self.size, end)]
            code, offset, length = yield from self._send(chunk.ljust(min(self.size, end - at), b"\0"))
            if code == SHORTER and not self.size_accepted and self._shrink():
                continue
            if code == AGAIN:
                continue
            if code != OK:
                self._give_up(code)
                return False
            self.size_accepted = True
            if offset + length > total:
                tool.notice(f"\n Error in Upload FIRMWARE command [rc={code}]\n")
                where = f"Img offset:0x{offset:x}  Blk length:0x{length:x}  Fwlen:0x{total:x}"
                tool.notice(f"\n TotalSent:0x{self.sent:x} {where}\n")
                return False
            self.sent += len(chunk)
            if offset:  # the target asks for another section
                at, end = offset, offset + length
                shown_total = length + self.sent if shown_total == total else shown_total
            else:
                at += len(chunk)
            progress.show(self.sent, shown_total, int(tool.wall()) - start)
            self.block = (self.block + 1) & 0xFF
        return True

    def _shrink(self) -> bool:
        """One byte less a block, as on every interface but the LAN's."""
        if not self.size:
            return False
        self.size -= 1
        self.link.tool.log(f"Trying reduced buffer length: {self.size}", INFO)
        return True

    def _give_up(self, code: int) -> None:
        tool = self.link.tool
        tool.flush()
        tool.notice(f"\n Error in Upload FIRMWARE command [rc={code}]\n")
        tool.notice(f"\n TotalSent:0x{self.sent:x} ")

    def _send(self, chunk: bytes) -> Run[tuple[int, int, int]]:
        """One block: (result, offset and length of the section that the target wants next)."""
        link, tool = self.link, self.link.tool
        reply = yield from link.send(UPLOAD, HEADS[self.block] + chunk, self.context)
        if reply is not None and not reply.completion_code and len(reply.data) <= 1:
            return TAKEN
        if reply is None:
            tool.notice("Error uploading firmware block.")
            return ERROR, 0, 0
        code, offset, length = reply.completion_code, 0, 0
        if code in (0, IN_PROGRESS) and len(reply.data) > 1:
            if len(reply.data) == 9:
                offset, length = struct.unpack("<II", reply.data[1:])
            else:
                size = len(reply.data)
                tool.notice(f"Error wrong rsp->datalen {size} for Upload Firmware block command\n")
                code = CHECKSUM_ERROR
        if code == IN_PROGRESS:
            return (OK if (yield from link.wait(self.context)) else ERROR), offset, length
        if link.retryable(code):
            return AGAIN, offset, length
        if code in LENGTH_ERRORS:
            return SHORTER, offset, length
        if code:
            tool.log("Error uploading firmware block")
            link.compcode(reply._replace(completion_code=code))
            return ERROR, offset, length
        return OK, offset, length
