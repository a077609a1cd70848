"""Where a BMC answers and who logs in there, with the count of refused logins that both clients keep."""

from __future__ import annotations

from dataclasses import dataclass, field

from fwsim.doors import LOGIN_TRIES, BmcAuthenticationRefused

WEB = 443


@dataclass(frozen=True)
class BmcAddress:
    host: str
    user: str
    password: str = field(repr=False)
    port: int = 623
    cipher_suite: int | None = None  # None: the best that both ends offer
    web: int | None = None  # where its web pages listen instead of 443: a virtual server's, on loopback

    def tcp(self, port: int) -> int:
        """Where what belongs at that port really listens."""
        return self.web if port == WEB and self.web is not None else port


class Logins:
    """Counts refusals; after the second nobody logs in any more."""

    def __init__(self, user: str) -> None:
        self._user, self._refused = user, 0

    def allow(self) -> None:
        """Raises BmcAuthenticationRefused once the tries are used up."""
        if self._refused >= LOGIN_TRIES:
            raise BmcAuthenticationRefused(f"{self._user} was refused {self._refused} times; not tried again")

    def refused(self, text: str) -> BmcAuthenticationRefused:
        self._refused += 1
        return BmcAuthenticationRefused(f"the BMC refused {self._user}: {text}")
