"""What a person beside a virtual server can do and see. Nothing else of the server is known here, least of all why.

    hands = Hands(server)
    hands.do("unplug", psu=1)                 -> Seen(ok=True, text="cord of PSU1 out of PDU A outlet 7")
    hands.do("look", at="led:power")          -> Seen(ok=True, text="off")

An act changes the virtual server's state as its physics has it, and what follows may come later or not at all: shorted
pads say nothing. `ok` is False where the act itself could not be done: a closed cover, a port that is taken. ACTS is
the table of all acts. Every act is written into the world's record.
"""

from emulators.hands.acts import ACTS, BadAct, Hands
from emulators.hands.seen import Seen

__all__ = ["ACTS", "BadAct", "Hands", "Seen"]
