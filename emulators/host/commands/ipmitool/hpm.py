"""`ipmitool hpm`: firmware upgrade by PICMG HPM.1."""

from __future__ import annotations

from emulators.host.commands.ipmitool import hpm_actions, hpm_target
from emulators.host.commands.ipmitool.hpm_link import Link
from emulators.host.commands.ipmitool.hpm_upgrade import Upgrade
from emulators.host.commands.ipmitool.tool import Tool
from emulators.host.commands.ipmitool.usage_more import HPM_USAGE
from emulators.host.commands.ipmitool.values import byte, number
from emulators.host.process import Run

BANNER = "\nPICMG HPM.1 Upgrade Agent 1.0.9: \n"


def main(tool: Tool, argv: list[str]) -> Run[int]:
    link = Link(tool, tool.verbose)
    tool.notice(BANNER)
    match argv:
        case []:
            tool.log("Not enough parameters given.")
            tool.notice(HPM_USAGE)
            return -1
        case ["help", *_]:
            tool.notice(HPM_USAGE)
            return 0
        case ["check", *rest]:
            return (yield from _check(link, rest))
        case ["upgrade" | "compare", *rest]:
            return (yield from _upgrade(link, argv[0], rest))
        case ["activate", *rest]:
            return _status((yield from hpm_actions.activate(link, None, no_rollback=rest == ["norollback"])))
        case ["compprop", component, selector]:
            return (yield from _properties(link, component, selector))
        case ["targetcap" | "abort" | "upgstatus" | "rollback" | "rollbackstatus" | "selftestresult"]:
            link.verbose += 1
            return _status((yield from _simple(link, argv[0])))
    tool.log(f"Invalid HPM command: {argv[0]}")
    tool.notice(HPM_USAGE)
    return -1


def _status(done: bool) -> int:
    return 0 if done else -1


def _simple(link: Link, command: str) -> Run[bool]:
    match command:
        case "targetcap":
            return (yield from link.capabilities()) is not None
        case "abort":
            return (yield from hpm_actions.abort(link))
        case "upgstatus":
            return (yield from link.status(None, silent=False)) is not None
        case "rollback":
            return (yield from hpm_actions.roll_back(link))
        case "rollbackstatus":
            return (yield from hpm_actions.rollback_status(link, None))
    return (yield from hpm_actions.self_test_result(link, None)) is not None


def _check(link: Link, argv: list[str]) -> Run[int]:
    components = yield from hpm_target.check(link, view=not argv)
    if components is None:
        return -1
    if not argv:
        return 0
    return _status((yield from Upgrade(link, components, view=True).run(argv[0])))


def _upgrade(link: Link, command: str, argv: list[str]) -> Run[int]:
    wanted = _wanted(link, argv)
    if wanted is None:
        return -1
    components = yield from hpm_target.check(link, view=False)
    if components is None:
        return -1
    compare = command == "compare"
    upgrade = Upgrade(
        link,
        components,
        force=not compare and "force" in argv,
        compare=compare,
        activate=not compare and "activate" in argv,
        wanted=wanted,
    )
    return _status((yield from upgrade.run(argv[0] if argv else None)))


def _wanted(link: Link, argv: list[str]) -> int | None:
    """The mask of the components named, 0 for all; None after printing what is wrong."""
    mask = 0
    for at, word in enumerate(argv):
        if word != "component":
            continue
        if at + 1 == len(argv):
            link.tool.notice("No component Id provided\n")
            return None
        component = number(argv[at + 1], 0, 8)
        if component is None:
            link.tool.log(f"Given Component ID '{argv[at + 1]}' is invalid.")
            link.tool.log("Valid Compoment ID is: <0..7>")
            return None
        if link.verbose:
            link.tool.notice(f"Component Id {component} provided")
        mask |= 1 << component
    return mask


def _properties(link: Link, component_text: str, selector_text: str) -> Run[int]:
    component, selector = byte(component_text), byte(selector_text)
    if component is None or component > 7:
        link.tool.log(f"Given Component ID '{component_text}' is invalid.")
        link.tool.log("Valid Compoment ID is: <0..7>")
        return -1
    if selector is None or selector > 4:
        link.tool.log(f"Given Properties selector '{selector_text}' is invalid.")
        link.tool.log("Valid Properties selector is: <0..4>")
        return -1
    link.verbose += 1
    return _status((yield from hpm_target.properties(link, component, selector)) is not None)
