"""Revisions of made-up articles with known changes: what a desk edits after publication, one kind at a time.

An article is a list of lines; an edit changes one line, and what it has done to whom is known by the number of the line.
The claims of the article as it was say where there is something to edit. Whole articles are set in another typography,
too, get notices and other boilerplate, and their paragraphs move: none of this is a change.
"""

from __future__ import annotations

import random
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, NamedTuple

from claimwire.pipelines.extract import Extractor
from claimwire.pipelines.memory.changes import Comparison
from claimwire.pipelines.normalize.article import normalize
from claimwire.schemas import SCHEMA_VERSION, Claim, EnrichedArticle, Provenance, RawArticle

ARTICLES = Path(__file__).with_name("fixtures") / "revised_articles.txt"
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
    if said.lower() in _PRONOUNS or re.match(r", [A-Z]|, who|'s |, (?:the|a) ", behind):
        return None
    new = chance.choice([each for each in _SPEAKERS if each.lower() not in place.text.lower()])
    return _put(place.text, start, end, new[0].upper() + new[1:] if said[0].isupper() and start == 0 else new)


def _hedge(place: Place, chance: random.Random) -> str | None:
    """The claim is put more carefully."""
    return None if place.claim.hedges or place.claim.modality == "possible" else _replaced(place, chance, _HEDGING)


def _negate(place: Place, chance: random.Random) -> str | None:
    """The claim says the contrary."""
    start, end = place.content
    return None if re.search(r"\b(?:not|no|never)\b|n't", place.text[start:end]) else _replaced(place, chance, _NEGATING)


def _reword(place: Place, chance: random.Random) -> str | None:
    """The same in other words."""
    return _replaced(place, chance, _REWORDING, most=2)


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
    if kind == "added":
        new = Line(1_000, None, chance.choice([line for line in _NEWS if claims_of("", line)]))
        lines.insert(chance.randrange(2, len(lines)), new)
        changed.add((kind, new.number))
    elif kind == "dropped":
        number = chance.choice(places).line
        lines[number] = lines[number]._replace(after=None)
        changed.add((kind, number))
    elif kind != NONE:
        place = chance.choice(places)
        edited = EDITS[REVERSED.get(kind, kind)](place, chance)
        if edited is None or edited == place.text or lines[place.line].before is None:
            return None
        before, after = (edited, place.text) if kind in REVERSED else (place.text, edited)
        lines[place.line] = Line(place.line, before, after)
        changed.add((kind, place.line))
    # Every second revision, and each of no kind, is set otherwise as well.
    how = chance.sample(sorted(_SETTING), 2) if kind == NONE or chance.random() < 0.5 else []
    for name in how:
        lines = _SETTING[name](lines, chance)
    return Revision(title, tuple(lines), frozenset(changed), " ".join((kind, *how)))


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
    notice = Line(2_000, None, chance.choice(_NOTICES))
    return [*lines, notice] if chance.random() < 0.5 else [notice, *lines]


def _colour(lines: list[Line], chance: random.Random) -> list[Line]:
    at = chance.randrange(1, len(lines))
    return [*lines[:at], Line(3_000, None, chance.choice(_BACKGROUND)), *lines[at:]]


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

