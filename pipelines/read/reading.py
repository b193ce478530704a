"""``claimwire.read``: what runs have written, as records or as a data frame."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING

from claimwire.errors import ClaimwireError
from claimwire.pipelines.read import rows, times
from claimwire.pipelines.read.aliases import with_aliases
from claimwire.pipelines.read.carriers import carrying
from claimwire.pipelines.read.filters import Filter, Order, matches
from claimwire.pipelines.read.words import search
from claimwire.pipelines.read.written import article_files, enriched
from claimwire.schemas import Claim, ClaimMessage, EnrichedArticle
from claimwire.schemas.flat import COLUMNS, flat

if TYPE_CHECKING:
    from pandas import DataFrame


class NoPandasError(ClaimwireError, ImportError):
    """A data frame was asked for, and pandas is not installed."""


class Records:
    """Enriched records in files, folders and stores. Each iteration reads them again.

    ``for record in records`` gives the records that have a claim which meets the conditions; without conditions all
    records, those without claims too. A record that ``claimwire split`` has replaced is left out.
    """

    def __init__(self, paths: Sequence[Path], wanted: Filter) -> None:
        self._paths = paths
        self._wanted = wanted

    def __iter__(self) -> Iterator[EnrichedArticle]:
        files = article_files(self._paths)
        everything = not any(self._wanted)
        wanted = with_aliases(files, self._wanted)
        with carrying(files) as carriers:
            for record in enriched(files):
                if not carriers.is_outdated(record) and (everything or any(_claims_of(record, wanted))):
                    yield record

    def claims(self, sort: Order = "written", limit: int | None = None) -> Iterator[ClaimMessage]:
        """The claims that meet the conditions, each with what is known of its article, as on the topic of claims.

        Args:
            sort: In which order.
            limit: How many at most.
        """
        return rows.messages(self._paths, self._wanted, sort, limit)

    def to_frame(self, sort: Order = "written", limit: int | None = None) -> DataFrame:
        """These claims as a pandas DataFrame, one row each, with the columns of ``schemas.flat``.

        ``published_at`` is a time in UTC; hedges, quantities and entities are JSON. Raises NoPandasError.
        """
        try:
            import pandas as pd  # noqa: PLC0415 - optional
        except ImportError as error:
            raise NoPandasError("to_frame needs pandas, which is not installed: pip install pandas") from error
        frame = pd.DataFrame(map(flat, self.claims(sort, limit)), columns=list(COLUMNS))
        frame["published_at"] = pd.to_datetime(frame["published_at"], utc=True)
        return frame


def _claims_of(record: EnrichedArticle, wanted: Filter) -> Iterator[Claim]:
    return (claim for claim in record.claims if matches(record, claim, wanted))


def read(
    *paths: str | os.PathLike[str],
    about: str | None = None,
    speaker: str | None = None,
    named: bool = False,
    since: str | datetime | None = None,
    until: str | datetime | None = None,
    kinds: Sequence[str] = (),
    min_confidence: float = 0.0,
    min_worth: float = 0.0,
    outlet: str | None = None,
    place: str | None = None,
) -> Records:
    """The enriched records in folders, files (JSONL, Parquet) and stores that runs have written.

    Args:
        paths: At least one.
        about: Words in the claim, its sentences, the title or the names, as for ``claimwire show --about``.
        speaker: Words in a name of the speaker; claims under the other names of the same speaker are found too.
        named: Whether the speaker must have a name.
        since: The earliest time of the article: a datetime with its zone, or as for ``claimwire show --since``.
        until: The time before which the article is, likewise; a day counts to its end.
        kinds: ``statement``, ``belief``, ``intention``, ``attitude``; none for all.
        min_confidence: Of the claim, from 0 to 1.
        min_worth: How much the claim is worth checking, from 0 to 1.
        outlet: The domain of the outlet, e.g. ``courier.example``.
        place: The name of a place, or of anything else, that is an entity in the claim.

    Raises WrittenError for paths that are not there or hold something else, SearchError and NoTimeError for conditions
    that mean nothing.
    """
    wanted = Filter(
        speaker=search(speaker) if speaker is not None else None,
        about=search(about) if about is not None else None,
        since=since if isinstance(since, datetime) else times.since(since),
        until=until if isinstance(until, datetime) else times.until(until),
        kinds=frozenset(kinds),
        confidence=min_confidence,
        worth=min_worth,
        named=named,
        outlet=outlet,
        place=place,
    )
    given = [Path(path) for path in paths]
    article_files(given)  # says at once what is not there
    return Records(given, wanted)
