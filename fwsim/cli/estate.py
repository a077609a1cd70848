"""`fwsim emulator up --count`: many virtual BMCs in the foreground, without the hosts' SSH."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from typing import TYPE_CHECKING

from fwsim.cli.errors import BadInput

if TYPE_CHECKING:
    from emulators.home.config import EstateConfig, Standing
    from emulators.spec import ServerSpec


@dataclass(frozen=True)
class Wanted:
    """How many, where, in how many processes. `port` 0: find one."""

    count: int
    address: str
    port: int
    spread: bool
    workers: int


def up(spec: ServerSpec, speed: float, wanted: Wanted, *, as_json: bool) -> None:
    """Serve until a signal. Raises BadInput, OSError, WorkerFailed."""
    from emulators.home import crew
    from emulators.home.config import EstateConfig

    config = EstateConfig(spec=spec, speed=speed, places=tuple(_places(wanted)))

    def announce(standing: list[Standing]) -> None:
        print("\n".join(s.model_dump_json(exclude={"ipmi": {"host_key"}}) for s in standing) if as_json
              else _words(config, standing), flush=True)  # fmt: skip

    asyncio.run(crew.serve(config, announce, workers=wanted.workers))


def _places(wanted: Wanted) -> list[tuple[str, int]]:
    from emulators.home import places

    places.allow_open_files(wanted.count)
    if not wanted.spread:
        return places.consecutive(wanted.address, wanted.port, wanted.count)
    if wanted.address != "127.0.0.1":
        raise BadInput(f"--spread takes addresses of 127.0.0.0/8; it cannot go with --host {wanted.address}")
    return places.spread(wanted.port, wanted.count)


def _words(config: EstateConfig, standing: list[Standing]) -> str:
    first, last = standing[0], standing[-1]
    ipmi = first.ipmi
    return f"""\
{len(standing)} BMCs of {first.board} are up, their time runs at {config.speed:g} times ours. Ctrl-C ends them.

  from  {first.ipmi.host}:{first.ipmi.port}  {first.name}  {first.guid}
  to    {last.ipmi.host}:{last.ipmi.port}  {last.name}  {last.guid}
  BMC   IPMI_PASSWORD={ipmi.password} ipmitool -I lanplus -H {ipmi.host} -p {ipmi.port} -U {ipmi.user} -E mc info"""
