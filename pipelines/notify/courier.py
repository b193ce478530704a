"""What is due is sent, beside the runs and never in their way.

A thread looks into the state every two seconds and sends what is due, one message to a target at a time, each in a
thread of its own: a target that is slow or dead keeps only itself waiting. A run waits for it no longer than
``_LAST_S`` at its end; what is left goes at the next start.

A delivery is marked in the state after it was sent. So a kill between the two sends it again: at least once, and a
receiver knows it again by the number of the match.

*Refused: to send inside the commit.* A target would then hold up the pass, and a crash between both is there all the
same. *Refused: a process of its own.* There would be one more thing to keep alive, for what takes no time of a CPU.
"""

from __future__ import annotations

import fcntl
import logging
import os
import sqlite3
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, closing, contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from types import TracebackType
from typing import NamedTuple, Self

from claimwire.connectors.outputs.names import DATABASE
from claimwire.pipelines.normalize.text import escaped
from claimwire.pipelines.notify.message import Message, written
from claimwire.pipelines.notify.sending import Sent, send
from claimwire.pipelines.notify.targets import shown
from claimwire.pipelines.observe.events import match_of
from claimwire.pipelines.observe.summary import counted
from claimwire.pipelines.state import deliveries
from claimwire.pipelines.state.database import transaction
from claimwire.pipelines.state.deliveries import Batch
from claimwire.schemas import Event, decode

_log = logging.getLogger(__name__)

_LOOK_S = 2.0
_LIMIT_S = 30.0
"""For one message. Then it has failed, and its thread is left to itself."""
_LAST_S = 10.0
"""For which a command waits at its end."""
_PATIENCE_S = 30
"""For a transaction of the run."""
_LOCK = "notify.lock"


class _Lane(NamedTuple):
    """A message that is on its way."""

    thread: threading.Thread
    batch: Batch
    began: float


class Courier:
    """Sends what is due of a state, from the beginning of a ``with`` to its end.

    Args:
        folder: The state directory, which need not be there yet.
        give_up: After which a target that was tried in vain is tried no more.
        environment: Has the secrets of the targets.
        deliver: Sends a message to a target.
        limit_s, last_s: As the constants above.
    """

    def __init__(
        self,
        folder: Path,
        give_up: timedelta,
        environment: Mapping[str, str] = os.environ,
        deliver: Callable[[Message, str, Mapping[str, str]], Sent] = send,
        limit_s: float = _LIMIT_S,
        last_s: float = _LAST_S,
    ) -> None:
        self._folder = folder
        self._database = folder / DATABASE
        self._give_up = give_up
        self._environment = environment
        self._deliver = deliver
        self._limit_s = limit_s
        self._last_s = last_s
        self._lanes: dict[str, _Lane] = {}
        self._overdue: set[str] = set()
        self._ending = threading.Event()
        self._woken = threading.Event()
        self._thread = threading.Thread(target=self._work, name="courier", daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        """Send what is due, but take no longer than ``last_s``."""
        self._ending.set()
        self._woken.set()
        self._thread.join(self._last_s)

    def _work(self) -> None:
        until = None
        with ExitStack() as held:
            alone = False
            while True:
                if self._ending.is_set() and until is None:
                    until = time.monotonic() + self._last_s
                self._woken.clear()
                busy = False
                try:
                    alone = alone or _is_alone(self._folder, held)
                    busy = alone and self._look()
                except (sqlite3.Error, OSError) as problem:
                    # A state that is being migrated, restored or removed is there again at the next look; if not, the
                    # run that opens it says so.
                    _log.debug("nothing could be sent: %s", problem)
                except Exception:
                    _log.exception("a fault in claimwire: what is due could not be sent; it is tried again")
                if until is not None and (not busy or time.monotonic() >= until):
                    return
                self._woken.wait(_LOOK_S if until is None else 0.1)

    def _look(self) -> bool:
        """Begin what is due, and give up waiting for what takes too long; whether something is on its way."""
        for target, lane in list(self._lanes.items()):
            if not lane.thread.is_alive():
                del self._lanes[target]
                self._overdue.discard(target)
            elif time.monotonic() - lane.began > self._limit_s and target not in self._overdue:
                self._overdue.add(target)
                self._note(lane.batch, Sent(f"no answer within {self._limit_s:.0f} s"))
        if not self._database.exists():
            return False
        with _connected(self._database) as db:
            if not db.execute("SELECT 1 FROM sqlite_master WHERE name = 'deliveries'").fetchone():
                return False
            batches = deliveries.due(db, datetime.now(UTC), self._lanes.keys() - self._overdue)
        for batch in batches:
            if batch.target in self._overdue:
                self._note(batch, Sent("no answer to an earlier message yet"))
                continue
            thread = threading.Thread(target=self._send, args=(batch,), name="delivery", daemon=True)
            self._lanes[batch.target] = _Lane(thread, batch, time.monotonic())
            thread.start()
        return any(target not in self._overdue for target in self._lanes)

    def _send(self, batch: Batch) -> None:
        try:
            matches = [match_of(decode(event, Event)) for _, event in batch.matches]
            sent = self._deliver(written(batch.watch, matches), batch.target, self._environment)
        except Exception as error:
            sent = Sent(f"{type(error).__name__}: {error}")
        if sent.problem is None or batch.target not in self._overdue:
            try:
                self._note(batch, sent)
            except (sqlite3.Error, OSError) as error:
                _log.warning("what became of a message could not be noted, so it may come twice: %s", error)
        self._woken.set()

    def _note(self, batch: Batch, sent: Sent) -> None:
        """Note what became of a batch, and say it."""
        now = datetime.now(UTC)
        what = f"{counted(len(batch.matches), 'match', 'matches')} of the watch {escaped(batch.watch)}"
        target = escaped(shown(batch.target))
        if sent.problem is None:
            with _connected(self._database) as db, transaction(db):
                deliveries.delivered(db, batch, now)
            _log.info("told %s of %s", target, what)
            return
        pause = None if sent.retry_after_s is None else timedelta(seconds=min(sent.retry_after_s, 1e6))
        with _connected(self._database) as db, transaction(db):
            lost = deliveries.failed(db, batch, sent.problem, now, self._give_up, pause)
            again = deliveries.next_try(db, batch.target)
        if lost:
            _log.error(
                "gave up telling %s of %s of the watch %s: %s. The matches are in the outputs; see `claimwire watches`",
                target, counted(lost, "match", "matches"), escaped(batch.watch), sent.problem,
            )  # fmt: skip
        if again:
            _log.warning(
                "could not tell %s of %s: %s; next try at %s UTC", target, what, sent.problem, f"{again:%H:%M:%S}"
            )


@contextmanager
def _connected(database: Path) -> Iterator[sqlite3.Connection]:
    """A connection of a moment: a state may be migrated, restored or removed between two of them."""
    path = f"{database.resolve().as_uri()}?mode=rw"
    with closing(sqlite3.connect(path, uri=True, isolation_level=None, timeout=_PATIENCE_S)) as db:
        db.execute("PRAGMA synchronous = FULL")
        yield db


def _is_alone(folder: Path, held: ExitStack) -> bool:
    """Whether no other process sends for this state; from then on none does, as long as the lock is held."""
    if not folder.is_dir():
        return False
    lock = (folder / _LOCK).open("a")
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        lock.close()
        return False
    held.enter_context(lock)
    return True
