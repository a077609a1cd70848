"""Report -> text, Markdown, HTML, JSON; events -> plain lines and the live display."""

from __future__ import annotations

import io
import json
from html.parser import HTMLParser

import pytest
from rich.console import Console

from fwsim.events import Event, Progress, StepEnded, StepStarted, Warned, from_json
from fwsim.report import html, jsonlines, markdown, model, plain, terminal, wording
from fwsim.report.live import LiveDisplay
from tests.fwsim.run_events import refused, started, until_the_flash, updated


def on_terminal(events: list[Event], width: int = 90) -> str:
    console = Console(file=io.StringIO(), width=width, highlight=False)
    terminal.show(model.build(events), console)
    assert isinstance(console.file, io.StringIO)
    return console.file.getvalue()


def plain_lines(events: list[Event]) -> list[str]:
    lines = plain.PlainLines()
    return [line for event in events for line in lines.lines(event)]


def test_the_table_ends_with_the_ending() -> None:
    assert on_terminal(updated()).splitlines()[-1] == "updated: BMC 3.88 -> 3.90"


def test_the_table_shows_each_step_with_its_duration_and_both_versions() -> None:
    text = on_terminal(updated())
    assert "Flash BMC 3.90" in text
    assert "4 min 00 s" in text
    row = next(line for line in text.splitlines() if line.startswith("BMC"))
    assert row.split() == ["BMC", "3.88", "3.90"]


def test_the_table_folds_steps_that_were_not_run() -> None:
    text = on_terminal(refused())
    assert "2 further steps" in text
    assert "Flash BMC" not in text
    assert text.rstrip().endswith("what to do: check the plan's host")


def test_a_version_that_was_not_read_is_never_shown_as_reached() -> None:
    row = next(line for line in on_terminal(until_the_flash()).splitlines() if line.startswith("BMC"))
    assert row.split() == ["BMC", "3.88", "not", "read"]


def test_words_of_the_server_are_not_read_as_markup() -> None:
    events = until_the_flash()
    events.insert(-1, Warned(3.0, "bmc-flash", "[bold]odd[/bold] [/x]"))
    assert "[bold]odd[/bold] [/x]" in on_terminal(events)


def test_a_table_for_a_pipe_has_no_escape_codes() -> None:
    assert "\x1b" not in on_terminal(updated())


def test_markdown_cells_survive_pipes_and_line_ends() -> None:
    events = refused()
    events[2] = StepEnded(3.0, "reach-host", "refused", "a|b\nc *d*", 3.0)
    text = markdown.render(model.build(events))
    assert r"a\|b c \*d\*" in text
    rows = [line for line in text.splitlines() if line.startswith("| 1 ")]
    assert len(rows) == 1


def test_markdown_lists_commands_that_changed_something() -> None:
    text = markdown.render(model.build(updated()))
    assert "`systemd-run --unit=fwsim-flash" in text
    assert "`true`" not in text


class Shape(HTMLParser):
    """Notes addresses that a page would load, and whether its tags are balanced."""

    VOID = frozenset({"meta", "br", "link", "img"})

    def __init__(self) -> None:
        super().__init__()
        self.open: list[str] = []
        self.loads: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.loads += [value or "" for name, value in attrs if name in ("src", "href")]
        if tag not in self.VOID:
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag


@pytest.mark.parametrize("events", [updated(), refused(), until_the_flash(), [started()], []])
def test_the_html_report_is_one_whole_file(events: list[Event]) -> None:
    shape = Shape()
    shape.feed(html.render(model.build(events)))
    assert shape.open == []
    assert shape.loads == []


def test_the_html_report_escapes_what_the_server_said() -> None:
    events = refused()
    events[2] = StepEnded(3.0, "reach-host", "refused", "<script>alert(1)</script>", 3.0)
    page = html.render(model.build(events))
    assert "<script>" not in page
    assert "&lt;script&gt;" in page


def test_the_json_report_is_one_line_with_all_steps() -> None:
    text = jsonlines.document(model.build(updated()))
    assert "\n" not in text
    record = json.loads(text)
    assert [s["state"] for s in record["steps"]] == ["done", "done", "done"]
    assert (record["schema"], record["ending"], record["exit_code"]) == (1, "updated", 0)
    assert record["versions"] == {"bmc": ["3.88", "3.90"]}


def test_json_lines_are_the_events_themselves() -> None:
    assert [from_json(jsonlines.line(e)) for e in updated()] == updated()


def test_plain_lines_number_the_steps_and_tell_the_time() -> None:
    lines = plain_lines(updated())
    assert lines[1] == "0:00:00  [1/3] Reach the host"
    assert "0:01:02  [2/3] upload: 25 %, 131.1 kB/s, 3 min 00 s left" in lines
    assert lines[-1] == "0:04:06  updated: BMC 3.88 -> 3.90"


def test_plain_lines_show_a_long_upload_in_tenths() -> None:
    upload: list[Event] = [Progress(float(i), "bmc-flash", "upload", i / 1000) for i in range(1001)]
    begun: list[Event] = [started(), StepStarted(0.0, "bmc-flash", 2, 3, "Flash")]
    assert len(plain_lines(begun + upload)) - len(plain_lines(begun)) == 11


def test_each_phase_of_a_step_counts_its_own_tenths() -> None:
    phases = [Progress(0.0, "bmc-flash", text, i / 10) for text in ("reading", "writing") for i in range(11)]
    assert len(plain_lines([started(), *phases])) == 1 + 22


def test_waiting_gives_no_plain_lines() -> None:
    quiet: list[Event] = [started(), Progress(1.0, "reach-host", "waiting for the BMC")]
    assert len(plain_lines(quiet)) == 1


def live(events: list[Event], seconds_later: float = 0.0) -> str:
    """What the live display draws after these events, some wall seconds later."""
    wall = iter([0.0] * (len(events) + 1))
    later = [0.0]
    display = LiveDisplay(Console(file=io.StringIO()), speed=60.0, note="simulated", wall=lambda: next(wall, later[0]))
    for event in events:
        display(event)
    later[0] = seconds_later
    out = Console(file=io.StringIO(), width=100)
    out.print(display)
    assert isinstance(out.file, io.StringIO)
    return out.file.getvalue()


def test_the_live_display_shows_step_percent_rate_and_time_left() -> None:
    text = live(until_the_flash())
    assert "[2/3] Flash BMC 3.90" in text
    for words in ("25 %", "131.1 kB/s", "3 min 00 s left", "0:01:02", "simulated"):
        assert words in text


def test_the_live_clock_runs_at_the_servers_speed_between_events() -> None:
    assert "0:03:02" in live(until_the_flash(), seconds_later=2.0)


def test_the_live_display_is_empty_between_steps() -> None:
    assert live(updated()) == ""


@pytest.mark.parametrize(
    ("seconds", "words"),
    [(0.04, "0.0 s"), (9.94, "9.9 s"), (9.96, "10 s"), (59.6, "1 min 00 s"), (242, "4 min 02 s"), (4020, "1 h 07 min")],
)
def test_durations_read_as_people_say_them(seconds: float, words: str) -> None:
    assert wording.duration(seconds) == words


@pytest.mark.parametrize(
    ("value", "unit", "words"),
    [
        (131_072.0, "B", "131.1 kB/s"),
        (12.0, "B", "12 B/s"),
        (2.5e6, "bytes", "2.5 MB/s"),
        (3.0, "blocks", "3.0 blocks/s"),
    ],
)
def test_rates_have_the_usual_prefixes(value: float, unit: str, words: str) -> None:
    assert wording.rate(value, unit) == words
