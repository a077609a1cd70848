"""`fwsim ticket` as one types it: tickets of procedures and of runs, the linter, inventories, and what is refused."""

from __future__ import annotations

import csv
import hashlib
import json
from datetime import UTC, datetime
from pathlib import Path

import pytest

from fwsim.cli import ticket as command
from fwsim.cli import tickets
from fwsim.plan import load
from recovery import inventory, lint
from recovery.render import data, text
from tests.fwsim.command_line import Fwsim, fwsim
from tests.recovery import netbox_stub, ticket_bench

__all__ = ["fwsim"]

AT = ("--at", "2026-11-22T12:00:00Z")


@pytest.fixture
def place(tmp_path: Path) -> Path:
    path = tmp_path / "db07.yaml"
    path.write_text(inventory.sample(), "utf-8")
    return path


@pytest.fixture
def run(fwsim: Fwsim, tmp_path: Path) -> tuple[str, ...]:
    """A rehearsal that ended with needs-hands."""
    code, _, err = fwsim("rehearse", "severe-lock", "--virtual", "--progress", "json", "--runs", str(tmp_path / "runs"))
    assert code in (0, 4), err
    return ("latest", "--runs", str(tmp_path / "runs"))


def test_a_ticket_is_printed_for_a_procedure_and_an_inventory(fwsim: Fwsim, place: Path) -> None:
    code, out, err = fwsim("ticket", "--procedure", "cmos-clear", "--inventory", str(place), *AT)
    assert (code, err) == (0, "")
    assert out == ticket_bench.printed("cmos-clear", file="", sha256="")


def test_print_may_be_left_out_or_written(fwsim: Fwsim, place: Path) -> None:
    words = ("--procedure", "cmos-clear", "--inventory", str(place), *AT)
    assert fwsim("ticket", "print", *words) == fwsim("ticket", *words)


@pytest.mark.parametrize("form", ["txt", "md", "html", "pdf", "json", "eml"])
def test_every_format_is_written_and_passes_the_linter(fwsim: Fwsim, place: Path, tmp_path: Path, form: str) -> None:
    file = tmp_path / f"ticket.{form}"
    words = ("--procedure", "dedicated-port", "--inventory", str(place), "--format", form, "-o", str(file))
    code, out, err = fwsim("ticket", *words, "--paper", "letter")
    assert (code, out) == (0, f"{file}\n")
    assert "identify LED" in err
    assert fwsim("ticket", "lint", str(file)) == (0, "good\n", "")


@pytest.mark.parametrize("provider", ["equinix", "digital-realty", "servicenow", "generic"])
def test_a_providers_form_is_json(fwsim: Fwsim, place: Path, provider: str) -> None:
    code, out, _ = fwsim("ticket", "--procedure", "cmos-clear", "--inventory", str(place), "--provider", provider)
    assert code == 0
    _, schema, _ = fwsim("ticket", "schema", "--provider", provider)
    assert set(json.loads(out)) == set(json.loads(schema)["properties"])


def test_a_window_that_has_passed_is_told_and_no_form_takes_its_dates(fwsim: Fwsim, place: Path) -> None:
    words = ("ticket", "--procedure", "power-removal", "--inventory", str(place), "--at", "2031-05-01T00:00:00Z")
    code, out, err = fwsim(*words)
    assert (code, err) == (0, "note: a DRAFT: nobody knows window; complete the inventory\n")
    assert "Window: UNKNOWN - confirm by phone: 2030-11-22 14:00 to 16:00 UTC" in out
    code, out, err = fwsim(*words, "--provider", "equinix")
    assert (code, out) != (0, "")
    assert "window.starts and window.ends" in err


