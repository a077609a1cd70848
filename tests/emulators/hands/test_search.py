"""The search for the cheapest way back: what it finds for states whose cures are known."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from emulators import boards, images
from emulators.faults import Fault
from emulators.hands import search
from emulators.hands.cures import Known, cures, healthy
from emulators.server import VirtualServer
from emulators.spec import ServerSpec

HOUR = 3600.0


def severe_lock(server: VirtualServer) -> None:
    server.nvram.invalid = True
    server.bmc.hang()
    server.power_reset()


def dead_bios(server: VirtualServer) -> None:
    for bank in server.chips["bios"].banks:
        bank.erase()
    server.power_reset()


def foreign_bmc(server: VirtualServer) -> None:
    for bank in server.chips["bmc"].banks:
        bank.data[:] = images.build(boards.load("x12spi").firmware("bmc"))
    server.bmc.cold_reset()


def dead_bmc(server: VirtualServer) -> None:
    for bank in server.chips["bmc"].banks:
        bank.erase()
    server.bmc.cold_reset()


def never_returns(server: VirtualServer) -> None:
    server.faults.arm(Fault(kind="bmc-never-returns"))
    server.bmc.cold_reset()


def moved(server: VirtualServer) -> None:
    server.bmc.lan_mode = "dedicated" if server.bmc.lan_mode == "shared" else "shared"


def wiped(server: VirtualServer) -> None:
    server.bmc.lan.wipe()


def f1(server: VirtualServer) -> None:
    server.faults.arm(Fault(kind="stops-at-f1"))
    server.power_reset()


def found(board: str, breaks: Callable[[VirtualServer], None], depth: int = 1) -> set[tuple[str, ...]]:
    server = VirtualServer(ServerSpec(board=board))
    known = Known.of(server)
    assert healthy(server, known)
    breaks(server)
    server.advance(server.now + HOUR)
    assert not healthy(server, known)
    return {one.cures for one in search.search(server, cures(known), lambda s: healthy(s, known), depth=depth)}


@pytest.mark.parametrize(
    ("board", "breaks", "one_of", "none_of"),
    [
        ("x11ssh-f", severe_lock, "cmos-clear", "power-removal"),
        ("r740", severe_lock, "cmos-clear", "power-removal"),
        ("c6220", severe_lock, "cmos-clear", "power-removal"),
        ("x11ssh-f", dead_bios, "usb-bios-recovery", "cmos-clear"),
        ("x11ssh-f", dead_bios, "reflash-bios-oob", "power-removal"),
        ("x11ssh-f", never_returns, "power-removal", "cold-reset"),
        ("x12spi", never_returns, "bmc-reset-button", "cold-reset"),
        ("r730", dead_bmc, "idrac-sd-recovery", "power-removal"),
        ("x11ssh-f", foreign_bmc, "reflash-bmc", "power-removal"),
        ("c6220", moved, "restore-lan-mode", "cold-reset"),
        ("c6220", moved, "dedicated-port", "power-removal"),
        ("x11ssh-f", moved, "restore-lan-mode", "cold-reset"),
        ("x11ssh-f", wiped, "restore-lan", "find-at-lease"),
        ("x11ssh-f", f1, "pass-f1", "wait"),
    ],
)
def test_it_finds_the_cure_and_not_what_is_none(
    board: str, breaks: Callable[[VirtualServer], None], one_of: str, none_of: str
) -> None:
    ways = found(board, breaks)
    assert (one_of,) in ways
    assert (none_of,) not in ways


def test_a_board_whose_bmc_is_erased_and_takes_no_card_has_no_cure() -> None:
    assert found("x11ssh-f", dead_bmc, depth=2) == set()


def test_two_cures_are_found_where_one_is_not_enough() -> None:
    def both(server: VirtualServer) -> None:
        server.bmc.users.reset()
        server.bmc.users.slots[2].password = b"other"
        server.bmc.lan.wipe()

    ways = found("x11ssh-f", both, depth=2)
    assert ("restore-lan", "restore-users") in ways
    assert not any(len(way) == 1 for way in ways)


def test_what_is_tried_on_a_copy_leaves_the_server_as_it_was() -> None:
    server = VirtualServer(ServerSpec(board="x11ssh-f"))
    known = Known.of(server)
    dead_bios(server)
    server.advance(HOUR)
    before = (server.now, server.phase, len(server.world.records))
    search.search(server, cures(known), lambda s: healthy(s, known), depth=1)
    assert (server.now, server.phase, len(server.world.records)) == before


def test_a_copy_that_breaks_is_told() -> None:
    server = VirtualServer(ServerSpec(board="x11ssh-f"))

    def breaks(_: VirtualServer) -> bool:
        raise ValueError("broken")

    with pytest.raises(RuntimeError, match="ended with 1 while trying"):
        search.search(server, {"breaks": breaks}, lambda _: False)
