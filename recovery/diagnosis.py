"""From evidence to causes and their remedies, by the table in rules.yaml. Pure: the same evidence, the same answer.

A cause that one observation has ruled out stays so however many more come: `needs` and `never` look whether any witness
speaks against it. While a bank is or may be incomplete, no remedy that resets or takes power is offered (rule 11).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Literal

from fwsim import bank
from fwsim.boards import Board
from recovery import asking, remedies
from recovery.moot import moot
from recovery.observation import REPORTED, Evidence, Observation, keys
from recovery.ruletable import Clues, Rule, rules

Confidence = Literal["certain", "likely", "possible"]
RANK: dict[Confidence, int] = {"certain": 0, "likely": 1, "possible": 2}
UNKNOWN = "unknown"
BANKS = {"bank.bmc": "reflash-bmc", "bank.bios": "reflash-bios"}  # what must come first where a bank may be incomplete
OVER_LAN = {"bank.bios": "reflash-bios-oob"}  # where the host is not there to write it
SCREEN = "seen.video"
LOOK = "look-and-report"  # the procedure
BUSY = ("jobs", "flash", "bmc.writes")  # where one of these is running or overdue, something may be writing
_FROM_HERE = frozenset(name for name, key in keys().items() if key.who != "technician")  # what nobody must go for
WEIGHT: dict[Confidence, float] = {
    "certain": 8.0,
    "likely": 4.0,
    "possible": 1.0,
}  # of causes, where it is asked what would tell


@dataclass(frozen=True)
class Cause:
    """`for_` and `against`: what was observed. `confirm`: keys whose observation would tell more. `remedies`: names,
    least invasive first; `withheld`: those that rule 11 forbids now. `operator`: the advice is a cure that
    the operator can give it from where he is."""

    name: str
    rule: str
    confidence: Confidence
    for_: tuple[Observation, ...]
    against: tuple[Observation, ...]
    confirm: tuple[str, ...]
    remedies: tuple[str, ...]
    text: str = ""
    advice: str = ""
    withheld: tuple[str, ...] = ()
    operator: bool = False


@dataclass(frozen=True)
class RuledOut:
    name: str
    rule: str
    text: str
    against: tuple[Observation, ...]


@dataclass(frozen=True)
class Diagnosis:
    """`causes`: the likeliest first; there is always one. `next_observation`: the key that would tell best between
    those left, "" where the first is certain or nothing would; `next_why`: one sentence."""

    causes: tuple[Cause, ...]
    next_observation: str
    ruled_out: tuple[RuledOut, ...] = ()
    next_why: str = ""

    @property
    def first(self) -> Cause:
        return self.causes[0]


def diagnose(evidence: Evidence, board: Board) -> Diagnosis:
    """Every cause that the evidence allows and something speaks for."""
    weighed = [(rule, _against(rule, evidence)) for rule in rules()]
    out = tuple(RuledOut(r.cause, r.rule, r.text, against) for r, against in weighed if against)
    causes = [_cause(rule, evidence, board) for rule, against in weighed if not against and _considered(rule, evidence)]
    order = {rule.rule: number for number, rule in enumerate(rules())}
    causes.sort(key=lambda c: (c.name == UNKNOWN, RANK[c.confidence], order[c.rule]))
    question = _next(causes, evidence, board)
    if question and _somebody_looks_first(causes, evidence):
        causes = [_looked_at_first(cause) for cause in causes]
    return Diagnosis(tuple(causes), question.key if question else "", out, question.why if question else "")


def _somebody_looks_first(causes: list[Cause], evidence: Evidence) -> bool:
    """They want different things done there, somebody's look would tell them apart, and nobody has looked yet."""
    if any(o.key.startswith(REPORTED) for o in evidence.observations):
        return False
    visits = {visit for cause in causes if (visit := _first_visit(cause))} - {LOOK}
    return len(visits) > 1 and asking.best(_left(causes), evidence, _FROM_HERE) is not None


def _first_visit(cause: Cause) -> str:
    return next((name for name in cause.remedies if remedies.table()[name].visit), "")


