"""Dell's racadm on the host. It says "initiated", never "done": the truth is in the job queue, and in getversion.

Its exit status is not documented and not used. The job queue has two dialects (iDRAC7 and 8: Start Time; newer iDRAC9:
Scheduled and Actual times); percent may be missing or NA.
"""

from __future__ import annotations

import re
import xml.etree.ElementTree as ElementTree
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal

from fwsim.tools import Argv, Unparsable
from fwsim.tools.text import as_displayed, pairs

GET_VERSION: Argv = ("racadm", "getversion")
SYSTEM_INFO: Argv = ("racadm", "getsysinfo")
NIC_CONFIG: Argv = ("racadm", "getniccfg")
NIC_SELECTION: Argv = ("racadm", "get", "iDRAC.NIC.Selection")
JOBS: Argv = ("racadm", "jobqueue", "view")
LOCKDOWN: Argv = ("racadm", "get", "iDRAC.Lockdown.SystemLockdown")  # iDRAC9
POWER_STATUS: Argv = ("racadm", "serveraction", "powerstatus")

State = Literal["waiting", "running", "completed", "failed"]
_STATES: dict[str, State] = {
    "New": "waiting",
    "Scheduled": "waiting",
    "Scheduling": "waiting",
    "Ready For Execution": "waiting",
    "Waiting": "waiting",
    "Downloading": "running",
    "Downloaded": "running",
    "Running": "running",
    "Reboot Pending": "waiting",
    "Completed": "completed",
    "Reboot Completed": "completed",
    "Failed": "failed",
    "Reboot Failed": "failed",
    "Completed with Errors": "failed",
    "CompletedWithErrors": "failed",
}


def update(file: str) -> Argv:
    """Hand a package to the iDRAC. Never --reboot: the reboot is ours."""
    return ("racadm", "update", "-f", file)


def job(identity: str) -> Argv:
    """One job of the queue."""
    return ("racadm", "jobqueue", "view", "-i", identity)


def delete_job(identity: str) -> Argv:
    """Take one job out of the queue. Only ever one that has ended."""
    return ("racadm", "jobqueue", "delete", "-i", identity)


RESET: Argv = ("racadm", "racreset")
ROLL_BACK_IDRAC: Argv = ("racadm", "rollback", "iDRAC.Embedded.1-1")


def over_lan(argv: Argv, address: str) -> Argv:
    """The same out of band. It asks for user and password on standard input (`-i`): neither stands in an argv."""
    return (argv[0], "-i", "-r", address, *argv[1:])


def credentials(user: str, password: str) -> bytes:
    """What `over_lan` asks for."""
    return f"{user}\n{password}\n".encode()


def export_settings(file: str) -> Argv:
    """Write the server configuration profile (BIOS, iDRAC, NICs) into a file on the host."""
    return ("racadm", "get", "-t", "xml", "-f", file)


def import_settings(file: str) -> Argv:
    """Take a profile over: a job, which waits for the next restart. Never --reboot: the reboot is ours."""
    return ("racadm", "set", "-t", "xml", "-f", file, "-b", "NoReboot")


BIOS = "BIOS.Setup.1-1"


def parse_profile(data: bytes, component: str = BIOS) -> dict[str, str]:
    """That component's attributes of an exported profile; what cannot be set stands there as remarks. Raises
    Unparsable."""
    try:
        root = ElementTree.fromstring(data)
    except ElementTree.ParseError as error:
        raise Unparsable("racadm get -t xml", "an XML file", str(error)) from error
    parts = [part for part in root.iter("Component") if part.get("FQDD") == component]
    found = {a.get("Name", ""): (a.text or "").strip() for part in parts for a in part.iter("Attribute")}
    if not found:
        raise Unparsable("racadm get -t xml", f"attributes of {component}", data[:200].decode("latin-1"))
    return found


def profile(attributes: dict[str, str], component: str = BIOS) -> bytes:
    """A profile of these attributes alone: what a whole one would bring back besides is nobody's wish."""
    root = ElementTree.Element("SystemConfiguration")
    part = ElementTree.SubElement(root, "Component", FQDD=component)
    for name, value in attributes.items():
        ElementTree.SubElement(part, "Attribute", Name=name).text = value
    data: bytes = ElementTree.tostring(root, encoding="utf-8")
    return data + b"\n"


def set_nic_selection(mode: str) -> Argv:
    """Which port the iDRAC uses, in the words that NIC_SELECTION printed."""
    return ("racadm", "set", "iDRAC.NIC.Selection", mode)


@dataclass(frozen=True)
class Versions:
    """What runs, "" where racadm says nothing of it."""

    bios: str
    idrac: str
    lifecycle: str


def parse_versions(stdout: str) -> Versions:
    """Raises Unparsable."""
    keys = {key.lower(): value for key, value in pairs(as_displayed(stdout), "=").items()}
    found = Versions(
        keys.get("bios version", ""), keys.get("idrac version", ""), keys.get("lifecycle controller version", "")
    )
    if not found.bios and not found.idrac:
        raise Unparsable("racadm getversion", "Bios Version and iDRAC Version", stdout)
    return found


