"""Which ipmitool serves: the built-in one, or the machine's own binary on an argument list that we build.

The binary gets `-I lanplus` to the private KCS listener from us, and of the user's words only those that name neither
a device, a file, an address nor a secret: what is not on the lists below is served by the built-in one. Files of the
virtual host are handed over as copies; a script for `exec` goes in on standard input, after each line was looked at.
"""

from __future__ import annotations

import getopt
import shlex
from dataclasses import dataclass, replace

from emulators.host.commands.ipmitool import main as built_in
from emulators.host.commands.reading import STDIN, place
from emulators.host.process import External, Invocation, Run, Stdin

SHORT = "I:46hVvcgsEKYao:H:d:P:f:U:p:C:L:A:t:T:m:z:S:l:b:B:e:k:y:O:R:N:D:Z"  # ipmitool 1.8.19, lib/ipmi_main.c
PASSED = {"-v", "-c", "-s", "-g", "-V", "-h", "-o", "-t", "-T", "-m", "-b", "-B", "-l", "-R", "-N", "-e", "-Z", "-z"}
PLAIN = {
    "mc": None, "bmc": None, "chassis": None, "power": None, "lan": None, "user": None, "channel": None, "raw": None,
    "sensor": None, "session": None,
    "sel": {"info", "list", "elist", "get", "clear", "time", "delete"},
    "sdr": {"list", "elist", "get", "info", "type", "entity"},
    "fru": {"print", "list"},
    "sol": {"info", "set"},
    "dcmi": {"discover", "power", "sensors", "get_mc_id_string", "thermalpolicy", "get_temp_reading"},
    "delloem": {"lan", "mac", "powermonitor", "setled"},
}  # fmt: skip
"""Commands that touch no file, and which of their words: None = all."""


@dataclass(frozen=True)
class Line:
    """A command line taken apart."""

    options: tuple[tuple[str, str], ...]
    words: tuple[str, ...]


def ipmitool(inv: Invocation) -> Run[int]:
    """Serve by the machine's binary where the home has one and the line is on the lists, else by the built-in."""
    request = None
    if inv.host.kcs_wire is not None and inv.host.server.spec.ipmitool == "real" and inv.user == "root":
        request = yield from _request(inv)
    if request is None:
        return (yield from built_in(inv))
    if not inv.host.kcs.device_present:
        inv.err("Could not open device at /dev/ipmi0 or /dev/ipmi/0 or /dev/ipmidev/0: No such file or directory\n")
        return 1
    status: int = yield request
    return status


def _request(inv: Invocation) -> Run[External | None]:
    """The outside program to run, or None where the built-in one serves."""
    line = taken_apart(inv.argv[1:])
    if line is None or not in_band(line) or not line.words:
        return None
    words, stdin = list(line.words), Stdin()
    if line.words[0] == "hpm":
        index = hpm_file(line.words)
        if index == 0 or (index is not None and not _readable(inv, words[index])):
            return None
        if index is not None:
            words[index] = _copied(inv, words[index])
        stdin = inv.stdin
    elif line.words[0] == "exec":
        script = yield from _script(inv, line)
        if script is None:
            return None
        words, stdin = ["exec", "/dev/stdin"], Stdin(script)
    elif not plain(line.words):
        return None
    return External((*_prefix(inv), *_kept(line), *words), stdin, inv.stdout, inv.stderr)


def taken_apart(argv: tuple[str, ...]) -> Line | None:
    """As the binary's getopt does it, options behind words included. None where it would refuse the line."""
    try:
        options, words = getopt.gnu_getopt(list(argv), SHORT)
    except getopt.GetoptError:
        return None
    return Line(tuple(options), tuple(words))


def in_band(line: Line) -> bool:
    """Does the line mean this host's own BMC through the first device?"""
    interfaces = [value for name, value in line.options if name == "-I"]
    devices = [value for name, value in line.options if name == "-d"]
    known = all(name in PASSED or name in ("-I", "-d") for name, _ in line.options)
    return known and all(i == "open" for i in interfaces) and all(d == "0" for d in devices)


def plain(words: tuple[str, ...]) -> bool:
    """Is this a command that touches no file? No word of it may look like an option: the binary's getopt permutes."""
    if words[0] not in PLAIN or any(word.startswith("-") for word in words):
        return False
    allowed = PLAIN[words[0]]
    return allowed is None or len(words) == 1 or words[1] in allowed


def hpm_file(words: tuple[str, ...]) -> int | None:
    """Where the image's name stands; None where there is none; 0 where the words are not hpm's own."""
    rest = words[2:]
    if any(word.startswith("-") for word in words):
        return 0
    options = ("force", "all", "activate", "debug", "component", "compinfo", "help")
    if words[1:2] not in (("check",), ("upgrade",), ("activate",), ("targetcap",), ("compprop",), ("abort",),
                          ("upgstatus",), ("rollback",), ("rollbackstatus",), ("selftestresult",)):  # fmt: skip
        return 0
    names = [i for i, word in enumerate(rest, 2) if word not in options and not word.isdigit()]
    if not names:
        return None
    return names[0] if names == [2] and words[1] in ("check", "upgrade") else 0


def _script(inv: Invocation, line: Line) -> Run[bytes | None]:
    """The lines for `exec`, or None where one of them is not on the lists."""
    if len(line.words) != 2:
        return None
    if line.words[1] in STDIN[1:]:
        data = yield from inv.stdin.read()
        inv.stdin.pending += data  # the built-in one reads it where it serves after all
    elif _readable(inv, line.words[1]):
        data = inv.host.files.read(place(inv, line.words[1]), inv.user)
    else:
        return None
    for text in data.decode(errors="replace").splitlines():
        try:
            words = tuple(shlex.split(text, comments=True))
        except ValueError:
            return None
        if words and not plain(words):
            return None
    return data


def _readable(inv: Invocation, path: str) -> bool:
    try:
        inv.host.files.read(place(inv, path), inv.user)
    except OSError:
        return False
    return True


def _copied(inv: Invocation, path: str) -> str:
    assert inv.host.kcs_wire is not None
    return inv.host.kcs_wire.materialise(inv.host.files.real_path(place(inv, path)))


def _prefix(inv: Invocation) -> tuple[str, ...]:
    wire = inv.host.kcs_wire
    assert wire is not None
    return (
        "ipmitool",
        "-I",
        "lanplus",
        "-H",
        wire.host,
        "-p",
        str(wire.port),
        "-U",
        wire.user,
        "-f",
        str(wire.password_file),
    )


def _kept(line: Line) -> tuple[str, ...]:
    return tuple(
        part for name, value in line.options if name in PASSED for part in ((name, value) if value else (name,))
    )


def served_by_the_machine(inv: Invocation, argv: tuple[str, ...]) -> bool:
    """For tests: would the machine's binary be started for this line?"""
    run = _request(replace(inv, argv=("ipmitool", *argv)))
    try:
        next(run)
    except StopIteration as stop:
        return stop.value is not None
    return False
