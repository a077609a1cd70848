"""A lab's server: made from the lab's file, filled as an administrator would find it, handed over, asked, ended.

What the learner is given lies on the server's disk under /srv/firmware: there everything that is done with it is seen.
"""

from __future__ import annotations

import asyncio
import base64
import contextlib
import hashlib
from collections.abc import Awaitable, Callable, Mapping
from pathlib import Path
from typing import Any

import asyncssh

from emulators import boards as truth
from emulators import packages
from emulators.docker.told import LOCK
from emulators.hands import Seen
from emulators.home import client, control
from emulators.home.config import HomeConfig
from emulators.spec import Account, ServerSpec
from fwsim.labs.lab import Lab, ShelfFile
from fwsim.labs.player import Played, Player
from fwsim.network.web import WebAddress, update_bios
from fwsim.rehearsal import place, wire
from fwsim.rehearsal.scenario import Server
from fwsim.rehearsal.standing import ServerLost, Standing

SHELF = "/srv/firmware"
DESK = "firmware"  # the same files in the run's folder: what is uploaded to a web page comes from here
SUMS = "SHA256SUMS"
ROOT_PASSWORD = "lab"  # noqa: S105 - of virtual servers, which listen on loopback alone
BMC_PASSWORD = "Lab-bmc-1"  # noqa: S105 - the same; not the factory's, so that a reset to that shows


def spec(lab: Lab) -> ServerSpec:
    """The lab's server, on loopback."""
    board = truth.load(lab.board)
    own = {name: getattr(lab.server, name) for name in Server.model_fields}
    return ServerSpec(
        board=board.name,
        name=f"lab-{board.name}",
        hostname=board.name,
        versions=dict(lab.versions),
        host_address="127.0.0.1",
        bmc_address="127.0.0.1",
        bmc_netmask="255.0.0.0",
        bmc_gateway="127.0.0.254",
        dhcp_pool=("127.0.1.100", "127.0.1.101"),
        accounts=(Account(password=ROOT_PASSWORD),),
        bmc_passwords={board.bmc.users[0].name: BMC_PASSWORD},
        faults=lab.faults,
        autoload_ipmi=True,
    ).model_copy(update=own)


def shelf(lab: Lab) -> dict[str, bytes]:
    """The files on /srv/firmware: the lab's, and the checksums of what the vendor published."""
    found, sums = {}, []
    for file in lab.shelf:
        name, data, published = _file(lab, file)
        found[name] = data
        if file.kind is not None:
            sums.append(f"{hashlib.sha256(published).hexdigest()}  {name}\n")
    return found | ({SUMS: "".join(sums).encode()} if sums else {})


def _file(lab: Lab, file: ShelfFile) -> tuple[str, bytes, bytes]:
    """Name, bytes, and the bytes as published."""
    if file.kind is None:
        data = file.text.encode()
        return file.name, data, data
    package = packages.make(
        truth.load(file.board or lab.board), file.kind, file.version, requires_bmc=file.requires_bmc
    )
    return file.name or package.name, _damaged(package.data) if file.corrupt else package.data, package.data


def _damaged(data: bytes) -> bytes:
    """As after a download that went wrong: some bytes of the second half are not what they were."""
    middle = len(data) * 2 // 3
    return data[:middle] + bytes(b ^ 0x5A for b in data[middle : middle + 64]) + data[middle + 64 :]


async def start(
    lab: Lab,
    directory: Path,
    *,
    speed: float,
    seal_to: str = "",
    note: Mapping[str, Any] | None = None,
    image: str | None = None,
) -> Standing:
    """A process of its own, or a container of that image, which outlives us. When this returns the server is the
    learner's. `note`: what is written down at that moment. Raises ServerLost, DockerError.
    """
    own = spec(lab)
    place.write(own, directory)
    _lay_out(lab, directory / DESK)
    config = HomeConfig(spec=own, speed=speed, directory=directory, watch=True, seal_to=seal_to)
    known = {truth.load(lab.board).bmc.users[0].name: BMC_PASSWORD}
    home = wire.server(config, directory, known) if image is None else _contained(config, image, directory, known)
    async with home as served:
        await _prepare(lab, served.ready, directory)
        await asyncio.to_thread(tell, directory, {"kind": "handed-over", **(note or {})})
        served.wanted = True
    return served.ready


