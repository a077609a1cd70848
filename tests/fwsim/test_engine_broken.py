"""The engine when things break: dropped sessions, defects, Ctrl-C, faults of the flash itself."""

from __future__ import annotations

from collections.abc import Callable, Generator
from pathlib import Path

import pytest

from emulators.faults import Fault
from fwsim.doors import CommandTimeout, Completed, HostUnreachable
from fwsim.events import CommandRan, RunEnded, StepEnded, Warned
from fwsim.rehearsal.memory import drive
from fwsim.tools import systemd
from tests.fwsim.engine_bench import Bench, bench

STRIDE = 11  # every command would take minutes; the offsets below move the places that are tried
POLLS = ("systemctl", "tail")


def commands_of(folder: Path, board: str) -> int:
    test = bench(folder, board)
    test.run()
    return len(test.host.ran)


def once(number: int, error: Callable[[str], BaseException]) -> Callable[[int, tuple[str, ...]], None]:
    def before(at: int, argv: tuple[str, ...]) -> None:
        if at == number:
            raise error("broken by the test")

    return before


def once_after(number: int, error: Callable[[str], BaseException]) -> Callable[[int, Completed], Completed]:
    def after(at: int, done: Completed) -> Completed:
        if at == number:
            raise error("broken by the test")
        return done

    return after


def flashes(test: Bench) -> int:
    return test.happened("flash-started")


@pytest.mark.parametrize("offset", range(4))
@pytest.mark.parametrize("board", ["x11ssh-f", "r740"])
def test_a_dropped_ssh_session_does_not_stop_the_update(board: str, offset: int, tmp_path: Path) -> None:
    """Before a command as well as after it, when it has run and nobody heard; and each image is flashed once."""
    total = commands_of(tmp_path / "count", board)
    for number in range(1 + offset * 3, total, STRIDE * 2):
        for kind in ("before", "after"):
            test = bench(tmp_path / f"{number}-{kind}", board)
            if kind == "before":
                test.host.before = once(number, HostUnreachable)
            else:
                test.host.after = once_after(number, HostUnreachable)
            ended = test.run()
            assert ended.ending == "updated", (number, kind, test.host.ran[number], ended.message)
            assert flashes(test) == 2, (number, kind, test.host.ran[number])


def test_a_session_that_drops_when_the_flash_is_started_starts_no_second_one(tmp_path: Path) -> None:
    for error in (HostUnreachable, CommandTimeout):
        test = bench(tmp_path / error.__name__)

        def after(number: int, done: Completed, error: type[Exception] = error) -> Completed:
            if done.argv[0] == "systemd-run" and "hpm" in done.argv[-1]:
                raise error("broken by the test")
            return done

        test.host.after = after
        assert test.run().ending == "updated"
        assert sum(argv[0] == "systemd-run" for argv in test.host.ran) == 2
        assert flashes(test) == 2


def test_a_host_out_of_reach_for_minutes_does_not_stop_the_flash(tmp_path: Path) -> None:
    test = bench(tmp_path)
    dropped: list[float] = []

    def before(number: int, argv: tuple[str, ...]) -> None:
        now = test.server.now
        if argv[0] == "tail" and not dropped:
            dropped.append(now)
        if dropped and now - dropped[0] < 200:
            raise HostUnreachable("the cable is out")

    test.host.before = before
    assert test.run().ending == "updated"
    assert flashes(test) == 2


@pytest.mark.parametrize("board", ["x11ssh-f", "r740"])
def test_a_defect_at_any_command_ends_the_run_in_order_and_without_a_traceback(board: str, tmp_path: Path) -> None:
    for number in range(0, commands_of(tmp_path / "count", board), STRIDE):
        test = bench(tmp_path / str(number), board)
        test.host.before = once(number, ZeroDivisionError)
        ended = test.run()
        assert isinstance(test.events[-1], RunEnded)
        assert (ended.ending, ended.exit_code) == ("failed", 1)
        assert "Traceback" not in ended.message
        assert "broken by the test" in (test.folder / "defect.txt").read_text()
        if not any(intent.action.startswith(("flash", "reboot")) for intent in test.intents):
            assert "fwsim-TEST" not in test.server.host.files.listdir("/var/tmp"), (
                "nothing was changed: nothing is left"
            )


