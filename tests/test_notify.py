"""Whoever asked is told, at least once, and no run waits for it."""

from __future__ import annotations

import json
import sqlite3
import threading
import time
from collections.abc import Iterator, Mapping
from contextlib import closing, suppress
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from told import mailbox, webhook
from webserver import free_port

from claimwire.pipelines.notify import upkeep
from claimwire.pipelines.notify.courier import Courier
from claimwire.pipelines.notify.message import Message, written
from claimwire.pipelines.notify.sending import Sent, send
from claimwire.pipelines.notify.targets import TargetError, check_form, check_known, hiding, resolve, shown
from claimwire.pipelines.observe.events import match_event
from claimwire.pipelines.state import deliveries
from claimwire.pipelines.state.database import transaction
from claimwire.pipelines.state.deliveries import Told
from claimwire.pipelines.state.opening import State
from claimwire.schemas import Match, MessageSpeaker, Source, encode
from claimwire.schemas.records import SCHEMA_VERSION

NOW = datetime(2026, 11, 20, 9, 30, tzinfo=UTC)
EVIL = "</p><script>alert(1)</script> <!channel> @everyone [free](https://evil.example) \u202eevas\x1b[2J\nMatch: ours"


def match(number: int, watch: str = "Bridges", **more: Any) -> Match:
    given: dict[str, Any] = {
        "schema_version": SCHEMA_VERSION, "id": f"{number:08x}{number:024x}", "watch": watch, "of": "claim",
        "article_id": "a", "claim_id": f"c{number}", "thread_id": None, "why": (),
        "matched_at": NOW + timedelta(seconds=number),
        "url": "https://courier.example/bridge", "title": "Bridge stays closed",
        "source": Source("Courier", None, "courier.example"), "language": "en", "published_at": NOW,
        "text": f"{number} cables have rusted through", "speaker": MessageSpeaker("she", "Ana Verr", "person"),
        "sentence": f"{number} cables have rusted through, she said.", "cue": "said", **more,
    }  # fmt: skip
    return Match(**given)


def matched(db: sqlite3.Connection, *matches: Match, now: datetime | None = None) -> None:
    """What the commit of a pass does with the matches of its records."""
    with transaction(db):
        rows = [(one.id, one.watch, encode(match_event(one)).decode(), one.matched_at.isoformat()) for one in matches]
        db.executemany("INSERT OR REPLACE INTO matches VALUES (?, ?, ?, ?)", rows)
        deliveries.plan(db, now or datetime.now(UTC))


def asked(db: sqlite3.Connection, **watches: Told) -> None:
    with transaction(db):
        deliveries.settle(db, watches, NOW)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    with State(tmp_path / "state"):
        return tmp_path / "state"


@pytest.fixture
def db(folder: Path) -> Iterator[sqlite3.Connection]:
    with closing(sqlite3.connect(folder / "state.db", isolation_level=None)) as opened:
        yield opened


def outcomes(db: sqlite3.Connection) -> list[str | None]:
    return [outcome for (outcome,) in db.execute("SELECT outcome FROM deliveries ORDER BY match, target")]


def wait_for(condition: Any) -> None:
    until = time.monotonic() + 60
    while not condition():
        assert time.monotonic() < until, "it has not happened"
        time.sleep(0.02)


def due_again(db: sqlite3.Connection) -> None:
    """Let the next try be now."""
    db.execute("UPDATE deliveries SET due = 0")


# Delivery