def _looked_at_first(cause: Cause) -> Cause:
    """A look costs less than any act there, and may spare it. A repair from here that comes before that still does."""
    visit = _first_visit(cause)
    if cause.confidence == "certain" or not visit or not remedies.table()[visit].takes:
        return cause
    place = cause.remedies.index(visit)
    return replace(cause, remedies=tuple(dict.fromkeys((*cause.remedies[:place], LOOK, *cause.remedies[place:]))))


def _against(rule: Rule, evidence: Evidence) -> tuple[Observation, ...]:
    """What rules it out."""
    told = (o for o in evidence.observations if o.value is not None)
    return tuple(
        o
        for o in told
        if (o.key in rule.needs and o.value not in rule.needs[o.key]) or o.value in rule.never.get(o.key, ())
    )


def _considered(rule: Rule, evidence: Evidence) -> bool:
    """What all silent servers have in common brings up none: all that is needed must be told, or something special.
    And no flash is a cause that nobody knows of."""
    if rule.cause == UNKNOWN:
        return True
    if any(bank in rule.needs and not evidence.values(bank) for bank in BANKS):
        return False
    needed = bool(rule.needs) and all(evidence.values(key) for key in rule.needs)
    return needed or _any(rule.signs, evidence) or _any(rule.proof, evidence)


def _speaking(rule: Rule, evidence: Evidence) -> tuple[Observation, ...]:
    """What speaks for it."""
    clues = (rule.needs, rule.signs, rule.proof)
    return tuple(o for o in evidence.observations if any(_says(o, c, evidence) for c in clues))


def _says(seen: Observation, clues: Clues, evidence: Evidence) -> bool:
    """Is it one of those clues, and does it mean something now?"""
    value = seen.value
    return value is not None and value in clues.get(seen.key, ()) and not moot(seen.key, value, evidence)


def _cause(rule: Rule, evidence: Evidence, board: Board) -> Cause:
    offered, withheld = _remedies(rule, evidence, board)
    against = tuple(o for o in evidence.observations if _contradicts(o, rule.signs))
    missing = tuple(k for k in (*rule.needs, *rule.proof, *rule.signs) if not evidence.values(k))
    return Cause(
        name=rule.cause,
        rule=rule.rule,
        confidence=_confidence(rule, evidence),
        for_=_speaking(rule, evidence),
        against=against,
        confirm=tuple(dict.fromkeys(missing)),
        remedies=offered,
        text=rule.text,
        advice=rule.advice,
        withheld=withheld,
        operator=rule.operator,
    )


def _contradicts(seen: Observation, signs: Clues) -> bool:
    return seen.value is not None and seen.key in signs and seen.value not in signs[seen.key]


def _confidence(rule: Rule, evidence: Evidence) -> Confidence:
    needs = all(evidence.values(key) for key in rule.needs)
    if needs and rule.needs and _any(rule.proof, evidence):
        return "certain"
    if needs and rule.needs and (_any(rule.signs, evidence) or not (rule.signs or rule.proof)):
        return "likely"
    return "possible"


def _any(clues: Clues, evidence: Evidence) -> bool:
    return any(_says(seen, clues, evidence) for seen in evidence.observations)


