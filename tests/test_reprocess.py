"""Records that claimwire has written are extracted again, and a report says what has changed."""

from __future__ import annotations

import json
import signal
from collections.abc import Sequence
from pathlib import Path
from typing import Any, NamedTuple

import desk
import msgspec
import pytest
from broker import Broker
from conftest import ROOT, Claimwire, run_here
from conftest import written as written_in
from desk import BRIDGE, bridge, claim, record
from hypothesis import given
from hypothesis import strategies as st
from killing import MOST_ARTICLES, assert_same, assert_tidy, dying, outputs

from claimwire.connectors.sources import SourceError
from claimwire.pipelines.normalize.ids import content_hash
from claimwire.pipelines.observe.progress import LineProgress
from claimwire.pipelines.observe.summary import Summary
from claimwire.pipelines.reprocess.comparison import Comparison, compare
from claimwire.pipelines.reprocess.records import article_of, records_in
from claimwire.pipelines.reprocess.report import totals, write_json
from claimwire.pipelines.reprocess.where import ConditionError, condition
from claimwire.pipelines.run.bounded import BoundedRun
from claimwire.pipelines.run.rereading import Reprocessing
from claimwire.pipelines.settings import Settings
from claimwire.pipelines.state.earlier import OtherUseError
from claimwire.pipelines.state.opening import State
from claimwire.schemas import Claim, EnrichedArticle, decode, encode

DONE, USAGE = 0, 2
TEXT = "\n\n".join(BRIDGE)


class Done(NamedTuple):
    """A call of reprocess."""

    summary: Summary
    comparisons: list[Comparison]
    left_alone: int
    not_done: int


def reprocess_here(
    folder: Path, *records: Path | str, conditions: Sequence[str] = (), events: bool = False, **settings: Any
) -> Done:
    """A call in this process; its state and its output stand in a folder. Nothing is extracted unless asked for."""
    given = {"sink": (f"jsonl:{folder / 'new'}",), "extract": "none", **settings}
    with State(folder / "reprocessing") as state:
        run = BoundedRun(
            Settings(source=tuple(map(str, records)), **given),
            [],
            state,
            LineProgress(),
            reprocessing=Reprocessing(tuple(conditions), events),
        )
        summary = run.go()
        done = state.reprocessed
        return Done(summary, list(done.comparisons()), done.left_alone(), done.not_done())


def real(one: EnrichedArticle) -> EnrichedArticle:
    """A record of the desk with the hash that its content has."""
    article = msgspec.structs.replace(one.article, content_hash=content_hash(one.article.title, one.article.text))
    return msgspec.structs.replace(one, article=article)


def archive(folder: Path, *records: EnrichedArticle, name: str = "articles-0123abcd-000000-4567cdef-00000") -> Path:
    """A folder as a run leaves it."""
    file = folder / "2026-03-01" / f"{name}.jsonl"
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_bytes(b"".join(encode(one) + b"\n" for one in records))
    return folder


def bridges() -> list[EnrichedArticle]:
    """An article on a bridge, a copy, and one that has nothing to do with them."""
    first, copy = map(real, list(desk.records())[1:3])
    copied = msgspec.structs.replace(copy.provenance, skipped="copy")
    return [first, msgspec.structs.replace(copy, provenance=copied, entities=()), real(desk.later(1))]


# What has become of claims


def with_claims(*claims: Claim) -> EnrichedArticle:
    return record("bridge", BRIDGE, claims)


def said(content: str = "The bridge at Odesa will stay closed", who: str = "Ana Verr", **more: Any) -> Claim:
    return claim(TEXT, content, who, who, "said", 0, **more)


def test_the_same_record_differs_in_nothing() -> None:
    before = with_claims(*bridge(BRIDGE))
    found = compare(before, before)
    assert (found.same, found.differs) == (3, False)


def test_a_claim_with_other_edges_is_the_same_claim_and_says_so() -> None:
    cut = said("bridge at Odesa will stay closed")
    (change,) = compare(with_claims(said()), with_claims(cut)).changed
    assert change.fields == ("content", "sentence")
    assert (change.before.text, change.after.text) == (said().text, cut.text)


