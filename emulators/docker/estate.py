"""An estate in Docker: its networks, its DHCP server, a container a server; all of it goes when it is not wanted."""

from __future__ import annotations

import os
import shutil
import time
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from ipaddress import IPv4Address, IPv4Network
from pathlib import Path

from pydantic import ValidationError

from emulators import boards
from emulators.docker import addresses, told
from emulators.docker.addresses import NETWORKS
from emulators.docker.engine import ESTATE, FOLDER, PREFIX, ROLE, Client, DockerError, labels
from emulators.docker.engine import told as telling
from emulators.docker.lifeline import wanted
from emulators.home.config import HomeConfig, Ready
from emulators.network import MANAGEMENT
from emulators.server import VirtualServer
from emulators.spec import ServerSpec

CAPABILITIES = ("NET_ADMIN", "NET_RAW")  # to change addresses, and to ask for a lease before there is one
OWNERS = ("CHOWN", "DAC_OVERRIDE")  # to give its files to a user who is not root
SYSCTLS = {"net.ipv4.conf.all.arp_ignore": "1", "net.ipv4.conf.all.arp_announce": "2"}
"""An address is answered for on its own interface alone: the BMC's is above the host's."""
SEALED: dict[str, object] = {
    "cap_drop": ["ALL"], "read_only": True, "security_opt": ["no-new-privileges"], "auto_remove": True,
}  # fmt: skip
TMPFS = {"/tmp": "size=64m"}  # noqa: S108 - the container's own
DHCPD, DHCPD_NEEDS = ("emulators.docker.dhcpd",), ("SETGID",)
SERVER, LEASES = "server", "leases"
START_S, POLL_S, AT_ONCE = 90.0, 0.1, 6


@dataclass(frozen=True)
class Member:
    """One server: its spec, whose addresses are chosen here, and its folder. `bmc`: an address that somebody chose.
    `name`: its container's, if it is not the server's own."""

    spec: ServerSpec
    folder: Path
    bmc: IPv4Address | None = None
    name: str = ""

    @property
    def container(self) -> str:
        return f"{PREFIX}{self.name or self.spec.name}"


@dataclass(frozen=True)
class Wanted:
    """An estate to be made. `kept`: it lives as long as its servers do, and not as who starts it. `home`: what its
    servers' homes are told besides their specs."""

    name: str
    folder: Path
    image: str
    members: Sequence[Member]
    subnets: Mapping[str, IPv4Network] = field(default_factory=dict)
    kept: bool = False
    home: HomeConfig | None = None


def leasing(management: IPv4Network, gateway: str) -> told.Leases:
    """What the DHCP server of that network is told."""
    first, last = addresses.leases(management)
    return told.Leases(first=str(first), last=str(last), netmask=str(management.netmask), gateway=gateway)


def configured(
    wanted: Wanted, number: int, member: Member, subnets: Mapping[str, IPv4Network], gateways: Mapping[str, str]
) -> told.Server:
    """What the container of that server is told. Raises BadAddress."""
    at = addresses.placed(member.spec.board, number, subnets, member.bmc)
    if member.bmc is None and any(other.bmc == at.bmc for other in wanted.members):
        raise addresses.BadAddress(f"{at.bmc} is the address that {member.spec.name} gets; choose another one")
    changes = {
        "host_address": str(at.host),
        "bmc_address": str(at.bmc),
        "bmc_netmask": str(subnets[MANAGEMENT].netmask),
        "bmc_gateway": gateways[MANAGEMENT],
        "bmc_vlan": None,
        "ipmitool": "builtin",
    }
    spec = member.spec.model_copy(update=changes)
    home = (wanted.home or HomeConfig(spec=spec)).model_copy(
        update={
            "spec": spec, "number": number, "directory": told.HOME, "address": spec.bmc_address,
            "bmc_port": told.IPMI_PORT, "ssh_port": told.SSH_PORT, "web_port": told.WEB_PORT,
        }
    )  # fmt: skip
    return told.Server(home=home, subnets=dict(subnets), owner=os.getuid() or None, kept=wanted.kept)


def networks_of(spec: ServerSpec) -> list[str]:
    """The networks that the cables of a new server join."""
    joined = set(VirtualServer(spec, hurry=False).network.cables.values())
    return [name for name in NETWORKS if name in joined]


class EstateRuns(DockerError):
    """One of that name is there."""


class NotReady(DockerError):
    """A server did not start in its container."""


