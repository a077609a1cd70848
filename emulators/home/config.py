"""What a process home is told, and what it tells when it is ready. Both are one JSON object."""

from __future__ import annotations

from pathlib import Path

from pydantic import BaseModel, ConfigDict

from emulators.faults import Fault
from emulators.spec import ServerSpec

SCRATCH = "scratch-"  # how folders begin in which programs of the machine find files of a virtual host


class HomeConfig(BaseModel):
    """`speed`: simulated seconds a wall second. Ports: 0 = any free one; `web_port` None = no web pages. `idle_s`: wall
    seconds without access after which it ends by itself, None = never. `directory`: where world.jsonl is written and
    the control socket listens, None = nowhere. `waiting`: faults that wait for a step; the control channel is told
    when one begins.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    spec: ServerSpec
    speed: float = 1.0
    address: str = "127.0.0.1"
    bmc_port: int = 0
    ssh_port: int = 0
    web_port: int | None = 0
    idle_s: float | None = None
    directory: Path | None = None
    number: int = 0  # of the board in its series: consecutive ones have their own MACs, serials and UUID
    waiting: tuple[Fault, ...] = ()
    watch: bool = False  # write down what is done to the server, too
    seal_to: str = ""  # and vouch for that, to the holder of this public key (emulators/home/watching.py)


class Login(BaseModel):
    """Where and as whom to log in. `host_key`: the SSH server's public key, as in known_hosts."""

    host: str
    port: int
    user: str
    password: str
    host_key: str | None = None


class Ready(BaseModel):
    """The line that a home prints once everything answers."""

    name: str
    board: str
    ipmi: Login
    ssh: Login
    web: Login | None = None
    pid: int
    epoch: float
    speed: float


class EstateConfig(BaseModel):
    """Many servers, of which only the BMCs can be reached: one at each of `places`, (address, port).

    `spec` is what they have in common; their names are its name and a number. `first`: the first one's number in the
    whole series, less one, where several processes share it.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    spec: ServerSpec
    places: tuple[tuple[str, int], ...]
    first: int = 0
    speed: float = 1.0


class Standing(BaseModel):
    """The line that an estate prints for each of its servers once all answer."""

    name: str
    board: str
    ipmi: Login
    guid: str
    mac: str
    serial: str
    pid: int
    speed: float
