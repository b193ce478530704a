"""What a run counts for metrics beside its commits: sources, requests that failed, and the figures of its summary."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence

from claimwire.connectors.web.http import without_password
from claimwire.pipelines.observe.summary import Summary
from claimwire.pipelines.state import samples
from claimwire.pipelines.state.database import transaction
from claimwire.pipelines.state.opening import State
from claimwire.pipelines.state.samples import Labels
from claimwire.pipelines.state.sources import SourceState


def note_sources(state: State, feeds: Sequence[str], topics: Sequence[str], known: Mapping[str, SourceState]) -> None:
    """Note which sources are read and how many of them fail; a home page is the feeds that are read in its place.

    Args:
        state: The open state.
        feeds: URLs as configured.
        topics: Addresses.
        known: What the state has of some of them; the rest is looked up.
    """
    states = {**known, **state.sources.load([name for name in feeds if name not in known])}
    homes = {url: known.found for url, known in states.items() if known.found}
    polled = list(dict.fromkeys(feed for url in feeds for feed in homes.get(url, (url,))))
    states |= state.sources.load([name for name in (*polled, *topics) if name not in states])
    with transaction(state.db) as db:
        for kind, names in (("feed", polled), ("topic", topics)):
            failing = sum(name in states and states[name].failing_since is not None for name in names)
            samples.set_(db, samples.SOURCES, len(names) - failing, (kind, "ok"))
            samples.set_(db, samples.SOURCES, failing, (kind, "failing"))
    state.samples.keep_sources(samples.SOURCE_NEW, [*map(without_password, polled), *topics])
    state.samples.keep_sources(samples.KAFKA_LAG, topics)


def failed_requests(kind: str, statuses: Iterable[int | None]) -> Counter[Labels]:
    """Requests for feeds or pages that failed, by the class of the HTTP status; None where there was no answer."""
    return Counter((kind, f"{status // 100}xx" if status else "none") for status in statuses)


def count_run(state: State, summary: Summary, refused: int) -> None:
    """Count what the summary of a run has and no commit counts; ``refused`` is of messages."""
    reads: dict[Labels, float] = {
        ("read",): summary.feeds_read + summary.files_read + summary.topics_read,
        ("unchanged",): summary.feeds_unchanged + summary.files_unchanged,
        ("failed",): summary.sources_failed,
    }
    pages: dict[Labels, float] = {
        ("read",): summary.pages_read,
        ("refused",): summary.pages_refused,
        ("failed",): summary.pages_failed,
    }
    with transaction(state.db) as db:
        samples.add(db, samples.SOURCE_READS, reads)
        samples.add(db, samples.PAGES, pages)
        samples.add(db, samples.KAFKA_LOST, {(): summary.lost})
        samples.add(db, samples.DEAD_LETTERS, {("publish",): refused})
