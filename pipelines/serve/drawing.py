"""The templates of the page, and what they may call. Whatever they are given is escaped."""

from __future__ import annotations

import base64
import hashlib
from datetime import UTC, datetime
from functools import cache
from importlib.resources import files
from typing import Any
from urllib.parse import urlsplit

from jinja2 import Environment, PackageLoader, StrictUndefined

from claimwire.pipelines.normalize.text import clean
from claimwire.pipelines.notify.message import said
from claimwire.pipelines.observe.summary import counted
from claimwire.pipelines.read.diff import NAMES as CHANGES
from claimwire.pipelines.read.filters import PLAIN
from claimwire.pipelines.read.headings import on_one_line, said_by, site
from claimwire.pipelines.serve.marking import drawn
from claimwire.pipelines.timespans import ago
from claimwire.schemas import Claim, Match

STATIC = {
    "page.css": "text/css; charset=utf-8",
    "page.js": "text/javascript; charset=utf-8",
    "land.svg": "image/svg+xml",
    "icon.svg": "image/svg+xml",
}
"""The files beside the templates, and their types."""
_WORTH_SAYING = 0.5
_LONGEST_SAID = 240


def render(template: str, /, **given: Any) -> str:
    """A page, out of a template and what it shows."""
    return environment().get_template(template).render(given)


@cache
def environment() -> Environment:
    """The templates with their filters. Nothing that is undefined passes for empty."""
    made = Environment(
        loader=PackageLoader("claimwire.pipelines.serve"),
        autoescape=True,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
        undefined=StrictUndefined,
    )
    made.filters |= {
        "line": line, "link": link, "moment": moment, "day": day, "stamp": stamp, "site": site, "counted": counted,
        "clean": clean, "ago": ago, "said_in_short": said_in_short, "change": CHANGES.__getitem__,
    }  # fmt: skip
    made.globals |= {"drawn": drawn, "marks_of": marks_of, "said_by": said_by, "static": static_url}
    return made


def compile_templates() -> None:
    """Compile all templates, so that no reader waits for it."""
    for name in environment().list_templates():
        environment().get_template(name)


@cache
def static(name: str) -> bytes:
    """A file beside the templates."""
    return (files(__package__) / "static" / name).read_bytes()


@cache
def static_url(name: str) -> str:
    """The address of such a file; it changes with the content, so that a browser may keep the file for good."""
    return f"/static/{name}?{hashlib.sha256(static(name)).hexdigest()[:12]}"


@cache
def style_hash() -> str:
    """The style as a source of a content security policy."""
    return f"sha256-{base64.b64encode(hashlib.sha256(static('page.css')).digest()).decode()}"


def line(text: str | None) -> str:
    """Text of a record on one line, without control codes."""
    return on_one_line(clean(text or ""))


def link(url: str | None) -> str | None:
    """A URL of a record, if a browser may open it: http and https with a host, and nothing else."""
    if not url:
        return None
    shown = line(url)
    try:
        parts = urlsplit(shown)
        return shown if parts.scheme in ("http", "https") and parts.hostname else None
    except ValueError:
        return None


def marks_of(claim: Claim) -> list[tuple[str, str]]:
    """What is worth saying about a claim beside its words: a class of the style, and the word."""
    marks: list[tuple[str, str]] = [("quote", claim.quote_type)] if claim.quote_type != "indirect" else []
    marks += [(mark, mark) for mark in (claim.kind, claim.polarity, claim.modality) if mark and mark not in PLAIN]
    if claim.in_title:
        marks.append(("title", "in the title"))
    if claim.check_worthiness is not None and claim.check_worthiness >= _WORTH_SAYING:
        marks.append(("worth", f"worth a check {claim.check_worthiness:.2f}"))
    return marks


def said_in_short(match: Match) -> str:
    """Who said what, of a match; of an article its title."""
    return said(match, _LONGEST_SAID)


def moment(at: datetime | str | None) -> str:
    """A time for a reader, in UTC."""
    at = _time(at)
    return "undated" if at is None else f"{at:%-d %b %Y, %H:%M}"


def day(at: datetime | str | None) -> str:
    """The day of a time, in UTC."""
    at = _time(at)
    return "undated" if at is None else f"{at:%-d %b %Y}"


def stamp(at: datetime | str | None) -> str:
    """A time for the attribute ``datetime``."""
    at = _time(at)
    return "" if at is None else f"{at:%Y-%m-%dT%H:%M:%SZ}"


def _time(at: datetime | str | None) -> datetime | None:
    return (datetime.fromisoformat(at) if isinstance(at, str) else at.astimezone(UTC)) if at else None
