"""The stream on its runner: submitted, watched, and ended. ``claimwire.pipelines.stream`` has its graph."""

from __future__ import annotations

import logging
import threading
import time
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from copy import copy
from functools import partial
from pathlib import Path
from typing import NamedTuple, Protocol

import apache_beam as beam
from apache_beam.metrics import MetricsFilter
from apache_beam.options.pipeline_options import GoogleCloudOptions, PipelineOptions, PortableOptions
from apache_beam.runners.runner import PipelineResult, PipelineState
from apache_beam.runners.worker import sdk_worker
from grpc import RpcError

from claimwire.connectors.kafka import Consumers, KafkaAddress, Topics, partitions_of
from claimwire.connectors.sources import TopicSource, sources
from claimwire.errors import ClaimwireError
from claimwire.pipelines import extract
from claimwire.pipelines.cluster import jobs
from claimwire.pipelines.cluster.flink import rest_of
from claimwire.pipelines.cluster.seeding import Place, SeedFile, place_of, write_seed
from claimwire.pipelines.cluster.shared import SharedFolder
from claimwire.pipelines.enrich import finish_extracting
from claimwire.pipelines.kafka import connection, consumer_config
from claimwire.pipelines.observe.monitor import StreamMonitor, monitoring_stream
from claimwire.pipelines.observe.summary import counted
from claimwire.pipelines.settings import Settings, SettingsError
from claimwire.pipelines.sinks.topics import prepare_topics, topics_of
from claimwire.pipelines.state import samples
from claimwire.pipelines.stream import BETWEEN, COUNTERS, GROUP, build

_log = logging.getLogger(__name__)

_STEP_S = 0.5
_PATIENCE_S = 30.0
_TELL_EVERY_S = 60.0
_LOOK_AT_COUNTERS_EVERY_S = 10.0
_FINISH = "--finish_bundle_before_checkpointing"
_COMMAND = "claimwire stream --source kafka://HOST:PORT/TOPIC --sink kafka://HOST:PORT/PREFIX --runner FlinkRunner ..."


class Stop(Protocol):
    """Who tells a stream to end."""

    def listen(self) -> None:
        """Hear signals from now on, also if a library has put itself in the way."""

    def wait(self, seconds: float) -> bool:
        """Wait, but no longer than until it is to end; whether it is."""


def run_stream(
    settings: Settings, beam_options: list[str], stop: Stop, detach: bool = False, seed_from: Sequence[str] = ()
) -> None:
    """Run the stream until it is stopped, or, with ``detach``, until its job runs on the cluster.

    Where the runner has no state, what was written to the places ``seed_from`` is remembered from the start.

    Raises SettingsError for what cannot be streamed, SourceError, ModelNotFoundError, ModelUnfitError,
    KafkaConnectorError where a topic of the sink is not there, AnotherStreamError where the stream runs already,
    FlinkError, ClaimwireError where the stream ends by itself, what ``seeding.write_seed`` raises, and what the runner
    raises.
    """
    topics = _topics(settings)
    addresses = _sinks(settings)
    runner = (PipelineOptions(beam_options).get_all_options()["runner"] or "DirectRunner").rpartition(".")[2]
    options = PipelineOptions(_for_runner(runner, beam_options), streaming=True, save_main_session=False)
    if runner in ("DirectRunner", "FnApiRunner"):
        raise SettingsError(
            "a stream needs a portable runner, because Beam's DirectRunner gives out nothing behind keyed state of an "
            f"unbounded read; for example: {_COMMAND}; without one, claimwire watch does the same in passes"
        )
    if settings.watches or settings.watching:
        raise SettingsError(
            "a stream compares nothing with watches; leave them out of its settings, and let claimwire watch, with the "
            "topics of the stream as its source, look for them"
        )
    if detach:
        _check_detached(runner, options)
    seeds = [place_of(spec) for spec in seed_from]
    if seeds and not settings.exchange:
        _check_seeded(runner, options)
    group = settings.kafka_group or GROUP
    job = jobs.name_of(group, options)
    options.view_as(GoogleCloudOptions).job_name = job
    with jobs.only_one(Path(settings.state), job), monitoring_stream(settings) as monitor:
        _run(_Stream(settings, topics, addresses, options, runner, group, job, detach, seeds), stop, monitor)


