"""How a matrix is shown: no column is lost and no word broken, and of pairs what single failures could not tell."""

from __future__ import annotations

import io
import json
import re
from pathlib import Path

import pytest
from rich.console import Console

from fwsim.cli import everyfault, matrixprogress
from fwsim.report import matrix_files, matrix_terminal
from fwsim.report.matrix import Matrix, Outcome, Verdict

STAGES = ("preflight", "transfer", "backup", "bmc", "verify BMC", "bios", "verify BIOS", "cleanup")
LONG = "hpm-answer:command=0x31,completion_code=0xd5"


def cell(row: str, step: str, stage: str, verdict: Verdict, **more: object) -> Outcome:
    return Outcome(f"{row}@{step}", row, step, stage, verdict, fired=True, **more)  # type: ignore[arg-type]


def every_stage() -> Matrix:
    """A fault in every stage, mixed endings, a long name."""
    rows = [cell("tool-missing", f"s{n}", stage, "refused") for n, stage in enumerate(STAGES)]
    rows += [cell("tool-missing", f"t{n}", stage, "failed") for n, stage in enumerate(STAGES)]
    rows += [cell(LONG, "x", "bmc", "updated"), cell("severe-lock", "x", "bios", "needs-hands", ticket="cmos-clear")]
    return Matrix("x", STAGES, tuple(rows), len(rows), seed=7, command="fwsim rehearse --board r740")


def shown(matrix: Matrix, width: int | None) -> list[str]:
    stream = io.StringIO()
    matrix_terminal.render(matrix, Console(file=stream, width=width or 100), width)
    return stream.getvalue().splitlines()


def test_off_a_terminal_the_table_is_whole() -> None:
    lines = shown(every_stage(), None)
    assert all(stage in lines[0] for stage in STAGES)
    assert "needs-hands: cmos-clear" in next(line for line in lines if line.startswith("severe-lock"))
    assert next(line for line in lines if line.startswith("tool-missing")).count("1 refused, 1 failed") == len(STAGES)
    assert any(line.startswith(LONG) for line in lines)


def test_on_a_terminal_of_80_columns_no_column_is_lost_and_no_word_broken() -> None:
    lines = shown(every_stage(), 80)
    assert max(map(len, lines)) <= 80
    assert lines[0].split() == ["fault", "pre", "copy", "backup", "bmc", "vBMC", "bios", "vBIOS", "end"]
    row = next(n for n, line in enumerate(lines) if line.startswith("tool-missing"))
    assert lines[row].split()[1:] == ["ref,"] * len(STAGES)
    assert lines[row + 1].split() == ["fail"] * len(STAGES)
    assert {"hpm-answer:command=0x31,", "completion_code=0xd5"} <= {word for line in lines for word in line.split()}
    legend = " ".join(lines[-4:])
    assert all(told in legend for told in ("vBMC: verify BMC", "ref: refused", "hands: needs hands"))


def of_pairs() -> Matrix:
    alone = [cell("a", "s", "bmc", "updated"), cell("b", "s", "bmc", "repaired"), cell("c", "s", "bios", "failed")]
    pairs = [("a@s+b@s", "needs-hands"), ("a@s+c@s", "failed"), ("b@s+c@s", "repaired")]
    made = [Outcome(name, name, "s", "bmc", v, fired=True) for name, v in pairs]  # type: ignore[arg-type]
    return Matrix("x", ("bmc", "bios"), (*alone, *made), 6, pairs=True)


def test_of_the_pairs_the_screen_has_those_that_end_worse_than_either_fault_alone(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    everyfault._show(of_pairs(), tmp_path)
    said = capsys.readouterr().out
    assert "1 of 3 pairs end worse" in said
    assert "needs-hands  a@s+b@s  (alone: updated and repaired)" in said
    assert "c@s+" not in said
    assert "+c@s" not in said
    assert f"The other 2 pairs do not. All of them: {tmp_path}/matrix.md" in said


def test_every_field_of_the_page_leads_to_a_command_that_can_be_copied() -> None:
    done = every_stage()
    page = matrix_files.html(done)
    for outcome in done.outcomes:
        again = f"fwsim rehearse --board r740 --only {outcome.name} --virtual --seed 7"
        assert page.count(again) == 2, "in the field's title, and in its details"
    targets = {name.replace("%3A", ":").replace("%3D", "=").replace("%2C", ",").replace("%40", "@")
               for name in re.findall(r'href="#([^"]+)"', page)}  # fmt: skip
    assert targets <= set(re.findall(r' id="([^"]+)"', page))
    assert len(targets) == len(STAGES) + 2


def test_a_matrix_off_a_terminal_says_now_and_then_how_far_it_is() -> None:
    moments, said = iter([0.0, 4.0, 10.0, 14.0, 21.0]), list[str]()
    tick = matrixprogress.plain_lines(100, said.append, lambda: next(moments))
    for _ in range(4):
        tick(cell("a", "s", "bmc", "updated"))
    assert said == ["2/100  0.2/s  8 min 10 s left  a@s", "4/100  0.2/s  8 min 24 s left  a@s"]


def test_a_matrix_in_json_says_one_object_a_cell() -> None:
    said: list[str] = []
    tick = matrixprogress.json_lines(2, said.append)
    tick(cell("a", "s", "bmc", "refused", broken=("rule 2",)))
    assert json.loads(said[0]) == {
        "event": "rehearsed", "done": 1, "total": 2, "cell": "a@s", "ending": "refused", "fired": True,
        "broken": ["rule 2"],
    }  # fmt: skip
