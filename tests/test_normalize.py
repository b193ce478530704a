"""Normalisation: from what a source gave to an article."""

from __future__ import annotations

import json
import unicodedata
from datetime import UTC, datetime, timedelta
from urllib.parse import urlsplit

import pytest
from hypothesis import assume, example, given
from hypothesis import strategies as st
from url_normalize import url_normalize

from claimwire.pipelines.normalize.article import normalize
from claimwire.pipelines.normalize.language import language
from claimwire.pipelines.normalize.text import clean, escaped
from claimwire.pipelines.normalize.times import parse_time
from claimwire.pipelines.normalize.urls import _NORMAL, canonical_url, domain
from claimwire.schemas import RawArticle, decode, encode
from claimwire.schemas.records import Article

any_text = st.text(st.characters())  # lone surrogates included
ENGLISH = (
    "The council voted on Tuesday to close the old bridge, and the mayor said that repairs would begin in the spring."
)


class TestCanonicalUrl:
    @pytest.mark.parametrize(
        ("given_url", "canonical"),
        [
            ("https://news.example/a?utm_source=x&utm_medium=rss", "https://news.example/a"),
            ("https://news.example/a?id=7&fbclid=abc&b=1", "https://news.example/a?b=1&id=7"),
            ("https://news.example/a#comments", "https://news.example/a"),
            ("HTTP://News.Example:80/a", "https://news.example/a"),
            ("https://news.example:443/a", "https://news.example/a"),
            ("https://news.example:8443/a", "https://news.example:8443/a"),
            ("https://www.news.example/a", "https://news.example/a"),
            ("https://m.news.example/a", "https://news.example/a"),
            ("https://en.m.wiki.example/a", "https://en.wiki.example/a"),
            ("https://amp.news.example/a", "https://news.example/a"),
            ("https://news.example/a/amp/", "https://news.example/a"),
            ("https://news.example/amp/a", "https://news.example/a"),
            ("https://news.example/a.amp.html", "https://news.example/a.html"),
            ("https://news.example/a?amp=1", "https://news.example/a"),
            ("https://news-example.cdn.ampproject.org/c/s/news.example/a", "https://news.example/a"),
            ("https://www.google.com/amp/s/news.example/a", "https://news.example/a"),
            ("https://news.example/%7Ejo/%c3%a9", "https://news.example/~jo/%C3%A9"),
            ("https://news.example/é", "https://news.example/%C3%A9"),
            ("https://news.example/a/../b", "https://news.example/b"),
            ("https://user:secret@news.example/a", "https://news.example/a"),
            ("https://zeitung.münchen.example/a", "https://zeitung.xn--mnchen-3ya.example/a"),
            ("https://news.example", "https://news.example/"),
            ("//news.example/a", "https://news.example/a"),
            ("https://www.co.uk/a", "https://www.co.uk/a"),
            ("https://www.zdf.de/a", "https://zdf.de/a"),
            ("https://amplifiers.example/amplitude", "https://amplifiers.example/amplitude"),
        ],
    )
    def test_one_article_has_one_address(self, given_url: str, canonical: str) -> None:
        assert canonical_url(given_url) == canonical

    @pytest.mark.parametrize(
        "value", ["mailto:a@b.example", "tag:a,2026:1", "urn:x", "news", "", "https://", "http://a b/"]
    )
    def test_anything_but_a_web_address_has_no_canonical_url(self, value: str) -> None:
        assert canonical_url(value) is None

    @given(st.from_regex(_NORMAL, fullmatch=True))
    def test_what_is_taken_for_normal_is_what_the_normaliser_leaves_as_it_is(self, url: str) -> None:
        parts = urlsplit(url)
        assert urlsplit(url_normalize(url) or "") == parts._replace(path=parts.path or "/")

    def test_most_addresses_of_articles_are_taken_for_normal(self) -> None:
        for url in ("https://www.news.example/2026/02/10/bridge-late.html", "http://news.example/?p=17&lang=en"):
            assert _NORMAL.fullmatch(url)

    @given(
        st.builds(
            "{}{}{}{}{}".format,
            st.sampled_from(["http://", "https://", "//", "HTTPS://www.", "https://m.amp.", "https://u:p@"]),
            st.sampled_from(
                ["news.example", "a.co.uk", "xn--mnchen-3ya.de", "münchen.de", "127.0.0.1:8080", "[::1]", "a.b.c.d"]
            ),
            any_text,
            st.sampled_from(["", "?", "?utm_source=a&b=%20", "?a=1&a=2", "?amp"]),
            any_text,
        )
    )
    def test_a_canonical_url_is_its_own_canonical_form(self, url: str) -> None:
        canonical = canonical_url(url)
        assume(canonical is not None)
        assert canonical is not None
        assert canonical_url(canonical) == canonical
        canonical.encode("ascii")

    @given(any_text)
    def test_no_text_breaks_it(self, text: str) -> None:
        canonical_url(text)

    def test_the_domain_identifies_the_outlet(self) -> None:
        assert domain(canonical_url("https://www.news.example:8443/a")) == "news.example"
        assert domain(None) is None


