"""SSH to the virtual host, by asyncssh: password and key login, commands, a shell, scp and SFTP.

The listener is there while the operating system is: it closes at a halt, which also drops every connection, and opens
again at the same port after a boot. A dropped channel hangs up its command; systemd units go on.
"""

from __future__ import annotations

import asyncio
import codecs
from collections.abc import Callable
from typing import Any

import asyncssh

from emulators.host.linux import VirtualHost
from emulators.host.login import Login
from emulators.host.process import HELD_BYTES, SIGHUP, SIGINT, Process, Stdin
from emulators.host.sftp import VirtualSftp

AGAIN_S = 0.2  # wall
UNREAD_BYTES = 1 << 20
SIGNALS = {"HUP": 1, "INT": 2, "QUIT": 3, "KILL": 9, "USR1": 10, "USR2": 12, "TERM": 15}
NAMES = {number: name for name, number in SIGNALS.items()} | {6: "ABRT", 11: "SEGV", 13: "PIPE"}
BANNER = "OpenSSH_9.2p1 Debian-2+deb12u3"


class SshEndpoint:
    """One host's sshd. `before` is the home's advance, called ahead of every request; `after` wakes its pump."""

    def __init__(
        self, host: VirtualHost, before: Callable[[], None], after: Callable[[], None], key: asyncssh.SSHKey
    ) -> None:
        self._host, self._before, self._after, self._key = host, before, after, key
        self._acceptor: asyncssh.SSHAcceptor | None = None
        self._connections: set[asyncssh.SSHServerConnection] = set()
        self._opening: asyncio.Task[None] | None = None
        self._loop = asyncio.get_running_loop()
        self._closed = False
        self.address: tuple[str, int] = ("", 0)

    @classmethod
    async def open(
        cls,
        host: VirtualHost,
        address: str,
        port: int,
        *,
        before: Callable[[], None],
        after: Callable[[], None] = lambda: None,
        speed: float = 1.0,
        key: asyncssh.SSHKey | None = None,
    ) -> SshEndpoint:
        """Listen at address and port (0 = any). `key` is the host's; without one a new one is made.

        `speed` changes nothing here: the protocol's own timers run on the wall. Raises OSError where the port is taken.
        """
        endpoint = cls(host, before, after, key or asyncssh.generate_private_key("ssh-ed25519", comment=host.hostname))
        endpoint.address = (address, port)
        host.on_halt.append(endpoint._down)
        host.on_boot.append(endpoint._up)
        host.on_drop.append(endpoint.close_connections)
        host.on_link.append(endpoint._relinked)
        host.on_keys.append(endpoint._rekeyed)
        if host.up:
            await endpoint._listen()
        return endpoint

    @property
    def host_key(self) -> str:
        """The host's public key as known_hosts has it, without the address."""
        return " ".join(self._key.export_public_key("openssh").decode().split()[:2])

    async def close(self) -> None:
        """Stop for good."""
        self._closed = True
        if self.close_connections in self._host.on_drop:
            self._host.on_drop.remove(self.close_connections)
        host = self._host
        for callbacks, own in (
            (host.on_halt, self._down),
            (host.on_boot, self._up),
            (host.on_link, self._relinked),
            (host.on_keys, self._rekeyed),
        ):
            if own in callbacks:
                callbacks.remove(own)
        self._down()
        if self._opening is not None:
            self._opening.cancel()
            await asyncio.gather(self._opening, return_exceptions=True)

    def close_connections(self) -> None:
        """Drop every connection at once, as a dead host does: no exit status is sent."""
        for connection in list(self._connections):
            connection.abort()
        self._connections.clear()

    async def _listen(self) -> None:
        host, port = self.address
        self._acceptor = await asyncssh.listen(
            host,
            port,
            server_factory=lambda: _Server(self),
            server_host_keys=[self._key],
            process_factory=self._process,
            sftp_factory=self._sftp,
            allow_scp=True,
            line_editor=True,
            encoding="utf-8",
            errors="surrogateescape",  # bytes pass unchanged, and the line editor has its text
            server_version=BANNER,
            reuse_address=True,
            keepalive_interval=0,
        )
        self.address = (host, self._acceptor.get_port())

    def _down(self) -> None:
        self.close_connections()
        self._refuse()

    def _refuse(self) -> None:
        """Nobody listens any more; who is in stays."""
        if self._acceptor is not None:
            self._acceptor.close()
            self._acceptor = None

    def _relinked(self) -> None:
        """A cable has been moved, or sshd stopped or started: heard again, or not any more."""
        if not self._host.server.on_network:
            self._down()
        elif not self._host.server.serves:
            self._refuse()
        elif self._opening is None or self._opening.done():
            self._up()

    def _rekeyed(self) -> None:
        """Whoever logs in from now on is shown another key."""
        self._key = asyncssh.generate_private_key("ssh-ed25519", comment=self._host.hostname)
        self._refuse()
        self._relinked()

    def _up(self) -> None:
        if not self._closed and self._acceptor is None:
            self._opening = self._loop.create_task(self._listen_again())

    async def _listen_again(self) -> None:
        """In a container the address may come back a moment after the cable."""
        while not self._closed and self._acceptor is None and self._host.up and self._host.server.serves:
            try:
                await self._listen()
            except OSError:
                await asyncio.sleep(AGAIN_S)

    def _process(self, process: asyncssh.SSHServerProcess[str]) -> Any:
        return _Session(self._host, process, self._before, self._after).run()

    def _sftp(self, channel: Any) -> VirtualSftp:
        user = channel.get_extra_info("username")
        return VirtualSftp(channel, self._host, user, self._before)


