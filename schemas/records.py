"""The records that claimwire reads, passes on and writes.

All are immutable. Times are timezone-aware datetimes in UTC. A span is a half-open pair of offsets into
``article.text``, in Unicode code points; ``text[start:end]`` is always the verbatim text. An unknown value is None
(null), never invented.

``SCHEMA_VERSION`` is MAJOR.MINOR. MINOR rises when a field or an enumerated value is added; readers that ignore unknown
fields and values keep working. MAJOR rises when a field is removed or renamed, when its type or meaning changes, or
when the rule for making an id changes.
"""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any, Literal

import msgspec

SCHEMA_VERSION = "1.6"

Span = tuple[int, int]
ByteOffset = Annotated[int, msgspec.Meta(ge=0, le=(1 << 63) - 1)]
Kind = Literal["exact", "near", "revision"]
TextSource = Literal["feed", "page", "summary", "given"]
SpeakerType = Literal["person", "organization", "place", "group", "anonymous", "document", "unknown"]


class Record(msgspec.Struct, frozen=True, forbid_unknown_fields=False):
    """The base of all records: immutable, compared and hashed by value."""


class Source(Record, frozen=True):
    """Where an article was found."""

    name: str | None = None
    """The title of the outlet or feed, as it gives it."""
    feed_url: str | None = None
    """The feed's URL as configured; null if the article came from a file or topic."""
    domain: str | None = None
    """The host of the article's canonical URL, without ``www.``; it identifies the outlet."""


class Archived(Record, frozen=True):
    """Where the page that was fetched is kept, to the byte."""

    file: str
    """The name of a WARC file, without its folder."""
    offset: ByteOffset
    """Of the record of the response."""


class Input(Record, frozen=True):
    """The place in a file from which an article was read."""

    file: str
    line: int | None = None
    """Counted from 1; of a Parquet file, the row."""
    offset: ByteOffset | None = None
    """Of a record in a WARC file, in bytes."""


class ClaimReview(Record, frozen=True):
    """What a fact-checker has published on one claim: https://schema.org/ClaimReview.

    Texts are plain and on one line, dates as the publisher wrote them.
    """

    claim: str
    """The claim, as the fact-checker words it (``claimReviewed``)."""
    url: str | None = None
    """Where the fact-check stands."""
    title: str | None = None
    """Its headline."""
    publisher: str | None = None
    """The name of the fact-checker."""
    publisher_url: str | None = None
    published: str | None = None
    language: str | None = None
    rating: str | None = None
    """The verdict in words, e.g. ``Mostly false`` (``reviewRating.alternateName``)."""
    rating_value: float | None = None
    """The verdict on the publisher's own scale, from ``worst_rating`` to ``best_rating``."""
    best_rating: float | None = None
    worst_rating: float | None = None
    claimant: str | None = None
    """Who made the claim (``itemReviewed.author``)."""
    claimant_type: Literal["person", "organization"] | None = None
    claimed: str | None = None
    """When the claim was made."""
    first_appearance: str | None = None
    """The URL at which the claim was first seen."""
    appearances: tuple[str, ...] = ()
    """URLs at which it was seen."""


class RawArticle(Record, frozen=True):
    """An article as its source gave it, before normalisation.

    Markup has been turned into text; nothing else has been cleaned. Dates are as the source wrote them, or in RFC 3339
    if the library that read the source had parsed them already.
    """

    id: str | None = None
    """The sender's own id, kept unchanged."""
    guid: str | None = None
    """The id of an entry within its feed; it identifies the article only if there is no URL."""
    url: str | None = None
    title: str | None = None
    text: str | None = None
    """Plain text, with newlines between paragraphs. The sender's offsets must keep fitting it, so its length never
    changes."""
    summary: str | None = None
    """A short description in plain text."""
    authors: tuple[str, ...] = ()
    language: str | None = None
    """The language that the source declares for the feed or for this article."""
    published: str | None = None
    updated: str | None = None
    fetched_at: datetime | None = None
    tags: tuple[str, ...] = ()
    source_name: str | None = None
    feed_url: str | None = None
    text_source: TextSource | None = None
    page_problem: str | None = None
    paywalled: bool | None = None
    correction: str | None = None
    agency: str | None = None
    section: str | None = None
    syndicated_from: str | None = None
    part_of: str | None = None
    """The URL of the live blog of which it is an entry; then ``url`` has a fragment or is its own."""
    claim_reviews: tuple[ClaimReview, ...] = ()
    """The fact-checks that a page says it holds."""
    archive: Archived | None = None
    input: Input | None = None
    origin: Origin | None = None
    """The exact place where it was read, for dead letters."""
    attempts: int = 0
    """How many times it has failed before (``claimwire replay``)."""
    first_failed_at: datetime | None = None


