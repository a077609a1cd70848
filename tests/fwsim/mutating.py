"""What a mutation of the engine is, and the ways to break it that several of them share."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import Any

import pytest

from emulators.faults import Fault
from fwsim.context import Context
from fwsim.findings import Findings
from fwsim.network.address import Logins
from fwsim.outcomes import Result, done
from fwsim.steps import Action, backup, guard
from tests.fwsim.judged_bench import Judged

INTERRUPTED = Fault(kind="flash-interrupted", target="bmc", percent=40)
NOT_ACTIVATED = Fault(kind="not-activated")
Break = Callable[[pytest.MonkeyPatch, Judged], None]


@dataclass(frozen=True)
class Mutation:
    rule: int
    name: str
    apply: Break
    faults: tuple[Fault, ...] = ()
    options: dict[str, Any] = field(default_factory=dict)
    second: Break | None = None


MUTATIONS: list[Mutation] = []


def breaks(rule: int, *faults: Fault, second: Break | None = None, **options: Any) -> Callable[[Break], Break]:
    def note(apply: Break) -> Break:
        MUTATIONS.append(Mutation(rule, apply.__name__, apply, faults, options, second))
        return apply

    return note


def act(judged: Judged, step: str, action: Action) -> None:
    """That step does something else."""
    steps = judged.engine.steps
    assert any(s.id == step for s in steps)
    judged.engine.steps = tuple(replace(s, action=action) if s.id == step else s for s in steps)


def lie(judged: Judged, *steps: str) -> None:
    """Those steps say that all is well and do nothing."""

    async def say_so(context: Context) -> Result:
        return done("all is well")

    for step in steps:
        act(judged, step, say_so)


def no_last_look(patch: pytest.MonkeyPatch, judged: Judged) -> None:
    """What an earlier step let pass is not seen before the end either."""
    lie(judged, "last-look")


def nobody_counts_logins(patch: pytest.MonkeyPatch, judged: Judged) -> None:
    """Neither the run nor the client knows how many were refused."""
    patch.setattr(Findings, "log_in", lambda found, how: None)
    patch.setattr(Logins, "allow", lambda logins: None)


def also(judged: Judged, step: str, *argv: str, changes: bool = True) -> None:
    """That step runs one more command first."""
    kept = next(s for s in judged.engine.steps if s.id == step).action

    async def both(context: Context) -> Result:
        context.intend("a change", "host")
        await context.run(argv, changes=changes)
        return await kept(context)

    act(judged, step, both)


def backup_without(patch: pytest.MonkeyPatch, name: str) -> None:
    """One output is not kept, and nobody misses it."""
    kept = backup.items
    patch.setattr(backup, "items", lambda channel: {k: v for k, v in kept(channel).items() if k != name})
    patch.setattr(backup, "_read_back", lambda context, folder: None)


def unguarded(patch: pytest.MonkeyPatch) -> None:
    """The second look before a restart is gone."""

    async def never_mind(context: Context, what: str) -> None:
        return None

    patch.setattr(guard, "may_restart", never_mind)
