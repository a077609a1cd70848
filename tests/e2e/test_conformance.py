"""Every cell of the conformance table is run against a virtual BMC, and the README shows what was seen."""

from __future__ import annotations

import os

import pytest

from tests.e2e import conformance
from tests.e2e.conformance_rows import Cell
from tests.tools import require_tool

pytestmark = [pytest.mark.wire, pytest.mark.e2e, pytest.mark.timeout(240)]


def test_the_readme_shows_what_every_client_was_answered() -> None:
    for tool in conformance.NEEDS:
        require_tool(tool)
    try:
        seen = conformance.table()
    except PermissionError as error:
        if os.environ.get("FWSIM_REQUIRE_ALL") == "1":
            raise
        pytest.skip(f"ipmiutil and the pings want port 623: {error}")
    assert "FAILED" not in seen
    assert seen == conformance.written(), "python -m tests.e2e.conformance writes the table anew"


def test_an_answer_that_lacks_what_was_expected_is_no_success() -> None:
    cell = Cell("mc info", "Product ID")
    assert conformance.outcome(cell, (0, "Product ID: 1")) == "ok"
    assert conformance.outcome(cell, (0, "")) == "FAILED (0)"
    assert conformance.outcome(cell, (1, "")) == "FAILED (1)"
    assert conformance.outcome(cell, (1, ""), full=False) == "exit 1"
    assert conformance.outcome(cell, (1, "... rsp=0xd4): Insufficient privilege level")) == "d4"
    assert conformance.outcome("no such command", None) == "-"
