"""What is committed is published: files get their names, messages go to Kafka, rows into stores, and the consumer
group follows."""

from __future__ import annotations

import logging
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from contextlib import ExitStack
from hashlib import blake2b
from pathlib import Path
from types import TracebackType
from typing import Self

import msgspec

from claimwire.connectors.deadletters import dead_letter
from claimwire.connectors.kafka.connection import KafkaAddress
from claimwire.connectors.kafka.errors import BadAddress, KafkaConnectorError, MessageRefused
from claimwire.connectors.kafka.messages import Message
from claimwire.connectors.kafka.transaction import IdempotentPublisher, TransactionalPublisher, commit_offsets
from claimwire.connectors.kafka.transaction import Publisher as PassPublisher
from claimwire.connectors.outputs import names
from claimwire.connectors.outputs.jsonl import write_jsonl
from claimwire.connectors.outputs.sqlite import Batch, SqliteOutput
from claimwire.pipelines.kafka import connection, group
from claimwire.pipelines.memory import store
from claimwire.pipelines.observe import traces
from claimwire.pipelines.settings import Settings
from claimwire.pipelines.sinks.messages import Staged, as_message
from claimwire.pipelines.sinks.store import SCHEME
from claimwire.pipelines.sinks.topics import topics_of
from claimwire.pipelines.state import damaged
from claimwire.pipelines.state.journal import OutputLostError, publish_file
from claimwire.pipelines.state.opening import KnownStore, State
from claimwire.schemas import Origin, encode

_log = logging.getLogger(__name__)


class Publisher:
    """Gives each staged file of a committed pass its name, or publishes it; what was done before is left as it is.

    A context manager. It is what a state is to publish with (``Journal.publish``). A pass is published to a Kafka in
    one transaction with the offsets of its sources there, and with its number, by which it is known to be published.
    It is written into a store in one transaction with its name, likewise.
    """

    def __init__(self, settings: Settings, state: State) -> None:
        self.refused = 0
        """Messages that a broker would not take, and that were kept as dead letters in the state's folder."""
        self._settings = settings
        self._state = state
        self._group = group(settings, state.id)
        self._publishers: dict[KafkaAddress, PassPublisher] = {}
        self._stores: dict[Path, SqliteOutput] = {}
        self._open = ExitStack()
        self._told: dict[tuple[str, int], int] = {}

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self._open.close()

    def check(self, addresses: Iterable[KafkaAddress]) -> None:
        """See that nobody has published with a copy of this state, and shut out who does, before anything is read.

        Raises KafkaConnectorError: OutOfStep, and those of a broker that is away or refuses.
        """
        for address in addresses:
            self._publisher(address).check(self._state.journal.passes)

    def check_stores(self, paths: Iterable[Path]) -> None:
        """Open stores, before anything is read; one is made where this state has not written to it before.

        Raises StoreError.
        """
        for path in paths:
            self._store(path)

    def __call__(self, staged: Path, final: str) -> None:
        """Publish a staged file: to a path, to STDOUT, to the topics of an address, or into a store.

        Raises OutputLostError, OSError, KafkaConnectorError where a broker is away or refuses, and StoreError.
        """
        with traces.span("publish", {"claimwire.output": final}):
            if final.startswith("kafka://"):
                self._to_kafka(staged, KafkaAddress.parse(final))
            elif final.startswith(SCHEME):
                self._to_store(staged, Path(final.removeprefix(SCHEME)))
            else:
                publish_file(staged, final)

    def follow(self) -> None:
        """Commit, in the consumer group, the offsets up to which all is written, for the eyes of lag monitors.

        What counts is in the state; so a broker that is away is only warned of.
        """
        moved = {key: offset for key, offset in self._written().items() if self._told.get(key) != offset}
        for address in {KafkaAddress.parse(source) for source, _ in moved}:
            try:
                commit_offsets(
                    connection(self._settings, address.brokers), self._group, _of_brokers(address.brokers, moved)
                )
            except KafkaConnectorError as error:
                _log.warning("the offsets of group %s could not be committed: %s", self._group, error)
        self._told |= moved

    def _written(self) -> dict[tuple[str, int], int]:
        """As ``Offsets.written``. Raises StateError where a source is no topic."""
        offsets = self._state.offsets.written()
        try:
            for source, _ in offsets:
                KafkaAddress.parse(source)
        except BadAddress as error:
            raise damaged(self._state.database, error) from error
        return offsets

    def _to_kafka(self, staged: Path, address: KafkaAddress) -> None:
        publisher = self._publisher(address)
        number = self._state.journal.passes
        if not staged.exists():
            if publisher.last_published() != number:
                raise OutputLostError(f"pass {number} for {address} was committed, but {staged} is not there any more")
            return
        offsets = self._written()
        here = _of_brokers(address.brokers, offsets)
        refused: dict[int, MessageRefused] = {}
        while True:
            try:
                publisher.publish(number, _Messages(staged, refused), {self._group: here} if here else {}, staged.name)
                break
            except MessageRefused as refusal:
                refused[_nth_left(refusal.position or 0, refused)] = refusal  # which publish always tells
                self._keep(staged.stem, address, refused)
        self.refused += len(refused)
        self._told |= {key: offset for key, offset in offsets.items() if _is_of(key[0], address.brokers)}
        staged.unlink()

    def _to_store(self, staged: Path, path: Path) -> None:
        output = self._store(path)
        batch = Batch(self._state.id, staged.name, self._state.journal.passes)
        if staged.exists():
            output.write(batch, lambda db: store.write(db, staged))
            staged.unlink()
        elif not output.has(batch):
            raise OutputLostError(f"pass {batch.number} for {path} was committed, but {staged} is not there any more")

    def _store(self, path: Path) -> SqliteOutput:
        if path not in self._stores:
            known = self._state.known_store(path)
            output = self._open.enter_context(SqliteOutput(path, store.LAYOUT, create=known is None))
            last = output.last(self._state.id) or 0
            if known and known.id == output.id and last < known.passes:
                _log.warning(
                    "%s is an older copy: this state has written passes up to %d to it, and it has those up to %d. "
                    "What the others wrote is missing in it",
                    path,
                    known.passes,
                    last,
                )
            elif known and known.id != output.id:
                _log.warning("%s is another store than the one that this state has written to", path)
            self._state.note_store(path, KnownStore(output.id, last))
            self._stores[path] = output
        return self._stores[path]

    def _publisher(self, address: KafkaAddress) -> PassPublisher:
        if address not in self._publishers:
            compression = self._settings.kafka_compression
            kind: Callable[..., PassPublisher] = TransactionalPublisher
            if not self._settings.kafka_transactions:
                kind = IdempotentPublisher
            publisher = kind(
                connection(self._settings, address.brokers),
                transactional_id(self._state.id, address),
                topics_of(self._settings, address).articles,
                producer_config={
                    "compression_type": None if compression == "none" else compression,
                    "linger_ms": 20,
                    "batch_size": 256 * 1024,
                    "max_request_size": _LARGEST,
                },
            )
            self._open.enter_context(publisher)
            self._publishers[address] = publisher
        return self._publishers[address]

    def _keep(self, name: str, address: KafkaAddress, refused: Mapping[int, MessageRefused]) -> None:
        """Keep the refused messages as dead letters; the same file when this is done again after a kill."""
        letters = []
        for _, refusal in sorted(refused.items()):
            _log.warning("%s; it is kept as a dead letter in %s", refusal, self._state.folder)
            letters.append(
                dead_letter(
                    "publish",
                    refusal,
                    refusal.message.value or b"",
                    Origin(url=str(address), topic=refusal.message.topic, key=(refusal.message.key or b"").decode()),
                )
            )
        # Another Kafka may refuse messages of the same pass.
        of_pass = name.removeprefix(names.stem(names.MESSAGES, ""))
        stem = names.stem(names.DEAD_LETTERS, f"{of_pass}-{_short(address)}")
        write_jsonl(self._state.folder / names.REFUSED_FOLDER, stem, map(encode, letters))


