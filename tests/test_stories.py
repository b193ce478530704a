"""Articles on one event have one story, however they come; what is several events has none."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager
from datetime import UTC, datetime, timedelta
from itertools import pairwise, permutations
from pathlib import Path
from tempfile import TemporaryDirectory

import msgspec
import numpy as np
import pytest
from click.testing import CliRunner
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from claimwire.errors import UsageError
from claimwire.pipelines.cli.reading import show
from claimwire.pipelines.memory import encoder, story_choice, story_portraits, tables
from claimwire.pipelines.memory.rows import Writer
from claimwire.pipelines.memory.store import LAYOUT
from claimwire.pipelines.memory.stories import Stories
from claimwire.pipelines.memory.story_choice import JOINS
from claimwire.pipelines.memory.story_evidence import SIGNS, likelihood, model, signs
from claimwire.pipelines.normalize.article import normalize
from claimwire.pipelines.observe.events import story_merged
from claimwire.pipelines.read.stories import show_stories, tellings
from claimwire.pipelines.state.database import transaction
from claimwire.schemas import (
    SCHEMA_VERSION,
    Duplicate,
    EnrichedArticle,
    Entity,
    Event,
    Provenance,
    RawArticle,
    Story,
    encode,
)

NOW = datetime(2026, 11, 30, tzinfo=UTC)

FIRE = [
    (
        "Fire destroys grain terminal in Vellmouth",
        "A fire destroyed the Corvane grain terminal in the port of Vellmouth on Tuesday night. About 1,200 tonnes of "
        "wheat burned, harbour master Ilka Brandt said. Nobody was hurt. Firefighters from Vellmouth and Ostrand "
        "fought "
        "the flames until 5 a.m. on Wednesday.",
    ),
    (
        "Vellmouth terminal fire: 1,200 tonnes of wheat lost",
        "Firefighters needed the whole night to put out the flames at the Corvane terminal in Vellmouth. Harbour "
        "master "
        "Ilka Brandt put the loss at 1,200 tonnes of wheat. The cause of the fire in the port is not known.",
    ),
    (
        "Harbour master Brandt: short circuit caused terminal fire in Vellmouth",
        "A short circuit in a conveyor of the Corvane grain terminal caused the fire in the port of Vellmouth, Ilka "
        "Brandt said on Friday. 1,200 tonnes of wheat had burned on Tuesday night.",
    ),
]
OTHERS = [
    (
        "Striker Davi Monteserra leaves Salter United",
        "Davi Monteserra moves from Salter United to Porto Lindo for 31 million, both clubs said. The striker scored "
        "19 "
        "goals last season and signed until 2030.",
    ),
    (
        "Parliament in Dunlow passes rent cap",
        "The parliament of Dunlow voted 61 to 44 for a cap on rents. Housing minister Petra Holm called it a relief "
        "for "
        "400,000 tenants, landlords announced a lawsuit.",
    ),
    (
        "Chip maker Velquist raises forecast",
        "Velquist expects sales of 8.4 billion this year, as demand for memory grows. Its shares rose nine percent in "
        "Penang, chief executive Lin Aroa said more plants would follow.",
    ),
    (
        "Storm Berit cuts power in Ellsmere",
        "Storm Berit tore down lines around Ellsmere, and 23,000 homes had no power on Monday. Trains between Ellsmere "
        "and Harrow stood still, the network operator said repairs would take two days.",
    ),
]


def record(
    number: int, title: str, text: str, day: int = 0, outlet: str = "courier", copy_of: str | None = None
) -> EnrichedArticle:
    published = datetime(2026, 11, 1, 8, tzinfo=UTC) + timedelta(days=day)
    raw = RawArticle(
        id=f"a{number}", url=f"https://{outlet}.example/{number}", title=title, text=text,
        published=published.isoformat(),
    )  # fmt: skip
    duplicate = Duplicate(copy_of, "near", "edited", 0.9, published) if copy_of else None
    made = Provenance("0", None, None, "run", NOW)
    return EnrichedArticle(SCHEMA_VERSION, normalize(raw), duplicate, (), (), made)


NEWS = [
    record(number, title, text, number // 2, outlet)
    for number, ((title, text), outlet) in enumerate(
        zip(
            [OTHERS[0], FIRE[0], OTHERS[1], FIRE[1], OTHERS[2], OTHERS[3], FIRE[2]],
            ["courier", "courier", "post", "post", "courier", "ledger", "ledger"],
            strict=True,
        )
    )
]


@pytest.fixture(autouse=True)
def _without_encoder(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(encoder, "has_weights", lambda: False)


@contextmanager
def state(folder: Path) -> Iterator[sqlite3.Connection]:
    with closing(sqlite3.connect(folder / "state.db", isolation_level=None)) as db:
        db.execute("PRAGMA journal_mode = WAL")
        db.executescript(tables.SCHEMA)
        yield db


def one_pass(
    db: sqlite3.Connection, folder: Path, records: Sequence[EnrichedArticle]
) -> tuple[list[str | None], list[Event]]:
    """The stories that the records of a pass have, which is then committed."""
    found: list[str | None] = []
    told: list[Event] = []
    staged = folder / "rows.db"
    with tables.remembering(folder / "state.db", staged) as rows:
        stories = Stories(rows)
        for each in records:
            joined, events = stories.remember(each)
            found.append(joined.story.id if joined.story else None)
            told += events
    with tables.attached(db, staged), transaction(db):
        tables.take_over(db)
    return found, told


def stories_of(*passes: Sequence[EnrichedArticle]) -> tuple[list[str | None], list[Event]]:
    with TemporaryDirectory() as folder, state(Path(folder)) as db:
        results = [one_pass(db, Path(folder), records) for records in passes]
    return [story for found, _ in results for story in found], [event for _, told in results for event in told]


def test_articles_on_one_event_have_the_story_of_the_first_and_others_have_their_own() -> None:
    assert stories_of(NEWS)[0] == ["a0", "a1", "a2", "a1", "a4", "a5", "a1"]


@settings(deadline=None, max_examples=15, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.sets(st.integers(1, len(NEWS) - 1)))
@example(set(range(1, len(NEWS))))
def test_where_passes_are_cut_and_a_new_process_starts_changes_no_story(cuts: set[int]) -> None:
    bounds = [0, *sorted(cuts), len(NEWS)]
    passes = [NEWS[start:end] for start, end in pairwise(bounds)]
    assert stories_of(*passes) == stories_of(NEWS)


def test_an_article_that_comes_again_keeps_its_story_and_counts_once() -> None:
    with TemporaryDirectory() as folder, state(Path(folder)) as db:
        first, _ = one_pass(db, Path(folder), NEWS)
        again, _ = one_pass(db, Path(folder), NEWS)
        sizes = dict(db.execute("SELECT story, articles FROM story_stories"))
    assert again == first
    assert sizes["a1"] == 3


def test_a_copy_shares_the_story_of_its_original_whatever_its_own_words() -> None:
    copy = record(20, *OTHERS[0], day=1, outlet="mail", copy_of="a1")
    assert stories_of([*NEWS, copy])[0][-1] == "a1"


def test_a_copy_with_an_original_that_nobody_remembers_is_judged_by_its_words() -> None:
    copy = record(20, *FIRE[1], day=1, outlet="mail", copy_of="gone")
    assert stories_of([*NEWS, copy])[0][-1] == "a1"


def test_what_happened_more_than_a_year_before_is_another_story() -> None:
    earlier = record(20, *FIRE[1], day=-500, outlet="mail")
    assert stories_of([*NEWS, earlier])[0][-1] == "a20"


@pytest.mark.parametrize(
    "title",
    [
        "Election night live: all results",
        "Storm Berit – as it happened",
        "Morning briefing: fire in Vellmouth, rent cap",
    ],
)
def test_live_blogs_and_digests_belong_to_no_story_and_join_none(title: str) -> None:
    everything = " ".join(text for _, text in [FIRE[0], *OTHERS])
    blog = record(20, title, everything, 1, "mail")
    assert stories_of([*NEWS, blog, record(21, *FIRE[1], 2, "mail")])[0][-2:] == [None, "a1"]


@pytest.mark.parametrize(
    "title", ["Band plays live in Dunlow", "She lives: rescue in Ostrand", "Weekly wage to rise", "New Year in photos"]
)
def test_a_title_with_a_word_of_live_blogs_is_not_one(title: str) -> None:
    assert not story_choice.tells_of_several_events(record(1, title, "Text.").article)


def test_an_article_without_words_has_no_story() -> None:
    assert stories_of([record(1, "", "")])[0] == [None]


def test_two_stories_that_an_article_shows_to_be_one_are_merged_into_the_older_and_an_event_says_so() -> None:
    choice = story_choice.choose([("b", 5.0), ("c", 4.0), ("d", -3.0)], {"b": 1, "c": 1, "d": 1})
    assert choice == story_choice.Choice("b", ("c",))


def test_an_article_near_to_three_stories_that_are_not_one_belongs_to_none() -> None:
    assert story_choice.choose([("b", 5.0), ("c", 4.0), ("d", 4.0)], dict.fromkeys("bcd", 1)).several


def test_a_merged_story_gets_no_more_articles(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(story_choice, "JOINS", 100.0)  # each begins its own
    with TemporaryDirectory() as folder, state(Path(folder)) as db:
        found, _ = one_pass(db, Path(folder), [record(1, *FIRE[0]), record(2, *FIRE[1], outlet="post")])
        assert found == ["a1", "a2"]
        monkeypatch.setattr(story_choice, "JOINS", -0.25)
        monkeypatch.setattr(story_choice, "MERGES", 0.0)
        found, events = one_pass(db, Path(folder), [record(3, *FIRE[2], day=1, outlet="ledger")])
        assert found == ["a1"]
        assert [(event.type, event.subject, event.data["into"]) for event in events] == [
            ("claimwire.story.merged", "a2", "a1")
        ]
        copy = record(4, *FIRE[1], day=1, outlet="mail", copy_of="a2")
        again = record(2, *FIRE[1], outlet="post")
        assert one_pass(db, Path(folder), [copy, again]) == (["a1", "a1"], [])
        kept = dict(db.execute("SELECT article, story FROM story_articles"))
    assert kept["a2"] == "a2"  # what was written is not changed


def test_what_an_outlet_repeats_under_different_stories_is_no_sign_of_the_same_event() -> None:
    notice = (
        "Subscribe to the Courier newsletter for grain, wheat and harbour prices from Vellmouth every Tuesday night.\n"
    )
    told = [record(number, title, notice + text, 0) for number, (title, text) in enumerate(OTHERS)]
    assert stories_of(told)[0] == ["a0", "a1", "a2", "a3"]
    with TemporaryDirectory() as folder, state(Path(folder)) as db:
        one_pass(db, Path(folder), told[:3])
        with tables.remembering(Path(folder) / "state.db", Path(folder) / "rows.db") as rows:
            compared = Stories(rows).compare(told[3].article, NOW, 4, 0)
    words, _ = story_portraits.lines("newsletter")
    assert int(words[0]) & ~3 not in memoryview(compared.portrait.words).cast("I").tolist()


def test_the_likelihood_of_a_pair_is_that_of_its_own_model_with_and_without_a_vector() -> None:
    with TemporaryDirectory() as folder, state(Path(folder)) as db:
        one_pass(db, Path(folder), NEWS[:3])
        with tables.remembering(Path(folder) / "state.db", Path(folder) / "rows.db") as rows:
            compared = Stories(rows).compare(NEWS[3].article, NOW, 4, 0)
    found = signs(compared.portrait, compared.portraits, compared.rarity)
    bare = likelihood(found, model())
    found[:, -1] = 0.9
    meant = likelihood(found, model())
    found[:, -1] = 0.1
    assert (meant > likelihood(found, model())).all()
    assert (bare != meant).all()


@pytest.mark.parametrize(
    ("meaning", "same_outlet", "joins"),
    [(0.6, False, True), (0.46, False, True), (0.44, False, False), (0.44, True, True)],
)
def test_articles_of_two_outlets_that_do_not_mean_the_same_are_of_two_stories_whatever_they_share(
    meaning: float, same_outlet: bool, joins: bool
) -> None:
    weights = model().with_meaning
    alike = np.array(weights.mean) + 2 * np.array(weights.scale) * np.sign(weights.weight)
    found = alike[np.newaxis].copy()
    found[0, SIGNS.index("same_outlet")] = same_outlet
    found[0, SIGNS.index("meaning")] = meaning
    assert (likelihood(found, model())[0] > JOINS) == joins


def test_articles_that_share_little_and_do_not_mean_the_same_are_of_two_stories() -> None:
    weights = model().with_meaning
    for step in np.linspace(0, 3, 30):
        found = (np.array(weights.mean) + step * np.array(weights.scale) * np.sign(weights.weight))[np.newaxis]
        found[0, SIGNS.index("meaning")] = 0.51
        if JOINS < likelihood(found, model())[0] < 2.9:
            break
    assert JOINS < likelihood(found, model())[0] < 2.9
    found[0, SIGNS.index("meaning")] = 0.49
    assert likelihood(found, model())[0] < JOINS


def test_what_is_older_is_forgotten_and_what_is_younger_is_not() -> None:
    with TemporaryDirectory() as folder, state(Path(folder)) as db:
        one_pass(db, Path(folder), NEWS)
        later = [
            msgspec.structs.replace(
                each, provenance=msgspec.structs.replace(each.provenance, processed_at=NOW + timedelta(days=60))
            )
            for each in [record(30, *FIRE[1], day=20, outlet="mail")]
        ]
        one_pass(db, Path(folder), later)
        with transaction(db):
            Stories.forget(db, NOW + timedelta(days=1))
        assert [row[0] for row in db.execute("SELECT article FROM story_articles")] == ["a30"]
        assert [row[0] for row in db.execute("SELECT story FROM story_stories")] == ["a1"]
        assert db.execute(
            "SELECT count(*) FROM story_words WHERE remembered_at < ?", (NOW.timestamp() + 1,)
        ).fetchone() == (0,)
        # The article that is left still draws others into the story.
        assert one_pass(db, Path(folder), [record(31, *FIRE[2], day=21)])[0] == ["a1"]


# Read back


def told_by(*stories: str) -> list[EnrichedArticle]:
    """Records of different outlets with these stories."""
    return [
        msgspec.structs.replace(record(number, f"Title {number}", "Text.", number, f"o{number}"), story=Story(story))
        for number, story in enumerate(stories)
    ]


@pytest.mark.parametrize("order", list(permutations([("b", "a"), ("c", "b"), ("d", "c")])))
def test_the_store_counts_merged_stories_as_one_in_whatever_order_the_events_come(
    order: tuple[tuple[str, str], ...],
) -> None:
    records = told_by("a", "b", "c", "d", "e")
    events = [story_merged(into, gone, records[0].article, NOW) for gone, into in order]
    with closing(sqlite3.connect(":memory:")) as db:
        db.executescript(LAYOUT.tables)
        db.executescript(LAYOUT.views)
        Writer(db).articles([encode(each) for each in records])
        Writer(db).events([encode(event) for event in events])
        found = db.execute("SELECT story, articles, outlets, title FROM told_stories ORDER BY story").fetchall()
        kept = db.execute("SELECT count(DISTINCT story_id) FROM articles").fetchone()
    assert found == [("a", 4, 4, "Title 0"), ("e", 1, 1, "Title 4")]
    assert kept == (5,)
    merged = {event.subject or "": event.data["into"] for event in events}
    assert [(told.id, len(told.articles), told.title) for told in tellings(records, merged)] == [
        ("a", 4, "Title 0"),
        ("e", 1, "Title 4"),
    ]


def test_a_revision_counts_as_one_with_what_it_revises() -> None:
    (first, later) = told_by("a", "a")
    later = msgspec.structs.replace(later, duplicate=Duplicate("a0", "revision", "url", None, NOW))
    (told,) = tellings([first, later], {})
    assert told.articles == {"a0"}
    assert told.last > told.first
    with closing(sqlite3.connect(":memory:")) as db:
        db.executescript(LAYOUT.tables)
        db.executescript(LAYOUT.views)
        Writer(db).articles([encode(first), encode(later)])
        assert db.execute("SELECT articles FROM told_stories").fetchall() == [(1,)]


def test_the_names_of_a_story_are_those_of_most_articles_each_counted_once() -> None:
    one, other = told_by("a", "a")
    ilka, dunlow = (
        Entity(name, label, 0, 4, name, None, ((0, 4), (0, 4)))
        for name, label in (("Ilka", "PERSON"), ("Dunlow", "GPE"))
    )
    date = Entity("2026", "DATE", 0, 4, "2026", None, ((0, 4),))
    records = [
        msgspec.structs.replace(one, entities=(dunlow, ilka, ilka, date)),
        msgspec.structs.replace(other, entities=(ilka,)),
    ]
    (told,) = tellings(records, {})
    assert told.names.most_common() == [("Ilka", 2), ("Dunlow", 1)]


def test_show_prints_stories_and_counts_merged_ones_as_one(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    records = told_by("a", "b", "c")
    (tmp_path / "articles-0123abcd-000001-00000000-00000.jsonl").write_bytes(b"\n".join(map(encode, records)))
    event = story_merged("a", "b", records[0].article, NOW)
    (tmp_path / "events-0123abcd-000001-00000000-00000.jsonl").write_bytes(encode(event))
    show_stories([tmp_path], None, None, None)
    printed = capsys.readouterr().out
    assert (
        "Title 0\n  2 articles of 2 outlets: o0.example, o1.example\n  2026-11-01 08:00 to 2026-11-02 08:00  a\n"
        in (printed)
    )
    assert printed.endswith("2 stories\n")
    show_stories([tmp_path], datetime(2026, 11, 3, tzinfo=UTC), None, None)
    assert capsys.readouterr().out.startswith("Title 2\n  1 article of 1 outlet: o2.example\n")


@pytest.mark.parametrize("option", [["--about", "fire"], ["--format", "json"], ["--min-worth", "0.5"]])
def test_show_refuses_what_does_not_go_with_stories(tmp_path: Path, option: list[str]) -> None:
    result = CliRunner().invoke(show, [str(tmp_path), "--stories", *option])
    assert isinstance(result.exception, UsageError)


@settings(deadline=None, max_examples=50)
@given(st.text(max_size=300), st.text(max_size=60))
def test_any_text_has_a_portrait_that_survives_storing(text: str, title: str) -> None:
    article = record(1, title, text).article
    read = story_portraits.read(article)
    sketched = story_portraits.sketch(read, frozenset(line.key for line in read.lines[::2]))
    rarity = 1.0 + (sketched.words % 7)
    portrait = story_portraits.portrait(article, NOW, sketched, rarity, b"")
    assert msgspec.msgpack.decode(msgspec.msgpack.encode(portrait), type=story_portraits.Portrait) == portrait
    assert len(portrait.words) == 4 * len(portrait.times) == 4 * len(portrait.marks)
