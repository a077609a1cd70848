"""The true state of a virtual server, as the rules want it: plain data from the model itself. For judges alone."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

from emulators.server import VirtualServer
from fwsim import rules
from fwsim.events import Event
from fwsim.judged import Broken, Condition, FinalState
from fwsim.rehearsal.prepare import Prepared

Hear = Callable[[Event], None]
LAN_SESSION = ("set_in_progress",)  # of the moment, not of the settings


def condition(server: VirtualServer) -> Condition:
    """The server as it is now."""
    bmc, bios = server.bmc, server.running_bios
    return Condition(
        versions={"bmc": bmc.running.version if bmc.running else "", "bios": bios.version if bios else ""},
        whole={kind: server.chips[kind].boot_firmware() is not None for kind in ("bmc", "bios")},
        host_up=server.phase == "up",
        bmc_at=bmc.address or "",
        kept=_kept(server),
    )


def _kept(server: VirtualServer) -> dict[str, str]:
    """What an update must leave as it was."""
    lan = {k: str(v) for k, v in asdict(server.bmc.lan).items() if k not in LAN_SESSION}
    users = {f"user {u.id}": _user(u) for u in server.bmc.users.slots.values()}
    nvram: Any = getattr(server, "nvram", None)  # pending ones are not yet in force
    settings = dict(nvram.settings) if nvram is not None else {}
    return {
        **{f"LAN {name}": value for name, value in lan.items()},
        "LAN mode": server.bmc.lan_mode,
        **users,
        "boot order": " ".join(server.boot_order),
        "NIC names": "by the firmware's labels" if getattr(nvram, "labels", True) else "by slot",
        **{f"BIOS setting {name}": str(value) for name, value in settings.items()},
    }


def _user(user: Any) -> str:
    """All of a user; of the password only whether it is the same."""
    words = asdict(user)
    words["password"] = hashlib.sha256(bytes(user.password).rstrip(b"\0")).hexdigest()[:8]
    return " ".join(f"{k}={v!r}" for k, v in words.items())


def final(
    prepared: Prepared, server: VirtualServer, before: Condition, run_dir: Path | None = None, *, over: bool = True
) -> FinalState:
    """Everything that the rules ask about besides the events and the world's record."""
    spec, plan = prepared.spec, prepared.plan
    images = [(p.kind, image) for p in plan.payloads for image in (*p.intermediate, p)]
    temporary = server.host.files.listdir("/var/tmp")  # noqa: S108 - the virtual host's
    users = (u.password for u in spec.bmc_users)
    passwords = {*spec.bmc_passwords.values(), *users, *(a.password for a in spec.accounts if a.password)}
    files = _files(run_dir) if run_dir is not None else {}
    return FinalState(
        before=before,
        after=condition(server),
        bmc_address=spec.bmc_address,
        wanted={p.kind: p.version for p in plan.payloads},
        payloads={image.sha256: kind for kind, image in images},
        endpoints=(spec.host_address, spec.bmc_address),
        forbidden=prepared.forbidden,
        secrets=tuple(sorted(passwords)),
        files=files,
        journal=files.get("events.jsonl"),
        left_on_host=tuple(f"/var/tmp/{name}" for name in temporary if name.startswith("fwsim-")),  # noqa: S108
        allowed=frozenset({"packages"} if plan.policy.install_ipmitool else ()),
        over=over,
    )


def _files(run_dir: Path) -> dict[str, bytes]:
    """What the run wrote, without the payloads."""
    found = sorted(p for p in run_dir.rglob("*") if p.is_file() and "payloads" not in p.relative_to(run_dir).parts)
    return {str(p.relative_to(run_dir)): p.read_bytes() for p in found}


def judge(
    prepared: Prepared,
    server: VirtualServer,
    before: Condition,
    events: Sequence[Event],
    run_dir: Path | None = None,
    *,
    over: bool = True,
) -> list[Broken]:
    """Every rule of DESIGN section 8 that this rehearsal broke."""
    return rules.check(events, server.world.records, final(prepared, server, before, run_dir, over=over))
