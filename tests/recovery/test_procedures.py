"""Procedures as data: their names, their words, and what they come to in a virtual server's terms."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from pydantic import ValidationError

from emulators.hands import ACTS
from recovery import procedures, remedies
from recovery.inventory import Inventory
from recovery.procedures import Procedure
from tests.recovery import ticket_bench

NAMES = {
    *("dedicated-port", "web-gui-reflash", "cmos-clear", "power-removal", "usb-bios-recovery"),
    *("idrac-sd-recovery", "bmc-reset-button", "look-and-report", "board-replacement"),
}
ALONE = {"browse"}  # what a technician does with a laptop; no hand of a virtual server's
README = Path(procedures.__file__).with_name("README.md").read_text("utf-8")
each = pytest.mark.parametrize("name", procedures.names())


def test_the_nine_procedures_are_there() -> None:
    assert set(procedures.names()) == NAMES


def test_every_procedure_that_a_diagnosis_can_name_is_there() -> None:
    assert {name for name, row in remedies.table().items() if row.visit} == NAMES


@each
def test_each_is_called_as_its_file(name: str) -> None:
    assert procedures.load(name).name == name


@each
def test_a_maximum_is_a_billing_step(name: str) -> None:
    known = procedures.load(name)
    assert known.maximum_minutes % 15 == 0
    assert 0 < known.minutes <= known.maximum_minutes


@each
def test_every_step_that_changes_something_says_what_that_is(name: str) -> None:
    for step in procedures.load(name).steps:
        if step.irreversible:
            assert step.acts, step.id


@each
def test_steps_that_cure_nothing_say_what_they_serve(name: str) -> None:
    steps = {step.id: step.serves for step in procedures.load(name).steps}
    assert steps["compare-serial"] == "protection"
    assert steps["photo-before"] == "evidence"


@each
def test_the_other_end_knows_what_to_look_at_before_it_says_the_word(name: str) -> None:
    for step in procedures.load(name).steps:
        if step.hold:
            assert step.administrator, step.id


def test_a_procedure_that_takes_power_has_a_hold_before() -> None:
    for _, made in ticket_bench.every():
        cuts = [s.number for s in made.steps if any(act.act in ("unplug", "pull-sled") for act in s.acts)]
        holds = [s.number for s in made.steps if s.hold]
        if cuts:
            assert made.takes_power
            assert min(holds) < min(cuts)


def test_every_act_is_one_that_hands_can_do_with_these_parameters() -> None:
    seen = set()
    for name, made in ticket_bench.every():
        for step in made.steps:
            for act in step.acts:
                if act.act in ALONE:
                    continue
                known = ACTS[act.act]
                files = {"file": "files"} if act.act == "insert-media" else {}
                given = {files.get(key, key) for key in act.given}
                needed = {key for key, default in known.parameters.items() if default is None}
                assert needed <= given <= set(known.parameters), (name, step.id, act)
                seen.add(act.act)
    assert {"unplug", "plug", "short", "move-jumper", "insert-media", "replace-board", "pull-sled"} <= seen


def test_where_the_bmc_lives_its_light_is_looked_for() -> None:
    for name, made in ticket_bench.every():
        looks = [s for s in made.steps if s.id == "identify"]
        assert bool(looks) == made.identify, name
        assert all("blinks" in s.see for s in looks)


def test_jbt1_takes_the_battery_out_on_some_boards_and_not_on_others() -> None:
    with_it = [s.id for s in ticket_bench.build("cmos-clear", "x11ssh-f").steps]
    without = [s.id for s in ticket_bench.build("cmos-clear", "x12spi").steps]
    assert [i for i in with_it if i not in without] == ["battery-out", "battery-in"]


def test_dells_jumper_is_moved_the_server_started_and_the_jumper_moved_back() -> None:
    steps = [s.id for s in ticket_bench.build("cmos-clear", "r740").steps]
    order = ["jumper-clear", "power-on-clearing", "start-clearing", "power-off-again", "jumper-keep", "power-on"]
    assert [i for i in steps if i in order] == order


def test_a_sled_is_pulled_and_its_neighbours_keep_their_power() -> None:
    acts = {act.act for s in ticket_bench.build("power-removal", "c6220").steps for act in s.acts}
    assert "pull-sled" in acts
    assert not {"unplug", "plug"} & acts


def test_where_the_neighbours_lose_power_each_is_named_with_its_consent() -> None:
    agreed = [
        {"name": n, "consent": {"by": f"{n}-owner", "at": "2026-11-20T10:00:00Z"}} for n in ("web11", "web12", "web13")
    ]
    place = ticket_bench.sample("c6220").model_dump(mode="json") | {"neighbours": agreed}
    made = ticket_bench.build(
        "power-removal", "c6220", type(ticket_bench.sample()).model_validate(place), power="mains"
    )
    assert not made.draft
    for name in ("web11", "web12", "web13"):
        assert f"{name} ({name}-owner agreed 2026-11-20 10:00)" in made.consents[0]


def test_without_the_neighbours_consent_the_ticket_is_a_draft() -> None:
    made = ticket_bench.build("power-removal", "c6220", power="mains")
    assert "consent" in made.unknown


@pytest.mark.parametrize(
    ("cables", "first", "carries"),
    [
        (
            [{"label": "SPR-1", "switch": "sw", "switch_port": "2"}, {"label": "PRD-1", "port": "lan1"}],
            "Connect",
            False,
        ),
        ([{"label": "PRD-1", "port": "lan1", "switch": "sw", "switch_port": "2"}], "Move", True),
        ([{"label": "MGT-1", "port": "dedicated"}, {"label": "PRD-1", "port": "lan1"}], "Push", False),
    ],
)
def test_a_spare_cable_comes_before_the_one_that_carries_traffic(
    cables: list[dict[str, str]], first: str, carries: bool
) -> None:
    place = Inventory.model_validate(ticket_bench.sample().model_dump() | {"cables": cables})
    made = ticket_bench.build("dedicated-port", place=place)
    step = next(s for s in made.steps if s.id in ("connect", "find-port") and s.acts[0].act != "look")
    assert step.text.startswith(first)
    assert any("carries the traffic" in consent for consent in made.consents) == carries


def test_the_dedicated_port_has_branches_for_no_lease_and_for_a_forced_shared_port() -> None:
    made = ticket_bench.build("dedicated-port")
    assert {s.branch for s in made.steps if s.branch} == {"no-lease", "forced-shared"}
    ask = next(s for s in made.steps if s.id == "ask")
    heard = [int(n) for n in re.findall(r'"step (\d+)"', ask.see)]
    begins = [s.number for s in made.steps if s.only_if]
    assert heard == [*begins, made.steps[-1].number]
    after = {s.branch: s.then for s in made.steps if s.then}
    assert after == {"no-lease": f"Go to step {ask.number}."}


def test_every_shape_of_a_sentence_stands_in_the_readme() -> None:
    """Its verbs at least: who follows the text knows no others."""
    table = README.partition("## Verbs and shapes")[2]
    for name, made in ticket_bench.every():
        for step in made.steps:
            verb = re.sub(r"^(?:If|When) [^,]*, ", "", step.text).split()[0].capitalize()
            assert f"{verb} " in table, (name, step.text)


def _fields() -> dict[str, object]:
    return procedures.load("look-and-report").model_dump()


def test_a_field_that_nobody_fills_in_is_refused() -> None:
    with pytest.raises(ValidationError, match="unknown field {password}"):
        Procedure.model_validate(_fields() | {"purpose": "The password is {password}."})


def test_a_key_that_is_not_known_is_refused() -> None:
    with pytest.raises(ValidationError, match="Extra inputs"):
        Procedure.model_validate(_fields() | {"credential": "x"})


def test_a_step_that_leads_nowhere_is_refused() -> None:
    fields = _fields()
    steps = [dict(s) for s in fields["steps"]]  # type: ignore[attr-defined]
    steps[-2]["then"] = "nowhere"
    with pytest.raises(ValidationError, match="there is no step 'nowhere'"):
        Procedure.model_validate(fields | {"steps": steps})


def test_two_steps_of_one_name_that_may_both_hold_are_refused() -> None:
    fields = _fields()
    steps = [dict(s) for s in fields["steps"]]  # type: ignore[attr-defined]
    with pytest.raises(ValidationError, match="is here twice"):
        Procedure.model_validate(fields | {"steps": [*steps, steps[-1]]})


def test_an_unknown_procedure_is_told_with_those_that_there_are() -> None:
    with pytest.raises(procedures.UnknownProcedure, match="there are: bmc-reset-button"):
        procedures.load("reboot")


@pytest.mark.parametrize("name", procedures.names())
def test_what_a_step_wants_is_in_the_bag_and_what_is_in_the_bag_is_connected(name: str) -> None:
    known = procedures.load(name)
    tools, steps = "; ".join(line.text for line in known.tools), " ".join(step.do for step in known.steps)
    assert ("SHA-256 of {file} on the" not in steps) or "Laptop" in tools
    assert ("Monitor" in tools) == ("Connect the monitor" in steps)
    assert ("keyboard" in tools) == ("the keyboard to the server" in steps)
