"""A claim as one flat row: the columns that the store, CSV files and data frames share.

The columns are the fields of ``ClaimMessage`` in their order. A record in a field becomes a column for each of its own
fields (``source.domain`` is ``source_domain``), a list becomes JSON, a time RFC 3339 in UTC, to the second.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any, get_args, get_type_hints

import msgspec

from claimwire.schemas.records import ClaimMessage, MessageSpeaker, Record, Source, Story, Thread

Value = str | float | int | None

_RECORDS: dict[str, type[Record]] = {
    "source": Source,
    "speaker": MessageSpeaker,
    "thread": Thread,
    "story": Story,
}
_LISTS = ("hedges", "quantities", "entities", "fact_checks")
_encoder = msgspec.json.Encoder()


def time_text(time: datetime | None) -> str | None:
    """A time as it stands in a row: always of one length, so that texts are in the order of the times."""
    return f"{time.astimezone(UTC):%Y-%m-%dT%H:%M:%SZ}" if time else None


def json_text(value: Any) -> str:
    """A list as it stands in a row."""
    return _encoder.encode(value).decode()


def _itself(value: Any) -> Any:
    return value


def _columns() -> list[tuple[str, str, str | None, Callable[[Any], Value]]]:
    """Of each column its name, the field of the message, the field within that, and what makes the value."""
    columns: list[tuple[str, str, str | None, Callable[[Any], Value]]] = []
    for field in ClaimMessage.__struct_fields__:
        if kind := _RECORDS.get(field):
            columns += [(f"{field}_{inner}", field, inner, _itself) for inner in kind.__struct_fields__]
        else:
            make = json_text if field in _LISTS else time_text if field == "published_at" else _itself
            columns.append((field, field, None, make))
    return columns


_COLUMNS = _columns()
COLUMNS = tuple(name for name, *_ in _COLUMNS)
"""The names of the columns, in their order."""


def _types() -> dict[str, Any]:
    """Of each column its type, by the type hint of the field."""
    types: dict[str, Any] = {}
    for name, field, inner, make in _COLUMNS:
        hint = get_type_hints(_RECORDS[field])[inner] if inner else get_type_hints(ClaimMessage)[field]
        whole = {hint, *get_args(hint)}
        simple: Any = next((kind for kind in (bool, int, float) if make is _itself and kind in whole), str)
        types[name] = simple if simple in (bool, int) and inner is None and hint is simple else simple | None
    return types


COLUMN_TYPES = _types()
"""The type of each column; all but numbers and switches that are always there can be None."""


def flat(message: ClaimMessage) -> tuple[Value, ...]:
    """The values of a claim, one for each of ``COLUMNS``."""
    row: list[Value] = []
    for _, field, inner, make in _COLUMNS:
        value = getattr(message, field)
        if inner:
            row.append(getattr(value, inner) if value else None)
        else:
            row.append(make(value))
    return tuple(row)
