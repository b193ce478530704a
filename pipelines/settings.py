"""All settings of a run in one validated object; later ones win: defaults, file, environment, flags."""

from __future__ import annotations

import os
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from difflib import get_close_matches
from functools import cache
from pathlib import Path
from types import UnionType
from typing import TYPE_CHECKING, Annotated, Any, Literal, NamedTuple, Union, get_args, get_origin, get_type_hints

import msgspec
from msgspec import Meta

from claimwire.connectors.files.columns import FIELDS, Columns
from claimwire.errors import UsageError
from claimwire.pipelines.source_settings import SourceSettings, source_settings
from claimwire.pipelines.timespans import Duration, Interval, parse_duration
from claimwire.pipelines.watches.watch import Watch

if TYPE_CHECKING:
    from claimwire.pipelines.settings_file import Table

PREFIX = "CLAIMWIRE_"
SECRETS = ("CLAIMWIRE_KAFKA_USERNAME", "CLAIMWIRE_KAFKA_PASSWORD", "CLAIMWIRE_KAFKA_KEY_PASSWORD")
PAGE_TOKEN = "CLAIMWIRE_PAGE_TOKEN"  # noqa: S105 - the name of a variable
# Variables with the prefix that are not settings: where the settings file is, logins, and the tests' own.
_NOT_SETTINGS = ("CLAIMWIRE_CONFIG", "CLAIMWIRE_DATA", "CLAIMWIRE_FLINK_", PAGE_TOKEN, *SECRETS)
Start = Annotated[
    str,
    Meta(
        pattern=r"^(earliest|latest|committed|\d{4}-\d\d-\d\d[Tt ]\d\d:\d\d(:\d\d(\.\d+)?)?([Zz]|[+-]\d\d:\d\d))$",
        extra={
            "expected": "it must be earliest, latest, committed, or a time with its zone, e.g. 2026-11-20T06:00:00Z"
        },
    ),
]

Callback = Annotated[
    str,
    Meta(
        pattern=r"^https?://[^\s/?#@]+(/[^\s?#]*)?$",
        extra={
            "expected": "it must be an http or https URL without login, query or fragment, e.g. https://desk.example/websub/"
        },
    ),
]
Address = Annotated[
    str,
    Meta(
        pattern=r"^(\[[0-9a-fA-F:.]+\]|[^\s:/\[\]]+):[0-9]{1,5}$",
        extra={"expected": "it must be HOST:PORT, e.g. 127.0.0.1:8650"},
    ),
]

SOURCES, SINKS, EXTRACTION, STATE = "Sources", "Sinks", "Extraction", "State and passes"
WATCHES, KAFKA, MESSAGES = "Watches", "Kafka", "Progress and logs"


class SettingsError(UsageError):
    """A setting that is unknown or has a wrong value; the message names it, where it was set, and what is right."""


def _in(group: str, description: str, ge: int | None = None, le: int | None = None) -> Meta:
    return Meta(description=description, extra={"group": group}, ge=ge, le=le)