class Article(Record, frozen=True):
    """One version of an article. A changed text under the same URL is another article with ``revision_of`` set."""

    id: str
    """The sender's id, or a deterministic one made from the canonical URL (else the source's own id) and the content.
    """
    guid: str | None
    """The source's own id for the article; within a feed, it distinguishes a moved article from a new one."""
    url: str | None
    canonical_url: str | None
    source: Source
    title: str | None
    text: str
    summary: str | None
    authors: tuple[str, ...]
    language: str | None
    """ISO 639 code in lower case, without region."""
    published_at: datetime | None
    updated_at: datetime | None
    fetched_at: datetime | None
    tags: tuple[str, ...]
    content_hash: str
    """A hash of title and text; equal for equal content."""
    revision_of: str | None = None
    """The id of the version that this one replaces; equal to ``id`` if the sender gave both versions the same id."""
    text_source: TextSource | None = None
    """``page``: the page behind the entry of a feed; ``feed``: the entry, because it has the whole text or because
    pages are not to be fetched; ``summary``: the entry has a teaser only, and the page was not to be had; ``given``: a
    file or a topic. Null in records of schema 1.2 and before."""
    page_problem: str | None = None
    """Why the text is not that of the page, e.g. ``robots.txt does not allow it``."""
    paywalled: bool | None = None
    """Whether the page says that not everybody may read all of it; null if it says nothing."""
    correction: str | None = None
    """The notice of a correction or update that stands on the page, verbatim."""
    agency: str | None = None
    """The news agency that is credited, e.g. ``Reuters``."""
    section: str | None = None
    """The section of the outlet, as the page gives it."""
    syndicated_from: str | None = None
    """The canonical link of the page, where it leads to another outlet."""
    part_of: str | None = None
    """The canonical URL of the live blog of which this is an entry. Its own ``canonical_url`` keeps what stands behind
    ``#`` in ``url``."""
    claim_reviews: tuple[ClaimReview, ...] = ()
    """The fact-checks that the page says it holds: each is known from then on, and other articles' claims are compared
    with it."""
    archive: Archived | None = None
    input: Input | None = None
    """Only until the record is written, which has it in its provenance."""


class Duplicate(Record, frozen=True):
    """What an article is a copy or revision of, and how that was decided."""

    of: str
    """The id of the canonical article."""
    kind: Kind
    method: str
    """The rule that decided: ``id``, ``guid``, ``url``, ``text`` or ``continued``; for a near-duplicate what was done
    to the text: ``abridged``, ``extended`` or ``edited``; or ``chained`` if it is a copy of a copy of ``of``."""
    score: float | None
    """The share of the text that both have, 0 to 1; of a chained copy, that it shares with the copy between them; null
    if it was not measured."""
    first_seen_at: datetime | None
    """When the canonical article was first seen."""
    added: float | None = None
    """The share of a copy's words that its original does not have, 0 to 1; null if it was not measured."""


class KnowledgeBaseEntry(Record, frozen=True):
    """A place in a gazetteer."""

    source: str
    """The gazetteer, e.g. ``geonames``."""
    id: str
    lat: float | None
    """Degrees north, WGS 84; null for a country, which is not a point."""
    lon: float | None
    """Degrees east, WGS 84."""


class Entity(Record, frozen=True):
    """A person, organization, place or other thing that the article mentions, with all mentions."""

    text: str
    """The first mention, verbatim."""
    label: str
    """PERSON, ORG, GPE, LOC, NORP, FAC, EVENT, PRODUCT, WEAPON, PLATFORM, LAW, WORK_OF_ART, DATE, MONEY, ..."""
    start: int
    end: int
    name: str
    """The fullest form of the name in the article."""
    kb: KnowledgeBaseEntry | None
    mentions: tuple[Span, ...]
    """All mentions in the order of the text, including the first."""


class Speaker(Record, frozen=True):
    """Who made a claim."""

    text: str
    """The words at the claim, verbatim, e.g. ``the minister``."""
    spans: tuple[Span, ...]
    name: str | None
    """The full name, resolved within the article, e.g. ``Volodymyr Zelenskyy``; null if the article names nobody."""
    entity: int | None
    """Index into the record's entities."""
    type: SpeakerType
    inherited: bool = False
    """Whether the speaker was carried over from an earlier sentence."""
    id: str | None = None
    """The same for one person or body in all articles; null if the article does not tell which one it is, or if nothing
    is remembered."""


