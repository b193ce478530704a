"""The settings of a single source, as an entry of ``source`` in the settings file gives them."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import UTC, date, datetime
from difflib import get_close_matches
from typing import Any, Literal

import msgspec

from claimwire.connectors.feeds.ownheaders import OwnHeaders
from claimwire.pipelines.timespans import parse_interval

FullText = Literal["auto", "always", "never"]
KEYS = ("url", "name", "interval", "full_text", "language", "headers", "pause")
_LONGEST_NAME = 200
_VARIABLE = re.compile(r"\$\{([A-Za-z_][A-Za-z0-9_]*)\}")


class SourceSettings(msgspec.Struct, frozen=True):
    """What is set for one feed, sitemap or home page; None where the settings of the run count."""

    url: str
    """As ``connectors.sources`` gives it."""
    name: str | None = None
    """In place of the title that the feed has."""
    interval: str | None = None
    """``auto``, or a time span."""
    full_text: FullText | None = None
    language: str | None = None
    """ISO 639 code, in place of the one that the feed declares."""
    headers: OwnHeaders | None = None
    pause: bool | datetime = False
    """Whether it is not asked, or until when."""

    def paused(self, now: datetime) -> bool:
        """Whether it is not asked at a time."""
        return self.pause if isinstance(self.pause, bool) else now < self.pause


def source_settings(given: Mapping[Any, Any], environment: Mapping[str, str]) -> SourceSettings:
    """The settings that a mapping of the file has.

    Args:
        given: Names with scalars; ``headers`` with a mapping of such.
        environment: The variables that headers may name, as ``${NAME}``.

    Raises ValueError. Its message names the source, and no value of a header.
    """
    from claimwire.connectors.web.http import without_password  # noqa: PLC0415 - not for every command

    values = {str(key).replace("-", "_"): value for key, value in given.items()}
    url = _url(values)
    name = without_password(url)
    for key in values:
        if key not in KEYS:
            near = get_close_matches(key, KEYS, 1)
            hint = f"did you mean {near[0]}?" if near else f"there are {', '.join(KEYS)}"
            raise ValueError(f"source {name}: there is no setting {key!r} of a source; {hint}")
    try:
        return SourceSettings(
            url=url,
            name=_name(values.get("name")),
            interval=_interval(values.get("interval")),
            full_text=_full_text(values.get("full_text")),
            language=_language(values.get("language")),
            headers=_headers(url, values.get("headers"), environment),
            pause=_pause(values.get("pause")),
        )
    except ValueError as error:
        raise ValueError(f"source {name}: {error}") from None


def _url(values: Mapping[str, Any]) -> str:
    from claimwire.connectors.sources import FeedSource, SourceError, sources  # noqa: PLC0415 - Beam

    given = values.get("url")
    if not isinstance(given, str) or not given.strip():
        raise ValueError("a source with settings needs its url, e.g. {url: https://example.org/feed.xml, interval: 1h}")
    if "://" in given or given.lower().startswith("feed:"):
        try:
            found = list(sources(given))
        except SourceError as error:
            raise ValueError(str(error)) from None
        if len(found) == 1 and isinstance(found[0], FeedSource):
            return found[0].url
    raise ValueError(
        "only a source that is asked over HTTP has settings of its own, and its url begins with http:// or https://; "
        "give a file, list or topic as text"
    )


def _name(value: Any) -> str | None:
    if value is None:
        return None
    name = " ".join(str(value).split()) if isinstance(value, str | int | float) else ""
    if not name or len(name) > _LONGEST_NAME:
        raise ValueError(f"name must be text of 1 to {_LONGEST_NAME} characters")
    return name


def _interval(value: Any) -> str | None:
    if value is None:
        return None
    try:
        parse_interval(str(value))
    except ValueError:
        raise ValueError(
            f"interval cannot be {value!r}: it must be auto, or a length of time, e.g. 15m or 1h"
        ) from None
    return str(value)


def _full_text(value: Any) -> FullText | None:
    if value in (None, "auto", "always", "never"):
        return value  # type: ignore[no-any-return]
    raise ValueError(f"full_text cannot be {value!r}: it must be auto, always or never")


def _language(value: Any) -> str | None:
    if value is None:
        return None
    if value is False:  # YAML 1.1 reads the code of Norwegian so
        return "no"
    if isinstance(value, str) and re.fullmatch(r"[A-Za-z]{2,3}", value):
        return value.lower()
    raise ValueError(f"language cannot be {value!r}: it must be a code of ISO 639, e.g. en")


def _headers(url: str, value: Any, environment: Mapping[str, str]) -> OwnHeaders | None:
    if value is None:
        return None
    if not isinstance(value, Mapping):
        raise ValueError("headers must be names with values, e.g. {X-Api-Key: '${NEWS_KEY}'}")

    def resolved(text: Any) -> str:
        return _VARIABLE.sub(lambda found: _variable(found[1], environment), str(text))

    return OwnHeaders(url, tuple((str(name), resolved(text)) for name, text in value.items()))


def _variable(name: str, environment: Mapping[str, str]) -> str:
    if not environment.get(name):
        raise ValueError(f"headers name the variable {name}, which is not set in the environment")
    return environment[name].strip()


def _pause(value: Any) -> bool | datetime:
    if value is None or isinstance(value, bool):
        return bool(value)
    try:
        text = str(value).strip()
        moment = datetime.fromisoformat(text.upper()) if len(text) > len("2026-12-24") else _midnight(text)
        return moment.replace(tzinfo=moment.tzinfo or UTC).astimezone(UTC)
    except (ValueError, OverflowError):
        raise ValueError(f"pause cannot be {value!r}: it must be true, false, or a date, e.g. 2026-12-24") from None


def _midnight(text: str) -> datetime:
    day = date.fromisoformat(text)
    return datetime(day.year, day.month, day.day, tzinfo=UTC)
