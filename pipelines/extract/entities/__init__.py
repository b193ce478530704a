"""Entities: what a recogniser finds, corrected by gazetteers and by the article as a whole."""

from __future__ import annotations

from collections.abc import Iterable

from claimwire.pipelines.extract.entities.coreference import corefer, repeated
from claimwire.pipelines.extract.entities.gazetteer import like_a_person, listed, towns
from claimwire.pipelines.extract.entities.mentions import UNKNOWN, Recognised, disjoint, outside_names, recognised
from claimwire.pipelines.extract.entities.recogniser import corrected
from claimwire.schemas import Entity

__all__ = ["Recognised", "find_entities", "recognised"]


def find_entities(text: str, names: Iterable[Recognised]) -> tuple[Entity, ...]:
    """The entities of an article, in the order of their first mentions, out of what a recogniser takes for names.

    Offsets of both are into ``text``. Mentions do not overlap, and all mentions of one name make one entity with one
    label.
    """
    by_lists = list(listed(text))
    countries = {mention.country for mention in by_lists if mention.country}
    by_recogniser = corrected(text, names, countries)
    people = {
        word for mention in by_recogniser if mention.label == "PERSON" for word in text[slice(*mention[:2])].split()
    }
    by_lists = [mention for mention in by_lists if not like_a_person(text, mention, people)]
    found = disjoint([*outside_names([*by_lists, *towns(text, countries)], by_recogniser), *by_recogniser])
    mentions = disjoint([*found, *repeated(text, found)])
    return corefer(text, [mention for mention in mentions if mention.label != UNKNOWN])
