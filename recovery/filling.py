"""What fills a procedure in: which flags hold for a visit, and what the words in braces come to."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Literal

from fwsim.boards import Board
from recovery.inventory import Cable, Feed, Inventory, Neighbour
from recovery.procedures import Act, Flag, Line, Procedure, placeholders

UNKNOWN = "UNKNOWN - confirm by phone"
SHORT = "UNKNOWN"  # on a page that says once what is to be done about it
IMAGE = ("image", "SHA-256 of the image")  # what the inventory does not have: they come with the plan
POWER_MINUTES = "4"  # from mains until a BMC has booted and the host would have started by itself


@dataclass(frozen=True)
class Choice:
    """What was decided for the visit."""

    identify: bool
    driver: Literal["administrator", "browser"] = "administrator"
    power: Literal["sled", "mains"] = "sled"
    file: str = ""
    sha256: str = ""


@dataclass(frozen=True)
class Facts:
    """One visit's flags and words. Immutable: `having` gives one with more."""

    flags: frozenset[Flag]
    words: dict[str, str]
    feeds: tuple[Feed, ...]
    cables: tuple[Cable, ...]

    def holds(self, when: Sequence[Flag]) -> bool:
        return set(when) <= self.flags

    def fill(self, text: str) -> str:
        """The text with its braces filled in."""
        return text.format_map(self.words)

    def lines(self, lines: Sequence[Line]) -> tuple[str, ...]:
        """Those whose flags hold, filled in."""
        return tuple(self.fill(line.text) for line in lines if self.holds(line.when))

    def having(self, **words: str) -> Facts:
        return replace(self, words={**self.words, **words})

    def acts(self, act: Act) -> Iterator[tuple[str, dict[str, str | int]]]:
        """The act's name and parameters, once for each supply or cable where it says so."""
        given = {key: self.fill(v) if isinstance(v, str) else v for key, v in act.given.items()}
        match act.each:
            case None:
                yield act.act, given
            case "psu":
                for number in range(1, len(self.feeds) + 1):
                    at: dict[str, str | int] = {"at": f"led:psu{number}"} if act.act == "look" else {"psu": number}
                    yield act.act, {**given, **at}
            case "cable":
                for cable in self.cables:
                    port: dict[str, str | int] = {"port": cable.port or ""} if act.act == "connect-cable" else {}
                    yield act.act, {**given, "cable": cable.label or UNKNOWN, **port}

    def feed_note(self, psu: str) -> str:
        """What stands below a supply in the sketch."""
        feed = next((feed for feed in self.feeds if feed.psu == psu), None)
        return "" if feed is None else " ".join(filter(None, (feed.pdu, feed.outlet and f"outlet {feed.outlet}")))

    def cable_note(self, port: str) -> str:
        """What stands below a port in the sketch."""
        return next((cable.label or UNKNOWN for cable in self.cables if cable.port == port), "no cable")


def facts(procedure: Procedure, inventory: Inventory, board: Board, choice: Choice) -> Facts:
    """What holds and what is said on this visit."""
    flags = _flags(procedure, inventory, board, choice)
    cables = tuple(cable for cable in inventory.cables if cable.port is not None)
    feeds = _feeds(inventory, board)
    words = {
        **_identity(inventory, board, choice, media=procedure.needs in ("usb", "sd")),
        **_cabling(inventory, board, cables),
        "psus": listed([feed.psu for feed in feeds], "and"),
        "here": "",
        "answers": "",
        "power_minutes": POWER_MINUTES,
    }
    return Facts(frozenset(flags), words, feeds, cables)


def _feeds(inventory: Inventory, board: Board) -> tuple[Feed, ...]:
    """One for every supply of the board: one that nobody wrote down has power, too."""
    known = {feed.psu: feed for feed in inventory.feeds}
    return tuple(known.get(name, Feed(psu=name)) for name in board.hands.supplies)


def _flags(procedure: Procedure, inventory: Inventory, board: Board, choice: Choice) -> set[Flag]:
    several, hands = board.hands.nodes > 1, board.hands
    flags: set[Flag] = {board.vendor, "short" if hands.cmos.how == "short" else "jumper"}
    flags.add("mains" if not several or (choice.power == "mains" and procedure.whole_chassis) else "sled")
    if choice.driver in procedure.drivers:
        flags.add(choice.driver)
    if choice.identify:
        flags.add("identify")
    if hands.cmos.battery == "comes-out":
        flags.add("battery")
    if inventory.cable_at("dedicated") is not None:
        flags |= {"present", "extra"}
    elif inventory.spare is not None:
        flags |= {"spare", "extra"}
    else:
        flags.add("move")
    return flags


def _identity(inventory: Inventory, board: Board, choice: Choice, *, media: bool) -> dict[str, str]:
    hands, cmos = board.hands, board.hands.cmos
    technical = inventory.contact("technical")
    return {
        "name": inventory.name,
        "model": inventory.model or UNKNOWN,
        "serial": inventory.serial or UNKNOWN,
        "serial_name": hands.serial_name,
        "serial_at": hands.serial_at,
        "rack": inventory.location.rack or UNKNOWN,
        "unit": inventory.location.unit or UNKNOWN,
        "phone": (technical and technical.phone) or UNKNOWN,
        "identify": hands.identify,
        "identify_at": hands.identify.lower(),
        "bmc_led": hands.bmc_led,
        "bmc_led_at": hands.bmc_led.lower().replace(" ", "-"),
        "bmc_led_alive": hands.bmc_led_alive,
        "jumper": cmos.jumper,
        "jumper_keep": cmos.keep,
        "jumper_clear": cmos.clear,
        "cmos_s": str(cmos.seconds),
        "button_s": str(hands.reset_button_s or ""),
        "file": (hands.media.file if hands.media and media else choice.file) or UNKNOWN,
        "sha256": choice.sha256 or UNKNOWN,
        "place": hands.media.place if hands.media else "",
        "board_part": inventory.spare_board or UNKNOWN,
        "address": inventory.addresses.get("bmc") or UNKNOWN,
    }


