"""The state that outlives a run."""

from __future__ import annotations

import sqlite3
import subprocess
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from claimwire.connectors.files.records import FileResult, file_key
from claimwire.pipelines.dedupe.fingerprint import fingerprint
from claimwire.pipelines.dedupe.index import Remembered, Seen
from claimwire.pipelines.dedupe.sqlite import SqliteIndex
from claimwire.pipelines.normalize.article import normalize
from claimwire.pipelines.run.reading import read_to_their_ends
from claimwire.pipelines.state import StateError
from claimwire.pipelines.state.journal import STDOUT, OutputLostError, publish_file
from claimwire.pipelines.state.opening import State
from claimwire.pipelines.state.queue import Outcome, QueueReader
from claimwire.pipelines.state.sources import FileRead, SourceState
from claimwire.schemas import Article, DeadLetter, Failure, Origin, RawArticle, decode

NOW = datetime(2026, 11, 20, 12, tzinfo=UTC)


def article(number: int, **more: str) -> Article:
    return normalize(RawArticle(url=f"https://a.example/{number}", title="T", text=f"Text {number}", **more))  # type: ignore[arg-type]


def letter(payload: str = "x", attempts: int = 1) -> DeadLetter:
    return DeadLetter("record", Failure("E", "m"), payload, "utf-8", Origin(url="f", line=1), attempts, NOW)


def outcome(given: Article) -> Outcome:
    print_ = fingerprint(given)
    seen = Seen(given.id, b"i" * 16, NOW)
    return Outcome(print_.order, "new", 0, (Remembered(seen, tuple(key for _, key in print_.versions), print_.order),))


def result(path: Path, size: int, mtime_ns: int, error: str | None = None) -> FileResult:
    return FileResult(
        path=str(path), key=file_key(str(path)), size=size, mtime_ns=mtime_ns, articles=0, dead_letters=0, error=error
    )


def has_read(state: State, path: Path, since: datetime) -> bool:
    stat = path.stat()
    return state.sources.has_read(FileRead(file_key(str(path)), stat.st_size, stat.st_mtime_ns), since)


def test_a_second_process_is_told_who_holds_the_state(tmp_path: Path) -> None:
    with State(tmp_path), pytest.raises(StateError, match=r"another run \(process \d+\)"), State(tmp_path):
        pass


def test_the_lock_of_a_dead_process_does_not_block(tmp_path: Path) -> None:
    dies = "import os, sys; from pathlib import Path; from claimwire.pipelines.state.opening import State; "
    dies += "held = State(Path(sys.argv[1])).__enter__(); os._exit(9)"
    assert subprocess.run([sys.executable, "-c", dies, str(tmp_path)], check=False).returncode == 9
    with State(tmp_path):
        pass


def test_the_lock_of_a_dead_run_is_waited_for_where_a_child_of_it_still_has_its_files(tmp_path: Path) -> None:
    """As one has that was being started when the run was killed, until its own program begins."""
    dies = "import os, sys, time; from pathlib import Path; from claimwire.pipelines.state.opening import State; "
    dies += "held = State(Path(sys.argv[1])).__enter__(); os.fork() and os._exit(9); time.sleep(1)"
    assert subprocess.run([sys.executable, "-c", dies, str(tmp_path)], check=False).returncode == 9
    with State(tmp_path):
        pass


@pytest.mark.parametrize("name", ["state_version", "fingerprint_version"])
def test_a_state_of_another_version_is_refused_by_name(tmp_path: Path, name: str) -> None:
    with State(tmp_path) as state:
        state.db.execute("UPDATE meta SET value = '99' WHERE name = ?", (name,))
    with pytest.raises(StateError, match=f"{name} 99"), State(tmp_path):
        pass


def test_a_damaged_state_is_named_and_not_used(tmp_path: Path) -> None:
    (tmp_path / "state.db").write_bytes(b"this is no database" * 100)
    with pytest.raises(StateError, match=r"state\.db is damaged"), State(tmp_path):
        pass


