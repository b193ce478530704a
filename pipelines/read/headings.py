"""How an article and a speaker are named to a reader: the line below a title, an id, who said something."""

from __future__ import annotations

import re

from claimwire.schemas import Article, Claim, FactCheck

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


def said_by(claim: Claim) -> tuple[str, str | None]:
    """Who made a claim, and the words of the article for it where they are worth reading beside the name."""
    if claim.speaker is None:
        return "nobody named", None
    text = on_one_line(claim.speaker.text)
    name = claim.speaker.name or text
    # A title or role before the name is worth reading, the whole of a long apposition is not.
    with_role = name in text and len(text) < len(name) + 40
    beside = text if name not in text and text not in name else None
    return text if with_role else name, beside


def judged(check: FactCheck) -> str:
    """What a fact-check says of a claim: who judged it how."""
    return f"{check.publisher or 'a fact-check'}: {check.rating or 'no rating given'}"


def on_one_line(text: str) -> str:
    """A text whose line breaks and runs of spaces are single spaces."""
    return " ".join(text.split())
