"""Numbers as people read them."""

from __future__ import annotations

from datetime import UTC, datetime

KINDS = {"bmc": "BMC", "bios": "BIOS"}


def duration(seconds: float) -> str:
    """0.4 s, 42 s, 4 min 02 s, 1 h 07 min."""
    if seconds < 9.95:
        return f"{max(0.0, seconds):.1f} s"
    whole = round(seconds)
    if whole < 60:
        return f"{whole} s"
    if whole < 3600:
        return f"{whole // 60} min {whole % 60:02} s"
    return f"{whole // 3600} h {whole % 3600 // 60:02} min"


def clock(seconds: float) -> str:
    """0:07:41: what a clock shows that began at zero."""
    whole = max(0, int(seconds))
    return f"{whole // 3600}:{whole % 3600 // 60:02}:{whole % 60:02}"


def rate(value: float, unit: str) -> str:
    """Bytes get their usual prefixes, other units stay as they are."""
    if unit not in ("B", "bytes"):
        return f"{value:.1f} {unit}/s" if unit else f"{value:.1f}/s"
    for prefix, size in (("M", 1e6), ("k", 1e3)):
        if value >= size:
            return f"{value / size:.1f} {prefix}B/s"
    return f"{value:.0f} B/s"


def moment(epoch: float) -> str:
    """Unix time as a day and a time in UTC."""
    return datetime.fromtimestamp(epoch, UTC).strftime("%Y-%m-%d %H:%M:%S UTC")
