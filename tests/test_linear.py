"""Time grows with the input, whatever a stranger sends: twice as much of any pattern takes at most twice the time.

Processor time is measured, the best of several tries, and a call that is short at its full size passes at any ratio.
What seems to take more is measured once more with eight times as much: a slow day fails nothing here, a quadratic step
does.
"""

from __future__ import annotations

import json
import math
import time
from collections.abc import Callable
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path
from types import SimpleNamespace

import pytest

from claimwire.connectors.factchecks.claimreview import reviews_in
from claimwire.connectors.factchecks.reading import read_json
from claimwire.connectors.feeds.jsonfeed import is_json_feed
from claimwire.connectors.feeds.parsing import decode_entry, parse_feed
from claimwire.connectors.files.articles import decode_article
from claimwire.connectors.files.jsonvalues import values_in
from claimwire.connectors.files.text import decode_text
from claimwire.connectors.kafka import KafkaAddress
from claimwire.connectors.sources import sources
from claimwire.connectors.web.discovery import find_feeds, robots_sitemaps
from claimwire.connectors.web.html import to_text
from claimwire.connectors.web.http import without_password
from claimwire.connectors.web.pages.meta import page_metadata
from claimwire.connectors.web.pages.text import decode_html, page_text
from claimwire.connectors.web.waits import retry_after
from claimwire.errors import ClaimwireError
from claimwire.pipelines.dedupe.fingerprint import fingerprint
from claimwire.pipelines.dedupe.index import Found
from claimwire.pipelines.dedupe.likeness import likeness
from claimwire.pipelines.dedupe.transform import with_verdict
from claimwire.pipelines.dedupe.verdict import judge
from claimwire.pipelines.extract import By, load
from claimwire.pipelines.normalize.article import normalize
from claimwire.pipelines.normalize.language import language
from claimwire.pipelines.normalize.times import parse_time
from claimwire.pipelines.normalize.urls import canonical_url
from claimwire.pipelines.settings import load_settings
from claimwire.schemas import Origin, RawArticle

SIZE = 50_000
"""Characters of the smaller input."""
AT_MOST = 2.3
MUCH = 4
"""Times as much again, of a text that seems to take more than it should: it may just have the size from which another
way is taken, as pages with very many tags do."""
AT_MOST_FOR_MUCH = 8.0
"""Times the time: a linear step takes 4, a quadratic one that takes half of the time at first 10."""
SHORT_S = 0.08
"""Of processor time, under which the ratio does not count: what it measures is noise."""

