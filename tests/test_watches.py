"""Watches: what is asked for is found, once, and nothing else is."""

from __future__ import annotations

import hashlib
import json
import logging
import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import jsonschema
import msgspec
import pytest
from click.testing import CliRunner
from conftest import ROOT, run_here, write_jsonl
from hypothesis import given
from hypothesis import strategies as st

from claimwire.pipelines.cli.trying import watch_test
from claimwire.pipelines.memory.encoder import has_weights
from claimwire.pipelines.memory.tables import SCHEMA, remembering
from claimwire.pipelines.observe.events import WATCH_MATCHED
from claimwire.pipelines.settings import SettingsError, load_settings
from claimwire.pipelines.sinks.messages import Messages, Topics
from claimwire.pipelines.watches.file import LastGood, read_watches, watches_of
from claimwire.pipelines.watches.matching import Matcher
from claimwire.pipelines.watches.parsing import WatchError, parse_watch, parse_watches
from claimwire.pipelines.watches.trial import Score, Tried, try_watches
from claimwire.pipelines.watches.watch import CONDITIONS, Watch
from claimwire.pipelines.watches.watching import Watching
from claimwire.schemas import (
    Article,
    Changed,
    Claim,
    Duplicate,
    EarlierClaim,
    EnrichedArticle,
    Entity,
    KnowledgeBaseEntry,
    Match,
    Provenance,
    Quantity,
    Source,
    Speaker,
    Thread,
    encode,
)
from claimwire.schemas.jsonschema import json_schema

NOW = datetime(2026, 11, 30, 12, tzinfo=UTC)
TEXT = (
    "The mayor of Talvern, Ana Verr, said on Monday that the harbour bridge had lost more than 120 bolts. "
    "Engineers in Odesa doubt it."
)
CONTENT = "that the harbour bridge had lost more than 120 bolts"
ODESA = KnowledgeBaseEntry("geonames", "698740", 46.48572, 30.74383)


def place(text: str, part: str) -> tuple[int, int]:
    start = text.index(part)
    return start, start + len(part)


def claim(text: str = TEXT, content: str = CONTENT, **more: Any) -> Claim:
    """A claim by Ana Verr in the text above, or in another one."""
    said = "more than 120"
    figures = (Quantity(*place(text, said), 120.0, "bolt", ">"),) if said in content else ()
    given: dict[str, Any] = {
        "id": hashlib.md5((text + content).encode(), usedforsecurity=False).hexdigest(),
        "text": content,
        "content": (place(text, content),),
        "speaker": Speaker("the mayor", (place(TEXT, "The mayor"),), "Ana Verr", None, "person"),
        "cue": None,
        "quote_type": "indirect",
        "polarity": "affirmed",
        "modality": "asserted",
        "hedges": (),
        "quantities": figures,
        "entities": (0,),
        "check_worthiness": 0.7,
        "confidence": 0.9,
        "sentence": (0, text.index(".") + 1),
        "kind": "statement",
    }
    return Claim(**{**given, **more})


def record(
    *claims: Claim, id_: str = "a1", text: str = TEXT, duplicate: Duplicate | None = None, **more: Any
) -> EnrichedArticle:
    article = Article(
        id=id_, guid=None, url=f"https://news.courier.example/{id_}", canonical_url=None,
        source=Source("Courier", None, "news.courier.example"), title="Bolts are missing", text=text, summary=None,
        authors=(), language="en", published_at=NOW, updated_at=None, fetched_at=NOW, tags=(),
        content_hash=f"hash of {text}", **more,
    )  # fmt: skip
    entities = [Entity("bridge", "FAC", *place(text, "bridge"), "Harbour Bridge", None, (place(text, "bridge"),))]
    if "Odesa" in text:
        entities.append(Entity("Odesa", "GPE", *place(text, "Odesa"), "Odesa", ODESA, (place(text, "Odesa"),)))
    skipped = None if claims else "copy" if duplicate else "extract: none"
    made = Provenance("0", None, None, "run", NOW, skipped)
    return EnrichedArticle("1.6", article, duplicate, tuple(entities), claims, made)


def watch(**conditions: Any) -> Watch:
    return parse_watch({"name": "One", **conditions})


