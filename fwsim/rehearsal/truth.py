"""The true state of a virtual server, as the rules want it: plain data from the model itself. For judges alone."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path, PurePosixPath

from emulators import truth
from emulators.hardening import PASSPHRASE
from emulators.server import VirtualServer
from emulators.truth import Truth
from emulators.world import Record
from fwsim import rules
from fwsim.events import Event
from fwsim.judged import Broken, Condition, FinalState
from fwsim.plan import Policy
from fwsim.rehearsal.prepare import Prepared

Hear = Callable[[Event], None]


def condition(server: VirtualServer) -> Condition:
    """The server as it is now."""
    return _condition(truth.of(server))


def _condition(now: Truth) -> Condition:
    return Condition(**now.model_dump(exclude={"temporary", "phase"}))


def final(
    prepared: Prepared,
    after: Truth,
    before: Condition,
    run_dir: Path | None = None,
    *,
    over: bool = True,
    recovers: bool = False,
) -> FinalState:
    """Everything that the rules ask about besides the events and the world's record."""
    spec, plan = prepared.spec, prepared.plan
    images = [(p.kind, image) for p in plan.payloads for image in (*p.intermediate, p)]
    users = (u.password for u in spec.bmc_users)
    passwords = {PASSPHRASE, *spec.bmc_passwords.values(), *users, *(a.password for a in spec.accounts if a.password)}
    files = _files(run_dir) if run_dir is not None else {}
    return FinalState(
        before=before,
        after=_condition(after),
        bmc_address=spec.bmc_address,
        wanted={p.kind: p.version for p in plan.payloads},
        payloads={image.sha256: kind for kind, image in images},
        fallbacks={one.sha256: one.kind for one in plan.fallback if one.sha256},
        recovers=recovers,
        endpoints=(spec.host_address, spec.bmc_address),
        forbidden=prepared.forbidden,
        secrets=tuple(sorted(passwords)),
        files=files,
        journal=files.get("events.jsonl"),
        left_on_host=tuple(path for path in after.temporary if PurePosixPath(path).name.startswith("fwsim-")),
        allowed=_allowed(plan.policy),
        over=over,
    )


def _allowed(policy: Policy) -> frozenset[str]:
    rows = {"packages": policy.install_ipmitool, "flash-over-lan": policy.flash_over_lan}
    return frozenset(name for name, on in rows.items() if on)


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
    recovers: bool = False,
) -> list[Broken]:
    """Every rule of DESIGN section 8 that this rehearsal broke. `recovers`: somebody has looked for remedies."""
    state = final(prepared, truth.of(server), before, run_dir, over=over, recovers=recovers)
    return rules.check(events, server.world.records, state)


def judge_told(
    prepared: Prepared,
    before: Truth,
    after: Truth,
    events: Sequence[Event],
    records: Sequence[Record],
    run_dir: Path,
    *,
    recovers: bool = False,
) -> list[Broken]:
    """The same of a server in a process of its own, which has told what it was before and after."""
    return rules.check(events, records, final(prepared, after, _condition(before), run_dir, recovers=recovers))
