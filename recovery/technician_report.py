"""What a technician's report says, in the words of `--observed`: lights, fans, screen, link."""

from __future__ import annotations

import re
from collections.abc import Iterator

from recovery.technician import Report

FANS = {"stopped": "off", "normal": "normal", "full speed": "100%"}
SCREEN = (
    (r"dark", "none"),
    (r".*Press F1", "f1"),
    (r".*(Setup Utility|System Setup\n)", "setup"),
    (r".*(proper Boot device|No boot device)", "no-boot-device"),
    (r".*passphrase", "passphrase"),
    (r".*login:", "system"),
    (r".*\b[0-9A-F]{2}$", "code"),
    (r".+", "logo"),
)
"""The first that fits what the screen shows."""


def observed(report: Report) -> str:
    """All that was seen, as `fwsim ticket close --observed` takes it."""
    return ",".join(f"{name}={value}" for name, value in _all(report))


def _all(report: Report) -> Iterator[tuple[str, str]]:
    seen = report.seen
    if seen.get("fans") in FANS:
        yield "fans", FANS[seen["fans"]]
    if report.screen:
        yield "video", next(name for shape, name in SCREEN if re.match(shape, report.screen, re.DOTALL))
    for led in ("led:bmc-heartbeat", "led:health"):
        if led in seen:
            yield "bmc_led", "off" if seen[led] == "off" else "blinking" if "blinking" in seen[led] else "steady"
    if "led:power" in seen:
        yield "power_led", "off" if seen["led:power"] == "off" else "on"
    supplies = [state != "off" for name, state in seen.items() if name.startswith("led:psu")]
    if supplies:
        yield "psu", "all" if all(supplies) else "some" if any(supplies) else "none"
    if "port:dedicated" in seen:
        yield "bmc_link", "lit" if seen["port:dedicated"].endswith("link light on") else "dark"
