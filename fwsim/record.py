"""run.json in a run's directory: what a later fwsim needs, besides the journal, to go on with the run.

The plan as it was taken, with absolute paths. It holds no password: a plan names where one comes from.
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, ValidationError

from fwsim.events import Ending
from fwsim.plan import Plan
from fwsim.runs import Run

NAME = "run.json"


class NoRecord(Exception):
    """There is nothing to go on from."""


class Record(BaseModel):
    """`kind`: a rehearsal is never gone on with against a plan's address, an update never without its plan.

    `run_id`: the name that the run has in its journal. `expected`: how a rehearsal's scenario says that it ends.
    `image`: of the container that a rehearsal's server is, if it is one.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    kind: Literal["update", "rehearsal"]
    plan: Plan
    run_id: str
    title: str = ""
    in_memory: bool = False
    scenario: Path | None = None
    ipmitool: Literal["builtin", "real"] = "builtin"
    image: str | None = None
    expected: Ending = "updated"


def write(run: Run, record: Record) -> None:
    """On the disk before the run begins. Raises OSError."""
    text = record.model_copy(update={"plan": _absolute(record.plan)}).model_dump_json(indent=1)
    path = run.path / f"{NAME}.new"
    with path.open("w", encoding="utf-8") as file:
        file.write(text + "\n")
        file.flush()
        os.fsync(file.fileno())
    path.replace(run.path / NAME)


def read(run: Run) -> Record:
    """Raises NoRecord."""
    try:
        return Record.model_validate_json((run.path / NAME).read_bytes())
    except FileNotFoundError as error:
        if run.is_matrix:
            why = f"{run.id} is a matrix of many rehearsals, and no run: `fwsim show {run.id}` tells of it"
            raise NoRecord(why) from error
        raise NoRecord(f"the run {run.id} has no {NAME}: it never began; start it again") from error
    except ValidationError as error:
        first = error.errors()[0]
        where = ".".join(str(part) for part in first["loc"])
        raise NoRecord(f"{run.path / NAME} cannot be used: {where}: {first['msg']}") from error


def _absolute(plan: Plan) -> Plan:
    """The same plan, to be read from anywhere."""
    return Plan.model_validate(_rooted(plan.model_dump(mode="python")))


def _rooted(value: Any) -> Any:
    match value:
        case Path():
            return value.absolute()
        case dict():
            return {key: _rooted(item) for key, item in value.items()}
        case tuple() | list():
            return type(value)(_rooted(item) for item in value)
        case _:
            return value
