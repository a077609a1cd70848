"""A host that hangs on its way up because firmware or loader waits for a key: it is given over the console.

What it asks may have been heard. Where it was not, for a console shows nothing of what was written before: Enter makes
who asks for a passphrase ask again; a firmware that stops at F1 says nothing to other keys, so F1 is pressed unseen,
which does nothing where nobody waits for it.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from fwsim.context import Context
from fwsim.doors import BmcAuthenticationRefused, BmcUnreachable, ConsoleTaken
from fwsim.outcomes import Fail
from fwsim.steps.stillness import Stillness
from fwsim.tools import console
from fwsim.tools.console import Shown

STILL_S = 300.0  # nothing that can be seen has changed for so long: it is not at work
AGAIN_S = 600.0
TRIES = 3
ASKS = ("f1-stop", "disk-passphrase")
ASKED_S = 30.0  # a question that was heard, and nothing after it
HEAR_S, MOVES_WITHIN_S = 10.0, 60.0
ENTER, F1 = b"\r", b"\x1bOP"
MOVES = {"boot-loader", "booting", "login", "post"}
BY_HAND = "type it at the console: `ipmitool -I lanplus ... sol activate`; then run the plan again"


@dataclass
class Console:
    """Asked at every round of a wait. `usual_s`: how long a start may take before a key is tried."""

    context: Context
    stillness: Stillness
    usual_s: float
    _tries: int = 0
    _tried: float = field(default=float("-inf"))

    def due(self, waited_s: float) -> bool:
        """Is it time for a key?"""
        if self._tries >= TRIES:
            return False
        if self._asked in ASKS:
            return self.stillness.still_s >= ASKED_S
        if waited_s < self.usual_s or self.stillness.still_s < STILL_S:
            return False
        return self.context.now() - self._tried >= AGAIN_S

    @property
    def _asked(self) -> str:
        return console.read(self.stillness.heard).state

    async def help(self) -> bool:
        """True where a key has set it going again. Raises Fail where it asks for what the plan does not know."""
        self._tries, self._tried = self._tries + 1, self.context.now()
        try:
            return await self._helped()
        except ConsoleTaken as taken:
            self.context.warn(f"the host's console cannot be had: {taken}")
        except (BmcUnreachable, BmcAuthenticationRefused):
            pass  # the wait's own end says so
        return False

    async def _helped(self) -> bool:
        asked = self._asked
        if asked not in ASKS:
            shown = await self._typed(ENTER, "Enter", HEAR_S)
            if shown.seen and shown.state not in ("post", "no-boot-device", *ASKS):
                return False  # a loader, a login, an emergency: no key of ours helps there
            asked = shown.state
        if asked == "disk-passphrase":
            return await self._unlocked()
        shown = await self._typed(F1, "F1", MOVES_WITHIN_S)
        if asked != "f1-stop" and not MOVES & set(shown.seen):
            return False
        self.context.warn("the firmware waited for F1; it was pressed over the console, and the host goes on")
        self.context.fact("host.stopped-at", "F1")
        return True

    async def _unlocked(self) -> bool:
        passphrase = self.context.doors.passphrase
        self.context.fact("host.stopped-at", "disk passphrase")
        if not passphrase:
            raise Fail("the host's disk asks for its passphrase, and the plan names no source of it",
                       f"name one (sealed_disk: {{unlock: {{env: NAME}}}}), or {BY_HAND}")  # fmt: skip
        shown = await self._typed(passphrase.encode() + ENTER, "the passphrase", MOVES_WITHIN_S, secret=True)
        if shown.state == "disk-passphrase":
            raise Fail(
                "the host's disk does not take the passphrase that the plan names", f"find the right one; {BY_HAND}"
            )
        self.context.warn(
            "the disk asked for its passphrase; it was typed over the console. The next start asks again until the TPM "
            "is enrolled anew (systemd-cryptenroll, clevis luks bind)"
        )
        return True

    async def _typed(self, keys: bytes, name: str, seconds: float, *, secret: bool = False) -> Shown:
        self.context.intend(f"type {name} at the host's console", "host")
        written = await self.context.type_keys(keys, name, seconds=seconds, secret=secret)
        if written or self._asked in ASKS:
            self.stillness.heard = written  # what stood there before is answered
        return console.read(written)
