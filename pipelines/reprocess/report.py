"""What has changed in records that were extracted again, all of them together: for a terminal, and as JSON."""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Iterable, Iterator
from pathlib import Path

import msgspec
from rich.console import Console
from rich.padding import Padding
from rich.text import Text

from claimwire.connectors.outputs.names import in_progress
from claimwire.pipelines.memory.wording import aligned
from claimwire.pipelines.normalize.text import escaped
from claimwire.pipelines.observe.summary import counted
from claimwire.pipelines.read.headings import on_one_line
from claimwire.pipelines.read.terminal import screen
from claimwire.pipelines.reprocess.comparison import ChangedClaim, Comparison, ToldClaim

_MOST_ARTICLES = 20
_MARKS = {"+": "green", "-": "red", "~": "yellow"}


class Totals(msgspec.Struct):
    """The figures of a report."""

    records: int = 0
    """Extracted again and compared."""
    differing: int = 0
    same: int = 0
    """Claims, as the four that follow."""
    rescored: int = 0
    """Of the same: with another check-worthiness or confidence."""
    changed: int = 0
    gained: int = 0
    lost: int = 0
    claim_fields: Counter[str] = msgspec.field(default_factory=Counter)
    """How many claims differ in a field; ``content`` are those whose edges have moved."""
    entities_gained: int = 0
    entities_lost: int = 0
    record_fields: Counter[str] = msgspec.field(default_factory=Counter)
    """How many records differ in a field beside their claims and entities."""
    before: Counter[str] = msgspec.field(default_factory=Counter)
    """How many records were made by what."""
    after: Counter[str] = msgspec.field(default_factory=Counter)
    left_alone: int = 0
    """Records that did not meet the conditions."""
    not_compared: int = 0
    """Records that wait for the next run, or whose articles became dead letters."""


def totals(comparisons: Iterable[Comparison], left_alone: int = 0, not_compared: int = 0) -> Totals:
    """The figures of all comparisons."""
    found = Totals(left_alone=left_alone, not_compared=not_compared)
    for one in comparisons:
        found.records += 1
        found.differing += one.differs
        found.same += one.same
        found.rescored += one.rescored
        found.changed += len(one.changed)
        found.gained += len(one.gained)
        found.lost += len(one.lost)
        found.claim_fields.update(field for change in one.changed for field in change.fields)
        found.entities_gained += len(one.entities_gained)
        found.entities_lost += len(one.entities_lost)
        found.record_fields.update(one.fields)
        found.before[one.before] += 1
        found.after[one.after] += 1
    return found


def write_json(path: Path, figures: Totals, comparisons: Iterable[Comparison]) -> None:
    """Write a report: the figures, and each article that differs, in the order of publication; whole or not at all.

    Raises OSError.
    """
    encode = msgspec.json.Encoder(order="deterministic").encode
    unfinished = in_progress(path)
    path.parent.mkdir(parents=True, exist_ok=True)
    with unfinished.open("wb") as file:
        file.write(b'{"figures": ' + encode(figures) + b',\n "articles": [')
        for number, one in enumerate(each for each in comparisons if each.differs):
            file.write((b",\n  " if number else b"\n  ") + encode(one))
        file.write(b"\n ]}\n")
        file.flush()
        os.fsync(file.fileno())
    unfinished.replace(path)


def show(console: Console, figures: Totals, comparisons: Iterable[Comparison]) -> None:
    """Print a report: the figures, and the first articles that differ."""
    for line in _lines(figures):
        console.print(Text(escaped(line)), soft_wrap=True)
    shown = 0
    for one in comparisons:
        if not one.differs:
            continue
        if shown == _MOST_ARTICLES:
            more = counted(figures.differing - shown, "more article", "more articles")
            console.print(Text(f"\n{more} that differ; --report FILE writes all of them", style="dim"))
            break
        shown += 1
        console.print()
        _print_article(console, one)


def printed(figures: Totals, comparisons: Iterable[Comparison], on_stderr: bool = False) -> None:
    """The same on stdout, or on stderr where stdout carries records."""
    show(Console(stderr=True, highlight=False) if on_stderr else screen(), figures, comparisons)


def _lines(figures: Totals) -> Iterator[str]:
    yield f"records    {counted(figures.records, 'record')} extracted again, {figures.differing:,} of them differ"
    if figures.left_alone:
        yield f"left alone {counted(figures.left_alone, 'record')} that did not meet the conditions"
    if figures.not_compared:
        yield f"missing    {counted(figures.not_compared, 'record')}: waiting, or dead letters"
    for name, made in (("before", figures.before), ("now", figures.after)):
        for by, number in sorted(made.items(), key=lambda pair: (-pair[1], pair[0])):
            yield f"{name:<10} {number:,} by {by}"
    rescored = f" ({figures.rescored:,} of them with other scores)" if figures.rescored else ""
    yield (
        f"claims     {figures.same:,} the same{rescored}, {figures.changed:,} changed, {figures.gained:,} gained, "
        f"{figures.lost:,} lost"
    )
    if figures.claim_fields:
        yield f"changed    {_ranked(figures.claim_fields)}"
    if figures.entities_gained or figures.entities_lost:
        yield f"entities   {figures.entities_gained:,} gained, {figures.entities_lost:,} lost"
    if figures.record_fields:
        yield f"records'   {_ranked(figures.record_fields)}"


def _ranked(fields: Counter[str]) -> str:
    named = sorted(fields.items(), key=lambda pair: (-pair[1], pair[0]))
    return ", ".join(f"{_NAMES.get(name, name)} {number:,}" for name, number in named)


_NAMES = {"content": "edges"}


def _print_article(console: Console, one: Comparison) -> None:
    console.print(Text(escaped(one.title or "(no title)"), style="bold"))
    console.print(Text(escaped(one.url or one.article_id), style="dim"), soft_wrap=True)
    for mark, claims in (("-", one.lost), ("+", one.gained)):
        for claim in claims:
            _print_line(console, mark, f"{_who(claim)}: ", [(on_one_line(claim.text), False)])
    for change in one.changed:
        _print_change(console, change)
    entities = [f"+ {name}" for name in one.entities_gained] + [f"- {name}" for name in one.entities_lost]
    if entities or one.fields:
        told = ", ".join([*entities, *(f"{field} differs" for field in one.fields)])
        console.print(Padding(Text(escaped(told), style="dim"), (0, 0, 0, 2), expand=False))


def _print_change(console: Console, change: ChangedClaim) -> None:
    what = ", ".join(_NAMES.get(field, field) for field in change.fields)
    before, after = on_one_line(change.before.text), on_one_line(change.after.text)
    who = " -> ".join(dict.fromkeys((_who(change.before), _who(change.after))))
    _print_line(console, "~", f"{who} [{what}]: ", list(aligned(after, before)))
    if before != after:
        _print_line(console, " ", "was: ", list(aligned(before, after)))


def _print_line(console: Console, mark: str, begin: str, parts: list[tuple[str, bool]]) -> None:
    line = Text(f"{mark} ", style=_MARKS.get(mark, ""))
    line.append(escaped(begin), style="cyan")
    for part, differs in parts:
        line.append(escaped(part), style="bold" if differs else "default")
    console.print(Padding(line, (0, 0, 0, 2), expand=False))


def _who(claim: ToldClaim) -> str:
    return on_one_line(claim.speaker) if claim.speaker else "nobody named"
