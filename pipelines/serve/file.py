"""Claims in their texts as one HTML file (``claimwire show --format html``), in the style of the page."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path

from markupsafe import Markup

from claimwire.pipelines.observe.events import CLAIM_FACT_CHECKED
from claimwire.pipelines.read.carriers import Carriers, carrying
from claimwire.pipelines.read.chosen import chosen
from claimwire.pipelines.read.filters import Filter, Order
from claimwire.pipelines.read.later_checks import ByThread, by_thread, with_checks
from claimwire.pipelines.read.written import article_files, events
from claimwire.pipelines.serve.drawing import environment, render, static, style_hash


def page(paths: Sequence[Path], wanted: Filter, order: Order = "written", limit: int | None = None) -> Iterator[str]:
    """The parts of an HTML page of articles, each with the claims that are to be shown, and the paragraphs they are in.

    Claims are numbered through, as in the list beside the text. What comes from a record is escaped, and the page's
    policy lets it load and run nothing; only http and https URLs are links.

    Args:
        paths: Files of enriched records (JSONL or Parquet), folders of them, or stores.
        wanted: Which claims.
        order: In which order.
        limit: How many claims at most.

    Raises WrittenError for paths that are not there, or hold something else, and StoreError for a store that cannot be
    read.
    """
    files = article_files(paths)
    later = by_thread(events(paths, CLAIM_FACT_CHECKED))
    with carrying(files) as carriers:
        yield from (
            environment()
            .get_template("file.html")
            .generate(
                style=static("page.css").decode(),
                style_hash=style_hash(),
                sections=_sections(files, wanted, carriers, order, limit, later),
            )
        )


def _sections(
    files: Sequence[Path], wanted: Filter, carriers: Carriers, order: Order, limit: int | None, later: ByThread
) -> Iterator[Markup]:
    first = 1
    for record, claims in chosen(files, wanted, carriers, order, limit):
        numbered = list(enumerate((with_checks(claim, later) for claim in claims), first))
        yield Markup(render("section.html", record=record, numbered=numbered))  # noqa: S704 - a template has escaped it
        first += len(claims)
