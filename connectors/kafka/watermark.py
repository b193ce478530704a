"""The timestamps of records and the watermark of a partition: the timestamp policies of Beam's KafkaIO."""

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
"""How far the watermark of an idle partition stays behind our clock, as in KafkaIO, because the broker's may differ."""


class TimestampPolicy(NamedTuple):
    """Which timestamp a record gets, and what that implies for later records.

    ``ProcessingTime`` is our clock when the record is read. ``LogAppendTime`` is set by the broker and never goes back
    within a partition. ``CreateTime`` is set by the producer, and is at most ``max_delay_ms`` behind the latest seen.
    The watermark of a partition that has been read to its end follows our clock.
    """

    kind: Literal["ProcessingTime", "CreateTime", "LogAppendTime"]
    max_delay_ms: int = 0

    def timestamps(self, records: Sequence[KafkaRecord]) -> list[int]:
        """The timestamps of records in microseconds since the epoch, within Beam's range.

        Raises:
            ValueError: The policy is LogAppendTime and the topic does not have it (``message.timestamp.type``).
        """
        if self.kind == "ProcessingTime":
            return [time.time_ns() // 1000] * len(records)
        if self.kind == "LogAppendTime":
            for record in records:
                if record.timestamp_type != LOG_APPEND_TIME:
                    raise ValueError(
                        f"the topic {record.topic} does not have LogAppendTime; set its message.timestamp.type, or use "
                        "another timestamp policy"
                    )
        stamps = [record.timestamp * 1000 for record in records]
        if min(stamps) < 0 or max(stamps) > _LATEST:  # producers may set any timestamp
            unknown = NO_TIMESTAMP * 1000
            return [_EARLIEST if us == unknown else min(max(us, _EARLIEST), _LATEST) for us in stamps]
        return stamps

    def after(self, timestamps: Sequence[int]) -> int:
        """The watermark (microseconds) after records with these timestamps have been returned."""
        if self.kind == "ProcessingTime":
            return timestamps[-1]
        if self.kind == "LogAppendTime":
            return timestamps[-1]
        # A producer whose clock is ahead must not make the records of all others late.
        return min(max(timestamps), time.time_ns() // 1000) - self.max_delay_ms * 1000

    def when_idle(self, asked_ns: int) -> int:
        """The watermark (microseconds) of a partition that had been read to its end at ``asked_ns`` of our clock."""
        behind = {"ProcessingTime": 0, "CreateTime": self.max_delay_ms * 1000, "LogAppendTime": _CLOCKS_DIFFER_US}
        return asked_ns // 1000 - behind[self.kind]


class Watermark(WatermarkEstimator):  # type: ignore[misc]
    """A watermark that the reader advances and that never goes back; its state is in microseconds, None at first."""

    def __init__(self, state: int | None) -> None:
        self._micros = _EARLIEST if state is None else state

    def advance(self, micros: int) -> None:
        """Declare that no later record is expected to be older than this."""
        self._micros = min(max(self._micros, micros), _LATEST)

    def current_watermark(self) -> Timestamp:
        return Timestamp(micros=self._micros)

    def get_estimator_state(self) -> int:
        return self._micros

    def observe_timestamp(self, timestamp: Timestamp) -> None:
        """Called for every output; ignored, because the reader advances the watermark by its policy."""


class WatermarkProvider(WatermarkEstimatorProvider):  # type: ignore[misc]
    """Gives every range a ``Watermark``."""

    def initial_estimator_state(self, element: object, restriction: object) -> None:
        return None

    def create_watermark_estimator(self, estimator_state: int | None) -> Watermark:
        return Watermark(estimator_state)
