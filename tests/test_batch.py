"""``claimwire batch``: an archive of files through workers alone, with the verdicts of a run, whatever is killed."""

from __future__ import annotations

import gzip
import json
import os
import random
from collections import Counter
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import Any

import boto3
import pyarrow.parquet as pq
import pytest
from apache_beam.io.filesystem import BeamIOError
from apache_beam.io.filesystems import FileSystems
from bucket import BUCKET, object_store
from command import Command, environment
from conftest import ROOT, Claimwire, run_here, write_jsonl, written
from killing import assert_same, outputs
from streaming import flink_options

from claimwire.connectors.errors import SourceError
from claimwire.pipelines.batch.job import Batch
from claimwire.pipelines.batch.notes import Notes
from claimwire.pipelines.batch.plan import WORK, Part, Work
from claimwire.pipelines.cluster.shared import SharedFolder, SharedFolderError
from claimwire.pipelines.observe.progress import LineProgress
from claimwire.pipelines.observe.summary import Summary
from claimwire.pipelines.run import RunError
from claimwire.pipelines.settings import Settings, SettingsError
from claimwire.pipelines.state.suspects import GUILTY, SUSPECT

INCOMPLETE = 3


def archive(count: int, seed: int = 1) -> list[dict[str, Any]]:
    """Records of four weeks with exact and near copies, revisions, repetitions, and some without a date."""
    chance = random.Random(seed)
    letters = ["".join(chance.choices("bcdfgklmnprst")[0] + chance.choice("aeiou") for _ in "abc") for _ in range(3000)]
    found: list[dict[str, Any]] = []
    for number in range(count):
        own = {
            "url": f"https://outlet{number % 40}.example/{number}",
            "title": f"Report {number}",
            "text": " ".join(chance.choices(letters, k=26)).capitalize() + ".",
            "published": f"2026-03-{1 + number % 28:02}T{number % 24:02}:{number % 60:02}:00Z",
        }
        if found and number % 5 == 0:
            other = chance.choice(found)
            match number // 5 % 5:
                case 0:
                    own["text"] = other["text"]
                case 1:
                    own["text"] = f"{other['text']} {' '.join(chance.choices(letters, k=5))}."
                case 2:
                    own = {**other, "text": f"{other['text']} Corrected.", "updated": "2026-04-01T08:00:00Z"}
                case 3:
                    own = other
                case 4:
                    del own["published"]
        found.append(own)
    return found


def batch(folder: Path, *, part_size: int = 2000, **settings: Any) -> Summary:
    """A batch in this process, into a folder."""
    given = {"sink": (f"jsonl:{folder}",), "extract": "none", **settings}
    return Batch(Settings(**given), part_size, [], LineProgress()).go()


