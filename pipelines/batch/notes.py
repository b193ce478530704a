"""Which articles were being extracted when a worker died, noted in the work folder: as ``state.suspects`` does it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from uuid import uuid4

import msgspec

from claimwire.pipelines.batch.plan import Part, Work
from claimwire.pipelines.state.suspects import GUILTY, SUSPECT, Groups, Note

NOTES = "extracting"


class Notes:
    """The notes about one part, as ``EnrichBatch`` asks for them.

    A note is there while its articles are extracted; what has died leaves it. After two deaths an article is extracted
    alone, and after two deaths alone it is given up. Another attempt that goes on at the same time looks like a death,
    which costs an article nothing but that it may be extracted alone.
    """

    def __init__(self, work: Work, part: Part) -> None:
        self._work = work
        self._folder = work.path(NOTES, str(part))
        notes = [msgspec.json.decode(work.sink.read(path), type=Note) for path in work.sink.names(self._folder)]
        self._deaths = Counter(key for note in notes for key in note.keys)
        self._alone = Counter(key for note in notes if note.alone for key in note.keys)

    def sort(self, keys: Sequence[str]) -> Groups:
        """How articles may be extracted."""
        groups = Groups([], [], [])
        for key in keys:
            given_up, alone = self._alone[key] >= GUILTY, self._deaths[key] >= SUSPECT
            (groups.given_up if given_up else groups.alone if alone else groups.together).append(key)
        return groups

    @contextmanager
    def extracting(self, keys: Sequence[str], alone: bool = False) -> Iterator[None]:
        """Within, these are being extracted. Whatever ends the block but a death removes the note."""
        path = f"{self._folder}/{uuid4().hex}"
        self._work.sink.put(path, [msgspec.json.encode(Note(tuple(keys), alone))])
        try:
            yield
        finally:
            self._work.sink.remove([path])
