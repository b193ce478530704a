"""What has become of the claims of one article: the record as it was, and what is found today in the same text.

Claims are joined by their ids first: equal content and equal speaker, to the character. What is left is joined by
overlap, the pairs with the largest share of common characters first. Who is left then was lost or gained. What other
articles add to a record (threads, stories, ids of speakers, changes of a revision) is not compared.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import Any

from claimwire.schemas import Claim, EnrichedArticle, Entity, Span
from claimwire.schemas.records import Record

_LEAST_OVERLAP = 0.3
"""Common characters of two contents, as a share of those that either has."""
_SCORES = ("check_worthiness", "confidence")
_LEAST_SCORE = 0.05
"""A score that differs by less is the same one."""
_PLAIN = ("quote_type", "polarity", "modality", "hedges", "quantities", "kind", "sentence")


class ToldClaim(Record, frozen=True):
    """A claim for a reader of a report."""

    id: str
    speaker: str | None
    """The name, else the words at the claim."""
    text: str


class ChangedClaim(Record, frozen=True):
    """A claim that is still found, and differs."""

    fields: tuple[str, ...]
    """``content``, ``speaker``, ``name`` (of the speaker), ``cue``, ``entities`` (by their names), and fields of the
    claim."""
    before: ToldClaim
    after: ToldClaim


class Comparison(Record, frozen=True):
    """What has become of an article."""

    article_id: str
    url: str | None
    title: str | None
    before: str
    """What made the record: the extractor, the spaCy model and the version of claimwire."""
    after: str
    same: int
    """Claims that have not changed, those with other scores included."""
    rescored: int = 0
    """Of these, claims whose check-worthiness or confidence is another one: after most trainings nearly all."""
    gained: tuple[ToldClaim, ...] = ()
    lost: tuple[ToldClaim, ...] = ()
    changed: tuple[ChangedClaim, ...] = ()
    entities_gained: tuple[str, ...] = ()
    """Names, with labels: ``Odesa (GPE)``."""
    entities_lost: tuple[str, ...] = ()
    fields: tuple[str, ...] = ()
    """Other fields of the record that differ: ``duplicate``, ``skipped``."""

    @property
    def differs(self) -> bool:
        """Whether anything has changed, scores aside."""
        return bool(
            self.gained or self.lost or self.changed or self.entities_gained or self.entities_lost or self.fields
        )


def compare(before: EnrichedArticle, after: EnrichedArticle) -> Comparison:
    """What has become of an article; ``after`` was made of the same text."""
    pairs = list(_joined(before.claims, after.claims))
    changed = []
    rescored = 0
    for old, new in pairs:
        if fields := tuple(_differences(before, old, after, new)):
            changed.append(ChangedClaim(fields, told(old), told(new)))
        else:
            rescored += any(_score_differs(getattr(old, name), getattr(new, name)) for name in _SCORES)
    kept_before, kept_after = {id(old) for old, _ in pairs}, {id(new) for _, new in pairs}
    names_before, names_after = _names(before.entities), _names(after.entities)
    return Comparison(
        article_id=after.article.id,
        url=after.article.url,
        title=after.article.title,
        before=made_by(before),
        after=made_by(after),
        same=len(pairs) - len(changed),
        rescored=rescored,
        gained=tuple(told(claim) for claim in after.claims if id(claim) not in kept_after),
        lost=tuple(told(claim) for claim in before.claims if id(claim) not in kept_before),
        changed=tuple(changed),
        entities_gained=tuple(name for name in names_after if name not in names_before),
        entities_lost=tuple(name for name in names_before if name not in names_after),
        fields=tuple(_fields(before, after)),
    )


def made_by(record: EnrichedArticle) -> str:
    """What made a record, for a reader."""
    made = record.provenance
    by = f"{made.extractor}, {made.model}" if made.extractor else f"nothing extracted ({made.skipped or 'unknown'})"
    return f"{by}, claimwire {made.pipeline_version}"


def told(claim: Claim) -> ToldClaim:
    """A claim for a reader."""
    return ToldClaim(claim.id, (claim.speaker.name or claim.speaker.text) if claim.speaker else None, claim.text)


def _joined(before: Sequence[Claim], after: Sequence[Claim]) -> Iterator[tuple[Claim, Claim]]:
    """The pairs of claims that are the same one, in the order of ``after`` among those joined in the same way."""
    by_id = {claim.id: claim for claim in before}
    taken: set[int] = set()
    for new in after:
        old = by_id.pop(new.id, None)
        if old:
            taken |= {id(old), id(new)}
            yield old, new
    near = [
        (-share, number, place, old, new)
        for place, old in enumerate(before)
        for number, new in enumerate(after)
        if id(old) not in taken and id(new) not in taken and (share := _overlap(old, new)) >= _LEAST_OVERLAP
    ]
    for *_, old, new in sorted(near, key=lambda pair: pair[:3]):
        if id(old) not in taken and id(new) not in taken:
            taken |= {id(old), id(new)}
            yield old, new


def _overlap(one: Claim, other: Claim) -> float:
    """The share of characters of two contents that both have. A title and a text have none in common."""
    if one.in_title != other.in_title:
        return 0.0
    ours, theirs = _characters(one.content), _characters(other.content)
    return len(ours & theirs) / (len(ours | theirs) or 1)


def _characters(spans: Iterable[Span]) -> set[int]:
    return {at for span in spans for at in range(*span)}


def _differences(old_record: EnrichedArticle, old: Claim, new_record: EnrichedArticle, new: Claim) -> Iterator[str]:
    if old.content != new.content:
        yield "content"
    one, other = old.speaker, new.speaker
    if (one and one.spans) != (other and other.spans):
        yield "speaker"
    if (one and one.name) != (other and other.name):
        yield "name"
    if one and other and one.type != other.type:
        yield "speaker type"
    if (old.cue and old.cue.spans) != (new.cue and new.cue.spans):
        yield "cue"
    for name in _PLAIN:
        # Null of a record that was written before there was the field: that it has one now is no change.
        if getattr(old, name) != getattr(new, name) and getattr(old, name) is not None:
            yield name
    if _in_claim(old_record, old) != _in_claim(new_record, new):
        yield "entities"


def _score_differs(one: float | None, other: float | None) -> bool:
    if one is None or other is None:
        return one is not other
    return abs(one - other) >= _LEAST_SCORE


def _in_claim(record: EnrichedArticle, claim: Claim) -> set[str]:
    return {record.entities[index].name for index in claim.entities}


def _names(entities: Iterable[Entity]) -> dict[str, None]:
    return dict.fromkeys(f"{entity.name} ({entity.label})" for entity in entities)


def _fields(before: EnrichedArticle, after: EnrichedArticle) -> Iterator[str]:
    if _copy_of(before) != _copy_of(after):
        yield "duplicate"
    if before.provenance.skipped != after.provenance.skipped:
        yield "skipped"


def _copy_of(record: EnrichedArticle) -> Any:
    return record.duplicate and (record.duplicate.of, record.duplicate.kind)
