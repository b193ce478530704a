"""A live blog that grows: the page of one with JSON-LD, and of one whose entries are only blocks with times."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from typing import NamedTuple

TITLE = "Flood on the Orle: as it happened"
INTRO = (
    "The river Orle has risen by two metres since Monday, and four villages below the weir are empty. We follow "
    "the night from Saltern, where the council meets at ten and the army is filling sandbags at the bridge."
)


class Said(NamedTuple):
    """An entry."""

    name: str | None
    """By which it is known on the page; None where it has no name."""
    minutes_ago: int
    headline: str | None
    text: str


NIGHT = (
    Said("entry-3", 5, "Bridge closed", "The bridge at Saltern was closed at noon, Mayor Ines Holm said on Tuesday."),
    Said("entry-2", 25, "Water still rises", "The water will peak on Thursday, the flood office in Saltern said."),
    Said("entry-1", 65, "Villages cleared", "Four villages were cleared during the night, the fire brigade reported."),
)


def live_page(
    said: tuple[Said, ...] = NIGHT,
    now: datetime | None = None,
    ends: datetime | None = None,
    declared: bool = True,
    intro: str = INTRO,
) -> bytes:
    """The page of a live blog, the newest entry first.

    Args:
        said: Its entries.
        now: From when their times count back; the time if not given.
        ends: The end of the coverage, if the page gives one.
        declared: Whether the entries stand in JSON-LD as well.
        intro: What stands above them.
    """
    now = (now or datetime.now(UTC)).replace(microsecond=0)
    times = [now - timedelta(minutes=each.minutes_ago) for each in said]
    updates = [
        {
            "@type": "BlogPosting",
            **({"@id": f"#{each.name}"} if each.name else {}),
            **({"headline": each.headline} if each.headline else {}),
            "datePublished": time.isoformat(),
            "articleBody": each.text,
        }
        for each, time in zip(said, times, strict=True)
    ]
    node = {
        "@context": "https://schema.org",
        "@type": "LiveBlogPosting",
        "headline": TITLE,
        "datePublished": (now - timedelta(hours=3)).isoformat(),
        **({"coverageEndTime": ends.isoformat()} if ends else {}),
        **({"liveBlogUpdate": updates} if declared else {}),
    }
    blocks = "".join(
        f'<article class="live-entry"{f" id={each.name}" if each.name else ""}><time datetime="{time.isoformat()}">'
        f"{time:%H:%M}</time>{f'<h2>{each.headline}</h2>' if each.headline else ''}<p>{each.text}</p></article>"
        for each, time in zip(said, times, strict=True)
    )
    return (
        f'<!doctype html><html lang="en"><head><title>{TITLE}</title>'
        f'<script type="application/ld+json">{json.dumps(node)}</script></head><body><nav><a href="/">Home</a></nav>'
        f"<main><h1>{TITLE}</h1><p>{intro}</p><div>{blocks}</div></main></body></html>"
    ).encode()
