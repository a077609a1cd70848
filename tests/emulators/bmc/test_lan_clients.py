"""The session layer against clients that are not ours: ipmitool, FreeIPMI and pyghmi's client, over UDP."""

from __future__ import annotations

import dataclasses
import os
import re
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from emulators.bmc.lan import Policy, Sessions
from tests.emulators.bmc.lan_toy import DEVICE_ID, ToyBmc
from tests.emulators.bmc.wire_server import listening
from tests.tools import require_tool

pytestmark = pytest.mark.wire
TIMEOUT_S = 40
HEX_ID = "20 01 03 01 02 bf 7c 2a 00 13 09 00 00 00 00"
REFUSED = "Error: Unable to establish IPMI v2 / RMCP+ session"


@pytest.fixture
def bmc() -> ToyBmc:
    return ToyBmc()


@pytest.fixture
def layer(bmc: ToyBmc) -> Sessions:
    return Sessions(bmc)


@pytest.fixture
def port(layer: Sessions) -> Iterator[int]:
    with listening(layer) as [(_, port)]:
        yield port


def run(*argv: str, home: Path | None = None) -> subprocess.CompletedProcess[str]:
    env = {**os.environ, "HOME": str(home)} if home else None
    return subprocess.run(argv, capture_output=True, text=True, timeout=TIMEOUT_S, env=env, stdin=subprocess.DEVNULL)


def ipmitool(
    port: int, *arguments: str, user: str = "ADMIN", password: str = "secret", suite: int | None = 3
) -> subprocess.CompletedProcess[str]:
    chosen = [] if suite is None else ["-C", str(suite)]
    login = ["-H", "127.0.0.1", "-p", str(port), "-U", user, "-P", password]
    return run(require_tool("ipmitool"), "-I", "lanplus", *login, *chosen, *arguments)


@pytest.mark.parametrize("suite", [3, 17, None])
def test_ipmitool_runs_a_raw_command_and_leaves_no_session_behind(
    port: int, layer: Sessions, suite: int | None
) -> None:
    done = ipmitool(port, "raw", "6", "1", suite=suite)
    assert (done.returncode, done.stdout.strip(), done.stderr) == (0, HEX_ID, "")
    assert layer.active == {}


@pytest.mark.parametrize("suite", [3, 17])
def test_ipmitool_reads_the_guid(port: int, suite: int) -> None:
    done = ipmitool(port, "mc", "guid", suite=suite)
    assert done.returncode == 0
    assert "000102030405060708090A0B0C0D0E0F" in done.stdout


def test_ipmitool_takes_suite_17_when_nothing_is_said(port: int) -> None:
    assert "Using best available cipher suite 17" in ipmitool(port, "-v", "raw", "6", "1", suite=None).stderr


@pytest.mark.parametrize(
    ("user", "password", "level", "says"),
    [
        ("ADMIN", "wrong", "ADMINISTRATOR", "> RAKP 2 HMAC is invalid"),
        ("nobody", "x", "ADMINISTRATOR", "RAKP 2 message indicates an error : unauthorized name"),
        ("gone", "gone", "ADMINISTRATOR", "RAKP 2 message indicates an error : unauthorized name"),
        ("reader", "reader", "ADMINISTRATOR", "RAKP 2 message indicates an error : unauthorized role requested"),
    ],
)
def test_ipmitool_says_why_a_login_was_refused(port: int, user: str, password: str, level: str, says: str) -> None:
    done = ipmitool(port, "-v", "-L", level, "raw", "6", "1", user=user, password=password)
    assert done.returncode == 1
    assert says in done.stderr
    assert REFUSED in done.stderr


def test_ipmitool_as_a_user_runs_with_the_users_privilege(port: int, bmc: ToyBmc) -> None:
    assert ipmitool(port, "-L", "USER", "raw", "6", "1", user="reader", password="reader").returncode == 0
    assert {ran[4] for ran in bmc.ran if ran[0] == 0x06} == {2}


@pytest.mark.parametrize("suite", [0, 8])
def test_ipmitool_gets_no_other_suite(port: int, suite: int) -> None:
    done = ipmitool(port, "raw", "6", "1", suite=suite)
    assert done.returncode == 1
    assert "Error in open session response message : invalid authentication algorithm" in done.stderr


def test_ipmitool_is_told_that_the_session_table_is_full() -> None:
    with listening(Sessions(ToyBmc(), policy=dataclasses.replace(Policy(), slots=0))) as [(_, port)]:
        done = ipmitool(port, "raw", "6", "1")
    assert "Error in open session response message : insufficient resources for session" in done.stderr


