"""What the reading of files is given and gives back. Beam is not imported here, so that a state can keep these."""

from __future__ import annotations

import os
from dataclasses import dataclass, field
from typing import Literal

FileKind = Literal["jsonl", "json", "text", "feed", "csv", "parquet", "page", "warc", "dead-letters"]

MAX_BYTES = 16 * 1024 * 1024
"""The longest line of JSONL or row of a table, and the largest text file, saved feed or page, after unpacking.

A ``.json`` file may be 4 times as large, because it has to be held as a whole however many records are in it, and a
dead letter twice as large, because base64 adds a third to its payload and JSON a character to each quotation mark.
"""


@dataclass(frozen=True)
class FileSource:
    """A file to be read, and how."""

    path: str
    """As the user gave it, or as it follows from the list or folder that the user gave."""
    kind: FileKind


@dataclass(frozen=True)
class FileResult:
    """How the reading of a file went.

    Size and mtime_ns were taken before the reading, so that a file that is written to meanwhile counts as changed.
    """

    path: str
    """Of the FileSource, as it may be printed."""
    key: str
    """``file_key`` of the path before the reading, by which the file is remembered."""
    size: int | None
    """Bytes; None where the file could not be found."""
    mtime_ns: int | None
    articles: int
    dead_letters: int
    error: str | None
    """Why the file could not be read, or not to its end; it is then not to be remembered as read."""
    skipped: tuple[tuple[str, int], ...] = ()
    """How many records of a WARC file are no pages, by what they are: requests, not HTML ..."""
    began_at: float = field(default=0.0, compare=False)
    """When its reading began, in Unix seconds."""
    seconds: float = field(default=0.0, compare=False)


def printable(path: str) -> str:
    """A path as it can stand in a record or on a terminal: bytes of a name that are not UTF-8 as ``\\xe9``."""
    try:
        name = path.encode("utf-8", "surrogateescape")
    except UnicodeEncodeError:  # no path of the system, but a typing error with a surrogate in it
        name = path.encode("utf-8", "backslashreplace")
    return name.decode("utf-8", "backslashreplace")


def file_key(path: str) -> str:
    """What a file is remembered by: its path from the root and without links, printable."""
    return printable(os.path.realpath(path))
