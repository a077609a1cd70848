"""A learner who speaks to the lab's server past `fwsim lab` gains nothing, and a result goes by its own lab's name."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from emulators.home.watching import Watching
from emulators.server import VirtualServer
from emulators.spec import ServerSpec
from emulators.watch import Watch
from fwsim.cli import labverify
from fwsim.labs import exam, grade
from fwsim.labs import lab as labs
from fwsim.labs import session as sessions

LAB = "first-bmc-update"


def _result(folder: Path, **edited: Any) -> tuple[Path, Path]:
    """(the key, the result of an exam that was handed over and ended at once); `edited`: what is changed then."""
    public = exam.make_keys(folder / "a.key")
    server = VirtualServer(ServerSpec(board="x11ssh-f"))
    server.watch = Watch(server)
    watching = Watching(server, exam.public_key(public))
    lab = labs.load(LAB)
    note = {"kind": "handed-over", "lab": sessions.digest(lab), "mode": "exam", "learner": "Ada", "speed": 1.0}
    watching.answer({"tell": note})
    told = watching.answer({"tell": {"kind": "assessed", "by": {}}})
    result = sessions.Result(
        name=LAB, mode="exam", learner="Ada", speed=1.0,
        lab=lab.model_dump(mode="json", by_alias=True, exclude_defaults=True),
        records=json.loads(json.dumps(server.world.records)), mac=told["mac"], sealed=told["sealed"],
    )  # fmt: skip
    path = folder / sessions.RESULT
    path.write_text(result.model_copy(update=edited).model_dump_json(), "utf-8")
    return folder / "a.key", path


def test_an_honest_result_goes_by_its_lab_s_name(tmp_path: Path) -> None:
    key, path = _result(tmp_path)
    labverify.verify(path, key)


def test_a_result_under_another_lab_s_name_is_found_out(tmp_path: Path) -> None:
    """An easy lab's exam is not taken for a hard one's."""
    other = next(name for name in labs.names() if name != LAB)
    key, path = _result(tmp_path, name=other)
    with pytest.raises(exam.Forged, match=f"is that of {LAB}"):
        labverify.verify(path, key)


def test_a_class_table_says_which_lab_is_not_the_one_that_ships(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    key, _ = _result(tmp_path)
    easier = labs.load(LAB).model_copy(update={"goals": ()})
    monkeypatch.setattr(labs, "load", lambda name: easier)
    labverify.table(tmp_path, as_csv=False, key=key)
    assert f"as recorded; another lab than the {LAB} that ships" in capsys.readouterr().out


@pytest.mark.parametrize("cost", [-1000, "many", None, [1]])
def test_no_hint_gives_points(cost: Any) -> None:
    lab = labs.load(LAB)
    rows = [{"at": 5.0, "kind": "handed-over"}, {"at": 6.0, "kind": "hint", "cost": cost}]
    found = grade.grade(lab, sessions.since_handed_over(rows, lab, "exam"))
    assert found.score <= found.raw
    assert found.hints >= 0
