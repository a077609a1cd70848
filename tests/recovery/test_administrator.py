"""The administrator at the telephone: grants what is so, repairs what can be repaired, and is silent otherwise."""

from __future__ import annotations

from collections.abc import Callable

from emulators.server import VirtualServer
from fwsim.rehearsal.memory import drive
from recovery.administrator import Administrator
from recovery.telephone import About, Call
from recovery.ticket import Ticket
from tests.recovery.beside import Broken, loose_cable, never_returns, off, severe_lock


def of(board: str, breaks: Callable[[VirtualServer], None], procedure: str) -> tuple[Broken, Ticket, Administrator]:
    broken = Broken(board, breaks)
    made = broken.ticket(procedure)
    return broken, made, broken.administrator(made)


def seen(made: Ticket, **other: str) -> dict[str, str]:
    return {"label:serial": made.serial} | {name.replace("_", ":"): value for name, value in other.items()}


def report(made: Ticket, *, left_over: tuple[str, ...] = (), **other: str) -> Call:
    return Call("report", len(made.steps), made.steps[-1].text, "", seen(made, **other), left_over)


def word(made: Ticket, serial: str) -> Call:
    hold = next(step for step in made.steps if step.hold)
    return Call("word", hold.number, hold.text, "released", {"label:serial": serial})


def test_a_step_is_released_for_the_right_server_alone() -> None:
    _, made, phone = of("x11ssh-f", severe_lock, "cmos-clear")
    assert drive(phone.call(word(made, "S000"))) is None
    assert drive(phone.call(word(made, made.serial))) == "released"


def test_nothing_is_released_while_something_may_be_flashed() -> None:
    _, made, phone = of("x11ssh-f", never_returns, "power-removal")

    async def no() -> bool:
        return False

    phone.may_release = no
    assert drive(phone.call(word(made, made.serial))) is None


def test_a_problem_is_heard_and_nothing_is_granted() -> None:
    _, made, phone = of("x11ssh-f", severe_lock, "cmos-clear")
    assert drive(phone.call(Call("problem", 3, "smoke", "", seen(made)))) is None


def test_an_account_is_read_out_only_where_there_is_one_and_is_never_written_down() -> None:
    _, made, phone = of("x11ssh-f", severe_lock, "cmos-clear")
    asks: About = "account"
    phone.account = ""
    assert drive(phone.call(Call(asks, 1, ""))) is None
    phone.account = "visitor / for one visit"
    assert drive(phone.call(Call(asks, 1, ""))) == "visitor / for one visit"
    assert not any("for one visit" in said for said in phone.said)


def test_a_report_is_taken_where_everything_answers_and_nothing_lies_about() -> None:
    broken, made, phone = of("x11ssh-f", off, "power-removal")
    broken.server.power_on()
    broken.server.advance(broken.server.now + 3600)
    assert drive(phone.call(report(made, part_cover="open"))) is None
    assert drive(phone.call(report(made, led_psu2="off"))) is None
    assert drive(phone.call(report(made, left_over=("the battery",)))) is None
    assert drive(phone.call(report(made, part_cover="closed", led_psu1="green"))) == "done"


def test_a_host_that_is_off_is_switched_on_before_the_report_is_taken() -> None:
    broken, made, phone = of("x11ssh-f", off, "power-removal")
    assert drive(phone.call(report(made))) == "done"
    assert broken.server.phase == "up"
    assert "power-on: helped" in phone.said


def test_a_bmc_that_nobody_reaches_is_no_reason_to_say_done() -> None:
    _, made, phone = of("x11ssh-f", never_returns, "power-removal")
    assert drive(phone.call(report(made))) is None


def test_the_next_step_is_the_last_one_once_the_bmc_is_heard_and_else_a_branch_at_a_time() -> None:
    broken, made, phone = of("x12spi", loose_cable, "dedicated-port")
    ask = next(step for step in made.steps if "next step number" in step.text)
    call = Call("step", ask.number, ask.text, "", seen(made))
    branches = list(dict.fromkeys(step.branch for step in made.steps if step.branch))
    firsts = [next(s.number for s in made.steps if s.branch == branch) for branch in branches]
    heard = [drive(phone.call(call)) for _ in range(3)]
    assert heard == [*(f"step {number}" for number in firsts), None]
    label = made.facts[[fact.name for fact in made.facts].index("Port IPMI")].value.split(",")[0]
    broken.server.body.cables[label][0] = "dedicated"
    broken.server.network.cables["dedicated"] = "management"
    assert drive(phone.call(call)) == f"step {made.steps[-1].number}"
