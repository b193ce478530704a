"""What a transform gives where its input can fail: its main output, and beside it what could not be processed.

The next transform takes such a result as a whole, so that a chain needs no ceremony and loses no dead letter:

    urls | ReadFromFeeds() | Normalize() | Deduplicate() | ExtractClaims() | WriteToJsonl("out")

A transform of another library takes one of the outputs: ``(urls | ReadFromFeeds()).articles | beam.Map(print)``.
"""

from __future__ import annotations

from typing import NamedTuple, TypeAlias

import apache_beam as beam

from claimwire.schemas import DeadLetter


class Read(NamedTuple):
    """What reading gives."""

    articles: beam.PCollection
    """Of RawArticle."""
    dead_letters: beam.PCollection
    """Of DeadLetter: what could be read, but not understood."""
    results: beam.PCollection
    """How the reading of each source went, failures to reach it included."""


class Pages(NamedTuple):
    """What reading pages gives."""

    articles: beam.PCollection
    """Of RawArticle: one for each page that was read, and one for each entry of a live blog."""
    dead_letters: beam.PCollection
    """Of DeadLetter, stage ``page``: what was fetched, and could not be understood."""
    results: beam.PCollection
    """Of PageResult: one for each request that was dealt with, with its article."""
    hosts: beam.PCollection
    """Of HostMemory: what to give to the next ``ReadPages``, so that its manners begin where these end."""
    kept: beam.PCollection
    """Of Kept: what the archive has now."""


class Articles(NamedTuple):
    """What processing gives."""

    articles: beam.PCollection
    dead_letters: beam.PCollection
    """Of DeadLetter, those of the steps before included."""


class Enriched(NamedTuple):
    """What extraction gives."""

    articles: beam.PCollection
    """Of EnrichedArticle."""
    dead_letters: beam.PCollection
    """Of DeadLetter, those of the steps before included."""
    events: beam.PCollection
    """Of Event: that an article is a copy, or was revised."""


Given: TypeAlias = Read | Pages | Articles | Enriched | beam.PCollection
"""What a step takes: the result of the step before it, or a plain collection."""


def main_of(given: Given) -> beam.PCollection:
    """What a transform is to work on: the articles of the result before it, or the plain collection that it got."""
    return given if isinstance(given, beam.PCollection) else given.articles


def letters_of(given: Given, *more: beam.PCollection) -> beam.PCollection:
    """The dead letters of the result before a transform, with those of its own."""
    if not isinstance(given, beam.PCollection):
        more = (given.dead_letters, *more)
    elif not more:
        return given | "NoDeadLetters" >> beam.FlatMap(lambda _: ()).with_output_types(DeadLetter)
    return more[0] if len(more) == 1 else more | "DeadLetters" >> beam.Flatten()
