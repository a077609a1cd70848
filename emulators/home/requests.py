"""What can be asked of a running home, and what it does then: one function a request, words in and words out."""

from __future__ import annotations

import base64
from collections.abc import Callable
from typing import Any

from emulators import truth
from emulators.faults import ABOUT, acts, fitting, typed
from emulators.faults.fault import Fault, When
from emulators.faults.waiting import Waiting
from emulators.hands import BadAct, Hands
from emulators.home import state
from emulators.server import VirtualServer

Words = dict[str, Any]


class BadRequest(Exception):
    """It cannot be done. The message says why, and what can."""


class Requests:
    """Of one server. `down` is called when the home is to end, `waited` when an act has let time pass."""

    def __init__(
        self,
        server: VirtualServer,
        waiting: Waiting,
        *,
        speed: float,
        down: Callable[[], None],
        waited: Callable[[], None],
    ) -> None:
        self._server, self._waiting = server, waiting
        self._speed, self._down, self._waited = speed, down, waited
        self._step = ""
        self.does: dict[str, Callable[[Words], Words]] = {
            "state": self._state,
            "truth": self._truth,
            "leases": self._leases,
            "fault": self._fault,
            "heal": self._heal,
            "hands": self._hands,
            "step": self._announced,
            "down": self._ends,
        }

    def answer(self, request: object) -> Words:
        """Do it. Raises BadRequest."""
        if not isinstance(request, dict) or not isinstance(do := request.pop("do", None), str):
            raise BadRequest('expected a request as one JSON object a line, as in {"do": "state"}')
        if do not in self.does:
            raise BadRequest(f"cannot {do!r}; expected one of {', '.join(self.does)}")
        return self.does[do](request)

    def _state(self, words: Words) -> Words:
        _take(words)
        found = state.of(self._server, self._waiting, speed=self._speed, step=self._step)
        return {"state": found.model_dump(mode="json")}

    def _truth(self, words: Words) -> Words:
        _take(words)
        return {"truth": truth.of(self._server).model_dump(mode="json")}

    def _leases(self, words: Words) -> Words:
        """What its DHCP servers have given out, as dnsmasq would write it."""
        _take(words)
        return {"leases": self._server.network.leases}

    def _fault(self, words: Words) -> Words:
        kind, parameters = _take(words, "kind", "parameters")
        try:
            fault = typed.read(kind, parameters)
        except typed.BadFault as error:
            raise BadRequest(str(error)) from error
        if problems := list(fitting.unfit(fault, self._server)):
            raise BadRequest(f"{kind}: " + "; ".join(f"{field}: {text}" for field, text in problems))
        if fault.when is not None and fault.when.step is not None:
            self._waiting.add(fault)
            return {"fault": _dump(fault), "happens": f"when the step {fault.when.step} is announced"}
        fault = self._at_once(fault)
        self._server.faults.arm(fault)
        self._server.note("fault-armed", fault=fault.kind)
        return {"fault": _dump(fault), "happens": self._moment(fault)}

    def _at_once(self, fault: Fault) -> Fault:
        """What others do to the server they do now, unless they are told to wait."""
        if fault.kind in acts.BY_KIND and fault.when is None and fault.nth == 1:
            return fault.model_copy(update={"when": When(at=self._server.now)})
        return fault

    def _moment(self, fault: Fault) -> str:
        when = fault.when
        if when is not None and when.at is not None:
            return "now" if when.at <= self._server.now else f"at {when.at:g} s"
        words = ", ".join(f"{k} {v}" for k, v in when.model_dump(exclude_defaults=True).items()) if when else ""
        if words and fault.kind in acts.BY_KIND:
            return f"when it comes to {words}"
        points = " or ".join(ABOUT[fault.kind].points)
        return f"at the next {points}" + (f", after {words}" if words else "")

    def _heal(self, words: Words) -> Words:
        (kind,) = _take(words, "kind", optional=True)
        ready = [*self._server.faults.ready, *self._waiting.left, *self._lasting()]
        kinds = list(dict.fromkeys(fault.kind for fault in ready))
        if kind is not None and kind not in kinds:
            raise BadRequest(f"no {kind} is armed; armed: {', '.join(kinds) or 'nothing'}")
        healed = [each for each in kinds if kind in (None, each)]
        for each in healed:
            self._server.faults.heal(each)
            self._waiting.drop(each)
            if each in acts.ENDS:
                acts.ENDS[each](self._server)
            self._server.note("fault-healed", fault=each)
        return {"healed": healed}

    def _lasting(self) -> list[Fault]:
        """Those that have fired and go on until they are healed."""
        fair = self._server.network.weather.fair
        return [fault for fault in self._server.faults.fired if fault.kind in acts.ENDS and not fair]

    def _hands(self, words: Words) -> Words:
        act, parameters = _take(words, "act", "parameters")
        if isinstance(files := parameters.get("files"), dict):
            parameters = parameters | {"files": {name: _file(name, text) for name, text in files.items()}}
        try:
            seen = Hands(self._server).do(act, **parameters)
        except BadAct as error:
            raise BadRequest(str(error)) from error
        finally:
            self._waited()
        return {"done": seen.ok, "seen": seen.text}

    def _announced(self, words: Words) -> Words:
        (self._step,) = _take(words, "step")
        return {"armed": [fault.kind for fault in self._waiting.announced(self._step)]}

    def _ends(self, words: Words) -> Words:
        _take(words)
        self._down()
        return {}


def _take(words: Words, *names: str, optional: bool = False) -> list[Any]:
    """The values of exactly these. Raises BadRequest."""
    unknown = sorted(set(words) - set(names))
    if unknown:
        raise BadRequest(f"takes no {', '.join(unknown)}; expected {', '.join(names) or 'nothing'}")
    values = [words.get(name, {} if name == "parameters" else None) for name in names]
    for name, value in zip(names, values, strict=True):
        wanted = dict if name == "parameters" else str
        if not isinstance(value, wanted) and not (optional and value is None):
            raise BadRequest(f"{name}: expected {'an object' if wanted is dict else 'a text'}, not {value!r}")
    return values


def _file(name: str, text: object) -> bytes:
    """Raises BadRequest."""
    try:
        return base64.b64decode(str(text), validate=True)
    except ValueError as error:
        raise BadRequest(f"files: {name}: expected base64") from error


def _dump(fault: Fault) -> Words:
    return fault.model_dump(mode="json", exclude_defaults=True)