class Estate:
    """Made by `up`, gone by `down`."""

    def __init__(self, client: Client, wanted: Wanted) -> None:
        self._client, self._wanted = client, wanted
        self._subnets: dict[str, IPv4Network] = {}
        self._gateways: dict[str, str] = {}

    def up(self) -> list[Ready]:
        """Make it all, and wait until every server is ready. Raises DockerError, BadAddress; then nothing is left."""
        try:
            with telling(f"make the networks of {self._wanted.name}"):
                for name in NETWORKS:
                    self._network(name)
            with ThreadPoolExecutor(AT_ONCE) as pool:
                jobs = [pool.submit(self._lease)]
                jobs += [pool.submit(self._start, n, m) for n, m in enumerate(self._wanted.members)]
                for job in jobs:
                    job.result()
            return [self._ready(member) for member in self._wanted.members]
        except BaseException:
            self.down()
            raise

    def running(self) -> list[str]:
        """The names of its containers of servers that still run."""
        with telling(f"look at {self._wanted.name}"):
            found = self._client.containers.list(
                ignore_removed=True, filters={"label": [f"{ESTATE}={self._wanted.name}", f"{ROLE}={SERVER}"]}
            )
            return sorted(container.name.removeprefix(PREFIX) for container in found)

    def down(self) -> None:
        """Take away everything that is labelled as its own."""
        remove(self._client, self._wanted.name, self._wanted.folder)

    # -- making

    def _network(self, name: str) -> None:
        import docker.types

        given = self._wanted.subnets.get(name)
        pool = docker.types.IPAMPool(subnet=str(given), gateway=str(given[1])) if given else None
        ipam = docker.types.IPAMConfig(pool_configs=[pool]) if pool else None
        network = self._client.networks.create(
            self._name(name), driver="bridge", check_duplicate=True, ipam=ipam, labels=self._labels(name),
            options={"com.docker.network.bridge.enable_ip_masquerade": "false"},
        )  # fmt: skip
        network.reload()
        config = network.attrs["IPAM"]["Config"][0]
        self._subnets[name] = IPv4Network(config["Subnet"])
        self._gateways[name] = config["Gateway"].partition("/")[0]

    def _lease(self) -> None:
        config = leasing(self._subnets[MANAGEMENT], self._gateways[MANAGEMENT])
        with telling("start the DHCP server"):
            self._client.containers.run(
                self._wanted.image, list(DHCPD), name=self._name(LEASES), detach=True,
                environment={told.LEASES: config.model_dump_json()}, labels=self._labels(LEASES),
                cap_add=[*CAPABILITIES, *DHCPD_NEEDS, *self._owner_needs()], network=self._name(MANAGEMENT),
                mounts=[_mount(self._wanted.folder, told.ESTATE)], healthcheck={"test": ["NONE"]},
                **SEALED,
            )  # fmt: skip

    def _start(self, number: int, member: Member) -> None:
        config = configured(self._wanted, number, member, self._subnets, self._gateways)
        spec = config.home.spec
        first, *others = networks_of(spec)
        with telling(f"start {spec.name}"):
            container = self._client.containers.create(
                self._wanted.image, name=member.container, hostname=spec.hostname, labels=self._labels(SERVER),
                environment={told.SERVER: config.model_dump_json()}, cap_add=[*CAPABILITIES, *self._owner_needs()],
                network=self._name(first), sysctls=SYSCTLS, tmpfs=TMPFS,
                mounts=[_mount(member.folder, told.HOME), _mount(self._wanted.folder, told.ESTATE)],
                **SEALED,
            )  # fmt: skip
            for name in others:
                self._client.networks.get(self._name(name)).connect(container)
            container.start()

    def _ready(self, member: Member) -> Ready:
        """What its home has said, with its pid as this machine counts. Raises NotReady."""
        import docker.errors

        name, path = member.container, member.folder / told.READY
        deadline = time.monotonic() + START_S
        while not path.exists():
            try:
                self._client.containers.get(name)
            except docker.errors.NotFound as error:
                raise NotReady(f"{member.spec.name} did not start: {_last(member.folder / told.LOG)}") from error
            if time.monotonic() > deadline:
                raise NotReady(f"{member.spec.name} was not ready after {START_S:g} s")
            time.sleep(POLL_S)
        try:
            ready = Ready.model_validate_json(path.read_bytes())
        except ValidationError as error:
            raise NotReady(f"{path} cannot be read: {error}") from error
        with telling(f"look at {name}"):
            pid = self._client.containers.get(name).attrs["State"]["Pid"]
        return _with_passwords(ready, member.spec).model_copy(update={"pid": pid})

    def _name(self, what: str) -> str:
        return f"{PREFIX}{self._wanted.name}-{what}"

    def _labels(self, role: str) -> dict[str, str]:
        return labels(self._wanted.name, str(self._wanted.folder), role)

    def _owner_needs(self) -> tuple[str, ...]:
        return OWNERS if os.getuid() else ()


def _mount(folder: Path, there: Path) -> object:
    import docker.types

    return docker.types.Mount(str(there), str(folder), type="bind")


