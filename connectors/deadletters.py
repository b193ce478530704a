"""Dead letters: how input that could not be processed is kept."""

from __future__ import annotations

import hashlib
import re
from datetime import UTC, datetime

from claimwire.schemas.codec import payload
from claimwire.schemas.records import DeadLetter, Failure, Origin


def dead_letter(
    stage: str,
    error: Exception,
    data: bytes,
    origin: Origin,
    *,
    attempts: int = 1,
    first_failed_at: datetime | None = None,
) -> DeadLetter:
    """The dead letter for ``data`` that the named stage refused with ``error``.

    ``origin`` says where the data was read. ``attempts`` counts the failures, this one included; ``first_failed_at``
    is now unless given.
    """
    text, encoding = payload(data)
    return DeadLetter(
        stage=stage,
        # An error may quote a lone surrogate out of the input, and then could not be written itself.
        error=Failure(type=type(error).__name__, message=str(error).encode("utf-8", "replace").decode("utf-8")),
        payload=text,
        encoding=encoding,
        source=origin,
        attempts=attempts,
        first_failed_at=first_failed_at or datetime.now(UTC),
    )


_FETCHED_AT = re.compile(r'"fetched_at": "[^"]*"')


def letter_key(letter: DeadLetter) -> str:
    """What a dead letter is, whenever it failed; after another attempt it is another one.

    The payload of what came from a feed says when it was fetched, which is another time at every run.
    """
    payload = _FETCHED_AT.sub("", letter.payload)
    what = "\0".join((letter.stage, str(letter.source), str(letter.attempts), payload))
    return hashlib.blake2b(what.encode(), digest_size=16).hexdigest()