@pytest.mark.parametrize("authentication", [(), ("-A", "NONE"), ("-A", "MD5"), ("-A", "PASSWORD")])
def test_ipmitools_1_5_interface_is_turned_away(port: int, authentication: tuple[str, ...]) -> None:
    argv = [require_tool("ipmitool"), "-I", "lan", "-H", "127.0.0.1", "-p", str(port), "-U", "ADMIN", "-P", "secret"]
    done = run(*argv, *authentication, "raw", "6", "1")
    assert done.returncode == 1
    assert "Unable to establish IPMI v1.5 / RMCP session" in done.stderr


def test_ipmitool_lists_ciphers_capabilities_and_its_own_session(port: int) -> None:
    listed = ipmitool(port, "channel", "getciphers", "ipmi").stdout
    assert re.findall(r"^(\d+) +N/A +(\S+) +(\S+) +(\S+)", listed, re.MULTILINE) == [
        ("3", "hmac_sha1", "hmac_sha1_96", "aes_cbc_128"),
        ("17", "hmac_sha256", "sha256_128", "aes_cbc_128"),
    ]
    capable = ipmitool(port, "channel", "authcap", "1", "4").stdout
    assert re.search(r"supports IPMI v2.0 : yes", capable)
    assert re.search(r"supports IPMI v1.5 : no", capable)
    active = ipmitool(port, "session", "info", "active").stdout
    assert re.search(r"privilege level +: ADMINISTRATOR", active)
    assert re.search(r"session type +: IPMIv2/RMCP\+", active)


@pytest.mark.parametrize("suite", [3, 17])
def test_freeipmi_logs_in(port: int, tmp_path: Path, suite: int) -> None:
    done = bmc_info(port, tmp_path, "-l", "admin", "-I", str(suite), "--get-device-id")
    assert done.returncode == 0
    assert "Firmware Revision     : 3.01" in done.stdout


@pytest.mark.parametrize(
    ("user", "password", "says"), [("ADMIN", "wrong", "password invalid"), ("nobody", "x", "username invalid")]
)
def test_freeipmi_says_why_a_login_was_refused(port: int, tmp_path: Path, user: str, password: str, says: str) -> None:
    done = bmc_info(port, tmp_path, "-l", "admin", user=user, password=password)
    assert done.returncode != 0
    assert says in done.stderr


def bmc_info(
    port: int, home: Path, *arguments: str, user: str = "ADMIN", password: str = "secret"
) -> subprocess.CompletedProcess[str]:
    login = ["-D", "LAN_2_0", "-h", f"127.0.0.1:{port}", "-u", user, "-p", password]
    return run(require_tool("bmc-info"), *login, *arguments, home=home)


@pytest.mark.xdist_group("pings")  # both need the same address
@pytest.mark.parametrize("tool", ["ipmi-ping", "rmcp-ping"])
def test_freeipmis_pings_are_answered(layer: Sessions, tool: str) -> None:
    path, host = require_tool(tool), "127.77.1.3"
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        try:
            probe.bind((host, 623))
        except OSError as error:
            pytest.skip(f"{tool} asks at port 623 only, which this test may not use: {error}")
    with listening(layer, host=host, port=623):
        done = run(path, "-c", "1", host)
    assert done.returncode == 0
    assert "0.0% packet loss" in done.stdout


PYGHMI_CLIENT = """
import sys
from pyghmi.ipmi.command import Command
try:
    command = Command("127.0.0.1", sys.argv[2], sys.argv[3], port=int(sys.argv[1]), keepalive=False)
    print(bytes(command.raw_command(netfn=6, command=1)["data"]).hex())
    command.ipmi_session.logout()
except Exception as error:
    print(error)
"""


@pytest.mark.parametrize(
    ("user", "password", "says"),
    [
        ("ADMIN", "secret", DEVICE_ID.hex()),
        ("ADMIN", "wrong", "Incorrect password provided"),
        ("nobody", "x", "Unauthorized name in RAKP2"),
    ],
)
def test_pyghmis_client_is_answered_in_a_process_of_its_own(port: int, user: str, password: str, says: str) -> None:
    done = run(sys.executable, "-c", PYGHMI_CLIENT, str(port), user, password)
    assert done.stdout.strip() == says, done.stderr


def test_many_ipmitools_at_once_are_all_answered(port: int, layer: Sessions) -> None:
    path = require_tool("ipmitool")
    argv = [path, "-I", "lanplus", "-H", "127.0.0.1", "-p", str(port), "-U", "ADMIN", "-P", "secret", "raw", "6", "1"]
    started = [subprocess.Popen(argv, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) for _ in range(12)]
    outputs = [process.communicate(timeout=TIMEOUT_S) for process in started]
    assert outputs == [(f" {HEX_ID}\n", "")] * 12
    assert layer.active == {}
