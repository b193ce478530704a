"""Which claims a reader wants to see."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import NamedTuple

from claimwire.errors import UsageError
from claimwire.pipelines.read.carriers import Carriers
from claimwire.pipelines.read.written import enriched
from claimwire.pipelines.timespans import parse_duration
from claimwire.schemas import Claim, EnrichedArticle

PLAIN = frozenset({"statement", "affirmed", "asserted"})
"""What goes without saying of a claim's kind, polarity and modality."""


class NoTimeError(UsageError):
    """What was given is not a time; the message says what is."""


def earliest(since: str | None) -> datetime | None:
    """The time that is meant by an ISO date or time, or by a time span back from now, e.g. 2d. Raises NoTimeError."""
    if since is None:
        return None
    try:
        return datetime.now(UTC) - parse_duration(since)
    except ValueError:
        pass
    try:
        time = datetime.fromisoformat(since)
    except ValueError:
        raise NoTimeError(
            f"--since {since!r} is not a date; write e.g. 2026-11-20, or a time span back from now, e.g. 2d"
        ) from None
    return time if time.tzinfo else time.replace(tzinfo=UTC)


class Filter(NamedTuple):
    """Which claims are shown: those that meet every condition that is given."""

    speaker: str | None = None
    """Part of the speaker's name or words, in any case."""
    about: str | None = None
    """Part of the claim or of the name of an entity in it, in any case."""
    since: datetime | None = None
    """The earliest time at which the article was published."""
    kinds: frozenset[str] = frozenset()
    """What kinds the claim may be of; empty for all."""
    confidence: float = 0.0
    """The least confidence of the claim."""
    worth: float = 0.0
    """How much the claim is worth checking, at least."""


def chosen(files: Sequence[Path], wanted: Filter, carriers: Carriers) -> Iterator[tuple[EnrichedArticle, list[Claim]]]:
    """The records that have claims to show, with these."""
    for record in enriched(files):
        published = record.article.published_at
        if wanted.since and not (published and published >= wanted.since):
            continue
        claims = [claim for claim in record.claims if _matches(record, claim, wanted)]
        if claims and not carriers.is_outdated(record):
            yield record, claims


def _matches(record: EnrichedArticle, claim: Claim, wanted: Filter) -> bool:
    if (claim.confidence or 0.0) < wanted.confidence or (claim.check_worthiness or 0.0) < wanted.worth:
        return False
    if wanted.kinds and claim.kind not in wanted.kinds:
        return False
    said_by = [claim.speaker.name or "", claim.speaker.text] if claim.speaker else []
    said_of = [claim.text, *(record.entities[index].name for index in claim.entities)]
    return _any_holds(said_by, wanted.speaker) and _any_holds(said_of, wanted.about)


def _any_holds(texts: list[str], part: str | None) -> bool:
    return part is None or any(part.casefold() in text.casefold() for text in texts)
