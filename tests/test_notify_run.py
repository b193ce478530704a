"""The command tells whoever asked: killed between the sending and the mark, away, and in a feed of each watch."""

from __future__ import annotations

import os
import signal
import subprocess
import time
from pathlib import Path

import feedparser
from command import Command, environment
from conftest import Claimwire, write_jsonl, written
from told import webhook
from webserver import free_port

TEXT = "The bridge at Talvern will stay closed until the spring, because engineers found cracks in four of its piers."


def desk(folder: Path, target: str, *titles: str) -> Path:
    """A settings file with a watch, and a source with articles that it matches."""
    write_jsonl(
        folder / "wire.jsonl",
        *(
            {
                "url": f"https://a.example/{n}",
                "title": title,
                "text": f"{title}. {TEXT}",
                "published": f"2026-11-{n:02}",
            }
            for n, title in enumerate(titles, 10)
        ),
    )
    settings = folder / "claimwire.yaml"
    settings.write_text(
        "source: wire.jsonl\nsink: [jsonl:out, sqlite:news.db]\nstate: state\nextract: none\nwatch_feeds: feeds\n"
        f"watches:\n  - name: Bridges\n    words: bridge\n    notify: {target}\n"
    )
    return settings


def run(folder: Path) -> subprocess.Popen[str]:
    arguments = ["run", "--config", "claimwire.yaml"]
    return Command(arguments, cwd=folder, env=environment(), stderr=subprocess.PIPE, text=True)


def test_killed_between_the_sending_and_the_mark_it_sends_again_and_then_no_more(tmp_path: Path) -> None:
    running: list[subprocess.Popen[str]] = []

    def answer(number: int) -> tuple[int, dict[str, str]]:
        if not number:  # the message has arrived, and is not marked
            while not running:
                time.sleep(0.01)
            os.kill(running[0].pid, signal.SIGKILL)
        return 200, {}

    with webhook(answer=answer) as hook:
        desk(tmp_path, hook.target, "Cracks", "Buses")
        for code, messages in ((-signal.SIGKILL, 1), (0, 2), (0, 2)):
            running[:] = [run(tmp_path)]
            with running[0] as process:
                process.communicate(timeout=300)
            assert (process.returncode, len(hook.messages)) == (code, messages)
    assert hook.messages[0]["title"] == "Bridges: 2 articles"
    assert hook.messages[0] == hook.messages[1]
    matches = [event["data"] for event in written(tmp_path, "events") if event["type"] == "claimwire.watch.matched"]
    assert sorted(match["title"] for match in matches) == ["Buses", "Cracks"]


def test_a_receiver_that_is_away_costs_the_run_nothing_and_gets_all_later(tmp_path: Path, claimwire: Claimwire) -> None:
    port = free_port()
    desk(tmp_path, f"json://127.0.0.1:{port}/hook", "Cracks")
    done = claimwire("run", "--config", "claimwire.yaml")
    assert done.returncode == 0, done.stderr
    assert f"could not tell json://127.0.0.1:{port}/hook of 1 match of the watch Bridges" in done.stderr
    listed = claimwire("watches", "--config", "claimwire.yaml").stdout
    assert "Bridges 1 now 1 0 1 0" in " ".join(listed.split())
    assert "1 tried in vain" in listed
    assert claimwire("watches", "--config", "claimwire.yaml", "--try", "bridges").returncode == 1
    with webhook(port) as hook:
        assert claimwire("watches", "--config", "claimwire.yaml", "--try", "bridges").returncode == 0
        assert [message["title"] for message in hook.messages] == ["Bridges: a trial"]
        desk(tmp_path, hook.target, "Cracks")
        _let_the_next_try_be_now(tmp_path)
        assert claimwire("run", "--config", "claimwire.yaml").returncode == 0
        assert [message["title"] for message in hook.messages] == ["Bridges: a trial", "Bridges: Cracks"]