@pytest.fixture
def store(monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    """An object store, which all processes of the test find by their environment."""
    with object_store() as environment:
        for name, value in environment.items():
            monkeypatch.setenv(name, value)
        yield boto3.client("s3")


def keys(store: Any, prefix: str = "") -> list[str]:
    found = store.list_objects_v2(Bucket=BUCKET, Prefix=prefix).get("Contents", [])
    return [each["Key"] for each in found if f"{WORK}/" not in each["Key"]]


def fetched(store: Any, prefix: str, folder: Path) -> Path:
    for key in keys(store, prefix):
        folder.mkdir(exist_ok=True)
        store.download_file(BUCKET, key, str(folder / key.rpartition("/")[2]))
    return folder


# Verdicts


@pytest.mark.slow
def test_ten_thousand_articles_have_the_verdicts_of_a_run(tmp_path: Path) -> None:
    records = archive(10_000)
    inputs = tmp_path / "in"
    inputs.mkdir()
    random.Random(2).shuffle(records)
    for number in range(3):
        write_jsonl(inputs / f"{number}.jsonl", *records[number::3])
    given: dict[str, Any] = {"source": (str(inputs),), "extract": "none", "memory": False}
    ran = run_here(tmp_path / "state", sink=(f"jsonl:{tmp_path / 'run'}",), **given)
    summary = batch(tmp_path / "batch", part_size=600, **given)
    assert len(list((tmp_path / "batch").glob("articles-*"))) > 10, "parts of several slices"
    kinds = Counter(record["duplicate"]["kind"] for record in written(tmp_path / "run") if record["duplicate"])
    assert min(kinds["exact"], kinds["near"], kinds["revision"]) > 50, kinds
    assert_same(outputs(tmp_path / "batch"), outputs(tmp_path / "run"))
    same = ("seen", "enriched", "revisions", "copies", "unchanged", "dead_letters", "files_read")
    assert {name: getattr(summary, name) for name in same} == {name: getattr(ran, name) for name in same}


# Files, and what is not one


def test_files_of_all_kinds_come_from_an_object_store_and_go_there(store: Any, tmp_path: Path) -> None:
    records = archive(12)
    table = tmp_path / "table.parquet"
    wire = write_jsonl(tmp_path / "a.jsonl", *records[:4])
    batch(tmp_path / "own", source=(str(wire),), sink=(f"parquet:{tmp_path / 'own'}",))
    (own,) = (tmp_path / "own").glob("articles-*.parquet")
    own.rename(table)
    lines = "".join(f"{json.dumps(record)}\n" for record in records[4:])
    page = '<html lang="en"><head><title>Dam</title></head><body><article><h1>Dam</h1>' + "".join(
        f"<p>The dam of valley {number} holds, its keeper said on Monday, and it will be looked at again in May.</p>"
        for number in range(9)
    )
    http = f"HTTP/1.1 200 OK\r\nContent-Type: text/html\r\n\r\n{page}</article></body></html>"
    warc = (
        "WARC/1.0\r\nWARC-Type: response\r\nWARC-Target-URI: https://dam.example/1\r\n"
        "WARC-Date: 2026-03-02T08:00:00Z\r\n"
        f"Content-Type: application/http;msgtype=response\r\nContent-Length: {len(http)}\r\n\r\n{http}\r\n\r\n"
    )
    for key, data in {
        "in/table.parquet": table.read_bytes(),
        "in/deep/wire.jsonl.gz": gzip.compress(lines.encode() + b"\xff broken\n"),
        "in/deep/pages.warc.gz": gzip.compress(warc.encode()),
        "in/feeds.opml": b"<opml/>",
        "in/.hidden/x.jsonl": b'{"title": "hidden"}\n',
        "in/picture.png": b"png",
    }.items():
        store.put_object(Bucket=BUCKET, Key=key, Body=data)
    summary = batch(tmp_path, source=("s3://desk/in",), sink=("parquet:s3://desk/out", "jsonl:s3://desk/lines"))
    assert (summary.files_read, summary.seen, summary.dead_letters) == (3, 14, 1)
    out = fetched(store, "out/", tmp_path / "fetched")
    rows = [row for file in out.glob("*.parquet") for row in pq.read_table(file).to_pylist()]
    places = {row["provenance"]["input"]["file"] for row in rows}
    assert places == {
        "s3://desk/in/table.parquet",
        "s3://desk/in/deep/wire.jsonl.gz",
        "s3://desk/in/deep/pages.warc.gz",
    }
    (letter,) = written(out, "dead-letters")
    assert (letter["source"]["url"], letter["source"]["line"]) == ("s3://desk/in/deep/wire.jsonl.gz", 9)
    assert len(written(fetched(store, "lines/", tmp_path / "lines"))) == len(rows)
    left = store.list_objects_v2(Bucket=BUCKET, Prefix=f"out/{WORK}")["Contents"]
    assert sorted(each["Key"].rpartition("/")[2] for each in left) == [
        "judged.jsonl", "manifest.json", "parts.jsonl", "plan.json", "read.jsonl", "sorted.jsonl"
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("source", "message"),
    [
        ("https://outlet.example/feed", "claimwire run --exchange reads it"),
        ("kafka://localhost:9092/articles", "claimwire stream without end"),
        ("list.txt", "this names feeds or topics"),
        ("/nowhere/at/all.jsonl", "no such file|there is no folder"),
        ("nofs://desk/in", "cannot be looked into"),
    ],
)
def test_a_source_that_is_no_file_is_refused_with_what_reads_it(
    source: str, message: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("list.txt").write_text("https://outlet.example/feed\n")
    with pytest.raises(SourceError, match=message):
        batch(tmp_path / "out", source=(source,))
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize("sink", ["-", "sqlite:news.db", "kafka://localhost:9092/news", "parquet:"])
def test_a_sink_that_is_no_folder_is_refused(sink: str, tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match="a batch writes files"):
        batch(tmp_path, source=(str(ROOT / "examples/wire.jsonl"),), sink=(sink,))


def test_a_file_that_cannot_be_reached_stops_the_batch_and_is_read_by_the_next_start(tmp_path: Path) -> None:
    records = archive(6)
    there, gone = write_jsonl(tmp_path / "a.jsonl", *records[:3]), write_jsonl(tmp_path / "b.jsonl", *records[3:])
    source = (str(there), str(gone))
    out = tmp_path / "out"
    hidden = gone.rename(tmp_path / "hidden")
    with pytest.raises(SourceError):  # at first it has to be there
        batch(out, source=source)
    hidden.rename(gone)
    first = Batch(Settings(source=source, sink=(f"jsonl:{out}",), extract="none"), 10, [], LineProgress())
    first._runner.run = lambda *_: gone.rename(hidden)  # type: ignore[method-assign,assignment] # between plan and reading
    with pytest.raises(RunError, match="ended without a result"):
        first.go()
    with pytest.raises(RunError, match=rf"1 file of 2 could not be read.*{gone}: FileNotFoundError"):
        batch(out, source=source, part_size=10)
    assert not list(out.glob("*.jsonl"))
    hidden.rename(gone)
    there.unlink()  # it was read, and is not read again
    assert batch(out, source=source, part_size=10).seen == 6


def test_a_file_that_is_damaged_costs_itself_only(tmp_path: Path) -> None:
    good = write_jsonl(tmp_path / "a.jsonl", *archive(3))
    (tmp_path / "b.parquet").write_bytes(b"PAR1 and nothing else")
    summary = batch(tmp_path / "out", source=(str(good), str(tmp_path / "b.parquet")))
    assert (summary.sources_failed, summary.files_read, summary.enriched) == (1, 1, 3)


# Again and again


def test_a_file_system_that_replaces_no_file_keeps_that_of_another_attempt(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def rename(sources: list[str], targets: list[str]) -> None:
        if Path(targets[0]).exists():
            raise BeamIOError("there is one", {})
        Path(sources[0]).rename(targets[0])

    monkeypatch.setattr(FileSystems, "rename", rename)
    work = Work(SharedFolder(str(tmp_path)))
    for data in (b"first", b"second"):
        work.write(data, "done", "it")
    assert work.read("done", "it") == b"first"
    assert not list((tmp_path / WORK / "unfinished").iterdir())
    monkeypatch.setattr(FileSystems, "rename", lambda *_: Path(tmp_path / "nowhere").rename(tmp_path / "x"))
    with pytest.raises(SharedFolderError, match="cannot write to"):
        work.write(b"third", "other")


def test_a_batch_that_is_done_does_nothing_and_another_one_is_refused(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    source = (str(write_jsonl(tmp_path / "a.jsonl", *archive(4))),)
    first = batch(tmp_path / "out", source=source)
    before = {path: path.stat().st_mtime_ns for path in (tmp_path / "out").rglob("*") if path.is_file()}
    assert batch(tmp_path / "out", source=source) == first
    assert {path: path.stat().st_mtime_ns for path in (tmp_path / "out").rglob("*") if path.is_file()} == before
    with pytest.raises(SettingsError, match="part_size 2000, and now it is 7"):
        batch(tmp_path / "out", source=source, part_size=7)
    with pytest.raises(SettingsError, match=r"source .*a\.jsonl, and now it is .*wire\.jsonl"):
        batch(tmp_path / "out", source=(str(ROOT / "examples/wire.jsonl"),))


def _die_at(write: int, told: Path) -> None:
    """Kill this process at its nth whole file: before it has its name, or just after."""
    renamed, count = SharedFolder.whole, 0

    def whole(self: SharedFolder, path: str, unfinished: str) -> Any:
        from contextlib import contextmanager  # noqa: PLC0415

        @contextmanager
        def writing() -> Iterator[Any]:
            nonlocal count
            with renamed(self, path, unfinished) as file:
                yield file
                count += 1
                if count == write and write % 2:
                    os._exit(9)
            with told.open("a") as log:
                print(path, file=log)
            if count == write:
                os._exit(9)

        return writing()

    SharedFolder.whole = whole  # type: ignore[method-assign]


@pytest.mark.slow
def test_killed_again_and_again_nothing_is_lost_or_twice_and_what_is_done_is_not_done_again(tmp_path: Path) -> None:
    records = archive(40)
    for number in range(3):
        write_jsonl(tmp_path / f"{number}.jsonl", *records[number::3], '{"broken')
    given = ["batch", "--sink", "jsonl:out", "--extract", "none", "--part-size", "10"]
    given += [argument for number in range(3) for argument in ("--source", f"{number}.jsonl")]

    def start(before: Callable[[], None] | None = None) -> int:
        process = Command(given, cwd=tmp_path, env=environment(), preexec_fn=before, stderr=-3)
        return process.wait(120)

    starts = 0
    told = tmp_path / "told"
    while (code := start(partial(_die_at, 4 + 2 * starts, told))) == 9:
        starts += 1
        assert starts < 20
    assert code == INCOMPLETE, "dead letters were written"
    assert starts >= 4
    done = Counter(line for line in told.read_text().splitlines() if line.endswith(".json"))
    assert set(done.values()) == {1}, "a unit was done again"
    names = [f"{number}.jsonl" for number in range(3)]
    run_here(
        tmp_path / "state",
        source=tuple(str(tmp_path / name) for name in names),
        sink=(f"jsonl:{tmp_path / 'run'}",),
        extract="none",
    )
    assert_same(outputs(tmp_path / "out"), outputs(tmp_path / "run"))
    left = [path for path in (tmp_path / "out" / WORK).rglob("*") if path.is_file()]
    assert all(path.parent.name == WORK for path in left), left


def test_an_article_over_which_workers_die_is_extracted_alone_and_then_given_up(tmp_path: Path) -> None:
    work, part = Work(SharedFolder(str(tmp_path))), Part(0, 0)

    def die(*keys: str, alone: bool = False) -> None:
        note = Notes(work, part).extracting(keys, alone)
        note.__enter__()
        never_left.append(note)

    never_left: list[Any] = []

    with Notes(work, part).extracting(["a", "b"]):
        pass
    assert Notes(work, part).sort(["a", "b"]).together == ["a", "b"]
    for _ in range(SUSPECT):
        die("a", "b")
    assert Notes(work, part).sort(["a", "b", "c"]) == (["c"], ["a", "b"], [])
    for _ in range(GUILTY):
        die("a", alone=True)
    assert Notes(work, part).sort(["a", "b", "c"]) == (["c"], ["b"], ["a"])


# Elsewhere


@pytest.mark.timeout(400)
def test_workers_that_see_nothing_of_this_machine_give_what_this_machine_gives(
    claimwire: Claimwire, prism: str, tmp_path: Path, store: Any
) -> None:
    from apart import job_server, workers_apart  # noqa: PLC0415 - gRPC

    source = ROOT / "examples/wire.jsonl"
    store.upload_file(str(source), BUCKET, "in/wire.jsonl")
    store.put_object(Bucket=BUCKET, Key="in/more.jsonl", Body="".join(f"{json.dumps(r)}\n" for r in archive(30)))
    given = ("batch", "--source", "s3://desk/in", "--extractor", "rules", "--part-size", "12")
    here = claimwire(*given, "--sink", "jsonl:s3://desk/here")
    assert here.returncode == 0, here.stderr
    with job_server(prism) as address, workers_apart(tmp_path) as pool:
        apart = ("--runner", "PortableRunner", f"--job_endpoint={address}", *pool)
        there = claimwire(*given, "--sink", "jsonl:s3://desk/there", *apart)
    assert there.returncode == 0, there.stderr
    found = outputs(fetched(store, "there/", tmp_path / "there"))
    assert_same(found, outputs(fetched(store, "here/", tmp_path / "here")))
    assert any('"claims": [{' in record for record in found["articles"])
    # Neither a state nor a file of the run is left on this machine.
    assert sorted(path.name for path in tmp_path.iterdir()) == ["here", "there"]


@pytest.mark.timeout(600)
def test_a_batch_on_flink_gives_what_this_machine_gives(claimwire: Claimwire, tmp_path: Path) -> None:
    options = flink_options()
    if not options:
        pytest.skip("NOT TESTED ON FLINK: CLAIMWIRE_FLINK_JOB_ENDPOINT names no job server")
    source = write_jsonl(tmp_path / "wire.jsonl", *archive(60))
    batch(tmp_path / "here", source=(str(source),), part_size=12)
    given = ("batch", "--source", str(source), "--extract", "none", "--part-size", "12")
    done = claimwire(*given, "--sink", f"jsonl:{tmp_path / 'there'}", *options)
    assert done.returncode == 0, done.stderr
    assert_same(outputs(tmp_path / "there"), outputs(tmp_path / "here"))


def test_an_option_of_other_commands_is_told_as_such(claimwire: Claimwire) -> None:
    done = claimwire("batch", "--source", "in", "--sink", "jsonl:out", "--state", "state")
    assert (done.returncode, "--state is no option of this command" in done.stderr) == (2, True), done.stderr
