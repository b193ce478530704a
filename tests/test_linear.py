"""Time grows with the input, whatever a stranger sends: twice as much of any pattern takes at most twice the time.

Processor time is measured, the best of several tries, and a call that is short at its full size passes at any ratio:
a slow day fails nothing here, a quadratic step does.
"""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from contextlib import suppress

import pytest

from claimwire.connectors.feeds.parsing import parse_feed
from claimwire.connectors.files.articles import decode_article
from claimwire.connectors.web.html import to_text
from claimwire.connectors.web.http import without_password
from claimwire.pipelines.dedupe.fingerprint import fingerprint
from claimwire.pipelines.dedupe.likeness import likeness
from claimwire.pipelines.normalize.article import normalize
from claimwire.pipelines.normalize.times import parse_time
from claimwire.pipelines.normalize.urls import canonical_url
from claimwire.schemas import Origin, RawArticle

SIZE = 100_000
"""Characters of the smaller input."""
AT_MOST = 2.3
SHORT_S = 0.15
"""Of processor time, under which the ratio does not count: what it measures is noise."""

PATTERNS = (
    "m.", "a/", "../", "/amp", ".amp", "%41", "a=b&", "utm_source=x&", "@", "é.", ":", "[", "#", "?",
    "<b>", "<div>", "<a href=", "<table><td>", "<", "&", "&lt;", "&#x", "&amp", "<!--", "<![CDATA[", "]]>",
    "<p '", '<p "', '="', "x<y ", "<script>", "<li><ul>", "</b>", " ", "\n", " \n", "\t", "\u00ad", "\u200c", "\ud800",
    "a", "a ", "a. ", '"', "“", "”", "'", "(", "((((( ", "1", "1,", "1.", "-", "—", ", ", "said ", "A ", "A. ", "'s ",
    "e\u0301", "\u0000", "{", '{"a":', "\\", "%", "2026-", "T00:", "+00:00", "http://", "é",
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


FUNCTIONS: dict[str, Callable[[str], object]] = {
    "canonical_url of a host": lambda text: canonical_url(f"http://{text}example.org/"),
    "canonical_url of a path": lambda text: canonical_url(f"http://example.org/{text}"),
    "canonical_url of a query": lambda text: canonical_url(f"http://example.org/?{text}"),
    "without_password": lambda text: without_password(f"http://{text}"),
    "to_text": to_text,
    "to_text of a tag": lambda text: to_text(f"<p {text}>x</p>"),
    "to_text of a document": lambda text: to_text(f"<html><body><p>x</p>{text}"),
    "parse_time": parse_time,
    "normalize of a title": lambda text: normalize(RawArticle(title=text, tags=(text,), summary=text)),
    "normalize and fingerprint": _article,
    "likeness": _pair,
    "decode_article": lambda text: decode_article(
        json.dumps({"url": "http://example.org/", "text": text, "title": text}).encode(), Origin()
    ),
}


def seconds(function: Callable[[str], object], text: str) -> float:
    began = time.process_time()
    with suppress(ValueError):  # it may well be refused
        function(text)
    return time.process_time() - began


@pytest.mark.parametrize("name", FUNCTIONS)
def test_twice_as_much_takes_at_most_twice_the_time(name: str) -> None:
    function = FUNCTIONS[name]
    inputs = [(repr(pattern), pattern * (2 * SIZE // len(pattern))) for pattern in PATTERNS]
    inputs += [(repr(whole[:12]), whole) for whole in NUMBERED]
    function("warm up, once, what is loaded at the first call")
    slow = []
    for pattern, text in inputs:
        for _ in range(3):  # a slow moment passes
            whole = seconds(function, text)
            if whole < SHORT_S or whole <= AT_MOST * (half := seconds(function, text[: len(text) // 2])):
                break
        else:
            slow.append(f"{pattern}: {half:.2f} s, twice as much of it {whole:.2f} s")
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
