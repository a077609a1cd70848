"""One virtual server at home: opens what the world connects to, and keeps it true to the model."""

from __future__ import annotations

import asyncio
import ipaddress
import json
import os
import tempfile
import time
from pathlib import Path

from emulators.bmc.endpoint import LanEndpoint
from emulators.bmc.kcs_wire import KcsWire
from emulators.bmc.lan import Sessions
from emulators.home.channel import lan_sessions
from emulators.home.config import HomeConfig, Login, Ready
from emulators.home.outside import Outside
from emulators.home.pump import Pump
from emulators.host.ssh import SshEndpoint
from emulators.server import VirtualServer
from emulators.world import Record, World


class Home:
    """`open` it, `serve` until the end, `close` it. Everything it opened ends with it."""

    def __init__(self, config: HomeConfig) -> None:
        self.config = config
        self.world_file = (
            config.directory.joinpath("world.jsonl").open("a", encoding="utf-8") if config.directory else None
        )
        self.server = VirtualServer(config.spec, World(self._write if self.world_file else None))
        self.pump = Pump(self.server, config.speed, self._push)
        self.outside = Outside(self.pump.advance)
        self.sessions = lan_sessions(self.server, self._bmc_is_here)
        self._lan: LanEndpoint | None = None
        self._at: tuple[str, int] = (config.spec.bmc_address, config.bmc_port)
        self._kcs: LanEndpoint | None = None
        self._ssh: SshEndpoint | None = None
        self._scratch: tempfile.TemporaryDirectory[str] | None = None  # for what a program of the machine reads

    async def open(self) -> Ready:
        """Listen everywhere. Raises OSError where an address or a port is taken."""
        self._lan = await self._listen(self.sessions, self._at)
        self._at = self._lan.address
        self._ssh = await SshEndpoint.open(
            self.server.host, self.config.spec.host_address, self.config.ssh_port, before=self.pump.advance,
            speed=self.config.speed,
        )  # fmt: skip
        await self._open_kcs()
        return self._ready()

    async def serve(self) -> None:
        """Until cancelled, or until nobody has accessed the server for `idle_s`."""
        pump = asyncio.create_task(self.pump.run())
        idle = asyncio.create_task(self._idle())
        try:
            done, _ = await asyncio.wait((pump, idle), return_when=asyncio.FIRST_COMPLETED)
            for task in done:
                task.result()
        finally:
            for task in (pump, idle):
                task.cancel()
            await asyncio.gather(pump, idle, return_exceptions=True)

    async def close(self) -> None:
        """Stop listening, end what was started, remove what was written to scratch."""
        await self.outside.close()
        for endpoint in (self._lan, self._kcs):
            if endpoint is not None:
                endpoint.close()
        if self._ssh is not None:
            await self._ssh.close()
        if self._scratch is not None:
            self._scratch.cleanup()
        if self.world_file is not None:
            self.server.faults.tell_never_fired()
            self.world_file.close()

    # -- what the pump pushes

    async def _push(self) -> None:
        """Move the BMC's socket to the address that the BMC now has, and send what the BMC sends unasked."""
        await self._move()
        if self._lan is not None:
            self._lan.push()

    async def _move(self) -> None:
        wanted = self.server.bmc.address
        if wanted is None or wanted == self._at[0] or not self._may_bind(wanted):
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

    def _may_bind(self, address: str) -> bool:
        """Loopback, or what the person who started this home named."""
        return ipaddress.ip_address(address).is_loopback or address == self.config.address

    async def _listen(self, sessions: Sessions, at: tuple[str, int]) -> LanEndpoint:
        speed, before = self.config.speed, self.pump.catch_up
        endpoint = await LanEndpoint.open(
            sessions, *at, time.monotonic, speed=speed, before=before, after=self._after_datagram
        )
        if sessions is self.sessions:
            endpoint.weather = self.server.network.weather
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
        """Made when first needed: a home that is killed then leaves nothing, unless the machine's ipmitool serves."""
        if self._scratch is None:
            self._scratch = tempfile.TemporaryDirectory(prefix="fwsim-home-")
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

    def _ready(self) -> Ready:
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
            pid=os.getpid(),
            epoch=spec.epoch,
            speed=self.config.speed,
        )  # fmt: skip
