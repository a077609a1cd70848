"""The command line: one file a group of commands, and the only place that prints.

`fwsim --help` must answer at once, so nothing heavy is imported before a command runs: each one imports what it needs.
"""

from __future__ import annotations

import os
import sys

TYPERS_INTERRUPT = 130  # how it ends on Ctrl-C, in silence; no command of ours does


def main() -> None:
    """The entry point of the `fwsim` script."""
    from fwsim.cli import errors, unread
    from fwsim.cli.app import app

    _open_what_is_closed()
    unread.survive()
    try:
        app()
    except KeyboardInterrupt:
        sys.exit(errors.stopped())
    except SystemExit as ended:
        if ended.code == TYPERS_INTERRUPT:
            sys.exit(errors.stopped())
        raise
    except Exception as error:
        sys.exit(errors.tell(error))


def _open_what_is_closed() -> None:
    """A stream that our parent has closed (`>&-`) is None here, and nobody expects that."""
    sys.stdout = sys.stdout or open(os.devnull, "w", encoding="utf-8")  # noqa: SIM115 - until the process ends
    sys.stderr = sys.stderr or open(os.devnull, "w", encoding="utf-8")  # noqa: SIM115 - the same
