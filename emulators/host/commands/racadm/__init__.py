"""racadm on the host itself: `racadm SUBCOMMAND ...` (facts/vendor-tools-and-boards.md section 4).

It asks the iDRAC over the host's own interface, so it needs no network; while the iDRAC is dark nothing answers.
Dell's services load the IPMI driver that it needs.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeAlias

from emulators.host.commands.racadm import attributes, info, jobs, power, update
from emulators.host.commands.racadm.text import INVALID, RacadmError
from emulators.host.process import Invocation, Run

INVENTED: tuple[str, ...] = (
    "racadm: exit status 1 for every error, and that errors stand on standard output (section 4.3: not verified)",
    "racadm: the text while the iDRAC is dark (public reports of an iDRAC that hangs quote it)",
    "racadm: usage, help, and ERROR: Invalid syntax.",
    "racadm: -r from the host, which has no way to the management network",
    "racadm: getversion's padding; swinventory's dates and order",
    "racadm: jobqueue view without jobs; a job that is not found; a job that cannot be deleted",
    "racadm: update -f of a file that is not there, or while another update runs",
    "racadm: update in System Lockdown mode; Lockdown.SystemLockdown on an iDRAC8, which has none",
    "racadm: rollback where there is no other image",
    "racadm: attributes other than iDRAC.NIC.Selection; getniccfg's IPv6 values",
    "racadm: export of a server configuration profile: its text and the attributes in the file",
    "racadm: set -t xml: what it prints beside RAC977, and that one attribute that is not taken fails the whole file",
    "racadm: seconds that a command takes",
)

Subcommand: TypeAlias = "Callable[[Invocation, list[str]], Run[None]]"

SUBCOMMANDS: dict[str, tuple[Subcommand, str]] = {
    "get": (attributes.get, "display RAC configuration parameters"),
    "getniccfg": (info.network, "display current network settings"),
    "getsvctag": (info.service_tag, "display service tag information"),
    "getsysinfo": (info.system, "display general RAC and system information"),
    "getversion": (info.versions, "display firmware versions"),
    "jobqueue": (jobs.queue_command, "display and delete jobs"),
    "racreset": (power.reset_rac, "perform a RAC reset operation"),
    "rollback": (update.roll_back, "restore the previous firmware of a component"),
    "serveraction": (power.server_action, "perform system power management operations"),
    "set": (attributes.set_one, "modify RAC configuration parameters"),
    "setniccfg": (attributes.set_network, "modify network configuration properties"),
    "swinventory": (info.inventory, "display the installed firmware"),
    "update": (update.update, "platform update of the devices on the server"),
}
ANSWER_S, SILENCE_S = 1.5, 12.0


def main(inv: Invocation) -> Run[int]:
    """Run one subcommand."""
    words = list(inv.argv[1:])
    try:
        yield from _run(inv, words)
    except RacadmError as failure:
        inv.out(failure.text + "\n")
        return 1
    return 0


def _run(inv: Invocation, words: list[str]) -> Run[None]:
    if not words or words[0] in ("help", "-h", "--help"):
        inv.out(_help(words[1:]))
        return
    if words[0] == "-r" or "-r" in words[:5] and words[0].startswith("-"):
        yield SILENCE_S
        raise RacadmError("ERROR: Unable to connect to RAC at specified IP address.")
    if words[0].lower() not in SUBCOMMANDS:
        raise RacadmError(INVALID)
    server = inv.host.server
    if server.board.racadm is None or inv.user != "root" or not server.bmc.answering:
        yield SILENCE_S if server.board.racadm else ANSWER_S
        raise RacadmError
    yield ANSWER_S
    yield from SUBCOMMANDS[words[0].lower()][0](inv, words[1:])


def _help(words: list[str]) -> str:
    if words and words[0].lower() in SUBCOMMANDS:
        return f" {words[0].lower()} -- {SUBCOMMANDS[words[0].lower()][1]}\n"
    if words:
        raise RacadmError(INVALID)
    lines = "".join(f"  {name:<16} -- {what}\n" for name, (_, what) in SUBCOMMANDS.items())
    return f"\n help [subcommand]  -- display usage summary for a subcommand\n{lines}"
