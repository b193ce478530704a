"""Fact-checks of others: read in whichever shape, known in the state, and told only with the claim that they judge."""

from __future__ import annotations

import json
import logging
import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import msgspec
import pytest
from click.testing import CliRunner
from hypothesis import given, settings
from hypothesis import strategies as st
from webserver import Page, WebServer

from claimwire.connectors.factchecks.claimreview import reviews_in, skeleton, written
from claimwire.connectors.factchecks.reading import Problem, read_file, read_json
from claimwire.connectors.sources import SourceError, sources
from claimwire.connectors.web.pages.page import read_page
from claimwire.connectors.web.sandbox import Sandbox
from claimwire.pipelines.cli import main
from claimwire.pipelines.enrich import Run
from claimwire.pipelines.memory import known_checks, tables
from claimwire.pipelines.memory.encoder import has_weights
from claimwire.pipelines.memory.factchecks import FactChecks
from claimwire.pipelines.memory.remember import remember
from claimwire.pipelines.memory.rows import Writer
from claimwire.pipelines.memory.store import LAYOUT
from claimwire.pipelines.memory.threads import Threads
from claimwire.pipelines.normalize.article import normalize
from claimwire.pipelines.normalize.reviews import distinct_reviews, review_id
from claimwire.pipelines.observe.events import CLAIM_FACT_CHECKED
from claimwire.pipelines.observe.progress import LineProgress
from claimwire.pipelines.observe.summary import Summary
from claimwire.pipelines.read.filters import Filter
from claimwire.pipelines.read.stored import Stored
from claimwire.pipelines.read.terminal import show_claims
from claimwire.pipelines.run.factchecks import FactCheckSources
from claimwire.pipelines.run.task import Task
from claimwire.pipelines.serve.file import page
from claimwire.pipelines.settings import Settings
from claimwire.pipelines.state.opening import State
from claimwire.schemas import (
    SCHEMA_VERSION,
    Claim,
    ClaimReview,
    Cue,
    EnrichedArticle,
    Event,
    FactCheck,
    Provenance,
    RawArticle,
    Speaker,
    Thread,
    decode,
    encode,
)

needs_encoder = pytest.mark.skipif(not has_weights(), reason="the weights of the sentence encoder are not there")
NOW = datetime(2026, 3, 1, 8, tzinfo=UTC)
BRIDGE = ClaimReview(
    claim="The bridge at Odesa was closed for 14 days because its cables had rusted through.",
    url="https://plumbline.example/checks/bridge",
    publisher="Plumbline",
    rating="Mostly false",
    published="2026-02-20",
)
POST = "https://post.example/1"
CLOSED = "the bridge at Odesa was closed for 14 days because its cables had rusted through"
OTHERS = tuple(
    ClaimReview(claim=claim, url=f"https://plumbline.example/checks/{number}", publisher="Plumbline", rating="False")
    for number, claim in enumerate((
        "A video shows herring raining on the market of Dunlow.",
        "Drinking sea water every morning cures asthma in children.",
        "The finance minister of Corvane owns three casinos in Lyon.",
        "The bridge at Kharkiv was built by prisoners in the winter of 1931.",
        "Odesa has lost half of its trams since the spring.",
    ))
)  # fmt: skip


