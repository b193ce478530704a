"""A thread or story is told as it is after a pass, once, whatever was told of it before."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator, Sequence
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path

import msgspec
import pytest

from claimwire.pipelines.memory import summaries
from claimwire.pipelines.memory.tables import SCHEMA, attached, remembering, take_over
from claimwire.pipelines.normalize.article import normalize
from claimwire.pipelines.observe.events import story_merged, thread_event
from claimwire.pipelines.state.database import transaction
from claimwire.schemas import (
    SCHEMA_VERSION,
    Claim,
    Duplicate,
    EnrichedArticle,
    Event,
    Provenance,
    RawArticle,
    Story,
    StoryMessage,
    Thread,
    ThreadLink,
    ThreadMessage,
)

NOW = datetime(2026, 11, 30, tzinfo=UTC)
FIRST, OTHER = "0" * 31 + "1", "0" * 31 + "2"


def claim(id_: str, thread: str, relation: str) -> Claim:
    words = Claim(
        id=id_, text="the weir will open", content=((0, 18),), speaker=None, cue=None, quote_type="indirect",
        polarity="affirmed", modality="asserted", hedges=(), quantities=(), entities=(), check_worthiness=None,
        confidence=None, sentence=(0, 18),
    )  # fmt: skip
    return msgspec.structs.replace(words, thread=msgspec.convert({"id": thread, "relation": relation}, Thread))


def record(
    number: int,
    outlet: str,
    *claims: Claim,
    story: str | None = None,
    kind: str | None = None,
    agency: str | None = None,
    day: int = 1,
) -> EnrichedArticle:
    raw = RawArticle(url=f"https://{outlet}.example/{number}", title=f"Report {number}", text="The weir will open.")
    article = msgspec.structs.replace(
        normalize(raw),
        id=f"a{number}",
        published_at=datetime(2026, 11, day, tzinfo=UTC),
        agency=agency,
        revision_of="a1" if kind == "revision" else None,
    )
    duplicate = None
    if kind:
        given = {"of": "a1", "kind": kind, "method": "hash", "score": 1.0, "first_seen_at": NOW}
        duplicate = msgspec.convert(given, Duplicate)
    made = Provenance("0", None, None, "run", NOW)
    return EnrichedArticle(SCHEMA_VERSION, article, duplicate, (), claims, made, story=Story(story) if story else None)


class Memory:
    """A state of which only the memory is there."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self.state = sqlite3.connect(folder / "state.db", isolation_level=None)
        self.state.executescript(SCHEMA)

    def after(self, *records: EnrichedArticle, events: Sequence[Event] = ()) -> dict[str, ThreadMessage | StoryMessage]:
        """What is told after a pass with records; events are those of the last."""
        staged = self._folder / "staged.db"
        with remembering(self._folder / "state.db", staged) as db:
            for one in records:
                summaries.note(db, one, events if one is records[-1] else ())
            told = list(summaries.changed(db))
        with attached(self.state, staged), transaction(self.state):
            take_over(self.state)
        found = {summary.id: summary for summary in told}
        assert len(found) == len(told)
        return found


@pytest.fixture
def memory(tmp_path: Path) -> Iterator[Memory]:
    made = Memory(tmp_path)
    with closing(made.state):
        yield made


def test_a_thread_is_told_with_all_its_claims_only_by_passes_that_change_it(memory: Memory) -> None:
    told = memory.after(
        record(1, "post", claim(FIRST, FIRST, "first")), record(2, "courier", claim("c2", FIRST, "cut"), agency="AP")
    )
    thread = told[FIRST]
    assert isinstance(thread, ThreadMessage)
    assert (thread.text, thread.article_id, thread.claims) == ("the weir will open", "a1", 2)
    assert thread.relations == {"first": 1, "cut": 1}
    assert (thread.outlets, thread.sources) == (("post.example", "courier.example"), ("post.example", "AP"))
    assert not memory.after(record(3, "packet", claim(OTHER, OTHER, "first"))).keys() & {FIRST}
    again = memory.after(record(4, "mail", claim("c4", FIRST, "verbatim"), agency="AP", day=3))[FIRST]
    assert isinstance(again, ThreadMessage)
    assert (again.claims, again.outlets[-1], again.sources) == (3, "mail.example", ("post.example", "AP"))
    assert again.last_seen_at - again.first_seen_at == timedelta(days=2)


