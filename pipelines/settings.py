"""All settings of a run in one validated object; later ones win: defaults, file, environment, flags.

``python -m claimwire.pipelines.settings [--check] FILE`` writes the reference in docs/ from this object, or checks it.
"""

from __future__ import annotations

import os
import re
import sys
from collections.abc import Mapping
from datetime import timedelta
from difflib import get_close_matches
from pathlib import Path
from types import NoneType, UnionType
from typing import Annotated, Any, Literal, Union, get_args, get_origin, get_type_hints

import msgspec
from msgspec import Meta

from claimwire.errors import UsageError

PREFIX = "CLAIMWIRE_"
SECRETS = ("CLAIMWIRE_KAFKA_USERNAME", "CLAIMWIRE_KAFKA_PASSWORD")
# Variables with the prefix that are no settings: the tests' own.
_NOT_SETTINGS = ("CLAIMWIRE_CONFIG", "CLAIMWIRE_DATA", "CLAIMWIRE_FLINK_", *SECRETS)
_DURATION_HINT = "write a whole number and one of s, m, h, d, w, as 90d"
_UNITS = {"s": 1, "m": 60, "h": 3600, "d": 86400, "w": 7 * 86400}

# Up to 99999w, so that no sum with today leaves the calendar.
_DURATION = r"^[1-9][0-9]{0,4}[smhdw]$"
_START = r"^(earliest|latest|committed|\d{4}-\d\d-\d\dT\d\d:\d\d(:\d\d(\.\d+)?)?(Z|[+-]\d\d:\d\d))$"
Duration = Annotated[str, Meta(pattern=_DURATION)]


class SettingsError(UsageError):
    """A setting that is unknown or has a wrong value; the message names it, where it was set, and what is right."""