_PRONOUNS = frozenset("he she they it who".split())
_NUMBERS = "two three four five six seven eight nine eleven".split()
_SPEAKERS = (
    "a spokeswoman for the ministry", "police", "the opposition", "Councillor Ines Karvonen", "the public prosecutor",
    "a person familiar with the matter", "the consumer agency", "Oren Matthias", "the fire service", "Beata Sundqvist",
)  # fmt: skip
_HEDGING = (
    (r"will be", r"may be"), (r"will (?=\w)", r"might "), (r"would be", r"could be"), (r"would (?=\w)", r"might "),
    (r"had been", r"had reportedly been"), (r"has been", r"may have been"), (r"were (?=\w)", r"were apparently "),
    (r"was (?=\w)", r"was probably "), (r"is (?=\w)", r"is possibly "), (r"had (?=\w+ed\b)", r"had allegedly "),
    (r"have (?=\w+ed\b)", r"have reportedly "), (r"are (?=\w)", r"are reportedly "),
    (r"(?<![\d,.])(\d[\d,]*) (?=[a-z])", r"about \1 "), (r"had (?=\d)", r"had roughly "),
)  # fmt: skip
_NEGATING = (
    (r"will be", r"will not be"), (r"would be", r"would not be"), (r"had been", r"had not been"),
    (r"were (?=\w)", r"were not "), (r"was (?=\w)", r"was not "), (r"is (?=\w)", r"is not "),
    (r"could (?=\w)", r"could not "), (r"are (?=\w)", r"are not "), (r"would (?=\w)", r"would not "),
    (r"has (?=\w+ed\b)", r"has not "), (r"had (?=\w+ed\b)", r"had not "), (r"we will", r"we won't"),
)  # fmt: skip
_REWORDING = (
    # Whole clauses in other words.
    (r"there will be other finals, and she did not believe me", r"more finals would come, which she refused to accept"),
    (r"the ship had been inspected in March and that no damage had been seen", r"nothing was amiss when the vessel was examined in March"),
    (r"she had flour for two more days", r"her flour would run out in two days"),
    (r"the island might ask the navy for a supply boat", r"the navy might be asked to supply the island"),
    (r"mobile libraries would serve the northern districts from January", r"from January a library bus would call in the north of the town"),
    (r"the alarm in the control room had not sounded", r"the control room did not hear any alarm"),
    (r"six other hospitals had generators of the same type", r"the same generators stood in six more hospitals"),
    (r"the displaced would be able to return within a month", r"everybody who fled would be home within a month"),
    (r"they had already lost a third of the maize", r"a third of the maize crop was already gone"),
    (r"all safety rules had been followed", r"the factory complied with all regulations"),
    (r"powder had been stored in a corridor", r"gunpowder was kept in a passage"),
    (r"the fire had been brought under control after seven hours", r"it took seven hours to control the fire"),
    (r"her office had seized the factory's records", r"the factory's files were in the hands of her office"),
    (r"a service would be held on Sunday", r"people would pray together on Sunday"),
    (r"the authorities lacked 400 clerks", r"400 clerks were missing in the offices"),
    (r"protected areas would not be touched", r"nothing would be built in protected areas"),
    (r"12,000 families had lost their savings", r"the savings of 12,000 families were gone"),
    (r"he was sorry for every one of them", r"he felt sympathy for each of them"),
    (r"seeds had been taken to a laboratory", r"a laboratory has received seeds"),
    (r"the area would become a reserve", r"it would turn the area into a reserve"),
    (r"740 trains had been cancelled by noon", r"by noon 740 trains did not run"),
    (r"the strike could last until Wednesday", r"work could be resumed on Wednesday"),
    (r"it would examine the data in April", r"the data would be looked at in April"),
    (r"the alarm had been switched off for repairs", r"repairs had put the alarm out of action"),
    (r"a grey van had been parked outside the museum for two nights", r"for two nights they had seen a grey van in front of the museum"),
    (r"his client had been asleep at home", r"the man was in his own bed at the time"),
    (r"orders had fallen by 44 percent since January", r"since January orders are down by 44 percent"),
    (r"the wind had reached 95 kilometres an hour", r"it blew at 95 kilometres an hour"),
    (r"the storm had been forecast for days", r"warnings of the storm had been out for days"),
    (r"the couple had not signed the book at the hut", r"in the hut's book their names were missing"),
    # Single words.
    (r"found a crack", r"discovered a fissure"), (r"booked onto other routes", r"put on other ships"),
    (r"inspected", r"examined"), (r"damage", r"fault"), (r"had been seen", r"had come to light"),
    (r"closed", r"shut"), (r"at risk", r"in danger"), (r"ignored", r"disregarded"), (r"save", r"spare"),
    (r"serve the northern districts", r"stop in the northern parts of town"), (r"a year", r"every year"),
    (r"shut down", r"switched off"), (r"worked at", r"were employed at"), (r"no decision had been taken", r"nothing had been decided"),
    (r"offer a loan", r"lend the company"), (r"not be enough", r"fall short"), (r"tested", r"checked"),
    (r"not sounded", r"stayed silent"), (r"published", r"made public"), (r"of the same type", r"built alike"),
    (r"killed", r"left dead"), (r"captured", r"seized"), (r"driven out", r"expelled"), (r"burnt down", r"gone up in flames"),
    (r"fled", r"run away"), (r"most of the wounded", r"the majority of those hurt"), (r"waiting", r"standing by"),
    (r"return within", r"go home within"), (r"slept badly", r"had a poor night"), (r"afraid", r"scared"),
    (r"changed nothing", r"made no difference"), (r"sold", r"handed out"), (r"lost", r"forfeited"),
    (r"examined one by one", r"looked at separately"), (r"watered", r"sprinkled"), (r"brought under control", r"contained"),
    (r"safety rules", r"regulations"), (r"followed", r"observed"), (r"stored", r"kept"), (r"visited", r"called at"),
    (r"held on", r"celebrated on"), (r"caused", r"set off"), (r"approved", r"granted a licence"), (r"lacked", r"were short of"),
    (r"protected areas", r"nature reserves"), (r"touched", r"built on"), (r"support", r"are in favour of"),
    (r"proved", r"shown"), (r"knew of", r"was aware of"), (r"hid", r"concealed"), (r"sorry for", r"moved by"),
    (r"study", r"read"), (r"a warning", r"an alert"), (r"taken to", r"brought to"), (r"become a reserve", r"be protected"),
    (r"known the flower for generations", r"always known the plant"), (r"cancelled", r"taken off the timetable"),
    (r"joined", r"taken part in"), (r"demands", r"claims of the union"), (r"interfere", r"take sides"), (r"last until", r"go on until"),
    (r"fade", r"weaken"), (r"examine the data", r"look into the figures"), (r"stay below", r"not exceed"),
    (r"kills", r"takes the lives of"), (r"worth", r"valued at"), (r"switched off", r"out of action"), (r"reopen", r"let visitors in again"),
    (r"parked outside", r"standing in front of"), (r"asleep at home", r"in bed in his flat"), (r"too high", r"above the target"),
    (r"rise again", r"go up once more"), (r"grow by", r"increase by"), (r"fallen by", r"dropped by"), (r"respected", r"would not question"),
    (r"made six attempts", r"tried six times"), (r"forecast", r"predicted"), (r"signed the book", r"left their names"),
    (r"reached", r"blown at"), (r"asked", r"requested"), (r"allowed", r"permitted"), (r"promised", r"pledged"),
)  # fmt: skip
_NEWS = (
    "The regional government said on Thursday evening that it would set up a fund of 2 million euros.",
    "\"Nobody has called us, and nobody has written to us,\" said Selma Oduya, who lives next door.",
    "The data protection officer warned that names had been passed on without consent.",
    "A former minister, Bastian Krul, called for a parliamentary inquiry.",
    "Insurers estimate that the costs will exceed 70 million euros.",
    "The embassy said that it was in contact with the families.",
    "Tourist guides complained that bookings had collapsed.",
    "Opposition leader Vera Stanek accused the authorities of hiding a report.",
    "The trade association denied that prices had been agreed.",
    "\"This will happen again before the year is out,\" predicted Kasimir Thule, a professor of engineering.",
    "The ombudsman announced that she would hear witnesses next week.",
    "According to a letter seen by this newspaper, the plan had been known since January.",
    "Neighbouring Ostmark said that its borders would stay open.",
    "A survey by the Chamber of Commerce found that 54 percent of firms expect losses.",
)  # fmt: skip
_NOTICES = (
    "Correction: An earlier version of this article said that the meeting had taken place on Monday.",
    "This article was amended on 12 March. A previous version stated that the mayor had resigned.",
    "Sign up for our newsletter and read the most important stories every morning.",
    "Reporting by Ilka Moran; editing by Tom Vass.",
    "Updated at 14.05 with more details.",
    "Photo: The harbour in the morning. Credit: Sanna Lild / Norpix",
    "Follow us on all channels. Read more: Ten facts about the region.",
    "Clarification: An earlier version said that 300 people had taken part. The organisers now speak of a few dozen.",
    "This is a developing story and will be updated.",
)  # fmt: skip
_BACKGROUND = (
    "It was raining for most of the day.",
    "The region has some of the oldest roads in the country.",
    "Traffic moved slowly in the afternoon, and the cafes were full.",
    "The history of the place goes back to the twelfth century.",
    "Flags hung from many of the windows.",
)  # fmt: skip


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
    line = next((line for kind, line in revision.changed if kind == "speaker"), None)
    found -= {(kind, at) for kind, at in found if kind == "speaker" and line is not None and at == line + 1}
    changed = revision.changed
    return Found(revision, changed & found, changed - found, frozenset(found) - changed)


def enriched(title: str, text: str, extractor: Extractor, **given: Any) -> EnrichedArticle:
    """The record of an article, as a run would write it; ``given`` are fields of the raw article."""
    raw = RawArticle(title=title, text=text, **{"url": "https://courier.example/a", "language": "en", **given})
    article = normalize(raw)
    (found,) = extractor.pipe([article])
    made = Provenance("0", extractor.model, extractor.name, "run", datetime(2026, 3, 1, tzinfo=UTC))
    return EnrichedArticle(SCHEMA_VERSION, article, None, found.entities, found.claims, made)
