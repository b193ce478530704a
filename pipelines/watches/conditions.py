"""Whether a claim or an article meets a watch, and why. What a claim means, and its carriers, are judged elsewhere."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Sequence

from claimwire.pipelines.read.words import Search, words
from claimwire.pipelines.watches.subject import Named, Subject
from claimwire.pipelines.watches.watch import Watch
from claimwire.schemas import Quantity, Reason, source_text

_EARTH_KM = 6371.0


def reasons(watch: Watch, subject: Subject, checks: Sequence[Check]) -> list[Reason] | None:
    """Why a subject meets the conditions of a watch but ``means`` and ``carriers``, one reason each; None if not.

    ``checks`` are those of the watch (``checks_of``).
    """
    found = []
    for check in checks:
        reason = check(watch, subject)
        if reason is False:
            return None
        if isinstance(reason, Reason):
            found.append(reason)
    return found


Checked = Reason | bool
"""A reason; True where the watch does not ask for it, False where it is not met."""


def _outlet(watch: Watch, subject: Subject) -> Checked:
    if not watch.outlet:
        return True
    domain = (subject.record.article.source.domain or "").removeprefix("www.")
    if any(domain == outlet or domain.endswith(f".{outlet}") for outlet in watch.outlet):
        return Reason("outlet", domain, ())
    return False


def _kind(watch: Watch, subject: Subject) -> Checked:
    if not watch.kind:
        return True
    claim = subject.claim
    return Reason("kind", claim.kind, claim.content) if claim and claim.kind in watch.kind else False


def _worth(watch: Watch, subject: Subject) -> Checked:
    return _at_least("worth", watch.worth, subject.claim.check_worthiness if subject.claim else None)


def _confidence(watch: Watch, subject: Subject) -> Checked:
    return _at_least("confidence", watch.confidence, subject.claim.confidence if subject.claim else None)


def _at_least(condition: str, least: float | None, value: float | None) -> Checked:
    if least is None:
        return True
    return Reason(condition, None, (), value) if value is not None and value >= least else False


def _speaker(watch: Watch, subject: Subject) -> Checked:
    asked = watch.speaker
    if asked is None:
        return True
    speaker = subject.claim.speaker if subject.claim else None
    if speaker is None or (asked.type and speaker.type not in asked.type):
        return False
    if asked.named and not _any_in(asked.named, subject.speaker_words):
        return False
    if asked.role and not any(_any_in(asked.role, [role]) for role in subject.role_words):
        return False
    return Reason("speaker", speaker.name or speaker.text, speaker.spans)


def _words(watch: Watch, subject: Subject) -> Checked:
    if not watch.words:
        return True
    for search in watch.words:
        if search.may_be_found(subject.vocabulary) and search.found_in(subject.texts):
            text, placed = subject.placed
            spans = sorted({span for term in search.wanted for span in term.places(placed)})
            found = dict.fromkeys(text[start:end] for start, end in spans)
            # Elsewhere, e.g. in the title: then the words as they were asked for.
            elsewhere = dict.fromkeys(" ".join(term.runs[0]) for term in search.wanted)
            return Reason("words", ", ".join(found or elsewhere), tuple(spans))
    return False


def _entity(watch: Watch, subject: Subject) -> Checked:
    asked = watch.entity
    if asked is None:
        return True
    for named in subject.entities:
        entity = named.entity
        if asked.label and entity.label not in asked.label:
            continue
        if not asked.named or _any_in(asked.named, [words(entity.name), words(entity.text)]):
            return Reason("entity", entity.name, named.spans)
    return False


def _place(watch: Watch, subject: Subject) -> Checked:
    near = watch.place
    if near is None:
        return True
    closest: tuple[float, Named] | None = None
    for named in subject.places:
        kb = named.entity.kb
        if kb and kb.lat is not None and kb.lon is not None:
            km = distance_km(near.lat, near.lon, kb.lat, kb.lon)
            if km <= near.km and (closest is None or km < closest[0]):
                closest = km, named
    return Reason("place", closest[1].entity.name, closest[1].spans, round(closest[0], 1)) if closest else False


def _figure(watch: Watch, subject: Subject) -> Checked:
    asked, claim = watch.figure, subject.claim
    if asked is None:
        return True
    if claim is None:
        return False
    for quantity in claim.quantities:
        if asked.units and (quantity.unit or "") not in asked.units:
            continue
        if is_above(quantity, asked.above) and is_below(quantity, asked.below):
            text = source_text(subject.record.article, claim)[quantity.start : quantity.end]
            return Reason("figure", text, ((quantity.start, quantity.end),), quantity.value)
    return False


def is_above(quantity: Quantity, bound: float | None) -> bool:
    """Whether what is said is surely above: "at most 200" is not above 100, "more than 100" is."""
    value = quantity.value
    if bound is None:
        return True
    if value is None or quantity.comparator in ("<", "<="):
        return False
    return value > bound or (value == bound and quantity.comparator == ">")


def is_below(quantity: Quantity, bound: float | None) -> bool:
    """Whether what is said is surely below."""
    value = quantity.value
    if bound is None:
        return True
    if value is None or quantity.comparator in (">", ">="):
        return False
    return value < bound or (value == bound and quantity.comparator == "<")


def distance_km(lat: float, lon: float, other_lat: float, other_lon: float) -> float:
    """The distance on a sphere, by the haversine formula."""
    a, b = math.radians(lat), math.radians(other_lat)
    half = math.sin((b - a) / 2) ** 2
    half += math.cos(a) * math.cos(b) * math.sin(math.radians(other_lon - lon) / 2) ** 2
    return 2 * _EARTH_KM * math.asin(min(1.0, math.sqrt(half)))


def _any_in(searches: Iterable[Search], texts: Sequence[Sequence[str]]) -> bool:
    return any(search.found_in(texts) for search in searches)


Check = Callable[[Watch, Subject], Checked]
# The cheap ones first. What is told is sorted later.
_CHECKS: dict[str, Check] = {
    "outlet": _outlet, "kind": _kind, "worth": _worth, "confidence": _confidence, "figure": _figure, "words": _words,
    "entity": _entity, "place": _place, "speaker": _speaker,
}  # fmt: skip


def checks_of(watch: Watch) -> tuple[Check, ...]:
    """The checks of what a watch asks for."""
    return tuple(check for name, check in _CHECKS.items() if getattr(watch, name) not in (None, (), frozenset()))
