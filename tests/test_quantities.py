"""Quantities: what is counted or measured, and numbers that are names, dates, ages or addresses."""

from __future__ import annotations

import pytest

from claimwire.pipelines.extract.quantities import find_quantities

Expected = list[tuple[str, float | None, str | None, str]]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        # Ranges: the least and the most.
        ("7–10% of voters left", [("7", 7, "percent", ">="), ("10%", 10, "percent", "<=")]),
        ("it fell by 5-10 per cent", [("5", 5, "percent", ">="), ("10 per cent", 10, "percent", "<=")]),
        ("125 to 155 miles west", [("125", 125, "mile", ">="), ("155", 155, "mile", "<=")]),
        ("between 5 and 10 people", [("5", 5, "person", ">="), ("10", 10, "person", "<=")]),
        ("from $200 to $450 a month", [("$200", 200, "USD", ">="), ("$450", 450, "USD", "<=")]),
        ("one or two months of work", [("one", 1, "month", ">="), ("two", 2, "month", "<=")]),
        ("10,000-20,000 troops", [("10,000", 10_000, "troop", ">="), ("20,000", 20_000, "troop", "<=")]),
        # A size between a number and what is counted.
        ("fired two 120 mm rounds", [("two", 2, "round", "="), ("120", 120, "mm", "=")]),
        # Scales and orders of magnitude.
        ("a US$1-billion plan", [("US$1-billion", 1e9, "USD", "=")]),
        ("a £2.5bn bill", [("£2.5bn", 2.5e9, "GBP", "=")]),
        ("hundreds of billions of dollars", [("hundreds of billions of", None, "dollar", "~")]),
        ("tens of invaders", [("tens of", None, "invader", "~")]),
        ("half a dozen men", [("half a dozen", 6, "man", "=")]),
        ("two dozen people", [("two dozen", 24, "person", "=")]),
        ("a few dozen cases", [("a few dozen", None, "case", "~")]),
        # India's scales, currency and way of grouping figures.
        ("a Rs 1.75 lakh crore package", [("Rs 1.75 lakh crore", 1.75e12, "INR", "=")]),
        ("Rs500 for a ₹20 lakh house", [("Rs500", 500, "INR", "="), ("₹20 lakh", 2e6, "INR", "=")]),
        ("over two lakh farmers", [("over two lakh", 200_000, "farmer", ">")]),
        ("1,75,000 farmers", [("1,75,000", 175_000, "farmer", "=")]),
        # Shares have no unit.
        ("two-thirds of voters", [("two-thirds", 2 / 3, None, "=")]),
        ("a third of them", [("a third", 1 / 3, None, "=")]),
        ("at least half of the sessions", [("at least half", 0.5, None, ">=")]),
        ("at one-third the cost", [("one-third", 1 / 3, None, "=")]),
        ("more than twice as much", [("more than twice", 2, "time", ">")]),
        ("one in five children", [("one", 1, None, "="), ("five", 5, "child", "=")]),
        # Counted words of all kinds.
        ("one person died", [("one", 1, "person", "=")]),
        ("a four-game run", [("four-game", 4, "game", "=")]),
        ("a 24-hour strike", [("24-hour", 24, "hour", "=")]),
        ("two “visits” of state", [("two", 2, "visit", "=")]),
        ("In Gaza 30 people died", [("30", 30, "person", "=")]),
        ("No, 10 people died", [("10", 10, "person", "=")]),
        ("2,000 people", [("2,000", 2000, "person", "=")]),
        ("at least one teenager", [("at least one", 1, "teenager", ">=")]),
        ("turned 20 sheds into shops", [("20", 20, "shed", "=")]),
        # What was named before.
        ("five of the dead, all six were hurt", [("five", 5, None, "="), ("six", 6, None, "=")]),
        ("the three are sisters", [("three", 3, None, "=")]),
        # Units without a space, and behind a hyphen.
        ("below 300km, up to 40kg", [("below 300km", 300, "km", "<"), ("up to 40kg", 40, "kg", "<=")]),
        ("a two-second pause", [("two-second", 2, "second", "=")]),
        ("a .22-caliber pistol", [(".22-caliber", 0.22, "caliber", "=")]),
        ("Lee's 42-yard throw", [("42-yard", 42, "yard", "=")]),
        # Scales without figures.
        ("several hundred goats", [("several hundred", None, "goat", "~")]),
        ("a million trees", [("a million", 1e6, "tree", "=")]),
    ],
)
def test_a_quantity_has_its_value_unit_and_comparator(text: str, expected: Expected) -> None:
    found = find_quantities(text, ((0, len(text)),))
    assert [(text[q.start : q.end], q.value, q.unit, q.comparator) for q in found] == expected


@pytest.mark.parametrize(
    "text",
    [
        "in No 10 and at No. 11",
        "education is No. 1",
        "more than a Boeing 737 fully loaded",
        "the Group of 20 summit",
        "under Article 50 and Section 8",
        "the 2016 elections and the 2019–2021 plan",
        "on 12 May and on Nov. 18",
        "Ivo Tays, 32, of Franklin",
        "he lives at 2134 Caldwell Place",
        "a 17-year-old girl",
        "known as the “Three Widows”",
        "one of them and the other one",
        "at one point, in one room",
        "there is zero shame in it",
        "for the third time",
        "a 9-1 record, a 3–2 win and a 2-4 defeat",
        "the T-72 and the C-130",
        "a half-hearted plan",
        "at 9:30 p.m., around 7 a.m., before 5pm, at eight o'clock, at 0030 GMT",
        "born on 6/24/14, between Feb 8 and 25 (Dec 31)",
        "in the 300 block of Holm Street",
        "at 3401 Lund St. and at 12 Holm Road",
        "called 911, in a 911 call",
        "on 555-010-3183 or (555) 010-3540 or 1-555-010-TIPS (8477)",
        "aged 18, ages 16 and 17, between the ages of 9 and 15",
        "five years old, who turns 6 on Friday",
        "her 9-month-old son",
        "Ann Reed, 34; Tom Reed, 8.",
        "two years ago and in the last six months",
        "the ages of the victims are 17, 23, and 55",
        "she is 3, and he was 17 (police say he is 18)",
        "open 24/7 in the first half of the year",
    ],
)
def test_a_number_that_counts_nothing_is_no_quantity(text: str) -> None:
    assert [text[q.start : q.end] for q in find_quantities(text, ((0, len(text)),))] == []


def test_quantities_end_with_their_span() -> None:
    assert [q.unit for q in find_quantities("lost 20 men", ((0, 7),))] == [None]