# Reading


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        ({"claimReviewed": "A &amp; B <b>c</b>", "reviewRating": {"ratingValue": "2", "alternateName": "Half true"}},
         {"claim": "A & B c", "rating": "Half true", "rating_value": 2.0}),
        ({"claimReviewed": "a", "reviewRating": {"ratingValue": "4,5", "bestRating": 5, "worstRating": "1"}},
         {"claim": "a", "rating_value": 4.5, "best_rating": 5.0, "worst_rating": 1.0}),
        ({"claimReviewed": "a", "reviewRating": "Pants on fire"}, {"claim": "a", "rating": "Pants on fire"}),
        ({"claimReviewed": "a", "reviewRating": [{"ratingValue": True, "name": "Mixture"}]},
         {"claim": "a", "rating": "Mixture"}),
        ({"claimReviewed": "a", "author": [{"@type": "Organization", "name": "P", "url": "https://p.example/"}]},
         {"claim": "a", "publisher": "P", "publisher_url": "https://p.example/"}),
        ({"claimReviewed": "a", "author": "P", "name": "H"}, {"claim": "a", "publisher": "P", "title": "H"}),
        ({"claimReviewed": "a", "publisher": {"name": "P"}}, {"claim": "a", "publisher": "P"}),
        ({"itemReviewed": {"@type": "Claim", "name": "the text"}}, {"claim": "the text"}),
        ({"claimReviewed": "a", "itemReviewed": {"@type": "CreativeWork", "author": {"@type": "Person", "name": "V"},
                                                 "datePublished": "2026-01-02"}},
         {"claim": "a", "claimant": "V", "claimant_type": "person", "claimed": "2026-01-02"}),
        ({"claimReviewed": "a", "itemReviewed": {"author": [{"@type": "Organization", "name": "Ministry"}],
                                                 "appearance": {"url": "https://x.example/1"},
                                                 "firstAppearance": "https://x.example/0"}},
         {"claim": "a", "claimant": "Ministry", "claimant_type": "organization",
          "first_appearance": "https://x.example/0", "appearances": ("https://x.example/1",)}),
        ({"claimReviewed": "a", "itemReviewed": {"appearance": ["https://x.example/1", {"@id": "https://x.example/2"},
                                                                "not a URL", {"url": "javascript:alert(1)"}]}},
         {"claim": "a", "appearances": ("https://x.example/1", "https://x.example/2")}),
        ({"claimReviewed": "a", "inLanguage": {"@type": "Language", "alternateName": "de"}, "url": "ftp://x.example"},
         {"claim": "a", "language": "de"}),
        ({"claimReviewed": {"@value": "Ün café"}, "datePublished": 1_770_000_000},
         {"claim": "Ün café", "published": "2026-02-02T02:40:00+00:00"}),
    ],
)  # fmt: skip
def test_reviews_are_read_in_whichever_shape_publishers_give_them(given: Any, expected: Any) -> None:
    assert list(reviews_in({"@type": "ClaimReview", **given})) == [ClaimReview(**expected)]


def test_reviews_are_found_in_graphs_lists_feeds_and_answers_of_googles_api() -> None:
    review = {"@type": ["Review", "https://schema.org/ClaimReview"], "claimReviewed": "a", "author": {"@id": "#p"}}
    person = {"@type": "Organization", "@id": "#p", "name": "Plumbline"}
    expected = [ClaimReview(claim="a", publisher="Plumbline")]
    assert list(reviews_in({"@graph": [person, review]})) == expected
    assert list(reviews_in([{"@type": "WebPage", "mainEntity": review}, person])) == expected
    feed = {"@type": "DataFeed", "dataFeedElement": [{"@type": "DataFeedItem", "item": [{**review, "author": "P"}]}]}
    assert list(reviews_in(feed)) == [ClaimReview(claim="a", publisher="P")]
    check = {"publisher": {"name": "P", "site": "p.example"}, "url": "https://p.example/1", "textualRating": "False"}
    answer = {"claims": [{"text": "a", "claimant": "V", "claimReview": [check]}, {"text": "b"}]}
    assert list(reviews_in(answer)) == [
        ClaimReview(claim="a", url="https://p.example/1", publisher="P", publisher_url="https://p.example/",
                    rating="False", claimant="V")
    ]  # fmt: skip


URLS = st.from_regex(r"https?://[a-z0-9]{1,8}\.example(/[!-;=?-~]{0,12})?", fullmatch=True)
LINES = st.text(max_size=60)
RATINGS = st.one_of(st.none(), st.floats(allow_nan=True), st.integers(), LINES, st.booleans())
WORKS = st.one_of(URLS, st.builds(lambda url: {"@type": "CreativeWork", "url": url}, URLS), LINES)
NAMED = st.one_of(LINES, st.fixed_dictionaries({"@type": st.sampled_from(["Person", "Organization", "NGO", "X"]),
                                                "name": LINES}, optional={"url": URLS}))  # fmt: skip
REVIEWS = st.fixed_dictionaries(
    {"@type": st.just("ClaimReview"), "claimReviewed": LINES},
    optional={
        "url": URLS, "headline": LINES, "author": st.one_of(NAMED, st.lists(NAMED, max_size=2)),
        "datePublished": st.one_of(LINES, st.integers(0, 2**40)), "inLanguage": LINES,
        "reviewRating": st.one_of(LINES, st.fixed_dictionaries({}, optional={
            "ratingValue": RATINGS, "bestRating": RATINGS, "worstRating": RATINGS, "alternateName": LINES})),
        "itemReviewed": st.fixed_dictionaries({}, optional={
            "author": NAMED, "datePublished": LINES, "firstAppearance": WORKS,
            "appearance": st.one_of(WORKS, st.lists(WORKS, max_size=3)), "name": LINES}),
    },
)  # fmt: skip


