"""Times as ipmitool 1.8.19 prints them in the C locale, in UTC (a virtual host's time zone)."""

from __future__ import annotations

import time

INIT_DONE = 0x20000000  # up to here a stamp counts from the BMC's start
UNSPECIFIED = 0xFFFFFFFF
DAY_S = 86400


def _format(stamp: int, layout: str) -> str:
    return time.strftime(layout, time.gmtime(stamp))


def numeric(stamp: int) -> str:
    """Date and time with the zone."""
    if stamp == UNSPECIFIED:
        return "Unspecified"
    if stamp < INIT_DONE:
        return _format(stamp, "S+ %H:%M:%S" if stamp < DAY_S else "S+ %y/%j %H:%M:%S")
    return _format(stamp, "%m/%d/%y %H:%M:%S") + " UTC"


def long_text(stamp: int) -> str:
    """As asctime() writes it, with the zone."""
    if stamp == UNSPECIFIED:
        return "Unspecified"
    if stamp < INIT_DONE:
        return _format(stamp, "S+ %H:%M:%S" if stamp < DAY_S else "S+ %y years %j days %H:%M:%S")
    return _format(stamp, "%a %b %e %H:%M:%S %Y") + " UTC"


def date(stamp: int) -> str:
    if stamp == UNSPECIFIED:
        return "Unspecified"
    return _format(stamp, "S+ %y/%j" if stamp < INIT_DONE else "%m/%d/%y")


def clock(stamp: int) -> str:
    if stamp == UNSPECIFIED:
        return "Unspecified"
    return _format(stamp, "%H:%M:%S") + " UTC"