def test_a_state_that_cannot_be_made_says_what_to_do(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(StateError, match="--state"), State(tmp_path / "file" / "state"):
        pass


def test_its_id_stays_and_differs_from_others(tmp_path: Path) -> None:
    with State(tmp_path / "a") as first, State(tmp_path / "b") as other:
        assert first.id != other.id
    with State(tmp_path / "a") as again:
        assert again.id == first.id


def test_articles_wait_in_the_order_of_publication_each_once(tmp_path: Path) -> None:
    late, early = article(1, published="2026-11-09"), article(2, published="2026-11-01")
    with State(tmp_path) as state:
        entries = state.queue.enqueue([late, early, late], [], {}, [], NOW)
        assert (entries.given, entries.articles, state.queue.waiting()) == (3, 2, 2)
        (queued,) = state.queue.next_articles(10, 10**6)
        assert list(QueueReader(state.database).articles(queued)) == [early, late]


def test_of_two_readings_of_one_article_the_same_one_waits_whatever_came_first(tmp_path: Path) -> None:
    one, other = article(1, source_name="A"), article(1, source_name="B")
    kept = []
    for name, order in (("a", [one, other]), ("b", [other, one])):
        with State(tmp_path / name) as state:
            state.queue.enqueue(order, [], {}, [], NOW)
            (queued,) = state.queue.next_articles(10, 10**6)
            kept += QueueReader(state.database).articles(queued)
    assert kept == [one, one]


def test_a_pass_takes_one_article_at_least_and_no_more_characters_than_asked(tmp_path: Path) -> None:
    with State(tmp_path) as state:
        state.queue.enqueue(map(article, range(200)), [], {}, [], NOW)
        assert [run.articles for run in state.queue.next_articles(1000, 1)] == [1]
        assert sum(run.articles for run in state.queue.next_articles(150, 10**6)) == 150
        runs = state.queue.next_articles(1000, 70)
        assert sum(run.characters for run in runs) <= 70


def test_a_dead_letter_that_was_written_is_not_written_again_but_after_another_attempt(tmp_path: Path) -> None:
    with State(tmp_path) as state:
        assert state.queue.enqueue([], [letter(), letter()], {}, [], NOW).dead_letters == 1
        assert [decode(record, DeadLetter) for record in state.queue.others("dead-letter")] == [letter()]
        state.journal.commit_others([], NOW)
        assert state.queue.waiting("dead-letter") == 0
        assert state.queue.enqueue([], [letter()], {}, [], NOW).dead_letters == 0
        assert state.queue.enqueue([], [letter(attempts=2)], {}, [], NOW).dead_letters == 1


def test_a_feed_that_stays_broken_is_a_dead_letter_for_each_way_in_which_it_is(tmp_path: Path) -> None:
    def broken(error: str, body: str) -> DeadLetter:
        return DeadLetter("feed", Failure(error, "m"), body, "utf-8", Origin(url="f"), 1, NOW + timedelta(hours=1))

    with State(tmp_path) as state:
        for error, body, since, told in (
            ("NotAFeed", "1", NOW, 1),
            ("NotAFeed", "2", NOW, 0),
            ("ParserKilled", "3", NOW, 1),
            ("NotAFeed", "4", NOW, 0),
            ("NotAFeed", "5", NOW + timedelta(days=1), 1),
        ):
            entries = state.queue.enqueue([], [broken(error, body)], {}, [], NOW, failing={"f": since})
            assert entries.dead_letters == told
            for record in state.queue.others("dead-letter"):
                assert decode(record, DeadLetter).first_failed_at == since
            state.journal.commit_others([], NOW)


def test_an_article_that_failed_is_tried_again_only_by_replay(tmp_path: Path) -> None:
    first = article(1)
    dead = Outcome(fingerprint(first).order, "dead", 0, ())
    with State(tmp_path) as state:
        state.queue.enqueue([first], [], {}, [], NOW)
        state.journal.commit([dead], [], NOW)
        assert QueueReader(state.database).failed_before(dead.key) == (1, NOW)
        assert state.queue.enqueue([first], [], {}, [], NOW).articles == 0
        assert state.queue.enqueue([first], [], {}, [], NOW, retry=True).articles == 1


def test_a_state_may_lie_in_a_folder_of_any_name(tmp_path: Path) -> None:
    with State(tmp_path / "what? 100% #1") as state:
        state.queue.enqueue([article(1)], [], {}, [], NOW)
        (queued,) = state.queue.next_articles(10, 10**6)
        assert list(QueueReader(state.database).articles(queued)) == [article(1)]


def test_a_commit_names_the_files_and_remembers_the_articles(tmp_path: Path) -> None:
    first, second = article(1), article(2)
    staged = tmp_path / "staging" / "articles-0.jsonl"
    staged.parent.mkdir()
    staged.write_text("line\n")
    final = tmp_path / "out/2026-11-20/articles-0.jsonl"
    with State(tmp_path / "state") as state:
        state.queue.enqueue([first, second], [], {}, [], NOW)
        state.journal.commit([outcome(first)], [(staged, str(final))], NOW)
        assert final.read_text() == "line\n"
        assert not staged.exists()
        assert (state.queue.waiting(), state.journal.passes) == (1, 1)
        index = SqliteIndex(state.database)
        keys = [key for _, key in fingerprint(first).versions]
        assert {seen.article_id for seen in index.lookup(keys).values()} == {first.id}
        assert index.lookup(key for _, key in fingerprint(second).versions) == {}


def test_a_failed_commit_changes_nothing(tmp_path: Path) -> None:
    first = article(1)
    with State(tmp_path / "state") as state:
        state.queue.enqueue([first], [], {}, [], NOW)
        with pytest.raises(FileNotFoundError):
            state.journal.commit([outcome(first)], [(tmp_path / "no/x", "y")], NOW)
        assert (state.queue.waiting(), state.journal.passes) == (1, 0)
        assert SqliteIndex(state.database).lookup(key for _, key in fingerprint(first).versions) == {}


def test_a_commit_that_would_leave_an_article_in_the_queue_is_refused(tmp_path: Path) -> None:
    first, other = article(1), article(2)
    with State(tmp_path / "state") as state:
        state.queue.enqueue([first], [], {}, [], NOW)
        with pytest.raises(StateError, match=r"was to take 1 article .* found 0, .* restore"):
            state.journal.commit([outcome(other)], [], NOW)
        assert (state.queue.waiting(), state.journal.passes) == (1, 0)
        assert SqliteIndex(state.database).lookup(key for _, key in fingerprint(other).versions) == {}


def test_an_interrupted_naming_is_finished_at_the_next_start(tmp_path: Path) -> None:
    staging = tmp_path / "staging"
    staging.mkdir()
    done, open_ = staging / "done", staging / "open"
    open_.write_text("open")
    (tmp_path / "final-done").write_text("done")
    with State(tmp_path / "state") as state:
        rows = [(str(done), str(tmp_path / "final-done")), (str(open_), str(tmp_path / "final-open"))]
        state.db.executemany("INSERT INTO journal VALUES (?, ?)", rows)
    with State(tmp_path / "state") as state:
        (staging / "leftover").write_text("of a pass that never was")
        assert state.recover([staging]) == 2
        assert (tmp_path / "final-open").read_text() == "open"
        assert (tmp_path / "final-done").read_text() == "done"
        assert not staging.exists()
        assert state.recover([staging]) == 0


def test_an_output_that_vanished_is_said(tmp_path: Path) -> None:
    with pytest.raises(OutputLostError, match="mount it"):
        publish_file(tmp_path / "no-such-disk/gone", str(tmp_path / "never"))


def test_an_output_that_its_reader_took_away_is_no_fault(tmp_path: Path) -> None:
    publish_file(tmp_path / "renamed-before-the-kill", str(tmp_path / "taken-away-since"))


def test_what_is_for_stdout_goes_there_once(tmp_path: Path, capfdbinary: pytest.CaptureFixture[bytes]) -> None:
    staged = tmp_path / "articles"
    staged.write_bytes(b"{}\n")
    publish_file(staged, STDOUT)
    publish_file(staged, STDOUT)
    assert capfdbinary.readouterr().out == b"{}\n"


def test_a_feed_is_asked_with_what_it_last_told(tmp_path: Path) -> None:
    with State(tmp_path) as state:
        feed = SourceState(
            etag='"1"', last_modified="yesterday", body_hash="h", moved_to="https://b.example/f", read_at=NOW
        )
        state.queue.enqueue([], [], {"https://a.example/f": feed}, [], NOW)
        assert state.sources.get("https://a.example/f") == feed
        known = state.sources.validators("https://a.example/f", NOW)
        assert (known.etag, known.moved_to) == ('"1"', "https://b.example/f")
        later = state.sources.validators("https://a.example/f", NOW + timedelta(days=1))
        assert (later.etag, later.body_hash, later.moved_to) == (None, None, "https://b.example/f")
        assert state.sources.get("https://other.example/f") == SourceState()


def test_a_file_counts_as_read_until_it_changes(tmp_path: Path) -> None:
    path = tmp_path / "in.jsonl"
    path.write_text("a")
    with State(tmp_path / "state") as state:
        assert not has_read(state, path, NOW)
        stat = path.stat()
        state.queue.enqueue([], [], {}, read_to_their_ends([result(path, stat.st_size, stat.st_mtime_ns)]), NOW)
        assert has_read(state, path, NOW)
        assert not has_read(state, path, NOW + timedelta(days=1))
        path.write_text("ab")
        assert not has_read(state, path, NOW)


def test_a_file_that_could_not_be_read_to_its_end_is_read_again(tmp_path: Path) -> None:
    path = tmp_path / "in.jsonl"
    path.write_text("a")
    stat = path.stat()
    with State(tmp_path / "state") as state:
        broken = result(path, stat.st_size, stat.st_mtime_ns, "I/O error")
        state.queue.enqueue([], [], {}, read_to_their_ends([broken]), NOW)
        assert not has_read(state, path, NOW)


def test_workers_can_only_read(tmp_path: Path) -> None:
    with State(tmp_path) as state, pytest.raises(sqlite3.OperationalError):
        sqlite3.connect(f"file:{state.database}?mode=ro", uri=True).execute("DELETE FROM seen")
