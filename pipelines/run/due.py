"""Whether anything is to be done in a turn of ``watch``, found out at little cost."""

from __future__ import annotations

import os
from datetime import UTC, datetime
from pathlib import Path

from claimwire.connectors.errors import SourceError
from claimwire.connectors.files.records import FileSource, file_key
from claimwire.connectors.outputs.names import DATABASE
from claimwire.pipelines.dedupe import sqlite
from claimwire.pipelines.run import rhythm
from claimwire.pipelines.run.configured import Configured
from claimwire.pipelines.run.expanding import Found, all_sources, expand
from claimwire.pipelines.run.outlets import is_stale
from claimwire.pipelines.settings import Settings
from claimwire.pipelines.state import StateError
from claimwire.pipelines.state.listed import Listed
from claimwire.pipelines.state.pages import Pages
from claimwire.pipelines.state.queue import Kind, Queue
from claimwire.pipelines.state.sources import FileRead, Sources, SourceState
from claimwire.pipelines.state.subscriptions import Subscriptions

_KINDS: tuple[Kind, ...] = ("article", "dead-letter", "event")


def is_anything_due(settings: Settings, now: datetime | None = None) -> bool:
    """Whether a turn would read anything, or write what an earlier one has left.

    True also where that cannot be found out: the turn says what is wrong.
    """
    now = (now or datetime.now(UTC)).replace(microsecond=0)  # as a run's own time
    database = Path(settings.state) / DATABASE
    if not database.exists():
        return True
    try:
        with sqlite.reading(database) as db:
            if any(map(Queue(db).waiting, _KINDS)):
                return True
            if Pages(db).due(now, 1, 1):
                return True
            if settings.websub_callback and any(each.next_at <= now for each in Subscriptions(db).all()):
                return True
            found = expand(all_sources(settings, Listed(db)), only_dead_letters=False)
            configured = Configured(settings, Listed(db).all(now), now)
            return _is_due(found, Sources(db), configured, settings, now)
    except (SourceError, StateError):
        return True


def _is_due(found: Found, sources: Sources, configured: Configured, settings: Settings, now: datetime) -> bool:
    if found.topics:
        return True
    read_since = now - settings.remembered() / 2
    if any(not _has_read(file, sources, read_since) for file in found.files):
        return True
    states = sources.all()
    failing = [source for source in found.broken if states.get(source.name, SourceState()).failing_since]
    if len(failing) < len(found.broken):
        return True
    for url in found.feeds:
        state = states.get(url, SourceState())
        if configured.pause(url):
            continue
        if state.found and is_stale(state, states, now):
            return True
        if state.found:
            configured.stand_for(url, state.found)
        for feed in state.found or (url,):
            known = states.get(feed, SourceState())
            if rhythm.is_due(configured.next_at(feed, known), known.asked_at, now) and not configured.pause(feed):
                return True
    return False


def _has_read(file: FileSource, sources: Sources, read_since: datetime) -> bool:
    try:
        now = os.stat(file.path)
    except OSError:
        return False
    return sources.has_read(FileRead(file_key(file.path), now.st_size, now.st_mtime_ns), read_since)
