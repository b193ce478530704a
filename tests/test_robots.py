"""robots.txt and TDMRep: what a site allows."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from claimwire.connectors.web.robots import (
    LONGEST_DELAY_S,
    MOST_BYTES,
    Robots,
    Rules,
    reservations_from,
    robots_from,
)

SITE = "https://record.example"


def problem(text: str, path: str) -> str | None:
    return Rules(robots_from(200, text.encode())).problem(f"{SITE}{path}")


def test_a_path_that_is_disallowed_for_everybody_is_not_fetched() -> None:
    assert problem("User-agent: *\nDisallow: /archive/", "/archive/1") == "robots.txt does not allow it"
    assert problem("User-agent: *\nDisallow: /archive/", "/news/1") is None


def test_rules_for_us_by_name_count_instead_of_those_for_everybody() -> None:
    text = "User-agent: *\nDisallow: /\n\nUser-agent: claimwire\nDisallow: /private/"
    assert problem(text, "/news/1") is None
    assert problem(text, "/private/1")


@pytest.mark.parametrize("name", ["claimwire news reader", "CLAIMWIRE of whoever", "claimwire # us"])
def test_the_name_in_a_robots_file_ends_at_the_first_space(name: str) -> None:
    assert problem(f"User-agent: {name}\nDisallow: /", "/news/1")


def test_the_longest_rule_counts_and_allow_wins_a_tie() -> None:
    text = "User-agent: *\nDisallow: /news/\nAllow: /news/free/\nDisallow: /a\nAllow: /a"
    assert problem(text, "/news/1")
    assert problem(text, "/news/free/1") is None
    assert problem(text, "/a") is None


@pytest.mark.parametrize("status", [401, 403, 404, 410, 418])
def test_a_site_without_rules_allows_everything(status: int) -> None:
    assert robots_from(status, b"User-agent: *\nDisallow: /") == Robots()


@pytest.mark.parametrize("status", [429, 500, 502, 503])
def test_a_site_whose_rules_cannot_be_had_allows_nothing_for_now(status: int) -> None:
    robots = robots_from(status, b"")
    assert Rules(robots).problem(f"{SITE}/news/1") == f"robots.txt answered {status}"


def test_a_page_in_place_of_rules_is_no_rules() -> None:
    assert problem("<!DOCTYPE html><html>Disallow: /</html>", "/news/1") is None


def test_of_a_long_file_the_first_500_kib_count_up_to_a_whole_line() -> None:
    filler = "# filler\n" * (MOST_BYTES // 9)
    rest = MOST_BYTES - len(filler)
    text = filler + "x" * (rest - len("Disallow: /")) + "\nDisallow: /"
    assert problem(f"User-agent: *\nDisallow: /early\n{text}", "/early")
    assert problem(f"User-agent: *\n{text}", "/late") is None


def test_a_crawl_delay_is_kept_up_to_two_minutes() -> None:
    assert Rules(Robots("User-agent: *\nCrawl-delay: 11")).delay_s == 11
    assert Rules(Robots("User-agent: *\nCrawl-delay: 86400")).delay_s == LONGEST_DELAY_S
    assert Rules(Robots("User-agent: *\nCrawl-delay: -3")).delay_s == 0
    assert Rules(Robots("User-agent: *\nRequest-rate: 1/30")).delay_s == 30
    assert Rules(Robots()).delay_s == 0


def test_a_tdmrep_file_reserves_the_locations_that_it_names() -> None:
    file = [{"location": "/", "tdm-reservation": 1}, {"location": "/open/*", "tdm-reservation": 0}]
    rules = Rules(Robots(reservations_from(200, json.dumps(file).encode())))
    assert rules.problem(f"{SITE}/news/1")
    assert rules.problem(f"{SITE}/open/1") is None


@pytest.mark.parametrize(
    "body", [b"", b"{}", b"[1, null]", b'[{"location": 3}]', b"[" * 100_000, b"\xff", b'[{"tdm-reservation": 1}]']
)
def test_a_tdmrep_file_that_is_none_reserves_nothing(body: bytes) -> None:
    assert reservations_from(200, body) == ""


def test_a_location_cannot_smuggle_in_another_rule() -> None:
    file = [{"location": "/a\nAllow: /", "tdm-reservation": 1}, {"location": "/b", "tdm-reservation": 1}]
    rules = Rules(Robots(reservations_from(200, json.dumps(file).encode())))
    assert rules.problem(f"{SITE}/b")


@given(st.binary(max_size=2_000), st.integers(min_value=100, max_value=599), st.text(max_size=50))
def test_no_answer_breaks_the_rules(body: bytes, status: int, path: str) -> None:
    rules = Rules(robots_from(status, body))
    rules.problem(f"{SITE}/{path}")
    assert 0 <= rules.delay_s <= LONGEST_DELAY_S
    Rules(Robots(reservations_from(status, body))).problem(f"{SITE}/{path}")
