"""Rules about how a ticket says it: numbering, sentences, verbs, hazards (ASD-STE100's and ANSI Z535's habits)."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator

from recovery.filling import SHORT, UNKNOWN
from recovery.lint_facts import PHONE
from recovery.page import Page, Step

Found = Iterable[tuple[int, str]]
VERBS = (
    *("compare", "look", "take", "write", "call", "wait", "put", "disconnect", "connect", "move", "push", "pull"),
    *("slide", "remove", "install", "touch", "insert", "replace", "type", "open", "close"),
)
"""How an instruction begins, after its condition where it has one."""
CONDITIONS = ("If ", "When ", "Before ", "Do not ")
BANNED = re.compile(
    r"(?i)\b(it|its|they|them|their|this one|appropriate(?:ly)?|proper(?:ly)?|careful(?:ly)?|some|several|any|should|"
    r"may|might|could|would|can be|please|correct(?:ly)?|approximately|roughly|about|various|ensure|as needed|etc|try|"
    r"probably|maybe|soon|quickly|a while)\b"
)
PASSIVE = re.compile(r"(?i)\b(?:is|are|be|been|being|was|were)\s+(?:\w+ly\s+)?\w+(?:ed|en)\b")
TWO_THINGS = re.compile(rf"(?i)(?:\band\s+(?:then\s+)?|;|\bthen\s+|,\s+)(?:{'|'.join(VERBS)})\b")
NUMBER = re.compile(r"(?<![\w-])\d+(?![\w-])(?!\s+(?:s|min|h|cm)\b)")
DURATION = re.compile(r"(?<![\w-])\d+ (?:s|min|h)\b")
TIMED = ("wait", "hold", "push", "touch")
SIGNALS = ("DANGER", "WARNING", "CAUTION", "NOTICE")
INJURY = re.compile(r"(?i)\b(death|die|kill|injur\w*|burn\w*|shock|hurt|crush\w*)\b")
DEADLY = re.compile(r"(?i)\b(death|die|kill|serious injury)\b")
ELSE = re.compile(
    r"(?:Do step (\d+) again one time(?: after \d+ (?:s|min))?\. Then call\.)"
    r"|(?:(?:Stop|Stay at the server)\. Call(?: again after \d+ min)?\.)"
)
GO = re.compile(r"Go to step (\d+)\.")
BRANCH = re.compile(r'Do steps? (\d+)(?: to (\d+))? only if you hear "step (\d+)": .+\.')
HEARD = re.compile(r'"step (\d+)"')
MAXIMUM_STEPS, MAXIMUM_WORDS = 20, 20


def _numbered(page: Page) -> Found:
    """S00"""
    for expected, step in enumerate(page.steps, 1):
        if step.number != expected:
            yield step.line, f"step {step.number} stands where step {expected} is expected"
            return


def _words(page: Page) -> Found:
    """S01"""
    for step in page.steps:
        plain = PHONE.sub("PHONE", step.text.replace(UNKNOWN, SHORT))
        if len(plain.split()) > MAXIMUM_WORDS:
            yield step.line, f"{len(plain.split())} words; at most {MAXIMUM_WORDS}"


def _verbs(page: Page) -> Found:
    """S02"""
    for step in page.steps:
        capital = step.text[:1].isupper() and step.text.split(" ")[0].lower() in VERBS
        if step.verb not in VERBS or not (capital or step.text.startswith(CONDITIONS)):
            yield step.line, f"{step.text.split(' ')[0]!r} is no verb of the list, and no condition"


def _one_thing(page: Page) -> Found:
    """S03"""
    for step in page.steps:
        plain = PHONE.sub("PHONE", re.sub(r'"[^"]*"', "WORD", step.action))
        if not plain.endswith(".") or re.search(r"[.!?:]\s", plain) or TWO_THINGS.search(plain):
            yield step.line, "expected one sentence with one instruction"


def _sees(page: Page) -> Found:
    """S04"""
    return ((s.line, f"step {s.number} does not say what is to be SEEN") for s in page.steps if not s.see)


def _banned(page: Page) -> Found:
    """S05"""
    for step in page.steps:
        for said in (step.text, step.see, step.if_not, *(h.text for h in step.hazards)):
            if found := BANNED.search(said):
                yield step.line, f"{found[0]!r}: say what exactly"


def _active(page: Page) -> Found:
    """S06"""
    for step in page.steps:
        if found := PASSIVE.search(step.text):
            yield step.line, f"{found[0]!r} is passive: say who does what"


def _units(page: Page) -> Found:
    """S07"""
    for step in page.steps:
        bare = NUMBER.search(step.action) if step.verb in TIMED else None
        if bare:
            yield step.line, f"{bare[0]} of what? Write s, min or h"
        elif step.verb == "wait" and not DURATION.search(step.action):
            yield step.line, "how long? Write a number with s, min or h"
        elif step.verb == "push" and "button" in step.text and not re.search(r"for \d+ s|one time", step.text):
            yield step.line, "how long is the button held? Write `for N s`"


def _how_many(page: Page) -> Found:
    """S08"""
    if len(page.steps) > MAXIMUM_STEPS:
        yield page.steps[MAXIMUM_STEPS].line, f"{len(page.steps)} steps; at most {MAXIMUM_STEPS}"


def _otherwise(page: Page) -> Found:
    """S09"""
    for step in page.steps:
        found = ELSE.fullmatch(step.if_not)
        if step.if_not and found is None:
            yield step.line, f"IF NOT of step {step.number}: expected one retry of this step, or a call"
        elif found is not None and found[1] and int(found[1]) != step.number:
            yield step.line, f"IF NOT of step {step.number} names step {found[1]}"


def _jumps(page: Page) -> Found:
    """S10"""
    steps = {step.number: step for step in page.steps}
    for step in page.steps:
        found = GO.fullmatch(step.then)
        if step.then and (found is None or int(found[1]) not in steps):
            yield step.line, f"THEN of step {step.number} leads nowhere"
        elif found is not None and int(found[1]) <= step.number and not steps[int(found[1])].hold:
            yield step.line, f"THEN of step {step.number} leads back to a step that nobody releases"
        for heard in HEARD.findall(step.see):
            if int(heard) not in steps:
                yield step.line, f"there is no step {heard}"


def _branches(page: Page) -> Found:
    """S11"""
    said = {int(n) for step in page.steps if step.hold for n in HEARD.findall(step.see)}
    begin = {step.number: step for step in page.steps if step.branch}
    last = page.steps[-1].number if page.steps else 0
    for number, step in begin.items():
        found = BRANCH.fullmatch(step.branch)
        if found is None or int(found[1]) != number or int(found[3]) != number or int(found[2] or number) >= last:
            yield step.line, f"the sentence above step {number} names other steps"
        elif number not in said:
            yield step.line, f'nobody says "step {number}": its branch is never begun'
    for number in sorted(said - set(begin)):
        if number not in _after_branches(page):
            yield 0, f'"step {number}" is said, and no branch begins there'


def _after_branches(page: Page) -> set[int]:
    """Steps that follow a branch, and the last one: one may be sent there."""
    ends = [BRANCH.fullmatch(step.branch) for step in page.steps if step.branch]
    return {int(found[2] or found[1]) + 1 for found in ends if found} | {page.steps[-1].number}


def _holds(page: Page) -> Found:
    """S12"""
    for step in page.steps:
        if step.hold != (step.verb == "call"):
            yield step.line, "a call is a [HOLD], and nothing else is"
        word = re.search(r'for the word ("[^"]+")', step.text)
        if word and word[1] not in step.see:
            yield step.line, f"SEE does not name the word {word[1]}"
        elif step.hold and step.verb == "call" and "You hear " not in step.see and "account" not in step.text:
            yield step.line, "SEE must say what is heard"


def _signals(page: Page) -> Found:
    """Z01"""
    for line, signal, _ in _hazards(page):
        if signal not in SIGNALS:
            yield line, f"{signal!r}: expected {', '.join(SIGNALS)}"


def _parts(page: Page) -> Found:
    """Z02"""
    for line, signal, text in _hazards(page):
        if len([s for s in re.split(r"(?<=[.])\s+", re.sub(r'"[^"]*"', "WORD", text)) if s]) < 3:
            yield line, f"{signal}: expected hazard, consequence and how to avoid it"
    if page.trailing:
        yield 0, "a hazard stands after the last step"
    for step in page.steps:
        order = [SIGNALS.index(h.signal) for h in step.hazards if h.signal in SIGNALS]
        if order != sorted(order):
            yield step.line, "the worse hazard stands first: WARNING before NOTICE"


def _injuries(page: Page) -> Found:
    """Z03"""
    for line, signal, text in _hazards(page):
        if signal == "NOTICE" and (found := INJURY.search(text)):
            yield line, f"{found[0]!r} under NOTICE, which is for property alone"
        if signal == "CAUTION" and (found := DEADLY.search(text)):
            yield line, f"{found[0]!r} under CAUTION, which is for minor injuries"


def _hazards(page: Page) -> Iterator[tuple[int, str, str]]:
    for step in page.steps:
        yield from ((step.line, h.signal, h.text) for h in step.hazards)
    yield from ((0, h.signal, h.text) for h in page.trailing)


def _telephone(page: Page) -> Found:
    """S13"""

    def calls(step: Step) -> bool:
        return step.text.startswith(f"Call {page.phone} ")

    return ((s.line, "a call names the number") for s in page.steps if s.verb == "call" and not calls(s))


RULES: dict[str, tuple[str, Callable[[Page], Found]]] = {
    "S00": ("steps are numbered 1 to n", _numbered),
    "S01": (f"an instruction has at most {MAXIMUM_WORDS} words", _words),
    "S02": ("an instruction begins with a verb of the list, or with a condition", _verbs),
    "S03": ("one sentence, one instruction", _one_thing),
    "S04": ("every step says what is to be seen", _sees),
    "S05": ("no vague words", _banned),
    "S06": ("no passive", _active),
    "S07": ("times have units, and waits and buttons have times", _units),
    "S08": (f"at most {MAXIMUM_STEPS} steps", _how_many),
    "S09": ("IF NOT is one level deep and ends in one retry or a call", _otherwise),
    "S10": ("steps that are named exist; back only to a hold", _jumps),
    "S11": ("a branch is begun by a word at a hold", _branches),
    "S12": ("a call is a hold, and says what is heard", _holds),
    "S13": ("a call names the number", _telephone),
    "Z01": ("signal words are DANGER, WARNING, CAUTION, NOTICE", _signals),
    "Z02": ("hazard, consequence, avoidance; before the step; the worst first", _parts),
    "Z03": ("injuries never under NOTICE, deaths never under CAUTION", _injuries),
}
