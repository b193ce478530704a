"""Which mentions of an article name the same thing: each such group is one entity, with one label and one name."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping, Sequence, Set

from claimwire.pipelines.extract.entities import places
from claimwire.pipelines.extract.entities.arms import LABELS as ARMS
from claimwire.pipelines.extract.entities.mentions import NAMES, PLACES, Mention
from claimwire.pipelines.extract.entities.names import (
    Courtesy,
    courtesy,
    first_names,
    fold,
    is_plain_word,
    spelling,
    without_titles,
)
from claimwire.pipelines.extract.wordlists import any_of
from claimwire.schemas import Entity, KnowledgeBaseEntry

_HEADLINE = 300
"""A first line is not a headline where it is longer."""
_SURE = 5
"""How many mentions by a recogniser the label of one from the lists outweighs."""


def repeated(text: str, mentions: Sequence[Mention]) -> list[Mention]:
    """Mentions that the recogniser missed of names which it knows from elsewhere in the article."""
    known: dict[str, Counter[str]] = {}
    for mention in mentions:
        if mention.label in NAMES:
            name = text[mention.start : mention.end]
            if mention.label == "PERSON":
                parts = without_titles(name)
                if len(parts) > 1 and len(parts[-1]) > 3 and parts[-1][0].isupper():
                    known.setdefault(parts[-1], Counter())["PERSON"] += 1
            if len(name) > 3 and name[0].isupper():
                known.setdefault(name, Counter())[mention.label] += 1
    if not known:
        return []
    pattern = re.compile(rf"(?<![\w-])(?:{any_of(known)})(?![\w-])")
    return [
        Mention(*match.span(), _commonest(known[match.group()]))
        for match in pattern.finditer(text)
        if not is_plain_word(text, *match.span())
    ]


def _commonest(labels: Counter[str]) -> str:
    return min(labels.items(), key=lambda item: (-item[1], item[0]))[0]


def corefer(text: str, mentions: Sequence[Mention]) -> tuple[Entity, ...]:
    """The entities whose mentions these are, in the order of their first mentions."""
    aliases = _aliases(text, mentions)
    genders = _genders(text, mentions)
    groups: dict[str, list[Mention]] = {}
    titles: dict[str, str] = {}
    for mention in mentions:
        alias = None if _is_known_place(mention) else aliases.get(text[mention.start : mention.end])
        key = alias or _key(text, mention)
        titled = _courtesy(text, mention)
        if titled and genders.get(key) != titled.gender:
            # Not her husband, her brother or his wife, whose surname it is, too.
            fitting = _of_gender(key, titled.gender, genders)
            if fitting is None and genders.get(key):
                fitting = f"{titled.gender} {key}"
                titles[fitting] = titled.title
            key = fitting or key
            genders[key] = titled.gender
        # "Virginia", after Virginia Marsh
        person = alias in genders and mention.label in PLACES
        groups.setdefault(key, []).append(mention._replace(label="PERSON") if person else mention)
    found = (_entity(text, group, titles.get(key)) for key, group in groups.items())
    return tuple(sorted(found, key=lambda entity: entity.start))


def _is_known_place(mention: Mention) -> bool:
    return mention.label in PLACES and bool(mention.sure or mention.place or mention.country)


# -- men and women of one surname


def _courtesy(text: str, mention: Mention) -> Courtesy | None:
    """The title within or before a person's name that shows a gender."""
    if mention.label != "PERSON":
        return None
    name = text[mention.start : mention.end]
    return courtesy(text, mention.end - len(" ".join(without_titles(name))))


def _genders(text: str, mentions: Sequence[Mention]) -> dict[str, str | None]:
    """The keys of people named in full -> their genders, by a title or else by the first name; None for no gender."""
    genders: dict[str, str | None] = {}
    for mention in mentions:
        if mention.label == "PERSON" and len(words := without_titles(text[mention.start : mention.end])) > 1:
            titled = _courtesy(text, mention)
            listed = first_names().get(fold(words[0]), "-")
            shown = titled.gender if titled else listed if listed in {"m", "f"} else None
            key = _key(text, mention)
            genders[key] = genders.get(key) or shown
    return genders


def _of_gender(key: str, gender: str, genders: Mapping[str, str | None]) -> str | None:
    """The key of the only one of a gender who has the surname of another key."""
    surname = " " + key.rsplit(maxsplit=1)[-1]
    fitting = [full for full, known in genders.items() if known == gender and full.endswith(surname)]
    return fitting[0] if len(fitting) == 1 else None


# -- which mentions belong together


