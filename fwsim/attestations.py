"""What only a person can say, and what a person takes upon himself: attestations and waivers of a plan.

No sensor shows whether a cluster will fence the server in an hour. The engine asks for the operator's word, and refuses
without it; where it could look, it has looked before.
"""

from __future__ import annotations

import re
from typing import Annotated

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, StrictBool

from fwsim.secret import Secret

WAIVABLE = {
    "self-test": "the BMC's self-test failed",
    "sol": "the host's console cannot be had over the network",
    "web": "the BMC's web port does not answer",
    "secure-boot": "the kernel runs signed modules alone, and SUM needs its own",
    "watchdog": "the watchdog cannot be disarmed",
}
SEL_FINDING = re.compile(r"sel-[0-9a-f]+")


def sel_finding(record: int) -> str:
    """The finding of one critical event: its number as `ipmitool sel elist` prints it."""
    return f"sel-{record:x}"


def _finding(text: str) -> str:
    if text not in WAIVABLE and not SEL_FINDING.fullmatch(text):
        raise ValueError(f"expected {', '.join(WAIVABLE)} or sel-N with the event's number, e.g. sel-1f")
    return text


class Part(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Quiet(Part):
    """Attested: for the time of the update nobody else resets, powers or flashes this server."""

    fencing: StrictBool = Field(default=False, description="cluster fencing cannot act on it, or there is no cluster")
    controllers: StrictBool = Field(default=False, description="no other controller acts on its BMC: MAAS, Ironic, ...")


class SealedDisk(Part):
    """Attested: what opens the root disk when the TPM does not, as after a BIOS update. `unlock`: where the passphrase
    comes from, to be typed at the console over LAN where the disk asks for it."""

    passphrase: StrictBool = Field(default=False, description="a passphrase or recovery key is at hand, and was tried")
    unlock: Secret | None = None


class Waiver(Part):
    """A finding that would stop the update, and why it need not."""

    finding: Annotated[str, AfterValidator(_finding)] = Field(description="as the refusal names it, e.g. sel-1f")
    reason: str = Field(min_length=3, description="why that may be, for whoever reads the report")
