"""Kinds about a BMC that restarts: what new firmware forgets, and how it comes back or does not."""

from __future__ import annotations

from emulators.faults.kinds import FACTS, GUIDE, MOMENT, About

_FIRST = ("bmc.first-boot",)
_BOOT = ("bmc.boot",)
_AC = "take all mains away and give them back, which restarts the BMC and keeps its NVRAM"
_IN_BAND = "set it again from the host, by the backup"

ROWS = (
    About("lan-reverts-to-dhcp", _FIRST,
          "the first boot of new BMC firmware forgets the static address and asks for a lease",
          "the BMC answers at another address", GUIDE, f"{_IN_BAND} ({GUIDE})"),
    About("lan-config-wiped", _FIRST,
          "new BMC firmware starts without address, mask, gateway and VLAN, and asks nobody for them",
          "the BMC answers nowhere on the network; from the host it does", f"{GUIDE}; {FACTS}, section 7",
          f"{_IN_BAND} ({GUIDE})"),
    About("users-reset", _FIRST, "new BMC firmware starts with the factory's users and passwords",
          "logins are refused; the factory's or the label's password works", f"{FACTS}, section 7 (pvese; SUM guide)",
          f"{_IN_BAND}, with the passwords that the plan knows ({FACTS}, section 7)"),
    About("lan-mode-moved", _FIRST,
          "new BMC firmware uses the host's first port instead of its own, or its own instead",
          "the BMC is silent where it was, and answers on another cable", f"{GUIDE}; {FACTS}, sections 3.4 and 7",
          f"set the mode again in band, or move the cable ({GUIDE})"),
    About("boot-flags-lost", _FIRST, "new BMC firmware has forgotten the IPMI boot options",
          "the next start takes the usual boot device", f"{FACTS}, section 7", _IN_BAND),
    About("clock-lost", _FIRST,
          "the first boot of new BMC firmware starts its clock at nothing: events are stamped from the BMC's start on",
          "`Pre-Init` instead of a date in the event log", f"IPMI 2.0 section 37.1; {FACTS}, section 7: time lost",
          "set the log's clock again from the host: `ipmitool sel time set`"),
    About("bmc-never-returns", _BOOT, "the BMC hangs as it starts: no LAN, no KCS, fans at full speed",
          "nothing answers; the heartbeat LED does not blink", f"{GUIDE}: a BMC that is bricked; {FACTS}, section 7",
          f"{_AC} ({GUIDE}: unplug both power cables)"),
    About("bmc-late", _BOOT, "the BMC takes `seconds` longer to start than it ought to (300 where left out)",
          "as one that never returns, and then it does", f"{FACTS}, section 7: 5 to 8 minutes a step of the ladder",
          "wait", ("seconds",)),
    About("bmc-flapping", _BOOT,
          "the BMC answers for `seconds` (45 where left out) after a start, and starts again; `times` starts do",
          "pings that come and go", f"{FACTS}, section 7: RAC0181 boot-time failover",
          "wait until it answers steadily", ("seconds",)),
    About("mac-lost", _FIRST, "half-flashed: KCS is alive, and the LAN is dead, for the port has no MAC address",
          "`lan print` shows the MAC address as zeros; no link", f"{FACTS}, section 7 (blog.hqcodeshop.fi 2014)",
          f"flash again from the host ({FACTS}, section 7, the same)"),
    About("lan-disabled", _FIRST, "IPMI over LAN is switched off by the new firmware; KCS is alive",
          "pings are answered, IPMI is not", f"{FACTS}, section 7 (pvese 2026-03-02)",
          f"switch the channel's access on again from the host ({FACTS}, section 7, the same)"),
    About("kcs-wedged", _BOOT,
          "the BMC comes back without its system interface: messages from the host get no answer until it restarts",
          "ipmitool on the host times out; over the LAN all is well", f"{FACTS}, section 0",
          f"`mc reset cold` over the LAN ({FACTS}, section 7)"),
    About("sessions-full", MOMENT, "clients that vanished hold all session slots of the LAN channel",
          "`insufficient resources for session`", f"{FACTS}, section 7: full session table",
          f"restart the BMC ({FACTS}, section 7: only that cured it on MegaRAC)"),
    About("account-locked", MOMENT,
          "somebody else's wrong passwords have locked the user that we use (`name`, or the first) for `seconds` "
          "(900 where left out) or until the BMC restarts",
          "the right password is refused", "IPMI 2.0 table 23-4, bad password threshold", "wait; do not try on",
          ("name", "seconds")),
    About("someone-resets-bmc", MOMENT, "another controller, or a colleague, sends the BMC a cold reset",
          "the BMC goes dark, and nobody here has asked for that", f"{FACTS}, section 7: only BMC reset cured",
          "wait; an upload has to begin anew"),
)  # fmt: skip
