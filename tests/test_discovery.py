"""What an outlet publishes is found from its home page, politely, and whatever the page and the site are."""

from __future__ import annotations

import string
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from test_feeds import rss
from test_sitemaps import index, news, today, urlset
from webserver import Page, Seen, WebServer, endless, gzipped

from claimwire.connectors.feeds import outlets
from claimwire.connectors.feeds.outlets import Discovery, FoundSource
from claimwire.connectors.web.discovery import find_feeds, guesses, robots_sitemaps
from claimwire.connectors.web.http import Client, FetchError, Limits, PrivateAddress
from claimwire.connectors.web.sandbox import Sandbox

HOME = "https://outlet.example/"


def declared(html: str, url: str = HOME) -> list[str]:
    return [link.url for link in find_feeds(html, url) if link.declared]


def link(href: str, kind: str = "application/rss+xml", title: str = "", rel: str = "alternate") -> str:
    return f'<link rel="{rel}" type="{kind}" title="{title}" href="{href}">'


# What a page and robots.txt name


def test_declared_feeds_come_in_the_order_of_the_page() -> None:
    html = (
        '<html><head><link rel="stylesheet" href="/x.css"><LINK REL="ALTERNATE home" TYPE=application/rss+xml '
        "HREF='/main.xml#top' title=\"Q &amp; A\">"
        + link("atom.xml", "application/atom+xml")
        + link("/feed.json", "application/feed+json; charset=utf-8")
        + link("/main.xml")
        + link("https://feeds.example/x", rel="feed", kind="")
    )
    assert [(found.url, found.title) for found in find_feeds(html, HOME + "news/")] == [
        ("https://outlet.example/main.xml", "Q & A"),
        ("https://outlet.example/news/atom.xml", None),
        ("https://outlet.example/feed.json", None),
        ("https://feeds.example/x", None),
    ]


@pytest.mark.parametrize(
    "html",
    [
        link("/comments/feed/"),
        link("/feed/", title="Outlet » Comments Feed"),
        link("/?feed=comments-rss2"),
        link("/x", title="Kommentare"),
        link("/wp-json/wp/v2/pages/2", "application/json"),
        link("/fr/", "text/html"),
        '<link rel="alternate" hreflang="fr" href="/fr/">',
        link("/x.css", "text/css", rel="alternate stylesheet"),
        link("javascript:alert(1)"),
        link("data:application/rss+xml,<rss/>"),
        link("file:///etc/passwd"),
        link("kafka://10.0.0.1/x"),
        link("http://[::1"),
        link("http://a.example:99999/"),
        link("https://bob:secret@outlet.example/feed"),
        link("/" + "x" * 3_000),
        '<link rel="alternate" type="application/rss+xml">',
        f"<!-- {link('/feed')} -->",
        f"<script>document.write('{link('/feed')}')</script>",
        f"<template>{link('/feed')}</template>",
        f"<textarea>{link('/feed')}",
        '<link rel="alternate" type="application/rss+xml" href="/feed"',
        f"<link {'x=1 ' * 2_000} rel=alternate type=application/rss+xml href=/feed>",
    ],
)
def test_what_is_no_feed_of_the_outlet_is_left_out(html: str) -> None:
    assert declared(html) == []


def test_a_link_without_an_address_is_the_page_itself() -> None:
    assert declared(link("")) == [HOME]


def test_what_comes_behind_an_element_that_is_left_out_is_read() -> None:
    for before in ("<!-- x -->", "<script>'<!--'</script>", "<template></template>", "<p title='>'>", "<a href='x'"):
        assert declared(before + "<p>" + link("/feed")) == [HOME + "feed"]


def test_a_section_that_is_called_comment_is_no_feed_of_comments() -> None:
    assert declared(link("/comment/rss", title="Comment")) == [HOME + "comment/rss"]


def test_a_base_element_counts_and_a_hostile_one_does_not() -> None:
    assert declared("<base href='/sub/'>" + link("feed")) == [HOME + "sub/feed"]
    for base in ("javascript:x", "http://[", "https://u:p@evil.example/"):
        assert declared(f"<base href='{base}'>" + link("feed")) == [HOME + "feed"]


