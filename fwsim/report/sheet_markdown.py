"""The go/no-go sheet as Markdown, for a change ticket."""

from __future__ import annotations

from fwsim.report import wording
from fwsim.report.markdown import text
from fwsim.report.sheet import Sheet


def render(sheet: Sheet) -> str:
    """The whole document, with a newline at its end."""
    facts = {
        "Verdict": f"{sheet.verdict}: {sheet.message}",
        "Board": sheet.board,
        "Host": sheet.host,
        "BMC": sheet.bmc,
        "Looked at": wording.moment(sheet.epoch),
        "Plan's SHA-256": sheet.plan_sha256,
        "fwsim": sheet.fwsim,
    }
    rehearsal = "" if sheet.rehearsed is None else ", rehearsed on a virtual server"
    lines = [f"# Preflight of {text(sheet.host)}{rehearsal}: {sheet.verdict}", ""]
    lines += [f"- {name}: {text(value)}" for name, value in facts.items()]
    lines += [f"- Stand-in: {text(note)}" for note in sheet.rehearsed or ()]
    lines += ["", "| # | Check | Verdict | Found |", "| --- | --- | --- | --- |"]
    for number, check in enumerate(sheet.checks, 1):
        lines.append(f"| {number} | {text(check.title)} | {check.verdict} | {text(check.message)} |")
    todo = [(n, c) for n, c in enumerate(sheet.checks, 1) if c.todo]
    if todo:
        lines += ["", "## What to do", ""]
        lines += [f"- {number}, {text(check.title)}: {text(check.todo)}" for number, check in todo]
    return "\n".join(lines) + "\n"
