"""An exam's result is what the server's home has recorded; whoever edits it is found out."""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from fwsim.cli import labverify
from fwsim.labs import exam, grade
from fwsim.labs import lab as labs
from fwsim.labs import session as sessions
from fwsim.rehearsal import classroom
from fwsim.runs import Run

pytestmark = pytest.mark.wire
Edit = Callable[[dict[str, Any]], None]


@pytest.fixture(scope="module")
def sat(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    """(the private key, the result of an exam in which the board was read and nothing else was done)."""
    folder = tmp_path_factory.mktemp("exam")
    key, run = folder / "instructor.key", folder / "20260101-000000-lab-first-bmc-update-0000"
    run.mkdir()
    public = exam.make_keys(key)
    lab = labs.load("first-bmc-update")
    note = {"lab": sessions.digest(lab), "mode": "exam", "learner": "Ada", "speed": 100.0}

    async def sitting() -> Path:
        ready = await classroom.start(lab, run, speed=100, seal_to=exam.public_key(public), note=note)
        try:
            async with classroom.player(lab, ready, run) as player:
                await player.play(lab.solution[0])
            card = sessions.Card(
                name="first-bmc-update", mode="exam", learner="Ada", speed=100, wall=time.time(), sealed=True
            )
            sessions.write(run, card)
            vouched = await asyncio.to_thread(classroom.tell, run, {"kind": sessions.ASSESSED, "by": {}})
            return sessions.keep_result(sessions.Session(Run(run), lab, card), {}, vouched)
        finally:
            await asyncio.to_thread(classroom.end, run, lab)

    return key, asyncio.run(sitting())


def test_an_honest_result_is_verified(sat: tuple[Path, Path], capsys: pytest.CaptureFixture[str]) -> None:
    key, result = sat
    labverify.verify(result, key)
    assert capsys.readouterr().out == "Ada  first-bmc-update  11 of 100  not passed\n"


def _drop_an_act(result: dict[str, Any]) -> None:
    result["records"] = [r for r in result["records"] if r["kind"] != "did"]


def _add_a_checksum(result: dict[str, Any]) -> None:
    act = next(r for r in result["records"] if r["kind"] == "did")
    result["records"].append({**act, "what": "sha256sum -c SHA256SUMS"})


def _change_a_time(result: dict[str, Any]) -> None:
    result["records"][-1]["at"] += 1


def _another_name(result: dict[str, Any]) -> None:
    result["learner"] = "Grace"


def _easier_goals(result: dict[str, Any]) -> None:
    result["lab"]["goals"] = result["lab"]["goals"][1:]


def _practice(result: dict[str, Any]) -> None:
    result["mode"] = "practice"


def _no_seal(result: dict[str, Any]) -> None:
    result["sealed"], result["mac"] = {}, ""


@pytest.mark.parametrize(
    "edit", [_drop_an_act, _add_a_checksum, _change_a_time, _another_name, _easier_goals, _practice, _no_seal]
)
def test_an_edited_result_is_found_out(sat: tuple[Path, Path], tmp_path: Path, edit: Edit) -> None:
    key, result = sat
    edited = json.loads(result.read_text("utf-8"))
    edit(edited)
    path = tmp_path / "result.json"
    path.write_text(json.dumps(edited), "utf-8")
    with pytest.raises(exam.Forged):
        labverify.verify(path, key)


def test_another_instructors_key_opens_nothing(sat: tuple[Path, Path], tmp_path: Path) -> None:
    other = tmp_path / "other.key"
    exam.make_keys(other)
    with pytest.raises(exam.Forged, match="does not open with this key"):
        labverify.verify(sat[1], other)


def test_the_secret_is_nowhere_on_the_disk(sat: tuple[Path, Path]) -> None:
    """What the result holds is sealed; without the private key no new seal can be made for other records."""
    written = json.loads(sat[1].read_text("utf-8"))
    assert set(written["sealed"]) == {"from", "nonce", "box"}
    assert len(bytes.fromhex(written["sealed"]["box"])) == 32 + 16


def test_a_key_is_not_overwritten_and_is_for_its_owner_alone(tmp_path: Path) -> None:
    key = tmp_path / "a.key"
    exam.make_keys(key)
    assert key.stat().st_mode & 0o777 == 0o600
    with pytest.raises(FileExistsError):
        exam.make_keys(key)


@pytest.mark.parametrize("text", ["", "zz", "00" * 31, "no key\n"])
def test_what_is_no_key_is_told(tmp_path: Path, text: str) -> None:
    path = tmp_path / "bad.key"
    path.write_text(text, "ascii")
    with pytest.raises(exam.BadKey):
        exam.public_key(path)


def test_a_private_key_is_not_taken_for_the_learners(tmp_path: Path) -> None:
    """Its seal would open for nobody, and the class would hold the instructor's secret."""
    key = tmp_path / "a.key"
    public = exam.make_keys(key)
    assert exam.public_key(public)
    with pytest.raises(exam.BadKey, match=r"private key.*a\.key\.pub"):
        exam.public_key(key)


def test_a_key_that_is_not_there_is_told(tmp_path: Path) -> None:
    with pytest.raises(exam.BadKey, match="cannot be read"):
        exam.public_key(tmp_path / "absent.pub")


def test_a_result_without_a_seal_is_not_called_edited(tmp_path: Path) -> None:
    exam.make_keys(tmp_path / "a.key")
    with pytest.raises(exam.Forged, match="not started with --exam --key"):
        exam.check([], "", {}, tmp_path / "a.key")


def test_a_class_table_has_a_row_a_result(sat: tuple[Path, Path], capsys: pytest.CaptureFixture[str]) -> None:
    labverify.table(sat[1].parent.parent, as_csv=False, key=sat[0])
    lines = capsys.readouterr().out.splitlines()
    assert lines[0].startswith("| learner | lab | mode | score | passed |")
    assert lines[2].startswith("| Ada | first-bmc-update | exam | 11 | no | 2 of 3 |")
    assert lines[2].endswith("| as recorded |")
    labverify.table(sat[1].parent.parent, as_csv=True, key=None)
    assert capsys.readouterr().out.splitlines()[1].startswith("Ada,first-bmc-update,exam,11,no,2 of 3,")


def test_an_exam_counts_nothing_after_its_time() -> None:
    lab = labs.load("first-bmc-update").model_copy(update={"minutes": 1})
    rows: list[dict[str, Any]] = [
        {"at": 5.0, "kind": "handed-over"},
        {"at": 60.0, "kind": "did", "door": "host", "what": "dmidecode -t baseboard", "state": {}},
        {"at": 66.0, "kind": "did", "door": "host", "what": "sha256sum -c S", "state": {}},
    ]
    late = sessions.since_handed_over(rows, lab, "exam")
    assert [e.what for e in late.done] == ["dmidecode -t baseboard"]
    assert len(sessions.since_handed_over(rows, lab, "practice").done) == 2
    assert not grade.grade(lab, late).passed