def _with_passwords(ready: Ready, spec: ServerSpec) -> Ready:
    """A home says them to nobody; they are those of its spec."""
    board = boards.load(spec.board)
    users = {user.name: user.password for user in board.bmc.users} | spec.bmc_passwords
    ipmi, ssh, web = ready.ipmi, ready.ssh, ready.web
    known = {
        "ipmi": ipmi.model_copy(update={"password": users[ipmi.user]}),
        "ssh": ssh.model_copy(update={"password": spec.accounts[0].password or ""}),
        "web": web.model_copy(update={"password": users[web.user]}) if web else None,
    }
    return ready.model_copy(update=known)


def remove(client: Client, name: str, folder: Path) -> None:
    """Take away every container and network of the estate of that name and folder."""
    import docker.errors

    mine = {"label": [f"{ESTATE}={name}", f"{FOLDER}={folder}"]}
    with telling(f"take {name} away"):
        found = client.containers.list(all=True, ignore_removed=True, filters=mine)

        def gone(container: object) -> None:
            try:
                container.remove(force=True, v=True)  # type: ignore[attr-defined]
            except docker.errors.NotFound:
                pass
            except docker.errors.APIError as error:
                if error.status_code != 409:  # its removal is under way already
                    raise

        with ThreadPoolExecutor(AT_ONCE) as pool:
            list(pool.map(gone, found))
        for network in client.networks.list(filters=mine):
            _without(network)


def _without(network: object) -> None:
    """A network goes once its last container has."""
    import docker.errors

    for _ in range(50):
        try:
            network.remove()  # type: ignore[attr-defined]
        except docker.errors.NotFound:
            return
        except docker.errors.APIError as error:
            if error.status_code != 403:
                raise
            time.sleep(POLL_S)
        else:
            return


def end(client: Client, name: str, *, at_once: bool = False) -> None:
    """Take away the container of that server, if it does not go by itself. `at_once`: tell it to first."""
    import docker.errors

    with telling(f"end {name}"):
        if at_once:
            for container in client.containers.list(ignore_removed=True, filters={"name": f"^{PREFIX}{name}$"}):
                container.kill("SIGTERM")
        for _ in range(50):
            if not client.containers.list(all=True, ignore_removed=True, filters={"name": f"^{PREFIX}{name}$"}):
                return
            time.sleep(POLL_S)
        try:
            client.containers.get(f"{PREFIX}{name}").remove(force=True, v=True)
        except docker.errors.NotFound:
            pass


def clean(client: Client, folders: Path) -> list[str]:
    """Take away the estates that nobody wants any more: whoever wanted them was killed. Returns their names.

    `folders`: where the folders of such estates lie, which go with them.
    """
    with telling("look for estates"):
        everything = [
            *client.containers.list(all=True, ignore_removed=True, filters={"label": ESTATE}),
            *client.networks.list(filters={"label": ESTATE}),
        ]
        known = {(_labels_of(thing)[ESTATE], Path(_labels_of(thing)[FOLDER])) for thing in everything}
    lost = sorted((name, folder) for name, folder in known if not wanted(folder))
    for name, folder in lost:
        remove(client, name, folder)
    for folder in folders.iterdir() if folders.is_dir() else ():
        if not wanted(folder):
            shutil.rmtree(folder, ignore_errors=True)
    return [name for name, _ in lost]


def subnets(client: Client, name: str, folder: Path) -> list[IPv4Network]:
    """The networks of the estate of that name and folder."""
    mine = {"label": [f"{ESTATE}={name}", f"{FOLDER}={folder}"]}
    with telling(f"look at the networks of {name}"):
        found = client.networks.list(filters=mine)
        return [IPv4Network(network.attrs["IPAM"]["Config"][0]["Subnet"]) for network in found]


def recable(client: Client, name: str, cables: Mapping[str, str]) -> None:
    """Join a server's container to the networks that its cables now go to, and to no others."""
    with telling(f"move the cables of {name}"):
        container = client.containers.get(f"{PREFIX}{name}")
        estate = container.labels[ESTATE]
        joined = container.attrs["NetworkSettings"]["Networks"]
        for network in NETWORKS:
            full = f"{PREFIX}{estate}-{network}"
            if (network in cables.values()) == (full in joined):
                continue
            if full in joined:
                client.networks.get(full).disconnect(container)
            else:
                client.networks.get(full).connect(container)


def _labels_of(thing: object) -> dict[str, str]:
    attrs = thing.attrs  # type: ignore[attr-defined]
    found: dict[str, str] = attrs.get("Labels") or attrs.get("Config", {}).get("Labels") or {}
    return found


def _last(log: Path) -> str:
    lines = log.read_text("utf-8", "replace").strip().splitlines() if log.exists() else []
    return lines[-1] if lines else "it said nothing"


def folder_of(root: Path, name: str) -> Path:
    """An estate's folder, empty. What a dead one of that name has left goes. Raises EstateRuns."""
    folder = root / name
    if wanted(folder):
        raise EstateRuns(f"an estate called {name!r} runs already; give this one another name, or end that one first")
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(mode=0o700, parents=True)
    return folder