class Settings(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What a run reads and writes, and how. The description of each field is its help text and its line in docs/."""

    source: Annotated[
        tuple[str, ...],
        _in(
            SOURCES,
            "What to read, repeatable: the URL of a feed, a sitemap or an outlet's home page, a saved feed, a list of "
            "feeds (OPML or .txt), *.jsonl[.gz|.zst], *.json, a table (.csv, .tsv, .parquet), saved "
            "pages (.html), a WARC file, an article text file, a folder of these, or kafka://HOST:PORT/TOPIC.",
        ),
    ] = ()
    columns: Annotated[
        tuple[str, ...],
        _in(
            SOURCES,
            "Which column of a table has what, repeatable, as FIELD=COLUMN, e.g. text=body_plain; for columns whose "
            "names do not say it. Fields: " + ", ".join(FIELDS) + ".",
        ),
    ] = ()
    interval: Annotated[
        Interval,
        _in(
            SOURCES,
            "How often watch asks a feed: auto finds a rhythm for each between 5 minutes and 24 hours, from what it "
            "publishes and what it says of itself; a time span is the same for all. A source's own interval in the "
            "settings file wins.",
        ),
    ] = "auto"
    feeds_at_once: Annotated[
        int,
        _in(
            SOURCES,
            "Feeds fetched at the same time, each from another host; of pages and home pages no more than 20 are.",
            ge=1,
            le=1000,
        ),
    ] = 1000
    feed_timeout: Annotated[int, _in(SOURCES, "Seconds that one feed may take as a whole.", ge=1, le=600)] = 60
    feed_limit_mb: Annotated[
        int, _in(SOURCES, "Largest body of a feed, in megabytes after decompression.", ge=1, le=1024)
    ] = 10
    full_text: Annotated[
        Literal["auto", "always", "never"],
        _in(
            SOURCES,
            "Whether to fetch the page behind an entry of a feed: auto does where the entry has only a teaser, always "
            "for every entry, those of saved feeds included. robots.txt and reservations are obeyed.",
        ),
    ] = "auto"
    page_delay: Annotated[
        int,
        _in(SOURCES, "Seconds between two requests for pages of one host; a longer crawl-delay counts.", ge=0, le=3600),
    ] = 5
    page_delays: Annotated[
        tuple[str, ...],
        _in(SOURCES, "The same for single hosts, repeatable, whatever their robots.txt says, e.g. news.example=1."),
    ] = ()
    page_wait: Annotated[
        Duration,
        _in(
            SOURCES,
            "How long a run fetches pages; an entry whose page is not there by then is written with its teaser, and "
            "its page follows as a revision, if it is to be had within a day.",
        ),
    ] = "10m"
    page_limit_mb: Annotated[int, _in(SOURCES, "Largest page, in megabytes after decompression.", ge=1, le=100)] = 5
    archive: Annotated[
        Annotated[str, Meta(pattern=r"^warc:.+", extra={"expected": "it must be warc:FOLDER"})] | None,
        _in(
            SOURCES,
            "Keep the pages that are read as evidence, warc:FOLDER: requests and responses in WARC files, which "
            "claimwire and others can read. Each record names its file and offset.",
        ),
    ] = None
    ignore_reservations: Annotated[
        bool,
        _in(
            SOURCES,
            "Read pages although their publisher reserves text and data mining (TDMRep, X-Robots-Tag), where the law "
            "or the publisher allows it to you. robots.txt is obeyed in any case.",
        ),
    ] = False
    allow_private: Annotated[bool, _in(SOURCES, "Allow requests to private, loopback and link-local addresses.")] = (
        False
    )
    websub_callback: Annotated[
        Callback | None,
        _in(
            SOURCES,
            "The URL under which the world reaches --websub-listen, most often a reverse proxy's, e.g. "
            "https://desk.example/websub/. With it, watch subscribes to the feeds that name a WebSub hub, and reads "
            "what a hub delivers at once.",
        ),
    ] = None
    websub_listen: Annotated[Address, _in(SOURCES, "Where watch listens for what WebSub hubs deliver, HOST:PORT.")] = (
        "127.0.0.1:8650"
    )
    contact: Annotated[
        str | None, _in(SOURCES, "An address or URL in the User-Agent, so that a publisher can reach you.")
    ] = None
    sink: Annotated[
        tuple[str, ...],
        _in(
            SINKS,
            "Where to write, repeatable: jsonl:FOLDER, parquet:FOLDER, sqlite:FILE, kafka://HOST:PORT/PREFIX, or - for "
            "stdout.",
        ),
    ] = ()
    compression: Annotated[Literal["none", "gz", "zst"], _in(SINKS, "Compression of JSONL files.")] = "none"
    rotate_mb: Annotated[
        int, _in(SINKS, "Begin a new JSONL file at this size, in megabytes before compression.", ge=1)
    ] = 256
    flat_claims: Annotated[
        Literal["jsonl", "parquet", "csv"] | None,
        _in(
            SINKS,
            "Write the claims beside the articles of a folder as well, one row each, with the columns of the messages "
            "on the topic of claims.",
        ),
    ] = None
    extract: Annotated[
        Literal["none", "entities", "claims"], _in(EXTRACTION, "What to extract; claims includes entities.")
    ] = "claims"
    claims: Annotated[
        Literal["statements", "all"],
        _in(
            EXTRACTION,
            "Which claims: statements are those that a press desk would list; all has everything that is attributed "
            "to somebody, with deeds, feelings and what is less sure.",
        ),
    ] = "statements"
    near_copies: Annotated[
        Literal["added", "whole"],
        _in(
            EXTRACTION,
            "What to extract from a near copy: added extracts only from the sentences that its original does not have "
            "(the claims of the original are its claims too), whole extracts from the whole text.",
        ),
    ] = "added"
    model: Annotated[
        str | None,
        _in(EXTRACTION, "Name or path of a spaCy model for English; by default the small one that is installed too."),
    ] = None
    extractor: Annotated[
        Literal["tagger", "rules"] | None,
        _in(
            EXTRACTION,
            "What finds names and claims: the trained tagger together with the rules, or the rules and spaCy's names, "
            "which is faster; by default the tagger, where its weights are installed.",
        ),
    ] = None
    state: Annotated[
        str,
        _in(STATE, "Folder that remembers between runs what was read and seen; one run at a time can use it."),
    ] = ".claimwire"
    remember: Annotated[
        Duration, _in(STATE, "How long an article that is not seen again is remembered, e.g. 90d, 12h or 4w.")
    ] = "90d"
    memory: Annotated[
        bool,
        _in(STATE, "Whether claims, articles and speakers are joined with those of other articles and earlier runs."),
    ] = True
    remember_claims: Annotated[
        Duration, _in(STATE, "How long claims, stories and speakers are remembered to be joined with, e.g. 90d.")
    ] = "90d"
    factchecks: Annotated[
        tuple[str, ...],
        _in(
            STATE,
            "Known fact-checks, repeatable: a file, a URL or a folder with schema.org ClaimReview (.jsonl with one a "
            "line, .json such as a DataFeed, .html). A claim that one of them has checked is told with its rating and "
            "link.",
        ),
    ] = ()
    every: Annotated[
        Duration,
        _in(
            STATE,
            "How often watch looks for what is due, from start to start, e.g. 5m or 30s: feeds by their intervals, "
            "files and topics each time.",
        ),
    ] = "1m"
    exchange: Annotated[
        Annotated[
            str,
            Meta(
                pattern=r"^(s3|gs|hdfs)://.+|file:///.+",
                extra={"expected": "it must be s3://BUCKET/PATH, gs://BUCKET/PATH, hdfs://PATH or file:///PATH"},
            ),
        ]
        | None,
        _in(
            STATE,
            "Where a run and the workers of --runner hand each other articles and records, e.g. "
            "s3://BUCKET/claimwire, or file:///PATH of a disk that all of them have. Reading, judging and committing "
            "stay on this machine, and only what costs, the extraction, goes to the workers. A stream leaves what "
            "--seed-from names there.",
        ),
    ] = None
    pass_seconds: Annotated[
        int,
        _in(
            STATE,
            "Target length of a pass, in seconds; after a crash, at most one pass is done again.",
            ge=1,
            le=600,
        ),
    ] = 60
    workers: Annotated[
        int, _in(STATE, "Processes that work at the same time on this machine; each loads its own model.", ge=1, le=64)
    ] = 1
    watches: Annotated[
        str | None,
        _in(
            WATCHES,
            "File of watches (YAML): names with conditions on speakers, words, places, figures, meaning and more; what "
            "matches one is written as an event. The settings file may have the list itself.",
        ),
    ] = None
    notify_for: Annotated[
        Duration,
        _in(
            WATCHES,
            "How long a target of a watch that cannot be told is tried again, e.g. 2d; then it is given up, which is "
            "an event and an error in the log.",
        ),
    ] = "2d"
    watch_feeds: Annotated[
        str | None,
        _in(WATCHES, "Folder into which an Atom feed of each watch is written after each run, for readers of feeds."),
    ] = None
    kafka_config: Annotated[
        str | None,
        _in(
            KAFKA,
            "File of client properties for every broker (TLS, SASL), by the names of Kafka or of kafka-python. "
            "User and password can also be set in CLAIMWIRE_KAFKA_USERNAME and CLAIMWIRE_KAFKA_PASSWORD, the password "
            "of a private key in CLAIMWIRE_KAFKA_KEY_PASSWORD.",
        ),
    ] = None
    kafka_group: Annotated[
        str | None,
        _in(
            KAFKA,
            "Consumer group in which the offsets that are written are committed, for lag monitors; "
            "by default one named for the state.",
        ),
    ] = None
    kafka_start: Annotated[
        Start,
        _in(
            KAFKA,
            "Where to begin a topic that the state does not know: earliest, latest, committed (the group's offset, "
            "else earliest), or a time with its zone, e.g. 2026-11-20T06:00:00Z.",
        ),
    ] = "earliest"
    kafka_lost: Annotated[
        Literal["error", "reset"],
        _in(
            KAFKA,
            "What to do when the broker has removed records before they were read: error stops reading that topic, "
            "reset continues with the oldest record that is left and reports how many are lost.",
        ),
    ] = "error"
    create_topics: Annotated[bool, _in(KAFKA, "Create the topics of a kafka:// sink that do not exist.")] = False
    kafka_partitions: Annotated[int, _in(KAFKA, "Partitions of a topic that is created.", ge=1, le=10_000)] = 3
    kafka_replication: Annotated[
        Annotated[int, Meta(ge=1, le=100)] | None,
        _in(KAFKA, "Replicas of a topic that is created; by default what the broker is set to."),
    ] = None
    kafka_retention: Annotated[
        Duration | None,
        _in(KAFKA, "How long a topic that is created keeps its records; by default what the broker is set to."),
    ] = None
    kafka_topics: Annotated[
        tuple[str, ...],
        _in(
            KAFKA,
            "Names of single topics instead of PREFIX.KIND, repeatable, e.g. claims=press.claims; kinds are articles, "
            "claims, events, dead-letters, threads, stories and matches.",
        ),
    ] = ()
    kafka_transactions: Annotated[
        bool,
        _in(
            KAFKA,
            "Publish each pass in one transaction. Without it a crash can publish a pass twice (with the same ids), "
            "and the broker need not allow transactions.",
        ),
    ] = True
    kafka_compression: Annotated[
        Literal["none", "gzip", "snappy", "lz4", "zstd"], _in(KAFKA, "Compression of messages.")
    ] = "zstd"
    quiet: Annotated[bool, _in(MESSAGES, "Print no progress and no summary on stderr, only warnings and errors.")] = (
        False
    )
    log_format: Annotated[Literal["text", "json"], _in(MESSAGES, "Form of the lines on stderr.")] = "text"
    metrics: Annotated[
        Annotated[
            str,
            Meta(
                pattern=r"^([^\s/@:\[\]]*|\[[0-9A-Fa-f:.]+\]):[0-9]{1,5}$",
                extra={"expected": "it must be :PORT or HOST:PORT, e.g. :9464, 0.0.0.0:9464 or [::1]:9464"},
            ),
        ]
        | None,
        _in(
            MESSAGES,
            "Serve metrics for Prometheus while the command runs, at /metrics, with /healthz and /readyz beside it: "
            ":9464 is for this machine only, 0.0.0.0:9464 for all who can reach it.",
        ),
    ] = None
    metrics_file: Annotated[
        Annotated[str, Meta(pattern=r"[^/]\.prom$", extra={"expected": "it must be a file whose name ends in .prom"})]
        | None,
        _in(
            MESSAGES,
            "Write the metrics to this file after each run, for the textfile collector of node_exporter; its name ends "
            "in .prom.",
        ),
    ] = None
    traces: Annotated[
        bool,
        _in(
            MESSAGES,
            "Send traces of each run by OTLP over HTTP, to where the standard OTEL_ variables say "
            "(http://localhost:4318); needs claimwire[otel].",
        ),
    ] = False
    incomplete_exit: Annotated[
        int,
        _in(
            MESSAGES,
            "Exit code of a run that is done, but in which sources failed or dead letters were written; 0 is for "
            "schedulers that take every other code for a failure.",
            ge=0,
            le=255,
        ),
    ] = 3
    by_source: dict[str, SourceSettings] = {}
    """Of single sources, by their URLs; only the settings file gives them, as entries of ``source``."""
    watching: tuple[Watch, ...] = ()
    """The watches that stand in the settings file itself, as entries of ``watches``."""

    def websub_address(self) -> tuple[str, int]:
        """Host and port of ``websub_listen``."""
        host, _, port = self.websub_listen.rpartition(":")
        return host.strip("[]"), int(port)

    def metrics_address(self) -> tuple[str, int] | None:
        """Host and port of ``metrics``; the host is this machine's loopback where none is given."""
        if self.metrics is None:
            return None
        host, _, port = self.metrics.rpartition(":")
        return host.strip("[]") or "127.0.0.1", int(port)

    def remembered(self) -> timedelta:
        """``remember`` as a time span."""
        return parse_duration(self.remember)

    def claims_remembered(self) -> timedelta:
        """``remember_claims`` as a time span."""
        return parse_duration(self.remember_claims)

    def remembers_claims(self) -> bool:
        """Whether claims are remembered, and so have threads and stories."""
        return self.memory and self.extract == "claims"

    def page_wait_time(self) -> timedelta:
        """``page_wait`` as a time span."""
        return parse_duration(self.page_wait)

    def archive_folder(self) -> Path | None:
        """The folder that ``archive`` names."""
        return Path(os.path.abspath(os.path.expanduser(self.archive.partition(":")[2]))) if self.archive else None

    def delays(self) -> dict[str, float]:
        """``page_delays`` as seconds by host."""
        return dict(map(parse_delay, self.page_delays))

    def notify_time(self) -> timedelta:
        """``notify_for`` as a time span."""
        return parse_duration(self.notify_for)

    def turn(self) -> timedelta:
        """``every`` as a time span."""
        return parse_duration(self.every)


def parse_delay(text: str) -> tuple[str, float]:
    """The host and the seconds of one of ``page_delays``. Raises ValueError."""
    host, _, seconds = text.strip().lower().rpartition("=")
    if not host or not seconds.isdecimal() or int(seconds) > 3600:
        raise ValueError(f"{text!r} is not HOST=SECONDS with 0 to 3600 seconds, e.g. news.example=1")
    return host, float(seconds)


_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def start_time(kafka_start: str) -> datetime | None:
    """The time in ``kafka_start``; None if it is a word.

    Raises ValueError for a time that does not exist or is before 1970.
    """
    if kafka_start in ("earliest", "latest", "committed"):
        return None
    time = datetime.fromisoformat(kafka_start.upper())
    if time < _EPOCH:
        raise ValueError("Kafka counts time from 1970")
    return time


class Setting(NamedTuple):
    """One setting, as ``--help`` and the reference show it."""

    name: str
    group: str
    kind: str
    """Of its values: ``text``, ``whole number``, ``true or false``, ``time span``, ``auto or time span`` or ``list``;
    else its choices."""
    default: str
    """Empty where it is not set by default."""
    description: str
    expected: str | None
    """What is right, where a value is wrong; None where the message of the validation says it."""

    @property
    def flag(self) -> str:
        """Its option on the command line."""
        return "--" + self.name.replace("_", "-")

    @property
    def variable(self) -> str:
        """Its name in the environment."""
        return PREFIX + self.name.upper()


_ONLY_IN_FILES = ("by_source", "watching")
_KINDS: dict[Any, str] = {int: "whole number", bool: "true or false", tuple: "list"}


@cache
def describe() -> dict[str, Setting]:
    """Every setting by its name, group by group."""
    return {
        field.name: _described(field) for field in msgspec.structs.fields(Settings) if field.name not in _ONLY_IN_FILES
    }


def _described(field: msgspec.structs.FieldInfo) -> Setting:
    kind, notes = _types()[field.name], dict[str, Any]()
    while get_origin(kind) in (Annotated, Union, UnionType):
        if get_origin(kind) is Annotated:
            for meta in kind.__metadata__:
                notes |= {"description": meta.description} if meta.description else {}
                notes |= meta.extra or {}
        kind = get_args(kind)[0]  # of a union with None, which means that it is not set
    choices = ", ".join(get_args(kind)) if get_origin(kind) is Literal else None
    default = "" if field.default in (None, ()) else str(field.default)
    return Setting(
        name=field.name,
        group=notes["group"],
        kind=choices or notes.get("kind") or _KINDS.get(get_origin(kind) or kind, "text"),
        default=default.lower() if isinstance(field.default, bool) else default,
        description=notes["description"],
        expected=f"it must be one of {choices}" if choices else notes.get("expected"),
    )


def load_settings(config: Path | None, environment: Mapping[str, str], flags: Mapping[str, Any]) -> Settings:
    """The settings from a YAML file, the environment and the command's flags; later ones win.

    Raises SettingsError, whose message contains no password.
    """
    by_source: dict[str, SourceSettings] = {}
    tables: list[Table] = []
    given = [
        *(_from_file(config, environment, by_source, tables) if config else ()),
        *((name, "the environment", value) for name, value in _from_environment(environment).items()),
        *((name, "the command line", value) for name, value in flags.items()),
    ]
    checked = {name: _checked(name, value, where) for name, where, value in given}
    watching: tuple[Watch, ...] = ()
    if config and tables and not checked.get("watches"):
        from claimwire.pipelines.watches.file import watches_in  # noqa: PLC0415 - only who has some

        watching = watches_in(tables, config)
    return Settings(**checked, by_source=by_source, watching=watching)


def _from_file(
    path: Path, environment: Mapping[str, str], by_source: dict[str, SourceSettings], watches: list[Table]
) -> list[tuple[str, str, Any]]:
    """Of each setting in a file: its name, where it is, and its value; what is set for single sources is added, and so
    are watches."""
    from claimwire.pipelines.settings_file import Table, read_entries  # noqa: PLC0415 - only who has a file needs YAML

    found = []
    for name, line, value in read_entries(path):
        if name == "watches" and not isinstance(value, str):
            listed = value if isinstance(value, list) else [value]
            if not all(isinstance(each, Table) for each in listed):
                raise SettingsError(
                    f"{path}, line {line}: watches are a list of mappings, or the name of a file of them"
                )
            watches += listed
            continue
        values = [value] if _is_list(name) and isinstance(value, str | Table) else value
        if name == "source" and isinstance(values, list):
            values = [
                _source(each, path, environment, by_source) if isinstance(each, Table) else each for each in values
            ]
        found.append((name, f"{path}, line {line}", values))
    return found


def _source(table: Any, path: Path, environment: Mapping[str, str], by_source: dict[str, SourceSettings]) -> str:
    try:
        own = source_settings(table.values, environment)
    except ValueError as error:
        raise SettingsError(f"{path}, line {table.line}: {error}") from None
    if own.url in by_source:
        raise SettingsError(f"{path}, line {table.line}: source {shown(own.url)} is set twice; keep one of them")
    by_source[own.url] = own
    return own.url


def _from_environment(environment: Mapping[str, str]) -> dict[str, Any]:
    # An empty variable is one that is not set, which is how compose files leave things out.
    given = {
        variable.removeprefix(PREFIX).lower(): value
        for variable, value in environment.items()
        if variable.startswith(PREFIX) and not variable.startswith(_NOT_SETTINGS) and value
    }
    return {name: value.split() if _is_list(name) else value for name, value in given.items()}


def _is_list(name: str) -> bool:
    return name in describe() and describe()[name].kind == "list"


@cache
def _types() -> dict[str, Any]:
    return get_type_hints(Settings, include_extras=True)


def _checked(name: str, value: Any, where: str) -> Any:
    if name not in describe():
        raise SettingsError(f"{where}: there is no setting {name!r}; {_what_else(name)}")
    try:
        # Not strict only for text, which the environment and flags give: "2" is a number there, "true" a truth value.
        checked = msgspec.convert(value, _types()[name], strict=not isinstance(value, str))
        if name == "kafka_start":
            start_time(checked)
        if name == "websub_listen" and int(checked.rpartition(":")[2]) > 65535:
            raise ValueError("there is no such port")
        if name == "metrics" and checked and not 1 <= int(checked.rpartition(":")[2]) <= 65535:
            raise ValueError("there is no such port")
        if name == "page_delays":
            dict(map(parse_delay, checked))
        if name == "columns":
            Columns.parse(checked)
    except (msgspec.ValidationError, ValueError) as error:
        plain = (
            str(error).replace("`int`", "a whole number").replace("`bool`", "true or false").replace("`str`", "text")
        )
        raise SettingsError(f"{where}: {name} cannot be {shown(value)}: {describe()[name].expected or plain}") from None
    return checked


def _what_else(name: str) -> str:
    """What may be meant by a setting that does not exist."""
    if any(word in name.lower() for word in ("password", "passwd", "secret", "username")):
        return f"user and password of a Kafka are set in the environment: {', '.join(SECRETS)}"
    near = get_close_matches(name, describe(), 1)
    return f"did you mean {near[0]}?" if near else f"known are {', '.join(describe())}"


_LONGEST_SHOWN = 80


def shown(value: Any) -> str:
    """A wrong value as a message may show it: without passwords, and not at any length."""
    if isinstance(value, list | tuple):
        return f"[{', '.join(map(shown, value[:3]))}{', ...' if len(value) > 3 else ''}]"
    if not isinstance(value, str):
        return repr(value)
    # All before the last @ may be a user and a password, whatever characters the password has.
    before, at, after = value.rpartition("@")
    if at and ":" in before:
        scheme, found, _ = before.partition("://")
        value = f"{scheme}://***@{after}" if found else f"***@{after}"
    return repr(value if len(value) <= _LONGEST_SHOWN else f"{value[:_LONGEST_SHOWN]}...")
