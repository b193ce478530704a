"""Revisions of made-up articles with known changes: what a desk edits after publication, one kind at a time.

An article is a list of lines; an edit changes one line, and the number of the line says what was done to whom. The
claims of the article as it was say where there is something to edit. Whole articles are set in another typography, too,
get notices and other boilerplate, and their paragraphs move: none of this is a change.
"""

from __future__ import annotations

import random
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, NamedTuple

from claimwire.pipelines.extract import Extractor
from claimwire.pipelines.memory.comparison import Comparison
from claimwire.pipelines.normalize.article import normalize
from claimwire.schemas import SCHEMA_VERSION, Claim, EnrichedArticle, Provenance, RawArticle

_FIXTURES = Path(__file__).with_name("fixtures")
ARTICLES, WORDS = _FIXTURES / "revised_articles.txt", _FIXTURES / "revised_words.tsv"
NONE = "none"
TITLE = -1
"""The number of its line."""


class Line(NamedTuple):
    """A line of an article, before and after; None where it is not there."""

    number: int
    before: str | None
    after: str | None


class Revision(NamedTuple):
    """Two versions of an article, and what has changed between them."""

    title: str
    lines: tuple[Line, ...]
    changed: frozenset[tuple[str, int]]
    """Kinds of changes with the numbers of lines."""
    how: str

    def text(self, which: str) -> str:
        """The text of a version, ``before`` or ``after``."""
        return "\n".join(line for _, line in self._of(which))

    def line_at(self, which: str, offset: int) -> int:
        """The number of the line at an offset into the text of a version."""
        at = 0
        for number, line in self._of(which):
            at += len(line) + 1
            if offset < at:
                return number
        raise IndexError(offset)

    def _of(self, which: str) -> Iterator[tuple[int, str]]:
        for line in self.lines:
            text = line.before if which == "before" else line.after
            if text is not None:
                yield line.number, text


def read_articles() -> list[tuple[str, str]]:
    """Titles and texts."""
    parts = ARTICLES.read_text(encoding="utf-8").strip().split("\n\n")
    return [(title, text) for title, _, text in (part.partition("\n") for part in parts)]


class Place(NamedTuple):
    """A claim in its line, and offsets into that."""

    line: int
    text: str
    claim: Claim
    content: tuple[int, int]
    speaker: tuple[int, int] | None


Edit = Callable[[Place, random.Random], str | None]
"""The line with one change, or None where there is nothing of the kind to edit."""


def _figure(place: Place, chance: random.Random) -> str | None:
    """Another number in the place of one that the claim has."""
    start, end = place.content
    figures = list(re.finditer(r"(?<![\w-])\d+(?:,\d{3})*(?:\.\d+)?(?![\w-])", place.text[start:end]))
    words = list(re.finditer(rf"\b(?:{'|'.join(_NUMBERS)})\b(?! of )", place.text[start:end]))
    if not figures and not words:
        return None
    found = chance.choice(figures or words)
    if found[0] in _NUMBERS:
        other = chance.choice([word for word in _NUMBERS if word != found[0]])
    else:
        value = float(found[0].replace(",", ""))
        whole = "." not in found[0]
        year = whole and 1900 < value < 2100 and "," not in found[0]
        wrong = value + chance.choice((-3, 2, 4)) if year else value * chance.choice((0.1, 10, 0.5, 1.2, 3))
        wrong = max(2, round(wrong)) if whole else round(wrong, 2)
        wrong = wrong + 1 if wrong == value else wrong
        other = f"{wrong:,}" if "," in found[0] or wrong >= 10_000 else f"{wrong:g}"
    return _put(place.text, start + found.start(), start + found.end(), other)


def _speaker(place: Place, chance: random.Random) -> str | None:
    """Somebody else says it."""
    if place.speaker is None or place.claim.speaker is None or place.claim.speaker.inherited:
        return None
    start, end = place.speaker
    said, behind = place.text[start:end], place.text[end : end + 12]
    # An apposition behind the speaker would stay, and say that the new one is the old one.
    if said.lower() in _PRONOUNS or re.match(r",|'s ", behind):
        return None
    new = chance.choice([each for each in _WORDS["speakers"] if each.lower() not in place.text.lower()])
    return _put(place.text, start, end, new[0].upper() + new[1:] if said[0].isupper() and start == 0 else new)


def _hedge(place: Place, chance: random.Random) -> str | None:
    """The claim is put more carefully."""
    return (
        None
        if place.claim.hedges or place.claim.modality == "possible"
        else _replaced(place, chance, _pairs("hedging"))
    )


def _negate(place: Place, chance: random.Random) -> str | None:
    """The claim says the contrary."""
    start, end = place.content
    return (
        None
        if re.search(r"\b(?:not|no|never)\b|n't", place.text[start:end])
        else _replaced(place, chance, _pairs("negating"))
    )


def _reword(place: Place, chance: random.Random) -> str | None:
    """The same in other words."""
    return _replaced(place, chance, _pairs("rewording"), most=2)


