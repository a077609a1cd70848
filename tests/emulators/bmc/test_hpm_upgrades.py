"""Whole upgrades by the real ipmitool: large blocks, what makes an image active, the same bytes by every way in."""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path

import pytest

from emulators.boards import Board
from emulators.host.process import Buffer, Stdin
from emulators.server import VirtualServer
from emulators.spec import ServerSpec
from tests.emulators.bmc import hpm_bench
from tests.emulators.bmc.hpm_bench import Message, Wired, image, package, recorded, wired

pytestmark = pytest.mark.wire
QUICK = ("-N", "1", "-R", "2")
BLOCK, LARGE_BLOCKS = (0x2C, 0x32), (0x2C, 0x3E)


def until(holds: Callable[[], bool], what: str) -> None:
    """Wait for the server's own time to bring something about."""
    end = time.monotonic() + 20
    while not holds():
        assert time.monotonic() < end, what
        time.sleep(0.02)


def restart(on: Wired) -> None:
    before = on.server.bmc.generation
    on.ipmitool("mc", "reset", "cold", options=QUICK)
    until(lambda: on.server.bmc.generation > before, "the BMC comes back")


# -- HPM.2


@pytest.mark.parametrize(
    ("payload", "suite", "block"),
    [
        (None, 17, 36),
        (512, 3, 477),
        (512, 17, 503),
        (1024, 3, 989),
        (1024, 17, 1015),
        (4096, 3, 4061),
        (4096, 17, 4087),
        (32767, 3, None),
        (32767, 17, None),
    ],
)
def test_the_size_of_blocks_is_negotiated(tmp_path: Path, payload: int | None, suite: int, block: int | None) -> None:
    board = hpm_bench.board(block_size=payload)
    size = 70_000
    with wired(tmp_path, board) as on:
        done = on.upgrade(package(board, size=size), "force", options=("-C", str(suite)))
        assert done.status == 0, done.text
        sizes = [len(data) - 2 for netfn, command, data in on.messages if (netfn, command) == BLOCK]
        largest = max(sizes)
        assert set(sizes[:-1]) == {largest} and sum(sizes) == size
        assert largest == block if block else 32_000 < largest < 32_767
        assert on.bank()[:size] == image(board, size=size)


# -- what makes an image active


def test_where_finish_activates_the_next_restart_runs_it(tmp_path: Path) -> None:
    board = hpm_bench.board("x11ssm-f")
    with wired(tmp_path, board) as on:
        assert on.upgrade(package(board), "force").status == 0
        assert on.bank(active=True) == image(board) and on.running == "3.88"
        restart(on)
        assert on.ipmitool("mc", "info").says("Firmware Revision         : 3.90")


def test_where_a_reset_activates_the_image_waits_for_it(tmp_path: Path) -> None:
    board = hpm_bench.board("x11ssh-f")
    with wired(tmp_path, board) as on:
        assert on.upgrade(package(board), "force").status == 0
        assert on.bank(active=True) == image(board, "3.88"), "not yet"
        assert on.ipmitool("hpm", "compprop", "0", "4").says("Deferred FW Version:", "Major: 3", "Minor: 90")
        restart(on)
        assert on.bank(active=True) == image(board)
        assert on.ipmitool("mc", "info").says("Firmware Revision         : 3.90")


def test_where_activate_is_wanted_a_reset_alone_changes_nothing(tmp_path: Path) -> None:
    board = hpm_bench.board("c6220", service_affected=False)
    with wired(tmp_path, board) as on:
        assert on.upgrade(package(board), "force").status == 0
        restart(on)
        assert on.running == "2.62" and on.bank(active=True) == image(board, "2.62")
        assert on.ipmitool("hpm", "compprop", "1", "4").says("Deferred FW Version:", "Major: 3", "Minor: 90")
        assert on.ipmitool("hpm", "activate", options=QUICK).status == 0
        until(lambda: on.running == "3.90", "activated")
        assert on.bank(active=True) == image(board)


@pytest.mark.parametrize("word", [(), ("norollback",)])
def test_activation_can_be_put_off_to_another_day(tmp_path: Path, word: tuple[str, ...]) -> None:
    board = hpm_bench.board("x11ssh-f")
    with wired(tmp_path, board) as on:
        assert on.upgrade(package(board), "force").status == 0
        assert on.running == "3.88"
        assert on.ipmitool("hpm", "activate", *word, options=QUICK).status == 0
        until(lambda: on.running == "3.90", "activated")


# -- whatever carries them


def stream(messages: list[Message]) -> tuple[list[Message], bytes]:
    """The messages, blocks as one, without ipmitool's question for large blocks, which KCS is never asked; and the
    bytes that the blocks carry."""
    others = [m for m in messages if m[:2] not in (BLOCK, LARGE_BLOCKS)]
    return others, b"".join(data[2:] for netfn, command, data in messages if (netfn, command) == BLOCK)


def built_in(board: Board, file: bytes) -> tuple[VirtualServer, list[Message]]:
    server = VirtualServer(ServerSpec(board=board.name, autoload_ipmi=True), board=board)
    messages = recorded(server)
    server.host.files.write("/root/bmc.hpm", file)
    process = server.host.execute(
        "ipmitool hpm upgrade /root/bmc.hpm force", stdin=Stdin(b""), stdout=Buffer(), stderr=Buffer()
    )
    while process.status is None and (due := server.next_due()) is not None:
        server.advance(due)
    assert process.status == 0
    return server, messages


@pytest.mark.parametrize("block_size", [None, 1024])
def test_lan_kcs_and_the_built_in_client_bring_the_same_bytes(tmp_path: Path, block_size: int | None) -> None:
    board = hpm_bench.board(block_size=block_size)
    file = package(board, actions=(0, 1))
    with wired(tmp_path, board) as on:
        assert on.upgrade(file, "force").status == 0
        by_lan, bank = stream(on.messages), on.bank()
        assert max(len(d) for n, c, d in on.messages if (n, c) == BLOCK) == (1017 if block_size else 38)
    with wired(tmp_path, board) as on:
        assert hpm_bench.ran(on.in_band_argv("hpm", "upgrade", on.file(file), "force")).status == 0
        by_kcs = stream(on.messages)
        assert on.bank() == bank
        assert max(len(d) for n, c, d in on.messages if (n, c) == BLOCK) == 38, "no large blocks in band"
    server, messages = built_in(board, file)
    chip = server.chips["bmc"]
    assert bytes(chip.banks[chip.target].data) == bank == image(board)
    lan_without_parameters = ([m for m in by_lan[0] if m[:2] != (0x0C, 0x02)], by_lan[1])
    assert stream(messages) == by_kcs == lan_without_parameters
