"""ip: the host's interfaces (names and MACs are the board's, links follow the cables). ping: the BMC and itself."""

from __future__ import annotations

from dataclasses import dataclass

from emulators import echo
from emulators.host.commands.options import Usage, parse
from emulators.host.process import Invocation, Run

LOOPBACK = "00:00:00:00:00:00"
COUNT, WAIT_S = 4, 10.0  # of ping; the real one goes on for ever where no count is given


@dataclass(frozen=True)
class Link:
    name: str
    mac: str
    up: bool
    address: str | None


def links(inv: Invocation) -> list[Link]:
    """The loopback and the board's own ports. The first port has the host's address."""
    server = inv.host.server
    found = [Link("lo", LOOPBACK, True, "127.0.0.1/8")]
    first = True
    for nic in server.board.nics:
        if nic.name is None:
            continue
        address = f"{server.spec.host_address}/24" if first else None
        name = server.nvram.port_name(server.board.nics, nic) or nic.name
        found.append(Link(name, nic.mac, nic.port in server.network.cables, address))
        first = False
    return found


def ip(inv: Invocation) -> Run[int]:
    """`ip [-br] [-4] link|addr|route [show] [dev NAME]`."""
    yield from ()
    words = list(inv.argv[1:])
    flags = [words.pop(0) for _ in range(len(words)) if words and words[0].startswith("-")]
    brief = any(flag in ("-br", "-brief") for flag in flags)
    what, *rest = words or [""]
    rest = [word for word in rest if word not in ("show", "list", "ls", "dev")]
    if what in ("r", "ro", "route"):
        return _route(inv)
    if not what or not ("link".startswith(what) or "address".startswith(what)):
        text = (
            f'Object "{what}" is unknown, try "ip help".\n'
            if what
            else "Usage: ip [ OPTIONS ] OBJECT { COMMAND | help }\n"
        )
        raise Usage(text, 1 if what else 255)
    shown = [link for link in links(inv) if not rest or link.name == rest[0]]
    if rest and not shown:
        raise Usage(f'Device "{rest[0]}" does not exist.\n', 1)
    for number, link in enumerate(links(inv), 1):
        if link in shown:
            inv.out(_line(link, what.startswith("l"), brief, number))
    return 0


def _flags(link: Link) -> str:
    if link.name == "lo":
        return "<LOOPBACK,UP,LOWER_UP>"
    return "<BROADCAST,MULTICAST,UP,LOWER_UP>" if link.up else "<NO-CARRIER,BROADCAST,MULTICAST,UP>"


def _line(link: Link, as_link: bool, brief: bool, number: int) -> str:
    state = "UNKNOWN" if link.name == "lo" else "UP" if link.up else "DOWN"
    if brief and as_link:
        return f"{link.name:<16} {state:<14} {link.mac} {_flags(link)} \n"
    if brief:
        return f"{link.name:<16} {state:<14} {link.address + ' ' if link.address else ''}\n"
    loopback = link.name == "lo"
    mtu, queue = (65536, "noqueue") if loopback else (1500, "mq")
    mode = " mode DEFAULT" if as_link else ""
    text = (
        f"{number}: {link.name}: {_flags(link)} mtu {mtu} qdisc {queue} state {state}{mode} group default qlen 1000\n"
    )
    ends = "00:00:00:00:00:00" if loopback else "ff:ff:ff:ff:ff:ff"
    text += f"    link/{'loopback' if loopback else 'ether'} {link.mac} brd {ends}\n"
    if not as_link and link.address:
        scope = f"scope {'host' if loopback else 'global'} {link.name}"
        text += f"    inet {link.address} {scope}\n       valid_lft forever preferred_lft forever\n"
    return text


def _route(inv: Invocation) -> int:
    own = next((link for link in links(inv) if link.address and link.name != "lo"), None)
    if own is not None and own.address:
        address = own.address.split("/")[0]
        network = address.rsplit(".", 1)[0]
        inv.out(f"default via {network}.1 dev {own.name} onlink \n")
        inv.out(f"{network}.0/24 dev {own.name} proto kernel scope link src {address} \n")
    return 0


def ping(inv: Invocation) -> Run[int]:
    """Itself, and the BMC at its address where a network joins them; nobody else is there."""
    options = parse(inv, "c:i:nqW:w:46", status=2)
    if not options.rest:
        raise Usage("ping: usage error: Destination address required\n", 1)
    target, server = options.rest[0], inv.host.server
    own = ("127.0.0.1", "localhost", server.spec.host_address)
    sent = echo.Pinging(
        target,
        int(options.last("-c") or COUNT),
        float(options.last("-W") or WAIT_S),
        lambda: target in own or echo.heard(server, target),
    )
    yield from sent.steps()
    inv.out(sent.output)
    return sent.status
