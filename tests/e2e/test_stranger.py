"""`fwsim update` against a stranger's server: OpenSSH's sshd, a real shell, stand-ins that write down their calls.

Nothing here is our virtual host, so nothing that passes can come from knowing it. The BMC on the network, where there
is one, is a virtual one: a stranger's host with somebody else's BMC.
"""

from __future__ import annotations

import getpass
import hashlib
import os
import pty
import select
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import asyncssh
import pytest

from emulators import boards, packages
from tests.homes import home
from tests.tools import require_tool

# One worker: its host is this very machine, and a test must not see what another has there.
pytestmark = [pytest.mark.e2e, pytest.mark.wire, pytest.mark.xdist_group("stranger")]

TOOLS = ("ipmitool", "dmidecode", "systemd-run", "systemctl", "sha256sum", "modprobe", "sum", "racadm", "reboot")
CHANGING = ("hpm upgrade", "systemd-run", "mc reset", "reboot", "UpdateBios", "UpdateBmc", "lan set", "user set")
BASEBOARD = """\
# dmidecode 3.4
Handle 0x0002, DMI type 2, 15 bytes
Base Board Information
\tManufacturer: Supermicro
\tProduct Name: {product}
\tVersion: 1.01
\tSerial Number: ZM000S000001
"""
BIOS = "BIOS Information\n\tVendor: American Megatrends Inc.\n\tVersion: 2.6\n\tRelease Date: 11/04/2021\n"
MC_INFO = """\
Device ID                 : 32
Device Revision           : 1
Firmware Revision         : 3.88
IPMI Version              : 2.0
Manufacturer ID           : 10876
Manufacturer Name         : Supermicro
Product ID                : 2392 (0x0958)
Product Name              : Unknown (0x958)
Device Available          : yes
"""
LAN = "Set in Progress         : Set Complete\nIP Address Source       : Static Address\n" + "".join(
    f"{name:<24}: {value}\n"
    for name, value in (
        ("IP Address", "192.0.2.9"),
        ("Subnet Mask", "255.255.255.0"),
        ("MAC Address", "02:00:00:00:00:09"),
        ("Default Gateway IP", "192.0.2.1"),
        ("802.1q VLAN ID", "Disabled"),
    )
)
WATCHDOG = """\
Watchdog Timer Use:     SMS/OS (0x04)
Watchdog Timer Is:      Stopped
Watchdog Timer Logging: On
Watchdog Timer Action:  No action (0x00)
Pre-timeout interrupt:  None
Pre-timeout interval:   0 seconds
Timer Expiration Flags: None (0x00)
Initial Countdown:      0.0 sec
Present Countdown:      0.0 sec
"""
USERS = """\
ID  Name\t     Callin  Link Auth\tIPMI Msg   Channel Priv Limit
2   ADMIN            false   false      true       ADMINISTRATOR
"""
NO_UNIT = "LoadState=not-found\nActiveState=inactive\nSubState=dead\nResult=success\nExecMainStatus=0\nDescription=\n"
BESIDES = "policy: {accept_no_fallback: true}\n"


class Stranger:
    """A server that was here before us. `says` gives a tool its answer; `calls` are those that were made."""

    def __init__(self, folder: Path) -> None:
        self.folder, self.bin, self.port = folder, folder / "bin", free_port()
        self.bin.mkdir()
        for name in TOOLS:
            self.says(name, "exit 0")
        self.says("sudo", 'shift; exec "$@"')
        self.says("id", "echo 0")
        self.says("systemctl", f"cat <<'E'\n{NO_UNIT}E\n")
        self.is_a("X11SSH-F")
        self.bmc_is("00112233445566778899aabbccddeeff", "02:00:00:00:00:09")

    def says(self, name: str, recipe: str) -> None:
        script = self.bin / name
        note = f"printf '%s\\n' \"{name} $*\" >>'{self.folder}/calls'\n"
        script.write_text(f"#!/bin/sh\n{note}{recipe}\n")
        script.chmod(0o755)

    def is_a(self, product: str) -> None:
        board, bios = BASEBOARD.format(product=product), BIOS
        self.says("dmidecode", f"case $2 in baseboard) cat <<'E'\n{board}E\n;; bios) cat <<'E'\n{bios}E\n;; esac")

    def bmc_is(self, guid: str, mac: str) -> None:
        digits = " ".join(guid[i : i + 2] for i in range(0, 32, 2))
        lan = LAN.replace("02:00:00:00:00:09", mac)
        answers = {
            "mc info": MC_INFO,
            "lan print 1": lan,
            "raw 0x06 0x37": f" {digits}\n",
            "mc watchdog get": WATCHDOG,
            "mc selftest": "Selftest: passed\n",
            "user list 1": USERS,
        }
        cases = "".join(f"'{words}') cat <<'E'\n{text}E\n;; " for words, text in answers.items())
        self.says("ipmitool", f"case \"$*\" in {cases} 'sel elist') echo 'SEL has no entries' >&2;; *) exit 1;; esac")

    @property
    def calls(self) -> list[str]:
        path = self.folder / "calls"
        return path.read_text().splitlines() if path.exists() else []


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


