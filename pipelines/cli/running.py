"""Commands that run the pipeline: run, watch, stream, replay. Beam is imported when one of them begins to work."""

from __future__ import annotations

import atexit
import logging
import os
import signal
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from pathlib import Path
from types import FrameType
from typing import TYPE_CHECKING, Any, NoReturn

import click

from claimwire.pipelines.cli.exits import DONE, EXIT_CODES, STOPPED, USAGE, exit_code
from claimwire.pipelines.cli.options import BEAM, GroupedCommand, check_beam_options, load, require, settings_options
from claimwire.pipelines.settings import Settings

if TYPE_CHECKING:
    from claimwire.pipelines.observe.monitor import Monitor
    from claimwire.pipelines.observe.summary import Summary

_log = logging.getLogger("claimwire")


@click.command(cls=GroupedCommand, context_settings=BEAM, epilog=EXIT_CODES)
@settings_options("every")
@click.argument("beam_options", nargs=-1, type=click.UNPROCESSED)
def run(config: str | None, beam_options: tuple[str, ...], **flags: Any) -> int:
    """Read every source once, write who said what, and remember it.

    What an earlier run has read is not read again, and what a crash has left is finished first.

    \b
    claimwire run --source https://example.org/feed.xml --sink jsonl:out
    claimwire run --source feeds.opml --sink jsonl:news --sink parquet:tables --workers 2

    Options that are not listed here go to Beam, e.g. --runner FlinkRunner --environment_type LOOPBACK. The workers
    of such a runner have to be on this machine, where the state is.
    """
    settings = load(config, flags)
    check_beam_options(beam_options)
    require(settings, "source", "sink")
    with _Stop() as stop, _monitored(settings) as monitor:
        return _run_once(settings, list(beam_options), stop, monitor)


@click.command(cls=GroupedCommand, context_settings=BEAM, epilog=EXIT_CODES)
@settings_options("incomplete_exit")
@click.argument("beam_options", nargs=-1, type=click.UNPROCESSED)
def watch(config: str | None, beam_options: tuple[str, ...], **flags: Any) -> int:
    """Repeat run, --every so often, until SIGINT or SIGTERM.

    A run that fails is tried again at the next turn, also when a source does not answer. Only wrong settings or
    sources at the first turn end it.

    \b
    claimwire watch --every 15m --source feeds.opml --sink jsonl:news
    """
    settings = load(config, flags)
    check_beam_options(beam_options)
    require(settings, "source", "sink")
    first = True
    with _Stop() as stop, _monitored(settings) as monitor:
        while True:
            next_turn = time.monotonic() + settings.interval().total_seconds()
            if _run_once(settings, list(beam_options), stop, monitor) == USAGE and first:
                return USAGE
            first = False
            if stop.wait(max(0.0, next_turn - time.monotonic())):
                return DONE


_NOT_OF_STREAMS = (
    "workers", "compression", "rotate_mb", "every", "pass_seconds", "allow_private", "contact", "feeds_at_once",
    "feed_timeout", "feed_limit_mb", "kafka_transactions", "incomplete_exit", "metrics_file",
)  # fmt: skip


@click.command(cls=GroupedCommand, context_settings=BEAM, epilog=EXIT_CODES)
@settings_options(*_NOT_OF_STREAMS)
@click.argument("beam_options", nargs=-1, type=click.UNPROCESSED)
def stream(config: str | None, beam_options: tuple[str, ...], **flags: Any) -> NoReturn:
    """Read topics as they grow and write to topics, without end, on a portable runner.

    \b
    On this machine, with Prism (go install github.com/apache/beam/sdks/v2/go/cmd/prism@v2.77.0):
      claimwire stream --source kafka://HOST:9092/articles --sink kafka://HOST:9092/news \\
        --runner PrismRunner --prism_location ~/go/bin/prism --environment_type LOOPBACK
    On a cluster:
      claimwire stream --source ... --sink ... --runner FlinkRunner --flink_master HOST:8081 \\
        --checkpointing_interval 2000 --environment_type ...

    Offsets are committed in the consumer group --kafka-group [claimwire-stream] when what was read is written. A
    stream begins at the offsets of the group. After a failure, records can be written twice, with the same ids and
    keys. Workers keep messages that a topic refuses in --state. SIGINT and SIGTERM end it with exit code 0; a job whose
    workers are on a cluster (not LOOPBACK) goes on there.
    """
    settings = load(config, flags)
    check_beam_options(beam_options)
    require(settings, "source", "sink")
    from claimwire.errors import ClaimwireError  # noqa: PLC0415
    from claimwire.pipelines.stream import run_stream  # noqa: PLC0415

    def until_its_end() -> None:
        try:
            run_stream(settings, list(beam_options), stop)
        except (RuntimeError, ValueError) as error:  # what runners raise
            if isinstance(error, ClaimwireError):
                raise
            raise ClaimwireError(f"the stream has ended: {error}") from error

    with _Stop("ending; send it again to end at once") as stop:
        code = exit_code(until_its_end)
        # Threads of Beam's workers are still there, and some would crash if Python ended under them. So only what is
        # registered for its end is done, such as the end of the runner.
        atexit._run_exitfuncs()
        os._exit(code)


