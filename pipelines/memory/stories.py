"""Stories: articles on the same event, joined as they stream in.

What an article looks like is in ``story_portraits``, how likely two tell of the same event in ``story_evidence``, what
follows from that in ``story_choice``; here they are kept and looked up. An article joins a story when it comes, and its
record never changes after that. If later articles show that two stories are the same, the younger one is merged into
the older, which an event says.
"""

from __future__ import annotations

import sqlite3
import zlib
from collections.abc import Iterable, Sequence
from datetime import datetime

import msgspec
import numpy as np
from numpy.typing import NDArray

from claimwire.pipelines.dedupe.words import Hashes
from claimwire.pipelines.memory import encoder, story_choice, story_evidence, story_portraits
from claimwire.pipelines.memory.rows import seen_at
from claimwire.pipelines.memory.story_evidence import Model
from claimwire.pipelines.memory.story_portraits import Portrait, Read
from claimwire.pipelines.memory.tables import marks
from claimwire.pipelines.observe.events import story_merged
from claimwire.schemas import Article, EnrichedArticle, Event, Story

WINDOW = 365
"""Days: an article is compared with those that were published so long before it or after it."""
_CANDIDATES = 30
_REMEMBERED_BY = 24  # words
_LOOKED_UP_BY = 48  # words
_LATEST = 300  # articles that are remembered by a word
_HALF_LIFE = 50_000  # articles, after which one counts half for how common a word is
_BOILERPLATE = 2  # stories in which an outlet has had a line
_MEANING = 1_200  # characters
_DAY = 86_400

_pack = msgspec.msgpack.Encoder().encode
_unpack = msgspec.msgpack.Decoder(Portrait).decode


class Compared(msgspec.Struct, frozen=True):
    """An article and those that it was compared with."""

    read: Read
    portrait: Portrait
    rarity: NDArray[np.float64]
    """Of each of its words."""
    numbers: Sequence[int]
    portraits: Sequence[Portrait]
    stories: Sequence[str]


