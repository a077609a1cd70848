"""The Docker Engine for tests, and the image of virtual servers, which is made once a session."""

from __future__ import annotations

import os
import time
from collections.abc import Callable
from functools import cache
from typing import Any

import pytest

from emulators.docker import engine, image

PATIENCE_S = 60.0


@cache
def _connected() -> Any:
    """One client for all tests of this process."""
    return engine.connect()


def require_engine() -> Any:
    """A client. Without an engine the test is skipped; with FWSIM_REQUIRE_ALL=1 it fails."""
    try:
        return _connected()
    except engine.NoEngine as error:
        if os.environ.get("FWSIM_REQUIRE_ALL") == "1":
            pytest.fail(str(error))
        pytest.skip(str(error))


def made() -> str:
    """The image's name. Its base is made with debootstrap, and kept for the next time."""
    client = require_engine()
    try:
        return image.find(client)
    except image.NoImage:
        return image.build(client, image.debootstrap(client, print), print)


def until(what: Callable[[], object], patience_s: float = PATIENCE_S) -> None:
    """Wait for something that happens on the wall clock, in a container."""
    deadline = time.monotonic() + patience_s
    while not what():
        assert time.monotonic() < deadline, "it never happened"
        time.sleep(0.1)
