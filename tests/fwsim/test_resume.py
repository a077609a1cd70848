"""Whenever the engine dies, the next one brings the run to its end, and no payload is flashed twice."""

from __future__ import annotations

import random
from pathlib import Path

import pytest

from emulators.faults import Fault
from fwsim import journal, recall
from fwsim.doors import HostUnreachable
from fwsim.events import Event, ImageMarked, Progress, RunEnded, RunStarted, StepStarted
from fwsim.findings import Findings
from tests.fwsim.engine_bench import NEW, Bench, bench
from tests.fwsim.kill_harness import Mortal, lines

ONCE = {"bmc": 1, "bios": 1}
SHARES = 6  # how many tests the deaths are dealt out to
OTHERS = sorted(set(NEW) - {"x11ssh-f"})


def mortal(folder: Path, board: str = "x11ssh-f") -> Mortal:
    return Mortal(bench(folder, board))


def healthy(folder: Path, board: str = "x11ssh-f") -> list[Event]:
    """What an engine tells that nobody kills."""
    run = mortal(folder / "healthy", board)
    run.live()
    return run.told


def ends_well(run: Mortal, where: object, flashes: dict[str, int] = ONCE) -> None:
    ended = run.live()
    assert ended is not None
    assert ended.ending == "updated", (where, ended.message)
    assert run.flashes == flashes, where
    assert run.told[-1] is ended


@pytest.mark.parametrize("share", range(SHARES))
def test_killed_before_any_event_is_on_the_disk_a_run_ends_updated(share: int, tmp_path: Path) -> None:
    told = healthy(tmp_path)
    for number in range(share, len(told), SHARES):
        run = mortal(tmp_path / str(number))
        assert run.live(lambda at, event, number=number: at == number) is None  # type: ignore[misc]  # a default binds
        ends_well(run, (number, told[number]))


@pytest.mark.parametrize("share", range(SHARES))
def test_killed_right_after_any_event_is_on_the_disk_a_run_ends_updated(share: int, tmp_path: Path) -> None:
    """What the event announces was not done then. Progress announces nothing."""
    told = healthy(tmp_path)
    places = [number for number, event in enumerate(told[:-1]) if not isinstance(event, Progress)]
    for number in places[share::SHARES]:
        run = mortal(tmp_path / str(number))
        run.live(lambda at, event, number=number: at == number)  # type: ignore[misc]  # a default binds
        run.told = told[: number + 1]
        ends_well(run, (number, told[number]))


@pytest.mark.parametrize("board", OTHERS)
def test_a_killed_run_of_every_board_ends_updated(board: str, tmp_path: Path) -> None:
    told = healthy(tmp_path, board)
    for number in range(5, len(told), 29):
        run = mortal(tmp_path / str(number), board)
        assert run.live(lambda at, event, number=number: at == number) is None  # type: ignore[misc]  # a default binds
        ends_well(run, (number, told[number]))


@pytest.mark.parametrize("board", ["x11ssh-f", "r740", "x12spi", "c6220"])
def test_killed_again_and_again_a_run_ends_updated(board: str, tmp_path: Path) -> None:
    for seed in range(8):
        chance, run = random.Random(seed), mortal(tmp_path / str(seed), board)
        for _ in range(4):
            number = chance.randrange(120)
            run.live(lambda at, event, number=number: at == number)  # type: ignore[misc]  # a default binds
        ends_well(run, (seed, run.told[-1]))


def test_cut_at_any_byte_the_journal_keeps_every_whole_line(tmp_path: Path) -> None:
    """Of two lines, cut anywhere in the second, the first is left."""
    rows = lines(healthy(tmp_path))
    for before, cut in zip(rows, rows[1:], strict=False):
        assert all(journal.whole(before + cut[:at]) == before for at in range(len(cut)))
        assert journal.whole(before + cut) == before + cut


def test_cut_at_sampled_bytes_on_the_disk_a_run_ends_updated(tmp_path: Path) -> None:
    told = healthy(tmp_path)
    rows, chance = lines(told), random.Random(1)
    for number in sorted(chance.sample(range(1, len(told) - 1), 12)):
        run = mortal(tmp_path / str(number))
        run.live(lambda at, event, number=number: at == number)  # type: ignore[misc]  # a default binds
        torn = rows[number][: chance.randrange(1, len(rows[number]))]
        run.cut(b"".join(rows[:number]) + torn, tmp_path)
        assert run.told == told[:number]
        ends_well(run, (number, told[number]))


def test_an_empty_journal_is_a_run_that_begins(tmp_path: Path) -> None:
    run = mortal(tmp_path)
    run.live(lambda at, event: at == 0)
    assert run.told == []
    ends_well(run, "the beginning")
    assert not any(isinstance(e, StepStarted) and e.step == "resume" for e in run.told)


