"""Dead letters: how input that could not be processed is kept for replay."""

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
    """Make a dead letter.

    Args:
        stage: The stage that refused the input (see ``DeadLetter.stage``).
        error: The error.
        data: The original bytes.
        origin: Where they were read.
        attempts: The number of failures, including this one.
        first_failed_at: The time of the first failure; now by default.
    """
    text, encoding = payload(data)
    return DeadLetter(
        stage=stage,
        # An error message may quote a lone surrogate from the input, which could not be encoded.
        error=Failure(type=type(error).__name__, message=str(error).encode("utf-8", "replace").decode("utf-8")),
        payload=text,
        encoding=encoding,
        source=origin,
        attempts=attempts,
        first_failed_at=first_failed_at or datetime.now(UTC),
    )


_FETCHED_AT = re.compile(r'"fetched_at": "[^"]*"')


def letter_key(letter: DeadLetter) -> str:
    """A key that identifies a dead letter regardless of when it failed; another attempt gives another key.

    The time of fetching in the payload of a feed entry is ignored, because it differs at every run.
    """
    payload = _FETCHED_AT.sub("", letter.payload)
    return _key(letter.stage, str(letter.source), str(letter.attempts), payload)


def failure_key(letter: DeadLetter) -> str:
    """A key that identifies a dead letter of a source that stays broken, whatever it sends: where, in what way, and
    since when (``first_failed_at``)."""
    return _key(letter.stage, str(letter.source), letter.error.type, letter.first_failed_at.isoformat())


def _key(*parts: str) -> str:
    return hashlib.blake2b("\0".join(parts).encode(), digest_size=16).hexdigest()
