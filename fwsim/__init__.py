"""The firmware update: one engine for real hosts and for virtual servers, which it cannot tell apart."""

__version__ = "0.1.0"
