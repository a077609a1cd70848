"""What generic event types mean (ipmitool 1.8.19, include/ipmitool/ipmi_sel.h; the wording is its own)."""

from __future__ import annotations

Table = dict[int, tuple[tuple[int, int, str], ...]]
"""Code -> (offset, event data 2 or 0xff for any, description)."""

GENERIC: Table = {
    0x01: (
        (0x00, 0xFF, "Lower Non-critical going low "),
        (0x01, 0xFF, "Lower Non-critical going high"),
        (0x02, 0xFF, "Lower Critical going low "),
        (0x03, 0xFF, "Lower Critical going high"),
        (0x04, 0xFF, "Lower Non-recoverable going low "),
        (0x05, 0xFF, "Lower Non-recoverable going high"),
        (0x06, 0xFF, "Upper Non-critical going low "),
        (0x07, 0xFF, "Upper Non-critical going high"),
        (0x08, 0xFF, "Upper Critical going low "),
        (0x09, 0xFF, "Upper Critical going high"),
        (0x0A, 0xFF, "Upper Non-recoverable going low "),
        (0x0B, 0xFF, "Upper Non-recoverable going high"),
    ),
    0x02: (
        (0x00, 0xFF, "Transition to Idle"),
        (0x01, 0xFF, "Transition to Active"),
        (0x02, 0xFF, "Transition to Busy"),
    ),
    0x03: (
        (0x00, 0xFF, "State Deasserted"),
        (0x01, 0xFF, "State Asserted"),
    ),
    0x04: (
        (0x00, 0xFF, "Predictive Failure Deasserted"),
        (0x01, 0xFF, "Predictive Failure Asserted"),
    ),
    0x05: (
        (0x00, 0xFF, "Limit Not Exceeded"),
        (0x01, 0xFF, "Limit Exceeded"),
    ),
    0x06: (
        (0x00, 0xFF, "Performance Met"),
        (0x01, 0xFF, "Performance Lags"),
    ),
    0x07: (
        (0x00, 0xFF, "Transition to OK"),
        (0x01, 0xFF, "Transition to Non-critical from OK"),
        (0x02, 0xFF, "Transition to Critical from less severe"),
        (0x03, 0xFF, "Transition to Non-recoverable from less severe"),
        (0x04, 0xFF, "Transition to Non-critical from more severe"),
        (0x05, 0xFF, "Transition to Critical from Non-recoverable"),
        (0x06, 0xFF, "Transition to Non-recoverable"),
        (0x07, 0xFF, "Monitor"),
        (0x08, 0xFF, "Informational"),
    ),
    0x08: (
        (0x00, 0xFF, "Device Absent"),
        (0x01, 0xFF, "Device Present"),
    ),
    0x09: (
        (0x00, 0xFF, "Device Disabled"),
        (0x01, 0xFF, "Device Enabled"),
    ),
    0x0A: (
        (0x00, 0xFF, "Transition to Running"),
        (0x01, 0xFF, "Transition to In Test"),
        (0x02, 0xFF, "Transition to Power Off"),
        (0x03, 0xFF, "Transition to On Line"),
        (0x04, 0xFF, "Transition to Off Line"),
        (0x05, 0xFF, "Transition to Off Duty"),
        (0x06, 0xFF, "Transition to Degraded"),
        (0x07, 0xFF, "Transition to Power Save"),
        (0x08, 0xFF, "Install Error"),
    ),
    0x0B: (
        (0x00, 0xFF, "Fully Redundant"),
        (0x01, 0xFF, "Redundancy Lost"),
        (0x02, 0xFF, "Redundancy Degraded"),
        (0x03, 0xFF, "Non-Redundant: Sufficient from Redundant"),
        (0x04, 0xFF, "Non-Redundant: Sufficient from Insufficient"),
        (0x05, 0xFF, "Non-Redundant: Insufficient Resources"),
        (0x06, 0xFF, "Redundancy Degraded from Fully Redundant"),
        (0x07, 0xFF, "Redundancy Degraded from Non-Redundant"),
    ),
    0x0C: (
        (0x00, 0xFF, "D0 Power State"),
        (0x01, 0xFF, "D1 Power State"),
        (0x02, 0xFF, "D2 Power State"),
        (0x03, 0xFF, "D3 Power State"),
    ),
}