def matched(found: Watch, *records: EnrichedArticle) -> list[str]:
    """The ids of what of some records meets a watch."""
    matcher = Matcher([found])
    return [met.subject.claim.id if met.subject.claim else "article" for each in records for met in matcher.met(each)]


@contextmanager
def memory(folder: Path) -> Iterator[sqlite3.Connection]:
    """What a pass reads of a state that is empty, and adds to."""
    with closing(sqlite3.connect(folder / "state.db")) as db:
        db.executescript(SCHEMA)
    with remembering(folder / "state.db", folder / "rows.db") as db:
        yield db


def told(watching: Watching, *records: EnrichedArticle) -> list[Match]:
    events = [event for each in records for event in watching.remember(each)[1]]
    return [msgspec.convert(event.data, Match) for event in events]


# Conditions


@pytest.mark.parametrize(
    "conditions",
    [
        {"words": "bolt"},
        {"words": ["ferry", '"harbour bridge"']},
        {"words": "engin* bolt", "of": "articles"},
        {"speaker": "Verr"},
        {"speaker": {"role": "mayor", "type": "person"}},
        {"entity": {"name": "bridge", "label": "FAC"}},
        {"outlet": "courier.example"},
        {"kind": ["statement", "belief"]},
        {"worth": 0.7},
        {"confidence": 0.9},
        {"figure": {"above": 120, "unit": "bolts"}},
        {"figure": {"above": 100}},
    ],
)
def test_a_claim_that_meets_a_condition_is_found(conditions: dict[str, Any]) -> None:
    assert len(matched(watch(**conditions), record(claim()))) == 1


@pytest.mark.parametrize(
    "conditions",
    [
        {"words": "ferry"},
        {"words": "bolt -harbour"},
        {"speaker": "Marsh"},
        {"speaker": {"name": "Verr", "type": "organization"}},
        {"speaker": {"role": "minister"}},
        {"entity": "Talvern"},
        {"outlet": "rier.example"},
        {"kind": "belief"},
        {"worth": 0.71},
        {"figure": {"above": 121}},
        {"figure": {"below": 200}},
        {"figure": {"above": 100, "unit": "tank"}},
        {"words": "bolt", "speaker": "Marsh"},
    ],
)
def test_a_claim_that_fails_one_condition_is_not_found(conditions: dict[str, Any]) -> None:
    assert matched(watch(**conditions), record(claim())) == []


def test_a_place_counts_where_it_stands_in_the_claims_sentences_and_no_farther_than_asked() -> None:
    near = {"near": "Chornomorsk", "within": "30 km"}
    both = claim(sentence=(0, len(TEXT)))
    assert matched(watch(place=near), record(claim())) == [], "Odesa is named in the next sentence"
    assert len(matched(watch(place=near), record(both))) == 1
    assert matched(watch(place={**near, "within": "10 km"}), record(both)) == []
    assert len(matched(watch(place={"near": [46.5, 30.7], "within": 50}), record())) == 1, "in the article as a whole"


def test_an_article_is_matched_only_where_no_claims_were_read_or_if_asked_for() -> None:
    assert matched(watch(words="engineers"), record()) == ["article"]
    assert matched(watch(words="engineers"), record(claim())) == []
    assert matched(watch(words="engineers", of="articles"), record(claim())) == ["article"]
    assert matched(watch(words="engineers"), record(duplicate=Duplicate("a0", "exact", "text", 1.0, NOW))) == []


def test_a_match_says_which_words_stand_where(tmp_path: Path) -> None:
    with memory(tmp_path) as db:
        (match,) = told(Watching(db, [watch(words="bolt", figure={"above": 100})]), record(claim()))
    by = {reason.condition: reason for reason in match.why}
    assert [TEXT[start:end] for start, end in by["words"].spans] == ["bolts"]
    assert (by["figure"].found, by["figure"].score) == ("more than 120", 120)
    assert match.speaker
    assert (match.speaker.name, match.text, match.watch, match.of) == ("Ana Verr", CONTENT, "One", "claim")


