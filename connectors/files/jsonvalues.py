"""JSON that others wrote: one object, read strictly, and the values in it, read leniently; and many in one text."""

from __future__ import annotations

import json
import math
import re
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

from claimwire.errors import ClaimwireError

Json = dict[str, Any]

MOST_VALUES = 1_000_000
"""Commas and brackets of one value, about as many as it has values, of which each takes up to 250 bytes of memory. An
article has some thousands, and a text of as many commas is none."""


class NotAnObject(ClaimwireError, ValueError):  # noqa: N818 - the name says what is wrong
    """The bytes are not one JSON object with each key once; the message says what they are instead."""


def one_object(data: bytes) -> Json:
    """The object that is the whole of ``data`` (UTF-8, with or without BOM). Raises NotAnObject, and nothing else."""
    check_size(data)
    try:
        # The standard library takes lone surrogates, which msgspec and orjson refuse; and it can see repeated keys.
        found = json.loads(data, object_pairs_hook=_without_repetition, parse_constant=_no_number)
    except NotAnObject:
        raise
    except UnicodeDecodeError as error:
        raise NotAnObject(f"not UTF-8 at byte {error.start}") from None
    except RecursionError:
        raise NotAnObject("JSON nested too deeply") from None
    except json.JSONDecodeError as error:
        raise NotAnObject(f"not JSON: {error}") from None
    except ValueError:  # the way from decimal digits to an integer takes quadratic time, so Python has a limit
        raise NotAnObject("JSON with a number of too many digits") from None
    if not isinstance(found, dict):
        raise NotAnObject(f"a JSON {_TYPES[type(found)]} and not an object")
    return found


def check_size(data: bytes) -> None:
    """Raises NotAnObject where decoding would take more memory than any article does: 3 GB for 60 MB of ``[],``."""
    if sum(map(data.count, (b",", b"[", b"{"))) > MOST_VALUES:
        raise NotAnObject(f"JSON of more than {MOST_VALUES:,} values")


_BETWEEN = re.compile(r"[\s,]*")
_PIECE = re.compile(r'"(?:[^"\\]++|\\.)*+"?|[\[{]++|[\]}]|[^"\[{\]}]++', re.DOTALL)


def values_in(text: str) -> Iterator[tuple[int, int, str | None]]:
    """Where each value of a text begins and ends: the elements of one array, or values one after the other.

    What is not JSON is the last, with what is wrong with it. A value that is too large, too deep or has too long a
    number for ``one_object`` is one like any other.
    """
    scanner = json.JSONDecoder()
    small = sum(map(text.count, ",[{")) <= MOST_VALUES
    at = _BETWEEN.match(text).end()  # type: ignore[union-attr]  # matches the empty string, so always
    in_array = text.startswith("[", at)
    at += in_array
    while (at := _BETWEEN.match(text, at).end()) < len(text):  # type: ignore[union-attr]
        if in_array and text[at] == "]":
            in_array, at = False, at + 1
            continue
        try:
            end = scanner.raw_decode(text, at)[1] if small else end_of_value(text, at)
        except json.JSONDecodeError as error:
            yield at, len(text), f"not JSON from here on: {error}"
            return
        except (ValueError, RecursionError):
            end = end_of_value(text, at)
        if end is None:
            yield at, len(text), "not JSON from here on: what is opened is not closed"
            return
        yield at, end, None
        at = end
    if in_array:
        yield at, at, "the array breaks off here"


def end_of_value(text: str, at: int) -> int | None:
    """Where the value that begins at ``at`` ends by its brackets, found without keeping anything of it; None if it
    does not end."""
    depth = 0
    for piece in _PIECE.finditer(text, at):
        match text[piece.start()]:
            case "[" | "{":
                depth += piece.end() - piece.start()
            case "]" | "}":
                depth -= 1
        if depth <= 0:
            return piece.end()
    return None


_TYPES = {list: "array", str: "string", int: "number", float: "number", bool: "boolean", type(None): "null"}


