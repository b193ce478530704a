"""What is fed to what, and what must hold of the outcome. A check that raises anything has found a fault."""

from __future__ import annotations

import os
import sqlite3
import tempfile
from collections import Counter
from collections.abc import Callable, Sequence
from contextlib import closing, suppress
from datetime import UTC, datetime, timedelta
from functools import cache, partial
from io import BytesIO
from pathlib import Path
from random import Random
from types import SimpleNamespace
from typing import NamedTuple
from urllib.parse import urlsplit

import msgspec

from claimwire.connectors.factchecks.claimreview import reviews_in, written
from claimwire.connectors.factchecks.reading import read_json
from claimwire.connectors.feeds.parsing import parse_feed
from claimwire.connectors.files import jsonvalues
from claimwire.connectors.files.articles import NotAnArticle, decode_article
from claimwire.connectors.files.decoding import decode as decode_payload
from claimwire.connectors.files.kinds import file_kind
from claimwire.connectors.files.lists import list_entries, opml_entries
from claimwire.connectors.files.paths import local_path
from claimwire.connectors.files.reading import read_file
from claimwire.connectors.files.records import FileKind
from claimwire.connectors.files.warc import BrokenRecord, Page, read_records
from claimwire.connectors.kafka import BadAddress, BadConfig, Connection, KafkaAddress, KafkaRecord
from claimwire.connectors.sources import SourceError, sources
from claimwire.connectors.web.addresses import is_public
from claimwire.connectors.web.discovery import find_feeds, robots_sitemaps
from claimwire.connectors.web.html import to_text
from claimwire.connectors.web.http import BadUrl, _joined, _parsed, without_password
from claimwire.connectors.web.waits import LONGEST_WAIT, retry_after
from claimwire.pipelines.dedupe.fingerprint import Sketch, fingerprint
from claimwire.pipelines.dedupe.index import Found, Seen
from claimwire.pipelines.dedupe.transform import with_verdict
from claimwire.pipelines.dedupe.verdict import judge
from claimwire.pipelines.extract import By, load
from claimwire.pipelines.normalize.article import normalize
from claimwire.pipelines.normalize.reviews import distinct_reviews
from claimwire.pipelines.normalize.times import parse_time, plausible
from claimwire.pipelines.normalize.transform import decode_record
from claimwire.pipelines.normalize.urls import canonical_url, domain
from claimwire.pipelines.settings import PREFIX, Settings, SettingsError, load_settings
from claimwire.pipelines.state import StateError
from claimwire.pipelines.state.opening import State, look
from claimwire.pipelines.state.queue import QueueReader
from claimwire.pipelines.timespans import parse_duration
from claimwire.schemas import ClaimReview, DeadLetter, Origin, RawArticle
from fuzzing import corpus, grammar
from fuzzing.mutation import made
from fuzzing.soundness import (
    assert_article,
    assert_extraction,
    assert_letter,
    assert_published,
    assert_spans,
    thoroughly,
)

NOW = datetime(2026, 2, 11, tzinfo=UTC)


class Target(NamedTuple):
    """One kind of input."""

    name: str
    check: Callable[[bytes], None]
    """Reads an input, and raises if something does not hold."""
    corpus: Sequence[bytes]
    words: Sequence[bytes]
    grammar: Callable[[Random], bytes]
    share: float
    """Of the time, relative to the other targets."""
    seconds: float = 5
    """Of processor time that one input may take."""
    longest: int = 20_000
    """Bytes of one input."""

    def input(self, seed: int) -> bytes:
        """The input of a seed: the same wherever and whenever it is made."""
        random = Random(f"{self.name} {seed}")
        return made(random, self.corpus, self.words, self.grammar, self.longest)


def _words(*pieces: Sequence[str]) -> list[bytes]:
    return [piece.encode("utf-8", "surrogateescape") for some in pieces for piece in some]


def _tags(names: Sequence[str]) -> list[str]:
    return [f"<{name}>" for name in names] + [f"</{name}>" for name in names]


def _text(data: bytes) -> str:
    """Any bytes as a text, lone surrogates included, as JSON can bring them."""
    return data.decode("utf-8", "surrogateescape")