class _Stream(NamedTuple):
    settings: Settings
    topics: list[TopicSource]
    addresses: list[KafkaAddress]
    options: PipelineOptions
    runner: str
    group: str
    job: str
    detach: bool
    seeds: list[Place]


def _run(stream: _Stream, stop: Stop, monitor: StreamMonitor) -> None:
    settings, topics, addresses, options, runner, group, job, detach, seeds = stream
    if settings.extract != "none":
        extract.check(settings.model, settings.extractor)
    for address in addresses:
        prepare_topics(settings, address, topics_of(settings, address))
    jobs.refuse_another(options, job)
    ends = (", ".join(dict.fromkeys(map(str, some))) for some in ((topic.address for topic in topics), addresses))
    _log.info("starting on %s: from %s to %s, consumer group %s", runner, *ends, group)
    seed = None
    if seeds:
        folder = SharedFolder(settings.exchange or Path(settings.state).absolute().as_uri())
        seed = SeedFile(folder, folder.path(jobs.file_of(job, "seed")))
        write_seed(settings, seeds, topics, group, seed)
    else:
        _warn_of_empty_memory(stream)
    # Beam prints errors of its threads and of bundles, also those that only mean that the runner has ended. What counts
    # of them is raised here.
    threading.excepthook = lambda _: None
    sdk_worker.print = lambda *_, **__: None
    pipeline = beam.Pipeline(options=options)
    build(pipeline, settings, topics, addresses, seed)
    result = pipeline.run()
    stop.listen()  # Beam has set a handler for SIGINT
    if detach:
        _leave(result, job)
        return
    _log.info("running; the first records may take a minute")
    monitor.running = True
    try:
        if not _has_ended(result, stop, monitor):
            ended = jobs.end(result, options, job)
            _log.info("stopped: %s. The next stream continues at the offsets of the consumer group %s", ended, group)
            if runner == "PrismRunner":
                _log.warning(
                    "Prism may have committed what it had read and not yet written: the next stream does not read that "
                    "unless --kafka-start is a time before it; --seed-from %s then knows what was written",
                    f"{addresses[0]}.articles",
                )
    finally:
        monitor.running = False
        finish_extracting(_PATIENCE_S)


def _check_detached(runner: str, options: PipelineOptions) -> None:
    """Raises SettingsError for a job that would not go on without this process."""
    portable = options.view_as(PortableOptions)
    here = not portable.job_endpoint and (runner == "PrismRunner" or (runner == "FlinkRunner" and not rest_of(options)))
    if here or portable.environment_type == "LOOPBACK":
        raise SettingsError(
            "--detach needs a runner and workers that go on without this process: a cluster, by --flink_master "
            "HOST:PORT or --job_endpoint, and another --environment_type than LOOPBACK, e.g. EXTERNAL"
        )


def _check_seeded(runner: str, options: PipelineOptions) -> None:
    """Raises SettingsError where the worker that judges may not see the disk of this machine."""
    portable = options.view_as(PortableOptions)
    with_prism = runner == "PrismRunner" and not portable.environment_type  # its default
    if portable.environment_type != "LOOPBACK" and not with_prism:
        raise SettingsError(
            "--seed-from needs --exchange, a place that this machine and the workers share, e.g. s3://BUCKET/claimwire "
            "or file:///PATH of a disk that all of them have: there the worker that judges finds what it is to remember"
        )


def _leave(result: PipelineResult, job: str) -> None:
    """Wait until the job runs. Raises ClaimwireError where it does not."""
    state = jobs.await_state(result, lambda state: state not in _NOT_YET, _PATIENCE_S)
    if state != PipelineState.RUNNING:
        raise ClaimwireError(f"the job {job} does not run: it is {state or 'not known to the job server'}")
    _log.info("the job %s runs; it is left to its runner, which ends it, too", job)


_NOT_YET = (PipelineState.UNKNOWN, PipelineState.STARTING, PipelineState.STOPPED, PipelineState.PENDING)


def _warn_of_empty_memory(stream: _Stream) -> None:
    """Say it loudly where a stream goes on at offsets, but not with what it had seen before them."""
    if _savepoint(stream.options) or not any(_committed(stream)):
        return
    _log.warning(
        "going on at the offsets of the consumer group %s with an empty memory: what was read before them is not "
        "remembered, so its copies and revisions will count as new. On Flink, --savepoint_path PATH (of a savepoint or "
        "a retained checkpoint) restores the memory; elsewhere it begins with what was written by --seed-from %s, or "
        "a store or folder with these records",
        stream.group,
        f"{stream.addresses[0]}.articles",
    )


