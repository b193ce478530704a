"""JSON Feed: fetched and saved, whole and cut, sound and hostile, an item becomes an article as an RSS entry does."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import msgspec
import pytest
from conftest import run_here, written
from hypothesis import given
from hypothesis import strategies as st
from webserver import Page, WebServer

from claimwire.connectors.feeds.jsonfeed import is_json_feed
from claimwire.connectors.feeds.parsing import decode_entry, parse_feed, parse_feed_in
from claimwire.connectors.feeds.records import ParsedFeed
from claimwire.connectors.files.articles import NotAnArticle, decode_article
from claimwire.connectors.files.kinds import file_kind
from claimwire.connectors.files.reading import read_file
from claimwire.connectors.web.sandbox import Sandbox
from claimwire.schemas import DeadLetter, Origin, RawArticle

URL = "https://news.example/feed.json"
NOW = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)
VERSION = "https://jsonfeed.org/version/1.1"


def feed(*items: Any, **members: Any) -> bytes:
    return json.dumps({"version": VERSION, "title": "The Example Post", **members, "items": list(items)}).encode()


def only(item: dict[str, Any], **members: Any) -> RawArticle:
    found = parse_feed(feed(item, **members), URL, fetched_at=NOW)
    assert (found.dead_letters, found.error, found.note) == ([], None, None)
    [article] = found.articles
    return article


def test_an_item_becomes_the_article_that_an_rss_item_becomes() -> None:
    item = {
        "id": "id-1",
        "url": "https://news.example/1",
        "title": "Talks & threats",
        "content_html": "<p>First.</p><p>Second &amp; last.</p>",
        "summary": "A short one.",
        "date_published": "2026-03-01T10:00:00+02:00",
        "date_modified": "2026-03-01T11:00:00.25Z",
        "authors": [{"name": "Jane Roe", "url": "https://news.example/jane"}],
        "tags": ["World", "War", "World"],
        "attachments": [{"url": "https://news.example/1.mp3", "mime_type": "audio/mpeg"}],
    }
    assert only(item, language="en-GB") == RawArticle(
        guid="id-1",
        url="https://news.example/1",
        title="Talks & threats",
        text="First.\n\nSecond & last.",
        summary="A short one.",
        authors=("Jane Roe",),
        language="en-GB",
        published="2026-03-01T08:00:00Z",
        updated="2026-03-01T11:00:00Z",
        fetched_at=NOW,
        tags=("World", "War"),
        source_name="The Example Post",
        feed_url=URL,
        text_source="feed",
        origin=Origin(url=URL),
    )


@pytest.mark.parametrize(
    ("item", "url"),
    [
        ({"url": "/1"}, "https://news.example/1"),
        ({"id": "https://news.example/1"}, "https://news.example/1"),
        ({"id": "1", "external_url": "https://other.example/2"}, None),
        ({"id": "1", "url": "javascript:alert(1)"}, None),
        ({"id": "1", "url": "http://[::1"}, None),
        ({"id": "1", "url": ["x"]}, None),
    ],
)
def test_the_link_of_an_item_is_its_own_page(item: dict[str, Any], url: str | None) -> None:
    assert only({"title": "t", **item}).url == url


def test_text_is_html_turned_into_text_or_plain_text_to_the_letter_or_the_summary() -> None:
    assert only({"id": "1", "content_html": "a &amp; b", "content_text": "x"}).text == "a & b"
    assert only({"id": "1", "content_html": "<img src='x'>", "content_text": "x &amp; <b>"}).text == "x &amp; <b>"
    article = only({"id": "1", "summary": "Short."})
    assert (article.text, article.summary) == ("Short.", None)


def test_what_an_item_does_not_say_its_feed_may() -> None:
    authors = [{"name": "Jane Roe"}]
    assert only({"id": 1}, authors=authors).authors == ("Jane Roe",)
    assert only({"id": 1}, author={"name": "Jane Roe"}, version="https://jsonfeed.org/version/1").authors == (
        "Jane Roe",
    )
    article = only({"id": 1, "language": "de", "author": {"name": "A"}}, authors=authors, language="en")
    assert (article.guid, article.authors, article.language) == ("1", ("A",), "de")


def test_a_feed_says_what_it_is_by_its_version_or_its_media_type() -> None:
    body = json.dumps({"title": "t", "items": [{"id": "1"}]}).encode()
    assert len(parse_feed(body, URL, {"Content-Type": "application/feed+json; charset=utf-8"}).articles) == 1
    assert parse_feed(body, URL, {"Content-Type": "application/json"}).error is not None
    escaped = feed({"id": "1"}).replace(b"/", rb"\/")
    for one in (
        escaped,
        b"\xef\xbb\xbf \n" + feed({"id": "1"}),
        feed({"id": "1"}, version="http://www.jsonfeed.org/version/1"),
    ):
        assert (len(parse_feed(one, URL).articles), parse_feed(one, URL).kind) == (1, "JSON Feed")
        assert is_json_feed(one)
    assert not is_json_feed(b'{"title": "on https://jsonfeed.org/version/1"}')
    assert not is_json_feed(b'{"title": {"version": "https://jsonfeed.org/version/1"}}')


def test_a_feed_without_items_is_a_feed() -> None:
    found = parse_feed(feed(), URL)
    assert (found.articles, found.dead_letters, found.error, found.note) == ([], [], None, None)


@pytest.mark.parametrize("bad", [7, None, [], {}, {"title": " "}, {"id": True}])
def test_an_item_of_which_nothing_can_be_made_is_a_dead_letter_that_can_be_tried_again(bad: Any) -> None:
    found = parse_feed(feed({"id": "1"}, bad, {"id": "2"}), URL, fetched_at=NOW)
    assert [article.guid for article in found.articles] == ["1", "2"]
    [letter] = found.dead_letters
    assert (letter.stage, letter.source, letter.first_failed_at) == ("entry", Origin(url=URL), NOW)
    payload = json.loads(letter.payload)
    assert payload["item"] == bad
    with pytest.raises(ValueError, match=r"neither|payload"):
        decode_entry(letter.payload.encode())
    payload["item"] = {"title": "Found", "url": "/1"}
    article = decode_entry(json.dumps(payload).encode())
    assert (article.title, article.url, article.source_name, article.fetched_at) == (
        "Found",
        "https://news.example/1",
        "The Example Post",
        NOW,
    )


@pytest.mark.parametrize(
    "hostile",
    ["[" * 100_000 + "]" * 100_000, "9" * 100_000, '{"id":' * 5_000 + "1" + "}" * 5_000],
    ids=["nesting", "a long number", "nested objects"],
)
def test_an_item_that_cannot_be_decoded_costs_no_other(hostile: str) -> None:
    body = feed({"id": "1"}, {"id": "HERE"}, {"id": "2"}).replace(b'"HERE"', hostile.encode())
    found = parse_feed(body, URL)
    assert [article.guid for article in found.articles] == ["1", "2"]
    [letter] = found.dead_letters
    assert hostile in letter.payload
    with pytest.raises(ValueError, match="payload"):
        decode_entry(letter.payload.encode())


def test_a_cut_feed_gives_the_items_that_came() -> None:
    whole = feed(*({"id": f"id-{n}", "title": "é"} for n in range(5)))
    found = parse_feed(whole[: whole.index(b"id-3")], URL)
    assert [article.guid for article in found.articles] == ["id-0", "id-1", "id-2"]
    assert (found.error, found.title) == (None, "The Example Post")
    assert "3 items could be read" in (found.note or "")
    before = parse_feed(whole[: whole.index(b"items")], URL)
    assert before.error is not None
    assert [letter.stage for letter in before.dead_letters] == ["feed"]


def test_what_is_not_utf_8_and_not_a_character_is_replaced() -> None:
    body = feed({"id": "1", "title": "HERE"}).replace(b"HERE", rb"a\ud800b \ud83d\ude00 " + b"\xe9")
    found = parse_feed(body, URL)
    assert found.articles[0].title == "a\ufffdb \U0001f600 \ufffd"
    assert (found.note or "").startswith("not UTF-8 at byte")
    msgspec.json.encode(found)


def test_numbers_that_are_none_and_keys_that_stand_twice_do_no_harm() -> None:
    body = b'{"version": "%s", "x": NaN, "items": [{"id": "1", "id": "2", "y": Infinity}]}' % VERSION.encode()
    assert [article.guid for article in parse_feed(body, URL).articles] == ["2"]


anything = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=8), inner, max_size=4),
    max_leaves=10,
)
names = (
    "id", "url", "external_url", "title", "content_html", "content_text", "summary", "date_published", "authors",
    "author", "tags", "language",
)  # fmt: skip
items = st.dictionaries(st.sampled_from(names), anything | st.sampled_from(["https://a.example/1", "<p>x</p>"]))


@given(st.lists(items | anything, max_size=6), st.dictionaries(st.sampled_from([*names, "version"]), anything))
def test_every_item_is_an_article_or_a_dead_letter(given_items: list[Any], members: dict[str, Any]) -> None:
    body = feed(*given_items, **{**members, "version": VERSION})
    found = parse_feed(body, URL, fetched_at=NOW)
    assert found.error is None
    assert len(found.articles) + len(found.dead_letters) == len(given_items)
    assert msgspec.msgpack.decode(msgspec.msgpack.encode(found), type=ParsedFeed) == found
    for letter in found.dead_letters:
        with pytest.raises(ValueError):  # noqa: PT011 - any message will do
            decode_entry(letter.payload.encode())


@given(st.lists(items, min_size=1, max_size=4), st.data())
def test_wherever_a_feed_is_cut_or_damaged_nothing_else_is_raised(given_items: list[Any], data: st.DataObject) -> None:
    body = feed(*given_items)
    at = data.draw(st.integers(0, len(body)))
    for damaged in (body[:at], body[:at] + data.draw(st.binary(max_size=3)) + body[at:]):
        found = parse_feed(damaged, URL)
        assert bool(found.error) == (not found.kind)
        assert len(found.articles) + len(found.dead_letters) <= len(given_items) + 3
        is_json_feed(damaged)


@pytest.mark.parametrize("number", [50_000, 50_001, 2_000_000])
def test_a_feed_has_no_more_items_than_memory_allows(number: int) -> None:
    with Sandbox(memory_bytes=1 << 30) as sandbox:
        hostile = feed("HERE").replace(b'"HERE"', b"[]," * (number - 1) + b"[]")
        found = parse_feed_in(sandbox, hostile, URL, {}, NOW, base_url=URL)
        assert bool(found.error) == (number > 50_000)
        assert len(found.dead_letters) == (1 if found.error else number)
        assert not found.error or found.error.type == "NotAFeed"
        assert len(parse_feed_in(sandbox, feed({"id": "1"}), URL, {}, NOW, base_url=URL).articles) == 1


# Where it comes from


ITEM = {
    "id": "https://a.example/1",
    "title": "The road",
    "content_text": "The council of Orms said it would mend the road before the winter, as it had promised.",
    "date_published": "2026-11-20T10:00:00Z",
}


def test_a_fetched_feed_is_read_like_any_other(tmp_path: Path) -> None:
    with WebServer() as server:
        page = Page(feed(ITEM, {}), headers={"ETag": '"1"', "Content-Type": "application/feed+json"})
        url = server.add("/feed.json", page)
        settings: dict[str, Any] = {
            "source": (url,), "sink": (f"jsonl:{tmp_path / 'out'}",), "extract": "none", "allow_private": True,
        }  # fmt: skip
        first, second = (run_here(tmp_path / "state", **settings) for _ in range(2))
        assert (first.enriched, first.dead_letters, first.feeds_read) == (1, 1, 1)
        assert (second.feeds_unchanged, second.seen) == (1, 0)
        assert "application/feed+json" in server.requests[0].headers["accept"]
    (record,) = written(tmp_path / "out")
    assert record["article"]["source"] == {"name": "The Example Post", "feed_url": url, "domain": "a.example"}
    assert record["article"]["text"] == ITEM["content_text"]


@pytest.mark.parametrize("name", ["feed.json", "feed"])
def test_a_saved_feed_is_read_item_by_item(name: str, tmp_path: Path) -> None:
    path = tmp_path / name
    path.write_bytes(json.dumps(json.loads(feed(ITEM, {})), indent=2).encode())
    assert file_kind(str(path)) == "json"
    article, letter = read_file(str(path), "json")
    assert isinstance(article, RawArticle)
    assert isinstance(letter, DeadLetter)
    assert (article.title, article.feed_url, article.origin) == ("The road", None, Origin(url=str(path)))
    assert letter.stage == "entry"


def test_a_saved_feed_that_was_cut_gives_what_is_there(tmp_path: Path) -> None:
    path = tmp_path / "feed.json"
    path.write_bytes(feed(ITEM, ITEM)[:-30])
    assert len(list(read_file(str(path), "json"))) == 1


def test_one_article_cannot_be_a_feed(tmp_path: Path) -> None:
    with pytest.raises(NotAnArticle, match="a JSON Feed, which holds articles"):
        decode_article(feed(ITEM), Origin())
    path = tmp_path / "feeds.jsonl"
    path.write_bytes(feed(ITEM) + b"\n" + feed())
    letters = list(read_file(str(path), "jsonl"))
    assert [letter.stage for letter in letters if isinstance(letter, DeadLetter)] == ["record", "record"]


@pytest.mark.parametrize(
    "broken", ['"items"', '"items" [', "items: [", '"items": [{"id": "1"} {"id": "2"}]', '"x": 1 "y": 2']
)
def test_what_is_nearly_json_is_read_to_where_it_ceases_to_be(broken: str) -> None:
    found = parse_feed(f'{{"version": "{VERSION}", {broken}}}'.encode(), URL)
    assert len(found.articles) == ("id" in broken)
    assert "not JSON" in (found.error.message if found.error else found.note or "")
