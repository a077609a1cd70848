"""Commands that run other commands: sudo, timeout, env, nohup, bash, sh; and sleep, which, kill, ps."""

from __future__ import annotations

import errno
import posixpath
import re
import time
from dataclasses import replace

from emulators.host import programs
from emulators.host.commands.options import Usage, hint, parse
from emulators.host.commands.reading import place
from emulators.host.process import SIGKILL, SIGTERM, Exited, Invocation, Killed, Run
from emulators.host.shell import Shell, Streams

SIGNALS = {
    "HUP": 1,
    "INT": 2,
    "QUIT": 3,
    "KILL": SIGKILL,
    "USR1": 10,
    "USR2": 12,
    "TERM": SIGTERM,
    "CONT": 18,
    "STOP": 19,
}
UNITS_S = {"": 1, "s": 1, "m": 60, "h": 3600, "d": 86400}


def seconds(text: str) -> float | None:
    """`1.5`, `2m`; None for anything else."""
    match = re.fullmatch(r"(\d+\.?\d*|\.\d+)([smhd]?)", text)
    if text in ("inf", "infinity"):
        return 1e9
    return float(match[1]) * UNITS_S[match[2]] if match else None


def sleep(inv: Invocation) -> Run[int]:
    words = parse(inv).rest
    if not words:
        raise Usage(f"sleep: missing operand\n{hint('sleep')}", 1)
    total = 0.0
    for word in words:
        span = seconds(word)
        if span is None:
            raise Usage(f"sleep: invalid time interval '{word}'\n{hint('sleep')}", 1)
        total += span
    yield total
    return 0


def timeout(inv: Invocation) -> Run[int]:
    """124 when the time is up. The command is a process of its own, so a signal can end it alone."""
    long = ("kill-after=", "signal=", "foreground", "preserve-status", "verbose")
    options = parse(inv, "k:s:v", long, status=125, in_order=True)
    if len(options.rest) < 2:
        raise Usage(hint("timeout"), 125)
    limit = seconds(options.rest[0])
    if limit is None:
        raise Usage(f"timeout: invalid time interval '{options.rest[0]}'\n{hint('timeout')}", 125)
    wanted = signal_number(options.last("-s", "--signal") or "TERM")
    if wanted is None:
        raise Usage(f"timeout: {options.last('-s', '--signal')}: invalid signal\n{hint('timeout')}", 125)
    run = _started(inv, options.rest[1:], "timeout: failed to run command '{name}': {reason}")
    if isinstance(run, int):
        return run
    child = inv.host.prepare(" ".join(options.rest[1:]), run)
    late = False

    def expire() -> None:
        nonlocal late
        late = child.status is None
        child.kill(wanted or SIGTERM)

    timer = inv.host.server.agenda.after(limit, expire) if limit else None
    child.start()
    try:
        if child.status is None:
            yield Exited(child)
    except Killed as killed:
        child.kill(killed.signal)
        raise
    finally:
        if timer is not None:
            timer.cancel()
    if late and not options.has("--preserve-status"):
        return 124 if wanted != SIGKILL else 137
    return child.status or 0


def _started(inv: Invocation, argv: tuple[str, ...], words: str) -> Run[int] | int:
    try:
        return programs.start(replace(inv, argv=argv))
    except programs.CannotRun as problem:
        inv.err(words.format(name=problem.name, reason=problem.reason) + "\n")
        return problem.status


def env(inv: Invocation) -> Run[int]:
    options = parse(inv, "iu:0", ("ignore-environment", "unset="), status=125, in_order=True)
    values = {} if options.has("-i", "--ignore-environment") else dict(inv.env)
    for name in options.all("-u", "--unset"):
        values.pop(name, None)
    rest = list(options.rest)
    while rest and "=" in rest[0]:
        name, _, value = rest.pop(0).partition("=")
        values[name] = value
    if not rest:
        inv.out("".join(f"{name}={value}\n" for name, value in values.items()))
        return 0
    run = _started(replace(inv, env=values), tuple(rest), "env: '{name}': {reason}")
    return run if isinstance(run, int) else (yield from run)


