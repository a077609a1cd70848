"""A virtual server in a process of its own, used with nothing of ours: OpenSSH and the machine's ipmitool."""

from __future__ import annotations

import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from emulators import boards, packages
from emulators.home.config import Ready
from tests.homes import home
from tests.tools import require_tool

pytestmark = [pytest.mark.wire, pytest.mark.e2e]
SPEED = 60.0


@pytest.fixture(scope="module")
def key(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("key") / "id"
    subprocess.run((require_tool("ssh-keygen"), "-q", "-t", "ed25519", "-N", "", "-f", str(path)), check=True)
    return path


@pytest.fixture(scope="module")
def server(key: Path) -> Iterator[Ready]:
    with home(speed=SPEED, keys=(key.with_suffix(".pub").read_text(),)) as ready:
        yield ready


def options(key: Path) -> tuple[str, ...]:
    wanted = ("StrictHostKeyChecking=no", "UserKnownHostsFile=/dev/null", "LogLevel=ERROR", "IdentitiesOnly=yes")
    return ("-F", "none", "-i", str(key), *(word for option in wanted for word in ("-o", option)))


def ssh(ready: Ready, key: Path, line: str) -> subprocess.CompletedProcess[str]:
    command = (require_tool("ssh"), *options(key), "-p", str(ready.ssh.port), f"root@{ready.ssh.host}", line)
    return subprocess.run(command, capture_output=True, text=True, timeout=60, stdin=subprocess.DEVNULL, check=False)


def ipmitool(ready: Ready, *words: str, seconds: float = 60) -> subprocess.CompletedProcess[str]:
    at = ready.ipmi
    command = (
        require_tool("ipmitool"), "-I", "lanplus", "-H", at.host, "-p", str(at.port), "-U", at.user, "-E", *words
    )  # fmt: skip
    return subprocess.run(
        command, capture_output=True, text=True, timeout=seconds, env={"IPMI_PASSWORD": at.password}, check=False
    )


def test_a_command_over_ssh_has_output_and_exit_status_of_its_own(server: Ready, key: Path) -> None:
    done = ssh(server, key, "dmidecode -s baseboard-product-name; test -e /nowhere")
    assert (done.stdout, done.returncode) == ("X11SSH-F\n", 1)


def test_in_band_and_over_lan_the_bmc_is_the_same(server: Ready, key: Path) -> None:
    in_band = ssh(server, key, "modprobe ipmi_devintf && modprobe ipmi_si && ipmitool mc info").stdout
    over_lan = ipmitool(server, "mc", "info").stdout
    assert "Firmware Revision         : 3.88" in over_lan
    assert in_band.splitlines() == over_lan.splitlines()


def test_scp_and_sftp_carry_a_file_there_and_back(server: Ready, key: Path, tmp_path: Path) -> None:
    (tmp_path / "there").write_bytes(bytes(range(256)) * 300)
    target = f"root@{server.ssh.host}"
    for tool in ("-O", "-s"):
        scp = (require_tool("scp"), tool, "-q", *options(key), "-P", str(server.ssh.port))
        subprocess.run((*scp, str(tmp_path / "there"), f"{target}:/root/there{tool}"), check=True, timeout=60)
        subprocess.run((*scp, f"{target}:/root/there{tool}", str(tmp_path / "back")), check=True, timeout=60)
        assert (tmp_path / "back").read_bytes() == (tmp_path / "there").read_bytes()


def test_after_a_cold_reset_the_bmc_is_dark_and_then_back_with_its_sessions_gone(server: Ready) -> None:
    board = boards.load("x11ssh-f").bmc
    assert ipmitool(server, "mc", "reset", "cold").stdout == "Sent cold reset command to MC\n"
    began = time.monotonic()
    quick = ("-N", "1", "-R", "1")
    assert ipmitool(server, *quick, "mc", "guid").returncode == 1, "it should be dark"
    while ipmitool(server, *quick, "mc", "guid").returncode != 0:
        assert time.monotonic() - began < 30
    assert time.monotonic() - began >= board.boot_s / SPEED * 0.9


def test_ipmitool_flashes_it_from_outside_and_the_new_version_runs_after_the_reset(tmp_path: Path) -> None:
    image = packages.make(boards.load("x11ssh-f"), "bmc", "3.90", size=4096)
    (tmp_path / image.name).write_bytes(image.data)
    with home(speed=600) as ready:
        done = ipmitool(ready, "hpm", "upgrade", str(tmp_path / image.name), "force")
        assert done.returncode == 0, done.stdout + done.stderr
        assert "Firmware upgrade procedure successful" in done.stderr
        assert "3.88" in ipmitool(ready, "mc", "info").stdout
        ipmitool(ready, "mc", "reset", "cold")
        began = time.monotonic()
        while "3.90" not in ipmitool(ready, "-N", "1", "-R", "1", "mc", "info").stdout:
            assert time.monotonic() - began < 30
