"""`fwsim scenario`: the catalogue of faults, the schema, and what is wrong with a scenario file."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from emulators.faults import POINTS
from fwsim.rehearsal import expected
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
        expected.check(path)
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
            expected.check(path)


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
        ("board: r740", "board: r74", "2 board: no virtual board of that name"),
    ],
)
def test_what_cannot_be_is_told_by_line_and_field(tmp_path: Path, old: str, new: str, told: str) -> None:
    found = problems(tmp_path, GOOD.replace(old, new))
    assert len(found) == 1
    assert told in found[0]


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
    assert code == 0, err
    assert "ssh-drops never fired" in err