def _random(data: bytes) -> Random:
    """What a check chooses by: the first bytes of an input, so that it chooses the same while that is made smaller."""
    return Random(data[:4])


# Feeds


def check_feed(data: bytes, headers: dict[str, str] | None = None) -> None:
    """Every entry becomes an article or a dead letter, and a body that is no feed is one dead letter with all of it."""
    url = "https://user:secret@example.org/feed"
    feed = parse_feed(data, url, headers, NOW)
    thorough = thoroughly(data)
    for raw in feed.articles:
        assert raw.origin == Origin(url="https://example.org/feed")
        assert raw.fetched_at == NOW
        assert_article(raw, thorough)
    for letter in feed.dead_letters:
        assert letter.stage == "entry" or (feed.error and len(feed.dead_letters) == 1)
        assert_letter(letter, data if feed.error else None, thorough)
        assert letter.error.type not in ("AttributeError", "NameError", "UnboundLocalError") or feed.error
    assert not feed.error or feed.dead_letters
    if thorough:
        assert parse_feed(data, url, headers, NOW) == feed, "read differently the second time"


def check_charset(data: bytes) -> None:
    """A feed whose encoding is declared in two places, and is perhaps neither."""
    random = _random(data)
    declared, told, real = (random.choice(corpus.ENCODINGS) for _ in range(3))
    text = data.decode("utf-8", "replace")
    body = f'<?xml version="1.0" encoding="{declared}"?>{text}'
    try:
        encoded = body.encode(real, "replace")
    except (LookupError, UnicodeError, ValueError, TypeError):
        encoded = body.encode()
    check_feed(encoded, {"Content-Type": f"application/rss+xml; charset={told}"} if random.random() < 0.5 else {})


def check_entry(data: bytes) -> None:
    """The payload of a dead letter of an entry, tried again."""
    (found,) = decode_payload("entry", data, Origin())
    if isinstance(found, DeadLetter):
        assert_letter(found, data, thoroughly(data))
    else:
        assert_article(found, thoroughly(data))


def check_page(data: bytes) -> None:
    """A page, or a robots.txt, names addresses that can be asked, and none with a login of its own making."""
    text = data.decode("utf-8", "replace")
    home = "https://example.org/en/"
    for url in [*(link.url for link in find_feeds(text, home)), *robots_sitemaps(text, home)]:
        parts = urlsplit(url)
        assert parts.scheme in ("http", "https")
        assert parts.hostname
        assert "@" not in parts.netloc
        assert not parts.fragment
    assert find_feeds(text, home) == find_feeds(text, home)


# Markup


def check_html(data: bytes) -> None:
    """Plain text that can be written, without what nobody sees; the same text each time."""
    html = _text(data)
    text = to_text(html)
    assert text == text.strip()
    assert not any(0xD800 <= ord(letter) < 0xE000 for letter in text), "a lone surrogate"
    assert "\n\n\n" not in text
    assert "\u00ad" not in text
    if thoroughly(data):
        assert to_text(html) == text


# Records


def check_record(data: bytes) -> None:
    """An article, or NotAnArticle and nothing else."""
    with suppress(NotAnArticle):
        assert_article(decode_article(data, Origin(url="in.jsonl", line=1)), thoroughly(data))


def check_factchecks(data: bytes) -> None:
    """Reviews that can be written and read again without loss, or problems with their lines; the same each time."""
    found = list(read_json(data))
    for each in found:
        if isinstance(each, ClaimReview):
            assert list(reviews_in(written(each))) == [each]
            assert each.claim
            assert "\n" not in each.claim
            assert all(url.lower().startswith(("http://", "https://")) for url in each.appearances)
        else:
            assert each.problem
            assert each.line is None or each.line <= data.count(b"\n") + data.count(b"\r") + len(data)
    if thoroughly(data):
        assert list(read_json(data)) == found, "read differently the second time"
        for review in distinct_reviews(each for each in found if isinstance(each, ClaimReview)):
            assert msgspec.json.decode(msgspec.json.encode(review), type=ClaimReview) == review


