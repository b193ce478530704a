"""What the reading of pages is given and gives back. Beam is not imported here, so that a state can keep these."""

from __future__ import annotations

from datetime import datetime
from typing import Literal

import msgspec

from claimwire.connectors.web.robots import Robots
from claimwire.schemas import Archived, RawArticle

PageOutcome = Literal["read", "refused", "failed", "later"]


class PageRequest(msgspec.Struct, frozen=True):
    """A page to be read."""

    url: str
    key: str = ""
    """The caller's own, by which it knows the result; the URL if not given."""
    hops: int = 0
    """How many redirects to other hosts have led here."""


class PageResult(msgspec.Struct, frozen=True):
    """What became of a PageRequest."""

    key: str
    url: str
    """Where the page was found in the end."""
    outcome: PageOutcome
    """``refused``: it is not to be had, and to ask again is of no use; ``failed``: another try may succeed; ``later``:
    the host was not asked, because it wants to be left alone."""
    problem: str | None = None
    """Why it was not read; it does not name the URL."""
    status: int | None = None
    """Of HTTP; None where there was no answer."""
    article: RawArticle | None = None
    """Of a page that was read; of several pages of one article, with the text of all."""
    updates: tuple[RawArticle, ...] = ()
    """The entries of a live blog, whose ``article`` has what stands around them."""
    live: bool = False
    """Whether it is a live blog that may yet grow, so that its page is worth another look."""
    again_at: datetime | None = None
    """Before which it is of no use to ask again."""


class HostMemory(msgspec.Struct, frozen=True):
    """What to remember of a host until it is asked the next time."""

    name: str
    """With its port, unless that is the scheme's own."""
    robots: Robots | None = None
    reserved: str = ""
    """Its TDMRep file, as rules of robots.txt for whoever mines text; empty where it has none."""
    rules_at: datetime | None = None
    """When both were fetched; None also where only robots.txt was."""
    asked_at: datetime | None = None
    """When the last request to it ended."""
    not_before: datetime | None = None
    """It asked to be left alone until then, or did not answer twice."""
    failures: int = 0
    """How often in a row it has not answered."""


class Kept(msgspec.Struct, frozen=True):
    """A body that an archive has."""

    url: str
    digest: str
    """SHA-1 in base 32 behind ``sha1:``, as WARC writes it."""
    at: datetime
    """When it was fetched."""
    archived: Archived
    key: str = ""
    """That of the request, by which it is found again wherever the page has moved by then."""
