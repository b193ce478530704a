"""How an article is named to a reader: the line below its title, and its id."""

from __future__ import annotations

import re

from claimwire.schemas import Article

# What claimwire makes itself, and not a sender.
_OWN_ID = re.compile(r"[0-9a-f]{32}")
_SHORT_ID = 12


def short_id(article_id: str) -> str:
    """Enough of an id to be unique, which ``explain`` and ``split`` accept; a sender's own id is kept whole."""
    return article_id[:_SHORT_ID] if _OWN_ID.fullmatch(article_id) else article_id


def published(article: Article) -> str:
    """The day on which it was published."""
    return f"{article.published_at:%Y-%m-%d}" if article.published_at else "undated"


def site(article: Article) -> str | None:
    """Who published it."""
    return article.source.name or article.source.domain


def where(article: Article) -> str:
    """The line below a title: when, where, and the id that ``explain`` and ``split`` accept."""
    return " · ".join(filter(None, (published(article), site(article), article.url, short_id(article.id))))
