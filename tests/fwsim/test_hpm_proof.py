"""A bank that HPM.1 has written is whole by the tool's word and the BMC's own, where that one answers."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from pathlib import Path

import pytest

from fwsim.doors import Completed
from fwsim.steps import hpmproof
from fwsim.tools.ipmitool import hpm
from tests.fwsim.engine_bench import Bench, bench

Answer = Callable[[int, Completed], Completed]
TABLE = (
    "-------------------------------------------------------------------------------\n"
    "|ID  | Name        |                     Versions                        |\n"
    "|    |             |     Active      |     Backup      |      Deferred   |\n"
    "-------------------------------------------------------------------------------\n"
    "|*^ 0|BMC          |   3.88 00000000 |   3.87 00000000 | {deferred:15} |\n"
    "-------------------------------------------------------------------------------\n"
)


def a_flash(folder: Path, answers: dict[tuple[str, ...], Callable[[int], Completed]]) -> Bench:
    """An update of the BMC whose host answers those commands otherwise, once the flash has begun. Their argument
    counts from 0."""
    test = bench(folder)
    test.keep_only("bmc")
    asked: dict[tuple[str, ...], int] = dict.fromkeys(answers, 0)

    def instead(number: int, done: Completed) -> Completed:
        if done.argv not in answers or not test.happened("flash-finished"):
            return done
        asked[done.argv] += 1
        return dataclasses.replace(answers[done.argv](asked[done.argv] - 1), argv=done.argv)

    test.host.after = instead
    return test


def says(stdout: str, status: int = 0, stderr: str = "") -> Callable[[int], Completed]:
    return lambda nth: Completed((), status, stdout, stderr)


def test_a_bmc_that_agrees_or_says_nothing_is_reset(tmp_path: Path) -> None:
    unknown = "Unable to send RAW command (channel=0x0 netfn=0x2c lun=0x0 cmd=0x34 rsp=0xc1): Invalid command\n"
    for number, answers in enumerate(
        (
            {},
            {hpm.UPGRADE_STATUS: says("", 1, unknown)},
            {hpm.UPGRADE_STATUS: says(" 00 31 00\n")},  # boards that tell the last long command alone
            {hpm.check(): says(TABLE.format(deferred="  3.90 00000000"))},
            {hpm.check(): says(TABLE.format(deferred="   ---.-- ------"))},
            {hpm.check(): says("", 1, "no table\n")},
        )
    ):
        test = a_flash(tmp_path / str(number), answers)
        assert test.run().ending == "updated", answers


@pytest.mark.parametrize(
    ("answers", "words"),
    [
        ({hpm.UPGRADE_STATUS: says(" 00 33 82\n")}, "command 0x33 ended with 0x82"),
        ({hpm.UPGRADE_STATUS: says(" 00 33 80\n")}, "is still at work"),
        ({hpm.check(): says(TABLE.format(deferred="  3.70 00000000"))}, "holds 3.70 for its activation, not 3.90"),
    ],
    ids=["failed", "busy for ever", "another version"],
)
def test_a_bmc_that_contradicts_the_tool_is_not_reset(
    answers: dict[tuple[str, ...], Callable[[int], Completed]], words: str, tmp_path: Path
) -> None:
    test = a_flash(tmp_path, answers)
    ended = test.run()
    assert ended.ending == "failed"
    assert words in ended.message
    assert "Do not reset the BMC" in ended.remedy
    assert not test.happened("bmc-dark")


def test_a_bmc_that_is_still_at_work_is_waited_for(tmp_path: Path) -> None:
    test = a_flash(
        tmp_path, {hpm.UPGRADE_STATUS: lambda nth: Completed((), 0, f" 00 33 {'80' if nth < 3 else '00'}\n", "")}
    )
    assert test.run().ending == "updated"
    assert sum(argv == hpm.UPGRADE_STATUS for argv in test.host.ran) >= 4


def test_the_tests_above_see_a_bmc_that_nobody_asks(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    async def believe(*what: object) -> str:
        return ""

    monkeypatch.setattr(hpmproof, "objection", believe)
    test = a_flash(tmp_path, {hpm.UPGRADE_STATUS: says(" 00 33 82\n")})
    assert test.run().ending == "updated"
