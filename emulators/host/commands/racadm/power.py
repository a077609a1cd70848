"""racadm serveraction and racreset (section 4.3)."""

from __future__ import annotations

from emulators.bmc.selfupdate import in_progress
from emulators.host.commands.racadm.text import SYNTAX, RacadmError
from emulators.host.process import Invocation, Run

DELAY_S = 1.0  # the answer still leaves before the power goes


def server_action(inv: Invocation, words: list[str]) -> Run[None]:
    """serveraction powerstatus | powercycle | powerup | powerdown | hardreset | graceshutdown."""
    server = inv.host.server
    actions = {
        "powercycle": server.power_cycle,
        "powerup": server.power_on,
        "powerdown": server.power_off,
        "hardreset": server.power_reset,
        "graceshutdown": server.power_soft,
    }
    match words:
        case ["powerstatus"]:
            inv.out(f"Server power status: {'ON' if server.powered else 'OFF'}\n")
        case [action, *_] if action in actions:
            inv.out("Server power operation successful\n")
            server.agenda.after(DELAY_S, actions[action])
        case _:
            raise RacadmError(SYNTAX)
    yield 0


def reset_rac(inv: Invocation, words: list[str]) -> Run[None]:
    """racreset [soft|hard] [-f]: refused while the iDRAC writes its own flash."""
    bmc = inv.host.server.bmc
    if in_progress(bmc):
        raise RacadmError("ERROR: Unable to reset the RAC: firmware update is currently in progress.")
    inv.out(
        "RAC reset operation initiated successfully. It may take a few\nminutes for the RAC to come online again.\n"
    )
    inv.host.server.agenda.after(DELAY_S, bmc.cold_reset)
    yield 0