class TestText:
    @given(any_text)
    def test_cleaning_keeps_every_offset(self, text: str) -> None:
        assert len(clean(text)) == len(text)

    @given(any_text)
    def test_clean_text_can_be_encoded_and_cleaning_is_idempotent(self, text: str) -> None:
        cleaned = clean(text)
        cleaned.encode("utf-8")
        assert clean(cleaned) == cleaned

    @given(st.text(st.characters(exclude_categories=["Cc", "Cf", "Cs"])))
    def test_harmless_text_stays_unchanged(self, text: str) -> None:
        assert clean(text) == text

    def test_terminal_codes_and_direction_overrides_are_removed(self) -> None:
        assert clean("a\x1b[31mred\x00\u202egnp") == "a [31mred  gnp"
        assert clean("tab\tline\r\nمرحبا\u200f") == "tab\tline\r\nمرحبا\u200f"
        assert clean("half \ud83d") == "half \ufffd"

    def test_what_is_printed_or_logged_is_one_line_that_moves_no_cursor_and_turns_no_text(self) -> None:
        assert escaped("a\x1b]0;b\x07\nc\x9bd\u202ee\u2028f\ud83d") == (
            r"a\u001b]0;b\u0007\u000ac\u009bd\u202ee\u2028f\ud83d"
        )
        assert escaped("Ömer said \u200fمرحبا \U0001f600") == "Ömer said \u200fمرحبا \U0001f600"

    @given(any_text)
    def test_json_that_is_escaped_says_the_same(self, text: str) -> None:
        line = escaped(json.dumps({"a": text}, ensure_ascii=False))
        said = json.loads(line)["a"]
        assert said.encode("utf-16", "surrogatepass") == text.encode("utf-16", "surrogatepass")
        assert not any(unicodedata.category(character) in ("Cc", "Cs", "Zl", "Zp") for character in line)


class TestTimes:
    @pytest.mark.parametrize(
        "text",
        [
            "2026-11-20T12:00:00Z",
            "2026-11-20T14:00:00+02:00",
            "2026-11-20T12:00:00",
            "Fri, 20 Nov 2026 12:00:00 GMT",
            "Fri, 20 Nov 2026 07:00:00 EST",
            "20 November 2026 12:00",
            "Nov 20, 2026 12:00 PM",
            "1795176000",
            "1795176000000",
            "20261120T120000Z",
        ],
    )
    def test_all_forms_of_a_time_are_the_same_instant(self, text: str) -> None:
        assert parse_time(text) == datetime(2026, 11, 20, 12, tzinfo=UTC)

    @pytest.mark.parametrize("text", ["20261120", "2026-11-20"])
    def test_a_date_is_midnight_utc(self, text: str) -> None:
        assert parse_time(text) == datetime(2026, 11, 20, tzinfo=UTC)

    @pytest.mark.parametrize(
        "text", [None, "", "yesterday", "12", "November 2026", "20 November", "12:00", "2026-13-45"]
    )
    def test_an_incomplete_date_is_not_completed(self, text: str | None) -> None:
        assert parse_time(text) is None

    @given(any_text)
    @example("6:21313131313131313131313131313")  # from which dateutil lets an error of its decimals out
    def test_no_text_breaks_it(self, text: str) -> None:
        parse_time(text)

    def test_a_date_far_in_the_future_is_not_a_publication_date(self) -> None:
        now = datetime(2026, 11, 20, tzinfo=UTC)
        later = (now + timedelta(days=3)).isoformat()
        assert normalize(RawArticle(title="T", published=later, fetched_at=now)).published_at is None
        soon = (now + timedelta(hours=3)).isoformat()
        assert normalize(RawArticle(title="T", published=soon, fetched_at=now)).published_at == now + timedelta(hours=3)

    def test_an_update_time_is_not_taken_for_the_publication_time(self) -> None:
        article = normalize(RawArticle(title="T", updated="2026-11-20"))
        assert article.published_at is None
        assert article.updated_at == datetime(2026, 11, 20, tzinfo=UTC)