def test_a_mail_and_a_webhook_tell_who_said_what_and_where(folder: Path, db: sqlite3.Connection) -> None:
    with mailbox() as (mails, port), webhook() as hook:
        mail = f"mailto://127.0.0.1:{port}?to=desk@news.example&from=claimwire@news.example"
        asked(db, Bridges=Told((mail, hook.target)))
        matched(db, match(1), match(2, thread_id="c0"))
        with Courier(folder, timedelta(days=1)):
            pass  # its end sends what is due
    assert [mail["Subject"] for mail in mails] == ["Bridges: 2 claims"]
    assert mails[0]["To"] == "desk@news.example"
    assert mails[0].get_content_type() == "text/plain"
    body = str(mails[0].get_body().get_content()).replace("\r", "")  # type: ignore[union-attr]
    assert body.strip() == (
        "Bridge stays closed\nCourier · 20 Nov 2026, 09:30 UTC\nhttps://courier.example/bridge\n"
        "– Ana Verr said: 1 cables have rusted through [00000001]\n"
        "– Ana Verr said: 2 cables have rusted through (told before) [00000002]"
    )
    assert hook.messages[0]["title"] == "Bridges: 2 claims"
    assert hook.messages[0]["message"].strip() == body.strip()
    assert outcomes(db) == ["delivered"] * 4


def test_a_target_that_was_away_gets_all_of_it_when_it_is_back(folder: Path, db: sqlite3.Connection) -> None:
    port = free_port()
    mail = f"mailto://127.0.0.1:{port}?to=desk@news.example&from=claimwire@news.example"
    asked(db, Bridges=Told((mail,)))
    matched(db, match(1))
    began = time.time()
    with Courier(folder, timedelta(days=1)):
        pass
    assert outcomes(db) == [None]
    attempts, problem, due = db.execute("SELECT attempts, problem, due FROM deliveries").fetchone()
    assert (attempts, bool(problem)) == (1, True)
    assert began + 60 - 1 <= due / 1000 <= time.time() + 60
    # What comes meanwhile waits for the next try, too.
    matched(db, match(2))
    with mailbox(port) as (mails, _):
        with Courier(folder, timedelta(days=1)):
            pass
        assert mails == []
        due_again(db)
        with Courier(folder, timedelta(days=1)):
            pass
    assert [mail["Subject"] for mail in mails] == ["Bridges: 2 claims"]
    assert outcomes(db) == ["delivered"] * 2


def test_a_receiver_that_refuses_is_left_alone_as_long_as_it_asks(folder: Path, db: sqlite3.Connection) -> None:
    answers = [(503, {"Retry-After": "1800"}), (429, {}), (200, {})]
    with webhook(answer=lambda number: answers[number]) as hook:
        asked(db, Bridges=Told((hook.target,)))
        matched(db, match(1))
        for pause in (1800, 120, None):
            began = time.time()
            with Courier(folder, timedelta(days=1)):
                pass
            due, problem = db.execute("SELECT due, problem FROM deliveries").fetchone()
            if pause:
                assert began + pause - 1 <= due / 1000 <= time.time() + pause
                assert "error=" in problem
            due_again(db)
        assert len(hook.messages) == 3
    assert outcomes(db) == ["delivered"]


def test_a_slow_target_holds_up_neither_the_others_nor_the_end(folder: Path, db: sqlite3.Connection) -> None:
    answering, answered = threading.Event(), []

    def deliver(message: Message, target: str, environment: Mapping[str, str]) -> Sent:
        if target == "json://slow":
            answering.wait(300)
            answered.append(target)
        return Sent(None)

    asked(db, Bridges=Told(("json://slow", "json://quick")))
    matched(db, match(1))
    with Courier(folder, timedelta(days=1), {}, deliver, limit_s=0.5, last_s=200):
        wait_for(lambda: outcomes(db) == ["delivered", None])
        wait_for(lambda: db.execute("SELECT 1 FROM deliveries WHERE problem IS NOT NULL").fetchone())
        # It is not asked again while it has not answered, and that counts as a failure each time.
        due_again(db)
        wait_for(lambda: db.execute("SELECT max(attempts) FROM deliveries").fetchone() == (2,))
        matched(db, match(2))
        wait_for(lambda: outcomes(db) == ["delivered", None, "delivered", None])
    assert not answered, "the end has waited for it"
    answering.set()


