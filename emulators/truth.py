"""What judges ask about a virtual server besides its record: what it truly is at one moment, as plain data."""

from __future__ import annotations

import hashlib
from dataclasses import asdict
from typing import Any

from pydantic import BaseModel

from emulators.server import Phase, VirtualServer

LAN_SESSION = ("set_in_progress",)  # of the moment, not of the settings
TEMPORARY = "/var/tmp"  # noqa: S108 - the virtual host's


class Truth(BaseModel):
    """`versions`: what runs, "" where nothing does. `whole`: would the next boot find a whole image? `bmc_at`: where
    the BMC answers over LAN, "" for nowhere. `phase`: of the host. `kept`: everything that an update must leave alone,
    by name. `temporary`: the files that lie in the host's folder for such."""

    versions: dict[str, str]
    whole: dict[str, bool]
    host_up: bool
    phase: Phase
    bmc_at: str
    kept: dict[str, str]
    temporary: list[str]


def of(server: VirtualServer) -> Truth:
    """That server as it is now."""
    bmc, bios = server.bmc, server.running_bios
    return Truth(
        versions={"bmc": bmc.running.version if bmc.running else "", "bios": bios.version if bios else ""},
        whole={kind: server.chips[kind].boot_firmware() is not None for kind in ("bmc", "bios")},
        host_up=server.phase == "up",
        phase=server.phase,
        bmc_at=bmc.address or "",
        kept=_kept(server),
        temporary=[f"{TEMPORARY}/{name}" for name in server.host.files.listdir(TEMPORARY)],
    )


def _kept(server: VirtualServer) -> dict[str, str]:
    """What an update must leave as it was; pending settings are not yet in force."""
    lan = {k: str(v) for k, v in asdict(server.bmc.lan).items() if k not in LAN_SESSION}
    return {
        **{f"LAN {name}": value for name, value in lan.items()},
        "LAN mode": server.bmc.lan_mode,
        **{f"user {u.id}": _user(u) for u in server.bmc.users.slots.values()},
        "boot order": " ".join(server.boot_order),
        "NIC names": "by the firmware's labels" if server.nvram.labels else "by slot",
        **{f"BIOS setting {name}": str(value) for name, value in server.nvram.settings.items()},
    }


def _user(user: Any) -> str:
    """All of a user; of the password only whether it is the same."""
    words = asdict(user)
    words["password"] = hashlib.sha256(bytes(user.password).rstrip(b"\0")).hexdigest()[:8]
    return " ".join(f"{k}={v!r}" for k, v in words.items())
