"""The matrix as a table of text: whole where there is room for it, in short words on a narrow terminal.

No column is ever left out, and no word broken: where a line is too long, it is broken between words.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from rich.console import Console
from rich.table import Table
from rich.text import Text

from fwsim.report.matrix import ORDER, Matrix, Outcome, Square, Verdict

STYLES: dict[Verdict, str] = {
    "updated": "green",
    "repaired": "cyan",
    "refused": "yellow",
    "interrupted": "magenta",
    "failed": "dark_orange",
    "needs-hands": "red",
}
SHORT: dict[Verdict, str] = {
    "updated": "ok",
    "repaired": "rep",
    "refused": "ref",
    "interrupted": "int",
    "failed": "fail",
    "needs-hands": "hands",
}
MEANS: dict[Verdict, str] = {
    "updated": "updated all the same",
    "repaired": "repaired on the way",
    "refused": "refused, nothing flashed",
    "interrupted": "interrupted",
    "failed": "failed, a remedy is named",
    "needs-hands": "needs hands",
}
NEVER, BROKE = "-", "BROKE"
STAGES = {"preflight": "pre", "transfer": "copy", "verify BMC": "vBMC", "verify BIOS": "vBIOS", "cleanup": "end"}
GAP, NAME = 2, 24  # between columns; what a fault's name gets at the least


@dataclass(frozen=True)
class Form:
    """One way to lay it out: the heading, the rows as (name, fields), a field's style beside its words."""

    heads: tuple[str, ...]
    rows: tuple[tuple[str, tuple[tuple[str, str], ...]], ...]
    legend: str = ""

    def width(self, column: int, *, broken: bool) -> int:
        """Of one column, its fields on one line or broken between words."""
        texts = [self.heads[column], *(fields[column][0] for _, fields in self.rows)]
        return max(len(part) for text in texts for part in (text.split(" ") if broken else [text]))


def render(matrix: Matrix, console: Console, width: int | None) -> None:
    """Print the table of its single failures. `width`: of the terminal; None = it goes to a file, and may be as wide as
    it needs."""
    form = _whole(matrix)
    names = max((len(name) for name, _ in form.rows), default=0)
    widths = [names, *(form.width(i, broken=False) for i, _ in enumerate(form.heads))]
    if width is not None and _total(widths) > width:
        form = _short(matrix)
        widths = _fitted(form, names, width)
    console.width = max(console.width, _total(widths))
    console.print(_table(form, widths))
    if form.legend:
        console.print(Text(form.legend, style="dim"), soft_wrap=False, width=width)


def _total(widths: Sequence[int]) -> int:
    return sum(widths) + GAP * (len(widths) - 1)


def _fitted(form: Form, names: int, width: int) -> list[int]:
    """What is left over goes to the names first, then to the fields that would need a second line."""
    columns = [form.width(i, broken=True) for i, _ in enumerate(form.heads)]
    widths = [min(names, NAME), *columns]
    wanted = [names, *(form.width(i, broken=False) for i, _ in enumerate(form.heads))]
    for i, want in enumerate(wanted):
        widths[i] += max(0, min(want - widths[i], width - _total(widths)))
    return widths


def _used(matrix: Matrix) -> list[int]:
    return [i for i, _ in enumerate(matrix.stages) if any(row[i] for _, row in matrix.rows)]


def _whole(matrix: Matrix) -> Form:
    used = _used(matrix)
    rows = tuple(
        (name, tuple((square.text, style(square)) if (square := squares[i]) else ("", "") for i in used))
        for name, squares in matrix.rows
    )
    return Form(tuple(matrix.stages[i] for i in used), rows)


def _short(matrix: Matrix) -> Form:
    used = _used(matrix)
    rows = tuple(
        (name, tuple((_word(square), style(square)) if (square := squares[i]) else ("", "") for i in used))
        for name, squares in matrix.rows
    )
    heads = [matrix.stages[i] for i in used]
    return Form(tuple(STAGES.get(head, head) for head in heads), rows, _legend(matrix, heads))


def _word(square: Square) -> str:
    if not square.fired and not square.broken:
        return NEVER
    seen = {outcome.verdict for outcome in square.outcomes if outcome.fired or outcome.broken}
    words = [SHORT[verdict] for verdict in ORDER if verdict in seen]
    return ", ".join([BROKE, *words] if square.broken else words)


def _legend(matrix: Matrix, heads: Sequence[str]) -> str:
    """What the words that were used stand for."""
    seen = {outcome.verdict for outcome in matrix.outcomes if outcome.fired}
    told = [f"{SHORT[verdict]}: {MEANS[verdict]}" for verdict in ORDER if verdict in seen]
    told += [f"{NEVER}: never fired"] if matrix.unfired else []
    told += [f"{BROKE}: broke a rule"] if matrix.broken else []
    told += [f"{STAGES[head]}: {head}" for head in heads if head in STAGES]
    return "; ".join([*told, "several words: it depends on the step"])


def style(square: Square) -> str:
    """The colour of a field: that of its worst."""
    if square.broken:
        return "bold reverse red"
    return STYLES[square.verdict] if square.fired else "dim"


def _table(form: Form, widths: Sequence[int]) -> Table:
    from rich import box

    table = Table(box=box.SIMPLE_HEAD, show_edge=False, pad_edge=False, padding=(0, GAP - 1, 0, 0), header_style="dim")
    for head, width in zip(("fault", *form.heads), widths, strict=True):
        table.add_column("\n".join(_lines(head, width)), width=width, no_wrap=True, overflow="ignore")
    for name, fields in form.rows:
        cells = [Text("\n".join(_lines(name, widths[0])))]
        for (words, colour), width in zip(fields, widths[1:], strict=True):
            cells.append(Text("\n".join(_lines(words, width)), style=colour))
        table.add_row(*cells)
    return table


def _lines(text: str, width: int) -> list[str]:
    """Broken after a blank or one of the signs that join a fault's name, never within a word unless it is too long."""
    lines = [""]
    for part in re.findall(r"[^ :,+=-]*[ :,+=-]*", text):
        if lines[-1] and len(lines[-1]) + len(part.rstrip(" ")) > width:
            lines.append("")
        lines[-1] += part
    return [line.rstrip(" ") for line in lines]


def worse(outcome: Outcome, matrix: Matrix) -> str:
    """A line of a pair that ends worse than either fault alone."""
    alone = " and ".join(o.verdict for o in matrix.alone(outcome))
    told = f"{outcome.verdict}: {outcome.ticket}" if outcome.ticket else outcome.verdict
    return f"{told:<12} {outcome.name}  (alone: {alone})"