def test_the_times_of_a_resumed_run_go_on(tmp_path: Path) -> None:
    run = mortal(tmp_path)
    run.live(lambda at, event: at == 200)
    ends_well(run, 200)
    times = [event.at for event in run.told]
    assert times == sorted(times)


def test_what_a_journal_says_makes_the_findings_again(tmp_path: Path) -> None:
    test = bench(tmp_path)
    engine = test.engine()
    from fwsim.rehearsal.memory import drive

    drive(engine.run())
    kept: Findings = engine._context.found
    again = recall.findings(test.events, engine.job)
    for name in (
        "versions",
        "flashed",
        "whole",
        "restarting",
        "verified",
        "guid",
        "channel",
        "changes",
        "method",
        "jobs",
    ):
        assert getattr(again, name) == getattr(kept, name), name


# -- who is asked what again


def killed_in(run: Mortal, step: str, fraction: float = 0.5) -> None:
    """The engine dies in that step, where its progress is that far."""

    def dies(at: int, event: Event) -> bool:
        return isinstance(event, Progress) and event.step == step and (event.fraction or 0) >= fraction

    assert run.live(dies) is None


def test_a_running_flash_is_followed_and_nothing_is_sent_to_the_bmc_meanwhile(tmp_path: Path) -> None:
    run = mortal(tmp_path)
    killed_in(run, "bmc-flash")
    before = len(run.test.host.ran)
    ends_well(run, "in the upload")
    ran = run.test.host.ran[before:]
    done = next(i for i, argv in enumerate(ran) if argv[0] == "ipmitool")
    assert {argv[0] for argv in ran[:done]} <= {"cat", "systemctl", "modprobe"}
    assert run.test.happened("flash-started") == 2


def test_a_resumed_run_verifies_identity_hash_and_power_again(tmp_path: Path) -> None:
    run = mortal(tmp_path)
    killed_in(run, "bmc-flash")
    place = len(run.told)
    ends_well(run, "in the upload")
    ran = [e.argv for e in run.told[place:] if hasattr(e, "argv")]
    for words in (("dmidecode", "-t", "baseboard"), ("ipmitool", "raw", "0x06", "0x37"), ("ipmitool", "sdr")):
        assert any(argv[: len(words)] == words for argv in ran), words
    assert any(argv[0] == "sha256sum" for argv in ran)


def test_the_backup_from_before_the_flash_is_not_taken_again(tmp_path: Path) -> None:
    test = bench(tmp_path, faults=(Fault(kind="lan-reverts-to-dhcp"),))
    run = Mortal(test)
    killed_in(run, "bmc-wait", 0.0)
    kept = (test.folder / "backup" / "lan-print.txt").read_text()
    ends_well(run, "in the restart of the BMC")
    assert (test.folder / "backup" / "lan-print.txt").read_text() == kept
    assert test.server.bmc.address == test.prepared.spec.bmc_address


def test_another_server_at_the_plans_address_is_not_touched(tmp_path: Path) -> None:
    """The host's address was given to another machine between the kill and the resume."""
    run, other = mortal(tmp_path / "a"), bench(tmp_path / "b", "x11ssm-f")
    killed_in(run, "bmc-flash", 0.9)
    run.test.host.host = other.host.host
    ended = run.live()
    assert ended is not None
    assert ended.ending == "failed"
    assert other.untouched


# -- others at work


@pytest.mark.parametrize("fraction", [0.1, 0.5, 0.95])
def test_a_host_that_somebody_restarted_in_the_bmcs_flash_is_flashed_anew(fraction: float, tmp_path: Path) -> None:
    """The BMC still runs from memory, and its bank is incomplete: nothing restarts it before it is written anew."""
    run = mortal(tmp_path)
    killed_in(run, "bmc-flash", fraction)
    run.test.server.host_reboot()
    run.test.server.advance(run.test.server.now + 1200)
    ends_well(run, fraction, {"bmc": 2, "bios": 1})
    kinds = [r["kind"] for r in run.test.server.world.records]
    assert kinds.index("bmc-dark") > kinds.index("flash-finished")


@pytest.mark.parametrize("fraction", [0.1, 0.5])
def test_an_engine_that_lives_through_somebodys_restart_flashes_anew(fraction: float, tmp_path: Path) -> None:
    run = mortal(tmp_path)
    restarted: list[bool] = []

    def restart(at: int, event: Event) -> bool:
        here = isinstance(event, Progress) and event.step == "bmc-flash" and (event.fraction or 0) >= fraction
        if here and not restarted:
            restarted.append(True)
            run.test.server.host_reboot()
        return False

    ended = run.live(restart)
    assert ended is not None
    assert ended.ending == "updated", ended.message
    assert run.flashes == {"bmc": 2, "bios": 1}


