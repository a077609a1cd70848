"""Runs shell text on the virtual host. It starts our own commands alone, never a program of the machine.

A shell is a generator like every command, so it waits in simulated time. The stages of a pipeline are processes of
their own; everything else runs in the shell's process, as a signal then ends the shell and its command together.
"""

from __future__ import annotations

import copy
import errno
import posixpath
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, assert_never

from emulators.host import commands, limits, programs, shell_builtins, shell_errors, shell_expansion
from emulators.host.filesystem import FileSink
from emulators.host.limits import Bounded, OutOfMemory
from emulators.host.process import SIGSEGV, Buffer, Exited, Invocation, Killed, Pipe, Process, Run, Sink, Stdin
from emulators.host.shell_errors import Dialect
from emulators.host.shell_expansion import ExpansionFailed
from emulators.host.shell_parser import only_command, scripts
from emulators.host.shell_syntax import (
    AndOr,
    For,
    Group,
    If,
    Loop,
    Node,
    Pipeline,
    Redirect,
    Script,
    ShellSyntaxError,
    Simple,
)

if TYPE_CHECKING:
    from emulators.host.linux import VirtualHost


TURN_S = 0.001  # of a `while` loop
FOR_TURNS = 64  # that a `for` loop makes at one moment


@dataclass(frozen=True)
class Streams:
    stdin: Stdin
    stdout: Sink
    stderr: Sink

    def err(self, text: str) -> None:
        self.stderr.write(text.encode())


class ShellExit(Exception):
    """The shell ends with this status (`exit`, `exec`, `set -e`)."""

    def __init__(self, status: int) -> None:
        super().__init__(status)
        self.status = status


class Discarded(ShellExit):
    """The shell cannot go on with this line: a shell at a prompt asks for the next one, any other ends."""


class RedirectFailed(Exception):
    """A file that cannot be opened. `made` says whether it was opened for writing."""

    def __init__(self, target: str, code: int, reason: str, made: bool) -> None:
        super().__init__(target)
        self.target, self.code, self.reason, self.made = target, code, reason, made