def test_another_speaker_and_another_name_are_told_apart() -> None:
    before = said()
    assert before.speaker
    unnamed = msgspec.structs.replace(before, speaker=msgspec.structs.replace(before.speaker, name=None))
    (renamed,) = compare(with_claims(before), with_claims(unnamed)).changed
    assert renamed.fields == ("name",)
    (elsewhere,) = compare(with_claims(before), with_claims(said(who="The builders"))).changed
    assert elsewhere.fields == ("speaker", "name")


def test_claims_without_a_counterpart_were_lost_and_gained() -> None:
    other = said("At least 14 cables have rusted through")
    found = compare(with_claims(said()), with_claims(other))
    assert ([one.text for one in found.lost], [one.text for one in found.gained]) == ([said().text], [other.text])
    assert (found.same, found.changed) == (0, ())


def test_a_claim_of_the_title_is_none_of_the_text_at_the_same_place() -> None:
    found = compare(with_claims(said()), with_claims(said(id="0" * 32, in_title=True)))
    assert (len(found.lost), len(found.gained)) == (1, 1)


def test_another_score_is_counted_and_is_no_change() -> None:
    found = compare(with_claims(said(confidence=0.9)), with_claims(said(confidence=0.5)))
    assert (found.same, found.rescored, found.differs) == (1, 1, False)


def test_what_an_older_schema_did_not_have_is_no_change() -> None:
    assert not compare(with_claims(said(kind=None)), with_claims(said())).differs


def test_entities_are_compared_by_their_names_and_not_by_their_place_in_the_list() -> None:
    before = with_claims(said(entities=(0,)))
    (odesa,) = before.entities
    kyiv = msgspec.structs.replace(odesa, text="Kyiv", name="Kyiv")
    after = msgspec.structs.replace(with_claims(said(entities=(1,))), entities=(kyiv, odesa))
    found = compare(before, after)
    assert (found.changed, found.entities_gained, found.entities_lost) == ((), ("Kyiv (GPE)",), ())


SAID = said()
spans = st.tuples(st.integers(0, 60), st.integers(1, 20)).map(lambda pair: (pair[0], pair[0] + pair[1]))


@given(*[st.lists(st.tuples(spans, st.integers(0, 5)), max_size=6, unique_by=lambda pair: pair[1])] * 2)
def test_every_claim_is_counted_once_on_both_sides(before: list[Any], after: list[Any]) -> None:
    """Claims with the same id may have moved, and those with others may overlap."""
    old, new = (
        [msgspec.structs.replace(SAID, id=f"{number:032}", content=(span,)) for span, number in side]
        for side in (before, after)
    )
    found = compare(with_claims(*old), with_claims(*new))
    both = found.same + len(found.changed)
    assert both + len(found.lost) == len(old)
    assert both + len(found.gained) == len(new)
    assert len({one.before.id for one in found.changed}) == len(found.changed)


# Conditions


@pytest.mark.parametrize(
    ("text", "met"),
    [
        ("outlet=courier.example", True),
        ("outlet!=courier.example", False),
        ("outlet = *.example", True),
        ("model=", True),  # nothing was extracted
        ("model!=en_core_web_sm 3.8.0", True),
        ("version!=0", False),
        ("since=2026-03-01", True),
        ("since=2026-03-02", False),
        ("until=2026-03-01", True),
        ("until=2026-02-28", False),
    ],
)
def test_a_condition_is_on_what_made_a_record_or_on_its_article(text: str, met: bool) -> None:
    assert condition(text).is_met(bridges()[0]) is met


@pytest.mark.parametrize("text", ["", "model", "modell=x", "model>x", "since!=2026-03-01", "until=someday"])
def test_a_condition_that_means_nothing_is_refused_with_what_does(text: str) -> None:
    with pytest.raises(Exception, match=r"NAME=VALUE|until=2026-03-01|write a date") as refused:
        condition(text)
    assert isinstance(refused.value, ConditionError) or "someday" in text


# Runs


