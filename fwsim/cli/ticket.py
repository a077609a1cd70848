"""`fwsim ticket`: remote-hands tickets of a run or of a procedure, their linter, and inventories for them."""

from __future__ import annotations

import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal

import typer
from typer.core import TyperGroup

from fwsim.cli import closing, options, screen
from fwsim.cli.errors import BadInput

if TYPE_CHECKING:
    from recovery.inventory import Inventory
    from recovery.ticket import Ticket

Format = Literal["txt", "md", "html", "pdf", "json", "eml"]
Paper = Literal["a4", "letter"]
Provider = Literal["equinix", "digital-realty", "servicenow", "generic"]


class PrintsByDefault(TyperGroup):
    """`fwsim ticket RUN` is `fwsim ticket print RUN`: whatever is no command's name is meant for `print`."""

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        if args and args[0] not in self.commands and args[0] not in ("-h", "--help"):
            args = ["print", *args]
        return super().parse_args(ctx, args)


app = typer.Typer(
    cls=PrintsByDefault,
    help="Tickets for the technician beside the server. `fwsim ticket RUN` is short for `fwsim ticket print RUN`.",
    no_args_is_help=True,
    rich_markup_mode=None,
)


def complete_procedure(incomplete: str) -> list[str]:
    """Procedures for the shell."""
    from recovery import procedures

    return [name for name in procedures.names() if name.startswith(incomplete)]


Procedure = Annotated[
    str | None,
    typer.Option("--procedure", help="Which work, as `fwsim ticket list` names it.", autocompletion=complete_procedure),
]
ServerName = Annotated[
    str | None, typer.Option("--server", metavar="NAME", help="Which server of a CSV file or of NetBox.")
]


@app.command("print")
def print_(
    run: Annotated[
        str | None,
        typer.Argument(help="A run's id, its end, or `latest`.", autocompletion=options.complete_run),
    ] = None,
    procedure: Procedure = None,
    inventory: options.InventoryFile = None,
    server: ServerName = None,
    board: options.OptionalBoard = None,
    form: Annotated[Format, typer.Option("--format", help="What to print.")] = "txt",
    paper: Annotated[Paper, typer.Option("--paper", help="For html, pdf and eml.")] = "a4",
    provider: Annotated[
        Provider | None, typer.Option("--provider", help="That provider's order form, as JSON, instead of --format.")
    ] = None,
    output: Annotated[
        Path | None, typer.Option("-o", "--output", metavar="FILE", help="Where to write it.", show_default="stdout")
    ] = None,
    driver: Annotated[
        Literal["administrator", "browser"],
        typer.Option("--driver", help="Who drives the BMC's web pages: you from here, or the technician's browser."),
    ] = "administrator",
    power: Annotated[
        Literal["sled", "mains"],
        typer.Option("--power", help="In a chassis of several nodes: pull the sled, or take the mains of all."),
    ] = "sled",
    bmc_lives: Annotated[
        bool | None,
        typer.Option("--bmc-lives/--bmc-dead", help="Does the BMC answer? Then its identify LED blinks for the visit."),
    ] = None,
    at: Annotated[
        str | None,
        typer.Option("--at", metavar="TIME", help="The ticket's date, e.g. 2026-11-22T14:00:00Z.", show_default="now"),
    ] = None,
    caller: Annotated[
        bool, typer.Option("--caller", help="The sheet for who answers the telephone, not for the technician.")
    ] = False,
    image: Annotated[
        Path | None,
        typer.Option(
            "--image", metavar="FILE", help="The firmware that is sent along.", show_default="the plan's fallback"
        ),
    ] = None,
    folder: options.RunsFolder = None,
) -> None:
    """Print a ticket: of a run that ended with needs-hands, or of a procedure for a board and an inventory.

    Exit 3: no such ticket can be given out: another vendor's procedure, or one that breaks a rule of the linter.
    """
    from fwsim.cli import tickets

    wish = tickets.Wish(
        run=run,
        procedure=procedure,
        inventory=inventory,
        server=server,
        board=board,
        driver=driver,
        power=power,
        bmc_lives=bmc_lives,
        at=_moment(at),
        image=image,
        folder=folder,
    )
    made, secrets = tickets.make(wish)
    tickets.must_pass(made, secrets)
    if caller:
        from recovery.render import caller as sheet

        _out(sheet.render(made).encode(), output)
    elif provider is not None:
        from recovery.render import providers

        _out(providers.render(made, provider).encode(), output)
    else:
        from recovery.render import every

        if form == "pdf" and output is None and sys.stdout.isatty():
            raise BadInput(f"a PDF is nothing for a terminal; add --output {made.id}.pdf")
        _out(every.render(made, form, paper), output)
    _tell(made, wish.at or datetime.now(UTC))


def _moment(text: str | None) -> datetime | None:
    if text is None:
        return None
    try:
        moment = datetime.fromisoformat(text)
    except ValueError as error:
        raise BadInput(f"--at {text}: expected a moment like 2026-11-22T14:00:00Z") from error
    if moment.tzinfo is None:
        raise BadInput(f"--at {text}: expected a time zone, e.g. {text}Z")
    return moment


def _out(content: bytes, output: Path | None) -> None:
    if output is None:
        sys.stdout.flush()
        sys.stdout.buffer.write(content)
        sys.stdout.buffer.flush()
        return
    try:
        output.write_bytes(content)
    except OSError as error:
        raise BadInput(f"{output} cannot be written: {error.strerror}") from error
    print(output)


