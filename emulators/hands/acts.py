"""The acts as a table, and the pair of hands that does them by their names."""

from __future__ import annotations

import difflib
import inspect
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from emulators.hands import buttons, cables, chassis, inside, looking, media, power
from emulators.hands.seen import Seen

if TYPE_CHECKING:
    from emulators.server import VirtualServer

Doing = Callable[..., Seen]
WORDS = {"str": "a word", "int": "a whole number", "float": "a number of seconds", "files": "files by their names"}
DAY_S = 86400


@dataclass(frozen=True)
class Act:
    """One act. `parameters`: name -> its default, or None where it must be given; `types`: name -> what it is written
    as (str, int, float, files). `about`: what it is, in words."""

    name: str
    does: Doing
    parameters: Mapping[str, Any]
    types: Mapping[str, str]
    about: str
    effect: bool = True  # does it change anything?


class BadAct(ValueError):
    """No such act, or not with these parameters. The message says what there is."""


def _act(does: Doing, *, effect: bool = True) -> Act:
    signature = list(inspect.signature(does).parameters.values())[1:]  # the first is the server
    given = {p.name: None if p.default is p.empty else p.default for p in signature}
    types = {p.name: p.annotation if p.annotation in WORDS else "files" for p in signature}
    return Act(does.__name__.replace("_", "-"), does, given, types, inspect.getdoc(does) or "", effect)


_ALL = (
    _act(looking.look, effect=False),
    _act(power.unplug),
    _act(power.plug),
    _act(power.press_power),
    _act(buttons.press_uid),
    _act(cables.move_cable),
    _act(cables.connect_cable),
    _act(cables.disconnect_cable),
    _act(chassis.slide_out),
    _act(chassis.slide_in),
    _act(chassis.open_cover),
    _act(chassis.close_cover),
    _act(chassis.pull_sled),
    _act(chassis.push_sled),
    _act(inside.wear_strap),
    _act(inside.remove_battery),
    _act(inside.install_battery),
    _act(inside.short),
    _act(inside.move_jumper),
    _act(inside.replace_board),
    _act(media.insert_media),
    _act(media.remove_media),
    _act(buttons.connect_monitor),
    _act(buttons.type),
    _act(power.wait, effect=False),
)
ACTS: Mapping[str, Act] = {act.name: act for act in _ALL}
"""Every act by its name."""


class Hands:
    """A person beside one server."""

    def __init__(self, server: VirtualServer) -> None:
        self._server = server

    def do(self, act: str, /, **parameters: Any) -> Seen:
        """Do that act. Raises BadAct for one that there is not, or for parameters that it does not take."""
        known = ACTS.get(act)
        if known is None:
            close = difflib.get_close_matches(act, ACTS, n=2)
            hint = f"did you mean {' or '.join(close)}?" if close else f"there are: {', '.join(ACTS)}"
            raise BadAct(f"hands cannot {act!r}; {hint}")
        fitting, watch = _fitting(known, parameters), self._server.watch
        told = {k: sorted(v) if isinstance(v, Mapping) else v for k, v in parameters.items()}
        if watch is None:
            seen = known.does(self._server, **fitting)
        else:
            words = " ".join([act, *(f"{k}={v}" for k, v in told.items())])
            seen = watch.hands(words, lambda: known.does(self._server, **fitting))
        if known.effect:
            self._server.note("hands", act=act, done=seen.ok, **{f"with_{k}": v for k, v in told.items()})
        return seen


def _fitting(act: Act, given: Mapping[str, Any]) -> dict[str, Any]:
    """The parameters, of the types that the act takes. Raises BadAct."""
    for name in given:
        if name not in act.parameters:
            raise BadAct(f"{act.name} takes no {name!r}; it takes {', '.join(act.parameters) or 'nothing'}")
    missing = [name for name, default in act.parameters.items() if default is None and name not in given]
    if missing:
        raise BadAct(f"{act.name} needs {', '.join(missing)}")
    return {name: _typed(act, name, value) for name, value in given.items()}


def _typed(act: Act, name: str, value: Any) -> Any:
    """That value as the act takes it: numbers may be written as words."""
    kind = act.types[name]
    try:
        match kind:
            case "str" if isinstance(value, str):
                return value
            case "files" if isinstance(value, Mapping):
                return value
            case "int" if not isinstance(value, bool):
                return int(value)
            case "float" if not isinstance(value, bool) and 0 <= float(value) <= DAY_S:
                return float(value)
    except (TypeError, ValueError):
        pass
    limit = " from 0 to a day" if kind == "float" else ""
    raise BadAct(f"{act.name}: {name} is {value!r}; expected {WORDS[kind]}{limit}")