def check_kafka(data: bytes) -> None:
    """A record of a topic becomes one article or one dead letter with its bytes; its key and headers are kept."""
    random = _random(data)
    cut = random.randrange(len(data) + 1)
    key, value = (None, data) if random.random() < 0.5 else (data[:cut][:200], data[cut:])
    headers = (
        [("h", key), (_text(data[:20]).encode("utf-8", "replace").decode(), None)] if random.random() < 0.3 else []
    )
    record = KafkaRecord("wire", 0, 7, -1, 0, key, value if data else None, headers)
    for dead_letters in (False, True):
        found = decode_record(record, dead_letters)
        assert len(found) == (record.value is not None) or dead_letters
        for each in found:
            if isinstance(each, RawArticle):
                if not dead_letters:
                    assert each.origin is not None
                    assert each.origin.offset == 7
                assert_article(each, thoroughly(data))
            else:
                assert_letter(each, None if dead_letters else value, thoroughly(data))


# Files


def check_file(data: bytes) -> None:
    """A file of any kind: what is wrong with it is a dead letter, and of JSONL each filled line gives one of both."""
    path = _folder() / "input"
    path.write_bytes(data)
    kinds: tuple[FileKind, ...] = ("jsonl", "json", "text", "csv", "parquet", "dead-letters")
    thorough = thoroughly(data)
    for kind in kinds:
        found = list[RawArticle | DeadLetter]()
        with suppress(SourceError):  # of a table whose columns say nothing, or a damaged Parquet file
            found.extend(read_file(str(path), kind, 100_000))
        for each in found:
            if isinstance(each, DeadLetter):
                assert_letter(each, None, thorough)
            else:
                assert_article(each, thorough)
        if kind == "jsonl" and not data.startswith((b"\x1f\x8b", b"\x28\xb5\x2f\xfd")):
            lines = data.removeprefix(b"\xef\xbb\xbf").split(b"\n")
            assert len(found) == sum(1 for line in lines if line.strip())
    with suppress(SourceError):
        file_kind(str(path))


def check_warc(data: bytes) -> None:
    """Records of an archive: pages within their limit, each at another place, and broken ones with their bytes."""
    found = list(read_records(BytesIO(data), 100_000, Counter()))
    for kind in (Page, BrokenRecord):
        offsets = [each.offset for each in found if isinstance(each, kind) and each.offset is not None]
        assert offsets == sorted(set(offsets))
    for each in found:
        if isinstance(each, Page):
            assert len(each.body) <= 100_000
        else:
            assert each.data
            assert data[each.offset :].startswith(each.data)


def check_list(data: bytes) -> None:
    """The entries of a list of feeds with their lines, or SourceError."""
    path = _folder() / "list"
    path.write_bytes(data)
    for entries in (opml_entries, list_entries):
        with suppress(SourceError):
            found = list(entries(str(path)))
            assert found
            assert [line for line, _ in found] == sorted(line for line, _ in found)
            for _, entry in found:
                with suppress(SourceError):
                    if "://" in entry:  # not the paths: they may lead anywhere on this disk
                        local_path(entry)


# Addresses and times


def check_url(data: bytes) -> None:
    """A canonical URL is its own canonical form; a password is never shown; nothing but the documented errors."""
    url = _text(data)
    canonical = canonical_url(url)
    if canonical is not None:
        assert canonical.startswith("https://")
        assert canonical_url(canonical) == canonical, f"not idempotent: {canonical!r}"
        assert canonical.isprintable(), repr(canonical)
        assert domain(canonical)
        canonical.encode()
    shown = without_password(url)
    with suppress(BadUrl):
        target = _parsed(url)
        assert target.host
        assert not _parsed(shown).auth, "the password is shown"
    with suppress(BadUrl):
        _joined("https://example.org/a", url)
    with suppress(BadAddress):
        assert KafkaAddress.parse(url).brokers
    with suppress(ValueError):
        is_public(url)
    if url.lower().startswith(("http://", "https://", "kafka:")):
        with suppress(SourceError):
            assert list(sources(url))


