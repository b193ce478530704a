"""What claimwire's files are called: the one place that both those who write them and those who read them back ask.

    FOLDER/2026-11-20/articles-0123abcd-000007-89abcdef-00000.jsonl.zst
           day        kind     state    pass   attempt  number form

Every name begins with the kind of its records. The name of a pass (state, number, attempt) is used by no other pass of
any run, so that two states can share a folder.
"""

from __future__ import annotations

import re
from datetime import date
from pathlib import Path
from typing import Literal, get_args

Kind = Literal["articles", "claims", "dead-letters", "events", "threads", "stories", "messages", "rows"]

ARTICLES: Kind = "articles"
CLAIMS: Kind = "claims"
"""Claims alone, one row each, beside the articles that they are in."""
DEAD_LETTERS: Kind = "dead-letters"
EVENTS: Kind = "events"
THREADS: Kind = "threads"
"""Threads and stories that a pass has changed, for topics."""
STORIES: Kind = "stories"
MESSAGES: Kind = "messages"
"""Messages for topics, staged until their transaction; they never are an output."""
ROWS: Kind = "rows"
"""Records for a store, likewise."""

IN_PROGRESS = ".inprogress"
"""Ends the name of a file that is still being written."""
UNFINISHED = (IN_PROGRESS, ".tmp")
"""Endings of files that nobody reads: claimwire's own, and the one that other programs use."""

DATABASE = "state.db"
"""In a state directory; the folder that holds it is one."""
LOCK = "lock"
SCRATCH = "scratch"
"""Folder in a state directory for what workers report to the driver."""
STDOUT_FOLDER = "stdout"
"""Folder in a state directory for what is staged for stdout."""
MESSAGES_FOLDER = "messages"
"""Folder in a state directory for messages and rows that wait for their transaction."""
DELIVERIES_FOLDER = "deliveries"
"""Folder in a state directory for what WebSub hubs delivered, until a run reads it."""
REFUSED_FOLDER = "refused"
"""Folder in a state directory for dead letters of messages that a topic refused."""

_RECORDS = r"\.(jsonl(\.gz|\.zst)?|parquet)"
_OWN_CLAIMS = rf"{CLAIMS}-[0-9a-f]{{8}}-"
_OWN_OUTPUT = re.compile(
    rf"({ARTICLES}|{EVENTS}|{DEAD_LETTERS})-[0-9a-f]{{8}}-.*{_RECORDS}|{_OWN_CLAIMS}.*({_RECORDS}|\.csv)"
)
_ARTICLES = re.compile(rf"(?!{DEAD_LETTERS}|{EVENTS}|{_OWN_CLAIMS}).*{_RECORDS}")
_EVENTS = re.compile(rf"{EVENTS}-[0-9a-f]{{8}}-.*\.jsonl(\.gz|\.zst)?")
_DEAD_LETTERS = re.compile(rf"{DEAD_LETTERS}.*\.jsonl(\.gz|\.zst)?", re.IGNORECASE)


def pass_name(state_id: str, number: int, attempt: str) -> str:
    """The name of a pass: that of its state, its number in it, and that of the run which makes it."""
    return f"{state_id}-{number:06}-{attempt}"


def idle_name(state_id: str) -> str:
    """What stands in the place of a pass's name for runs in which there was nothing new, all of which share it."""
    return f"{state_id}-idle"


def stem(kind: Kind, name: str) -> str:
    """What the names of the files of one kind begin with; ``name`` is that of a pass, or any other."""
    return f"{kind}-{name}"


def archive(name: str) -> str:
    """The name of a WARC file with the pages that were fetched; ``name`` is that of a pass."""
    return f"pages-{name}.warc.gz"


def numbered(stem: str, number: int, form: str) -> str:
    """The name of a file, by its place among those with the same stem, and its form (``jsonl.gz``, ``parquet``)."""
    return f"{stem}-{number:05}.{form}"


def of_day(folder: Path, day: date) -> Path:
    """The folder for what was written on a day (UTC) below the folder of a sink."""
    return folder / day.isoformat()


def in_progress(path: Path) -> Path:
    """Where a file is written until it is whole."""
    return path.with_name(path.name + IN_PROGRESS)


def kind_of(name: str) -> str:
    """The kind of records that a file written under ``stem`` holds, by its name."""
    return next((kind for kind in get_args(Kind) if name.startswith(f"{kind}-")), "")


def is_own_output(name: str) -> bool:
    """Whether a run has given a file this name, so that it is not a source."""
    return _OWN_OUTPUT.fullmatch(name) is not None


def may_hold_articles(name: str) -> bool:
    """Whether a file with this name can hold enriched records; a user may have renamed it."""
    return _ARTICLES.fullmatch(name) is not None


def holds_dead_letters(name: str) -> bool:
    """Whether a file with this name holds dead letters, and can be replayed."""
    return _DEAD_LETTERS.fullmatch(name) is not None


def holds_events(name: str) -> bool:
    """Whether a file with this name holds events, a line of JSON each."""
    return _EVENTS.fullmatch(name) is not None


def is_of_state(name: str) -> bool:
    """Whether an entry of a state directory is the state itself, or not yet output, rather than a source or record."""
    return name.startswith(DATABASE) or name in (LOCK, SCRATCH, STDOUT_FOLDER, MESSAGES_FOLDER, DELIVERIES_FOLDER)