@pytest.mark.parametrize("board", ["x11ssh-f", "r740"])
def test_ctrl_c_at_any_command_ends_interrupted(board: str, tmp_path: Path) -> None:
    for number in range(0, commands_of(tmp_path / "count", board), STRIDE):
        test = bench(tmp_path / str(number), board)
        test.host.before = once(number, KeyboardInterrupt)
        ended = test.run()
        assert (ended.ending, ended.exit_code) == ("interrupted", 5)
        last = [e for e in test.events if isinstance(e, StepEnded)][-1]
        assert last.outcome == "interrupted"


def test_an_engine_that_is_dropped_writes_no_ending(tmp_path: Path) -> None:
    """As a kill -9: nobody is there to say anything."""
    test = bench(tmp_path)

    class Never:
        """Suspends for ever."""

        def __await__(self) -> Generator[None, None, None]:
            yield

    async def never(seconds: float) -> None:
        await Never()

    engine = test.engine()
    engine._context.doors.clock.sleep = never  # type: ignore[method-assign]
    coroutine = engine.run()
    coroutine.send(None)
    coroutine.close()
    assert not any(isinstance(e, RunEnded) for e in test.events)


def test_while_a_bank_may_be_incomplete_nothing_is_reset_or_rebooted(tmp_path: Path) -> None:
    for target, percent in (("bmc", 3.0), ("bmc", 50.0), ("bmc", 97.0), ("bios", 3.0), ("bios", 97.0)):
        fault = Fault(kind="flash-interrupted", target=target, percent=percent)  # type: ignore[arg-type]
        test = bench(tmp_path / f"{target}-{percent}", faults=(fault,))
        test.change(policy=test.plan.policy.model_copy(update={"canary_reboot": False}))
        ended = test.run()
        assert (ended.ending, ended.exit_code) == ("failed", 1)
        assert "Re-flash in band" in ended.remedy
        kinds = [record["kind"] for record in test.server.world.records]
        rest = kinds[kinds.index("flash-interrupted") :]
        assert not {"bmc-dark", "host-shutdown", "post", "host-power-off"} & set(rest)
        assert ended.versions[target][1] == "", "what was written to and not read since is not known"


def test_a_flash_that_never_ends_is_left_running_and_nothing_is_reset(tmp_path: Path) -> None:
    test = bench(tmp_path)

    def stalled(number: int, done: Completed) -> Completed:
        if done.argv == systemd.show() and "ActiveState=active" in done.stdout:
            return Completed(done.argv, 0, done.stdout.replace("SubState=exited", "SubState=running"), "")
        return done

    test.host.after = stalled
    ended = test.run()
    assert ended.ending == "failed"
    assert "left running" in ended.message
    assert not any("stop" in argv for argv in test.host.ran)
    assert test.happened("bmc-dark") == 0


def test_a_unit_that_vanished_is_never_success(tmp_path: Path) -> None:
    test = bench(tmp_path)
    gone = "LoadState=not-found\nActiveState=inactive\nSubState=dead\nResult=success\nExecMainStatus=0\nDescription=x\n"
    started: list[bool] = []

    def after(number: int, done: Completed) -> Completed:
        started.extend([True] * (done.argv[0] == "systemd-run"))
        return Completed(done.argv, 0, gone, "") if done.argv == systemd.show() and started else done

    test.host.after = after
    ended = test.run()
    assert ended.ending == "failed"
    assert "not known" in ended.message
    assert test.happened("bmc-dark") == 0


