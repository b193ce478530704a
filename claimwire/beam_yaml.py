"""The steps of claimwire as Beam YAML calls them: rows in and rows out, by the provider ``deploy/beam/claimwire.yaml``.

As with Beam's own steps, what cannot be processed ends the pipeline, unless ``error_handling`` names an output for it.
"""

# Beam YAML reads the types of arguments and checks the pipeline against them: they have to be types, and no texts.
from collections.abc import Callable
from typing import Any, Optional

import apache_beam as beam

from claimwire.beam import Deduplicate, ExtractClaims, Normalize, ReadFromFeeds, ReadFromFiles
from claimwire.connectors.results import Articles, Enriched
from claimwire.errors import ClaimwireError
from claimwire.rows import ArticleRows, ClaimRows, DeadLetterRows, RecordRows
from claimwire.schemas import DeadLetter

Errors = Optional[dict[str, str]]  # noqa: UP045 - which Beam 2.77 can convert, and not the other form


class NotProcessedError(ClaimwireError):
    """An input could not be processed, and the pipeline does not say where to."""


class _Step(beam.PTransform):  # type: ignore[misc]
    """Rows of what some steps give, and rows of their dead letters where these are wanted."""

    def __init__(
        self,
        name: str,
        steps: Callable[[Any], Articles | Enriched],
        rows: beam.PTransform,
        error_handling: Errors,
    ) -> None:
        super().__init__(name)
        self._steps = steps
        self._rows = rows
        self._errors = (error_handling or {}).get("output")

    def expand(self, given: Any) -> Any:
        found = self._steps(given)
        rows = found.articles | "Rows" >> self._rows
        if not self._errors:
            _ = found.dead_letters | "NoErrorHandling" >> beam.Map(_refuse)
            return rows
        return {"output": rows, self._errors: found.dead_letters | "Errors" >> DeadLetterRows()}


def _refuse(letter: DeadLetter) -> None:
    raise NotProcessedError(
        f"{letter.stage}: {letter.error.message}. Add error_handling with an output to the step, and the rest goes on"
    )


def read_from_feeds(urls: list[str], error_handling: Errors = None) -> beam.PTransform:
    """Reads the articles of feeds.

    Args:
        urls: The URLs of RSS, Atom or JSON feeds.
        error_handling: The output for what could not be read.
    """
    return _Step("ReadFromFeeds", _reading(urls, ReadFromFeeds()), ArticleRows(), error_handling)


def read_from_files(paths: list[str], error_handling: Errors = None) -> beam.PTransform:
    """Reads the articles of files: JSONL, tables, saved feeds and pages, WARC.

    Args:
        paths: Files, folders, or patterns.
        error_handling: The output for what could not be read.
    """
    return _Step("ReadFromFiles", _reading(paths, ReadFromFiles()), ArticleRows(), error_handling)


def extract_claims(
    extractor: Optional[str] = None,  # noqa: UP045
    claims: str = "statements",
    error_handling: Errors = None,
) -> beam.PTransform:
    """Finds who said what: a row for each claim.

    Args:
        extractor: ``tagger``, or ``rules``, which is faster; by default the best that is there.
        claims: The statements that a press desk would list, or all that is attributed to somebody.
        error_handling: The output for articles that could not be processed.
    """
    return _Step("ExtractClaims", _extracting(extractor, claims), ClaimRows(), error_handling)


def enrich_articles(
    extractor: Optional[str] = None,  # noqa: UP045
    claims: str = "statements",
    error_handling: Errors = None,
) -> beam.PTransform:
    """Finds who said what: a row for each article, with its whole record as JSON.

    Args:
        extractor: ``tagger``, or ``rules``, which is faster; by default the best that is there.
        claims: The statements that a press desk would list, or all that is attributed to somebody.
        error_handling: The output for articles that could not be processed.
    """
    return _Step("EnrichArticles", _extracting(extractor, claims), RecordRows(), error_handling)


def _reading(names: list[str], read: beam.PTransform) -> Callable[[Any], Articles]:
    return lambda begin: begin | beam.Create(names) | read | Normalize()


def _extracting(extractor: Any, claims: Any) -> Callable[[Any], Enriched]:
    return lambda rows: rows | Normalize() | Deduplicate() | ExtractClaims(extractor=extractor, claims=claims)
