"""Our shell against the real one, and against itself."""

from __future__ import annotations

import shlex
import subprocess
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.emulators.host.machine import Machine
from tests.tools import require_tool

MACHINE = Machine()
WORDS = st.lists(
    st.text(st.characters(blacklist_characters="\0", blacklist_categories=["Cs"]), max_size=20), max_size=6
)


@settings(deadline=None, max_examples=300)
@given(WORDS)
def test_a_quoted_word_arrives_as_it_was(words: list[str]) -> None:
    line = shlex.join(["printf", r"%s\0", *words])
    done = MACHINE.run(line)
    assert done.out.split("\0")[:-1] == (words or [""])


@settings(deadline=None, max_examples=300)
@given(st.text(alphabet="ab $'\"\\`|&;<>(){}#*?~!=\n", max_size=25))
def test_no_text_stops_the_shell(text: str) -> None:
    assert MACHINE.run(text).status in range(256)


LINES = Path(__file__).with_name("shell_lines.txt").read_text("utf-8").removesuffix("\n").split("\n---\n")


@pytest.mark.parametrize("line", LINES)
def test_the_shell_does_what_bash_does(line: str, tmp_path: Path) -> None:
    bash = require_tool("bash")
    real = subprocess.run(
        [bash, "-c", line], cwd=tmp_path, env={"PATH": "/usr/bin:/bin", "HOME": "/root", "LC_ALL": "C"},
        stdin=subprocess.DEVNULL, capture_output=True, timeout=20, start_new_session=True,
    )  # fmt: skip
    machine = Machine()
    ours = machine.run(line)
    expected = (real.returncode, real.stdout.decode(), real.stderr.decode().replace(bash, "bash"))
    assert (ours.status, ours.out, ours.err) == expected


DASH = ["foo", "foo )", "cat < nofile", "echo > /nx/y", "/nx/foo", 'echo "abc', "exec foo", "cd /nx", "fi", "echo a |"]


@pytest.mark.parametrize("line", DASH)
def test_sh_words_its_errors_as_dash(line: str, tmp_path: Path) -> None:
    real = subprocess.run(
        [require_tool("dash"), "-c", line], cwd=tmp_path, capture_output=True, timeout=20, check=False
    )
    ours = Machine().run(shlex.join(["sh", "-c", line]))
    assert (ours.status, ours.out) == (real.returncode, real.stdout.decode())
    assert ours.err == real.stderr.decode().replace(require_tool("dash"), "sh")


def test_output_reaches_a_file_while_the_command_runs() -> None:
    machine = Machine()
    process, _, _ = machine.start("for i in 1 2 3; do echo line $i; sleep 10; done > /root/log 2>&1")
    machine.wait(11)
    assert process.status is None
    assert machine.run("tail -c +8 /root/log").out == "line 2\n"
    machine.until(process)
    assert machine.host.files.read("/root/log") == b"line 1\nline 2\nline 3\n"


def test_a_pipe_passes_output_on_while_its_writer_runs() -> None:
    machine = Machine()
    machine.start("(echo a; sleep 100; echo b) | tee /root/log")
    machine.wait(1)
    assert machine.host.files.read("/root/log") == b"a\n"


def test_a_writer_whose_reader_has_gone_ends() -> None:
    machine = Machine()
    process, out, _ = machine.start("while true; do echo y; sleep 1; done | head -3; echo ${#}")
    machine.wait(20)
    assert process.status == 0
    assert out.text == "y\ny\ny\n0\n"
    assert machine.host.processes == {}


def test_a_signal_to_the_shell_ends_the_whole_pipeline() -> None:
    machine = Machine()
    process, _, _ = machine.start("(sleep 1000; echo late > /root/late) | cat")
    process.kill(1)
    machine.wait(2000)
    assert process.status == 129
    assert machine.host.processes == {}
    assert not machine.host.files.exists("/root/late")


def test_a_background_command_outlives_its_shell() -> None:
    machine = Machine()
    assert machine.run("(sleep 5; echo done > /root/late) & echo started").out == "started\n"
    machine.wait(10)
    assert machine.host.files.read("/root/late") == b"done\n"