def _let_the_next_try_be_now(folder: Path) -> None:
    import sqlite3  # noqa: PLC0415

    with sqlite3.connect(folder / "state" / "state.db") as db:
        db.execute("UPDATE deliveries SET due = 0")
    db.close()


def test_watch_uses_the_last_good_watches_and_tells_whoever_an_edit_names(tmp_path: Path) -> None:
    (tmp_path / "watches.yaml").write_text("- {name: Bridges, words: bridge}\n")
    arguments = ["watch", "--source", "wire.jsonl", "--sink", "jsonl:out", "--state", "state", "--extract", "none",
                 "--every", "1s", "--watches", "watches.yaml"]  # fmt: skip

    def rewrite(watches: str) -> None:
        """Watch never finds half of it."""
        (tmp_path / "new").write_text(watches)
        (tmp_path / "new").replace(tmp_path / "watches.yaml")

    def matched(*titles: str) -> None:
        desk(tmp_path, "json://127.0.0.1:9/nobody", *titles)
        until = time.monotonic() + 60
        while time.monotonic() < until:
            events = written(tmp_path, "events") if (tmp_path / "out").exists() else []
            if sum(event["type"] == "claimwire.watch.matched" for event in events) == len(titles):
                return
            time.sleep(0.2)
        raise AssertionError(f"not all of {titles} were matched")

    with (
        webhook() as hook,
        Command(arguments, cwd=tmp_path, env=environment(), stderr=subprocess.PIPE, text=True) as run_,
    ):
        try:
            matched("Cracks")
            rewrite("- {name: Bridges, wrods: bridge}\n")
            matched("Cracks", "Buses")
            rewrite(f"- {{name: Bridges, words: bridge, notify: '{hook.target}'}}\n")
            matched("Cracks", "Buses", "Divers")
            until = time.monotonic() + 60
            while not hook.messages and time.monotonic() < until:
                time.sleep(0.2)
        finally:
            run_.send_signal(signal.SIGTERM)
            _, err = run_.communicate(timeout=60)
    assert [message["title"] for message in hook.messages] == ["Bridges: Divers"]
    assert err.count("there is no condition 'wrods'") == 1
    assert "right again" in err


def test_each_watch_has_a_feed_that_readers_can_follow(tmp_path: Path, claimwire: Claimwire) -> None:
    evil = 'Cracks <script>alert(1)</script> & "so" on'
    with webhook() as hook:
        desk(tmp_path, hook.target, evil)
        assert claimwire("run", "--config", "claimwire.yaml").returncode == 0
        first = feedparser.parse((tmp_path / "feeds/bridges.atom").read_bytes())
        desk(tmp_path, hook.target, evil, "Buses")
        assert claimwire("run", "--config", "claimwire.yaml").returncode == 0
    then = feedparser.parse((tmp_path / "feeds/bridges.atom").read_bytes())
    assert (first.bozo, then.bozo, then.version) == (False, False, "atom10")
    assert first.feed.id == then.feed.id
    assert {entry.id for entry in first.entries} < {entry.id for entry in then.entries}
    assert sorted(entry.title for entry in then.entries) == ["Buses", 'Cracks ‹script›alert(1)‹/script› & "so" on']
    assert {entry.link for entry in then.entries} == {"https://a.example/10", "https://a.example/11"}
    assert all(entry.id.startswith("urn:uuid:") and entry.updated_parsed for entry in then.entries)


def test_a_password_in_the_settings_is_refused_before_anything_is_read(tmp_path: Path, claimwire: Claimwire) -> None:
    desk(tmp_path, "mailtos://desk:hunter22@mail.example", "Cracks")
    done = claimwire("run", "--config", "claimwire.yaml")
    assert done.returncode == 2
    assert "watch 'Bridges': notify" in done.stderr
    assert "Put it into the environment" in done.stderr
    assert "hunter22" not in done.stderr
    assert not (tmp_path / "state").exists()
