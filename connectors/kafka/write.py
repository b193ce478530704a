"""Writing to Kafka from a Beam pipeline, with kafka-python.

Each message is written at least once, and once where the runner does not try a bundle again: the producer is
idempotent (KIP-98), so its own retries write nothing twice, but a bundle that failed is written again whole.
"""

from __future__ import annotations

import pickle
import threading
import time
from collections.abc import Iterator, Mapping
from typing import Any, Literal

import apache_beam as beam
from apache_beam.transforms.window import GlobalWindow, GlobalWindows
from apache_beam.utils.timestamp import Timestamp
from apache_beam.utils.windowed_value import WindowedValue
from kafka import KafkaProducer
from kafka.errors import IllegalStateError, KafkaError

from claimwire.connectors.deadletters import dead_letter
from claimwire.connectors.kafka.connection import Connection
from claimwire.connectors.kafka.errors import REFUSED, MessageRefused, explanation
from claimwire.connectors.kafka.messages import Message
from claimwire.connectors.kafka.producing import (
    MAX_IN_FLIGHT_BYTES,
    MAX_IN_FLIGHT_MESSAGES,
    InFlight,
    close,
    delivery_timeout_s,
    producer_options,
)
from claimwire.connectors.kafka.topics import KnownTopics, Topic
from claimwire.schemas.codec import as_text
from claimwire.schemas.records import DeadLetter, Origin

Element = Message | tuple[bytes | None, bytes | None] | bytes

STAGE = "publish"
"""Of the dead letters."""

_DEFAULT_MAX_MESSAGE_BYTES = 1_048_588  # of a broker
_BATCH_BYTES = 200  # more than what Kafka adds to one message
_FUTURE_MS = 1_800_000  # brokers take an hour by default (message.timestamp.after.max.ms)


class WriteToKafka(beam.PTransform):  # type: ignore[misc]
    """Writes messages to Kafka.

    In: ``Message``, or with ``topic`` also pairs of key and value (bytes or None), or values (bytes) without a key.
    Out: a ``DeadLetter`` for each message that the broker will never take, in the global window; its payload is the
    message's value (of a tombstone, the key). None come with ``refused="fail"``.

    At the end of a bundle all of its messages are acknowledged by all in-sync replicas. Errors that may pass are tried
    again until ``delivery_timeout_ms`` (2 minutes by default) is over, and then fail the bundle. Of one key, messages
    of a bundle are written in their order.

    Args:
        producer_config: ``bootstrap_servers`` and more options of kafka-python's producer, by its names or Kafka's own:
            ``compression_type``, ``linger_ms``, ``batch_size``, ``partitioner``, ``acks`` ... Secrets are refused here.
        topic: Of elements that are no ``Message``.
        config_file: A file of client options for the login, as of ``Connection``; read by the workers.
        refused: What becomes of messages that the broker will never take (too large, or invalid): ``fail`` the bundle,
            or come out as a ``dead_letter``. Where a broker does not say what it takes (DescribeConfigs), others on
            their way at the same time may then be written twice.
        max_in_flight_messages, max_in_flight_bytes: How much one thread of a worker has sent without acknowledgement
            before it waits. ``buffer_memory`` in ``producer_config`` means the latter.

    Raises BadConfig; and while it runs NoSuchTopic, NotAuthorized, KafkaUnavailable, MessageRefused.
    """

    def __init__(
        self,
        producer_config: Mapping[str, Any],
        topic: str | None = None,
        *,
        config_file: str | None = None,
        refused: Literal["fail", "dead_letter"] = "fail",
        max_in_flight_messages: int = MAX_IN_FLIGHT_MESSAGES,
        max_in_flight_bytes: int = MAX_IN_FLIGHT_BYTES,
    ) -> None:
        super().__init__()
        connection, rest = Connection.given(producer_config, config_file)
        max_in_flight_bytes = int(rest.pop("buffer_memory", max_in_flight_bytes))
        self._write = _Write(
            connection,
            producer_options(rest),
            topic,
            refused == "dead_letter",
            max_in_flight_messages,
            max_in_flight_bytes,
        )

    def expand(self, messages: beam.PCollection) -> beam.PCollection:
        if not messages.windowing.is_default():  # dead letters leave at the end of a bundle, which has no window
            messages = messages | "Unwindow" >> beam.WindowInto(GlobalWindows())
        return messages | "Write" >> beam.ParDo(self._write).with_output_types(DeadLetter)


