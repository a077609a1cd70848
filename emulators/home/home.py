"""One virtual server at home: opens what the world connects to, and keeps it true to the model."""

from __future__ import annotations

import asyncio
import json
import os
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

from emulators import boards
from emulators.bmc.endpoint import LanEndpoint
from emulators.bmc.kcs_wire import KcsWire
from emulators.bmc.lan import Sessions
from emulators.boards.series import nth
from emulators.faults.waiting import Waiting
from emulators.home import control
from emulators.home.channel import lan_sessions
from emulators.home.config import SCRATCH, HomeConfig, Login, Ready
from emulators.home.outside import Outside
from emulators.home.ports import Loopback, Ports
from emulators.home.pump import Pump
from emulators.home.requests import Requests
from emulators.home.watching import Watching
from emulators.home.webdoor import WebDoor
from emulators.host.ssh import SshEndpoint
from emulators.server import VirtualServer
from emulators.watch import Watch
from emulators.world import Record, World


class Home:
    """`open` it, `serve` until the end, `close` it. Everything it opened ends with it."""

    def __init__(
        self, config: HomeConfig, ports: Callable[[VirtualServer, Callable[[], None]], Ports] | None = None
    ) -> None:
        """`ports`: those of the machine, made for the server and told whom to call when they have changed."""
        self.config = config
        self.world_file = (
            config.directory.joinpath("world.jsonl").open("a", encoding="utf-8") if config.directory else None
        )
        board = nth(boards.load(config.spec.board), config.number)
        self.server = VirtualServer(config.spec, World(self._write if self.world_file else None), board)
        if config.watch:
            self.server.watch = Watch(self.server)
        self.pump = Pump(self.server, config.speed, self._push)
        self.ports = ports(self.server, self.pump.look_again) if ports else Loopback(config.address)
        self.outside = Outside(self.pump.advance)
        self.sessions = lan_sessions(self.server, self._bmc_is_here)
        self._lan: LanEndpoint | None = None
        self._at: tuple[str, int] = (config.spec.bmc_address, config.bmc_port)
        self._kcs: LanEndpoint | None = None
        self._web = WebDoor(self.server, self.sessions, self.pump, self.ports.may_bind)
        self._ssh: SshEndpoint | None = None
        self._scratch: tempfile.TemporaryDirectory[str] | None = None  # for what a program of the machine reads
        self.waiting = Waiting(self.server, config.waiting)
        self.checks_itself = False  # does something at the BMC's own address ask whether it is well? That is no access
        self._wanted = asyncio.Event()  # is set once somebody wants it down
        self._control = self._controlled(config.directory) if config.directory else None

    async def open(self) -> Ready:
        """Listen everywhere. Raises OSError where an address or a port is taken."""
        await self.ports.settle()
        self._lan = await self._listen(self.sessions, self._at)
        self._at = self._lan.address
        self._ssh = await SshEndpoint.open(
            self.server.host, self.config.spec.host_address, self.config.ssh_port, before=self.pump.advance,
            speed=self.config.speed,
        )  # fmt: skip
        await self._open_kcs()
        at = None if self.config.web_port is None else self._web.open(self._at[0], self.config.web_port)
        if self._control is not None:
            await self._control.open()
        return self._ready(at)

    async def serve(self) -> None:
        """Until cancelled, until somebody wants it down, or until nobody has accessed the server for `idle_s`."""
        tasks = [asyncio.create_task(each) for each in (self.pump.run(), self._idle(), self._wanted.wait())]
        try:
            done, _ = await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
            for task in done:
                task.result()
        finally:
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)

    async def close(self) -> None:
        """Stop listening, end what was started, remove what was written to scratch."""
        if self._control is not None:
            await self._control.close()
        await self.outside.close()
        for endpoint in (self._lan, self._kcs):
            if endpoint is not None:
                endpoint.close()
        await self._web.close()
        if self._ssh is not None:
            await self._ssh.close()
        if self._scratch is not None:
            self._scratch.cleanup()
        if self.world_file is not None:
            self.server.faults.tell_never_fired()
            self.waiting.tell_never_fired()
            self.world_file.close()

    def _controlled(self, directory: Path) -> control.Control:
        requests = Requests(
            self.server, self.waiting, speed=self.config.speed, down=self._wanted.set, waited=self.pump.follow
        )
        if self.config.watch:
            requests.does["watch"] = Watching(self.server, self.config.seal_to).answer
        return control.Control(directory / control.NAME, requests.answer, self.pump.advance)

    # -- what the pump pushes

    async def _push(self) -> None:
        """Move the BMC's socket to the address that the BMC now has, and send what the BMC sends unasked."""
        if self.server.watch is not None:
            self.server.watch.look()
        await self.ports.settle()
        await self._move()
        self._web.follow()
        if self._lan is not None:
            self._lan.push()

    async def _move(self) -> None:
        wanted = self.server.bmc.address
        if wanted is None or wanted == self._at[0] or not self.ports.may_bind(wanted):
            return
        try:
            moved = await self._listen(self.sessions, (wanted, self._at[1]))
        except OSError:
            return  # somebody else has that address: nobody answers there for us
        if self._lan is not None:
            self._lan.close()
        self._lan, self._at = moved, moved.address

    def _bmc_is_here(self) -> bool:
        return self.server.bmc.address == self._at[0]

    async def _listen(self, sessions: Sessions, at: tuple[str, int]) -> LanEndpoint:
        speed, before = self.config.speed, self.pump.catch_up
        endpoint = await LanEndpoint.open(
            sessions, *at, time.monotonic, speed=speed, before=before, after=self._after_datagram
        )
        if sessions is self.sessions:
            endpoint.weather = self.server.network.weather
            endpoint.checked = self.pump.live if self.checks_itself else None
        return endpoint

    def _after_datagram(self) -> None:
        if self.server.bmc.lan.address == self._at[0]:
            self.pump.look_if_changed()
        else:
            self.pump.look_again()

    # -- the machine's own ipmitool in band

    async def _open_kcs(self) -> None:
        if self.config.spec.ipmitool != "real":
            return
        wire = KcsWire(self.server.bmc, lan=self.sessions)
        self._kcs = await self._listen(wire.sessions, ("127.0.0.1", 0))
        host, port = self._kcs.address
        password = self._secret_file(wire.user.password)
        self.server.host.open_kcs_wire(host, port, wire.user.name.decode(), password, self.outside.start, self._copy)

    def _secret_file(self, secret: bytes) -> Path:
        """mkstemp makes it readable for us alone."""
        descriptor, name = tempfile.mkstemp(dir=self._folder())
        with os.fdopen(descriptor, "wb") as file:
            file.write(secret)
        return Path(name)

    def _folder(self) -> str:
        """Made when first needed, in the home's own folder: what a kill leaves there goes with that."""
        if self._scratch is None:
            self._scratch = tempfile.TemporaryDirectory(prefix=SCRATCH, dir=self.config.directory)
        return self._scratch.name

    def _copy(self, path: str) -> str:
        """A file of the virtual host as a file that the machine's ipmitool can read."""
        descriptor, name = tempfile.mkstemp(dir=self._folder(), suffix=Path(path).suffix)
        with os.fdopen(descriptor, "wb") as file:
            file.write(self.server.host.files.read(path))
        return name

    # -- bookkeeping

    async def _idle(self) -> None:
        idle_s = self.config.idle_s
        if idle_s is None:
            await asyncio.Event().wait()  # never set
            return
        while (left_s := idle_s - self.pump.idle_s()) > 0:  # noqa: ASYNC110 - a deadline that every access moves
            await asyncio.sleep(left_s)

    def _write(self, record: Record) -> None:
        assert self.world_file is not None
        self.world_file.write(json.dumps(record) + "\n")
        self.world_file.flush()

    def _ready(self, web: tuple[str, int] | None) -> Ready:
        assert self._ssh is not None
        spec, board = self.config.spec, self.server.board
        user, account = board.bmc.users[0], spec.accounts[0]
        password = spec.bmc_passwords.get(user.name, user.password)
        ssh_host, ssh_port = self._ssh.address
        return Ready(
            name=spec.name,
            board=board.name,
            ipmi=Login(host=self._at[0], port=self._at[1], user=user.name, password=password),
            ssh=Login(
                host=ssh_host, port=ssh_port, user=account.name, password=account.password or "",
                host_key=self._ssh.host_key,
            ),
            web=None if web is None else Login(host=web[0], port=web[1], user=user.name, password=password),
            pid=os.getpid(),
            epoch=spec.epoch,
            speed=self.config.speed,
        )  # fmt: skip
