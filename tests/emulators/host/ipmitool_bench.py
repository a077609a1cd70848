"""Runs the built-in ipmitool, and the machine's own through its `dummy` interface, against the same messages.

The dummy interface (plugins/dummy) sends every message over a Unix socket, so the machine's ipmitool needs neither a
network nor a session: what it prints is what it prints over the open interface, start-up messages aside.
"""

from __future__ import annotations

import os
import re
import socket
import struct
import subprocess
import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from emulators.agenda import Agenda
from emulators.bmc.reply import Reply
from emulators.host.commands import ipmitool
from emulators.host.process import Buffer, Invocation, Process, Stdin

Answer = Callable[[int, int, int, bytes], Reply | None]
"""What stands for the BMC: (netfn, lun, command, data) -> reply."""

REQUEST, RESPONSE = struct.Struct("<BBBBHxxQ"), struct.Struct("<BBBBBxxxixxxxQ")
BYE = (0x3F, 0xFF)
CHATTER = re.compile(r">>> IPMI req\n.*?\n>>>\n|<<< IPMI rsp\n.*?\n<<<\n", re.DOTALL)
"""What the dummy interface itself prints once -v, or a subcommand, has raised the verbosity."""


@dataclass
class Outcome:
    """What one run left."""

    stdout: str
    stderr: str
    status: int
    seconds: float = 0.0


@dataclass
class Kcs:
    """The system interface of a bench host."""

    answer: Answer
    device_present: bool = True
    log: list[tuple[int, int, bytes]] = field(default_factory=list)

    def request(self, netfn: int, lun: int, command: int, data: bytes) -> Reply | None:
        self.log.append((netfn, command, data))
        return self.answer(netfn, lun, command, data)


class Files:
    """The bench host's files."""

    def __init__(self, files: dict[str, bytes]) -> None:
        self._files = files

    def read(self, path: str) -> bytes:
        if path not in self._files:
            raise FileNotFoundError(path)
        return self._files[path]


@dataclass
class BenchServer:
    """Time, and nothing else."""

    agenda: Agenda
    epoch: float = 1_767_225_600.0

    @property
    def calendar(self) -> float:
        return self.epoch + self.agenda.now


class BenchHost:
    """As much of a virtual host as ipmitool uses."""

    def __init__(self, answer: Answer, files: dict[str, bytes] | None = None) -> None:
        self.server = BenchServer(Agenda())
        self.kcs = Kcs(answer)
        self.files = Files(files or {})


def built_in(
    arguments: Sequence[str],
    host: Any,
    stdin: bytes | Stdin = b"",
    *,
    limit_s: float = 36000.0,
    tty: bool = False,
    merged: bool = False,
) -> Outcome:
    """Run the built-in ipmitool to its end, or for `limit_s` simulated seconds (status -1 then)."""
    out = Buffer()
    err = out if merged else Buffer()
    source = stdin if isinstance(stdin, Stdin) else Stdin(stdin)
    invocation = Invocation(("ipmitool", *arguments), host, source, out, err, tty=tty)
    agenda: Agenda = host.server.agenda
    start = agenda.now
    process = Process(1, "ipmitool", ipmitool.main(invocation), agenda, None)
    process.start()
    while process.status is None:
        due = agenda.next_due()
        if due is None or due - start > limit_s:
            break
        agenda.advance(due)
    status = -1 if process.status is None else process.status
    errors = "" if merged else err.data.decode("latin-1")
    return Outcome(out.data.decode("latin-1"), errors, status, agenda.now - start)


def real(
    program: str,
    arguments: Sequence[str],
    answer: Answer,
    folder: Path,
    stdin: bytes = b"",
    *,
    timeout_s: float = 60.0,
    merged: bool = False,
) -> Outcome:
    """Run the machine's ipmitool against `answer` by its dummy interface. `merged`: 2>&1, in the order written."""
    path = folder / "kcs"
    path.unlink(missing_ok=True)
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(str(path))
        listener.listen(1)
        thread = threading.Thread(target=_serve, args=(listener, answer), daemon=True)
        thread.start()
        environment = {**os.environ, "IPMI_DUMMY_SOCK": str(path), "TZ": "UTC", "LC_ALL": "C"}
        done = subprocess.run(
            [program, "-I", "dummy", *arguments],
            input=stdin,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT if merged else subprocess.PIPE,
            timeout=timeout_s,
            env=environment,
            cwd=folder,
            check=False,
        )
        listener.shutdown(socket.SHUT_RDWR)  # wakes the thread where nothing ever connected
        thread.join(5)
    stdout, stderr = (CHATTER.sub("", (stream or b"").decode("latin-1")) for stream in (done.stdout, done.stderr))
    return Outcome(stdout, stderr, done.returncode)


def _serve(listener: socket.socket, answer: Answer) -> None:
    try:
        connection, _ = listener.accept()
    except OSError:
        return
    with connection:
        while (header := _exactly(connection, REQUEST.size)) is not None:
            netfn, lun, command, _target, length, _pointer = REQUEST.unpack(header)
            data = _exactly(connection, length) if length else b""
            if data is None or (netfn, command) == BYE:
                return
            reply = answer(netfn, lun, command, data)
            if reply is None:
                raise AssertionError("the dummy interface cannot be silent")
            head = RESPONSE.pack(netfn | 1, command, 0, lun, reply.completion_code, len(reply.data), 0)
            connection.sendall(head)
            if reply.data:
                connection.sendall(reply.data)


def _exactly(connection: socket.socket, size: int) -> bytes | None:
    data = b""
    while len(data) < size:
        chunk = connection.recv(size - len(data))
        if not chunk:
            return None
        data += chunk
    return data