def test_two_processes_do_not_send_at_the_same_time(folder: Path, db: sqlite3.Connection) -> None:
    sent: list[str] = []

    def deliver(message: Message, target: str, environment: Mapping[str, str]) -> Sent:
        sent.append(message.title)
        return Sent(None)

    asked(db, Bridges=Told(("json://one",)))
    with Courier(folder, timedelta(days=1), {}, deliver):
        matched(db, match(1))
        wait_for(lambda: sent)
        matched(db, match(2))
        with Courier(folder, timedelta(days=1), {}, lambda *_: Sent("this one must not send")):
            pass
    assert len(sent) == 2
    assert outcomes(db) == ["delivered"] * 2


def test_what_is_given_up_is_said_in_an_event_and_counted(
    folder: Path, db: sqlite3.Connection, caplog: pytest.LogCaptureFixture
) -> None:
    asked(db, Bridges=Told(("${DESK_CHAT}",)))
    matched(db, match(1), match(2))
    with Courier(folder, timedelta(0), {}):
        pass
    assert outcomes(db) == ["given up"] * 2
    assert "gave up telling ${DESK_CHAT} of 2 matches of the watch Bridges: the variable DESK_CHAT is not set" in (
        caplog.text
    )
    upkeep.report(db, NOW)
    upkeep.report(db, NOW)
    events = [json.loads(record) for (record,) in db.execute("SELECT record FROM queue WHERE kind = 'event'")]
    assert [(event["type"], event["data"]["watch"], len(event["data"]["matches"])) for event in events] == [
        ("claimwire.notification.failed", "Bridges", 2)
    ]
    assert outcomes(db) == ["reported"] * 2
    assert deliveries.counts(db)["Bridges"].given_up == 2


def test_what_nobody_wants_any_more_is_let_go_of(db: sqlite3.Connection) -> None:
    asked(db, Bridges=Told(("json://one", "json://two")), Trains=Told(("json://one",)))
    matched(db, match(1), match(2, "Trains"))
    asked(db, Bridges=Told(("json://two",)))
    assert outcomes(db) == ["withdrawn", None, "withdrawn"]
    upkeep.begin(db, (), NOW)  # of a run by hand, without the settings of the others
    assert outcomes(db) == ["withdrawn", None, "withdrawn"]
    # A match that is committed again, after a kill, is not told again.
    matched(db, match(1))
    assert [batch.target for batch in deliveries.due(db, datetime.now(UTC))] == ["json://two"]


@pytest.mark.parametrize(
    ("digest", "at"),
    [("at once", NOW), ("hourly", NOW.replace(hour=10, minute=0)), ("daily", datetime(2026, 11, 21, 6, tzinfo=UTC))],
)
def test_a_digest_waits_for_its_hour_and_is_one_message(db: sqlite3.Connection, digest: Any, at: datetime) -> None:
    asked(db, Bridges=Told(("json://one",), digest))
    matched(db, match(1), match(2), now=NOW)
    assert deliveries.digest_time(digest, NOW) == at
    assert digest == "at once" or deliveries.due(db, at - timedelta(seconds=1)) == []
    (batch,) = deliveries.due(db, at)
    assert len(batch.matches) == 2


@given(st.datetimes(timezones=st.just(UTC), max_value=datetime(9000, 1, 1)))
def test_a_digest_comes_within_its_time(now: datetime) -> None:
    assert timedelta(0) < deliveries.digest_time("hourly", now) - now <= timedelta(hours=1)
    assert timedelta(0) < deliveries.digest_time("daily", now) - now <= timedelta(days=1)
    assert deliveries.digest_time("daily", now).hour == 6


# Messages


