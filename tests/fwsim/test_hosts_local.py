"""Commands on this machine."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from fwsim.doors import CommandTimeout
from fwsim.hosts.local import LocalHost


def test_a_command_gives_status_and_both_outputs() -> None:
    done = asyncio.run(LocalHost().run(("sh", "-c", "cat; echo err >&2; exit 3"), stdin=b"words"))
    assert (done.status, done.stdout, done.stderr) == (3, "words", "err\n")


def test_a_signal_is_128_and_its_number() -> None:
    assert asyncio.run(LocalHost().run(("sh", "-c", "kill -9 $$"))).status == 137


def test_what_is_not_installed_is_127_as_in_a_shell() -> None:
    assert asyncio.run(LocalHost().run(("no-such-program-anywhere",))).status == 127


def test_a_command_that_does_not_end_in_time_is_a_timeout_and_goes_on() -> None:
    async def too_long() -> None:
        host = LocalHost()
        with pytest.raises(CommandTimeout):
            await host.run(("sleep", "1"), timeout_s=0.1)
        (process,) = host.left
        assert process.returncode is None
        assert await process.wait() == 0

    asyncio.run(too_long())


def test_a_file_is_copied_and_read(tmp_path: Path) -> None:
    async def act() -> bytes:
        host = LocalHost()
        (tmp_path / "a").write_bytes(b"\x00\xff")
        await host.put(tmp_path / "a", str(tmp_path / "b"))
        return await host.get(str(tmp_path / "b"))

    assert asyncio.run(act()) == b"\x00\xff"