def _savepoint(options: PipelineOptions) -> bool:
    return bool(options.get_all_options(retain_unknown_options=True).get("savepoint_path"))


def _committed(stream: _Stream) -> Iterator[bool]:
    """Of the topics, whether the group has been there before."""
    for topic in stream.topics:
        config = partial(consumer_config, connection(stream.settings, topic.address.brokers), stream.group)
        consumers = Consumers(list(topic.address.brokers), config)
        consumers.open()
        try:
            yield bool(consumers.committed(partitions_of(consumers, Topics(names=(topic.address.name,)))))
        finally:
            consumers.close()


def _for_runner(runner: str, beam_options: list[str]) -> list[str]:
    """Beam's options with what a stream needs on a runner.

    Flink holds back what Impulse gives before the first checkpoint, and so the stream, unless bundles are finished
    before it. A job server that does not know the option drops it (PortableRunner asks it for those that it knows).
    """
    given = any(option.partition("=")[0] == _FINISH for option in beam_options)
    return beam_options if given or runner not in ("FlinkRunner", "PortableRunner") else [*beam_options, _FINISH]


def _has_ended(result: PipelineResult, stop: Stop, monitor: StreamMonitor) -> bool:
    """Wait for the end of a stream, with a line every minute; False if it is told to stop before.

    Raises ClaimwireError for a stream that fails.
    """
    failed: list[Exception] = []

    def wait() -> None:
        try:
            result.wait_until_finish()
        except Exception as error:
            failed.append(error)

    waiting = threading.Thread(target=wait, name="stream", daemon=True)
    waiting.start()
    began = told = looked = time.monotonic()
    while waiting.is_alive():
        if stop.wait(_STEP_S):
            return False
        now = time.monotonic()
        if now - looked >= min(_LOOK_AT_COUNTERS_EVERY_S, _TELL_EVERY_S):
            looked = now
            monitor.counts = _counts(result) or monitor.counts
        if now - told >= _TELL_EVERY_S:
            told = now
            _log.info("%.0f min: %s", (told - began) / 60, _told(monitor.counts))
    if failed:
        (error,) = failed
        why = "the runner does not answer any more" if isinstance(error, RpcError) else error
        raise ClaimwireError(f"the stream has ended: {why}") from error
    return True


def _counts(result: PipelineResult) -> dict[tuple[str, ...], int]:
    """What has been written since the start by metric and labels, as far as the runner says it."""
    counts: Counter[tuple[str, ...]] = Counter()
    with suppress(Exception):  # not every runner has them at every moment
        # A result asks the runner once and keeps the answer, so a copy of it is asked.
        for counter in copy(result).metrics().query(MetricsFilter().with_namespace(COUNTERS))["counters"]:
            # Flink says what was attempted; on Prism that falls back to 0 once it is committed.
            name = tuple(counter.key.metric.name.split(BETWEEN))
            counts[name] += max(counter.attempted or 0, counter.committed or 0)
    return counts


def _told(counts: Mapping[tuple[str, ...], float]) -> str:
    def total(metric: str, *without: str) -> int:
        return int(sum(n for (name, *labels), n in counts.items() if name == metric and not {*without} & {*labels}))

    figures = (
        (total(samples.ARTICLES, "unchanged", "dead"), "article"),
        (total(samples.CLAIMS), "claim"),
        (total(samples.DEAD_LETTERS), "dead letter"),
    )
    return ", ".join(counted(number, name) for number, name in figures)


def _topics(settings: Settings) -> list[TopicSource]:
    found = [source for spec in settings.source for source in sources(spec)]
    topics = [source for source in found if isinstance(source, TopicSource)]
    if len(topics) < len(found):
        raise SettingsError(f"a stream reads topics only; {_COMMAND}")
    return topics


def _sinks(settings: Settings) -> list[KafkaAddress]:
    if not all(sink.lower().startswith("kafka://") for sink in settings.sink):
        raise SettingsError(
            f"a stream writes to topics only; {_COMMAND}. For files and a store, let claimwire watch read the topics"
        )
    return [KafkaAddress.parse(sink) for sink in dict.fromkeys(settings.sink)]
