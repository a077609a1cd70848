"""The host's sshd, driven by OpenSSH's own clients."""

from __future__ import annotations

import asyncio
import hashlib
import inspect
import random
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

import asyncssh
import pytest

from emulators import cabling
from emulators.home.pump import Pump
from emulators.host.sftp import VirtualSftp
from emulators.host.ssh import UNREAD_BYTES, SshEndpoint
from emulators.spec import Account
from tests.emulators.host.machine import Machine
from tests.tools import require_tool

SPEED = 50.0
pytestmark = [pytest.mark.wire, pytest.mark.timeout(60)]


@dataclass
class Site:
    """A host on loopback, and how to reach it."""

    machine: Machine
    endpoint: SshEndpoint
    pump: Pump
    key: Path
    directory: Path

    @property
    def options(self) -> list[str]:
        known = self.directory / "known_hosts"
        known.write_text(f"[127.0.0.1]:{self.endpoint.address[1]} {self.endpoint.host_key}\n")
        words = [
            "-F",
            "none",
            "-i",
            str(self.key),
            "-o",
            "StrictHostKeyChecking=yes",
            "-o",
            f"UserKnownHostsFile={known}",
        ]
        return [*words, "-o", "BatchMode=yes", "-o", "LogLevel=ERROR", "-o", "IdentitiesOnly=yes"]

    async def ssh(self, *words: str, stdin: bytes = b"", user: str = "root") -> tuple[int, bytes, bytes]:
        ssh = require_tool("ssh")
        return await _call(
            ssh, *self.options, "-p", str(self.endpoint.address[1]), f"{user}@127.0.0.1", *words, stdin=stdin
        )

    async def scp(self, *words: str) -> tuple[int, bytes, bytes]:
        return await _call(require_tool("scp"), *self.options, "-P", str(self.endpoint.address[1]), *words)

    async def sftp(self, batch: str) -> tuple[int, bytes, bytes]:
        port = str(self.endpoint.address[1])
        return await _call(
            require_tool("sftp"), *self.options, "-P", port, "-b", "-", "root@127.0.0.1", stdin=batch.encode()
        )


async def _call(*argv: str, stdin: bytes = b"") -> tuple[int, bytes, bytes]:
    pipe = asyncio.subprocess.PIPE
    child = await asyncio.create_subprocess_exec(*argv, stdin=pipe, stdout=pipe, stderr=pipe)
    try:
        async with asyncio.timeout(20):
            out, err = await child.communicate(stdin)
    except TimeoutError:
        child.kill()
        await child.wait()
        raise
    return child.returncode or 0, out, err


@asynccontextmanager
async def site(tmp_path: Path) -> AsyncIterator[Site]:
    key = asyncssh.generate_private_key("ssh-ed25519")
    path = tmp_path / "key"
    key.write_private_key(path)
    path.chmod(0o600)
    public = key.export_public_key().decode()
    accounts = (Account(password="root", keys=(public,)), Account(name="admin", password="admin", keys=(public,)))
    machine = Machine(accounts=accounts)

    async def push() -> None:
        await asyncio.sleep(0)

    pump = Pump(machine.server, SPEED, push)
    running = asyncio.create_task(pump.run())
    endpoint = await SshEndpoint.open(
        machine.host, "127.0.0.1", 0, before=pump.advance, after=pump.look_again, speed=SPEED
    )
    try:
        yield Site(machine, endpoint, pump, path, tmp_path)
    finally:
        await endpoint.close()
        running.cancel()
        await asyncio.gather(running, return_exceptions=True)


def test_openssh_runs_a_command_and_gets_both_streams_and_the_status(tmp_path: Path) -> None:
    async def story() -> None:
        async with site(tmp_path) as here:
            assert await here.ssh("echo out; echo err >&2; exit 3") == (3, b"out\n", b"err\n")
            assert await here.ssh("nosuch") == (127, b"", b"bash: line 1: nosuch: command not found\n")

    asyncio.run(story())


def test_standard_input_passes_byte_for_byte(tmp_path: Path) -> None:
    async def story() -> None:
        data = random.Random(1).randbytes(300_000)
        async with site(tmp_path) as here:
            assert (await here.ssh("cat > /root/blob", stdin=data))[0] == 0
            assert here.machine.host.files.read("/root/blob") == data
            assert (await here.ssh("cat /root/blob"))[1] == data

    asyncio.run(story())