def test_articles_keep_ids_texts_and_places_and_claims_are_compared(tmp_path: Path) -> None:
    old = archive(tmp_path / "old", *bridges())
    done = reprocess_here(tmp_path, old)
    new = [decode(json.dumps(one).encode(), EnrichedArticle) for one in written_in(tmp_path / "new")]
    assert {one.article.id: one.article.text for one in new} == {one.article.id: one.article.text for one in bridges()}
    assert {one.article_id: len(one.lost) for one in done.comparisons} == {"bridge": 3, "copied": 0, "train-1": 1}
    assert (done.summary.seen, done.summary.files_read, done.not_done) == (3, 1, 0)
    (copy,) = (one for one in new if one.article.id == "copied")
    assert copy.duplicate
    assert copy.duplicate.of == "bridge"
    assert all(one.provenance.run_id != "run" for one in new)


def test_parquet_and_a_store_say_the_same_as_jsonl(tmp_path: Path) -> None:
    old = archive(tmp_path / "old", *bridges())
    sinks = (f"parquet:{tmp_path / 'tables'}", f"sqlite:{tmp_path / 'news.db'}")
    first = reprocess_here(tmp_path, old, sink=sinks)
    assert first.summary.seen == 3
    for name in ("tables", "news.db"):
        done = reprocess_here(tmp_path / f"of-{name}", tmp_path / name)
        assert [(one.article_id, one.lost, one.fields) for one in done.comparisons] == [
            ("bridge", (), ()),
            ("copied", (), ()),
            ("train-1", (), ()),
        ]


def test_what_comes_later_is_done_by_the_next_call_and_nothing_twice(tmp_path: Path) -> None:
    old = archive(tmp_path / "old", *bridges()[:1])
    reprocess_here(tmp_path, old)
    archive(old, *bridges()[1:], name="articles-0123abcd-000001-4567cdef-00000")
    second = reprocess_here(tmp_path, old)
    assert (second.summary.seen, second.summary.files_unchanged, len(second.comparisons)) == (2, 1, 3)
    assert reprocess_here(tmp_path, old).summary.seen == 0
    assert len(written_in(tmp_path / "new")) == 3


def test_of_a_version_that_is_there_twice_the_record_that_was_made_last_is_compared(tmp_path: Path) -> None:
    first = real(record("bridge", BRIDGE, bridge(BRIDGE)))
    last = real(record("bridge", BRIDGE, bridge(BRIDGE)[:1], minute=5))
    for number, order in enumerate(([first, last], [last, first])):
        done = reprocess_here(tmp_path / str(number), archive(tmp_path / f"old{number}", *order))
        assert [len(one.lost) for one in done.comparisons] == [1]
        assert len(written_in(tmp_path / str(number) / "new")) == 1


def test_a_line_that_is_no_record_is_a_dead_letter_and_the_rest_is_read(tmp_path: Path) -> None:
    old = archive(tmp_path / "old", *bridges())
    (file,) = old.rglob("*.jsonl")
    file.write_bytes(b'{"article": 7}\n' + file.read_bytes())
    (old / "damaged.parquet").write_bytes(b"PAR1 and no more")
    done = reprocess_here(tmp_path, old)
    assert (done.summary.dead_letters, done.summary.sources_failed, len(done.comparisons)) == (1, 1, 3)
    (letter,) = written_in(tmp_path / "new", "dead-letters")
    assert (letter["payload"], letter["source"]["line"]) == ('{"article": 7}', 1)


def test_records_that_do_not_meet_the_conditions_are_known_and_not_written(tmp_path: Path) -> None:
    done = reprocess_here(tmp_path, archive(tmp_path / "old", *bridges()), conditions=["outlet!=courier.example"])
    assert [one["article"]["id"] for one in written_in(tmp_path / "new")] == ["copied", "train-1"]
    assert (done.left_alone, done.not_done, [one.article_id for one in done.comparisons]) == (
        1,
        0,
        ["copied", "train-1"],
    )
    copy, _ = written_in(tmp_path / "new")
    assert copy["duplicate"]["of"] == "bridge"


