"""The Docker Engine, and what is ours in it: everything has one prefix and one label."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from typing import Any

PREFIX = "fwsim-"
ESTATE, FOLDER, ROLE = "fwsim.estate", "fwsim.folder", "fwsim.role"  # labels: which one, its folder, what this is of it

Client = Any  # docker.DockerClient: the library ships no types


class DockerError(Exception):
    """Docker cannot do it. The message says what to do next."""


class NoEngine(DockerError):
    """There is no engine to talk to."""


class Refused(DockerError):
    """The engine says no."""


def connect() -> Client:
    """A client of this machine's engine. Raises NoEngine."""
    try:
        import docker
        import docker.errors
    except ImportError as error:
        raise NoEngine("Python's docker library is not installed: pip install 'fwsim[docker]'") from error
    try:
        client = docker.from_env(timeout=120)
        client.ping()
    except docker.errors.DockerException as error:
        why = f"no Docker Engine answers ({_last(error)}); is it installed and started, and may you use it?"
        raise NoEngine(why) from error
    return client


@contextlib.contextmanager
def told(doing: str) -> Iterator[None]:
    """The engine's refusals in our words. Raises Refused."""
    import docker.errors
    import requests

    try:
        yield
    except docker.errors.DockerException as error:
        raise Refused(f"Docker does not {doing}: {_last(error)}") from error
    except requests.RequestException as error:
        raise NoEngine(f"the Docker Engine has gone while it was to {doing}: {_last(error)}") from error


def labels(estate: str, folder: str, role: str) -> dict[str, str]:
    """Of everything that is made for an estate."""
    return {ESTATE: estate, FOLDER: folder, ROLE: role}


def _last(error: Exception) -> str:
    """What the engine itself says, without the library's words around it."""
    words = getattr(error, "explanation", None) or str(error)
    return str(words).strip().splitlines()[-1] if str(words).strip() else type(error).__name__
