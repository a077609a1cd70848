"""`ip -br link`: names and MACs of the host's network interfaces, which a BIOS update may rename."""

from __future__ import annotations

from dataclasses import dataclass

from fwsim.tools import Argv, Unparsable

LIST: Argv = ("ip", "-br", "link")


@dataclass(frozen=True)
class Interface:
    """One interface. `state` as printed: UP, DOWN, UNKNOWN."""

    name: str
    state: str
    mac: str


def parse(stdout: str) -> tuple[Interface, ...]:
    """Every interface but loopback. Raises Unparsable."""
    found = []
    for line in stdout.splitlines():
        words = line.split()
        if not words:
            continue
        if len(words) < 3:
            raise Unparsable("ip -br link", "name, state and MAC", line)
        if words[0] != "lo":
            found.append(Interface(words[0].split("@")[0], words[1], words[2].lower()))
    return tuple(found)


def differences(before: tuple[Interface, ...], after: tuple[Interface, ...]) -> dict[str, tuple[str, str]]:
    """Interfaces that lost their name, by MAC: mac -> (name before, name after)."""
    old, new = ({i.mac: i.name for i in interfaces} for interfaces in (before, after))
    return {mac: (name, new.get(mac, "gone")) for mac, name in old.items() if new.get(mac) != name}