@pytest.mark.skipif(not has_weights(), reason="the weights of the encoder are not installed")
def test_a_meaning_is_found_in_other_words_and_not_in_its_denial_or_with_another_figure() -> None:
    asked = watch(means="The bridge has lost more than 100 bolts")
    for content, is_found in (
        ("that the bridge had lost 120 bolts", True),
        ("that the bridge lost more than 120 bolts in a storm", True),
        ("that the bridge had not lost 120 bolts", False),
        ("that the bridge had lost 40 bolts", False),
        ("that the ferry would be late", False),
    ):
        text = f"She said {content}."
        said = claim(text=text, content=content, quantities=(), entities=(), sentence=(0, len(text)))
        found = list(Matcher([asked]).met(msgspec.structs.replace(record(said), entities=())))
        assert bool(found) == is_found, content


# The index

_WORDS = st.sampled_from(["bridge", "bridges", "bolt", "ana", "verr", "odesa", "harbo*", '"harbour bridge"', "-lost"])
_ASKED = st.fixed_dictionaries(
    {},
    optional={
        "words": st.lists(
            st.lists(_WORDS, min_size=1, max_size=3).map(lambda words: " ".join([*words, "the"])),
            min_size=1,
            max_size=2,
        ),
        "speaker": st.sampled_from(["verr", "mayor", "nobody", {"role": "mayor"}, {"type": "person"}]),
        "entity": st.sampled_from(["harbour", "odesa", {"label": "FAC"}]),
        "outlet": st.sampled_from(["courier.example", "example", "other.example", "news.courier.example"]).filter(
            lambda outlet: "." in outlet
        ),
        "worth": st.sampled_from([0.1, 0.9]),
        "figure": st.just({"above": 100}),
        "place": st.just({"near": [46.5, 30.7]}),
    },
).filter(bool)


@given(st.lists(_ASKED, min_size=1, max_size=8), st.booleans())
def test_the_index_finds_what_comparing_everything_finds(asked: list[dict[str, Any]], has_claims: bool) -> None:
    watches = parse_watches({"name": f"watch {number}", **each} for number, each in enumerate(asked))
    one = record(claim(), claim(content="lost more than 120 bolts")) if has_claims else record()
    found, plainly = (
        [(met.watch.name, met.subject.claim, met.why) for met in Matcher(watches, indexed=indexed).met(one)]
        for indexed in (True, False)
    )
    assert found == plainly


# Once


def test_what_comes_again_does_not_match_again(tmp_path: Path) -> None:
    one = record(claim())
    with memory(tmp_path) as db:
        watching = Watching(db, [watch(words="bolt")])
        assert len(told(watching, one)) == 1
        assert told(watching, one) == []


def test_a_revision_matches_only_with_what_it_has_changed(tmp_path: Path) -> None:
    first = record(claim())
    same = record(claim(id="1" * 32), id_="a2", revision_of="a1")
    again = record(claim(id="2" * 32), id_="a3", revision_of="a2")
    other = TEXT.replace("120", "140")
    content = CONTENT.replace("120", "140")
    before = EarlierClaim("2" * 32, CONTENT, "Ana Verr")
    figure = claim(other, content, quantities=(), changed=Changed(("figure",), before))
    reworded = claim(id="3" * 32, changed=Changed(("reworded",), msgspec.structs.replace(before, text=content)))
    with memory(tmp_path) as db:
        watching = Watching(db, [watch(words="bolt")])
        assert len(told(watching, first)) == 1
        assert told(watching, same, again) == []
        assert len(told(watching, record(figure, id_="a4", text=other, revision_of="a3"))) == 1
        assert told(watching, record(reworded, id_="a5", revision_of="a4")) == []


def test_the_id_of_a_match_depends_on_the_watch_and_the_claim_alone(tmp_path: Path) -> None:
    ids = []
    for name in ("x", "y"):
        (tmp_path / name).mkdir()
        with memory(tmp_path / name) as db:
            ids.append([match.id for match in told(Watching(db, [watch(words="bolt")]), record(claim()))])
    assert ids[0] == ids[1]


def test_carriers_are_counted_over_articles_and_copies_and_told_once(tmp_path: Path) -> None:
    asked = watch(carriers="above 2", speaker="Verr")
    thread = Thread("f" * 32, "first")

    def carrier(number: int, relation: Any = "verbatim", **more: Any) -> EnrichedArticle:
        said = claim(id=f"{number:032x}", thread=Thread(thread.id, relation), **more)
        return record(said, id_=f"c{number}")

    copy = record(id_="copy", duplicate=Duplicate("c1", "exact", "text", 1.0, NOW))
    revised = record(claim(id="9" * 32, thread=thread), id_="c1b", revision_of="c1")
    unnamed = carrier(3, speaker=None)
    with memory(tmp_path) as db:
        watching = Watching(db, [asked])
        assert told(watching, carrier(1, "first"), revised, copy) == [], "two carriers: a version counts once"
        (match,) = told(watching, unnamed)
        assert (match.of, match.claim_id, match.why[-1].score) == ("thread", f"{1:032x}", 3)
        assert told(watching, carrier(4), carrier(5)) == []


