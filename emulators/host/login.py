"""An interactive shell: prompt, a line, its command, and so on until `exit` or the end of input."""

from __future__ import annotations

from emulators.host.linux import VirtualHost
from emulators.host.process import SIGINT, Exited, Killed, Process, Run, Sink, Stdin
from emulators.host.shell import Discarded, Shell, ShellExit, Streams

WELCOME = "Linux {hostname} {kernel} {build} x86_64\n\n"


class Login:
    """One person's shell. `interrupt()` is Ctrl-C: it ends the command, not the shell."""

    def __init__(
        self, host: VirtualHost, user: str, stdin: Stdin, stdout: Sink, stderr: Sink, *, tty: bool = True
    ) -> None:
        self.host, self.stdin, self.tty = host, stdin, tty
        self.streams = Streams(stdin, stdout, stderr)
        self.shell = Shell(host, user, name="-bash", interactive=tty, tty=tty)
        self._foreground: Process | None = None
        self.hung_up = False  # has input ended for good?

    def start(self) -> Process:
        """The shell's process."""
        process = self.host.prepare("-bash", self._run())
        self.shell.pid = process.pid
        process.start()
        return process

    def interrupt(self) -> None:
        """Ctrl-C."""
        if self._foreground is not None:
            self._foreground.kill(SIGINT)
        self._say("^C\n" if self._foreground is not None else "^C\n" + self._prompt())

    def end_of_input(self, *, for_good: bool = False) -> None:
        """Ctrl-D: the end of input for the command that runs, or for the shell where none does."""
        self.hung_up = for_good
        self.stdin.close()

    def _run(self) -> Run[int]:
        if self.tty:
            distribution = self.host.distribution
            self._say(WELCOME.format(hostname=self.host.hostname, kernel=distribution.kernel, build=distribution.build))
        text = ""
        while True:
            self._say(self._prompt() if not text else "> ")
            line = yield from self.stdin.readline()
            if not line:
                self._say("logout\n")
                return self.shell.status
            text += line.decode(errors="surrogateescape").replace("\r", "")
            if text.endswith("\\\n"):
                continue
            try:
                yield from self._command(text)
            except ShellExit as ending:
                if self.tty:
                    self._say("logout\n")
                return ending.status
            text = ""

    def _command(self, text: str) -> Run[int]:
        """In a process of its own, so that Ctrl-C can end it."""
        ending: list[ShellExit] = []

        def run() -> Run[int]:
            try:
                return (yield from self.shell.run_here(text, self.streams))
            except Discarded as discarded:
                self.shell.status = discarded.status
                return discarded.status
            except ShellExit as exit_:
                ending.append(exit_)
                return exit_.status

        child = self.host.prepare(text.strip(), run())
        self._foreground = child
        child.start()
        try:
            if child.status is None:
                yield Exited(child)
        except Killed as killed:
            child.kill(killed.signal)
            raise
        finally:
            self._foreground = None
            self.stdin.closed = self.hung_up
        if ending:
            raise ending[0]
        if child.signal is not None:
            self.shell.status = child.status or 0
        return self.shell.status

    def _prompt(self) -> str:
        if not self.tty:
            return ""
        home = self.shell.variables.get("HOME", "/")
        cwd = self.shell.cwd
        shown = "~" + cwd[len(home) :] if cwd == home or cwd.startswith(home + "/") else cwd
        return (
            f"{self.shell.user}@{self.host.hostname.split('.')[0]}:{shown}{'#' if self.shell.user == 'root' else '$'} "
        )

    def _say(self, text: str) -> None:
        if self.tty:
            self.streams.stdout.write(text.encode())
