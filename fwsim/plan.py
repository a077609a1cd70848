"""What a person writes before an update: the host, its BMC, the payloads, what may be done without asking.

A plan is a YAML file; `load` reads it and reports every mistake with its line. It never holds a password: it names
where one comes from. Paths in it are relative to its own folder. The order of
flashes that a payload needs is worked out in fwsim/paths.py.
"""

from __future__ import annotations

import hashlib
import json
from pathlib import Path
from typing import Annotated, Any, Literal, Self

from pydantic import (
    AfterValidator,
    BaseModel,
    ConfigDict,
    Field,
    StrictBool,
    ValidationInfo,
    field_validator,
    model_validator,
)

from fwsim import boards, yamlfile
from fwsim.attestations import Quiet, SealedDisk, Waiver
from fwsim.paths import Downgrade, Hop, NoPath, hops
from fwsim.secret import Secret
from fwsim.versions import BadVersion, Requirement, Version, same
from fwsim.yamlerrors import FileError, Problem

__all__ = ["Downgrade", "FileError", "Hop", "NoPath", "PayloadEntry", "Plan", "Secret", "hops", "load", "template"]

Kind = Literal["bmc", "bios"]


def _in_folder(path: Path, info: ValidationInfo) -> Path:
    folder = (info.context or {}).get("folder", Path())
    return Path(folder) / path.expanduser()


def _version(text: str) -> str:
    try:
        return Version(text).text
    except BadVersion as error:
        raise ValueError(str(error)) from error


def _requirement(text: str) -> str:
    try:
        return Requirement(text).text
    except BadVersion as error:
        raise ValueError(str(error)) from error


def _sha256(text: str) -> str:
    if len(text) != 64 or set(text.lower()) - set("0123456789abcdef"):
        raise ValueError("expected 64 hexadecimal digits, as sha256sum prints them")
    return text.lower()


FilePath = Annotated[Path, AfterValidator(_in_folder)]
VersionText = Annotated[str, AfterValidator(_version)]
RequirementText = Annotated[str, AfterValidator(_requirement)]
Sha256 = Annotated[str, AfterValidator(_sha256)]
Port = Annotated[int, Field(strict=True, ge=1, le=65535)]
ShellLine = Annotated[str, Field(min_length=1, pattern=r"^[^\x00]*\S[^\x00]*$")]
Name = Annotated[str, Field(min_length=1, pattern=r"^[^\s\x00-\x1f]+$")]


