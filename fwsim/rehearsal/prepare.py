"""What a rehearsal needs, from a scenario or from an operator's own plan: the virtual server's spec and a sealed plan.

Sealed: every endpoint of the plan is replaced, so that nothing of it can be reached. Payload files that the virtual
server can read are used as they are; absent or opaque ones are replaced by synthetic ones, and `notes` says which.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from emulators import boards as truth
from emulators import images, packages
from emulators.faults import Fault
from emulators.hardening import PASSPHRASE
from emulators.spec import Account, BmcAccount, ServerSpec
from fwsim.attestations import Quiet, SealedDisk
from fwsim.network.address import WEB
from fwsim.plan import BmcEndpoint, Fallback, HostEndpoint, Image, Kind, Leases, Outlet, PayloadEntry, Plan, Power
from fwsim.rehearsal import place
from fwsim.rehearsal.operator import LEASES, outlet
from fwsim.rehearsal.scenario import Scenario, Server, load
from fwsim.secret import Secret

ROOT_PASSWORD = "Root-of-a-rehearsal"  # noqa: S105 - of virtual servers, which listen on loopback alone
BMC_PASSWORD = "Bmc-in-rehearsal"  # noqa: S105 - the same; not the factory's, so that a reset to that shows
PASSPHRASE_VARIABLE = "FWSIM_REHEARSAL_PASSPHRASE"  # noqa: S105 - a name, too
PASSWORD_VARIABLE = "FWSIM_REHEARSAL_BMC_PASSWORD"  # noqa: S105 - a name; it stands in the sealed plan and is never read
CARRIED = ("board", "power", "quiet", "waivers", "policy", "before", "verify", "after")
"""Keys of a person's plan that name nothing which could be reached, or that recorders hear (the commands). Every other
one is replaced: a sealed plan is made anew, so that a key which nobody has thought of stays outside."""


@dataclass(frozen=True)
class Prepared:
    """A sealed plan and the server it is for. `notes` are for the person who asked for the rehearsal."""

    title: str
    plan: Plan
    spec: ServerSpec
    notes: tuple[str, ...] = ()
    forbidden: tuple[str, ...] = ()  # words of the plan that a person wrote; a rehearsal says none of them
    scenario: Path | None = None  # the file that it was made from
    waiting: tuple[Fault, ...] = ()  # for a step of the engine: whoever rehearses arms them then

    @property
    def run_id(self) -> str:
        """A name for the run that follows from what is rehearsed alone: same plan, server and seed, same name."""
        words = f"{self.plan.digest} {self.spec.model_dump_json()}"
        return f"{self.plan.board}-{hashlib.sha256(words.encode()).hexdigest()[:8]}"

    @property
    def bmc_passwords(self) -> dict[str, str]:
        """Of the BMC's users that the plan knows: its own, and those under bmc.users."""
        known = {user.name: user.password for user in self.spec.bmc_users if user.name in self.plan.bmc.users}
        return {**known, **dict([self.bmc_login])}

    @property
    def passphrase(self) -> str:
        """Of the host's disk, where the plan names a source of it."""
        return passphrase_of(self.plan)

    @property
    def bmc_login(self) -> tuple[str, str]:
        """User and password of the virtual BMC."""
        user = truth.load(self.spec.board).bmc.users[0]
        return user.name, self.spec.bmc_passwords.get(user.name, user.password)


def from_scenario(scenario: Scenario, folder: Path, *, seed: int = 0) -> Prepared:
    """A rehearsal of a scenario. Its payloads are written under `folder`."""
    board = truth.load(scenario.board)
    waiting = tuple(f for f in scenario.faults if _step(f) is not None)
    own = {name: getattr(scenario.server, name) for name in Server.model_fields}
    changes = {"faults": tuple(f for f in scenario.faults if f not in waiting), **own}
    spec = _spec(board, dict(scenario.versions), seed).model_copy(update=changes)
    wanted: list[tuple[Kind, str | None, str]] = [
        ("bmc", scenario.update.bmc, ""),
        ("bios", scenario.update.bios, scenario.update.bios_requires_bmc),
    ]
    paper = scenario.plan
    made_for = truth.load(paper.payload_for) if paper.payload_for is not None else board
    payloads = tuple(
        _synthetic(made_for, kind, version, folder, needs).model_copy(
            update={
                "requires": paper.requires.get(kind, ""),
                "intermediate": tuple(_written(made_for, kind, v, folder) for v in paper.intermediate.get(kind, ())),
            }
        )
        for kind, version, needs in wanted
        if version
    )
    host, bmc = endpoints(spec, knows=scenario.knows)
    plan = Plan(
        board=scenario.board,
        host=host,
        bmc=bmc,
        payloads=payloads,
        fallback=fallback(spec, folder) if paper.fallback else (),
        power=Power(feeds=paper.feeds),
        quiet=Quiet(fencing=paper.fencing_quiet, controllers=True),
        pdu=outlets(board.psus) if paper.pdu else (),
        leases=Leases(command=LEASES),
        inventory=place.write(spec, folder),
        sealed_disk=SealedDisk(unlock=Secret(env=PASSPHRASE_VARIABLE)) if paper.unlock else SealedDisk(),
    )
    return Prepared(scenario.title, plan, spec, waiting=waiting)


