"""Fact-checks that others publish: clean texts, and an id."""

from __future__ import annotations

from collections.abc import Iterable

import msgspec

from claimwire.pipelines.normalize.ids import digest
from claimwire.pipelines.normalize.text import one_line
from claimwire.schemas import ClaimReview


def distinct_reviews(given: Iterable[ClaimReview]) -> tuple[ClaimReview, ...]:
    """Each review with clean texts, in the given order; of two with one id the first, and none without a claim."""
    found: dict[str, ClaimReview] = {}
    for review in map(clean_review, given):
        if review.claim:
            found.setdefault(review_id(review), review)
    return tuple(found.values())


def clean_review(review: ClaimReview) -> ClaimReview:
    """The review without characters that no record and no screen is given."""
    fields = msgspec.structs.asdict(review)
    clean = {name: one_line(value) for name, value in fields.items() if isinstance(value, str)}
    return msgspec.structs.replace(review, **clean | {"claim": clean["claim"] or ""})


def review_id(review: ClaimReview) -> str:
    """The id of a review: made from its URL, publisher and claim, so that it is the same wherever it is read."""
    return digest("fact-check", review.url or "", review.publisher or "", review.claim)[:32]
