"""Feeds: what is made of entries, what the state of the web does to a run, and what an attack cannot do."""

from __future__ import annotations

import json
import os
import resource
import signal
import socket
import subprocess
import sys
import tarfile
import threading
import time
import tracemalloc
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from pathlib import Path
from typing import Any

import apache_beam as beam
import feedparser
import msgspec
import pytest
from apache_beam.runners.portability.fn_api_runner import FnApiRunner
from apache_beam.testing.util import assert_that, equal_to
from webserver import Page, Seen, WebServer, endless, free_port, gzipped, slowly

from claimwire.connectors.feeds.fetching import ReadFromFeeds
from claimwire.connectors.feeds.parsing import decode_entry, parse_feed, parse_feed_in
from claimwire.connectors.feeds.records import FeedRequest, FeedResult, ParsedFeed
from claimwire.connectors.files.reading import ReadFromFiles
from claimwire.connectors.files.records import FileSource
from claimwire.connectors.web.sandbox import Sandbox
from claimwire.schemas import DeadLetter, Origin, RawArticle

URL = "https://news.example/feeds/all.xml"
NOW = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)


def rss(*items: str, channel: str = "<title>The Example Post</title>") -> bytes:
    inside = "".join(f"<item>{item}</item>" for item in items)
    return (
        '<?xml version="1.0" encoding="utf-8"?>\n<rss version="2.0" xmlns:dc="http://purl.org/dc/elements/1.1/"'
        ' xmlns:content="http://purl.org/rss/1.0/modules/content/"'
        ' xmlns:feedburner="http://rssnamespace.org/feedburner/ext/1.0">'
        f"<channel>{channel}{inside}</channel></rss>"
    ).encode()


def atom(*entries: str, feed: str = "<title>The Example Post</title>", attributes: str = "") -> bytes:
    inside = "".join(f"<entry>{entry}</entry>" for entry in entries)
    return f'<feed xmlns="http://www.w3.org/2005/Atom" {attributes}>{feed}{inside}</feed>'.encode()


def only(body: bytes, **options: Any) -> RawArticle:
    """The one article of a feed, which has nothing wrong with it."""
    feed = parse_feed(body, URL, **options)
    assert (feed.dead_letters, feed.error, feed.note) == ([], None, None)
    [article] = feed.articles
    return article


ITEM = "<title>A title</title><link>https://news.example/1</link><description>Some text.</description>"


# What is made of an entry


def test_an_rss_item_becomes_an_article() -> None:
    item = """<guid isPermaLink="false">id-1</guid><title>Talks &amp;amp; threats</title>
      <link>https://news.example/1</link><dc:creator>Jane Roe</dc:creator><category>World</category>
      <category>War</category><category>World</category><pubDate>Sun, 01 Mar 2026 10:00:00 +0200</pubDate>
      <description>A short one.</description>
      <content:encoded><![CDATA[<p>First.</p><p>Second &amp; last.</p>]]></content:encoded>
      <enclosure url="https://news.example/1.mp3" type="audio/mpeg" length="1"/>"""
    feed = rss(item, channel="<title>The Example Post</title><language>en-GB</language>")
    assert only(feed, fetched_at=NOW) == RawArticle(
        guid="id-1",
        url="https://news.example/1",
        title="Talks & threats",
        text="First.\n\nSecond & last.",
        summary="A short one.",
        authors=("Jane Roe",),
        language="en-GB",
        published="2026-03-01T08:00:00Z",
        fetched_at=NOW,
        tags=("World", "War"),
        source_name="The Example Post",
        feed_url=URL,
        text_source="feed",
        origin=Origin(url=URL),
    )


def test_an_atom_entry_becomes_an_article() -> None:
    entry = """<id>tag:news.example,2026:1</id><title type="html">&lt;b&gt;Bold&lt;/b&gt; words</title>
      <link rel="enclosure" href="https://news.example/1.mp3"/><link href="/articles/1"/>
      <author><name>Jane Roe</name><email>jane@example.org</email></author>
      <published>2026-03-01T09:00:00+01:00</published><updated>2026-03-01T10:30:00Z</updated>
      <category term="world"/><content type="xhtml" xml:lang="de"><div xmlns="http://www.w3.org/1999/xhtml">
      <p>Eins.</p><p>Zwei.</p></div></content>"""
    article = only(atom(entry))
    assert (article.guid, article.url) == ("tag:news.example,2026:1", "https://news.example/articles/1")
    assert (article.title, article.text, article.summary) == ("Bold words", "Eins.\n\nZwei.", None)
    assert (article.authors, article.tags, article.language) == (("Jane Roe",), ("world",), "de")
    assert (article.published, article.updated) == ("2026-03-01T08:00:00Z", "2026-03-01T10:30:00Z")