# The topic decides what is too large (max.message.bytes), not the client.
_LARGEST = 1 << 30


class _Messages:
    """The messages of a staged file, again and again, without those that were refused."""

    def __init__(self, staged: Path, without: Collection[int]) -> None:
        self._staged = staged
        self._without = without

    def __iter__(self) -> Iterator[Message]:
        decoder = msgspec.json.Decoder(Staged)
        with self._staged.open("rb") as lines:
            for number, line in enumerate(lines):
                if number not in self._without:
                    yield as_message(decoder.decode(line))


def transactional_id(state_id: str, address: KafkaAddress) -> str:
    """By which a Kafka knows that two runs publish with one state to one address."""
    return f"claimwire-{state_id}-{_short(address)}"


def _short(address: KafkaAddress) -> str:
    return blake2b(str(address).encode(), digest_size=4).hexdigest()


def _nth_left(position: int, without: Collection[int]) -> int:
    """Which message it was of all, if it was the one at ``position`` of those that were left."""
    for number in sorted(without):
        position += number <= position
    return position


def _of_brokers(brokers: tuple[str, ...], offsets: Mapping[tuple[str, int], int]) -> dict[tuple[str, int], int]:
    """Of offsets by source and partition those of one Kafka, by topic and partition."""
    return {
        (KafkaAddress.parse(source).name, partition): offset
        for (source, partition), offset in offsets.items()
        if _is_of(source, brokers)
    }


def _is_of(source: str, brokers: tuple[str, ...]) -> bool:
    return KafkaAddress.parse(source).brokers == brokers
