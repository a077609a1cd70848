"""Kinds about the BIOS: its flash, its settings, and POST."""

from __future__ import annotations

from emulators.faults.kinds import FACTS, GUIDE, About

_FIRST = ("bios.first-boot",)
_POST = ("bios.post",)
_JOB = ("job.bmc", "job.bios")
_SETTINGS = f"{FACTS}, sections 3.3 (settings reset without --preserve_setting) and 7"

ROWS = (
    About("bios-written-corrupt", ("bios.written",),
          "cells lose their charge after they were verified: the next POST finds a damaged image",
          "fans at full speed, nothing on the screen", f"{GUIDE}: the BIOS flash failed",
          f"write the known image through the BMC's web page ({GUIDE}; {FACTS}, section 6)"),
    About("bios-settings-reset", _FIRST, "the new BIOS starts with default settings and boot order",
          "no boot device, another SATA mode, other port names", _SETTINGS, "restore the settings from the backup"),
    About("boot-order-lost", _FIRST, "the new BIOS has no entry for the installed system any more",
          "no boot device found", _SETTINGS, "enter it again, by the boot menu or at the screen"),
    About("boot-order-changed", _FIRST, "the new BIOS tries the network first",
          "the start takes minutes longer", _SETTINGS, "put the order back"),
    About("nic-renamed", _FIRST, "the new BIOS has no labels for its ports, and Linux names them by their slots",
          "the network of the host is not configured", _SETTINGS, "configure the new names"),
    About("post-hangs", _POST, "POST stops at `code` (0x92 where left out) and goes no further; a reset begins it anew",
          "the code on the screen and at 30/70/02, no system", f"{FACTS}, section 7: POST 0x92 (pvese)",
          f"power off for longer, and on again ({FACTS}, section 7: too short off time)", ("code", "nth")),
    About("stops-at-f1", _POST, "POST waits for a key: settings were lost, or the ME did not enter recovery",
          "`Press F1 to continue` on screen and serial console", f"{FACTS}, section 7: UEFI0305, F1 prompt",
          f"press F1, over SOL too ({FACTS}, section 7: AC cycle first)", ("nth",)),
    About("boot-loop", ("bios.post-end",), "the firmware restarts itself at the end of POST, `times` times",
          "the logo again and again", f"{FACTS}, section 7: loops `Entering Lifecycle Controller`",
          f"clear the jobs and reset the lifecycle controller ({FACTS}, section 7)", ("nth",)),
    About("severe-lock", _FIRST,
          "invalid NVRAM together with a hung BMC: POST does not begin and the BMC answers nothing",
          "fans at full speed, no screen, no IPMI", f"{GUIDE}: the physical CMOS clear",
          f"each by its own act: all mains off for the BMC, the CMOS cleared for the NVRAM ({GUIDE})"),
    About("engine-not-in-recovery", ("bios.recovery-mode",),
          "the management engine does not follow the BMC into its recovery mode, so the BMC cannot write the BIOS",
          "`Cannot put ME into recovery mode`; the web page refuses the update",
          f"{FACTS}, section 3.3: an update out of band of a dead X10SRM",
          f"all mains off and on again, which restarts BMC and engine ({FACTS}, section 3.3, the same)", ("nth",)),
    About("job-stuck", _JOB, "a job of the lifecycle controller stays at Downloading for `seconds`, or for ever",
          "`jobqueue view` shows the same percent for hours",
          f"{FACTS}, section 7: stuck at `Preparing for firmware update`, racreset refused",
          f"`ipmitool mc reset cold` ({FACTS}, section 7); never while it writes", ("target", "seconds", "nth")),
    About("job-fails", _JOB, "a job of the lifecycle controller ends as Failed, and nothing is written",
          "RED007 or PR21 in `jobqueue view`", f"{FACTS}, section 7: RED007",
          f"step through the releases, or update the iDRAC first ({FACTS}, section 7)", ("target", "nth")),
)  # fmt: skip