class Cue(Record, frozen=True):
    """The words that attribute a claim to its speaker, e.g. ``said`` or ``according to``."""

    text: str
    spans: tuple[Span, ...]
    lemma: str
    class_: Literal["speech", "cognition", "evidence", "attitude"] = msgspec.field(name="class")


class Quantity(Record, frozen=True):
    """A number in a claim: ``at least 2,000 tanks`` is 2000, ``tank``, ``>=``."""

    start: int
    end: int
    value: float | None
    """Null if the text only gives an order of magnitude (``dozens of``)."""
    unit: str | None
    comparator: Literal["=", ">", ">=", "<", "<=", "~"]


ClaimKind = Literal["statement", "belief", "intention", "attitude"]


class Thread(Record, frozen=True):
    """The same claim in whichever article and words."""

    id: str
    """That of its first claim."""
    relation: Literal["first", "verbatim", "cut", "reworded"]
    """What this claim is to the one that it was matched with: ``cut``, one has a part of the other's quotation."""


ChangeKind = Literal[
    "added", "reworded", "figure", "speaker", "polarity", "hedge_added", "hedge_dropped", "cut", "extended"
]


class EarlierClaim(Record, frozen=True):
    """A claim of the version before."""

    id: str
    text: str
    speaker: str | None
    """The name, else the words at the claim; null if that version gave no source."""


class Changed(Record, frozen=True):
    """What a revision has done to a claim."""

    kinds: tuple[ChangeKind, ...]
    """``added``: the version before does not have it, and no other kind is given. ``figure``: a number, currency or
    bound is another. ``speaker``: somebody else says it. ``polarity``: it is negated or denied, or no longer.
    ``hedge_added``, ``hedge_dropped``: it is put more or less carefully. ``cut``, ``extended``: of a quotation there
    is less or more. ``reworded``: other words differ."""
    before: EarlierClaim | None
    """Null if it was added."""


class FactCheck(Record, frozen=True):
    """A published fact-check of what a claim says."""

    id: str
    """The same for one review of one claim, wherever it was read."""
    claim: str
    """The claim, as the fact-checker words it."""
    rating: str | None
    """The verdict in the fact-checker's words; null if the review gives none."""
    url: str | None
    publisher: str | None
    published_at: datetime | None
    confidence: float
    """0 to 1: the chance that it is a check of this claim."""


class Claim(Record, frozen=True):
    """A claim: who said what."""

    id: str
    """Deterministic: made from the article's id, the claim's content and its speaker's spans."""
    text: str
    """The content; the parts of a split content are joined with `` [...] ``."""
    content: tuple[Span, ...]
    speaker: Speaker | None
    """Null if the article gives no source (``it has been claimed``)."""
    cue: Cue | None
    quote_type: Literal["direct", "indirect", "mixed"]
    polarity: Literal["affirmed", "negated", "denied"]
    """Whether the speaker affirms the content, says it is not so, or denies it (the content is then what is denied)."""
    modality: Literal["asserted", "alleged", "possible", "planned", "conditional"]
    hedges: tuple[Span, ...]
    quantities: tuple[Quantity, ...]
    entities: tuple[int, ...]
    """Indices into the record's entities: those inside the content."""
    check_worthiness: float | None
    """0 to 1: how much a fact-checker would want to check it, learnt from claims that were graded by reading."""
    confidence: float | None
    """0 to 1: the chance that content and speaker are right to the word, as measured on news pages."""
    sentence: Span
    """From the start of the first sentence that the claim touches to the end of the last."""
    kind: ClaimKind | None = None
    """``statement``: somebody says, writes, shows; ``belief``: thinks, expects, fears; ``intention``: means to do, or
    wants done; ``attitude``: is for or against something. Null in records of schema 1.1 and before."""
    in_title: bool = False
    """Whether the claim stands in the title only: then all its offsets are into ``article.title``."""
    thread: Thread | None = None
    """Null if the claim is not one to be recognised, or if nothing is remembered."""
    changed: Changed | None = None
    """Of a revision: how the claim differs from that of the version before; null if it does not."""
    fact_checks: tuple[FactCheck, ...] = ()
    """Known fact-checks of what the claim says, the surest first; empty where none is known or it is not sure."""


def source_text(article: Article, claim: Claim) -> str:
    """The text of an article into which a claim's offsets are: its title or its text."""
    return (article.title or "") if claim.in_title else article.text


class Story(Record, frozen=True):
    """The event that articles tell of."""

    id: str
    """That of the first of them."""


