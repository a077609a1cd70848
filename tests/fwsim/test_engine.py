"""The engine on a healthy server: what it does, what it says, and that a dry run said the same."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

import fwsim
from fwsim.doors import HostUnreachable
from fwsim.events import EXIT_CODES, CommandRan, RunEnded, RunStarted, StepEnded, StepStarted, to_json
from fwsim.rehearsal.memory import drive
from tests.fwsim.engine_bench import NEW, Bench, bench


@pytest.mark.parametrize("board", sorted(NEW))
def test_a_healthy_server_of_every_board_is_updated(board: str, tmp_path: Path) -> None:
    test = bench(tmp_path, board)
    ended = test.run()
    assert (ended.ending, ended.exit_code) == ("updated", 0), ended.message
    assert {kind: after for kind, (_, after) in ended.versions.items()} == dict(
        zip(("bmc", "bios"), NEW[board], strict=True)
    )
    assert test.server.bmc.running is not None
    assert test.server.running_bios is not None
    assert (test.server.bmc.running.version, test.server.running_bios.version) == NEW[board]


@pytest.mark.parametrize("board", sorted(NEW))
def test_every_changing_command_is_in_the_dry_run(board: str, tmp_path: Path) -> None:
    test = bench(tmp_path, board)
    planned = {(c.where, c.line) for step in test.engine().steps for c in step.commands(test.engine().job)}
    assert test.run().ending == "updated"
    assert len(test.changing) > 5
    assert set(test.changing) <= planned


@pytest.mark.parametrize("board", ["x11ssh-f", "r740"])
def test_every_step_is_announced_started_and_ended_in_order(board: str, tmp_path: Path) -> None:
    test = bench(tmp_path, board)
    test.run()
    started = test.events[0]
    assert isinstance(started, RunStarted)
    announced = [step for step, _, _ in started.steps]
    assert [e.step for e in test.events if isinstance(e, StepStarted)] == announced
    assert [e.step for e in test.events if isinstance(e, StepEnded)] == announced
    assert len(set(announced)) == len(announced)
    assert isinstance(test.events[-1], RunEnded)
    times = [e.at for e in test.events]
    assert times == sorted(times)


def test_the_bmc_comes_before_the_bios(tmp_path: Path) -> None:
    test = bench(tmp_path)
    test.change(payloads=tuple(reversed(test.plan.payloads)))
    assert test.run().ending == "updated"
    flashes = [i.action for i in test.intents if i.action.startswith("flash")]
    assert [f.split()[1] for f in flashes] == ["bmc", "bios"]


def test_nothing_of_the_run_is_left_on_the_host(tmp_path: Path) -> None:
    test = bench(tmp_path)
    test.run()
    assert not [name for name in test.server.host.files.listdir("/var/tmp") if name.startswith("fwsim")]
    shown = drive(test.host.run(("systemctl", "show", "fwsim-flash", "--property=LoadState")))
    assert shown.stdout.strip() == "LoadState=not-found"


def test_the_backup_lies_on_the_operators_side_and_can_be_read(tmp_path: Path) -> None:
    test = bench(tmp_path)
    test.run()
    kept = test.folder / "backup"
    assert "192.0.2.20" in (kept / "lan-print.txt").read_text()
    assert "ADMIN" in (kept / "user-list.txt").read_text()
    assert (kept / "lan-mode.txt").read_text() == "dedicated"


def test_no_password_is_in_any_event(tmp_path: Path) -> None:
    test = bench(tmp_path, bmc_passwords={"ADMIN": "hunter2-bmc"})
    test.network._password = "hunter2-bmc"
    assert test.run().ending == "updated"
    assert not [line for line in map(to_json, test.events) if "hunter2" in line]


def test_every_change_has_its_intent_first_with_the_hosts_boot_id(tmp_path: Path) -> None:
    test = bench(tmp_path)
    test.run()
    assert all(len(intent.boot_id) == 36 for intent in test.intents)
    for step in {e.step for e in test.events if isinstance(e, CommandRan) and e.changes} - {"cleanup"}:
        of_step = [e for e in test.events if getattr(e, "step", None) == step]
        change = next(i for i, e in enumerate(of_step) if isinstance(e, CommandRan) and e.changes)
        assert any(e in test.intents for e in of_step[:change]), step


def test_what_runs_already_is_not_flashed_again(tmp_path: Path) -> None:
    test = bench(tmp_path, versions={"bmc": "3.90", "bios": "3.0"})
    ended = test.run()
    assert ended.ending == "updated"
    assert "already" in ended.message
    assert test.untouched


def test_one_payload_is_enough_for_a_plan(tmp_path: Path) -> None:
    test = bench(tmp_path)
    test.keep_only("bmc")
    ended = test.run()
    assert ended.ending == "updated"
    assert set(ended.versions) == {"bmc"}
    assert test.happened("host-shutdown") == 0


def test_the_canary_reboot_is_left_out_by_policy(tmp_path: Path) -> None:
    test = bench(tmp_path)
    test.change(policy=test.plan.policy.model_copy(update={"canary_reboot": False}))
    assert test.run().ending == "updated"
    assert test.happened("host-shutdown") == 1


def test_a_bmc_without_hpm_goes_by_the_vendors_tool(tmp_path: Path) -> None:
    test = sum_file(bench(tmp_path, server_board="x11ssh-f-nohpm"), tmp_path)
    assert test.run().ending == "updated"
    assert "goes by sum" in test.outcome("bmc-check").message


def test_an_hpm_file_for_a_bmc_without_hpm_is_refused(tmp_path: Path) -> None:
    test = bench(tmp_path, server_board="x11ssh-f-nohpm")
    ended = test.run()
    assert (ended.ending, ended.exit_code) == ("refused", 3)
    assert ".bin" in ended.remedy
    assert test.untouched


def sum_file(test: Bench, folder: Path) -> Bench:
    """The BMC payload as SUM takes it."""
    import hashlib

    from emulators import boards, packages

    package = packages.make(boards.load("x11ssh-f-nohpm"), "bmc", "3.90")
    path = folder / package.name
    path.write_bytes(package.data)
    test.change_payload("bmc", file=path, sha256=hashlib.sha256(package.data).hexdigest())
    return test


def test_a_board_whose_services_are_affected_is_answered_yes_and_no_other(tmp_path: Path) -> None:
    asked, quiet = bench(tmp_path / "a", "c6220"), bench(tmp_path / "b")
    asked.run()
    quiet.run()
    assert any("echo y >" in line for _, line in asked.changing)
    assert any("</var/tmp/fwsim-TEST/answers" in line for _, line in asked.changing)
    assert not any("answers" in line for _, line in quiet.changing)


def test_intermediate_versions_are_flashed_on_the_way_and_in_order(tmp_path: Path) -> None:
    test = with_intermediate(bench(tmp_path, versions={"bmc": "3.10"}), tmp_path)
    assert test.run().ending == "updated"
    flashes = [i.action for i in test.intents if i.action.startswith("flash bmc")]
    assert flashes == ["flash bmc 3.50 by hpm", "flash bmc 3.90 by hpm"]


def test_an_intermediate_version_that_is_behind_is_skipped(tmp_path: Path) -> None:
    test = with_intermediate(bench(tmp_path, versions={"bmc": "3.60"}), tmp_path)
    assert test.run().ending == "updated"
    assert test.outcome("bmc-flash-3.50").outcome == "skipped"


def with_intermediate(test: Bench, folder: Path) -> Bench:
    """BMC 3.90 wants 3.50 first."""
    import hashlib

    from emulators import boards, packages
    from fwsim.plan import Image

    package = packages.make(boards.load("x11ssh-f"), "bmc", "3.50")
    path = folder / package.name
    path.write_bytes(package.data)
    step = Image(file=path, version="3.50", sha256=hashlib.sha256(package.data).hexdigest())
    test.change_payload("bmc", requires=">=3.50", intermediate=(step,))
    return test


@pytest.mark.parametrize(
    "module",
    [
        "engine.py",
        "context.py",
        "units.py",
        "waiting.py",
        *(f"steps/{p.name}" for p in (Path(fwsim.__file__).parent / "steps").glob("*.py")),
    ],
)
def test_the_engine_waits_for_nothing_but_its_doors(module: str) -> None:
    tree = ast.parse((Path(fwsim.__file__).parent / module).read_text())
    imported = {n.name for node in ast.walk(tree) if isinstance(node, ast.Import) for n in node.names}
    imported |= {node.module or "" for node in ast.walk(tree) if isinstance(node, ast.ImportFrom)}
    for forbidden in ("asyncio", "threading", "subprocess", "time", "socket", "emulators", "recovery"):
        assert not any(name == forbidden or name.startswith(f"{forbidden}.") for name in imported), module


def test_exit_codes_are_the_published_ones() -> None:
    assert EXIT_CODES == {"updated": 0, "failed": 1, "refused": 3, "needs-hands": 4, "interrupted": 5}


def test_a_door_that_fails_once_anywhere_in_preflight_is_tried_again(tmp_path: Path) -> None:
    test = bench(tmp_path)
    failed: list[int] = []

    def drop(number: int, argv: tuple[str, ...]) -> None:
        if number % 7 == 6 and len(failed) < 6:
            failed.append(number)
            raise HostUnreachable("the connection broke")

    test.host.before = drop
    assert test.run().ending == "updated"
    assert len(failed) == 6
