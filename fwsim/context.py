"""What a step works with: the job, the doors, what was found so far, and the one way to tell what happens.

Every command goes through here, so that each leaves an event and none that changes the server goes without its intent.
"""

from __future__ import annotations

import re
import shlex
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

from fwsim import oem, returning
from fwsim.boards import BiosMethod, BmcMethod, Board, Kind
from fwsim.doors import (
    LOGIN_TRIES,
    BmcAuthenticationRefused,
    CommandTimeout,
    Completed,
    DoorError,
    Doors,
    Host,
    HostUnreachable,
    RawReply,
)
from fwsim.events import CommandRan, Ending, Event, Fact, ImageMarked, Intent, Progress, Stage, Warned
from fwsim.findings import CHANGED, LOGIN, UNRESTORED, Findings, Login
from fwsim.outcomes import Fail
from fwsim.paths import Hop
from fwsim.payload import Payload
from fwsim.plan import Plan

RECONNECT_S = 300.0  # how long a broken SSH connection is tried again before the host counts as gone
RECONNECT_EVERY_S = 5.0
BROKEN: tuple[type[DoorError], ...] = (HostUnreachable,)
UNHEARD = (*BROKEN, CommandTimeout)  # enough for what only reads: two of it at once do no harm
KEPT_CHARACTERS = 4000  # of a command's output, in its event


@dataclass(frozen=True)
class Job:
    """All that is known before a run begins. The command lines of every step follow from it."""

    run_id: str
    plan: Plan
    board: Board
    payloads: Mapping[Path, Payload]
    allow_synthetic: bool = False
    folder: Path | None = None  # the run's: what lies under it is told relative to it
    despite_incomplete: bool = False  # the operator's explicit word: restart though a bank may be incomplete
    if_stopped: str = ""  # what helps after an interruption, where `fwsim resume` cannot
    read_only: bool = False  # a preflight alone: what an update would install stays absent

    @property
    def directory(self) -> str:
        """Where the payloads lie on the host: on disk, so that they survive a reboot."""
        return f"/var/tmp/fwsim-{self.run_id}"  # noqa: S108 - on the host, made with mode 0700

    def images(self, kind: Kind) -> tuple[Hop, ...]:
        """Every image of that kind in the plan, the intermediate ones first."""
        entry = self.plan.payload(kind)
        if entry is None:
            return ()
        rows = (*entry.intermediate, entry)
        return tuple(Hop(kind, i.file, i.version, i.sha256, i.requires, i is entry) for i in rows)

    @property
    def all_images(self) -> tuple[Hop, ...]:
        return (*self.images("bmc"), *self.images("bios"))

    def methods(self, image: Hop) -> tuple[BmcMethod | BiosMethod, ...]:
        """How that image can be flashed here, the preferred way first: by the plan's word, or the file's name."""
        entry = self.plan.payload(image.kind)
        known: tuple[BmcMethod | BiosMethod, ...] = (
            self.board.bmc.methods if image.kind == "bmc" else self.board.bios.methods
        )
        if entry is not None and entry.method != "auto":
            return tuple(m for m in known if m.tool == entry.method)
        suffix = image.file.suffix.lower()
        return tuple(m for m in known if suffix in (e.lower() for e in m.extensions))

    def remote(self, image: Hop) -> str:
        """Where that image lies on the host."""
        same_name = [i for i in self.all_images if i.file.name == image.file.name]
        name = image.file.name if len(same_name) == 1 else f"{image.sha256[:8]}-{image.file.name}"
        return f"{self.directory}/{name}"

    def copying(self, local: Path, remote: str) -> tuple[str, ...]:
        """A copy to the host, as a command line."""
        inside = self.folder is not None and local.is_relative_to(self.folder)
        shown = local.relative_to(self.folder) if self.folder is not None and inside else local
        return ("scp", str(shown), f"{self.plan.host.address}:{remote}")

    def log(self, image: Hop) -> str:
        """Where the flash of that image writes its output on the host."""
        return f"{self.directory}/{image.kind}-{image.version}.log"