def _contained(
    config: HomeConfig, image: str, directory: Path, known: Mapping[str, str]
) -> contextlib.AbstractAsyncContextManager[wire.Served]:
    from fwsim.rehearsal import containers

    return containers.server(config, image, directory, known)


def _lay_out(lab: Lab, desk: Path) -> None:
    desk.mkdir()
    for name, data in shelf(lab).items():
        (desk / name).write_bytes(data)


async def _prepare(lab: Lab, ready: Standing, directory: Path) -> None:
    at = ready.ssh
    try:
        async with (
            asyncssh.connect(
                at.host, at.port, username=at.user, password=ROOT_PASSWORD, known_hosts=None, config=None
            ) as connection,
            connection.start_sftp_client() as sftp,
        ):
            await sftp.makedirs(SHELF, exist_ok=True)
            for name, data in shelf(lab).items():
                async with sftp.open(f"{SHELF}/{name}", "wb") as file:
                    await file.write(data)
    except (OSError, asyncssh.Error) as error:
        raise ServerLost(f"the lab's server could not be prepared: {error}") from error
    if lab.broken:
        async with player(lab, ready, directory) as playing:
            for act in lab.broken:
                await playing.play(act)


def tell(directory: Path, note: Mapping[str, Any] | None = None) -> dict[str, Any]:
    """Have the server's home write down what is stored on it, and a note. Raises ServerLost."""
    try:
        if note is None:
            return client.ask(directory / control.NAME, "watch")
        return client.ask(directory / control.NAME, "watch", tell=dict(note))
    except (client.NoAnswer, client.Refused) as error:
        raise ServerLost(f"the lab's server is lost: {error}") from error


class Reached:
    """Hands beside a lab's server: `do` says whether it was done and what was seen. Raises ServerLost."""

    def __init__(self, directory: Path) -> None:
        self._directory = directory

    async def do(self, act: str, **parameters: object) -> Seen:
        return await asyncio.to_thread(self._do, act, parameters)

    def _do(self, act: str, parameters: Mapping[str, object]) -> Seen:
        given = dict(parameters)
        if isinstance(files := given.get("files"), Mapping):
            given["files"] = {name: base64.b64encode(data).decode() for name, data in files.items()}
        try:
            reply = client.ask(self._directory / control.NAME, "hands", act=act, parameters=given)
        except client.Refused as error:
            return Seen(False, str(error))
        except client.NoAnswer as error:
            raise ServerLost(f"the lab's server is lost: {error}") from error
        return Seen(bool(reply["done"]), str(reply["seen"]))


def player(lab: Lab, ready: Standing, directory: Path, ticket: Callable[[str], Awaitable[str]] | None = None) -> Player:
    """Plays acts on that server. `ticket`: has a technician follow that procedure's ticket."""
    hands = Reached(directory)

    async def act(name: str, parameters: Mapping[str, object]) -> str:
        seen = await hands.do(name, **parameters)
        if not seen.ok:
            raise Played(f"{name}: {seen.text}")
        return seen.text

    async def web(words: Mapping[str, str]) -> str:
        if ready.web is None or words.get("page") != "bios-update":
            raise Played(f"web: expected the page bios-update of a BMC that has pages, not {dict(words)}")
        at = WebAddress(ready.web.host, ready.web.user, BMC_PASSWORD, ready.web.port)
        return await update_bios(at, shelf(lab)[words["image"]], speed=ready.speed)

    return Player(ready, act, ticket=ticket, web=web)


def find(directory: Path, lab: Lab) -> Standing:
    """The lab's server, if it still runs. Raises ServerLost."""
    return asyncio.run(_attached(directory, lab, wanted=True))


def end(directory: Path, lab: Lab) -> None:
    """End the lab's server; nothing happens where it has gone."""
    with contextlib.suppress(ServerLost):
        asyncio.run(_attached(directory, lab, wanted=False))


async def _attached(directory: Path, lab: Lab, *, wanted: bool) -> Standing:
    """It goes on after that if it is `wanted`."""
    known = {truth.load(lab.board).bmc.users[0].name: BMC_PASSWORD}
    if (directory / LOCK).exists():
        from fwsim.rehearsal import containers

        found = containers.attached(directory, known, ROOT_PASSWORD)
    else:
        found = wire.attached(directory, known, ROOT_PASSWORD)
    async with found as served:
        served.wanted = wanted
    return served.ready
