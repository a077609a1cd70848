"""`fwsim scenario`: the catalogue of faults, the schema, and what is wrong with a scenario file."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from emulators.faults import POINTS
from fwsim.cli import knowing
from fwsim.rehearsal import soundness
from fwsim.rehearsal.scenario import folder
from fwsim.yamlerrors import FileError
from tests.fwsim.command_line import Fwsim, fwsim

__all__ = ["fwsim"]

GOOD = """\
title: a test
board: r740
update: {bmc: "6.10.80.00"}
faults:
  - {kind: bmc-late}
expect: {ending: updated}
"""


def problems(tmp_path: Path, text: str) -> list[str]:
    path = tmp_path / "one.yaml"
    path.write_text(text)
    try:
        soundness.check(path, knowing.recovery())
    except FileError as error:
        return [f"{p.line} {p.field}: {p.message}" for p in error.problems]
    return []


def test_every_kind_is_listed_with_its_source_and_its_cure(fwsim: Fwsim) -> None:
    rows = [json.loads(line) for line in fwsim("scenario", "faults", "--json")[1].splitlines()]
    assert [row["kind"] for row in rows] == list(POINTS)
    assert all(row["source"] and row["cure"] and row["seen"] for row in rows)
    words = fwsim("scenario", "faults")[1]
    assert all(kind in words for kind in POINTS)


def test_the_schema_is_one_of_scenario_files(fwsim: Fwsim) -> None:
    schema = json.loads(fwsim("scenario", "schema")[1])
    assert set(schema["required"]) == {"title", "board", "update", "expect"}
    assert schema["additionalProperties"] is False


def test_every_scenario_that_ships_passes_the_check() -> None:
    for path in sorted(folder().rglob("*.yaml")):
        if path.parent.name != "labs":  # another format, checked by its own tests
            soundness.check(path, knowing.recovery())


def test_a_good_file_has_no_problems(tmp_path: Path) -> None:
    assert problems(tmp_path, GOOD) == []


@pytest.mark.parametrize(
    ("old", "new", "told"),
    [
        ("kind: bmc-late", "kind: bmc-lat", "5 faults[0].kind: expected one of"),
        ("kind: bmc-late", "kind: nic-renamed", "5 faults[0].kind: can never fire: no bios is updated here"),
        ("kind: bmc-late", "kind: hpm-mute, command: 0x32", "5 faults[0].kind: can never fire: r740 has no HPM.1"),
        ("kind: bmc-late", "kind: bmc-late, when: {step: x}", "5 faults[0].when.step: can never fire"),
        ("kind: bmc-late", "kind: bmc-late, when: {runs: x}", "5 faults[0].when.runs: can never fire"),
        ("kind: bmc-late", "kind: bmc-late, when: {reset: 1, at: 5}", "5 faults[0].when: "),
        ("kind: bmc-late", "kind: bmc-late, times: 0", "5 faults[0].times: can never fire"),
        ("ending: updated", "ending: updated, exit_code: 4", "6 expect.exit_code: contradicts the ending"),
        ("ending: updated", 'ending: updated, versions: {bmc: "1"}', "6 expect.versions.bmc: contradicts the ending"),
        ("ending: updated", "ending: updated, final: {phase: hung}", "6 expect.final: contradicts the ending"),
        ("ending: updated", "ending: updated, must: [{event: x}]", "6 expect.must[0]: no event is called x"),
        (
            "ending: updated",
            "ending: needs-hands, ticket: nosuch",
            "6 expect.ticket: nosuch is no procedure; there are: ",
        ),
        ("ending: updated", "ending: needs-hands, ticket: usb-bios-recovery", "is no procedure for r740; there are: "),
        ("ending: updated", "ending: updated, ticket: cmos-clear", "6 expect.ticket: contradicts the ending updated"),
        ("ending: updated", 'ending: failed, versions: {bios: "1"}', "6 expect.versions.bios: can never run here"),
        (
            "ending: updated",
            "ending: updated, repairs: [nosuch]",
            "6 expect.repairs[0]: nosuch is no repair; there are:",
        ),
        ("ending: updated", "ending: updated, must: [{world: nosuch}]", "6 expect.must[0]: no record of the world is"),
        (
            "ending: updated",
            "ending: updated, never: [{event: fact, step: x}]",
            "expect.never[0]: there is no such step",
        ),
        (
            "kind: bmc-late",
            "kind: psu-dead, number: 9",
            "5 faults[0].number: r740 has no power supply 9; it has 1 to 2",
        ),
        ("kind: bmc-late", "kind: psu-dead, number: 0", "5 faults[0].number: r740 has no power supply 0"),
        ("kind: bmc-late", "kind: tool-missing, name: x", "5 faults[0].name: the host has no command 'x'; it has: "),
        ("kind: bmc-late", "kind: module-missing, name: x", "5 faults[0].name: the kernel has no module 'x'"),
        ("kind: bmc-late", "kind: account-locked, name: x", "5 faults[0].name: the BMC has no user 'x'; it has: root"),
        ("kind: bmc-late", "kind: bmc-late, when: {post: 40}", "5 faults[0].when: can never fire: rehearsed in memory"),
        ("kind: bmc-late", "kind: bmc-late, when: {at: 9999999}", "5 faults[0].when: can never fire: rehearsed"),
        ("board: r740", "board: r74", "2 board: no virtual board of that name"),
    ],
)
def test_what_cannot_be_is_told_by_line_and_field(tmp_path: Path, old: str, new: str, told: str) -> None:
    found = problems(tmp_path, GOOD.replace(old, new))
    assert len(found) == 1
    assert told in found[0]


def test_what_is_wrong_is_told_all_at_once_with_what_is_known(fwsim: Fwsim, tmp_path: Path) -> None:
    path = tmp_path / "w.yaml"
    path.write_text(
        "title: x\nboard: x11ssh-f\nupdate: {bmc: '3.90'}\nfaults:\n"
        "  - {kind: job-stuck}\n  - {kind: ssh-drops, when: {reset: 7}}\n"
        "expect: {ending: updated, final: {phase: hung}, repairs: [nosuch], must: [{event: nosuch}, {world: nosuch}]}\n"
    )
    code, _, err = fwsim("scenario", "check", str(path))
    assert code == 2
    fields = [
        "faults[0].kind",
        "faults[1].when",
        "expect.must[0]",
        "expect.must[1]",
        "expect.repairs[0]",
        "expect.final",
    ]
    assert all(f": {field}: " in err for field in fields), err
    assert "boards that have: c6220, r730, r740" in err
    assert fwsim("rehearse", str(path), "--virtual", "--runs", str(tmp_path / "runs"))[0] == 2


def test_a_fault_that_its_server_cannot_meet_is_no_cell(fwsim: Fwsim, tmp_path: Path) -> None:
    code, _, err = fwsim("rehearse", "--virtual", "--only", "job-stuck@bios-flash", "--runs", str(tmp_path))
    assert (code, list(tmp_path.glob("2*"))) == (2, [])
    assert "job-stuck: can never fire: x11ssh-f has no lifecycle controller" in err


def test_a_bad_file_is_exit_2_and_points_at_its_line(fwsim: Fwsim, tmp_path: Path) -> None:
    path = tmp_path / "bad.yaml"
    path.write_text(GOOD.replace("bmc-late", "stops-at-f2"))
    code, _, err = fwsim("scenario", "check", str(path))
    assert code == 2
    assert f"{path}:5: faults[0].kind: " in err


def test_a_trigger_that_never_came_is_named_at_the_end_of_a_rehearsal(fwsim: Fwsim, tmp_path: Path) -> None:
    path = tmp_path / "idle.yaml"
    path.write_text(GOOD.replace("{kind: bmc-late}", "{kind: ssh-drops, when: {runs: ipmitool, nth: 5000}}"))
    code, _, err = fwsim("rehearse", str(path), "--virtual")
    assert code == 2
    assert "ssh-drops never fired: expected start 5000 of `ipmitool` on the host" in err
    assert "give it a moment that comes, or take it out" in err


def test_a_trigger_whose_moment_came_and_chance_was_against_it_is_a_note(fwsim: Fwsim, tmp_path: Path) -> None:
    path = tmp_path / "unlucky.yaml"
    when = "{runs: sum, probability: 0.000001}"
    path.write_text(GOOD.replace("{kind: bmc-late}", f"{{kind: ssh-drops, when: {when}}}").replace("sum", "ipmitool"))
    code, _, err = fwsim("rehearse", str(path), "--virtual")
    assert code == 0, err
    assert "note: ssh-drops never fired: its moment came" in err
