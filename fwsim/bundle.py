"""The handover bundle of a run: one archive for the vendor's return desk, or for an audit.

Journal, report, what every command has said, the event log, the console, the backup, the hashes of the firmware, the
tickets and what became of them; redacted, with the SHA-256 of each file. The same run gives the same bytes. What truly
happened to a virtual server is for judges and stays out.
"""

from __future__ import annotations

import gzip
import hashlib
import io
import json
import re
import shlex
import tarfile
from collections.abc import Iterable, Iterator, Mapping, Sequence

from fwsim import journal, record
from fwsim.events import CommandRan, Event, Fact, RunStarted
from fwsim.plan import Plan
from fwsim.report import html, markdown, model
from fwsim.runs import Run
from fwsim.steps.stillness import HEARD

REMOVED = "[removed]"
FOLDERS = ("backup", "tickets", "visits")
TEXT = (".txt", ".md", ".json", ".jsonl", ".yaml", ".eml", ".html", ".xml", ".cfg")
MANIFEST = "SHA256SUMS"
SHORTEST = 4  # of a secret: a shorter one would be removed from half of all words
SECRETS = (
    re.compile(r"-----BEGIN [A-Z ]*PRIVATE KEY-----.*?-----END [A-Z ]*PRIVATE KEY-----", re.DOTALL),
    re.compile(r"\$(?:1|2[aby]|5|6|y)\$[./A-Za-z0-9$]{8,}"),  # crypt(5)
    re.compile(r"(?i)(?<=[a-z]://)[^\s/@:]+:[^\s/@]+(?=@)"),
)
"""What is a secret by its shape, whoever's it is."""


def build(run: Run, secrets: Sequence[str] = ()) -> bytes:
    """The archive (.tar.gz). `secrets`: passwords that are removed wherever they stand. Raises OSError, ValueError."""
    events = journal.read(run.journal)
    kept = {name: _redacted(name, content, secrets) for name, content in _files(run, events)}
    sums = "".join(f"{hashlib.sha256(content).hexdigest()}  {name}\n" for name, content in sorted(kept.items()))
    kept[MANIFEST] = sums.encode()
    return _packed(run.id, kept, _epoch(events))


def redact(text: str, secrets: Iterable[str]) -> str:
    """The text without those secrets, and without what looks like one."""
    for secret in sorted((s for s in secrets if len(s) >= SHORTEST), key=len, reverse=True):
        for shape in {secret, json.dumps(secret)[1:-1]}:
            text = text.replace(shape, REMOVED)
    for pattern in SECRETS:
        text = pattern.sub(REMOVED, text)
    return text


def _redacted(name: str, content: bytes, secrets: Sequence[str]) -> bytes:
    if not name.endswith(TEXT):
        return content
    return redact(content.decode("utf-8", "backslashreplace"), secrets).encode("utf-8", "backslashreplace")


def _files(run: Run, events: Sequence[Event]) -> Iterator[tuple[str, bytes]]:
    """Name in the archive, and bytes."""
    report = model.build(events)
    yield "journal.jsonl", journal.whole(run.journal.read_bytes())
    yield "report.md", markdown.render(report).encode()
    yield "report.html", html.render(report).encode()
    try:
        known = record.read(run)
        yield "firmware.json", (json.dumps(_firmware(known.plan), indent=1) + "\n").encode()
    except record.NoRecord:
        pass  # a run of which only the journal is left is handed over, too
    yield from _outputs(events)
    if console := _console(events):
        yield "console.txt", console.encode()
    for folder in FOLDERS:
        for path in sorted((run.path / folder).rglob("*")):
            if path.is_file() and path.suffix in (*TEXT, ".pdf"):
                yield path.relative_to(run.path).as_posix(), path.read_bytes()


def _firmware(plan: Plan) -> list[dict[str, str]]:
    """Every image of the plan: what it is for, its version, its name and its hash. No image is packed."""
    rows = [("payload", e.kind, image) for e in plan.payloads for image in (*e.intermediate, e)]
    found = [
        {"use": use, "kind": kind, "version": image.version, "file": image.file.name, "sha256": image.sha256}
        for use, kind, image in rows
    ]
    return found + [
        {"use": "fallback", "kind": f.kind, "version": f.version, "file": f.file.name, "sha256": f.sha256 or ""}
        for f in plan.fallback
    ]


def _outputs(events: Sequence[Event]) -> Iterator[tuple[str, bytes]]:
    """A file a command, in their order; the event log's last reading stands alone, too."""
    log = ""
    for number, event in enumerate((e for e in events if isinstance(e, CommandRan)), 1):
        name = re.sub(r"[^a-z0-9]+", "-", " ".join(event.argv[:3]).rpartition("/")[2].lower()).strip("-")[:40]
        yield f"outputs/{number:03d}-{event.where}-{name or 'command'}.txt", _output(event).encode()
        if event.argv[:1] == ("ipmitool",) and event.argv[1:2] == ("sel",) and event.status == 0 and event.stdout:
            log = event.stdout
    if log:
        yield "sel.txt", log.encode()


def _output(event: CommandRan) -> str:
    status = "no status" if event.status is None else f"status {event.status}"
    head = f"# {event.at:.1f} s, step {event.step}, {event.where}: {shlex.join(event.argv)}\n# {status}\n"
    return head + event.stdout + (f"\n# stderr\n{event.stderr}" if event.stderr else "")


def _console(events: Sequence[Event]) -> str:
    """What was heard of the host's console over LAN, in its order."""
    heard = (e for e in events if isinstance(e, Fact) and e.key == HEARD)
    return "".join(f"# {e.at:.1f} s, step {e.step}\n{e.value}\n" for e in heard)


def _epoch(events: Sequence[Event]) -> int:
    return next((int(e.epoch) for e in events if isinstance(e, RunStarted)), 0)


def _packed(name: str, files: Mapping[str, bytes], moment: int) -> bytes:
    out = io.BytesIO()
    with (
        gzip.GzipFile(fileobj=out, mode="wb", filename="", mtime=0) as zipped,
        tarfile.open(fileobj=zipped, mode="w", format=tarfile.PAX_FORMAT) as archive,
    ):
        for path, content in sorted(files.items()):
            entry = tarfile.TarInfo(f"{name}/{path}")
            entry.size, entry.mtime, entry.mode = len(content), moment, 0o644
            archive.addfile(entry, io.BytesIO(content))
    return out.getvalue()
