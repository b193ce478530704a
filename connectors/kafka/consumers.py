"""The consumers of a worker process: made once for each configuration, reused, closed when nobody needs them."""

from __future__ import annotations

import threading
import time
import uuid
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from typing import Any, NamedTuple

from kafka import KafkaConsumer, OffsetAndMetadata, TopicPartition

ConsumerConfig = Mapping[str, Any] | Callable[[], Mapping[str, Any]]
"""Of ``kafka.KafkaConsumer``, or a picklable function that gives it, called on the worker: so a secret that stands in
the worker's environment need not travel in the pipeline."""

_OURS = {
    "enable_auto_commit": "offsets are committed when a bundle is final (commit_offset_in_finalize)",
    "key_deserializer": "keys are given out as bytes",
    "value_deserializer": "values are given out as bytes",
    "isolation_level": "it is a parameter of its own",
    "bootstrap_servers": "it is a parameter of its own",
    "consumer_timeout_ms": "it is of the iterator, which is not used",
}
_IDLE = 16
"""Consumers kept open though no thread uses them now; each has a connection and a thread."""


class Consumers:
    """Makes and keeps consumers of one configuration, for all threads of this process.

    It may be pickled: what it keeps stays behind. Its repr shows no configuration, which may hold passwords.
    """

    def __init__(
        self,
        bootstrap_servers: str | Sequence[str],
        consumer_config: ConsumerConfig | None = None,
        isolation_level: str = "read_committed",
    ) -> None:
        """Args:
        bootstrap_servers: ``host:port``, several as a list or with commas between them.
        consumer_config: of ``kafka.KafkaConsumer``, by its names.
        isolation_level: ``read_committed`` or ``read_uncommitted``.

        Raises ValueError for a setting that is not the caller's to make.
        """
        if isinstance(bootstrap_servers, str):
            bootstrap_servers = [server.strip() for server in bootstrap_servers.split(",") if server.strip()]
        if not bootstrap_servers:
            raise ValueError("bootstrap_servers names no server")
        if isolation_level not in ("read_committed", "read_uncommitted"):
            raise ValueError(f"isolation_level is read_committed or read_uncommitted, not {isolation_level!r}")
        self._servers = list(bootstrap_servers)
        self._config = consumer_config if callable(consumer_config) else dict(consumer_config or {})
        self._isolation_level = isolation_level
        self._id = uuid.uuid4().hex  # the copies that Beam makes of us by pickling share their consumers
        if not callable(self._config):
            _check(self._config)

    def __repr__(self) -> str:
        return f"Consumers({','.join(self._servers)})"

    @property
    def group(self) -> str | None:
        """The consumer group whose offsets are meant, ``group_id`` of the configuration."""
        return self._resolved().get("group_id")

    @property
    def default_reset(self) -> str:
        """Where a group without a committed offset begins: ``auto_offset_reset`` of the configuration, or earliest."""
        return str(self._resolved().get("auto_offset_reset", "earliest"))

    def open(self) -> None:
        """Keep consumers from now on; once for each ``close``."""
        with _lock:
            self._pool().users += 1

    def close(self) -> None:
        """The last one closes all that are idle."""
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
        """A consumer for this thread alone, without a group; it stands at ``offset`` of ``partition``, if given.

        The one that last read that partition is preferred: what it has fetched ahead is still there.
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
            _close(held.consumer)  # nobody knows its state
            raise
        self._give_back(held)

    def ends(self, partitions: Sequence[TopicPartition], at_most_s: float = 5) -> dict[TopicPartition, int]:
        """End offsets that are no older than some seconds."""
        known = self._pool().ends
        now = time.monotonic()
        missing = [each for each in partitions if each not in known or now - known[each][1] > at_most_s]
        if missing:
            with self.consumer() as consumer:
                for partition, end in consumer.end_offsets(missing).items():
                    self.saw_end(partition, end)
        return {partition: known[partition][0] for partition in partitions}

    def known_end(self, partition: TopicPartition) -> int | None:
        """The end offset that was last seen in this process, without asking for it."""
        seen = self._pool().ends.get(partition)
        return seen[0] if seen else None

    def saw_end(self, partition: TopicPartition, end: int) -> None:
        """Remember an end offset for estimates of the backlog."""
        self._pool().ends[partition] = (end, time.monotonic())

    def committed(self, partitions: Sequence[TopicPartition]) -> dict[TopicPartition, int]:
        """What the group has committed, for those partitions for which it has."""
        with self._of_group() as consumer:
            found = {partition: consumer.committed(partition) for partition in partitions}
        return {partition: offset for partition, offset in found.items() if offset is not None}

    def commit(self, partition: TopicPartition, offset: int) -> None:
        """Commit one offset for the group, unless this process has committed a later one."""
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
            raise ValueError("committed offsets are those of a group: consumer_config must have a group_id")
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
                # Of those that read another partition, the one that has been idle longest.
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
        """A new consumer, the caller's to close. It never commits and never resets an offset by itself."""
        config = {
            # One fetch in one poll, so that the next is on its way while these records are worked on.
            "max_poll_records": 10_000,
            "allow_auto_create_topics": False,
            **self._resolved(),
            "bootstrap_servers": self._servers,
            "isolation_level": self._isolation_level,
            "enable_auto_commit": False,
            "auto_offset_reset": "none",
            **more,
        }
        return KafkaConsumer(**config)

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
    with suppress(Exception):  # it is to be gone; why it cannot say goodbye is not worth a failure
        consumer.close(autocommit=False, timeout_ms=1000)
