"""The marked claims of 294 news pages, and how a claim of ours is compared with them.

``data/page_claims.jsonl`` has offsets into texts that are not part of this repository, ``data/README.md`` says how they
were marked. A claim of ours matches a mark if their contents share at least half of their letters, one to one, best
first. Of a matched claim, ``Pair`` says whether it is right, and else what is wrong first.
"""

from __future__ import annotations

import gzip
import hashlib
import json
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import Literal, NamedTuple

import msgspec
from speaker_labels import fold

from claimwire.schemas import Claim, Span

_MARKS = Path(__file__).parent / "data" / "page_claims.jsonl"
FILES = {
    "aeb_dev": "pages/aeb_dev.jsonl.gz",
    "dedupe_dev": "dedupe/dev_docs.jsonl.gz",
    "wcxb_articles_dev": "pages/wcxb_articles_dev.jsonl.gz",
    "gun_violence_dev": "stories/gun_violence_dev.jsonl.gz",
    "news_events_2017": "stories/news_events_2017.jsonl.gz",
}
"""Where the texts of a set are in the folder of data."""
Part = Literal["train", "dev", "test", "check"]
CLASSES = (
    "not a claim",
    "part of a claim",
    "not for the desk",
    "speaker missing",
    "speaker wrong",
    "name wrong",
    "name null",
    "too long",
    "too short",
    "too long and short",
    "quote type",
    "modality",
    "polarity",
    "quantities",
    "right",
    "missed",
)
"""What a claim is, in the order in which it is asked."""


class Mark(msgspec.Struct, frozen=True):
    """A claim as a reader marked it; every span is of code points in the article's text."""

    content: tuple[Span, ...]
    cue: tuple[Span, ...] | None
    speaker: Span | None
    name: Span | None
    """Where the text has the fullest name of the speaker."""
    numbers: tuple[Span, ...]
    quote: Literal["direct", "indirect", "mixed"]
    kind: Literal["statement", "belief", "intention", "attitude"]
    modality: Literal["asserted", "alleged", "possible", "planned", "conditional"]
    polarity: Literal["affirmed", "negated", "denied"]
    worth: Literal[0, 1, 2, 3]
    desk: bool


class Page(msgspec.Struct, frozen=True):
    """A marked article, without its text."""

    set: str
    id: str
    part: Part
    outlet: str
    sha256: str
    """Of the text in UTF-8."""
    claims: tuple[Mark, ...]


def pages(part: Part, sets: Iterable[str] = tuple(FILES)) -> list[Page]:
    """The marked pages of a part."""
    every = [msgspec.json.decode(line, type=Page) for line in _MARKS.read_bytes().splitlines()]
    return [page for page in every if page.part == part and page.set in sets]


def texts(folder: Path, pages: Sequence[Page]) -> list[str]:
    """The text of each page. Raises SystemExit where it is not in the folder, or not the one that was marked."""
    wanted = {(page.set, page.id): "" for page in pages}
    for name in dict.fromkeys(page.set for page in pages):
        path = folder / FILES[name]
        if not path.is_file():
            raise SystemExit(f"{path} is not there: --data takes the folder that holds {FILES[name]}")
        with gzip.open(path, "rt", encoding="utf-8") as lines:
            for article in map(json.loads, lines):
                if (name, article["id"]) in wanted:
                    wanted[name, article["id"]] = article["text"]
    for page in pages:
        if hashlib.sha256(wanted[page.set, page.id].encode()).hexdigest() != page.sha256:
            raise SystemExit(
                f"{folder / FILES[page.set]} does not have the text of {page.id} that was marked: "
                "get the release of the set that the marks were made on, or mark the article again"
            )
    return [*wanted.values()]


