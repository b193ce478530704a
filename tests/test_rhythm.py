"""When a source is asked again: the bounds hold whatever it says, and more news never means a longer wait."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from claimwire.connectors.feeds.parsing import parse_feed
from claimwire.connectors.feeds.records import Hints
from claimwire.connectors.web.waits import fresh_for
from claimwire.pipelines.observe.health import Entry, Health, News, answered, entry_key
from claimwire.pipelines.run import rhythm
from claimwire.pipelines.run.rhythm import JITTER, LONGEST, LONGEST_FAILING, SHORTEST, failing, interval, is_due

MONDAY = datetime(2026, 11, 30, 12, tzinfo=UTC)

hints = st.none() | st.builds(
    Hints,
    every_s=st.none() | st.integers(1, 10**9),
    skip_hours=st.lists(st.integers(0, 23)).map(tuple),
    skip_days=st.lists(st.integers(0, 6)).map(tuple),
)
spans = st.timedeltas(timedelta(), timedelta(days=90))
news = st.builds(
    lambda new, more, elapsed: News(new, new + more, elapsed),
    st.integers(0, 1000),
    st.integers(0, 1000),
    st.none() | spans,
)
times = st.datetimes(datetime(2000, 1, 1), datetime(2200, 1, 1), timezones=st.just(UTC))


@given(st.floats(0, 1e9), news, hints, st.none() | st.integers(0, 10**12))
def test_a_source_that_answers_is_asked_between_5_minutes_and_24_hours(
    a_day: float, had: News, said: Hints | None, fresh_s: int | None
) -> None:
    wait = interval(a_day, had, said, fresh_s)
    assert SHORTEST <= wait <= LONGEST
    due = rhythm.next_time(MONDAY, wait, said)
    assert MONDAY + wait <= due <= MONDAY + LONGEST


@given(st.floats(0, 1e6), st.floats(0, 1e6), news, st.integers(0, 1000), hints, st.none() | st.integers(0, 10**6))
def test_more_news_never_means_a_longer_interval(
    a_day: float, more_a_day: float, had: News, more: int, said: Hints | None, fresh_s: int | None
) -> None:
    more_news = had._replace(new=min(had.new + more, had.entries))
    assert interval(a_day + more_a_day, more_news, said, fresh_s) <= interval(a_day, had, said, fresh_s)


@given(st.integers(0, 60), st.integers(0, 60), st.lists(st.integers(0, 5), max_size=8))
def test_the_same_holds_for_a_source_with_a_history(few: int, more: int, history: list[int]) -> None:
    known, now, number = Health(), MONDAY, 0
    for count in history:
        now += timedelta(hours=1)
        number += count
        known, *_ = answered(known, _entries(range(number)), now)
    now += timedelta(hours=1)
    waits = []
    for count in (few, few + more):
        # As many entries in all, of which some were there before.
        had = _entries([*range(number, number + count), *range(-120 + count, 0)])
        after, found, _ = answered(known, had, now)
        waits.append(interval(after.a_day, found, None, None))
    if history:
        assert waits[1] <= waits[0]


def _entries(numbers: object) -> list[Entry]:
    return [Entry(entry_key(str(number)), None, None, None) for number in numbers]  # type: ignore[attr-defined]


@given(st.floats(0.01, 1e6), st.integers(300, 86_400))
def test_what_a_feed_says_of_itself_is_kept_to(a_day: float, seconds: int) -> None:
    for said, fresh in ((Hints(every_s=seconds), None), (None, seconds), (Hints(every_s=seconds), 300)):
        assert interval(a_day, News(0, 0, None), said, fresh) >= timedelta(seconds=seconds)


@pytest.mark.parametrize(
    ("a_day", "had", "minutes"),
    [
        (24.0, News(1, 30, timedelta(minutes=30)), 30),  # about twice for each entry
        (1000.0, News(5, 30, timedelta(minutes=5)), 5),
        (24.0, News(30, 30, timedelta(minutes=30)), 15),  # all of it was new, so something may have been missed
        (0.1, News(0, 10, timedelta(days=1)), 24 * 60),
        (2.0, News(0, 10, timedelta(days=1)), 6 * 60),
    ],
)
def test_the_interval_follows_what_is_published(a_day: float, had: News, minutes: int) -> None:
    assert interval(a_day, had, None, None) == timedelta(minutes=minutes)


@given(st.timedeltas(SHORTEST, LONGEST), spans, spans, st.booleans())
def test_a_source_that_fails_is_asked_ever_less_and_never_given_up(
    usual: timedelta, failing_for: timedelta, longer: timedelta, gone: bool
) -> None:
    waits = [failing(usual, failing_for, gone), failing(usual, failing_for + longer, gone)]
    assert usual <= waits[0] <= waits[1] <= LONGEST_FAILING
    assert failing(usual, timedelta(days=365), gone) == LONGEST_FAILING
    assert failing(usual, timedelta(), gone=True) >= timedelta(days=1)


@given(st.timedeltas(timedelta(seconds=1), timedelta(days=8)), st.text())
def test_jitter_stays_in_its_share_and_is_always_the_same_for_a_source(wait: timedelta, name: str) -> None:
    longer = rhythm.jittered(wait, name)
    assert wait <= longer <= wait * (1 + JITTER)
    assert longer == rhythm.jittered(wait, name)


def test_sources_of_one_interval_are_spread() -> None:
    waits = sorted(rhythm.jittered(timedelta(minutes=50), f"https://{n}.example/") for n in range(1000))
    assert max(after - before for before, after in pairwise(waits)) < timedelta(seconds=10)
    assert waits[-1] - waits[0] > timedelta(minutes=4)


def test_hours_and_days_that_a_feed_skips_are_skipped_but_not_for_more_than_a_day() -> None:
    wait = timedelta(minutes=30)
    evening = Hints(skip_hours=(12, 13, 14))
    assert rhythm.next_time(MONDAY, wait, evening) == MONDAY.replace(hour=15)
    assert rhythm.next_time(MONDAY, wait, Hints(skip_days=(0,))) == datetime(2026, 12, 1, tzinfo=UTC)
    assert rhythm.next_time(MONDAY, wait, Hints(skip_days=(0, 1, 2, 3))) == MONDAY + LONGEST
    assert rhythm.next_time(MONDAY, wait, Hints(skip_hours=tuple(range(24)))) == MONDAY + wait
    assert rhythm.next_time(MONDAY, wait, Hints(skip_days=tuple(range(7)))) == MONDAY + wait


@given(times, times, times)
def test_whatever_the_clock_was_a_source_is_asked_within_eight_days(
    next_at: datetime, asked_at: datetime, now: datetime
) -> None:
    if is_due(next_at, asked_at, now):
        return
    assert asked_at <= now + timedelta(minutes=1)  # else a clock that was ahead would hold it back
    assert is_due(next_at, asked_at, now + timedelta(days=9))


def test_a_source_is_due_when_its_time_has_come() -> None:
    assert is_due(None, None, MONDAY)
    assert is_due(MONDAY, MONDAY - timedelta(hours=1), MONDAY)
    assert not is_due(MONDAY + timedelta(minutes=5), MONDAY, MONDAY)
    assert is_due(MONDAY + timedelta(days=1000), MONDAY - timedelta(days=1), MONDAY)
    assert is_due(MONDAY + timedelta(minutes=5), MONDAY + timedelta(days=1), MONDAY)


# What feeds and answers say


def head(inner: str) -> bytes:
    return (
        '<?xml version="1.0"?><rss version="2.0" xmlns:sy="http://purl.org/rss/1.0/modules/syndication/"><channel>'
        f"<title>Made up</title>{inner}<item><title>One</title></item></channel></rss>"
    ).encode()


@pytest.mark.parametrize(
    ("inner", "said"),
    [
        ("", None),
        ("<ttl>45</ttl>", Hints(every_s=2700)),
        ("<ttl>soon</ttl>", None),
        ("<ttl>-5</ttl>", None),
        ("<ttl>999999999</ttl>", Hints(every_s=366 * 86_400)),
        ("<sy:updatePeriod>hourly</sy:updatePeriod><sy:updateFrequency>2</sy:updateFrequency>", Hints(every_s=1800)),
        ("<sy:updatePeriod> weekly </sy:updatePeriod>", Hints(every_s=7 * 86_400)),
        ("<sy:updateFrequency>4</sy:updateFrequency>", Hints(every_s=21_600)),
        ("<sy:updatePeriod>hourly</sy:updatePeriod><sy:updateFrequency>0</sy:updateFrequency>", None),
        ("<sy:updatePeriod>at times</sy:updatePeriod>", None),
        ("<ttl>10</ttl><sy:updatePeriod>hourly</sy:updatePeriod>", Hints(every_s=3600)),
        ("<skipHours><hour>0</hour><hour> 23 </hour><hour>24</hour><hour>25</hour></skipHours>",
         Hints(skip_hours=(0, 23))),
        ("<skipDays><day>Saturday</day><day>Sunday</day><day>Someday</day></skipDays>", Hints(skip_days=(5, 6))),
        ("<skipHours><hour>1</hour>", None),
    ],
)  # fmt: skip
def test_what_a_feed_says_of_its_rhythm_is_read(inner: str, said: Hints | None) -> None:
    assert parse_feed(head(inner), "https://a.example/feed").hints == said


@given(st.binary(max_size=400), st.sampled_from(["ttl", "skipHours", "skipDays", "sy:updatePeriod"]))
def test_a_feed_may_say_anything_of_its_rhythm(noise: bytes, name: str) -> None:
    body = head(f"<{name}>§</{name}>").replace("§".encode(), noise)
    said = parse_feed(body, "https://a.example/feed").hints
    if said:
        assert said.every_s is None or said.every_s > 0
        assert all(0 <= hour <= 23 for hour in said.skip_hours)
        assert all(0 <= day <= 6 for day in said.skip_days)


@pytest.mark.parametrize(
    ("headers", "seconds"),
    [
        ({}, None),
        ({"cache-control": "public, max-age=600"}, 600),
        ({"cache-control": 'max-age="600"', "age": "100"}, 500),
        ({"cache-control": "max-age=600", "age": "700"}, 0),
        ({"cache-control": "s-maxage=600"}, None),
        ({"cache-control": "no-cache, max-age=600"}, 0),
        ({"cache-control": "No-Store"}, 0),
        ({"cache-control": "max-age=soon", "expires": "Mon, 30 Nov 2026 13:00:00 GMT"}, None),
        ({"cache-control": "max-age=99999999999999999999"}, 366 * 86_400),
        ({"expires": "0"}, 0),
        ({"expires": "Mon, 30 Nov 2026 13:00:00 GMT", "date": "Mon, 30 Nov 2026 12:00:00 GMT"}, 3600),
        ({"expires": "Mon, 30 Nov 2026 11:00:00 GMT", "date": "Mon, 30 Nov 2026 12:00:00 GMT"}, 0),
    ],
)
def test_how_long_an_answer_stays_fresh(headers: dict[str, str], seconds: int | None) -> None:
    assert fresh_for(headers) == seconds


@given(st.dictionaries(st.sampled_from(["cache-control", "expires", "date", "age"]), st.text()))
def test_an_answer_may_say_anything_of_its_freshness(headers: dict[str, str]) -> None:
    fresh = fresh_for(headers)
    assert fresh is None or 0 <= fresh <= 366 * 86_400
