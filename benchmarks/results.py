"""benchmarks/RESULTS.md: a section a benchmark, each rewritten by its own alone."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

RESULTS = Path(__file__).with_name("RESULTS.md")
TITLE = "# Results\nWritten by `make bench`.\n"


@dataclass(frozen=True)
class Aim:
    """A figure and its bound."""

    what: str
    value: float
    bound: float
    at_most: bool

    @property
    def met(self) -> bool:
        return self.value <= self.bound if self.at_most else self.value >= self.bound

    def line(self) -> str:
        bound = f"{'at most' if self.at_most else 'at least'} {self.bound:g}"
        return f"| {self.what} | {self.value:.2f} | {bound} | {'met' if self.met else 'MISSED'} |"


def put(name: str, content: str, path: Path = RESULTS) -> None:
    """Replace the section of that name, or add it at the end. The others stay as they are."""
    text = path.read_text("utf-8") if path.exists() else TITLE
    section = f"<!-- {name} -->\n{content.strip()}\n<!-- /{name} -->\n"
    found = re.search(rf"<!-- {name} -->\n.*?<!-- /{name} -->\n", text, re.DOTALL)
    if found is not None:
        text = text[: found.start()] + section + text[found.end() :]
    else:
        text = f"{text.rstrip()}\n\n{section}"
    path.write_text(text, "utf-8")