class Settings(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What a run is told. The description of each field is its help text and its line in the reference."""

    source: Annotated[
        tuple[str, ...],
        Meta(
            description="What to read, repeatable: the URL of a feed, a saved feed, a list of feeds (OPML or .txt), "
            "*.jsonl[.gz|.zst], *.json, an article text file, a folder of these, or kafka://HOST:PORT/TOPIC."
        ),
    ] = ()
    sink: Annotated[
        tuple[str, ...],
        Meta(
            description="Where to write, repeatable: jsonl:FOLDER, parquet:FOLDER, kafka://HOST:PORT/PREFIX, "
            "or - for stdout."
        ),
    ] = ()
    state: Annotated[
        str,
        Meta(description="Folder that remembers between runs what was read and seen; one run at a time may use it."),
    ] = ".claimwire"
    extract: Annotated[
        Literal["none", "entities", "claims"],
        Meta(description="What to extract; claims includes entities."),
    ] = "claims"
    near_copies: Annotated[
        Literal["added", "whole"],
        Meta(
            description="What to extract from a near copy: only the sentences that its original does not have, whose "
            "claims are its own as well, or the whole."
        ),
    ] = "added"
    model: Annotated[
        str | None,
        Meta(description="Name or path of a spaCy model for English; by default the small one that comes along."),
    ] = None
    extractor: Annotated[
        Literal["tagger", "rules"] | None,
        Meta(
            description="What finds names and claims: the trained tagger together with the rules, or the rules and "
            "spaCy's names, which is faster; by default the tagger where its weights are."
        ),
    ] = None
    workers: Annotated[
        int,
        Meta(ge=1, le=64, description="Processes that work at once on this machine; each loads its own model."),
    ] = 1
    compression: Annotated[
        Literal["none", "gz", "zst"],
        Meta(description="Compression of JSONL files."),
    ] = "none"
    rotate_mb: Annotated[
        int,
        Meta(ge=1, description="Begin a new JSONL file at this size, in megabytes before compression."),
    ] = 256
    remember: Annotated[
        Duration,
        Meta(description="How long an article that is not seen again is remembered, as 90d, 12h or 4w."),
    ] = "90d"
    every: Annotated[
        Duration,
        Meta(description="How often watch looks for news, as 5m, 30s or 1h, from start to start."),
    ] = "5m"
    pass_seconds: Annotated[
        int,
        Meta(ge=1, le=600, description="Aim at passes of this length; a pass is what a crash can make do again."),
    ] = 60
    allow_private: Annotated[
        bool,
        Meta(description="Allow requests to private, loopback and link-local addresses."),
    ] = False
    contact: Annotated[
        str | None,
        Meta(description="An address or URL in the User-Agent, by which a publisher can reach you."),
    ] = None
    feeds_at_once: Annotated[
        int,
        Meta(ge=1, le=200, description="Feeds fetched at once; never two from the same host."),
    ] = 20
    feed_timeout: Annotated[
        int,
        Meta(ge=1, le=600, description="Seconds that one feed may take as a whole."),
    ] = 60
    feed_limit_mb: Annotated[
        int,
        Meta(ge=1, le=1024, description="Largest body of a feed, in megabytes after decompression."),
    ] = 10
    kafka_config: Annotated[
        str | None,
        Meta(
            description="File of client properties for every broker (TLS, SASL), named as by Kafka or kafka-python. "
            "User and password may also stand in CLAIMWIRE_KAFKA_USERNAME and CLAIMWIRE_KAFKA_PASSWORD."
        ),
    ] = None
    kafka_group: Annotated[
        str | None,
        Meta(
            description="Consumer group in which the offsets that are written are committed, for lag monitors; "
            "by default one named for the state."
        ),
    ] = None
    kafka_start: Annotated[
        str,
        Meta(
            pattern=_START,
            description="Where to begin a topic that the state does not know: earliest, latest, committed (by the "
            "group, else earliest), or a time, as 2026-11-20T06:00:00Z.",
        ),
    ] = "earliest"
    kafka_lost: Annotated[
        Literal["error", "reset"],
        Meta(
            description="When the broker has removed records that were not yet read: error ends the reading of that "
            "topic, reset goes on with the oldest that are left and says how many are lost."
        ),
    ] = "error"
    create_topics: Annotated[
        bool,
        Meta(description="Create the topics of a kafka:// sink that are not there; else they have to be."),
    ] = False
    kafka_partitions: Annotated[int, Meta(ge=1, le=10_000, description="Partitions of a topic that is created.")] = 3
    kafka_replication: Annotated[
        int | None,
        Meta(ge=1, le=100, description="Replicas of a topic that is created; by default as the broker is set."),
    ] = None
    kafka_retention: Annotated[
        Duration | None,
        Meta(description="How long a topic that is created keeps its records; by default as the broker is set."),
    ] = None
    kafka_topics: Annotated[
        tuple[str, ...],
        Meta(
            description="Names of single topics instead of PREFIX.KIND, as claims=press.claims; kinds are articles, "
            "claims, events and dead-letters. Repeatable."
        ),
    ] = ()
    kafka_transactions: Annotated[
        bool,
        Meta(
            description="Publish each pass in one transaction. Without, a crash can publish a pass again (same ids), "
            "and the broker need not allow transactions."
        ),
    ] = True
    kafka_compression: Annotated[
        Literal["none", "gzip", "snappy", "lz4", "zstd"],
        Meta(description="Compression of messages."),
    ] = "zstd"
    quiet: Annotated[bool, Meta(description="No progress and no summary on stderr, only warnings and errors.")] = False
    log_format: Annotated[
        Literal["text", "json"],
        Meta(description="Form of the lines on stderr."),
    ] = "text"

    def remembered(self) -> timedelta:
        """``remember`` as a time span."""
        return parse_duration(self.remember)

    def interval(self) -> timedelta:
        """``every`` as a time span."""
        return parse_duration(self.every)


def parse_duration(text: str) -> timedelta:
    """The time span that, for example, ``90d`` means. Raises ValueError."""
    if not re.match(_DURATION, text):
        raise ValueError(f"{text!r} is no time span; {_DURATION_HINT}")
    return timedelta(seconds=int(text[:-1]) * _UNITS[text[-1]])


def load_settings(config: Path | None, environment: Mapping[str, str], flags: Mapping[str, Any]) -> Settings:
    """The settings from a YAML file, the environment and the command's flags; later ones win.

    Raises SettingsError.
    """
    merged: dict[str, Any] = {}
    layers = [
        (str(config), _from_file(config) if config else {}),
        ("the environment", _from_environment(environment)),
        ("the command line", dict(flags)),
    ]
    for where, layer in layers:
        for name, value in layer.items():
            merged[name] = _checked(name, value, where)
    return Settings(**merged)


def _from_file(path: Path) -> dict[str, Any]:
    import yaml  # noqa: PLC0415 - only who has a file pays for it

    try:
        content = yaml.safe_load(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise SettingsError(f"cannot read the settings file {path}: {error.strerror}") from error
    except (yaml.YAMLError, UnicodeDecodeError) as error:
        raise SettingsError(f"{path} is not YAML: {error}") from error
    if content is None:
        return {}
    if not isinstance(content, dict):
        raise SettingsError(f"{path} must hold settings as 'name: value' lines, not a {type(content).__name__}")
    # Both spellings of a name that people try: as in the flag, and as in the reference.
    return {
        str(name).replace("-", "_"): [value] if _is_list(name) and isinstance(value, str) else value
        for name, value in content.items()
    }


def _is_list(name: object) -> bool:
    return name in ("source", "sink", "kafka_topics", "kafka-topics")


def _from_environment(environment: Mapping[str, str]) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for variable, value in environment.items():
        # An empty variable is one that is not set, which is how compose files leave things out.
        if variable.startswith(PREFIX) and not variable.startswith(_NOT_SETTINGS) and value:
            name = variable.removeprefix(PREFIX).lower()
            found[name] = value.split() if _is_list(name) else value
    return found


def _checked(name: str, value: Any, where: str) -> Any:
    types = get_type_hints(Settings, include_extras=True)
    if name not in types:
        near = get_close_matches(name, types, 1)
        hint = f"did you mean {near[0]}?" if near else f"known are {', '.join(types)}"
        raise SettingsError(f"{where}: there is no setting {name!r}; {hint}")
    try:
        # Not strict only for text, which the environment and flags give: "2" is a number there, "true" a truth value.
        return msgspec.convert(value, types[name], strict=not isinstance(value, str))
    except msgspec.ValidationError as error:
        raise SettingsError(f"{where}: {name} cannot be {value!r}: {_expected(types[name], error)}") from error


def _expected(kind: Any, error: msgspec.ValidationError) -> str:
    if choices := _choices(kind):
        return f"it must be one of {', '.join(choices)}"
    if _kind_of_value(kind) == "time span":
        return _DURATION_HINT
    if any(note.pattern == _START for note in _taken_apart(kind)[1]):
        return "it must be earliest, latest, committed, or a time with its zone, as 2026-11-20T06:00:00Z"
    return str(error).replace("`int`", "a whole number").replace("`bool`", "true or false").replace("`str`", "text")


def _choices(kind: Any) -> tuple[str, ...]:
    inner, _ = _taken_apart(kind)
    return get_args(inner) if get_origin(inner) is Literal else ()


def _taken_apart(kind: Any) -> tuple[Any, list[Meta]]:
    """The type of a field's values when it is set, and all that is noted on it."""
    notes: list[Meta] = []
    while True:
        if get_origin(kind) is Annotated:
            notes += kind.__metadata__
            kind = get_args(kind)[0]
        elif get_origin(kind) in (Union, UnionType):
            kind = next(one for one in get_args(kind) if one is not NoneType)
        else:
            return kind, notes


def describe() -> list[tuple[str, str, str, str]]:
    """Name, kind of value, default and description of every setting."""
    rows = []
    for field in msgspec.structs.fields(Settings):
        kind = get_type_hints(Settings, include_extras=True)[field.name]
        description = next(note.description for note in _taken_apart(kind)[1] if note.description)
        default = "" if field.default in (None, ()) else str(field.default)
        if isinstance(field.default, bool):
            default = default.lower()
        rows.append((field.name, _kind_of_value(kind), default, description))
    return rows


def _kind_of_value(kind: Any) -> str:
    inner, notes = _taken_apart(kind)
    if choices := _choices(kind):
        return ", ".join(choices)
    if any(note.pattern == _DURATION for note in notes):
        return "time span"
    return {int: "whole number", bool: "true or false"}.get(inner, "list" if get_origin(inner) is tuple else "text")


def reference() -> str:
    """The configuration reference, in Markdown."""
    rows = [
        f"| `{name}` | `--{name.replace('_', '-')}` | `{PREFIX}{name.upper()}` | {kind} | "
        + (f"`{default}` | " if default else "| ")
        + description.replace("|", "\\|")
        + " |"
        for name, kind, default, description in describe()
    ]
    return "\n".join(
        [
            "# Configuration",
            "",
            "<!-- Written by `make schemas` from pipelines/settings.py; change it there. -->",
            "",
            "Every setting can stand in a YAML file (`--config FILE`, or the variable `CLAIMWIRE_CONFIG`), in the",
            "environment, and on the command line; later ones win, in this order. A name that is not known and a value",
            "that cannot be are refused, with what would be right. In the environment, several sources or sinks are",
            "parted by spaces. What `run` and `watch` do not know on the command line goes to Beam's PipelineOptions.",
            "",
            "| in the file | flag | environment | value | default | what it does |",
            "|---|---|---|---|---|---|",
            *rows,
            "",
        ]
    )


def main(arguments: list[str]) -> int:
    path = Path(arguments[-1])
    if "--check" not in arguments:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(reference(), encoding="utf-8")
    elif not path.exists() or path.read_text(encoding="utf-8") != reference():
        print(f"{path} differs from pipelines/settings.py; run `make schemas`")
        return 1
    return os.EX_OK


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
