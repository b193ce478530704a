"""The dedupe transform of an unbounded pipeline: what was seen stands in Beam's keyed state, not in one index.

An article passes two states, one after the other, and gets one verdict. Under its own name (its URL, else its id
within the feed, else its id) it meets the earlier versions of itself: so it is new, a revision, or unchanged. What is
new then meets, under the hash of its words, the first article with the same words: so it may be a copy. The verdicts
are those of ``pipelines.dedupe.verdict`` for articles in the order of their arrival; near copies are not looked for.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import apache_beam as beam
import msgspec
from apache_beam.coders import BytesCoder
from apache_beam.transforms.timeutil import TimeDomain
from apache_beam.transforms.userstate import ReadModifyWriteStateSpec, TimerSpec, on_timer
from apache_beam.utils.timestamp import Timestamp

from pipelines.dedupe.fingerprint import Sketch, fingerprint
from pipelines.dedupe.index import Found, Seen
from pipelines.dedupe.transform import Judged
from pipelines.dedupe.verdict import judge
from schemas import Article, Duplicate

# Versions of one article that are told apart; one that changes more often has left these behind.
_MOST_KEYS = 256


class DeduplicateKeyed(beam.PTransform):  # type: ignore[misc]
    """Judges every article as it arrives.

    In: Article, unbounded. Out: Judged, one for each. Spreads over as many workers as there are keys.

    Args:
        remember: How long an article that is not seen again is remembered.
    """

    def __init__(self, remember: timedelta) -> None:
        super().__init__()
        self._remember = remember

    def expand(self, articles: beam.PCollection) -> beam.PCollection:
        return (
            articles
            | "UnderName" >> beam.Map(_under_name).with_output_types(tuple[bytes, Article])
            | "AsVersion" >> beam.ParDo(_AsVersion(self._remember)).with_output_types(Judged)
            | "UnderWords" >> beam.Map(_under_words).with_output_types(tuple[bytes, Judged])
            | "AsCopy" >> beam.ParDo(_AsCopy(self._remember)).with_output_types(Judged)
        )


def _under_name(article: Article) -> tuple[bytes, Article]:
    """The last of its names, which is the URL where it has one: every sender and feed gives it the same."""
    return fingerprint(article).identities[-1][1], article


def _under_words(judged: Judged) -> tuple[bytes, Judged]:
    print_ = fingerprint(judged.article)
    # What cannot be a copy of another article is alone under its own version.
    alone = print_.text is None or judged.outcome in ("unchanged", "copy")
    return print_.versions[0][1] if alone else print_.text or b"", judged


class _Remembering(beam.DoFn):  # type: ignore[misc]
    """State that is forgotten when its key was not seen for some time."""

    SEEN = ReadModifyWriteStateSpec("seen", BytesCoder())
    FORGET = TimerSpec("forget", TimeDomain.WATERMARK)

    def __init__(self, remember: timedelta) -> None:
        self._seconds = remember.total_seconds()

    @on_timer(FORGET)  # type: ignore[untyped-decorator]
    def forget(self, seen: Any = beam.DoFn.StateParam(SEEN)) -> None:  # noqa: B008
        seen.clear()


class _AsVersion(_Remembering):
    def process(
        self,
        keyed: tuple[bytes, Article],
        time: Timestamp = beam.DoFn.TimestampParam,
        seen: Any = beam.DoFn.StateParam(_Remembering.SEEN),  # noqa: B008
        forget: Any = beam.DoFn.TimerParam(_Remembering.FORGET),  # noqa: B008
    ) -> Iterator[Judged]:
        article = keyed[1]
        known = _decoder.decode(seen.read() or b"\x80")
        print_ = msgspec.structs.replace(fingerprint(article), text=None, grams=(), edges=())
        (verdict,) = judge([print_], _KeysOnly(known), datetime.now(UTC).replace(microsecond=0))
        for row in verdict.remember:
            known.update((key, row.seen) for key in row.keys)
        seen.write(msgspec.msgpack.encode(dict(list(known.items())[-_MOST_KEYS:])))
        forget.set(time + self._seconds)
        yield Judged(
            article=msgspec.structs.replace(article, revision_of=verdict.revision_of),
            order=print_.order,
            outcome=verdict.outcome,
            duplicate=verdict.duplicate,
            remember=verdict.remember,
        )


class _AsCopy(_Remembering):
    def process(
        self,
        keyed: tuple[bytes, Judged],
        time: Timestamp = beam.DoFn.TimestampParam,
        seen: Any = beam.DoFn.StateParam(_Remembering.SEEN),  # noqa: B008
        forget: Any = beam.DoFn.TimerParam(_Remembering.FORGET),  # noqa: B008
    ) -> Iterator[Judged]:
        key, judged = keyed
        if judged.outcome in ("unchanged", "copy") or key != fingerprint(judged.article).text:
            yield judged
            return
        forget.set(time + self._seconds)
        own = judged.remember[0].seen
        stored = seen.read()
        if not stored:
            seen.write(msgspec.msgpack.encode(own))
            yield judged
            return
        of = msgspec.msgpack.decode(stored, type=Seen)
        if of.identity == own.identity:  # an article is never a copy of itself
            yield judged
            return
        duplicate = Duplicate(of=of.article_id, kind="exact", method="text", score=1.0, first_seen_at=of.first_seen_at)
        yield msgspec.structs.replace(judged, outcome="copy", duplicate=duplicate)


class _KeysOnly:
    """The index (``pipelines.dedupe.index.Index``) of what is known under one name."""

    def __init__(self, keys: dict[bytes, Seen]) -> None:
        self._keys = keys

    def find(self, keys: Iterable[bytes], grams: Iterable[int], edges: Iterable[int]) -> Found:
        """What is remembered under those of the keys that are known."""
        return Found({key: self._keys[key] for key in keys if key in self._keys}, {}, {})

    def read(self, numbers: Iterable[int]) -> dict[int, tuple[Seen, Sketch]]:
        """Nothing: there are no grams that could lead to it."""
        return {}


_decoder = msgspec.msgpack.Decoder(dict[bytes, Seen])
