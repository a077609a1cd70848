"""serial-getty@ttyS1: the login prompt of the serial console, login(1) behind it, and then the user's shell.

The texts are those of agetty (util-linux 2.38) and login (shadow 4.13). Not modelled: login's 60 seconds, which a fast
clock would make too short for anybody.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Literal

from emulators.host.install import DISTRIBUTIONS
from emulators.host.login import Login
from emulators.host.process import SIGHUP, Process, Stdin
from emulators.host.terminal import Terminal

if TYPE_CHECKING:
    from emulators.server import VirtualServer

LINE = "ttyS1"
TRIES = 5
FAIL_DELAY_S = 3.0

State = Literal["down", "name", "password", "refusing", "shell"]


class SerialLogin:
    """Prompts while the operating system is up. `send` takes what the host sends down the line.

    The host itself is not touched before somebody logs in: it may not have been made yet.
    """

    def __init__(self, server: VirtualServer, send: Callable[[bytes], None]) -> None:
        self._server = server
        self._terminal = Terminal(send, self._line, self._interrupt, self._end_of_input)
        self.state: State = "down"
        self._name = ""
        self._tries = 0
        self._login: Login | None = None
        self._shell: Process | None = None

    # -- its life

    def start(self) -> None:
        """agetty prints its issue and asks for a name; also again after each session."""
        self.state, self._tries, self._login, self._shell = "name", 0, None, None
        self._terminal.echo = True
        self._terminal.clear()
        self._say(f"\n{self._issue()}\n")
        self._prompt()

    def stop(self) -> None:
        """The unit stops: the session is hung up."""
        self.state = "down"
        if self._shell is not None:
            self._shell.kill(SIGHUP)

    # -- what is typed

    def type(self, data: bytes) -> int:
        """Characters from the line. Nobody reads them where nobody has opened it."""
        if self.state in ("down", "refusing"):
            return len(data)
        return self._terminal.type(data)

    def send_break(self) -> None:
        """Break is Ctrl-C to a shell (BRKINT), and a new prompt to agetty, which tries the next speed."""
        if self.state == "shell":
            self._terminal.type(b"\x03")
        elif self.state in ("name", "password"):
            self.start()

    def _line(self, line: bytes) -> None:
        match self.state:
            case "name":
                self._name_given(line.decode(errors="replace").strip())
            case "password":
                self._password_given(line.rstrip(b"\n"))
            case "shell" if self._login is not None:
                self._login.stdin.feed(line)

    def _interrupt(self) -> None:
        if self.state == "shell" and self._login is not None:
            self._login.interrupt()
        else:
            self.start()

    def _end_of_input(self) -> None:
        if self.state == "shell" and self._login is not None:
            self._login.end_of_input()
        else:
            self.start()

    # -- login

    def _name_given(self, name: str) -> None:
        if not name and not self._tries:
            self.start()  # agetty asks again; login, after a wrong password, does not
            return
        self._name, self.state = name, "password"
        self._say("Password: ")
        self._terminal.echo = False

    def _password_given(self, password: bytes) -> None:
        self._terminal.echo = True
        self._say("\n")
        account = self._server.host.accounts.get(self._name)
        if account is not None and account.password is not None and account.password.encode() == password:
            self._open_session()
            return
        self.state = "refusing"
        self._server.agenda.after(FAIL_DELAY_S, self._refuse)

    def _refuse(self) -> None:
        if self.state != "refusing":
            return
        self._tries += 1
        self._say("\nLogin incorrect\n")
        if self._tries < TRIES:
            self.state = "name"
            self._prompt()
        else:
            self._say(f"Maximum number of tries exceeded ({TRIES})\n")
            self.start()

    def _open_session(self) -> None:
        self.state = "shell"
        stdin = Stdin(closed=False)
        self._login = Login(self._server.host, self._name, stdin, self._terminal, self._terminal, tty=True)
        self._shell = self._login.start()
        self._shell.on_exit.append(self._session_ended)

    def _session_ended(self, status: int) -> None:
        if self.state == "shell" and self._server.host.up:
            self.start()

    # -- texts

    def _issue(self) -> str:
        spec = self._server.spec
        return DISTRIBUTIONS[spec.distribution].issue.format(hostname=spec.hostname, line=LINE)

    def _prompt(self) -> None:
        self._say(f"{self._server.spec.hostname.split('.')[0]} login: ")

    def _say(self, text: str) -> None:
        self._terminal.write(text.encode())
