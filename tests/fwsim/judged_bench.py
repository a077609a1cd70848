"""A rehearsal in memory under the eyes of the rules: run it, then ask which were broken."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

from emulators import truth as true_state
from emulators.faults import Fault
from fwsim import rules
from fwsim.engine import Engine
from fwsim.journal import Journal
from fwsim.judged import Broken
from fwsim.rehearsal import truth
from fwsim.rehearsal.memory import drive
from tests.fwsim.engine_bench import Bench, bench


class Judged:
    """A bench and the engine that will run on it, so that either may be broken first."""

    def __init__(self, folder: Path, *faults: Fault, only: str | None = None, **options: Any) -> None:
        self.test: Bench = bench(folder, faults=faults, **options)
        if only is not None:
            self.test.keep_only(only)
        self.test.folder.mkdir()
        self.word_given = False  # by the operator, against rule 11
        self.before = truth.condition(self.test.server)
        self.engine: Engine = self.test.engine()

    def broken(self) -> list[Broken]:
        """Run to the end; every rule that did not hold."""
        drive(self.engine.run())
        with Journal(self.test.folder / "events.jsonl") as journal:
            for event in self.test.events:
                journal.write(event)
        return self.judge()

    def judge(self) -> list[Broken]:
        prepared = replace(self.test.prepared, plan=self.engine.job.plan)
        final = truth.final(prepared, true_state.of(self.test.server), self.before, self.test.folder)
        final = replace(final, operators_word=self.word_given)
        return rules.check(self.test.events, self.test.server.world.records, final)
