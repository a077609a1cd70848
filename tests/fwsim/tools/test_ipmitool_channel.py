"""`ipmitool channel info`: may IPMI come in by that channel now?"""

from __future__ import annotations

import pytest

from fwsim.tools.ipmitool import lan

INFO = """\
Channel 0x1 info:
  Channel Medium Type   : 802.3 LAN
  Volatile(active) Settings
    Alerting            : enabled
    Access Mode         : {now}
  Non-Volatile Settings
    Alerting            : enabled
    Access Mode         : {later}
"""


@pytest.mark.parametrize(
    ("now", "later", "off"),
    [("disabled", "disabled", True), ("disabled", "always available", True), ("always available", "disabled", False)],
)
def test_what_counts_is_the_access_that_is_in_force(now: str, later: str, off: bool) -> None:
    assert lan.is_switched_off(INFO.format(now=now, later=later)) is off


def test_nothing_said_is_nothing_switched_off() -> None:
    assert not lan.is_switched_off("")