PATTERNS = (
    "m.", "a/", "../", "/amp", ".amp", "%41", "a=b&", "utm_source=x&", "@", "é.", ":", "[", "#", "?",
    "<b>", "<div>", "<a href=", "<table><td>", "<", "&", "&lt;", "&#x", "&amp", "<!--", "<![CDATA[", "]]>",
    "<p '", '<p "', '="', "x<y ", "<script>", "<li><ul>", "</b>", " ", "\n", " \n", "\t", "\u00ad", "\u200c", "\ud800",
    "a", "a ", "a. ", '"', "“", "”", "'", "(", "((((( ", "1", "1,", "1.", "-", "—", ", ", "said ", "A ", "A. ", "'s ",
    "e\u0301", "\u0000", "{", '{"a":', "\\", "%", "2026-", "T00:", "+00:00", "http://", "é",
    "A/", "(A", "Aa Ba/", "Photo: ", "\nBy A", "AP/", "© A ",
)  # fmt: skip
NUMBERED = tuple(
    "".join(f"{before}{number}{after}" for number in range(2 * SIZE // (len(before + after) + 5)))
    for before, after in ((" a", "=1"), ("<p a", ">"), ("<x", ">"), ("&p", "=1"), (" Word", ""), ("<b c", "></b>"))
)


def _article(text: str) -> None:
    fingerprint(normalize(RawArticle(text=text)))


def _pair(text: str) -> None:
    one = fingerprint(normalize(RawArticle(text=text))).without(frozenset())[0]
    likeness(one, one)


class _Nothing:
    """An index that has seen nothing."""

    def find(self, *_: object) -> Found:
        return Found({}, {}, {}, frozenset())

    def read(self, _: object) -> dict[int, object]:
        return {}


def _copies(text: str) -> None:
    """The beginning of a text, its end, and the whole of it in two halves that have changed places."""
    part = len(text) // 4
    parts = (text[:-part], text[part:], text[2 * part :] + text[: 2 * part])
    articles = [
        normalize(RawArticle(url=f"https://{number}.example/", title="T", text=each))
        for number, each in enumerate(parts)
    ]
    prints = [fingerprint(article) for article in articles]
    verdicts = judge(prints, _Nothing(), datetime(2026, 2, 11, tzinfo=UTC))  # type: ignore[arg-type]
    for three in zip(articles, prints, verdicts, strict=True):
        with_verdict(three[0], three[1].order, three[2])


def _parse(text: str) -> None:
    parse_feed(text.encode("utf-8", "replace"), "https://example.org/feed")


META = ("author", "og:title", "date", "robots", "keywords")
"""Each gets its share of the text, so that a page is as long as the text."""
PROSE_OF_A_PAGE = "The gates of the harbour were closed on Monday, and nobody could say for how long. " * 3

FUNCTIONS: dict[str, Callable[[str], object]] = {
    "canonical_url of a host": lambda text: canonical_url(f"http://{text}example.org/"),
    "canonical_url of a path": lambda text: canonical_url(f"http://example.org/{text}"),
    "canonical_url of a query": lambda text: canonical_url(f"http://example.org/?{text}"),
    "without_password": lambda text: without_password(f"http://{text}"),
    "to_text": to_text,
    "to_text of a tag": lambda text: to_text(f"<p {text}>x</p>"),
    "to_text of a document": lambda text: to_text(f"<html><body><p>x</p>{text}"),
    "page_metadata": lambda text: page_metadata(f"<html><body><h1>x</h1>{text}", "https://example.org/x", text),
    "page_metadata of meta elements": lambda text: page_metadata(
        "".join(f"<meta name='{name}' content='{text[: len(text) // len(META)]}'>" for name in META),
        "https://example.org/x",
    ),
    "page_metadata of JSON-LD": lambda text: page_metadata(
        f'<script type="application/ld+json">{{"@type": "NewsArticle", "headline": "{text[: len(text) // 2]}", '
        f"{text[: len(text) // 2]}</script>",
        None,
    ),
    "page_text of a document": lambda text: page_text(f"<html><body><p>{PROSE_OF_A_PAGE}</p>{text}"),
    "page_text of a paragraph": lambda text: page_text(f"<html><body><article><p>{PROSE_OF_A_PAGE}{text}</p>"),
    "decode_html": lambda text: decode_html(f"<meta charset={text}".encode("utf-16-le", "replace"), f"charset={text}"),
    "parse_time": parse_time,
    "normalize of a title": lambda text: normalize(RawArticle(title=text, tags=(text,), summary=text)),
    "normalize and fingerprint": _article,
    "likeness": _pair,
    "judge of copies": _copies,
    "language": lambda text: language(text, text),
    "to_text of a reference": lambda text: to_text(f"&#{text};"),
    "retry_after": retry_after,
    "find_feeds": lambda text: find_feeds(text, "https://example.org/"),
    "find_feeds of a tag": lambda text: find_feeds(f"<link {text}>", "https://example.org/"),
    "robots_sitemaps": lambda text: robots_sitemaps(text, "https://example.org/"),
    "parse_feed of a sitemap": lambda text: _parse(f"<urlset><url><loc>{text}</loc></url>{text}"),
    "parse_feed of an index": lambda text: _parse(f"<sitemapindex><sitemap><loc>{text}</loc></sitemap>{text}"),
    "parse_feed of a JSON Feed": lambda text: _parse(f'{{"version":"https://jsonfeed.org/version/1","items":[{text}'),
    "is_json_feed": lambda text: is_json_feed(f'{{"a":"jsonfeed.org","b":{text}'.encode("utf-8", "replace")),
    "KafkaAddress.parse": lambda text: KafkaAddress.parse(f"kafka://{text}"),
    "sources": lambda text: list(sources(f"http://{text}")),
    "read_json of fact-checks": lambda text: list(read_json(f'{{"dataFeedElement":[{text}'.encode("utf-8", "replace"))),
    "reviews_in": lambda text: list(
        reviews_in({"@type": "ClaimReview", "claimReviewed": text, "author": text, "url": f"http://{text}"})
    ),
    "values_in": lambda text: list(values_in(text)),
    "decode_text": lambda text: decode_text(f"{text}\n20260101\nhttp://{text}\n{text}".encode(), Origin()),
    "decode_entry": lambda text: decode_entry(
        json.dumps({"entry": {"link": text, "author": text, "id": text}, "feed": {"url": text}}).encode()
    ),
    "decode_article of anything": lambda text: decode_article(text.encode(), Origin()),
    "decode_article": lambda text: decode_article(
        json.dumps({"url": "http://example.org/", "text": text, "title": text}).encode(), Origin()
    ),
}


def seconds(function: Callable[[str], object], text: str) -> float:
    began = time.process_time()
    with suppress(ValueError, ClaimwireError):  # it may well be refused
        function(text)
    return time.process_time() - began


@pytest.mark.parametrize("name", FUNCTIONS)
def test_twice_as_much_takes_at_most_twice_the_time(name: str) -> None:
    inputs = [pattern * (2 * SIZE // len(pattern)) for pattern in PATTERNS]
    assert_linear(FUNCTIONS[name], [*inputs, *NUMBERED])


def assert_linear(function: Callable[[str], object], texts: list[str], tries: int = 8) -> None:
    """The whole of each text takes at most ``AT_MOST`` times the processor time of its first half."""
    seconds(function, "warm up, once, what is loaded at the first call")
    slow = []
    for text in texts:
        pattern = repr(text[:12])
        whole = half = math.inf
        for _ in range(tries):  # a slow moment passes: both in the same moment count, or the fastest of each
            whole_now = seconds(function, text)
            whole = min(whole, whole_now)
            if whole < SHORT_S:
                break
            half_now = seconds(function, text[: len(text) // 2])
            half = min(half, half_now)
            if whole_now <= AT_MOST * half_now or whole <= AT_MOST * half:
                break
        else:
            much = min(seconds(function, text * MUCH) for _ in range(3))
            if much > AT_MOST_FOR_MUCH * whole:
                slow.append(f"{pattern}: {half:.2f} s, twice as much {whole:.2f} s, {2 * MUCH} times {much:.2f} s")
    assert not slow, slow


@pytest.mark.parametrize("pattern", PATTERNS, ids=repr)
def test_an_entry_of_a_feed_costs_what_it_is_long(pattern: str) -> None:
    def parse(text: str) -> None:
        entry = (
            f"<item><link>http://example.org/{text}</link><title>{text}</title><description>{text}</description></item>"
        )
        parse_feed(f"<rss><channel>{entry}</channel></rss>".encode("utf-8", "replace"), "https://example.org/feed")

    text = pattern * (SIZE // 10 // len(pattern))
    for _ in range(3):
        whole = seconds(parse, text)
        if whole < 1 or whole <= AT_MOST * seconds(parse, text[: len(text) // 2]):
            return
    pytest.fail(f"{whole:.2f} s for {len(text)} characters")


# What is not linear in prose would be found by sentences, names and quotations, rather than by broken markup.
PROSE = (
    "Ann said that ", "the minister said ", '"Go," he said. ', "“Go”\n\n", "SMITH: a\n", "he ",
    "Ann Lee, the minister, ",
    "according to ", "U.S. ", "Mr. ", "not ", "5 million ", "if ", "- ", "and ", "Ann told Bob that ", "is said to be ",
    "the claim that ", "in the ", "A. ", "Kyiv, ", "[...] ", "10 of 20 ", "its owner's ", "T-72 ",
)  # fmt: skip


@pytest.mark.timeout(1800)
@pytest.mark.parametrize(("by", "size"), [("rules", 6_000), ("tagger", 3_000)])
def test_extraction_takes_at_most_twice_the_time_for_twice_the_text(by: By, size: int) -> None:
    extractor = load(by=by, which="all")
    patterns = (*PROSE, *PATTERNS[-37:-9:2], *PATTERNS[:20:5])
    assert len(patterns) > 40

    def extract(text: str) -> None:
        list(extractor.pipe([SimpleNamespace(id="a", text=normalize(RawArticle(text=text)).text)]))

    assert_linear(extract, [pattern * (2 * size // len(pattern)) for pattern in patterns])


def test_settings_are_read_in_linear_time(tmp_path: Path) -> None:
    def read(text: str) -> None:
        path = tmp_path / "claimwire.yaml"
        path.write_text(f"contact: {text}\n", encoding="utf-8", errors="replace")
        with suppress(Exception):
            load_settings(path, {"CLAIMWIRE_CONTACT": text, "CLAIMWIRE_WORKERS": text}, {})

    assert_linear(read, [pattern * (SIZE // 10 // len(pattern)) for pattern in PATTERNS])
