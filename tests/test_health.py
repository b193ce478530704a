"""Silent and degraded sources: simulated histories, each told once."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from itertools import pairwise

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from claimwire.pipelines.observe.health import Change, Entry, Health, answered, entry_key, failed, reason

START = datetime(2026, 9, 7, tzinfo=UTC)  # a Monday
HOUR, DAY = timedelta(hours=1), timedelta(days=1)
_SHOWN = 30


class History:
    """A source that is polled every ``every``, and publishes when it is told to."""

    def __init__(self, every: timedelta = HOUR, dated: bool = True) -> None:
        self.now = START
        self.health = Health()
        self.told: list[tuple[datetime, Change]] = []
        self._every = every
        self._dated = dated
        self._entries: list[Entry] = []
        self._number = 0

    def publish(self, teaser: bool | None = False, language: str | None = "en", at: datetime | None = None) -> None:
        self._number += 1
        published = (at or self.now) if self._dated else None
        self._entries.insert(0, Entry(entry_key(str(self._number)), published, teaser, language))
        del self._entries[_SHOWN:]

    def poll(self) -> None:
        self.health, _, changes = answered(self.health, self._entries, self.now)
        self.told += [(self.now, change) for change in changes]
        self.now += self._every

    def fail(self) -> None:
        self.health = failed(self.health)
        self.now += self._every

    def days(self, number: float, gap: timedelta, **kind: object) -> None:
        """Publish every ``gap`` for so many days."""
        end, due = self.now + number * DAY, self.now
        while self.now < end:
            while due <= self.now:
                self.publish(**kind)  # type: ignore[arg-type]
                due += gap
            self.poll()

    def quiet(self, days: float) -> None:
        end = self.now + days * DAY
        while self.now < end:
            self.poll()

    @property
    def kinds(self) -> list[tuple[str, bool]]:
        return [(change.condition, change.began) for _, change in self.told]


@pytest.mark.parametrize("dated", [True, False])
def test_a_source_that_stops_is_silent_once_and_recovers_once(dated: bool) -> None:
    history = History(dated=dated)
    history.days(14, 3 * HOUR)
    assert history.kinds == []
    stopped = history.now
    history.quiet(30)
    assert history.kinds == [("silent", True)]
    when, change = history.told[0]
    assert timedelta(hours=20) < when - stopped < 2 * DAY
    assert "usual is one every 3 hours" in change.reason
    assert history.health.silent
    assert "its newest entry" in (reason(history.health, history.now) or "")
    history.days(10, 3 * HOUR)
    assert history.kinds == [("silent", True), ("silent", False)]


def test_silence_is_three_times_the_usual_gap() -> None:
    history = History(every=6 * HOUR)
    history.days(60, 4 * DAY)
    stopped = history.health.new_at
    assert stopped
    history.quiet(40)
    assert history.kinds == [("silent", True)]
    assert 12 * DAY <= history.told[0][0] - stopped <= 13 * DAY


def test_nights_are_no_silence() -> None:
    history = History()
    for _ in range(40):
        history.days(14 / 24, HOUR / 2)
        history.quiet(10 / 24)
    assert history.kinds == []


def test_weekends_are_learnt() -> None:
    history = History()
    for _ in range(10):
        history.days(5, 2 * HOUR)
        history.quiet(2)
    late = [change for when, change in history.told if when > START + 21 * DAY]
    assert late == []
    assert len(history.told) <= 4


def test_a_source_whose_entries_are_all_old_is_silent() -> None:
    history = History()
    for age in range(10):
        history.publish(at=START - 400 * DAY - age * DAY)
    history.quiet(1)
    assert history.kinds == [("silent", True)]
    assert "2025-08-03, 400 days ago" in history.told[0][1].reason


def test_an_entry_of_the_future_does_not_keep_a_source_from_being_silent() -> None:
    history = History()
    history.days(14, 2 * HOUR)
    history.publish(at=history.now + 365 * DAY)
    history.quiet(20)
    assert history.kinds == [("silent", True)]


def test_a_source_without_entries_is_silent_after_a_month() -> None:
    history = History(every=6 * HOUR)
    history.quiet(29)
    assert history.kinds == []
    history.quiet(3)
    assert history.kinds == [("silent", True)]


def test_a_source_that_shrinks_to_teasers_is_told_once_and_so_is_its_end() -> None:
    history = History()
    history.days(10, HOUR)
    history.days(20, HOUR, teaser=True)
    assert history.kinds == [("degraded", True)]
    assert history.told[0][1].reason == "its entries have only teasers now"
    history.days(5, HOUR)
    assert history.kinds == [("degraded", True), ("degraded", False)]
    assert history.told[1][1].reason == "its entries have whole texts again"


@pytest.mark.parametrize("at_once", [1, 5, 25])
def test_a_source_that_is_known_by_few_entries_is_told_as_well(at_once: int) -> None:
    history = History()
    for teaser in (False, True):
        for number in range(25):
            history.publish(teaser=teaser)
            if number % at_once == at_once - 1:
                history.poll()
    assert history.kinds == [("degraded", True)]


def test_a_source_that_always_had_teasers_is_as_it_was() -> None:
    history = History()
    history.days(30, HOUR, teaser=True)
    assert history.kinds == []


def test_a_source_that_changes_its_language_is_told_once() -> None:
    history = History()
    history.days(10, HOUR, language="en")
    history.days(10, HOUR, language="de")
    assert history.kinds == [("degraded", True)]
    assert history.told[0][1].reason == "its entries are in another language now"
    history.days(10, HOUR, language="en")
    assert history.kinds == [("degraded", True), ("degraded", False)]


def test_a_guest_in_another_language_is_no_change() -> None:
    history = History()
    for number in range(400):
        history.publish(language="de" if number % 4 == 0 else "en")
        history.poll()
    assert history.kinds == []


def test_a_source_that_fails_half_of_the_time_is_told_once() -> None:
    history = History()
    for _ in range(60):
        history.publish()
        history.poll()
        history.fail()
    assert history.kinds == [("degraded", True)]
    assert history.told[0][1].reason == "about half of the requests to it fail"
    history.days(3, HOUR)
    assert history.kinds == [("degraded", True), ("degraded", False)]


def test_an_outage_is_one_failure_and_not_half_of_the_requests() -> None:
    history = History()
    history.days(5, HOUR)
    for _ in range(100):
        history.fail()
    history.days(5, HOUR)
    assert history.kinds == []


_STEPS = st.lists(
    st.tuples(
        st.sampled_from(["publish", "poll", "fail", "teaser", "german", "old", "future", "jump", "back"]),
        st.integers(1, 40),
    ),
    max_size=40,
)


@given(_STEPS, st.booleans(), st.sampled_from([HOUR / 12, HOUR, DAY]))
def test_whatever_happens_each_condition_begins_and_ends_in_turns(
    steps: list[tuple[str, int]], dated: bool, every: timedelta
) -> None:
    history = History(every, dated)
    for what, times in steps:
        for _ in range(times):
            _do(history, what)
    for condition in ("silent", "degraded"):
        began = [change.began for _, change in history.told if change.condition == condition]
        assert began == [number % 2 == 0 for number in range(len(began))]
    assert len(msgspec.json.encode(history.health)) < 2_000


def _do(history: History, what: str) -> None:
    if what == "fail":
        history.fail()
    elif what == "jump":
        history.now += 1461 * DAY / 40
        history.poll()
    elif what == "back":
        history.now -= 365 * DAY / 40
        history.poll()
    else:
        if what != "poll":
            at = {"old": history.now - 500 * DAY, "future": history.now + DAY}.get(what)
            history.publish(teaser=what == "teaser", language="de" if what == "german" else "en", at=at)
        history.poll()


@given(_STEPS)
def test_what_is_known_survives_being_stored(steps: list[tuple[str, int]]) -> None:
    history = History()
    for what, times in steps:
        for _ in range(min(times, 3)):
            _do(history, what)
            history.health = msgspec.json.decode(msgspec.json.encode(history.health), type=Health)


def test_silence_does_not_flap() -> None:
    """Between two of one kind lies at least a day, whatever the source does."""
    history = History(every=HOUR / 4)
    for number in range(4_000):
        if number % 97 < 2 or number % 1013 == 0:
            history.publish()
        history.poll()
    silent = [when for when, change in history.told if change.condition == "silent" and change.began]
    assert all(after - before >= DAY for before, after in _pairs(silent))


def _pairs(times: list[datetime]) -> Iterable[tuple[datetime, datetime]]:
    return pairwise(times)


def test_the_rate_is_that_of_the_last_week() -> None:
    history = History()
    history.days(30, 2 * HOUR)
    assert 11 < (history.health.counted_a_day or 0) < 13
    history.days(30, 12 * HOUR)
    assert 1.8 < (history.health.counted_a_day or 0) < 2.5


def test_the_first_reading_knows_the_rate_by_the_dates_of_the_entries() -> None:
    history = History()
    for number in range(30):
        history.publish(at=START - number * HOUR)
    history.poll()
    assert 22 < (history.health.counted_a_day or 0) < 27


def test_an_entry_that_leaves_for_a_while_is_not_new_when_it_comes_back() -> None:
    one, two = (Entry(entry_key(name), None, None, None) for name in "ab")
    known, first, _ = answered(Health(), [one, two], START)
    known, second, _ = answered(known, [two], START + HOUR)
    known, third, _ = answered(known, [one, two], START + 2 * HOUR)
    assert [found.new for found in (first, second, third)] == [2, 0, 0]