def test_a_later_version_of_an_article_adds_no_claim_to_its_threads(memory: Memory) -> None:
    memory.after(record(1, "post", claim(FIRST, FIRST, "first"), story="a1"))
    revised = record(5, "post", claim(FIRST, FIRST, "first"), claim(OTHER, OTHER, "first"), story="a1", kind="revision")
    told = memory.after(revised)
    claims = {id_: summary.claims for id_, summary in told.items() if isinstance(summary, ThreadMessage)}
    assert claims == {FIRST: 1, OTHER: 1}
    story = told["a1"]
    assert isinstance(story, StoryMessage)
    assert (story.articles, story.copies) == (1, 0)


def test_a_link_is_told_in_both_threads(memory: Memory) -> None:
    memory.after(record(1, "post", claim(FIRST, FIRST, "first")))
    denial = record(2, "courier", claim(OTHER, OTHER, "first"))
    link = thread_event(denial.article, denial.claims[0], FIRST, "denied_by", NOW)
    told = memory.after(denial, events=[link])
    links = {id_: summary.links for id_, summary in told.items() if isinstance(summary, ThreadMessage)}
    assert links == {FIRST: (ThreadLink(OTHER, "denied_by"),), OTHER: (ThreadLink(FIRST, "denied_by"),)}


def test_a_story_is_told_with_its_copies_and_into_which_it_was_merged(memory: Memory) -> None:
    memory.after(record(1, "post", story="a1", day=2), record(2, "mail", story="a1", kind="exact", day=3))
    memory.after(record(3, "packet", story="a3"))
    joins = record(4, "courier", story="a1", day=4)
    told = memory.after(joins, events=[story_merged("a1", "a3", joins.article, NOW)])
    whole, part = told["a1"], told["a3"]
    assert isinstance(whole, StoryMessage)
    assert isinstance(part, StoryMessage)
    assert (whole.articles, whole.copies, whole.merged_into) == (4, 1, None)
    assert (whole.title, part.merged_into) == ("Report 3", "a1")
    assert set(whole.outlets) == {"post.example", "mail.example", "packet.example", "courier.example"}


def test_what_is_forgotten_begins_again(memory: Memory) -> None:
    memory.after(record(1, "post", claim(FIRST, FIRST, "first"), story="a1"))
    with transaction(memory.state) as db:
        summaries.forget(db, NOW + timedelta(days=1))
    told = memory.after(record(2, "mail", claim(FIRST, FIRST, "first"), story="a1"))
    story, thread = told["a1"], told[FIRST]
    assert isinstance(story, StoryMessage)
    assert isinstance(thread, ThreadMessage)
    assert (story.articles, thread.claims) == (1, 1)


def test_of_a_thread_from_before_summaries_the_first_claim_is_known(memory: Memory) -> None:
    row = (bytes.fromhex(FIRST), "2026-10-01T00:00:00Z", "2026-10-02T00:00:00Z", "a0", "the weir opens", "", "Ana Verr",
           "person", 0, 0, None)  # fmt: skip
    memory.state.execute(f"INSERT INTO thread_firsts VALUES ({', '.join('?' * len(row))})", row)
    thread = memory.after(record(2, "mail", claim("c2", FIRST, "reworded")))[FIRST]
    assert isinstance(thread, ThreadMessage)
    assert (thread.text, thread.article_id, thread.claims) == ("the weir opens", "a0", 2)
    assert thread.relations == {"first": 1, "reworded": 1}
    assert thread.first_seen_at == datetime(2026, 10, 1, tzinfo=UTC)