def test_a_near_copy_carries_only_the_claims_that_stand_in_it(tmp_path: Path) -> None:
    for name, text, expected in (("with", f"{TEXT} More.", 1), ("without", "The bridge is old. It stands.", 0)):
        (tmp_path / name).mkdir()
        near = record(id_="near", text=text, duplicate=Duplicate("a1", "near", "edited", 0.8, NOW))
        with memory(tmp_path / name) as db:
            assert len(told(Watching(db, [watch(carriers="above 1")]), record(claim()), near)) == expected


def test_a_claim_that_waits_for_carriers_is_forgotten_by_a_watch_that_is_edited(tmp_path: Path) -> None:
    first, copy = record(claim()), record(id_="copy", duplicate=Duplicate("a1", "exact", "text", 1.0, NOW))
    with memory(tmp_path) as db:
        told(Watching(db, [watch(carriers="above 1", words="bolt")]), first)
        assert told(Watching(db, [watch(carriers="above 1", words="harbour")]), copy) == []
        assert len(told(Watching(db, [watch(carriers="above 1", words="bolt")]), copy)) == 1


def test_a_fault_on_one_record_costs_its_matches_and_nothing_else(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    with memory(tmp_path) as db:
        watching = Watching(db, [watch(words="bolt")])
        with monkeypatch.context() as patch:
            patch.setattr(Matcher, "met", lambda *_: 1 / 0)
            assert watching.remember(record(claim())) == (record(claim()), [])
        assert "fault in claimwire" in caplog.text
        assert len(told(watching, record(claim(), id_="a2"))) == 1


# A run

CLOSED = "The bridge at Talvern is closed. Engineers found cracks in four of its piers on Monday."
RENTS = "Rents in the old town rose by a fifth within a year, the union of tenants reported."
ARTICLES = [
    {"url": f"https://{outlet}.example/1", "title": title, "text": text, "published": f"2026-11-0{number}T08:00:00Z"}
    for number, (outlet, title, text) in enumerate(
        [("one", "Bridge closed", CLOSED), ("two", "Bridge closed", CLOSED), ("three", "Rents", RENTS)], start=1
    )
]


def events_in(folder: Path) -> list[dict[str, Any]]:
    lines = [line for file in sorted(folder.rglob("events*.jsonl")) for line in file.read_text().splitlines()]
    return [event for event in map(json.loads, lines) if event["type"] == WATCH_MATCHED]


def test_a_run_writes_matches_as_events_as_rows_of_the_store_and_of_the_state_and_not_again(tmp_path: Path) -> None:
    wire = write_jsonl(tmp_path / "wire.jsonl", *ARTICLES)
    given: dict[str, Any] = {
        "source": (str(wire),),
        "sink": (f"jsonl:{tmp_path / 'out'}", f"sqlite:{tmp_path / 'news.db'}"),
        "extract": "none",
        "memory": False,
        "watching": parse_watches(
            [{"name": "Bridges", "words": "bridge"}, {"name": "Much carried", "carriers": "above 1"}]
        ),
    }
    run_here(tmp_path / "state", **given)
    events = events_in(tmp_path / "out")
    assert sorted(event["data"]["watch"] for event in events) == ["Bridges", "Much carried"]
    for event in events:
        jsonschema.validate(event, json_schema("event"))
        jsonschema.validate(event["data"], json_schema("match"))
    with closing(sqlite3.connect(tmp_path / "news.db")) as db:
        stored = db.execute("SELECT id, watch FROM matches ORDER BY id").fetchall()
    with closing(sqlite3.connect(tmp_path / "state/state.db")) as db:
        kept = db.execute("SELECT id, watch, event FROM matches ORDER BY id").fetchall()
    assert (
        stored
        == [(id_, name) for id_, name, _ in kept]
        == sorted((each["id"], each["data"]["watch"]) for each in events)
    )
    assert sorted((json.loads(event) for *_, event in kept), key=str) == sorted(events, key=str)

    revised = [{**ARTICLES[0], "text": f"{ARTICLES[0]['text']} Buses run."}, *ARTICLES]
    write_jsonl(tmp_path / "again.jsonl", *revised)
    run_here(tmp_path / "state", **{**given, "source": (str(tmp_path / "again.jsonl"),)})
    assert len(events_in(tmp_path / "out")) == 2


def test_matches_go_to_a_topic_of_their_own_beside_their_events(tmp_path: Path) -> None:
    with memory(tmp_path) as db:
        (event,) = Watching(db, [watch(words="bolt")]).remember(record(claim()))[1]
    match = msgspec.convert(event.data, Match)
    messages = list(Messages(Topics.named("press", {})).of_events(encode(event)))
    assert [(each.topic, each.key) for each in messages] == [("press.matches", match.id), ("press.events", match.id)]
    assert bytes(messages[0].value) == encode(match)


# Files and settings


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"wrds": "x"}, "watch 'A': there is no condition 'wrds'; did you mean words?"),
        ({}, "has no condition"),
        ({"words": '"open'}, "words: .* quotation mark is not closed"),
        ({"speaker": {"rôle": "x"}}, "there is no 'rôle' in it"),
        ({"place": "Springfield"}, "place: several towns are called Springfield.*give the coordinates"),
        ({"place": {"near": "Nowhereville"}}, "no town is known"),
        ({"place": {"near": [99, 0]}}, "is nowhere"),
        ({"place": {"near": "Odesa", "within": "far"}}, "a distance, e.g. 50 km"),
        ({"kind": "rumour"}, "kind: it cannot be 'rumour': it must be one of statement"),
        ({"worth": 7}, "worth: it cannot be 7"),
        ({"carriers": "many"}, "above 10"),
        ({"figure": {"above": 5, "below": 2}}, "no number is above 5 and below 2"),
        ({"figure": {"unit": "tank"}}, "say above or below"),
        ({"means": "unsafe"}, "is not a sentence"),
        ({"outlet": "The Courier"}, "is not a domain"),
        ({"words": "x", "digest": "weekly"}, "digest: .*one of at once, hourly, daily"),
        ({"words": "x", "of": "articles", "worth": 0.5}, "worth is asked of claims"),
    ],
)
def test_a_wrong_watch_is_named_with_its_key_and_what_would_be_right(given: dict[str, Any], said: str) -> None:
    with pytest.raises(WatchError, match=said) as error:
        parse_watch({"name": "A", **given})
    assert str(error.value).startswith("watch 'A'")