@contextmanager
def listening(folder: Path) -> Iterator[Stranger]:
    """OpenSSH's own server on loopback, with keys that were made for this test."""
    sshd = require_tool("sshd")
    if os.geteuid() == 0:
        Path("/run/sshd").mkdir(exist_ok=True)  # where it separates privileges
    server = Stranger(folder)
    for name in ("host_key", "user_key"):
        key = asyncssh.generate_private_key("ssh-ed25519")
        key.write_private_key(str(folder / name))
        (folder / name).chmod(0o600)
        (folder / f"{name}.pub").write_bytes(key.export_public_key())
    known = (folder / "host_key.pub").read_text()
    (folder / "known_hosts").write_text(f"[127.0.0.1]:{server.port} {known}")
    (folder / "sshd_config").write_text(
        f"ListenAddress 127.0.0.1:{server.port}\nHostKey {folder}/host_key\nAuthorizedKeysFile {folder}/user_key.pub\n"
        "UsePAM no\nStrictModes no\nPasswordAuthentication no\nKbdInteractiveAuthentication no\nPidFile none\n"
        f"PermitRootLogin prohibit-password\nSubsystem sftp internal-sftp\nSetEnv PATH={server.bin}:/usr/bin:/bin\n"
    )
    with (folder / "sshd.log").open("wb") as log:
        child = subprocess.Popen((sshd, "-D", "-e", "-f", str(folder / "sshd_config")), stderr=log)
    try:
        until_answers(server.port, child, folder / "sshd.log")
        yield server
    finally:
        child.terminate()
        child.wait(20)


def until_answers(port: int, child: subprocess.Popen[bytes], log: Path) -> None:
    deadline = time.monotonic() + 20
    while time.monotonic() < deadline:
        assert child.poll() is None, log.read_text()
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", port)) == 0:
                return
        time.sleep(0.05)
    raise AssertionError("sshd never answered")


@pytest.fixture
def stranger(tmp_path: Path) -> Iterator[Stranger]:
    folder = tmp_path / "stranger"
    folder.mkdir()
    with listening(folder) as server:
        yield server


def plan(server: Stranger, bmc_port: int = 1, payload: bytes | None = None, more: str = "") -> Path:
    """A plan for that server. Nothing listens on UDP port 1."""
    image = payload or packages.make(boards.load("x11ssh-f"), "bmc", "3.90").data
    folder = server.folder
    (folder / "BMC_X11SSH-3.90.hpm").write_bytes(image)
    digest = hashlib.sha256(image).hexdigest()
    path = folder / "plan.yaml"
    path.write_text(
        "board: x11ssh-f\n"
        f"host: {{address: 127.0.0.1, port: {server.port}, user: {getpass.getuser()}, key: user_key, "
        "known_hosts: known_hosts}\n"
        f"bmc: {{address: 127.0.0.1, port: {bmc_port}, user: ADMIN, password: {{env: STRANGER_BMC}}}}\n"
        f'payloads: [{{kind: bmc, file: BMC_X11SSH-3.90.hpm, version: "3.90", sha256: "{digest}"}}]\n'
        f"power: {{feeds: 2}}\nquiet: {{fencing: true, controllers: true}}\n{more}"
    )
    return path


def whole(server: Stranger, bmc_port: int) -> Path:
    """A plan that every check of the preflight lets through. Its file is one that only the vendor's tool can read."""
    path = plan(server, bmc_port, bytes(range(256)) * 256, BESIDES)
    (server.folder / "BMC_X11SSH-3.90.hpm").rename(server.folder / "BMC_X11SSH-3.90.bin")
    path.write_text(path.read_text().replace("3.90.hpm", "3.90.bin"))
    return path


def update(path: Path, password: str = "ADMIN", *more: str) -> subprocess.CompletedProcess[str]:
    env = {**os.environ, "STRANGER_BMC": password, "XDG_STATE_HOME": str(path.parent / "state"), "NO_COLOR": "1"}
    command = [sys.executable, "-m", "fwsim", "update", str(path), "--yes", "--progress", "plain", *more]
    return subprocess.run(
        command, env=env, stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=100, check=False
    )


