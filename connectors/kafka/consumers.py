"""The consumers of a worker process: created once per configuration, reused, and closed when no longer needed."""

from __future__ import annotations

import threading
import time
import uuid
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from typing import Any, NamedTuple

from kafka import KafkaConsumer, OffsetAndMetadata, TopicPartition

from claimwire.connectors.kafka.batches import guard

ConsumerConfig = Mapping[str, Any] | Callable[[], Mapping[str, Any]]
"""Options of ``kafka.KafkaConsumer``, or a picklable function that returns them. The function is called on the worker,
so that secrets in the worker's environment need not be part of the pipeline."""

_OURS = {
    "enable_auto_commit": "offsets are committed when a bundle is finalized (commit_offset_in_finalize)",
    "key_deserializer": "keys are returned as bytes",
    "value_deserializer": "values are returned as bytes",
    "isolation_level": "pass it as a parameter",
    "bootstrap_servers": "pass it as a parameter",
    "consumer_timeout_ms": "it only affects the consumer's iterator, which is not used",
}
_IDLE = 16
"""The most idle consumers kept open; each has a connection and a thread."""


class Consumers:
    """Creates and keeps consumers with one configuration, for all threads of this process.

    It can be pickled, without the consumers. Its repr does not show the configuration, which may contain passwords.
    """

    def __init__(
        self,
        bootstrap_servers: str | Sequence[str],
        consumer_config: ConsumerConfig | None = None,
        isolation_level: str = "read_committed",
    ) -> None:
        """Check the configuration; nothing is connected yet.

        Args:
            bootstrap_servers: ``host:port``; several as a list or separated by commas.
            consumer_config: Options of ``kafka.KafkaConsumer`` by its names.
            isolation_level: ``read_committed`` or ``read_uncommitted``.

        Raises:
            ValueError: An option is not valid, or one that this class sets itself.
        """
        if isinstance(bootstrap_servers, str):
            bootstrap_servers = [server.strip() for server in bootstrap_servers.split(",") if server.strip()]
        if not bootstrap_servers:
            raise ValueError("bootstrap_servers is empty; set it to host:port")
        if isolation_level not in ("read_committed", "read_uncommitted"):
            raise ValueError(f"isolation_level must be read_committed or read_uncommitted, not {isolation_level!r}")
        self._servers = list(bootstrap_servers)
        self._config = consumer_config if callable(consumer_config) else dict(consumer_config or {})
        self._isolation_level = isolation_level
        self._id = uuid.uuid4().hex  # copies that Beam makes by pickling share their consumers
        if not callable(self._config):
            _check(self._config)

    def __repr__(self) -> str:
        return f"Consumers({','.join(self._servers)})"

    @property
    def group(self) -> str | None:
        """The consumer group whose offsets are read and committed: ``group_id`` of the configuration."""
        return self._resolved().get("group_id")

    @property
    def default_reset(self) -> str:
        """Where a group without a committed offset starts: ``auto_offset_reset`` of the configuration, or earliest."""
        return str(self._resolved().get("auto_offset_reset", "earliest"))

    def open(self) -> None:
        """Start keeping consumers. Each call needs a matching ``close``."""
        with _lock:
            self._pool().users += 1

    def close(self) -> None:
        """Undo one ``open``; the last call closes all idle consumers."""
        with _lock:
            pool = self._pool()
            pool.users -= 1
            if pool.users > 0:
                return
            unneeded, pool.idle = pool.idle, []
            del _pools[self._id]
        for held in unneeded:
            _close(held.consumer)

    @contextmanager
    def consumer(self, partition: TopicPartition | None = None, offset: int = 0) -> Iterator[KafkaConsumer]:
        """A consumer for this thread only, without a group; positioned at ``offset`` of ``partition``, if given.

        The consumer that last read this partition is preferred, because it still holds the records fetched ahead.
        """
        held = self._take(partition)
        try:
            if partition and held.partition != partition:
                held.consumer.assign([partition])
                held.consumer.seek(partition, offset)
                held = _Held(held.consumer, partition)
            elif partition and held.consumer.position(partition) != offset:
                held.consumer.seek(partition, offset)
            yield held.consumer
        except BaseException:
            _close(held.consumer)  # its state is unknown
            raise
        self._give_back(held)

    def ends(self, partitions: Sequence[TopicPartition], at_most_s: float = 5) -> dict[TopicPartition, int]:
        """The end offsets of partitions, at most ``at_most_s`` seconds old."""
        known = self._pool().ends
        now = time.monotonic()
        missing = [each for each in partitions if each not in known or now - known[each][1] > at_most_s]
        if missing:
            with self.consumer() as consumer:
                for partition, end in consumer.end_offsets(missing).items():
                    self.saw_end(partition, end)
        return {partition: known[partition][0] for partition in partitions}

    def known_end(self, partition: TopicPartition) -> int | None:
        """The end offset last seen in this process, without asking the broker."""
        seen = self._pool().ends.get(partition)
        return seen[0] if seen else None

    def saw_end(self, partition: TopicPartition, end: int) -> None:
        """Remember an end offset for estimates of the backlog."""
        self._pool().ends[partition] = (end, time.monotonic())

    def committed(self, partitions: Sequence[TopicPartition]) -> dict[TopicPartition, int]:
        """The offsets that the group has committed; partitions without one are left out."""
        with self._of_group() as consumer:
            found = {partition: consumer.committed(partition) for partition in partitions}
        return {partition: offset for partition, offset in found.items() if offset is not None}

    def commit(self, partition: TopicPartition, offset: int) -> None:
        """Commit an offset for the group, unless this process has already committed the same or a later one."""
        pool = self._pool()
        with pool.committing:
            if pool.committed.get(partition, -1) >= offset:
                return
            with self._of_group() as consumer:
                consumer.commit({partition: OffsetAndMetadata(offset, "", -1)}, timeout_ms=30_000)
            pool.committed[partition] = offset

    @contextmanager
    def _of_group(self) -> Iterator[KafkaConsumer]:
        group = self.group
        if not group:
            raise ValueError("committed offsets belong to a consumer group; set group_id in consumer_config")
        held = self._take(None, group)
        try:
            yield held.consumer
        except BaseException:
            _close(held.consumer)
            raise
        self._give_back(held)

    def _take(self, partition: TopicPartition | None, group: str | None = None) -> _Held:
        with _lock:
            idle = [held for held in self._pool().idle if held.group == group]
            if idle:
                # If none has read this partition, the one that has been idle longest.
                best = next((held for held in idle if held.partition == partition), idle[0])
                self._pool().idle.remove(best)
                return best
        return _Held(self.make(group_id=group), None, group)

    def _give_back(self, held: _Held) -> None:
        with _lock:
            pool = _pools.get(self._id)
            if pool and pool.users > 0:
                pool.idle.append(held)
                surplus = pool.idle.pop(0) if len(pool.idle) > _IDLE else None
            else:
                surplus = held
        if surplus:
            _close(surplus.consumer)

    def make(self, **more: Any) -> KafkaConsumer:
        """A new consumer, which the caller closes. It never commits or resets an offset by itself."""
        config = {
            # One poll returns a whole fetch, so that the next fetch is under way while these records are processed.
            "max_poll_records": 10_000,
            "allow_auto_create_topics": False,
            **self._resolved(),
            "bootstrap_servers": self._servers,
            "isolation_level": self._isolation_level,
            "enable_auto_commit": False,
            "auto_offset_reset": "none",
            **more,
        }
        return guard(KafkaConsumer(**config))

    def _resolved(self) -> Mapping[str, Any]:
        if not callable(self._config):
            return self._config
        config = self._config()
        _check(config)
        return config

    def _pool(self) -> _Pool:
        return _pools.setdefault(self._id, _Pool())


class _Held(NamedTuple):
    consumer: KafkaConsumer
    partition: TopicPartition | None
    group: str | None = None


class _Pool:
    def __init__(self) -> None:
        self.users = 0
        self.idle: list[_Held] = []
        self.ends: dict[TopicPartition, tuple[int, float]] = {}
        self.committing = threading.Lock()
        self.committed: dict[TopicPartition, int] = {}


_lock = threading.RLock()
_pools: dict[str, _Pool] = {}


def _check(config: Mapping[str, Any]) -> None:
    for name in config:
        if name in _OURS:
            raise ValueError(f"consumer_config cannot set {name}: {_OURS[name]}")


def _close(consumer: KafkaConsumer) -> None:
    with suppress(Exception):  # the consumer is discarded anyway
        consumer.close(autocommit=False, timeout_ms=1000)
