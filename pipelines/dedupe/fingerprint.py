"""What is compared when an article is judged: keys and a sketch made from it, and nothing of its text.

A fingerprint is a pure function of the article. Its keys tell what is equal. For what is only alike there are:

- the *sketch*: the text as codes of its words, two bytes each, by which two texts are compared to the word; of a text
  longer than ``LONGEST`` words a sample of its runs of words (the smallest hashes: Broder, 1997; Li & Church, 2007);
- its *grams*: the smallest hashes of its runs of four words. Two texts that have much in common have some of these in
  common, whichever of them is the shorter, so they are what the index is searched by. MinHash bands would find texts
  of about one length, and more than a third of the copies are abridged;
- its *edges*: the lines at which the standing text of an outlet is found (newsletter, copyright, about us), so that
  the judge can learn and take them out.
"""

from __future__ import annotations

import hashlib
import zlib
from collections.abc import Iterator, Set
from itertools import pairwise

import msgspec
import numpy as np

from claimwire.pipelines.dedupe.words import NUMBER, Codes, Hashes, codes, facts, grams, lines
from claimwire.schemas import Article

VERSION = 2
"""Changes whenever the same article gets other keys; an index of another version is not used."""

KEY_BYTES = 10
LONGEST = 1024
"""Words up to which a text is kept whole."""

_GRAM = 4
_FEWEST_GRAMS, _MOST_GRAMS, _WORDS_A_GRAM = 20, 48, 10
_SAMPLED = 384
_RUN = 5
_EDGE_FIRST, _EDGE_LAST = 2, 4
_EDGE_WORDS = range(4, 81)
# Characters; in scripts without spaces many words are few.
_SHORT_OF_FEW_WORDS, _SHORT_OF_MANY_WORDS = 140, 60
_FEW_WORDS = 20


class Sketch(msgspec.Struct, frozen=True, array_like=True):
    """What is remembered of a text to compare others with; stored as MessagePack."""

    published: int | None
    """Unix minutes; when it was updated where it is not known when it was published."""
    source: int | None
    """A hash of the outlet: of its domain, else of its feed."""
    title: bytes
    """The codes of its words."""
    title_numbers: bytes
    words: int
    codes: bytes
    """Of all words; empty for a text that is longer than ``LONGEST``, and for one without words."""
    facts: int
    """One number for all its numbers and names, to tell apart what codes cannot."""
    sample: bytes
    """Of a longer text: the smallest hashes (uint32, ascending) of its runs of five words."""


class Fingerprint(msgspec.Struct, frozen=True):
    """The keys and the sketch of one version of one article."""

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
    published: int | None
    source: int | None
    title: bytes
    """The hashes of its words."""
    hashes: bytes
    """Of all words of the text, however long."""
    grams: tuple[tuple[int, int], ...]
    """Each with the place where it first stands."""
    edges: tuple[tuple[int, int, int], ...]
    """Hash of the outlet and the line, and the words from and to which it reaches."""

    def all_keys(self) -> Iterator[bytes]:
        """All keys, which is what a judge wants to know of the index."""
        yield from (key for _, key in self.versions)
        yield from (key for _, key in self.identities)
        yield from (key for key in (self.url_in_feed, self.text) if key)

    @property
    def words(self) -> int:
        """How many the text has."""
        return len(self.hashes) // np.dtype(np.uint32).itemsize

    def codes(self) -> Codes:
        """Of all words of the text."""
        return codes(np.frombuffer(self.hashes, dtype=np.uint32))

    def without(self, boilerplate: Set[int]) -> tuple[Sketch, tuple[int, ...]]:
        """The sketch and the grams of what is left of the text when these edges are taken out."""
        hashes = np.frombuffer(self.hashes, dtype=np.uint32)
        out = [(begin, end) for edge, begin, end in self.edges if edge in boilerplate]
        if out:
            keep = np.ones(len(hashes), dtype=bool)
            for begin, end in out:
                keep[begin:end] = False
            hashes = hashes[keep]
        left = tuple(gram for gram, at in self.grams if not any(begin - _GRAM < at < end for begin, end in out))
        return self._sketch(hashes), left

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
    hashes, starts = lines(article.text)
    title, _ = lines(article.title or "")
    outlet = article.source.domain or feed
    time = article.published_at or article.updated_at
    return Fingerprint(
        article_id=article.id,
        order=order(article),
        identities=tuple((method, _key("identity", method, name)) for method, name in names),
        versions=tuple((method, _key("version", method, name, article.content_hash)) for method, name in names),
        url_in_feed=_key("url in feed", feed, article.canonical_url or "") if article.guid and feed else None,
        text=_text_key(len(article.text), title, hashes),
        published=int(time.timestamp() // 60) if time else None,
        source=zlib.crc32(outlet.encode()) if outlet else None,
        title=title.tobytes(),
        hashes=hashes.tobytes(),
        grams=_grams(codes(hashes)),
        edges=_edges(hashes, starts, outlet) if outlet else (),
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


def _grams(words: Codes) -> tuple[tuple[int, int], ...]:
    """The smallest hashes of four words in a row: twenty, or one for every ten words, up to 48."""
    hashed, at = np.unique(grams(words, _GRAM), return_index=True)
    count = min(_MOST_GRAMS, max(_FEWEST_GRAMS, len(hashed) // _WORDS_A_GRAM))
    # The smallest are chosen by all 64 bits, whose upper ones are then alike; the lower ones tell them apart.
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
    """The key of the words of the text, without case, punctuation and space.

    Short texts ("Read more", "Watch live") are repeated by articles that have nothing else in common, so with them
    the title must be equal too.
    """
    if not len(hashes):
        return None
    plain = (hashes >> np.uint32(2)).tobytes()
    if length < _SHORT_OF_FEW_WORDS and (len(hashes) < _FEW_WORDS or length < _SHORT_OF_MANY_WORDS):
        return _digest(b"short\0%b\0%b" % ((title >> np.uint32(2)).tobytes(), plain)) if len(title) else None
    return _digest(b"text\0" + plain)


def id_key(article_id: str) -> bytes:
    """The key of an article's id, which all its versions have if its sender gave it, and else this one alone."""
    return _key("identity", "id", article_id)


def _key(*parts: str) -> bytes:
    return _digest(" ".join(parts).encode())


def _digest(what: bytes) -> bytes:
    return hashlib.blake2b(what, digest_size=KEY_BYTES).digest()