class Pair(NamedTuple):
    """A claim of ours with its mark; the claim is None where a mark was missed, the mark where there is none."""

    text: str
    claim: Claim | None
    mark: Mark | None
    touched: bool = False
    """Whether a claim without a mark shares letters with one: too few, or another claim fits it better."""

    @property
    def names(self) -> tuple[str | None, str | None]:
        """The resolved name and the marked one."""
        ours = self.claim.speaker.name if self.claim and self.claim.speaker else None
        marked = self.text[slice(*self.mark.name)] if self.mark and self.mark.name else None
        return ours, marked

    @property
    def lenient(self) -> bool:
        """Whether the content matches and the speaker is right."""
        if self.claim is None or self.mark is None:
            return False
        spans = self.claim.speaker.spans if self.claim.speaker else ()
        ours, marked = self.names
        if self.mark.speaker is None:
            return not spans
        shared = letters(self.text, spans) & letters(self.text, [self.mark.speaker])
        return len(shared) >= 2 or (ours is not None and marked is not None and fold(ours) == fold(marked))

    @property
    def strict(self) -> bool:
        """Whether besides the content is exact, and no wrong name was resolved."""
        return self.lenient and not self.edges and not self.misnamed

    @property
    def misnamed(self) -> bool:
        """Whether a wrong name was resolved. One that repeats the speaker's own words says no more than the text."""
        ours, marked = self.names
        if ours is None or self.claim is None or self.claim.speaker is None:
            return False
        return fold(ours) != fold(self.claim.speaker.text) and (marked is None or not same_name(ours, marked))

    @property
    def edges(self) -> str:
        """What is wrong with the ends of a matched content; empty if nothing is."""
        assert self.claim is not None
        assert self.mark is not None
        ours, marked = said(self.text, self.claim.content), said(self.text, self.mark.content)
        if ours > marked:
            return "too long"
        if ours < marked:
            return "too short"
        return "too long and short" if ours != marked else ""

    @property
    def error(self) -> str:
        """The first of the classes that fits."""
        if self.claim is None:
            return "missed"
        if self.mark is None:
            return "part of a claim" if self.touched else "not a claim"
        if not self.mark.desk:
            return "not for the desk"
        if not self.lenient:
            return "speaker wrong" if self.claim.speaker else "speaker missing"
        ours, marked = self.names
        if self.misnamed:
            return "name wrong"
        if ours is None and marked is not None:
            return "name null"
        if self.edges:
            return self.edges
        if self.claim.quote_type != self.mark.quote:
            return "quote type"
        if self.claim.modality != self.mark.modality:
            return "modality"
        if self.claim.polarity != self.mark.polarity:
            return "polarity"
        return "right" if same_numbers(self.text, self.claim, self.mark) else "quantities"


def compare(text: str, claims: Sequence[Claim], marks: Sequence[Mark]) -> Iterator[Pair]:
    """Every claim with the mark that it matches, in the order of the claims, then the marks that were missed."""
    ours = [letters(text, claim.content) for claim in claims]
    theirs = [letters(text, mark.content) for mark in marks]
    ranked = sorted(
        (
            (len(p & g) / len(p | g), i, j)
            for i, p in enumerate(ours)
            for j, g in enumerate(theirs)
            if p & g and 2 * len(p & g) >= len(p | g)
        ),
        key=lambda ranked: (-ranked[0], *ranked[1:]),
    )
    taken: dict[int, int] = {}
    for _, i, j in ranked:
        if i not in taken and j not in taken.values():
            taken[i] = j
    marked = frozenset[int]().union(*theirs)
    for i, claim in enumerate(claims):
        yield Pair(text, claim, marks[taken[i]] if i in taken else None, not marked.isdisjoint(ours[i]))
    for j, mark in enumerate(marks):
        if j not in taken.values():
            yield Pair(text, None, mark)


def letters(text: str, spans: Iterable[Span]) -> frozenset[int]:
    """Where the letters and digits of spans are."""
    return frozenset(at for start, end in spans for at in range(start, min(end, len(text))) if text[at].isalnum())


def said(text: str, spans: Iterable[Span]) -> frozenset[int]:
    """The letters of a content without a leading "that"."""
    found = sorted(letters(text, spans))
    first = text[found[0] : found[0] + 5].lower() if found else ""
    return frozenset(found[4:] if first.startswith("that") and not first[4:].isalnum() else found)


def same_name(one: str, other: str) -> bool:
    """Whether a name is a part, a longer form or the initials of another: Park, Park Geun-hye; WHO."""
    words = fold(one).split(), fold(other).split()
    initials = {"".join(word[0] for word in each) for each in words if len(each) > 1}
    first, second = set(words[0]), set(words[1])
    return first <= second or second <= first or not initials.isdisjoint(first | second)


def same_numbers(text: str, claim: Claim, mark: Mark) -> bool:
    """Whether the quantities are those that were marked, all their digits included; units are not compared."""
    ours = [letters(text, [(each.start, each.end)]) for each in claim.quantities]
    marked = [letters(text, [span]) for span in mark.numbers]
    every = frozenset[int]().union(*ours)
    digits = {at for number in marked for at in number if text[at].isdigit()}
    touching = all(number & every for number in marked) and all(any(one & number for number in marked) for one in ours)
    return touching and digits <= every