def _passing(inv: Invocation, argv: tuple[str, ...]) -> Run[int]:
    name = posixpath.basename(inv.argv[0])
    if not argv:
        raise Usage(f"{name}: missing operand\n{hint(name)}", 125)
    run = _started(inv, argv, f"{name}: failed to run command '{{name}}': {{reason}}")
    return run if isinstance(run, int) else (yield from run)


def nohup(inv: Invocation) -> Run[int]:
    return (yield from _passing(inv, inv.argv[1:]))


def setsid(inv: Invocation) -> Run[int]:
    rest = tuple(word for word in inv.argv[1:] if word not in ("-w", "--wait", "-f", "--fork", "-c"))
    return (yield from _passing(inv, rest))


def nice(inv: Invocation) -> Run[int]:
    return (yield from _passing(inv, parse(inv, "n:", ("adjustment=",), in_order=True).rest))


def stdbuf(inv: Invocation) -> Run[int]:
    return (yield from _passing(inv, parse(inv, "i:o:e:", ("input=", "output=", "error="), in_order=True).rest))


def sudo(inv: Invocation) -> Run[int]:
    """Every account of the virtual host is a sudoer without a password."""
    options = parse(
        inv, "nkKESHiu:g:vlsb", ("non-interactive", "preserve-env", "user=", "login", "validate", "list"), in_order=True
    )
    user = options.last("-u", "--user") or "root"
    home = inv.host.home(user)
    if home is None:
        raise Usage(f"sudo: unknown user {user}\nsudo: error initializing audit plugin sudoers_audit\n", 1)
    if options.has("-v", "--validate", "-k", "-K") and not options.rest:
        return 0
    if options.has("-l", "--list") and not options.rest:
        inv.out(
            f"User {inv.user} may run the following commands on {inv.host.hostname}:\n    (ALL : ALL) NOPASSWD: ALL\n"
        )
        return 0
    values = {**inv.host.environment(user), "PATH": programs.ROOT_PATH, "SUDO_USER": inv.user}
    rest = list(options.rest)
    while rest and re.match(r"[A-Za-z_]\w*=", rest[0]):
        name, _, value = rest.pop(0).partition("=")
        values[name] = value
    if not rest:
        if not options.has("-i", "-s", "--login"):
            raise Usage(SUDO_USAGE, 1)
        rest = ["/bin/bash"]
    run = _started(replace(inv, env=values, user=user), tuple(rest), "sudo: {name}: command not found")
    return 1 if isinstance(run, int) else (yield from run)


SUDO_USAGE = (
    "usage: sudo -h | -K | -k | -V\n"
    "usage: sudo -v [-ABkNnS] [-g group] [-h host] [-p prompt] [-u user]\n"
    "usage: sudo -l [-ABkNnS] [-g group] [-h host] [-p prompt] [-U user] [-u user] [command]\n"
    "usage: sudo [-ABbEHkNnPS] [-C num] [-D directory] [-g group] [-h host] [-p prompt] [-R directory] [-T timeout] "
    "[-u user] [VAR=value] [-i|-s] [<command>]\n"
    "usage: sudo -e [-ABkNnS] [-C num] [-D directory] [-g group] [-h host] [-p prompt] [-R directory] [-T timeout] "
    "[-u user] file ...\n"
)


def bash(inv: Invocation) -> Run[int]:
    return (yield from _shell(inv, "bash"))


def sh(inv: Invocation) -> Run[int]:
    return (yield from _shell(inv, "dash"))


