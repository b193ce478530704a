"""What the ``--source`` values of a run stand for."""

from __future__ import annotations

from collections.abc import Iterable
from itertools import chain
from pathlib import Path
from typing import NamedTuple

from claimwire.connectors.files.records import FileSource
from claimwire.connectors.sources import BrokenSource, FeedSource, TopicSource, sources
from claimwire.pipelines.settings import Settings
from claimwire.pipelines.state.listed import Listed


class Found(NamedTuple):
    """What the ``--source`` values stand for."""

    feeds: list[str]
    files: list[FileSource]
    topics: list[TopicSource]
    broken: list[BrokenSource]


def expand(specs: Iterable[str], only_dead_letters: bool) -> Found:
    """Everything that sources stand for, each once. Raises SourceError."""
    found = dict.fromkeys(chain.from_iterable(sources(_bundled(spec), only_dead_letters) for spec in specs))
    return Found(
        [source.url for source in found if isinstance(source, FeedSource)],
        [source for source in found if isinstance(source, FileSource)],
        [source for source in found if isinstance(source, TopicSource)],
        [source for source in found if isinstance(source, BrokenSource)],
    )


def all_sources(settings: Settings, listed: Listed) -> list[str]:
    """What a run reads: the sources of its settings, and those that were added to the state."""
    return list(dict.fromkeys((*settings.source, *listed.added())))


def _bundled(spec: str) -> str:
    """``examples`` is the folder that comes along, in a checkout and in the wheel alike, unless there is one here."""
    bundled = Path(__file__).parents[2] / "examples"
    return str(bundled) if spec == "examples" and not Path(spec).exists() else spec