def _without_repetition(pairs: list[tuple[str, Any]]) -> Json:
    """Readers differ in which of two values of one key they take, so what the sender means is unknown."""
    found: Json = {}
    for key, value in pairs:
        if key in found:
            raise NotAnObject(f"JSON in which the key {key[:80]!a} stands twice in one object")
        found[key] = value
    return found


def _no_number(name: str) -> Any:
    raise NotAnObject(f"not JSON: {name} is not a number")


def keys(found: Json) -> str:
    """The keys of an object for an error message."""
    names = ", ".join(ascii(key[:40]) for key in list(found)[:12])
    return f"its keys: {names}{', ...' if len(found) > 12 else ''}" if found else "it is empty"


def string(value: Any) -> str | None:
    """A string as it is, a number as its decimal text, of a list the first, of a JSON-LD value its text."""
    if isinstance(value, list):
        value = next((each for each in value if isinstance(each, (str, dict))), None)
    if isinstance(value, dict):
        value = value.get("@value")
    if isinstance(value, str):
        return value
    is_number = isinstance(value, int) or (isinstance(value, float) and math.isfinite(value))
    return str(value) if is_number and not isinstance(value, bool) else None


def first(found: Json, *names: str) -> str | None:
    """The first of these values that says anything."""
    return next((value for name in names if (value := string(found.get(name))) and value.strip()), None)


def text(found: Json, *names: str) -> str | None:
    """The first of these texts that says anything; a list of strings is a text of that many paragraphs."""
    for name in names:
        value = found.get(name)
        if isinstance(value, list) and all(isinstance(each, str) for each in value):
            value = "\n".join(value)
        if (value := string(value)) and value.strip():
            return value
    return None


def web_address(value: str | None) -> str | None:
    """The value where it is an http or https URL."""
    return value if value and value.lower().startswith(("http://", "https://")) else None


def listed(value: Any) -> list[Any]:
    """A list as it is, nothing as an empty one, anything else as the only element."""
    return value if isinstance(value, list) else [] if value is None else [value]


def objects(value: Any) -> Iterator[Json]:
    """The objects in a list."""
    return (each for each in listed(value) if isinstance(each, dict))


def names(value: Any) -> tuple[str, ...]:
    """Names of people, organisations or subjects: strings, objects with a name, or lists of both."""
    named = (first(each, "name", "@value", "value") if isinstance(each, dict) else each for each in listed(value))
    return tuple(name.strip() for name in named if isinstance(name, str) and name.strip())


def keywords(value: Any) -> tuple[str, ...]:
    """Keywords as a list or, as schema.org allows it, as one string with commas."""
    return names(value.split(",")) if isinstance(value, str) else names(value)


def date(found: Json, *names: str) -> str | None:
    """The first of these dates, as its sender wrote it; seconds or milliseconds since 1970 become RFC 3339."""
    return next((date for name in names if (date := _date(found.get(name)))), None)


_EPOCH = re.compile(r"[0-9]{10}(\.[0-9]{1,9})?|[0-9]{13}")
"""Seconds or milliseconds since 1970 in a text, as tables have them."""


def _date(value: Any) -> str | None:
    if isinstance(value, str) and _EPOCH.fullmatch(value.strip()):
        value = float(value)
    if isinstance(value, (int, float)) and not isinstance(value, bool):
        if 19000101 <= value <= 21001231 and isinstance(value, int):  # 20220404, and not some day of 1970
            return str(value)
        seconds = value / 1000 if 1e11 < value < 1e13 else value
        return datetime.fromtimestamp(seconds, UTC).isoformat() if 0 < seconds < 1e10 else None
    return string(value)


def instant(found: Json, name: str) -> datetime | None:
    """A time in RFC 3339 as claimwire writes it, else None."""
    value = found.get(name)
    try:
        moment = datetime.fromisoformat(value) if isinstance(value, str) else None
        return moment.astimezone(UTC) if moment and moment.tzinfo else None
    except (ValueError, OverflowError):
        return None
