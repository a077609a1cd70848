"""The kinds of records that a server's life leaves: one table, and the code holds to it."""

from __future__ import annotations

import ast
from pathlib import Path

import emulators
from emulators import world
from fwsim import rehearsal

APART = {
    "fault.kind",
    "kind",
    "server.now",
    "BECAME",
    "DID",
    "ENDED",
    "KEPT",
}  # variables: HPM.1's faults; a lab's watch


def _noted() -> set[str]:
    """The first argument of every `.note(...)` of the model, and of whoever rehearses on it."""
    folders = [Path(emulators.__path__[0]), Path(rehearsal.__path__[0])]
    trees = [ast.parse(path.read_text("utf-8")) for folder in folders for path in folder.rglob("*.py")]
    calls = [node for tree in trees for node in ast.walk(tree) if isinstance(node, ast.Call) and node.args]
    noted = [c.args[0] for c in calls if isinstance(c.func, ast.Attribute) and c.func.attr == "note"]
    return {ast.literal_eval(arg) if isinstance(arg, ast.Constant) else ast.unparse(arg) for arg in noted} - APART


def test_every_record_that_is_made_is_of_a_known_kind_and_none_is_known_in_vain() -> None:
    assert _noted() == world.KINDS - {"hpm-answer", "hpm-mute", "hpm-silent", "hpm-slow"}
