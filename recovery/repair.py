"""The repairs that need no hands: each is a step of the engine, run in the journal of the run that it repairs.

`REPAIRS` says for each what it does to a server, and whether it is done without asking (DESIGN rule 15). None goes
against rule 11: those that reset or take power ask `ground.may_take` first.
"""

from __future__ import annotations

from dataclasses import dataclass

from fwsim.consent import UNASKED_REPAIRS
from fwsim.context import Context
from fwsim.deeds import Deed
from fwsim.outcomes import Result
from fwsim.steps import Action, Step
from recovery import repairs_bmc, repairs_host, repairs_lan

STAGE = "repair"


@dataclass(frozen=True)
class Repair:
    """`deeds`: what a judge calls what it does; a yes to it is a yes to these. `policy`: the plan's switch
    that is such a yes already."""

    name: str
    title: str
    action: Action
    deeds: tuple[Deed, ...] = ()
    policy: str = ""

    @property
    def asks(self) -> bool:
        """Must somebody say yes first?"""
        return self.name not in UNASKED_REPAIRS

    def step(self, attempt: int = 1) -> Step:
        """The step that carries it out. What was agreed to stands in the journal before anything is done."""

        async def act(context: Context) -> Result:
            for deed in self.deeds:
                context.fact("allowed", deed)
            return await self.action(context)

        return Step(f"repair-{self.name}{f'-{attempt}' if attempt > 1 else ''}", STAGE, self.title, act, changes=True)


BANK: tuple[Deed, ...] = ("activate", "bmc-reset")
ROWS: tuple[Repair, ...] = (
    Repair("wait", "Wait until everything answers", repairs_bmc.wait),
    Repair("install-ipmitool", "Install ipmitool on the host", repairs_bmc.install_ipmitool, ("packages",),
           "install_ipmitool"),
    Repair("restore-lan", "Put the BMC's LAN settings back", repairs_lan.lan_settings, ("lan",)),
    Repair("restore-lan-mode", "Put the BMC's port back", repairs_lan.lan_mode, ("lan", "oem")),
    Repair("restore-users", "Put the BMC's users back", repairs_lan.bmc_users, ("users",)),
    Repair("find-at-lease", "Find the BMC at its lease, and set it back", repairs_lan.at_lease, ("lan",)),
    Repair("reload-ipmi-si", "Load the host's IPMI driver anew", repairs_bmc.reload_ipmi_si, ("modules",)),
    Repair("end-flash", "End a flash that stands still", repairs_bmc.end_flash, ("unit",)),
    Repair("pass-f1", "Answer the host's console", repairs_host.pass_f1, ("console",)),
    Repair("power-on", "Power the host on", repairs_host.power_on, ("power",)),
    Repair("power-cycle", "Switch the host off and on again", repairs_host.power_cycle, ("power",)),
    Repair("restore-boot-order", "Put the boot order back", repairs_host.boot_order, ("settings", "power")),
    Repair("restore-bios-settings", "Put the BIOS settings back", repairs_host.bios_settings,
           ("settings", "power", "restart")),
    Repair("clear-job-queue", "Clear the iDRAC's failed jobs", repairs_bmc.clear_job_queue, ("jobs",)),
    Repair("cold-reset", "Reset the BMC", repairs_bmc.cold_reset, ("bmc-reset",)),
    Repair("racreset", "Reset the iDRAC", repairs_bmc.racreset, ("bmc-reset",)),
    Repair("hpm-rollback", "Go back to the BMC's other bank", repairs_bmc.hpm_rollback, BANK),
    Repair("idrac-rollback", "Go back to the iDRAC's other image", repairs_bmc.idrac_rollback, BANK),
    Repair("reflash-bmc", "Flash the BMC again from the host", repairs_bmc.reflash,
           ("flash", "activate", "bmc-reset", "files")),
    Repair("reflash-bios", "Flash the BIOS again from the host", repairs_host.reflash_in_band, ("flash",)),
    Repair("reflash-bios-oob", "Flash the BIOS through the BMC", repairs_host.reflash_through_bmc, ("flash", "power")),
    Repair("pdu-cycle", "Take the server's power away and give it back", repairs_host.pdu_cycle, ("restart", "power")),
)  # fmt: skip
REPAIRS: dict[str, Repair] = {row.name: row for row in ROWS}
