"""SUM and racadm from the operator's machine, over the network, to the BMC of a virtual server.

    sum -i ADDRESS -u USER -f /dev/stdin -c COMMAND ...       the password on standard input
    racadm -i -r ADDRESS SUBCOMMAND ...                        user and password on standard input, as -i asks for them

What they bring about is the BMC's doing: it writes the BIOS by itself as from its web pages, and takes what the same
commands in band leave to it. Files are the operator's own, read by `read`.
"""

from __future__ import annotations

import shlex
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, cast

from emulators import webflash
from emulators.host.commands.racadm import SUBCOMMANDS
from emulators.host.commands.racadm import update as updating
from emulators.host.commands.racadm.text import INVALID, RacadmError
from emulators.host.commands.sum import settings
from emulators.host.commands.sum.session import Options, Session
from emulators.host.commands.sum.text import BANNER, SumError, error, status
from emulators.host.process import Buffer, Invocation, Process, Run, Stdin

if TYPE_CHECKING:
    from emulators.host.linux import VirtualHost
    from emulators.server import VirtualServer

SILENCE_S, ANSWER_S, LOOK_S = 30.0, 5.0, 5.0
VALUED = ("-i", "-u", "-f", "-p", "-c", "--file")
Read = Callable[[str], bytes]

INVENTED: tuple[str, ...] = (
    "out of band: SUM's and racadm's words for a BMC that does not answer, or refuses the login",
    "out of band: SUM UpdateBios prints no progress; an iDRAC writes a BIOS that does not start at once",
)


@dataclass(frozen=True)
class _Desk:
    """What an in-band command asks of its host, on the operator's machine."""

    server: VirtualServer
    read_file: Read

    @property
    def files(self) -> _Desk:
        return self

    def read(self, path: str) -> bytes:
        return self.read_file(path)


def is_for(argv: Sequence[str]) -> str:
    """The BMC's address that this command is for, "" where it is none of these tools, or in band."""
    option = {"sum": "-i", "saa": "-i", "racadm": "-r"}.get(argv[0].rsplit("/", 1)[-1]) if argv else None
    words = list(argv)
    return words[words.index(option) + 1] if option in words[:-1] else ""


def start(server: VirtualServer, argv: Sequence[str], stdin: bytes, read: Read) -> tuple[Process, Buffer, Buffer]:
    """Begin it; its output fills the two buffers."""
    out, err = Buffer(), Buffer()
    host = cast("VirtualHost", _Desk(server, read))
    inv = Invocation(tuple(argv), host, Stdin(stdin), out, err, cwd="/")
    main = _racadm if argv[0].rsplit("/", 1)[-1] == "racadm" else _sum
    process = Process(0, shlex.join(argv)[:80], main(inv, stdin), server.agenda, None)
    process.start()
    return process, out, err


def _lets_in(server: VirtualServer, address: str, user: str, password: str) -> bool | None:
    """None where nothing answers there."""
    bmc = server.bmc
    if bmc.address != address:
        return None
    known = bmc.users.by_name(user.encode())
    right = known is not None and known.enabled and known.password.rstrip(b"\0") == password.encode()
    if not right or bmc.locked(user.encode()):
        server.note("bmc-login-refused", user=user)
        return False
    return True


# -- racadm


def _racadm(inv: Invocation, stdin: bytes) -> Run[int]:
    try:
        yield from _racadm_runs(inv, stdin)
    except RacadmError as failure:
        inv.out(failure.text + "\n")
        return 1
    return 0


def _racadm_runs(inv: Invocation, stdin: bytes) -> Run[None]:
    server, words = inv.host.server, list(inv.argv)
    at = words.index("-r")
    user, password = (stdin.decode().split("\n") + ["", ""])[:2]
    rest = [word for word in words[at + 2 :] if word != "--nocertwarn"]
    lets_in = _lets_in(server, words[at + 1], user, password)
    if lets_in is None or server.board.racadm is None:
        yield SILENCE_S
        raise RacadmError("ERROR: Unable to connect to RAC at specified IP address.")
    yield ANSWER_S
    if not lets_in:
        raise RacadmError("ERROR: Login failed - invalid username or password")
    if not rest or rest[0].lower() not in SUBCOMMANDS:
        raise RacadmError(INVALID)
    if rest[0].lower() == "update" and not webflash.starts(server):
        yield from _written_at_once(inv, rest)
        return
    yield from SUBCOMMANDS[rest[0].lower()][0](inv, rest[1:])


def _written_at_once(inv: Invocation, words: list[str]) -> Run[None]:
    """A BIOS that does not start takes over no job: the iDRAC writes it with the host off."""
    if "-f" not in words[:-1]:
        raise RacadmError
    name = words[words.index("-f") + 1]
    try:
        webflash.update_bios(inv.host.server, inv.host.files.read(name))
    except OSError:
        raise RacadmError(f"ERROR: Unable to open file {name}.") from None
    except webflash.Refused as refused:
        raise RacadmError(f"ERROR: {refused}") from None
    inv.out(updating.COPYING + updating.INITIATED.format(file=name.rsplit("/", 1)[-1]))
    yield from _until_written(inv.host.server)


def _until_written(server: VirtualServer) -> Run[bool]:
    update = webflash.current(server)
    while update is not None and update.outcome is None:
        yield LOOK_S
    return update is not None and update.outcome is True


# -- SUM


def _sum(inv: Invocation, stdin: bytes) -> Run[int]:
    inv.out(BANNER)
    try:
        yield from _sum_runs(inv, stdin)
    except SumError as failure:
        inv.out(error(failure))
        return failure.code
    return 0


def _sum_runs(inv: Invocation, stdin: bytes) -> Run[None]:
    server, options = inv.host.server, _options(inv.argv[1:])
    password = stdin.decode().split("\n")[0]
    lets_in = _lets_in(server, options["-i"], options.get("-u", ""), password)
    if lets_in is None:
        yield SILENCE_S
        raise SumError(145, f"Can not connect to {options['-i']}.")
    yield ANSWER_S
    if not lets_in:
        raise SumError(146, "IPMI login failed.")
    if server.board.vendor != "supermicro":
        raise SumError(38, "This is not a Supermicro system.")
    session = Session(inv, server, options)
    if not session.licensed("SFT-OOB-LIC"):
        raise SumError(80, "Out of band this command needs the product key SFT-OOB-LIC.")
    match options.get("-c", "").lower():
        case "updatebios":
            yield from _update_bios(session)
        case "changebioscfg":
            yield from settings.change(session)
        case _:
            raise SumError(6, f"Unknown command: {options.get('-c')}")


def _update_bios(session: Session) -> Run[None]:
    image, _ = session.image("bios")
    preserve = "--preserve_setting" in session.options
    try:
        webflash.update_bios(session.server, image, preserve=preserve)
    except webflash.Refused as refused:
        raise SumError(80 if any(c.name == "licence" for c in refused.failed) else 37, str(refused)) from None
    session.inv.out(status(f"Start updating BIOS for {session.options['-i']}"))
    if not (yield from _until_written(session.server)):
        raise SumError(102, "Writing the BIOS flash failed. Do not restart the system, update again.")
    session.inv.out(status(f"The BIOS is updated for {session.options['-i']}"))


def _options(words: Sequence[str]) -> Options:
    found: Options = {}
    rest = list(words)
    while rest:
        word = rest.pop(0)
        found[word] = rest.pop(0) if word in VALUED and rest else ""
    return found