def test_a_password_of_the_page_goes_with_its_relative_links_only() -> None:
    url = "https://bob:secret@outlet.example/"
    assert declared(link("/feed") + link("https://other.example/feed"), url) == [
        url + "feed",
        "https://other.example/feed",
    ]


def test_links_whose_address_looks_like_a_feed_come_last() -> None:
    html = "<a href='/rss'>RSS</a><a href='/newsletters'>x</a><a href='/x.atom'>x</a><a href='/feedback'>x</a>"
    assert [tuple(found) for found in find_feeds(html + link("/main"), HOME)] == [
        (HOME + "main", None, True),
        (HOME + "rss", None, False),
        (HOME + "x.atom", None, False),
    ]


def test_sitemaps_of_robots_txt_come_news_first() -> None:
    robots = "User-agent: *\nDisallow: /x\nsitemap: /all.xml\nSitemap:https://a.example/news.xml\nSitemap: ftp://x/\n"
    assert robots_sitemaps(robots, HOME + "robots.txt") == ["https://a.example/news.xml", HOME + "all.xml"]


def test_a_section_may_have_a_feed_of_its_own() -> None:
    assert guesses(HOME + "en/", "feed")[:3] == [HOME + "en/feed", HOME + "en/rss.xml", HOME + "feed"]
    assert guesses(HOME + "en/index.html", "feed")[0] == HOME + "feed"


pieces = st.sampled_from(
    ["<link ", "<a ", "<base ", "href=", "'", '"', "/feed", "rel=alternate ", "type=application/rss+xml ", ">", "<!--",
     "-->", "<script>", "</script>", "=", " ", "&amp;", "http://[", "\x00", "//"]
)  # fmt: skip


@given(st.text(max_size=200) | st.lists(pieces, max_size=60).map("".join))
def test_any_page_has_a_list_of_http_links(html: str) -> None:
    for found in find_feeds(html, HOME):
        assert found.url.startswith(("http://", "https://"))
        assert "#" not in found.url
    for found_url in robots_sitemaps(html, HOME):
        assert found_url.startswith(("http://", "https://"))


