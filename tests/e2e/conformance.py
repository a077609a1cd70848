"""Runs the conformance table and writes it: `python -m tests.e2e.conformance`. All but two rows ask a virtual x11ssh-f.

The server is a process of its own, at port 623 of an address of loopback, which ipmiutil and the pings want: that
takes root. A cell is `ok`, `d4` (refused for its privilege) or `c1` (no such command on this board); `-` has a note.
"""

from __future__ import annotations

import contextlib
import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path

from emulators.home.config import EstateConfig
from emulators.spec import ServerSpec
from tests.e2e.conformance_rows import ROWS, ROWS_OF_AN_OLD_BOARD, Cell, Row

HOST = f"127.{10 + os.getpid() % 200}.{os.getpid() // 200 % 250}.7"  # own: another run may be under way
PORT = 623
LOGINS = {"x11ssh-f": ("ADMIN", "ADMIN"), "c6220": ("root", "root")}
SPEED = 600.0  # a boot of the BMC takes 0.2 s
README = Path(__file__).parents[2] / "emulators/bmc/README.md"
MARK = "conformance"
LEVELS = ("USER", "OPERATOR", "ADMINISTRATOR")
COLUMNS = (
    *("ipmitool 3", "ipmitool 17", *(f"ipmitool -L {level}" for level in LEVELS)),
    *("FreeIPMI", "ipmiutil", "OpenIPMI", "pyghmi"),
)
LESS = ("ipmitool -L USER", "ipmitool -L OPERATOR")
NEEDS = ("ipmitool", "bmc-info", "ipmiutil", "openipmicmd", "openipmish")
REFUSALS = {
    "d4": r"nsufficient privilege|rivilege level insufficient|rsp=0xd4|\b[0-9a-f]{2} 0[0-9a-f] d4\b|ret = d4|212\b",
    "c1": r"Invalid command|command invalid or unsupported|rsp=0xc1|2d 00 01 c1|not supported on this platform",
}
REMARKS = {
    "core settings: checkout": "FreeIPMI exits 1 by design unless a BMC has a serial channel, K_R and K_G, IPv6 "
    "parameters, every authentication type and cipher suites 0 to 15 (ipmi-config-checkout.c); all that is there is "
    "printed. An iDRAC, which lists 0 to 14, lacks suite 15 and OEM authentication",
    "core settings of a c6220": "this board lists all of it (invented, as most of it is); "
    "what is checked out after the commit is what was committed",
    "DCMI": "the board has none, and says so",
}


@contextlib.contextmanager
def server(board: str = "x11ssh-f") -> Iterator[int]:
    """The BMC; its pid. Raises PermissionError where port 623 is not ours to take."""
    config = EstateConfig(spec=ServerSpec(board=board, bmc_netmask="255.0.0.0"), places=((HOST, PORT),), speed=SPEED)
    command = [sys.executable, "-m", "emulators.home.crew"]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as child:
        assert child.stdin is not None and child.stdout is not None
        try:
            child.stdin.write(config.model_dump_json() + "\n")
            child.stdin.close()
            if not child.stdout.readline():
                raise PermissionError(f"no BMC at {HOST}:{PORT}")
            yield child.pid
        finally:
            child.terminate()


class Clients:
    """Each method runs one cell: its exit status, and all that it printed."""

    def __init__(self, scratch: Path, board: str = "x11ssh-f") -> None:
        self.scratch = scratch
        self.user, self.password = LOGINS[board]
        self._freeipmi = scratch / "freeipmi.conf"
        self._freeipmi.write_text(f"driver-type LAN_2_0\nusername {self.user}\npassword {self.password}\n")
        self._freeipmi.chmod(0o600)

    def run(self, *command: str, stdin: str = "", timeout_s: float = 60) -> tuple[int, str]:
        environment = {**os.environ, "IPMI_PASSWORD": self.password, "LC_ALL": "C", "HOME": str(self.scratch)}
        done = subprocess.run(
            command, capture_output=True, input=stdin.encode(), env=environment, timeout=timeout_s, check=False
        )
        return done.returncode, (done.stdout + b"\n" + done.stderr).decode(errors="replace")

    def ipmitool(self, words: str, *, suite: int = 17, level: str = "ADMINISTRATOR") -> tuple[int, str]:
        head = ("ipmitool", "-I", "lanplus", "-H", HOST, "-U", self.user, "-E", "-C", str(suite), "-L", level)
        return self.run(*head, "-N", "2", "-R", "2", *words.split())

    def freeipmi(self, words: str) -> tuple[int, str]:
        program, *rest = words.split()
        match program:
            case "rmcp-ping" | "ipmi-ping":
                return self.run(program, *rest, HOST)
            case "checkout" | "commit" | "round":
                return self._configuration(program, rest[0])
        return self.run(program, "--config-file", str(self._freeipmi), "-h", HOST, *rest)

    def _configuration(self, action: str, category: str) -> tuple[int, str]:
        file = self.scratch / f"{category}.conf"
        base = f"ipmi-config --category={category} -n {file}"
        if action == "commit":
            return self.freeipmi(f"{base} --commit")
        file.unlink(missing_ok=True)
        status, out = self.freeipmi(f"{base} --checkout")
        text = file.read_text() if file.exists() else ""
        if action == "round" and status == 0:
            status, out = self.freeipmi(f"{base} --commit")
            again = (status, out) if status else self._configuration("checkout", category)
            return again if again[0] or text in again[1] else (1, "another checkout than the first")
        return status, out + text

    def ipmiutil(self, words: str) -> tuple[int, str]:
        command, *rest = words.split()
        if command == "discover":
            return self.run("ipmiutil", command, *rest, "-b", HOST)
        return self.run(
            "ipmiutil", command, *rest, "-N", HOST, "-U", self.user, "-P", self.password, "-F", "lan2", "-V", "4"
        )

    def openipmi(self, words: str) -> tuple[int, str]:
        if words == "rmcp_ping":
            return self.run("rmcp_ping", "-t", "1", HOST)
        login = ("-U", self.user, "-P", self.password, "-A", "rmcp+", HOST)
        if words.startswith("sh: "):
            return self._openipmish(words.removeprefix("sh: "), " ".join(("lan", *login)))
        netfn, rest = words.split(" ", 1)
        return self.run("openipmicmd", "-k", f"0f 00 {netfn} {rest}", "lan", *login)

    def _openipmish(self, words: str, connection: str) -> tuple[int, str]:
        """It finds out about the whole domain in the background: ask until it is there."""
        with tempfile.TemporaryFile() as out:
            command = ["openipmish", "-x", f"domain open d {connection}"]
            with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=out, stderr=subprocess.STDOUT) as child:
                assert child.stdin is not None
                for _ in range(20):
                    time.sleep(0.5)
                    child.stdin.write(words.encode() + b"\n")
                    child.stdin.flush()
                    if os.pread(out.fileno(), 1 << 20, 0).count(b"FAN1") > 1:
                        break
                child.stdin.write(b"exit\n")
                child.stdin.flush()
                try:
                    status = child.wait(10)
                except subprocess.TimeoutExpired:
                    child.kill()
                    status = -1
            return status, os.pread(out.fileno(), 1 << 20, 0).decode(errors="replace")

    def pyghmi(self, words: str) -> tuple[int, str]:
        return self.run(sys.executable, "-m", "tests.e2e.pyghmi_client", HOST, str(PORT), self.user, *words.split())


