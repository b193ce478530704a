"""A page becomes an article, in one place, for files, archives and what is fetched; and no page harms another."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

from claimwire.connectors.errors import Unreadable
from claimwire.connectors.files.decoding import replay
from claimwire.connectors.files.reading import read_file
from claimwire.connectors.sources import FileSource, sources
from claimwire.connectors.web.pages.page import read_page, read_page_in
from claimwire.connectors.web.sandbox import ParserKilled, Sandbox
from claimwire.pipelines.normalize.article import normalize
from claimwire.schemas import encode
from claimwire.schemas.records import DeadLetter, Input, Origin, RawArticle

NOW = datetime(2026, 3, 1, 10, tzinfo=UTC)
PARAGRAPHS = (
    "The dam above Brackwater holds, Mayor Ana Verr said on Monday, and nobody in the lower town has to leave.",
    "Engineers had found a crack in the northern wall on Friday. It is no longer than a hand, the mayor said.",
    "The council will vote on repairs next week, according to a draft that the Courier has seen.",
)
CANONICAL = "https://courier.example/news/dam-holds"


def page(canonical: str = CANONICAL, head: str = "", saved: str = "") -> bytes:
    """A page of an outlet that does not exist."""
    text = "".join(f"<p>{paragraph}</p>\n" for paragraph in PARAGRAPHS)
    return f"""<!DOCTYPE html>
{saved}<html lang="en-GB"><head><meta charset="utf-8"><title>Dam above Brackwater holds</title>
<link rel="canonical" href="{canonical}">
<meta property="og:title" content="Dam above Brackwater holds">
<meta property="og:site_name" content="Brackwater Courier">
<meta property="article:published_time" content="2026-03-01T08:30:00Z">
<meta property="article:section" content="Local">
<script type="application/ld+json">{{"@context": "https://schema.org", "@type": "NewsArticle",
"headline": "Dam above Brackwater holds", "datePublished": "2026-03-01T08:30:00Z",
"author": {{"@type": "Person", "name": "Tamsin Orrell"}}, "isAccessibleForFree": false}}</script>{head}</head>
<body><nav><a href="/">Home</a> <a href="/sport">Sport</a></nav>
<main><article><h1>Dam above Brackwater holds</h1>
{text}</article></main>
<footer>About us. Terms of use.</footer></body></html>""".encode()


def write(path: Path, data: bytes) -> str:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(data)
    return str(path)


def read(path: str) -> RawArticle | DeadLetter:
    [found] = read_file(path, "page")
    return found


def test_a_page_gives_its_text_and_what_it_says_of_itself() -> None:
    article = read_page(page(), "https://courier.example/news/dam-holds?x=1", "text/html", NOW).article
    assert article.text is not None
    assert [line for line in article.text.split("\n") if line.strip()][-3:] == list(PARAGRAPHS)
    assert (article.title, article.authors) == ("Dam above Brackwater holds", ("Tamsin Orrell",))
    assert (article.url, article.fetched_at) == ("https://courier.example/news/dam-holds?x=1", NOW)
    assert (article.published or "")[:16] == "2026-03-01T08:30"
    assert (article.source_name, article.section, article.language) == ("Brackwater Courier", "Local", "en-GB")
    assert (article.paywalled, article.syndicated_from, article.text_source) == (True, None, None)


def test_a_title_that_stands_again_above_the_text_is_not_of_it() -> None:
    body = page().replace(b"<p>The dam", b"<h2>Dam above Brackwater holds</h2><p>The dam", 1)
    assert read_page(body, CANONICAL, None, NOW).article.text == "\n\n".join(PARAGRAPHS)


def test_a_notice_of_a_mistake_is_told_and_not_part_of_the_text() -> None:
    notice = "Correction, 2 March: An earlier version of this article said that the dam was broken. It holds."
    body = page().replace(b"</article>", f"<p>{notice}</p></article>".encode())
    article = read_page(body, CANONICAL, None, NOW).article
    assert article.correction == notice
    assert article.text == "\n\n".join(PARAGRAPHS)


def test_an_update_that_tells_news_stays_in_the_text() -> None:
    update = "Update: The engineers have left the dam, and the council has told the lower town that it is safe."
    body = page().replace(b"</article>", f"<p>{update}</p></article>".encode())
    article = read_page(body, CANONICAL, None, NOW).article
    assert article.correction == update
    assert (article.text or "").endswith(update)


def test_a_saved_page_has_the_address_it_was_saved_from_and_else_its_canonical_link() -> None:
    assert read_page(page(), None, None, None).article.url == CANONICAL
    saved = "<!-- saved from url=(0039)https://courier.example/news/dam?from=home -->\n"
    assert read_page(page(saved=saved), None, None, None).article.url == "https://courier.example/news/dam?from=home"


@pytest.mark.parametrize(
    ("url", "syndicated"),
    [
        ("https://www.courier.example/amp/dam", False),
        ("https://m.courier.example/dam", False),
        ("https://herald.example/dam", True),
        (None, False),
    ],
)
def test_a_canonical_link_to_another_outlet_is_told(url: str | None, syndicated: bool) -> None:
    assert read_page(page(), url, None, None).article.syndicated_from == (CANONICAL if syndicated else None)


def test_outlets_under_one_public_suffix_are_others() -> None:
    article = read_page(page("https://one.co.uk/a"), "https://two.co.uk/a", None, None).article
    assert article.syndicated_from == "https://one.co.uk/a"
    assert (
        read_page(page("https://news.one.co.uk/a"), "https://one.co.uk/a", None, None).article.syndicated_from is None
    )


def test_what_json_in_a_page_has_for_half_a_character_can_be_written() -> None:
    head = '<script type="application/ld+json">{"@type": "NewsArticle", "headline": "A \\ud800 b"}</script>'
    article = read_page(page().replace(b"</head>", head.encode() + b"</head>"), None, None, None).article
    encode(article)


@pytest.mark.parametrize(
    ("body", "message"),
    [(b"", "an empty page"), (b" \n", "an empty page"), (b"\x89PNG\r\n\0\0\0", "not HTML but binary data")],
)
def test_what_is_no_page_is_refused(body: bytes, message: str) -> None:
    with pytest.raises(Unreadable, match=message):
        read_page(body, None, None, None)


def test_a_page_in_utf_16_is_read() -> None:
    assert read_page(page().decode().encode("utf-16"), None, None, None).article.title == "Dam above Brackwater holds"


# In the sandbox


@pytest.fixture(scope="module")
def sandbox() -> Iterator[Sandbox]:
    with Sandbox() as running:
        yield running


def test_the_sandbox_gives_what_read_page_gives(sandbox: Sandbox) -> None:
    assert read_page_in(sandbox, page(), CANONICAL, "text/html", NOW) == read_page(page(), CANONICAL, "text/html", NOW)
    with pytest.raises(Unreadable, match="an empty page"):
        read_page_in(sandbox, b"", None, None, None)


def test_a_page_over_its_budget_is_a_dead_letter_and_the_next_is_read(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    slow = write(tmp_path / "slow.html", page() * 400)
    with Sandbox(seconds=0.01) as hasty:
        monkeypatch.setattr("claimwire.connectors.files.decoding._sandbox", lambda: hasty)
        letter = read(slow)
        assert isinstance(letter, DeadLetter)
        assert (letter.stage, letter.error.type, letter.source) == ("page", ParserKilled.__name__, Origin(url=slow))
        assert letter.payload.encode() == page() * 400
    monkeypatch.undo()
    assert isinstance(read(write(tmp_path / "next.html", page())), RawArticle)


# As files


def test_pages_in_folders_are_sources(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    for name in ("in/a.html", "in/b/c.htm", "in/d.HTML"):
        write(tmp_path / name, page())
    found = list(sources("in"))
    assert found == [FileSource(name, "page") for name in ("in/a.html", "in/b/c.htm", "in/d.HTML")]
    article = read("in/b/c.htm")
    assert isinstance(article, RawArticle)
    assert (article.url, article.input, article.fetched_at) == (CANONICAL, Input(file="in/b/c.htm"), None)
    assert normalize(article).text_source == "given"


def test_a_page_that_failed_is_tried_again_with_what_is_known_of_it(tmp_path: Path) -> None:
    path = write(tmp_path / "a.html", b"\0\0\0")
    letter = read(path)
    assert isinstance(letter, DeadLetter)
    [again] = replay(letter)
    assert isinstance(again, DeadLetter)
    assert again.attempts == 2

    headers = (("Content-Type", "text/html"), ("warc-date", "2026-03-01T10:00:00Z"))
    source = Origin(url="https://herald.example/dam", headers=headers)
    fetched = DeadLetter("page", letter.error, page().decode(), "utf-8", source, 1, NOW)
    [article] = replay(fetched)
    assert isinstance(article, RawArticle)
    assert (article.url, article.fetched_at, article.input) == ("https://herald.example/dam", NOW, None)
    assert article.syndicated_from == CANONICAL
