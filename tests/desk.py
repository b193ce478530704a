"""A store as a desk may have it: an article with its copy, its revision and its story, and what strangers may put into
titles, addresses and names to harm whoever reads the page. Written without a run, so in no time."""

from __future__ import annotations

import sqlite3
import time
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path

from claimwire.connectors.outputs.sqlite import Batch, SqliteOutput
from claimwire.pipelines.memory.rows import Writer
from claimwire.pipelines.memory.store import LAYOUT
from claimwire.pipelines.observe.events import match_event
from claimwire.pipelines.watches.matching import Matcher
from claimwire.pipelines.watches.parsing import parse_watches
from claimwire.pipelines.watches.watch import Watch
from claimwire.pipelines.watches.watching import match_of
from claimwire.schemas import (
    Article,
    Claim,
    Cue,
    Duplicate,
    EnrichedArticle,
    Entity,
    Provenance,
    Source,
    Speaker,
    encode,
)
from claimwire.schemas.records import SCHEMA_VERSION, Changed, EarlierClaim, KnowledgeBaseEntry, Quantity, Story, Thread

BEGAN = datetime(2026, 3, 1, 8, tzinfo=UTC)

BRIDGE = (
    "The bridge at Odesa will stay closed, Mayor Ana Verr said on Sunday.",
    "At least 14 cables have rusted through, she said.",
    "The builders denied that the bridge is unsafe.",
)
CORRECTED = (BRIDGE[0], "At least 19 cables have rusted through, she said.", BRIDGE[2])

EVIL = '"><img src=x onerror=alert(1)><script>alert(1)</script>'
"""Markup in whatever place."""
EVIL_LINES = "evil\r\n\r\nid: 999999999\ndata: <script>alert(1)</script>"
"""What would begin an event of its own."""
BIDI = "\u202eevas\u202c"


def claim(text: str, content: str, who: str, name: str | None, cue: str, number: int, **more: object) -> Claim:
    """A claim whose content, speaker and cue stand in a text."""
    begin = text.index(content)
    given: dict[str, object] = {
        "id": f"{abs(hash((text, content, who))) % 16**12:012x}{number:020x}", "text": content,
        "content": ((begin, begin + len(content)),),
        "speaker": Speaker(who, (_span(text, who),), name, None, "person", id="p-verr" if name == "Ana Verr" else None),
        "cue": Cue(cue, (_span(text, cue),), cue, "speech"),
        "quote_type": "indirect", "polarity": "affirmed", "modality": "asserted", "hedges": (), "quantities": (),
        "entities": (), "check_worthiness": 0.8, "confidence": 0.9, "sentence": (begin, begin + len(content)),
        "kind": "statement", **more,
    }  # fmt: skip
    return Claim(**given)  # type: ignore[arg-type]


def _span(text: str, part: str) -> tuple[int, int]:
    begin = text.index(part)
    return begin, begin + len(part)


def record(
    id_: str, paragraphs: Sequence[str], claims: Sequence[Claim] = (), outlet: str = "courier.example", **more: object
) -> EnrichedArticle:
    """A record of an article that mentions Odesa if its text does."""
    text = "\n\n".join(paragraphs)
    odesa = text.find("Odesa")
    kb = KnowledgeBaseEntry("geonames", "698740", 46.48, 30.73)
    entities = (Entity("Odesa", "GPE", odesa, odesa + 5, "Odesa", kb, ((odesa, odesa + 5),)),) if odesa >= 0 else ()
    fields: dict[str, object] = {
        "id": id_, "guid": None, "url": f"https://{outlet}/{id_}", "canonical_url": None,
        "source": Source(outlet.partition(".")[0].title(), None, outlet), "title": "Bridge at Odesa stays closed",
        "text": text, "summary": None, "authors": ("Tamsin Orrell",), "language": "en", "published_at": BEGAN,
        "updated_at": None, "fetched_at": BEGAN, "tags": (), "content_hash": f"hash of {id_} {len(text)}",
    }  # fmt: skip
    duplicate, story, dropped = (more.pop(name, None) for name in ("duplicate", "story", "dropped"))
    made = Provenance("0", None, None, "run", BEGAN + timedelta(minutes=int(more.pop("minute", 0))))  # type: ignore[call-overload]
    article = Article(**{**fields, **more})  # type: ignore[arg-type]
    return EnrichedArticle(
        SCHEMA_VERSION, article, duplicate, entities, tuple(claims), made, story, dropped  # type: ignore[arg-type]
    )  # fmt: skip


