"""Kinds about writing the BMC's flash, and about HPM.1's commands."""

from __future__ import annotations

from emulators.faults.kinds import FACTS, GUIDE, IPMI, UPLOAD, About

_REFLASH = f"write it again from what still runs; no reset before that ({GUIDE}; DESIGN section 8, rule 11)"
_HPM = ("command", "nth", "percent")

ROWS = (
    About("flash-interrupted", UPLOAD,
          "from `percent` on the flash takes no more: what was written stays, the rest is erased",
          "the tool stops with an error; the BMC or the host goes on with the code in its memory until a restart",
          f"{GUIDE}: a flash cut short bricks; {IPMI}, section 2", _REFLASH, ("target", "percent")),
    About("flash-stalls", UPLOAD,
          "from `percent` on the flash answers nothing more, and the tool waits (for `seconds`, or for ever)",
          "a progress bar that stands still", f"{IPMI}, section 2: ipmitool asks on while a block is not answered",
          f"end the tool, then {_REFLASH}", ("target", "percent", "seconds")),
    About("not-activated", ("bmc.activate",),
          "the image is taken and reported as done, but never becomes the one that boots",
          "success, and the old version after the restart", f"{IPMI}, section 2: ipmitool reports success",
          f"flash again; where that does not help, over the LAN or from the web page ({FACTS}, section 6)"),
    About("hpm-answer", ("hpm.command",),
          "the BMC answers HPM.1's `command` with `completion_code` and does not run it",
          "ipmitool's words for that code", f"{IPMI}, section 2: the commands' completion codes",
          "by the code: ask again, or begin anew", (*_HPM, "completion_code")),
    About("hpm-silent", ("hpm.command",), "the BMC neither runs HPM.1's `command` nor answers it",
          "ipmitool waits, asks again, gives up", f"{IPMI}, section 2", "ask again; look before a second flash", _HPM),
    About("hpm-mute", ("hpm.command",), "the BMC runs HPM.1's `command`, and its answer never comes",
          "ipmitool waits and asks again, and it has been done already", f"{IPMI}, section 2",
          "look what is there before a second flash", _HPM),
    About("hpm-slow", ("hpm.command",),
          "`command` is a long operation of `seconds`: 0x80, and 2c/34 tells how it ended: as it did, or with "
          "`completion_code` and nothing done",
          "ipmitool polls", f"{IPMI}, section 2: command in progress", "wait", (*_HPM, "seconds", "completion_code")),
    About("activation-rolls-back", ("bmc.new-image",),
          "new BMC firmware dies in its first boot, and the BMC goes back to the other bank by itself",
          "dark for twice the usual time, then the old version",
          f"{IPMI}, section 2: an automatic rollback, which ipmitool reports as success",
          "the old firmware runs on: ask the vendor before trying again", ("completion_code",)),
    About("self-test-fails", ("bmc.new-image",),
          "new BMC firmware boots, fails its self-test, and the BMC goes back to the other bank by itself",
          "dark for twice the usual time, then the old version", f"{IPMI}, section 2: query self-test results",
          "the old firmware runs on: ask the vendor before trying again"),
)  # fmt: skip