def test_two_watches_with_one_name_are_refused_and_the_file_and_line_are_said(tmp_path: Path) -> None:
    path = tmp_path / "watches.yaml"
    path.write_text("- name: Bridges\n  words: bridge\n- {name: bridges!, words: pier}\n")
    with pytest.raises(
        WatchError, match=r"watches\.yaml, line 3: watch 'bridges!': there is another one with this name"
    ):
        read_watches(path)
    path.write_text("words: bridge\n")
    with pytest.raises(SettingsError, match="no list of watches"):
        read_watches(path)


def test_watches_stand_in_the_settings_file_or_in_a_file_that_wins(tmp_path: Path) -> None:
    config, own = tmp_path / "claimwire.yaml", tmp_path / "watches.yaml"
    config.write_text("watches:\n  - name: Here\n    words: [bridge, '\"grain deal\"']\n    place: {near: Odesa}\n")
    own.write_text("- {name: There, words: pier}\n")
    assert [each.name for each in watches_of(load_settings(config, {}, {}))] == ["Here"]
    assert [each.name for each in watches_of(load_settings(config, {}, {"watches": str(own)}))] == ["There"]
    assert [each.name for each in read_watches(config)] == ["Here"]


def test_while_the_file_is_wrong_the_watches_from_before_go_on_and_each_change_is_told_once(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    path = tmp_path / "watches.yaml"

    def edit(text: str) -> None:
        path.write_text(text)

    def told() -> list[logging.LogRecord]:
        return [record for record in caplog.records if record.name.startswith("claimwire")]

    def used() -> list[str]:
        return [watch.name for watch in watches_of(known.settings())]

    edit("- {name: Bridges, words: bridge}\n")
    known = LastGood(load_settings(None, {}, {"watches": str(path)}))
    assert used() == ["Bridges"]
    edit("- {name: Bridges, wrods: bridge}\n- {name: Piers, words: pier}\n")
    assert used() == used() == ["Bridges"]
    (error,) = told()
    assert "watches.yaml, line 1: watch 'Bridges'" in error.message
    assert "used until it is mended: Bridges" in error.message
    for wrong in ("- [name", "- {name: Piers, words: pier, notify: carrier-pigeon://loft}"):
        edit(wrong)
        assert used() == used() == ["Bridges"]
    path.unlink()
    assert used() == used() == ["Bridges"]
    assert [each.levelname for each in told()] == ["ERROR"] * 4
    edit("- {name: Piers, words: pier}\n")
    assert used() == used() == ["Piers"]
    assert "right again" in told()[4].message
    edit("- {name: Piers}\n")
    with pytest.raises(WatchError):
        LastGood(load_settings(None, {}, {"watches": str(path)}))


def test_no_message_repeats_where_matches_are_sent() -> None:
    with pytest.raises(WatchError) as error:
        parse_watch({"name": "A", "words": "x", "notify": ["desk:s3cret@mail.example"]})
    assert "s3cret" not in str(error.value)


_VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=12),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=6,
)
_NAMES = st.sampled_from([*CONDITIONS, "notify", "digest", "of", "near", "name"])


