"""Virtual servers in Docker: real addresses, real leases, cables that are moved, and nothing left behind."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import socket
import ssl
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import asyncssh
import pytest

from emulators.docker import told
from emulators.docker.engine import ESTATE, PREFIX
from emulators.docker.probe import answers
from tests.docker_engine import made, require_engine, until
from tests.e2e.test_program import FWSIM, emulator, started
from tests.e2e.test_servers import folders, fwsim, listed
from tests.tools import require_tool

pytestmark = [
    pytest.mark.e2e,
    pytest.mark.docker,
    pytest.mark.xdist_group("networks"),
    pytest.mark.timeout(400),
]
Ready = dict[str, Any]


@pytest.fixture(scope="module")
def image() -> str:
    return made()


@contextmanager
def up(state: Path, image: str, *words: str) -> Iterator[tuple[subprocess.Popen[str], Ready]]:
    """`fwsim emulator up WORDS... --docker`: its process, and how the first of its servers is reached."""
    with started("emulator", "up", *words, "--docker", "--image", image, "--json", state=state) as process:
        try:
            yield process, emulator(process)
        finally:
            process.terminate()
            process.wait(60)


@pytest.fixture(scope="module")
def server(image: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Path, Ready]]:
    """A server called db07 and where it is listed."""
    state = tmp_path_factory.mktemp("docker")
    with up(state, image, "x11ssh-f", "--name", "db07", "--speed", "60") as (_, ready):
        yield state, ready
    assert left("db07") == []


def left(estate: str) -> list[str]:
    """Containers and networks of that estate."""
    client, mine = require_engine(), {"label": f"{ESTATE}={estate}"}
    return [
        thing.name for thing in (*client.containers.list(all=True, filters=mine), *client.networks.list(filters=mine))
    ]


def container(name: str) -> Any:
    return require_engine().containers.get(f"{PREFIX}{name}")


def state_of(state: Path, name: str = "db07") -> Ready:
    found: Ready = json.loads(fwsim(state, "state", name, "--json").stdout)
    return found


def heard(host: str, port: int) -> bool:
    """Does something take connections there?"""
    with socket.socket() as line:
        line.settimeout(1)
        return line.connect_ex((host, port)) == 0


def on_host(ready: Ready, line: str) -> str:
    """What that line prints on the virtual host, over real SSH."""

    async def run() -> str:
        at = ready["ssh"]
        how: Ready = {"username": at["user"], "password": at["password"], "known_hosts": None, "config": None}
        async with asyncssh.connect(at["host"], at["port"], **how) as connection:
            done = await connection.run(line)
        assert isinstance(done.stdout, str)
        return done.stdout

    return asyncio.run(run())


def test_it_answers_on_standard_ports_of_its_own_addresses(server: tuple[Path, Ready]) -> None:
    _, ready = server
    assert [ready[door]["port"] for door in ("ipmi", "ssh", "web")] == [623, 22, 443]
    assert ready["ipmi"]["host"] != ready["ssh"]["host"]
    tool, at = require_tool("ipmitool"), ready["ipmi"]
    command = [tool, "-I", "lanplus", "-H", at["host"], "-U", at["user"], "-E", "mc", "info"]
    env = {"IPMI_PASSWORD": at["password"], "PATH": "/usr/bin:/bin"}
    done = subprocess.run(command, env=env, capture_output=True, text=True, timeout=30, check=False)
    assert "Firmware Revision         : 3.88" in done.stdout, done.stderr
    assert on_host(ready, "dmidecode -s baseboard-product-name") == "X11SSH-F\n"


def test_its_web_pages_are_served_over_tls(server: tuple[Path, Ready]) -> None:
    at = server[1]["web"]
    nobody = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    nobody.check_hostname, nobody.verify_mode = False, ssl.CERT_NONE
    with socket.create_connection((at["host"], at["port"]), 10) as plain, nobody.wrap_socket(plain) as line:
        line.sendall(b"GET / HTTP/1.1\r\nHost: bmc\r\nConnection: close\r\n\r\n")
        assert line.recv(100).startswith(b"HTTP/1.1 ")


def test_the_container_may_do_no_more_than_it_must(server: tuple[Path, Ready]) -> None:
    host = container("db07").attrs["HostConfig"]
    assert (host["ReadonlyRootfs"], host["CapDrop"]) == (True, ["ALL"])
    assert sorted(host["CapAdd"]) == ["NET_ADMIN", "NET_RAW"]


def test_dockers_own_address_is_gone_and_there_is_no_way_out(server: tuple[Path, Ready]) -> None:
    networks = container("db07").attrs["NetworkSettings"]["Networks"]
    dockers = {network["IPAddress"] for network in networks.values()}
    shown = container("db07").exec_run(["ip", "-json", "-4", "address", "show"]).output
    held = {a["local"] for link in json.loads(shown) for a in link.get("addr_info", [])}
    assert held == {"127.0.0.1", server[1]["ipmi"]["host"], server[1]["ssh"]["host"]}
    assert not held & dockers
    assert b"default" not in container("db07").exec_run(["ip", "route"]).output


def test_it_is_healthy_while_its_bmc_answers(server: tuple[Path, Ready]) -> None:
    state, ready = server
    probe = ["python3", "-m", "emulators.docker.probe"]
    assert container("db07").exec_run(probe).exit_code == 0
    assert fwsim(state, "fault", "db07", "someone-resets-bmc").returncode == 0
    until(lambda: container("db07").exec_run(probe).exit_code == 1)
    assert not answers(ready["ipmi"]["host"])
    until(lambda: answers(ready["ipmi"]["host"]))


def test_a_bmc_that_asks_for_a_lease_answers_only_where_it_got_one(server: tuple[Path, Ready]) -> None:
    state, ready = server
    was = ready["ipmi"]["host"]
    on_host(ready, "modprobe ipmi_devintf; modprobe ipmi_si; ipmitool lan set 1 ipsrc dhcp")
    until(lambda: state_of(state)["lan"]["leases"])
    (leased,) = state_of(state)["lan"]["leases"].values()
    until(lambda: answers(leased))
    assert not answers(was)
    leases = (state / "fwsim" / "estates" / "db07" / told.LEASE_FILE).read_text()
    assert f"ac:1f:6b:0a:10:20 {leased} " in leases, "as the DHCP server has it"
    logs = require_engine().containers.get(f"{PREFIX}db07-leases").logs().decode()
    assert f"DHCPACK(eth0) {leased} ac:1f:6b:0a:10:20" in logs
    on_host(
        ready,
        f"ipmitool lan set 1 ipsrc static; ipmitool lan set 1 ipaddr {was}; ipmitool lan set 1 netmask 255.255.0.0",
    )
    until(lambda: answers(was))
    assert not answers(leased)


def test_with_the_cable_in_the_other_port_a_dedicated_bmc_answers_nowhere(server: tuple[Path, Ready]) -> None:
    state, ready = server
    management, production = (
        fwsim(state, "hands", "db07", "look", f"at=port:{port}").stdout.split()[1].rstrip(",")
        for port in ("dedicated", "lan1")
    )
    assert fwsim(state, "hands", "db07", "disconnect-cable", f"cable={production}").returncode == 0
    assert list(container("db07").attrs["NetworkSettings"]["Networks"]) == [f"{PREFIX}db07-management"]
    assert fwsim(state, "hands", "db07", "move-cable", f"cable={management}", "to=lan1").returncode == 0
    until(lambda: not answers(ready["ipmi"]["host"]))
    assert state_of(state)["lan"]["answers_at"] is None
    assert fwsim(state, "hands", "db07", "move-cable", f"cable={management}", "to=dedicated").returncode == 0
    assert fwsim(state, "hands", "db07", "connect-cable", f"cable={production}", "port=lan1").returncode == 0
    until(lambda: answers(ready["ipmi"]["host"]))
    assert len(container("db07").attrs["NetworkSettings"]["Networks"]) == 2
    until(lambda: heard(ready["ssh"]["host"], ready["ssh"]["port"]))  # the new link carries nothing for a while
    assert on_host(ready, "hostname") == "db07\n"


def test_two_estates_side_by_side_do_not_meet(server: tuple[Path, Ready], image: str) -> None:
    state, ready = server
    with up(state, image, "r740", "--name", "stranger") as (_, other):
        assert answers(other["ipmi"]["host"])
        ask = f"from emulators.docker.probe import answers; print(answers('{ready['ipmi']['host']}'))"
        assert container("stranger").exec_run(["python3", "-c", ask]).output == b"False\n"
        assert {entry["name"] for entry in listed(state)} == {"db07", "stranger"}


def test_a_name_that_another_users_server_has_is_one_clear_error(
    server: tuple[Path, Ready], image: str, tmp_path: Path
) -> None:
    done = fwsim(tmp_path, "up", "x11ssh-f", "--docker", "--name", "db07", "--image", image)
    assert (done.returncode, "Traceback" in done.stderr) == (1, False)
    assert "fwsim: Docker does not make the networks of db07: " in done.stderr
    assert "already exists" in done.stderr
    assert answers(server[1]["ipmi"]["host"]), "the other one goes on"
    assert folders(tmp_path) == []


def test_an_image_that_is_missing_is_one_clear_error(tmp_path: Path) -> None:
    require_engine()
    done = fwsim(tmp_path, "up", "x11ssh-f", "--docker", "--name", "lost", "--image", "fwsim-server:nosuch")
    assert (done.returncode, "Traceback" in done.stderr) == (1, False)
    assert "there is no image fwsim-server:nosuch here" in done.stderr
    assert left("lost") == []


@pytest.mark.parametrize("words", [("up", "x11ssh-f", "--docker"), ("image", "build", "--debootstrap")])
def test_an_engine_that_is_absent_is_one_clear_error(words: tuple[str, ...], tmp_path: Path) -> None:
    env = {**os.environ, "XDG_STATE_HOME": str(tmp_path), "DOCKER_HOST": f"unix://{tmp_path}/nobody.sock"}
    done = subprocess.run(
        (*FWSIM, "emulator", *words), env=env, capture_output=True, text=True, timeout=60, check=False
    )
    assert (done.returncode, "Traceback" in done.stderr) == (1, False)
    assert "no Docker Engine answers" in done.stderr


def test_a_kill_leaves_nothing_behind(image: str, tmp_path: Path) -> None:
    with up(tmp_path, image, "r740", "--name", "orphan") as (process, _):
        process.send_signal(signal.SIGKILL)
        process.wait()
        client = require_engine()
        until(lambda: not client.containers.list(all=True, filters={"label": f"{ESTATE}=orphan"}))
        assert left("orphan"), "its networks; whoever looks next takes them away"
        done = fwsim(tmp_path, "down", "--all")
        assert (done.returncode, done.stderr) == (0, "took away what was left of orphan\n")
    assert left("orphan") == []
    assert folders(tmp_path) == []


def test_the_servers_of_an_estate_file_come_up_together_and_go_down_together(image: str, tmp_path: Path) -> None:
    path = tmp_path / "estate.yaml"
    path.write_text(
        "name: rack\nnetworks: {management: 10.207.7.0/24}\nspeed: 60\nservers:\n"
        "  - {board: x11ssh-f, name: db, bmc: 10.207.7.180, faults: [{kind: users-reset}]}\n"
        "  - {board: r740, name: app, count: 2}\n"
    )
    with started("emulator", "up", "-f", str(path), "--image", image, "--json", state=tmp_path) as process:
        assert process.stdout is not None
        ready = [json.loads(process.stdout.readline()) for _ in range(3)]
        assert [(each["name"], each["ipmi"]["host"]) for each in ready] == [
            ("db", "10.207.7.180"),
            ("app-1", "10.207.7.130"),
            ("app-2", "10.207.7.131"),
        ]
        assert all(answers(each["ipmi"]["host"]) for each in ready)
        assert state_of(tmp_path, "db")["armed"] == [{"kind": "users-reset"}]
        assert fwsim(tmp_path, "down", "app-1").stdout == "app-1 has ended\n"
        until(lambda: [entry["name"] for entry in listed(tmp_path)] == ["app-2", "db"])
        again = fwsim(tmp_path, "up", "-f", str(path), "--image", image)
        assert (again.returncode, "runs already" in again.stderr) == (2, True)
        assert fwsim(tmp_path, "down", "--all").returncode == 0
        _, err = process.communicate(timeout=60)
        assert process.returncode == 0, err
    assert left("rack") == []


def test_docker_compose_makes_the_same_estate(image: str, tmp_path: Path) -> None:
    tool = require_tool("docker-compose")
    estate = tmp_path / "estate.yaml"
    estate.write_text("name: composed\nservers:\n  - {board: x11ssh-f, name: one}\n  - {board: r740, name: two}\n")
    printed = subprocess.run(
        (*FWSIM, "emulator", "compose", "-f", str(estate), "--image", image), capture_output=True, text=True, check=True
    )
    (tmp_path / "compose.yaml").write_text(printed.stdout)
    command = [tool, "-p", "fwsimcomposed", "-f", str(tmp_path / "compose.yaml")]
    try:
        subprocess.run([*command, "up", "-d"], check=True, capture_output=True, timeout=200)
        shown = subprocess.run([sys.executable, "-c", ADDRESSES], input=printed.stdout, capture_output=True, text=True)
        hosts = shown.stdout.split()
        assert len(hosts) == 2, shown.stderr
        for host in hosts:
            until(lambda host=host: answers(host))  # type: ignore[misc]
    finally:
        subprocess.run([*command, "down"], check=True, capture_output=True, timeout=200)


ADDRESSES = """
import json, sys, yaml
for service in yaml.safe_load(sys.stdin)["services"].values():
    config = json.loads(service["environment"].get("FWSIM_SERVER", "null"))
    if config:
        print(config["home"]["spec"]["bmc_address"])
"""