class TestLanguage:
    def test_a_confident_detection_overrides_the_declared_language(self) -> None:
        assert language("Der Bürgermeister sagte am Dienstag, die Brücke werde im Frühjahr gesperrt.", "en-us") == "de"

    def test_a_short_text_has_the_declared_language(self) -> None:
        assert language("Ok 22", "en-GB") == "en"

    def test_without_evidence_the_language_is_null(self) -> None:
        assert language("", None) is None
        assert language("12 34", None) is None


class TestIds:
    def test_the_same_article_has_the_same_id_whatever_was_added_to_its_url(self) -> None:
        plain = normalize(RawArticle(url="https://news.example/a", title="T", text=ENGLISH))
        decorated = normalize(
            RawArticle(
                url="http://www.news.example/a?utm_source=feed#top", title=" T ", text=ENGLISH, source_name="Feed"
            )
        )
        assert plain.id == decorated.id

    def test_another_text_under_the_same_url_is_another_version(self) -> None:
        first = normalize(RawArticle(url="https://news.example/a", title="T", text=ENGLISH))
        second = normalize(RawArticle(url="https://news.example/a", title="T", text=ENGLISH + " More."))
        assert first.id != second.id

    def test_the_guid_names_an_article_without_url_within_its_feed(self) -> None:
        one = normalize(RawArticle(guid="1", feed_url="https://a.example/f", text=ENGLISH))
        other = normalize(RawArticle(guid="1", feed_url="https://b.example/f", text=ENGLISH))
        assert one.id != other.id

    @given(any_text.filter(bool), any_text)
    def test_a_given_id_and_text_are_kept(self, id_: str, text: str) -> None:
        article = normalize(RawArticle(id=id_, title="T", text=text))
        assert len(article.id) == len(id_)
        assert len(article.text) == len(text)
        if clean(text) == text:
            assert article.text == text

    @given(
        st.builds(
            RawArticle,
            id=st.none() | any_text,
            guid=st.none() | any_text,
            url=st.none() | any_text,
            title=st.none() | any_text,
            text=st.none() | any_text,
            summary=st.none() | any_text,
            authors=st.lists(any_text).map(tuple),
            language=st.none() | any_text,
            published=st.none() | any_text,
            updated=st.none() | any_text,
            tags=st.lists(any_text).map(tuple),
            source_name=st.none() | any_text,
            feed_url=st.none() | any_text,
        )
    )
    @example(RawArticle(guid="7", text="x", source_name="\ud800"))
    @example(RawArticle(guid="\udfff", text="\udfff", feed_url="\ud800"))
    def test_any_raw_article_becomes_the_same_encodable_article_every_time(self, raw: RawArticle) -> None:
        article = normalize(raw)
        assert decode(encode(article), Article) == article
        assert normalize(raw) == article


def test_a_host_of_more_than_253_characters_is_no_address_however_long_it_is() -> None:
    assert canonical_url(f"https://{'a.' * 123}example/x") == f"https://{'a.' * 123}example/x"  # 253
    assert canonical_url(f"https://{'a.' * 124}example/x") is None
    assert canonical_url(f"http://{'m.' * 500_000}example.org/") is None
    assert canonical_url(f"http://{'ü' * 250}.example/") is None  # longer in ASCII, where hosts are compared


def test_an_address_that_is_endless_once_it_is_encoded_is_no_web_address() -> None:
    url = f"https://example.org/{'é' * 3_000}"
    assert canonical_url(canonical_url(url) or "") == canonical_url(url) is not None
    assert canonical_url(f"https://example.org/{'é' * 15_000}") is None


def test_an_article_keeps_an_address_with_thousands_of_parameters_as_it_is() -> None:
    query = "&".join(f"p{number}={number}" for number in range(1_500)) + "&utm_source=rss"
    article = normalize(RawArticle(url=f"https://example.org/a?{query}", text="x"))
    assert article.canonical_url == f"https://example.org/a?{query}"
