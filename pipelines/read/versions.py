"""The versions of an article, in files and stores."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path

from claimwire.pipelines.normalize.urls import canonical_url
from claimwire.pipelines.read.stored import Stored, is_store
from claimwire.pipelines.read.written import WrittenError, enriched, find
from claimwire.schemas import EnrichedArticle

Found = dict[tuple[str, str], EnrichedArticle]
"""By id and content hash: two versions have one id if the sender gave both the same."""


def versions(files: Sequence[Path], wanted: str) -> list[EnrichedArticle]:
    """All versions of an article, the earliest first.

    Args:
        files: Files of enriched records, and stores.
        wanted: The id of one of them, the beginning of one, or the article's URL.

    Raises WrittenError if no article has it, or several begin so.
    """
    found: Found = {}
    if "://" in wanted:
        urls = [wanted, canonical_url(wanted) or wanted]
        _add(found, (record for file in files for record in _at(file, urls)))
        if not found:
            raise WrittenError(f"no article has the URL {wanted}; claimwire show prints those that are there")
    else:
        _add(found, find(files, [wanted]))
    ids: set[str] = set()
    while new := {id_ for record in found.values() for id_ in _linked(record)} - ids:
        ids |= new
        _add(found, (record for file in files for record in _linked_to(file, new)))
    return _in_order(list(found.values()))


def _add(found: Found, records: Iterator[EnrichedArticle] | list[EnrichedArticle]) -> None:
    """Add records; of two of one version the later one counts."""
    for record in records:
        key = record.article.id, record.article.content_hash
        if key not in found or found[key].provenance.processed_at <= record.provenance.processed_at:
            found[key] = record


def _at(file: Path, urls: Sequence[str]) -> Iterator[EnrichedArticle]:
    if is_store(file):
        with Stored(file) as store:
            yield from store.at(urls)
    else:
        for record in enriched([file]):
            if record.article.url in urls or record.article.canonical_url in urls:
                yield record


def _linked(record: EnrichedArticle) -> Iterator[str]:
    yield record.article.id
    if record.article.revision_of:
        yield record.article.revision_of


def _linked_to(file: Path, ids: set[str]) -> Iterator[EnrichedArticle]:
    if is_store(file):
        with Stored(file) as store:
            for id_ in sorted(ids):
                yield from (record for record in store.find(id_) if record.article.id == id_)
                yield from store.replacing(id_)
    else:
        yield from (record for record in enriched([file]) if not ids.isdisjoint(_linked(record)))


def _in_order(records: list[EnrichedArticle]) -> list[EnrichedArticle]:
    """Each version behind the one that it replaces; of those without such an order, the one made first."""
    left = sorted(records, key=lambda record: record.provenance.processed_at)
    ordered: list[EnrichedArticle] = []
    while left:
        before = ordered[-1].article.id if ordered else None
        ids = {record.article.id for record in left}
        follows = [record for record in left if before and record.article.revision_of == before]
        first = [record for record in left if record.article.revision_of not in ids - {record.article.id}]
        own = [record for record in first if record.article.revision_of != record.article.id]
        ordered.append((follows or own or first or left)[0])
        left.remove(ordered[-1])
    return ordered