def test_an_rdf_item_becomes_an_article() -> None:
    body = b"""<rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#" xmlns="http://purl.org/rss/1.0/"
      xmlns:dc="http://purl.org/dc/elements/1.1/"><channel rdf:about="https://news.example/"><title>Post</title></channel>
      <item rdf:about="https://news.example/1"><title>One</title><link>https://news.example/1</link>
      <description>Text.</description><dc:date>2026-03-01T10:00:00Z</dc:date></item></rdf:RDF>"""
    article = only(body)
    assert (article.url, article.title, article.text) == ("https://news.example/1", "One", "Text.")
    assert (article.updated, article.source_name) == ("2026-03-01T10:00:00Z", "Post")


@pytest.mark.parametrize(
    ("item", "url"),
    [
        ("<link> https://news.example/1 </link>", "https://news.example/1"),
        ("<link>/1</link>", "https://news.example/1"),
        (
            "<link>https://x.example/</link><feedburner:origLink>https://news.example/1</feedburner:origLink>",
            "https://news.example/1",
        ),
        ("<guid>https://news.example/1</guid>", "https://news.example/1"),
        ('<guid isPermaLink="false">https://news.example/1</guid>', None),
        ('<guid isPermaLink="false">id-1</guid><link>javascript:alert(1)</link>', None),
        ('<enclosure url="https://news.example/1.mp3" type="audio/mpeg"/>', None),
        ("<link>http://[::1</link>", None),
    ],
)
def test_the_link_of_an_entry_is_a_page_on_the_web(item: str, url: str | None) -> None:
    assert only(rss(f"<title>t</title>{item}")).url == url


def test_relative_links_start_from_xml_base_else_from_where_the_feed_was_found() -> None:
    entry = '<id>1</id><link href="one"/>'
    assert only(atom(entry)).url == "https://news.example/feeds/one"
    assert only(atom(entry), base_url="https://moved.example/x/feed").url == "https://moved.example/x/one"
    assert only(atom(entry, attributes='xml:base="https://base.example/y/"')).url == "https://base.example/y/one"


def test_plain_text_is_not_taken_for_html() -> None:
    entry = (
        '<id>1</id><title type="text">if a &lt;b&gt; c</title><content type="text">x &lt;p&gt; y &amp;amp; z</content>'
    )
    article = only(atom(entry))
    assert (article.title, article.text) == ("if a <b> c", "x <p> y &amp; z")
    assert only(rss("<title>t</title><description>a &lt; b &amp;amp; c</description>")).text == "a < b & c"


def test_markup_encoded_once_too_often_is_markup() -> None:
    text = "<p>One.</p><p>Two.</p>".replace("<", "&amp;lt;").replace(">", "&amp;gt;")
    assert only(rss(f"<title>t</title><description>{text}</description>")).text == "One.\n\nTwo."


def test_the_longest_content_with_text_is_the_text() -> None:
    entry = """<id>1</id><summary>Short.</summary><content type="text">Middle long.</content>
      <content type="html">&lt;p&gt;The longest of all.&lt;/p&gt;</content>
      <content type="image/png">aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa</content>"""
    article = only(atom(entry))
    assert (article.text, article.summary) == ("The longest of all.", "Short.")
    picture = "<id>1</id><summary>Short.</summary><content type='html'>&lt;img src='x.png' alt='y'/&gt;</content>"
    article = only(atom(picture))
    assert (article.text, article.summary) == ("Short.", None)


def test_a_summary_that_repeats_the_text_is_none() -> None:
    item = "<title>t</title><description>Same.</description><content:encoded>&lt;p&gt;Same.&lt;/p&gt;</content:encoded>"
    article = only(rss(item))
    assert (article.text, article.summary) == ("Same.", None)


@pytest.mark.parametrize(
    ("item", "authors"),
    [
        ("<author>jane@example.org (Jane Roe)</author>", ("Jane Roe",)),
        ("<author>jane@example.org</author>", ()),
        ("<dc:creator>Jane Roe</dc:creator><dc:creator>John Doe</dc:creator>", ("Jane Roe", "John Doe")),
        ("<dc:creator>Jane  Roe</dc:creator><dc:creator>Jane Roe</dc:creator>", ("Jane Roe",)),
        ("<dc:creator>Roe &amp;amp; Doe</dc:creator>", ("Roe & Doe",)),
    ],
)
def test_authors_are_names_without_addresses(item: str, authors: tuple[str, ...]) -> None:
    assert only(rss(ITEM + item)).authors == authors


def test_an_atom_entry_without_author_has_those_of_its_feed() -> None:
    feed = "<title>t</title><author><name>Jane Roe</name></author>"
    assert only(atom("<id>1</id>", feed=feed)).authors == ("Jane Roe",)