@pytest.mark.parametrize("mode", ["-s", "-O"])
def test_scp_copies_there_and_back(tmp_path: Path, mode: str) -> None:
    async def story() -> None:
        data = random.Random(2).randbytes(200_000)
        (tmp_path / "image.hpm").write_bytes(data)
        async with site(tmp_path) as here:
            status, _, err = await here.scp(mode, str(tmp_path / "image.hpm"), "root@127.0.0.1:/root/")
            assert status == 0, err
            status, out, _ = await here.ssh("sha256sum /root/image.hpm")
            assert out.split()[0].decode() == hashlib.sha256(data).hexdigest()
            status, _, err = await here.scp(mode, "root@127.0.0.1:image.hpm", str(tmp_path / "back"))
            assert status == 0, err
            assert (tmp_path / "back").read_bytes() == data

    asyncio.run(story())


def test_sftp_lists_makes_renames_and_removes(tmp_path: Path) -> None:
    async def story() -> None:
        (tmp_path / "a").write_bytes(b"hello")
        batch = f"mkdir d\nput {tmp_path}/a d/a\nrename d/a d/b\nls -l d\nchmod 600 d/b\nget d/b {tmp_path}/c\n"
        batch += "rm d/b\nrmdir d\npwd\n"
        async with site(tmp_path) as here:
            status, out, err = await here.sftp(batch)
            assert status == 0, err
            assert b"Remote working directory: /root" in out
            assert b"root" in out
            assert not here.machine.host.files.exists("/root/d")
        assert (tmp_path / "c").read_bytes() == b"hello"

    asyncio.run(story())


def test_sftp_reaches_no_file_of_the_machine(tmp_path: Path) -> None:
    async def story() -> None:
        secret = tmp_path / "secret"
        secret.write_text("of the machine")
        async with site(tmp_path) as here:
            here.machine.host.files.symlink(str(secret), "/root/way-out")
            for path in (
                str(secret),
                f"../../../../..{secret}",
                f"/proc/../..{secret}",
                "/root/way-out",
                "/etc/shadow",
            ):
                status, _, _ = await here.sftp(f"get {path} {tmp_path}/stolen\n")
                assert status != 0, path
            assert not (tmp_path / "stolen").exists()
            assert (await here.sftp("put /etc/hostname ../../../../../tmp/../etc/planted\n"))[0] == 0
            assert here.machine.host.files.exists("/etc/planted")
            assert not Path("/etc/planted").exists()

    asyncio.run(story())


def test_every_method_of_asyncssh_that_could_touch_the_machine_is_ours() -> None:
    harmless = {"channel", "connection", "env", "logger", "convert_attrs", "format_longname"}
    inherited = {
        name
        for name, member in inspect.getmembers(asyncssh.SFTPServer)
        if not name.startswith("_") and (inspect.isfunction(member) or isinstance(member, property))
    }
    assert inherited - harmless - set(vars(VirtualSftp)) == set()


def test_a_full_disk_ends_a_copy(tmp_path: Path) -> None:
    async def story() -> None:
        (tmp_path / "big").write_bytes(bytes(100_000))
        async with site(tmp_path) as here:
            here.machine.host.files.capacity = here.machine.host.files.used + 50_000
            assert (await here.scp(str(tmp_path / "big"), "root@127.0.0.1:/root/big"))[0] != 0
            assert (await here.ssh("echo x > /root/y; echo yy >> /root/y"))[2].startswith(
                b"bash: line 1: echo: write error: No space"
            )

    asyncio.run(story())