def _key(text: str, mention: Mention) -> str:
    """What mentions have in common whose names are written in full."""
    if mention.country and mention.label == "GPE":
        return f"country {mention.country}"
    if mention.place:
        return f"city {mention.place.id}"
    name = text[mention.start : mention.end]
    if mention.label in ARMS:
        return "arms " + spelling(name).removesuffix("s")
    return spelling(" ".join(without_titles(name)) if mention.label == "PERSON" else name)


def _aliases(text: str, mentions: Sequence[Mention]) -> dict[str, str]:
    """Names as written -> the key of the person or place whose name they shorten or share."""
    keys: dict[str, str] = {}
    for mention in mentions:
        if mention.place or (mention.country and mention.label == "GPE"):
            keys.setdefault(text[mention.start : mention.end], _key(text, mention))
    full = _full_names(text, mentions)
    for mention in mentions:
        if mention.label in NAMES and not (mention.sure or mention.country):
            name = text[mention.start : mention.end]
            short = " ".join(map(spelling, without_titles(name)))
            # A name of two words may itself be shortened from three.
            if mention.label == "PERSON" or " " not in short:
                longer = _bearer(short, full.get(short, set()))
                if longer is not None:
                    keys[name] = longer
    # Three forms of one name: the short follows the middle, the middle the long.
    for name, key in keys.items():
        longest = full.get(key, set()) - {key}
        if len(longest) == 1:
            (keys[name],) = longest
    return keys


def _full_names(text: str, mentions: Sequence[Mention]) -> Mapping[str, Set[str]]:
    """First names, surnames, and both without what stands between -> the full names of people that they shorten."""
    full: dict[str, set[str]] = {}
    for mention in mentions:
        if mention.label == "PERSON":
            parts = list(map(spelling, without_titles(text[mention.start : mention.end])))
            if len(parts) > 1:
                for part in {parts[0], parts[-1], f"{parts[0]} {parts[-1]}"}:
                    full.setdefault(part, set()).add(" ".join(parts))
    return full


def _bearer(short: str, full: Set[str]) -> str | None:
    """Which of some full names a short one shortens: the only one, or the only one of which it is the surname."""
    longer = sorted(full - {short})
    if len(longer) > 1:
        # Two people of one surname stay apart.
        longer = [key for key in longer if key.split()[-1] == short]
    return longer[0] if len(longer) == 1 else None


# -- what is known of them together


def _entity(text: str, mentions: Sequence[Mention], title: str | None) -> Entity:
    """An entity; ``title`` is what tells a person from others of the surname."""
    first = mentions[0]
    labels: Counter[str] = Counter()
    for mention in mentions:
        labels[mention.label] += _SURE if mention.sure else 1
    label = _commonest(labels)
    return Entity(
        text=text[first.start : first.end],
        label=label,
        start=first.start,
        end=first.end,
        name=_name(text, label, mentions, title),
        kb=_knowledge_base_entry(mentions) if label in PLACES else None,
        mentions=tuple((mention.start, mention.end) for mention in mentions),
    )


def _name(text: str, label: str, mentions: Sequence[Mention], title: str | None) -> str:
    """The fullest of the forms under which something is mentioned."""
    if label in PLACES and any(mention.place or mention.country for mention in mentions):
        # "Kyiv" and "Kiev", "the US" and "United States": the form that is used most, rather than the fullest.
        forms = [text[mention.start : mention.end] for mention in mentions]
        return Counter([form for form in forms if len(form) < 4 or not form.isupper()] or forms).most_common(1)[0][0]
    if label == "PERSON":
        # A headline that capitalises every word does not tell where a name ends ("Lee Says Border Is Open").
        words = without_titles(_fullest(text, _below_headline(text, mentions) or mentions))
        return " ".join(words if len(words) > 1 or title is None else [title, *words])
    return _fullest(text, mentions)


def _fullest(text: str, mentions: Sequence[Mention]) -> str:
    forms = (text[mention.start : mention.end] for mention in mentions)
    return min(forms, key=lambda form: (-len(without_titles(form)), -len(form), form.isupper()))


def _below_headline(text: str, mentions: Sequence[Mention]) -> Sequence[Mention]:
    """The mentions outside of a first line that capitalises its words; all where it does not."""
    end = text.find("\n", 0, _HEADLINE)
    long = [word for word in text[: max(0, end)].split() if len(word) > 3]
    if end < 0 or mentions[0].start > end or sum(word[0].islower() for word in long) * 4 > len(long):
        return mentions
    return [mention for mention in mentions if mention.start > end]


def _knowledge_base_entry(mentions: Sequence[Mention]) -> KnowledgeBaseEntry | None:
    city = next((mention.place for mention in mentions if mention.place), None)
    if city:
        return places.entry(city)
    country = next((mention.country for mention in mentions if mention.country), None)
    return places.entry_of_country(country) if country else None
