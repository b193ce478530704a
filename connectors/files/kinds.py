"""What a file is: by its name, else by its first bytes."""

from __future__ import annotations

import os
import re
from typing import Literal

from claimwire.connectors.errors import SourceError
from claimwire.connectors.files.lines import Damaged, unpacked
from claimwire.connectors.files.lists import beside
from claimwire.connectors.files.opening import open_file
from claimwire.connectors.files.records import FileKind
from claimwire.connectors.files.text import has_text_layout
from claimwire.connectors.outputs.names import holds_dead_letters

Kind = FileKind | Literal["opml", "list"]
"""A file to be read, or a list of sources."""

READABLE = (
    ".jsonl or .ndjson and .json, tables in .csv, .tsv or .parquet, pages in .html or .htm, .warc, article text files "
    "and lists of feeds in .txt, .opml, saved feeds in .xml, .rss, .atom or .rdf (most also .gz, .zst)"
)

_BY_NAME: tuple[tuple[str, Kind], ...] = (
    (r".*\.(jsonl|ndjson)", "jsonl"),
    (r".*\.json", "json"),
    (r".*\.opml", "opml"),
    (r".*\.(rss|atom|rdf)", "feed"),
    (r".*\.(csv|tsv)", "csv"),
    (r".*\.parquet", "parquet"),
    (r".*\.x?html?", "page"),
    (r".*\.warc", "warc"),
)
# Declarations and comments, each in one way only, so that no file can make the search long.
_PROLOGUE = rb"(?s)\s*(?:(?:<!--(?:(?!-->).)*-->|<[?!](?!--)[^>]*>)\s*)*"
_BY_START: tuple[tuple[bytes, Kind], ...] = (
    (_PROLOGUE + rb"<(\w+:)?opml\b", "opml"),
    (_PROLOGUE + rb"<(\w+:)?(rss|feed|rdf|urlset|sitemapindex)\b", "feed"),
    (rb"WARC/[01]\.[0-9]+\r?\n", "warc"),
    (rb"PAR1", "parquet"),
    (rb"\s*\{.*\}\s*\n\s*\{", "jsonl"),
    (rb"\s*[\[{]", "json"),
)


def file_kind(path: str) -> Kind | None:
    """What a file is, by its name and else by its first bytes; None where neither says.

    Raises SourceError where it cannot be read.
    """
    if named := kind_by_name(path):
        return named
    name = _unpacked_name(path)
    try:
        with open_file(path) as file:
            start = next(unpacked(file), b"").removeprefix(b"\xef\xbb\xbf")[:4096]
    except OSError as error:
        raise SourceError(path, error.strerror or str(error)) from None
    except Damaged as damage:
        raise SourceError(path, f"cannot be unpacked: {damage}") from None
    if name.endswith(".txt"):
        return "list" if _is_list(path, start) else "text"
    for begins, kind in _BY_START:
        if re.match(begins, start, re.I):
            return kind
    if name.endswith(".xml"):
        return "feed"
    return "page" if re.match(_PROLOGUE + rb"<html\b", start, re.I) else None


def kind_by_name(path: str) -> Kind | None:
    """What a file is where its name alone says it; it need not be there."""
    if holds_dead_letters(os.path.basename(path)):
        return "dead-letters"
    name = _unpacked_name(path)
    return next((kind for pattern, kind in _BY_NAME if re.fullmatch(pattern, name)), None)


def holds_fact_checks(path: str) -> bool:
    """Whether a file has fact-checks, by its name: they are no articles, and ``--factchecks`` reads them."""
    return bool(re.fullmatch(r"(claim-?reviews?|fact-?checks?)\b.*\.(jsonl|ndjson|json)", _unpacked_name(path)))


def _unpacked_name(path: str) -> str:
    return re.sub(r"\.(gz|zst)$", "", os.path.basename(path).lower())


def _is_list(path: str, start: bytes) -> bool:
    """A .txt is a list of feeds where its first entry is a URL or a file; else it is to be an article."""
    lines = [line.strip() for line in start.decode("utf-8", "replace").splitlines() if line.strip()]
    entries = [line for line in lines if not line.startswith("#")]
    if has_text_layout(lines):
        return False
    if not entries:
        return True  # nothing but comments: an empty list, and the error will say so
    return bool(re.match(r"(https?|feed|file|kafka):", entries[0], re.I)) or os.path.isfile(beside(path, entries[0]))
