"""The event time of records, and how far it has come in a partition: the timestamp policies of Beam's KafkaIO."""

from __future__ import annotations

import time
from collections.abc import Sequence
from typing import Literal, NamedTuple

from apache_beam.io.iobase import WatermarkEstimator
from apache_beam.transforms.core import WatermarkEstimatorProvider
from apache_beam.transforms.window import GlobalWindow
from apache_beam.utils.timestamp import MIN_TIMESTAMP, Timestamp

from claimwire.connectors.kafka.records import LOG_APPEND_TIME, NO_TIMESTAMP, KafkaRecord

_EARLIEST = MIN_TIMESTAMP.micros
_LATEST = GlobalWindow().max_timestamp().micros
_CLOCKS_DIFFER_US = 2_000_000
"""So far behind our clock the watermark of an idle partition stays, as in KafkaIO: the broker stamps by its own."""


class TimestampPolicy(NamedTuple):
    """Which time a record has, and what that tells of those to come.

    ``ProcessingTime``: that of our clock when it is read. ``LogAppendTime``: that of the broker, which never goes back
    within a partition. ``CreateTime``: that of the producer, no more than ``max_delay_ms`` behind the latest seen.
    A partition that has been read to its end follows our clock.
    """

    kind: Literal["ProcessingTime", "CreateTime", "LogAppendTime"]
    max_delay_ms: int = 0

    def timestamps(self, records: Sequence[KafkaRecord]) -> list[int]:
        """Microseconds since the epoch, one a record, within what Beam can express.

        Raises ValueError for LogAppendTime where the topic does not keep it (``message.timestamp.type``).
        """
        if self.kind == "ProcessingTime":
            return [time.time_ns() // 1000] * len(records)
        if self.kind == "LogAppendTime":
            for record in records:
                if record.timestamp_type != LOG_APPEND_TIME:
                    raise ValueError(
                        f"the topic {record.topic} does not keep LogAppendTime, see message.timestamp.type"
                    )
        stamps = [record.timestamp * 1000 for record in records]
        if min(stamps) < 0 or max(stamps) > _LATEST:  # producers write what they like
            unknown = NO_TIMESTAMP * 1000
            return [_EARLIEST if us == unknown else min(max(us, _EARLIEST), _LATEST) for us in stamps]
        return stamps

    def after(self, timestamps: Sequence[int]) -> int:
        """The watermark (microseconds) when records of these times have been given out."""
        if self.kind == "ProcessingTime":
            return timestamps[-1]
        if self.kind == "LogAppendTime":
            return timestamps[-1]
        # A producer's clock that is ahead must not make all others late.
        return min(max(timestamps), time.time_ns() // 1000) - self.max_delay_ms * 1000

    def when_idle(self, asked_ns: int) -> int:
        """The watermark of a partition of which all had been read at a time of our clock."""
        behind = {"ProcessingTime": 0, "CreateTime": self.max_delay_ms * 1000, "LogAppendTime": _CLOCKS_DIFFER_US}
        return asked_ns // 1000 - behind[self.kind]


class Watermark(WatermarkEstimator):  # type: ignore[misc]
    """Stands where the reader moves it, and never goes back; its state is in microseconds, None at the beginning."""

    def __init__(self, state: int | None) -> None:
        self._micros = _EARLIEST if state is None else state

    def advance(self, micros: int) -> None:
        """No record to come is older than this, as far as can be known."""
        self._micros = min(max(self._micros, micros), _LATEST)

    def current_watermark(self) -> Timestamp:
        return Timestamp(micros=self._micros)

    def get_estimator_state(self) -> int:
        return self._micros

    def observe_timestamp(self, timestamp: Timestamp) -> None:
        """Of every output; what it means depends on the policy, so the reader says it."""


class WatermarkProvider(WatermarkEstimatorProvider):  # type: ignore[misc]
    """Gives every range a ``Watermark``."""

    def initial_estimator_state(self, element: object, restriction: object) -> None:
        return None

    def create_watermark_estimator(self, estimator_state: int | None) -> Watermark:
        return Watermark(estimator_state)