class MessageSpeaker(Record, frozen=True):
    """Who made a claim, for a subscriber without the article."""

    text: str
    name: str | None
    type: SpeakerType
    id: str | None = None
    """The same for one person or body in all articles."""


class MessageQuantity(Record, frozen=True):
    """A number in a claim, for a subscriber without the article."""

    text: str
    value: float | None
    unit: str | None
    comparator: Literal["=", ">", ">=", "<", "<=", "~"]


class ClaimMessage(Record, frozen=True):
    """A claim as published to the monitoring topic: everything a subscriber needs, without offsets into the article."""

    schema_version: str
    id: str
    """The claim's id; it is also the key of the message."""
    article_id: str
    url: str | None
    title: str | None
    source: Source
    language: str | None
    published_at: datetime | None
    revision_of: str | None
    """The id of the article's previous version, whose claims this one's replace."""
    copies: int
    """The number of copies known when this was written; later ones are published as ``article.copied`` events."""
    text: str
    quote_type: Literal["direct", "indirect", "mixed"]
    speaker: MessageSpeaker | None
    cue: str | None
    """The lemma of the cue."""
    polarity: Literal["affirmed", "negated", "denied"]
    modality: Literal["asserted", "alleged", "possible", "planned", "conditional"]
    hedges: tuple[str, ...]
    quantities: tuple[MessageQuantity, ...]
    entities: tuple[tuple[str, str], ...]
    """Name and label of each entity inside the content."""
    check_worthiness: float | None
    confidence: float | None
    sentence: str
    """The sentences that the claim touches, verbatim."""
    kind: ClaimKind | None = None
    in_title: bool = False
    """Whether the claim stands in the title only, and not in the text."""
    thread: Thread | None = None
    story: Story | None = None
    fact_checks: tuple[FactCheck, ...] = ()
    """Known fact-checks of what the claim says, the surest first."""


class ThreadLink(Record, frozen=True):
    """How a thread is linked to another one, as the event ``claimwire.thread.linked`` says."""

    thread: str
    """The id of the other one."""
    relation: Literal["figures_differ", "denied_by", "corrected", "speaker_differs"]


class ThreadMessage(Record, frozen=True):
    """A thread as it is now, as published to the topic of threads: the last message of an id says all of it."""

    schema_version: str
    id: str
    """The thread's id, which is that of its first claim; it is also the key of the message."""
    text: str
    """What the first claim says."""
    speaker: MessageSpeaker | None
    """That of the first claim."""
    article_id: str
    """The article with the first claim."""
    url: str | None
    first_seen_at: datetime
    """When the first of its articles was published, as far as is known; so is the last."""
    last_seen_at: datetime
    claims: int
    """How many say it. Copies have no claims of their own, and versions of an article count once."""
    relations: dict[str, int]
    """How many of them are ``first``, ``verbatim``, ``cut`` and ``reworded``."""
    outlets: tuple[str, ...]
    """In the order in which they came."""
    sources: tuple[str, ...]
    """Who has it: the outlet, or the agency that wrote what an outlet prints."""
    links: tuple[ThreadLink, ...]
    updated_at: datetime


class StoryMessage(Record, frozen=True):
    """A story as it is now, as published to the topic of stories: the last message of an id says all of it."""

    schema_version: str
    id: str
    """The story's id, which is that of its first article; it is also the key of the message."""
    title: str | None
    """Of the article that was published first."""
    url: str | None
    """Of the same."""
    first_seen_at: datetime
    last_seen_at: datetime
    articles: int
    """How many, with copies; a later version counts as one with the first."""
    copies: int
    """How many of them are copies of another one."""
    outlets: tuple[str, ...]
    """In the order in which they came."""
    merged_into: str | None
    """The story that it is a part of since, to whose figures its own were added."""
    updated_at: datetime


class Provenance(Record, frozen=True):
    """What made a record, and when."""

    pipeline_version: str
    model: str | None
    """Name and version of the spaCy model; null if none ran."""
    extractor: str | None
    """Name of the extractor; null if none ran."""
    run_id: str
    processed_at: datetime
    skipped: str | None = None
    """Why nothing was extracted (``copy``, ``language: de``, ``extract: none``, ``no text``, ``too long``), or not from
    the whole text (``copied sentences``: a near-duplicate shares these sentences with its original)."""
    input: Input | None = None
    """The place in a file from which the article was read; null for feeds, pages and topics."""


