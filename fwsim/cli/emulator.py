"""`fwsim emulator`: a virtual server in the foreground, for other programs and other terminals to talk to."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from fwsim.cli import options, screen

if TYPE_CHECKING:
    from emulators.home.config import HomeConfig, Login, Ready
    from emulators.home.registry import Place

app = typer.Typer(help="Virtual servers by themselves.", no_args_is_help=True, rich_markup_mode=None)
Port = Annotated[int, typer.Option(min=0, max=65535, show_default="any free one")]


@app.command()
def up(
    board: Annotated[
        str | None,
        typer.Argument(
            help="A board, as `fwsim emulator boards` names it.",
            autocompletion=options.complete_board,
            show_default=False,
        ),
    ] = None,
    name: Annotated[
        str | None, typer.Option("--name", help="What it is called.", show_default="its board's name")
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Say how to reach it as one line of JSON.")] = False,
    speed: options.Speed = 1.0,
    bmc_port: Port = 0,
    ssh_port: Port = 0,
    web_port: Port = 0,
    ipmitool: options.IpmitoolChoice = None,
    host: Annotated[str, typer.Option("--host", metavar="ADDR", help="The address to listen on.")] = "127.0.0.1",
    count: Annotated[int, typer.Option(min=1, max=60_000, help="So many servers; more than one: BMCs alone.")] = 1,
    spread: Annotated[
        bool, typer.Option("--spread", help="Many servers: one port of many addresses, 127.1.0.1 and so on.")
    ] = False,
    docker: Annotated[
        bool, typer.Option("--docker", help="In a container, on networks and addresses of its own.")
    ] = False,
    image: Annotated[
        str | None, typer.Option("--image", help="With --docker: another image.", show_default="this fwsim's own")
    ] = None,
    file: Annotated[
        Path | None, typer.Option("--file", "-f", metavar="FILE", help="The servers of an estate file, in Docker.")
    ] = None,
    workers: Annotated[int, typer.Option(min=1, max=64, help="Many servers: over so many processes.")] = 1,
) -> None:
    """Start a virtual server and serve until Ctrl-C. With --count many of them, of which only the BMCs can be reached:
    no SSH, no web pages. --json then prints one line a server."""
    from fwsim.cli.errors import BadInput

    if (board is None) == (file is None):
        raise BadInput("name a board, or an estate file with -f; not both")
    many = count > 1 or spread or workers > 1
    if docker or file is not None:
        from fwsim.cli import containers

        if many or bmc_port or ssh_port or web_port or ipmitool is not None or host != "127.0.0.1":
            raise BadInput(
                "a container has addresses and standard ports of its own: --docker goes with none of --count, --host, "
                "--bmc-port, --ssh-port, --web-port, --ipmitool"
            )
        if file is None:
            containers.one(str(board), name, speed, image, as_json=as_json)
        elif name is not None or speed != 1.0:
            raise BadInput("an estate file says itself what its servers are called, and how fast their time runs")
        else:
            containers.estate(file, image, as_json=as_json)
        return
    if image is not None:
        raise BadInput("--image goes with --docker")
    served: options.Ipmitool = "builtin" if many else options.ipmitool_at(speed, ipmitool)
    config = _config(str(board), host, speed, bmc_port, ssh_port, served).model_copy(update={"web_port": web_port})
    if many:
        from fwsim.cli import estate

        if ssh_port or web_port or ipmitool is not None or name is not None:
            raise BadInput("--count starts BMCs alone: it goes with none of --ssh-port, --web-port, --ipmitool, --name")
        estate.up(config.spec, speed, estate.Wanted(count, host, bmc_port, spread, workers), as_json=as_json)
        return
    _serve_as(name, config, as_json)


@app.command("boards")
def list_boards(as_json: options.AsJson = False) -> None:
    """List the boards there are."""
    from emulators import boards

    known = [boards.load(name) for name in boards.names()]
    if as_json:
        for b in known:
            record = {"board": b.name, "vendor": b.vendor, "product": b.product}
            print(json.dumps(record | {"bmc": b.bmc.version, "bios": b.bios.version}))
        return
    from rich import box
    from rich.table import Table

    table = Table(box=box.SIMPLE_HEAD, show_edge=False, pad_edge=False, header_style="dim")
    for column in ("board", "vendor", "product", "BMC", "BIOS"):
        table.add_column(column, no_wrap=True)
    for b in known:
        table.add_row(b.name, b.vendor, b.product, b.bmc.version, b.bios.version)
    screen.out().print(table)


def _config(
    board: str, host: str, speed: float, bmc_port: int, ssh_port: int, ipmitool: options.Ipmitool
) -> HomeConfig:
    """Raises UnknownBoard, BadInput."""
    import ipaddress

    from emulators import boards
    from emulators.home.config import HomeConfig
    from emulators.spec import ServerSpec
    from fwsim.cli.errors import BadInput

    boards.load(board)
    try:
        address = ipaddress.IPv4Address(host)
    except ValueError as error:
        raise BadInput(f"--host: expected an IPv4 address of this machine, not {host!r}") from error
    if not address.is_loopback:
        screen.note(f"warning: whoever reaches {host} can log in there with passwords that everybody knows")
    spec = ServerSpec(
        board=board,
        name=board,
        hostname=board,
        host_address=host,
        bmc_address=host,
        bmc_netmask="255.0.0.0" if address.is_loopback else "255.255.255.0",
        bmc_gateway="127.0.0.254" if address.is_loopback else "0.0.0.0",
        dhcp_pool=("127.0.1.100", "127.0.1.101"),
        ipmitool=ipmitool,
    )
    return HomeConfig(spec=spec, speed=speed, address=host, bmc_port=bmc_port, ssh_port=ssh_port)


def _serve_as(name: str | None, config: HomeConfig, as_json: bool) -> None:
    """Under that name, or the next free one like its board's. Raises BadName, NameTaken."""
    import asyncio

    from emulators.home.registry import Registry

    place = Registry().claim(name, config.spec.board)
    try:
        spec = config.spec.model_copy(update={"name": place.entry.name})
        asyncio.run(_serve(config.model_copy(update={"spec": spec, "directory": place.path}), place, as_json))
    finally:
        place.release()