@settings(max_examples=150, deadline=None)
@given(REVIEWS)
def test_what_is_read_can_be_written_and_read_again_without_loss(node: Any) -> None:
    for review in reviews_in(node):
        if isinstance(review, ClaimReview):
            assert list(reviews_in(json.loads(json.dumps(written(review))))) == [review]
            assert list(reviews_in(json.loads(json.dumps(skeleton(review))))) == [review]
            encode_again = msgspec.json.decode(msgspec.json.encode(review), type=ClaimReview)
            assert encode_again == review
            (clean,) = distinct_reviews([review]) or (review,)
            assert review_id(clean) == review_id(*distinct_reviews([clean]) or (clean,))


@settings(max_examples=60, deadline=None)
@given(st.binary(max_size=200) | st.recursive(st.none() | LINES | st.integers(), lambda inner: st.lists(inner) |
       st.dictionaries(st.sampled_from(["@type", "@graph", "claimReviewed", "claims", "item", "text", "@id"]), inner)
       ).map(lambda value: json.dumps(value).encode()))  # fmt: skip
def test_anything_is_reviews_or_problems(data: bytes) -> None:
    for found in read_json(data):
        assert isinstance(found, ClaimReview | Problem)


def test_a_bad_item_is_told_with_its_line_and_the_rest_is_read(tmp_path: Path) -> None:
    good = json.dumps(written(BRIDGE))
    lines = [good, "{broken", '{"@type": "ClaimReview", "url": "https://x.example/"}', '{"@type": "Recipe"}', "", "7"]
    (tmp_path / "checks.jsonl").write_text("\n".join([*lines, json.dumps(written(OTHERS[0]))]), encoding="utf-8")
    feed = (
        f'{{"@type": "DataFeed", "dataFeedElement": [\n{{"item": {good}}},\n{{"item": {{"@type": "ClaimReview"}}}}\n]}}'
    )
    (tmp_path / "feed.json").write_text(feed, encoding="utf-8")
    with Sandbox() as sandbox:
        found = list(read_file(str(tmp_path / "checks.jsonl"), sandbox))
        assert [each for each in found if isinstance(each, ClaimReview)] == [BRIDGE, OTHERS[0]]
        told = {each.line: each.problem for each in found if isinstance(each, Problem)}
        assert {2, 3, 4, 6} == told.keys()
        assert "not JSON" in told[2]
        assert told[3] == "a ClaimReview without claimReviewed (https://x.example/)"
        assert told[4] == "no ClaimReview in it (its keys: '@type')"
        assert list(read_file(str(tmp_path / "feed.json"), sandbox)) == [
            BRIDGE,
            Problem(3, "a ClaimReview without claimReviewed (and without url)"),
        ]


def test_the_reviews_of_a_page_are_in_its_article_and_have_its_address() -> None:
    node = json.dumps({"@context": "https://schema.org", "@graph": [
        {"@type": "NewsArticle", "headline": "Did it rain herring?"},
        {"@type": "ClaimReview", "claimReviewed": "It rained herring.", "reviewRating": {"alternateName": "False"}},
    ]})  # fmt: skip
    html = f'<html><head><script type="application/ld+json">{node}</script></head><body><p>No.</p></body></html>'
    url = "https://plumbline.example/herring"
    article = normalize(read_page(html.encode(), url, None, NOW).article)
    assert article.claim_reviews == (ClaimReview(claim="It rained herring.", url=url, rating="False"),)


MICRODATA = """<html><body>
<article itemscope itemtype="https://schema.org/Article"><h1 itemprop="headline">Did it rain herring?</h1>
<div itemprop="review" itemscope itemtype="http://schema.org/ClaimReview Review">
<p>We checked: <q itemprop="claimReviewed">It rained <b>herring</b> &amp; eels.</q></p>
<a itemprop="url" href="/herring">link</a> <time itemprop="datePublished" datetime="2026-02-20">on Friday</time>
<div itemprop="author publisher" itemscope itemtype="https://schema.org/Organization"><b itemprop="name">Plumbline</b>
<link itemprop="url" href="https://plumbline.example/"></div>
<span itemprop="reviewRating" itemscope itemtype="https://schema.org/Rating"><meta itemprop="ratingValue" content="1">
<meta itemprop="bestRating" content="5"><img itemprop="image" src="no.png"><i itemprop="alternateName">False</i></span>
<div itemprop="itemReviewed" itemscope itemtype="https://schema.org/Claim">
<span itemprop="author" itemscope itemtype="https://schema.org/Person"><span itemprop="name">Ana Verr</span></span>
<a itemprop="appearance" href="https://post.example/1">there</a><a itemprop="appearance" href="//post.example/2"></a>
</div></div><p itemprop="name">No part of it</p></article></body></html>"""