def test_an_event_tells_of_each_article_that_differs_if_asked_for(tmp_path: Path) -> None:
    old = archive(tmp_path / "old", *bridges())
    for asked in (False, True):
        reprocess_here(tmp_path / str(asked), old, events=asked)
        told = [
            event["subject"]
            for event in written_in(tmp_path / str(asked) / "new", "events")
            if event["type"] == "claimwire.article.reprocessed"
        ]
        assert sorted(told) == (["bridge", "train-1"] if asked else [])


def test_claims_are_found_anew_and_joined_with_those_of_records_that_stay_as_they_are(tmp_path: Path) -> None:
    """The thread of a claim begins in a record that does not meet the conditions."""
    first, copy, _ = bridges()
    elsewhere = real(
        record(
            "other", (f"{BRIDGE[0]} She was speaking at the port of Odesa, where the storm had torn down two cranes.",),
            outlet="herald.example", title="Mayor speaks", published_at=copy.article.published_at,
        )
    )  # fmt: skip
    done = reprocess_here(
        tmp_path,
        archive(tmp_path / "old", first, elsewhere),
        conditions=["outlet=herald.example"],
        extract="claims",
        extractor="rules",
    )
    (new,) = written_in(tmp_path / "new")
    assert "The bridge at Odesa will stay closed" in [one.text for one in done.comparisons[0].gained]
    closed = next(one for one in new["claims"] if "stay closed" in one["text"])
    assert closed["thread"] == {"id": first.claims[0].id, "relation": "verbatim"}


def test_a_store_can_be_brought_up_to_date_in_its_place(tmp_path: Path) -> None:
    store = tmp_path / "news.db"
    desk.write(store, *bridges())
    reprocess_here(tmp_path, store, sink=(f"sqlite:{store}",))
    again = reprocess_here(tmp_path / "again", store)
    assert [(one.article_id, one.differs) for one in again.comparisons] == [
        ("bridge", False),
        ("copied", False),
        ("train-1", False),
    ]


def test_a_state_that_has_another_use_is_refused(tmp_path: Path) -> None:
    old = archive(tmp_path / "old", *bridges())
    (tmp_path / "a.txt").write_text("Title\n2026-03-01\nhttps://a.example/1\nA text.\n", encoding="utf-8")
    run_here(
        tmp_path / "reprocessing", source=(str(tmp_path / "a.txt"),), sink=(f"jsonl:{tmp_path / 'x'}",), extract="none"
    )
    with pytest.raises(OtherUseError, match="--state of its own"):
        reprocess_here(tmp_path, old)
    reprocess_here(tmp_path / "fresh", old, conditions=["model="])
    with pytest.raises(OtherUseError, match="--only-where 'model='"):
        reprocess_here(tmp_path / "fresh", old, conditions=["model!="])


def test_a_folder_is_not_written_into_while_it_is_read(tmp_path: Path) -> None:
    old = archive(tmp_path / "old", *bridges())
    with pytest.raises(SourceError, match="each article twice"):
        reprocess_here(tmp_path, old, sink=(f"jsonl:{old / 'new'}",))


# The report, and the command


def test_a_report_has_the_figures_and_each_article_that_differs(tmp_path: Path) -> None:
    done = reprocess_here(tmp_path, archive(tmp_path / "old", *bridges()))
    figures = totals(done.comparisons, done.left_alone, done.not_done)
    write_json(tmp_path / "report.json", figures, done.comparisons)
    report = json.loads((tmp_path / "report.json").read_bytes())
    assert [one["article_id"] for one in report["articles"]] == ["bridge", "train-1"]
    assert (report["figures"]["records"], report["figures"]["differing"], report["figures"]["lost"]) == (3, 2, 4)


