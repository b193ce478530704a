"""The command for archives that are larger than a machine: batch."""

from __future__ import annotations

import atexit
import os
import threading
from typing import Any

import click

from claimwire.pipelines.cli.exits import DONE, EXIT_CODES, STOPPED
from claimwire.pipelines.cli.options import BEAM, GroupedCommand, check_beam_options, load, require, settings_options
from claimwire.pipelines.cli.running import Stop, progress_of, tell

_NOT_OF_ARCHIVES = (
    "source", "sink",
    "interval", "feeds_at_once", "feed_timeout", "feed_limit_mb", "full_text", "page_delay", "page_delays", "page_wait",
    "page_limit_mb", "archive", "ignore_reservations", "allow_private", "websub_callback", "websub_listen", "contact",
    "rotate_mb", "flat_claims", "state", "remember", "memory", "remember_claims", "factchecks", "every", "exchange",
    "pass_seconds", "watches", "notify_for", "watch_feeds", "kafka_config", "kafka_group", "kafka_start", "kafka_lost",
    "create_topics", "kafka_partitions", "kafka_replication", "kafka_retention", "kafka_topics", "kafka_transactions",
    "kafka_compression", "metrics", "metrics_file", "traces",
)  # fmt: skip


@click.command(cls=GroupedCommand, context_settings=BEAM, epilog=EXIT_CODES)
@click.option(
    "--source",
    multiple=True,
    metavar="SOURCE",
    help="What to read, repeatable: a file, a folder, or a pattern, e.g. s3://desk/archive, 's3://desk/2025-*/*.warc.gz'.",
)
@click.option(
    "--sink",
    multiple=True,
    metavar="SINK",
    help="Where to write, repeatable: parquet:ADDRESS or jsonl:ADDRESS of a folder, e.g. parquet:s3://desk/claims.",
)
@click.option(
    "--part-size",
    type=click.IntRange(1, 100_000),
    default=2_000,
    show_default=True,
    metavar="NUMBER",
    help="The most articles of a part: what a worker extracts at a time, and what stands in one file of the sink.",
)
@settings_options(*_NOT_OF_ARCHIVES)
@click.argument("beam_options", nargs=-1, type=click.UNPROCESSED)
def batch(config: str | None, beam_options: tuple[str, ...], part_size: int, **flags: Any) -> int:
    """Extract an archive of files that is larger than this machine, on a cluster.

    From an object store into an object store. Sources are files (JSONL, Parquet, CSV, WARC, saved pages and feeds),
    folders or patterns in one of Beam's file systems: s3://, gs://, hdfs://, or a disk that all workers see. Sinks are
    parquet: and jsonl: in one of them. Workers do all the work: they read, sort by publication, judge which articles
    are copies (one of them, in the order of publication, as a single run over the whole would), extract, and write.
    This machine submits the jobs, and keeps nothing.

    \b
    claimwire batch --source 's3://desk/2025-*/*.warc.gz' --sink parquet:s3://desk/claims \\
      --runner FlinkRunner --flink_master flink:8081 --environment_type EXTERNAL --environment_config localhost:50000
    On this machine, to try it:
    claimwire batch --source archive --sink parquet:out

    What is done of each step lies in SINK/.claimwire-batch, whole. Interrupted or killed, the same command goes on
    there: what is done is not done again, and nothing is lost or there twice. At the end, manifest.json and parts.jsonl
    in it say what was done. The files of an archive are those that are there at the first start; the next batch needs
    another sink.

    A batch remembers nothing of other runs: its records have no threads, stories and changes, and no ids of speakers.
    """
    settings = load(config, flags)
    check_beam_options(beam_options)
    require(settings, "source", "sink")

    running: list[Any] = []

    def work() -> int:
        from claimwire.pipelines.batch.job import Batch  # noqa: PLC0415 - Beam
        from claimwire.pipelines.run import RunError  # noqa: PLC0415
        from claimwire.pipelines.run.openfiles import allow_open_files  # noqa: PLC0415

        allow_open_files()
        with progress_of(settings) as progress:
            job = Batch(settings, part_size, list(beam_options), progress, stop.listen)
            running.append(job)
            try:
                summary = job.go()
            except RunError:
                if stop():  # it was cancelled, and the thread that did so ends the process
                    ending.join()
                raise
        tell(settings, summary)
        return settings.incomplete_exit if summary.sources_failed or summary.dead_letters else DONE

    # A job cannot be left at a safe point, and need not be, because everything is whole or not there at any moment. So
    # a signal ends it at once. Runners of Beam set handlers of their own, and can do that in the main thread only.
    with Stop("ending; the same command goes on where this one was") as stop:
        ending = threading.Thread(target=_end_when_told, args=(stop, running), daemon=True)
        ending.start()
        return work()


def _end_when_told(stop: Stop, running: list[Any]) -> None:
    while not stop.wait(3600):
        pass
    for job in running:
        job.cancel()
    os.dup2(os.open(os.devnull, os.O_WRONLY), 2)  # else Beam prints what its threads miss when all is taken away
    # What is registered for the end, such as that of a runner, and no more: the threads of workers do not end.
    atexit._run_exitfuncs()
    os._exit(STOPPED)
