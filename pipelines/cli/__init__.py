"""The claimwire command. Heavy imports stand inside the commands, so that --help comes at once."""

from __future__ import annotations

import os
import signal
import sys
import threading
import time
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager, nullcontext
from difflib import get_close_matches
from pathlib import Path
from types import FrameType
from typing import TYPE_CHECKING, Any, NoReturn

import click

from claimwire.pipelines.settings import Settings, SettingsError, describe, load_settings

if TYPE_CHECKING:
    from claimwire.pipelines.observe.summary import Summary

DONE, FAILED, USAGE, INCOMPLETE = 0, 1, 2, 3

_EXIT_CODES = (
    "Exit codes: 0 done (nothing new included), 1 failed, 2 usage or settings, "
    "3 done, but sources failed or dead letters were written."
)
_BEAM = {"ignore_unknown_options": True}


@click.group(epilog="Settings can also stand in a YAML file (--config) and in CLAIMWIRE_* variables. " + _EXIT_CODES)
@click.version_option(package_name="claimwire")
def main() -> None:
    """Turn news feeds and files into who said what.

    \b
    A first try, without network:
      claimwire run --source examples --sink jsonl:out
      claimwire show out
    From cron, every feed of a list, into a folder a day:
      claimwire run --source feeds.opml --sink jsonl:/data/news --state /var/lib/claimwire
    """
    _fill_standard_streams()


def _settings_options(*without: str) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    """An option for every setting, with its description as the help text."""

    def decorate(command: Callable[..., Any]) -> Callable[..., Any]:
        for name, kind, default, description in reversed(describe()):
            if name in without:
                continue
            help_text = description + (f" [{default}]" if default else "")
            flag = "--" + name.replace("_", "-")
            if kind == "true or false":
                switch = f"{flag}/--no-{flag.removeprefix('--')}"
                command = click.option(switch, default=None, help=description)(command)
            else:
                metavar = kind.replace(", ", "|").replace(" ", "-").upper() if kind != "list" else name.upper()
                command = click.option(flag, multiple=kind == "list", metavar=metavar, help=help_text)(command)
        config = click.option("--config", metavar="FILE", help="YAML file with settings, by the names of the flags.")
        return config(command)

    return decorate


def _fill_standard_streams() -> None:
    """Put /dev/null where stdin, stdout or stderr was closed: else the next file to be opened takes its place."""
    for number in range(3):
        try:
            os.fstat(number)
        except OSError:
            os.open(os.devnull, os.O_RDWR)  # gets the lowest number that is free, which is this one


def _load(config: str | None, flags: dict[str, Any]) -> Settings:
    config = config or os.environ.get("CLAIMWIRE_CONFIG")
    given = {name: value for name, value in flags.items() if value not in (None, ())}
    try:
        return load_settings(Path(config) if config else None, os.environ, given)
    except SettingsError as error:
        _fail(str(error), USAGE)


@main.command(context_settings=_BEAM, epilog=_EXIT_CODES)
@_settings_options("every")
@click.argument("beam_options", nargs=-1, type=click.UNPROCESSED)
def run(config: str | None, beam_options: tuple[str, ...], **flags: Any) -> None:
    """Read every source once, write who said what, and remember it.

    What an earlier run has read is not read again; what a crash has left is finished first. Options that are not
    listed here go to Beam, as --runner FlinkRunner --environment_type LOOPBACK: its workers have to be on this
    machine, where the state is.
    """
    settings = _load(config, flags)
    _check_beam_options(beam_options)
    _require(settings, "source", "sink")
    with _Stop() as stop:
        sys.exit(_run_once(settings, list(beam_options), stop))


@main.command(context_settings=_BEAM, epilog=_EXIT_CODES)
@_settings_options()
@click.argument("beam_options", nargs=-1, type=click.UNPROCESSED)
def watch(config: str | None, beam_options: tuple[str, ...], **flags: Any) -> None:
    """Run again and again, --every so often, until SIGINT or SIGTERM.

    A run that fails is tried again at the next turn, also when a source is away; only what is wrong at the first
    turn ends it.
    """
    settings = _load(config, flags)
    _check_beam_options(beam_options)
    _require(settings, "source", "sink")
    first = True
    with _Stop() as stop:
        while True:
            next_turn = time.monotonic() + settings.interval().total_seconds()
            if _run_once(settings, list(beam_options), stop) == USAGE and first:
                sys.exit(USAGE)
            first = False
            if stop.wait(max(0.0, next_turn - time.monotonic())):
                sys.exit(DONE)


