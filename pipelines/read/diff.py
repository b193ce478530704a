"""What an outlet has changed in an article after publication: its versions, and claim by claim what became of them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime
from itertools import pairwise
from pathlib import Path
from typing import Any, NamedTuple

from rich.console import Console
from rich.text import Text

from claimwire.pipelines.memory.changes import read_as, with_changes
from claimwire.pipelines.memory.said import version
from claimwire.pipelines.memory.wording import aligned
from claimwire.pipelines.normalize.text import escaped
from claimwire.pipelines.observe.summary import counted
from claimwire.pipelines.read.headings import on_one_line, short_id
from claimwire.pipelines.read.terminal import print_indented, screen
from claimwire.pipelines.read.versions import versions
from claimwire.pipelines.read.written import article_files
from claimwire.schemas import Claim, EarlierClaim, EnrichedArticle

NAMES = {
    "added": "added",
    "dropped": "dropped",
    "reworded": "reworded",
    "figure": "figure changed",
    "speaker": "speaker changed",
    "polarity": "negated or denied, or no longer",
    "hedge_added": "hedge added",
    "hedge_dropped": "hedge dropped",
    "cut": "quotation cut",
    "extended": "quotation extended",
}
"""Of each kind of change, for a reader."""


class Change(NamedTuple):
    """What became of one claim."""

    kinds: tuple[str, ...]
    before: EarlierClaim | None
    after: Claim | None


class Step(NamedTuple):
    """A version, and what it has changed in the one before."""

    record: EnrichedArticle
    changes: list[Change] | None
    """None of the first version, and if it was not compared."""
    why_not: str | None
    """Why it was not compared."""


def steps(paths: Sequence[Path], wanted: str) -> Iterator[Step]:
    """The versions of an article, the earliest first.

    Args:
        paths: Files and folders of enriched records, and stores.
        wanted: The id of one of them, the beginning of one, or the article's URL.

    Raises WrittenError if no article has it, or several begin so.
    """
    records = versions(article_files(paths), wanted)
    yield Step(records[0], None, None)
    for before, after in pairwise(records):
        why_not = _why_not(before, after)
        yield Step(after, None if why_not else changes(before, after), why_not)


def changes(before: EnrichedArticle, after: EnrichedArticle) -> list[Change]:
    """What a version has changed, in the order of its claims; those that it has dropped come last."""
    compared = with_changes(after, version(before), version(after))
    kept = [Change(claim.changed.kinds, claim.changed.before, claim) for claim in compared.claims if claim.changed]
    return kept + [Change(("dropped",), claim, None) for claim in compared.dropped or ()]


def as_json(steps: Iterator[Step]) -> list[dict[str, Any]]:
    """The versions as JSON values; ``changes`` is null of what was not compared."""
    return [
        {
            "id": step.record.article.id,
            "url": step.record.article.url,
            "title": step.record.article.title,
            "published_at": step.record.article.published_at,
            "updated_at": step.record.article.updated_at,
            "fetched_at": step.record.article.fetched_at,
            "correction": step.record.article.correction,
            "not_compared": step.why_not,
            "changes": step.changes and [_as_json(change) for change in step.changes],
        }
        for step in steps
    ]


def show_diff(steps: Iterator[Step]) -> None:
    """Print the versions, and what each has changed."""
    console = screen()
    for number, step in enumerate(steps, 1):
        if number > 1:
            console.print()
        _print_version(console, number, step.record)
        if step.why_not:
            console.print(Text(f"  not compared: {step.why_not}", style="dim"))
        elif step.changes is not None:
            for change in step.changes:
                _print_change(console, change)
            told = counted(len(step.changes), "claim", "claims") if step.changes else "no claim"
            console.print(Text(f"  {told} changed", style="dim"))


def _why_not(before: EnrichedArticle, after: EnrichedArticle) -> str | None:
    for record in (before, after):
        if record.provenance.skipped is not None:
            return (
                f"nothing was extracted from the whole of {short_id(record.article.id)} ({record.provenance.skipped})"
            )
    one, other = read_as(before.article), read_as(after.article)
    return None if one == other else f"the text is from another place ({one}, then {other})"


def _print_version(console: Console, number: int, record: EnrichedArticle) -> None:
    article = record.article
    console.print(Text(escaped(article.title or "(no title)"), style="bold"))
    at = [f"version {number}", *(f"{name} {_minute(time)}" for name, time in _times(record)), short_id(article.id)]
    console.print(Text(escaped(" · ".join(at)), style="dim"), soft_wrap=True)
    if article.correction:
        print_indented(console, Text(escaped(article.correction), style="yellow"), 2)


def _times(record: EnrichedArticle) -> Iterator[tuple[str, datetime]]:
    article = record.article
    for name, time in (("published", article.published_at), ("updated", article.updated_at)):
        if time:
            yield name, time
    yield "read", article.fetched_at or record.provenance.processed_at


def _print_change(console: Console, change: Change) -> None:
    head = Text("  ")
    who = [who for who in dict.fromkeys((_speaker(change.before), _speaker(change.after))) if who]
    head.append(escaped(" -> ".join(who) or "nobody named"), style="bold cyan")
    head.append(f"  {', '.join(NAMES[kind] for kind in change.kinds)}", style="yellow")
    console.print(head, soft_wrap=True)
    old, new = (_text(claim) for claim in (change.before, change.after))
    for mark, text, other, style in (("-", old, new, "red"), ("+", new, old, "green")):
        if text is not None:
            line = Text(f"{mark} ", style=style)
            for part, differs in aligned(text, other) if other is not None else [(text, True)]:
                line.append(escaped(part), style=f"{style} bold" if differs else "default")
            print_indented(console, line, 6)


def _as_json(change: Change) -> dict[str, Any]:
    return {
        "kinds": change.kinds,
        "before": _text(change.before),
        "after": _text(change.after),
        "speaker_before": _speaker(change.before),
        "speaker_after": _speaker(change.after),
        "claim_before": change.before and change.before.id,
        "claim": change.after and change.after.id,
    }


def _text(claim: Claim | EarlierClaim | None) -> str | None:
    return on_one_line(claim.text) if claim else None


def _speaker(claim: Claim | EarlierClaim | None) -> str | None:
    if claim is None or claim.speaker is None:
        return None
    if isinstance(claim.speaker, str):
        return claim.speaker
    return claim.speaker.name or on_one_line(claim.speaker.text)


def _minute(time: datetime) -> str:
    return f"{time:%Y-%m-%d %H:%M}"
