"""A line that would eat or block a machine costs that line, and never the virtual server it runs on."""

from __future__ import annotations

import shlex

import pytest

from emulators.host import limits
from emulators.host.commands.automaton import Automaton
from emulators.host.shell_trimming import trimmed
from fwsim.doors import CommandTimeout
from fwsim.rehearsal.memory import MemoryHost, drive
from tests.emulators.host.machine import Machine

pytestmark = pytest.mark.timeout(30)
AGAIN = "Resource temporarily unavailable"

ENDLESS = [
    "while :; do :; done",
    "while true; do while false; do :; done; done",
    "for i in $(seq 20000); do for j in $(seq 20000); do :; done; done",
    "while :; do :; done & while :; do :; done & while :; do :; done & wait",
    "x=1; while :; do x=$((x*x+3)); done",
    "seq 1 1000000000",
    "x=$(seq 100000); while :; do echo $x; done | sleep 1d",
    "x=$(seq 5000); set -- $x; while :; do echo $@ > /dev/null; done",
    "echo 'bash /tmp/a; bash /tmp/a' > /tmp/a; bash /tmp/a",
    "while :; do tar cf /tmp/b.tar /tmp; done",
    "truncate -s 5M /tmp/a; while :; do cp /tmp/a /tmp/b; done",
    "while :; do echo hello | cat & done",
]


@pytest.mark.parametrize("line", ENDLESS)
def test_an_endless_line_meets_its_timeout(line: str) -> None:
    machine = Machine()
    with pytest.raises(CommandTimeout):
        drive(MemoryHost(machine.server).run(["bash", "-c", line], timeout_s=30))
    assert machine.server.now < 32
    assert len(machine.host.processes) <= limits.PROCESSES
    assert drive(MemoryHost(machine.server).run(["echo", "alive"])).stdout == "alive\n"


def test_a_loop_costs_a_bounded_number_of_turns_however_long_it_runs() -> None:
    machine = Machine()
    process, out, _ = machine.start("while :; do echo; done")
    machine.wait(500)
    assert process.status is None
    assert len(out.data) < 3 * 500 * limits.TURNS_A_SECOND


def test_loops_share_the_processors_and_a_command_still_gets_its_turn() -> None:
    machine = Machine()
    for _ in range(3):
        machine.start("while :; do :; done")
    machine.wait(600)
    began = machine.server.now
    assert machine.run("true; ls /etc/hostname").out == "/etc/hostname\n"
    assert machine.server.now - began < 1


def test_a_short_loop_is_not_held_up() -> None:
    machine = Machine()
    began = machine.server.now
    machine.run("i=0; while [ $i -lt 1000 ]; do i=$((i+1)); done")
    assert machine.server.now - began < 1.1


def test_the_same_world_lives_the_same_under_load() -> None:
    def lived() -> tuple[float, str, str]:
        machine = Machine()
        done = machine.run("i=0; while [ $i -lt 2000 ]; do i=$((i+1)); echo $i | cat & done; wait; date +%s.%N")
        return machine.server.now, done.out, done.err

    assert lived() == lived()


@pytest.mark.parametrize("dialect", ["bash", "sh"])
def test_a_shell_that_forks_without_end_is_refused_as_the_kernel_refuses_it(dialect: str) -> None:
    machine = Machine()
    done = machine.run(shlex.join([dialect, "-c", "while :; do sleep 1d & done"]))
    if dialect == "bash":
        assert done.err == f"bash: fork: retry: {AGAIN}\n" * 4 + f"bash: fork: {AGAIN}\n"
        assert done.status == 254
    else:
        assert (done.err, done.status) == ("sh: 0: Cannot fork\n", 2)
    assert machine.run("echo alive").out == "alive\n"


@pytest.mark.parametrize(
    "line",
    [
        "x=aaaaaaaa; while :; do x=$x$x; done",
        "x=$(seq 1 1000000000)",
        "x=$(seq 200000); i=0; while :; do i=$((i+1)); eval v$i='$x$i'; done",
        "x=$(seq 100000); echo $x$x$x$x",
    ],
)
def test_a_text_that_grows_without_end_ends_its_shell(line: str) -> None:
    done = Machine().run(f"{line}; echo not reached")
    assert done.status == 2
    assert done.err.startswith("bash: xrealloc: cannot allocate ")
    assert done.out == ""


