"""A claim, or a thread of claims, as the ClaimReview that a fact-checker fills in."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime
from pathlib import Path
from typing import Literal, NamedTuple

from claimwire.connectors.factchecks.claimreview import MOST_APPEARANCES
from claimwire.pipelines.memory.rows import seen_at
from claimwire.pipelines.read.carriers import Carriers, carrying
from claimwire.pipelines.read.stored import Stored, is_store
from claimwire.pipelines.read.written import WrittenError, article_files, enriched, find
from claimwire.schemas import Claim, ClaimReview, EnrichedArticle, FactCheck

_TYPES: dict[str, Literal["person", "organization"]] = {"person": "person", "organization": "organization"}


class Draft(NamedTuple):
    """What is known for a review that is yet to be written."""

    review: ClaimReview
    known: tuple[FactCheck, ...]
    """Fact-checks of the same claim that are there already."""


class _Told(NamedTuple):
    """A claim where it stands."""

    at: datetime
    url: str | None
    article_id: str
    claim: Claim
    copies: tuple[str, ...]
    """The ids of the copies that carry it."""


def draft(paths: Sequence[Path], beginning: str) -> Draft:
    """The review of a claim or of a thread, from the records in files, folders and stores.

    Args:
        paths: As for ``terminal.show_claims``.
        beginning: Of the id of a thread, which is that of its first claim, or of a claim, which is then the only one.

    The claim is in the words of the first article that has it, by its speaker; it appeared in all articles of the
    thread and in their copies, the earliest first. Raises WrittenError where no claim has that id, or several have.
    """
    files = article_files(paths)
    with carrying(files) as carriers:
        told = list(_telling(files, beginning, carriers))
    threads = {one.claim.thread.id for one in told if one.claim.thread and one.claim.thread.id.startswith(beginning)}
    if threads:
        told = [one for one in told if one.claim.thread and one.claim.thread.id in threads]
    ids = threads or {one.claim.id for one in told}
    if len(ids) != 1:
        raise WrittenError(
            f"the ids of {len(ids)} claims begin with {beginning}; give more of the one that is meant"
            if ids
            else f"no claim and no thread has the id {beginning}; claimwire show --format json tells them"
        )
    told.sort(key=lambda one: (one.at, one.article_id))
    first = told[0]
    known = {check.id: check for one in told for check in one.claim.fact_checks}
    urls = list(dict.fromkeys(filter(None, (one.url for one in told))))
    copied = dict.fromkeys(copy for one in told for copy in one.copies)
    urls += [url for url in _urls(files, list(copied)) if url not in urls]
    speaker = first.claim.speaker
    return Draft(
        ClaimReview(
            claim=" ".join(first.claim.text.split()),
            claimant=(speaker.name or None) if speaker else None,
            claimant_type=_TYPES.get(speaker.type) if speaker and speaker.name else None,
            claimed=f"{first.at:%Y-%m-%d}",
            first_appearance=urls[0] if urls else None,
            appearances=tuple(urls[:MOST_APPEARANCES]),
        ),
        tuple(known[id_] for id_ in sorted(known)),
    )


def _telling(files: Sequence[Path], beginning: str, carriers: Carriers) -> Iterator[_Told]:
    for record in _records(files, beginning):
        if carriers.is_outdated(record):
            continue
        for claim in record.claims:
            if claim.id.startswith(beginning) or (claim.thread and claim.thread.id.startswith(beginning)):
                copies = tuple(copy.article_id for copy in carriers.of_claim(record, claim))
                yield _Told(seen_at(record), record.article.url, record.article.id, claim, copies)


def _records(files: Sequence[Path], beginning: str) -> Iterator[EnrichedArticle]:
    for file in files:
        if is_store(file):
            with Stored(file) as store:
                yield from store.telling(beginning)
        else:
            yield from enriched([file])


def _urls(files: Sequence[Path], ids: Sequence[str]) -> Iterator[str]:
    for record in find(files, ids) if ids else ():
        if record.article.url:
            yield record.article.url
