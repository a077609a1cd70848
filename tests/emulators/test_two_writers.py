"""Two at once at one BMC's flash, by tools, pages and hand, over the LAN and in band: one writes, nobody dies."""

from __future__ import annotations

import shlex
from collections.abc import Callable

import pytest

from emulators import images, packages, webflash
from emulators.host.process import Buffer, Process, Stdin
from emulators.lifecycle import queue
from emulators.server import VirtualServer
from tests.emulators.bmc.bench import ask, later, told
from tests.emulators.bmc.test_hpm import component, finish, mask, send
from tests.emulators.bmc.test_hpm import image as hpm_image
from tests.emulators.host.vendor import put, server

NEW = "3.90"


def start(on: VirtualServer, *words: str) -> tuple[Process, Buffer]:
    out = Buffer()
    return on.host.execute(shlex.join(words), stdin=Stdin(), stdout=out, stderr=out), out


def ended(on: VirtualServer, *processes: Process) -> None:
    while any(process.status is None for process in processes) and (due := on.next_due()) is not None:
        on.advance(due)


def sum_update(on: VirtualServer, version: str = NEW) -> tuple[Process, Buffer]:
    put(on, "bmc.bin", images.build(on.board.firmware("bmc", version)))
    return start(on, "/opt/sum/sum", "-c", "UpdateBmc", "--file", "/root/bmc.bin")


def hpm(on: VirtualServer, version: str = NEW) -> tuple[Process, Buffer]:
    name = f"bmc-{version}.hpm"
    put(on, name, packages.make(on.board, "bmc", version).data)
    ended(on, start(on, "modprobe", "-a", "ipmi_devintf", "ipmi_si")[0])
    return start(on, "ipmitool", "hpm", "upgrade", f"/root/{name}", "force")


def alive(on: VirtualServer, *versions: str) -> None:
    """The BMC comes back after a restart, with a whole image of one of these versions."""
    on.bmc.cold_reset()
    on.advance(on.now + on.board.bmc.boot_s + 30)
    assert on.bmc.answering
    assert on.bmc.running is not None
    assert on.bmc.running.version in versions


def test_two_vendor_tools_started_at_once_do_not_both_write() -> None:
    on = server("x10dri")
    first, second = sum_update(on), sum_update(on)
    ended(on, first[0], second[0])
    assert {first[0].status, second[0].status} == {0, 107}, first[1].text + second[1].text
    alive(on, NEW)


@pytest.mark.parametrize("board", ["x11ssh-f", "x11ssm-f"])
def test_a_vendor_tool_is_kept_out_while_blocks_are_uploaded(board: str) -> None:
    on = server(board)
    first = hpm(on)
    on.advance(on.now + 20)
    assert on.bmc.chip.uploading is not None
    second = sum_update(on)
    ended(on, first[0], second[0])
    assert (first[0].status, second[0].status) == (0, 107), first[1].text + second[1].text
    alive(on, NEW)


@pytest.mark.parametrize("board", ["x11ssh-f", "x11ssm-f"])
def test_the_pages_are_kept_out_while_blocks_are_uploaded_and_the_other_way_round(board: str) -> None:
    on = server(board)
    first = hpm(on)
    on.advance(on.now + 20)
    data = packages.make(on.board, "bmc", NEW).data
    with pytest.raises(webflash.Refused, match="another update"):
        webflash.update_bmc(on, data)
    ended(on, first[0])
    on.advance(on.now + 300)
    webflash.update_bmc(on, data)
    late = hpm(on)
    ended(on, late[0])
    assert late[0].status, late[1].text
    on.advance(on.now + 600)
    alive(on, NEW)


def test_two_uploads_of_one_image_by_hand_end_with_that_image_or_an_error() -> None:
    """HPM.1 knows no sessions: the second one's start throws the first one's blocks away."""
    on = server("x11ssm-f")
    first = hpm(on)
    on.advance(on.now + 15)
    second = hpm(on)
    ended(on, first[0], second[0])
    if on.bmc.chip.boot_firmware() is None:
        again = hpm(on)
        ended(on, again[0])
        assert again[0].status == 0, again[1].text
    alive(on, NEW)


