"""A runner with one key: keyed state and bundles as Beam guarantees them, in memory, with failures at any moment."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from typing import Any
from unittest import mock

from claimwire.pipelines.dedupe import stream
from claimwire.pipelines.dedupe.fingerprint import fingerprint
from claimwire.pipelines.dedupe.stream import Fingerprinted
from claimwire.pipelines.dedupe.transform import Judged
from claimwire.schemas import Article

REMEMBER = timedelta(days=90)


class Value:
    """Read-modify-write state."""

    def __init__(self) -> None:
        self.committed: Any = None
        self.written: Any = None

    def read(self) -> Any:
        return self.committed if self.written is None else self.written

    def write(self, value: Any) -> None:
        self.written = value

    def commit(self) -> None:
        self.committed = self.read()
        self.written = None

    def abort(self) -> None:
        self.written = None


class Bag:
    """Bag state, which is read in no particular order."""

    def __init__(self) -> None:
        self.committed: list[Any] = []
        self.added: list[Any] = []
        self.cleared = False

    def read(self) -> Iterable[Any]:
        yield from reversed(self.added)
        if not self.cleared:
            yield from self.committed

    def add(self, entry: Any) -> None:
        self.added.append(entry)

    def clear(self) -> None:
        self.cleared, self.added = True, []

    def commit(self) -> None:
        if self.cleared:
            self.committed = []
        self.committed += self.added
        self.abort()

    def abort(self) -> None:
        self.cleared, self.added = False, []


class Runner:
    """Gives articles to the judge in bundles, and keeps its state unless they fail."""

    def __init__(self, now: datetime, seed: stream.Changes | None = None) -> None:
        self.now = now
        self.seed = seed
        self.head = Value()
        self.log = [Bag() for _ in stream._Judge.LOG]
        self.move()

    def move(self) -> None:
        """Continue on a new worker, which has no copy of the index yet."""
        self.worker = stream._Judge(REMEMBER, self.seed)
        self.worker.setup()

    def bundle(self, *batches: Sequence[Article], fails: bool = False) -> list[Judged]:
        """The verdicts on a bundle at the time ``now``. With ``fails``, its state is not committed."""
        return self.judge(
            *([Fingerprinted(each, fingerprint(each)) for each in batch] for batch in batches), fails=fails
        )

    def judge(self, *batches: list[Fingerprinted], fails: bool = False) -> list[Judged]:
        """The same for articles that already have fingerprints."""
        with mock.patch.object(stream, "_now", self._clock):
            judged = [each for batch in batches for each in self.worker.process((0, batch), self.head, *self.log)]
        if fails:
            self.abort()
        else:
            self.commit()
        return judged

    def _clock(self) -> datetime:
        return self.now

    def commit(self) -> None:
        for state in (self.head, *self.log):
            state.commit()

    def abort(self) -> None:
        for state in (self.head, *self.log):
            state.abort()

    def outcomes(self, *articles: Article) -> list[str]:
        return [judged.outcome for judged in self.bundle(articles)]

    def logged(self) -> list[bytes]:
        """The changes in the log."""
        return [packed for bag in self.log for _, packed in bag.committed]
