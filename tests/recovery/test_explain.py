"""A diagnosis in words and as data."""

from __future__ import annotations

import json

import pytest

from fwsim import boards
from recovery import explain, observation
from recovery.diagnosis import diagnose
from recovery.observation import Evidence, Observation

X11 = boards.load("x11ssh-f")
LOCKED = (
    "host.answers=no bmc.answers=no bmc.age=overdue host.age=overdue bank.bios=whole seen.fans=100% seen.video=none"
)


def seen(text: str, *untold: tuple[str, str]) -> Evidence:
    words = (word.partition("=") for word in text.split())
    told = [Observation(key, value, 12.0, "a witness") for key, _, value in words]
    return Evidence((*told, *(Observation(key, None, 12.0, "a witness", why) for key, why in untold)))


def told(text: str, *untold: tuple[str, str]) -> str:
    evidence = seen(text, *untold)
    return explain.text(diagnose(evidence, X11), evidence, "latest")


def test_the_first_cause_its_rule_and_its_evidence_stand_first() -> None:
    lines = told(LOCKED).splitlines()
    assert lines[0] == "1. severe-lock: likely (rule D61)"
    assert "seen.fans = 100% (a witness)" in told(LOCKED)


def test_remedies_are_numbered_with_what_they_cost() -> None:
    assert "1. cmos-clear: clear the BIOS settings at the board (about 40 min, somebody goes there," in told(LOCKED)


def test_what_speaks_against_a_cause_is_said() -> None:
    text = told("host.answers=no power=on sel.firmware=corrupt post.code=92")
    assert "against   post.code = 92" in text


def test_what_is_withheld_is_said_with_the_reason() -> None:
    text = told("host.login=in kcs=no-device bmc.answers=steady bmc.login=in bank.bmc=maybe-incomplete")
    assert "withheld  cold-reset, power-removal: nothing restarts or takes power while a bank may be" in text


SILENT = (
    "host.answers=no host.login=silent bmc.answers=no bmc.age=overdue bank.bios=whole bank.bmc=verified bmc.pings=no "
)
SILENT += "host.pings=no bmc.asf=no bmc.web=no bmc.lease=none"


def test_the_next_observation_comes_with_its_reason_and_the_command_that_reports_it() -> None:
    lines = told(SILENT).splitlines()
    place = next(n for n, line in enumerate(lines) if line.startswith("look next: seen."))
    key = lines[place].split()[2].rstrip(":")
    assert "it tells severe-lock from" in " ".join(lines[place + 1 : place + 3])
    assert any(f'--observed "{key.removeprefix("seen.")}=' in line for line in lines[place:])


def test_what_could_not_be_told_stands_with_its_reason() -> None:
    text = told(SILENT, ("kcs", "the host does not answer"))
    assert "could not tell\n  kcs              the host does not answer\n" in text


def test_the_document_says_why_to_look_there() -> None:
    evidence = seen(SILENT)
    found = diagnose(evidence, X11)
    shown = explain.document(found, evidence, "latest")["next_observation"]
    assert (shown["key"], shown["why"]) == (found.next_observation, found.next_why)
    assert found.next_why


def test_lines_fit_a_terminal() -> None:
    assert all(len(line) <= explain.WIDTH for line in told(LOCKED).splitlines())


def test_no_evidence_is_a_question_for_somebody_there() -> None:
    text = told("")
    assert text.startswith("1. unknown: possible (rule D99)")
    assert "look-and-report" in text


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("host.login=in bmc.answers=steady bmc.login=in kcs=answers", 0),
        (LOCKED, 4),
        ("host.login=in kcs=no-device bmc.answers=steady bmc.login=in", 1),
        ("kcs=no-module", 1),
        ("", 4),
    ],
)
def test_the_exit_code_says_who_can_help(text: str, code: int) -> None:
    assert explain.exit_code(diagnose(seen(text), X11)) == code


def test_the_document_holds_everything_and_is_json() -> None:
    evidence = seen(LOCKED, ("kcs", "the host does not answer"))
    found = json.loads(json.dumps(explain.document(diagnose(evidence, X11), evidence, "latest")))
    assert found["causes"][0]["cause"] == "severe-lock"
    assert found["causes"][0]["remedies"] == ["cmos-clear", "board-replacement"]
    assert {"key": "kcs", "value": None, "at": 12.0, "source": "a witness", "why": "the host does not answer"} in found[
        "evidence"
    ]
    assert found["exit_code"] == 4
    assert {row["rule"] for row in found["ruled_out"]}


def test_the_vocabulary_names_every_value_that_can_be_reported() -> None:
    table = observation.vocabulary()
    for name, values in observation.reportable().items():
        assert f"| `{name}` | {', '.join(values)} |" in table