async def _serve(config: HomeConfig, place: Place, as_json: bool) -> None:
    """Until a signal, or `down`; everything that was opened is closed then."""
    import asyncio
    import signal

    from emulators.home.home import Home

    home = Home(config)
    try:
        ready = await home.open()
        place.announce(ready)
        serving = asyncio.ensure_future(home.serve())
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            asyncio.get_running_loop().add_signal_handler(number, serving.cancel)
        print(line(ready) if as_json else _words(ready), flush=True)
        await asyncio.wait([serving])
        if not serving.cancelled():
            serving.result()
    finally:
        await home.close()


def line(ready: Ready) -> str:
    """How to reach it, as one line of JSON."""
    keep = ready.model_dump(mode="json", include={"name", "board", "ipmi", "ssh", "web", "speed", "pid"})
    for door in ("ipmi", "web"):
        if keep[door] is not None:
            del keep[door]["host_key"]
    return json.dumps(keep)


def _called(ready: Ready) -> str:
    return ready.board if ready.name == ready.board else f"{ready.name} ({ready.board})"


def _words(ready: Ready) -> str:
    ssh, ipmi = ready.ssh, ready.ipmi
    options_ = "-o UserKnownHostsFile=/dev/null -o StrictHostKeyChecking=no"
    return f"""\
{_called(ready)} is up, its time runs at {ready.speed:g} times ours. Ctrl-C ends it.

  host  ssh -p {ssh.port} {options_} {ssh.user}@{ssh.host}
        password: {ssh.password}
  BMC   IPMI_PASSWORD={ipmi.password} ipmitool -I lanplus -H {ipmi.host} -p {ipmi.port} -U {ipmi.user} -E mc info
{_pages(ready.web)}"""


def _pages(web: Login | None) -> str:
    if web is None:
        return ""
    return f"""\
  web   https://{web.host}:{web.port}/  (self-signed: the browser will warn)
        user: {web.user}, password: {web.password}"""
