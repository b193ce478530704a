"""Made-up articles for tests and benchmarks: a limited vocabulary, and the same articles for the same seed.

Word frequencies are as uneven as in real text (the nth word of a list has a weight of 1/n), and about every third
sentence attributes something to somebody, as in news.
"""

from __future__ import annotations

import json
import random
from collections.abc import Iterable, Iterator
from datetime import UTC, datetime, timedelta
from functools import cache
from pathlib import Path
from typing import Any


def _list(words: str) -> list[str]:
    return words.split()


_NOUNS = _list(
    "people year government city company plan report market police court country week school price school bank law "
    "vote worker family road bridge hospital army border minister election team match tax budget energy harbour river "
    "factory village storm train ship farmer student doctor teacher judge union deal strike island port mine dam "
    "forest museum airport station square convoy shell tank drone missile ceasefire harvest drought flood fire wage "
    "loan bond currency tariff export grain oil gas steel copper vaccine clinic virus study laboratory satellite "
    "telescope glacier reef engine battery grid pipeline tunnel ferry tram stadium coach goalkeeper referee league "
    "senator mayor council parliament treaty embassy refugee camp aid prison trial witness lawyer verdict appeal"
)
_VERBS = _list(
    "made took found gave saw began kept held brought built lost closed opened sold bought moved stopped ended raised "
    "changed planned approved rejected delayed repaired damaged destroyed replaced searched guarded counted promised "
    "refused visited inspected criticised praised abandoned"
)
_PLAIN = _list("grow fall rise return continue change stop begin fail open close move suffer recover shrink spread")
_ADJECTIVES = _list(
    "new local large small old last next early late public national northern southern eastern western heavy quiet "
    "expensive cheap dangerous temporary broken empty crowded damaged official private foreign rural remote recent"
)
_FIRST_NAMES = _list(
    "Anna Marek Ilse Tomas Vera Olek Dara Jonas Mira Petr Lena Harun Edda Nils Rosa Ivo Thea Bram Zora Emil Katya Otto"
)
_LAST_NAMES = _list(
    "Brandt Okello Marsh Lindqvist Varga Osei Holm Petrescu Dunmore Halloran Castell Ferrin Novak Aldous Quill Rask "
    "Tollan Weir Sorensen Abara Kestrel Yarrow Mbeki Corrigan"
)
_PLACES = _list("Brackwater Dunlow Quillmoor Corvane Eastmere Harrowgate Saltby Norwick Talvern Lissow Grenholm Orsk")
_ROLES = _list("minister mayor director spokeswoman general professor doctor coach analyst governor")
_SPEECH = _list("said added warned told insisted claimed argued explained announced")
_BEGAN = datetime(2026, 3, 1, tzinfo=UTC)


class _Writer:
    def __init__(self, seed: int) -> None:
        self._random = random.Random(seed)

    def _one(self, words: list[str]) -> str:
        return self._random.choices(words, cumulative(len(words)))[0]

    def _noun(self) -> str:
        return f"the {self._one(_ADJECTIVES)} {self._one(_NOUNS)}" if self._random.random() < 0.4 else self._bare()

    def _bare(self) -> str:
        return f"the {self._one(_NOUNS)}"

    def _person(self) -> str:
        name = f"{self._one(_FIRST_NAMES)} {self._one(_LAST_NAMES)}"
        return f"{name}, the {self._one(_ROLES)} of {self._one(_PLACES)}," if self._random.random() < 0.3 else name

    def _clause(self) -> str:
        number = self._random.randrange(2, 900)
        forms = (
            lambda: f"{self._noun()} {self._one(_VERBS)} {self._noun()}",
            lambda: f"{self._noun()} would {self._one(_PLAIN)} in {self._one(_PLACES)}",
            lambda: f"{self._noun()} {self._one(_VERBS)} {number} of {self._noun()}s near {self._one(_PLACES)}",
            lambda: f"{self._noun()} had {self._one(_VERBS)} {self._noun()} after {self._noun()}",
        )
        return self._random.choice(forms)()

    def sentence(self) -> str:
        said = self._one(_SPEECH)
        forms = (
            lambda: f"{self._person()} {'told reporters' if said == 'told' else said} that {self._clause()}.",
            lambda: f"“{_upper(self._clause())},” {self._person()} {said if said != 'told' else 'said'}.",
            lambda: f"According to {self._person()}, {self._clause()}.",
            lambda: f"{self._clause()}.",
            lambda: f"{self._clause()} and {self._clause()}.",
            lambda: f"In {self._one(_PLACES)}, {self._clause()} while {self._clause()}.",
            lambda: f"{self._clause()} because {self._clause()}, and nobody in {self._one(_PLACES)} {said} much.",
        )
        return _upper(self._random.choices(forms, (2, 2, 1, 4, 3, 2, 1))[0]())


def _upper(text: str) -> str:
    return text[0].upper() + text[1:]


@cache
def cumulative(length: int) -> tuple[float, ...]:
    """The cumulative weights of ``length`` words, where the nth word has a weight of 1/n."""
    total = 0.0
    weights = []
    for rank in range(1, length + 1):
        total += 1 / rank
        weights.append(total)
    return tuple(weights)


@cache
def _sentences(seed: int) -> tuple[str, ...]:
    writer = _Writer(seed)
    return tuple(writer.sentence() for _ in range(6_000))


def articles(count: int, words: int, seed: int = 1, copies: float = 0.0) -> Iterator[dict[str, Any]]:
    """Make article records in the plain form {url, title, text, published}.

    Args:
        count: The number of articles.
        words: The approximate number of words in each.
        seed: The random seed.
        copies: The share of articles that repeat the text of an earlier one under another URL, some hours later; every
            second of these has a different last sentence. The other articles share sentences, but no whole text.
    """
    chance = random.Random(seed)
    pool = _sentences(seed)
    originals: list[dict[str, Any]] = []
    for number in range(count):
        published = _BEGAN + timedelta(minutes=number)
        if originals and chance.random() < copies:
            original = chance.choice(originals)
            text = original["text"]
            if number % 2:
                text = f"{text[: text.rstrip('.').rfind('.') + 1]} {chance.choice(pool)}"
            yield {
                **original,
                "text": text,
                "url": f"https://copyist{number % 40}.example/{number}",
                "published": published.isoformat(),
            }
            continue
        made = _one(number, words, pool, chance, published)
        if copies:
            originals.append(made)
        yield made


def _one(number: int, words: int, pool: tuple[str, ...], chance: random.Random, published: datetime) -> dict[str, Any]:
    paragraphs = [f"It was report number {number} of the day."]
    length = 7
    while length < words:
        paragraph = " ".join(chance.choices(pool, k=min(3, 1 + (words - length) // 15)))
        paragraphs.append(paragraph)
        length += paragraph.count(" ") + 1
    return {
        "url": f"https://outlet{number % 300}.example/news/{number}",
        "title": f"{chance.choice(_PLACES)} report {number}",
        "text": "\n".join(paragraphs),
        "published": published.isoformat(),
    }


def write_jsonl(path: Path, records: Iterable[dict[str, Any]]) -> Path:
    """Write records, one per line, and return the path."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("w", encoding="utf-8") as file:
        for record in records:
            file.write(json.dumps(record, ensure_ascii=False) + "\n")
    return path
