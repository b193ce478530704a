"""Stories on a terminal: what happened, in how many articles of which outlets, from when to when."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from pathlib import Path

import msgspec
from rich.console import Console
from rich.text import Text

from claimwire.pipelines.memory.rows import seen_at
from claimwire.pipelines.normalize.text import escaped
from claimwire.pipelines.observe.events import STORY_MERGED
from claimwire.pipelines.observe.summary import counted
from claimwire.pipelines.read.headings import on_one_line, short_id
from claimwire.pipelines.read.terminal import screen
from claimwire.pipelines.read.written import article_files, enriched, events
from claimwire.schemas import EnrichedArticle

_NAMED = frozenset({"PERSON", "ORG", "GPE", "LOC", "NORP", "FAC", "EVENT"})
_MOST_NAMES = 5
_MOST_OUTLETS = 6
_MINUTE = timedelta(minutes=1)


class Telling(msgspec.Struct):
    """A story, as the articles tell it that were read so far."""

    id: str
    title: str
    """Of the first article."""
    first: datetime
    last: datetime
    articles: set[str]
    """Their ids; a later version counts as one with the first."""
    outlets: Counter[str]
    names: Counter[str]
    """In how many articles each stands."""


def tellings(records: Iterable[EnrichedArticle], merged: dict[str, str]) -> list[Telling]:
    """The stories of records, those in most outlets first.

    Args:
        records: The records.
        merged: Into which story a story was merged.
    """
    found: dict[str, Telling] = {}
    for record in records:
        if record.story is None:
            continue
        id_, seen = record.story.id, set[str]()
        while id_ in merged and id_ not in seen:
            seen.add(id_)
            id_ = merged[id_]
        article, at = record.article, seen_at(record)
        title = article.title or article.text[:80]
        told = found.setdefault(id_, Telling(id_, title, at, at, set(), Counter(), Counter()))
        if at < told.first:
            told.title, told.first = title, at
        told.last = max(told.last, at)
        is_revision = record.duplicate is not None and record.duplicate.kind == "revision"
        if article.id not in told.articles and not is_revision:
            told.articles.add(article.id)
            told.outlets[article.source.domain or article.source.name or "unknown"] += 1
            told.names.update(dict.fromkeys(entity.name for entity in record.entities if entity.label in _NAMED))
    return sorted(found.values(), key=lambda told: (-len(told.outlets), -len(told.articles), told.first, told.id))


def show_stories(paths: Sequence[Path], since: datetime | None, until: datetime | None, limit: int | None) -> None:
    """Print the stories in files, folders or stores that have an article of the time that is wanted.

    Args:
        paths: JSONL (plain, gz, zst) or Parquet files, folders of them, or stores.
        since: The first moment that is wanted.
        until: The first that is not wanted any more.
        limit: How many stories at most.

    Raises WrittenError for paths that are not there, or hold something else, and StoreError for a store that cannot be
    read.
    """
    merged = {event.subject: event.data["into"] for event in events(paths, STORY_MERGED) if event.subject}
    found = [
        told
        for told in tellings(enriched(article_files(paths)), merged)
        if (since is None or told.last >= since) and (until is None or told.first < until)
    ]
    console = screen()
    for told in found[:limit]:
        _print(console, told)
    console.print(Text(counted(len(found), "story", "stories"), style="dim"))


def _print(console: Console, told: Telling) -> None:
    console.print(Text(escaped(on_one_line(told.title)), style="bold"))
    outlets = [outlet for outlet, _ in told.outlets.most_common(_MOST_OUTLETS)]
    more = len(told.outlets) - len(outlets)
    of = f"{counted(len(told.articles), 'article')} of {counted(len(told.outlets), 'outlet')}"
    where = ", ".join(outlets) + (f" and {more} more" if more else "")
    console.print(Text(escaped(f"  {of}: {where}"), style="dim"))
    console.print(Text(escaped(f"  {_span(told.first, told.last)}  {short_id(told.id)}"), style="dim"))
    names = [name for name, _ in told.names.most_common(_MOST_NAMES)]
    if names:
        console.print(Text(escaped(f"  {', '.join(on_one_line(name) for name in names)}")))
    console.print()


def _span(first: datetime, last: datetime) -> str:
    """From when to when, to the minute; the day once if it is the same."""
    if last - first < _MINUTE:
        return f"{first:%Y-%m-%d %H:%M}"
    return f"{first:%Y-%m-%d %H:%M} to {last:{'%H:%M' if first.date() == last.date() else '%Y-%m-%d %H:%M'}}"
