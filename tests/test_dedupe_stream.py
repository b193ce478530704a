"""Deduplication of a stream: the verdicts equal those of a bounded run, whatever fails, moves or is forgotten."""

from __future__ import annotations

import copy
import logging
import time
from collections.abc import Sequence
from datetime import timedelta
from pathlib import Path
from typing import Any
from unittest import mock

import apache_beam as beam
import pytest
from apache_beam.options.pipeline_options import PipelineOptions
from apache_beam.runners.portability.fn_api_runner import FnApiRunner
from apache_beam.testing.util import assert_that, equal_to
from apache_beam.transforms.periodicsequence import PeriodicImpulse
from apache_beam.utils.timestamp import Timestamp
from hypothesis import given, settings
from hypothesis import strategies as st
from one_key import REMEMBER, Runner
from streaming import prism_options
from test_dedupe import NOW, Memory, article, some_articles
from test_near_copies import elsewhere, made, near_texts, prose

from claimwire.pipelines.dedupe import sqlite, stream
from claimwire.pipelines.dedupe.fingerprint import fingerprint
from claimwire.pipelines.dedupe.replica import Replica
from claimwire.pipelines.dedupe.stream import DeduplicateStream
from claimwire.pipelines.dedupe.transform import Judged
from claimwire.pipelines.dedupe.verdict import judge
from claimwire.schemas import Article

DAY = timedelta(days=1)


def told(judged: Judged) -> tuple[object, ...]:
    return judged.outcome, judged.duplicate, judged.article.revision_of


def bounded(articles: list[Article]) -> list[tuple[object, ...]]:
    """The verdicts of one pass on articles in this order."""
    verdicts = judge(list(map(fingerprint, articles)), Memory(), NOW)
    return [(verdict.outcome, verdict.duplicate, verdict.revision_of) for verdict in verdicts]


def contents(worker: stream._Judge) -> dict[str, list[Any]]:
    """All rows of a worker's copy of the index, with the grams of both tables together."""
    db = worker._replica._db
    tables = {
        table: db.execute(f"SELECT * FROM {table} ORDER BY 1, 2").fetchall() for table in ("seen", "seen_keys", "edges")
    }
    grams = "SELECT * FROM fresh_grams UNION SELECT * FROM settled_grams ORDER BY gram, number"
    return {**tables, "grams": db.execute(grams).fetchall()}


def verdict_of(judged: Judged) -> tuple[str, str, str | None]:
    return judged.article.id, judged.outcome, judged.duplicate and judged.duplicate.of


TEXT = prose(300, 6)
STORY = [
    article(text=TEXT),
    elsewhere("\n".join(TEXT.split("\n")[:5])),
    elsewhere(prose(300, 7), "c"),
    article(text=TEXT),
    elsewhere(TEXT, "d", title="Word for word"),
    elsewhere(prose(300, 7) + "\nAnd more.", "e"),
    article(text=TEXT + "\nAnd more."),
    elsewhere(prose(300, 8), "f"),
    elsewhere("\n".join(TEXT.split("\n")[3:]), "g"),
    elsewhere("\n".join(prose(300, 8).split("\n")[3:]), "h"),
]

some = st.one_of(near_texts.map(made), some_articles)
events = st.lists(st.tuples(st.integers(1, 3), st.sampled_from(["goes on", "fails", "moves"])), max_size=8)


@pytest.mark.slow
@settings(max_examples=60, deadline=None)
@given(some, events)
def test_verdicts_are_those_of_one_pass_over_the_same_order_whatever_happens(
    articles: list[Article], happening: list[tuple[int, str]]
) -> None:
    runner = Runner(NOW)
    given, left = [], list(articles)
    for size, what in (*happening, (len(articles), "goes on")):
        batch, left = left[:size], left[size:]
        if what == "fails":
            runner.bundle(batch, fails=True)
        elif what == "moves":
            runner.move()
        given += runner.bundle(batch)
    assert list(map(told, given)) == bounded(articles)


def test_an_article_whose_bundle_failed_after_judging_is_not_a_copy_of_itself() -> None:
    runner = Runner(NOW)
    first = article(text=prose(300, 1))
    assert [each.outcome for each in runner.bundle([first], fails=True)] == ["new"]
    assert runner.outcomes(first) == ["new"]
    # After the failure, the copy in another outlet comes first.
    second, copied = article(text=prose(300, 2)), elsewhere(prose(300, 2) + "\nAnd more.")
    runner.bundle([second, copied], fails=True)
    assert [(each.outcome, each.article.id) for each in runner.bundle([copied], [second])] == [
        ("new", copied.id),
        ("copy", second.id),
    ]