def _step(fault: Fault) -> str | None:
    """The engine's step that it waits for: the server knows none."""
    return fault.when.step if fault.when is not None else None


def outlets(count: int) -> tuple[Outlet, ...]:
    """Of a PDU that is switched by nothing but a rehearsal's own operator."""
    return tuple(Outlet(off=outlet(number, on=False), on=outlet(number, on=True)) for number in range(1, count + 1))


def passphrase_of(plan: Plan) -> str:
    """What a virtual disk opens with, where the plan names a source."""
    return PASSPHRASE if plan.sealed_disk.unlock is not None else ""


def passwords_again(plan: Plan, scenario: Path | None) -> dict[str, str]:
    """`Prepared.bmc_passwords` of a rehearsal that is gone on with: no file of its run holds them."""
    accounts = load(str(scenario)).server.bmc_users if scenario is not None and scenario.exists() else ()
    known = {account.name: account.password for account in accounts}
    return {name: known.get(name, BMC_PASSWORD) for name in (plan.bmc.user, *plan.bmc.users)}


def fallback(spec: ServerSpec, folder: Path) -> tuple[Fallback, ...]:
    """Synthetic images of the versions with which that server starts, written under `folder`."""
    board = truth.load(spec.board)
    starts: dict[Kind, str] = {"bmc": board.bmc.version, "bios": board.bios.version}
    images_ = [(kind, _written(board, kind, version, folder)) for kind, version in (starts | spec.versions).items()]
    return tuple(Fallback(kind=kind, file=i.file, version=i.version, sha256=i.sha256) for kind, i in images_)


def from_plan(plan: Plan, folder: Path, *, seed: int = 0) -> Prepared:
    """A rehearsal of an operator's plan, on a virtual server made from its board and versions."""
    board = truth.load(plan.board)
    versions: dict[Kind, str] = {}
    if plan.running is not None:
        versions = {"bmc": plan.running.bmc, "bios": plan.running.bios}
    else:
        versions = {f.kind: f.version for f in reversed(plan.fallback)}  # the best guess there is
    users = tuple(
        BmcAccount(id=slot, name=name, password=BMC_PASSWORD, privilege=4)
        for slot, name in enumerate(plan.bmc.users, 1 + max(user.id for user in board.bmc.users))
    )
    spec = _spec(board, versions, seed).model_copy(update={"bmc_users": users})
    notes: list[str] = []
    payloads = tuple(_usable_entry(board, entry, folder, notes) for entry in plan.payloads)
    if plan.running is None:
        notes.append(
            f"the plan does not say what runs today: the server starts with {versions.get('bmc', board.bmc.version)} "
            f"(BMC) and {versions.get('bios', board.bios.version)} (BIOS)"
        )
    back = tuple(_usable_fallback(board, one, folder, notes) for one in plan.fallback)
    if plan.pdu:
        notes.append(
            "the PDU's outlets are rehearsed on the virtual server's supplies; your commands for them are not run"
        )
    if plan.leases is not None:
        notes.append("the leases are those of the virtual server's own DHCP server")
    if plan.inventory is not None:
        notes.append("the inventory is the virtual server's own: tickets name its place, and nobody's telephone")
    if plan.backup.copy_to is not None:
        notes.append("the second place of the backup is not rehearsed")
    host, bmc = endpoints(spec, knows=tuple(plan.bmc.users))
    if plan.bmc.web is not None:
        bmc = bmc.model_copy(update={"web": WEB})
    backup = plan.backup.model_copy(update={"copy_to": None})
    replaced: dict[str, Any] = {
        "host": host,
        "bmc": bmc,
        "payloads": payloads,
        "fallback": back,
        "running": None,
        "backup": backup,
    }
    replaced["inventory"] = place.write(spec, folder)
    replaced["pdu"] = outlets(len(plan.pdu))
    replaced["leases"] = Leases(command=LEASES) if plan.leases is not None else None
    unlock = Secret(env=PASSPHRASE_VARIABLE) if plan.sealed_disk.unlock is not None else None
    replaced["sealed_disk"] = plan.sealed_disk.model_copy(update={"unlock": unlock})
    sealed = Plan(**{name: getattr(plan, name) for name in CARRIED}, **replaced)
    outside = (plan.host.address, plan.bmc.address)
    return Prepared(f"{plan.board}, the plan of {plan.host.address}", sealed, spec, tuple(notes), outside)