_NOT_OF_STREAMS = (
    "workers", "compression", "rotate_mb", "every", "pass_seconds", "allow_private", "contact", "feeds_at_once",
    "feed_timeout", "feed_limit_mb", "kafka_transactions",
)  # fmt: skip


@main.command(context_settings=_BEAM, epilog=_EXIT_CODES)
@_settings_options(*_NOT_OF_STREAMS)
@click.argument("beam_options", nargs=-1, type=click.UNPROCESSED)
def stream(config: str | None, beam_options: tuple[str, ...], **flags: Any) -> None:
    """Read topics as they grow, and write to topics, without end, on a portable runner of Beam.

    \b
    On this machine, by Prism (go install github.com/apache/beam/sdks/v2/go/cmd/prism@v2.77.0):
      claimwire stream --source kafka://HOST:9092/articles --sink kafka://HOST:9092/news \\
        --runner PrismRunner --prism_location ~/go/bin/prism --environment_type LOOPBACK
    On a cluster:
      claimwire stream --source ... --sink ... --runner FlinkRunner --flink_master HOST:8081 \\
        --checkpointing_interval 2000 --environment_type ...

    What was read is committed in the consumer group --kafka-group [claimwire-stream] when it is written; a stream
    begins where the group stands. After a failure records may come again, with the same ids and keys. --state is
    where workers keep what a topic refuses.
    """
    settings = _load(config, flags)
    _check_beam_options(beam_options)
    _require(settings, "source", "sink")
    _quiet_libraries(settings.log_format, settings.quiet)
    import logging  # noqa: PLC0415

    from claimwire.connectors.kafka import KafkaConnectorError  # noqa: PLC0415
    from claimwire.connectors.sources import SourceError  # noqa: PLC0415
    from claimwire.pipelines.stream import run_stream  # noqa: PLC0415

    log = logging.getLogger("claimwire")
    try:
        run_stream(settings, list(beam_options))
    except (SettingsError, SourceError) as error:
        log.error("%s", error)
        sys.exit(USAGE)
    except KeyboardInterrupt:
        log.warning("stopped; the next stream goes on where the group %s stands", settings.kafka_group or "")
    except (KafkaConnectorError, OSError, RuntimeError, ValueError) as error:
        log.error("the stream has ended: %s", error)
        sys.exit(FAILED)


@main.command(context_settings=_BEAM, epilog=_EXIT_CODES)
@_settings_options("every", "source")
@click.argument("letters", nargs=-1, required=True, metavar="DEAD-LETTERS...")
def replay(config: str | None, letters: tuple[str, ...], **flags: Any) -> None:
    """Feed dead letters again: files, folders in which dead-letters*.jsonl files are found, or a topic of them.

    A file is replayed once; --sink says where the records go, as jsonl:FOLDER. What fails again goes into a new
    dead-letters file, with one more attempt counted, and can be replayed from there.
    """
    settings = _load(config, {**flags, "source": letters})
    _require(settings, "sink")
    with _Stop() as stop:
        sys.exit(_run_once(settings, [], stop, only_dead_letters=True))


