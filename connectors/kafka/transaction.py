"""Publishing passes to Kafka exactly once, for the driver of bounded runs.

The driver keeps a journal: it writes the messages of a pass and its number to disk before publishing them, and removes
them afterwards. Each pass is one Kafka transaction: its messages, the offsets of its sources, and a marker. The marker
is the number of the pass, stored as the committed offset of a consumer group of our own. Whenever the driver or the
broker dies, the marker shows whether the transaction was committed. So the driver publishes what its journal holds
until ``last_published`` confirms it, and no consumer with ``isolation.level=read_committed`` sees anything twice.

Sources: KIP-98 (transactions), KIP-447 (reading stable offsets), KIP-360 (recovery of producers).
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager, suppress
from functools import partial
from types import TracebackType
from typing import Any, Protocol, Self

from kafka import KafkaProducer, OffsetAndMetadata, TopicPartition, errors

from claimwire.connectors.kafka.asking import ask
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
    keep_requests,
    producer_options,
)
from claimwire.connectors.kafka.topics import KnownTopics, why_unwritten

Offsets = Mapping[str, Mapping[tuple[str, int], int]]
"""By consumer group, then by topic and partition: the offset of the next record to read."""

_TRANSACTION_TIMEOUT_MS = 600_000  # brokers allow 15 minutes by default (transaction.max.timeout.ms)
_TRIES = 3
_ABORT_S = 3

_log = logging.getLogger(__name__)


class Publisher(Protocol):
    """Publishes passes. The two implementations differ in what a consumer sees after a crash."""

    def __enter__(self) -> Self: ...

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None: ...

    def last_published(self) -> int | None:
        """The number of the last published pass; None if there is none or it is no longer known."""

    def check(self, number: int) -> None:
        """Raises OutOfStep if a pass after this one has been published."""

    def publish(self, number: int, messages: Iterable[Message], offsets: Offsets | None = None, name: str = "") -> bool:
        """Publish a pass; False if it had been published already."""


class _Marked:
    """A producer that can be discarded and reopened, and the marker of what it published."""

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
        """The producer. If it is newly opened, ``prepare`` is called with it and the marker is read."""
        if self._producer is None:
            self._producer = keep_requests(self.connection.producer(**self._options))
            try:
                prepare(self._producer)
                self._read_marker()
            except BaseException:
                self.lose()
                raise
        return self._producer

    def lose(self) -> None:
        """Discard the producer, because its own state and the broker's may differ."""
        producer, self._producer = self._producer, None
        self._topics = KnownTopics(self.connection)
        if producer is not None:
            close(producer)

    def _read_marker(self) -> None:
        with explained(self.connection.brokers, "reading the marker", why=self.connection.why_unreachable):
            consumer = self.connection.consumer(
                group_id=self.marker_group,
                isolation_level="read_committed",  # only then does the read wait for an open transaction (KIP-447)
                enable_auto_commit=False,
            )
            try:
                marker = consumer.committed(self.marker, metadata=True, timeout_ms=self.timeout_s * 1000)
            finally:
                consumer.close(autocommit=False)
        self.published(None if marker is None else int(marker.offset), marker.metadata if marker else "")

    def published(self, number: int | None, name: str) -> None:
        """Record which pass was published last."""
        self.last, self.last_name = number, name

    def is_due(self, number: int, name: str = "") -> bool:
        """Whether a pass has still to be published. Raises OutOfStep."""
        if self.last is None or number > self.last:
            return True
        # A copy of the state may reach the number of a pass that the other copy has published; it is another pass.
        if number < self.last or (name and self.last_name and name != self.last_name):
            raise OutOfStep(
                f"{', '.join(self.connection.brokers)} has passes up to {self.last} that this state does not know (it "
                f"is at {number}): it was restored from an older copy, or a copy of it is in use; continue with the "
                "state that published them, or start with a new one"
            )
        return False

    def committable(self, offsets: Offsets) -> dict[str, dict[TopicPartition, OffsetAndMetadata]]:
        """The offsets of existing topics; the broker would not answer for others, and their offsets are not needed."""
        found: dict[str, dict[TopicPartition, OffsetAndMetadata]] = {}
        for group, positions in offsets.items():
            for (topic, partition), offset in positions.items():
                try:
                    self._topics.get(topic)
                except NoSuchTopic:
                    _log.warning("the topic %s no longer exists, so its offset is not committed for %s", topic, group)
                else:
                    found.setdefault(group, {})[TopicPartition(topic, partition)] = OffsetAndMetadata(offset, "")
        return found

    def send_all(self, producer: KafkaProducer, messages: Iterable[Message]) -> None:
        """Send messages and wait until all are acknowledged. Raises MessageRefused or another KafkaConnectorError."""
        in_flight = InFlight(producer, *self._limits, self.timeout_s)
        position = 0
        problem: Exception | None = None
        try:
            for position, message in enumerate(messages):  # noqa: B007 - used below
                self._topics.get(message.topic)  # kafka-python would look for a missing topic for a minute
                in_flight.send(message, message.size)
                if in_flight.failures:
                    break
        except (errors.KafkaError, ValueError, TypeError) as error:
            problem = error
        in_flight.settle()
        for failed, (refused, reason) in in_flight.failures.items():
            if isinstance(reason, REFUSED):
                raise MessageRefused(refused, reason, failed)
        if isinstance(problem, (*REFUSED, ValueError, TypeError)):  # kafka-python itself refused it
            raise MessageRefused(message, problem, position)
        problem = next((reason for _, reason in in_flight.failures.values()), problem)
        if problem is not None:
            topic = next((lost.topic for lost, _ in in_flight.failures.values()), message.topic)
            why = partial(why_unwritten, self.connection, topic)
            raise explanation(problem, self.connection.brokers, "writing", topic, why) from problem


