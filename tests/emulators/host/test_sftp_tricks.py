"""SFTP by a client that means no good: paths, sizes, offsets. It reaches the virtual disk and nothing else."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable
from pathlib import Path

import asyncssh
import pytest

from tests.emulators.host.test_ssh import Site, site

pytestmark = [pytest.mark.wire, pytest.mark.timeout(60)]


def sftp(tmp_path: Path, story: Callable[[Site, asyncssh.SFTPClient], Awaitable[None]], user: str = "root") -> None:
    async def run() -> None:
        async with site(tmp_path) as here:
            port, key = here.endpoint.address[1], str(here.key)
            login = asyncssh.connect("127.0.0.1", port, username=user, client_keys=[key], known_hosts=None)
            async with login as line, line.start_sftp_client() as client:
                await story(here, client)

    asyncio.run(run())


def test_a_size_or_an_offset_beyond_the_disk_makes_nothing_and_the_host_lives(tmp_path: Path) -> None:
    async def story(here: Site, client: asyncssh.SFTPClient) -> None:
        files = here.machine.host.files
        async with client.open("/root/a", "wb") as file:
            await file.write(b"abc")
        for size in (1 << 40, 1 << 62, (1 << 64) - 1):
            with pytest.raises(asyncssh.SFTPError):
                await client.setstat("/root/a", asyncssh.SFTPAttrs(size=size))
            with pytest.raises(asyncssh.SFTPError):
                async with client.open("/root/a", "r+b") as file:
                    await file.write(b"x", offset=size - 8)
        assert files.read("/root/a") == b"abc"
        assert files.used < files.capacity
        assert (await client.stat("/root/a")).size == 3

    sftp(tmp_path, story)


def test_a_large_file_is_read_in_pieces_and_not_whole_for_each(tmp_path: Path) -> None:
    async def story(here: Site, client: asyncssh.SFTPClient) -> None:
        here.machine.host.files.write("/root/big", bytes(128 << 20))
        began = time.process_time()
        async with client.open("/root/big", "rb") as file:
            for number in range(100):
                assert len(await file.read(16384, offset=number << 20)) == 16384
        assert time.process_time() - began < 1.5, "each read copied the whole file"

    sftp(tmp_path, story)


@pytest.mark.parametrize(
    "path",
    [
        "../" * 40 + "etc/passwd", "/proc/self/root/etc/passwd", "/proc/self/fd/3", "/dev/fd/3", "~root/.ssh/id",
        "/tmp/out/x", "a/" * 3000, "x" * 300,
    ],
)  # fmt: skip
def test_no_path_leads_to_a_file_of_the_machine(tmp_path: Path, path: str) -> None:
    async def story(here: Site, client: asyncssh.SFTPClient) -> None:
        outside = tmp_path / "canary"
        outside.write_text("canary")
        await client.symlink(str(outside), "/tmp/out")
        assert await client.readlink("/tmp/out") == str(outside), "not the other way round, as OpenSSH takes it"
        for name in (path, path + "/" + str(outside), "/tmp/out"):
            try:
                async with client.open(name, "rb") as file:
                    assert "canary" not in str(await file.read())
            except asyncssh.SFTPError:
                continue
        try:
            async with client.open("/tmp/out", "wb") as file:
                await file.write(b"changed")
        except asyncssh.SFTPError:
            pass
        assert outside.read_text() == "canary"

    sftp(tmp_path, story)


def test_another_user_gets_no_more_than_the_modes_give(tmp_path: Path) -> None:
    async def story(here: Site, client: asyncssh.SFTPClient) -> None:
        files = here.machine.host.files
        files.write("/root/secret", b"secret", mode=0o600)
        files.write("/etc/shadowy", b"shadow", mode=0o600)
        for refused in (
            client.setstat("/etc/hostname", asyncssh.SFTPAttrs(size=0)),
            client.setstat("/etc/hostname", asyncssh.SFTPAttrs(permissions=0o666)),
            client.remove("/etc/hostname"), client.posix_rename("/etc/hostname", "/tmp/h"), client.mkdir("/etc/mine"),
            client.symlink("/root/secret", "/etc/link"), client.get("/etc/shadowy", str(tmp_path / "got")),
        ):  # fmt: skip
            with pytest.raises(asyncssh.SFTPError):
                await refused
        await client.symlink("/etc/shadowy", "/tmp/mine")
        with pytest.raises(asyncssh.SFTPError):
            await client.get("/tmp/mine", str(tmp_path / "got"))
        assert files.read("/etc/hostname")

    sftp(tmp_path, story, "admin")


def test_a_tree_deeper_than_any_path_is_walked_and_removed(tmp_path: Path) -> None:
    async def story(here: Site, client: asyncssh.SFTPClient) -> None:
        done = here.machine.run("i=0; cd /tmp; while [ $i -lt 1100 ]; do mkdir a; cd a; i=$((i+1)); done; pwd | wc -c")
        assert done.out.strip() == "2205"
        assert here.machine.run("du -s /tmp > /dev/null; echo $?").out == "0\n"
        assert here.machine.run("rm -r /tmp/a; echo $?").out == "0\n"
        long = here.machine.run(f"mkdir -p /tmp/{'b/' * 2100}; echo $?")
        assert "File name too long" in long.err

    sftp(tmp_path, story)
