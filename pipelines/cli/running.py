"""Commands that run the pipeline: run, watch, stream, replay. Beam is imported when one of them begins to work."""

from __future__ import annotations

import atexit
import gc
import logging
import math
import os
import signal
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager, nullcontext
from functools import cache
from importlib import import_module
from pathlib import Path
from types import FrameType
from typing import TYPE_CHECKING, Any, NoReturn

import click

from claimwire.pipelines.cli.exits import DONE, EXIT_CODES, FAILED, STOPPED, USAGE, exit_code
from claimwire.pipelines.cli.options import BEAM, GroupedCommand, check_beam_options, load, require, settings_options
from claimwire.pipelines.settings import Settings, SettingsError

if TYPE_CHECKING:
    from claimwire.pipelines.observe.monitor import Monitor
    from claimwire.pipelines.observe.summary import Summary
    from claimwire.pipelines.run.rereading import Reprocessing
    from claimwire.pipelines.run.subscribing import Subscribing
    from claimwire.pipelines.state.opening import State

_log = logging.getLogger("claimwire")

_OF_WATCH = ("websub_callback", "websub_listen")


@click.command(cls=GroupedCommand, context_settings=BEAM, epilog=EXIT_CODES)
@settings_options("every", "interval", *_OF_WATCH)
@click.argument("beam_options", nargs=-1, type=click.UNPROCESSED)
def run(config: str | None, beam_options: tuple[str, ...], **flags: Any) -> int:
    """Read every source once, write who said what, and remember it.

    What an earlier run has read is not read again, and what a crash has left is finished first. Every feed is asked,
    due or not, but for those that asked to be left alone, that are paused, or that said to be gone for good.
    Sources that were added to the state (claimwire sources add) need no --source.

    \b
    claimwire run --source https://example.org/feed.xml --sink jsonl:out
    claimwire run --source feeds.opml --sink jsonl:news --sink parquet:tables --workers 2

    Options that are not listed here go to Beam, e.g. --runner FlinkRunner --environment_type LOOPBACK. Where the
    workers of such a runner are on other machines or in containers, --exchange names a place that they share with
    this one.
    """
    settings = load(config, flags)
    check_beam_options(beam_options)
    _require_sources(settings)
    require(settings, "sink")
    with Stop() as stop, monitored(settings) as monitor, _telling(settings):
        return run_once(settings, list(beam_options), stop, monitor)


@click.command(cls=GroupedCommand, context_settings=BEAM, epilog=EXIT_CODES)
@settings_options("incomplete_exit")
@click.argument("beam_options", nargs=-1, type=click.UNPROCESSED)
def watch(config: str | None, beam_options: tuple[str, ...], **flags: Any) -> int:
    """Ask each source when it is due, until SIGINT or SIGTERM.

    Each feed has a rhythm of its own, from what it publishes and what it says of itself: every 5 minutes to every 24
    hours, and ever less, up to 7 days, while it fails. Every --every, what is due is read, and so are files and topics.
    --interval 15m asks all feeds as often as that. claimwire sources shows when each is due.

    A turn that fails is tried again at the next one. Only wrong settings or sources at the first turn end watch. A
    source that is added, removed, paused or resumed (claimwire sources) is so from the next turn on. So is a change of
    the file of watches; while that is wrong, an error says so and the watches from before are used. With
    --websub-callback it subscribes to the feeds that name a hub, and reads what a hub delivers at once.

    \b
    claimwire watch --source feeds.opml --sink jsonl:news
    claimwire watch --interval 15m --source feeds.opml --sink jsonl:news
    """
    settings = load(config, flags)
    check_beam_options(beam_options)
    _require_sources(settings)
    require(settings, "sink")
    from claimwire.pipelines.watches.file import LastGood, watches_of  # noqa: PLC0415

    first, told, code = True, -math.inf, DONE
    watches = LastGood(settings)
    with (
        Stop() as stop,
        monitored(settings) as monitor,
        ExitStack() as telling,
        _subscribing(settings, stop) as subscribing,
    ):
        next_turn, is_telling = time.monotonic(), False
        while True:
            began = time.monotonic()
            of_turn = watches.settings()
            if not is_telling and any(watch.notify for watch in watches_of(of_turn)):
                telling.enter_context(_telling(of_turn))
                is_telling = True
            woken = stop.was_woken() and began < next_turn
            if not woken:
                next_turn = began + settings.turn().total_seconds()
            if woken or code == FAILED or began - told >= _A_SIGN_OF_LIFE_S or _is_anything_due(settings):
                code = run_once(
                    of_turn,
                    list(beam_options),
                    stop,
                    monitor,
                    only_due=True,
                    subscribing=subscribing,
                    delivered_only=woken,
                )
                told = began
            elif monitor:
                monitor.idle()
            if code == USAGE and first:
                return USAGE
            first = False
            # Woken at once by what is delivered after a while of silence, and not by each of many.
            if stop.wait(next_turn - time.monotonic(), woken=True):
                return DONE
            if stop.wait(min(next_turn, began + _APART_S) - time.monotonic()):
                return DONE