@main.command()
@click.argument("paths", nargs=-1, required=True, metavar="PATH...")
@click.option("--speaker", metavar="TEXT", help="Only claims whose speaker's name holds this.")
@click.option("--about", metavar="TEXT", help="Only claims that hold this, or name an entity that does.")
@click.option("--since", metavar="WHEN", help="Only articles published since: 2026-11-20, or a time span back as 2d.")
@click.option("--html", is_flag=True, help="Print a page for a browser, with the claims marked in their texts.")
def show(paths: tuple[str, ...], html: bool, speaker: str | None, about: str | None, since: str | None) -> None:
    """Show the claims in files or folders that run has written: who, what, by which words, and where from.

    \b
    claimwire show news --speaker minister --since 2d
    claimwire show news --about ceasefire --html > ceasefire.html
    """
    from claimwire.pipelines.read.show import Filter, NoTimeError, chosen, earliest, show_claims  # noqa: PLC0415
    from claimwire.pipelines.read.written import WrittenError, article_files, enriched  # noqa: PLC0415

    given = [Path(path) for path in paths]
    try:
        wanted = Filter(speaker, about, earliest(since))
        if html:
            from claimwire.pipelines.read.carriers import Carriers  # noqa: PLC0415
            from claimwire.pipelines.read.page import page  # noqa: PLC0415 - spaCy, which draws it

            files = article_files(given)
            for part in page(chosen(files, wanted, Carriers(enriched(files)))):
                click.echo(part, nl=False)
        else:
            show_claims(given, wanted)
    except (NoTimeError, WrittenError) as error:
        _fail(str(error), USAGE)
    except BrokenPipeError:
        # The reader has seen enough (claimwire show out | head); Python must not try to flush what is left.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def _looking_up(command: Callable[..., Any]) -> Callable[..., Any]:
    """Options of commands that look articles up by their ids."""
    records = click.option(
        "--in",
        "paths",
        multiple=True,
        metavar="PATH",
        help="Where records are, repeatable; else where runs wrote them.",
    )
    return click.option("--state", metavar="FOLDER", help="The state of these runs. [.claimwire]")(records(command))


@main.command()
@click.argument("ids", nargs=-1, required=True, metavar="ID [ID]")
@_looking_up
def explain(ids: tuple[str, ...], paths: tuple[str, ...], state: str | None) -> None:
    """Show why an article was taken for a copy of another: both texts aligned, the score, and the rule that decided.

    With two IDs, what the verdict on these two would be. The beginning of an id will do; show prints it.
    In the texts = stands in both, - only in the original, + only in the copy.
    """
    if len(ids) > 2:
        _fail("explain takes one ID, or two to compare", USAGE)
    folder = _state_folder(state)
    from claimwire.pipelines.read.explain import explain as explain_copy  # noqa: PLC0415
    from claimwire.pipelines.read.written import WrittenError  # noqa: PLC0415
    from claimwire.pipelines.state import StateError  # noqa: PLC0415
    from claimwire.pipelines.state.opening import folders  # noqa: PLC0415

    try:
        explain_copy([Path(path) for path in paths] or folders(folder), folder, ids)
    except (StateError, WrittenError) as error:
        _fail(str(error), USAGE)


@main.command()
@click.argument("id_", metavar="ID")
@_looking_up
def split(id_: str, paths: tuple[str, ...], state: str | None) -> None:
    """Say that an article is no copy, as it was taken for.

    It is queued, and the next run with this state extracts it and writes it again, with the same id; who reads both
    records takes the later one. The two articles are never joined again.
    """
    folder = _state_folder(state)
    from claimwire.pipelines.read.written import WrittenError, article_files, find  # noqa: PLC0415
    from claimwire.pipelines.state import StateError  # noqa: PLC0415
    from claimwire.pipelines.state.corrections import split as split_off  # noqa: PLC0415
    from claimwire.pipelines.state.opening import State, folders  # noqa: PLC0415

    try:
        (record,) = find(article_files([Path(path) for path in paths] or folders(folder)), [id_])
        with State(folder) as opened:
            split_off(opened, record.article)
    except (StateError, WrittenError) as error:
        _fail(str(error), USAGE)
    click.echo(f"{record.article.id} is queued as an article of its own; the next run with {folder} writes it")


@main.group()
def index() -> None:
    """Look after the index of seen articles, which is a part of the state."""


@index.command()
@click.option("--state", metavar="FOLDER", help="The state directory. [.claimwire]")
def stats(state: str | None) -> None:
    """Print what is remembered, and what it takes."""
    database = _database(state)
    from claimwire.pipelines.dedupe import upkeep  # noqa: PLC0415

    for what, figure in upkeep.stats(database).items():
        click.echo(f"{what:<40} {figure:,}" if isinstance(figure, int) else f"{what:<40} {figure or '-'}")