class EnrichedArticle(Record, frozen=True):
    """The record that claimwire writes for every article: the article, what it copies, its entities and its claims."""

    schema_version: str
    article: Article
    duplicate: Duplicate | None
    entities: tuple[Entity, ...]
    claims: tuple[Claim, ...]
    provenance: Provenance
    story: Story | None = None
    """Null if the article belongs to no story, or if nothing is remembered."""
    dropped: tuple[EarlierClaim, ...] | None = None
    """Of a revision: the claims of the version before that are gone, in their order. Null if the article was not
    compared: it is no revision, the version before is not remembered, or one of both was not read as a whole."""


class Reason(Record, frozen=True):
    """Why a condition of a watch is met."""

    condition: str
    """Its key in the watch, e.g. ``words``, ``speaker`` or ``figure``."""
    found: str | None
    """What meets it: words of the article, a name, a figure; of ``means`` the sentence of the watch."""
    spans: tuple[Span, ...]
    """Where that stands in the article's text, or, of a claim that stands in the title only, in the title; empty where
    it stands elsewhere (in the title, in the summary) or is a property of the whole."""
    score: float | None = None
    """Of ``means``: how near both are, 0 to 1; of other conditions the number that is compared."""


class Match(Record, frozen=True):
    """What a watch has matched, with everything that a reader needs to see whether to look at it."""

    schema_version: str
    id: str
    """Deterministic: made from the watch and what it has matched. The event has it too, and the message as its key."""
    watch: str
    """The name of the watch."""
    of: Literal["claim", "article", "thread"]
    """What was matched: a claim; an article from which no claims were read; a thread that has got enough carriers."""
    article_id: str
    claim_id: str | None
    """Null for an article."""
    thread_id: str | None
    """Of the claim."""
    matched_at: datetime
    """The time at which the record says that it was made."""
    why: tuple[Reason, ...]
    """One for each condition, in the order of the watch's keys."""
    url: str | None
    title: str | None
    source: Source
    language: str | None
    published_at: datetime | None
    text: str | None
    """Of the claim; null for an article."""
    speaker: MessageSpeaker | None
    cue: str | None
    """The words of the cue, e.g. ``said``."""
    sentence: str | None
    """The sentences that the claim touches, verbatim; of an article its summary."""
    in_title: bool = False
    """Whether the claim stands in the title only."""


class Event(Record, frozen=True):
    """An event for monitoring: a CloudEvent 1.0 in structured JSON form."""

    id: str
    source: str
    """What the event is about: the URL of a feed, or ``claimwire``."""
    type: str
    """``claimwire.`` followed by what happened: ``claim.extracted`` (in topics only, because files hold the claims
    already), ``claim.changed``, ``claim.fact_checked``, ``article.copied``, ``article.revised``,
    ``article.reprocessed``, ``thread.linked``, ``story.merged``, ``speaker.joined``, ``speaker.split``,
    ``source.failed``, ``source.silent``, ``source.degraded``, ``source.recovered``, ``watch.matched``,
    ``notification.failed``, ``run.completed``."""
    subject: str | None
    time: datetime
    data: dict[str, Any]
    specversion: str = "1.0"
    datacontenttype: str = "application/json"


class Failure(Record, frozen=True):
    """The error that caused a dead letter."""

    type: str
    """The name of the exception."""
    message: str


class Origin(Record, frozen=True):
    """Where a payload was read: a URL, a path with a line or offset, or a position in a topic with key and headers."""

    url: str | None = None
    line: int | None = None
    """Counted from 1."""
    topic: str | None = None
    partition: int | None = None
    offset: int | None = None
    """In the partition; or of a record in a WARC file, in bytes."""
    key: str | None = None
    """The message's key as text; if it is not UTF-8, ``base64:`` followed by its base64."""
    headers: tuple[tuple[str, str | None], ...] = ()
    """The message's headers in order, names with values; the values are encoded like the key. Of a page, what is known
    of it beside its bytes: ``content-type``, ``warc-target-uri``, ``warc-date``."""


class DeadLetter(Record, frozen=True):
    """Input that could not be processed, complete, so that ``claimwire replay`` can process it again."""

    stage: str
    """The step that refused the input, which determines what the payload is: ``feed`` (the body), ``entry`` (a parsed
    feed entry as JSON), ``page`` (a web page, or a record of a WARC file that is not whole), ``record`` (an article
    record), ``file`` (an article text file), ``row`` (the header line of a table and a row), ``normalize`` (a
    RawArticle), ``extract`` (an Article), ``publish`` (the value of a message that a topic refused), ``queue`` (what
    waited in a state and was damaged there, mostly an Article)."""
    error: Failure
    payload: str
    """The original bytes as text, or in base64 if they are not UTF-8."""
    encoding: Literal["utf-8", "base64"]
    source: Origin
    attempts: int
    first_failed_at: datetime
