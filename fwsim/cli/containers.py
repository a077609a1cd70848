"""`fwsim emulator up --docker`, `image build`, `compose`: virtual servers in containers."""

from __future__ import annotations

import shutil
import signal
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from fwsim.cli import screen
from fwsim.cli.emulator import app, line
from fwsim.cli.errors import BadInput

if TYPE_CHECKING:
    from types import FrameType

    from emulators.docker.estate import Estate, Wanted
    from emulators.docker.estatefile import EstateFile
    from emulators.home.config import Ready
    from emulators.home.registry import Place

LOOK_S = 1.0
ENDING = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)

image_app = typer.Typer(help="The image of virtual servers in Docker.", no_args_is_help=True, rich_markup_mode=None)
app.add_typer(image_app, name="image")


class _Stopped(BaseException):
    """A signal: whatever is being done, it is over."""


@image_app.command("build")
def build(
    base: Annotated[
        str | None,
        typer.Option("--base", metavar="IMAGE", help="What it is built over.", show_default="python:3.12-slim"),
    ] = None,
    debootstrap: Annotated[
        bool, typer.Option("--debootstrap", help="Make a base from Debian's packages; no registry is asked.")
    ] = False,
) -> None:
    """Build the image of virtual servers. It needs no network where the base has what it needs."""
    from emulators.docker import engine, image

    if base and debootstrap:
        raise BadInput("--debootstrap makes a base, --base names one; give one of the two")
    client = engine.connect()
    chosen = image.debootstrap(client, screen.note) if debootstrap else base or image.DEFAULT_BASE
    print(image.build(client, chosen, screen.note))


@app.command()
def compose(
    file: Annotated[Path, typer.Option("--file", "-f", metavar="FILE", help="An estate file.")],
    image: Annotated[
        str | None, typer.Option("--image", help="The image of its servers.", show_default="this fwsim's own")
    ] = None,
) -> None:
    """Print a compose file of that estate, for docker-compose."""
    import yaml

    from emulators.docker import compose as composing
    from emulators.docker import image as images

    document = composing.document(read(file), image or images.tag())
    print(yaml.safe_dump(document, sort_keys=False, width=120), end="")


def read(path: Path) -> EstateFile:
    """Raises FileError, with file, line and field."""
    from emulators.docker.estatefile import EstateFile
    from fwsim import yamlfile

    if not path.exists():
        raise BadInput(f"there is no file {path}")
    return yamlfile.load(path, EstateFile)


def image(given: str | None) -> str:
    """The image of a rehearsal's server; what an earlier one has left behind goes. Raises DockerError."""
    from emulators.docker import engine, estate
    from emulators.docker import image as images
    from emulators.home.registry import Registry

    client = engine.connect()
    estate.clean(client, Registry().estates)
    return images.find(client, given)


def one(board: str, name: str | None, speed: float, image: str | None, *, as_json: bool) -> None:
    """Serve one server in a container until a signal, or until it is brought down. Raises DockerError."""
    from emulators import boards
    from emulators.docker.estatefile import Entry, EstateFile
    from emulators.home.registry import Registry

    boards.load(board)
    place = Registry().claim(name, board, home="docker")
    chosen = place.entry.name
    file = EstateFile(name=chosen, speed=speed, servers=(Entry(board=board, name=chosen),))
    _serve(file, [place], image, as_json=as_json)


def estate(path: Path, image: str | None, *, as_json: bool) -> None:
    """The same for all servers of an estate file."""
    from emulators.home.registry import Registry

    file, registry, places = read(path), Registry(), list["Place"]()
    try:
        for entry in file.servers:
            places += [registry.claim(name, entry.board, home="docker") for name in entry.names]
    except BaseException:
        for place in places:
            place.release()
        raise
    _serve(file, places, image, as_json=as_json)


def _serve(file: EstateFile, places: list[Place], image: str | None, *, as_json: bool) -> None:
    from emulators.docker import engine
    from emulators.docker import estate as estates
    from emulators.docker import image as images
    from emulators.docker.lifeline import Lifeline
    from emulators.home.registry import Registry

    folder: Path | None = None
    try:
        client = engine.connect()
        estates.clean(client, Registry().estates)
        chosen = images.find(client, image)
        folder = estates.folder_of(Registry().estates, file.name)
        lifeline = Lifeline(folder)
        with _signals():
            _until_down(estates.Estate(client, _wanted(file, places, folder, chosen)), places, as_json=as_json)
        lifeline.close()
    finally:
        for place in places:
            place.release()
        if folder is not None:
            shutil.rmtree(folder, ignore_errors=True)


def _wanted(file: EstateFile, places: list[Place], folder: Path, image: str) -> Wanted:
    from emulators.docker.estate import Member, Wanted
    from emulators.home.config import HomeConfig

    members = [Member(spec, place.path, bmc) for (spec, bmc), place in zip(file.specs(), places, strict=True)]
    home = HomeConfig(spec=members[0].spec, speed=file.speed)
    return Wanted(file.name, folder, image, members, file.networks.given, home=home)


def _until_down(estate: Estate, places: list[Place], *, as_json: bool) -> None:
    try:
        began = time.monotonic()
        ready = estate.up()
        for place, each in zip(places, ready, strict=True):
            place.announce(each)
        print("\n".join(map(line, ready)) if as_json else _words(ready), flush=True)
        screen.note(
            f"{len(ready)} up after {time.monotonic() - began:.1f} s; Ctrl-C ends {'them' if ready[1:] else 'it'}"
        )
        while running := estate.running():
            for place in places:
                if place.entry.name not in running:
                    place.release()  # that one was brought down by itself
            time.sleep(LOOK_S)
    except _Stopped:
        pass
    finally:
        for number in ENDING:
            signal.signal(number, signal.SIG_IGN)  # what was made is taken away, and that to its end
        estate.down()


@contextmanager
def _signals() -> Iterator[None]:
    """Signals end what is being done, wherever it is; as before afterwards."""

    def stop(number: int, frame: FrameType | None) -> None:
        raise _Stopped

    before = {number: signal.signal(number, stop) for number in ENDING}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def _words(ready: list[Ready]) -> str:
    lines = []
    for each in ready:
        ssh, ipmi = each.ssh, each.ipmi
        lines += [
            f"{each.name} ({each.board}), its time runs at {each.speed:g} times ours",
            f"  host  ssh {ssh.user}@{ssh.host}  password: {ssh.password}",
            f"  BMC   IPMI_PASSWORD={ipmi.password} ipmitool -I lanplus -H {ipmi.host} -U {ipmi.user} -E mc info",
        ]
        if each.web is not None:
            lines.append(f"  web   https://{each.web.host}/  {each.web.user} {each.web.password}")
    return "\n".join(lines)