class Stories:
    """Gives each record its story.

    Live blogs and digests belong to none, an article with neither title nor text either. A copy or revision shares the
    story of its original.

    Args:
        db: Reads the tables ``story_...`` and adds to them (``tables.remembering``).
        model: How likely a pair tells of the same event; None for the one that comes with this version.
    """

    def __init__(self, db: sqlite3.Connection, model: Model | None = None) -> None:
        self._db = db
        self._model = model

    def remember(self, record: EnrichedArticle) -> tuple[EnrichedArticle, list[Event]]:
        """The record with its story, and an event for each story that is merged."""
        article, at = record.article, int(record.provenance.processed_at.timestamp())
        number = self.next_number()
        known = self._known(article.id)
        if known is None and record.duplicate:
            known = self._known(record.duplicate.of)
            if known is not None:
                self._add_article(number, article.id, known[0], None, at)
        if known is not None:
            return _with_story(record, self._now(known[0])), []
        if not _tells_of_one_event(article):
            self._add_article(number, article.id, None, None, at)
            return record, []
        compared = self.compare(article, seen_at(record), number, at)
        found = story_evidence.likelihood(
            story_evidence.signs(compared.portrait, compared.portraits, compared.rarity),
            self._model or story_evidence.model(),
        )
        choice = story_choice.choose(zip(compared.stories, found.tolist(), strict=True), self._sizes(compared.stories))
        story, merged = self._settle(article.id, choice, number, at)
        if story is None:
            self._add_article(number, article.id, None, None, at)
        else:
            self.keep(article.id, story, compared, number, at)
        events = [story_merged(story, gone, article, record.provenance.processed_at) for gone in merged if story]
        return _with_story(record, story), events

    @staticmethod
    def forget(db: sqlite3.Connection, before: datetime) -> None:
        """Forget articles, stories and words that no article since has brought. A line that was seen in one story only
        is forgotten ten times as fast."""
        until = int(before.timestamp())
        for table in ("story_articles", "story_stories", "story_words", "story_lines"):
            db.execute(f"DELETE FROM {table} WHERE remembered_at < ?", (until,))  # noqa: S608 - our own names
        (latest,) = db.execute("SELECT coalesce(max(remembered_at), 0) FROM story_articles").fetchone()
        db.execute(
            "DELETE FROM story_lines WHERE stories < ? AND remembered_at < ?",
            (_BOILERPLATE, latest - max(latest - until, 0) // 10),
        )

    def compare(self, article: Article, at: datetime, number: int, now: int) -> Compared:
        """Count the words of an article, and find those that may tell of the same event.

        Args:
            article: The article.
            at: When it was published, as far as is known.
            number: How many came before it, and itself.
            now: When it is processed, in seconds since 1970.
        """
        read = story_portraits.read(article)
        sketched = story_portraits.sketch(read, self._boilerplate(article, read))
        rarity, latest = self._count(sketched.words, number, now)
        portrait = story_portraits.portrait(article, at, sketched, rarity, _vector(article))
        kept = np.frombuffer(portrait.words, np.uint32)
        rarity = rarity[sketched.words.searchsorted(kept)]
        numbers, portraits, stories = [], [], []
        looked_up = story_portraits.telling(portrait, rarity, _LOOKED_UP_BY)
        rare = dict(zip(kept.tolist(), rarity.tolist(), strict=True))
        for candidate, other, story in self._articles(_nearest(latest, looked_up, rare)):
            if abs(other.day - portrait.day) <= WINDOW:
                numbers.append(candidate)
                portraits.append(other)
                stories.append(story)
        return Compared(read, portrait, rarity, numbers, portraits, stories)

    def keep(self, article: str, story: str, compared: Compared, number: int, now: int) -> None:
        """Remember an article as one of a story, so that later ones are compared with it."""
        self._add_article(number, article, story, compared.portrait, now)
        self._remember_by(compared, number, now)
        self._count_lines(compared.portrait.outlet, compared.read, story, now)

    def _settle(
        self, article: str, choice: story_choice.Choice, number: int, at: int
    ) -> tuple[str | None, tuple[str, ...]]:
        """The story that an article belongs to after its choice is carried out, and the stories that are gone."""
        if choice.several:
            return None, ()
        if choice.story is None:
            self._add("story_stories", (article, None, number, 1, at))
            return article, ()
        # The oldest one stays.
        all_ = (choice.story, *choice.merged)
        rows = {story: self._story(story) for story in all_}
        story, *gone = sorted(all_, key=lambda story: rows[story][0])
        self._add("story_stories", (story, None, rows[story][0], 1 + sum(size for _, size in rows.values()), at))
        for other in gone:
            self._add("story_stories", (other, story, *rows[other], at))
        return story, tuple(gone)

    # What is kept

    def next_number(self) -> int:
        """Count one more article."""
        row = self._db.execute("SELECT articles FROM story_count WHERE one = 1").fetchone()
        number = row[0] + 1 if row else 1
        self._add("story_count", (1, number))
        return number

    def _known(self, article: str) -> tuple[str | None] | None:
        row: tuple[str | None] | None = self._db.execute(
            "SELECT story FROM story_articles WHERE article = ?", (article,)
        ).fetchone()
        return row

    def _now(self, story: str | None) -> str | None:
        """The story that a story has been merged into by now, or itself."""
        while story is not None:
            row = self._db.execute("SELECT merged_into FROM story_stories WHERE story = ?", (story,)).fetchone()
            if row is None or row[0] is None:
                break
            story = row[0]
        return story

    def _story(self, story: str) -> tuple[int, int]:
        row = self._db.execute("SELECT first, articles FROM story_stories WHERE story = ?", (story,)).fetchone()
        return row[0], row[1]

    def _sizes(self, stories: Iterable[str]) -> dict[str, int]:
        return {story: self._story(story)[1] for story in dict.fromkeys(stories)}

    def _articles(self, numbers: Sequence[int]) -> list[tuple[int, Portrait, str]]:
        rows = self._db.execute(
            f"SELECT number, portrait, story FROM story_articles WHERE number IN ({marks(numbers)})",  # noqa: S608
            numbers,
        ).fetchall()
        return [(number, _unpack(portrait), self._now(story) or story) for number, portrait, story in sorted(rows)]

    def _count(self, words: Hashes, number: int, now: int) -> tuple[NDArray[np.float64], dict[int, bytes]]:
        """Count an article for its words; how rare each is now, and the articles that are remembered by each.

        An article counts the less the more have come since. So the count of all of them tends to a limit, and what was
        in the news a year ago does not keep a word common.
        """
        keys = words.tolist()
        rows = {
            word: (count, at, latest)
            for word, count, at, latest in self._db.execute(
                f"SELECT word, count, at, articles FROM story_words WHERE word IN ({marks(keys)})",  # noqa: S608
                keys,
            )
        }
        counts = (
            np.array(
                [
                    rows[word][0] * 0.5 ** ((number - rows[word][1]) / _HALF_LIFE) if word in rows else 0.0
                    for word in keys
                ]
            )
            + 1
        )
        latest = {word: rows[word][2] if word in rows else b"" for word in keys}
        self._add_all(
            "story_words",
            [(word, count, number, latest[word], now) for word, count in zip(keys, counts.tolist(), strict=True)],
        )
        all_ = (1 - 0.5 ** (number / _HALF_LIFE)) / (1 - 0.5 ** (1 / _HALF_LIFE))
        return np.log((all_ + 1) / (counts - 0.5)), latest

    def _remember_by(self, compared: Compared, number: int, now: int) -> None:
        telling = story_portraits.telling(compared.portrait, compared.rarity, _REMEMBERED_BY)
        rows = self._db.execute(
            f"SELECT word, count, at, articles FROM story_words WHERE word IN ({marks(telling)})",  # noqa: S608
            telling,
        ).fetchall()
        own = np.uint32(number).tobytes()
        self._add_all(
            "story_words", [(word, count, at, (latest + own)[-4 * _LATEST :], now) for word, count, at, latest in rows]
        )

    def _boilerplate(self, article: Article, read: Read) -> frozenset[int]:
        keys = {_line(article.source.domain or article.source.name or "", line.key): line.key for line in read.lines}
        rows = self._db.execute(
            f"SELECT line FROM story_lines WHERE line IN ({marks(keys)}) AND stories >= ?",  # noqa: S608
            (*keys, _BOILERPLATE),
        )
        return frozenset(keys[line] for (line,) in rows)

    def _count_lines(self, outlet: str, read: Read, story: str, now: int) -> None:
        keys = list(dict.fromkeys(_line(outlet, line.key) for line in read.lines))
        rows = {
            line: (last, stories)
            for line, last, stories in self._db.execute(
                f"SELECT line, story, stories FROM story_lines WHERE line IN ({marks(keys)})",  # noqa: S608
                keys,
            )
        }
        counted = []
        for line in keys:
            last, stories = rows.get(line, ("", 0))
            counted.append((line, story, stories + (last != story), now))
        self._add_all("story_lines", counted)

    def _add_article(self, number: int, article: str, story: str | None, portrait: Portrait | None, at: int) -> None:
        self._add("story_articles", (number, article, story, _pack(portrait) if portrait else None, at))

    def _add(self, table: str, row: tuple[object, ...]) -> None:
        self._add_all(table, [row])

    def _add_all(self, table: str, rows: Sequence[tuple[object, ...]]) -> None:
        if rows:
            self._db.executemany(f"INSERT OR REPLACE INTO staged.{table} VALUES ({marks(rows[0])})", rows)  # noqa: S608


def _with_story(record: EnrichedArticle, story: str | None) -> EnrichedArticle:
    return msgspec.structs.replace(record, story=Story(story)) if story is not None else record


def text_of(record: EnrichedArticle) -> str | None:
    """What of a record is compared by meaning; None for a copy, which belongs where its original does."""
    return _telling(record.article) if not record.duplicate and _tells_of_one_event(record.article) else None


def _tells_of_one_event(article: Article) -> bool:
    return bool(article.title or article.text) and not story_choice.tells_of_several_events(article)


def _telling(article: Article) -> str:
    return f"{article.title or ''}. {article.text[:_MEANING]}"


def _vector(article: Article) -> bytes:
    return bytes(encoder.encoded(_telling(article))) if encoder.has_weights() else b""


def _nearest(latest: dict[int, bytes], words: Sequence[int], rare: dict[int, float]) -> list[int]:
    """The numbers of the articles that share the most with one, the rarer the words the more, the best first."""
    lists = [np.frombuffer(latest[word], np.uint32) for word in words]
    if not any(map(len, lists)):
        return []
    numbers, at = np.unique(np.concatenate(lists), return_inverse=True)
    shares = np.bincount(at, np.repeat([rare[word] ** 2 for word in words], [len(one) for one in lists]))
    best: list[int] = numbers[np.lexsort((-numbers.astype(np.int64), -shares))[:_CANDIDATES]].tolist()
    return best


def _line(outlet: str, key: int) -> int:
    """A line of an outlet as a key."""
    return (key ^ zlib.crc32(outlet.encode()) * 0x9E3779B97F4A7C15) & ((1 << 63) - 1)
