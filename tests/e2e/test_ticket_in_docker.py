"""The dedicated-port ticket where cables are Docker's and leases are real: the BMC is found by its lease afterwards."""

from __future__ import annotations

import asyncio
import time
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import pytest

from emulators.docker.probe import answers
from emulators.docker.told import LEASE_FILE
from emulators.hands import Seen
from emulators.server import VirtualServer
from emulators.spec import ServerSpec
from fwsim import boards
from fwsim.rehearsal.place import inventory
from recovery import leases, procedures, ticket
from recovery.inventory import Inventory
from recovery.render import text
from recovery.technician import Technician
from recovery.telephone import Call
from recovery.ticket import Visit
from tests.docker_engine import made, until
from tests.e2e.test_docker import container, on_host, state_of, up
from tests.e2e.test_servers import fwsim

pytestmark = [pytest.mark.e2e, pytest.mark.docker, pytest.mark.xdist_group("networks"), pytest.mark.timeout(400)]
NAME, MAC = "ticketed", "ac:1f:6b:0a:10:20"


@dataclass
class InDocker:
    """Hands of another terminal: `fwsim emulator hands`, which moves Docker's cables too."""

    state: Path

    async def do(self, act: str, **parameters: object) -> Seen:
        words = [f"{name}={value}" for name, value in parameters.items()]
        done = await asyncio.to_thread(fwsim, self.state, "hands", NAME, act, *words)
        assert done.returncode in (0, 1), done.stderr
        return Seen(done.returncode == 0, done.stdout.strip())


@dataclass
class Administrator:
    """At the telephone, with the DHCP server's leases: gives every word, and sends home once the BMC is found."""

    file: Path
    found: str = ""

    async def call(self, call: Call) -> str | None:
        if call.asks == "step":
            until(self._finds)
            return "step 17"
        return (call.word or "done") if call.asks in ("word", "report") else None

    def _finds(self) -> bool:
        lease = leases.of(leases.parse(self.file.read_text()), MAC, time.time())
        self.found = lease.address if lease is not None else ""
        return lease is not None and answers(lease.address)


def printed() -> str:
    """The ticket of that server: its place follows from its board, its name and its seed."""
    same = VirtualServer(ServerSpec(board="x11ssh-f", name=NAME, hostname=NAME))
    visit = Visit(when=datetime(2026, 1, 1, tzinfo=UTC), bmc_lives=True)
    place = Inventory.model_validate(inventory(same))
    return text.render(ticket.build(procedures.load("dedicated-port"), place, boards.load("x11ssh-f"), visit))


def test_after_the_dedicated_port_ticket_the_bmc_is_found_by_its_lease(tmp_path: Path) -> None:
    with up(tmp_path, made(), "x11ssh-f", "--name", NAME, "--speed", "60") as (_, ready):
        was = ready["ipmi"]["host"]
        cable = fwsim(tmp_path, "hands", NAME, "look", "at=port:dedicated").stdout.split()[1].rstrip(",")
        assert fwsim(tmp_path, "hands", NAME, "disconnect-cable", f"cable={cable}").returncode == 0
        on_host(
            ready,
            "modprobe ipmi_devintf; modprobe ipmi_si; ipmitool lan set 1 ipsrc dhcp; ipmitool chassis identify force",
        )
        until(lambda: not answers(was))
        networks = container(NAME).attrs["NetworkSettings"]["Networks"]
        assert not any(name.endswith("-management") for name in networks), "the cable is out"

        administrator = Administrator(tmp_path / "fwsim" / "estates" / NAME / LEASE_FILE)
        assert 'You hear "step 8", "step 12" or "step 17"' in printed()
        report = asyncio.run(Technician(printed(), InDocker(tmp_path), administrator).visit())
        assert (report.ended, report.why) == ("done", "the report was taken"), "\n".join(report.log)
        assert answers(administrator.found)
        assert not answers(was)
        assert state_of(tmp_path, NAME)["lan"]["answers_at"] == administrator.found
