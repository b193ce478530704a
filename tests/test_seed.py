"""A stream that begins with a seed: its verdicts are those of one that was never interrupted."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta
from functools import partial
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from one_key import REMEMBER, Runner
from test_dedupe import NOW, article, some_articles
from test_dedupe_stream import STORY, TEXT, contents, told
from test_near_copies import elsewhere, made, near_texts, prose

from claimwire.errors import ClaimwireError
from claimwire.pipelines.cluster import seeding
from claimwire.pipelines.cluster.seeding import SeedFile
from claimwire.pipelines.cluster.shared import SharedFolder
from claimwire.pipelines.dedupe import stream
from claimwire.pipelines.dedupe.replica import Change
from claimwire.pipelines.dedupe.seed import Seed
from claimwire.pipelines.dedupe.transform import Judged
from claimwire.schemas import Article

SINCE = NOW - REMEMBER


def seeded(judged: Iterable[Judged], at: datetime = NOW) -> list[Change]:
    """The changes of a seed with what a stream has written: no record for what is unchanged."""
    with Seed() as seed:
        for each in judged:
            if each.outcome != "unchanged":
                seed.add(each.article, at, each.duplicate.of if each.duplicate else None)
        return list(seed.changes(SINCE))


def begun_with(changes: list[Change]) -> Runner:
    return Runner(NOW, partial(iter, changes))


@pytest.mark.slow
@settings(max_examples=150, deadline=None)
@given(st.one_of(near_texts.map(made), some_articles), st.integers(0, 20))
def test_verdicts_after_a_seed_are_those_of_a_stream_that_was_never_interrupted(
    articles: list[Article], half: int
) -> None:
    uninterrupted = Runner(NOW)
    earlier, later = articles[:half], articles[half:]
    written = uninterrupted.bundle(earlier)
    assert list(map(told, begun_with(seeded(written)).bundle(later))) == list(map(told, uninterrupted.bundle(later)))


def test_a_seed_knows_copies_chains_and_revisions() -> None:
    for half in range(len(STORY)):
        uninterrupted = Runner(NOW)
        written = uninterrupted.bundle(*([each] for each in STORY[:half]))
        # Hours later, and on another worker.
        begun = begun_with(seeded(written, NOW - timedelta(hours=5)))
        given = begun.bundle(STORY[half:])
        assert [verdict(each) for each in given] == [verdict(each) for each in uninterrupted.bundle(STORY[half:])]
        begun.move()
        assert not begun.bundle([])
        assert [each.outcome for each in begun.bundle(STORY)] == ["unchanged"] * len(STORY)


def verdict(judged: Judged) -> tuple[object, ...]:
    """All but the time, which the seed knows by the records and the stream by its clock."""
    copied = judged.duplicate
    what = (copied.of, copied.kind, copied.method, copied.score, copied.added) if copied else None
    return judged.outcome, what, judged.article.revision_of, judged.added


def test_an_article_counts_as_seen_when_its_record_was_written() -> None:
    written = NOW - timedelta(days=80)
    begun = begun_with(seeded(Runner(NOW).bundle([article(text=TEXT)]), written))
    (copied,) = begun.bundle([elsewhere(TEXT)])
    assert copied.duplicate is not None
    assert copied.duplicate.first_seen_at == written
    # So it is forgotten 90 days after that, and not 90 days after the start.
    begun = begun_with(seeded(Runner(NOW).bundle([article(text=TEXT)]), written))
    begun.outcomes(elsewhere(prose(60, 1)))
    begun.now += timedelta(days=12)
    begun.outcomes(elsewhere(prose(60, 2)))
    assert begun.outcomes(elsewhere(TEXT)) == ["new"]


def test_an_original_stays_one_if_its_copy_was_written_first() -> None:
    original, copied = Runner(NOW).bundle([article(text=TEXT), elsewhere(TEXT)])
    with Seed() as seed:
        seed.add(copied.article, NOW - timedelta(seconds=9), original.article.id)
        seed.add(original.article, NOW, None)
        begun = begun_with(list(seed.changes(SINCE)))
    (again,) = begun.bundle([elsewhere(TEXT, "third")])
    assert again.duplicate is not None
    assert again.duplicate.of == original.article.id


def test_what_is_still_to_come_is_not_remembered_and_neither_are_its_copies() -> None:
    written = Runner(NOW).bundle([article(text=TEXT), elsewhere(TEXT), elsewhere(prose(300, 7), "other")])
    with Seed() as seed:
        for each in written:
            seed.add(each.article, NOW, each.duplicate.of if each.duplicate else None)
        seed.leave_out(written[0].article, NOW)
        begun = begun_with(list(seed.changes(SINCE)))
    outcomes = begun.outcomes(article(text=TEXT), elsewhere(TEXT), elsewhere(prose(300, 7), "other"))
    assert outcomes == ["new", "copy", "unchanged"]


def test_what_was_written_before_it_came_again_is_remembered() -> None:
    (written,) = Runner(NOW).bundle([article(text=TEXT)])
    with Seed() as seed:
        seed.add(written.article, NOW - timedelta(hours=1), None)
        seed.add(written.article, NOW, None)
        seed.leave_out(written.article, NOW)
        begun = begun_with(list(seed.changes(SINCE)))
    assert begun.outcomes(article(text=TEXT), elsewhere(TEXT)) == ["unchanged", "copy"]


def test_a_bundle_that_fails_after_the_seed_begins_with_it_again() -> None:
    written = Runner(NOW).bundle(STORY[:5])
    begun = begun_with(seeded(written))
    later = elsewhere(TEXT, "later")
    begun.bundle([later], fails=True)
    assert begun.head.committed is None
    assert begun.outcomes(later) == ["copy"]
    once = begun_with(seeded(written))
    once.bundle([later])
    assert contents(begun.worker) == contents(once.worker)


def test_a_stream_that_remembers_something_takes_no_seed() -> None:
    runner = Runner(NOW)
    runner.outcomes(article("https://a.example/else", prose(300, 9)))

    def fail() -> Iterable[Change]:
        raise AssertionError("the seed was read")

    runner.seed = fail
    runner.move()
    assert runner.outcomes(article(text=TEXT)) == ["new"]


def test_a_state_with_fingerprints_of_another_version_takes_the_seed(monkeypatch: pytest.MonkeyPatch) -> None:
    runner = Runner(NOW)
    written = runner.bundle(STORY[:5])
    monkeypatch.setattr(stream, "VERSION", stream.VERSION + 1)
    runner.seed = partial(iter, seeded(written))
    runner.move()
    assert runner.outcomes(elsewhere(TEXT, "later")) == ["copy"]


def test_a_seed_holds_no_text() -> None:
    changes = seeded(Runner(NOW).bundle([article(text=TEXT)]))
    words = {word.encode() for word in TEXT.split() if len(word) > 5}
    assert words
    held = repr([change.rows for change in changes]).encode()
    assert not [word for word in words if word in held]


def test_a_seed_of_another_version_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file = SeedFile(SharedFolder(tmp_path.as_uri()), str(tmp_path / "seed"))
    changes = seeded(Runner(NOW).bundle(STORY[:3]))
    file.write(changes)
    assert list(file()) == changes
    monkeypatch.setattr(seeding, "_VERSION", b"another")
    with pytest.raises(ClaimwireError, match="another version of claimwire"):
        list(file())