def outcome(cell: Cell | str, result: tuple[int, str] | None, *, full: bool = True) -> str:
    """What stands in the table; what is wrong reads `FAILED`. Without `full` privilege a client may say no more than
    its exit status."""
    if isinstance(cell, str) or result is None:
        return "-"
    status, out = result
    if status == 0 and cell.says in out:
        return "ok"
    for word, pattern in REFUSALS.items():
        if re.search(pattern, out):
            return word
    return f"exit {status}" if status and (cell.says in out or not full) else f"FAILED ({status})"


def back(clients: Clients) -> None:
    """Wait until the BMC answers and the host is on."""
    deadline = time.monotonic() + 20
    while time.monotonic() < deadline:
        status, out = clients.ipmitool("power status", suite=3)
        if status == 0 and " on" in out:
            return
    raise TimeoutError("the BMC did not come back")


def run_row(clients: Clients, row: Row) -> list[str]:
    """The outcomes of one row, column by column."""
    seen: list[str] = []
    runs: list[tuple[Cell | str, Callable[[str], tuple[int, str]]]] = [
        *((row.ipmitool, partial(clients.ipmitool, suite=suite)) for suite in (3, 17)),
        *((row.ipmitool, partial(clients.ipmitool, level=level)) for level in LEVELS),
        (row.freeipmi, clients.freeipmi),
        (row.ipmiutil, clients.ipmiutil),
        (row.openipmi, clients.openipmi),
        (row.pyghmi, clients.pyghmi),
    ]
    for cell, client in runs:
        result = None if isinstance(cell, str) else client(cell.words)
        seen.append(outcome(cell, result, full=COLUMNS[len(seen)] not in LESS))
        if os.environ.get("CONFORMANCE_TALKS") and seen[-1] not in ("ok", "-", "d4"):
            print(row.task, cell, result, sep="\n", file=sys.stderr)
        if result is not None and row.task == "cold reset":
            back(clients)
    return seen


def table() -> str:
    """The table as Markdown."""
    with tempfile.TemporaryDirectory() as folder, server():
        clients = Clients(Path(folder))
        back(clients)
        results = {row.task: run_row(clients, row) for row in ROWS}
    with tempfile.TemporaryDirectory() as folder, server("c6220"):
        clients = Clients(Path(folder), "c6220")
        back(clients)
        results |= {row.task: run_row(clients, row) for row in ROWS_OF_AN_OLD_BOARD}
    lines = ["| task | " + " | ".join(COLUMNS) + " |", "|---|" + "---|" * len(COLUMNS)]
    lines += ["| " + " | ".join([task, *cells]) + " |" for task, cells in results.items()]
    notes = [f"{task}: {remark}." for task, remark in REMARKS.items()]
    reasons = sorted({cell for row in ROWS for cell in row[1:] if isinstance(cell, str)})
    return "\n".join(lines) + "\n\n`-`: " + "; ".join(reasons) + ". " + " ".join(notes) + "\n"


def written() -> str:
    """The table that stands in the README."""
    found = re.search(rf"<!-- {MARK} -->\n(.*?)<!-- /{MARK} -->", README.read_text("utf-8"), re.DOTALL)
    return found[1] if found else ""


def missing() -> list[str]:
    """Clients that are not installed."""
    return [tool for tool in NEEDS if shutil.which(tool) is None]


def main() -> int:
    """0 when it was written."""
    if lacking := missing():
        print(json.dumps({"not installed": lacking}), file=sys.stderr)
        return 2
    new = table()
    head, tail = f"<!-- {MARK} -->\n", f"<!-- /{MARK} -->"
    pattern = re.compile(re.escape(head) + ".*?" + re.escape(tail), re.DOTALL)
    README.write_text(pattern.sub(lambda _: head + new + tail, README.read_text("utf-8")), "utf-8")
    print(new)
    return int("FAILED" in new)


if __name__ == "__main__":
    sys.exit(main())
