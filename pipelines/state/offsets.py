"""How far topics are read, and how far what was read of them is written."""

from __future__ import annotations

import sqlite3
from collections.abc import Mapping


class Offsets:
    """The positions in topics of an open state."""

    def __init__(self, db: sqlite3.Connection) -> None:
        self._db = db

    def next(self, source: str) -> dict[int, int]:
        """By partition the offset at which to go on reading a topic; none for a partition that was never read."""
        # SQLite takes the other columns of the row that has the maximum.
        query = "SELECT partition, next_offset, max(intake) FROM positions WHERE source = ? GROUP BY partition"
        return {partition: offset for partition, offset, _ in self._db.execute(query, (source,))}

    def written(self) -> dict[tuple[str, int], int]:
        """By source and partition the offset before which all is written, and nothing waits in the queue any more.

        It is what a consumer group commits: who loses the state and goes on from there loses nothing.
        """
        rows = self._db.execute(
            "SELECT source, partition, next_offset, max(intake) FROM written GROUP BY source, partition"
        )
        return {(source, partition): offset for source, partition, offset, _ in rows}


def remember(db: sqlite3.Connection, positions: Mapping[tuple[str, int], int], intake: int) -> None:
    """Write where to go on after an intake, by source and partition, inside the caller's transaction."""
    rows = ((source, partition, intake, next_offset) for (source, partition), next_offset in positions.items())
    db.executemany("INSERT INTO positions VALUES (?, ?, ?, ?)", rows)
    # Of the positions up to which all is written, only the last one matters.
    db.execute(
        "DELETE FROM positions WHERE EXISTS (SELECT 1 FROM written WHERE written.source = positions.source "
        "AND written.partition = positions.partition AND written.intake > positions.intake)"
    )
