"""Articles on several pages are read to their end, and what only looks like a further page is not read with them."""

from __future__ import annotations

import itertools
from pathlib import Path
from typing import Any

import apache_beam as beam
import pytest
from apache_beam.runners.portability.fn_api_runner import FnApiRunner
from hypothesis import given
from hypothesis import strategies as st
from outlet import Outlet
from test_pages import QUICK, Reading
from warcio.archiveiterator import ArchiveIterator
from webserver import Page, WebServer

from claimwire.beam import ReadPages
from claimwire.connectors.web.pages.parts import MOST_PARTS, is_part, is_whole
from claimwire.connectors.web.visits import Manners

HTML = {"Content-Type": "text/html; charset=utf-8"}
TITLE = "The long way to the weir"


def text(number: int) -> str:
    """A text that no other number has."""
    return "\n".join(
        f"Paragraph {each} of part {number}: the engineer number {number * 31 + each} said that the weir number "
        f"{number * 17 + each} would hold for {number * 7 + each} more winters, and the council of Saltern agreed."
        for each in range(4)
    )


def part(
    number: int,
    onwards: str = "",
    title: str = TITLE,
    canonical: str = "",
    of: int | None = None,
    kind: str = "article",
) -> Page:
    """A page of an article.

    Args:
        number: Of the page.
        onwards: HTML that leads on.
        title: Of the article.
        canonical: The link that it gives as its own.
        of: The number whose text it has, if not its own.
        kind: Its og:type.
    """
    paragraphs = "".join(f"<p>{line}</p>" for line in text(number if of is None else of).split("\n"))
    link = f'<link rel="canonical" href="{canonical}">' if canonical else ""
    body = (
        f'<html lang="en"><head><title>{title}</title>{link}<meta property="og:type" content="{kind}"></head>'
        f"<body><main><article><h1>{title}</h1>{paragraphs}</article>{onwards}</main></body></html>"
    )
    return Page(body=body.encode(), headers=HTML)


def pager(*links: str) -> str:
    """A pagination."""
    return f'<div class="pagination">{"".join(f"<a href={link!r}>{n}</a> " for n, link in enumerate(links, 1))}</div>'


def read(folder: Path, server: WebServer, path: str = "/story", manners: Manners = QUICK, **more: Any) -> Any:
    result = Reading(folder, [server.url(path)], manners, **more).results[server.url(path)]
    assert result.article
    return result.article


def asked(server: WebServer) -> list[str]:
    return [seen.path for seen in server.requests if "robots" not in seen.path and "tdmrep" not in seen.path]


@pytest.mark.parametrize(
    ("second", "onwards"),
    [
        ("/story?page=2", '<a rel="next" href="/story?page=2">Next</a>'),
        ("/story/2", '<link rel="next" href="/story/2">'),
        ("/story?page=2", pager("/story", "/story?page=2")),
        ("/story/page/2/", '<nav class="pager"><a href="/story/page/2/">Next page</a></nav>'),
    ],
)
def test_an_article_on_two_pages_is_one_text(second: str, onwards: str, tmp_path: Path) -> None:
    with WebServer() as server:
        server.add("/story", part(1, onwards))
        server.add(second, part(2, onwards))
        article = read(tmp_path, server)
        assert asked(server) == ["/story", second]
        assert article.url == server.url("/story")
    assert article.text.split("\n\n") == [*text(1).split("\n"), *text(2).split("\n")]
    assert article.page_problem is None


def test_what_stands_on_every_page_is_in_the_text_once(tmp_path: Path) -> None:
    standing = (
        "<p>The weir at Saltern was built by the town in the year of the great flood, and is 120 metres long.</p>"
    )
    with WebServer() as server:
        for number, path in enumerate(("/story", "/story?page=2", "/story?page=3"), 1):
            links = pager("/story", "/story?page=2", "/story?page=3")
            page = part(number, links)
            assert isinstance(page.body, bytes)
            server.add(path, Page(body=page.body.replace(b"</h1>", b"</h1>" + standing.encode()), headers=HTML))
        article = read(tmp_path, server)
    assert article.text.count("great flood") == 1
    assert [f"of part {number}:" in article.text for number in (1, 2, 3)] == [True] * 3