def test_a_key_that_moves_between_workers_always_finds_an_up_to_date_index() -> None:
    runner = Runner(NOW)
    text = prose(300, 3)
    one = runner.worker
    runner.move()
    other = runner.worker
    for number, worker in enumerate((one, other, one, other)):
        runner.worker = worker
        expected = "copy" if number else "new"
        assert runner.outcomes(elsewhere(f"{text}\nFrom outlet {number}.", f"h{number}")) == [expected]
    runner.worker = one
    runner.outcomes()
    assert runner.outcomes(elsewhere(f"{text}\nFrom outlet 3.", "h3")) == ["unchanged"]


def test_a_process_has_one_copy_of_the_index(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO, stream.__name__)
    runner = Runner(NOW)
    runner.outcomes(article())
    # A runner tears down a DoFn that is idle for a minute, and creates another one when needed.
    again = copy.copy(runner.worker)
    runner.worker.teardown()
    again.setup()
    runner.worker = again
    assert runner.outcomes(article()) == ["unchanged"]
    assert "restoring" not in caplog.text
    runner.move()
    assert runner.outcomes(article()) == ["unchanged"]
    assert "restoring" in caplog.text


def test_no_file_is_left_when_the_copy_of_an_index_is_gone() -> None:
    replica = Replica()
    folder = Path(replica._folder.name)
    replica.restore([], b"token")
    assert not folder.exists()
    folder = Path(replica._folder.name)
    assert folder.exists()
    with pytest.warns(ResourceWarning):
        del replica
    assert not folder.exists()


def test_an_index_is_not_used_after_a_change_failed_half_way(monkeypatch: pytest.MonkeyPatch) -> None:
    runner = Runner(NOW)
    runner.outcomes(article("https://a.example/1", prose(300, 1)))
    with monkeypatch.context() as patched:
        patched.setattr(sqlite, "forget", mock.Mock(side_effect=OSError("No space left on device")))
        with pytest.raises(OSError, match="No space"):
            runner.bundle([article("https://a.example/2", prose(300, 2))])
        runner.abort()
    assert runner.outcomes(elsewhere(prose(300, 2) + "\nMore."), elsewhere(prose(300, 1) + "\nMore.")) == [
        "new",
        "copy",
    ]


def test_fingerprints_of_another_version_are_ignored(monkeypatch: pytest.MonkeyPatch) -> None:
    runner = Runner(NOW)
    runner.outcomes(*STORY)
    monkeypatch.setattr(stream, "VERSION", stream.VERSION + 1)
    assert runner.outcomes(STORY[0]) == ["new"]
    assert len(runner.logged()) == 1
    assert runner.outcomes(STORY[0]) == ["unchanged"]


def test_articles_not_seen_again_are_forgotten_and_the_others_stay() -> None:
    runner = Runner(NOW)
    kept, lost = article(text=prose(300, 4)), article("https://a.example/2", prose(300, 5))
    runner.outcomes(kept, lost)
    for days in range(0, 200, 20):
        runner.now = NOW + days * DAY
        assert runner.outcomes(kept) == ["unchanged"]
        runner.outcomes(elsewhere(prose(60, 1000 + days)))
        if days < 90:
            assert runner.outcomes(elsewhere(prose(300, 5) + f"\nAfter {days} days.")) == ["copy"]
    # The log in which both were is gone by now; a new worker knows nothing else.
    for _ in range(2):
        copied, new = runner.bundle([elsewhere(prose(300, 4) + "\nMore of it."), lost], fails=True)
        assert copied.duplicate is not None
        assert (copied.duplicate.of, new.outcome) == (kept.id, "new")
        runner.move()