class Shell:
    """One shell's state: directory, variables, options, last status."""

    def __init__(
        self,
        host: VirtualHost,
        user: str = "root",
        *,
        env: Mapping[str, str] | None = None,
        cwd: str | None = None,
        name: str = "bash",
        dialect: Dialect = "bash",
        interactive: bool = False,
        tty: bool = False,
    ) -> None:
        self.host, self.user, self.name, self.dialect = host, user, name, dialect
        self.interactive, self.tty = interactive, tty
        self.variables: dict[str, str] = dict(env if env is not None else host.environment(user))
        self.exported = set(self.variables)
        self.cwd = cwd or host.home(user) or "/"
        self.variables["PWD"] = self.cwd
        self.arguments: list[str] = []
        self.options: set[str] = set()
        self.status = 0
        self.pid = host.new_pid()
        self.jobs: list[Process] = []
        self.conditions = 0  # how many conditions surround this: there `set -e` does nothing

    # -- text

    def run(self, text: str, streams: Streams, *, title: str | None = None) -> Run[int]:
        """Run a script to its end. `title` is what a syntax error calls it ("bash: -c")."""
        try:
            return (yield from self.run_here(text, streams, title=title))
        except ShellExit as ending:
            return ending.status

    def run_here(self, text: str, streams: Streams, *, title: str | None = None) -> Run[int]:
        """Run text in this shell; ShellExit goes to the caller."""
        plain = only_command(text)
        if plain is not None:  # the same as below, without a generator a layer
            self.status = yield from self._simple(plain, streams)
            if self.status:
                self._check_errexit()
            return self.status
        try:
            for script in scripts(text):
                yield from self._script(script, streams)
        except ShellSyntaxError as problem:
            streams.err(
                shell_errors.syntax(self.dialect, problem, text, title or self.name, interactive=self.interactive)
            )
            self.status = 2
        return self.status

    def substitute(self, text: str, streams: Streams) -> Run[str]:
        """$(text): its output without the last newlines."""
        output = Bounded()
        shell = self.fork()
        try:
            self.status = yield from shell.run(text, replace(streams, stdout=output))
        except Killed:
            if not output.overflowed:
                raise
        if output.overflowed:
            raise OutOfMemory(output.overflowed)
        return bytes(output.data).replace(b"\0", b"").decode(errors="surrogateescape").rstrip("\n")

    def fork(self) -> Shell:
        """A copy whose changes do not come back."""
        shell = copy.copy(self)
        shell.variables, shell.exported = dict(self.variables), set(self.exported)
        shell.arguments, shell.options, shell.jobs = list(self.arguments), set(self.options), []
        return shell

    def parameter(self, name: str) -> str | None:
        """The value of $name, or None where it is not set."""
        match name:
            case "?":
                return str(self.status)
            case "#":
                return str(len(self.arguments))
            case "@" | "*":
                return " ".join(self.arguments)
            case "$":
                return str(self.pid)
            case "!":
                return str(self.jobs[-1].pid) if self.jobs else None
            case "-":
                return "hBc"
            case "0":
                return self.name
        if name.isdigit():
            return self.arguments[int(name) - 1] if int(name) <= len(self.arguments) else None
        return self.variables.get(name)

    def keep(self, name: str, value: str) -> None:
        """Set a variable. Raises OutOfMemory."""
        self.variables[name] = value
        if len(value) >= limits.COUNTED:
            size = sum(map(len, self.variables.values()))
            if size > limits.VARIABLES:
                raise OutOfMemory(size)

    def complain(self, streams: Streams, line: int, text: str) -> None:
        """An error of the shell's own, as bash -c or dash words it."""
        place = "" if self.interactive else f"line {line}: " if self.dialect == "bash" else f"{line}: "
        streams.err(f"{self.name}: {place}{text}\n")

    # -- lists

    def _script(self, script: Script, streams: Streams) -> Run[int]:
        for item in script:
            if item.background:
                yield from self._may_fork(1, streams)
                self._background(item, streams)
            else:
                yield from self._and_or(item, streams)
        return self.status

    def _and_or(self, item: AndOr, streams: Streams) -> Run[int]:
        last = len(item.steps) - 1
        for index, (joined, pipeline) in enumerate(item.steps):
            if joined == "&&" and self.status or joined == "||" and not self.status:
                continue
            self.conditions += index != last or pipeline.negated
            try:
                self.status = yield from self._pipeline(pipeline, streams)
            finally:
                self.conditions -= index != last or pipeline.negated
            if self.status and index == last and not pipeline.negated:
                self._check_errexit()
        return self.status

    def _check_errexit(self) -> None:
        if "errexit" in self.options and not self.conditions:
            raise ShellExit(self.status)

    def _may_fork(self, count: int, streams: Streams) -> Run[None]:
        """Wait as bash does until there may be so many more processes; Discarded where there may not."""
        if len(self.host.processes) + count <= limits.PROCESSES:
            return
        if self.dialect == "dash":
            streams.err(f"{self.name}: 0: Cannot fork\n")
            raise Discarded(2)
        for pause_s in limits.RETRIES_S:
            streams.err(f"{self.name}: fork: retry: {limits.AGAIN}\n")
            yield pause_s
            if len(self.host.processes) + count <= limits.PROCESSES:
                return
        streams.err(f"{self.name}: fork: {limits.AGAIN}\n")
        raise Discarded(254)

    def _background(self, item: AndOr, streams: Streams) -> None:
        shell = self.fork()
        quiet = replace(streams, stdin=Stdin())
        self.jobs.append(self.host.spawn(self.name, shell._alone(shell._and_or(AndOr(item.steps, False), quiet))))
        self.status = 0

    def _alone(self, run: Run[int]) -> Run[int]:
        try:
            return (yield from run)
        except ShellExit as ending:
            return ending.status

    def _pipeline(self, pipeline: Pipeline, streams: Streams) -> Run[int]:
        if len(pipeline.commands) == 1:
            status = yield from self._command(pipeline.commands[0], streams)
        else:
            status = yield from self._piped(pipeline.commands, streams)
        return int(not status) if pipeline.negated else status

    def _piped(self, stages: tuple[Node, ...], streams: Streams) -> Run[int]:
        yield from self._may_fork(len(stages), streams)
        pipes = [Pipe() for _ in stages[1:]]
        ins = [streams.stdin, *(pipe.reader for pipe in pipes)]
        outs: list[Sink] = [*pipes, streams.stdout]
        children = []
        for index, stage in enumerate(stages):
            shell = self.fork()
            run = shell._alone(shell._command(stage, Streams(ins[index], outs[index], streams.stderr)))
            child = self.host.prepare(self.name, run)
            child.on_exit.append(_closing(pipes[index - 1] if index else None, ins[index + 1 : index + 2]))
            children.append(child)
        for child in children:
            child.start()
        statuses = yield from wait_for(children)
        failed = [status for status in statuses if status]
        return (failed[-1] if failed else 0) if "pipefail" in self.options else statuses[-1]

    # -- commands

    def _command(self, command: Node, streams: Streams) -> Run[int]:
        try:
            return (yield from self._redirected(command, streams))
        except RedirectFailed as problem:
            line = command.line if isinstance(command, Simple) else 1
            self.complain(
                streams,
                line,
                shell_errors.redirection(self.dialect, problem.target, problem.code, problem.reason, problem.made),
            )
            return 2 if self.dialect == "dash" else 1
        except ExpansionFailed as problem:
            self.complain(streams, command.line if isinstance(command, Simple) else 1, str(problem))
            raise ShellExit(2 if self.dialect == "dash" else problem.status) from problem
        except OutOfMemory as problem:
            if self.dialect == "dash":
                raise Killed(SIGSEGV) from problem
            streams.err(f"{self.name}: xrealloc: {problem}\n")
            raise ShellExit(2) from problem

    def _redirected(self, command: Node, streams: Streams) -> Run[int]:
        if isinstance(command, Simple):
            return (yield from self._simple(command, streams))
        streams = yield from self._redirect(command.redirects, streams)
        match command:
            case Group(body=body, subshell=True):
                shell = self.fork()
                return (yield from shell._alone(shell._script(body, streams)))
            case Group(body=body):
                return (yield from self._script(body, streams))
            case If(branches, otherwise, _):
                return (yield from self._if(branches, otherwise, streams))
            case Loop():
                return (yield from self._loop(command, streams))
            case For(name, words, body, _):
                self.status = 0
                for turn, value in enumerate((yield from shell_expansion.arguments(self, words, streams)), 1):
                    self.variables[name] = value
                    yield from self._script(body, streams)
                    if not turn % FOR_TURNS:
                        yield from self._turned(streams)
                return self.status
            case _:
                assert_never(command)

    def _if(self, branches: tuple[tuple[Script, Script], ...], otherwise: Script, streams: Streams) -> Run[int]:
        for condition, body in branches:
            if not (yield from self._condition(condition, streams)):
                return (yield from self._script(body, streams))
        self.status = 0
        return (yield from self._script(otherwise, streams))

    def _loop(self, loop: Loop, streams: Streams) -> Run[int]:
        status = 0
        while bool((yield from self._condition(loop.condition, streams))) == loop.until:
            status = yield from self._script(loop.body, streams)
            yield from self._turned(streams)
        self.status = status
        return status

    def _turned(self, streams: Streams) -> Run[None]:
        """No loop spins for ever at one moment, nor writes more than is read."""
        yield self.host.turn(TURN_S)
        yield from limits.room(streams.stdout, streams.stderr)

    def _condition(self, script: Script, streams: Streams) -> Run[int]:
        self.conditions += 1
        try:
            return (yield from self._script(script, streams))
        finally:
            self.conditions -= 1

    def _simple(self, command: Simple, streams: Streams) -> Run[int]:
        before = self.status
        literal = command.literal
        if literal is None:
            argv = yield from shell_expansion.arguments(self, command.words, streams)
        else:
            argv = list(literal)
        values: dict[str, str] = {}
        for name, word in command.assignments:
            values[name] = yield from shell_expansion.single(self, word, streams)
        inner = (yield from self._redirect(command.redirects, streams)) if command.redirects else streams
        if not argv:
            for name, value in values.items():
                self.keep(name, value)
            substituted = any("$(" in word.source or "`" in word.source for _, word in command.assignments)
            return self.status if substituted else 0
        self.status = before
        if "xtrace" in self.options:
            streams.err("+ " + " ".join(argv) + "\n")
        builtin = shell_builtins.TABLE.get(argv[0])
        if builtin is not None:
            return (yield from builtin(self, argv, inner, command.line, values))
        return (yield from self.external(argv, inner, command.line, values))

    def external(self, argv: list[str], streams: Streams, line: int, values: Mapping[str, str]) -> Run[int]:
        """Run a program from the disk, or one of the commands that a shell has built in."""
        inv = self.invocation(argv, streams, values)
        if argv[0] in shell_builtins.OWN:
            prefix = f"{self.name}: " + (
                "" if self.interactive else f"line {line}: " if self.dialect == "bash" else f"{line}: "
            )
            inv.stderr = Prefixed(inv.stderr, prefix.encode())
            return (yield from programs.guarded(commands.load(argv[0]), inv))
        try:
            return (yield from programs.start(inv))
        except programs.CannotRun as problem:
            self.complain(streams, line, shell_errors.cannot_run(self.dialect, problem))
            return problem.status

    def invocation(self, argv: list[str], streams: Streams, values: Mapping[str, str]) -> Invocation:
        """What a command is given: exported variables, directory, streams."""
        env = {name: self.variables[name] for name in sorted(self.exported) if name in self.variables}
        return Invocation(
            tuple(argv),
            self.host,
            streams.stdin,
            streams.stdout,
            streams.stderr,
            self.user,
            self.cwd,
            {**env, **values},
            self.tty,
        )

    # -- redirections

    def _redirect(self, redirects: tuple[Redirect, ...], streams: Streams) -> Run[Streams]:
        for redirect in redirects:
            if redirect.operator in ("<<", "<<<"):
                text = yield from shell_expansion.single(self, redirect.target, streams)
                text += "\n" if redirect.operator == "<<<" else ""
                streams = replace(streams, stdin=Stdin(text.encode(errors="surrogateescape")))
                continue
            targets = yield from shell_expansion.arguments(self, (redirect.target,), streams)
            if len(targets) != 1:
                raise RedirectFailed(redirect.target.source, 0, "ambiguous redirect", False)
            streams = self._joined(redirect, targets[0], streams)
        return streams

    def _joined(self, redirect: Redirect, target: str, streams: Streams) -> Streams:
        operator, fd = redirect.operator, redirect.fd
        if operator == "<":
            return replace(streams, stdin=self._input(target, streams))
        if operator == "<&":
            return streams if target == "0" else replace(streams, stdin=Stdin())
        if operator in ("&>", "&>>") or (operator == ">&" and not (target.isdigit() or target == "-")):
            sink = self._output(target, streams, append=operator == "&>>")
            return replace(streams, stdout=sink, stderr=sink)
        sink = self._duplicate(target, streams) if operator == ">&" else self._output(target, streams, operator == ">>")
        return replace(streams, stderr=sink) if fd == 2 else replace(streams, stdout=sink)

    def _duplicate(self, target: str, streams: Streams) -> Sink:
        sinks: dict[str, Sink] = {"1": streams.stdout, "2": streams.stderr, "-": Buffer()}
        if target not in sinks:
            raise RedirectFailed(target, errno.EBADF, "Bad file descriptor", False)
        return sinks[target]

    def _input(self, target: str, streams: Streams) -> Stdin:
        if target in ("/dev/stdin", "/proc/self/fd/0", "/dev/fd/0"):
            return streams.stdin
        try:
            return Stdin(self.host.files.read(posixpath.join(self.cwd, target), self.user))
        except OSError as problem:
            raise RedirectFailed(target, problem.errno or 0, problem.strerror or "", False) from problem

    def _output(self, target: str, streams: Streams, append: bool = False) -> Sink:
        if target in ("/dev/stdout", "/dev/fd/1"):
            return streams.stdout
        if target in ("/dev/stderr", "/dev/fd/2"):
            return streams.stderr
        try:
            path = posixpath.join(self.cwd, target) if target else ""
            node = self.host.files.open(path, self.user, truncate=not append)
        except OSError as problem:
            raise RedirectFailed(target, problem.errno or 0, problem.strerror or "", True) from problem
        return FileSink(self.host.files, node)


class Prefixed:
    """Standard error of a command that the shell has built in: every line but usage carries the shell's name."""

    def __init__(self, sink: Sink, prefix: bytes) -> None:
        self.sink, self.prefix = sink, prefix

    @property
    def full(self) -> bool:
        return getattr(self.sink, "full", False)

    def write(self, data: bytes) -> None:
        lines = data.splitlines(keepends=True)
        self.sink.write(b"".join(line if b": usage: " in line else self.prefix + line for line in lines))


def wait_for(children: list[Process]) -> Run[list[int]]:
    """Wait for all; a signal to who waits is a signal to them."""
    try:
        for child in children:
            if child.status is None:
                yield Exited(child)
    except Killed as killed:
        for child in children:
            child.kill(killed.signal)
        raise
    return [child.status or 0 for child in children]


def _closing(upstream: Pipe | None, downstream: list[Stdin]) -> _Ending:
    return _Ending(upstream, downstream)


@dataclass
class _Ending:
    """What a stage leaves: its reader sees the end, its writer a broken pipe."""

    upstream: Pipe | None
    downstream: list[Stdin]

    def __call__(self, status: int) -> None:
        if self.upstream is not None:
            self.upstream.broken = True
        for stdin in self.downstream:
            stdin.close()
