"""What is compared when an article is judged: small keys made from it, and nothing of its text.

A fingerprint is a pure function of the article. Its keys are 16-byte digests, so that the index stays small and
its rows are of one size.
"""

from __future__ import annotations

import hashlib
import re
import unicodedata
from collections.abc import Iterator

import msgspec

from schemas import Article

VERSION = 1
"""Changes whenever the same article gets other keys; an index of another version is not used."""

_WORD = re.compile(r"\w+")
_WORDS_TO_STAND_ALONE = 20
_CHARACTERS_TO_STAND_ALONE = 120


class Fingerprint(msgspec.Struct, frozen=True):
    """The keys of one version of one article."""

    article_id: str
    order: str
    """Sorts originals before their copies: by publication, then update, then id."""
    identities: tuple[tuple[str, bytes], ...]
    """Names that outlive a change of the text, the surest first: method (``id``, ``guid``, ``url``) and key."""
    versions: tuple[tuple[str, bytes], ...]
    """The same names together with this content."""
    url_in_feed: bytes | None
    """Of the URL within its feed, for an entry with a guid: entries with other guids may link to the same page."""
    text: bytes | None
    """Of the text's words; None where there are too few to tell a copy by."""

    def all_keys(self) -> Iterator[bytes]:
        """All keys, which is what a judge wants to know of the index."""
        yield from (key for _, key in self.versions)
        yield from (key for _, key in self.identities)
        yield from (key for key in (self.url_in_feed, self.text) if key)


def fingerprint(article: Article) -> Fingerprint:
    """The fingerprint of a normalised article."""
    names = [("id", article.id)]
    feed = article.source.feed_url or article.source.name or ""
    if article.guid and feed:
        names.append(("guid", f"{feed}\0{article.guid}"))
    if article.canonical_url:
        names.append(("url", article.canonical_url))
    return Fingerprint(
        article_id=article.id,
        order=order(article),
        identities=tuple((method, _key("identity", method, name)) for method, name in names),
        versions=tuple((method, _key("version", method, name, article.content_hash)) for method, name in names),
        url_in_feed=_key("url in feed", feed, article.canonical_url or "") if article.guid and feed else None,
        text=_text_key(article),
    )


def order(article: Article) -> str:
    """A string that sorts articles by when they were published, then updated, then by id and content.

    Articles without any time come last: what cannot be dated is not taken for the original of what can.
    """
    published = article.published_at or article.updated_at
    return "\t".join(
        (
            published.isoformat() if published else "~",
            article.updated_at.isoformat() if article.updated_at else "",
            article.id,
            article.content_hash,
        )
    )


def _text_key(article: Article) -> bytes | None:
    """The key of the words of the text, without case, punctuation and space.

    Short texts ("Read more", "Watch live") are repeated by articles that have nothing else in common, so with them
    the title must be equal too.
    """
    words = _words(article.text)
    if not words:
        return None
    if len(words) < _WORDS_TO_STAND_ALONE and sum(map(len, words)) < _CHARACTERS_TO_STAND_ALONE:
        title = _words(article.title or "")
        return _key("short", *title, "\0", *words) if title else None
    return _key("text", *words)


def _words(text: str) -> list[str]:
    return _WORD.findall(unicodedata.normalize("NFKC", text).casefold())


def _key(*parts: str) -> bytes:
    return hashlib.blake2b(" ".join(parts).encode(), digest_size=16).digest()
