"""Claims as messages or rows, for programs: what ``show`` prints as JSON and CSV, and ``claimwire.read`` gives."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TextIO

from claimwire.connectors.outputs.csv import write_csv
from claimwire.pipelines.read.carriers import carrying
from claimwire.pipelines.read.chosen import chosen
from claimwire.pipelines.read.filters import Filter, Order
from claimwire.pipelines.read.written import article_files
from claimwire.schemas import ClaimMessage, encode
from claimwire.schemas.flat import COLUMNS, flat
from claimwire.schemas.messages import claim_message


def messages(
    paths: Sequence[Path], wanted: Filter, order: Order = "written", limit: int | None = None
) -> Iterator[ClaimMessage]:
    """The claims in files, folders or stores of enriched records, each with the number of copies known now.

    Raises WrittenError and StoreError.
    """
    files = article_files(paths)
    with carrying(files) as carriers:
        for record, claims in chosen(files, wanted, carriers, order, limit):
            copies = len(carriers.of(record.article.id))
            for claim in claims:
                yield claim_message(record, claim, copies)


def print_json(out: TextIO, claims: Iterator[ClaimMessage]) -> None:
    """Write claims as JSON, a message a line."""
    for claim in claims:
        out.write(f"{encode(claim).decode()}\n")


def print_csv(out: TextIO, claims: Iterator[ClaimMessage]) -> None:
    """Write claims as CSV, a row each below the names of the columns."""
    write_csv(out, COLUMNS, map(flat, claims))