@pytest.mark.parametrize(
    "piece",
    ["<link ", '<link href="', "<a href='", "<link =", '<link ="', "<!--", "<script>", "<base href=x>", "<a", "=",
     "<link " + "a " * 900, '<link rel=alternate type=application/rss+xml href="/f">', "<link ='=\"",
     "<link a" + " " * 500],
)  # fmt: skip
def test_the_time_for_a_page_is_linear(piece: str) -> None:
    find_feeds(piece * (2_000_000 // len(piece)), HOME)  # a quadratic way takes hours


# A site on loopback


def find(server: WebServer, path: str = "/", **options: Any) -> list[FoundSource]:
    client = Client(allow_private=True, limits=Limits(whole_s=10, **options.pop("limits", {})))
    with Sandbox() as sandbox:
        return Discovery(client, sandbox, pause_s=0).find(server.url(path, **options))


def names(found: list[FoundSource], server: WebServer) -> list[tuple[str, str]]:
    return [(source.kind, source.url.removeprefix(server.url(""))) for source in found]


def items(*numbers: int, name: str = "The Outlet") -> bytes:
    return rss(
        *(
            f"<title>{n}</title><link>https://outlet.example/{n}</link>"
            f"<pubDate>Sun, 01 Mar 2026 10:00:{n:02} GMT</pubDate>"
            for n in numbers
        ),
        channel=f"<title>{name}</title>",
    )


def test_an_outlet_has_its_news_sitemap_and_its_main_feed_first(server: WebServer) -> None:
    html = link("/main.xml") + link("/atom.xml") + link("/sport.xml") + link("/comments/feed") + link("/gone.xml")
    server.add("/", Page(f"<!doctype html><html><head>{html}".encode(), headers={"Content-Type": "text/html"}))
    server.add("/main.xml", Page(items(1, 2, 3)))
    server.add("/atom.xml", Page(items(1, 2, 3)))
    server.add("/sport.xml", Page(items(3, 4, 5, 6), headers={"Content-Type": "text/html"}))
    server.add("/robots.txt", Page(f"Sitemap: {server.url('/all.xml')}\nSitemap: {server.url('/n/news.xml')}".encode()))
    server.add("/n/news.xml", Page(urlset(news(), news("https://outlet.example/2"))))
    found = find(server)
    assert names(found, server) == [("news sitemap", "/n/news.xml"), ("RSS", "/main.xml"), ("RSS", "/sport.xml")]
    assert found[0].entries == 2
    assert found[1] == FoundSource(
        "RSS", server.url("/main.xml"), "The Outlet", 3, datetime(2026, 3, 1, 10, 0, 3, tzinfo=UTC)
    )
    # Nothing is guessed where the site says what it has.
    asked = [seen.path for seen in server.requests]
    assert asked == ["/", "/robots.txt", "/n/news.xml", "/main.xml", "/atom.xml", "/sport.xml", "/gone.xml"]
    assert set(server.most_at_once.values()) == {1}


def test_what_a_site_does_not_name_is_guessed_one_after_the_other_as_robots_allow(server: WebServer) -> None:
    server.add("/", Page(b"<html>Welcome"))
    server.add("/robots.txt", Page(b"User-agent: *\nDisallow: /rss\nDisallow: /sitemap_news.xml"))
    server.add("/rss", Page(items(1)))
    server.add("/atom.xml", Page(items(2)))
    server.add("/sitemap-news.xml", Page(urlset(news())))
    assert names(find(server), server) == [("news sitemap", "/sitemap-news.xml"), ("RSS", "/atom.xml")]
    asked = [seen.path for seen in server.requests]
    assert asked == [
        "/", "/robots.txt", "/news-sitemap.xml", "/sitemap-news.xml", "/feed", "/feed.xml", "/atom.xml",
    ]  # fmt: skip
    assert set(server.most_at_once.values()) == {1}


@pytest.mark.parametrize(("delay", "pause"), [("", 1.0), ("Crawl-delay: 7", 7.0), ("Crawl-delay: 1e9", 10.0)])
def test_guesses_have_a_pause_that_robots_may_make_longer(
    server: WebServer, delay: str, pause: float, monkeypatch: pytest.MonkeyPatch
) -> None:
    server.add("/", Page(b"<html>"))
    server.add("/robots.txt", Page(f"User-agent: *\n{delay}".encode()))
    pauses: list[float] = []
    with Sandbox() as sandbox:
        discovery = Discovery(Client(allow_private=True), sandbox)
        monkeypatch.setattr(discovery._ended, "wait", pauses.append)
        assert discovery.find(server.url("/")) == []
    assert pauses == [pause] * (len(server.requests) - 2)
    assert len(pauses) >= 10


@pytest.mark.parametrize("robots", [Page(status=500), Page(status=503), Page(status=429), Page(delay=30)])
def test_nothing_is_guessed_where_robots_txt_cannot_be_had(server: WebServer, robots: Page) -> None:
    server.add("/", Page(b"<html>" + link("/main.xml").encode()))
    server.add("/main.xml", Page(items(1)))
    server.add("/robots.txt", robots)
    server.add("/news-sitemap.xml", Page(urlset(news())))
    assert names(find(server, limits={"read_s": 1}), server) == [("RSS", "/main.xml")]
    assert server.count("/news-sitemap.xml") == 0


@pytest.mark.parametrize("status", [429, 503])
def test_a_site_that_wants_to_be_left_alone_is(server: WebServer, status: int) -> None:
    server.add("/", Page(b"<html>" + b"".join(link(f"/{n}.xml").encode() for n in range(20))))
    server.add("/robots.txt", Page(b""))
    for n in range(20):
        server.add(f"/{n}.xml", Page(status=status))
    for path in ("/news-sitemap.xml", "/sitemap.xml"):
        server.add(path, Page(urlset()))
    assert names(find(server), server) == [("sitemap", "/news-sitemap.xml")]
    assert [seen.path for seen in server.requests] == ["/", "/robots.txt", "/news-sitemap.xml", "/0.xml"]


def test_an_outlet_costs_at_most_thirty_requests(server: WebServer) -> None:
    def page(seen: Seen, _: int) -> Page:
        return Page(b"<html>" + b"".join(link(f"/{n}.xml").encode() for n in range(1_000)))

    server.add("/", page)
    robots = "".join(f"Sitemap: {server.url(f'/news/{n}.xml')}\n" for n in range(1_000))
    server.add("/robots.txt", Page(robots.encode()))
    assert find(server) == []
    assert len(server.requests) == outlets.MOST_REQUESTS + 2


def test_a_home_page_that_is_a_feed_or_a_sitemap_is_found_itself(server: WebServer) -> None:
    for body, kind in ((items(1), "RSS"), (urlset(news()), "news sitemap"), (index(("/a.xml", None)), "sitemap index")):
        server.add("/", Page(body))
        found = find(server)
        assert names(found, server) == [(kind, "/")]
        assert found[0].entries == (None if "index" in kind else 1)
    assert {seen.path for seen in server.requests} == {"/"}


def test_redirects_are_followed_and_a_guess_that_leads_home_is_none(server: WebServer) -> None:
    server.add_redirect("/", "/en/", 302)
    server.add("/en/", Page(b"<html>" + link("../old.xml").encode() + link("news/").encode()))
    server.add_redirect("/old.xml", server.url("/new.xml"), 301)
    server.add("/new.xml", Page(items(1)))
    server.add_redirect("/en/news/", "/", 302)
    server.add_redirect("/news-sitemap.xml", "/", 302)
    server.add_redirect("/robots.txt", "/moved/robots.txt")
    server.add("/moved/robots.txt", Page(b"User-agent: *\nDisallow: /sitemap"))
    assert names(find(server), server) == [("RSS", "/new.xml")]
    assert not [seen for seen in server.requests if seen.path.startswith("/sitemap")]


def test_an_index_leads_to_its_news_sitemap(server: WebServer) -> None:
    server.add("/", Page(b"<html>"))
    server.add("/robots.txt", Page(f"Sitemap: {server.url('/sitemap_index.xml')}".encode()))
    listed = [
        (server.url("/posts.xml"), today()),
        (server.url("/googlenews.xml"), None),
        (server.url("/sitemap_index.xml"), None),
    ]
    server.add("/sitemap_index.xml", Page(index(*listed)))
    server.add("/googlenews.xml", Page(urlset(news())))
    assert names(find(server), server) == [("news sitemap", "/googlenews.xml")]
    assert server.count("/sitemap_index.xml") == 1
    assert server.count("/posts.xml") == 0


def test_a_sitemap_of_all_pages_is_the_last_resort(server: WebServer) -> None:
    server.add("/", Page(b"<html>"))
    page = f"<loc>https://outlet.example/1</loc><lastmod>{today()}</lastmod>"
    server.add("/sitemap.xml", Page(urlset(page)))
    assert names(find(server), server) == [("sitemap", "/sitemap.xml")]
    server.add("/sitemap.xml", Page(urlset(page.replace(today()[:4], "2019"))))
    assert find(server) == []
    server.add("/sitemap.xml", Page(urlset(page)))
    server.add("/feed", Page(items(1)))
    assert names(find(server), server) == [("RSS", "/feed")]


def test_a_feed_without_entries_is_found_where_there_is_no_other(server: WebServer) -> None:
    server.add("/", Page(b"<html>" + link("/empty.xml").encode()))
    server.add("/empty.xml", Page(rss()))
    assert names(find(server), server) == [("RSS", "/empty.xml")]
    server.add("/", Page(b"<html>" + link("/empty.xml").encode() + link("/main.xml").encode()))
    server.add("/main.xml", Page(items(1)))
    assert names(find(server), server) == [("RSS", "/main.xml")]


def test_a_charset_that_lies_hides_no_link(server: WebServer) -> None:
    server.add("/main.xml", Page(items(1)))
    html = f"<html><meta charset=koi8-r><title>café</title>{link('/main.xml', title='café')}"
    for encoding, told in (("latin-1", "utf-8"), ("utf-8", "utf-16"), ("utf-8-sig", "nonsense")):
        page = Page(html.encode(encoding), headers={"Content-Type": f"text/html; charset={told}"})
        server.add("/", page)
        assert names(find(server), server) == [("RSS", "/main.xml")]


def test_hostile_answers_cost_no_more_than_they_may(server: WebServer) -> None:
    hrefs = ["/bomb.xml", "/endless.xml", "/slow.xml", "/laughs.xml", "/main.xml"]
    server.add("/", gzipped(("<html>" + "".join(map(link, hrefs))).encode() + b" " * 50_000_000))
    server.add("/robots.txt", Page(b"Sitemap: /news.xml\n" + b"User-agent: x\nDisallow: /a\n" * 400_000))
    server.add("/news.xml", gzipped(b" " * 50_000_000))
    server.add("/bomb.xml", gzipped(b"\0" * 50_000_000))
    server.add("/endless.xml", Page(endless(b"<rss>" * 1_000)))
    server.add("/slow.xml", Page(b"x", drip=5))
    server.add("/laughs.xml", Page(b'<!DOCTYPE x [<!ENTITY a "b">]><urlset>&a;</urlset>'))
    server.add("/main.xml", Page(items(1)))
    assert names(find(server, limits={"read_s": 1, "max_bytes": 1_000_000}), server) == [("RSS", "/main.xml")]


def test_of_a_robots_txt_of_ten_megabytes_the_first_half_is_read(server: WebServer) -> None:
    server.add("/", Page(b"<html>"))
    line = b"# nothing is said here, and that is said at length\n"
    early, late = f"Sitemap: {server.url('/news.xml')}\n", f"Sitemap: {server.url('/late-news.xml')}\n"
    server.add("/robots.txt", Page(early.encode() + line * 200_000 + late.encode()))
    for path in ("/news.xml", "/late-news.xml"):
        server.add(path, Page(urlset(news())))
    assert names(find(server), server) == [("news sitemap", "/news.xml")]
    assert server.count("/late-news.xml") == 0


def test_a_page_cannot_send_us_into_a_private_network(server: WebServer) -> None:
    other = WebServer()
    with other, Sandbox() as sandbox:
        other.add("/feed", Page(items(1)))
        html = "<html>" + link(other.url("/feed", "localhost")) + link("http://169.254.169.254/latest")
        server.add("/", Page(html.encode()))
        server.add("/robots.txt", Page(f"Sitemap: {other.url('/news.xml', 'localhost')}".encode()))

        def resolve(host: str, port: int) -> list[str]:
            return ["127.0.0.1"]

        with pytest.raises(PrivateAddress):
            Discovery(Client(resolve=resolve), sandbox, pause_s=0).find("http://outlet.example/")
    assert server.requests == other.requests == []


@pytest.mark.parametrize("status", [429, 500, 503])
def test_a_page_that_cannot_be_had_now_is_an_error(server: WebServer, status: int) -> None:
    server.add("/", Page(status=status))
    with pytest.raises(FetchError, match=f"answered {status}; try later"):
        find(server)


def test_a_page_that_keeps_programs_out_may_have_feeds_for_them(server: WebServer) -> None:
    server.add("/", Page(status=403))
    server.add("/feed", Page(items(1)))
    assert names(find(server), server) == [("RSS", "/feed")]


def test_the_password_of_a_page_goes_to_its_site_only(server: WebServer) -> None:
    html = link("/main.xml") + link(server.url("/more.xml")) + link(server.url("/away.xml", "localhost"))
    server.add("/", Page(b"<html>" + html.encode()))
    for n, name in enumerate(("/main.xml", "/more.xml", "/away.xml")):
        server.add(name, Page(items(n)))
    with Sandbox() as sandbox:
        found = Discovery(Client(allow_private=True), sandbox, 0).find(server.url("/").replace("//", "//bob:secret@"))
    assert [source.url.count("bob:secret@") for source in found] == [1, 1, 0]
    assert "secret" not in " ".join(source.name for source in found)
    sent = {seen.path: "authorization" in seen.headers for seen in server.requests}
    assert (sent["/main.xml"], sent["/more.xml"], sent["/away.xml"], sent["/robots.txt"]) == (True, True, False, True)


def test_the_newest_entry_is_not_from_the_future(server: WebServer) -> None:
    soon = (datetime.now(UTC) + timedelta(days=400)).strftime("%a, %d %b %Y %H:%M:%S GMT")
    server.add("/", Page(rss(f"<title>a</title><pubDate>{soon}</pubDate>", "<title>b</title>")))
    assert find(server)[0].newest is None


@given(st.text(alphabet=string.printable, max_size=60))
def test_a_guess_is_always_an_address(path: str) -> None:
    for kind in ("feed", "news sitemap"):
        assert all(url.startswith("https://outlet.example") for url in guesses("https://outlet.example/" + path, kind))
