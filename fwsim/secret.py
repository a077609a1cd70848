"""Where a password comes from. Files and plans name the source; the password itself is read when it is needed."""

from __future__ import annotations

import getpass
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any, Literal, Self

from pydantic import BaseModel, ConfigDict, ValidationInfo, model_validator

_SOURCES = "{env: NAME}, {file: PATH} or {prompt: true}"


_read_from: set[str] = set()  # environment variables


def environment() -> dict[str, str]:
    """For the processes that fwsim starts: its own, without the variables that a password was read from."""
    return {name: value for name, value in os.environ.items() if name not in _read_from}


class SecretUnavailable(Exception):
    """A password could not be read from where the plan says. The message names the source, never the password."""


class Secret(BaseModel):
    """Exactly one source: an environment variable, a file's first line, or a question on the terminal."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    env: str | None = None
    file: Path | None = None
    prompt: Literal[True] | None = None

    @model_validator(mode="before")
    @classmethod
    def _no_literal(cls, value: Any) -> Any:
        if not isinstance(value, (dict, Secret)):
            raise ValueError(f"a plan holds no password; write where it comes from: {_SOURCES}")
        if isinstance(value, dict) and set(value) - set(cls.model_fields):
            raise ValueError(f"expected exactly one of {_SOURCES}")  # an unknown key may be the password: not repeated
        return value

    @model_validator(mode="after")
    def _exactly_one(self, info: ValidationInfo) -> Self:
        if sum(source is not None for source in (self.env, self.file, self.prompt)) != 1:
            raise ValueError(f"expected exactly one of {_SOURCES}")
        if self.env is not None and not self.env.isidentifier():
            raise ValueError("env: expected the name of an environment variable, not the password itself")
        if self.file is not None:
            folder = Path((info.context or {}).get("folder", ""))
            object.__setattr__(self, "file", folder / self.file.expanduser())
        return self

    def __str__(self) -> str:
        if self.env is not None:
            return f"environment variable {self.env}"
        return f"file {self.file}" if self.file is not None else "a question on the terminal"

    def read(self, question: str, *, ask: Callable[[str], str] = getpass.getpass) -> str:
        """The password. `question` is what a person is asked. Raises SecretUnavailable."""
        if self.env is not None:
            _read_from.add(self.env)
            return self._checked(os.environ.get(self.env), f"the environment variable {self.env} is not set")
        if self.file is not None:
            return self._from_file(self.file)
        try:
            return self._checked(ask(f"{question}: "), "no password was typed")
        except (EOFError, OSError) as error:
            raise SecretUnavailable("there is no terminal to ask for the password on; use env or file") from error

    def _from_file(self, file: Path) -> str:
        try:
            text = file.read_text("utf-8")
        except (OSError, UnicodeDecodeError) as error:
            reason = error.strerror if isinstance(error, OSError) else "is no UTF-8 text"
            raise SecretUnavailable(f"the password file {file} cannot be read: {reason}") from error
        return self._checked(text.split("\n")[0].rstrip("\r"), f"the password file {file} begins with an empty line")

    @staticmethod
    def _checked(secret: str | None, complaint: str) -> str:
        if not secret:
            raise SecretUnavailable(complaint)
        return secret
