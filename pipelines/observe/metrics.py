"""The metrics: what each means, and the collector that reads them from a state whenever somebody asks.

They are read by a connection of their own, which disturbs no run. So ``/metrics`` and the file of ``--metrics-file``
hold the same figures, and both are what was committed (``claimwire.pipelines.state.samples``).

Names and units follow https://prometheus.io/docs/practices/naming/ and OpenMetrics 1.0. Labels have few values: no host
and no URL is one, but for the sources that are configured, up to ``MOST_SOURCES`` of them and without passwords.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterable, Iterator, Mapping
from importlib.metadata import version
from pathlib import Path
from typing import Literal, NamedTuple

from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, HistogramMetricFamily
from prometheus_client.metrics_core import Metric as Family
from prometheus_client.registry import Collector

from claimwire.connectors.outputs.names import DATABASE
from claimwire.connectors.web.http import without_password
from claimwire.pipelines.dedupe import sqlite
from claimwire.pipelines.state import StateError, deliveries, samples
from claimwire.pipelines.state.pages import Pages
from claimwire.pipelines.state.queue import Queue
from claimwire.pipelines.state.samples import Labels, Sample
from claimwire.pipelines.state.sources import Sources

_STAGES = ("feed", "entry", "page", "record", "file", "row", "normalize", "extract", "publish", "queue")
_QUOTES = ("direct", "indirect", "mixed")
_OUTCOMES = ("new", "revision", "copy", "unchanged", "dead")
_NOTIFIED = ("delivered", "failed", "given_up")


class Metric(NamedTuple):
    """What one metric means."""

    name: str
    """Without the suffix ``_total`` of counters."""
    kind: Literal["counter", "gauge", "histogram"]
    help: str
    labels: tuple[str, ...] = ()
    sample: str = ""
    """Its name in the state; empty for one that is made when it is asked for."""
    always: tuple[Labels, ...] = ()
    """The labels of series that are there from the beginning, at 0: ``increase()`` does not see the first of others."""

    @property
    def full_name(self) -> str:
        """As a query has it."""
        return f"{self.name}_total" if self.kind == "counter" else self.name


def _each(*values: str) -> tuple[Labels, ...]:
    return tuple((value,) for value in values)


OF_STATE = (
    Metric(
        "claimwire_entries_read",
        "counter",
        "Entries that were read from sources. They balance: as many have ended (claimwire_articles_total) or wait "
        "(claimwire_queue_articles).",
        sample=samples.ENTRIES,
        always=((),),
    ),
    Metric(
        "claimwire_articles",
        "counter",
        "Entries that have ended, by what became of them. New articles, revisions and copies have a record; unchanged "
        "ones and dead letters have none.",
        ("outcome",),
        samples.ARTICLES,
        _each(*_OUTCOMES),
    ),
    Metric(
        "claimwire_claims",
        "counter",
        "Claims written, by the type of their quotation and the extractor that found them.",
        ("type", "extractor"),
        samples.CLAIMS,
    ),
    Metric(
        "claimwire_dead_letters",
        "counter",
        "Dead letters written, by the stage that refused the input; publish is a message that a topic refused.",
        ("stage",),
        samples.DEAD_LETTERS,
        _each(*_STAGES),
    ),
    Metric(
        "claimwire_source_reads",
        "counter",
        "Readings of feeds, files and topics that ended, as the summary of a run counts them.",
        ("outcome",),
        samples.SOURCE_READS,
        _each("read", "unchanged", "failed"),
    ),
    Metric(
        "claimwire_pages",
        "counter",
        "Pages behind entries, as the summary of a run counts them.",
        ("outcome",),
        samples.PAGES,
        _each("read", "refused", "failed"),
    ),
    Metric(
        "claimwire_fetch_errors",
        "counter",
        "Requests for feeds and pages that failed, by the class of the answer (2xx: it could not be read; none: there "
        "was no answer).",
        ("kind", "answer"),
        samples.FETCH_ERRORS,
        tuple((kind, answer) for kind in ("feed", "page") for answer in ("none", "2xx", "3xx", "4xx", "5xx")),
    ),
    Metric(
        "claimwire_notifications",
        "counter",
        "Matches of watches, by what became of telling a target of them: delivered or given_up; failed counts messages "
        "that did not go and are tried again.",
        ("outcome",),
        samples.NOTIFICATIONS,
        _each(*_NOTIFIED),
    ),
    Metric(
        "claimwire_kafka_records_lost",
        "counter",
        "Records of topics that the broker had removed before they were read (kafka_lost: reset).",
        sample=samples.KAFKA_LOST,
        always=((),),
    ),
    Metric(
        "claimwire_kafka_lag_records",
        "gauge",
        "Records of a topic that were still to be read when a run last looked.",
        ("source",),
        samples.KAFKA_LAG,
    ),
    Metric(
        "claimwire_pass_duration_seconds",
        "histogram",
        "How long passes took, from the queue to the names of their outputs.",
        sample=samples.PASSES,
    ),
    Metric(
        "claimwire_sources",
        "gauge",
        "Feeds and topics that are read, by whether they fail now.",
        ("kind", "state"),
        samples.SOURCES,
    ),
    Metric(
        "claimwire_source_last_new_timestamp_seconds",
        "gauge",
        "When the last new article or revision of a feed was committed, or the last record of a topic read. 0: never.",
        ("source",),
        samples.SOURCE_NEW,
    ),
    Metric(
        "claimwire_last_new_article_timestamp_seconds",
        "gauge",
        "When the last new article or revision was committed; 0 if never.",
        sample=samples.LAST_NEW,
        always=((),),
    ),
    Metric(
        "claimwire_last_commit_timestamp_seconds",
        "gauge",
        "When something was last committed; 0 if never.",
        sample=samples.LAST_COMMIT,
        always=((),),
    ),
    Metric(
        "claimwire_last_completed_run_timestamp_seconds",
        "gauge",
        "When the last run was done, with or without failed sources; 0 if never.",
        sample=samples.LAST_COMPLETED,
        always=((),),
    ),
)
"""Those whose figures the state keeps."""

READABLE = Metric(
    "claimwire_state_readable", "gauge", "1 if the state could be read just now, else 0, and its metrics are missing."
)
QUEUE = Metric(
    "claimwire_queue_articles",
    "gauge",
    "Entries that were read and have not ended: those that wait for the page behind them, for a pass, and dead letters "
    "that wait to be written.",
    ("waiting_for",),
)
NOTIFYING = Metric(
    "claimwire_notifications_waiting",
    "gauge",
    "Matches that a target is still to be told of, by whether that was tried in vain; those of a digest wait for their "
    "hour.",
    ("tried",),
)
FAILING = Metric("claimwire_source_failing", "gauge", "1 if the source failed when it was last asked.", ("source",))
LAST_READ = Metric(
    "claimwire_source_last_read_timestamp_seconds",
    "gauge",
    "When a feed last gave entries, new or not; it did not need to as long as it answers that nothing has changed.",
    ("source",),
)
BUILD = Metric("claimwire_build_info", "gauge", "The version of claimwire.", ("version",))
LAST_END = Metric(
    "claimwire_last_run_end_timestamp_seconds", "gauge", "When the last run of this process ended, however it did."
)
LAST_DURATION = Metric("claimwire_last_run_duration_seconds", "gauge", "How long it took.")
LAST_SUCCESS = Metric(
    "claimwire_last_run_success",
    "gauge",
    "1 if it did not fail; failed sources, dead letters and signals are no failure.",
)
STREAM = Metric("claimwire_stream_running", "gauge", "1 if the job of claimwire stream runs.")

METRICS = (
    *OF_STATE,
    READABLE,
    QUEUE,
    NOTIFYING,
    FAILING,
    LAST_READ,
    BUILD,
    LAST_END,
    LAST_DURATION,
    LAST_SUCCESS,
    STREAM,
)
OF_STREAM = tuple(
    metric for metric in OF_STATE if metric.sample in (samples.ARTICLES, samples.CLAIMS, samples.DEAD_LETTERS)
)
"""Those that a stream has, too: since it began, not since its state was made."""


class StateMetrics(Collector):
    """Reads the metrics of a state whenever they are asked for, whether a run holds it or not.

    Args:
        folder: The state directory, which need not be there yet.
    """

    def __init__(self, folder: Path) -> None:
        self._database = folder / DATABASE

    def collect(self) -> Iterator[Family]:
        """The families. Those of a state that cannot be read are left out: a counter at 0 would look like a new one."""
        try:
            found = list(self._families())
        except (StateError, OSError):
            found = [gauge(READABLE, {(): 0})]
        yield from found

    def _families(self) -> Iterator[Family]:
        if not self._database.exists():
            yield from of_samples([])
            yield gauge(QUEUE, dict.fromkeys(_each("page", "pass", "writing"), 0))
            yield gauge(NOTIFYING, dict.fromkeys(_each("no", "yes"), 0))
        else:
            with sqlite.reading(self._database) as db:
                db.execute("BEGIN")  # so that all queries see the same commit
                found = samples.read(db)
                yield from of_samples(found)
                queue, pages = Queue(db), Pages(db)
                waiting = (pages.waiting(), queue.waiting(), queue.waiting("dead-letter"))
                yield gauge(QUEUE, dict(zip(_each("page", "pass", "writing"), waiting, strict=True)))
                yield gauge(NOTIFYING, dict(zip(_each("no", "yes"), deliveries.waiting(db), strict=True)))
                yield from _of_sources(db, {sample.labels for sample in found if sample.metric == samples.SOURCE_NEW})
        yield gauge(READABLE, {(): 1})


def last_commit(folder: Path) -> float:
    """When something was last committed to a state, in Unix seconds; 0 if never, or if that cannot be read."""
    try:
        if (folder / DATABASE).exists():
            with sqlite.reading(folder / DATABASE) as db:
                return next((found.value for found in samples.read(db) if found.metric == samples.LAST_COMMIT), 0.0)
    except StateError:
        pass
    return 0.0


def of_samples(found: Iterable[Sample], metrics: Iterable[Metric] = OF_STATE) -> Iterator[Family]:
    """The families of samples, as a state keeps them."""
    by_metric: dict[str, dict[Labels, float]] = {}
    for sample in found:
        by_metric.setdefault(sample.metric, {})[sample.labels] = sample.value
    for metric in metrics:
        values = dict.fromkeys(metric.always, 0.0) | by_metric.get(metric.sample, {})
        if metric.kind == "counter":
            yield counter(metric, values)
        elif metric.kind == "gauge":
            yield gauge(metric, values)
        else:
            yield _histogram(metric, values)


def of_stream(counted: Iterable[Sample]) -> Iterator[Family]:
    """The families of what a stream has counted."""
    return of_samples(counted, OF_STREAM)


def counter(metric: Metric, values: Mapping[Labels, float]) -> Family:
    """The family of a counter."""
    return _with(CounterMetricFamily(metric.name, metric.help, labels=metric.labels), values)


def gauge(metric: Metric, values: Mapping[Labels, float]) -> Family:
    """The family of a gauge."""
    unit = "seconds" if metric.name.endswith("_seconds") else ""
    return _with(GaugeMetricFamily(metric.name, metric.help, labels=metric.labels, unit=unit), values)


def build_info() -> Family:
    """Which version this is."""
    return gauge(BUILD, {(version("claimwire"),): 1})


def _with(family: CounterMetricFamily | GaugeMetricFamily, values: Mapping[Labels, float]) -> Family:
    for labels, value in sorted(values.items()):
        family.add_metric(labels, value)
    return family


def _histogram(metric: Metric, values: Mapping[Labels, float]) -> Family:
    count = values.get(("count",), 0.0)
    buckets = [(str(bound), values.get(("le", str(bound)), 0.0)) for bound in samples.BUCKETS]
    family = HistogramMetricFamily(metric.name, metric.help, unit="seconds")
    family.add_metric((), [*buckets, ("+Inf", count)], values.get(("sum",), 0.0))
    return family


def _of_sources(db: sqlite3.Connection, shown: Iterable[Labels]) -> Iterator[Family]:
    """What is remembered of the sources that have series of their own; two that differ by a login are one."""
    failing = dict.fromkeys(shown, 0.0)
    read: dict[Labels, float] = {}
    for name, state in Sources(db).all().items():
        labels = (without_password(name),)
        if labels in failing:
            failing[labels] = max(failing[labels], float(state.failing_since is not None))
            if state.read_at:
                read[labels] = max(read.get(labels, 0.0), state.read_at.timestamp())
    yield gauge(FAILING, failing)
    yield gauge(LAST_READ, read)


class LiveMetrics(Collector):
    """Families that a function makes whenever they are asked for."""

    def __init__(self, families: Callable[[], Iterable[Family]]) -> None:
        self._families = families

    def collect(self) -> Iterable[Family]:
        """What the function gives."""
        return self._families()
