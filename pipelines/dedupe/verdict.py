"""The verdict on an article: new, seen before, a copy, or a revision."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Literal

import msgspec

from pipelines.dedupe.fingerprint import Fingerprint
from pipelines.dedupe.index import Index, Seen
from schemas import Duplicate

Outcome = Literal["new", "unchanged", "copy", "revision"]


class Verdict(msgspec.Struct, frozen=True):
    """What an article is, of what, and what the index has to remember once the article is written."""

    outcome: Outcome
    duplicate: Duplicate | None
    revision_of: str | None
    remember: tuple[tuple[bytes, Seen], ...]


def judge(fingerprints: Sequence[Fingerprint], index: Index, now: datetime) -> list[Verdict]:
    """A verdict for each fingerprint, in their order, which must be that of ``Fingerprint.order``.

    An article is compared with the index and with those judged before it, so an original is always the earliest
    published one of those that are known. ``index`` is only read.
    """
    known = index.lookup(key for fingerprint in fingerprints for key in fingerprint.all_keys())
    verdicts = []
    for fingerprint in fingerprints:
        verdict = _judge_one(fingerprint, known, now)
        known.update(verdict.remember)
        verdicts.append(verdict)
    return verdicts


def _judge_one(fingerprint: Fingerprint, known: dict[bytes, Seen], now: datetime) -> Verdict:
    # The same version again. Under a guid it may have moved to another URL and so have another id; it is the same.
    for method, key in fingerprint.versions:
        seen = known.get(key)
        if seen and (seen.article_id == fingerprint.article_id or method == "guid"):
            # All that is known of it is seen again now, so that none of its keys is forgotten before the others.
            again = tuple((known_key, known[known_key]) for known_key in fingerprint.all_keys() if known_key in known)
            return Verdict("unchanged", None, None, again)

    earlier = _earlier(fingerprint, known)
    # What the versions of one article have in common is its identity: the one under which it was first seen.
    identity = earlier[1].identity if earlier else fingerprint.identities[:2][-1][1]
    seen = Seen(article_id=fingerprint.article_id, identity=identity, first_seen_at=now)
    remember = [(key, seen) for _, key in (*fingerprint.versions, *fingerprint.identities)]
    if fingerprint.url_in_feed:
        remember.append((fingerprint.url_in_feed, seen))
    revision_of = earlier[1].article_id if earlier else None

    if original := _original(fingerprint, known, identity):
        method, of = original
        duplicate = Duplicate(of=of.article_id, kind="exact", method=method, score=1.0, first_seen_at=of.first_seen_at)
        if method == "url":
            # Another sender's name for the same thing: the URL goes on standing for the original.
            remember = [(key, known.get(key, seen)) for key, _ in remember]
            revision_of = None
        return Verdict("copy", duplicate, revision_of, tuple(remember))
    if fingerprint.text and fingerprint.text not in known:
        remember.append((fingerprint.text, seen))
    if earlier:
        method, of = earlier
        duplicate = Duplicate(
            of=of.article_id, kind="revision", method=method, score=None, first_seen_at=of.first_seen_at
        )
        return Verdict("revision", duplicate, revision_of, tuple(remember))
    return Verdict("new", None, None, tuple(remember))


def _earlier(fingerprint: Fingerprint, known: dict[bytes, Seen]) -> tuple[str, Seen] | None:
    """The version before this one, and by which name it is known to be the same article.

    The URL is no name of an entry if its feed has given it to an entry with another guid: a list of links, or
    comments on one page, are not versions of each other.
    """
    for method, key in fingerprint.identities:
        if key in known and not (method == "url" and fingerprint.url_in_feed in known):
            return method, known[key]
    return None


def _original(fingerprint: Fingerprint, known: dict[bytes, Seen], identity: bytes) -> tuple[str, Seen] | None:
    """What this is a copy of, and by which rule: ``url`` or ``text``.

    ``url``: this very content is known under the same URL but another sender's id. ``text``: the same words are
    known from elsewhere; an earlier version of the same article with the same words (its headline has changed) is
    not elsewhere, for an article is never a copy of itself.
    """
    same_words = known.get(fingerprint.text) if fingerprint.text else None
    for method, key in fingerprint.versions:
        if method == "url" and key in known:
            return method, same_words or known[key]
    return ("text", same_words) if same_words and same_words.identity != identity else None