def test_reviews_as_microdata_are_read_where_a_page_has_none_as_json_ld() -> None:
    url = "https://plumbline.example/checks/herring"
    expected = ClaimReview(
        claim="It rained herring & eels.", url="https://plumbline.example/herring", publisher="Plumbline",
        publisher_url="https://plumbline.example/", published="2026-02-20", rating="False", rating_value=1.0,
        best_rating=5.0, claimant="Ana Verr", claimant_type="person",
        appearances=("https://post.example/1", "https://post.example/2"),
    )  # fmt: skip
    assert read_page(MICRODATA.encode(), url, None, NOW).article.claim_reviews == (expected,)
    script = json.dumps({"@type": "ClaimReview", "claimReviewed": "It rained frogs."})
    both = MICRODATA.replace("<body>", f'<body><script type="application/ld+json">{script}</script>')
    (review,) = read_page(both.encode(), url, None, NOW).article.claim_reviews
    assert review.claim == "It rained frogs."


def test_a_file_of_fact_checks_in_a_folder_of_sources_is_no_file_of_articles(tmp_path: Path) -> None:
    (tmp_path / "factchecks.jsonl").write_text(json.dumps(written(BRIDGE)), encoding="utf-8")
    assert list(sources(str(tmp_path))) == []


# Recognising


def record(
    text: str, *claims: str, polarity: str = "affirmed", url: str = "https://post.example/1", **more: Any
) -> Any:
    article = normalize(RawArticle(url=url, title="t", text=text, published="2026-02-28T09:00:00Z", **more))
    made = Provenance("0", None, None, "run", NOW)
    found = []
    for number, content in enumerate(claims):
        begin = text.index(content)
        span = (begin, begin + len(content))
        found.append(
            Claim(
                id=f"{number + 1:032x}", text=content, content=(span,),
                speaker=Speaker("Ana Verr", ((0, 8),), "Ana Verr", None, "person"),
                cue=Cue("said", (), "say", "speech"), quote_type="indirect", polarity=polarity,  # type: ignore[arg-type]
                modality="asserted", hedges=(), quantities=(), entities=(), check_worthiness=None, confidence=0.9,
                sentence=span, kind="statement", thread=Thread(f"{1:032x}", "first"),
            )
        )  # fmt: skip
    return EnrichedArticle(SCHEMA_VERSION, article, None, (), tuple(found), made)


def told_of(content: str, **more: Any) -> Any:
    return record(f"Ana Verr said {content}.", content, **more)


@contextmanager
def remembering(folder: Path, known: tuple[ClaimReview, ...] = (BRIDGE, *OTHERS)) -> Iterator[FactChecks]:
    """The part of the memory, in a pass over a state that knows some checks."""
    state = folder / "state.db"
    if not state.exists():
        with closing(sqlite3.connect(state)) as db:
            db.executescript(tables.SCHEMA)
            known_checks.add(db, known, "checks.jsonl", NOW)
            db.commit()
    with tables.remembering(state, folder / "staged.db") as db:
        yield FactChecks(db)


@pytest.fixture(scope="module")
def part(tmp_path_factory: pytest.TempPathFactory) -> Iterator[FactChecks]:
    with remembering(tmp_path_factory.mktemp("known")) as found:
        yield found


@needs_encoder
@pytest.mark.parametrize(
    "content",
    [
        "the bridge at Odesa was closed for 14 days because its cables had rusted through",
        "the Odesa bridge had to be closed for 14 days, since the cables were rusted through",
        "because the cables had rusted through, the bridge in Odesa stayed closed for fourteen days",
    ],
)
def test_a_claim_that_was_checked_is_told_with_rating_and_link(part: FactChecks, content: str) -> None:
    joined, events = part.remember(told_of(content))
    (check,) = joined.claims[0].fact_checks
    assert (check.rating, check.url, check.publisher) == ("Mostly false", BRIDGE.url, "Plumbline")
    assert check.published_at == datetime(2026, 2, 20, tzinfo=UTC)
    assert 0.7 < check.confidence <= 1
    (event,) = events
    assert event.type == CLAIM_FACT_CHECKED
    assert event.data["fact_check"]["url"] == BRIDGE.url
    assert part.remember(told_of(content)) == (joined, events), "the same again is the same"


