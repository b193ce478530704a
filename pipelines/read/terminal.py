"""Claims on a terminal: who said what, with which words, and where."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from rich.console import Console
from rich.text import Text

from claimwire.pipelines.normalize.text import escaped
from claimwire.pipelines.observe.events import CLAIM_FACT_CHECKED
from claimwire.pipelines.observe.summary import counted
from claimwire.pipelines.read.carriers import Carriers, carrying
from claimwire.pipelines.read.chosen import chosen
from claimwire.pipelines.read.filters import PLAIN, Filter, Order
from claimwire.pipelines.read.headings import judged, on_one_line, said_by, short_id, where
from claimwire.pipelines.read.later_checks import by_thread, with_checks
from claimwire.pipelines.read.written import article_files, dead_letters, events
from claimwire.schemas import Article, Claim, EnrichedArticle

_MOST_OUTLETS = 12


def show_claims(paths: Sequence[Path], wanted: Filter, order: Order = "written", limit: int | None = None) -> None:
    """Print the claims in files, folders or stores of enriched records.

    Args:
        paths: JSONL (plain, gz, zst) or Parquet files, folders of them, or stores.
        wanted: Which claims.
        order: In which order; a title stands above the claims of an article that follow each other.
        limit: How many claims at most.

    Raises WrittenError for paths that are not there, or hold something else, and StoreError for a store that cannot be
    read.
    """
    files = article_files(paths)
    console = screen()
    shown = 0
    later = by_thread(events(paths, CLAIM_FACT_CHECKED))
    with carrying(files) as carriers:
        for record, claims in chosen(files, wanted, carriers, order, limit):
            shown += len(claims)
            _print_article(console, record, [with_checks(claim, later) for claim in claims], carriers)
        figures = [counted(shown, "claim")]
        if not any(wanted) and limit is None:
            refused = 0
            for letter in dead_letters(paths):
                refused += 1
                line = Text(escaped(f"not read: {letter.source.url} ({letter.error.message})"), style="red")
                console.print(line, soft_wrap=True)
            figures += [counted(len(carriers), "copy", "copies"), counted(refused, "dead letter")]
    console.print(Text(", ".join(figures), style="dim"))


def screen() -> Console:
    """Where a reader sees it: as wide as the terminal, else 110 characters wide."""
    return Console(highlight=False, width=None if Console().is_terminal else 110)


def print_indented(console: Console, text: Text, by: int) -> None:
    """Print a text whose lines begin so many spaces to the right, and have none at their ends."""
    for line in text.wrap(console, max(20, console.width - by)):
        line.rstrip()
        console.print(Text(" " * by).append_text(line), soft_wrap=True)


def print_head(console: Console, article: Article, mark: str = "") -> None:
    """Print the title of an article, marked, and the line below it."""
    title = Text(escaped(article.title or "(no title)"), style="bold")
    if mark:
        title.append(escaped(f"  {mark}"), style="yellow")
    console.print(title)
    console.print(Text(escaped(where(article)), style="dim"), soft_wrap=True)


def _print_article(console: Console, record: EnrichedArticle, claims: list[Claim], carriers: Carriers) -> None:
    mark = ""
    if record.duplicate:
        only_own = ", its own claims only" if record.provenance.skipped is not None else ""
        copied = f"copy of {short_id(record.duplicate.of)}{only_own}"
        mark = "revised" if record.duplicate.kind == "revision" else copied
    print_head(console, record.article, mark)
    copies = carriers.of(record.article.id)
    if copies:
        outlets = [
            f"{copy.outlet} {copy.seen_at:%Y-%m-%d %H:%M}" + (f" ({copy.method})" if copy.is_near else "")
            for copy in copies
        ]
        more = f" and {len(outlets) - _MOST_OUTLETS} more" if len(outlets) > _MOST_OUTLETS else ""
        line = f"{counted(len(copies), 'copy', 'copies')}: {', '.join(outlets[:_MOST_OUTLETS])}{more}"
        console.print(Text(escaped(line), style="yellow"))
    for claim in claims:
        # The article carries it too.
        carried = 1 + len(carriers.of_claim(record, claim)) if copies else 1
        print_indented(console, _who(claim, carried), 2)
        print_indented(console, Text(escaped(on_one_line(claim.text))), 6)
        for check in claim.fact_checks:
            line = " · ".join(filter(None, (f"checked by {on_one_line(judged(check))}", check.url)))
            console.print(Text(f"      {escaped(line)}", style="magenta"), soft_wrap=True)  # a URL stays whole
    console.print()


def _who(claim: Claim, carried: int) -> Text:
    line = Text()
    name, beside = said_by(claim)
    line.append(escaped(name), style="bold cyan" if claim.speaker else "italic")
    if beside:
        line.append(escaped(f" ({beside})"), style="cyan")
    if claim.cue:
        line.append(escaped(f"  {on_one_line(claim.cue.text)}"), style="green")
    marks: list[str] = [claim.quote_type]
    marks += [mark for mark in (claim.kind, claim.polarity, claim.modality) if mark and mark not in PLAIN]
    marks += ["in the title"] * claim.in_title
    line.append(f"  {', '.join(marks)}", style="dim")
    if claim.changed:
        line.append(f"  changed: {', '.join(claim.changed.kinds)}", style="yellow")
    if carried > 1:
        line.append(f"  {carried} carriers", style="yellow")
    return line
