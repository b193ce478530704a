"""Publishing passes to Kafka exactly once, for the driver of bounded runs.

The driver keeps a journal: the messages of a pass and its number are on disk before they are published and are
forgotten after. Each pass is one Kafka transaction of its messages, the offsets of what it was made from, and a
marker, which is the pass's number as the committed offset of a consumer group of our own. Whenever the driver or the
broker dies, the marker tells whether the transaction came about, so the driver publishes what its journal holds until
``last_published`` says that it is there, and no consumer with ``isolation.level=read_committed`` sees anything twice.

Rules: KIP-98 (transactions), KIP-447 (reading offsets that are stable), KIP-360 (recovery of producers).
"""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager, suppress
from types import TracebackType
from typing import Any, Protocol, Self

from kafka import KafkaAdminClient, KafkaProducer, OffsetAndMetadata, TopicPartition, errors

from claimwire.connectors.kafka.connection import Connection
from claimwire.connectors.kafka.errors import (
    REFUSED,
    Fenced,
    KafkaConnectorError,
    KafkaUnavailable,
    MessageRefused,
    NoSuchTopic,
    OutOfStep,
    explained,
    explanation,
)
from claimwire.connectors.kafka.messages import Message
from claimwire.connectors.kafka.producing import (
    MAX_IN_FLIGHT_BYTES,
    MAX_IN_FLIGHT_MESSAGES,
    InFlight,
    close,
    delivery_timeout_s,
    producer_options,
)
from claimwire.connectors.kafka.topics import KnownTopics

Offsets = Mapping[str, Mapping[tuple[str, int], int]]
"""By consumer group, by topic and partition: the offset of the next record to be read."""

_TRANSACTION_TIMEOUT_MS = 600_000  # brokers allow 15 minutes by default (transaction.max.timeout.ms)
_TRIES = 3
_COORDINATOR_S = 15
_ABORT_S = 3

_log = logging.getLogger(__name__)


class Publisher(Protocol):
    """What publishes passes; the two below differ in what a consumer sees after a crash."""

    def __enter__(self) -> Self: ...

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None: ...

    def last_published(self) -> int | None:
        """The number of the last pass that was published; None if none was, or if that is not known any more."""

    def check(self, number: int) -> None:
        """Raises OutOfStep if a later pass than this one was published."""

    def publish(self, number: int, messages: Iterable[Message], offsets: Offsets | None = None, name: str = "") -> bool:
        """Publish one pass."""