def _remedies(rule: Rule, evidence: Evidence, board: Board) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Those to offer and those that rule 11 withholds, least invasive first."""
    broken = [bank for bank in BANKS if _doubtful(bank, evidence)]
    rows = [row for row in _unhindered(remedies.ordered(rule.remedies, board), evidence) if _has_way(row, evidence)]
    withheld = tuple(row.name for row in rows if _is_withheld(row, broken, evidence))
    offered = {row.name for row in rows} - {*withheld}
    if withheld and not any({"running", "overdue"} & evidence.values(key) for key in BUSY):
        anew = {_again(bank, evidence) for bank in broken} - {""}
        offered |= {name for name in anew if not _is_hindered(remedies.table()[name], evidence)}
    return tuple(row.name for row in remedies.ordered(offered, board)), withheld


def _unhindered(rows: Sequence[remedies.Remedy], evidence: Evidence) -> list[remedies.Remedy]:
    """What the host lacks the means for is not climbed past: the operator can give it those, and then it is tried."""
    hindered = next((row.cost for row in rows if _is_hindered(row, evidence)), None)
    return [row for row in rows if hindered is None or row.cost < hindered or row.gathers]


def _is_hindered(row: remedies.Remedy, evidence: Evidence) -> bool:
    if not _gets_there(row, evidence):
        return False
    lacks_ipmi = {"no-tool", "no-module"} & evidence.values("kcs")
    lacks_means = "missing" in evidence.values("tools") or "full" in evidence.values("disk")
    return bool(("ipmi" in row.needs and lacks_ipmi) or ("flash" in row.needs and lacks_means))


def _is_withheld(row: remedies.Remedy, broken: Sequence[str], evidence: Evidence) -> bool:
    """Rule 11: what a bank may be all that is left of is not taken away. What writes that very bank anew, or replaces
    it, is no loss of it; and a BMC that stands still in writing a BIOS of which nothing runs is restarted."""
    if not broken or not row.takes or ({*broken} <= row.renews and all(_is_over(name, evidence) for name in broken)):
        return False
    return not (row.takes == {"bmc-reset"} and _stands_still(broken, evidence))


def _is_over(name: str, evidence: Evidence) -> bool:
    """Has its writing broken off, or POST found it corrupt? Else a start may still be writing it: one look tells."""
    return "maybe-incomplete" in evidence.values(name) or "corrupt" in evidence.values("sel.firmware")


def _stands_still(broken: Sequence[str], evidence: Evidence) -> bool:
    """Has the BMC had all the time for the BIOS that it writes by itself, with the host off? Then only its restart ends
    that, no system runs from that bank, and its own bank is not the one in doubt."""
    is_off = evidence.values("power") == {"off"}
    return [*broken] == ["bank.bios"] and is_off and evidence.value("bmc.writes") == "overdue"


def seen_still(evidence: Evidence) -> bool:
    """Has somebody beside the server seen that a start whose time is long over does not go on?"""
    return "overdue" in evidence.values("host.age") and bool(evidence.values(SCREEN))


def _doubtful(name: str, evidence: Evidence) -> bool:
    """May it be incomplete? One that is written during a start may be, unless its job or POST says otherwise; or it is
    long over, and somebody beside the server has seen that nothing is written there."""
    told = (evidence.values(key) for key in ("jobs", "sel.firmware", "posts"))
    settled = seen_still(evidence) or bank.is_settled(*told)
    return any(bank.is_doubtful(state, settled=settled) for state in evidence.values(name))


def _again(bank: str, evidence: Evidence) -> str:
    """How that bank is written anew, from what still runs; "" where nothing does."""
    if "in" in evidence.values("host.login"):
        return BANKS[bank]
    return OVER_LAN.get(bank, "") if "in" in evidence.values("bmc.login") else ""


def _has_way(row: remedies.Remedy, evidence: Evidence) -> bool:
    """Is the way by which it works not known to be closed?"""
    bmc = evidence.values("bmc.login")
    if not _gets_there(row, evidence):
        return False
    if "bmc" in row.needs and ((bmc and "in" not in bmc) or "no" in evidence.values("bmc.answers")):
        return False
    if "package" in row.needs and "no-tool" not in evidence.values("kcs"):
        return False
    return "pdu" not in row.needs or "present" in evidence.values("pdu")


def _gets_there(row: remedies.Remedy, evidence: Evidence) -> bool:
    """One that works on the host: does anybody get in there, as far as is known?"""
    host = evidence.values("host.login")
    return "host" not in row.needs or not host or "in" in host


def _next(causes: list[Cause], evidence: Evidence, board: Board) -> asking.Question | None:
    """What would tell best. That it is none of all these counts only where one stands alone, and not surely."""
    named = [cause for cause in causes if cause.name != UNKNOWN]
    if not named or named[0].confidence == "certain" or (named[0].confidence == "likely" and not named[1:]):
        return None
    return asking.best(_left(named if named[1:] else causes), evidence, _lacking(board))


def _left(causes: Sequence[Cause]) -> list[asking.Left]:
    table = {rule.rule: rule for rule in rules()}
    return [asking.Left(table[cause.rule], WEIGHT[cause.confidence]) for cause in causes]


def _lacking(board: Board) -> frozenset[str]:
    """What a board like that cannot be asked."""
    has = {
        "post.code": board.bmc.post_code,
        "lan.mode": board.bmc.lan_mode or board.bmc.racadm_nic_selection or None,
        "jobs": board.racadm,
    }
    return frozenset(key for key, way in has.items() if way is None)
