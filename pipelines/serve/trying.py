"""A watch that is tried before it is made: a form becomes the watch, in YAML, and what it would have matched."""

from __future__ import annotations

import time
from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any, NamedTuple

import yaml

from claimwire.errors import ClaimwireError
from claimwire.pipelines.read.stored import Stored
from claimwire.pipelines.serve.watching import Shown
from claimwire.pipelines.watches.matching import Matcher
from claimwire.pipelines.watches.parsing import parse_watch
from claimwire.pipelines.watches.watch import Watch
from claimwire.pipelines.watches.watching import match_of

NAMES = (
    "name", "words", "speaker", "role", "entity", "near", "within", "outlet", "kind", "worth", "above", "below",
    "unit", "means", "threshold",
)  # fmt: skip
"""The fields of the form."""
_NUMBERS = ("worth", "above", "below", "threshold")
_LONGEST = 500
_BUDGET_S = 1.5
_MOST = 50


class Tried(NamedTuple):
    """What a form asks for, and what that has found."""

    given: Mapping[str, str]
    kinds: frozenset[str]
    watch: Watch | None = None
    """None where nothing is asked, or there is a problem."""
    problem: str | None = None
    yaml: str = ""
    """To be put into the settings."""
    shown: tuple[Shown, ...] = ()
    articles: int = 0
    """That were looked at, the latest first."""
    back_to: datetime | None = None
    older: int | None = None
    """The version below which there are more articles; None where there are none."""


def asked(parameters: Iterable[tuple[str, str]]) -> Tried:
    """The watch that a form asks for."""
    # A field is one line. In YAML some ends of a line would come back as spaces.
    fields = [(name, " ".join(value.split())[:_LONGEST].strip()) for name, value in parameters if name in NAMES]
    pairs = [(name, value) for name, value in fields if value]
    given = {name: value for name, value in pairs if name != "kind"}
    kinds = frozenset(value for name, value in pairs if name == "kind")
    if not kinds and not given.keys() - {"name", "within", "unit", "threshold"}:
        return Tried(given, kinds)
    mapping = _mapping(given, sorted(kinds))
    try:
        watch = parse_watch(mapping)
    except ClaimwireError as error:
        return Tried(given, kinds, problem=str(error))
    lines = yaml.safe_dump({"watches": [mapping]}, sort_keys=False, allow_unicode=True, width=100)
    return Tried(given, kinds, watch, yaml=lines)


def _mapping(given: Mapping[str, str], kinds: list[str]) -> dict[str, Any]:
    values: dict[str, Any] = {name: _number(value) if name in _NUMBERS else value for name, value in given.items()}

    def several(**keys: str) -> dict[str, Any]:
        return {key: values[name] for key, name in keys.items() if name in values}

    def listed(name: str) -> list[str] | str | None:
        parts = [part.strip() for part in given.get(name, "").split(",") if part.strip()]
        return parts[0] if len(parts) == 1 else parts or None

    made = {
        "name": given.get("name", "My watch"),
        "speaker": several(name="speaker", role="role") or None,
        "words": listed("words"),
        "entity": listed("entity"),
        "place": several(near="near", within="within") if "near" in given else None,
        "outlet": listed("outlet"),
        "kind": kinds or None,
        "worth": values.get("worth"),
        "figure": several(above="above", below="below", unit="unit") if {"above", "below"} & given.keys() else None,
        "means": several(text="means", threshold="threshold") if "means" in given else None,
    }
    return {key: value for key, value in made.items() if value is not None}


def _number(text: str) -> float | int | str:
    """A number; text that is none, of which the watch then says what is right."""
    try:
        number = float(text)
    except ValueError:
        return text
    return int(number) if number.is_integer() and abs(number) < 1e15 else number


def on(store: Stored, tried: Tried, before: int | None = None, budget_s: float = _BUDGET_S) -> Tried:
    """What a watch matches in the latest articles of a store, as far as the time allows.

    Raises ModelNotFoundError where the watch needs an encoder that is not installed.
    """
    if tried.watch is None:
        return tried
    matcher = Matcher([tried.watch])
    until = time.monotonic() + budget_s
    shown: list[Shown] = []
    articles, back_to, older = 0, None, None
    rows = store.db.execute(
        "SELECT version FROM articles WHERE version < ? ORDER BY version DESC", (2**62 if before is None else before,)
    )
    for (version,) in rows:
        if len(shown) >= _MOST or time.monotonic() > until:
            older = version + 1
            break
        record = store.record(version)
        shown += [Shown(len(shown) + place, match_of(record, met)) for place, met in enumerate(matcher.met(record))]
        articles += 1
        back_to = record.article.published_at or record.article.fetched_at or record.provenance.processed_at
    return tried._replace(shown=tuple(shown), articles=articles, back_to=back_to, older=older)