@needs_encoder
@pytest.mark.parametrize(
    "content",
    [
        "the bridge at Odesa was not closed for 14 days because its cables had rusted through",
        "the bridge at Odesa was never closed for 14 days although its cables had rusted through",
        "it is not true that the bridge at Odesa was closed for 14 days because its cables had rusted through",
        "there is no evidence that the bridge at Odesa was closed for 14 days because its cables had rusted through",
        "the bridge at Odesa was closed for 19 days because its cables had rusted through",
        "the bridge at Odesa was closed for 14 weeks because its cables had rusted through",
        "the bridge at Kherson was closed for 14 days because its cables had rusted through",
        "the bridge at Odesa was opened for 14 days because its cables had rusted through",
    ],
)
def test_one_thing_changed_is_another_claim(part: FactChecks, content: str) -> None:
    joined, events = part.remember(told_of(content))
    assert joined.claims[0].fact_checks == ()
    assert events == []


@needs_encoder
def test_what_a_speaker_denies_is_not_told_with_the_check_of_it(part: FactChecks) -> None:
    joined, _ = part.remember(told_of(CLOSED, polarity="denied"))
    assert joined.claims[0].fact_checks == ()


@needs_encoder
@pytest.mark.parametrize(
    "content",
    [
        "the bridge at Odesa will get new lamps before the festival in May",
        "cables are cheaper than they were in the spring",
        "the market of Dunlow sold more herring than ever in its history",
        "children with asthma should not swim in the sea in winter",
        "he is sorry for it",
    ],
)
def test_what_is_only_about_the_same_is_not_told(part: FactChecks, content: str) -> None:
    assert part.remember(told_of(content))[0].claims[0].fact_checks == ()


@needs_encoder
def test_a_page_with_a_review_makes_it_known_and_is_not_told_with_it_itself(tmp_path: Path) -> None:
    page_of_check = told_of(CLOSED, url=BRIDGE.url or "", claim_reviews=(BRIDGE,))
    with remembering(tmp_path, OTHERS) as found:
        assert found.remember(told_of(CLOSED))[0].claims[0].fact_checks == (), "not known yet"
        assert found.remember(page_of_check)[0].claims[0].fact_checks == ()
        assert len(found.remember(told_of(CLOSED))[0].claims[0].fact_checks) == 1
        assert found.remember(page_of_check)[0].claims[0].fact_checks == (), "though it is known now"
    state = sqlite3.connect(tmp_path / "state.db", isolation_level=None)
    with closing(state) as db, tables.attached(db, tmp_path / "staged.db"):
        tables.take_over(db)
        assert db.execute("SELECT count(*) FROM fact_checks").fetchone() == (1 + len(OTHERS),)
        FactChecks.forget(db, NOW.replace(year=2027))
        assert db.execute("SELECT count(*) FROM fact_checks").fetchone() == (len(OTHERS),), "those of files stay"
        assert db.execute("SELECT count(*) FROM fact_check_signs").fetchone() == (len(OTHERS),)


# Claims that came before

RUSTED = "the Odesa bridge had to be closed for 14 days, since the cables were rusted through"


