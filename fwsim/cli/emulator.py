"""`fwsim emulator`: a virtual server in the foreground, for other programs and other terminals to talk to."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Annotated

import typer

from fwsim.cli import options, screen

if TYPE_CHECKING:
    from emulators.home.config import HomeConfig, Ready

app = typer.Typer(help="Virtual servers by themselves.", no_args_is_help=True, rich_markup_mode=None)
Port = Annotated[int, typer.Option(min=0, max=65535, show_default="any free one")]


@app.command()
def up(
    board: Annotated[
        str, typer.Argument(help="A board, as `fwsim emulator list` names it.", autocompletion=options.complete_board)
    ],
    as_json: Annotated[bool, typer.Option("--json", help="Say how to reach it as one line of JSON.")] = False,
    speed: options.Speed = 1.0,
    bmc_port: Port = 0,
    ssh_port: Port = 0,
    ipmitool: options.IpmitoolChoice = None,
    host: Annotated[str, typer.Option("--host", metavar="ADDR", help="The address to listen on.")] = "127.0.0.1",
    count: Annotated[int, typer.Option(min=1, max=60_000, help="So many servers; more than one: BMCs alone.")] = 1,
    spread: Annotated[
        bool, typer.Option("--spread", help="Many servers: one port of many addresses, 127.1.0.1 and so on.")
    ] = False,
    workers: Annotated[int, typer.Option(min=1, max=64, help="Many servers: over so many processes.")] = 1,
) -> None:
    """Start a virtual server and serve until Ctrl-C. With --count many of them, of which only the BMCs can be reached:
    no SSH. --json then prints one line a server."""
    import asyncio

    many = count > 1 or spread or workers > 1
    served: options.Ipmitool = "builtin" if many else options.ipmitool_at(speed, ipmitool)
    config = _config(board, host, speed, bmc_port, ssh_port, served)
    if many:
        from fwsim.cli import estate
        from fwsim.cli.errors import BadInput

        if ssh_port or ipmitool is not None:
            raise BadInput("--count starts BMCs alone: it goes with neither --ssh-port nor --ipmitool")
        estate.up(config.spec, speed, estate.Wanted(count, host, bmc_port, spread, workers), as_json=as_json)
        return
    asyncio.run(_serve(config, as_json))


@app.command("list")
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


async def _serve(config: HomeConfig, as_json: bool) -> None:
    """Until a signal; everything that was opened is closed then."""
    import asyncio
    import signal

    from emulators.home.home import Home

    home = Home(config)
    try:
        ready = await home.open()
        serving = asyncio.ensure_future(home.serve())
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            asyncio.get_running_loop().add_signal_handler(number, serving.cancel)
        print(_line(ready) if as_json else _words(ready), flush=True)
        await asyncio.wait([serving])
        if not serving.cancelled():
            serving.result()
    finally:
        await home.close()


def _line(ready: Ready) -> str:
    keep = ready.model_dump(mode="json", include={"name", "board", "ipmi", "ssh", "web", "speed", "pid"})
    del keep["ipmi"]["host_key"]
    return json.dumps(keep)


def _words(ready: Ready) -> str:
    ssh, ipmi = ready.ssh, ready.ipmi
    options_ = "-o UserKnownHostsFile=/dev/null -o StrictHostKeyChecking=no"
    return f"""\
{ready.board} is up, its time runs at {ready.speed:g} times ours. Ctrl-C ends it.

  host  ssh -p {ssh.port} {options_} {ssh.user}@{ssh.host}
        password: {ssh.password}
  BMC   IPMI_PASSWORD={ipmi.password} ipmitool -I lanplus -H {ipmi.host} -p {ipmi.port} -U {ipmi.user} -E mc info"""