@click.command(cls=GroupedCommand, context_settings=BEAM, epilog=EXIT_CODES)
@settings_options("every", "source")
@click.argument("letters", nargs=-1, required=True, metavar="DEAD-LETTERS...")
def replay(config: str | None, letters: tuple[str, ...], **flags: Any) -> int:
    """Process dead letters again.

    DEAD-LETTERS are files, folders in which dead-letters*.jsonl files are found, or a topic of dead letters. A file
    is replayed once. What fails again goes into a new dead-letters file, with one more attempt counted, and can be
    replayed from there.

    \b
    claimwire replay news --sink jsonl:news
    """
    settings = load(config, {**flags, "source": letters})
    require(settings, "sink")
    with _Stop() as stop, _monitored(settings) as monitor:
        return _run_once(settings, [], stop, monitor, only_dead_letters=True)


class _Stop:
    """SIGINT and SIGTERM ask for an end at the next safe point; a second one ends at once, which is safe too."""

    def __init__(self, what: str = "ending at the next commit; send it again to end at once (nothing is lost)") -> None:
        self._what = what
        self._asked = threading.Event()

    def __enter__(self) -> _Stop:
        self.listen()
        return self

    def listen(self) -> None:
        """Hear signals from now on."""
        for number in (signal.SIGINT, signal.SIGTERM):
            signal.signal(number, self._ask)

    def __exit__(self, *_: object) -> None:
        for number in (signal.SIGINT, signal.SIGTERM):
            signal.signal(number, signal.SIG_DFL)

    def _ask(self, number: int, _: FrameType | None) -> None:
        from claimwire.pipelines.observe.logs import say_from_signal  # noqa: PLC0415

        if self._asked.is_set():
            os._exit(STOPPED)
        self._asked.set()
        say_from_signal(f"{signal.Signals(number).name}: {self._what}")

    def __call__(self) -> bool:
        return self._asked.is_set()

    def wait(self, seconds: float) -> bool:
        """Sleep, but no longer than until a signal; whether one came."""
        return self._asked.wait(seconds)


@contextmanager
def _monitored(settings: Settings) -> Iterator[Monitor | None]:
    if not (settings.metrics or settings.metrics_file):
        yield None
        return
    from claimwire.pipelines.observe.monitor import monitoring  # noqa: PLC0415 - only for who wants it

    with monitoring(settings) as monitor:
        yield monitor


def _run_once(
    settings: Settings,
    beam_options: list[str],
    stop: _Stop,
    monitor: Monitor | None = None,
    only_dead_letters: bool = False,
) -> int:
    began, done = time.time(), False

    def turn() -> int:
        nonlocal done
        from claimwire.pipelines.run.bounded import BoundedRun  # noqa: PLC0415
        from claimwire.pipelines.state.opening import State  # noqa: PLC0415

        with State(Path(settings.state)) as state, _progress(settings) as progress:
            summary = BoundedRun(settings, beam_options, state, progress, stop, only_dead_letters).go()
        done = True
        _tell(settings, summary)
        if stop():
            return STOPPED
        incomplete = summary.sources_failed or summary.dead_letters or summary.refused
        return settings.incomplete_exit if incomplete else DONE

    code = exit_code(turn, lambda: " (after a signal to end; the next run does the rest)" if stop() else "")
    if monitor:
        monitor.ended(began, done)
    return code


@contextmanager
def _progress(settings: Settings) -> Iterator[Any]:
    from rich.console import Console  # noqa: PLC0415

    from claimwire.pipelines.observe.progress import LineProgress, TerminalProgress  # noqa: PLC0415

    console = Console(stderr=True)
    bar = console.is_terminal and not settings.quiet and settings.log_format == "text"
    with TerminalProgress(console) if bar else nullcontext(LineProgress()) as progress:
        yield progress


def _tell(settings: Settings, summary: Summary) -> None:
    if settings.quiet:
        return
    if settings.log_format == "json":
        import msgspec  # noqa: PLC0415

        _log.info("run completed", extra={"summary": msgspec.structs.asdict(summary)})
        return
    for line in (*summary.lines(), summary.nothing(settings.state)):
        if line:
            print(line, file=sys.stderr)
