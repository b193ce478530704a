"""Article records in JSON: every form, what is kept to the letter, and what is refused."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any

import msgspec
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from claimwire.connectors.files.articles import NotAnArticle, decode_article
from claimwire.schemas import codec
from claimwire.schemas.records import Origin, RawArticle

ORIGIN = Origin(url="wire.jsonl", line=7)


def decoded(found: Any) -> RawArticle:
    return decode_article(json.dumps(found).encode(), ORIGIN)


def test_a_plain_object_is_read_by_its_usual_names() -> None:
    assert decoded(
        {
            "id": 12345678901234567890,
            "link": "https://herald.example/a",
            "headline": "A headline",
            "body": "One.\n\n  Two. ",
            "published_at": "2026-03-01T10:00:00Z",
            "author": {"name": "Ann Other"},
            "tags": ["war", {"name": "Ukraine"}, "", 3],
            "lang": "en",
            "source": {"name": "The Herald"},
        }
    ) == RawArticle(
        id="12345678901234567890",
        url="https://herald.example/a",
        title="A headline",
        text="One.\n\n  Two. ",
        published="2026-03-01T10:00:00Z",
        authors=("Ann Other",),
        tags=("war", "Ukraine"),
        language="en",
        source_name="The Herald",
        origin=ORIGIN,
    )


@pytest.mark.parametrize("name", ["text", "body"])
def test_plain_text_is_not_touched_even_where_it_looks_like_markup(name: str) -> None:
    assert (
        decoded({"url": "https://a.example/", name: " <p>1 &lt; 2</p>\r\n\ud800"}).text == " <p>1 &lt; 2</p>\r\n\ud800"
    )


def test_content_becomes_text_only_where_it_is_html() -> None:
    assert decoded({"title": "t", "content": "<p>One &amp; two.</p><p>Three.</p>"}).text == "One & two.\n\nThree."
    assert decoded({"title": "t", "content": "if x<y & y<z"}).text == "if x<y & y<z"
    assert decoded({"title": "t", "content": "<p>No.</p>", "text": "Yes."}).text == "Yes."


def test_paragraphs_in_a_list_are_joined() -> None:
    assert decoded({"title": "t", "body": ["One.", "Two."]}).text == "One.\nTwo."


@pytest.mark.parametrize(
    ("given", "published"),
    [
        (1_700_000_000, "2023-11-14T22:13:20+00:00"),
        (1_700_000_000_000, "2023-11-14T22:13:20+00:00"),
        (20220404, "20220404"),
        ("Mon, 04 Apr 2022", "Mon, 04 Apr 2022"),
        (True, None),
        (-5, None),
        (1e300, None),
        (None, None),
    ],
)
def test_dates_are_kept_as_written_and_epoch_times_understood(given: Any, published: str | None) -> None:
    assert decoded({"title": "t", "published": given}).published == published


NEWS_ARTICLE = {
    "@context": "https://schema.org",
    "@type": ["NewsArticle", "Thing"],
    "@id": "https://herald.example/a#article",
    "headline": "Dam holds",
    "articleBody": "The dam holds.",
    "description": "It holds.",
    "datePublished": "2026-03-01T10:00:00+01:00",
    "dateModified": "2026-03-02",
    "author": [{"@type": "Person", "name": "Ann Other"}, "Bo Second"],
    "publisher": {"@type": "Organization", "name": "The Herald"},
    "mainEntityOfPage": {"@type": "WebPage", "@id": "https://herald.example/a"},
    "inLanguage": "en-GB",
    "keywords": "dam, flood,,  river ",
    "identifier": {"@type": "PropertyValue", "value": 88},
}


def test_schema_org_news_article() -> None:
    assert decoded(NEWS_ARTICLE) == RawArticle(
        id="88",
        guid="https://herald.example/a#article",
        url="https://herald.example/a",
        title="Dam holds",
        text="The dam holds.",
        summary="It holds.",
        published="2026-03-01T10:00:00+01:00",
        updated="2026-03-02",
        authors=("Ann Other", "Bo Second"),
        source_name="The Herald",
        language="en-GB",
        tags=("dam", "flood", "river"),
        origin=ORIGIN,
    )


def test_schema_org_variants() -> None:
    assert decoded({"headline": "h", "articleBody": "b"}).text == "b"
    assert (
        decoded({"@type": "https://schema.org/LiveBlogPosting", "name": "n", "url": "https://a.example/"}).title == "n"
    )
    assert (
        decoded({"@type": "schema:ReportageNewsArticle", "headline": {"@value": "h", "@language": "en"}}).title == "h"
    )
    language = {"@type": "Language", "name": "German", "alternateName": "de"}
    assert decoded({"@type": "Article", "headline": "h", "inLanguage": language}).language == "de"
    assert decoded({"@type": "Article", "headline": "h", "@id": "https://a.example/x"}).url == "https://a.example/x"


def test_in_a_graph_the_article_is_found_and_its_references_are_looked_up() -> None:
    graph = [
        {"@type": "WebSite", "@id": "#site", "name": "Site"},
        {"@type": "Person", "@id": "#ann", "name": "Ann Other"},
        {"@type": "Organization", "@id": "#herald", "name": "The Herald"},
        {"@type": "WebPage", "@id": "https://herald.example/a", "url": "https://herald.example/a?x=1"},
        NEWS_ARTICLE | {"author": {"@id": "#ann"}, "publisher": {"@id": "#herald"}},
    ]
    article = decoded({"@context": "https://schema.org", "@graph": graph})
    assert (article.title, article.authors, article.source_name) == ("Dam holds", ("Ann Other",), "The Herald")
    assert article.url == "https://herald.example/a?x=1"
    with pytest.raises(NotAnArticle, match="graph without an Article"):
        decoded({"@graph": graph[:2]})


NINJS_1 = {
    "uri": "urn:agency:1",
    "type": "text",
    "firstcreated": "2026-03-01T10:00:00Z",
    "versioncreated": "2026-03-01T11:00:00Z",
    "headline": "Dam holds",
    "body_xhtml": "<p>The dam holds.</p><p>So far.</p>",
    "byline": "Ann Other",
    "language": "en",
    "subject": [{"name": "disaster", "code": "1"}],
    "copyrightholder": "Agency",
}
NINJS_3 = {
    "uri": "https://agency.example/1",
    "versionCreated": "2026-03-01T11:00:00Z",
    "firstCreated": "2026-03-01T10:00:00Z",
    "headlines": [{"role": "short", "value": "Dam"}, {"role": "main", "value": "Dam holds"}],
    "bodies": [
        {"role": "richtext", "contentType": "application/xhtml+xml", "value": "<p>No.</p>"},
        {"role": "main", "contentType": "text/plain", "value": " The dam holds.\n"},
    ],
    "descriptions": [{"role": "summary", "value": "It holds."}],
    "by": "Ann Other",
    "language": "en",
    "subjects": [{"name": "disaster"}],
    "keywords": ["dam"],
    "infoSources": [{"name": "Agency"}],
}


def test_ninjs_of_the_first_generation() -> None:
    assert decoded(NINJS_1) == RawArticle(
        id="urn:agency:1",
        title="Dam holds",
        text="The dam holds.\n\nSo far.",
        published="2026-03-01T10:00:00Z",
        updated="2026-03-01T11:00:00Z",
        authors=("Ann Other",),
        language="en",
        tags=("disaster",),
        source_name="Agency",
        origin=ORIGIN,
    )
    assert decoded(NINJS_1 | {"body_text": " <kept> "}).text == " <kept> "
    del (only_prefixed := dict(NINJS_1))["headline"], only_prefixed["body_xhtml"]
    other = decoded(only_prefixed | {"headline_web": "Web", "body_rich": "<p>Rich.</p>"})
    assert (other.title, other.text) == ("Web", "Rich.")


def test_ninjs_of_the_third_generation() -> None:
    assert decoded(NINJS_3) == RawArticle(
        id="https://agency.example/1",
        url="https://agency.example/1",
        title="Dam holds",
        text=" The dam holds.\n",
        summary="It holds.",
        published="2026-03-01T10:00:00Z",
        updated="2026-03-01T11:00:00Z",
        authors=("Ann Other",),
        language="en",
        tags=("disaster", "dam"),
        source_name="Agency",
        origin=ORIGIN,
    )
    rich = [{"role": "main", "contentType": "text/html", "value": "<p>Only <b>rich</b>.</p>"}]
    assert decoded(NINJS_3 | {"bodies": rich}).text == "Only rich."


def test_media_cloud_stories_of_both_apis() -> None:
    old = {
        "stories_id": 604,
        "guid": "g",
        "url": "https://a.example/",
        "title": "t",
        "publish_date": "2026-03-01 10:00:00",
        "media_name": "The Herald",
        "story_text": "Text.",
        "language": "en",
    }
    new = {
        "id": "0a1b",
        "url": "https://a.example/",
        "title": "t",
        "publish_date": "2026-03-01",
        "indexed_date": "2026-03-02T00:00:00",
        "media_name": "herald.example",
        "media_url": "herald.example",
        "language": "en",
        "text": "Text.",
    }
    article = decoded(old)
    assert (article.id, article.guid, article.text, article.source_name) == ("604", "g", "Text.", "The Herald")
    article = decoded(new)
    assert (article.id, article.text, article.published, article.updated) == ("0a1b", "Text.", "2026-03-01", None)


ARTICLE = {
    "id": "cw1",
    "guid": "tag:1",
    "url": "https://a.example/?utm_source=x",
    "canonical_url": "https://a.example/",
    "source": {"name": "The Herald", "feed_url": "https://a.example/feed", "domain": "a.example"},
    "title": "t",
    "text": "Text.",
    "summary": None,
    "authors": ["Ann Other"],
    "language": "en",
    "published_at": "2026-03-01T10:00:00Z",
    "updated_at": None,
    "fetched_at": "2026-03-01T10:05:00Z",
    "tags": ["x"],
    "content_hash": "00",
    "revision_of": None,
}


@pytest.mark.parametrize(
    "record", [ARTICLE, {"schema_version": "1.0", "article": ARTICLE, "claims": [], "entities": []}]
)
def test_own_articles_keep_id_and_text(record: dict[str, Any]) -> None:
    assert decoded(record) == RawArticle(
        id="cw1",
        guid="tag:1",
        url="https://a.example/?utm_source=x",
        title="t",
        text="Text.",
        authors=("Ann Other",),
        language="en",
        published="2026-03-01T10:00:00Z",
        fetched_at=datetime(2026, 3, 1, 10, 5, tzinfo=UTC),
        tags=("x",),
        source_name="The Herald",
        feed_url="https://a.example/feed",
        origin=ORIGIN,
    )


texts = st.text(st.characters(codec="utf-8"))


@given(st.builds(RawArticle, id=st.none() | texts, title=texts.filter(str.strip), text=st.none() | texts))
def test_a_raw_article_comes_back_as_it_was(article: RawArticle) -> None:
    assert decode_article(codec.encode(article), ORIGIN) == msgspec.structs.replace(article, origin=ORIGIN)


def test_a_damaged_raw_article_is_refused() -> None:
    with pytest.raises(NotAnArticle, match=r"damaged RawArticle: .*\$\.title"):
        decode_article(codec.encode(RawArticle(title="t")).replace(b'"t"', b"3"), ORIGIN)


@pytest.mark.parametrize(
    ("data", "found"),
    [
        (b"", "not JSON"),
        (b"{'a': 1}", "not JSON"),
        (b'{"title": "t"', "not JSON"),
        (b'{"title": "t", "x": NaN}', "NaN"),
        (b'{"title": "t", "x": -Infinity}', "-Infinity"),
        (b'{"title": "t", "x": ' + b"1" * 5000 + b"}", "a number of too many digits"),
        (b'{"title": "t", "x": ' + b"[" * 200_000, "nested too deeply"),
        (b'{"title": "t", "text": "a", "text": "b"}', "'text' stands twice"),
        (b'{"title": "\xff"}', "not UTF-8 at byte 11"),
        (b'["title"]', "a JSON array"),
        (b'"title"', "a JSON string"),
        (b"7", "a JSON number"),
        (b"null", "a JSON null"),
        (b"true", "a JSON boolean"),
        (b"{}", "it is empty"),
        (b'{"id": 5, "value": "x"}', "its keys: 'id', 'value'"),
        (b'{"title": " ", "text": null, "url": []}', "without url, title and text"),
    ],
)
def test_what_is_no_article_is_refused_and_said(data: bytes, found: str) -> None:
    with pytest.raises(NotAnArticle) as refused:
        decode_article(data, ORIGIN)
    assert found in str(refused.value)
    assert "NewsArticle" in str(refused.value), "the message says what would be right"


def test_a_byte_order_mark_and_lone_surrogates_are_no_harm() -> None:
    assert decode_article(b'\xef\xbb\xbf{"title": "t", "text": "a\\ud800b"}', ORIGIN).text == "a\ud800b"


# Keys of every form, so that objects come about which look like one and are not.
RAW_ARTICLE = RawArticle.__struct_fields__
MEDIA_CLOUD = ("stories_id", "media_name", "publish_date", "story_text")
WITHIN = (
    "@graph",
    "@value",
    "role",
    "value",
    "name",
    "contentType",
    "article",
    "schema_version",
    "content",
    "body_text",
)
KEYS = sorted({*NEWS_ARTICLE, *NINJS_1, *NINJS_3, *ARTICLE, *RAW_ARTICLE, *MEDIA_CLOUD, *WITHIN})
numbers = st.integers() | st.floats(allow_nan=False, allow_infinity=False)
values = st.recursive(
    st.none() | st.booleans() | numbers | st.text() | st.sampled_from(["NewsArticle", "<p>x</p>"]),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.sampled_from(KEYS) | st.text(), inner, max_size=9),
    max_leaves=25,
)


@given(values)
@example({"schema_version": "1.0", "article": {}})
@example({"guid": 0, "source_name": [], "feed_url": {}, "attempts": "x"})
def test_any_json_is_an_article_or_is_refused(found: Any) -> None:
    try:
        article = decode_article(json.dumps(found).encode(), ORIGIN)
    except NotAnArticle:
        return
    assert article.origin == ORIGIN
    for string in (article.id, article.url, article.title, article.text, *article.authors, *article.tags):
        assert string is None or isinstance(string, str)


@given(st.binary())
def test_any_bytes_are_an_article_or_are_refused(data: bytes) -> None:
    with pytest.raises(NotAnArticle):
        decode_article(data, ORIGIN)


@given(st.text(), st.text().filter(str.strip), st.dictionaries(st.sampled_from(("author", "tags", "date")), values))
def test_id_and_text_are_kept_to_the_letter(name: str, text: str, rest: dict[str, Any]) -> None:
    article = decoded({"id": name, "text": text, **rest})
    assert (article.id, article.text) == (name, text)
