"""Who carries a claim: the article it was found in, and every copy in which the same words stand."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import NamedTuple

from claimwire.pipelines.dedupe.words import WORD, codes, lines
from claimwire.schemas import Claim, EnrichedArticle, source_text


class Carrier(NamedTuple):
    """A copy of an article."""

    article_id: str
    outlet: str
    """The domain of its URL."""
    seen_at: datetime
    """When it was published; where that is not known, when it was first processed."""
    method: str
    """As ``Duplicate.method``."""
    words: bytes | None
    """Of a near copy its words, in which a claim may be missing; None for one that has them all."""


class Carriers:
    """The copies among some records, by their originals. About 2 bytes are held for a word of a near copy."""

    def __init__(self, records: Iterable[EnrichedArticle]) -> None:
        copies: dict[str, tuple[str, datetime, Carrier]] = {}
        self._split: set[str] = set()
        for record in records:
            id_, at, duplicate = record.article.id, record.provenance.processed_at, record.duplicate
            if duplicate and duplicate.kind != "revision":
                copies[id_] = duplicate.of, at, _carrier(record, duplicate.kind == "near", duplicate.method)
            elif id_ in copies and at >= copies[id_][1]:
                del copies[id_]
                self._split.add(id_)
        self._by_original: defaultdict[str, list[Carrier]] = defaultdict(list)
        for of, _, carrier in sorted(copies.values(), key=lambda copy: (copy[2].seen_at, copy[2].article_id)):
            self._by_original[of].append(carrier)

    def __len__(self) -> int:
        return sum(map(len, self._by_original.values()))

    def of(self, article_id: str) -> Sequence[Carrier]:
        """The copies of an article, the earliest first."""
        return self._by_original.get(article_id, ())

    def of_claim(self, record: EnrichedArticle, claim: Claim) -> list[Carrier]:
        """Those of them in which a claim of the article stands."""
        copies = self.of(record.article.id)
        if all(copy.words is None for copy in copies):
            return list(copies)
        said = [_words(source_text(record.article, claim)[start:end]) for start, end in claim.content]
        return [copy for copy in copies if copy.words is None or all(_stands(part, copy.words) for part in said)]

    def is_outdated(self, record: EnrichedArticle) -> bool:
        """Whether a record of a copy was replaced when somebody said that it is none (``claimwire split``)."""
        return bool(record.duplicate and record.duplicate.kind != "revision" and record.article.id in self._split)


def _carrier(record: EnrichedArticle, is_near: bool, method: str) -> Carrier:
    article = record.article
    seen_at = article.published_at or record.provenance.processed_at
    words = _words(article.text) if is_near else None
    return Carrier(article.id, article.source.domain or "unknown", seen_at, method, words)


def _words(text: str) -> bytes:
    return (codes(lines(text)[0]) & WORD).tobytes()


def _stands(part: bytes, words: bytes) -> bool:
    at = words.find(part)
    while at % 2 > 0:  # between two words, which are of two bytes each; -1 % 2 is 1
        if at < 0:
            return False
        at = words.find(part, at + 1)
    return True
