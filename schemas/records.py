"""The records that claimwire reads, passes on and writes.

All are immutable. Times are timezone-aware datetimes in UTC. A span is a half-open pair of offsets in Unicode code
points into ``article.text``, and ``text[start:end]`` is always the verbatim text. What is not known is None (null),
never an invented value.

``SCHEMA_VERSION`` is MAJOR.MINOR. MINOR rises when a field or an enumerated value is added, so that a reader which
ignores what it does not know goes on working. MAJOR rises when a field is removed or renamed, its type or its
meaning changes, or the rule by which an id is made changes.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any, Literal

import msgspec

SCHEMA_VERSION = "1.1"

Span = tuple[int, int]
Kind = Literal["exact", "near", "revision"]
SpeakerType = Literal["person", "organization", "place", "group", "anonymous", "document", "unknown"]


class Record(msgspec.Struct, frozen=True, forbid_unknown_fields=False):
    """What all records share: immutable, compared and hashed by value."""


class Source(Record, frozen=True):
    """Where an article was found."""

    name: str | None = None
    """The outlet's or feed's own title."""
    feed_url: str | None = None
    """The feed as it was configured, or null where it came from a file or topic."""
    domain: str | None = None
    """The host of the article's canonical URL without ``www.``; it stands for the outlet."""


class RawArticle(Record, frozen=True):
    """An article as its source gave it: what a connector hands to ``claimwire.pipelines.normalize.article``.

    Markup is already text; nothing else is cleaned. Dates are as the source wrote them, or RFC 3339 where the
    source's library had already understood them.
    """

    id: str | None = None
    """An id that the sender holds and expects back; it is kept to the letter."""
    guid: str | None = None
    """The id of an entry within its feed; it names the article only where there is no URL."""
    url: str | None = None
    title: str | None = None
    text: str | None = None
    """Plain text, paragraphs parted by newlines. Offsets of the sender fit it, so nothing may move in it."""
    summary: str | None = None
    """A short description in plain text."""
    authors: tuple[str, ...] = ()
    language: str | None = None
    """The language that the source declares, for itself or for this article."""
    published: str | None = None
    updated: str | None = None
    fetched_at: datetime | None = None
    tags: tuple[str, ...] = ()
    source_name: str | None = None
    feed_url: str | None = None
    origin: Origin | None = None
    """Where exactly it was read, so that a dead letter can name it."""
    attempts: int = 0
    """How often it has failed before (``claimwire replay``)."""
    first_failed_at: datetime | None = None


class Article(Record, frozen=True):
    """One version of one article; another text under the same URL is another article with ``revision_of`` set."""

    id: str
    """Deterministic: made from the canonical URL (else the source's own id) and the content, or given by the sender."""
    guid: str | None
    """The source's own id for it; with the feed it tells a moved article from a new one."""
    url: str | None
    canonical_url: str | None
    source: Source
    title: str | None
    text: str
    summary: str | None
    authors: tuple[str, ...]
    language: str | None
    """ISO 639 code, lower case, without region."""
    published_at: datetime | None
    updated_at: datetime | None
    fetched_at: datetime | None
    tags: tuple[str, ...]
    content_hash: str
    """Of title and text; equal for equal content."""
    revision_of: str | None = None
    """The id of the version that this one replaces; the same id where the sender gave both the same."""


class Duplicate(Record, frozen=True):
    """Why an article is marked as a copy or a revision, and of what."""

    of: str
    """The id of the canonical article."""
    kind: Kind
    method: str
    """The rule that decided: ``id``, ``guid``, ``url``, ``text``, ``continued``; of a near copy what was done to it:
    ``abridged``, ``extended`` or ``edited``."""
    score: float | None
    """How much of the text they share, 0 to 1; null where that was not measured."""
    first_seen_at: datetime | None
    """When the canonical article was first seen."""
    added: float | None = None
    """The share of a copy's words that its original does not have, 0 to 1; null where that was not measured."""


class KnowledgeBaseEntry(Record, frozen=True):
    """A place in a gazetteer."""

    source: str
    """The gazetteer, for example ``geonames``."""
    id: str
    lat: float | None
    """Degrees north, WGS 84; null for a country, which is no point."""
    lon: float | None
    """Degrees east, WGS 84."""


class Entity(Record, frozen=True):
    """Somebody or something that the article names, with all its mentions."""

    text: str
    """The first mention, verbatim."""
    label: str
    """PERSON, ORG, GPE, LOC, NORP, FAC, EVENT, PRODUCT, WEAPON, PLATFORM, LAW, WORK_OF_ART, DATE, MONEY, ..."""
    start: int
    end: int
    name: str
    """The fullest form that the article uses."""
    kb: KnowledgeBaseEntry | None
    mentions: tuple[Span, ...]
    """Every mention in the order of the text, the first included."""


class Speaker(Record, frozen=True):
    """Who made a claim."""

    text: str
    """As it stands beside the claim, for example ``the minister``."""
    spans: tuple[Span, ...]
    name: str | None
    """Resolved inside the article, for example ``Volodymyr Zelenskyy``; null where nobody is named."""
    entity: int | None
    """Index into the record's entities."""
    type: SpeakerType
    inherited: bool = False
    """True when the speaker is taken over from an earlier sentence."""


class Cue(Record, frozen=True):
    """The words that attribute a claim to its speaker, for example ``said`` or ``according to``."""

    text: str
    spans: tuple[Span, ...]
    lemma: str
    class_: Literal["speech", "cognition", "evidence", "attitude"] = msgspec.field(name="class")