_APART_S = 5.0
"""Seconds from turn to turn, where something is delivered again and again: each turn makes files of its own."""


@contextmanager
def _subscribing(settings: Settings, stop: Stop) -> Iterator[Any]:
    """What keeps the subscriptions of a watch, its ears open; None without a callback."""
    if not settings.websub_callback:
        yield None
        return
    from claimwire.pipelines.run.subscribing import Subscribing  # noqa: PLC0415

    subscribing = Subscribing(settings, stop.wake)
    with subscribing.listening():
        yield subscribing


@contextmanager
def _telling(settings: Settings) -> Iterator[None]:
    """Within, what watches have matched is sent, if one of them tells anybody.

    Raises WatchError and TargetError for what a message could never go to, before anything is read.
    """
    from claimwire.pipelines.watches.file import check_targets, watches_of  # noqa: PLC0415

    if not check_targets(watches_of(settings)):
        yield
        return
    from claimwire.pipelines.notify.courier import Courier  # noqa: PLC0415

    with Courier(Path(settings.state), settings.notify_time()):
        yield


_A_SIGN_OF_LIFE_S = 600
"""After which a turn is done in which nothing is due, so that its event tells a monitor that watch is there."""


def _is_anything_due(settings: Settings) -> bool:
    from claimwire.pipelines.run.due import is_anything_due  # noqa: PLC0415 - Beam

    return is_anything_due(settings)


def _require_sources(settings: Settings) -> None:
    """Raises SettingsError where there is nothing to read, neither in the settings nor on the state's own list."""
    if not settings.source:
        from claimwire.pipelines.state.opening import added_sources  # noqa: PLC0415

        if not added_sources(Path(settings.state)):
            raise SettingsError(
                "no source is set; give one, e.g. --source https://example.org/feed.xml, set it in the settings file, "
                "or add it to the state: claimwire sources add https://example.org/"
            )


_NOT_OF_STREAMS = (
    "workers", "compression", "rotate_mb", "flat_claims", "every", "interval", "pass_seconds", "allow_private",
    "contact", "feeds_at_once", "feed_timeout", "feed_limit_mb", "kafka_transactions", "incomplete_exit",
    "metrics_file", "traces", "memory", "remember_claims", "factchecks", "watches", "notify_for", "watch_feeds",
    *_OF_WATCH,
)  # fmt: skip