def test_a_dropped_session_ends_its_command_and_no_unit(tmp_path: Path) -> None:
    async def story() -> None:
        async with site(tmp_path) as here:
            host = here.machine.host
            await here.ssh("systemd-run --unit=fwsim-flash -p RemainAfterExit=yes sleep 100000")
            ssh = require_tool("ssh")
            port = str(here.endpoint.address[1])
            child = await asyncio.create_subprocess_exec(
                ssh, *here.options, "-p", port, "root@127.0.0.1", "sleep 99999; echo late > /root/late",
                stdin=asyncio.subprocess.PIPE,
            )  # fmt: skip
            async with asyncio.timeout(10):
                while not any("99999" in p.name for p in host.processes.values()):
                    await asyncio.sleep(0.02)
                child.kill()
                await child.wait()
                while any("99999" in p.name for p in host.processes.values()):
                    await asyncio.sleep(0.02)
            unit = host.units.find("fwsim-flash")
            assert unit is not None
            assert unit.sub == "running"
            assert not host.files.exists("/root/late")

    asyncio.run(story())


def test_a_reboot_drops_logins_refuses_new_ones_and_comes_back_with_another_boot_id(tmp_path: Path) -> None:
    async def story() -> None:
        async with site(tmp_path) as here:
            before = (await here.ssh("cat /proc/sys/kernel/random/boot_id"))[1]
            port = here.endpoint.address[1]
            status, _, _ = await here.ssh("reboot; sleep 99999")
            assert status == 255
            assert not here.machine.host.up
            status, _, err = await here.ssh("true")
            assert status == 255
            assert b"Connection refused" in err
            async with asyncio.timeout(20):
                while (await here.ssh("true"))[0] != 0:
                    await asyncio.sleep(0.2)
            assert here.endpoint.address[1] == port
            after = (await here.ssh("cat /proc/sys/kernel/random/boot_id"))[1]
            assert before != after

    asyncio.run(story())


def test_openssh_goes_on_with_a_session_and_refuses_the_next_once_the_hosts_keys_have_changed(tmp_path: Path) -> None:
    async def story() -> None:
        async with site(tmp_path) as here:
            options, port = here.options, str(here.endpoint.address[1])
            words = (*options, "-o", "LogLevel=INFO", "-p", port, "root@127.0.0.1")
            pipe = asyncio.subprocess.PIPE
            held = await asyncio.create_subprocess_exec(require_tool("ssh"), *words, "cat", stdin=pipe, stdout=pipe)
            assert held.stdin is not None
            assert held.stdout is not None
            held.stdin.write(b"before\n")
            assert await held.stdout.readline() == b"before\n"
            here.machine.host.make_keys()
            async with asyncio.timeout(20):
                while b"HOST IDENTIFICATION HAS CHANGED" not in (await _call(require_tool("ssh"), *words, "true"))[2]:
                    await asyncio.sleep(0.1)
            assert (await held.communicate(b"after\n"))[0] == b"after\n"
            assert (await here.ssh("echo", "known again"))[1] == b"known again\n"

    asyncio.run(story())


def test_another_user_needs_sudo(tmp_path: Path) -> None:
    async def story() -> None:
        async with site(tmp_path) as here:
            assert (await here.ssh("id -un; dmidecode", user="admin"))[:2] == (127, b"admin\n")
            assert (await here.ssh("sudo -n dmidecode -s bios-version", user="admin"))[:2] == (0, b"2.6\n")
            assert (await here.ssh("cat /root/x; ls /root", user="admin"))[0] == 2

    asyncio.run(story())


def test_passwords_and_keys_of_strangers_are_refused(tmp_path: Path) -> None:
    async def attempt(here: Site, **options: object) -> bool:
        try:
            host, port = here.endpoint.address
            async with asyncssh.connect(host, port, known_hosts=None, agent_path=None, config=None, **options):
                return True
        except asyncssh.PermissionDenied:
            return False

    async def story() -> None:
        async with site(tmp_path) as here:
            stranger = asyncssh.generate_private_key("ssh-ed25519")
            assert await attempt(here, username="root", password="root", client_keys=None)
            assert not await attempt(here, username="root", password="wrong", client_keys=None)
            assert not await attempt(here, username="nobody", password="root", client_keys=None)
            assert not await attempt(here, username="root", client_keys=[stranger])

    asyncio.run(story())


