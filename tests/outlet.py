"""A small outlet on loopback: a feed of teasers, and the pages behind them."""

from __future__ import annotations

import threading
import time
from typing import Any

from corpus import articles
from webserver import Page, Seen, WebServer

_PAGE = """<!doctype html><html lang="en"><head><title>{title} - The Eastmere Record</title>
<link rel="canonical" href="{url}"></head><body><nav><a href="/">Home</a> <a href="/news">News</a></nav>
<main><article><h1>{title}</h1>{paragraphs}</article></main><footer><p>All rights reserved</p></footer></body></html>"""


class Outlet:
    """An outlet whose feed has a teaser for each of its articles.

    Args:
        server: Serves it.
        number: Of articles.
        host: By which its links name the server.
        seed: Of the articles.
        whole: Whether the feed has the whole text of each article.
    """

    def __init__(
        self, server: WebServer, number: int, host: str = "127.0.0.1", seed: int = 1, whole: bool = False
    ) -> None:
        self._server = server
        self._host = host
        self._whole = whole
        self._lock = threading.Lock()
        self.asked: list[tuple[str, float, float]] = []
        """Of each request to a page or rule: its path, when it came, and when its answer was ready."""
        self.records: list[dict[str, Any]] = list(articles(number, 200, seed))
        self.feed = server.add("/feed.xml", Page(body=self.feed_body()))
        for path in ("/robots.txt", "/.well-known/tdmrep.json"):
            self.serve(path, Page(status=404))
        for each, record in enumerate(self.records):
            self.serve(self.path(each), Page(body=page(record, self.url(each)), headers={"Content-Type": "text/html"}))

    def path(self, number: int) -> str:
        return f"/news/{number}"

    def url(self, number: int) -> str:
        return self._server.url(self.path(number), self._host)

    def serve(self, path: str, answer: Page, delay: float = 0) -> None:
        """Put an answer at a path, whose requests are noted."""

        def noting(seen: Seen, _: int) -> Page:
            began = time.monotonic()
            time.sleep(delay)
            with self._lock:
                self.asked.append((seen.path, began, time.monotonic()))
            return answer

        self._server.add(path, noting)

    def count(self, number: int) -> int:
        """How often a page was asked for."""
        return sum(path == self.path(number) for path, _, _ in self.asked)

    def feed_body(self) -> bytes:
        items = "".join(
            f"<item><title>{record['title']}</title><link>{self.url(number)}</link>"
            f"<pubDate>{record['published']}</pubDate><description>{self._described(record)}</description></item>"
            for number, record in enumerate(self.records)
        )
        return f'<rss version="2.0"><channel><title>The Eastmere Record</title>{items}</channel></rss>'.encode()

    def _described(self, record: dict[str, Any]) -> str:
        return str(record["text"]) if self._whole else teaser(record)


def teaser(record: dict[str, Any]) -> str:
    return " ".join(record["text"].split()[:12]) + " …"


def page(record: dict[str, Any], url: str) -> bytes:
    """The page of an article."""
    paragraphs = "".join(f"<p>{paragraph}</p>" for paragraph in record["text"].split("\n") if paragraph)
    return _PAGE.format(title=record["title"], url=url, paragraphs=paragraphs).encode()