class _Marked:
    """A producer that can be lost and opened anew, and the marker beside what it publishes."""

    def __init__(
        self,
        connection: Connection,
        marker_group: str,
        marker_topic: str,
        options: dict[str, Any],
        max_in_flight_messages: int,
        max_in_flight_bytes: int,
    ) -> None:
        self.connection = connection
        self.marker_group = marker_group
        self.marker = TopicPartition(marker_topic, 0)
        self.timeout_s = delivery_timeout_s(options)
        self.last: int | None = None
        self.last_name = ""
        self._options = options
        self._limits = (max_in_flight_messages, max_in_flight_bytes)
        self._producer: KafkaProducer | None = None
        self._topics = KnownTopics(connection)

    def open(self, prepare: Callable[[KafkaProducer], None] = lambda _: None) -> KafkaProducer:
        """The producer; when it is a new one, prepared, and the marker read."""
        if self._producer is None:
            self._producer = self.connection.producer(**self._options)
            try:
                prepare(self._producer)
                self._read_marker()
            except BaseException:
                self.lose()
                raise
        return self._producer

    def lose(self) -> None:
        """Give the producer up: what it knows of itself and the broker may have come apart."""
        producer, self._producer = self._producer, None
        self._topics = KnownTopics(self.connection)
        if producer is not None:
            close(producer)

    def _read_marker(self) -> None:
        with explained(self.connection.brokers, "reading the marker", why=self.connection.why_unreachable):
            consumer = self.connection.consumer(
                group_id=self.marker_group,
                isolation_level="read_committed",  # only then are offsets of an open transaction waited for (KIP-447)
                enable_auto_commit=False,
            )
            try:
                marker = consumer.committed(self.marker, metadata=True, timeout_ms=self.timeout_s * 1000)
            finally:
                consumer.close(autocommit=False)
        self.published(None if marker is None else int(marker.offset), marker.metadata if marker else "")

    def published(self, number: int | None, name: str) -> None:
        """Note which pass was published last."""
        self.last, self.last_name = number, name

    def is_due(self, number: int, name: str = "") -> bool:
        """Whether a pass is still to be published. Raises OutOfStep."""
        if self.last is None or number > self.last:
            return True
        # A copy of the state may come to the number of a pass that another one has published: not the same pass.
        if number < self.last or (name and self.last_name and name != self.last_name):
            raise OutOfStep(
                f"{', '.join(self.connection.brokers)} has passes up to {self.last} of this state that it does not "
                f"know (it is at {number}): it was restored from an older copy, or a copy of it is in use; go on with "
                "the one that published them, or begin with a new one"
            )
        return False

    def committable(self, offsets: Offsets) -> dict[str, dict[TopicPartition, OffsetAndMetadata]]:
        """The offsets of topics that are there; the broker would not answer for others, and nobody needs them."""
        found: dict[str, dict[TopicPartition, OffsetAndMetadata]] = {}
        for group, positions in offsets.items():
            for (topic, partition), offset in positions.items():
                try:
                    self._topics.get(topic)
                except NoSuchTopic:
                    _log.warning("the topic %s is gone, so its offset is not committed for %s", topic, group)
                else:
                    found.setdefault(group, {})[TopicPartition(topic, partition)] = OffsetAndMetadata(offset, "")
        return found

    def send_all(self, producer: KafkaProducer, messages: Iterable[Message]) -> None:
        """Send them and wait until the broker has them all. Raises MessageRefused and what ``explanation`` makes."""
        in_flight = InFlight(producer, *self._limits, self.timeout_s)
        position = 0
        problem: Exception | None = None
        try:
            for position, message in enumerate(messages):  # noqa: B007 - used below
                self._topics.get(message.topic)  # kafka-python would ask for it for a minute
                in_flight.send(message, message.size)
                if in_flight.failures:
                    break
        except (errors.KafkaError, ValueError, TypeError) as error:
            problem = error
        in_flight.settle()
        for failed, (refused, reason) in in_flight.failures.items():
            if isinstance(reason, REFUSED):
                raise MessageRefused(refused, reason, failed)
        if isinstance(problem, (*REFUSED, ValueError, TypeError)):  # kafka-python itself will not have it
            raise MessageRefused(message, problem, position)
        problem = next((reason for _, reason in in_flight.failures.values()), problem)
        if problem is not None:
            topic = next((lost.topic for lost, _ in in_flight.failures.values()), message.topic)
            raise explanation(
                problem, self.connection.brokers, "writing", topic, self.connection.why_unreachable
            ) from problem


