"""The fingerprint of an article: the keys and the sketch by which it is compared; it holds none of the text.

A fingerprint is a pure function of the article. Equal keys mean equal articles. Near-duplicates are found by

- the *sketch*: the text as codes of its words, two bytes each, by which two texts are compared word by word. Of a text
  longer than ``LONGEST`` words it is a sample of the runs of words (the smallest hashes: Broder, 1997; Li & Church,
  2007);
- the *grams*: the smallest hashes of runs of four words. Two texts that share much also share some of these, whichever
  is the shorter, so the index is searched by them. MinHash bands would only find texts of about the same length, and
  more than a third of the copies are abridged;
- the *edges*: the first and last lines, where outlets put their boilerplate (newsletter, copyright, about us). The
  judge learns these lines and removes them.
"""

from __future__ import annotations

import hashlib
import zlib
from collections.abc import Iterator, Set
from itertools import pairwise

import msgspec
import numpy as np

from claimwire.pipelines.dedupe.words import NUMBER, Codes, Hashes, codes, facts, grams, lines
from claimwire.pipelines.normalize.urls import canonical_url
from claimwire.schemas import Article

VERSION = 2
"""Changes whenever the same article would get other keys; an index of another version is not used."""

KEY_BYTES = 10
LONGEST = 1024
"""The most words of a text that is sketched whole."""

_GRAM = 4
_FEWEST_GRAMS, _MOST_GRAMS, _WORDS_PER_GRAM = 20, 48, 10
_SAMPLED = 384
_RUN = 5
_EDGE_FIRST, _EDGE_LAST = 2, 4
_EDGE_WORDS = range(4, 81)
# In characters, because in scripts without spaces even a short text has many words.
_SHORT_OF_FEW_WORDS, _SHORT_OF_MANY_WORDS = 140, 60
_FEW_WORDS = 20


class Sketch(msgspec.Struct, frozen=True, array_like=True):
    """What is remembered of a text, to compare others with it; stored as MessagePack."""

    published: int | None
    """Unix minutes; the time of the update if the time of publication is unknown."""
    source: int | None
    """A hash of the outlet: of its domain, else of its feed."""
    title: bytes
    """The codes of the title's words."""
    title_numbers: bytes
    """The codes of the title's numbers."""
    words: int
    """The number of words."""
    codes: bytes
    """The codes of all words; empty for a text longer than ``LONGEST``, and for one without words."""
    facts: int
    """A checksum of all numbers and names, to distinguish those that share a code."""
    sample: bytes
    """Of a text longer than ``LONGEST``: the smallest hashes (uint32, ascending) of its runs of five words."""


class Fingerprint(msgspec.Struct, frozen=True):
    """The keys and the sketch of one version of one article."""

    article_id: str
    order: str
    """Sorts originals before their copies: by publication, then update, then id."""
    identities: tuple[tuple[str, bytes], ...]
    """Pairs of method (``id``, ``guid``, ``url``) and key, the most reliable first: names that stay the same when the
    text changes."""
    versions: tuple[tuple[str, bytes], ...]
    """The same names combined with this content. For an entry that nothing but its guid names also its feed with its
    dates and content (``entry``): some feeds give another guid at each poll."""
    url_in_feed: bytes | None
    """The key of the URL within its feed, if the entry has a guid: entries with other guids may link to the same page.
    """
    text: bytes | None
    """The key of the text's words; None if there are too few to recognise a copy by."""
    published: int | None
    """As in the sketch."""
    source: int | None
    """As in the sketch."""
    title: bytes
    """The hashes of the title's words."""
    hashes: bytes
    """The hashes of all words of the text, whatever its length."""
    grams: tuple[tuple[int, int], ...]
    """Each gram with the index of the word at which it first occurs."""
    edges: tuple[tuple[int, int, int], ...]
    """For each edge, a hash of the outlet and the line, and the half-open range of the line's words."""
    syndicated: bytes | None = None
    """The key of the page of another outlet that the article's own page calls its original, by a canonical link."""

    def all_keys(self) -> Iterator[bytes]:
        """All keys that the index is asked for when this article is judged."""
        yield from (key for _, key in self.versions)
        yield from (key for _, key in self.identities)
        yield from (key for key in (self.url_in_feed, self.text, self.syndicated) if key)

    @property
    def words(self) -> int:
        """The number of words of the text."""
        return len(self.hashes) // np.dtype(np.uint32).itemsize

    def codes(self) -> Codes:
        """The codes of all words of the text."""
        return codes(np.frombuffer(self.hashes, dtype=np.uint32))

    def without(self, boilerplate: Set[int]) -> tuple[Sketch, tuple[int, ...]]:
        """The sketch and the grams of the text without these edges."""
        hashes = np.frombuffer(self.hashes, dtype=np.uint32)
        out = [(begin, end) for edge, begin, end in self.edges if edge in boilerplate]
        if not out:
            return self._sketch(hashes), tuple(gram for gram, _ in self.grams)
        keep = np.ones(len(hashes), dtype=bool)
        for begin, end in out:
            keep[begin:end] = False
        left = tuple(gram for gram, at in self.grams if not any(begin - _GRAM < at < end for begin, end in out))
        return self._sketch(hashes[keep]), left

    def _sketch(self, hashes: Hashes) -> Sketch:
        short = len(hashes) <= LONGEST
        title, body = codes(np.frombuffer(self.title, dtype=np.uint32)), codes(hashes)
        return Sketch(
            published=self.published,
            source=self.source,
            title=title[:64].tobytes(),
            title_numbers=np.unique(title[title >= NUMBER])[:16].tobytes(),
            words=len(body),
            codes=body.tobytes() if short else b"",
            facts=facts(hashes),
            sample=b"" if short else _smallest_runs(body),
        )