def bridge(paragraphs: Sequence[str], relation: str = "first") -> list[Claim]:
    """The claims of the article on the bridge."""
    text = "\n\n".join(paragraphs)
    cables = paragraphs[1].partition(",")[0]
    number = _span(text, cables.removeprefix("At least ").partition(" ")[0])
    figure = Quantity(*number, float(text[slice(*number)]), "cable", ">=")
    thread = Thread("t-cables", relation)  # type: ignore[arg-type]
    was = EarlierClaim("0", "At least 14 cables have rusted through", "Ana Verr")
    alone = Thread("t-closed", "first") if relation == "first" else None
    changed = None if relation == "first" else Changed(("figure",), was)
    closed, verr = "The bridge at Odesa will stay closed", "Ana Verr"
    return [
        claim(text, closed, verr, verr, "said", 0, entities=(0,), check_worthiness=0.4, thread=alone),
        claim(text, cables, "she", "Ana Verr", "said", 1, quantities=(figure,), thread=thread, changed=changed),
        claim(text, "that the bridge is unsafe", "The builders", None, "denied", 2, polarity="denied", kind="belief"),
    ]  # fmt: skip


def hostile() -> EnrichedArticle:
    """An article that means harm wherever it can."""
    said = f"everything is {EVIL} fine"
    paragraphs = (f"{EVIL} said {said}, {EVIL_LINES}", "</p></section><script>alert(1)</script>")
    text = "\n\n".join(paragraphs)
    evil = claim(text, said, EVIL, f"{EVIL}{BIDI}", "said", 0)
    return record(
        "a/../..?x#y", paragraphs, [evil], outlet=f"evil.example{EVIL}", title=f"{EVIL}{EVIL_LINES}{BIDI}",
        url=f"javascript:alert(1)//{EVIL}", authors=(EVIL,), section=EVIL, agency=EVIL, correction=EVIL,
        story=Story(f"s/../{EVIL}"), source=Source(EVIL, None, f"evil.example{EVIL}"),
    )  # fmt: skip


def records() -> Iterator[EnrichedArticle]:
    """All of the desk's records."""
    story = Story("s-bridge")
    yield hostile()
    yield record("bridge", BRIDGE, bridge(BRIDGE), story=story)
    near = Duplicate("bridge", "near", "abridged", 0.9, BEGAN, 0.0)
    yield record(
        "copied",
        BRIDGE[:2],
        outlet="herald.example",
        duplicate=near,
        published_at=BEGAN + timedelta(hours=2),
        story=story,
    )
    revision = Duplicate("bridge", "revision", "url", 0.95, BEGAN)
    yield record(
        "bridge-2", CORRECTED, bridge(CORRECTED, "reworded"), duplicate=revision, revision_of="bridge", minute=60,
        title="Bridge at Odesa stays closed, 19 cables are rusted", updated_at=BEGAN + timedelta(hours=3), story=story,
        dropped=(EarlierClaim("1", "that nobody was warned", "The builders"),),
    )  # fmt: skip


def write(store: Path, *given: EnrichedArticle, watches: Sequence[Watch] = ()) -> None:
    """Write records as a pass of their own, and what of them some watches match."""

    def add(db: sqlite3.Connection) -> None:
        writer = Writer(db)
        writer.articles(map(encode, given))
        writer.events(encode(match_event(match_of(record, met))) for record in given for met in matcher.met(record))

    matcher = Matcher(watches)
    with SqliteOutput(store, LAYOUT) as output:
        name = f"{time.time_ns()}"
        output.write(Batch("desk", name, int(name)), add)


WATCHES = parse_watches(
    [
        {"name": "Bridges & quays", "words": ["bridge", "quay"], "notify": "DESK_CHAT"},
        {"name": f"Evil {EVIL}", "words": "evil"},
        {"name": "Cables", "figure": {"above": 10, "unit": "cable"}, "digest": "daily"},
        {"name": "Trains", "words": "train"},
    ]
)


def later(number: int) -> EnrichedArticle:
    """An article that comes later: the same for the same number."""
    paragraphs = (f"Train {number} is late, Ivo Marsh said.",)
    said = claim(paragraphs[0], f"Train {number} is late", "Ivo Marsh", "Ivo Marsh", "said", 0)
    at = BEGAN + timedelta(days=1, minutes=number)
    return record(
        f"train-{number}", paragraphs, [said], outlet="rail.example", title=f"Train {number}", published_at=at
    )