def test_an_interactive_shell_has_a_prompt_keeps_its_directory_and_takes_ctrl_c(tmp_path: Path) -> None:
    async def story() -> None:
        async with site(tmp_path) as here:
            host, port = here.endpoint.address
            options = {"username": "root", "password": "root", "known_hosts": None, "agent_path": None, "config": None}
            async with asyncssh.connect(host, port, client_keys=None, **options) as connection:
                async with connection.create_process(term_type="xterm") as shell:
                    async with asyncio.timeout(15):
                        await shell.stdout.readuntil("root@db07:~# ")
                        shell.stdin.write("cd /tmp\n")
                        await shell.stdout.readuntil("root@db07:/tmp# ")
                        shell.stdin.write("sleep 99999\n")
                        await asyncio.sleep(0.2)
                        shell.stdin.write("\x03")
                        await shell.stdout.readuntil("root@db07:/tmp# ")
                        shell.stdin.write("echo $?\n")
                        await shell.stdout.readuntil("130")
                        shell.stdin.write("exit 4\n")
                        await shell.wait_closed()
                assert shell.exit_status == 4

    asyncio.run(story())


def test_a_host_whose_cable_is_out_is_not_heard_and_is_again_when_it_is_back(tmp_path: Path) -> None:
    async def story() -> None:
        async with site(tmp_path) as there:
            server = there.machine.server
            label = server.body.in_port("lan1")
            assert label is not None
            assert (await there.ssh("true"))[0] == 0
            cabling.move(server, label, port="")
            assert (await there.ssh("true"))[0] == 255
            cabling.move(server, label, port="lan1")
            there.pump.look_again()
            assert (await there.ssh("true"))[0] == 255, "the switch listens first"
            while not server.serves:
                await asyncio.sleep(0.02)
            await asyncio.sleep(0.1)
            assert (await there.ssh("true"))[0] == 0

    asyncio.run(story())


def test_a_second_session_is_served_while_the_first_ones_spin(tmp_path: Path) -> None:
    """Real clients, at a speed at which twenty loops of a thousand turns a second cannot be worked out."""

    async def story() -> None:
        async with site(tmp_path) as here:
            here.pump.speed = 1000.0
            spinning = [here.machine.start("while :; do true; done")[0] for _ in range(20)]
            async with asyncio.timeout(15):
                assert await here.ssh("echo alive") == (0, b"alive\n", b"")
                assert (await here.ssh(f"kill {' '.join(str(each.pid) for each in spinning)}"))[0] == 0
            assert [each.status for each in spinning] == [143] * 20

    asyncio.run(story())


def test_ctrl_c_ends_a_loop_and_not_the_shell(tmp_path: Path) -> None:
    async def story() -> None:
        async with site(tmp_path) as here:
            port = here.endpoint.address[1]
            key = str(here.key)
            async with (
                asyncio.timeout(15),
                asyncssh.connect("127.0.0.1", port, username="root", client_keys=[key], known_hosts=None) as line,
                line.create_process(term_type="vt100") as shell,
            ):
                shell.stdin.write("while :; do :; done\n")
                await shell.stdout.readuntil("done")
                shell.stdin.write("\x03")
                await shell.stdout.readuntil("^C")
                shell.stdin.write("echo still $((1+1))\nexit\n")
                assert "still 2" in await shell.stdout.read()

    asyncio.run(story())


def test_output_that_nobody_reads_stops_its_writer_and_does_not_pile_up(tmp_path: Path) -> None:
    async def story() -> None:
        async with site(tmp_path) as here:
            port = here.endpoint.address[1]
            key = str(here.key)
            async with asyncssh.connect(
                "127.0.0.1", port, username="root", client_keys=[key], known_hosts=None
            ) as line:
                shell = await line.create_process("x=$(seq 20000); while :; do echo $x; done", encoding=None)
                shell.stdout.channel.pause_reading()
                while (process := next(iter(here.machine.host.processes.values()), None)) is None:
                    await asyncio.sleep(0.01)
                out = inspect.getgeneratorlocals(process._run)["streams"].stdout
                async with asyncio.timeout(15):
                    while not out.full:
                        await asyncio.sleep(0.01)
                    piled = out._writer.channel.get_write_buffer_size()
                    for _ in range(20):
                        here.pump.advance()
                        await asyncio.sleep(0.02)
                assert out._writer.channel.get_write_buffer_size() == piled < UNREAD_BYTES + 200_000
                shell.channel.abort()

    asyncio.run(story())
