"""What the reading of feeds is given and gives back. Beam is not imported here, so that a state can keep these."""

from __future__ import annotations

from datetime import datetime
from typing import Literal

import msgspec

from claimwire.connectors.feeds.ownheaders import OwnHeaders
from claimwire.connectors.web.http import without_password
from claimwire.errors import ClaimwireError
from claimwire.schemas import DeadLetter, Failure, RawArticle


class Sitemap(msgspec.Struct, frozen=True):
    """A sitemap that an index names, and what the last answer of that sitemap said to send along."""

    url: str
    lastmod: str | None = None
    """As the index had it when it was last read."""
    read: bool = False
    """Whether the sitemap was read since; if it has a date, it is asked again only when that changes."""
    etag: str | None = None
    last_modified: str | None = None
    body_hash: str | None = None


class Hints(msgspec.Struct, frozen=True):
    """What a feed says of how often it changes, and when it does not."""

    every_s: int | None = None
    """Seconds between two changes: ``ttl`` of RSS, or ``sy:updatePeriod`` and ``sy:updateFrequency``; of both the
    longer."""
    skip_hours: tuple[int, ...] = ()
    """Hours of the day in UTC, 0 to 23, in which nothing changes."""
    skip_days: tuple[int, ...] = ()
    """Days of the week in UTC, 0 for Monday to 6, in which nothing changes."""


class FeedRequest(msgspec.Struct, frozen=True):
    """A feed to be read, with what its last ``FeedResult`` said to send along."""

    url: str
    """As configured."""
    etag: str | None = None
    last_modified: str | None = None
    body_hash: str | None = None
    moved_to: str | None = None
    sitemaps: tuple[Sitemap, ...] = ()
    headers: OwnHeaders | None = None
    """Fields that this source alone is sent, e.g. an API key."""


class FeedResult(msgspec.Struct, frozen=True):
    """What became of a FeedRequest.

    ``etag``, ``last_modified``, ``body_hash``, ``moved_to`` and ``sitemaps`` are what to put into the next request,
    whatever the outcome: after a failure they are those of this request, but for a place that the feed has left again.
    """

    url: str
    """As configured, so perhaps with a password: for remembering, and ``name`` for showing."""
    outcome: Literal["read", "unchanged", "failed", "gone"]
    status: int | None = None
    """Of HTTP; None where there was no answer."""
    entries: int = 0
    """Articles and dead letters together."""
    etag: str | None = None
    last_modified: str | None = None
    body_hash: str | None = None
    """SHA-256 of the body in hexadecimal, for feeds whose validators change when the feed does not."""
    moved_to: str | None = None
    """Where the feed lives now, after redirects each of which was permanent (301 or 308)."""
    sitemaps: tuple[Sitemap, ...] = ()
    """Of an index: those that were asked, and those that are to be asked even where the index has not changed."""
    retry_after_s: int | None = None
    """Seconds for which the site asked to be left alone (429 and 503), a week at most."""
    fresh_s: int | None = None
    """Seconds for which its answer stays fresh (Cache-Control, Expires); None where it does not say."""
    hints: Hints | None = None
    """Of a feed that was read; None also where it gives none."""
    title: str | None = None
    error: Failure | None = None
    """Its message begins with the feed's ``name``, so that it need not be said again."""
    kind: str | None = None
    """As ``ParsedFeed`` has it; None where nothing was read."""
    note: str | None = None
    """What was wrong with a feed that could be read all the same; it does not name the feed."""
    hubs: tuple[str, ...] = ()
    """Of WebSub, as ``ParsedFeed`` has them; with ``topic`` known only where the outcome is ``read``."""
    topic: str | None = None
    expired: bool = False
    """As ``ParsedFeed`` has it; known only where the outcome is ``read``."""
    asked_at: float = 0.0
    """When it was first asked, in Unix seconds."""
    seconds: float = 0.0
    """From then until what it answered was read; those that an index names are part of it."""

    @property
    def name(self) -> str:
        """The URL as it may be shown."""
        return without_password(self.url)


class NotAFeed(ClaimwireError, ValueError):  # noqa: N818 - the name says what is wrong
    """A body in which there is neither a feed nor an entry."""


class HtmlPage(NotAFeed):
    """A body that is an HTML page, which may name feeds."""


class FeedInfo(msgspec.Struct, frozen=True):
    """What a feed says of itself and passes on to its entries."""

    url: str
    """As configured but without a password, or the path of a saved feed."""
    title: str | None = None
    language: str | None = None
    authors: tuple[str, ...] = ()
    """Those of an Atom feed, for entries that name none (RFC 4287, 4.2.1), or of a JSON Feed."""
    fetched_at: datetime | None = None


class ParsedFeed(msgspec.Struct, frozen=True):
    """What one body holds. Every entry is in ``articles`` or in ``dead_letters``."""

    title: str | None
    articles: list[RawArticle]
    dead_letters: list[DeadLetter]
    note: str | None = None
    """What was wrong with a body whose entries could be read all the same."""
    error: Failure | None = None
    """Why nothing could be read; the whole body is then the one dead letter."""
    kind: str | None = None
    """``RSS``, ``Atom``, ``CDF``, ``JSON Feed``, ``news sitemap``, ``sitemap`` or ``sitemap index``; None where
    nothing could be read."""
    sitemaps: tuple[Sitemap, ...] = ()
    """Those that an index names, in its order."""
    hints: Hints | None = None
    hubs: tuple[str, ...] = ()
    """URLs of the WebSub hubs that tell what is new in it."""
    topic: str | None = None
    """The URL by which the feed calls itself (``rel=self``), and which its hubs know."""
    expired: bool = False
    """Whether it says that nothing will come any more, as a JSON Feed can."""
