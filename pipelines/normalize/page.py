"""An entry of a feed and the page behind it become one article."""

from __future__ import annotations

import re
from datetime import datetime

import msgspec

from claimwire.connectors.web.http import host_of
from claimwire.pipelines.normalize.article import normalize
from claimwire.schemas import Article, RawArticle

_WORDS_OF_A_TEASER = 150
"""An entry with fewer words than this has a teaser: a news agency's shortest items have about as many."""
_CUT = re.compile(
    r"(?:…|\.\.\.|\[\.\.\.\]|\[…\]|\[&hellip;\]|>>|»|→|"
    r"\b(?:read more|continue reading|full story|read the full (?:story|article)|learn more|more)\W{0,3})\s*$",
    re.IGNORECASE,
)
_LOOKED_AT = 100
"""Characters at the end of an entry in which it says that it goes on elsewhere."""
_LESS = 0.8
"""A page's text shorter than this part of the entry's has lost something, and the entry's counts."""

_LIVE = "the page is a live blog, whose entries are articles of their own"


def is_teaser(entry: Article) -> bool:
    """Whether the text of an entry is not the whole of its article: it is short, or says that it goes on elsewhere."""
    return len(entry.text.split()) < _WORDS_OF_A_TEASER or bool(_CUT.search(entry.text[-_LOOKED_AT:].rstrip()))


def with_page(entry: Article, page: RawArticle, live: bool = False) -> Article:
    """The article of an entry whose page was read.

    Text and what only the page has come from the page. What the feed says goes first where both say it: dates, title,
    authors and tags. Where the page has less text than the entry, because most of it is behind a paywall or was not
    recognised, the entry's text stays.

    Args:
        entry: As its feed has it.
        page: Its ``url`` is where the page was found, which counts where a feed's link leads there from another host.
        live: Whether it is a live blog, whose entries are articles of their own.

    Raises whatever ``normalize`` raises.
    """
    text = page.text or ""
    of_page = len(text) >= _LESS * len(entry.text)
    moved = page.url is not None and host_of(page.url) != host_of(entry.url or "")
    return normalize(
        msgspec.structs.replace(
            page,
            guid=entry.guid,
            url=page.url if moved else entry.url,
            title=entry.title or page.title,
            text=text if of_page else entry.text,
            summary=entry.summary or (entry.text if of_page else None) or page.summary,
            authors=entry.authors or page.authors,
            language=page.language or entry.language,
            published=_time(entry.published_at) or page.published,
            updated=_time(entry.updated_at) or page.updated,
            tags=entry.tags or page.tags,
            source_name=entry.source.name or page.source_name,
            feed_url=entry.source.feed_url,
            text_source="page" if of_page else "feed",
            page_problem=page.page_problem if of_page else _LIVE if live else "the page has less text than the entry",
        )
    )


def update_of(entry: Article, update: RawArticle) -> Article:
    """The article of an entry of the live blog to which the entry of a feed leads.

    Raises whatever ``normalize`` raises.
    """
    return normalize(
        msgspec.structs.replace(
            update,
            source_name=entry.source.name or update.source_name,
            feed_url=entry.source.feed_url,
            text_source="page",
        )
    )


def without_page(entry: Article, problem: str) -> Article:
    """An entry as it is written when its page was not to be had, with the reason."""
    source = "summary" if is_teaser(entry) else "feed"
    return msgspec.structs.replace(entry, text_source=source, page_problem=problem)


def _time(moment: datetime | None) -> str | None:
    return moment.isoformat() if moment else None