@pytest.mark.parametrize(
    "line", ["printf '%01000000000d' 1", "printf %.1000000000d 1", "truncate -s 100M /tmp/a; sort /tmp/a"]
)
def test_a_program_that_makes_too_much_says_that_memory_is_exhausted(line: str) -> None:
    done = Machine().run(line)
    assert done.err.endswith(": memory exhausted\n")
    assert done.status


@pytest.mark.parametrize(
    "line",
    [
        "echo '. /tmp/a' > /tmp/a; . /tmp/a",
        'a=\'eval "$a"\'; eval "$a"',
        "echo " + "$(" * 3000 + ")" * 3000,
        "(" * 3000 + "true" + ")" * 3000,
        "a=1; a=${a:-" + "${a:-" * 800 + "}" * 801,
    ],
    ids=range(5),
)
def test_a_shell_that_calls_itself_without_end_dies_of_its_stack_alone(line: str) -> None:
    machine = Machine()
    process, _, _ = machine.start(line)
    machine.until(process)
    assert (process.status, process.signal) == (139, 11)
    assert machine.run(shlex.join(["bash", "-c", line]) + "; echo $?").out == "139\n"


def test_a_line_or_an_argument_that_exec_does_not_take() -> None:
    machine = Machine()
    assert machine.run("true " + "x " * 70_000).err == "/bin/bash: Argument list too long\n"
    done = machine.run('x=$(seq 50000); wc "$x"')
    assert (done.out, done.status) == ("", 126)
    assert done.err.endswith("bash: line 1: wc: Argument list too long\n")


def test_a_long_script_is_read_in_time_that_grows_with_it_alone() -> None:
    machine = Machine()
    machine.host.files.write("/tmp/a", b"if true; then echo $x$(:); fi\n" * 4000)
    assert machine.run("bash /tmp/a | wc -l").out == "4000\n"


@pytest.mark.parametrize(
    ("line", "out"),
    [
        ("echo aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa | grep -cE '^(a+)+b'", "0\n"),
        ("echo aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaac | grep -oE '(a|aa)+c'", "a" * 38 + "c\n"),
        ("echo 1.22.333 x | grep -oE '([0-9]+[.])+[0-9]+'", "1.22.333\n"),
        ("echo aab xaab | grep -woE '(a+)+b'", "aab\n"),
        ("echo ABab | grep -oiE '(a*b*)*'", "ABab\n"),
        ("printf 'ab\\ncd\\n' | grep -vE '(a+b)+$'", "cd\n"),
        ("echo aaaa | grep -oE '(a{2})+$'", "aaaa\n"),
    ],
)  # fmt: skip
def test_grep_never_tries_for_ever(line: str, out: str) -> None:
    assert Machine().run(line).out == out


def test_an_automaton_takes_the_longest_at_the_leftmost_place() -> None:
    assert list(Automaton("(a|ab)(c|bcd)*", 0).finditer("xabcdab ac")) == ["abcd", "ab", "ac"]
    assert list(Automaton("(b*)*", 0).finditer("abb")) == ["", "bb", ""]


@pytest.mark.parametrize(
    ("value", "op", "pattern", "left"),
    [
        ("a/b/c.tar.gz", "##", "*/", "c.tar.gz"), ("a/b/c.tar.gz", "#", "*/", "b/c.tar.gz"),
        ("a/b/c.tar.gz", "%%", ".*", "a/b/c"), ("a/b/c.tar.gz", "%", ".*", "a/b/c.tar"),
        ("abc", "#", "*", "abc"), ("abc", "##", "*", ""), ("abab", "%", "a[!x]", "ab"), ("a]b", "#", "a[]]", "b"),
        ("abc", "#", "?", "bc"), ("abc", "%%", "x*", "abc"), ("a.b", "#", "a.", "b"), ("axb", "#", "a.", "axb"),
        ("0" * 300_000 + "1", "##", "*1*1*b", "0" * 300_000 + "1"), ("0" * 100_000, "%", "*1*", "0" * 100_000),
    ],
    ids=range(14),
)  # fmt: skip
def test_a_value_is_trimmed_as_the_pattern_says(value: str, op: str, pattern: str, left: str) -> None:
    assert trimmed(value, op, pattern) == left


def test_numbers_are_of_64_bits() -> None:
    done = Machine().run("echo $((9223372036854775807+1)) $((7/-2)) $((-7%3)) $((4611686018427387904*3/3))")
    assert done.out == "-9223372036854775808 -3 -1 -1537228672809129301\n"


def test_a_disk_takes_little_of_our_memory() -> None:
    files = Machine().host.files
    assert files.capacity - files.used <= 1 << 29