class TransactionalPublisher:
    """Publishes passes, each in one transaction: exactly once for consumers with ``isolation.level=read_committed``.

    A context manager. Nothing is connected before the first question or pass.

    Args:
        connection: Where.
        transactional_id: The same in every run with the same state, and in no other. Whoever begins with it later
            shuts out whoever had it before.
        marker_topic: A topic that is there; the marker is an offset of its partition 0 (no message). Deleting the topic
            deletes the marker.
        marker_group: The consumer group that holds the marker; by default, the transactional id. The broker forgets
            it when nothing was published for ``offsets.retention.minutes`` (7 days by default).
        producer_config: Options of the producer, by kafka-python's names or Kafka's. ``transaction_timeout_ms`` is
            10 minutes, if not given, and limits how long one pass may take to publish.
        max_in_flight_messages, max_in_flight_bytes: How much is in memory, sent and not acknowledged.

    Raises BadConfig.
    """

    def __init__(
        self,
        connection: Connection,
        transactional_id: str,
        marker_topic: str,
        *,
        marker_group: str | None = None,
        producer_config: Mapping[str, Any] | None = None,
        max_in_flight_messages: int = MAX_IN_FLIGHT_MESSAGES,
        max_in_flight_bytes: int = MAX_IN_FLIGHT_BYTES,
    ) -> None:
        options = {
            "transaction_timeout_ms": _TRANSACTION_TIMEOUT_MS,
            **producer_options(producer_config or {}),
            "transactional_id": transactional_id,
        }
        group = marker_group or transactional_id
        self._state = _Marked(connection, group, marker_topic, options, max_in_flight_messages, max_in_flight_bytes)
        self._fenced: Fenced | None = None

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self._state.lose()

    def last_published(self) -> int | None:
        """The number of the last pass that was published.

        The first time, it shuts out other runs with the same transactional id, and ends what the last one left: an
        open transaction is aborted, one that was being committed is committed. None, if no pass was ever published or
        the marker is gone; then only the driver can know, as by whether its state is new.

        Raises KafkaUnavailable, NotAuthorized, Fenced, BadConfig.
        """
        self._open()
        return self._state.last

    def check(self, number: int) -> None:
        """See that nobody else has published passes of this state, before a run does its work in vain.

        Raises OutOfStep if a later pass than ``number`` was published, and what ``last_published`` raises.
        """
        self._open()
        self._state.is_due(number)

    def publish(self, number: int, messages: Iterable[Message], offsets: Offsets | None = None, name: str = "") -> bool:
        """Publish one pass, all of it or nothing.

        Args:
            number: Of the pass; greater than that of every pass before.
            messages: Gone through again when the broker lost a transaction; an iterator cannot be, so it is tried once.
            offsets: To be committed for the consumer groups of the sources.
            name: Stands beside the number in the marker; no other pass has it, not even one of a copy of the state.

        Returns:
            False if the pass had been published already, and nothing was done.

        Raises:
            MessageRefused: the broker will never take one of the messages.
            KafkaUnavailable: no answer within the delivery timeout, and no broker there now. The pass may be published
                all the same; ``last_published`` tells, or a second ``publish``, which does nothing then.
            Fenced: another run has begun with the same transactional id. This publisher can do no more.
            OutOfStep: a later pass, or another one of this number, is published already.
            NoSuchTopic, NotAuthorized, BadConfig, KafkaConnectorError: as they say.
        """
        tries = 1 if isinstance(messages, Iterator) else _TRIES
        while True:
            tries -= 1
            producer = self._open()
            if not self._state.is_due(number, name):
                return False
            try:
                self._publish(producer, number, messages, offsets or {}, name)
            except Fenced as error:
                self._fenced = error
                self._state.lose()
                raise
            except KafkaConnectorError as error:
                self._give_up(producer)
                if not tries or not self._may_be_mended(error):
                    raise
                _log.warning("%s; publishing pass %d again", error, number)
            except BaseException:
                self._give_up(producer)
                raise
            else:
                self._state.published(number, name)
                return True

    def _may_be_mended(self, error: KafkaConnectorError) -> bool:
        """Whether a new producer may succeed where the one that met this error could not."""
        if isinstance(error, KafkaUnavailable):
            # The broker was away and is back: kafka-python 3.0.12 drops a request that it could not send to the
            # coordinator (Sender._maybe_send_pending_request) and then waits for its answer until the timeout.
            return self._state.connection.why_unreachable() is None
        # Errors of no other kind are of a transaction that the broker knows no more, as after its restart.
        return type(error) is KafkaConnectorError

    def _open(self) -> KafkaProducer:
        if self._fenced:
            raise self._fenced
        return self._state.open(self._initialize)

    def _initialize(self, producer: KafkaProducer) -> None:
        with self._explained("beginning transactions"):
            _within(self._state.timeout_s, producer.init_transactions)

    def _publish(
        self, producer: KafkaProducer, number: int, messages: Iterable[Message], offsets: Offsets, name: str
    ) -> None:
        state = self._state
        with self._explained("beginning a transaction"):
            producer.begin_transaction()
        state.send_all(producer, messages)
        marker = {state.marker: OffsetAndMetadata(number, name)}
        groups = state.committable(offsets)
        with self._explained("committing a transaction"):
            for group, positions in [*groups.items(), (state.marker_group, marker)]:
                _within(state.timeout_s, producer.send_offsets_to_transaction, positions, group)
            _within(state.timeout_s, producer.commit_transaction)

    def _give_up(self, producer: KafkaProducer) -> None:
        """Abort, so that consumers need not wait for the transaction's timeout; whether it works or not, begin anew."""
        with suppress(errors.KafkaError):
            _within(_ABORT_S, producer.abort_transaction)
        self._state.lose()

    @contextmanager
    def _explained(self, doing: str) -> Iterator[None]:
        connection = self._state.connection
        with explained(connection.brokers, doing, why=connection.why_unreachable):
            yield


