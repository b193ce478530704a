"""From what a source gave to an article: clean text, canonical URL, language, times, ids.

Here, and only here, characters that are unsafe or cannot be encoded are replaced: before any offset is taken.
"""

from __future__ import annotations

import hashlib
import re
import warnings
from datetime import UTC, datetime, timedelta
from functools import cache
from typing import Any

from dateutil import parser as dateutil
from py3langid.langid import MODEL_FILE, LanguageIdentifier

from claimwire.pipelines.normalize.characters import clean
from claimwire.pipelines.normalize.urls import canonical_url, domain
from claimwire.schemas import Article, RawArticle, Source

_SPACE = re.compile(r"\s+")
_EPOCH = re.compile(r"\d{10}(?:\d{3})?(?:\.\d+)?")

# The zones that RFC 822 names, in hours from UTC; other names mean different zones in different countries.
_ZONES = {"EST": -5, "EDT": -4, "CST": -6, "CDT": -5, "MST": -7, "MDT": -6, "PST": -8, "PDT": -7}

# A clock may be wrong and a zone forgotten; more than that is no time at which something was published.
_FUTURE_ALLOWED = timedelta(hours=26)
_BEFORE_THE_WEB = datetime(1970, 1, 2, tzinfo=UTC)

_SAMPLE = 1500
"""Characters that the language is told from."""
_SURE = 0.9
_LIKELY = 0.5


def normalize(raw: RawArticle) -> Article:
    """The article that a source gave, with everything that can be known before extraction.

    Its text is the given text with unsafe characters replaced one by one; its id the given one, else made from the
    canonical URL (else the feed's own id for it, else nothing) and the content, so that it is the same whenever
    and wherever this version of the article is read.
    """
    text = clean(raw.text or "")
    title = _line(raw.title)
    guid = _line(raw.guid)
    canonical = canonical_url(raw.url) if raw.url else None
    published = _plausible(parse_time(raw.published), raw.fetched_at)
    updated = _plausible(parse_time(raw.updated), raw.fetched_at)
    content_hash = _digest("content", title or "", text)
    name = ("url", canonical) if canonical else ("guid", raw.feed_url or raw.source_name or "", guid) if guid else ("",)
    return Article(
        id=clean(raw.id) if raw.id else _digest("article", *name, content_hash)[:32],
        guid=guid,
        url=_line(raw.url),
        canonical_url=canonical,
        source=Source(name=_line(raw.source_name), feed_url=_line(raw.feed_url), domain=domain(canonical)),
        title=title,
        text=text,
        summary=clean(raw.summary).strip() or None if raw.summary else None,
        authors=_lines(raw.authors),
        language=language(text or title or "", raw.language),
        published_at=published,
        updated_at=updated,
        fetched_at=raw.fetched_at,
        tags=_lines(raw.tags),
        content_hash=content_hash,
    )


def parse_time(text: str | None) -> datetime | None:
    """A time in UTC from RFC 3339, RFC 2822, ISO 8601 dates, Unix seconds or milliseconds, and what dateutil reads.

    None where no full date can be read: a missing day or year is not made up. A time without a zone is UTC.
    """
    text = (text or "").strip()[:100]
    if not text:
        return None
    try:
        if _EPOCH.fullmatch(text):
            seconds = float(text)
            return datetime.fromtimestamp(seconds / 1000 if seconds > 1e11 else seconds, UTC)
        try:
            time = datetime.fromisoformat(text)
        except ValueError:
            time = _full_date(text)
        return time.replace(tzinfo=time.tzinfo or UTC).astimezone(UTC)
    except (ValueError, OverflowError, OSError):
        return None


def _full_date(text: str) -> datetime:
    """What dateutil reads, unless it took a part of the date from its default."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # an unknown zone's name is read as UTC
        first, second = (
            dateutil.parse(text, default=default, tzinfos={zone: hours * 3600 for zone, hours in _ZONES.items()})
            for default in (datetime(2000, 1, 1), datetime(2001, 2, 2))
        )
    if first != second:
        raise ValueError(f"not a full date: {text}")
    return first


def language(text: str, declared: str | None) -> str | None:
    """The ISO 639 code of the text's language: detected if that is sure, else declared, else if likely, else None."""
    code, probability = _identifier().classify(text[:_SAMPLE])
    if probability >= _SURE and code != "zxx":
        return str(code)
    if match := re.match(r"[A-Za-z]{2,3}(?![A-Za-z])", (declared or "").strip()):
        return match[0].lower()
    return str(code) if probability >= _LIKELY and code != "zxx" else None


@cache
def _identifier() -> Any:
    return LanguageIdentifier.from_model_file(MODEL_FILE, norm_probs=True)


def _plausible(time: datetime | None, fetched_at: datetime | None) -> datetime | None:
    latest = (fetched_at or datetime.now(UTC)) + _FUTURE_ALLOWED
    return time if time and _BEFORE_THE_WEB <= time <= latest else None


def _line(text: str | None) -> str | None:
    """A short field on one line, or None where there is nothing in it."""
    return _SPACE.sub(" ", clean(text)).strip() or None if text else None


def _lines(texts: tuple[str, ...]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(line for line in map(_line, texts) if line))


def _digest(*parts: str) -> str:
    return hashlib.sha256("\0".join(parts).encode()).hexdigest()
