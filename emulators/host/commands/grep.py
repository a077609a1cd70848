"""grep: basic, extended (-E) and fixed (-F) patterns."""

from __future__ import annotations

import re

from emulators.host.commands.automaton import Matcher
from emulators.host.commands.options import Options, Usage, parse
from emulators.host.commands.reading import lines_fit, read_or_say
from emulators.host.process import Invocation, Run

LONG = (
    "extended-regexp",
    "fixed-strings",
    "ignore-case",
    "invert-match",
    "quiet",
    "silent",
    "count",
    "only-matching",
    "line-number",
    "regexp=",
    "max-count=",
    "color=?",
    "files-with-matches",
    "no-messages",
    "word-regexp",
)


def grep(inv: Invocation) -> Run[int]:
    options = parse(inv, "EFGivqcone:m:lswxhHaPA:B:r", LONG, status=2)
    patterns, paths = options.all("-e", "--regexp"), options.rest
    if not patterns:
        if not paths:
            raise Usage("Usage: grep [OPTION]... PATTERNS [FILE]...\nTry 'grep --help' for more information.\n", 2)
        patterns, paths = [paths[0]], paths[1:]
    matcher = _matcher(options, patterns)
    hits, failed = 0, False
    for path in paths or ("-",):
        problem = "" if options.has("-s", "--no-messages") else "grep: {path}: {reason}"
        data = yield from read_or_say(inv, path, problem)
        if data is None:
            failed = True
            continue
        name = f"{'(standard input)' if path == '-' else path}:" if len(paths) > 1 or options.has("-H") else ""
        hits += _search(inv, options, matcher, data, "" if options.has("-h") else name)
        if hits and options.has("-q", "--quiet", "--silent"):
            return 0
    return 2 if failed else 0 if hits else 1


def _search(inv: Invocation, options: Options, matcher: Matcher, data: bytes, name: str) -> int:
    invert = options.has("-v", "--invert-match")
    last = data.count(b"\n") + 1
    limit = int(options.last("-m", "--max-count") or -1)
    hits = 0
    lines_fit(len(data))
    for number, line in enumerate(data.decode(errors="surrogateescape").split("\n"), 1):
        if number > 1 and line == "" and number == last:
            break  # what follows the last newline is no line
        if matcher.matches(line) == invert or hits == limit:
            continue
        hits += 1
        if options.has("-q", "--quiet", "--silent", "-c", "--count", "-l", "--files-with-matches"):
            continue
        place = name + (f"{number}:" if options.has("-n", "--line-number") else "")
        found = [text for text in matcher.found(line) if text] if options.has("-o", "--only-matching") else [line]
        for text in found:
            inv.stdout.write(f"{place}{text}\n".encode(errors="surrogateescape"))
    if options.has("-c", "--count"):
        inv.out(f"{name}{hits}\n")
    elif hits and options.has("-l", "--files-with-matches"):
        inv.out(f"{name.rstrip(':') or '(standard input)'}\n")
    return hits


def _matcher(options: Options, patterns: list[str]) -> Matcher:
    alternatives = [part for pattern in patterns for part in pattern.split("\n")]
    if options.has("-F", "--fixed-strings"):
        alternatives = [re.escape(part) for part in alternatives]
    elif not options.has("-E", "-P", "--extended-regexp"):
        alternatives = [basic_to_extended(part) for part in alternatives]
    text = "|".join(f"(?:{_classes(part)})" for part in alternatives)
    if options.has("-w", "--word-regexp"):
        text = rf"(?<!\w)(?:{text})(?!\w)"
    if options.has("-x"):
        text = f"^(?:{text})$"
    try:
        return Matcher(text, re.IGNORECASE if options.has("-i", "--ignore-case") else 0)
    except re.error as problem:
        raise Usage("grep: Invalid regular expression\n", 2) from problem


def basic_to_extended(pattern: str) -> str:
    """In basic patterns ( ) { } | + ? are plain, and special behind a backslash. A leading * is plain too."""
    text, at = "", 0
    while at < len(pattern):
        character = pattern[at]
        if character == "\\" and pattern[at + 1 : at + 2] in tuple("(){}|+?"):
            text, at = text + pattern[at + 1], at + 2
        elif character == "\\":
            text, at = text + pattern[at : at + 2], at + 2
        elif character == "[":
            end = pattern.find("]", at + 2)
            end = len(pattern) - 1 if end < 0 else end
            text, at = text + pattern[at : end + 1], end + 1
        elif character in "(){}|+?" or (character == "*" and text in ("", "^")):
            text, at = text + "\\" + character, at + 1
        else:
            text, at = text + character, at + 1
    return text


def _classes(pattern: str) -> str:
    """POSIX classes as Python knows them."""
    for name, members in (
        ("[:space:]", r"\s"),
        ("[:digit:]", "0-9"),
        ("[:alpha:]", "A-Za-z"),
        ("[:alnum:]", "A-Za-z0-9"),
        ("[:xdigit:]", "0-9A-Fa-f"),
        ("[:upper:]", "A-Z"),
        ("[:lower:]", "a-z"),
        ("[:blank:]", " \t"),
    ):
        pattern = pattern.replace(name, members)
    return pattern.replace("\\<", r"\b").replace("\\>", r"\b")