class Part(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class HostEndpoint(Part):
    """Where the server's operating system answers SSH. `local`: fwsim itself runs on that server, as root."""

    address: Name = Field(description="the host's name or address for SSH")
    port: Port = 22
    user: Name = "root"
    key: FilePath | None = None
    password: Secret | None = None
    known_hosts: FilePath | None = None
    local: StrictBool = False


class BmcEndpoint(Part):
    """Where the server's BMC answers IPMI over LAN. `users`: more of its users, whose passwords can be put back."""

    address: Name = Field(description="the BMC's name or address for IPMI over LAN")
    port: Port = 623
    user: Name = Field(description="a BMC user with administrator privilege")
    password: Secret = Field(description="where the password comes from, e.g. {env: FWSIM_BMC_PASSWORD}")
    cipher_suite: Annotated[int, Field(strict=True, ge=0, le=17)] | None = None
    users: dict[Name, Secret] = {}
    web: Port | None = Field(default=None, description="the port of its web pages, if they are a way in")


class Versions(Part):
    """What runs today, by the operator's word. Preflight reads the truth; a rehearsal's server starts with these."""

    bmc: VersionText = Field(description="the BMC's version today")
    bios: VersionText = Field(description="the BIOS's version today")


class Image(Part):
    """One firmware file: the target, or a version that has to be flashed on the way there."""

    file: FilePath = Field(description="the firmware file, relative to this plan")
    version: VersionText = Field(description="the version that the file holds, in quotes")
    sha256: Sha256 = Field(description="the file's SHA-256, from the vendor's download page")
    requires: RequirementText = ""


class PayloadEntry(Image):
    """A payload. `requires`: what must run before it; `requires_bmc`: the BMC that a BIOS needs."""

    kind: Kind = Field(description="bmc or bios")
    requires_bmc: RequirementText = ""
    method: Literal["auto", "hpm", "sum", "racadm"] = "auto"
    attest: str | None = None
    intermediate: tuple[Image, ...] = ()


class Fallback(Part):
    """Firmware of a version that runs today, to go back to. Without its hash it does not count."""

    kind: Kind = Field(description="bmc or bios")
    file: FilePath = Field(description="the firmware file, relative to this plan")
    version: VersionText = Field(description="the version that the file holds, in quotes")
    sha256: Sha256 | None = None


class Power(Part):
    """Attested power. The engine refuses unless there are two feeds or a UPS."""

    feeds: Annotated[int, Field(strict=True, ge=0)] = Field(description="how many separate feeds supply the server")
    ups: StrictBool = False


class Leases(Part):
    """Where the DHCP server's leases can be read, on the operator's machine: a file of dnsmasq or ISC dhcpd, or a shell
    command that prints one. A BMC that has lost its address is looked for there."""

    file: FilePath | None = None
    command: ShellLine | None = None

    @model_validator(mode="after")
    def _exactly_one(self) -> Self:
        if (self.file is None) == (self.command is None):
            raise ValueError("expected exactly one of {file: PATH} or {command: LINE}")
        return self

    @property
    def argv(self) -> tuple[str, ...]:
        """What prints them."""
        return ("sh", "-c", self.command) if self.command is not None else ("cat", str(self.file))


class Outlet(Part):
    """A switched outlet of a PDU, which feeds one power supply: shell commands for the operator's machine."""

    off: ShellLine = Field(description="the command that switches it off")
    on: ShellLine = Field(description="the command that switches it on")


BackupItem = Literal["bios-settings", "boot-order", "user-access", "sel", "nic-names"]


class Backup(Part):
    """`copy_to`: a second place for the backup, a mounted directory or HOST:DIRECTORY for scp; where fwsim runs on the
    server itself there must be one. `without`: what may be missing, by the operator's word."""

    copy_to: str | None = None
    without: tuple[BackupItem, ...] = ()


class Policy(Part):
    """What the engine may do without asking. `restore`: put back users, BIOS settings and boot order that a flash
    lost, with the reboot that settings need. `retry_failed_job`: a failed job of Dell's queue is cleared, and the file
    handed over once more. `recovery`: may repairs be tried after a run that ended badly? `flash_over_lan`: may
    HPM.1 go over the network, from this machine, where the BMC does not answer on its host any more?"""

    canary_reboot: StrictBool = True
    allow_downgrade: StrictBool = False
    flash_over_lan: StrictBool = False
    install_ipmitool: StrictBool = False
    preserve_bios_settings: StrictBool = False
    accept_no_fallback: StrictBool = False
    restore: StrictBool = True
    retry_failed_job: StrictBool = True
    recovery: Literal["ask", "without-asking", "never"] = "ask"


class Plan(Part):
    """A whole plan. `pdu`: the outlets of its supplies, the first supply's first. `before`, `verify`, `after`: shell
    commands for the operator's machine, see steps/hooks.py."""

    board: str = Field(description=f"one of {', '.join(boards.names())}")
    host: HostEndpoint = Field(description="where the host answers SSH")
    bmc: BmcEndpoint = Field(description="where the BMC answers IPMI over LAN")
    running: Versions | None = None
    payloads: tuple[PayloadEntry, ...] = Field(description="one BMC file, one BIOS file, or both")
    fallback: tuple[Fallback, ...] = ()
    power: Power = Field(description="attested power feeds, e.g. {feeds: 2}")
    quiet: Quiet = Quiet()
    sealed_disk: SealedDisk = SealedDisk()
    pdu: tuple[Outlet, ...] = ()
    waivers: tuple[Waiver, ...] = ()
    policy: Policy = Policy()
    backup: Backup = Backup()
    leases: Leases | None = None
    inventory: FilePath | None = None
    before: tuple[ShellLine, ...] = ()
    verify: tuple[ShellLine, ...] = ()
    after: tuple[ShellLine, ...] = ()

    @field_validator("board")
    @classmethod
    def _known_board(cls, name: str) -> str:
        try:
            return boards.load(name).name
        except boards.UnknownBoard as error:
            raise ValueError(str(error)) from error

    @field_validator("payloads")
    @classmethod
    def _some(cls, payloads: tuple[PayloadEntry, ...]) -> tuple[PayloadEntry, ...]:
        if not payloads:
            raise ValueError("is empty; expected one BMC file, one BIOS file, or both")
        return payloads

    def payload(self, kind: Kind) -> PayloadEntry | None:
        """The payload of that kind, or None."""
        return next((p for p in self.payloads if p.kind == kind), None)

    def waiver(self, finding: str) -> str:
        """Why that finding may be, "" where the plan does not say."""
        return next((w.reason for w in self.waivers if w.finding == finding), "")

    @property
    def digest(self) -> str:
        """SHA-256 over all that the plan says. It does not change when the plan's folder moves."""
        return hashlib.sha256(json.dumps(_canonical(self.model_dump()), sort_keys=True).encode()).hexdigest()


def _canonical(value: Any) -> Any:
    match value:
        case dict():
            return {k: _canonical(v) for k, v in value.items()}
        case tuple() | list():
            return [_canonical(v) for v in value]
        case Path():
            return value.name
        case _:
            return value


def load(path: Path, *, require_files: bool = True) -> Plan:
    """The plan in that file. Raises FileError with every mistake: exit 2.

    With `require_files`, every payload must be there. A rehearsal does without: it substitutes what is absent.
    """
    document = yamlfile.read(path)
    doubles = _doubles(document)
    try:
        plan = document.build(Plan, {"folder": path.parent})
    except FileError as error:
        raise FileError([*error.problems, *doubles]) from error
    problems = [*doubles, *_misplaced(document, plan)]
    if require_files:
        problems += _absent(document, plan)
    if problems:
        raise FileError(problems)
    return plan


def _doubles(document: yamlfile.Document) -> list[Problem]:
    """Read from the raw document, so that they are told together with its other mistakes."""
    entries = document.data.get("payloads")
    kinds = [e.get("kind") if isinstance(e, dict) else None for e in entries] if isinstance(entries, list) else []
    return [
        document.problem(("payloads", i), f"a second {kind} payload; put versions on the way under intermediate")
        for i, kind in enumerate(kinds)
        if kind in ("bmc", "bios") and kind in kinds[:i]
    ]


def _misplaced(document: yamlfile.Document, plan: Plan) -> list[Problem]:
    problems = []
    if plan.host.local and not plan.backup.copy_to:
        why = "is needed where fwsim runs on the server itself: a directory of another machine's, or HOST:DIRECTORY"
        problems.append(document.problem(("backup", "copy_to"), why))
    known = boards.load(plan.board)
    for i, fallback in enumerate(plan.fallback):
        if any(f.kind == fallback.kind and same(f.version, fallback.version) for f in plan.fallback[:i]):
            problems.append(document.problem(("fallback", i), f"a second image of {fallback.kind} {fallback.version}"))
    for i, waiver in enumerate(plan.waivers):
        if any(w.finding == waiver.finding for w in plan.waivers[:i]):
            problems.append(document.problem(("waivers", i), f"a second waiver of {waiver.finding}"))
    for i, entry in enumerate(plan.payloads):
        place = ("payloads", i)
        if entry.requires_bmc and entry.kind == "bmc":
            problems.append(document.problem((*place, "requires_bmc"), "only a BIOS payload has this; see requires"))
        for j, image in enumerate(entry.intermediate):
            if any(same(image.version, other.version) for other in (entry, *entry.intermediate[:j])):
                problems.append(document.problem((*place, "intermediate", j, "version"), "is in this payload twice"))
        tools = {str(m.tool) for m in (known.bmc if entry.kind == "bmc" else known.bios).methods}
        if entry.method != "auto" and entry.method not in tools:
            offer = f"expected auto or {' or '.join(sorted(tools))} for the {entry.kind} of {plan.board}"
            problems.append(document.problem((*place, "method"), offer))
    return problems


def _absent(document: yamlfile.Document, plan: Plan) -> list[Problem]:
    places: list[tuple[tuple[str | int, ...], Path]] = []
    for i, entry in enumerate(plan.payloads):
        places.append((("payloads", i, "file"), entry.file))
        for j, image in enumerate(entry.intermediate):
            places.append((("payloads", i, "intermediate", j, "file"), image.file))
    for i, fallback in enumerate(plan.fallback):
        places.append((("fallback", i, "file"), fallback.file))
    if plan.inventory is not None:
        places.append((("inventory",), plan.inventory))
    for name in ("key", "known_hosts"):
        if file := getattr(plan.host, name):
            places.append((("host", name), file))
    return [
        document.problem(place, "is a directory" if file.is_dir() else f"there is no file {file}")
        for place, file in places
        if not file.is_file()
    ]


def template(board: str) -> str:
    """A commented plan for that board, to be filled in: what `fwsim plan new` prints. Raises UnknownBoard."""
    from fwsim import plantemplate

    return plantemplate.render(boards.load(board))
