"""The report as one HTML file that needs nothing else: opens from a mail, prints on paper."""

from __future__ import annotations

import shlex
from functools import cache
from importlib.resources import files

from jinja2 import Environment, StrictUndefined, Template

from fwsim.events import CommandRan
from fwsim.report import wording
from fwsim.report.model import Report


def render(report: Report) -> str:
    """The whole page."""
    return _template().render(report=report, kinds=wording.KINDS)


@cache
def _template() -> Template:
    environment = Environment(autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True)
    environment.filters |= {
        "duration": wording.duration,
        "moment": wording.moment,
        "command": _command,
        "words": shlex.join,
    }
    source = files("fwsim.report").joinpath("templates", "report.html.j2").read_text("utf-8")
    return environment.from_string(source)


def _command(command: CommandRan) -> str:
    return shlex.join(command.argv)