def test_published_and_updated_are_never_mixed_up() -> None:
    article = only(atom("<id>1</id><updated>2026-03-01T10:30:00Z</updated>"))
    assert (article.published, article.updated) == (None, "2026-03-01T10:30:00Z")
    article = only(atom("<id>1</id><published>2026-03-01T10:30:00Z</published>"))
    assert (article.published, article.updated) == ("2026-03-01T10:30:00Z", None)


@pytest.mark.parametrize(
    ("date", "published"),
    [
        ("Sun, 01 Mar 2026 10:00:00 EST", "2026-03-01T15:00:00Z"),
        ("2026-03-01", "2026-03-01T00:00:00Z"),
        ("2026-03-01T10:00:00.123+05:30", "2026-03-01T04:30:00Z"),
        ("Mon, 01 Mar 2999 10:00:00 GMT", "2999-03-01T10:00:00Z"),
        ("yesterday, after tea", "yesterday, after tea"),
        ("", None),
    ],
)
def test_a_date_is_rfc_3339_or_as_it_stands(date: str, published: str | None) -> None:
    assert only(rss(f"{ITEM}<pubDate>{date}</pubDate>")).published == published


# Entries and bodies of which nothing can be made


def test_an_empty_entry_is_a_dead_letter_that_can_be_tried_again() -> None:
    body = rss(ITEM, "<pubDate>Sun, 01 Mar 2026 10:00:00 GMT</pubDate><category>x</category>", ITEM)
    feed = parse_feed(body, URL, fetched_at=NOW)
    assert len(feed.articles) == 2
    [letter] = feed.dead_letters
    assert (letter.stage, letter.source, letter.attempts) == ("entry", Origin(url=URL), 1)
    assert letter.first_failed_at == NOW
    with pytest.raises(ValueError, match="neither id, link, title nor text"):
        decode_entry(letter.payload.encode())
    payload = json.loads(letter.payload)
    payload["entry"]["title"] = "Found"
    article = decode_entry(json.dumps(payload).encode())
    assert (article.title, article.source_name, article.tags) == ("Found", "The Example Post", ("x",))
    assert (article.published, article.fetched_at, article.feed_url) == ("2026-03-01T10:00:00Z", NOW, URL)


@pytest.mark.parametrize("payload", [b"", b"[]", b"{}", b'{"entry": {}}', b'{"entry": 1, "feed": {}}', b"\xff"])
def test_a_payload_that_is_no_entry_is_refused(payload: bytes) -> None:
    with pytest.raises(ValueError):  # noqa: PT011 - any message will do
        decode_entry(payload)


@pytest.mark.parametrize(
    ("body", "message"),
    [
        (b"", "empty"),
        (b" \n", "empty"),
        (b"<!DOCTYPE html><html><body><p>Welcome</p></body></html>", "HTML page"),
        (b'{"items": []}', "not a JSON Feed: its version is not"),
        (b"\x89PNG\r\n\x1a\n\0\0\0\xff", "not RSS, RDF or Atom"),
        (b"/etc/passwd", "not RSS, RDF or Atom"),
        (b"<rss version='2.0'><channel><title>t</titl", "not well-formed at line 2"),
    ],
)
def test_a_body_that_is_no_feed_is_one_dead_letter(body: bytes, message: str) -> None:
    feed = parse_feed(body, URL, fetched_at=NOW)
    assert feed.articles == []
    assert feed.error is not None
    assert message in feed.error.message
    [letter] = feed.dead_letters
    assert (letter.stage, letter.source.url, letter.error) == ("feed", URL, feed.error)
    assert len(letter.payload) >= len(body)


def test_a_feed_without_entries_is_a_feed() -> None:
    for body in (rss(), atom()):
        feed = parse_feed(body, URL, {"Content-Type": "text/html"})
        assert (feed.articles, feed.dead_letters, feed.error, feed.note) == ([], [], None, None)


def test_a_truncated_feed_gives_the_entries_that_came() -> None:
    whole = rss(*[f'<guid isPermaLink="false">id-{n}</guid>{ITEM}' for n in range(5)])
    feed = parse_feed(whole[: whole.index(b"id-3")], URL)
    assert [article.guid for article in feed.articles] == ["id-0", "id-1", "id-2"]
    assert feed.error is None
    assert feed.note is not None
    assert feed.note.startswith("not well-formed at line 2: ")


@pytest.mark.parametrize(
    ("declared", "encoding", "headers"),
    [
        ("utf-8", "utf-8", {}),
        ("utf-8", "utf-8-sig", {}),
        ("iso-8859-1", "iso-8859-1", {}),
        ("iso-8859-1", "utf-8", {"Content-Type": "application/xml; charset=utf-8"}),
        ("utf-8", "windows-1252", {}),
        ("utf-8", "utf-8", {"Content-Type": "text/xml"}),
        ("utf-8", "utf-8", {"content-type": "text/html"}),
        ("utf-16", "utf-16", {}),
        ("utf-16", "utf-16-le", {}),
        ("utf-16", "utf-16-be", {}),
        ("", "utf-8", {}),
        ("", "utf-16-be", {}),
        ("utf-32", "utf-32", {}),
    ],
)
def test_the_charset_is_found_out(declared: str, encoding: str, headers: dict[str, str]) -> None:
    declaration = f'<?xml version="1.0" encoding="{declared}"?>' if declared else ""
    text = f"{declaration}<rss version='2.0'><channel><item><title>caf\xe9 “x”</title></item></channel></rss>"
    if encoding.startswith("iso"):
        text = text.replace("“x”", "")
    assert (only(text.encode(encoding), headers=headers).title or "").startswith("caf\xe9")


