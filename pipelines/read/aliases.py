"""Whoever goes by a name goes by others too: ``--speaker`` finds the claims under all of them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path

from claimwire.pipelines.read.filters import Filter
from claimwire.pipelines.read.stored import Stored, is_store
from claimwire.pipelines.read.words import Search
from claimwire.pipelines.read.written import enriched


def with_aliases(files: Sequence[Path], wanted: Filter) -> Filter:
    """Conditions that also the other names meet of the speakers whose names are asked for; it reads all files.

    Raises WrittenError and StoreError.
    """
    if wanted.speaker is None:
        return wanted
    return wanted._replace(speakers=frozenset(_ids(files, wanted.speaker)))


def _ids(files: Sequence[Path], asked: Search) -> Iterator[str]:
    names: dict[str, bool] = {}
    for file in files:
        if is_store(file):
            with Stored(file) as store:
                yield from store.speakers(asked)
            continue
        for record in enriched([file]):
            for claim in record.claims:
                speaker = claim.speaker
                if speaker and speaker.id and speaker.name:
                    if speaker.name not in names:
                        names[speaker.name] = asked.matches((speaker.name,))
                    if names[speaker.name]:
                        yield speaker.id
