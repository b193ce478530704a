"""Who carries a claim: the article it was found in, and every copy in which the same words stand."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from datetime import datetime
from pathlib import Path
from typing import NamedTuple

from claimwire.pipelines.dedupe.words import sequence, stands
from claimwire.pipelines.memory.rows import seen_at
from claimwire.pipelines.read.stored import Carrier, Stored, is_store
from claimwire.pipelines.read.written import enriched
from claimwire.schemas import Claim, EnrichedArticle, source_text


class _Copy(NamedTuple):
    of: str
    processed_at: datetime
    carrier: Carrier
    words: bytes | None
    """Of a near copy its words, in which a claim may be missing; None for one that has them all."""


class Carriers:
    """The copies among some records, by their originals. About 2 bytes are held for a word of a near copy.

    A store has noted its own; it is asked.
    """

    def __init__(self, records: Iterable[EnrichedArticle], stores: Sequence[Stored] = ()) -> None:
        self._stores = stores
        self._split: set[str] = set()
        copies: dict[str, _Copy] = {}
        for record in records:
            id_, at, duplicate = record.article.id, record.provenance.processed_at, record.duplicate
            if duplicate and duplicate.kind != "revision":
                is_near = duplicate.kind == "near"
                outlet = record.article.source.domain or "unknown"
                carrier = Carrier(id_, outlet, seen_at(record), duplicate.method, is_near)
                words = sequence(record.article.text) if is_near else None
                copies[id_] = _Copy(duplicate.of, at, carrier, words)
            elif id_ in copies and at >= copies[id_].processed_at:
                del copies[id_]
                self._split.add(id_)
        self._by_original: defaultdict[str, list[_Copy]] = defaultdict(list)
        for copy in sorted(copies.values(), key=lambda copy: (copy.carrier.seen_at, copy.carrier.article_id)):
            self._by_original[copy.of].append(copy)

    def __len__(self) -> int:
        return sum(map(len, self._by_original.values())) + sum(store.copies() for store in self._stores)

    def of(self, article_id: str) -> list[Carrier]:
        """The copies of an article, the earliest first."""
        own = [copy.carrier for copy in self._by_original.get(article_id, ())]
        return own + [carrier for store in self._stores for carrier in store.copies_of(article_id)]

    def of_claim(self, record: EnrichedArticle, claim: Claim) -> list[Carrier]:
        """Those of them in which a claim of the article stands."""
        copies = self._by_original.get(record.article.id, ())
        if any(copy.words is not None for copy in copies):
            said = [sequence(source_text(record.article, claim)[start:end]) for start, end in claim.content]
            copies = [copy for copy in copies if copy.words is None or all(stands(part, copy.words) for part in said)]
        return [copy.carrier for copy in copies] + [
            carrier for store in self._stores for carrier in store.carriers_of(record, claim)
        ]

    def is_outdated(self, record: EnrichedArticle) -> bool:
        """Whether a record of a copy was replaced when somebody said that it is none (``claimwire split``)."""
        return bool(record.duplicate and record.duplicate.kind != "revision" and record.article.id in self._split)


@contextmanager
def carrying(files: Sequence[Path]) -> Iterator[Carriers]:
    """The carriers in files of records and in stores. Raises WrittenError for others."""
    with ExitStack() as open_stores:
        stores = [open_stores.enter_context(Stored(file)) for file in files if is_store(file)]
        # The claims of an article are those of its copies too. Copies are few beside the articles, and may stand in an
        # earlier file, so they are gathered first.
        yield Carriers(enriched([file for file in files if not is_store(file)]), stores)