@dataclass
class Context:
    """Handed to every action. `step` is the id of the one that runs."""

    job: Job
    doors: Doors
    emit: Callable[[Event], None]
    run_dir: Path
    found: Findings = field(default_factory=Findings)
    step: str = ""
    facts: dict[str, str] = field(default_factory=dict)  # as told last
    hooked: bool = False  # the plan's commands before the update were begun
    ending: Ending = "updated"  # as far as it is known; for the plan's commands after it
    where: str = "host"  # whose commands `run` and its like are: see `on_operators_machine`
    unit: str = "fwsim-flash"  # of the flash there

    @property
    def plan(self) -> Plan:
        return self.job.plan

    @property
    def board(self) -> Board:
        return self.job.board

    def now(self) -> float:
        return self.doors.clock.now()

    async def sleep(self, seconds: float) -> None:
        await self.doors.clock.sleep(seconds)

    def on_operators_machine(self, unit: str) -> Context:
        """The same run, whose commands are the operator's machine's: what is found and told is one with this."""
        doors = replace(self.doors, host=self.doors.operator)
        return replace(self, doors=doors, where="operator", unit=unit)

    # -- telling

    def fact(self, key: str, value: str) -> None:
        self.facts[key] = value
        self.emit(Fact(self.now(), self.step, key, value))

    def warn(self, message: str) -> None:
        self.emit(Warned(self.now(), self.step, message))

    def progress(
        self,
        text: str,
        fraction: float | None = None,
        rate: float | None = None,
        unit: str = "",
        left_s: float | None = None,
    ) -> None:
        self.emit(Progress(self.now(), self.step, text, fraction, rate, unit, left_s))

    def intend(self, action: str, target: str) -> None:
        """Something is about to change: on the disk before it is begun."""
        self.emit(Intent(self.now(), self.step, action, target, self.found.boot_id))

    def read_version(self, kind: Kind, version: str) -> None:
        """A version was read from the server."""
        self.found.read(kind, version)
        self.fact(f"{kind}.version", version)

    def changed(self, key: str, text: str) -> None:
        """Something is done to the server: it is told, and remembered for the ending. "" takes it back."""
        self.found.change(key, text)
        self.fact(CHANGED + key, text)

    def mark(self, image: Hop, stage: Stage, **note: str) -> None:
        """An image has come that far. On the disk before what follows from it is done."""
        self.emit(ImageMarked(self.now(), self.step, image.kind, image.version, image.sha256, stage, note))
        self.found.reach(image, stage, note)

    def tell_output(self, argv: Sequence[str], status: int, output: str, took_s: float) -> None:
        """What a detached command wrote, once it has ended; that it was started was told already."""
        began = self.now() - took_s
        self._tell_command(self.where, argv, status, output, "", began, False)

    # -- acting

    async def run(
        self, argv: Sequence[str], *, stdin: bytes = b"", timeout_s: float = 60.0, changes: bool = False
    ) -> Completed:
        """One command on the host, once. Whether it ran when this raises HostUnreachable is for the caller to see."""
        return await self._told(self.doors.host, self.where, argv, stdin, timeout_s, changes)

    async def poll(self, argv: Sequence[str], *, timeout_s: float = 60.0, patience_s: float = RECONNECT_S) -> Completed:
        """`read` for what is asked again and again: leaves no event, or the journal would hold nothing else."""
        self._exact(argv)
        return await self._insisting(
            lambda: self.doors.host.run(argv, timeout_s=timeout_s),
            patience_s,
        )

    async def run_operator(self, argv: Sequence[str], *, stdin: bytes = b"", timeout_s: float = 60.0) -> Completed:
        """One command on the operator's machine. What goes to its standard input stands in no event."""
        return await self._told(self.doors.operator, "operator", argv, stdin, timeout_s, False)

    async def run_on_files(self, argv: Sequence[str], *, stdin: bytes = b"", timeout_s: float = 60.0) -> Completed:
        """The same about files of the run's: they are told relative to its folder."""
        began, folder = self.now(), f"{self.run_dir}/"
        shown = tuple(word.replace(folder, "") for word in argv)
        try:
            done = await self.doors.operator.run(argv, stdin=stdin, timeout_s=timeout_s)
        except DoorError as error:
            self._tell_command("operator", shown, None, "", str(error).replace(folder, ""), began, False)
            raise
        out, err = done.stdout.replace(folder, ""), done.stderr.replace(folder, "")
        self._tell_command("operator", shown, done.status, out, err, began, False)
        return done

    async def read(
        self, argv: Sequence[str], *, stdin: bytes = b"", timeout_s: float = 60.0, patience_s: float = RECONNECT_S
    ) -> Completed:
        """A command that changes nothing, or may be done twice: tried again while the connection is broken."""
        return await self._insisting(lambda: self.run(argv, stdin=stdin, timeout_s=timeout_s), patience_s)

    async def change(self, argv: Sequence[str], *, stdin: bytes = b"", timeout_s: float = 60.0) -> Completed:
        """A command that changes the server and may be done twice. Its intent is for the caller to tell. What goes to
        its standard input stands in no event. One that timed out may still run on the host: it is not repeated."""
        return await self._insisting(
            lambda: self.run(argv, stdin=stdin, timeout_s=timeout_s, changes=True), RECONNECT_S, BROKEN
        )

    async def must(self, argv: Sequence[str], *, timeout_s: float = 60.0, changes: bool = False) -> Completed:
        """`read` or `change`, and a Fail unless it exits 0."""
        again = BROKEN if changes else UNHEARD

        async def insist() -> Completed:
            return await self._insisting(
                lambda: self.run(argv, timeout_s=timeout_s, changes=changes), RECONNECT_S, again
            )

        done = await insist()
        if returning.is_dark(self, argv, done) and await returning.bmc_is_back(self):
            done = await insist()
        if done.status != 0:
            raise Fail(f"`{shlex.join(argv)}` exited {done.status}: {last_line(done.stderr or done.stdout)}")
        return done

    async def put(self, local: Path, remote: str) -> None:
        """Copy a file to the host; tried again while the connection is broken."""

        async def attempt() -> Completed:
            await self.doors.host.put(local, remote)
            return Completed(argv, 0, "", "")

        argv, began = self.job.copying(local, remote), self.now()
        await self._insisting(attempt, RECONNECT_S)
        self._tell_command("operator", argv, 0, "", "", began, True)

    async def get(self, remote: str) -> bytes:
        """A file's bytes from the host; they stand in no event. Raises Fail where there is no such file."""
        data, began = b"", self.now()
        argv = ("scp", f"{self.plan.host.address}:{remote}", ".")

        async def attempt() -> Completed:
            nonlocal data
            data = await self.doors.host.get(remote)
            return Completed(argv, 0, "", "")

        try:
            await self._insisting(attempt, RECONNECT_S)
        except FileNotFoundError as error:
            raise Fail(f"there is no {remote} on the host") from error
        self._tell_command("operator", argv, 0, "", "", began, False)
        return data

    def unrestored(self, item: str, remedy: str) -> None:
        """Something is not as it was before, and could not be put back: the run cannot end as updated. A remedy of ""
        takes it back."""
        self.found.unrestored[item] = remedy
        if not remedy:
            del self.found.unrestored[item]
        else:
            self.warn(f"{item}, and was not put back: {remedy}")
        self.fact(UNRESTORED + item, remedy)

    def _exact(self, words: Sequence[str]) -> None:
        """No OEM byte leaves that is not on the list for this board (DESIGN rule 13)."""
        if oem.unlisted(words, self.board.oem_bytes):
            line = shlex.join(words)
            raise Fail(f"`{line}` is not among the OEM commands of {self.board.title}", "report this defect of fwsim")

    async def lan(self, netfn: int, command: int, data: bytes = b"", *, timeout_s: float = 30.0) -> RawReply:
        """One IPMI request over LAN, in a session of its own."""
        words = ("raw", *(f"{b:#04x}" for b in (netfn, command, *data)))
        self._exact(words)
        began = self.now()
        self.login("tried")
        try:
            reply = await self.poll_lan(netfn, command, data, timeout_s=timeout_s)
        except DoorError as error:
            if not isinstance(error, BmcAuthenticationRefused):
                self.login("unanswered")
            self._tell_command("bmc", words, None, "", str(error), began, False)
            raise
        self.login("in")
        self._tell_command("bmc", words, reply.completion_code, reply.data.hex(" "), "", began, False)
        return reply

    async def poll_lan(self, netfn: int, command: int, data: bytes = b"", *, timeout_s: float = 30.0) -> RawReply:
        """`lan` for what is asked again and again. Only a refused login leaves an event: whoever goes on with this run
        counts it, too, for two in a run are enough (DESIGN rule 14)."""
        self._login_is_left()
        try:
            return await self.doors.network.raw(netfn, command, data, timeout_s=timeout_s)
        except BmcAuthenticationRefused:
            self.login("refused")
            raise

    async def console(self, *, seconds: float, send: bytes = b"", timeout_s: float = 30.0) -> bytes:
        """What the host's console writes within `seconds`, as the door says. Events as by `poll_lan`: what is typed and
        what is heard stands in none."""
        self._login_is_left()
        try:
            return await self.doors.network.console(seconds=seconds, send=send, timeout_s=timeout_s)
        except BmcAuthenticationRefused:
            self.login("refused")
            raise

    def _login_is_left(self) -> None:
        if self.found.logins_refused + self.found.logins_unheard >= LOGIN_TRIES:
            text = f"{self.plan.bmc.user} was refused {LOGIN_TRIES} times in this run; not tried again"
            raise BmcAuthenticationRefused(text)

    async def type_keys(self, keys: bytes, name: str, *, seconds: float, secret: bool = False) -> bytes:
        """Type at the host's console, and what it writes within `seconds` then. `name` stands in the event in the place
        of the keys; what is `secret` stands there nowhere, not in what the console writes back either."""
        words, began = ("sol", "type", name), self.now()
        self.login("tried")
        try:
            heard = await self.console(seconds=seconds, send=keys)
        except DoorError as error:
            if not isinstance(error, BmcAuthenticationRefused):
                self.login("unanswered")
            self._tell_command("bmc", words, None, "", str(error), began, True)
            raise
        self.login("in")
        typed = keys.strip()
        shown = heard.replace(typed, b"********") if secret and typed else heard
        self._tell_command("bmc", words, 0, shown.decode("utf-8", "replace"), "", began, True)
        return shown

    def login(self, how: Login) -> None:
        """What became of a login at the BMC. One that was tried and never heard of may have been refused."""
        self.found.log_in(how)
        self.fact(LOGIN, how)

    async def _insisting(
        self,
        attempt: Callable[[], Awaitable[Completed]],
        patience_s: float,
        again: tuple[type[DoorError], ...] = UNHEARD,
    ) -> Completed:
        began = self.now()
        while True:
            try:
                return await attempt()
            except again:
                if self.now() - began >= patience_s:
                    raise
                await self.sleep(RECONNECT_EVERY_S)

    async def _told(
        self, door: Host, where: str, argv: Sequence[str], stdin: bytes, timeout_s: float, changes: bool
    ) -> Completed:
        self._exact(argv)
        began = self.now()
        try:
            done = await door.run(argv, stdin=stdin, timeout_s=timeout_s)
        except DoorError as error:
            self._tell_command(where, argv, None, "", str(error), began, changes)
            raise
        self._tell_command(where, argv, done.status, done.stdout, done.stderr, began, changes)
        return done

    def _tell_command(
        self, where: str, argv: Sequence[str], status: int | None, out: str, err: str, began: float, changes: bool
    ) -> None:
        now = self.now()
        event = CommandRan(now, self.step, where, tuple(argv), status, kept(out), kept(err), now - began, changes)
        self.emit(event)


def kept(output: str) -> str:
    """What of a command's output is worth keeping: all, or its two ends."""
    if len(output) <= KEPT_CHARACTERS:
        return output
    half = KEPT_CHARACTERS // 2
    return f"{output[:half]}\n... {len(output) - 2 * half} characters left out ...\n{output[-half:]}"


def last_line(output: str) -> str:
    """The last line that says something; an error's reason usually stands there."""
    lines = [line.strip() for line in output.replace("\b", "").splitlines() if re.search(r"\w", line)]
    return lines[-1] if lines else "it said nothing"
