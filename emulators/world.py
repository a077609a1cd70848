"""What truly happened on the virtual server: judges read it, the engine and recovery never do."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

Record = dict[str, Any]

KINDS = frozenset(
    (
        *("fault-armed", "fault-fired", "fault-healed", "fault-never-fired"),
        *("hpm-answer", "hpm-mute", "hpm-silent", "hpm-slow"),
        *("flash-started", "flash-finished", "flash-failed", "flash-interrupted", "flash-stalled", "flash-decayed"),
        *("bmc-dark", "bmc-up", "bmc-dead", "bmc-forgot", "bmc-lan-reverted", "bmc-went-back", "bmc-rollback"),
        *(
            "bmc-image-not-activated",
            "bmc-factory-default",
            "bmc-login-refused",
            "host-login-refused",
            "lan-mode",
            "lan-setting",
        ),
        *("bios-forgot", "bios-settings-changed", "bios-setup", "bios-staged", "bios-update-by-bmc"),
        *("engine-not-in-recovery", "job-created", "job-ended", "job-stuck"),
        *("post", "post-hung", "post-restarted", "no-boot-device", "console-asks", "cmos-cleared"),
        *("usb-recovery", "sd-recovery", "board-replaced"),
        *(
            "host-up",
            "host-hung",
            "host-shutdown",
            "host-power-off",
            "logins-dropped",
            "host-keys-made",
            "watchdog-expired",
        ),
        *("mains", "sled", "cable", "hands", "neighbours-lost-power", "payload-corrupted"),
        *("opened-under-mains", "touched-under-mains", "touched-without-strap"),
    )
)
"""What a server's life leaves in its record. What is done to it by whomever is told besides where a lab watches it."""


class World:
    """Keeps records {at, kind, ...}; `sink` (world.jsonl of a home) is given each of them as it is made."""

    def __init__(self, sink: Callable[[Record], None] | None = None) -> None:
        self.records: list[Record] = []
        self.sink = sink

    def record(self, at: float, kind: str, **fields: Any) -> None:
        """Note something that happened at simulated second `at`."""
        entry: Record = {"at": round(at, 6), "kind": kind, **fields}
        self.records.append(entry)
        if self.sink is not None:
            self.sink(entry)