def check_time(data: bytes) -> None:
    """A time in UTC that can be written, or none; a wait within its limits; a time span, or ValueError."""
    text = _text(data)
    time = parse_time(text)
    assert time is None or time.utcoffset() == timedelta()
    time = plausible(time, NOW)
    if time:
        assert_published("article", normalize(RawArticle(title="T", published=text, fetched_at=NOW)), thoroughly(data))
    wait = retry_after(text)
    assert wait is None or timedelta() <= wait <= LONGEST_WAIT
    with suppress(ValueError):
        assert parse_duration(text) > timedelta()
    moment = jsonvalues.instant({"at": text}, "at")
    assert moment is None or moment.utcoffset() == timedelta()
    with suppress(ValueError):
        date = jsonvalues.date({"at": float(text)}, "at")
        assert date is None or isinstance(date, str)


# Settings


def check_settings(data: bytes) -> None:
    """Settings, or SettingsError: from a file, from the environment and from options; and a file of Kafka's options."""
    path = _folder() / "claimwire.yaml"
    path.write_bytes(data)
    with suppress(SettingsError):
        _sound(load_settings(path, {}, {}))
    name, _, value = _text(data).partition(": ")
    for environment, flags in ({PREFIX + name.upper(): value}, {}), ({}, {name: value}):
        with suppress(SettingsError):
            _sound(load_settings(None, environment, flags))
    for file in ("client.properties", "client.yaml"):
        (_folder() / file).write_bytes(data)
        with suppress(BadConfig):
            Connection(("h:9092",), str(_folder() / file)).client_config()


def _sound(settings: Settings) -> None:
    assert settings.remembered() > timedelta()
    assert settings.turn() > timedelta()
    assert 1 <= settings.workers <= 64


# The state


def check_state(data: bytes) -> None:
    """A state in which one value is another: it is read, or StateError says that it is damaged."""
    random = _random(data)
    folder = _folder() / "state"
    folder.mkdir(exist_ok=True)
    database = folder / "state.db"
    for leftover in folder.glob("state.db*"):
        leftover.unlink()
    database.write_bytes(_state())
    _damage(database, random, data)
    with suppress(StateError):
        look(folder)
    with suppress(StateError), State(folder) as state:
        assert state.journal.passes >= 0
        for feed in ("http://127.0.0.1:9/feed", "http://127.0.0.1:9/gone"):
            state.sources.get(feed)
        state.offsets.next("kafka://127.0.0.1:9/wire")
        state.offsets.written()
        for queued in state.queue.next_articles(10, 1_000_000):
            list(QueueReader(database).articles(queued))
        list(state.queue.others("dead-letter"))


def _damage(database: Path, random: Random, data: bytes) -> None:
    if random.random() < 0.3:  # of the file, not of a value
        whole = database.read_bytes()
        at = random.randrange(len(whole) + 1)
        database.write_bytes(whole[:at] + data + whole[at + random.choice((0, len(data))) :])
        return
    with closing(sqlite3.connect(database)) as db, suppress(sqlite3.Error):
        tables = [name for (name,) in db.execute("SELECT name FROM sqlite_master WHERE type = 'table'")]
        table = random.choice(sorted(tables))
        columns = [name for _, name, *_ in db.execute(f"PRAGMA table_info({table})")]
        column = random.choice(columns)
        values: tuple[object, ...] = (data, data.decode("utf-8", "replace"), None, -1, 2**62, 1.5, "")
        new = random.choice(values)
        if random.random() < 0.5:
            rows = [value for (value,) in db.execute(f"SELECT {column} FROM {table}")]
            old = random.choice(rows) if rows else b""
            if isinstance(old, bytes) and old:
                at = random.randrange(len(old))
                new = old[:at] + bytes((old[at] ^ 1 << random.randrange(8),)) + old[at + 1 :]
        db.execute(f"UPDATE OR IGNORE {table} SET {column} = ?", (new,))
        db.commit()


@cache
def _state() -> bytes:
    path = _folder() / "whole.db"
    dump = (corpus.ROOT / "tests/fixtures/state-v3/state.sql").read_text(encoding="utf-8")
    with closing(sqlite3.connect(path)) as db:
        db.executescript(dump.replace("{server}", "http://127.0.0.1:9").replace("{folder}", str(_folder())))
    return path.read_bytes()


# Texts


