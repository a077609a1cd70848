"""Command line options the GNU way: clusters, long names, values, options behind arguments, `--`."""

from __future__ import annotations

import getopt
import posixpath
from dataclasses import dataclass
from functools import cached_property, lru_cache

from emulators.host.process import Invocation


@dataclass
class Usage(Exception):
    """A command line that the command refuses: what it prints on standard error, and its exit status."""

    text: str
    status: int


@dataclass(frozen=True)
class Options:
    """`given` in order: ("-n", "5"), ("--lines", "5"), ("-q", ""). `rest`: the arguments."""

    given: tuple[tuple[str, str], ...]
    rest: tuple[str, ...]

    def has(self, *names: str) -> bool:
        return not self._names.isdisjoint(names)

    @cached_property
    def _names(self) -> frozenset[str]:
        return frozenset(name for name, _ in self.given)

    def last(self, *names: str) -> str | None:
        """The value given last under any of these names."""
        return next((value for name, value in reversed(self.given) if name in names), None)

    def all(self, *names: str) -> list[str]:
        return [value for name, value in self.given if name in names]


def parse(
    inv: Invocation, short: str = "", long: tuple[str, ...] = (), *, status: int = 1, in_order: bool = False
) -> Options:
    """Options as getopt(3) takes them; `in_order` stops at the first argument. Raises Usage in coreutils' words.

    A long name with "=" takes a value, with "=?" it may.
    """
    try:
        return _read(inv.argv[1:], short, long, in_order)
    except getopt.GetoptError as problem:
        name = posixpath.basename(inv.argv[0])
        raise Usage(f"{name}: {_words(problem, inv)}\n{hint(name)}", status) from problem


@lru_cache(maxsize=1024)  # polls come with the same words again and again
def _read(argv: tuple[str, ...], short: str, long: tuple[str, ...], in_order: bool) -> Options:
    optional = tuple(f"--{item[:-2]}" for item in long if item.endswith("=?"))
    words, loose = _loose(argv, optional)
    reader = getopt.getopt if in_order else getopt.gnu_getopt
    given, rest = reader(words, short, [item for item in long if not item.endswith("=?")])
    return Options((*given, *loose), tuple(rest))


def _loose(argv: tuple[str, ...], optional: tuple[str, ...]) -> tuple[list[str], list[tuple[str, str]]]:
    """Takes out the options whose value may be left out: getopt does not know them."""
    words: list[str] = []
    found: list[tuple[str, str]] = []
    for number, word in enumerate(argv):
        if word == "--":
            return [*words, *argv[number:]], found
        name, _, value = word.partition("=")
        if name in optional:
            found.append((name, value))
        else:
            words.append(word)
    return words, found


def hint(name: str) -> str:
    """Coreutils' last line of a refusal."""
    return f"Try '{name} --help' for more information.\n"


def _words(problem: getopt.GetoptError, inv: Invocation) -> str:
    long = len(problem.opt) > 1 or any(word.split("=")[0] == f"--{problem.opt}" for word in inv.argv)
    if "requires argument" in problem.msg:
        return (
            f"option '--{problem.opt}' requires an argument"
            if long
            else f"option requires an argument -- '{problem.opt}'"
        )
    if "must not have" in problem.msg:
        return f"option '--{problem.opt}' doesn't allow an argument"
    if long:
        word = next((word for word in inv.argv if word.startswith(f"--{problem.opt}")), f"--{problem.opt}")
        return f"unrecognized option '{word}'"
    return f"invalid option -- '{problem.opt}'"
