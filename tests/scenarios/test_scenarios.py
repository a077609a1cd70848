"""Every scenario that ships ends as its file says, in memory; the server's own truth agrees."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from emulators.faults import POINTS
from emulators.server import VirtualServer
from emulators.truth import of as true_state
from emulators.world import World
from fwsim.events import CommandRan, Event, RunEnded
from fwsim.journal import Journal
from fwsim.judged import Broken
from fwsim.rehearsal import expected, in_memory, truth, unfired
from fwsim.rehearsal.prepare import Prepared, from_scenario
from fwsim.rehearsal.scenario import load, names
from recovery import unattended


@dataclass(frozen=True)
class Rehearsed:
    prepared: Prepared
    server: VirtualServer
    ended: RunEnded
    events: list[Event]
    broken: list[Broken]


def rehearse(name: str, folder: Path) -> Rehearsed:
    prepared = from_scenario(load(name), folder / "payloads")
    server = VirtualServer(prepared.spec, World())
    before = truth.condition(server)
    events: list[Event] = []
    with Journal(folder / "events.jsonl") as journal:

        def emit(event: Event) -> None:
            journal.write(event)
            events.append(event)

        ended = in_memory(
            prepared, emit, run_id=prepared.run_id, run_dir=folder, server=server, recover=unattended.recover
        )
    broken = truth.judge(prepared, server, before, events, folder, recovers=True)
    return Rehearsed(prepared, server, ended, events, broken)


@pytest.mark.parametrize("name", names())
def test_a_scenario_ends_as_its_file_says_and_breaks_no_rule(name: str, tmp_path: Path) -> None:
    done, expect = rehearse(name, tmp_path), load(name).expect
    records, address = done.server.world.records, done.prepared.spec.bmc_address
    became = expected.Became(done.events, records, true_state(done.server), address)
    assert [str(d) for d in expected.differences(expect, became)] == []
    assert [str(b) for b in done.broken] == []
    assert unfired(records) == []
    for kind, version in expect.versions.items():
        if expect.ending == "updated" and done.prepared.plan.payload(kind) is not None:
            assert done.ended.versions[kind][1] == version


def test_the_bmcs_lan_is_as_before_after_it_had_reverted_to_dhcp(tmp_path: Path) -> None:
    done = rehearse("dhcp-reversion", tmp_path)
    prepared, server = done.prepared, done.server
    assert any(r["kind"] == "bmc-lan-reverted" for r in server.world.records)
    assert server.bmc.address == prepared.spec.bmc_address
    assert (server.bmc.lan.source, server.bmc.lan.gateway) == (1, prepared.spec.bmc_gateway)


def test_nothing_resets_a_bmc_whose_flash_was_interrupted_before_it_is_written_again(tmp_path: Path) -> None:
    kinds = [r["kind"] for r in rehearse("flash-interrupted", tmp_path).server.world.records]
    cut, again = kinds.index("flash-interrupted"), kinds.index("flash-finished")
    assert "bmc-dark" not in kinds[cut:again]
    assert "bmc-dark" in kinds[again:]


def test_a_success_message_with_the_old_version_behind_it_is_not_believed(tmp_path: Path) -> None:
    done = rehearse("image-not-activated", tmp_path)
    said = [e.stdout + e.stderr for e in done.events if isinstance(e, CommandRan)]
    assert any("upgrade procedure successful" in text for text in said)
    assert "3.88" in done.ended.message


def test_deleting_the_worlds_record_changes_nothing_of_what_engine_and_recovery_say(tmp_path: Path) -> None:
    first = rehearse("failed-post", tmp_path / "a").events
    prepared = from_scenario(load("failed-post"), tmp_path / "b" / "payloads")
    server = VirtualServer(prepared.spec, World(sink=lambda record: server.world.records.clear()))
    events: list[Event] = []
    how: dict[str, Any] = {"run_id": prepared.run_id, "run_dir": tmp_path / "b", "recover": unattended.recover}
    in_memory(prepared, events.append, server=server, **how)
    assert events == first


def test_every_kind_of_fault_has_a_scenario_that_ships() -> None:
    assert {fault.kind for name in names() for fault in load(name).faults} == set(POINTS)