class Quantity(Record, frozen=True):
    """A number in a claim: ``at least 2,000 tanks`` is 2000, ``tank``, ``>=``."""

    start: int
    end: int
    value: float | None
    """Null where only the size is told (``dozens of``)."""
    unit: str | None
    comparator: Literal["=", ">", ">=", "<", "<=", "~"]


class Claim(Record, frozen=True):
    """Who said what."""

    id: str
    """Deterministic: made from the article's id, the claim's content and its speaker's spans."""
    text: str
    """The content; split content is joined by `` [...] ``."""
    content: tuple[Span, ...]
    speaker: Speaker | None
    """Null where the article names no source (``it has been claimed``)."""
    cue: Cue | None
    quote_type: Literal["direct", "indirect", "mixed"]
    polarity: Literal["affirmed", "negated", "denied"]
    """What the speaker says of the content: it is so, it is not so, or it is denied (content as denied)."""
    modality: Literal["asserted", "alleged", "possible", "planned", "conditional"]
    hedges: tuple[Span, ...]
    quantities: tuple[Quantity, ...]
    entities: tuple[int, ...]
    """Indices into the record's entities, of those inside the content."""
    check_worthiness: float | None
    """0 to 1; null where no model scored it."""
    confidence: float | None
    """0 to 1: the share of claims found by the same rule that are right, measured; null where it was not measured."""
    sentence: Span
    """From the start of the first to the end of the last sentence that the claim touches."""


class MessageSpeaker(Record, frozen=True):
    """Who made a claim, for a reader who has not got the article."""

    text: str
    name: str | None
    type: SpeakerType


class MessageQuantity(Record, frozen=True):
    """A number in a claim, for a reader who has not got the article."""

    text: str
    value: float | None
    unit: str | None
    comparator: Literal["=", ">", ">=", "<", "<=", "~"]


class ClaimMessage(Record, frozen=True):
    """One claim as the monitoring topic carries it: all that a subscriber needs, and no offsets into a text."""

    schema_version: str
    id: str
    """Of the claim; it is also the message's key."""
    article_id: str
    url: str | None
    title: str | None
    source: Source
    language: str | None
    published_at: datetime | None
    revision_of: str | None
    """The id of the article's version before this one, whose claims these replace."""
    copies: int
    """Copies of the article that were known when this was written; later ones are told as ``article.copied``."""
    text: str
    quote_type: Literal["direct", "indirect", "mixed"]
    speaker: MessageSpeaker | None
    cue: str | None
    """Its lemma."""
    polarity: Literal["affirmed", "negated", "denied"]
    modality: Literal["asserted", "alleged", "possible", "planned", "conditional"]
    hedges: tuple[str, ...]
    quantities: tuple[MessageQuantity, ...]
    entities: tuple[tuple[str, str], ...]
    """Name and label of those inside the content."""
    check_worthiness: float | None
    confidence: float | None
    sentence: str
    """The words around the claim, verbatim."""


class Provenance(Record, frozen=True):
    """What made a record, and when."""

    pipeline_version: str
    model: str | None
    """Name and version of the spaCy model; null where none ran."""
    extractor: str | None
    """Name of the extractor; null where none ran."""
    run_id: str
    processed_at: datetime
    skipped: str | None = None
    """Why nothing was extracted: ``copy``, ``language: de``, ``extract: none``, ``no text``, ``too long``; or why not
    from all: ``copied sentences`` are those that a near copy has from its original."""


class EnrichedArticle(Record, frozen=True):
    """What claimwire writes for every article: the article, what it copies, and who says what in it."""

    schema_version: str
    article: Article
    duplicate: Duplicate | None
    entities: tuple[Entity, ...]
    claims: tuple[Claim, ...]
    provenance: Provenance


class Event(Record, frozen=True):
    """Something to be told to whoever watches: a CloudEvent 1.0 in structured JSON form."""

    id: str
    source: str
    """What it is about: a feed's URL, or ``claimwire``."""
    type: str
    """``claimwire.`` and what happened: ``claim.extracted`` (in topics only; files hold the claims already),
    ``article.copied``, ``article.revised``, ``source.failed``, ``source.recovered``, ``run.completed``."""
    subject: str | None
    time: datetime
    data: dict[str, Any]
    specversion: str = "1.0"
    datacontenttype: str = "application/json"


class Failure(Record, frozen=True):
    """What went wrong."""

    type: str
    """The exception's name."""
    message: str


class Origin(Record, frozen=True):
    """Where a payload was read: a URL or path, with a line; or topic, partition and offset, with what came along."""

    url: str | None = None
    line: int | None = None
    """Counted from 1."""
    topic: str | None = None
    partition: int | None = None
    offset: int | None = None
    key: str | None = None
    """Of the message in the topic, as text; where it is not UTF-8, ``base64:`` and its base64."""
    headers: tuple[tuple[str, str | None], ...] = ()
    """Of the message, name and value, in their order and form as the key."""


class DeadLetter(Record, frozen=True):
    """Input that could not be processed, whole, so that ``claimwire replay`` can feed it again."""

    stage: str
    """Which step refused it, and so what the payload is: ``feed`` (the body), ``entry`` (a parsed feed entry as
    JSON), ``record`` (an article record), ``file`` (an article text file), ``normalize`` (a RawArticle), ``extract``
    (an Article), ``publish`` (the value of a message that a topic refused)."""
    error: Failure
    payload: str
    """The original bytes as text, or in base64 where they are not UTF-8."""
    encoding: Literal["utf-8", "base64"]
    source: Origin
    attempts: int
    first_failed_at: datetime