def test_uploads_of_two_images_at_once_are_never_taken_as_one() -> None:
    """In band by ipmitool, and over the LAN block by block: a mixture fails its checksum."""
    on = server("x11ssh-f")
    before = on.bmc.running.version if on.bmc.running else ""
    first = hpm(on, "3.90")
    on.advance(on.now + 15)
    other = hpm_image(on.bmc, "3.91")
    for number, begin in enumerate(range(0, 64 * 36, 36)):
        ask(on.bmc, 0x2C, 0x32, 0, number & 0xFF, *other[begin : begin + 36])
        on.advance(on.now + 0.1)
    ended(on, first[0])
    spare = on.bmc.chip.banks[on.bmc.chip.target].firmware()
    assert spare is None or spare.version in ("3.90", before)
    alive(on, "3.90", before)


@pytest.mark.parametrize("board", ["x11ssm-f", "c6220", "x11ssh-f"])
@pytest.mark.parametrize("how", ["checksum", "length", "abort", "open"])
def test_activate_never_restarts_into_a_bank_that_is_not_whole(board: str, how: str) -> None:
    on = server(board)
    target, data = on.bmc, hpm_image(on.bmc)
    told(target, 0x2C, 0x31, 0, mask(target), 2)
    send(target, data[: len(data) // 2])
    endings: dict[str, Callable[[], object]] = {
        "checksum": lambda: finish(target, len(data) // 2 // 36 * 36),
        "length": lambda: finish(target, len(data)),
        "abort": lambda: ask(target, 0x2C, 0x30, 0),
        "open": lambda: None,
    }
    endings[how]()
    assert ask(target, 0x2C, 0x35, 0).completion_code == 0xD5
    later(target, 30)
    assert target.answering


def test_numbers_lengths_and_orders_that_no_client_sends_change_nothing() -> None:
    on = server("x11ssh-f")
    target, data = on.bmc, hpm_image(on.bmc)
    running, active = target.running, bytes(target.chip.banks[target.chip.active].data)
    told(target, 0x2C, 0x31, 0, mask(target), 2)
    told(target, 0x2C, 0x31, 0, mask(target), 2)
    assert ask(target, 0x2C, 0x32, 0, 255, *data[:36]).completion_code == 0x81
    assert ask(target, 0x2C, 0x32, 0, 1, *data[:36]).completion_code == 0x81
    assert ask(target, 0x2C, 0x32, 0).completion_code == 0xC7
    assert ask(target, 0x2C, 0x32, 0, 0).completion_code == 0xC7
    assert send(target, data)[-1].completion_code == 0
    assert ask(target, 0x2C, 0x33, 0, 7, *len(data).to_bytes(4, "little")).completion_code == 0xCC
    assert ask(target, 0x2C, 0x33, 0, component(target), 255, 255, 255).completion_code == 0xC7
    assert finish(target, 0xFFFFFFFF) == 0x81
    assert finish(target, len(data)) == 0xD5
    assert target.running == running
    assert bytes(target.chip.banks[target.chip.active].data) == active


def test_a_header_that_lies_of_its_length_does_not_hold_the_bmc_up() -> None:
    on = server("x11ssh-f")
    target, data = on.bmc, bytearray(hpm_image(on.bmc))
    data[12:16] = (1).to_bytes(4, "little")
    assert images.declared_length(bytes(data)) == 1
    told(target, 0x2C, 0x31, 0, mask(target), 2)
    replies = send(target, bytes(data))
    assert sum(reply.delay_s for reply in replies) <= 2 * target.board.flash_s


def test_two_jobs_of_an_idrac_do_not_both_write_it() -> None:
    on = server("r740")
    data = images.build(on.board.firmware("bmc", "7.00.00.171"))
    jobs = [queue(on).update(data, name) for name in ("first", "second")]
    on.advance(on.now + 3600)
    assert [job.status for job in jobs] == ["Completed", "Failed"]
    alive(on, "7.00.00.171")