def check_extraction(data: bytes, by: By) -> None:
    """Entities and claims whose offsets fit, and which the schema admits; the same ones each time."""
    text = normalize(RawArticle(text=_text(data))).text
    article = SimpleNamespace(id="a", text=text)
    (found,) = load(by=by, which="all").pipe([article])
    assert_extraction(text, found)
    for claim in found.claims:
        assert_published("claim", claim, thoroughly(data))
    if thoroughly(data):
        (again,) = load(by=by, which="all").pipe([article])
        assert again == found


class _Nothing:
    """An index that has seen nothing."""

    def find(self, *_: object) -> Found:
        return Found({}, {}, {}, frozenset())

    def read(self, _: object) -> dict[int, tuple[Seen, Sketch]]:
        return {}


def check_copies(data: bytes) -> None:
    """Two texts that share a part: both are judged, the second perhaps as a copy, and what it adds lies within it."""
    random = _random(data)
    text = _text(data)
    one, other = sorted(random.randrange(len(text) + 1) for _ in range(2))
    articles = [
        normalize(RawArticle(url=f"https://{host}.example/", title=text[:40], text=part, published=published))
        for host, part, published in (
            ("a", text[:other], "2026-02-10"),
            ("b", text[one:], "2026-02-11"),
            ("c", text + text[:one], "2026-02-11T01:00:00Z"),
        )
    ]
    prints = [fingerprint(article) for article in articles]
    verdicts = judge(prints, _Nothing(), NOW)
    for article, printed, verdict in zip(articles, prints, verdicts, strict=True):
        judged = with_verdict(article, printed.order, verdict)
        if verdict.duplicate:
            assert verdict.duplicate.of != article.id, "a copy of itself"
            assert verdict.duplicate.score is None or 0 <= verdict.duplicate.score <= 1
            assert verdict.duplicate.added is None or 0 <= verdict.duplicate.added <= 1
        if judged.added:
            assert_spans(article.text, judged.added)
    assert judge(prints, _Nothing(), NOW) == verdicts


@cache
def _folder() -> Path:
    """A folder of this process, in memory where the system has such a place; whoever started the process removes it."""
    return Path(os.environ.get("CLAIMWIRE_FUZZING") or tempfile.mkdtemp())


_TEXTS = [*corpus.ARTICLES, *(b" ".join(corpus.ARTICLES).split(b"\n")[:20])]
_entry = grammar.markup(corpus.FEED_NAMES, corpus.FEED_ATTRIBUTES, corpus.FEED_VALUES)
_record = grammar.json_object(corpus.RECORD_NAMES, corpus.RECORD_VALUES)


def _feed(random: Random) -> bytes:
    before, after = random.choice((corpus.RSS, corpus.ATOM, ("", "")))
    return grammar.within(before, _entry, after)(random)


_FEED_WORDS = _words(_tags(corpus.FEED_NAMES), corpus.FEED_ATTRIBUTES, corpus.FEED_VALUES)
_RECORD_WORDS = _words(corpus.RECORD_NAMES, corpus.RECORD_VALUES, ('"', "{", "}", "[", "]", ":", ",", '{"a":', "[["))
_LIST_WORDS = _words(_tags(corpus.LIST_NAMES), corpus.LIST_ATTRIBUTES, corpus.LIST_VALUES)

_JSON_FEED_WORDS = _words(corpus.JSON_FEED_NAMES, corpus.RECORD_VALUES, ('"', "{", "}", "[", "]", ":", ",", "[["))


def _sitemap(random: Random) -> bytes:
    before, after = random.choice((corpus.SITEMAP, corpus.SITEMAP_INDEX))
    values = (*corpus.FEED_VALUES, *corpus.URL_PIECES)
    return grammar.within(before, grammar.markup(corpus.SITEMAP_NAMES, ("xmlns", "href"), values), after)(random)


def _json_feed(random: Random) -> bytes:
    item = grammar.json_object(corpus.JSON_FEED_NAMES, (*corpus.FEED_VALUES, *corpus.RECORD_VALUES))
    items = b",".join(item(random) for _ in range(random.choice((1, 2, 4))))
    return grammar.within(corpus.JSON_FEED[0], lambda _: items, corpus.JSON_FEED[1])(random)


