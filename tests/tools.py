"""Programs of the machine that some tests drive: a missing one skips, or fails where everything must run."""

from __future__ import annotations

import os
import shutil

import pytest


def require_tool(name: str) -> str:
    """The path of a program. Without it the test is skipped; with FWSIM_REQUIRE_ALL=1 it fails."""
    found = shutil.which(name) or shutil.which(name, path="/usr/sbin:/sbin")
    if found is None:
        reason = f"this test drives the real {name}, which is not installed"
        if os.environ.get("FWSIM_REQUIRE_ALL") == "1":
            pytest.fail(reason)
        pytest.skip(reason)
    return found
