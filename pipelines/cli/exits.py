"""How a command ends: the one place where errors become messages and exit codes."""

from __future__ import annotations

import logging
import os
import sqlite3
import sys
from collections.abc import Callable

import click

from claimwire.errors import ClaimwireError, UsageError

DONE, FAILED, USAGE, STOPPED = 0, 1, 2, 4
"""What the command exits with; 3 is the setting ``incomplete_exit``."""

EXIT_CODES = (
    "Exit codes: 0 done (nothing new included), 1 failed, 2 usage or settings, "
    "3 done, but sources failed or dead letters were written (--incomplete-exit sets another), "
    "4 ended early by a signal; the next run does the rest."
)


KEEPS_A_LOG = "claimwire.log"
"""In the ``meta`` of click's context: this command has set up logging, and reports in the form that was asked for."""


def exit_code(action: Callable[[], int | None], after: Callable[[], str] = lambda: "") -> int:
    """Do something; its exit code, or that of the error that ended it, which is then reported on stderr.

    Args:
        action: gives an exit code, or None where it is done.
        after: what to add to the message of an error that is not the user's.
    """
    try:
        return action() or DONE
    except UsageError as error:
        report(str(error))
        return USAGE
    except ClaimwireError as error:
        report(f"{error}{after()}")
    except BrokenPipeError:
        report("stdout was closed before everything was written; the next run writes the rest")
        close_stdout()
    except (OSError, sqlite3.Error) as error:
        report(f"{error}{after()}")
    return FAILED


def report(message: str) -> None:
    """Print an error: as a line of the log for a command that keeps one, else plainly."""
    from claimwire.pipelines.normalize.text import escaped  # noqa: PLC0415 - only for errors

    message = " ".join(message.split())  # YAML's tells over several lines where it is wrong
    context = click.get_current_context(silent=True)
    if context and context.meta.get(KEEPS_A_LOG):
        logging.getLogger("claimwire").error("%s", message)
    else:
        click.echo(escaped(f"claimwire: {message}"), err=True)


def close_stdout() -> None:
    """Let nothing more be written to a stdout that nobody reads: Python would try to flush what is left of it."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