def assert_refused(done: subprocess.CompletedProcess[str], server: Stranger, *words: str) -> None:
    assert done.returncode == 3, done.stdout + done.stderr
    ending = done.stdout[done.stdout.rindex("\nrefused: ") :]
    for word in words:
        assert word in ending
    asked = [call for call in server.calls if not call.startswith("which ")]
    assert not [call for call in asked if any(word in call for word in CHANGING)]
    assert not list(Path("/var/tmp").glob("fwsim-*-x11ssh-f-*"))


def test_a_strangers_server_of_another_board_is_refused(stranger: Stranger) -> None:
    stranger.is_a("X11SSM-F")
    done = update(plan(stranger))
    assert_refused(done, stranger, "this server is a Supermicro X11SSM-F, the plan is for x11ssh-f")
    assert "dmidecode -t baseboard" in stranger.calls
    assert not any("ipmitool" in call for call in stranger.calls), "a wrong board ends it there"


def test_a_missing_tool_is_named(stranger: Stranger) -> None:
    (stranger.bin / "ipmitool").unlink()
    stranger.says("which", 'test -x "$(command -v "$1")" && test "$1" != ipmitool')
    assert_refused(update(plan(stranger)), stranger, "not installed on the host: ipmitool")


def test_a_module_that_cannot_be_loaded_refuses(stranger: Stranger) -> None:
    stranger.says("modprobe", "echo 'modprobe: ERROR: could not insert: Operation not permitted' >&2; exit 1")
    assert_refused(update(plan(stranger)), stranger, "kernel module", "Operation not permitted")


def test_a_bmc_that_is_silent_in_band_refuses(stranger: Stranger) -> None:
    complaint = "Could not open device at /dev/ipmi0 or /dev/ipmi/0 or /dev/ipmidev/0: No such file or directory"
    stranger.says("ipmitool", f"echo '{complaint}' >&2; exit 1")
    assert_refused(update(plan(stranger)), stranger, "the BMC does not answer in band")


def test_a_bmc_that_is_silent_on_the_network_refuses_and_nothing_unannounced_was_run(stranger: Stranger) -> None:
    path = plan(stranger)
    assert_refused(update(path), stranger, "the BMC at 127.0.0.1 is silent over LAN")
    command = [sys.executable, "-m", "fwsim", "update", str(path), "--dry-run"]
    shown = subprocess.run(command, capture_output=True, text=True, timeout=60, check=True).stdout
    for call in stranger.calls:
        assert call.removeprefix("sudo -n ") in shown, f"{call} is not announced by the dry run"
    assert "modprobe ipmi_devintf" in stranger.calls
    assert "modprobe ipmi_si" in stranger.calls


def test_somebody_elses_bmc_on_the_network_refuses(stranger: Stranger) -> None:
    with home(speed=1.0) as other:
        done = update(plan(stranger, other.ipmi.port), other.ipmi.password)
    assert_refused(done, stranger, "is another server's", "this host's has 00112233")


def test_a_wrong_password_of_the_bmc_is_tried_twice_at_most(stranger: Stranger) -> None:
    with home(speed=1.0) as other:
        done = update(plan(stranger, other.ipmi.port), "not-the-password")
    assert_refused(done, stranger, "the BMC refused ADMIN")
    assert "not-the-password" not in done.stdout + done.stderr


def test_with_everything_in_place_a_marked_image_is_refused_still(stranger: Stranger) -> None:
    """The GUID and the MAC agree from both sides, and the next step looks at the file: it is one of ours."""
    with home(speed=1.0) as own:
        guid, mac = over_lan(own.ipmi.port, own.ipmi.user, own.ipmi.password)
        stranger.bmc_is(guid, mac)
        done = update(plan(stranger, own.ipmi.port), own.ipmi.password)
    assert_refused(done, stranger, "is a synthetic image for virtual servers")
    assert "is this host's BMC" in done.stderr


def over_lan(port: int, user: str, password: str) -> tuple[str, str]:
    """GUID as raw hexadecimal digits and MAC of that BMC, by fwsim's own client."""
    import asyncio

    from fwsim.network import BmcAddress, PyghmiNetwork

    async def ask() -> tuple[str, str]:
        network = PyghmiNetwork(BmcAddress("127.0.0.1", user, password, port))
        guid = (await network.raw(0x06, 0x37)).data
        mac = (await network.raw(0x0C, 0x02, bytes([1, 5, 0, 0]))).data[1:7]
        return guid.hex(), mac.hex(":")

    return asyncio.run(ask())


def test_the_hosts_key_must_be_the_known_one(stranger: Stranger) -> None:
    path = plan(stranger)
    other = asyncssh.generate_private_key("ssh-ed25519").export_public_key().decode()
    (stranger.folder / "known_hosts").write_text(f"[127.0.0.1]:{stranger.port} {other}")
    assert_refused(update(path), stranger, "is not the one known")
    assert not stranger.calls


