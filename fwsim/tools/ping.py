"""`ping`: does a kernel answer there? One that answers says nothing of the services on it, and that is its worth.

Read off iputils 20221126 and busybox 1.35; the summary of macOS's and the BSDs' has busybox's words.
"""

from __future__ import annotations

import re

from fwsim.tools import Argv, Unparsable

COUNT, WAIT_S = 3, 2  # one lost packet, or a first one that waits for ARP, is no silence
TAKES_S = 30.0  # with the time that a name server may need
SUMMARY = re.compile(r"^(\d+) packets transmitted, (\d+)(?: packets)? received", re.MULTILINE)


def argv(address: str) -> Argv:
    """`address`: a name or an address; no word that begins with a dash is taken for an option."""
    return ("ping", "-n", "-c", str(COUNT), "-W", str(WAIT_S), "--", address)


def parse(stdout: str) -> bool:
    """Did anything answer? Raises Unparsable where nothing was sent: no such tool, no right to send, no such name."""
    found = SUMMARY.search(stdout)
    if found is None or int(found[1]) == 0:
        raise Unparsable("ping", "how many packets were sent and received", stdout)
    return int(found[2]) > 0
