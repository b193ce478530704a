"""Third step: one worker judges all parts, one after the other, by the judge of a run.

What a verdict is depends on the verdicts before it: an article is compared with originals only, and what the others are
was decided before. So there is one judge, and it has no text: it reads the fingerprints that the workers who sorted
have made. Its index of what it has seen is on its disk. Each part's verdicts are written together with what they change
in the index, so that a start after a kill applies these changes, and goes on with the first part without.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime

import apache_beam as beam
import msgspec
import zstandard

from claimwire.pipelines.batch.plan import Part, Plan, Work
from claimwire.pipelines.batch.sorting import SORTED, slices_of
from claimwire.pipelines.batch.steps import Finish
from claimwire.pipelines.dedupe.fingerprint import Fingerprint
from claimwire.pipelines.dedupe.replica import Change, Replica
from claimwire.pipelines.dedupe.verdict import Verdict, judge

JUDGED = "judged"
_NEVER = datetime(1970, 1, 1, tzinfo=UTC)


class JudgedPart(msgspec.Struct, frozen=True, array_like=True):
    """The verdicts on the articles of a part, in their order, and what they change in the index."""

    verdicts: list[Verdict]
    """Without what is to be remembered."""
    change: Change

    def packed(self) -> bytes:
        """As it is stored."""
        return zstandard.compress(msgspec.msgpack.encode(self))

    @staticmethod
    def unpacked(data: bytes) -> JudgedPart:
        """What was stored."""
        return msgspec.msgpack.decode(zstandard.decompress(data), type=JudgedPart)


class Judge(beam.PTransform):  # type: ignore[misc]
    """Judges all parts; ``judged.jsonl`` is there when it is done."""

    def __init__(self, work: Work, plan: Plan) -> None:
        super().__init__()
        self._work = work
        self._plan = plan

    def expand(self, pipeline: beam.Pipeline) -> beam.PCollection:
        begin = pipeline | "Begin" >> beam.Create([None])
        return begin | beam.ParDo(_Judge(self._work, self._plan)) | Finish(self._work, JUDGED)


class _Judge(beam.DoFn):  # type: ignore[misc]
    def __init__(self, work: Work, plan: Plan) -> None:
        self._work = work
        self._now = plan.started_at

    def setup(self) -> None:
        self._work.sink.open()

    def process(self, _: None) -> Iterator[bytes]:
        replica, next_number = Replica(), 1
        for part in [part for each in slices_of(self._work) for part in each.parts]:
            if self._work.is_there(JUDGED, str(part)):
                change = JudgedPart.unpacked(self._work.read(JUDGED, str(part))).change
            else:
                change = self._judge(part, replica, next_number)
            replica.apply(change, b"")
            next_number += len(change.rows)
        yield b"{}"

    def _judge(self, part: Part, replica: Replica, next_number: int) -> Change:
        packed = self._work.read(SORTED, f"{part}.prints")
        prints = msgspec.msgpack.decode(zstandard.decompress(packed), type=list[Fingerprint])
        verdicts = judge(prints, replica.index, self._now)
        rows = replica.rows(verdicts, next_number, self._now)
        # An archive is remembered whole, as in a single run.
        change = Change(at=self._now, rows=rows, forget=_NEVER)
        bare = [msgspec.structs.replace(verdict, remember=()) for verdict in verdicts]
        self._work.write(JudgedPart(bare, change).packed(), JUDGED, str(part))
        return change