def test_a_window_that_has_passed_since_a_ticket_was_written_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    window = {"starts": "2026-11-22T14:00:00Z", "ends": "2026-11-22T16:00:00Z"}
    made = ticket_bench.build("power-removal", place=ticket_bench.sample(window=window))
    assert not made.draft
    told: list[str] = []
    monkeypatch.setattr("fwsim.cli.screen.note", told.append)
    command._tell(made, ticket_bench.WHEN)
    assert told == []
    command._tell(made, datetime(2026, 12, 24, tzinfo=UTC))
    assert told == [
        f"note: its window has passed: {made.window.text}; agree on another, and write it into the inventory"
    ]


def test_the_image_that_is_sent_along_is_named_and_hashed(fwsim: Fwsim, place: Path, tmp_path: Path) -> None:
    words = ("ticket", "--procedure", "usb-bios-recovery", "--inventory", str(place), "--bmc-dead", *AT)
    code, out, err = fwsim(*words)
    assert (code, err) == (0, "note: a DRAFT: nobody knows the SHA-256 of the image; name the file: --image FILE\n")
    assert out.startswith("DRAFT. UNKNOWN - confirm by phone: SHA-256 of the image.\n")
    image = tmp_path / "BIOS.bin"
    image.write_bytes(b"a BIOS")
    code, out, err = fwsim(*words, "--image", str(image))
    assert (code, err) == (0, "")
    assert f"SHA-256 {hashlib.sha256(b'a BIOS').hexdigest()};" in out
    code, _, err = fwsim(*words, "--image", str(tmp_path / "none.bin"))
    assert code == 2
    assert "none.bin cannot be read" in err


def test_the_wrong_vendors_procedure_is_refused(fwsim: Fwsim, place: Path) -> None:
    code, out, err = fwsim("ticket", "--procedure", "idrac-sd-recovery", "--inventory", str(place))
    assert (code, out) == (3, "")
    assert "procedure for dell" in err


def test_a_board_that_the_inventory_contradicts_is_refused(fwsim: Fwsim, place: Path) -> None:
    code, _, err = fwsim("ticket", "--procedure", "cmos-clear", "--inventory", str(place), "--board", "r740")
    assert code == 3
    assert "says that db07 is a x11ssh-f" in err


def test_a_credential_in_the_inventory_is_not_printed(fwsim: Fwsim, tmp_path: Path) -> None:
    place = tmp_path / "db07.yaml"
    place.write_text(inventory.sample().replace("AT-004512", '"pw is ADMIN/ADMIN"'), "utf-8")
    code, out, err = fwsim("ticket", "--procedure", "cmos-clear", "--inventory", str(place))
    assert (code, out) == (3, "")
    assert "X01" in err
    assert "ADMIN" not in err


def test_a_draft_is_printed_and_told(fwsim: Fwsim) -> None:
    code, out, err = fwsim("ticket", "--procedure", "look-and-report", "--board", "x11ssh-f")
    assert code == 0
    assert out.startswith("DRAFT. UNKNOWN - confirm by phone: ")
    assert "a DRAFT: nobody knows" in err


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("--procedure", "reboot", "--board", "r740"), "there are: bmc-reset-button"),
        (("--board", "r740"), "expected a run, or --procedure NAME"),
        (("--procedure", "cmos-clear"), "expected --board NAME"),
        (("--procedure", "cmos-clear", "--board", "r999"), "no board is called"),
        (("--procedure", "cmos-clear", "--board", "r740", "--at", "tomorrow"), "expected a moment like"),
        (("--procedure", "cmos-clear", "--board", "r740", "--at", "2026-11-22T12:00:00"), "expected a time zone"),
        (("--procedure", "cmos-clear", "--board", "r740", "--inventory", "nowhere.yaml"), "there is no such file"),
        (("no-such-run",), "no run is called"),
    ],
)
def test_what_cannot_be_used_is_one_clear_error(fwsim: Fwsim, words: tuple[str, ...], said: str) -> None:
    code, out, err = fwsim("ticket", *words)
    assert (code, out) == (2, "")
    assert said in err
    assert "Traceback" not in err