def test_all_on_one_page_is_fetched_in_place_of_the_pages(tmp_path: Path) -> None:
    with WebServer() as server:
        links = pager("/story", "/story?page=2") + '<a href="/story?page=all">View as single page</a>'
        server.add("/story", part(1, links))
        whole = text(1) + "\n" + text(2)
        body = f"<html><body><article><h1>{TITLE}</h1>{''.join(f'<p>{line}</p>' for line in whole.split(chr(10)))}"
        server.add("/story?page=all", Page(body=body.encode(), headers=HTML))
        article = read(tmp_path, server)
        assert asked(server) == ["/story", "/story?page=all"]
    assert article.text.split("\n\n") == whole.split("\n")


def test_where_the_single_page_is_none_the_pages_are_read(tmp_path: Path) -> None:
    with WebServer() as server:
        links = pager("/story", "/story?page=2") + '<a href="/story/print">Print</a>'
        server.add("/story", part(1, links))
        server.add("/story?page=2", part(2, links))
        server.add("/story/print", part(9))
        article = read(tmp_path, server)
    assert "of part 2:" in article.text
    assert "of part 9:" not in article.text


# Traps


@pytest.mark.parametrize(
    "link",
    [
        "/other-story",
        "/story-2",
        "/2",
        "/stories?page=2",
        "/story?day=2",
        "/story?page=3",
        "/story?page=2&day=9",
        "/story/2/3",
    ],
)
def test_a_next_link_to_something_else_is_not_followed(link: str, tmp_path: Path) -> None:
    with WebServer() as server:
        server.add("/story", part(1, f'<a rel="next" href="{link}">Next</a>'))
        server.add(link, part(2))
        article = read(tmp_path, server)
        assert asked(server) == ["/story"]
    assert article.text.split("\n\n") == text(1).split("\n")


def test_a_next_link_to_another_host_is_not_followed(tmp_path: Path) -> None:
    with WebServer() as server:
        server.add("/story", part(1, f'<a rel="next" href="{server.url("/story?page=2", "localhost")}">Next</a>'))
        read(tmp_path, server)
        assert asked(server) == ["/story"]


@pytest.mark.parametrize("kind", ["website", "object"])
def test_the_pages_of_a_section_or_calendar_are_not_read_as_one_article(kind: str, tmp_path: Path) -> None:
    with WebServer() as server:
        server.add("/story", part(1, pager("/story", "/story?page=2"), kind=kind))
        read(tmp_path, server)
        assert asked(server) == ["/story"]


def test_an_endless_article_ends_after_ten_pages(tmp_path: Path) -> None:
    with WebServer() as server:
        server.add("/story", part(1, '<a rel="next" href="/story?page=2">Next</a>'))
        for number in range(2, 15):
            server.add(f"/story?page={number}", part(number, f'<a rel="next" href="/story?page={number + 1}">Next</a>'))
        article = read(tmp_path, server)
        assert len(asked(server)) == MOST_PARTS == 10
    assert "of part 10:" in article.text


@pytest.mark.parametrize(
    "second",
    [
        pytest.param({"of": 1}, id="the same text again, as pages of comments have it"),
        pytest.param({"title": "Harvest festival opens in Brackwater"}, id="another title"),
        pytest.param({"canonical": "/other"}, id="canonical link to another article"),
    ],
)
def test_a_page_that_is_not_of_the_article_ends_it(second: dict[str, Any], tmp_path: Path) -> None:
    with WebServer() as server:
        server.add("/story", part(1, '<a rel="next" href="/story?page=2">Next</a>'))
        server.add("/story?page=2", part(2, '<a rel="next" href="/story?page=3">Next</a>', **second))
        server.add("/story?page=3", part(3))
        article = read(tmp_path, server)
        assert asked(server) == ["/story", "/story?page=2"]
    assert article.text.split("\n\n") == text(1).split("\n")
    assert article.page_problem is None


def test_canonical_links_that_lead_in_a_circle_do_no_harm(tmp_path: Path) -> None:
    with WebServer() as server:
        server.add("/story", part(1, '<a rel="next" href="/story?page=2">Next</a>', canonical="/story?page=2"))
        server.add("/story?page=2", part(2, '<a rel="next" href="/story">Next</a>', canonical="/story"))
        article = read(tmp_path, server)
        assert asked(server) == ["/story", "/story?page=2"]
    assert "of part 2:" in article.text


# Manners