@index.command()
@click.option("--state", metavar="FOLDER", help="The state directory. [.claimwire]")
def verify(state: str | None) -> None:
    """Check every row; exit with 1 where something is wrong. Takes about a minute for a million articles."""
    database = _database(state)
    import sqlite3  # noqa: PLC0415

    from claimwire.pipelines.dedupe import upkeep  # noqa: PLC0415

    sound = True
    try:
        for fault in upkeep.faults(database):
            sound = False
            click.echo(fault)
    except sqlite3.DatabaseError as error:
        _fail(f"{database} is damaged: {error}; restore it from a backup, or move it away to start afresh", FAILED)
    if not sound:
        _fail(f"{database} has faults; restore it from a backup, or move it away to start afresh", FAILED)
    click.echo(f"{database} is sound")


@index.command()
@click.option("--state", metavar="FOLDER", help="The state directory. [.claimwire]")
def compact(state: str | None) -> None:
    """Give back to the file system what expired articles have left. Needs as much room again while it works."""
    database = _database(state)
    from claimwire.pipelines.state import StateError  # noqa: PLC0415
    from claimwire.pipelines.state.opening import State  # noqa: PLC0415

    before = database.stat().st_size
    try:
        with State(database.parent) as opened:
            opened.compact()
    except StateError as error:
        _fail(str(error), FAILED)
    click.echo(f"{database}: {before:,} bytes before, {database.stat().st_size:,} now")


def _state_folder(given: str | None) -> Path:
    """The state directory that a command looks into, from its option, the environment or the settings file."""
    _quiet_libraries("text", quiet=True)
    return Path(_load(None, {"state": given}).state)


def _database(given: str | None) -> Path:
    folder = _state_folder(given)
    from claimwire.connectors.outputs.names import DATABASE  # noqa: PLC0415

    database = folder / DATABASE
    if not database.exists():
        _fail(f"there is no state in {database.parent}; name the one of your runs with --state", USAGE)
    return database


@main.command()
@click.argument("name", required=False)
def schema(name: str | None) -> None:
    """Print the JSON Schema of a record, or the names of all records.

    \b
    claimwire schema enriched-article
    """
    import json  # noqa: PLC0415

    from claimwire.schemas.jsonschema import PUBLISHED, json_schema  # noqa: PLC0415

    if name is None:
        click.echo("\n".join(PUBLISHED))
    elif name in PUBLISHED:
        click.echo(json.dumps(json_schema(name), indent=2, ensure_ascii=False))
    else:
        near = get_close_matches(name, PUBLISHED, 1, 0.3)
        _fail(f"no record is called {name!r}; " + (f"did you mean {near[0]}?" if near else ", ".join(PUBLISHED)), USAGE)


@main.command()
@_settings_options("every")
def doctor(config: str | None, **flags: Any) -> None:
    """Check Python, the model, the state, the sinks, and whether each source answers; change nothing."""
    _quiet_libraries("text", quiet=True)
    from claimwire.pipelines.run.doctor import examine  # noqa: PLC0415

    sys.exit(DONE if examine(_load(config, flags)) else FAILED)


class _Stop:
    """SIGINT and SIGTERM ask for an end at the next safe point; a second one ends at once, which is safe too."""

    def __init__(self) -> None:
        self._asked = threading.Event()

    def __enter__(self) -> _Stop:
        for number in (signal.SIGINT, signal.SIGTERM):
            signal.signal(number, self._ask)
        return self

    def __exit__(self, *_: object) -> None:
        for number in (signal.SIGINT, signal.SIGTERM):
            signal.signal(number, signal.SIG_DFL)

    def _ask(self, number: int, _: FrameType | None) -> None:
        from claimwire.pipelines.observe.logs import say_from_signal  # noqa: PLC0415

        if self._asked.is_set():
            os._exit(FAILED)
        self._asked.set()
        name = signal.Signals(number).name
        say_from_signal(f"{name}: ending at the next commit; again to end at once (nothing is lost)")

    def __call__(self) -> bool:
        return self._asked.is_set()

    def wait(self, seconds: float) -> bool:
        """Sleep, but no longer than until a signal; whether one came."""
        return self._asked.wait(seconds)