@settings(max_examples=40, deadline=None)
@given(some, st.lists(st.integers(0, 45), min_size=1, max_size=30), st.randoms(use_true_random=False))
def test_a_restored_index_equals_the_lost_one(articles: list[Article], pauses: list[int], chance: Any) -> None:
    runner = Runner(NOW)
    for pause in pauses:
        runner.now += pause * DAY
        runner.bundle(chance.sample(articles, len(articles) // 2), [article(text=prose(40, chance.randrange(10**6)))])
        kept = runner.worker
        runner.move()
        assert not runner.bundle([])
        assert contents(runner.worker) == contents(kept)
        runner.worker = kept


def test_the_state_only_grows_with_what_is_remembered() -> None:
    runner = Runner(NOW)
    sizes = []
    for day in range(250):
        runner.now = NOW + day * DAY
        runner.outcomes(elsewhere(prose(60, day)))
        sizes.append(len(runner.logged()))
    # One change per day for 90 days, for another seventh of them, and for the days rounded up.
    assert max(sizes) <= 90 * 8 / 7 + 10
    assert len(contents(runner.worker)["seen"]) == 91


def test_a_log_that_grows_too_fast_is_cut_early(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(stream, "_LARGEST", 5000)
    runner = Runner(NOW)
    for number in range(150):
        runner.now = NOW + number * DAY / 6
        runner.outcomes(elsewhere(prose(200, number).replace("\n", " ")))
    assert sum(map(len, runner.logged())) < 8 * 6000
    assert len(contents(runner.worker)["seen"]) < 90


def test_boilerplate_is_still_known_when_its_log_is_gone() -> None:
    runner = Runner(NOW)
    standing = "\n".join(prose(70, seed).replace("\n", " ") for seed in (21, 22, 23))
    for number in range(300):
        runner.now = NOW + number * DAY
        if number < 4 or number > 290:
            text = f"{prose(60, 100 + number)}\n{standing}"
            runner.move()
            (outcome,) = runner.outcomes(article(f"https://a.example/{number}", text, f"Piece {number}"))
            assert number < 4 or outcome == "new"
        elif number % 10 == 0:
            runner.outcomes(elsewhere(prose(60, 1000 + number)))


def test_a_megabyte_of_text_is_judged() -> None:
    runner = Runner(NOW)
    book = prose(160_000, 40)
    assert runner.outcomes(article(text=book), elsewhere("\n".join(book.split("\n")[1000:2800]))) == ["new", "copy"]


def verdicts(articles: Sequence[Article]) -> list[tuple[str, str, str | None]]:
    return [
        (each.id, outcome, duplicate and duplicate.of)
        for each, (outcome, duplicate, _) in zip(articles, bounded(articles), strict=True)
    ]


def test_each_article_gets_one_verdict_on_a_runner() -> None:
    singles = [article(f"https://a.example/{seed}", prose(200, 100 + seed), f"Piece {seed}") for seed in range(250)]
    articles = [*singles, *STORY]
    with beam.Pipeline(runner=FnApiRunner()) as pipeline:
        judged = pipeline | beam.Create(articles, reshuffle=False) | DeduplicateStream(REMEMBER)
        assert_that(judged | beam.Map(verdict_of), equal_to(verdicts(articles)))


@pytest.mark.timeout(300)
def test_the_state_of_a_real_runner_is_enough_to_continue(prism: str, monkeypatch: pytest.MonkeyPatch) -> None:
    # Every batch finds a stale index, and every few batches a full generation of the log; and Prism splits slow
    # bundles.
    monkeypatch.setattr(Replica, "token", property(lambda _: None, lambda _, __: None), raising=False)
    monkeypatch.setattr(stream, "_LARGEST", 2000)
    monkeypatch.setattr(stream, "_BATCH", 2)  # several, though a slow machine has them all in one bundle
    restored = []
    monkeypatch.setattr(Replica, "restore", lambda *given, restore=Replica.restore: restored.append(restore(*given)))
    monkeypatch.setattr(stream, "judge", lambda *given: time.sleep(0.4) or judge(*given))
    # At exit Beam logs that it stops Prism, when pytest has already closed the log's stream.
    logging.getLogger("apache_beam.utils.subprocess_server").setLevel(logging.ERROR)
    options = PipelineOptions([*prism_options(prism), "--streaming"])
    with beam.Pipeline(options=options) as pipeline:
        one_by_one = PeriodicImpulse(Timestamp.now() + 3, fire_interval=0.1, data=STORY)
        judged = pipeline | one_by_one.with_output_types(Article) | DeduplicateStream(REMEMBER)
        assert_that(judged | beam.Map(verdict_of), equal_to(verdicts(STORY)))
    assert len(restored) > 2
