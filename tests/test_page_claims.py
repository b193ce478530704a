"""How benchmarks/page_claims.py compares claims with marks, on texts made up for this."""

from __future__ import annotations

import gzip
import json
import re
import sys
from pathlib import Path
from typing import Any

import pytest
from conftest import ROOT

from claimwire.schemas import Claim, Cue, Quantity, Span, Speaker

sys.path.append(str(ROOT / "benchmarks"))

import page_claims
from page_marks import FILES, Mark, Pair, compare, pages, said, same_name, same_numbers, texts

TEXT = 'Mayor Anna Holm said that the bridge has two arches. "It will stay," she told Tom Reed. Reed fears the ice.'


def span(words: str, text: str = TEXT) -> Span:
    return text.index(words), text.index(words) + len(words)


def claim(*content: str, by: str | None = None, name: str | None = None, text: str = TEXT, **fields: Any) -> Claim:
    """A claim of ours with these words as content and speaker."""
    spans = tuple(span(part, text) for part in content)
    return Claim(
        id="",
        text=" [...] ".join(content),
        content=spans,
        speaker=Speaker(by, (span(by, text),), name, None, "unknown") if by else None,
        cue=Cue("said", (span("said", text),), "say", "speech") if "said" in text else None,
        quote_type=fields.get("quote_type", "indirect"),
        polarity=fields.get("polarity", "affirmed"),
        modality=fields.get("modality", "asserted"),
        hedges=(),
        quantities=tuple(Quantity(*span(words, text), None, None, "=") for words in fields.get("quantities", ())),
        entities=(),
        check_worthiness=fields.get("worth"),
        confidence=fields.get("confidence"),
        sentence=(0, len(text)),
    )


def mark(*content: str, by: str | None = None, name: str | None = None, text: str = TEXT, **fields: Any) -> Mark:
    """A mark with these words as content, speaker and name."""
    return Mark(
        content=tuple(span(part, text) for part in content),
        cue=None,
        speaker=span(by, text) if by else None,
        name=span(name, text) if name else None,
        numbers=tuple(span(words, text) for words in fields.get("numbers", ())),
        quote=fields.get("quote", "indirect"),
        kind="statement",
        modality=fields.get("modality", "asserted"),
        polarity=fields.get("polarity", "affirmed"),
        worth=fields.get("worth", 2),
        desk=fields.get("desk", True),
    )


HOLM = {"by": "Anna Holm", "name": "Anna Holm"}
BRIDGE = mark("the bridge has two arches", numbers=("two arches",), **HOLM)


def pair(ours: Claim, theirs: Mark) -> Pair:
    (found,) = compare(TEXT, [ours], [theirs])
    return found


def test_a_claim_that_agrees_is_right_whatever_its_marks_and_its_that() -> None:
    found = pair(claim("that the bridge has two arches.", quantities=("two",), **HOLM), BRIDGE)
    assert (found.lenient, found.strict, found.error) == (True, True, "right")


def test_a_that_which_belongs_to_the_content_counts() -> None:
    text = "Thatcher said that one was hers."
    assert len(said(text, [(0, 8)])) == 8
    assert said(text, [span("that one", text)]) == said(text, [span("one", text)])


@pytest.mark.parametrize(
    ("ours", "theirs", "error", "strict", "lenient"),
    [
        (claim("the bridge has two", **HOLM), BRIDGE, "too short", False, True),
        (claim("said that the bridge has two arches", **HOLM), BRIDGE, "too long", False, True),
        (claim("said that the bridge has two", **HOLM), BRIDGE, "too long and short", False, True),
        (claim("the bridge has two arches"), BRIDGE, "speaker missing", False, False),
        (claim("the bridge has two arches", by="Tom Reed"), BRIDGE, "speaker wrong", False, False),
        (claim("the bridge has two arches", by="she", name="Anna Holm"), BRIDGE, "quantities", True, True),
        (claim("the bridge has two arches", by="Mayor Anna", name="Tom Reed"), BRIDGE, "name wrong", False, True),
        (claim("the bridge has two arches", by="Anna Holm"), BRIDGE, "name null", True, True),
        (claim("the bridge has two arches", **HOLM), BRIDGE, "quantities", True, True),
        (claim("the bridge has two arches", quote_type="direct", **HOLM), BRIDGE, "quote type", True, True),
        (claim("the bridge has two arches", modality="planned", **HOLM), BRIDGE, "modality", True, True),
        (claim("the bridge has two arches", polarity="denied", **HOLM), BRIDGE, "polarity", True, True),
        (claim("the ice", by="Reed"), mark("the ice", by="Reed", desk=False), "not for the desk", True, True),
        (claim("the ice", by="Reed"), mark("the ice"), "speaker wrong", False, False),
        (claim("the ice"), mark("the ice"), "right", True, True),
        (claim("the ice", by="she", name="Tom Reed"), mark("the ice", by="she"), "name wrong", False, True),
    ],
)
def test_the_first_error_that_fits(ours: Claim, theirs: Mark, error: str, strict: bool, lenient: bool) -> None:
    found = pair(ours, theirs)
    assert (found.error, found.strict, found.lenient) == (error, strict, lenient)


def test_a_name_that_repeats_the_speakers_own_words_is_never_wrong() -> None:
    assert pair(claim("the ice", by="Reed", name="Reed"), mark("the ice", by="Reed")).strict
    assert not pair(claim("the ice", by="Tom Reed", name="Reed"), mark("the ice", by="Tom Reed")).strict