@pytest.mark.parametrize("text", ["a \0 b", "a &#0; b", "a &#xD800; b", "a &#99999999999; b", "a &nosuch; b"])
def test_a_character_that_is_none_does_not_cost_the_feed(text: str) -> None:
    feed = parse_feed(rss(f"<title>{text}</title>", ITEM), URL)
    assert len(feed.articles) == 2
    assert feed.articles[1].title == "A title"
    msgspec.json.encode(feed)


@pytest.mark.parametrize("pair", ["&#xD83D;&#xDE00;", "&#55357;&#56832;"])
def test_a_character_written_in_two_halves_is_one(pair: str) -> None:
    assert parse_feed(rss(f"<title>{pair}</title>"), URL).articles[0].title == "\U0001f600"


# Attacks


def laughs(levels: int) -> bytes:
    entities = "".join(f'\n<!ENTITY l{n} "{f"&l{n - 1};" * 10}">' for n in range(1, levels))
    head = f'<?xml version="1.0"?>\n<!DOCTYPE rss [\n<!ENTITY l0 "lol">{entities}\n]>'
    return (head + "<rss version='2.0'><channel><item><title>t</title></item><item><title>").encode() + (
        f"&l{levels - 1};</title></item></channel></rss>".encode()
    )


def quadratic() -> bytes:
    head = b'<?xml version="1.0"?>\n<!DOCTYPE rss [\n<!ENTITY a "' + b"x" * 100_000 + b'">\n]>'
    return head + b"<rss version='2.0'><channel><item><title>" + b"&a;" * 100_000 + b"</title></item></channel></rss>"


@pytest.fixture(scope="module")
def sandbox() -> Iterator[Sandbox]:
    with Sandbox(seconds=3, memory_bytes=1 << 30) as running:
        yield running


def parse(sandbox: Sandbox, body: bytes) -> ParsedFeed:
    return parse_feed_in(sandbox, body, URL, {}, NOW, base_url=URL)


def test_entities_do_not_grow(sandbox: Sandbox) -> None:
    feed = parse(sandbox, laughs(10))
    assert sum(len(str(article)) for article in feed.articles) < 10_000


def test_external_entities_are_not_fetched(tmp_path: Path) -> None:
    secret = tmp_path / "secret"
    secret.write_text("the secret")
    with WebServer() as server:
        server.add("/x", Page(body=b"the secret"))
        for target in (secret.as_uri(), str(secret), server.url("/x")):
            entities = f'\n<!ENTITY x SYSTEM "{target}">\n<!ENTITY % y SYSTEM "{target}">\n%y;'
            doctype = f'<!DOCTYPE rss SYSTEM "{target}" [{entities}]>'
            body = rss("<title>A &x; b</title>").replace(b"<rss", doctype.encode() + b"<rss", 1)
            assert "the secret" not in str(parse_feed(body, URL))
        assert server.requests == []


@pytest.mark.parametrize(
    "body",
    [
        quadratic(),
        b"<rss version='2.0'><channel><item><author>" + b"a" * 1_000_000 + b"</author></item></channel></rss>",
        b"<rss version='2.0'><channel>" + b"<x>" * 1_000_000,
        b"<?xml " + b"encoding='" * 10_000,
    ],
    ids=["quadratic entities", "a long author", "deep nesting", "many encodings"],
)
def test_a_feed_cannot_keep_the_parser_busy(sandbox: Sandbox, body: bytes) -> None:
    feed = parse(sandbox, body)
    assert feed.error is not None
    assert feed.error.type == "ParserKilled"
    [letter] = feed.dead_letters
    assert (letter.stage, letter.payload) == ("feed", body.decode())
    assert [article.title for article in parse(sandbox, rss(ITEM)).articles] == ["A title"]  # and the next is read


def test_a_parser_that_has_to_wait_for_the_processor_is_given_the_time() -> None:
    with Sandbox(seconds=1) as sandbox:
        parse(sandbox, rss(ITEM))
        os.kill(child_of(sandbox), signal.SIGSTOP)
        waking = threading.Timer(1.5, os.kill, (child_of(sandbox), signal.SIGCONT))
        waking.start()
        feed = parse(sandbox, rss(ITEM))
        waking.join()
    assert (len(feed.articles), feed.error) == (1, None)