@pytest.mark.parametrize(
    "step", ["reach", "transfer", "backup", "bmc-check", "bmc-reset", "bmc-wait", "users", "bios-wait"]
)
def test_a_host_that_somebody_restarted_elsewhere_needs_no_second_flash(step: str, tmp_path: Path) -> None:
    run = mortal(tmp_path)
    assert run.live(lambda at, event: isinstance(event, StepStarted) and event.step == step) is None
    run.test.server.host_reboot()
    run.test.server.advance(run.test.server.now + 60)
    ends_well(run, step)


def test_an_image_that_was_proved_whole_before_somebodys_restart_is_not_written_again(tmp_path: Path) -> None:
    run = mortal(tmp_path)
    assert run.live(lambda at, event: isinstance(event, StepStarted) and event.step == "bios-activate") is None
    run.test.server.host_reboot()
    run.test.server.advance(run.test.server.now + 1800)
    ends_well(run, "after the BIOS was written")


def test_somebody_who_takes_the_unit_away_makes_the_flash_unknown_not_done(tmp_path: Path) -> None:
    run = mortal(tmp_path)
    killed_in(run, "bmc-flash")
    from tests.fwsim.test_look import streams

    run.test.server.host.execute("systemctl stop fwsim-flash", user="root", **streams())
    ends_well(run, "unit taken away", {"bmc": 2, "bios": 1})


def step_names(folder: Path) -> list[str]:
    return [e.step for e in healthy(folder) if isinstance(e, StepStarted)]


@pytest.mark.parametrize("share", range(4))
def test_a_session_that_drops_in_any_step_stops_nothing(share: int, tmp_path: Path) -> None:
    for step in step_names(tmp_path)[1 + share :: 4]:  # not the first: a host that cannot be reached at all is refused
        run = mortal(tmp_path / step)
        dropped: list[str] = []

        def before(number: int, argv: tuple[str, ...], step: str = step, dropped: list[str] = dropped) -> None:
            if dropped and dropped[-1] == step:
                dropped.append("gone")
                raise HostUnreachable("broken by the test")

        def note(at: int, event: Event, step: str = step, dropped: list[str] = dropped) -> bool:
            if isinstance(event, StepStarted) and event.step == step:
                dropped.append(step)
            return False

        run.test.host.before = before
        ended = run.live(note)
        assert ended is not None
        assert ended.ending == "updated", (step, ended.message)
        assert run.flashes == ONCE, step


# -- what is not resumed


def test_a_run_that_has_ended_is_not_gone_on_with(tmp_path: Path) -> None:
    told = healthy(tmp_path)
    with pytest.raises(recall.NotResumable, match="nothing to go on with"):
        recall.check(told, "X")
    failed = [*told[:-1], RunEnded(1.0, "failed", 1, "the flash failed", "re-flash in band", {})]
    with pytest.raises(recall.NotResumable, match="re-flash in band"):
        recall.check(failed, "X")
    for ending in ("refused", "needs-hands"):
        with pytest.raises(recall.NotResumable):
            recall.check([*told[:-1], RunEnded(1.0, ending, 1, "x", "", {})], "X")


def test_a_run_that_was_interrupted_or_cut_is(tmp_path: Path) -> None:
    told = healthy(tmp_path)
    recall.check(told[:-1], "X")
    recall.check([], "X")
    recall.check([*told[:-1], RunEnded(1.0, "interrupted", 5, "stopped", "", {})], "X")


def test_ctrl_c_and_then_resume_ends_updated_with_one_flash_each(tmp_path: Path) -> None:
    test = bench(tmp_path)
    run = Mortal(test)
    stopped: list[bool] = []

    def stop(number: int, argv: tuple[str, ...]) -> None:
        if argv[0] == "tail" and not stopped:
            stopped.append(True)
            raise KeyboardInterrupt

    test.host.before = stop
    ended = run.live()
    assert ended is not None
    assert (ended.ending, ended.exit_code) == ("interrupted", 5)
    assert "fwsim resume TEST" in ended.remedy
    ends_well(run, "after Ctrl-C")
    assert sum(isinstance(e, RunStarted) for e in run.told) == 2


def test_every_start_of_a_flash_is_on_the_disk_before_it_is_sent(tmp_path: Path) -> None:
    told = healthy(tmp_path)
    for place, event in enumerate(told):
        if getattr(event, "argv", ("",))[0] == "systemd-run":
            before = [e for e in told[:place] if isinstance(e, ImageMarked)]
            assert before[-1].stage == "begun"


def test_two_benches_are_two_worlds(tmp_path: Path) -> None:
    """The harness itself: a kill leaves the world as it is."""
    run = mortal(tmp_path)
    killed_in(run, "bmc-flash")
    test: Bench = run.test
    assert test.happened("flash-started") == 1
    assert test.happened("flash-finished") == 0
    test.server.advance(test.server.now + 600)
    assert test.happened("flash-finished") == 1, "the unit goes on without the engine"
