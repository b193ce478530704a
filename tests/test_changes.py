"""What a revision has changed: claim by claim, as a record, an event, a row and on the terminal."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import msgspec
import pytest
from conftest import Claimwire
from hypothesis import given, settings
from hypothesis import strategies as st
from revising import KINDS, enriched, judge, read_articles, revisions

from claimwire.pipelines.extract import load
from claimwire.pipelines.memory import tables
from claimwire.pipelines.memory.alignment import align
from claimwire.pipelines.memory.changes import Changes
from claimwire.pipelines.memory.comparison import Comparison, compare
from claimwire.pipelines.memory.differences import kinds
from claimwire.pipelines.memory.said import Said, Version, codes, version
from claimwire.pipelines.memory.wording import aligned, wording
from claimwire.schemas import EnrichedArticle, Event

QUOTED = '"The tower will stand. It has stood for a century, and it will stand for another," the mayor said.'


def said(text: str, **given: Any) -> Said:
    """A claim that is all of its sentence."""
    fields = {"speaker": "the mayor", "name": None, "quote_type": "indirect", "polarity": "affirmed"}
    fields |= {"id": text, "text": text, "sentence": f"The mayor said {text}.", "modality": "asserted", "hedges": ()}
    return Said(**{**fields, **given})


def of(*claims: Said) -> Version:
    """A version of an article that has these claims and no other sentence."""
    return Version(claims, frozenset(code for claim in claims for code in codes(claim.sentence)))


def compared(before: Said, after: Said) -> list[str]:
    return list(kinds(before, after))


@pytest.mark.parametrize(
    ("before", "after", "expected"),
    [
        ("that 1,200 people had left", "that 12,000 people had left", ["figure"]),
        ("that it would cost $5 million", "that it would cost £5 million", ["figure"]),
        ("that at least 40 houses were hit", "that at most 40 houses were hit", ["figure"]),
        ("that the dam was built in 1958", "that the dam was built in 1985", ["figure"]),
        ("that dozens of cars burnt", "that hundreds of cars burnt", ["figure"]),
        ("that the dam is safe", "that the dam is not safe", ["polarity"]),
        ("that the dam held", "that the dam did not hold", ["polarity"]),
        ("that the loan would not be enough", "that the loan would fall short", ["reworded"]),
        ("that the road was closed", "that the road was shut", ["reworded"]),
        ("that 3 roads were closed", "that 5 streets were closed", ["figure", "reworded"]),
    ],
)
def test_a_pair_of_claims_is_told_by_what_differs(before: str, after: str, expected: list[str]) -> None:
    assert compared(said(before), said(after)) == expected
    assert compared(said(after), said(before)) == expected


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("that the pilot’s “last call” came at noon", 'that the pilot\'s "last call" came at noon'),
        ("that 1,200 people had left - all of them", "that 1200 people had left – all of them"),
        ("that 12 per cent of three towns voted", "that 12% of 3 towns voted"),
        ("the bridge would close", "that the bridge would close"),
        ("that twenty-one ships sank", "that 21 ships sank"),
        ("that\u00a0the   quay \nis wet", "That the quay is wet"),
    ],
)
def test_typography_is_no_change(before: str, after: str) -> None:
    assert not compared(said(before), said(after))


def test_a_hedge_that_comes_is_one_that_goes_the_other_way_round() -> None:
    plain, hedged = said("that the dam has burst"), said("that the dam has reportedly burst", hedges=("reportedly",))
    assert compared(plain, hedged) == ["hedge_added"]
    assert compared(hedged, plain) == ["hedge_dropped"]
    may = said("that the dam may have burst", hedges=("may",), modality="possible")
    assert compared(plain, may) == ["hedge_added"]


def test_a_quotation_is_cut_or_extended_whatever_stood_in_the_part() -> None:
    whole, part = (
        said(text, sentence=f"{text} the mayor said.", quote_type="direct")
        for text in ('"It has stood for 100 years. It may stand for 100 more,"', '"It has stood for 100 years,"')
    )
    assert compared(whole, part) == ["cut"]
    assert compared(part, whole) == ["extended"]


@pytest.mark.parametrize(
    ("before", "after", "other"),
    [
        (("the mayor", None), ("the mayor of Lissow", None), False),
        (("Castellan", "Ruben Castellan"), ("Mayor Ruben Castellan", "Ruben Castellan"), False),
        (("Castellan", "Castellan"), ("he", "Ruben Castellan"), False),
        (("the mayor", None), ("he", None), False),
        (("the mayor", None), ("the police", None), True),
        (("the mayor", "Ruben Castellan"), ("the mayor", "Amara Delling"), True),
        (("the Interior Ministry", "Interior Ministry"), ("the Defence Ministry", "Defence Ministry"), True),
        (("the mayor", None), ("", None), True),
    ],
)
def test_who_says_it_is_compared_by_names_and_then_by_words(
    before: tuple[str, str | None], after: tuple[str, str | None], other: bool
) -> None:
    one, two = (
        said("that it is late", speaker=words, name=name, sentence=f"{words} said that it is late.")
        for words, name in (before, after)
    )
    # The very same sentence names nobody else: only what stands around it may.
    expected = ["speaker"] if other and before[0] != after[0] else []
    assert compared(one, two) == expected
    assert compared(two, one) == expected


def test_he_is_somebody_else_if_a_sentence_further_up_names_somebody_else() -> None:
    def article(who: str, name: str) -> Version:
        first = said("that the bridge will close", id=f"1{name}", speaker=who, name=name, sentence=f"{who} spoke.")
        return of(first, said("that it is old", id=f"2{name}", speaker="He", name=name, sentence="He said it is old."))

    found = compare(article("Tom Orr", "Tom Orr"), article("Jan Nowak", "Jan Nowak"), "")
    assert {id_: changed.kinds for id_, changed in found.changed.items()} == {
        "1Jan Nowak": ("speaker",),
        "2Jan Nowak": ("speaker",),
    }
    unnamed = of(said("that it is old", id="a", speaker="He", name="Tom Orr", sentence="He said it is old."))
    resolved = of(said("that it is old", id="b", speaker="He", name="Jan Nowak", sentence="He said it is old."))
    assert compare(unnamed, resolved, "") == Comparison({}, ())


def test_what_only_the_extractor_sees_otherwise_is_no_change() -> None:
    one, two = said("that the quay is wet"), said("that the pier is dry and closed")
    both = of(one, two)
    less = Version((one,), both.sentences)
    assert compare(both, less, "") == compare(less, both, "") == Comparison({}, ())
    # In a sentence that was changed a little no claim was found any more: it is still there.
    assert compare(both, of(one), "The mayor said that the pier is dry and shut.") == Comparison({}, ())
    assert [claim.text for claim in compare(both, of(one), "The pier.").dropped] == [two.text]


def test_claims_are_aligned_by_their_words_wherever_they_stand() -> None:
    texts = ["that the dam is safe", "that 40 houses were hit", "that trains are late", "that nobody was hurt"]
    before = [said(text) for text in texts]
    after = [said(text) for text in reversed(texts)]
    assert align(before, after) == {0: 3, 1: 2, 2: 1, 3: 0}
    assert align(before, [said("that 45 houses were hit")]) == {0: 1}
    assert align(before, [said("that the opera opens in May")]) == {}


# Properties

_WORDS = st.sampled_from([
    "the", "dam", "mayor", "not", "12", "1,200", "2.5", "percent", "may", "reportedly", "“held”", '"fell"', "at least",
    "$3", "million", "isn’t", "no", "-", "and", "that",
])  # fmt: skip
_TEXTS = st.one_of(st.lists(_WORDS, min_size=1, max_size=12).map(" ".join), st.text(max_size=40))
_CLAIMS = st.builds(
    lambda text, quote_type, name: said(text, quote_type=quote_type, speaker=name or "he", name=name),
    _TEXTS,
    st.sampled_from(["direct", "mixed", "indirect"]),
    st.sampled_from([None, "Ann Lee", "Jan Nowak"]),
)
_QUICK = settings(max_examples=150, deadline=None)
OTHER_WAY = {"hedge_added": "hedge_dropped", "cut": "extended", "added": "dropped"}
OTHER_WAY |= {back: there for there, back in OTHER_WAY.items()}


@_QUICK
@given(st.lists(_CLAIMS, max_size=6))
def test_a_version_compared_with_itself_has_no_change(claims: list[Said]) -> None:
    numbered = [msgspec.structs.replace(claim, id=str(number)) for number, claim in enumerate(claims)]
    assert compare(of(*numbered), of(*numbered), "") == Comparison({}, ())


@_QUICK
@given(st.lists(_WORDS, min_size=1, max_size=12).map(" ".join))
def test_other_marks_spaces_and_case_are_no_change(text: str) -> None:
    other = text.replace("“", '"').replace("”", '"').replace("’", "'").replace(" - ", " – ").replace(" ", "  ").upper()
    other = other.replace("1,200", "1200").replace(" PERCENT", "%")
    assert not compared(said(text), said(other))


@_QUICK
@given(_CLAIMS, _CLAIMS)
def test_kinds_are_the_same_in_both_directions_or_each_others_contrary(one: Said, other: Said) -> None:
    there, back = compared(one, other), compared(other, one)
    assert sorted(OTHER_WAY.get(kind, kind) for kind in there) == sorted(back)


@_QUICK
@given(st.lists(_CLAIMS, max_size=5), st.lists(_CLAIMS, max_size=5))
def test_every_claim_is_in_one_pair_at_most(before: list[Said], after: list[Said]) -> None:
    pairs = align(before, after)
    assert len(set(pairs.values())) == len(pairs)
    assert all(new < len(after) and old < len(before) for new, old in pairs.items())


@_QUICK
@given(_TEXTS, _TEXTS)
def test_the_parts_of_an_aligned_text_are_the_text(text: str, other: str) -> None:
    parts = list(aligned(text, other))
    assert "".join(part for part, _ in parts) == text or not wording(text).words
    assert not any(differs for _, differs in aligned(text, text))


# With the extractor


def test_scripted_revisions_are_found_by_kind_and_line() -> None:
    extractor = load(by="rules")
    made = revisions(
        read_articles()[3:6], lambda title, text: enriched(extractor, title, text).claims, 2 * len(KINDS) + 2
    )
    right = wrong = missed = 0
    for revision in made:
        before, after = (enriched(extractor, revision.title, revision.text(which)) for which in ("before", "after"))
        found = judge(revision, before, after, compare(version(before), version(after), after.article.text))
        right, wrong, missed = right + len(found.right), wrong + len(found.wrong), missed + len(found.missed)
    assert right >= 0.9 * (right + wrong + missed)
    assert right >= len(KINDS)


@pytest.fixture
def part(tmp_path: Path) -> Iterator[Callable[..., tuple[EnrichedArticle, list[Event]]]]:
    """Remembers an article in a state, in one pass with all others."""
    with closing(sqlite3.connect(tmp_path / "state.db")) as state:
        state.executescript(tables.SCHEMA)
    extractor = load(by="rules")
    with tables.remembering(tmp_path / "state.db", tmp_path / "rows.db") as db:

        def remember(text: str, of: str | None = None, **given: Any) -> tuple[EnrichedArticle, list[Event]]:
            record = enriched(extractor, "The tower", text, **given)
            article = msgspec.structs.replace(record.article, revision_of=of)
            return Changes(db).remember(msgspec.structs.replace(record, article=article))

        yield remember


def test_a_revision_says_what_it_changed_and_an_event_tells_each(part: Callable[..., Any]) -> None:
    first, events = part(
        f"{QUOTED}\n\nThe council said that 40 families had moved out.\n\nPolice said the road is shut."
    )
    assert (first.dropped, events) == (None, [])
    assert not any(claim.changed for claim in first.claims)
    later, events = part(f"{QUOTED}\n\nThe council said that 140 families had moved out.", of=first.article.id)
    (changed,) = [claim for claim in later.claims if claim.changed]
    assert changed.changed.kinds == ("figure",)
    assert changed.changed.before.text == "that 40 families had moved out"
    assert [claim.text for claim in later.dropped] == ["the road is shut"]
    assert [(event.type, event.subject, event.data["kinds"]) for event in events] == [
        ("claimwire.claim.changed", changed.id, ("figure",)),
        ("claimwire.claim.changed", later.dropped[0].id, ("dropped",)),
    ]
    assert len({event.id for event in events}) == 2


def test_versions_with_one_id_are_told_apart_by_their_content(part: Callable[..., Any]) -> None:
    part("The council said that 40 families had moved out.", id="a")
    again, events = part("The council said that 40 families had moved out.", of="a", id="a")
    assert (again.dropped, events) == (None, [])
    second, events = part("The council said that 50 families had moved out.", of="a", id="a")
    third, more = part("The council said that 60 families had moved out.", of="a", id="a")
    assert third.claims[0].changed.before.text == second.claims[0].text
    assert {event.id for event in events}.isdisjoint({event.id for event in more})


def test_a_page_that_follows_the_teaser_of_its_feed_has_changed_nothing(part: Callable[..., Any]) -> None:
    teaser, _ = part("The council said that 40 families had moved out.", text_source="summary")
    page, events = part(f"{QUOTED}\n\nMore below.", of=teaser.article.id, text_source="page")
    assert (page.dropped, events) == (None, [])
    corrected, events = part(f"{QUOTED}\n\nAll below.", of=page.article.id, text_source="page")
    assert (corrected.dropped, events) == ((), [])


def test_what_a_notice_repeats_is_no_claim_that_was_added(part: Callable[..., Any]) -> None:
    text = "The council said that 40 families had moved out."
    notice = "Correction: An earlier version of this article said that 400 families had moved out."
    first, _ = part(text)
    later, events = part(f"{text}\n\n{notice}", of=first.article.id)
    assert (later.dropped, events) == ((), [])


def test_versions_are_forgotten_by_the_time_when_they_were_processed(tmp_path: Path, part: Callable[..., Any]) -> None:
    first, _ = part("The council said that 40 families had moved out.")
    with closing(sqlite3.connect(tmp_path / "rows.db")) as db:
        Changes.forget(db, first.provenance.processed_at)
        assert db.execute("SELECT count(*) FROM change_versions").fetchone() == (1,)
        Changes.forget(db, first.provenance.processed_at.replace(year=2030))
        assert db.execute("SELECT count(*) FROM change_versions").fetchone() == (0,)


def test_diff_shows_every_version_of_an_article_in_a_folder_and_in_a_store(
    tmp_path: Path, claimwire: Claimwire
) -> None:
    for number, families in enumerate((40, 50, 60)):
        record = {"url": "https://a.example/tower?utm_source=x", "title": "The tower", "published": "2026-03-01"}
        record["text"] = f"{QUOTED}\nThe council said that {families} families had moved out of the old tower."
        (tmp_path / f"{number}.jsonl").write_text(json.dumps(record) + "\n", encoding="utf-8")
        claimwire(
            "run", "--source", f"{number}.jsonl", "--sink", "jsonl:news", "--sink",
            "sqlite:news.db", "--state", "state", "--extractor", "rules",
        )  # fmt: skip
    shown = claimwire("diff", "https://a.example/tower", "--in", "news").stdout
    assert shown == claimwire("diff", "https://a.example/tower", "--in", "news.db").stdout
    assert shown.count("figure changed") == 2
    assert shown.index("- that 40 families") < shown.index("+ that 50 families") < shown.index("+ that 60 families")
    found = json.loads(claimwire("diff", "https://a.example/tower", "--in", "news", "--format", "json").stdout)
    middle = found[1]["id"]
    assert json.loads(claimwire("diff", middle[:12], "--state", "state", "--format", "json").stdout) == found
    assert [change["kinds"] for step in found[1:] for change in step["changes"]] == [["figure"], ["figure"]]
    with closing(sqlite3.connect(tmp_path / "news.db")) as db:
        rows = db.execute("SELECT kind, before_text, after_text FROM changed_claims ORDER BY before_text").fetchall()
    assert [(kind, before[5:7], after[5:7]) for kind, before, after in rows] == [
        ("figure", "40", "50"),
        ("figure", "50", "60"),
    ]
    assert "no article has the URL" in claimwire("diff", "https://b.example/", "--in", "news").stderr