def _tell(made: Ticket, now: datetime) -> None:
    from recovery import filling

    if lacking := [name for name in made.unknown if name not in filling.IMAGE]:
        screen.note(f"note: a DRAFT: nobody knows {', '.join(lacking)}; complete the inventory")
    if lacking := [name for name in made.unknown if name in filling.IMAGE]:
        screen.note(f"note: a DRAFT: nobody knows the {' and the '.join(lacking)}; name the file: --image FILE")
    if made.window.ends and datetime.fromisoformat(made.window.ends) <= now:
        screen.note(
            f"note: its window has passed: {made.window.text}; agree on another, and write it into the inventory"
        )
    if made.identify:
        screen.note("note: switch the identify LED on for the visit: ipmitool chassis identify force")


@app.command("list")
def list_(board: options.OptionalBoard = None, as_json: options.AsJson = False) -> None:
    """List the procedures; with --board those that it can be given."""
    import json

    from fwsim.cli import tickets

    rows = tickets.procedures_for(board)
    if as_json:
        for row in rows:
            print(json.dumps(row))
        return
    for row in rows:
        print(f"{row['name']:<20}{row['work']:<10}{row['minutes']:>4} min  {row['purpose']}")


@app.command()
def lint(
    files: Annotated[list[Path] | None, typer.Argument(metavar="FILE...", help="Tickets of any format.")] = None,
    procedure: Procedure = None,
    inventory: options.InventoryFile = None,
    server: ServerName = None,
    board: options.OptionalBoard = None,
    rules: Annotated[bool, typer.Option("--rules", help="Print the rules.")] = False,
    as_json: options.AsJson = False,
) -> None:
    """Check tickets, rule by rule: what makes a page dangerous, ambiguous or useless at the rack.

    Exit 0: nothing found. Exit 1: something is wrong. Exit 2: a file is no ticket.
    """
    from recovery import lint as linter

    if rules:
        for rule, what in linter.table().items():
            print(f"{rule}  {what}")
        return
    if not files and procedure is None:
        raise BadInput("expected a ticket's file, --procedure NAME, or --rules")
    found: list[tuple[str, linter.Finding]] = []
    for file in files or ():
        found += [(str(file), one) for one in linter.check_file(file)]
    if procedure is not None:
        from fwsim.cli import tickets

        wish = tickets.Wish(procedure=procedure, inventory=inventory, server=server, board=board)
        made, secrets = tickets.make(wish)
        found += [(procedure, one) for one in linter.check_ticket(made, secrets=secrets)]
    _findings(found, as_json=as_json)
    raise typer.Exit(1 if found else 0)


def _findings(found: list[tuple[str, Any]], *, as_json: bool) -> None:
    import json

    for place, one in found:
        if as_json:
            print(json.dumps({"ticket": place, "rule": one.rule, "line": one.line, "message": one.message}))
        else:
            print(f"{place}: {one}")
    if not found and not as_json:
        print("good")


@app.command()
def check(
    file: Annotated[Path, typer.Argument(metavar="INVENTORY", help="Where the server stands: YAML, or CSV.")],
    board: options.OptionalBoard = None,
    server: ServerName = None,
    as_json: options.AsJson = False,
) -> None:
    """Say, days ahead, what the tickets from an inventory would not know, procedure by procedure.

    Exit 0: nothing. Exit 3: at least one would be a draft, or would break a rule.
    """
    import json

    from fwsim.cli import tickets

    rows = tickets.lacking(tickets.Wish(inventory=file, board=board, server=server))
    for row in rows:
        if as_json:
            print(json.dumps(row))
            continue
        name = row["procedure"] + (", by the technician's browser" if row["driver"] == "browser" else "")
        wrong = [f"UNKNOWN {', '.join(row['unknown'])}"] if row["unknown"] else []
        print(f"{name}: {'; '.join([*wrong, *row['broken']]) or 'good'}")
    raise typer.Exit(3 if any(row["unknown"] or row["broken"] for row in rows) else 0)


@app.command("inventory")
def inventory_(
    csv: Annotated[Path | None, typer.Option("--csv", metavar="FILE", help="Read a CSV file of servers.")] = None,
    netbox: Annotated[
        str | None, typer.Option("--netbox", metavar="URL", help="Read NetBox, e.g. https://netbox.example.net.")
    ] = None,
    variable: Annotated[
        str, typer.Option("--token-env", metavar="NAME", help="The environment variable that holds NetBox's token.")
    ] = "NETBOX_TOKEN",
    server: ServerName = None,
    output: Annotated[
        Path | None, typer.Option("-o", "--output", metavar="FILE", help="Where to write it.", show_default="stdout")
    ] = None,
) -> None:
    """Print an inventory file: the sample, or one made from CSV or NetBox. What nobody knows is left out."""
    from recovery import inventory

    if csv is None and netbox is None:
        _out(inventory.sample().encode(), output)
        return
    if server is None:
        raise BadInput("expected --server NAME: which server?")
    _out(inventory.to_yaml(_read(csv, netbox, variable, server)).encode(), output)


def _read(csv: Path | None, netbox: str | None, variable: str, server: str) -> Inventory:
    if csv is not None:
        from recovery import inventory_csv

        return inventory_csv.load(csv, server)
    from fwsim.secret import Secret
    from recovery import inventory_netbox

    assert netbox is not None
    return inventory_netbox.load(netbox, Secret(env=variable).read("NetBox token"), server)


@app.command()
def schema(
    provider: Annotated[
        Provider | None, typer.Option("--provider", help="Of that provider's form, not of the ticket itself.")
    ] = None,
) -> None:
    """Print the JSON Schema of a ticket, or of a provider's form as we know its limits."""
    if provider is not None:
        from recovery.render import providers

        print(providers.schema(provider), end="")
        return
    from recovery.render import data

    print(data.schema(), end="")


app.command("close")(closing.close)