class _Write(beam.DoFn):  # type: ignore[misc]
    def __init__(
        self,
        connection: Connection,
        options: dict[str, Any],
        topic: str | None,
        keep_refused: bool,
        max_messages: int,
        max_bytes: int,
    ) -> None:
        self._connection = connection
        self._options = options
        self._topic = topic
        self._keep_refused = keep_refused
        self._limits = (max_messages, max_bytes)
        self._timeout_s = delivery_timeout_s(options)

    def setup(self) -> None:
        self._producers = _Producers.shared(self._connection, self._options)

    def teardown(self) -> None:
        self._producers.release()

    def start_bundle(self) -> None:
        self._in_flight: InFlight | None = None
        self._letters: list[DeadLetter] = []

    def process(self, element: Element) -> None:
        message = element if isinstance(element, Message) else self._message(element)
        size = message.size
        if _may_be_refused(message, size, self._producers.topics.get(message.topic)):
            self._settle()  # those before it, because of one key they stay in their order
            self._send_alone(message)
            return
        if self._in_flight is None:
            self._in_flight = InFlight(self._producers.common(), *self._limits, self._timeout_s)
        try:
            self._in_flight.send(message, size)
        except (KafkaError, ValueError, TypeError) as error:
            self._in_flight.fail(message, error)
        if self._in_flight.failures:
            self._settle()

    def finish_bundle(self) -> Iterator[WindowedValue]:
        self._settle()
        for letter in self._letters:
            yield WindowedValue(letter, Timestamp.now(), [GlobalWindow()])
        self._letters = []

    def _message(self, element: tuple[bytes | None, bytes | None] | bytes) -> Message:
        if self._topic is None:
            raise TypeError("without a topic, WriteToKafka takes Messages only, which name theirs")
        key, value = (None, element) if isinstance(element, bytes) else element
        return Message(self._topic, value, key)

    def _settle(self) -> None:
        """Wait for all that were sent; try again alone what failed because another one was refused."""
        in_flight, self._in_flight = self._in_flight, None
        if in_flight is None:
            return
        in_flight.settle()
        if not in_flight.failures:
            return
        # A refused message spoils kafka-python's idempotent producer, for other messages and for other threads too.
        self._producers.replace(in_flight.producer)
        failures = dict(sorted(in_flight.failures.items()))
        first, reason = next(iter(in_flight.failures.values()))
        # Another thread may have closed the producer, because it had a message refused.
        if not (_is_refusal(reason) or isinstance(reason, IllegalStateError)):
            raise explanation(
                reason, self._connection.brokers, "writing", first.topic, self._connection.why_unreachable
            ) from reason
        for message, _ in failures.values():
            self._send_alone(message)

    def _send_alone(self, message: Message) -> None:
        try:
            self._producers.send_alone(message, self._timeout_s)
        except (KafkaError, ValueError, TypeError) as error:
            if not _is_refusal(error):
                raise explanation(
                    error, self._connection.brokers, "writing", message.topic, self._connection.why_unreachable
                ) from error
            refused = MessageRefused(message, error)
            if not self._keep_refused:
                raise refused from error
            data = message.value if message.value is not None else message.key or b""
            self._letters.append(dead_letter(STAGE, refused, data, _origin(message)))


def _is_refusal(error: Exception) -> bool:
    """kafka-python has errors of Python's own for what it will not send."""
    return isinstance(error, (*REFUSED, ValueError, TypeError))


def _origin(message: Message) -> Origin:
    return Origin(
        topic=message.topic,
        partition=message.partition,
        key=None if message.key is None else as_text(message.key),
        headers=tuple((name, as_text(value)) for name, value in message.headers),
    )


def _may_be_refused(message: Message, size: int, topic: Topic) -> bool:
    """Whether it is worth sending alone, so that a refusal is its own."""
    return (
        size + _BATCH_BYTES > (topic.max_message_bytes or _DEFAULT_MAX_MESSAGE_BYTES)
        or (message.key is None and (topic.compacted or message.value is None))
        or (message.timestamp is not None and message.timestamp > time.time() * 1000 + _FUTURE_MS)
    )


class _Producers:
    """The producers of this process for one configuration: one for all threads, and one for messages sent alone."""

    _all: dict[bytes, _Producers] = {}  # noqa: RUF012 - of the process
    _lock = threading.Lock()

    def __init__(self, identity: bytes, connection: Connection, options: dict[str, Any]) -> None:
        self.topics = KnownTopics(connection)
        self._identity = identity
        self._connection = connection
        self._options = options
        self._users = 0
        self._opening = threading.Lock()
        self._common: KafkaProducer | None = None
        self._sending_alone = threading.Lock()
        self._alone: KafkaProducer | None = None

    @classmethod
    def shared(cls, connection: Connection, options: dict[str, Any]) -> _Producers:
        identity = pickle.dumps((connection, sorted(options.items())))
        with cls._lock:
            producers = cls._all.setdefault(identity, cls(identity, connection, options))
            producers._users += 1
            return producers

    def release(self) -> None:
        with self._lock:
            self._users -= 1
            if self._users:
                return
            del self._all[self._identity]
        for producer in filter(None, (self._common, self._alone)):
            close(producer)

    def common(self) -> KafkaProducer:
        with self._opening:
            if self._common is None:
                self._common = self._connection.producer(**self._options)
            return self._common

    def replace(self, spoilt: KafkaProducer) -> None:
        """Let nobody use a producer any more."""
        with self._opening:
            if self._common is spoilt:
                self._common = None
        close(spoilt)

    def send_alone(self, message: Message, timeout_s: float) -> None:
        """Send one message while no other is on its way through the same producer. Raises KafkaError, ValueError."""
        with self._sending_alone:
            if self._alone is None:
                self._alone = self._connection.producer(**self._options)
            in_flight = InFlight(self._alone, 1, 0, timeout_s)
            try:
                in_flight.send(message, message.size)
                in_flight.settle()
                for _, reason in in_flight.failures.values():
                    raise reason
            except BaseException:
                close(self._alone)
                self._alone = None
                raise