@dataclass(frozen=True)
class Initiated:
    """Did the iDRAC take the package? `complaint` is its own line where it did not."""

    accepted: bool
    complaint: str


def parse_update(stdout: str, stderr: str = "") -> Initiated:
    """RAC987 alone means that it was taken."""
    text = as_displayed(stdout + "\n" + stderr)
    if re.search(r"^\s*RAC987: ", text, re.MULTILINE):
        return Initiated(True, "")
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    errors = [line for line in lines if re.match(r"ERROR|[A-Z]{3,4}\d{3,4}:|.*unable", line, re.IGNORECASE)]
    return Initiated(False, (errors or lines[-1:] or ["racadm printed nothing"])[0])


@dataclass(frozen=True)
class Job:
    """One job. `percent` None where the queue has none or NA; `message_id` e.g. PR19; times as printed."""

    id: str
    name: str
    status: str
    message_id: str
    message: str
    percent: int | None
    start: str

    @property
    def state(self) -> State | None:
        """None for a status that nobody has seen: wait on, and report it."""
        return _STATES.get(self.status)

    @property
    def is_open(self) -> bool:
        """Not over: another update must not be started."""
        return self.state not in ("completed", "failed")

    @property
    def kind(self) -> Literal["bmc", "bios", "other"]:
        if not self.name.startswith("Firmware Update:"):
            return "other"
        target = self.name.partition(":")[2].strip().lower()
        return "bmc" if target.startswith("idrac") else "bios" if target.startswith("bios") else "other"


def parse_jobs(stdout: str) -> tuple[Job, ...]:
    """Every job of `jobqueue view`, in its order; () for an empty queue. Raises Unparsable."""
    text = as_displayed(stdout)
    blocks = re.split(r"^\s*\[Job ID=([A-Za-z]+_\w+)\]", text, flags=re.MULTILINE)
    if len(blocks) == 1 and not re.search(r"-{3,}\s*JOB|no jobs?|queue is empty", text, re.IGNORECASE):
        raise Unparsable("racadm jobqueue view", "[Job ID=...] or the queue's heading", stdout)
    return tuple(_job(identity, body) for identity, body in zip(blocks[1::2], blocks[2::2], strict=True))


def _job(identity: str, body: str) -> Job:
    keys = {key: value.strip().removeprefix("[").removesuffix("]").strip() for key, value in pairs(body, "=").items()}
    message = re.fullmatch(r"([A-Z]+\d+):\s*(.*)", keys.get("Message", ""), re.DOTALL)
    percent = re.match(r"\d+", keys.get("Percent Complete", ""))
    return Job(
        id=identity,
        name=keys.get("Job Name", ""),
        status=keys.get("Status", ""),
        message_id=message[1] if message else "",
        message=message[2] if message else keys.get("Message", ""),
        percent=int(percent[0]) if percent else None,
        start=keys.get("Start Time", keys.get("Scheduled Start Time", "")),
    )


def new_job(before: Iterable[Job], after: Iterable[Job], kind: Literal["bmc", "bios"]) -> Job | None:
    """The firmware job of that kind that was not there before; `racadm update` does not name it."""
    known = {old.id for old in before}
    return next((new for new in after if new.kind == kind and new.id not in known), None)


@dataclass(frozen=True)
class SystemInfo:
    """From getsysinfo; "" where it says nothing."""

    model: str
    service_tag: str
    bios: str
    idrac: str
    mac: str
    power: str


def parse_system_info(stdout: str) -> SystemInfo:
    """Raises Unparsable."""
    keys = pairs(as_displayed(stdout), "=")
    if "Firmware Version" not in keys and "System Model" not in keys:
        raise Unparsable("racadm getsysinfo", "Firmware Version or System Model", stdout)
    return SystemInfo(
        model=keys.get("System Model", ""),
        service_tag=keys.get("Service Tag", ""),
        bios=keys.get("System BIOS Version", ""),
        idrac=keys.get("Firmware Version", ""),
        mac=keys.get("MAC Address", "").lower(),
        power=keys.get("Power Status", ""),
    )


def parse_nic_selection(stdout: str) -> str:
    """The mode, without what is pending, e.g. Dedicated or LOM1. Raises Unparsable."""
    match = re.search(r"^\s*#?Selection=(\S+)", as_displayed(stdout), re.MULTILINE)
    if match is None:
        raise Unparsable("racadm get iDRAC.NIC.Selection", "Selection=...", stdout)
    return match[1]


def parse_lockdown(stdout: str) -> bool:
    """Is the iDRAC in System Lockdown mode? Raises Unparsable."""
    match = re.search(r"^\s*#?SystemLockdown=(\w+)", as_displayed(stdout), re.MULTILINE)
    if match is None:
        raise Unparsable("racadm get iDRAC.Lockdown.SystemLockdown", "SystemLockdown=...", stdout)
    return match[1] == "Enabled"


def parse_power(stdout: str) -> bool:
    """Is the host on? Raises Unparsable."""
    match = re.search(r"server power status:\s*(on|off)", as_displayed(stdout), re.IGNORECASE)
    if match is None:
        raise Unparsable("racadm serveraction powerstatus", "Server power status: ON or OFF", stdout)
    return match[1].lower() == "on"