def test_deep_nesting_does_no_harm(sandbox: Sandbox) -> None:
    feed = parse(sandbox, rss(f"{ITEM}<content:encoded><![CDATA[{'<div>' * 100_000}deep]]></content:encoded>"))
    assert [article.text for article in feed.articles] == ["deep"]


def test_the_sandbox_gives_what_parse_feed_gives(sandbox: Sandbox) -> None:
    body = rss(ITEM, "<category>x</category>")
    assert parse(sandbox, body) == parse_feed(body, URL, {}, NOW)


def child_of(sandbox: Sandbox) -> int:
    assert sandbox._child
    return sandbox._child.pid


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_who_asks_a_service_to_end_does_not_end_the_parser(sandbox: Sandbox, number: signal.Signals) -> None:
    parse(sandbox, rss(ITEM))
    child = child_of(sandbox)
    os.kill(child, number)
    assert len(parse(sandbox, rss(ITEM)).articles) == 1
    assert child_of(sandbox) == child


def test_a_killed_parser_is_not_the_fault_of_the_feed(sandbox: Sandbox) -> None:
    parse(sandbox, rss(ITEM))
    os.kill(child_of(sandbox), signal.SIGKILL)
    feed = parse(sandbox, rss(ITEM))
    assert (len(feed.articles), feed.error) == (1, None)


def die_at_once(sandbox: Sandbox) -> Any:
    program = "import os, signal; os.kill(os.getpid(), signal.SIGKILL)"
    return subprocess.Popen([sys.executable, "-c", program], stdin=subprocess.PIPE, stdout=subprocess.PIPE)