class Archive:
    """A state in whose memory claims are, pass by pass."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        with closing(sqlite3.connect(folder / "state.db")) as db:
            db.executescript(tables.SCHEMA)

    def take(self, *records: EnrichedArticle) -> tuple[list[EnrichedArticle], list[Event]]:
        """Remember records in a pass, and commit it."""
        joined, told = [], []
        with tables.remembering(self.folder / "state.db", self.folder / "staged.db") as db:
            parts = [Threads(db), FactChecks(db)]
            for each in records:
                found, events = remember(db, parts, each)
                joined.append(found)
                told += [event for event in events if event.type == CLAIM_FACT_CHECKED]
        with self.state() as db, tables.attached(db, self.folder / "staged.db"):
            tables.take_over(db)
        return joined, told

    def know(self, *reviews: ClaimReview) -> list[Event]:
        """Read checks from a file."""
        with self.state() as db:
            return FactChecks(db).know(reviews, "checks.jsonl", NOW)

    @contextmanager
    def state(self) -> Iterator[sqlite3.Connection]:
        with closing(sqlite3.connect(self.folder / "state.db", isolation_level=None)) as db:
            yield db


@pytest.fixture
def archive(tmp_path: Path) -> Archive:
    return Archive(tmp_path)


def said_in(content: str, number: int, **more: Any) -> EnrichedArticle:
    """The record of an article with a claim of its own."""
    found = told_of(content, url=f"https://post.example/{number}", **more)
    claims = tuple(msgspec.structs.replace(each, id=f"{number:032x}", thread=None) for each in found.claims)
    return msgspec.structs.replace(found, claims=claims)


@needs_encoder
def test_a_check_that_comes_after_the_claim_is_told_as_if_it_had_come_before(archive: Archive) -> None:
    (before, *_), told = archive.take(
        said_in(RUSTED, 1), said_in(RUSTED, 2), said_in("the bridge at Odesa will get new lamps before May", 3)
    )
    assert told == []
    events = archive.know(BRIDGE, *OTHERS)
    (event,) = events
    assert (event.type, event.subject, event.data["later"]) == (CLAIM_FACT_CHECKED, before.claims[0].id, True)
    assert event.data["url"] == "https://post.example/1"
    assert event.data["speaker"] == "Ana Verr"
    (again,), (forward,) = archive.take(said_in(RUSTED, 4))
    assert msgspec.to_builtins(again.claims[0].fact_checks[0]) == event.data["fact_check"], "whichever came first"
    assert forward.data["later"] is False
    assert archive.know(BRIDGE, *OTHERS) == [], "it is known"
    with archive.state() as db:
        known_checks.keep_only(db, "checks.jsonl", frozenset())
    assert archive.know(BRIDGE, *OTHERS) == [], "it was told, though it was forgotten since"


@needs_encoder
@pytest.mark.parametrize(
    ("content", "more"),
    [
        ("the bridge at Odesa was not closed for 14 days because its cables had rusted through", {}),
        ("the bridge at Odesa was closed for 15 days because its cables had rusted through", {}),
        ("the bridge at Kherson was closed for 14 days because its cables had rusted through", {}),
        ("the bridge at Odesa will get new lamps before the festival in May", {}),
        (CLOSED, {"polarity": "denied"}),
    ],
)
def test_an_earlier_claim_that_says_something_else_is_not_told(
    archive: Archive, content: str, more: dict[str, Any]
) -> None:
    archive.take(said_in(content, 1, **more))
    assert archive.know(BRIDGE, *OTHERS) == []


@needs_encoder
@pytest.mark.parametrize("passes", [1, 2, 3])
def test_a_page_with_a_check_tells_of_the_claims_before_it_wherever_passes_are_cut(
    archive: Archive, passes: int
) -> None:
    page_of_check = said_in(CLOSED, 2, claim_reviews=(BRIDGE,))
    records = [said_in(RUSTED, 1), page_of_check, said_in(CLOSED.replace("rusted", "corroded"), 3)]
    cuts = {1: [records], 2: [records[:2], records[2:]], 3: [[each] for each in records]}[passes]
    told = [event for one in cuts for event in archive.take(*one)[1]]
    assert [(event.subject, event.data["later"]) for event in told] == [(f"{1:032x}", True), (f"{3:032x}", False)]


# Known in the state


class Desk:
    """Runs the reading of ``--factchecks`` on an open state, as a run does before its passes."""

    def __init__(self, state: State) -> None:
        self.state = state
        self.summary = Summary()

    def read(self, *given: str, at: datetime = NOW) -> None:
        task = Task(
            Settings(factchecks=given, allow_private=True), self.state, Run("run", "0", at), None,  # type: ignore[arg-type]
            self.summary, LineProgress(), lambda: False,
        )  # fmt: skip
        found = FactCheckSources(task)
        found.check()
        found.read()

    def waiting(self) -> list[Event]:
        """The events that wait for the outputs."""
        return [decode(event, Event) for event in self.state.queue.others("event")]

    def known(self) -> set[str]:
        rows = self.state.db.execute("SELECT id FROM fact_checks").fetchall()
        return {each.review.claim for each in known_checks.known(self.state.db, [key for (key,) in rows])}


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[Desk]:
    with State(tmp_path / "state") as state:
        yield Desk(state)


def write(file: Path, *reviews: ClaimReview) -> str:
    file.write_text("".join(f"{json.dumps(written(each))}\n" for each in reviews), encoding="utf-8")
    return str(file)


@needs_encoder
def test_a_file_is_read_when_it_has_changed_and_what_it_has_no_more_is_forgotten(
    desk: Desk, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO)
    file = write(tmp_path / "checks.jsonl", BRIDGE, OTHERS[0])
    desk.read(file)
    assert desk.known() == {BRIDGE.claim, OTHERS[0].claim}
    caplog.clear()
    desk.read(file)
    assert not caplog.records, "it was not read again"
    judged = msgspec.structs.replace(BRIDGE, rating="False")
    desk.read(write(tmp_path / "checks.jsonl", judged, OTHERS[1], OTHERS[2]))
    assert desk.known() == {BRIDGE.claim, OTHERS[1].claim, OTHERS[2].claim}
    (found,) = known_checks.known(desk.state.db, [known_checks.key_of(BRIDGE)])
    assert found.review.rating == "False"
    other = write(tmp_path / "other.jsonl", BRIDGE)
    desk.read(other)
    assert desk.known() == {BRIDGE.claim}, "the first file is no longer set"


@needs_encoder
def test_what_a_new_check_says_of_earlier_claims_waits_for_the_outputs_in_the_commit_that_makes_it_known(
    desk: Desk, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with tables.remembering(desk.state.database, tmp_path / "staged.db") as db:
        remember(db, [Threads(db), FactChecks(db)], said_in(RUSTED, 1))
    with tables.attached(desk.state.db, tmp_path / "staged.db"):
        tables.take_over(desk.state.db)
    file = write(tmp_path / "checks.jsonl", *OTHERS, BRIDGE)
    desk.read(file)
    (event,) = desk.waiting()
    assert event.data["fact_check"]["url"] == BRIDGE.url
    store = tmp_path / "n.db"
    with closing(sqlite3.connect(store)) as db:
        db.executescript(f"{LAYOUT.tables} {LAYOUT.views}")
        claim = msgspec.structs.replace(said_in(RUSTED, 1).claims[0], thread=Thread(f"{1:032x}", "first"))
        Writer(db).articles([encode(msgspec.structs.replace(said_in(RUSTED, 1), claims=(claim,)))])
        Writer(db).events([encode(event)] * 2)
        rows = db.execute("SELECT rating, fact_check_url, later FROM fact_checked_claims").fetchall()
        assert rows == [("Mostly false", BRIDGE.url, 1)]
        db.execute(f"PRAGMA application_id = {LAYOUT.application_id}")
        db.execute(f"PRAGMA user_version = {LAYOUT.version}")
        db.commit()
    with Stored(store) as stored:
        (check,) = stored.record(1).claims[0].fact_checks
    assert (check.rating, check.publisher) == ("Mostly false", "Plumbline")
    folder = tmp_path / "out"
    folder.mkdir()
    (folder / "articles-1.jsonl").write_bytes(
        encode(msgspec.structs.replace(said_in(RUSTED, 1), claims=(claim,))) + b"\n"
    )
    (folder / "events-0123abcd-000001-0123abcd-00000.jsonl").write_bytes(encode(event) + b"\n")
    show_claims([folder], Filter())
    assert f"checked by Plumbline: Mostly false · {BRIDGE.url}" in capsys.readouterr().out
    assert "<strong>Mostly false</strong>" in "".join(page([folder], Filter(), "written", None))


@needs_encoder
def test_a_url_is_asked_again_after_an_hour_and_what_it_cannot_give_stays_known(desk: Desk) -> None:
    with WebServer() as server:
        url = server.url("/checks.jsonl")
        body = "".join(f"{json.dumps(written(each))}\n" for each in (BRIDGE, OTHERS[0])).encode()
        server.add("/checks.jsonl", Page(body, headers={"ETag": '"1"', "Content-Type": "application/x-ndjson"}))
        desk.read(url)
        desk.read(url, at=NOW.replace(minute=30))
        assert server.count("/checks.jsonl") == 1
        desk.read(url, at=NOW.replace(hour=10))
        assert server.count("/checks.jsonl") == 2, "it has not changed"
        server.add("/checks.jsonl", Page(b"", status=503))
        desk.read(url, at=NOW.replace(hour=12))
        assert desk.summary.sources_failed == 1
        assert desk.known() == {BRIDGE.claim, OTHERS[0].claim}


def test_a_path_that_is_not_there_ends_the_run_before_anything_is_read(desk: Desk, tmp_path: Path) -> None:
    with pytest.raises(SourceError, match="no such file"):
        desk.read(str(tmp_path / "missing.jsonl"))
    (tmp_path / "empty").mkdir()
    with pytest.raises(SourceError, match="no fact-checks in this folder"):
        desk.read(str(tmp_path / "empty"))


@needs_encoder
def test_a_reading_that_was_killed_is_done_again_and_ends_like_an_undisturbed_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("claimwire.pipelines.run.factchecks._AT_ONCE", 2)
    file = write(tmp_path / "checks.jsonl", BRIDGE, *OTHERS)
    with State(tmp_path / "undisturbed") as state:
        Desk(state).read(file)
        expected = list(state.db.iterdump())
    whole = known_checks.add
    for batches in range(3):
        calls = iter(range(9))

        def add(*given: Any, calls: Iterator[int] = calls, batches: int = batches) -> Any:
            found = whole(*given)
            if next(calls) == batches:
                raise KeyboardInterrupt  # in the middle of a transaction, after some that were committed
            return found

        monkeypatch.setattr(known_checks, "add", add)
        with State(tmp_path / "killed") as state, pytest.raises(KeyboardInterrupt):
            Desk(state).read(file)
    monkeypatch.setattr(known_checks, "add", whole)
    with State(tmp_path / "killed") as state:
        Desk(state).read(file)
        rows = [line for line in state.db.iterdump() if "fact_check" in line]
    assert rows == [line for line in expected if "fact_check" in line]


# Shown, stored and handed on


@pytest.fixture(scope="module")
def checked(tmp_path_factory: pytest.TempPathFactory) -> EnrichedArticle:
    """A record with a claim that was checked, by hand: what shows it does not matter."""
    found = told_of(CLOSED)
    check = FactCheck(
        "c" * 32, BRIDGE.claim, "Mostly false", "https://plumbline.example/<b>", "Plumb\u202eline", None, 0.9
    )
    claim = msgspec.structs.replace(found.claims[0], fact_checks=(check,))
    return msgspec.structs.replace(found, claims=(claim,))


def test_a_check_is_shown_on_the_terminal_and_on_the_page(
    checked: EnrichedArticle, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "articles-1.jsonl"
    file.write_bytes(encode(checked) + b"\n")
    show_claims([file], Filter())
    assert "checked by Plumb\\u202eline: Mostly false · https://plumbline.example/<b>" in capsys.readouterr().out
    html = "".join(page([file], Filter(), "written", None))
    assert "<strong>Mostly false</strong>" in html
    assert "plumbline.example/&lt;b&gt;" in html
    assert "\u202e" not in html


def test_a_check_is_a_row_in_the_store(checked: EnrichedArticle, tmp_path: Path) -> None:
    store = tmp_path / "n.db"
    with closing(sqlite3.connect(store)) as db:
        db.executescript(LAYOUT.tables + LAYOUT.views)
        Writer(db).articles([encode(checked)])
        rows = db.execute("SELECT rating, fact_check_url, claim_checked, sure FROM fact_checked_claims").fetchall()
        assert rows == [("Mostly false", "https://plumbline.example/<b>", BRIDGE.claim, 0.9)]
        (column,) = db.execute("SELECT fact_checks FROM flat_claims").fetchone()
        assert json.loads(column)[0]["id"] == "c" * 32


def test_a_thread_is_exported_as_the_review_that_a_fact_checker_fills_in(
    checked: EnrichedArticle, tmp_path: Path
) -> None:
    later = msgspec.structs.replace(
        checked,
        article=msgspec.structs.replace(checked.article, id="later", url="https://courier.example/2",
                                        published_at=NOW),
        claims=tuple(msgspec.structs.replace(each, id="e" * 32, thread=Thread(checked.claims[0].id, "verbatim"))
                     for each in checked.claims),
    )  # fmt: skip
    file = tmp_path / "articles-1.jsonl"
    file.write_bytes(b"\n".join(map(encode, (later, checked))))
    result = CliRunner().invoke(main, ["export", "claimreview", checked.claims[0].id[:31], "--in", str(file)])
    assert result.exit_code == 0, result.output
    text, _, told = result.output.partition("\n}\n")
    node = json.loads(text + "\n}")
    assert node["claimReviewed"] == checked.claims[0].text
    assert node["itemReviewed"] == {
        "@type": "Claim", "author": {"@type": "Person", "name": "Ana Verr"}, "datePublished": "2026-02-28",
        "firstAppearance": {"@type": "CreativeWork", "url": "https://post.example/1"},
        "appearance": [{"@type": "CreativeWork", "url": url}
                       for url in ("https://post.example/1", "https://courier.example/2")],
    }  # fmt: skip
    assert node["url"] is None
    assert node["reviewRating"]["ratingValue"] is None
    assert "to be filled in: url, author, datePublished, reviewRating" in told
    assert "checked before by Plumb\\u202eline: Mostly false" in told
    (review,) = reviews_in(node)
    assert isinstance(review, ClaimReview)
    assert review.appearances == ("https://post.example/1", "https://courier.example/2")
    assert CliRunner().invoke(main, ["export", "claimreview", "f" * 32, "--in", str(file)]).exit_code == 2