def _shell(inv: Invocation, dialect: str) -> Run[int]:
    """-c TEXT [NAME [ARGUMENT]...], a script file, or standard input."""
    words = list(inv.argv[1:])
    flags = ""
    while words and words[0][:1] == "-" and words[0] != "-":
        flag = words.pop(0)
        flags += "" if flag.startswith("--") else flag[1:]
    name = posixpath.basename(inv.argv[0])
    shell = Shell(
        inv.host,
        inv.user,
        env=inv.env,
        cwd=inv.cwd,
        name=name,
        dialect="dash" if dialect == "dash" else "bash",
        tty=inv.tty,
    )
    shell.options |= {
        option for letter, option in (("e", "errexit"), ("u", "nounset"), ("x", "xtrace")) if letter in flags
    }
    streams = Streams(inv.stdin, inv.stdout, inv.stderr)
    if "c" in flags:
        if not words:
            inv.err(
                f"{name}: -c: option requires an argument\n"
                if dialect == "bash"
                else f"{name}: 0: -c requires an argument\n"
            )
            return 2
        text, shell.name, shell.arguments = words[0], (words[1:2] or [name])[0], words[2:]
        return (yield from shell.run(text, streams, title=f"{shell.name}: -c"))
    if words:
        try:
            text = inv.host.files.read(place(inv, words[0]), inv.user).decode(errors="surrogateescape")
        except OSError as problem:
            absent = problem.errno == errno.ENOENT
            if dialect == "bash":
                inv.err(f"{name}: {words[0]}: {problem.strerror}\n")
                return 127 if absent else 126
            inv.err(f"{name}: 0: cannot open {words[0]}: {'No such file' if absent else problem.strerror}\n")
            return 2
        shell.name, shell.arguments = words[0], words[1:]
        return (yield from shell.run(text, streams))
    text = (yield from inv.stdin.read()).decode(errors="surrogateescape")
    return (yield from shell.run(text, replace(streams)))


def which(inv: Invocation) -> Run[int]:
    yield from ()
    names = [word for word in inv.argv[1:] if word not in ("-a", "-s")]
    found = [programs.find(inv.host, name, inv.env, inv.cwd, inv.user) for name in names]
    inv.out("".join(f"{path}\n" for path in found if path))
    return 0 if names and all(found) else 1


def signal_number(text: str) -> int | None:
    """`TERM`, `SIGTERM` or `15`."""
    return int(text) if text.isdigit() else SIGNALS.get(text.upper().removeprefix("SIG"))


def kill(inv: Invocation) -> Run[int]:
    words = list(inv.argv[1:])
    if words[:1] == ["-l"]:
        inv.out(" ".join(SIGNALS) + "\n")
        return 0
    number: int | None = SIGTERM
    if words and words[0] == "-s" and len(words) > 1:
        number, words = signal_number(words[1]), words[2:]
    elif words and words[0].startswith("-") and len(words[0]) > 1:
        number = signal_number(words.pop(0)[1:])
    if number is None or not words:
        inv.err("kill: usage: kill [-s sigspec | -n signum | -sigspec] pid | jobspec ... or kill -l [sigspec]\n")
        return 2 if number is None else 1
    status = 0
    for word in words:
        process = inv.host.processes.get(int(word)) if word.isdigit() else None
        if process is None:
            inv.err(
                f"kill: ({word}) - No such process\n"
                if word.isdigit()
                else f"kill: {word}: arguments must be process or job IDs\n"
            )
            status = 1
        elif number:
            process.kill(number)
    yield 0
    return status


def ps(inv: Invocation) -> Run[int]:
    """All processes whatever the options: pid, terminal, time, command line."""
    yield from ()
    inv.out("    PID TTY          TIME CMD\n")
    for pid, process in sorted(inv.host.processes.items()):
        spent = time.strftime("%H:%M:%S", time.gmtime(inv.host.server.agenda.now - process.started))
        inv.out(f"{pid:>7} {'pts/0' if inv.tty else '?':<8} {spent} {process.name}\n")
    return 0