def test_a_strangers_text_is_nothing_but_text() -> None:
    hostile = match(
        1, text=EVIL, title=EVIL, source=Source(EVIL, None, None), speaker=MessageSpeaker(EVIL, EVIL, "person"),
        url=f"https://evil.example/{EVIL}",
    )  # fmt: skip
    message = written("Bridges", [hostile])
    assert "\n" not in message.title
    assert len(message.body.splitlines()) == 4
    for mark in ("<", ">", "@everyone", "](", "\u202e", "\x1b"):
        assert mark not in message.title + message.body
    assert written("Bridges", [match(1, url="javascript:alert(1)")]).body.count("\n") == 2


@settings(max_examples=40)
@given(st.text(), st.text(max_size=400))
def test_whatever_a_stranger_writes_ends_no_line_and_calls_nobody(text: str, url: str) -> None:
    one = match(1, text=text, title=text, url=f"https://x.example/{url}", source=Source(text, None, None))
    message = written("Bridges", [one])
    assert len(message.body.split("\n")) in (3, 4)
    assert not set("<>`@\r\x00\x1b") & set(message.body)


def test_a_mail_as_html_has_no_markup_of_a_stranger() -> None:
    with mailbox() as (mails, port):
        target = f"mailto://127.0.0.1:{port}?to=desk@news.example&from=claimwire@news.example&format=html"
        assert send(written("Bridges", [match(1, text=EVIL, title="a & b <i>c</i>")]), target, {}) == Sent(None)
    html = mails[0].get_body(("html",)).get_content()  # type: ignore[union-attr]
    assert "a&nbsp;&amp;&nbsp;b" in html
    assert "<i>" not in html
    assert "<script" not in html
    assert "http://" not in html.replace("http://www.w3.org", ""), "it loads something from elsewhere"


# Targets


def test_a_secret_stands_in_the_environment_and_nowhere_else() -> None:
    environment = {"MAIL_PASSWORD": "p:ss/w@rd", "DESK_CHAT": "json://user:hunter22@127.0.0.1:1/hook"}
    target = check_form("mailtos://desk:${MAIL_PASSWORD}@mail.example?to=a@news.example")
    assert resolve(target, environment) == "mailtos://desk:p%3Ass%2Fw%40rd@mail.example?to=a@news.example"
    assert resolve(check_form("DESK_CHAT"), environment) == environment["DESK_CHAT"]
    assert hiding(target, environment)("no p:ss/w@rd, no p%3Ass%2Fw%40rd") == "no ***, no ***"
    sent = send(Message("title", "body"), "${DESK_CHAT}", environment)
    assert sent.problem
    assert "hunter22" not in sent.problem
    with pytest.raises(TargetError, match="DESK_OTHER is not set"):
        resolve("${DESK_OTHER}", environment)


@pytest.mark.parametrize(
    "target",
    [
        "mailtos://desk:hunter22@mail.example",
        "tgram://123456789:hunter22_hijklmnop/12315544/",
        "slack://T1JJ3T3L2/A1BRTD4JD/TIhunter22dnlazkcOXrIdev/#news",
        "json://desk.example/hook?+X-Token=hunter22",
        "jsons://desk:${HALF}hunter22@desk.example",
        "discord://4174216298/JHMHI8qBe7bk2ZwO5U711ohunter22",
    ],
)
def test_a_secret_in_the_settings_is_refused_and_not_repeated(target: str) -> None:
    with pytest.raises(TargetError, match="password, a token or a key") as refused:
        check_form(target)
    assert "hunter22" not in str(refused.value)
    assert "hunter22" not in shown(target)


@pytest.mark.parametrize("target", ["", None, 7, "desk", "${desk-chat}", "x" * 3000])
def test_what_is_no_target_is_refused(target: Any) -> None:
    with pytest.raises(TargetError):
        check_form(target)


def test_what_apprise_does_not_know_is_told() -> None:
    check_known("${DESK_CHAT}")
    check_known("json://desk.example/hook")
    with pytest.raises(TargetError, match="none that apprise knows"):
        check_known("carrier-pigeon://desk.example")


@given(st.text())
def test_no_target_ends_the_program(text: str) -> None:
    with suppress(TargetError):
        check_form(text)
    shown(text)