def _cut(place: Place, chance: random.Random) -> str | None:
    """A part of a quotation is gone."""
    start, end = place.content
    quoted = re.search(r"[\"“]([^\"”]+)[\"”]", place.text[start : end + 1])
    if place.claim.quote_type != "direct" or quoted is None:
        return None
    parts = re.split(r"(?<=[.!?]) |(?<=,) (?=and |but |so )", quoted[1])
    if len(parts) < 2:
        return None
    at = chance.randrange(len(parts))
    rest = " ".join(parts[:at] + parts[at + 1 :])
    rest = re.sub(r"^(?:and|but|so) ", "", rest)
    closing = quoted[1][-1]
    rest = rest[0].upper() + rest[1:].rstrip(".,!?") + closing
    return _put(place.text, start + quoted.start(1), start + quoted.end(1), rest)


EDITS: Mapping[str, Edit] = {
    "figure": _figure,
    "speaker": _speaker,
    "hedge_added": _hedge,
    "polarity": _negate,
    "reworded": _reword,
    "cut": _cut,
}
# The same edits, with the versions exchanged.
REVERSED = {"hedge_dropped": "hedge_added", "extended": "cut"}
KINDS = ("added", "dropped", *EDITS, *REVERSED)


def revisions(
    articles: Sequence[tuple[str, str]],
    claims_of: Callable[[str, str], Sequence[Claim]],
    count: int,
    seed: int = 1,
) -> list[Revision]:
    """So many revisions, as many of each kind, and as many of none.

    Args:
        articles: Titles and texts.
        claims_of: The claims of an article.
        count: How many.
        seed: The random seed.
    """
    chance = random.Random(seed)
    places = [list(_places(text, claims_of(title, text))) for title, text in articles]
    made: list[Revision] = []
    while len(made) < count:
        kind = (*KINDS, NONE)[len(made) % (len(KINDS) + 1)]
        number = chance.randrange(len(articles))
        revision = _revision(kind, articles[number], places[number], claims_of, chance)
        if revision is not None and revision not in made:
            made.append(revision)
    return made


def _places(text: str, claims: Sequence[Claim]) -> Iterator[Place]:
    at = 0
    for number, line in enumerate(text.split("\n")):
        end = at + len(line)
        for claim in claims:
            first, last = claim.content[0][0], claim.content[-1][1]
            if not claim.in_title and len(claim.content) == 1 and at <= first and last <= end:
                speaker = claim.speaker.spans if claim.speaker else ()
                inside = len(speaker) == 1 and at <= speaker[0][0] and speaker[0][1] <= end
                # Who speaks in what another one says is a part of that.
                inside &= not any(start <= speaker[0][0] < end for other in claims for start, end in other.content)
                who = (speaker[0][0] - at, speaker[0][1] - at) if inside else None
                yield Place(number, line, claim, (first - at, last - at), who)
        at = end + 1


def _revision(
    kind: str,
    article: tuple[str, str],
    places: Sequence[Place],
    claims_of: Callable[[str, str], Sequence[Claim]],
    chance: random.Random,
) -> Revision | None:
    title, text = article
    lines = [Line(number, line, line) for number, line in enumerate(text.split("\n"))]
    changed: set[tuple[str, int]] = set()
    more = [] if kind == NONE or chance.random() < 0.5 else chance.sample(KINDS, chance.randint(1, 2))
    for each in [] if kind == NONE else [kind, *more]:
        number = _edit(each, lines, places, claims_of, chance)
        if number is not None:
            changed.add((each, number))
        elif each == kind:
            return None
    # Every second revision, and each of no kind, is set otherwise as well.
    how = chance.sample(sorted(_SETTING), 2) if kind == NONE or chance.random() < 0.5 else []
    for name in how:
        lines = _SETTING[name](lines, chance)
    return Revision(title, tuple(lines), frozenset(changed), " ".join((kind, *how)))


def _edit(
    kind: str,
    lines: list[Line],
    places: Sequence[Place],
    claims_of: Callable[[str, str], Sequence[Claim]],
    chance: random.Random,
) -> int | None:
    """Make a change of a kind in a line that has none yet; the number of the line, or None where it cannot be made."""
    if kind == "added":
        new = Line(1_000 + len(lines), None, chance.choice([line for line in _WORDS["news"] if claims_of("", line)]))
        lines.insert(chance.randrange(2, len(lines)), new)
        return new.number
    place = chance.choice(places)
    at = next(at for at, line in enumerate(lines) if line.number == place.line)
    if lines[at] != Line(place.line, place.text, place.text):
        return None
    if kind == "dropped":
        lines[at] = Line(place.line, place.text, None)
        return place.line
    edited = EDITS[REVERSED.get(kind, kind)](place, chance)
    if edited is None or edited == place.text:
        return None
    before, after = (edited, place.text) if kind in REVERSED else (place.text, edited)
    lines[at] = Line(place.line, before, after)
    return place.line


def _replaced(place: Place, chance: random.Random, pairs: Sequence[tuple[str, str]], most: int = 1) -> str | None:
    """The line with words of the claim replaced, in so many places at most."""
    start, end = place.content
    fitting = [
        (found, new) for old, new in pairs for found in [re.search(rf"\b{old}\b", place.text[start:end])] if found
    ]
    if not fitting:
        return None
    line, shift = place.text, start
    for found, new in sorted(chance.sample(fitting, min(most, len(fitting))), key=lambda each: -each[0].start()):
        if line[shift + found.start() : shift + found.end()] == found[0]:
            line = _put(line, shift + found.start(), shift + found.end(), found.expand(new))
    return line


