"""What is measured of a server: answers, sessions, uploads, its CPU time and its memory."""

from __future__ import annotations

import os
import re
import subprocess
import time
from pathlib import Path

from benchmarks.lan_client import Client
from benchmarks.peers import PASSWORD, SUITE, USER, Peer
from emulators import boards, images

PICMG, INITIATE, BLOCK, FINISH, STATUS = 0x2C, 0x31, 0x32, 0x33, 0x34
IN_PROGRESS = 0x80
PAYLOADS = {36: 34, 1024: 1015 - 2}  # block size as named: bytes of the image that ipmitool puts into one


def cpu_s(pid: int) -> float:
    """CPU time of a process and its threads: to the nanosecond, where stat counts hundredths of a second."""
    tasks = Path(f"/proc/{pid}/task").iterdir()
    return sum(int((task / "schedstat").read_text().split()[0]) for task in tasks) / 1e9


def resident_mb(pid: int) -> float:
    """VmRSS."""
    [kilobytes] = re.findall(r"VmRSS:\s+(\d+) kB", Path(f"/proc/{pid}/status").read_text())
    return int(kilobytes) / 1024


def client(peer: Peer) -> Client:
    """A session. Stock pyghmi knows clients by their port and forgets none: from a port used before, no login works."""
    while True:
        try:
            return Client(peer.at, USER, PASSWORD, suite=SUITE)
        except ConnectionError:
            continue


def commands(peer: Peer, count: int) -> tuple[float, float]:
    """Get Device ID in one session: answers a second, and the server's microseconds of CPU for each."""
    with client(peer) as session:
        cpu, began = cpu_s(peer.pid), time.perf_counter()
        for _ in range(count):
            session.command(0x06, 0x01)
        took = time.perf_counter() - began
        return count / took, (cpu_s(peer.pid) - cpu) / count * 1e6


def ipmitool(peer: Peer, script: Path) -> tuple[float, float]:
    """The same by ipmitool, which has one session for all lines of `script`. It takes longer than any server."""
    lines = script.read_text().count("\n")
    login = ("-H", "127.0.0.1", "-p", str(peer.port), "-U", USER, "-E", "-C", str(SUITE))
    command = ["ipmitool", "-I", "lanplus", *login, "exec", str(script)]
    cpu, began = cpu_s(peer.pid), time.perf_counter()
    subprocess.run(command, stdout=subprocess.DEVNULL, env={**os.environ, "IPMI_PASSWORD": PASSWORD}, check=True)
    took = time.perf_counter() - began
    return lines / took, (cpu_s(peer.pid) - cpu) / lines * 1e6


def sessions(peer: Peer, count: int) -> float:
    """Logins and closes a second."""
    began = time.perf_counter()
    for _ in range(count):
        with client(peer):
            pass
    return count / (time.perf_counter() - began)


def upload(peer: Peer, board: str, size: int, block: int) -> float:
    """KB a second of an HPM.1 upload, from the first block to the last's answer."""
    image = images.build(boards.load(board).firmware("bmc"), size)
    step = PAYLOADS[block]
    with client(peer) as session:
        for action in (0, 1, 2):  # backup, prepare, upload
            _done(session, INITIATE, bytes([0, 1, action]))
        began = time.perf_counter()
        for number, start in enumerate(range(0, size, step)):
            code, _ = session.command(PICMG, BLOCK, bytes([0, number & 0xFF]) + image[start : start + step])
            if code:
                raise RuntimeError(f"block {number} was answered {code:#x}")
        took = time.perf_counter() - began
        _done(session, FINISH, b"\0\0" + size.to_bytes(4, "little"))
    return size / 1000 / took


def _done(session: Client, command: int, data: bytes) -> None:
    code, _ = session.command(PICMG, command, data)
    while code == IN_PROGRESS:
        time.sleep(0.01)
        code = session.command(PICMG, STATUS, b"\0")[1][2]
    if code and not (command == INITIATE and data[2] < 2):  # a component may keep no backup
        raise RuntimeError(f"{command:#x} was answered {code:#x}")