def test_an_account_that_the_host_refuses_is_told(stranger: Stranger) -> None:
    path = plan(stranger)
    other = stranger.folder / "other_key"
    asyncssh.generate_private_key("ssh-ed25519").write_private_key(str(other))
    path.write_text(path.read_text().replace("key: user_key", "key: other_key"))
    assert_refused(update(path), stranger, f"refused {getpass.getuser()}", "check the plan's host.user")


@pytest.mark.parametrize("kind", ["locked", "nonsense"])
def test_a_key_that_cannot_be_used_is_told(stranger: Stranger, kind: str) -> None:
    path = plan(stranger)
    key, file = asyncssh.generate_private_key("ssh-ed25519"), stranger.folder / "bad_key"
    file.write_bytes(key.export_private_key("pkcs8-pem", passphrase="unknown") if kind == "locked" else b"not a key")
    path.write_text(path.read_text().replace("key: user_key", "key: bad_key"))
    assert_refused(update(path), stranger, "bad_key", "cannot be used")


# -- the question


@contextmanager
def asked(server: Stranger) -> Iterator[tuple[subprocess.Popen[bytes], int]]:
    """`fwsim update` on a terminal, up to its question. The number is the terminal's other end."""
    with home(speed=1.0) as own:
        server.bmc_is(*over_lan(own.ipmi.port, own.ipmi.user, own.ipmi.password))
        path, (ours, its) = whole(server, own.ipmi.port), pty.openpty()
        env = {**os.environ, "STRANGER_BMC": own.ipmi.password, "XDG_STATE_HOME": str(server.folder / "state")}
        env |= {"TERM": "xterm", "NO_COLOR": "1", "COLUMNS": "100", "LINES": "200"}
        command = [sys.executable, "-m", "fwsim", "update", str(path)]
        process = subprocess.Popen(command, env=env, stdin=its, stdout=its, stderr=its, start_new_session=True)
        os.close(its)
        try:
            screen(ours, until="type the host's name")
            yield process, ours
        finally:
            process.kill()
            process.wait(20)
            os.close(ours)


def screen(terminal: int, until: str = "") -> str:
    """What is shown up to those words, or to the end."""
    shown = b""
    deadline = time.monotonic() + 60
    while not until or until.encode() not in shown:
        assert time.monotonic() < deadline, shown.decode()
        if not select.select([terminal], [], [], 1.0)[0]:
            continue
        try:
            piece = os.read(terminal, 4096)
        except OSError:
            piece = b""
        if not piece:
            assert not until, shown.decode()
            break
        shown += piece
    everything = _shown.setdefault(terminal, bytearray())
    everything += shown
    return everything.decode()


_shown: dict[int, bytearray] = {}


def answered(server: Stranger, typed: bytes | signal.Signals) -> tuple[int, str]:
    with asked(server) as (process, terminal):
        if isinstance(typed, bytes):
            os.write(terminal, typed)
        else:
            process.send_signal(typed)
        said = screen(terminal)
        _shown.pop(terminal, None)
        return process.wait(30), said


def test_the_server_is_shown_as_it_was_read_and_a_wrong_name_changes_nothing(stranger: Stranger) -> None:
    code, said = answered(stranger, b"db07\n")
    assert code == 3, said
    for words in ("ZM000S000001", "Supermicro X11SSH-F", "BMC 3.88 -> 3.90", "* transfer", "BMC GUID", "BMC MAC"):
        assert words in said
    assert "expected 127.0.0.1, got db07" in said
    assert not [call for call in stranger.calls if call.startswith(("mkdir", "systemd-run", "sum -c Update"))]
    assert not list(Path("/var/tmp").glob("fwsim-*-x11ssh-f-*"))


def test_the_hosts_name_starts_it(stranger: Stranger) -> None:
    """The stand-in refuses the file afterwards: what is shown is that the run went on, and takes its files away."""
    stranger.says("sha256sum", 'echo "0000  $1"')
    code, said = answered(stranger, b"127.0.0.1\n")
    assert code == 3, said
    assert "SHA-256" in said or "sha256sum" in said
    assert any(call.startswith("sha256sum") for call in stranger.calls)
    assert not list(Path("/var/tmp").glob("fwsim-*-x11ssh-f-*"))


@pytest.mark.parametrize("key", [signal.SIGINT, b"\x04"], ids=["ctrl-c", "end of file"])
def test_who_leaves_at_the_question_changes_nothing(stranger: Stranger, key: bytes | signal.Signals) -> None:
    code, said = answered(stranger, key)
    assert code in (3, 5), said
    assert "Traceback" not in said
    assert not list(Path("/var/tmp").glob("fwsim-*-x11ssh-f-*"))