def _put(text: str, start: int, end: int, new: str) -> str:
    return f"{text[:start]}{new}{text[end:]}"


# What changes nothing that anybody said


def _each(change: Callable[[str], str]) -> Callable[[list[Line], random.Random], list[Line]]:
    def apply(lines: list[Line], chance: random.Random) -> list[Line]:
        return [line._replace(after=line.after and change(line.after)) for line in lines]

    return apply


def _curly(line: str) -> str:
    line = re.sub(r'"([^"]*)"', r"“\1”", line)
    return line.replace("'", "’")


def _dashes(line: str) -> str:
    return line.replace(" - ", " – ").replace("...", "…").replace(" percent", " per cent")


def _spaces(line: str) -> str:
    return re.sub(r"(?<=\d) (?=[a-z])", "\u00a0", line).replace(", ", ",  ", 1)


def _plain_numbers(line: str) -> str:
    return re.sub(r"(\d),(\d{3})", r"\1\2", line)


def _spelled(line: str) -> str:
    for word, digits in (("three", "3"), ("five", "5"), ("nine", "9"), ("eleven", "11"), ("14", "fourteen")):
        line = re.sub(rf"(?<![\w.,]){word}(?= [a-z]{{4,}}s\b)", digits, line)
    return line


def _boilerplate(lines: list[Line], chance: random.Random) -> list[Line]:
    notice = Line(2_000, None, chance.choice(_WORDS["notices"]))
    return [*lines, notice] if chance.random() < 0.5 else [notice, *lines]


def _colour(lines: list[Line], chance: random.Random) -> list[Line]:
    at = chance.randrange(1, len(lines))
    return [*lines[:at], Line(3_000, None, chance.choice(_WORDS["background"])), *lines[at:]]


def _moved(lines: list[Line], chance: random.Random) -> list[Line]:
    """A paragraph that depends on none before it goes to the end."""
    last = [line for line in lines if line.after and re.match(r"(?:The|A|According) ", line.after)]
    if not last:
        return lines
    line = chance.choice(last[1:] or last)
    return [other for other in lines if other is not line] + [line]


_SETTING: Mapping[str, Callable[[list[Line], random.Random], list[Line]]] = {
    "curly": _each(_curly),
    "dashes": _each(_dashes),
    "spaces": _each(_spaces),
    "numbers": _each(_plain_numbers),
    "spelled": _each(_spelled),
    "boilerplate": _boilerplate,
    "background": _colour,
    "moved": _moved,
}

_PRONOUNS = frozenset({"he", "she", "they", "it", "who"})
_NUMBERS = ["two", "three", "four", "five", "six", "seven", "eight", "nine", "eleven"]


def _sections() -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    for line in WORDS.read_text(encoding="utf-8").splitlines():
        if line.startswith("["):
            found[line.strip("[]")] = lines = []
        elif not line.startswith("#"):
            lines.append(line)
    return found


_WORDS = _sections()


def _pairs(section: str) -> list[tuple[str, str]]:
    return [(old, new) for old, _, new in (line.partition("\t") for line in _WORDS[section])]


# How well they are found


class Found(NamedTuple):
    """What was found in a revision, beside what has changed."""

    revision: Revision
    right: frozenset[tuple[str, int]]
    missed: frozenset[tuple[str, int]]
    wrong: frozenset[tuple[str, int]]


def judge(revision: Revision, before: EnrichedArticle, after: EnrichedArticle, changes: Comparison) -> Found:
    """Compare changes with those that were made, by kind and line."""
    found = set()
    for claim in after.claims:
        if claim.id in changes.changed:
            line = TITLE if claim.in_title else revision.line_at("after", claim.sentence[0])
            found |= {(kind, line) for kind in changes.changed[claim.id].kinds}
    gone = {claim.id for claim in changes.dropped}
    for claim in before.claims:
        if claim.id in gone:
            found.add(("dropped", TITLE if claim.in_title else revision.line_at("before", claim.sentence[0])))
    # Who says "he added" in the next line is another one, too.
    others = {line + 1 for kind, line in revision.changed if kind == "speaker"}
    found -= {("speaker", line) for line in others} - revision.changed
    changed = revision.changed
    return Found(revision, changed & found, changed - found, frozenset(found) - changed)


def enriched(extractor: Extractor, title: str, text: str, **given: Any) -> EnrichedArticle:
    """The record of an article, as a run would write it; ``given`` are fields of the raw article."""
    raw = RawArticle(title=title, text=text, **{"url": "https://courier.example/a", "language": "en", **given})
    article = normalize(raw)
    (found,) = extractor.pipe([article])
    made = Provenance("0", extractor.model, extractor.name, "run", datetime(2026, 3, 1, tzinfo=UTC))
    return EnrichedArticle(SCHEMA_VERSION, article, None, found.entities, found.claims, made)
