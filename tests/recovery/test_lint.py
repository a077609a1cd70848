"""The linter: every good ticket passes, and every way of making one bad is caught, by the rule that is meant for it."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path

import pytest

from fwsim import boards
from recovery import lint, page
from recovery.inventory import Inventory
from recovery.render import text
from recovery.ticket import TicketRefused
from tests.recovery import ticket_bench

Mutate = Callable[[str], str]
CMOS = ("cmos-clear", "x11ssh-f")
DELL = ("cmos-clear", "r740")
PORT = ("dedicated-port", "x11ssh-f")
SLED = ("board-replacement", "c6220")
USB = ("usb-bios-recovery", "x11ssh-f")
BUTTON = ("bmc-reset-button", "x12spi")


def _said(old: str, new: str, count: int = 1) -> Mutate:
    def mutate(printed: str) -> str:
        assert old in printed, old
        return printed.replace(old, new, count)

    return mutate


def _numbered(blocks: list[str]) -> str:
    """The steps again, numbered anew: what an editor would do who leaves one out."""
    head, *steps = blocks
    for number, block in enumerate(steps, 1):
        old = re.search(r"^\[.+\] (\d+)\. ", block, re.MULTILINE)
        assert old
        block = re.sub(r"(?m)^(\[.+\]) \d+\. ", rf"\1 {number}. ", block)
        steps[number - 1] = block.replace(f"Do step {old[1]} again", f"Do step {number} again")
    return "".join([head, *steps])


def _blocks(printed: str) -> list[str]:
    """The head, then a block a step with its hazards; what follows the last step stays with it."""
    return re.split(r"(?m)^(?=(?:== |\*\*\* |\[.+\] \d))", printed)


def _steps(printed: str) -> list[str]:
    """The head and the steps; hazards and branches stay with the step below them."""
    parts, found, pending = _blocks(printed), [], ""
    found.append(parts[0])
    for part in parts[1:]:
        pending += part
        if re.match(r"\[", part):
            found.append(pending)
            pending = ""
    return found


def _without(words: str) -> Mutate:
    """Leave the step out that says so, and number the others anew."""

    def mutate(printed: str) -> str:
        blocks = _steps(printed)
        kept = [b for b in blocks[1:] if not re.search(rf"(?m)^\[.+\] \d+\. {re.escape(words)}", b)]
        assert len(kept) < len(blocks) - 1, words
        return _numbered([blocks[0], *kept])

    return mutate


def _swapped(words: str) -> Mutate:
    """Swap the first step that says so with the next."""

    def mutate(printed: str) -> str:
        blocks = _steps(printed)
        at = next(i for i, b in enumerate(blocks) if re.search(rf"(?m)^\[.+\] \d+\. {re.escape(words)}", b))
        blocks[at], blocks[at + 1] = blocks[at + 1], blocks[at]
        return _numbered(blocks)

    return mutate


def _line(starts: str, new: str | None) -> Mutate:
    """Replace the first line that begins so; None leaves it out."""

    def mutate(printed: str) -> str:
        lines = printed.splitlines()
        at = next(i for i, line in enumerate(lines) if line.startswith(starts))
        lines[at : at + 1] = [] if new is None else [new]
        return "\n".join(lines) + "\n"

    return mutate


MUTATIONS: list[tuple[str, str, tuple[str, str], Mutate]] = [
    # what it says
    ("H01", "no title, no call", CMOS, _line("CALL ", None)),
    ("H01", "an empty site", CMOS, _said("Site / room: LON2 / Hall 3", "Site / room: ")),
    ("H01", "no reference", CMOS, _said("| Ref CHG0041877", "| Ref ")),
    ("H01", "no tools", CMOS, _line("TOOLS: ", None)),
    ("H01", "no supplies", CMOS, lambda t: re.sub(r"Power PSU\d: .*\n", "", t)),
    ("H01", "nothing forbidden", CMOS, lambda t: re.sub(r"- Do not .*\n", "", t)),
    ("H01", "no window", CMOS, _line("Window: ", None)),
    ("H02", "a line of somebody's own", CMOS, _line("[ ] 5.", "[ ] 5. Wait 60 s.\nPS: hurry up")),
    ("H03", "unknown without a mark", CMOS, _said("AT-004512", "UNKNOWN - confirm by phone")),
    ("H03", "a mark without anything unknown", CMOS, lambda t: "DRAFT. Unknown: rack.\n" + t),
    ("I01", "the serial number is not compared", CMOS, _without("Compare")),
    ("I01", "another serial number is compared", CMOS, _said("S258923X6B01234.", "S258923X6B01235.")),
    ("I02", "compared after the first touch", CMOS, lambda t: _late(t)),
    ("I03", "an outlet that nobody knows", CMOS, _said("from PSU1 and PSU2.", "from PDU C.")),
    ("I03", "a third supply", CMOS, _said("from PSU1 and PSU2.", "from PSU1, PSU2 and PSU3.")),
    ("I03", "a port that the server does not have", PORT, _said("from port IPMI to", "from port LAN9 to")),
    ("I03", "a cable that nobody knows", PORT, _said("Connect cable SPR-B07-22", "Connect cable SPR-B07-23")),
    ("I03", "another port of the switch", PORT, _said("to port 22 of switch", "to port 23 of switch")),
    ("I03", "an address that nobody knows", PORT, _said("Wait 3 min.", "Wait 3 min for 192.0.2.77.")),
    ("I04", "a second telephone number", CMOS, _said('Call +44 20 7946 0123 for', 'Call +44 20 7946 0199 for')),
    ("V01", "another vendor's jumper", CMOS, _said("JBT1", "NVRAM_CLR", 9)),
    ("V01", "JBT1 for a Dell", DELL, _said("NVRAM_CLR", "JBT1", 9)),
    ("V01", "a board that nobody knows", CMOS, _said("Supermicro X11SSH-F", "Supermicro X99")),
    ("V02", "another jumper of the same vendor", DELL, _said("jumper NVRAM_CLR to pins", "jumper CLR_X to pins", 9)),
    ("V02", "pins that the jumper does not have", DELL, _said("to pins 1-3", "to pins 2-4", 9)),
    ("V02", "too short on the pads", CMOS, _said("screwdriver for 10 s", "screwdriver for 2 s")),
    ("V02", "the seconds of the factory defaults", BUTTON, _said("button for 6 s", "button for 12 s")),
    ("V02", "another name of the file", USB, _said("SUPER.ROM", "firmimg.d7", 9)),
    ("N01", "nobody was asked", ("power-removal", "c6220"), lambda _: _without_consent()),
    ("W01", "a window of years ago", CMOS, _said("Window: 2030-11-22 14:00", "Window: 2020-11-22 14:00")),
    ("W01", "the same over midnight", CMOS, _said("2030-11-22 14:00 to 16:00", "2026-11-20 23:00 to 2026-11-21 01:00")),
    ("B01", "a maximum that is no billing step", CMOS, _said("maximum 60 min", "maximum 50 min")),
    ("B01", "a maximum below the estimate", CMOS, _said("maximum 60 min", "maximum 30 min")),
    ("C01", "no report", CMOS, _without("Call +44 20 7946 0123 with your report.")),
    ("C01", "a report that nobody holds", CMOS, _said("[HOLD] 16.", "[ ] 16.")),
    ("X01", "a password", CMOS, _said("Service: ", "Service: The password: hunter2. ")),
    ("X01", "the maker's", CMOS, _said("Service: ", "Service: Log in as ADMIN/ADMIN. ")),
    ("X01", "in an address", CMOS, _said("Service: ", "Service: See https://root:calvin@192.0.2.20. ")),
    ("X01", "a key", CMOS, _said("Service: ", "Service: ssh-ed25519 AAAAC3NzaC1 ")),
    ("T01", "too long for a form", CMOS, _said("Purpose: ", "Purpose: " + "The server does not start. " * 20)),
    ("T02", "a dash that no form takes", CMOS, _said("Purpose: The", "Purpose: \u2013 The")),
    ("T03", "two conditions to stop", CMOS, lambda t: re.sub(r"- (?:You|A) .*\n", "", t)),
    # how it says it
    ("S00", "a number twice", CMOS, _said("[ ] 6.", "[ ] 5.")),
    ("S00", "a number left out", CMOS, _line("[ ] 6.", None)),
    ("S01", "more than twenty words", CMOS, _said("Wait 60 s.", "Wait 60 s" + " and look at the server" * 5 + ".")),
    ("S02", "a noun first", CMOS, _said("5. Wait 60 s.", "5. Patience for 60 s.")),
    ("S02", "a person first", CMOS, _said("12. Install the top cover.", "12. You install the top cover.")),
    ("S03", "two sentences", CMOS, _said("Wait 60 s.", "Wait 60 s. Put on the strap.")),
    ("S03", "two instructions", CMOS, _said("Wait 60 s.", "Wait 60 s and remove the top cover.")),
    ("S03", "no end", CMOS, _said("5. Wait 60 s.", "5. Wait 60 s")),
    ("S04", "nothing to see", CMOS, _line("  SEE: You see the system board.", None)),
    ("S05", "some", CMOS, _said("5. Wait 60 s.", "5. Wait some 60 s.")),
    ("S05", "it", CMOS, _said("SEE: You see the system board.", "SEE: You can see it.")),
    ("S05", "should", CMOS, _said("SEE: The cover is closed.", "SEE: The cover should be closed.")),
    ("S06", "passive", CMOS, _said("Install the top cover.", "Install what was removed.")),
    ("S07", "no unit", CMOS, _said("5. Wait 60 s.", "5. Wait 60.")),
    ("S07", "no time", CMOS, _said("5. Wait 60 s.", "5. Wait for a moment.")),
    ("S07", "a button without a time", CMOS, _said("push the power button for 1 s.", "push the power button.")),
    ("S08", "more than twenty steps", CMOS, lambda t: _numbered([*_steps(t)[:6], *_steps(t)[5:6] * 6, *_steps(t)[6:]])),
    ("S09", "an IF NOT with a tale", CMOS, _said("IF NOT: Stop. Call again", "IF NOT: Hit the server. Call again")),
    ("S09", "a retry of another step", CMOS, _said("Do step 4 again", "Do step 9 again")),
    ("S09", "a retry without an end", CMOS, _said("Do step 4 again one time. Then call.", "Do step 4 again.")),
    ("S10", "THEN leads nowhere", PORT, _said("Go to step 8.", "Go to step 28.")),
    ("S10", "THEN leads back to a step", PORT, _said("Go to step 8.", "Go to step 6.")),
    ("S10", "a step that is not there is heard", PORT, _said('"step 18"', '"step 19"')),
    ("S11", "a branch that nobody begins", PORT, _said('You hear "step 9", "step 13"', 'You hear "step 13"')),
    ("S11", "a branch with other numbers", PORT, _said("Do steps 9 to 12 only", "Do steps 10 to 12 only")),
    ("S12", "a call that is no hold", CMOS, _said("[HOLD] 3.", "[ ] 3.")),
    ("S12", "another word than is asked for", CMOS, _said('hear the word "released"', 'hear the word "go"')),
    ("S13", "a call without a number", CMOS, _said("[HOLD] 3. Call +44 20 7946 0123", "[HOLD] 3. Call us")),
    ("Z01", "a signal word of somebody's own", CMOS, _said("*** CAUTION", "*** ATTENTION")),
    ("Z02", "no way to avoid it", CMOS, _said(" Hold the server by the handles.", "")),
    ("Z02", "the lesser hazard first", CMOS, lambda t: re.sub(r"(\*\*\* WARNING.*\n)(\*\*\* NOTICE.*\n)", r"\2\1", t)),
    ("Z02", "a hazard at the end", CMOS, _line("REPORT: ", "*** NOTICE: A. B. C.\nREPORT: x")),
    ("Z03", "an injury under NOTICE", CMOS, _said("*** CAUTION", "*** NOTICE")),
    ("Z03", "death under CAUTION", CMOS, _said("*** WARNING", "*** CAUTION")),
    ("Z04", "no warning of shock", CMOS, _line("*** WARNING", None)),
    ("Z05", "no notice where the server stops", PORT, _line("*** NOTICE: Loss of service", None)),
    # in which order
    ("P01", "the cover comes off under power", CMOS, _without("Disconnect the power cables")),
    ("P01", "one supply stays", CMOS, _said("cables from PSU1 and PSU2.", "cables from PSU1.")),
    ("P01", "a supply that the table leaves out", CMOS, lambda t: _only_psu1(t)),
    ("P01", "the same where no cover comes off", ("power-removal", "x11ssh-f"), lambda t: _only_psu1(t)),
    ("H01", "a supply of the board is not in the table", CMOS, lambda t: re.sub(r"Power PSU2: .*\n", "", t)),
    ("P01", "slid out under power", CMOS, lambda t: _moved(t, "Disconnect the power", "Slide the server out")),
    ("P01", "the second time, too", DELL, _without("When 10 min are over, disconnect")),
    ("P02", "no strap", CMOS, _without("Put on the ESD wrist strap.")),
    ("P02", "the strap after the cover", CMOS, lambda t: _moved(t, "Put on the ESD", "Remove the top cover")),
    ("P03", "no hold before the first change", CMOS, _without('Call +44 20 7946 0123 for the word "released".')),
    ("P03", "the hold after it", CMOS, _swapped('Call +44 20 7946 0123 for the word "released".')),
    ("P04", "the battery stays out", CMOS, _without("Install the CR2032")),
    ("P04", "the cover stays off", CMOS, _without("Install the top cover.")),
    ("P04", "the server stays out of the rack", CMOS, _without("Slide the server into")),
    ("P04", "no power", CMOS, _without("Connect the power cables")),
    ("P04", "the jumper stays", DELL, _without("Move the jumper NVRAM_CLR to pins 3-5.")),
    ("P04", "the stick stays", USB, _without("Remove the USB stick")),
    ("P04", "the sled stays out", SLED, _without("Push the sled")),
    ("P04", "the cables stay out", SLED, _without("Connect cable")),
    ("P05", "the battery goes in first", CMOS, lambda t: _moved(t, "Remove the CR2032", "Install the CR2032")),
    ("P05", "another supply comes back", CMOS, _said("cables to PSU1 and", "cables to PSU9 and")),
    ("P06", "power with the cover off", CMOS, lambda t: _moved(t, "Install the top cover.", "Connect the power")),
    ("P06", "into the rack with the cover off", CMOS, _swapped("Install the top cover.")),
    ("P07", "no wait before the pads", CMOS, _without("Wait 60 s.")),
    ("P07", "a short wait before the pads", CMOS, _said("Wait 60 s.", "Wait 5 s.")),
    ("P08", "the stick after the power", USB, lambda t: _moved(t, "Insert the USB stick", "Connect the power cables")),
    ("P09", "the pads with the cover on", CMOS, _without("Remove the top cover.")),
    ("P10", "nobody looks whether the server starts", CMOS, _without("If the power LED is off after")),
]  # fmt: skip


def _moved(printed: str, words: str, behind: str) -> str:
    """Move the first step that says `words` behind the first that says `behind`."""
    blocks = _steps(printed)

    def find(said: str) -> int:
        return next(i for i, b in enumerate(blocks) if re.search(rf"(?m)^\[.+\] \d+\. {re.escape(said)}", b))

    block, at = blocks[find(words)], find(behind)
    blocks.insert(at + 1, block)
    blocks.remove(block)
    return _numbered(blocks)


def _only_psu1(printed: str) -> str:
    """As a page from an inventory that knows one supply."""
    return re.sub(r"Power PSU2: .*\n", "", printed).replace("PSU1 and PSU2", "PSU1")


def _late(printed: str) -> str:
    return _moved(printed, "Compare the serial", "Disconnect the power")


def _without_consent() -> str:
    printed = ticket_bench.printed("power-removal", "c6220", power="mains")
    return re.sub(r"Consent: .*\n", "", printed)


def test_every_ticket_passes() -> None:
    found = {name: lint.check_ticket(made) for name, made in ticket_bench.every()}
    assert len(found) > 200
    assert {name: wrong for name, wrong in found.items() if wrong} == {}


NOTHING: dict[str, dict[str, object]] = {
    "nothing": {},
    "half": {
        "serial": "S258923X6B01234",
        "cables": [{"port": "lan1"}, {"port": "dedicated"}],
        "feeds": [{"psu": "PSU2", "pdu": "PDU B", "outlet": "14"}],
    },
}


@pytest.mark.parametrize("known", NOTHING)
def test_a_draft_passes_whatever_is_unknown(known: str) -> None:
    """Every procedure, board and variant: the ticket of a run without an inventory is given out, and fits a form."""
    broken, count = {}, 0
    for board in boards.names():
        place = Inventory.model_validate({"name": "app01.rack12.example.net", "board": board, **NOTHING[known]})
        for what, made in ticket_bench.every(board, place, file="", sha256=""):
            assert made.draft
            count += 1
            if found := lint.check_ticket(made):
                broken[what] = found
    assert count > 200
    assert broken == {}


def test_a_page_that_says_unknown_once_says_what_it_asks_for_and_what_is_not_on_it() -> None:
    made = ticket_bench.build("cmos-clear", "r740", Inventory(name="app01"), bmc_lives=True)
    printed = text.render(made)
    assert printed.startswith("DRAFT. UNKNOWN - confirm by phone: priority, customer reference, account,")
    assert printed.count("confirm by phone") == 1
    assert "Service tag: UNKNOWN\n" in printed
    assert "CALL UNKNOWN\n" in printed
    long = text.render(ticket_bench.build("cmos-clear", "r740", Inventory(name="app01." + "x" * 60), bmc_lives=True))
    assert "phone: account, technical contact, ordering contact, notification contact, each row that says so." in long
    assert len(long) <= text.MAXIMUM


def test_of_two_cables_without_labels_one_is_not_both() -> None:
    place = ticket_bench.sample("c6220", cables=[{"port": "lan1"}, {"port": "dedicated"}])
    printed = ticket_bench.printed("board-replacement", "c6220", place)
    assert lint.check(printed) == ()
    half = re.sub(r"(\[ \] \d+\. Connect cable [^,]+? to port \S+) and cable .+\.", r"\1.", printed)
    assert half != printed
    assert [str(f) for f in lint.check(half)] == ["P04: cable UNKNOWN is never put back"]


def test_a_mail_of_a_draft_that_says_unknown_once_passes(tmp_path: Path) -> None:
    from recovery.render import mail

    file = tmp_path / "draft.eml"
    made = ticket_bench.build("cmos-clear", "r740", Inventory(name="app01"), bmc_lives=True)
    file.write_bytes(mail.render(made, with_pdf=False))
    assert lint.check_file(file) == ()


@pytest.mark.parametrize(
    ("rule", "what", "base", "mutate"), MUTATIONS, ids=[f"{rule} {what}" for rule, what, _, _ in MUTATIONS]
)
def test_a_mutation_of_a_good_ticket_is_caught(rule: str, what: str, base: tuple[str, str], mutate: Mutate) -> None:
    printed = ticket_bench.printed(*base)
    assert lint.check(printed) == ()
    mutated = mutate(printed)
    assert mutated != printed
    assert rule in {finding.rule for finding in lint.check(mutated)}, lint.check(mutated)


def test_there_are_more_than_forty_mutations_and_one_at_least_for_every_rule() -> None:
    assert len(MUTATIONS) >= 40
    assert {rule for rule, *_ in MUTATIONS} == set(lint.RULES)


def test_every_rule_of_the_table_has_its_words() -> None:
    assert all(what and what[-1] != "." for what in lint.table().values())


def test_a_step_left_out_or_swapped_is_told_or_does_no_more_than_protect_or_tell() -> None:
    """What the paper alone can show; what it cannot, a visit to a virtual server does."""
    quiet = []
    made = ticket_bench.build("cmos-clear")
    blocks = _steps(text.render(made))
    for step, block in zip(made.steps, blocks[1:], strict=True):
        rest = [b for b in blocks if b is not block]
        if not lint.check(_numbered(rest)):
            quiet.append((step.id, step.serves))
    assert [serves for _, serves in quiet if serves == "cure"] == ["cure"]  # the short itself: a visit shows it
    assert [name for name, serves in quiet if serves == "cure"] == ["short"]


def test_a_known_password_is_caught_whatever_it_looks_like() -> None:
    printed = ticket_bench.printed("cmos-clear", place=ticket_bench.sample(asset_tag="tr0ub4dor"))
    assert lint.check(printed) == ()
    assert [f.rule for f in lint.check(printed, secrets=["tr0ub4dor"])] == ["X01"]


@pytest.mark.parametrize(
    "planted",
    ["password: hunter2", "passwd=hunter2", "pin: 1234", "ADMIN/ADMIN", "root/calvin", "token=abcdef", "-P hunter2"],
)
@pytest.mark.parametrize("field", ["priority", "model", "asset_tag", "spare_board"])
def test_a_credential_that_was_written_into_an_inventory_does_not_pass(planted: str, field: str) -> None:
    place = ticket_bench.sample(**{field: planted})
    name = "board-replacement" if field == "spare_board" else "cmos-clear"
    with pytest.raises(TicketRefused, match="X01") as caught:
        ticket_bench.build(name, place=place)
    assert planted not in str(caught.value)


def test_no_ticket_is_made_with_a_password_that_is_known_here() -> None:
    place = ticket_bench.sample(asset_tag="tr0ub4dor")
    with pytest.raises(TicketRefused, match="facts.value"):
        ticket_bench.build("cmos-clear", place=place, secrets=("tr0ub4dor",))


def test_a_page_that_is_no_ticket_has_many_findings_and_raises_nothing() -> None:
    assert {"H01", "H02"} <= {f.rule for f in lint.check("Dear technician,\nplease reboot the server.\nThanks\n")}
    assert lint.check("")


def test_what_is_read_back_is_what_was_printed() -> None:
    for _, made in ticket_bench.every():
        read = page.read(text.render(made))
        assert [s.text for s in read.steps] == [text.ascii_only(s.text) for s in made.steps]
        assert [s.see for s in read.steps] == [s.see for s in made.steps]
        assert [s.hold for s in read.steps] == [s.hold for s in made.steps]
        assert [len(s.hazards) for s in read.steps] == [len(s.hazards) for s in made.steps]
        assert (read.phone, read.serial, read.ticket) == (made.phone, made.serial, made.id)
        assert not read.stray


def test_a_file_of_no_known_ending_is_refused(tmp_path: Path) -> None:
    from recovery.printed import Unreadable

    file = tmp_path / "ticket.doc"
    file.write_text("x")
    with pytest.raises(Unreadable, match=r"ends in \.txt"):
        lint.check_file(file)