def test_the_command_prints_what_has_changed_and_says_how_it_ended(tmp_path: Path, claimwire: Claimwire) -> None:
    archive(tmp_path / "old", *bridges())
    done = claimwire("reprocess", "old", "--sink", "jsonl:new", "--extract", "none", "--report", "changes.json")
    assert done.returncode == DONE, done.stderr
    assert "3 records extracted again, 2 of them differ" in done.stdout
    assert "- Ana Verr: The bridge at Odesa will stay closed" in done.stdout
    assert json.loads((tmp_path / "changes.json").read_bytes())["figures"]["lost"] == 4
    assert (tmp_path / ".claimwire-reprocess").is_dir()
    asked = claimwire("reprocess", "old", "--sink", "jsonl:new", "--only-where", "mode!=x")
    assert (asked.returncode, "model, extractor, version, outlet" in asked.stderr) == (USAGE, True)


def test_run_says_which_command_reads_what_claimwire_has_written(tmp_path: Path, claimwire: Claimwire) -> None:
    archive(tmp_path / "old", *bridges())
    desk.write(tmp_path / "news.db", *bridges())
    told = claimwire("run", "--source", "old", "--sink", "jsonl:new", "--extract", "none", "--quiet")
    assert (told.returncode, "claimwire reprocess old" in told.stderr) == (DONE, True)
    told = claimwire("run", "--source", "news.db", "--sink", "jsonl:new", "--extract", "none")
    assert (told.returncode, "claimwire reprocess news.db" in told.stderr) == (USAGE, True)


def test_the_records_of_the_last_release_are_read_by_the_version_of_today() -> None:
    """``make changes`` extracts them again."""
    (file,) = (ROOT / "training/records").glob("records-*.jsonl.gz")
    version = file.name.removeprefix("records-").removesuffix(".jsonl.gz")
    records = [one for one in records_in(file) if isinstance(one, EnrichedArticle)]
    assert len(records) == 18
    assert all(condition(f"version={version}").is_met(one) for one in records)
    assert all(article_of(one).content_hash == one.article.content_hash for one in records)


# Topics, and kills


def test_a_topic_of_articles_is_read_as_a_folder_is(tmp_path: Path, broker: Broker, topic: str) -> None:
    broker.create(topic)
    broker.produce(topic, *map(encode, bridges()), b"no record")
    done = reprocess_here(tmp_path, f"kafka://{broker.address}/{topic}")
    assert (done.summary.topics_read, done.summary.seen, done.summary.dead_letters) == (1, 4, 1)
    assert [one.article_id for one in done.comparisons] == ["bridge", "copied", "train-1"]
    broker.produce(topic, encode(real(desk.later(2))))
    assert reprocess_here(tmp_path, f"kafka://{broker.address}/{topic}").summary.seen == 1


def forked(step: int | None, folder: Path, source: Path) -> int | None:
    settings = {
        "source": (str(source),),
        "sink": (f"jsonl:{folder / 'out'}",),
        "extract": "none",
        "reprocessing": Reprocessing(events=True),
    }
    return dying(step, folder, settings)


@pytest.mark.slow
def test_killed_while_it_reads_or_commits_the_next_call_makes_it_whole(tmp_path: Path) -> None:
    records = [real(desk.later(number)) for number in range(MOST_ARTICLES + 5)]  # two passes
    source = archive(tmp_path / "old", *records)
    calm = tmp_path / "undisturbed"
    calm.mkdir()
    assert forked(None, calm, source) == 0
    expected = outputs(calm)
    assert (len(expected["articles"]), len(expected["events"])) == (len(records), len(records))
    changes = (calm / "changes").read_text().splitlines()
    commits = [step for step, change in enumerate(changes, 1) if change == "COMMIT"]
    published = next(step for step, change in enumerate(changes, 1) if change.startswith("DELETE FROM journal"))
    reading = next(step for step in commits if step < published)
    for step in (reading, reading + 1, published - 1, published + 1):
        folder = tmp_path / f"step{step}"
        folder.mkdir()
        assert forked(step, folder, source) == -signal.SIGKILL, changes[step - 1]
        assert forked(None, folder, source) == 0
        assert_same(outputs(folder), expected)
        assert_tidy(folder)
        with State(folder / "state") as state:
            assert [one.article_id for one in state.reprocessed.comparisons()] == [
                one.article.id for one in sorted(records, key=lambda one: one.article.published_at or desk.BEGAN)
            ]
