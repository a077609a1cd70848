"""HPM.1 over the network: only by the plan's word, only where the host cannot, and under every rule of the others."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from emulators import truth as true_state
from emulators.faults import Fault
from emulators.operatorsmachine import OperatorsMachine
from fwsim import boards, payload, rules, units
from fwsim.context import Context
from fwsim.doors import Doors
from fwsim.engine import Engine
from fwsim.events import CommandRan, Event, ImageMarked, RunEnded, Warned
from fwsim.judged import Broken
from fwsim.rehearsal import truth
from fwsim.rehearsal.memory import MemoryClock, drive
from fwsim.rehearsal.operator import VirtualOperator
from fwsim.rehearsal.prepare import BMC_PASSWORD
from fwsim.steps import overlan
from fwsim.tools import sha256sum, systemd
from tests.fwsim.engine_bench import Bench, bench
from tests.fwsim.kill_harness import Mortal


class OverLan:
    """An update of the BMC, on a host whose ipmitool is answered no more from the moment of the flash on."""

    def __init__(self, folder: Path, *faults: Fault, allowed: bool = True, board: str = "x11ssh-f") -> None:
        self.test: Bench = bench(folder, board, faults=faults)
        self.test.keep_only("bmc")
        self.test.change(policy=self.test.plan.policy.model_copy(update={"flash_over_lan": allowed}))
        self.test.folder.mkdir()
        self.before = truth.condition(self.test.server)
        self.operator = VirtualOperator(self.test.server)
        self.passwords = dict(self.test.prepared.bmc_passwords)
        self.test.host.before = self.stuck

    def stuck(self, number: int, argv: tuple[str, ...]) -> None:
        """Its system interface hangs once the flash is about to begin."""
        hangs = argv[:2] == ("systemctl", "show") and not self.test.happened("bmc-dark")
        if hangs and any(e.name == "step-started" and e.step == "bmc-flash" for e in self.test.events):  # type: ignore[attr-defined]
            self.test.server.bmc.volatile["kcs-wedged"] = True

    def engine(self, past: tuple[Event, ...] = (), emit: Any = None) -> Engine:
        test = self.test
        doors = Doors(
            MemoryClock(test.server, 0.0 if past else None), test.host, test.network, self.operator,
            self.passwords,
        )  # fmt: skip
        return Engine(
            test.plan, boards.load(test.plan.board), payload.read_all(test.plan), doors, emit or test.events.append,
            run_id=test.run_id, run_dir=test.folder, allow_synthetic=True, past=past,
        )  # fmt: skip

    def run(self) -> RunEnded:
        return drive(self.engine().run())

    def broken(self) -> list[Broken]:
        test = self.test
        prepared = test.prepared.__class__(**{**test.prepared.__dict__, "plan": test.plan})
        final = truth.final(prepared, true_state.of(test.server), self.before)
        return rules.check(test.events, test.server.world.records, final)

    @property
    def flashes(self) -> list[CommandRan]:
        return [
            e
            for e in self.test.events
            if isinstance(e, CommandRan) and e.argv[0] == "systemd-run" and "hpm upgrade" in e.argv[-1]
        ]


def test_a_bmc_that_its_host_cannot_reach_is_flashed_over_the_network(tmp_path: Path) -> None:
    run = OverLan(tmp_path)
    ended = run.run()
    assert ended.ending == "updated", ended
    assert [e.where for e in run.flashes] == ["operator"]
    assert run.test.happened("flash-finished") == 1
    assert "-I lanplus" in run.flashes[0].argv[-1]
    warned = [e.message for e in run.test.events if isinstance(e, Warned)]
    assert any("goes over the network, as the plan allows" in message for message in warned)
    assert [str(b) for b in run.broken()] == []


@pytest.mark.parametrize("board", ["x11ssh-f", "c6220"])
def test_every_changing_command_is_in_the_dry_run(board: str, tmp_path: Path) -> None:
    run = OverLan(tmp_path, board=board)
    engine = run.engine()
    planned = {(c.where, c.line) for step in engine.steps for c in step.commands(engine.job)}
    assert run.run().ending == "updated"
    assert {where for where, _ in run.test.changing} >= {"host", "operator"}
    assert set(run.test.changing) <= planned


def test_without_the_plans_word_it_is_refused(tmp_path: Path) -> None:
    run = OverLan(tmp_path, allowed=False)
    ended = run.run()
    assert ended.ending == "refused"
    assert "policy.flash_over_lan: true" in ended.remedy
    assert not run.test.happened("flash-started")


def test_a_host_that_reaches_its_bmc_flashes_it_itself(tmp_path: Path) -> None:
    run = OverLan(tmp_path)
    run.test.host.before = lambda number, argv: None
    assert run.run().ending == "updated"
    assert [e.where for e in run.flashes] == ["host"]


def test_a_board_that_wants_an_activation_gets_it_over_the_network(tmp_path: Path) -> None:
    run = OverLan(tmp_path, board="c6220")
    ended = run.run()
    assert ended.ending == "updated", ended
    assert [str(b) for b in run.broken()] == []


def test_the_host_is_locked_meanwhile_for_every_other_operator(tmp_path: Path) -> None:
    run = OverLan(tmp_path)
    units: set[str] = set()
    kept = run.operator.run

    async def look(argv: Any, **how: Any) -> Any:
        if argv[0] == "tail":
            shown = await run.test.host.host.run(systemd.show())
            units.add(next(line for line in shown.stdout.splitlines() if line.startswith("Description=")))
        return await kept(argv, **how)

    run.operator.run = look  # type: ignore[method-assign]
    assert run.run().ending == "updated"
    (description,) = units
    assert "step=over-lan" in description
    assert "LoadState=not-found" in drive(run.test.host.host.run(systemd.show())).stdout, "and free again"


def test_a_flash_that_breaks_off_over_the_network_is_followed_by_no_reset(tmp_path: Path) -> None:
    run = OverLan(tmp_path, Fault(kind="flash-interrupted", target="bmc", percent=40))
    ended = run.run()
    assert ended.ending == "failed"
    assert "Do not reset the BMC" in ended.remedy
    assert not run.test.happened("bmc-dark")
    assert [str(b) for b in run.broken()] == []


def test_the_password_stands_in_no_event(tmp_path: Path) -> None:
    run = OverLan(tmp_path)
    run.run()
    assert not [p for p in run.test.prepared.bmc_passwords.values() if p in repr(run.test.events)]


def test_a_machine_without_units_is_told_before_anything_is_flashed(tmp_path: Path) -> None:
    from fwsim.rehearsal.operator import RecordingHost

    run = OverLan(tmp_path)
    run.operator = RecordingHost()  # type: ignore[assignment]
    ended = run.run()
    assert ended.ending == "refused"
    assert "cannot be flashed over LAN: fwsim does not run as root on this machine" in ended.message
    assert run.test.outcome("tools").outcome == "warned"
    assert not run.test.happened("flash-started")


@pytest.mark.parametrize("at", range(100))
def test_a_run_that_dies_in_it_is_gone_on_with_and_flashes_once(at: int, tmp_path: Path) -> None:
    """The engine dies after that many events, from the flash over the network on."""
    run = OverLan(tmp_path)
    run.test.run_id, run.test.events = "DIES", []
    mortal = Mortal(run.test, told=run.test.events, operator=run.operator)
    since: list[int] = []

    def dies(number: int, event: Event) -> bool:
        if isinstance(event, Warned) and "over the network" in event.message:
            since.append(number)
        return bool(since) and number == since[0] + at

    ended = mortal.live(dies) or mortal.live()
    assert ended is not None
    begun = any(isinstance(event, ImageMarked) for event in run.test.events)
    assert ended.ending == ("updated" if begun else "refused"), ended
    assert mortal.flashes["bmc"] == begun
    assert "LoadState=not-found" in drive(run.test.host.host.run(systemd.show())).stdout, "the lock is free"
    if run.flashes:  # else the start was not on the disk yet
        assert [str(b) for b in run.broken()] == []


# -- broken once in each place


async def _nothing(*what: object) -> None:
    return None


def _no_lock(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(overlan, "_hold", _nothing)


def _not_looked_at(patch: pytest.MonkeyPatch) -> None:
    async def imagine(context: Context) -> systemd.Unit:
        return systemd.Unit("not-found", "inactive", "dead", "success", None, "")

    patch.setattr(units, "look_before", imagine)


def _hash_not_seen(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(sha256sum, "argv", lambda file: ("echo", file))
    patch.setattr(sha256sum, "parse", lambda text: WANTED[0])


def _by_argv(patch: pytest.MonkeyPatch) -> None:
    kept = overlan.command

    def command(job: Any, image: Any) -> tuple[str, ...]:
        return (*kept(job, image), BMC_PASSWORD)

    patch.setattr(overlan, "command", command)


def _bmc_not_asked(patch: pytest.MonkeyPatch) -> None:
    async def believe(context: Context) -> str:
        return ""

    patch.setattr(overlan, "_bmc_objects", believe)


def _without_the_plans_word(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(overlan, "applies", lambda context, image, method: True)


WANTED: list[str] = []
BREAKS = [
    (_no_lock, 3),
    (_not_looked_at, 3),
    (_hash_not_seen, 1),
    (_by_argv, 8),
    (_bmc_not_asked, 11),
    (_without_the_plans_word, 15),
]


@pytest.mark.parametrize(("apply", "rule"), BREAKS, ids=lambda value: getattr(value, "__name__", str(value)))
def test_the_checker_catches(
    apply: Callable[[pytest.MonkeyPatch], None], rule: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    run = OverLan(tmp_path, allowed=rule != 15)
    WANTED[:] = [run.test.plan.payloads[0].sha256]
    if apply is not _hash_not_seen:
        apply(monkeypatch)
        run.run()
    else:
        step = overlan._begin

        async def begin(*what: Any) -> None:
            with monkeypatch.context() as patch:
                apply(patch)
                await step(*what)

        monkeypatch.setattr(overlan, "_begin", begin)
        run.run()
    assert rule in {b.rule for b in run.broken()}, [str(b) for b in run.broken()]


# -- what may come between


def test_a_restart_of_the_operators_machine_makes_the_flash_unknown_and_it_is_written_anew(tmp_path: Path) -> None:
    run, restarted = OverLan(tmp_path), list[float]()
    kept = run.operator.run

    async def restarts(argv: Any, **how: Any) -> Any:
        if argv[0] == "tail" and run.test.server.bmc.chip.uploading is not None and not restarted:
            restarted.append(run.test.server.now)
            for unit in run.operator._machine._units.values():
                unit.process.kill()
            run.operator._machine = OperatorsMachine(run.test.server, lambda path: Path(path).read_bytes())
        return await kept(argv, **how)

    run.operator.run = restarts  # type: ignore[method-assign]
    ended = run.run()
    assert restarted
    assert ended.ending == "updated", ended
    assert run.test.happened("flash-started") == 2
    assert len(run.flashes) == 2
    assert [str(b) for b in run.broken()] == []


def test_a_wrong_password_is_a_refusal_that_leaves_no_lock(tmp_path: Path) -> None:
    run = OverLan(tmp_path)
    run.passwords = dict.fromkeys(run.passwords, "not-the-password")
    ended = run.run()
    assert ended.ending == "refused", ended
    assert "refused the login for the flash" in ended.message
    assert not run.test.happened("flash-started")
    assert "LoadState=not-found" in drive(run.test.host.host.run(systemd.show())).stdout


def test_a_bmc_that_answers_nowhere_needs_hands(tmp_path: Path) -> None:
    run = OverLan(tmp_path)
    stuck = run.test.host.before

    def unplugged(number: int, argv: tuple[str, ...]) -> None:
        stuck(number, argv)
        if "kcs-wedged" in run.test.server.bmc.volatile:
            run.test.server.bmc.lan.address = "0.0.0.0"

    run.test.host.before = unplugged
    ended = run.run()
    assert (ended.ending, ended.exit_code) == ("needs-hands", 4)
    assert not run.test.happened("flash-started")
