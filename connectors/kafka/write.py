"""Writing to Kafka from a Beam pipeline, with kafka-python.

Each message is written at least once, and exactly once if the runner retries no bundle. The producer is idempotent
(KIP-98), so its own retries write nothing twice, but a runner writes all messages of a failed bundle again.
"""

from __future__ import annotations

import pickle
import threading
import time
from collections.abc import Iterator, Mapping
from functools import partial
from typing import Any, Literal

import apache_beam as beam
from apache_beam.transforms.window import GlobalWindow, GlobalWindows
from apache_beam.utils.timestamp import Timestamp
from apache_beam.utils.windowed_value import WindowedValue
from kafka import KafkaProducer
from kafka.errors import IllegalStateError, KafkaError

from claimwire.connectors.deadletters import dead_letter
from claimwire.connectors.kafka.connection import Connection
from claimwire.connectors.kafka.errors import REFUSED, KafkaConnectorError, MessageRefused, explanation
from claimwire.connectors.kafka.messages import Message
from claimwire.connectors.kafka.producing import (
    MAX_IN_FLIGHT_BYTES,
    MAX_IN_FLIGHT_MESSAGES,
    InFlight,
    close,
    delivery_timeout_s,
    producer_options,
)
from claimwire.connectors.kafka.topics import KnownTopics, Topic, why_unwritten
from claimwire.schemas.codec import as_text
from claimwire.schemas.records import DeadLetter, Origin

Element = Message | tuple[bytes | None, bytes | None] | bytes

STAGE = "publish"
"""The stage of the dead letters."""

_DEFAULT_MAX_MESSAGE_BYTES = 1_048_588  # a broker's default
_BATCH_BYTES = 200  # more than what Kafka adds to one message
_FUTURE_MS = 1_800_000  # brokers take an hour by default (message.timestamp.after.max.ms)


class WriteToKafka(beam.PTransform):  # type: ignore[misc]
    """Writes messages to Kafka.

    Takes a PCollection of ``Message``; with ``topic`` also pairs of key and value (bytes or None), or values (bytes)
    without a key. Returns a PCollection of ``DeadLetter`` in the global window: one for each message that the broker
    will never accept. Its payload is the message's value, or the key of a tombstone. It is empty with
    ``refused="fail"``.

    At the end of a bundle all in-sync replicas have acknowledged all its messages. Transient errors are retried for
    ``delivery_timeout_ms`` (2 minutes by default); then the bundle fails. Within a bundle, messages with the same key
    are written in order.

    Args:
        producer_config: ``bootstrap_servers`` and other options of kafka-python's producer, by its names or Kafka's
            own: ``compression_type``, ``linger_ms``, ``batch_size``, ``partitioner``, ``acks`` ... It must not contain
            secrets.
        topic: The topic of elements that are not a ``Message``.
        config_file: A file of client options for the login (see ``Connection``), which the workers read.
        refused: What to do with messages that the broker will never accept (too large, or not valid): ``fail`` the
            bundle, or return a ``dead_letter``. If the user may not ask for a topic's limits (DescribeConfigs), other
            messages in flight may be written twice when one is refused.
        max_in_flight_messages: How many messages a worker thread sends before it waits for acknowledgements.
        max_in_flight_bytes: How many bytes a worker thread sends before it waits for acknowledgements. The option
            ``buffer_memory`` in ``producer_config`` sets the same.

    Raises:
        BadConfig: An option is not valid.

    While it runs, it raises NoSuchTopic, NotAuthorized, KafkaUnavailable or MessageRefused.
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
        if not messages.windowing.is_default():  # dead letters are emitted at the end of a bundle, which has no window
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
            self._settle()  # messages with the same key stay in order
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
            raise TypeError("WriteToKafka without a topic only takes Message, which names its topic; pass topic=")
        key, value = (None, element) if isinstance(element, bytes) else element
        return Message(self._topic, value, key)

    def _settle(self) -> None:
        """Wait for all messages sent. If one was refused and others failed with it, send each of them again, alone."""
        in_flight, self._in_flight = self._in_flight, None
        if in_flight is None:
            return
        in_flight.settle()
        if not in_flight.failures:
            return
        # A refused message breaks kafka-python's idempotent producer, for other messages and other threads too.
        self._producers.replace(in_flight.producer)
        failures = dict(sorted(in_flight.failures.items()))
        first, reason = next(iter(in_flight.failures.values()))
        # Another thread may have closed the producer because one of its messages was refused.
        if not (_is_refusal(reason) or isinstance(reason, IllegalStateError)):
            raise self._explained(reason, first.topic) from reason
        for message, _ in failures.values():
            self._send_alone(message)

    def _send_alone(self, message: Message) -> None:
        try:
            self._producers.send_alone(message, self._timeout_s)
        except (KafkaError, ValueError, TypeError) as error:
            if not _is_refusal(error):
                raise self._explained(error, message.topic) from error
            refused = MessageRefused(message, error)
            if not self._keep_refused:
                raise refused from error
            data = message.value if message.value is not None else message.key or b""
            self._letters.append(dead_letter(STAGE, refused, data, _origin(message)))

    def _explained(self, error: Exception, topic: str) -> KafkaConnectorError:
        why = partial(why_unwritten, self._connection, topic)
        return explanation(error, self._connection.brokers, "writing", topic, why)


def _is_refusal(error: Exception) -> bool:
    """Whether the message will never be accepted; kafka-python raises built-in errors for what it will not send."""
    return isinstance(error, (*REFUSED, ValueError, TypeError))


def _origin(message: Message) -> Origin:
    return Origin(
        topic=message.topic,
        partition=message.partition,
        key=None if message.key is None else as_text(message.key),
        headers=tuple((name, as_text(value)) for name, value in message.headers),
    )


def _may_be_refused(message: Message, size: int, topic: Topic) -> bool:
    """Whether to send a message alone, so that its refusal affects no other message."""
    return (
        size + _BATCH_BYTES > (topic.max_message_bytes or _DEFAULT_MAX_MESSAGE_BYTES)
        or (message.key is None and (topic.compacted or message.value is None))
        or (message.timestamp is not None and message.timestamp > time.time() * 1000 + _FUTURE_MS)
    )


class _Producers:
    """This process's producers for one configuration: one for all threads, and one for messages sent alone."""

    _all: dict[bytes, _Producers] = {}  # noqa: RUF012 - shared by the process
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
        """Close a broken producer; the next call of ``common`` opens another one."""
        with self._opening:
            if self._common is spoilt:
                self._common = None
        close(spoilt)

    def send_alone(self, message: Message, timeout_s: float) -> None:
        """Send a message while no other is in flight on its producer. Raises KafkaError, ValueError or TypeError."""
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