class IdempotentPublisher:
    """Publishes passes without transactions: at least once; for brokers or ACLs that have no transactions.

    Used as ``TransactionalPublisher``, with the same arguments but ``group`` in place of the transactional id, and the
    same errors but Fenced: nobody is shut out. Messages are sent, then the offsets and the marker are committed.
    A pass that was broken off is published again whole, so consumers must know messages by their keys or ids.
    """

    def __init__(
        self,
        connection: Connection,
        group: str,
        marker_topic: str,
        *,
        producer_config: Mapping[str, Any] | None = None,
        max_in_flight_messages: int = MAX_IN_FLIGHT_MESSAGES,
        max_in_flight_bytes: int = MAX_IN_FLIGHT_BYTES,
    ) -> None:
        options = producer_options(producer_config or {})
        self._state = _Marked(connection, group, marker_topic, options, max_in_flight_messages, max_in_flight_bytes)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self._state.lose()

    def last_published(self) -> int | None:
        """The number of the last pass that was published whole; as of ``TransactionalPublisher``."""
        self._state.open()
        return self._state.last

    def check(self, number: int) -> None:
        """See that nobody else has published passes of this state; as of ``TransactionalPublisher``."""
        self._state.open()
        self._state.is_due(number)

    def publish(self, number: int, messages: Iterable[Message], offsets: Offsets | None = None, name: str = "") -> bool:
        """Publish one pass; arguments, result and errors as of ``TransactionalPublisher``."""
        state = self._state
        producer = state.open()
        if not state.is_due(number, name):
            return False
        try:
            state.send_all(producer, messages)
            marker = {state.marker: OffsetAndMetadata(number, name)}
            groups = state.committable(offsets or {})
            with state.connection.admin() as admin:
                for group, positions in [*groups.items(), (state.marker_group, marker)]:
                    _commit(state.connection, admin, group, positions)
        except BaseException:
            state.lose()
            raise
        state.published(number, name)
        return True


def commit_offsets(connection: Connection, group: str, offsets: Mapping[tuple[str, int], int]) -> None:
    """Commit, for a consumer group, the offset of the next record of each topic and partition.

    Raises KafkaUnavailable, NotAuthorized, and KafkaConnectorError where the group has consumers of its own.
    """
    positions = {
        TopicPartition(topic, partition): OffsetAndMetadata(offset, "")
        for (topic, partition), offset in offsets.items()
    }
    with connection.admin() as admin:
        _commit(connection, admin, group, positions)


def _commit(
    connection: Connection, admin: KafkaAdminClient, group: str, offsets: Mapping[TopicPartition, OffsetAndMetadata]
) -> None:
    with explained(connection.brokers, f"committing offsets of {group}", why=connection.why_unreachable):
        deadline = time.monotonic() + _COORDINATOR_S
        while True:
            try:
                for problem in admin.alter_group_offsets(group, offsets).values():
                    if problem is not errors.NoError:
                        raise problem()
                return
            except errors.RetriableError:
                # The admin client does not wait for a coordinator, and the first group of a new broker has none yet.
                if time.monotonic() > deadline:
                    raise
                time.sleep(0.2)


def _within(seconds: float, call: Callable[..., object], *arguments: object) -> None:
    """Call what kafka-python would wait for without end. Raises KafkaTimeoutError; the call is then left alone."""
    outcome: list[BaseException | None] = []

    def run() -> None:
        try:
            call(*arguments)
            outcome.append(None)
        except BaseException as error:
            outcome.append(error)

    thread = threading.Thread(target=run, daemon=True, name=f"kafka-{call.__name__}")
    thread.start()
    thread.join(seconds)
    if not outcome:
        raise errors.KafkaTimeoutError(f"no answer within {seconds:g} s")
    if outcome[0] is not None:
        raise outcome[0]
