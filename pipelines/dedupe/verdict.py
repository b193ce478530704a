"""The verdict on an article: new, unchanged since it was last seen, a copy, or a revision."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Sequence, Set
from datetime import datetime
from typing import Literal, NamedTuple

import msgspec
import numpy as np

from claimwire.pipelines.dedupe import index as store
from claimwire.pipelines.dedupe.fingerprint import Fingerprint, Sketch
from claimwire.pipelines.dedupe.index import HOT, Copied, Index, Remembered, Seen, Words
from claimwire.pipelines.dedupe.likeness import Likeness, added, likeness
from claimwire.schemas import Duplicate

Outcome = Literal["new", "unchanged", "copy", "revision"]
Method = Literal["abridged", "extended", "edited"]

# The number of the first article of this pass, above every number in the index.
_FIRST_OF_PASS = 1 << 62
# An article is compared with at most this many candidates: those that share most grams with it, at least _SHARED.
_MOST_COMPARED = 12
_SHARED = 2

_FEWEST_WORDS = 20
_COVERED = 0.6
_COVERED_SAMPLE = 0.45
"""Lower, because two texts share fewer of their runs than of the words in them."""
_SHORT = 150
_SHORT_FOR = 72 * 60
"""Minutes within which a similar short text is a copy; after that it is the next bulletin of its kind."""
_SLOT_EVERY = 60
_LONG = 200
_SLOT_EVERY_IN_LONG = 35
_FACTS = 0.65
_FACTS_OF_CORRECTION = 0.6
_SAME_TITLE = 0.75
_OTHER_TITLE = 0.6
_SAME_EVENT_FOR = 18 * 60
_STORY_FOR = 7 * 24 * 60
_QUOTED = 3
_SAME = 0.9


class Verdict(msgspec.Struct, frozen=True):
    """What an article is, of which other article, and what the index remembers once it is written."""

    outcome: Outcome
    duplicate: Duplicate | None
    revision_of: str | None
    remember: tuple[Remembered, ...]
    added: Words | None = None
    """Of a near-duplicate: the parts that its original does not have; None if they are not known."""


class Near(msgspec.Struct, frozen=True):
    """One text is a near-duplicate of another."""

    method: Method
    """What was done to it: ``abridged``, ``extended``, or ``edited`` at about the same length."""
    score: float
    """The share of the shorter text that occurs verbatim in the longer, 0 to 1."""
    continues: bool
    """Whether it continues a story of the same outlet (a live blog, a developing story)."""
    same_outlet: bool
    """Whether both have the same outlet; what they share may then be boilerplate."""


def judge(fingerprints: Sequence[Fingerprint], index: Index, now: datetime) -> list[Verdict]:
    """Judge articles one after the other.

    An article is compared with the index and with the articles judged before it, and only with those that are not
    copies themselves. So the original is always the earliest published one known by then, no article becomes a copy of
    a copy, and similarity does not creep from one story to the next.

    Args:
        fingerprints: The articles, sorted by ``Fingerprint.order`` in a pass, by arrival in a stream.
        index: The index of seen articles; it is only read.
        now: The time recorded as ``first_seen_at``.

    Returns:
        A verdict for each fingerprint, in the same order.
    """
    known = _Known(fingerprints, index, now)
    return [known.judge(fingerprint) for fingerprint in fingerprints]


class Unlike(NamedTuple):
    """One text is not a near-duplicate of another."""

    why: str
    """The rule that decided, worded to follow "because"."""


def near(article: Sketch, original: Sketch) -> Near | Unlike:
    """Decide whether an article is a near-duplicate of another, and in what way: a pure function of both sketches.

    It is not if the two share too little, or if both fill in the same template: then numbers and names differ between
    equal words, or most of a short text's numbers and names are missing from the other. Such a difference is a
    correction only if the titles are equal and both were published within hours. Similar short texts that were
    published days apart are bulletins of the same kind.
    """
    words = min(article.words, original.words)
    if words < _FEWEST_WORDS:
        return Unlike(f"one of them has fewer than {_FEWEST_WORDS} words")
    dated = article.published is not None and original.published is not None
    apart = abs((article.published or 0) - (original.published or 0)) if dated else None
    if apart is not None and apart > _SHORT_FOR and words < _SHORT:
        return Unlike(
            f"one is short, and they are more than {_SHORT_FOR // 60} hours apart: the next bulletin of its kind"
        )
    alike = likeness(article, original)
    sampled = not (article.codes and original.codes)
    least = _COVERED_SAMPLE if sampled else _COVERED
    if alike.covered < least:
        return Unlike(f"less than {least:.0%} of the shorter text occurs verbatim in the longer")
    same_title = (alike.title or 0.0) >= _SAME_TITLE and not alike.title_differs
    soon = apart is not None and apart <= _SAME_EVENT_FOR
    other_title = alike.title is not None and alike.title < _OTHER_TITLE
    if not (same_title and soon and alike.facts >= _FACTS_OF_CORRECTION):
        if alike.slots * (_SLOT_EVERY if words < _LONG else _SLOT_EVERY_IN_LONG) >= words:
            return Unlike("numbers or names differ between equal words: both fill in the same template")
        if words < _SHORT and alike.facts < _FACTS:
            return Unlike(f"one is short, and fewer than {_FACTS:.0%} of its numbers and names are in the other")
        if words < _SHORT and (alike.title_differs or other_title) and alike.slots:
            return Unlike("one is short, the titles differ, and so does a number or name between equal words")
    length = article.words / original.words
    same_outlet = article.source is not None and article.source == original.source
    if other_title and words < _SHORT and max(length, 1 / length) >= _QUOTED:
        return Unlike("a short text is part of a much longer one with another title: a quotation, or one item of many")
    if same_outlet and _mutual(alike, length) < _SAME and (other_title or (apart is not None and apart > _STORY_FOR)):
        return Unlike(
            "one outlet published both, they differ, and they have other titles or are more than a week apart"
        )
    if same_outlet and other_title and (words < _SHORT or apart is None or apart > _SHORT_FOR):
        return Unlike("one outlet published both, with different titles, and one is short or they are days apart")
    method: Method = "abridged" if length < 0.8 else "extended" if length > 1.25 else "edited"
    continues = same_outlet and same_title and length > 1 and (apart is None or apart <= _STORY_FOR)
    return Near(method, round(alike.covered, 3), continues, same_outlet)


def _mutual(alike: Likeness, length: float) -> float:
    """The share of the longer text that the shorter has."""
    return alike.covered * min(length, 1 / length)


class _Original(msgspec.Struct, frozen=True):
    seen: Seen
    sketch: Sketch


class _Known:
    """All that is known while articles are judged: what the index has, and the articles judged before."""

    def __init__(self, fingerprints: Sequence[Fingerprint], index: Index, now: datetime) -> None:
        found = index.find(
            {key for fingerprint in fingerprints for key in fingerprint.all_keys()},
            {gram for fingerprint in fingerprints for gram, _ in fingerprint.grams},
            {edge for fingerprint in fingerprints for edge, _, _ in fingerprint.edges},
        )
        self._now = now
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
        self._originals = {number: _Original(*original) for number, original in index.read(wanted).items()}

    def judge(self, fingerprint: Fingerprint) -> Verdict:
        """The verdict on the next article, which from then on is known."""
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
        seen = Seen(article_id=fingerprint.article_id, identity=identity, first_seen_at=self._now)
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
        if original and not (original[0].continues and not earlier):
            how, whole = original
            parts = _added(fingerprint, whole.sketch, boilerplate)
            duplicate = _duplicate(whole.seen, "near", how.method, how.score, _share(parts, fingerprint))
            seen = msgspec.structs.replace(seen, copied=Copied(duplicate, whole.seen.identity, parts))
            edges = _edges(fingerprint) if how.same_outlet and not earlier else ()
            own = Remembered(seen, tuple(keys), fingerprint.order, edges=edges)
            rows = (own, *_published_before(fingerprint, whole))
            return self._close(Verdict("copy", duplicate, revision_of, rows, parts))

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
            self._originals[number] = _Original(verdict.remember[0].seen, sketch)
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

    def _alike(self, fingerprint: Fingerprint, sketch: Sketch, identity: bytes) -> tuple[Near, _Original] | None:
        """The earliest published article of which this is a near-duplicate."""
        found = []
        for number, _ in self._candidates(fingerprint):
            original = self._originals.get(number)
            if not original or original.seen.identity == identity or original.seen.article_id == fingerprint.article_id:
                continue  # a version of itself
            if (identity, original.seen.identity) in self._split:
                continue
            if isinstance(verdict := near(sketch, original.sketch), Near):
                published = original.sketch.published
                found.append(((published is None, published or 0, number), verdict, original))
        if not found:
            return None
        _, verdict, original = min(found, key=lambda each: each[0])
        return verdict, original

    def _candidates(self, fingerprint: Fingerprint) -> list[tuple[int, int]]:
        """The articles that share most grams with this one, with the number shared; on a tie, those judged first."""
        shared: Counter[int] = Counter()
        for gram, _ in fingerprint.grams:
            if gram in self._telling:
                shared.update(self._stored.get(gram, ()))
                shared.update(self._added.get(gram, ()))
        enough = [(number, grams) for number, grams in shared.items() if grams >= _SHARED]
        return sorted(enough, key=lambda each: (-each[1], each[0]))[:_MOST_COMPARED]

    def _cool(self, grams: tuple[int, ...]) -> tuple[int, ...]:
        hot = {
            gram
            for gram in self._telling.intersection(grams)
            if len(self._stored.get(gram, ())) + len(self._added.get(gram, ())) >= HOT
        }
        return tuple(gram for gram in grams if gram not in hot) if hot else grams


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


def _published_before(fingerprint: Fingerprint, of: _Original) -> tuple[Remembered, ...]:
    """A row that records that an article was published before the article taken for its original."""
    published = fingerprint.published
    if published is None or (of.sketch.published is not None and of.sketch.published <= published):
        return ()
    return (Remembered(of.seen, (), before=(fingerprint.article_id, published)),)


def _duplicate(
    of: Seen, kind: Literal["exact", "near", "revision"], method: str, score: float | None, added: float | None = None
) -> Duplicate:
    return Duplicate(
        of=of.article_id, kind=kind, method=method, score=score, added=added, first_seen_at=of.first_seen_at
    )
