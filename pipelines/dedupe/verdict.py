"""The verdict on an article: new, unchanged since it was last seen, a copy, or a revision."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Sequence, Set
from datetime import datetime
from itertools import chain, repeat
from typing import Literal

import msgspec
import numpy as np

from claimwire.pipelines.dedupe import index as store
from claimwire.pipelines.dedupe.fingerprint import Fingerprint, Sketch, id_key
from claimwire.pipelines.dedupe.index import HOT, Copied, Index, Remembered, Seen, Words
from claimwire.pipelines.dedupe.likeness import added
from claimwire.pipelines.dedupe.near import Near, near
from claimwire.schemas import Duplicate

Outcome = Literal["new", "unchanged", "copy", "revision"]

# The number of the first article of this pass, above every number in the index.
_FIRST_OF_PASS = 1 << 62
# An article is compared with at most this many candidates: those that share most grams with it, at least _SHARED.
_MOST_COMPARED = 12
_SHARED = 2
# A near copy is compared with others too if more than this share of its words is not in its original.
_LEADS = 0.1


class Verdict(msgspec.Struct, frozen=True):
    """What an article is, of which other article, and what the index remembers once it is written."""

    outcome: Outcome
    duplicate: Duplicate | None
    revision_of: str | None
    remember: tuple[Remembered, ...]
    added: Words | None = None
    """Of a near-duplicate: the parts that its original does not have; None if they are not known."""


def judge(fingerprints: Sequence[Fingerprint], index: Index, now: datetime | Sequence[datetime]) -> list[Verdict]:
    """Judge articles one after the other.

    An article is compared with the index and with the articles judged before it: with the originals, and where none
    matches, with the copies that say more than their original. The verdict names the original in both cases, and the
    earliest published one if several match. Only copies of an original are compared with, not copies of such copies,
    so that similarity does not creep from one story to the next.

    Args:
        fingerprints: The articles, sorted by ``Fingerprint.order`` in a pass, by arrival in a stream.
        index: The index of seen articles; it is only read.
        now: The time recorded as ``first_seen_at``, or one for each.

    Returns:
        A verdict for each fingerprint, in the same order.
    """
    known = _Known(fingerprints, index)
    times = repeat(now, len(fingerprints)) if isinstance(now, datetime) else now
    return [known.judge(fingerprint, at) for fingerprint, at in zip(fingerprints, times, strict=True)]


class _Kept(msgspec.Struct, frozen=True):
    """An article with which others are compared: an original, or a copy that says more than its original."""

    seen: Seen
    sketch: Sketch


class _Known:
    """All that is known while articles are judged: what the index has, and the articles judged before."""

    def __init__(self, fingerprints: Sequence[Fingerprint], index: Index) -> None:
        found = index.find(
            {key for fingerprint in fingerprints for key in fingerprint.all_keys()},
            {gram for fingerprint in fingerprints for gram, _ in fingerprint.grams},
            {edge for fingerprint in fingerprints for edge, _, _ in fingerprint.edges},
        )
        self._index = index
        self._keys = found.keys
        self._stored = found.grams
        self._added: defaultdict[int, list[int]] = defaultdict(list)
        # Most grams occur in one article only and say nothing, so they are ignored.
        times = Counter(gram for fingerprint in fingerprints for gram, _ in fingerprint.grams)
        self._telling = {gram for gram, count in times.items() if count > 1} | found.grams.keys()
        # Of articles that have a text: an entry without one only names what stands there.
        self._with_text = {key for each in fingerprints if each.words for how, key in each.identities if how == "url"}
        self._split = found.split
        self._counts: store.Counts = dict(found.counts)
        self._next = _FIRST_OF_PASS
        wanted = {number for fingerprint in fingerprints for number, _ in self._candidates(fingerprint)}
        self._kept = {number: _Kept(*each) for number, each in index.read(wanted).items()}
        self._places: dict[str, int] = {}

    def judge(self, fingerprint: Fingerprint, now: datetime) -> Verdict:
        """The verdict on the next article, which from then on is known, as first seen now."""
        known = self._keys
        # The same version again. With a guid, it may have moved to another URL and so have another id.
        for method, key in fingerprint.versions:
            seen = known.get(key)
            if seen and (seen.article_id == fingerprint.article_id or method == "guid"):
                return self._unchanged(fingerprint)

        earlier = self._earlier(fingerprint)
        if self._only_names(fingerprint, earlier):
            return self._unchanged(fingerprint)
        # All versions of an article share its identity: the key under which its first version was seen.
        identity = earlier[1].identity if earlier else fingerprint.identities[:2][-1][1]
        entry = known.get(dict(fingerprint.versions).get("entry", b""))
        if entry and (identity, entry.identity) not in self._split:
            return self._unchanged(fingerprint)
        seen = Seen(article_id=fingerprint.article_id, identity=identity, first_seen_at=now)
        keys = [key for _, key in (*fingerprint.versions, *fingerprint.identities)]
        if fingerprint.url_in_feed:
            keys.append(fingerprint.url_in_feed)
        revision_of = earlier[1].article_id if earlier else None

        if exact := self._equal(fingerprint, identity):
            method, of = exact
            duplicate = of.copied.duplicate if of.copied else _duplicate(of, "exact", method, 1.0, 0.0)
            parts = of.copied.added if of.copied else None
            seen = msgspec.structs.replace(seen, copied=of.copied)
            if method != "url":
                own = Remembered(seen, tuple(keys), fingerprint.order)
                return self._close(Verdict("copy", duplicate, revision_of, (own,), parts))
            # The same article under another sender's id: the URL keeps leading to the original.
            own = Remembered(seen, tuple(key for key in keys if key not in known), fingerprint.order)
            others = {known[key]: None for key in keys if key in known}
            rows = (own, *(Remembered(other, ()) for other in others))
            return self._close(Verdict("copy", duplicate, None, rows, parts))

        boilerplate = {edge for edge, _, _ in fingerprint.edges if store.is_standing(edge, self._counts)}
        sketch, grams = fingerprint.without(boilerplate)
        if fingerprint.text and fingerprint.text not in known:
            keys.append(fingerprint.text)
        original = self._alike(fingerprint, sketch, identity)
        if original and (original[1].seen.copied or earlier or not original[0].continues):
            how, like = original
            whole = self._original_of(like)
            parts = _added(fingerprint, whole.sketch, boilerplate) if whole else None
            copied = _copied(how, like.seen, parts, fingerprint)
            row = Remembered(
                msgspec.structs.replace(seen, copied=copied),
                tuple(keys),
                fingerprint.order,
                edges=_edges(fingerprint) if how.same_outlet and not earlier else (),
            )
            added_ = copied.duplicate.added
            leads = not like.seen.copied and (added_ is None or added_ > _LEADS)
            if leads:
                row = msgspec.structs.replace(row, sketch=msgspec.msgpack.encode(sketch), grams=self._cool(grams))
            rows = (row, *_published_before(fingerprint, whole))
            return self._close(Verdict("copy", copied.duplicate, revision_of, rows, parts), sketch if leads else None)

        outcome: Outcome = "new"
        verdict_on: Duplicate | None = None
        if earlier:
            outcome, verdict_on = "revision", _duplicate(earlier[1], "revision", earlier[0], None)
        elif original:
            how, whole = original
            outcome, verdict_on = "revision", _duplicate(whole.seen, "revision", "continued", how.score)
            revision_of = whole.seen.article_id
        own = Remembered(
            seen,
            tuple(keys),
            fingerprint.order,
            msgspec.msgpack.encode(sketch),
            self._cool(grams),
            # A revision says nothing new about which lines are in every article of an outlet.
            _edges(fingerprint) if outcome == "new" else (),
        )
        return self._close(Verdict(outcome, verdict_on, revision_of, (own,)), sketch)

    def _only_names(self, fingerprint: Fingerprint, earlier: tuple[str, Seen] | None) -> bool:
        """Whether an entry without text names an article that another feed has: as a news sitemap does beside a feed.

        It says less than what is known, so it is no revision. An entry that its own feed has changed is one.
        """
        if fingerprint.words or not fingerprint.url_in_feed:
            return False
        if earlier:
            return earlier[0] == "url"
        return any(how == "url" and key in self._with_text for how, key in fingerprint.identities)

    def _unchanged(self, fingerprint: Fingerprint) -> Verdict:
        # Every entry that its keys lead to is refreshed, so that none of its keys is forgotten before the others.
        again = {self._keys[key]: None for key in fingerprint.all_keys() if key in self._keys}
        return Verdict("unchanged", None, None, tuple(Remembered(seen, ()) for seen in again))

    def _close(self, verdict: Verdict, sketch: Sketch | None = None) -> Verdict:
        for row in verdict.remember:
            self._keys.update((key, row.seen) for key in row.keys)
            for edge in row.edges:
                store.count(edge, self._counts)
        if sketch:
            number, self._next = self._next, self._next + 1
            own = verdict.remember[0].seen
            self._kept[number] = _Kept(own, sketch)
            self._places[own.article_id] = number
            for gram in self._telling.intersection(verdict.remember[0].grams):
                self._added[gram].append(number)
        return verdict

    def _earlier(self, fingerprint: Fingerprint) -> tuple[str, Seen] | None:
        """The version before this one, and the method by which it is known to be the same article.

        The URL does not identify an entry if its feed has an entry with another guid and the same URL: links to one
        page, or comments on it, are not versions of each other.
        """
        for method, key in fingerprint.identities:
            if key in self._keys and not (method == "url" and fingerprint.url_in_feed in self._keys):
                return method, self._keys[key]
        return None

    def _equal(self, fingerprint: Fingerprint, identity: bytes) -> tuple[str, Seen] | None:
        """The article of which this is an exact copy, and the rule that says so: ``url`` or ``text``.

        ``url``: the same content is known under the same URL but another sender's id. ``text``: the same words are
        known from another article. An earlier version with the same words (only its headline changed) does not count:
        an article is never a copy of itself.
        """
        same_words = self._keys.get(fingerprint.text) if fingerprint.text else None
        if same_words and {(identity, each) for each in _identities(same_words)} & self._split:
            same_words = None
        for method, key in fingerprint.versions:
            of = self._keys.get(key)
            if method == "url" and of and (identity, of.identity) not in self._split:
                return method, same_words or of
        if not same_words or identity in _identities(same_words):
            return None
        return "text", same_words

    def _alike(self, fingerprint: Fingerprint, sketch: Sketch, identity: bytes) -> tuple[Near, _Kept] | None:
        """What this is a near-duplicate of: the page that it links to, the earliest original or else copy."""
        found = []
        linked = self._keys.get(fingerprint.syndicated or b"")
        for number, _ in self._candidates(fingerprint):
            like = self._kept.get(number)
            if not like or like.seen.article_id == fingerprint.article_id or identity in _identities(like.seen):
                continue  # a version of itself
            if {(identity, each) for each in _identities(like.seen)} & self._split:
                continue
            is_linked = linked is not None and linked.identity == like.seen.identity
            if isinstance(verdict := near(sketch, like.sketch, linked=is_linked), Near):
                published = like.sketch.published
                rank = (not is_linked, like.seen.copied is not None, published is None, published or 0, number)
                found.append((rank, verdict, like))
        if not found:
            return None
        _, verdict, like = min(found, key=lambda each: each[0])
        return verdict, like

    def _original_of(self, like: _Kept) -> _Kept | None:
        """The article itself, if it is an original, else that of which it is a copy; None if its text is not kept."""
        if not like.seen.copied:
            return like
        of = like.seen.copied.duplicate.of
        key = id_key(of)
        if key not in self._keys:
            self._keys.update(self._index.find((key,), (), ()).keys)
        seen = self._keys.get(key)
        if not seen or seen.article_id != of:
            return None
        if seen.number is None:
            kept = self._kept.get(self._places.get(of, -1))
            return kept if kept and kept.seen is seen else None
        if seen.number not in self._kept:
            self._kept.update((number, _Kept(*each)) for number, each in self._index.read((seen.number,)).items())
        return self._kept.get(seen.number)

    def _candidates(self, fingerprint: Fingerprint) -> list[tuple[int, int]]:
        """The articles that share most grams with this one, with the number shared; on a tie, those judged first."""
        telling = [gram for gram, _ in fingerprint.grams if gram in self._telling]
        known = (self._stored, self._added)
        shared = Counter(chain.from_iterable(each.get(gram, ()) for each in known for gram in telling))
        enough = [(number, grams) for number, grams in shared.items() if grams >= _SHARED]
        return sorted(enough, key=lambda each: (-each[1], each[0]))[:_MOST_COMPARED]

    def _cool(self, grams: tuple[int, ...]) -> tuple[int, ...]:
        hot = {
            gram
            for gram in self._telling.intersection(grams)
            if len(self._stored.get(gram, ())) + len(self._added.get(gram, ())) >= HOT
        }
        return tuple(gram for gram in grams if gram not in hot) if hot else grams


def _copied(how: Near, of: Seen, parts: Words | None, fingerprint: Fingerprint) -> Copied:
    """Of what an article is a copy that is like another one: of that, or of that of which the other is a copy."""
    share = _share(parts, fingerprint)
    if not of.copied:
        return Copied(_duplicate(of, "near", how.method, how.score, share), of.identity, parts)
    duplicate = msgspec.structs.replace(of.copied.duplicate, method="chained", score=how.score, added=share)
    return Copied(duplicate, of.copied.identity, parts)


def _added(fingerprint: Fingerprint, original: Sketch, boilerplate: Set[int]) -> Words | None:
    """The parts of an article that its original does not have; None if the original is too long to be kept whole."""
    if not original.codes:
        return None
    standing = [(begin, end) for edge, begin, end in fingerprint.edges if edge in boilerplate]
    return tuple(added(fingerprint.codes(), np.frombuffer(original.codes, dtype=np.uint16), standing))


def _share(parts: Words | None, fingerprint: Fingerprint) -> float | None:
    return None if parts is None else round(sum(end - begin for begin, end in parts) / fingerprint.words, 3)


def _identities(seen: Seen) -> tuple[bytes, ...]:
    """Its own identity, and that of the article it copies."""
    return (seen.identity, seen.copied.identity) if seen.copied else (seen.identity,)


def _edges(fingerprint: Fingerprint) -> tuple[int, ...]:
    return tuple(dict.fromkeys(edge for edge, _, _ in fingerprint.edges))


def _published_before(fingerprint: Fingerprint, of: _Kept | None) -> tuple[Remembered, ...]:
    """A row that records that an article was published before the article taken for its original."""
    published = fingerprint.published
    if not of or published is None or (of.sketch.published is not None and of.sketch.published <= published):
        return ()
    return (Remembered(of.seen, (), before=(fingerprint.article_id, published)),)


def _duplicate(
    of: Seen, kind: Literal["exact", "near", "revision"], method: str, score: float | None, added: float | None = None
) -> Duplicate:
    return Duplicate(
        of=of.article_id, kind=kind, method=method, score=score, added=added, first_seen_at=of.first_seen_at
    )
