"""Threads on a terminal: who said it first, who repeated it in which words, who gives another figure or denies it."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from datetime import datetime
from pathlib import Path
from textwrap import wrap
from typing import NamedTuple

from rich.console import Console
from rich.text import Text

from claimwire.pipelines.memory.rows import seen_at
from claimwire.pipelines.normalize.text import escaped
from claimwire.pipelines.observe.summary import counted
from claimwire.pipelines.read.aliases import with_aliases
from claimwire.pipelines.read.carriers import Carriers, carrying
from claimwire.pipelines.read.filters import Filter, matches
from claimwire.pipelines.read.headings import on_one_line, said_by
from claimwire.pipelines.read.terminal import screen
from claimwire.pipelines.read.written import article_files, enriched, thread_links

_LINKS = {
    "figures_differ": "other figure",
    "denied_by": "denied",
    "corrected": "corrected",
    "speaker_differs": "other speaker",
}


class _Said(NamedTuple):
    """A claim of a thread."""

    relation: str
    at: datetime
    outlet: str
    agency: str | None
    by: str
    text: str
    copies: tuple[str, ...]
    wanted: bool


def show_threads(paths: Sequence[Path], wanted: Filter, limit: int | None = None) -> None:
    """Print the threads of several articles, and those that are linked to others, the one of most outlets first.

    Args:
        paths: As for ``terminal.show_claims``.
        wanted: A thread is shown if one of its claims is wanted.
        limit: How many threads at most.

    Raises WrittenError and StoreError.
    """
    files = article_files(paths)
    with carrying(files) as carriers:
        threads = _threads(files, with_aliases(files, wanted), carriers)
    links: defaultdict[str, list[tuple[str, str]]] = defaultdict(list)
    for thread, other, relation in thread_links(paths):
        if thread in threads and other in threads:
            links[other].append((relation, thread))
    linked = {thread for pairs in links.values() for _, thread in pairs}
    shown = [
        (thread, claims)
        for thread, claims in threads.items()
        if any(claim.wanted for claim in claims)
        and (len({claim.outlet for claim in claims}) > 1 or (thread in links and thread not in linked))
    ]
    shown.sort(key=lambda pair: (-_sources(pair[1]), pair[1][0].at, pair[0]))
    console = screen()
    for thread, claims in shown[:limit]:
        first, *others = sorted(claims, key=lambda claim: (claim.relation != "first", claim.at))
        head = Text(escaped(first.text), style="bold")
        console.print(head)
        span = f"{first.at:%Y-%m-%d} to {max(claim.at for claim in claims):%Y-%m-%d}"
        told = (counted(_sources(claims), "source"), counted(len({claim.outlet for claim in claims}), "outlet"))
        console.print(Text(f"{escaped(first.by)} · {' · '.join(told)} · {span}", style="dim"), soft_wrap=True)
        for claim in (first, *others):
            _print(console, claim.relation, claim, first)
        for relation, other in sorted(links[thread]):
            start = min(threads[other], key=lambda claim: (claim.relation != "first", claim.at))
            _print(console, _LINKS.get(relation, relation), start, first)
        console.print()
    console.print(Text(counted(len(shown[:limit]), "thread"), style="dim"))


def _threads(files: Sequence[Path], wanted: Filter, carriers: Carriers) -> dict[str, list[_Said]]:
    """The claims of each thread, in the order in which they were written."""
    threads: dict[str, list[_Said]] = {}
    for record in enriched(files):
        if carriers.is_outdated(record):
            continue
        outlet = record.article.source.name or record.article.source.domain or "unknown"
        revised = record.article.updated_at if record.article.revision_of else None
        for claim in record.claims:
            if claim.thread:
                copies = tuple(sorted({copy.outlet for copy in carriers.of_claim(record, claim)}))
                said = _Said(
                    claim.thread.relation, revised or seen_at(record), outlet, record.article.agency, said_by(claim)[0],
                    on_one_line(claim.text), copies, matches(record, claim, wanted),
                )  # fmt: skip
                threads.setdefault(claim.thread.id, []).append(said)
    return threads


def _sources(claims: Sequence[_Said]) -> int:
    """Who has it: what an agency wrote counts once, whoever prints it."""
    return len({claim.agency or claim.outlet for claim in claims})


def _print(console: Console, relation: str, claim: _Said, first: _Said) -> None:
    """Print a claim of a thread: what it is, when and where, and its words where they are others."""
    line = Text("  ")
    style = {"first": "green", "verbatim": "green", "cut": "green", "reworded": "cyan"}.get(relation, "red")
    line.append(f"{relation:<14}", style=style)
    line.append(f"{claim.at:%Y-%m-%d %H:%M}  {escaped(claim.outlet)}")
    if claim.copies:
        line.append(escaped(f", copied by {', '.join(claim.copies)}"), style="yellow")
    console.print(line, soft_wrap=True)
    if relation not in ("first", "verbatim"):
        by = f"{claim.by}: " if claim.by != first.by else ""
        for part in wrap(escaped(f"{by}{claim.text}"), max(20, console.width - 4)):
            console.print(Text(f"    {part}", style="dim"), soft_wrap=True)