class TransactionalPublisher:
    """Publishes passes, each in one transaction: exactly once for consumers with ``isolation.level=read_committed``.

    Use it as a context manager. It connects at the first call.

    Args:
        connection: The cluster and the login.
        transactional_id: The same in every run with the same state, and in no other run. A publisher fences any
            earlier one with the same id.
        marker_topic: An existing topic. The marker is an offset of its partition 0, not a message. Deleting the topic
            deletes the marker.
        marker_group: The consumer group that holds the marker; by default, the transactional id. The broker deletes
            it if nothing is published for ``offsets.retention.minutes`` (7 days by default).
        producer_config: Options of the producer, by kafka-python's names or Kafka's. ``transaction_timeout_ms`` is
            10 minutes by default; it limits how long publishing a pass may take.
        max_in_flight_messages: The most messages sent and not yet acknowledged.
        max_in_flight_bytes: The most bytes sent and not yet acknowledged.

    Raises:
        BadConfig: An option is not valid.
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
        """The number of the last published pass.

        The first call fences other runs with the same transactional id and finishes the last one's transaction: an open
        one is aborted, one that was being committed is committed.

        Returns:
            None if no pass was ever published or the marker was deleted. The driver must tell these apart, e.g. by
            whether its state is new.

        Raises:
            KafkaUnavailable, NotAuthorized, Fenced, BadConfig: As their names say.
        """
        self._open()
        return self._state.last

    def check(self, number: int) -> None:
        """Check that no other run has published passes of this state, before a run does its work in vain.

        Raises:
            OutOfStep: A pass after ``number`` has been published.
            KafkaUnavailable, NotAuthorized, Fenced, BadConfig: As in ``last_published``.
        """
        self._open()
        self._state.is_due(number)

    def publish(self, number: int, messages: Iterable[Message], offsets: Offsets | None = None, name: str = "") -> bool:
        """Publish a pass, all of it or nothing.

        Args:
            number: The number of the pass; greater than those of all earlier passes.
            messages: Iterated again if the broker loses a transaction. An iterator can only be consumed once, so it is
                not retried.
            offsets: The offsets to commit for the consumer groups of the sources.
            name: Stored in the marker with the number; unique to the pass, even among copies of the state.

        Returns:
            False if the pass had already been published, and nothing was done.

        Raises:
            MessageRefused: The broker will never accept one of the messages.
            KafkaUnavailable: There was no answer within the delivery timeout, and no broker is reachable now. The pass
                may have been published; ``last_published`` shows it, or a second ``publish``, which then does nothing.
            Fenced: Another run has started with the same transactional id. This publisher cannot be used any more.
            OutOfStep: A later pass, or another one with this number, has been published.
            NoSuchTopic, NotAuthorized, BadConfig, KafkaConnectorError: As their names say.
        """
        tries = 1 if isinstance(messages, Iterator) else _TRIES
        last: KafkaConnectorError | None = None
        while True:
            tries -= 1
            try:
                producer = self._open()
            except KafkaUnavailable as error:
                # The broker cannot end the transaction of the last try either, and the error of that tells more.
                raise last or error from error
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
                if not tries or not self._worth_retrying(error):
                    raise
                _log.warning("%s; publishing pass %d again", error, number)
                last = error
            except BaseException:
                self._give_up(producer)
                raise
            else:
                self._state.published(number, name)
                return True

    def _worth_retrying(self, error: KafkaConnectorError) -> bool:
        """Whether a new producer may succeed after this error."""
        if isinstance(error, KafkaUnavailable):
            # The broker was down and is back: kafka-python 3.0.12 drops a request that it could not send to the
            # coordinator (Sender._maybe_send_pending_request), and then waits for the answer until the timeout.
            connection = self._state.connection
            return len(connection.unreachable()) < len(connection.brokers)
        # The base class means that the broker no longer knows the transaction, e.g. after a restart.
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
        """Try to abort, so that consumers need not wait for the transaction to time out, and discard the producer."""
        with suppress(errors.KafkaError):
            _within(_ABORT_S, producer.abort_transaction)
        self._state.lose()

    @contextmanager
    def _explained(self, doing: str) -> Iterator[None]:
        connection = self._state.connection
        with explained(connection.brokers, doing, why=connection.why_unreachable):
            yield


class IdempotentPublisher:
    """Publishes passes at least once, without transactions, for brokers or ACLs that do not allow them.

    It is used like ``TransactionalPublisher`` and takes the same arguments, with ``group`` instead of the transactional
    id. It raises the same errors except Fenced, because it fences no other run. It sends the messages, then commits the
    offsets and the marker. An interrupted pass is published again as a whole, so consumers must recognise repeated
    messages by their keys or ids.
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
        """The number of the last pass that was published completely; see ``TransactionalPublisher``."""
        self._state.open()
        return self._state.last

    def check(self, number: int) -> None:
        """Check that no other run has published passes of this state; see ``TransactionalPublisher``."""
        self._state.open()
        self._state.is_due(number)

    def publish(self, number: int, messages: Iterable[Message], offsets: Offsets | None = None, name: str = "") -> bool:
        """Publish a pass; for arguments, result and errors see ``TransactionalPublisher``."""
        state = self._state
        producer = state.open()
        if not state.is_due(number, name):
            return False
        try:
            state.send_all(producer, messages)
            marker = {state.marker: OffsetAndMetadata(number, name)}
            groups = state.committable(offsets or {})
            for group, positions in [*groups.items(), (state.marker_group, marker)]:
                _commit(state.connection, group, positions)
        except BaseException:
            state.lose()
            raise
        state.published(number, name)
        return True


def commit_offsets(connection: Connection, group: str, offsets: Mapping[tuple[str, int], int]) -> None:
    """Commit offsets for a consumer group: by topic and partition, the offset of the next record to read.

    Raises:
        KafkaUnavailable, NotAuthorized: As their names say.
        KafkaConnectorError: The group has active consumers.
    """
    positions = {
        TopicPartition(topic, partition): OffsetAndMetadata(offset, "")
        for (topic, partition), offset in offsets.items()
    }
    _commit(connection, group, positions)


def _commit(connection: Connection, group: str, offsets: Mapping[TopicPartition, OffsetAndMetadata]) -> None:
    def commit() -> None:
        # A client of its own for each try, because it never asks again who coordinates a group.
        with connection.admin() as admin:
            for problem in admin.alter_group_offsets(group, offsets).values():
                if problem is not errors.NoError:
                    raise problem()

    with explained(connection.brokers, f"committing offsets of {group}", why=connection.why_unreachable):
        ask(commit)  # a new broker has no coordinator before its first group


def _within(seconds: float, call: Callable[..., object], *arguments: object) -> None:
    """Run a call that kafka-python may wait for forever. Raises KafkaTimeoutError; the call then keeps running."""
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
