"""Rule 13: OEM bytes come from one exact list, and nothing else with an OEM network function is ever sent."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from emulators.bmc.controller import Bmc
from emulators.faults import Fault, Kind
from emulators.server import VirtualServer
from emulators.world import World
from fwsim import boards, oem
from fwsim.outcomes import Fail
from fwsim.rehearsal import in_memory
from fwsim.rehearsal.memory import drive
from fwsim.rehearsal.prepare import from_scenario
from fwsim.rehearsal.scenario import load, names
from tests.fwsim.engine_bench import NEW, bench

Sent = set[tuple[int, ...]]


@pytest.fixture
def sent(monkeypatch: pytest.MonkeyPatch) -> Iterator[Sent]:
    """Every OEM request that any BMC is given while the test runs, by whatever way it came."""
    rows: Sent = set()
    handle = Bmc.handle

    def noting(bmc: Bmc, netfn: int, lun: int, command: int, data: bytes, *rest: Any, **more: Any) -> Any:
        if netfn >= oem.FIRST_OEM:
            rows.add((netfn, command, *data))
        return handle(bmc, netfn, lun, command, data, *rest, **more)

    monkeypatch.setattr(Bmc, "handle", noting)
    yield rows


@pytest.mark.parametrize("name", names())
def test_a_scenario_sends_listed_oem_bytes_alone(name: str, tmp_path: Path, sent: Sent) -> None:
    prepared = from_scenario(load(name), tmp_path / "payloads")
    server = VirtualServer(prepared.spec, World())
    in_memory(prepared, lambda event: None, run_id="T", run_dir=tmp_path, server=server)
    assert sent <= boards.load(prepared.plan.board).oem_bytes


FORGETTING: tuple[Kind, ...] = ("lan-mode-moved", "lan-reverts-to-dhcp", "users-reset", "host-never-returns")


@pytest.mark.parametrize("board", sorted(NEW))
def test_a_board_that_goes_wrong_in_many_ways_is_sent_listed_oem_bytes_alone(
    board: str, tmp_path: Path, sent: Sent
) -> None:
    for kind in FORGETTING:
        bench(tmp_path / kind, board, faults=(Fault(kind=kind),)).run()
    allowed = boards.load(board).oem_bytes
    assert sent <= allowed
    assert bool(sent) is bool(allowed), "the test sees what is sent"


def test_the_port_is_set_by_these_bytes(tmp_path: Path, sent: Sent) -> None:
    bench(tmp_path, faults=(Fault(kind="lan-mode-moved"),)).run()
    assert {(0x30, 0x70, 0x0C, 0x00), (0x30, 0x70, 0x0C, 0x01, 0x00)} <= sent


@pytest.mark.parametrize(
    "data",
    [(0x3C, 0x40), (0x30, 0x70, 0x02, 0x01), (0x30, 0x70, 0x0C, 0x01, 0x03), (0x30, 0x70, 0x0C), (0x2E, 0x01)],
    ids=lambda data: bytes(data).hex(" "),
)
def test_no_way_out_takes_bytes_that_are_not_listed(data: tuple[int, ...], tmp_path: Path, sent: Sent) -> None:
    context = bench(tmp_path).engine()._context
    in_band = ("ipmitool", "raw", *(f"0x{byte:02x}" for byte in data))
    ways = (
        lambda: context.run(in_band),
        lambda: context.read(in_band),
        lambda: context.poll(in_band),
        lambda: context.change(in_band),
        lambda: context.must(in_band),
        lambda: context.run_operator(in_band),
        lambda: context.lan(data[0], data[1], bytes(data[2:])),
    )
    for way in ways:
        with pytest.raises(Fail, match="not among the OEM commands"):
            drive(way())
    assert not sent


def test_the_list_is_by_manufacturer_and_product() -> None:
    assert oem.of(oem.SUPERMICRO, ["X11SSH-F"]).post_code == (0x30, 0x70, 0x02)
    assert oem.of(oem.DELL, ["X11SSH-F"]).exact() == frozenset()
    assert oem.of(oem.SUPERMICRO, ["Somebody's"]).exact() == frozenset()
    assert oem.of(oem.SUPERMICRO, ["X11SSH-F", "Somebody's"]).exact() == frozenset(), "they must agree"
    assert boards.load("r740").oem_bytes == frozenset()


def test_no_factory_default_is_on_the_list() -> None:
    every = frozenset[tuple[int, ...]]().union(*(commands.exact() for commands in oem.LIST.values()))
    assert not {row for row in every if row[:2] in ((0x3C, 0x40), (0x30, 0x40))}


def test_every_board_that_the_list_names_is_a_board_of_ours() -> None:
    ours = {(b.bmc.manufacturer_id, p) for b in map(boards.load, boards.names()) for p in b.products}
    assert set(oem.LIST) <= ours


def test_no_oem_byte_stands_anywhere_else_in_the_engine() -> None:
    """Not in the boards' files, and in no `raw` of another module."""
    package = Path(oem.__file__).parent
    judges = {"oem.py", "rules_words.py"}
    code = [p for p in package.rglob("*.py") if p.name not in judges and "rehearsal" not in p.parts]
    found = [p.name for p in code if re.search(r"0x3[0-9a-fA-F]\s*,\s*0x(?:70|4[05]|2[0-9])\b", p.read_text("utf-8"))]
    assert found == []
    assert not [p.name for p in (package / "boards").glob("*.yaml") if re.search(r"netfn|lan_mode:", p.read_text())]