def test_what_cannot_be_had_leaves_the_pages_before_it_and_says_so(tmp_path: Path) -> None:
    with WebServer() as server:
        server.add("/robots.txt", Page(body=b"User-agent: *\nDisallow: /story?page=3"))
        for number, path in ((1, "/story"), (2, "/story?page=2")):
            server.add(path, part(number, f'<a rel="next" href="/story?page={number + 1}">Next</a>'))
        article = read(tmp_path, server)
        assert asked(server) == ["/story", "/story?page=2"]
    assert "of part 2:" in article.text
    assert article.page_problem == "only the first 2 of its pages were read: robots.txt does not allow it"


def test_further_pages_wait_for_their_turn_and_may_take_longer_than_the_reading(tmp_path: Path) -> None:
    with WebServer() as server:
        outlet = Outlet(server, 1)
        onwards = '<a rel="next" href="/story?page={}">Next</a>'
        outlet.serve("/story", part(1, onwards.format(2)))
        outlet.serve("/story?page=2", part(2, onwards.format(3)))
        outlet.serve("/story?page=3", part(3))
        article = read(tmp_path, server, manners=Manners(delay_s=2), seconds=7.5)
        times = outlet.asked
        assert [path for path, _, _ in times][2:] == ["/story", "/story?page=2", "/story?page=3"]
        assert all(began - ended >= 2 for (_, _, ended), (_, began, _) in itertools.pairwise(times))
    assert "of part 3:" in article.text


def test_every_page_of_an_article_is_kept_as_evidence(tmp_path: Path) -> None:
    with WebServer() as server:
        server.add("/story", part(1, '<a rel="next" href="/story?page=2">Next</a>'))
        server.add("/story?page=2", part(2))
        article = read(tmp_path, server, archive=(tmp_path / "pages.warc.gz", "pages.warc.gz"))
        with (tmp_path / "pages.warc.gz").open("rb") as file:
            kept = [
                each.rec_headers.get_header("WARC-Target-URI")
                for each in ArchiveIterator(file)
                if each.rec_type == "response"
            ]
        assert kept == [server.url("/story"), server.url("/story?page=2")]
    assert article.archive.file == "pages.warc.gz"


def test_read_pages_of_claimwire_beam_joins_them_too(tmp_path: Path) -> None:
    with WebServer() as server:
        server.add("/story", part(1, '<a rel="next" href="/story?page=2">Next</a>'))
        server.add("/story?page=2", part(2))
        with beam.Pipeline(runner=FnApiRunner()) as pipeline:
            read_pages = ReadPages(manners=Manners(delay_s=0), allow_private=True)
            found = pipeline | beam.Create([server.url("/story")], reshuffle=False) | read_pages
            texts = found.articles | beam.Map(lambda article: article.text)
            _ = texts | beam.io.WriteToText(str(tmp_path / "text"), shard_name_template="")
    assert "of part 2:" in (tmp_path / "text").read_text()


# Addresses


@pytest.mark.parametrize(
    ("first", "second", "same"),
    [
        ("https://a.example/news/1", "https://a.example/news/2", False),
        ("https://a.example/news/1", "https://a.example/news/1/2", True),
        ("https://a.example/s.html", "https://a.example/s-2.html", True),
        ("https://a.example/s.html", "https://a.example/s,2.html", True),
        ("https://a.example/s.html", "https://a.example/s_page2.html", True),
        ("https://a.example/s-1.html", "https://a.example/s-2.html", False),
        ("https://a.example/s?page=1", "https://a.example/s?page=2", True),
        ("https://a.example/s?id=7", "https://a.example/s?id=7&page=2", True),
        ("https://a.example/s?id=7", "https://a.example/s?id=8&page=2", False),
        ("https://a.example/?p=7", "https://a.example/?p=2", False),
        ("https://a.example/", "https://a.example/2", False),
        ("https://a.example/s", "https://b.example/s?page=2", False),
        ("https://a.example/s", "https://a.example/s-page-2", True),
    ],
)
def test_the_address_of_a_further_page(first: str, second: str, same: bool) -> None:
    assert is_part(first, 2, second) is same


@given(st.text(max_size=60), st.integers(2, 12), st.text(max_size=60))
def test_any_two_texts_are_compared_as_addresses_without_error(one: str, number: int, other: str) -> None:
    for first, second in (
        (one, other),
        ("https://[", f"https://[{one}"),
        (f"https://a.example/{one}", f"https://a.example/{one}{other}"),
    ):
        assert is_part(first, number, second) in (True, False)
        assert is_whole(first, second) in (True, False)
