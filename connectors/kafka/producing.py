"""What all writes to Kafka share: the producer's options, and a limit on the messages in flight."""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Mapping
from contextlib import suppress
from typing import Any

from kafka import KafkaProducer
from kafka.errors import KafkaConnectionError, KafkaError, KafkaTimeoutError

from claimwire.connectors.kafka.connection import CONNECTION_OPTIONS, checked_options
from claimwire.connectors.kafka.messages import Message

PRODUCER_OPTIONS = frozenset(
    KafkaProducer.DEFAULT_CONFIG.keys()
    - CONNECTION_OPTIONS
    - {"kafka_client", "key_serializer", "metric_reporters", "selector", "value_serializer", "transactional_id"}
    - {
        name
        for name in KafkaProducer.DEFAULT_CONFIG
        if name.startswith(("metrics_", "sasl_", "socket", "socks", "ssl_"))
    }
)
"""The options that a write accepts, by kafka-python's names."""

DEFAULTS: dict[str, Any] = {
    "enable_idempotence": True,  # set explicitly, so that options that rule it out are refused, not silently accepted
    "acks": "all",
    "linger_ms": 5,  # KIP-1030
    # The real limit is the topic's max.message.bytes, after compression; this one applies before compression.
    "max_request_size": 16 * 1024 * 1024,
    "allow_auto_create_topics": False,  # a misspelt name must not create a topic
    "metrics_enabled": False,
}
MAX_IN_FLIGHT_MESSAGES = 10_000
MAX_IN_FLIGHT_BYTES = 32 * 1024 * 1024
_CLOSE_S = 2
_GRACE_S = 3  # for kafka-python to fail messages that have reached their delivery timeout


def producer_options(config: Mapping[str, Any]) -> dict[str, Any]:
    """The options of a write, completed with the defaults. Raises BadConfig."""
    return {**DEFAULTS, **checked_options(config, PRODUCER_OPTIONS, "the producer's options")}


def delivery_timeout_s(options: Mapping[str, Any]) -> float:
    """The seconds within which a message is delivered or has failed."""
    milliseconds = options.get("delivery_timeout_ms", KafkaProducer.DEFAULT_CONFIG["delivery_timeout_ms"])
    return float(milliseconds) / 1000


def keep_requests(producer: KafkaProducer) -> KafkaProducer:
    """Make a transactional producer look for the next coordinator when the one that it knows is gone.

    kafka-python 3.0.12 drops a request if it cannot connect to the coordinator (``Sender._maybe_send_pending_request``
    expects False where ``await_ready`` raises), and its caller waits for an answer until the delivery timeout.
    """
    client, backoff_s = producer._sender._client, producer.config["retry_backoff_ms"] / 1000
    await_ready = client.await_ready

    def ready(node_id: Any, timeout_ms: float) -> bool:
        try:
            return bool(await_ready(node_id, timeout_ms=timeout_ms))
        except KafkaConnectionError:
            time.sleep(backoff_s)  # the others name the dead one as coordinator until they notice
            return False

    client.await_ready = ready
    return producer


class InFlight:
    """Limits the messages handed to a producer and not yet acknowledged, because kafka-python has no such limit.

    Args:
        producer: The producer; it may be shared.
        max_messages: Above this number, ``send`` waits for the oldest message.
        max_bytes: Above this size, ``send`` waits for the oldest message; a single larger message is sent alone.
        timeout_s: The producer's delivery timeout.
    """

    def __init__(self, producer: KafkaProducer, max_messages: int, max_bytes: int, timeout_s: float) -> None:
        self.producer = producer
        self.failures: dict[int, tuple[Message, Exception]] = {}
        """By position in the order of sending. The first entry failed first, and may be the reason why others
        failed."""
        self._max_messages = max_messages
        self._max_bytes = max_bytes
        self._timeout_s = timeout_s
        self._waiting: deque[tuple[int, Message, Any, int]] = deque()
        self._bytes = 0
        self._sent = 0
        self._given_up = False

    def send(self, message: Message, size: int) -> None:
        """Hand a message to the producer, after waiting for room.

        Args:
            message: The message.
            size: ``message.size``.

        Raises:
            KafkaError, ValueError, TypeError: The producer does not accept the message.
        """
        while self._waiting and (len(self._waiting) >= self._max_messages or self._bytes + size > self._max_bytes):
            self._settle_oldest()
        position = self._sent
        future = self.producer.send(
            message.topic,
            message.value,
            message.key,
            message.headers,
            message.partition,
            message.timestamp,
        )
        self._sent += 1
        self._bytes += size
        future.add_errback(self._failed, position, message)
        self._waiting.append((position, message, future, size))

    def fail(self, message: Message, error: Exception) -> None:
        """Record that the producer did not accept a message."""
        self._failed(self._sent, message, error)
        self._sent += 1

    def settle(self) -> None:
        """Wait until all messages are acknowledged or have failed; ``failures`` has those that failed."""
        if self._waiting and not self._given_up:
            try:
                self.producer.flush(self._timeout_s + _GRACE_S)  # sends at once, without lingering
            except KafkaTimeoutError:
                self._given_up = True
            except KafkaError:
                # It also fails for a batch that was too large although its halves are still in flight (kafka-python
                # 3.0.12, await_flush_completion). The future of each message has the real outcome.
                pass
        while self._waiting:
            self._settle_oldest()

    def _settle_oldest(self) -> None:
        position, message, future, size = self._waiting.popleft()
        self._bytes -= size
        if future.is_done and future.exception is None:  # the usual case; the code below is slow
            return
        try:
            future.get(0 if self._given_up else self._timeout_s + _GRACE_S)
        except KafkaError as error:
            # kafka-python expires no messages while it waits for a producer id or a coordinator.
            self._given_up = self._given_up or not future.is_done
            # A future is done before its errbacks are called, and one that is never done does not call them.
            self._failed(position, message, error)

    def _failed(self, position: int, message: Message, error: Exception) -> None:
        self.failures.setdefault(position, (message, error))


def close(producer: KafkaProducer) -> None:
    """Close a producer within seconds, whether its pending messages can be sent or not."""
    try:
        producer.close(timeout=_CLOSE_S)
    except KafkaError:
        # close() flushes first; if that fails, it leaves the thread and the connections open.
        producer._sender.force_close()
        with suppress(KafkaError):
            producer.close(timeout=_CLOSE_S)