@click.command(cls=GroupedCommand, context_settings=BEAM, epilog=EXIT_CODES)
@settings_options(*_NOT_OF_STREAMS)
@click.option("--detach", is_flag=True, help="Submit the job to a cluster, and leave it there once it runs.")
@click.option(
    "--seed-from",
    multiple=True,
    metavar="RECORDS",
    help="What is remembered from the start where no savepoint restores a memory, so that copies of it are known, "
    "repeatable: a store, a folder or file of records, or a topic of articles (kafka://HOST:9092/PREFIX.articles).",
)
@click.argument("beam_options", nargs=-1, type=click.UNPROCESSED)
def stream(
    config: str | None, beam_options: tuple[str, ...], detach: bool, seed_from: tuple[str, ...], **flags: Any
) -> NoReturn:
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
    keys. SIGINT and SIGTERM cancel the job, on Flink with a savepoint where --flink_master names its REST API, and end
    the command with exit code 0. With --detach the job is left on the cluster. A second stream of the same name
    (--job_name, else the consumer group) is refused.

    What was read is remembered in the state of the runner, for copies and revisions to be known. A stream that starts
    without that state (always on Prism, and on Flink without --savepoint_path) begins with what --seed-from names, or
    with nothing.

    A stream knows copies and revisions, but remembers no claims: its records have no threads, stories and changes, and
    no ids of speakers. Watch its articles for them, into other topics: claimwire watch --source kafka://HOST:9092/articles
    --sink kafka://HOST:9092/known.
    """
    settings = load(config, flags)
    check_beam_options(beam_options)
    require(settings, "source", "sink")
    from claimwire.errors import ClaimwireError  # noqa: PLC0415
    from claimwire.pipelines.cluster.streaming import run_stream  # noqa: PLC0415

    def until_its_end() -> None:
        try:
            run_stream(settings, list(beam_options), stop, detach, seed_from)
        except (RuntimeError, ValueError) as error:  # what runners raise
            if isinstance(error, ClaimwireError):
                raise
            raise ClaimwireError(f"the stream has ended: {error}") from error

    with Stop("ending; send it again to end at once") as stop:
        code = exit_code(until_its_end)
        # Threads of Beam's workers are still there, and some would crash if Python ended under them. So only what is
        # registered for its end is done, such as the end of the runner.
        atexit._run_exitfuncs()
        os._exit(code)


@click.command(cls=GroupedCommand, context_settings=BEAM, epilog=EXIT_CODES)
@settings_options("every", "interval", "source", *_OF_WATCH)
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
    with Stop() as stop, monitored(settings) as monitor, _telling(settings):
        return run_once(settings, [], stop, monitor, only_dead_letters=True)


class Stop:
    """SIGINT and SIGTERM ask for an end at the next safe point; a second one ends at once, which is safe too."""

    def __init__(self, what: str = "ending at the next commit; send it again to end at once (nothing is lost)") -> None:
        self._what = what
        self._asked = threading.Event()
        self._woken = threading.Event()

    def __enter__(self) -> Stop:
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
        self._woken.set()
        say_from_signal(f"{signal.Signals(number).name}: {self._what}")

    def __call__(self) -> bool:
        return self._asked.is_set()

    def wait(self, seconds: float, woken: bool = False) -> bool:
        """Sleep, but no longer than until a signal, with ``woken`` or a ``wake``; whether to end."""
        if not self._asked.is_set():
            (self._woken if woken else self._asked).wait(max(0.0, seconds))
        return self._asked.is_set()

    def wake(self) -> None:
        """End a ``wait`` that may be woken, now or the next one."""
        self._woken.set()

    def was_woken(self) -> bool:
        """Whether there was a ``wake`` since this was asked last."""
        woken = self._woken.is_set()
        self._woken.clear()
        return woken


@contextmanager
def monitored(settings: Settings) -> Iterator[Monitor | None]:
    """Within, the metrics and traces are told that the settings ask for, if they do."""
    with ExitStack() as kept:
        if settings.traces:
            from claimwire.pipelines.observe.traces import tracing  # noqa: PLC0415 - only for who wants it

            kept.enter_context(tracing())
        if not (settings.metrics or settings.metrics_file):
            yield None
            return
        from claimwire.pipelines.observe.monitor import monitoring  # noqa: PLC0415 - only for who wants it

        yield kept.enter_context(monitoring(settings))


def run_once(
    settings: Settings,
    beam_options: list[str],
    stop: Stop,
    monitor: Monitor | None = None,
    only_dead_letters: bool = False,
    only_due: bool = False,
    subscribing: Subscribing | None = None,
    delivered_only: bool = False,
    reprocessing: Reprocessing | None = None,
    then: Callable[[State], None] = lambda state: None,
) -> int:
    """One bounded run with the settings; the exit code. What is to be done ``then``, while the state is still open."""
    began, done = time.time(), False

    def turn() -> int:
        nonlocal done
        _load_beam()
        from claimwire.pipelines.run.bounded import BoundedRun  # noqa: PLC0415
        from claimwire.pipelines.run.openfiles import allow_open_files  # noqa: PLC0415
        from claimwire.pipelines.state.opening import State  # noqa: PLC0415

        allow_open_files()
        with State(Path(settings.state)) as state, progress_of(settings) as progress:
            if subscribing:
                subscribing.take_over(state)
            run = BoundedRun(
                settings,
                beam_options,
                state,
                progress,
                stop,
                only_dead_letters,
                only_due,
                subscribing=subscribing,
                delivered_only=delivered_only,
                reprocessing=reprocessing,
            )
            summary = run.go()
            then(state)
        done = True
        tell(settings, summary)
        if stop():
            return STOPPED
        incomplete = summary.sources_failed or summary.dead_letters or summary.refused
        return settings.incomplete_exit if incomplete else DONE

    code = exit_code(turn, lambda: " (after a signal to end; the next run does the rest)" if stop() else "")
    if monitor:
        monitor.ended(began, done)
    return code


@cache
def _load_beam() -> None:
    """Import what a run is made of, Beam above all, without Python looking for garbage in it, now or in the run.

    It looks again and again, and finds none: that was a fourteenth of the time of these imports, and a tenth of the
    time of passes that extract nothing.
    """
    gc.disable()
    try:
        import_module("claimwire.pipelines.run.bounded")
    finally:
        gc.enable()
    gc.freeze()


@contextmanager
def progress_of(settings: Settings) -> Iterator[Any]:
    """Who is told how far a run is: a bar on a terminal, else the log."""
    from rich.console import Console  # noqa: PLC0415

    from claimwire.pipelines.observe.progress import LineProgress, TerminalProgress  # noqa: PLC0415

    console = Console(stderr=True)
    bar = console.is_terminal and not settings.quiet and settings.log_format == "text"
    with TerminalProgress(console) if bar else nullcontext(LineProgress()) as progress:
        yield progress


def tell(settings: Settings, summary: Summary) -> None:
    """Print the summary of a run."""
    if settings.quiet:
        return
    if settings.log_format == "json":
        import msgspec  # noqa: PLC0415

        _log.info("run completed", extra={"summary": msgspec.structs.asdict(summary)})
        return
    for line in (*(() if summary.is_idle else summary.lines()), summary.nothing(settings.state)):
        if line:
            print(line, file=sys.stderr)