def fingerprint(article: Article) -> Fingerprint:
    """The fingerprint of a normalised article."""
    names = [("id", article.id)]
    feed = article.source.feed_url or article.source.name or ""
    if article.guid and feed:
        names.append(("guid", f"{feed}\0{article.guid}"))
    if article.canonical_url:
        names.append(("url", article.canonical_url))
    versions = [(method, _key("version", method, name, article.content_hash)) for method, name in names]
    feed_url = article.source.feed_url
    # A guid is a link as well unless its feed says that it is none, which many forget (RSS 2.0, isPermaLink).
    only_guid = article.guid and (not article.url or article.url == article.guid)
    if feed_url and only_guid and (article.title or article.text.strip()):
        # An index from before this key finds such an entry to be a copy once more, and then has the key.
        dates = f"{article.published_at} {article.updated_at}"
        versions.append(("entry", _key("version", "entry", feed_url, dates, article.content_hash)))
    hashes, starts = lines(article.text)
    title, _ = lines(article.title or "")
    outlet = article.source.domain or feed
    time = article.published_at or article.updated_at
    theirs = canonical_url(article.syndicated_from) if article.syndicated_from else None
    return Fingerprint(
        article_id=article.id,
        order=order(article),
        identities=tuple((method, _key("identity", method, name)) for method, name in names),
        versions=tuple(versions),
        url_in_feed=_key("url in feed", feed, article.canonical_url or "") if article.guid and feed else None,
        text=_text_key(len(article.text), title, hashes),
        published=int(time.timestamp() // 60) if time else None,
        source=zlib.crc32(outlet.encode()) if outlet else None,
        title=title.tobytes(),
        hashes=hashes.tobytes(),
        grams=_grams(codes(hashes)),
        edges=_edges(hashes, starts, outlet) if outlet else (),
        syndicated=_key("identity", "url", theirs) if theirs else None,
    )


def order(article: Article) -> str:
    """A string that sorts articles by their time of publication, then of update, then by id and content.

    Articles without any time come last, so that they are never taken for the original of a dated article.
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


def _grams(words: Codes) -> tuple[tuple[int, int], ...]:
    """The smallest hashes of runs of four words: twenty, or one for every ten words, 48 at most."""
    hashed, at = np.unique(grams(words, _GRAM), return_index=True)
    count = min(_MOST_GRAMS, max(_FEWEST_GRAMS, len(hashed) // _WORDS_PER_GRAM))
    # The smallest of the 64-bit hashes have similar upper bits, so the lower ones are kept to distinguish them.
    names = hashed[:count].astype(np.uint32).view(np.int32)
    return tuple(zip(names.tolist(), at[:count].tolist(), strict=True))


def _smallest_runs(words: Codes) -> bytes:
    runs = np.unique((grams(words, _RUN) >> np.uint64(32)).astype(np.uint32))
    return runs[:_SAMPLED].tobytes()


def _edges(hashes: Hashes, starts: list[int], outlet: str) -> tuple[tuple[int, int, int], ...]:
    spans = list(pairwise(starts))
    chosen = dict.fromkeys((*spans[:_EDGE_FIRST], *spans[-_EDGE_LAST:]))
    seed = zlib.crc32(outlet.encode())
    return tuple(
        (zlib.crc32(hashes[begin:end].tobytes(), seed), begin, end)
        for begin, end in chosen
        if end - begin in _EDGE_WORDS
    )


def _text_key(length: int, title: Hashes, hashes: Hashes) -> bytes | None:
    """The key of the text's words, regardless of case, punctuation and spacing.

    Articles that have nothing else in common repeat short texts ("Read more", "Watch live"), so the key of a short text
    includes the title.
    """
    if not len(hashes):
        return None
    plain = (hashes >> np.uint32(2)).tobytes()
    if length < _SHORT_OF_FEW_WORDS and (len(hashes) < _FEW_WORDS or length < _SHORT_OF_MANY_WORDS):
        return _digest(b"short\0%b\0%b" % ((title >> np.uint32(2)).tobytes(), plain)) if len(title) else None
    return _digest(b"text\0" + plain)


def id_key(article_id: str) -> bytes:
    """The key of an article's id: shared by all versions if the sender gave the id, else of this version alone."""
    return _key("identity", "id", article_id)


def _key(*parts: str) -> bytes:
    return _digest(" ".join(parts).encode())


def _digest(what: bytes) -> bytes:
    return hashlib.blake2b(what, digest_size=KEY_BYTES).digest()