def test_each_mark_is_given_once_to_the_claim_that_fits_best() -> None:
    whole, part = claim("the bridge has two arches", **HOLM), claim("the bridge has two", **HOLM)
    first, second = compare(TEXT, [part, whole], [BRIDGE])
    assert (first.mark, first.error) == (None, "part of a claim")
    assert second.mark is BRIDGE


def test_less_than_half_in_common_is_no_match_and_the_mark_is_missed() -> None:
    ours, missed = compare(TEXT, [claim("arches", **HOLM)], [BRIDGE])
    assert (ours.error, ours.mark) == ("part of a claim", None)
    assert (missed.error, missed.claim, missed.mark) == ("missed", None, BRIDGE)
    alone, _ = compare(TEXT, [claim("the ice")], [BRIDGE])
    assert alone.error == "not a claim"


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        ("Holm", "Anna Holm", True),
        ("Gov. Anna Holm", "Anna M. Holm", True),
        ("Harbour Office", "the Harbour Office", True),
        ("WHO", "World Health Organization", True),
        ("Justice Department", "Department of Justice", True),
        ("Tom Holm", "Anna Holm", False),
        ("Anna Gal", "Anna Gal-On", False),
        ("Tom Reed", "Anna Holm", False),
    ],
)
def test_a_name_is_the_same_as_a_part_a_longer_form_or_its_initials(one: str, other: str, same: bool) -> None:
    assert same_name(one, other) is same
    assert same_name(other, one) is same


@pytest.mark.parametrize(
    ("ours", "marked", "same"),
    [
        (("7", "10%"), ("7 to 10%",), True),
        (("10%",), ("7 to 10%",), False),
        (("7 to 10%",), ("7 to 10% of 120",), False),
        ((), ("10%",), False),
        (("10%",), (), False),
        (("two",), ("two rounds",), True),
        (("120",), ("two rounds",), False),
        ((), (), True),
    ],
)
def test_quantities_agree_if_every_marked_digit_and_nothing_else_is_found(
    ours: tuple[str, ...], marked: tuple[str, ...], same: bool
) -> None:
    text = "It holds 7 to 10% of 120 and two rounds."
    assert same_numbers(text, claim(text, text=text, quantities=ours), mark(text, text=text, numbers=marked)) is same


def test_the_rank_correlation_takes_ties_by_their_mean() -> None:
    assert page_claims.rank_correlation([1, 2, 3], [10, 20, 90]) == pytest.approx(1)
    assert page_claims.rank_correlation([3, 2, 1], [1, 2, 3]) == pytest.approx(-1)
    assert page_claims.rank_correlation([1, 1, 2, 2], [1, 2, 1, 2]) == pytest.approx(0)
    assert page_claims.rank_correlation([1, 1], [1, 2]) == 0


def test_the_table_counts_what_is_right(capsys: pytest.CaptureFixture[str]) -> None:
    right = claim("the bridge has two arches", confidence=0.9, worth=0.9, quantities=("two",), **HOLM)
    wrong = claim("the ice", confidence=0.4, worth=0.1)
    page_claims.tell(
        [*compare(TEXT, [right, wrong], [BRIDGE, mark("It will stay", by="she", quote="direct", worth=0)])]
    )
    table = capsys.readouterr().out
    for name, figures in {
        "all claims": ["2", "50.0", "50.0", "50.0", "50.0"],
        "confidence 0.8 and more": ["1", "100.0", "100.0", "100.0", "100.0"],
        "confidence 0.00 to 0.50": ["1", "0.0", "0.0", "0.0", "0.0"],
        "all marks": ["2", "50.0", "50.0", "50.0"],
        "not a claim": ["1", "50.0"],
    }.items():
        assert re.search(rf"^{re.escape(name)} +{' +'.join(map(re.escape, figures))}$", table, re.MULTILINE), table
    assert "missed for the desk: direct 1, mixed 0, indirect 0" in table


def test_the_marks_are_whole_and_the_parts_are_apart() -> None:
    dev, test = pages("dev"), pages("test")
    assert (len(dev), len(test)) == (40, 20)
    assert not {page.id for page in dev} & {page.id for page in test}
    for each in (each for page in [*dev, *test] for each in page.claims):
        spans = [*each.content, *each.numbers, *(each.cue or ()), *filter(None, (each.speaker, each.name))]
        assert all(0 <= start < end for start, end in spans)
        assert list(each.content) == sorted(each.content)


def test_data_that_is_not_there_is_asked_for(tmp_path: Path) -> None:
    with pytest.raises(SystemExit, match="--data takes the folder that holds"):
        texts(tmp_path, pages("dev"))


def test_a_text_that_is_not_the_marked_one_is_refused(tmp_path: Path) -> None:
    some = pages("dev", ["aeb_dev"])
    path = tmp_path / FILES["aeb_dev"]
    path.parent.mkdir()

    path.write_bytes(gzip.compress(json.dumps({"id": some[0].id, "text": "Another text."}).encode()))
    with pytest.raises(SystemExit, match="does not have the text of"):
        texts(tmp_path, some)


@pytest.mark.parametrize("part", ["test", "check"])
def test_nobody_lists_the_errors_of_the_parts_that_report(
    part: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit):
        page_claims.main(["--data", str(tmp_path), "--part", part, "--list", "missed"])
    assert "--list prints the development part only" in capsys.readouterr().err