def test_a_csv_of_servers_is_an_inventory_too(fwsim: Fwsim, tmp_path: Path) -> None:
    file = tmp_path / "servers.csv"
    with file.open("w", newline="") as out:
        writer = csv.writer(out)
        writer.writerow(["name", "board", "serial"])
        writer.writerow(["db07", "x11ssh-f", "S258923X6B01234"])
    words = ("ticket", "--procedure", "cmos-clear", "--inventory", str(file))
    code, printed, _ = fwsim(*words, "--server", "db07")
    assert code == 0
    assert "Serial number: S258923X6B01234" in printed
    code, _, err = fwsim(*words)
    assert code == 2
    assert "expected --server NAME" in err
    code, made, _ = fwsim("ticket", "inventory", "--csv", str(file), "--server", "db07")
    assert (code, made) == (0, "name: db07\nboard: x11ssh-f\nserial: S258923X6B01234\n")


def test_the_sample_inventory_is_printed(fwsim: Fwsim) -> None:
    assert fwsim("ticket", "inventory") == (0, inventory.sample(), "")


@pytest.mark.wire
def test_netbox_becomes_an_inventory_file(fwsim: Fwsim, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("NETBOX_TOKEN", netbox_stub.TOKEN)
    file = tmp_path / "db07.yaml"
    with netbox_stub.serving(netbox_stub.answers()) as url:
        code, _, _ = fwsim("ticket", "inventory", "--netbox", url, "--server", "db07", "-o", str(file))
        assert code == 0
        code, _, err = fwsim("ticket", "inventory", "--netbox", url, "--server", "db99")
        assert code == 1
        assert "no device that is called 'db99'" in err
    assert inventory.load(file).location.unit == "U21-U22"
    assert netbox_stub.TOKEN not in file.read_text()


def test_procedures_are_listed_for_a_board(fwsim: Fwsim) -> None:
    _, out, _ = fwsim("ticket", "list", "--json", "--board", "r740")
    names = {json.loads(line)["name"] for line in out.splitlines()}
    assert {"cmos-clear", "idrac-sd-recovery", "bmc-reset-button"} <= names
    assert "usb-bios-recovery" not in names


def test_the_linter_names_file_line_and_rule(fwsim: Fwsim, tmp_path: Path) -> None:
    file = tmp_path / "ticket.txt"
    file.write_text(ticket_bench.printed("cmos-clear").replace("Wait 60 s.", "Wait a while."), "utf-8")
    code, out, _ = fwsim("ticket", "lint", str(file))
    assert code == 1
    line = file.read_text().splitlines().index("[ ] 5. Wait a while.") + 1
    assert f"{file}: line {line}: S07:" in out
    code, out, _ = fwsim("ticket", "lint", "--json", str(file))
    assert {json.loads(one)["rule"] for one in out.splitlines()} >= {"S07"}


def test_the_linters_rules_are_printed(fwsim: Fwsim) -> None:
    _, out, _ = fwsim("ticket", "lint", "--rules")
    assert [line.split()[0] for line in out.splitlines()] == sorted(lint.table())


def test_a_procedure_is_linted_without_a_file(fwsim: Fwsim, place: Path) -> None:
    words = ("ticket", "lint", "--procedure", "cmos-clear", "--inventory", str(place))
    assert fwsim(*words) == (0, "good\n", "")


def test_the_linter_wants_something_to_check(fwsim: Fwsim) -> None:
    code, _, err = fwsim("ticket", "lint")
    assert code == 2
    assert "expected a ticket's file" in err


def test_the_schema_is_the_tickets_own(fwsim: Fwsim) -> None:
    _, out, _ = fwsim("ticket", "schema")
    assert out == data.schema()


def test_the_ticket_of_a_run_names_its_server_and_the_rule_that_chose_it(fwsim: Fwsim, run: tuple[str, ...]) -> None:
    code, out, _ = fwsim("ticket", *run)
    assert code == 0
    assert out.startswith("Look at server rehearsal-x11ssh-f and report\n")
    assert "Why: Rule D61 (" in out
    assert lint.check(out) == ()


def test_the_same_run_is_the_same_bytes_in_every_format(fwsim: Fwsim, run: tuple[str, ...], tmp_path: Path) -> None:
    for form in ("txt", "json", "pdf", "eml"):
        files = [tmp_path / f"{n}.{form}" for n in (1, 2)]
        for file in files:
            assert fwsim("ticket", *run, "--format", form, "-o", str(file))[0] == 0
        assert files[0].read_bytes() == files[1].read_bytes()


def test_the_run_has_the_same_ticket_in_its_folder(fwsim: Fwsim, run: tuple[str, ...]) -> None:
    _, out, _ = fwsim("ticket", *run)
    (written,) = Path(run[2]).glob("*/tickets/look-and-report.txt")
    assert written.read_text() == out
    assert text.render(data.read(written.with_suffix(".json").read_bytes())) == out


def test_another_procedure_of_the_same_run_is_made_from_its_journal(fwsim: Fwsim, run: tuple[str, ...]) -> None:
    code, out, _ = fwsim("ticket", *run, "--procedure", "look-and-report")
    assert code == 0
    assert out.startswith("Look at server rehearsal-x11ssh-f and report\n")
    assert fwsim("ticket", *run, "--procedure", "look-and-report")[1] == out


def test_a_ticket_that_is_made_anew_cites_the_same_rule_as_the_one_that_the_run_wrote(
    fwsim: Fwsim, run: tuple[str, ...]
) -> None:
    written, anew = (
        [line for line in fwsim("ticket", *run, *more)[1].splitlines() if line.startswith("Why: ")]
        for more in ((), ("--bmc-dead", "--procedure", "cmos-clear"))
    )
    assert len(written) == 1
    assert anew == written


def test_a_run_that_needs_no_hands_says_so(fwsim: Fwsim, tmp_path: Path) -> None:
    runs = ("--runs", str(tmp_path / "runs"))
    assert fwsim("rehearse", "--virtual", "--progress", "json", *runs)[0] == 0
    code, _, err = fwsim("ticket", "latest", *runs)
    assert code == 2
    assert "names no work for hands" in err


def test_the_callers_sheet_is_for_who_answers(fwsim: Fwsim, place: Path) -> None:
    code, out, _ = fwsim("ticket", "--procedure", "power-removal", "--inventory", str(place), "--caller")
    assert code == 0
    assert "Look first: No flash is under way, no bank may be incomplete" in out


def test_preflight_prints_the_tickets_before_anything_dies(fwsim: Fwsim, place: Path, tmp_path: Path) -> None:
    """In a rehearsal they are the virtual server's: nobody's telephone of the plan's own inventory stands on one."""
    _, template, _ = fwsim("plan", "new", "--board", "x11ssh-f")
    plan = tmp_path / "plan.yaml"
    plan.write_text(template.replace("# inventory: db07.yaml", "inventory: db07.yaml"), "utf-8")
    folder = tmp_path / "tickets"
    words = ("--progress", "json", "--runs", str(tmp_path / "runs"), "--speed", "1000")
    fwsim("preflight", str(plan), "--rehearse", "--tickets", str(folder), *words)
    names = {file.stem for file in folder.iterdir()}
    assert {"cmos-clear", "dedicated-port", "web-gui-reflash", "usb-bios-recovery"} <= names
    assert "idrac-sd-recovery" not in names
    for file in folder.iterdir():
        assert lint.check_file(file) == ()
    printed = (folder / "cmos-clear.txt").read_text()
    assert "rehearsal-x11ssh-f" in printed
    assert "+44 20 7946 0123" not in printed


def test_preflights_tickets_of_a_real_server_name_the_plans_own_place_and_fallback(
    fwsim: Fwsim, place: Path, tmp_path: Path
) -> None:
    _, template, _ = fwsim("plan", "new", "--board", "x11ssh-f")
    plan = tmp_path / "plan.yaml"
    plan.write_text(template.replace("# inventory: db07.yaml", "inventory: db07.yaml"), "utf-8")
    made = {t.procedure: t for t in tickets.for_plan(load(plan, require_files=False), ticket_bench.WHEN)}
    assert {t.phone for t in made.values()} == {"+44 20 7946 0123"}
    assert f"SHA-256 {'0' * 64}" in " ".join(made["usb-bios-recovery"].tools)
    assert not [t.procedure for t in made.values() if t.draft]


def test_a_plan_whose_inventory_is_not_there_is_told(fwsim: Fwsim, tmp_path: Path) -> None:
    _, template, _ = fwsim("plan", "new", "--board", "x11ssh-f")
    plan = tmp_path / "plan.yaml"
    plan.write_text(template.replace("# inventory: db07.yaml", "inventory: db07.yaml"), "utf-8")
    code, _, err = fwsim("plan", "check", str(plan))
    assert code == 2
    assert "inventory: there is no file" in err


def test_a_check_says_days_ahead_which_tickets_would_be_drafts(fwsim: Fwsim, place: Path) -> None:
    code, out, err = fwsim("ticket", "check", str(place))
    assert (code, err) == (0, "")
    names = [name for name in ("cmos-clear", "power-removal", "usb-bios-recovery") if f"{name}: good\n" in out]
    assert len(names) == 3
    assert "idrac-sd-recovery" not in out
    text_ = place.read_text("utf-8")
    place.write_text(
        "".join(line for line in text_.splitlines(True) if "PSU2" not in line and "spare_board" not in line)
    )
    code, out, _ = fwsim("ticket", "check", str(place))
    assert code == 3
    assert "cmos-clear: UNKNOWN power psu2\n" in out
    assert "board-replacement: UNKNOWN power psu2, spare board\n" in out
    code, out, _ = fwsim("ticket", "check", str(place), "--json")
    assert code == 3
    assert {"procedure": "power-removal", "driver": "administrator", "unknown": ["power psu2"], "broken": []} in [
        json.loads(line) for line in out.splitlines()
    ]


def test_a_check_says_what_a_ticket_would_say(fwsim: Fwsim, tmp_path: Path) -> None:
    least = tmp_path / "least.yaml"
    least.write_text("name: app01\n", "utf-8")
    code, out, _ = fwsim("ticket", "check", str(least), "--board", "r740", "--json")
    assert code == 3
    for row in map(json.loads, out.splitlines()):
        words = ("ticket", "--procedure", row["procedure"], "--inventory", str(least), "--board", "r740")
        printed = fwsim(*words, "--driver", row["driver"], "--format", "json")[1]
        unknown = [name for name in data.read(printed.encode()).unknown if "image" not in name]
        assert unknown == row["unknown"]


@pytest.mark.parametrize(
    ("text_", "words", "said"),
    [
        ("name: x\n", (), "expected --board NAME"),
        ("name: x\nboard: x11ssh-f\n", ("--board", "r740"), "correct one of the two"),
        ("name: x\nboard: x11ssh-f\nfeeds: [{psu: PSU7}]\n", (), "least.yaml:3: feeds[0].psu"),
        ("name: x\n", ("--board", "x99"), "no board is called"),
    ],
)
def test_an_inventory_that_cannot_be_checked_is_one_clear_error(
    fwsim: Fwsim, tmp_path: Path, text_: str, words: tuple[str, ...], said: str
) -> None:
    least = tmp_path / "least.yaml"
    least.write_text(text_, "utf-8")
    code, out, err = fwsim("ticket", "check", str(least), *words)
    assert (code, out) == (2, "")
    assert said in err
    assert len(err.splitlines()) == 1
