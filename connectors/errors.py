"""What cannot be read as a source: as an error where it was asked for, as a value where it stands among others."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from claimwire.connectors.files.records import printable
from claimwire.connectors.web.http import without_password
from claimwire.errors import ClaimwireError, UsageError


class SourceError(UsageError, ValueError):
    """What was named cannot be a source: the message names it, and says what would be right."""

    def __init__(self, name: str, problem: str) -> None:
        self.name = printable(without_password(name))
        self.problem = printable(problem)
        super().__init__(f"{self.name}: {self.problem}")


@dataclass(frozen=True)
class BrokenSource:
    """What a list names, or a folder holds, and cannot be a source; the rest of the list or folder is read."""

    name: str
    """Its path, or its URL without the password, as it may be printed."""
    problem: str
    """What is wrong and what would be right, without the name; for an entry of a list, with the line."""


class Unreadable(ClaimwireError, ValueError):  # noqa: N818 - the name says what is wrong
    """A file, or a piece of one, holds bytes that are nothing claimwire reads. It becomes a dead letter."""


@contextmanager
def naming(path: str | os.PathLike[str]) -> Iterator[None]:
    """Within, an error of the system says which file it is about; those of ``write`` and ``fsync`` do not."""
    try:
        yield
    except OSError as error:
        if error.errno and error.filename is None:
            error.filename = os.fspath(path)
        raise