def test_a_success_message_is_not_believed_without_the_version(tmp_path: Path) -> None:
    test = bench(tmp_path, faults=(Fault(kind="not-activated", target="bmc"),))
    ended = test.run()
    assert ended.ending == "failed"
    logs = [e.stdout for e in test.events if isinstance(e, CommandRan) and e.argv[:3] == ("ipmitool", "hpm", "upgrade")]
    assert "Firmware upgrade procedure successful" in logs[0]
    assert "3.88" in ended.message
    assert flashes(test) == 1, "the BIOS is not flashed behind a BMC that failed"


def test_a_lan_that_reverted_to_dhcp_is_put_back_and_tried_from_outside(tmp_path: Path) -> None:
    test = bench(tmp_path, faults=(Fault(kind="lan-reverts-to-dhcp"),))
    assert test.run().ending == "updated"
    assert test.outcome("bmc-wait").outcome == "warned"
    assert "put back" in test.outcome("lan-settings").message
    assert test.server.bmc.address == test.prepared.spec.bmc_address
    assert any(isinstance(e, Warned) and "dhcp" in e.message for e in test.events)


def test_a_dead_lan_is_no_reason_to_wait_for_hands_while_the_bmc_answers_in_band(tmp_path: Path) -> None:
    test = bench(tmp_path, faults=(Fault(kind="lan-reverts-to-dhcp"),), dhcp_pool=())
    assert test.run().ending == "updated"


def test_a_host_whose_post_fails_needs_hands_with_what_can_be_seen(tmp_path: Path) -> None:
    test = bench(tmp_path, faults=(Fault(kind="bios-written-corrupt", target="bios"),))
    ended = test.run()
    assert (ended.ending, ended.exit_code) == ("needs-hands", 4)
    assert "power is on, POST code f9" in ended.message
    assert ended.versions["bios"] == ("2.6", "")
    assert test.happened("host-power-off") == 0


def test_a_host_that_never_comes_back_from_the_canary_was_not_flashed(tmp_path: Path) -> None:
    test = bench(tmp_path, faults=(Fault(kind="host-never-returns", nth=1),))
    test.keep_only("bios")
    assert test.run().ending == "needs-hands"
    assert flashes(test) == 0


def test_a_driver_that_sum_cannot_load_fails_before_anything_is_written(tmp_path: Path) -> None:
    test = bench(tmp_path, faults=(Fault(kind="driver-refused", nth=2),))
    test.keep_only("bios")
    ended = test.run()
    assert ended.ending == "failed", "for the canary reboot was done"
    assert "cannot load driver" in ended.message
    assert "incomplete" not in ended.remedy
    assert flashes(test) == 0


def test_a_tool_that_wrote_nothing_is_a_refusal_that_leaves_nothing_behind(tmp_path: Path) -> None:
    test = bench(tmp_path, faults=(Fault(kind="driver-unverified", nth=2),))
    test.keep_only("bios")
    test.change(policy=test.plan.policy.model_copy(update={"canary_reboot": False}))
    ended = test.run()
    assert (ended.ending, ended.exit_code) == ("refused", 3)
    assert "kernel module verification error" in ended.message
    assert test.untouched
    shown = drive(test.host.run(("systemctl", "show", "fwsim-flash", "--property=LoadState")))
    assert shown.stdout.strip() == "LoadState=not-found"


def test_the_same_seed_gives_the_same_events(tmp_path: Path) -> None:
    rows = []
    for name in ("a", "b"):
        test = bench(tmp_path / "same", "x11ssh-f")
        test.run_id = "TEST"
        test.run()
        rows.append(test.events)
        assert name
    assert rows[0] == rows[1]


def test_a_run_can_be_driven_twice_on_one_server(tmp_path: Path) -> None:
    """The second finds everything as wanted, and changes nothing."""
    test = bench(tmp_path)
    assert test.run().ending == "updated"
    before = len(test.server.world.records)
    again = drive(test.engine().run())
    assert again.ending == "updated"
    assert "already" in again.message
    assert len(test.server.world.records) == before