def test_a_parser_killed_twice_is_an_error_of_the_system_and_no_dead_letter(
    server: WebServer, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(Sandbox, "_start", die_at_once)
    monkeypatch.setattr(
        "claimwire.connectors.files.decoding._of_thread", threading.local()
    )  # no parser that another test has started
    with Sandbox() as sandbox, pytest.raises(OSError, match="died twice, at last by SIGKILL"):
        parse(sandbox, rss(ITEM) * 10_000)
    url = server.add("/feed", Page(body=rss(ITEM)))
    found = read(url)
    result = found.results[url]
    assert (found.dead_letters, result.outcome, result.body_hash) == ([], "failed", None)
    assert result.error is not None
    assert "by SIGKILL" in result.error.message

    (tmp_path / "a.xml").write_bytes(rss(ITEM))
    with beam.Pipeline(runner=FnApiRunner()) as pipeline:
        files = pipeline | beam.Create([FileSource(str(tmp_path / "a.xml"), "feed")]) | ReadFromFiles()
        assert_that(files.dead_letters, equal_to([]), "no dead letter")
        errors = files.results | beam.Map(lambda result: (result.error or "").partition(";")[0])
        message = "ChildProcessError: the process that parses what was read died twice, at last by SIGKILL"
        assert_that(errors, equal_to([message]), "an error of the file")


# The transform, over a real server


class Collected:
    def __init__(self) -> None:
        self.articles: list[RawArticle] = []
        self.dead_letters: list[DeadLetter] = []
        self.results: dict[str, FeedResult] = {}


_collected = Collected()


def _keep_article(article: RawArticle) -> None:
    _collected.articles.append(article)


def _keep_dead_letter(letter: DeadLetter) -> None:
    _collected.dead_letters.append(letter)


def _keep_result(result: FeedResult) -> None:
    _collected.results[result.url] = result


def read(*requests: FeedRequest | str, **options: Any) -> Collected:
    """Run the transform. The runner is in this process, and finds functions of a module by their names."""
    global _collected  # noqa: PLW0603
    _collected = Collected()
    made = [FeedRequest(url=request) if isinstance(request, str) else request for request in requests]
    with beam.Pipeline(runner=FnApiRunner()) as pipeline:
        found = pipeline | beam.Create(made, reshuffle=False) | ReadFromFeeds(**{"allow_private": True, **options})
        _ = found.articles | "KeepArticles" >> beam.Map(_keep_article)
        _ = found.dead_letters | "KeepDeadLetters" >> beam.Map(_keep_dead_letter)
        _ = found.results | "KeepResults" >> beam.Map(_keep_result)
    return _collected


def again(result: FeedResult) -> FeedRequest:
    return FeedRequest(result.url, result.etag, result.last_modified, result.body_hash, result.moved_to)


def test_a_feed_is_read_once_and_asked_for_changes_after(server: WebServer) -> None:
    headers = {"ETag": '"1"', "Last-Modified": "Sun, 01 Mar 2026 10:00:00 GMT", "Content-Type": "application/rss+xml"}
    url = server.add("/feed", Page(body=rss(ITEM, "<category>x</category>"), headers=headers))
    began = datetime.now(UTC)
    first = read(url, contact="mailto:desk@example.org")
    result = first.results[url]
    assert (result.outcome, result.status, result.entries, result.title) == ("read", 200, 2, "The Example Post")
    assert (result.etag, result.last_modified) == ('"1"', "Sun, 01 Mar 2026 10:00:00 GMT")
    [article] = first.articles
    assert article.feed_url == url
    assert article.fetched_at is not None
    assert began <= article.fetched_at <= datetime.now(UTC)
    assert [letter.stage for letter in first.dead_letters] == ["entry"]
    sent = server.requests[0].headers
    assert "desk@example.org" in sent["user-agent"]
    assert "application/atom+xml" in sent["accept"]

    second = read(again(result))
    assert second.articles == []
    assert (second.results[url].outcome, second.results[url].status) == ("unchanged", 304)
    assert again(second.results[url]) == again(result)


def test_a_feed_whose_validators_change_when_it_does_not_is_unchanged(server: WebServer) -> None:
    def lying(seen: Any, number: int) -> Page:
        return Page(body=rss(ITEM), headers={"ETag": f'"{number}"'}, lies=True)

    url = server.add("/feed", lying)
    first = read(url).results[url]
    second = read(again(first))
    assert (second.articles, second.results[url].outcome, second.results[url].status) == ([], "unchanged", 200)
    assert second.results[url].etag == '"1"'


def test_a_feed_that_changes_under_the_same_etag_is_read_when_it_is_sent(server: WebServer) -> None:
    url = server.add("/feed", Page(body=rss(ITEM), headers={"ETag": '"1"'}))
    first = read(url).results[url]
    server.add("/feed", Page(body=rss(ITEM, ITEM), headers={"ETag": '"1"'}, lies=True))
    assert len(read(again(first)).articles) == 2


def test_a_password_is_remembered_and_shown_nowhere(server: WebServer) -> None:
    pages = {
        "/good": Page(body=rss("<title>t</title><link>one</link>", "<category>x</category>")),
        "/cut": Page(body=rss(ITEM, ITEM)[:-40]),
        "/html": Page(body=b"<html>"),
        "/404": Page(status=404),
        "/304": Page(status=304),
        "/loop": Page(status=302, headers={"Location": "/loop"}),
    }
    plain = [server.add(path, page) for path, page in pages.items()]
    urls = [url.replace("//", "//bob:sec@ret@") for url in plain]
    found = read(*urls)
    shown = [msgspec.json.encode([found.articles, found.dead_letters]).decode()]
    for url, address in zip(urls, plain, strict=True):
        result = found.results[url]
        assert (result.url, result.name) == (url, address)
        shown += [result.name, result.note or "", result.error.message if result.error else ""]
        assert not result.error or (result.error.message.startswith(f"{address}: ") and result.outcome == "failed")
    assert not [text for text in shown if "bob" in text or "ret@" in text]
    assert {seen.headers["authorization"] for seen in server.requests} == {"Basic Ym9iOnNlY0ByZXQ="}
    assert {article.feed_url for article in found.articles} == set(plain[:2])
    assert {article.url for article in found.articles} >= {server.url("/one")}


def test_an_error_names_the_feed_once_and_where_it_leads(server: WebServer) -> None:
    dead = f"http://127.0.0.1:{free_port()}/x"
    for url in (dead, server.add_redirect("/away", dead)):
        error = read(url).results[url].error
        assert error is not None
        assert error.message.startswith(f"{url}: ")
        assert error.message.count(dead) == 1


def test_not_modified_without_being_asked(server: WebServer) -> None:
    url = server.add("/feed", Page(status=304))
    assert read(url).results[url].outcome == "failed"
    assert read(FeedRequest(url, body_hash="abc")).results[url].outcome == "unchanged"


def test_a_truncated_feed_is_read_and_asked_for_again_without_validators(server: WebServer) -> None:
    body = rss(ITEM, ITEM)
    url = server.add("/feed", Page(body=body[:-40], headers={"ETag": '"1"'}))
    cut = read(url)
    assert len(cut.articles) == 2
    result = cut.results[url]
    assert (result.outcome, result.etag, result.last_modified) == ("read", None, None)
    assert result.note is not None
    assert "not well-formed" in result.note
    server.add("/feed", Page(body=body, headers={"ETag": '"1"'}))
    assert read(again(result)).results[url].outcome == "read"


@pytest.mark.parametrize(("status", "outcome"), [(404, "failed"), (410, "gone"), (429, "failed"), (500, "failed")])
def test_a_refusal_is_told_and_remembers_what_was(server: WebServer, status: int, outcome: str) -> None:
    url = server.add("/feed", Page(status=status, headers={"ETag": '"new"'}))
    request = FeedRequest(url, etag='"old"', body_hash="abc")
    result = read(request).results[url]
    assert (result.outcome, result.status, again(result)) == (outcome, status, request)
    assert result.error is not None
    assert f"{url}: answered {status}" in result.error.message


@pytest.mark.parametrize(
    ("status", "field", "seconds"),
    [
        (429, "120", 120),
        (503, "120", 120),
        (503, "99999999999999", 7 * 24 * 3600),
        (503, "soon", None),
        (503, "Sun, 01 Mar 2020 10:00:00 GMT", 0),
        (404, "120", None),
    ],
)
def test_the_wait_that_a_site_asks_for(server: WebServer, status: int, field: str, seconds: int | None) -> None:
    url = server.add("/feed", Page(status=status, headers={"Retry-After": field}))
    assert read(url).results[url].retry_after_s == seconds


def test_the_wait_may_be_a_date(server: WebServer) -> None:
    date = format_datetime(datetime.now(UTC) + timedelta(minutes=10), usegmt=True)
    url = server.add("/feed", Page(status=503, headers={"Retry-After": date}))
    assert 590 <= (read(url).results[url].retry_after_s or 0) <= 600


def test_a_move_for_good_is_remembered_and_a_mistaken_one_forgotten(server: WebServer) -> None:
    url = server.add_redirect("/old", "/new", 301)
    new = server.add("/new", Page(body=rss(ITEM)))
    moved = read(url)
    assert moved.results[url].moved_to == new
    assert moved.articles[0].feed_url == url
    assert read(again(moved.results[url])).results[url].moved_to == new
    assert server.count("/old") == 1

    server.add("/new", Page(status=404))
    server.add("/old", Page(body=rss(ITEM, ITEM)))
    back = read(again(moved.results[url]))
    assert (back.results[url].outcome, back.results[url].moved_to) == ("read", None)


def test_no_feed_harms_another(server: WebServer) -> None:
    bad = {
        "/slow": Page(body=slowly(b"x" * 6000, 0.1)),
        "/endless": Page(body=endless(b"<x>" * 1000)),
        "/bomb": gzipped(b"\0" * 50_000_000),
        "/html": Page(body=b"<html><body>Welcome</body></html>"),
        "/binary": Page(body=b"\xff\xfe\xfd"),
        "/status": Page(status=500),
        "/laughs": Page(body=laughs(10)),
    }
    urls = [server.add(path, page) for path, page in bad.items()]
    urls += [server.add_redirect("/loop", "/loop"), "ftp://127.0.0.1/", "http://[::1", "http://no-such.invalid/f"]
    good = [server.add(f"/good{n}", Page(body=rss(f"<title>good {n}</title>"))) for n in range(3)]
    found = read(*urls, *good, timeout_s=10, max_bytes=1_000_000)
    assert {article.title for article in found.articles} >= {"good 0", "good 1", "good 2"}
    assert set(found.results) == {*urls, *good}
    errors = {url: result.error.type for url, result in found.results.items() if result.error}
    kinds = ["Timeout", "TooLarge", "TooLarge", "HtmlPage", "NotAFeed", "HttpStatus"]
    assert [errors[url] for url in urls[:6]] == kinds
    assert [errors[url] for url in urls[7:]] == ["TooManyRedirects", "BadUrl", "BadUrl", "NotFound"]
    assert [letter.encoding for letter in found.dead_letters if letter.stage == "feed"].count("base64") == 1


def test_a_dead_host_costs_two_tries(server: WebServer) -> None:
    with socket.socket() as full:  # whose queue of connections is full
        full.bind(("127.0.0.1", 0))
        full.listen(0)
        with socket.create_connection(full.getsockname()):
            urls = [f"http://127.0.0.1:{full.getsockname()[1]}/{n}" for n in range(10)]
            good = server.add("/feed", Page(body=rss(ITEM)))
            found = read(*urls, good, timeout_s=4)
    kinds = [result.error.type for url in urls if (result := found.results[url]).error]
    assert kinds == ["Timeout"] * 2 + ["NotTried"] * 8
    assert found.results[good].outcome == "read"


def test_private_networks_are_not_asked_unless_allowed(server: WebServer) -> None:
    url = server.add("/feed", Page(body=rss(ITEM)))
    result = read(url, allow_private=False).results[url]
    assert result.error is not None
    assert (result.error.type, server.requests) == ("PrivateAddress", [])


def test_hosts_are_asked_at_once_and_each_by_one_request(server: WebServer) -> None:
    hosts = ["127.0.0.1", "localhost", "127.1", "2130706433"]
    waiting = threading.Barrier(len(hosts))

    def together(*_: Any) -> Page:
        waiting.wait(60)  # no host is answered before all have been asked
        return Page(body=rss(ITEM))

    for n in range(3):
        server.add(f"/{n}", together)
    found = read(*[server.url(f"/{n}", host=host) for n in range(3) for host in hosts])
    assert {result.outcome for result in found.results.values()} == {"read"}
    assert set(server.most_at_once.values()) == {1}
    assert len(server.most_at_once) == 4


@pytest.mark.parametrize("concurrency", [1, 2, 8, 200])
def test_a_host_with_many_feeds_is_asked_in_turns_and_holds_up_no_other(concurrency: int) -> None:
    with WebServer(address="0.0.0.0") as server:
        hosts = [f"127.0.0.{n}" for n in range(2, 12)]
        held_up: list[str] = []

        def answer(seen: Seen, _: int) -> Page:
            if seen.host == hosts[0] and [each.host for each in server.requests].count(hosts[0]) > 2:
                end = time.monotonic() + 60
                while not (all_asked := {each.host for each in server.requests} == set(hosts)):
                    if time.monotonic() > end:
                        break
                    time.sleep(0.01)
                held_up.extend([] if all_asked else [seen.path])
            return Page(body=rss(ITEM))

        for n in range(20):
            server.add(f"/{n}", answer)
        urls = [server.url(f"/{n}", hosts[0]) for n in range(20)] + [server.url("/0", host) for host in hosts[1:]]
        found = read(*urls, concurrency=concurrency)
        assert {result.outcome for result in found.results.values()} == {"read"}
        assert len(server.requests) == len(urls)
        assert set(server.most_at_once.values()) == {1}
        assert not held_up, "every host has its turn before one has its third answer"


def test_no_more_feeds_are_asked_at_once_than_the_process_may_open_files(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(resource, "getrlimit", lambda _: (240, 240))
    with WebServer(address="0.0.0.0") as server:
        server.add("/", Page(body=rss(ITEM), delay=0.1))
        found = read(*[server.url("/", f"127.0.0.{n}") for n in range(2, 102)], concurrency=100)
        assert {result.outcome for result in found.results.values()} == {"read"}
        assert server.most_in_all <= 20


def test_what_is_being_parsed_when_the_reading_is_stopped_is_still_given(server: WebServer, tmp_path: Path) -> None:
    stop = tmp_path / "stop"

    def last(*_: Any) -> Page:
        stop.touch()
        return Page(body=rss(*[ITEM] * 2000))

    quick = server.add("/quick", last)
    slow = server.add("/slow", Page(slowly(b"x" * 1000, 0.1)))
    found = read(quick, slow.replace("127.0.0.1", "localhost"), stop_file=str(stop))
    assert set(found.results) <= {quick}


def test_a_redirect_waits_for_its_host_too(server: WebServer) -> None:
    server.add("/feed", Page(body=rss(ITEM), delay=0.2))
    to = server.url("/feed")
    server.add_redirect("/r", to)
    read(*[server.url("/r", host=host) for host in ("localhost", "127.1", "2130706433")], to)
    assert server.count("/feed") == 4
    assert server.most_at_once["127.0.0.1"] == 1


def test_no_more_bodies_are_held_than_feeds_are_fetched_at_once(server: WebServer) -> None:
    size = 4_000_000
    body = rss(f"{ITEM}<content:encoded><!--{'x' * size}--></content:encoded>")
    urls = [server.add(f"/{n}", Page(body=body)) for n in range(12)]
    tracemalloc.start()
    try:
        read(*[FeedRequest(url.replace("127.0.0.1", f"{2130706433}")) for url in urls], concurrency=2)
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert peak < 8 * size


# Feeds from outside, where they are at hand


def archived(name: str) -> list[tuple[str, bytes]]:
    folder = os.environ.get("CLAIMWIRE_DATA")
    if not folder or not (Path(folder) / "feeds" / name).exists():
        pytest.skip(f"CLAIMWIRE_DATA does not name a folder with feeds/{name}")
    with tarfile.open(Path(folder) / "feeds" / name) as archive:
        files = [(member.name, archive.extractfile(member)) for member in archive if member.isfile()]
        return [(path, file.read()) for path, file in files if file and path.endswith(".xml")]


@pytest.mark.parametrize("name", ["feedparser_corpus.tar.gz", "real_feeds.tar.gz"])
def test_every_entry_of_feeds_from_outside_is_accounted_for(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    entries = 0
    parse_alone = feedparser.parse

    def counting(*given: Any, **options: Any) -> Any:
        nonlocal entries
        found = parse_alone(*given, **options)
        entries = len(found["entries"])
        return found

    monkeypatch.setattr(feedparser, "parse", counting)
    feeds = archived(name)
    assert len(feeds) >= 100
    for path, body in feeds:
        feed = parse_feed(body, URL, fetched_at=NOW)
        if feed.error:
            assert [letter.stage for letter in feed.dead_letters] == ["feed"], path
        else:
            assert len(feed.articles) + len(feed.dead_letters) == entries, path
        msgspec.json.encode(feed)
        for letter in feed.dead_letters:
            if letter.stage == "entry":
                with pytest.raises(ValueError, match="neither"):
                    decode_entry(letter.payload.encode())