def _run_once(settings: Settings, beam_options: list[str], stop: _Stop, only_dead_letters: bool = False) -> int:
    _quiet_libraries(settings.log_format, settings.quiet)
    import logging  # noqa: PLC0415
    import sqlite3  # noqa: PLC0415

    from claimwire.connectors.kafka.errors import KafkaConnectorError  # noqa: PLC0415
    from claimwire.connectors.sources import SourceError  # noqa: PLC0415
    from claimwire.pipelines.run import RunError  # noqa: PLC0415
    from claimwire.pipelines.run.bounded import BoundedRun  # noqa: PLC0415
    from claimwire.pipelines.sinks import SinkError  # noqa: PLC0415
    from claimwire.pipelines.state import StateError  # noqa: PLC0415
    from claimwire.pipelines.state.journal import OutputLostError  # noqa: PLC0415
    from claimwire.pipelines.state.opening import State  # noqa: PLC0415

    log = logging.getLogger("claimwire")
    try:
        with State(Path(settings.state)) as state, _progress(settings) as progress:
            summary = BoundedRun(settings, beam_options, state, progress, stop, only_dead_letters).go()
    except (SourceError, SettingsError) as error:
        log.error("%s", error)
        return USAGE
    except BrokenPipeError:
        log.error("stdout was closed before all was written; the next run writes the rest")
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return FAILED
    except (RunError, SinkError, StateError, OutputLostError, KafkaConnectorError, OSError) as error:
        log.error("%s%s", error, " (after a signal to end; the next run does the rest)" if stop() else "")
        return FAILED
    except sqlite3.Error as error:
        log.error("the state in %s cannot be used: %s; nothing was committed", settings.state, error)
        return FAILED
    _tell(settings, summary)
    if summary.waiting:
        return FAILED
    return INCOMPLETE if summary.sources_failed or summary.dead_letters or summary.refused else DONE


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
        import logging  # noqa: PLC0415

        import msgspec  # noqa: PLC0415

        logging.getLogger("claimwire").info("run completed", extra={"summary": msgspec.structs.asdict(summary)})
    else:
        for line in summary.lines():
            print(line, file=sys.stderr)
        if not summary.seen and not summary.sources_failed:
            print(f"nothing new   {settings.state} has it all; another --state reads it again", file=sys.stderr)


def _quiet_libraries(log_format: str, quiet: bool) -> None:
    warnings.filterwarnings("ignore")
    os.environ.setdefault("PYTHONWARNINGS", "ignore")  # for the worker processes
    from claimwire.pipelines.observe.logs import set_up_logging  # noqa: PLC0415

    set_up_logging(log_format, quiet)


def _require(settings: Settings, *names: str) -> None:
    for name in names:
        if not getattr(settings, name):
            example = {"source": "--source https://example.org/feed.xml", "sink": "--sink jsonl:out"}[name]
            _fail(f"no {name} is set; give one, as {example}, or put it into the settings file", USAGE)
    if "-" in settings.sink and sys.stdout is None:
        _fail("--sink - needs stdout, which is closed", USAGE)


def _check_beam_options(options: tuple[str, ...]) -> None:
    """What looks like one of our own options is a slip; a word stands behind an option of Beam; a runner has a name."""
    if options and options[-1] == "--runner":
        _fail("--runner needs the name of a runner of Beam, as FlinkRunner", USAGE)
    own = ["--" + name.replace("_", "-") for name, *_ in describe()]
    for before, option in zip(("", *options), options, strict=False):
        if not option.startswith("-"):
            if not before.startswith("-") or "=" in before:
                _fail(f"what is {option!r} for? Sources are given with --source, sinks with --sink", USAGE)
            continue
        name = option.partition("=")[0]
        if near := get_close_matches(name, own, 1, 0.8):
            _fail(f"there is no option {name}; did you mean {near[0]}?", USAGE)


def _fail(message: str, code: int) -> NoReturn:
    click.echo(f"claimwire: {message}", err=True)
    sys.exit(code)
