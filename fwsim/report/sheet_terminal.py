"""The go/no-go sheet on a terminal: one line a check, then what to do, the verdict last."""

from __future__ import annotations

from rich import box
from rich.console import Console
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from fwsim.report.sheet import Sheet, Verdict

STYLES: dict[Verdict | str, str] = {
    "go": "green",
    "no-go": "bold red",
    "waived": "yellow",
    "could not tell": "yellow",
    "not checked": "dim",
    "interrupted": "bold yellow",
}


def show(sheet: Sheet, console: Console) -> None:
    """Print it. Sentences are not folded outside of the table."""
    about = Text.assemble(("preflight ", "dim"), (sheet.host, "bold"))
    about.append(f"  board {sheet.board}, BMC {sheet.bmc}", style="dim")
    about.append("" if sheet.rehearsed is None else ", rehearsed on a virtual server", style="yellow")
    console.print(about, soft_wrap=True)
    console.print(Padding(_table(sheet), (1, 0, 1, 0), expand=False))
    for number, check in enumerate(sheet.checks, 1):
        if check.todo:
            line = Text.assemble((check.verdict, STYLES[check.verdict]), f" ({number}): {check.message}")
            console.print(line, soft_wrap=True)
            console.print(Text.assemble(("  what to do: ", "bold"), check.todo), soft_wrap=True)
    console.print(Text.assemble((sheet.verdict, STYLES[sheet.verdict]), f": {sheet.message}"), soft_wrap=True)


def _table(sheet: Sheet) -> Table:
    table = Table(box=box.SIMPLE_HEAD, show_edge=False, pad_edge=False, header_style="dim")
    table.add_column("#", justify="right", style="dim")
    table.add_column("check")
    table.add_column("verdict", no_wrap=True)
    table.add_column("found", overflow="fold")
    for number, check in enumerate(sheet.checks, 1):
        found = "see below" if check.todo else check.message
        table.add_row(str(number), Text(check.title), Text(check.verdict, style=STYLES[check.verdict]), Text(found))
    return table