_FACT_CHECK_WORDS = _words(corpus.FACT_CHECK_NAMES, corpus.FACT_CHECK_VALUES, ('"', "{", "}", "[", "]", ":", ",", "[["))
_fact_checks = grammar.json_object(corpus.FACT_CHECK_NAMES, corpus.FACT_CHECK_VALUES)


TARGETS = {
    target.name: target
    for target in (
        Target("feeds", check_feed, corpus.FEEDS, _FEED_WORDS, _feed, 4),
        Target("charsets", check_charset, corpus.FEEDS, _words(corpus.ENCODINGS, corpus.FEED_VALUES), _feed, 2),
        Target(
            "sitemaps",
            check_feed,
            corpus.SITEMAPS,
            _words(_tags(corpus.SITEMAP_NAMES), corpus.TIME_PIECES, corpus.URL_PIECES),
            _sitemap,
            2,
        ),
        Target("json feeds", check_feed, corpus.JSON_FEEDS, _JSON_FEED_WORDS, _json_feed, 2),
        Target(
            "pages",
            check_page,
            [b"<link rel=alternate type='application/rss+xml' href=/feed><a href=/rss>", b"Sitemap: /news.xml"],
            _words(_tags(corpus.PAGE_NAMES), corpus.PAGE_ATTRIBUTES, corpus.PAGE_VALUES),
            grammar.markup(corpus.PAGE_NAMES, corpus.PAGE_ATTRIBUTES, corpus.PAGE_VALUES),
            1,
        ),
        Target("entries", check_entry, [corpus.HELD_ENTRY], _RECORD_WORDS, _record, 1),
        Target(
            "html",
            check_html,
            [*corpus.HTML, *corpus.WHOLE_FEEDS[:1]],
            _words(_tags(corpus.HTML_NAMES), corpus.SAID, corpus.HTML_ATTRIBUTES),
            grammar.markup(corpus.HTML_NAMES, corpus.HTML_ATTRIBUTES, corpus.SAID),
            3,
        ),
        Target("records", check_record, corpus.RECORDS, _RECORD_WORDS, _record, 3),
        Target("factchecks", check_factchecks, corpus.FACT_CHECKS, _FACT_CHECK_WORDS, _fact_checks, 2),
        Target("kafka", check_kafka, corpus.RECORDS, _RECORD_WORDS, _record, 2),
        Target("warc", check_warc, corpus.ARCHIVES, _words(corpus.ARCHIVE_WORDS), grammar.lines(_record), 2),
        Target("files", check_file, corpus.FILES, _RECORD_WORDS, grammar.lines(_record), 2),
        Target(
            "lists",
            check_list,
            corpus.LISTS,
            _LIST_WORDS,
            grammar.markup(corpus.LIST_NAMES, corpus.LIST_ATTRIBUTES, corpus.LIST_VALUES),
            1,
        ),
        Target(
            "urls",
            check_url,
            corpus.URLS,
            _words(corpus.URL_PIECES),
            grammar.row(corpus.URL_PIECES, 12),
            4,
            longest=3000,
        ),
        Target(
            "times",
            check_time,
            corpus.TIMES,
            _words(corpus.TIME_PIECES),
            grammar.row(corpus.TIME_PIECES, 7, ("", " ")),
            3,
        ),
        Target(
            "settings",
            check_settings,
            corpus.SETTINGS,
            _words(corpus.SETTING_NAMES, corpus.SETTING_VALUES, corpus.PROPERTIES, (": ", "\n", "\n  ")),
            grammar.settings(corpus.SETTING_NAMES, corpus.SETTING_VALUES),
            2,
            longest=6000,
        ),
        Target(
            "state", check_state, [b"x", b"{}", b"\x90", *corpus.RECORDS[:1]], _RECORD_WORDS, _record, 1, longest=3000
        ),
        Target("copies", check_copies, _TEXTS, _words(grammar.SAID), grammar.text, 1),
        Target("rules", partial(check_extraction, by="rules"), _TEXTS, _words(grammar.SAID), grammar.text, 2, 30, 4000),
        Target(
            "tagger", partial(check_extraction, by="tagger"), _TEXTS, _words(grammar.SAID), grammar.text, 2, 30, 4000
        ),
    )
}