class _Server(asyncssh.SSHServer):
    """Who may log in: the host's accounts, by password or by a key in ~/.ssh/authorized_keys."""

    def __init__(self, endpoint: SshEndpoint) -> None:
        self._endpoint, self._host = endpoint, endpoint._host
        self._connection: asyncssh.SSHServerConnection | None = None

    def connection_made(self, conn: asyncssh.SSHServerConnection) -> None:
        self._endpoint._before()
        self._connection = conn
        self._endpoint._connections.add(conn)
        if not self._host.up:
            conn.abort()

    def connection_lost(self, exc: Exception | None) -> None:
        if self._connection is not None:
            self._endpoint._connections.discard(self._connection)

    def begin_auth(self, username: str) -> bool:
        return True

    def public_key_auth_supported(self) -> bool:
        return True

    def password_auth_supported(self) -> bool:
        return True

    def validate_public_key(self, username: str, key: asyncssh.SSHKey) -> bool:
        """Against the virtual host's own files, as sshd looks each time."""
        home = self._host.home(username)
        path = f"{home}/.ssh/authorized_keys"
        if home is None or not self._host.files.exists(path):
            return False
        wanted = key.export_public_key("openssh").split()[:2]
        return any(wanted == _key_of(line) for line in self._host.files.read(path).splitlines())

    def validate_password(self, username: str, password: str) -> bool:
        account = self._host.accounts.get(username)
        return account is not None and account.password is not None and account.password == password


def _key_of(line: bytes) -> list[bytes]:
    """Type and key of an authorized_keys line; options before them are passed over."""
    words = line.split()
    start = next((i for i, word in enumerate(words) if word.startswith((b"ssh-", b"ecdsa-", b"sk-"))), 0)
    return words[start : start + 2]


class _Session:
    """One channel: a command or a shell, and the bytes between it and the client."""

    def __init__(
        self,
        host: VirtualHost,
        process: asyncssh.SSHServerProcess[str],
        before: Callable[[], None],
        after: Callable[[], None],
    ) -> None:
        self._host, self._ssh, self._before, self._after = host, process, before, after
        self._user: str = process.get_extra_info("username")
        self._tty = process.term_type is not None
        self._stdin = Stdin(closed=False)
        self._login: Login | None = None
        self._outs: tuple[_Out, ...] = ()

    async def run(self) -> None:
        self._before()
        if not self._host.up:
            self._ssh.channel.abort()
            return
        process = self._start()
        process.on_exit.append(lambda status: self._ended(process, status))
        self._after()
        if process.status is not None:
            self._ended(process, process.status)
        else:
            await self._feed(process)

    def _start(self) -> Process:
        out = _Out(self._ssh.stdout)
        err = out if self._tty else _Out(self._ssh.stderr)
        self._outs = (out, err)
        command = self._ssh.command
        if command is None:
            self._login = Login(self._host, self._user, self._stdin, out, err, tty=self._tty)
            return self._login.start()
        return self._host.execute(command, user=self._user, stdin=self._stdin, stdout=out, stderr=err, tty=self._tty)

    def _ended(self, process: Process, status: int) -> None:
        if self._ssh.channel.is_closing():
            return
        for out in self._outs:
            out.flush()
        if process.signal in NAMES and self._host.up:
            self._ssh.exit_with_signal(NAMES[process.signal], False, "")
        elif self._host.up:
            self._ssh.exit(status)

    async def _feed(self, process: Process) -> None:
        """Client's input to the command until either ends. A closed channel hangs the command up."""
        while process.status is None:
            try:
                data = await self._ssh.stdin.read(65536)
            except asyncssh.TerminalSizeChanged:
                continue
            except (asyncssh.BreakReceived, asyncssh.SignalReceived) as signal:
                self._signal(process, getattr(signal, "signal", "INT"))
                continue
            except (asyncssh.Error, OSError):
                break
            self._before()
            if not data and self._login is not None and not self._ssh.stdin.at_eof():
                self._login.end_of_input()
                self._after()
                continue
            if not data:
                if self._login is not None:
                    self._login.end_of_input(for_good=True)
                self._stdin.close()
                self._after()
                await self._ssh.channel.wait_closed()
                break
            self._stdin.feed(data.encode(errors="surrogateescape"))
            self._after()
            while len(self._stdin.pending) >= HELD_BYTES and process.status is None:  # noqa: ASYNC110 - the window is shut
                await asyncio.sleep(AGAIN_S)
        self._before()
        process.kill(SIGHUP)
        self._after()

    def _signal(self, process: Process, name: str) -> None:
        self._before()
        if self._login is not None and SIGNALS.get(name) == SIGINT:
            self._login.interrupt()
        else:
            process.kill(SIGNALS.get(name, 15))
        self._after()


class _Out:
    """A channel's stream as a command's output. Writing to a closed channel is lost, as on a dropped line."""

    def __init__(self, writer: asyncssh.SSHWriter[str]) -> None:
        self._writer = writer
        self._decoder = codecs.getincrementaldecoder("utf-8")("surrogateescape")

    @property
    def full(self) -> bool:
        """Has the client left too much unread? Then what writes on and on waits."""
        channel = self._writer.channel
        return not channel.is_closing() and channel.get_write_buffer_size() >= UNREAD_BYTES

    def write(self, data: bytes) -> None:
        if not self._writer.channel.is_closing():
            self._writer.write(self._decoder.decode(data))

    def flush(self) -> None:
        """Half a character at the end of all output."""
        self._writer.write(self._decoder.decode(b"", final=True))