@given(st.dictionaries(_NAMES | st.text(max_size=6), _VALUES, max_size=4))
def test_whatever_a_file_has_is_a_watch_or_a_message(values: dict[str, Any]) -> None:
    with suppress(WatchError):
        assert parse_watch({"name": "A", **values}).slug


# Trying them


@pytest.fixture(scope="module")
def archive(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("archive")
    lines = [json.loads(encode(each)) for each in (record(claim()), record(id_="a2", text="A bridge. Nothing else."))]
    write_jsonl(folder / "articles-x.jsonl", *lines)
    return folder


def test_a_trial_finds_what_a_run_would_have_matched(archive: Path) -> None:
    trial = try_watches([watch(words="lost"), parse_watch({"name": "Two", "words": "ferry"})], [archive])
    assert [(tried.watch.name, len(tried.matches)) for tried in trial.tried] == [("One", 1), ("Two", 0)]
    assert (trial.articles, trial.claims) == (2, 1)


def test_watch_test_shows_matches_scores_and_says_what_is_wrong(archive: Path, tmp_path: Path) -> None:
    path = tmp_path / "watches.yaml"
    path.write_text("- {name: Bolts, words: lost}\n- {name: Unsafe, means: bolts are missing from the bridge}\n")
    arguments = [str(path), "--archive", str(archive)]
    shown = CliRunner().invoke(watch_test, arguments if has_weights() else [*arguments, "--watch", "Bolts"])
    assert shown.exit_code == 0, shown.output
    assert "Bolts  1 match in 2 articles and 1 claim" in shown.output
    assert f"Ana Verr: {CONTENT}" in shown.output
    if has_weights():
        assert "around its threshold of 0.6" in shown.output
    lines = CliRunner().invoke(watch_test, [*arguments, "--watch", "Bolts", "--format", "json"]).output.splitlines()
    assert [msgspec.json.decode(line, type=Match).watch for line in lines] == ["Bolts"]
    wrong = CliRunner().invoke(watch_test, [*arguments, "--watch", "None"])
    assert "has no watch 'None'; it has Bolts, Unsafe" in str(wrong.exception)


def test_a_threshold_is_proposed_in_a_wide_gap_only() -> None:
    def proposed(*scores: float) -> float | None:
        return Tried(
            watch(means="the bridge is unsafe"), (), tuple(Score(s, "t", None, "a") for s in scores)
        ).proposed()

    assert proposed(0.9, 0.85, 0.3, 0.25) == pytest.approx(0.57, abs=0.02)
    assert proposed(0.9, 0.85, 0.8, 0.75) is None
    assert proposed() is None


def test_the_watches_of_the_examples_are_right() -> None:
    assert len(read_watches(ROOT / "examples/watches.yaml")) >= 4