def _cabling(inventory: Inventory, board: Board, cables: Sequence[Cable]) -> dict[str, str]:
    ports = board.hands.ports
    own, shared, spare = inventory.cable_at("dedicated"), inventory.cable_at("lan1"), inventory.spare
    new = own or spare
    placed = [f"cable {c.label or UNKNOWN} to port {ports.get(c.port or '', c.port)}" for c in cables]
    labels = [c.label or UNKNOWN for c in cables]
    many = "cables" if len(labels) > 1 else "cable"
    return {
        "bmc_port": ports["dedicated"],
        "shared_port": ports["lan1"],
        "bmc_cable": (own and own.label) or UNKNOWN,
        "shared_cable": (shared and shared.label) or UNKNOWN,
        "spare_cable": (spare and spare.label) or UNKNOWN,
        "management_cable": (new and new.label) or UNKNOWN,
        "switch": (new and new.switch) or UNKNOWN,
        "switch_port": (new and new.switch_port) or UNKNOWN,
        "cables": f"{many} {listed(labels, 'and') or UNKNOWN}",
        "cables_to_ports": listed(placed, "and") or f"cables {UNKNOWN}",
    }


NAMES = {
    "bmc_cable": "cable of port {bmc_port}",
    "shared_cable": "cable of port {shared_port}",
    "spare_cable": "spare cable",
    "management_cable": "management cable",
    "switch": "switch",
    "switch_port": "port of the switch",
    "cables": "network cables",
    "cables_to_ports": "network cables",
    "board_part": "spare board",
    "file": IMAGE[0],
    "sha256": IMAGE[1],
}
"""What is missing where that word is unknown, as a draft names it. Other words have a row of the page, and its name."""


def unknown_words(procedure: Procedure, known: Facts) -> Iterator[str]:
    """What the procedure's own sentences want, and nobody knows."""
    for text in _said(procedure, known):
        for word in placeholders(text):
            if word in NAMES and UNKNOWN in known.words[word]:
                yield known.fill(NAMES[word])


def _said(procedure: Procedure, known: Facts) -> Iterator[str]:
    lines = (*procedure.tools, *procedure.do_not, *procedure.stop)
    yield from (line.text for line in lines if known.holds(line.when))
    yield from (*procedure.report, *procedure.photos)
    for step in procedure.steps:
        if known.holds(step.when):
            yield from (step.do, step.see, step.if_not)
            yield from (said for h in step.hazards if known.holds(h.when) for said in (h.consequence, h.avoid))


def neighbours_consent(inventory: Inventory, board: Board, known: Facts) -> str:
    """What the owners of the other nodes agree to, where their mains are cut; "" where nobody else has them."""
    if board.hands.nodes == 1 or "mains" not in known.flags:
        return ""
    named = listed([_neighbour(n) for n in inventory.neighbours], "and") or UNKNOWN
    return f"The owners of the neighbours agree that their servers stop: {named}."


def _neighbour(neighbour: Neighbour) -> str:
    consent = neighbour.consent
    agreed = f"{consent.by} agreed {consent.at:%Y-%m-%d %H:%M}" if consent else f"consent {UNKNOWN}"
    return f"{neighbour.name} ({agreed})"


def listed(items: Sequence[str], word: str) -> str:
    """ "a", "a and b", "a, b and c"."""
    return f" {word} ".join(filter(None, (", ".join(items[:-1]), *items[-1:])))


def table(inventory: Inventory, board: Board, known: Facts, *, touches_cables: bool) -> Iterator[tuple[str, str]]:
    """The rows of the table of the server, in the order of a walk to it."""
    at = inventory.location
    yield "Site / room", _pair(at.site, " / ", at.room)
    yield "Cage / rack", _pair(at.cage, " / ", at.rack)
    yield "Unit", _pair(at.unit, ", access: ", at.access)
    yield "Server", inventory.name + (f", {inventory.node}" if inventory.node else "")
    yield "Model", inventory.model or UNKNOWN
    yield "Board", board.title
    yield board.hands.serial_name.capitalize(), inventory.serial or UNKNOWN
    yield "Asset tag", inventory.asset_tag or UNKNOWN
    if "browser" in known.flags:
        yield "BMC address", known.words["address"]
    if inventory.neighbours or board.hands.nodes > 1:
        names = listed([n.name + (f" ({n.node})" if n.node else "") for n in inventory.neighbours], "and")
        yield "Same chassis", names or UNKNOWN
    yield "Rear", f"{', '.join(board.hands.rear)} (sketch)"
    for feed in known.feeds:
        yield f"Power {feed.psu}", _feed(feed)
    for cable in inventory.cables if touches_cables else ():
        place = f"Port {board.hands.ports.get(cable.port, cable.port)}" if cable.port else "Spare cable"
        yield place, _cable(cable)


def _pair(one: str | None, between: str, other: str | None) -> str:
    """Both; where nothing is known of either that is said once."""
    return f"{one or UNKNOWN}{between}{other or UNKNOWN}" if one or other else UNKNOWN


def _feed(feed: Feed) -> str:
    outlet = _pair(feed.pdu, " outlet ", feed.outlet)
    return f"cable {feed.cable}, {outlet}" if feed.cable else outlet


def _cable(cable: Cable) -> str:
    colour = f"{cable.colour}, " if cable.colour else ""
    return f"{cable.label or UNKNOWN}, {colour}to {cable.switch or UNKNOWN} port {cable.switch_port or UNKNOWN}"
