"""The SSH door against a stranger's server: nothing in it knows our virtual host."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator
from pathlib import Path

import asyncssh
import pytest

from fwsim.doors import CommandTimeout, HostAuthenticationRefused, HostKeyRefused, HostUnreachable
from fwsim.hosts.ssh import SshAddress, SshHost

pytestmark = pytest.mark.wire
PASSWORD = "correct horse"


class Stranger(asyncssh.SSHServer):
    """Counts logins; lets in who knows the password."""

    def __init__(self, world: World) -> None:
        self._world = world

    def connection_made(self, conn: asyncssh.SSHServerConnection) -> None:
        self._world.connections.append(conn)

    def begin_auth(self, username: str) -> bool:
        return True

    def password_auth_supported(self) -> bool:
        return True

    def validate_password(self, username: str, password: str) -> bool:
        self._world.tried.append(password)
        return password == PASSWORD


class World:
    """What the server saw."""

    def __init__(self) -> None:
        self.lines: list[str] = []
        self.tried: list[str] = []
        self.connections: list[asyncssh.SSHServerConnection] = []
        self.key = asyncssh.generate_private_key("ssh-ed25519")
        self.port = 0

    async def run(self, process: asyncssh.SSHServerProcess[bytes]) -> None:
        line = process.command or ""
        self.lines.append(line)
        word = line.removeprefix("sudo -n ").split(" ")[0]
        match word:
            case "echo":
                process.stdout.write(b"heard: " + await process.stdin.read())
                process.stderr.write(b"mind \xff this\n")
                process.exit(3)
            case "hang":
                await asyncio.sleep(60)
            case "die":
                self.connections[-1].abort()
            case "killed":
                process.exit_with_signal("KILL")
            case "cat":
                process.stdout.write(b"\x00\xff bytes")
                process.exit(0 if line.endswith("there") else 1)
            case _:
                process.exit(0)

    @property
    def host_key(self) -> str:
        return self.key.export_public_key().decode()


@contextlib.asynccontextmanager
async def stranger(root: Path) -> AsyncIterator[World]:
    world = World()
    server = await asyncssh.create_server(
        lambda: Stranger(world),
        "127.0.0.1",
        0,
        server_host_keys=[world.key],
        process_factory=world.run,
        encoding=None,
        sftp_factory=lambda channel: asyncssh.SFTPServer(channel, chroot=str(root).encode()),
    )
    world.port = server.get_port()
    try:
        yield world
    finally:
        server.close()
        for connection in world.connections:
            connection.abort()
        await server.wait_closed()


@contextlib.asynccontextmanager
async def door(world: World, **address: object) -> AsyncIterator[SshHost]:
    fields = {"user": "root", "password": PASSWORD, "host_key": world.host_key} | address
    host = SshHost(SshAddress("127.0.0.1", port=world.port, **fields))  # type: ignore[arg-type]
    try:
        yield host
    finally:
        await host.close()


def test_a_command_gives_status_and_both_outputs(tmp_path: Path) -> None:
    async def act() -> None:
        async with stranger(tmp_path) as world, door(world) as host:
            done = await host.run(("echo", "a b", "it's"), stdin=b"words")
            assert (done.status, done.stdout, done.stderr) == (3, "heard: words", "mind \ufffd this\n")
            assert world.lines == ["echo 'a b' 'it'\"'\"'s'"]

    asyncio.run(act())


def test_one_connection_serves_many_commands(tmp_path: Path) -> None:
    async def act() -> None:
        async with stranger(tmp_path) as world, door(world) as host:
            for _ in range(3):
                await host.run(("true",))
            assert len(world.connections) == 1

    asyncio.run(act())


def test_who_is_not_root_goes_by_sudo(tmp_path: Path) -> None:
    async def act() -> None:
        async with stranger(tmp_path) as world, door(world, user="ops") as host:
            done = await host.run(("dmidecode", "-t", "bios"))
            assert done.argv == ("dmidecode", "-t", "bios")
            assert world.lines == ["sudo -n dmidecode -t bios"]

    asyncio.run(act())


def test_a_broken_connection_is_unreachable_and_the_next_command_makes_a_new_one(tmp_path: Path) -> None:
    async def act() -> None:
        async with stranger(tmp_path) as world, door(world) as host:
            with pytest.raises(HostUnreachable):
                await host.run(("die",))
            assert (await host.run(("true",))).status == 0
            assert len(world.connections) == 2

    asyncio.run(act())


def test_a_command_that_does_not_end_is_a_timeout_and_not_an_unreachable_host(tmp_path: Path) -> None:
    async def act() -> None:
        async with stranger(tmp_path) as world, door(world) as host:
            with pytest.raises(CommandTimeout):
                await host.run(("hang",), timeout_s=0.2)

    asyncio.run(act())


def test_a_signal_is_128_and_its_number(tmp_path: Path) -> None:
    async def act() -> None:
        async with stranger(tmp_path) as world, door(world) as host:
            assert (await host.run(("killed",))).status == 137

    asyncio.run(act())


def test_another_host_key_is_refused_before_the_password_leaves(tmp_path: Path) -> None:
    async def act() -> None:
        other = asyncssh.generate_private_key("ssh-ed25519").export_public_key().decode()
        async with stranger(tmp_path) as world, door(world, host_key=other) as host:
            with pytest.raises(HostKeyRefused):
                await host.run(("true",))
            assert world.tried == []

    asyncio.run(act())


def test_a_wrong_password_is_tried_at_most_twice(tmp_path: Path) -> None:
    async def act() -> None:
        async with stranger(tmp_path) as world, door(world, password="wrong") as host:
            for _ in range(4):
                with pytest.raises(HostAuthenticationRefused):
                    await host.run(("true",))
            assert world.tried == ["wrong", "wrong"]

    asyncio.run(act())


def test_nobody_there_is_unreachable() -> None:
    async def act() -> None:
        host = SshHost(SshAddress("127.0.0.1", port=1, password="x", host_key=None))
        with pytest.raises(HostUnreachable):
            await host.run(("true",))
        assert not await host.answers(timeout_s=1)

    asyncio.run(act())


def test_asking_whether_it_answers_logs_in_nowhere(tmp_path: Path) -> None:
    async def act() -> None:
        async with stranger(tmp_path) as world, door(world) as host:
            assert await host.answers()
            assert world.tried == []

    asyncio.run(act())


def test_a_file_goes_there_and_comes_back_byte_for_byte(tmp_path: Path) -> None:
    async def act() -> None:
        local = tmp_path / "local"
        local.write_bytes(bytes(range(256)) * 500)
        root = tmp_path / "root"
        root.mkdir()
        async with stranger(root) as world, door(world) as host:
            await host.put(local, "/copy")
            assert (root / "copy").read_bytes() == local.read_bytes()
            assert await host.get("/there") == b"\x00\xff bytes"
            with pytest.raises(FileNotFoundError):
                await host.get("/gone")

    asyncio.run(act())


def test_a_user_puts_a_file_in_its_own_folder_and_root_moves_it(tmp_path: Path) -> None:
    async def act() -> None:
        local = tmp_path / "x.hpm"
        local.write_bytes(b"image")
        root = tmp_path / "root"
        root.mkdir()
        async with stranger(root) as world, door(world, user="ops") as host:
            await host.put(local, "/var/tmp/fwsim-1/x.hpm")
            assert (root / ".x.hpm.upload").read_bytes() == b"image"
            assert world.lines == ["sudo -n mv .x.hpm.upload /var/tmp/fwsim-1/x.hpm"]

    asyncio.run(act())


def test_the_password_is_not_in_what_an_address_prints() -> None:
    assert PASSWORD not in repr(SshAddress("h", password=PASSWORD))
