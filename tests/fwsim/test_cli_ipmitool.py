"""Which ipmitool a virtual host gets: this machine's at speed 1, ours at any other, a person's word first."""

from __future__ import annotations

import shutil

import pytest

from fwsim.cli import options
from fwsim.cli.errors import BadInput


@pytest.fixture(params=[True, False], ids=["installed", "not installed"])
def installed(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> bool:
    there = bool(request.param)
    monkeypatch.setattr(shutil, "which", lambda name: f"/usr/bin/{name}" if there else None)
    return there


def test_at_speed_1_this_machines_serves_where_it_is_installed(installed: bool) -> None:
    assert options.ipmitool_at(1, None) == ("real" if installed else "builtin")


def test_at_another_speed_ours_serves_because_its_time_outs_scale(installed: bool) -> None:
    assert options.ipmitool_at(60, None) == "builtin"
    assert options.ipmitool_at(1, "builtin") == "builtin"


def test_the_real_one_on_request_says_that_its_time_outs_are_not_scaled(
    installed: bool, capsys: pytest.CaptureFixture[str]
) -> None:
    if not installed:
        with pytest.raises(BadInput, match="no ipmitool on this machine"):
            options.ipmitool_at(60, "real")
        return
    assert options.ipmitool_at(60, "real") == "real"
    assert "not scaled" in capsys.readouterr().err
