"""The claims that a reader wants, out of files and stores, in the order that the reader wants."""

from __future__ import annotations

import heapq
from collections.abc import Iterator, Sequence
from itertools import groupby, islice
from pathlib import Path

from claimwire.pipelines.read.aliases import with_aliases
from claimwire.pipelines.read.carriers import Carriers
from claimwire.pipelines.read.filters import Filter, Order, matches, sort_key
from claimwire.pipelines.read.stored import Stored, is_store
from claimwire.pipelines.read.written import enriched
from claimwire.schemas import Claim, EnrichedArticle

Found = tuple[EnrichedArticle, int]
"""A record, and the number of one of its claims."""


def chosen(
    files: Sequence[Path], wanted: Filter, carriers: Carriers, order: Order = "written", limit: int | None = None
) -> Iterator[tuple[EnrichedArticle, list[Claim]]]:
    """Records with those of their claims that are wanted, as long as one follows the other in the order.

    Unless they come as they were written, the records are held in memory, with ``limit`` no more than that.

    Raises WrittenError and StoreError.
    """
    found = _found(files, with_aliases(files, wanted), carriers, order, limit)
    for _, group in groupby(found, key=lambda each: id(each[0])):
        held = list(group)
        record = held[0][0]
        yield record, [record.claims[number] for _, number in held]


def _found(
    files: Sequence[Path], wanted: Filter, carriers: Carriers, order: Order, limit: int | None
) -> Iterator[Found]:
    found = _all(files, wanted, carriers, order, limit)
    if order == "written":
        return islice(found, limit)
    key = sort_key(order, carriers.of_claim)
    if limit is None:
        return iter(sorted(found, key=lambda each: key(*each)))
    return iter(heapq.nsmallest(limit, found, key=lambda each: key(*each)))


def _all(files: Sequence[Path], wanted: Filter, carriers: Carriers, order: Order, limit: int | None) -> Iterator[Found]:
    for file in files:
        if is_store(file):
            with Stored(file) as store:
                yield from store.chosen(wanted, order, limit)
            continue
        for record in enriched([file]):
            if not carriers.is_outdated(record):
                yield from (
                    (record, number) for number, claim in enumerate(record.claims) if matches(record, claim, wanted)
                )