def endpoints(
    spec: ServerSpec,
    *,
    host_port: int = 22,
    bmc_port: int = 623,
    known_hosts: Path | None = None,
    knows: tuple[str, ...] = (),
) -> tuple[HostEndpoint, BmcEndpoint]:
    """The endpoints of a virtual server, to stand in a plan for those that a person wrote. `knows`: more users."""
    user = truth.load(spec.board).bmc.users[0].name
    host = HostEndpoint(address=spec.host_address, port=host_port, user="root", known_hosts=known_hosts)
    secret = Secret(env=PASSWORD_VARIABLE)
    users = dict.fromkeys(knows, secret)
    return host, BmcEndpoint(address=spec.bmc_address, port=bmc_port, user=user, password=secret, users=users)


def _spec(board: truth.Board, versions: dict[Kind, str], seed: int) -> ServerSpec:
    return ServerSpec(
        board=board.name,
        name=f"rehearsal-{board.name}",
        hostname=board.name,
        versions=versions,
        accounts=(Account(password=ROOT_PASSWORD),),
        bmc_passwords={board.bmc.users[0].name: BMC_PASSWORD},
        seed=seed,
    )


def _synthetic(board: truth.Board, kind: Kind, version: str, folder: Path, requires_bmc: str = "") -> PayloadEntry:
    image = _written(board, kind, version, folder, requires_bmc)
    needs = f">={requires_bmc}" if requires_bmc else ""
    return PayloadEntry(kind=kind, file=image.file, version=version, sha256=image.sha256, requires_bmc=needs)


def _written(board: truth.Board, kind: Kind, version: str, folder: Path, requires_bmc: str = "") -> Image:
    package = packages.make(board, kind, version, requires_bmc=requires_bmc)
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / package.name
    path.write_bytes(package.data)
    return Image(file=path, version=version, sha256=hashlib.sha256(package.data).hexdigest())


def _usable_entry(board: truth.Board, entry: PayloadEntry, folder: Path, notes: list[str]) -> PayloadEntry:
    images_between = tuple(_usable(board, entry.kind, image, folder, notes) for image in entry.intermediate)
    main = _usable(board, entry.kind, entry, folder, notes)
    return entry.model_copy(update={"file": main.file, "sha256": main.sha256, "intermediate": images_between})


def _usable_fallback(board: truth.Board, one: Fallback, folder: Path, notes: list[str]) -> Fallback:
    """Without a hash in the plan there is none here either: a real update refuses that too."""
    image = Image(file=one.file, version=one.version, sha256=one.sha256 or "0" * 64)
    found = _usable(board, one.kind, image, folder, notes)
    return one.model_copy(update={"file": found.file, "sha256": found.sha256 if one.sha256 else None})


def _usable(board: truth.Board, kind: Kind, image: Image, folder: Path, notes: list[str]) -> Image:
    reason = _unusable(image.file)
    if reason is None:
        return image
    stand_in = _written(board, kind, image.version, folder)
    notes.append(f"{kind} {image.version}: {image.file} {reason}; {stand_in.file.name} stands in for it")
    return stand_in.model_copy(update={"requires": image.requires})


def _unusable(file: Path) -> str | None:
    """Why a virtual server cannot flash this file, or None where it can."""
    try:
        data = file.read_bytes()
    except OSError as error:
        return f"cannot be read ({error.strerror})"
    start = data.find(images.MAGIC)
    if start < 0:
        return "is a vendor's image that a virtual BMC cannot run"
    return None
