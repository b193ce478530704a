"""Where what is said begins and ends, and who says it, in sentences that frame it: relayed speech, occasions, what the
speaker does next. All sentences are ours."""

from __future__ import annotations

import pytest
from said import Case, check, extract, tried

from claimwire.pipelines.extract import By

NEXT: list[Case] = [
    # What its speaker does next is no part of it.
    (
        "The firm said it was aware of the leak but refused to comment further because an inquiry had begun.",
        "The firm | said | it was aware of the leak",
    ),
    ("The ministry said the road was open but gave no details.", "The ministry | said | the road was open"),
    (
        "The army said the fence was cut, but had no information about who did it.",
        "The army | said | the fence was cut",
    ),
    (
        "The institute agreed that the station cannot be steered but dismissed concerns that it could hit a town.",
        "The institute | agreed | the station cannot be steered",
        "? The institute | dismissed | concerns that it could hit a town",
        "? - | concerns | it could hit a town",
    ),
    ("The clinic said nobody was hurt and would not elaborate.", "The clinic | said | nobody was hurt"),
    (
        "Holm said the inquiry was at its beginning and urged anyone with information to call the police.",
        "Holm | said | the inquiry was at its beginning",
        "? Holm | urged | to call the police",
    ),
    # ... but what those do of whom it speaks is.
    (
        "The clinic said the man woke up but refused to eat.",
        "The clinic | said | the man woke up but refused to eat",
        "? the man | refused | to eat",
    ),
    (
        "“The man woke up but refused to comment,” the nurse said.",
        "the nurse | said | The man woke up but refused to comment",
    ),
]
FRAMED: list[Case] = [
    (
        "What the mayor said last November was that the town would do whatever it takes to rebuild the bridge.",
        "the mayor | said | the town would do whatever it takes to rebuild the bridge",
    ),
    (
        "The child was taken to a hospital and according to the zoo, he was awake when the doctors saw him.",
        "? the zoo | according to | he was awake when the doctors saw him",
    ),
    (
        "The firm has worked on the rocket for years, and announced this fall that work on a larger one was under way.",
        "? The firm | announced | work on a larger one was under way",
    ),
    (
        "Instead, the documents reveal that close friends of the mayor moved $2 billion abroad.",
        "the documents | reveal | close friends of the mayor moved $2 billion abroad",
    ),
    (
        "Instead of a new pier, he said, the town would build a wall.",
        "he | said | Instead of a new pier ... the town would build a wall",
    ),
    (
        "The pier burned down. In response to the fire in the harbour, the mayor said, pumps were sent to the quay.",
        "the mayor | said | pumps were sent to the quay",
    ),
    (
        "In the valley, Lee said, the snow will melt.",
        "Lee | said | In the valley ... the snow will melt",
    ),
    # A clause that announces it.
    (
        "Ann Lee disagrees: the pump, she says, is new.",
        "she | says | the pump ... is new",
    ),
    (
        "The plan is simple: the pump, Lee said, goes first.",
        "Lee | said | the pump ... goes first",
    ),
]
RELAYED: list[Case] = [
    (
        'Officers said the boy "was treated for serious injuries," the Lunde Courier reported.',
        'the Lunde Courier | reported | Officers said the boy "was treated for serious injuries',
        'Officers | said | the boy "was treated for serious injuries',
    ),
    (
        "Reed, 30, said the tram sped up and “everyone went flying,” the Lunde Press reported.",
        "the Lunde Press | reported | Reed, 30, said the tram sped up and “everyone went flying",
        "Reed, 30 | said | the tram sped up and “everyone went flying",
    ),
    # Two quotations in a row, each with a cue of its own.
    (
        'Holm said, "I came here to help. If it rains, I will stay." "The farmers were always here," he added.',
        "Holm | said | I came here to help. If it rains, I will stay",
        "he | added | The farmers were always here",
    ),
]
SPEAKERS: list[Case] = [
    # Who is quoted speaks, not who printed it.
    (
        "“The valley is worried about more floods,” council spokesman Piet Holm was quoted by the Arvo Post as saying.",
        "council spokesman Piet Holm | quoted as saying | The valley is worried about more floods",
    ),
    (
        "The Lunde Post quoted Ann Lee as saying the harvest was lost.",
        "Ann Lee | quoted as saying | the harvest was lost",
    ),
    # A day and a place are nobody.
    (
        "The clinic has counted patients since 2014, according to its website, but this week announced it would stop.",
        "its website | according to | The clinic has counted patients since 2014",
        "The clinic | announced | it would stop",
    ),
    (
        "From Lunde, Susan Holm, the mayor’s adviser, said that the launch “was a grave mistake.”",
        "Susan Holm, the mayor’s adviser | said | the launch “was a grave mistake",
    ),
]
CUT: list[Case] = [
    (
        "The navy said the rocket was fired just before 6 a.m. (2100 GMT Monday) and flew 2,700 km over the sea.",
        "The navy | said | the rocket was fired just before 6 a.m. (2100 GMT Monday) and flew 2,700 km over the sea",
    ),
    # The parser takes brackets and abbreviations for the end of a sentence.
    (
        "The missile is believed to have flown about 1,700 miles (2,735km) and reached a height of 341 miles (548km).",
        "- | is believed | The missile ... to have flown about 1,700 miles (2,735km) and reached a height of 341 miles (548km)",
    ),
    (
        "Those for a slower pace further argue that the state has built up its network and clerks now are used to it.",
        "? Those for a slower pace | argue | the state has built up its network and clerks now are used to it",
    ),
]
BEYOND_RULES = frozenset(case[0] for cases in (NEXT, FRAMED, RELAYED, SPEAKERS, CUT) for case in cases)
"""The tagger's contents are corrected here; the rules' are the parse's."""


@pytest.mark.parametrize(("case", "by"), tried(NEXT, BEYOND_RULES))
def test_what_a_speaker_does_next_is_no_part_of_what_is_said(case: Case, by: By | None) -> None:
    check(case, by)


@pytest.mark.parametrize(("case", "by"), tried(FRAMED, BEYOND_RULES))
def test_what_frames_a_content_is_no_part_of_it(case: Case, by: By | None) -> None:
    check(case, by)


@pytest.mark.parametrize(("case", "by"), tried(RELAYED, BEYOND_RULES))
def test_who_relays_and_who_says_have_a_claim_each(case: Case, by: By | None) -> None:
    check(case, by)


@pytest.mark.parametrize(("case", "by"), tried(SPEAKERS, BEYOND_RULES))
def test_who_speaks(case: Case, by: By | None) -> None:
    check(case, by)


@pytest.mark.parametrize(("case", "by"), tried(CUT, BEYOND_RULES))
def test_a_bracket_or_a_second_subject_does_not_end_what_is_said(case: Case, by: By | None) -> None:
    check(case, by)


def test_a_relative_clause_without_its_beginning_is_no_claim() -> None:
    text = "The port has a live feed from cameras in both halls, both run by the council, which Lee said officers are viewing."
    assert [claim.text for claim in extract(text, "rules").claims] == []
    (whole,) = extract("Lee said officers are viewing the live feed.", "rules").claims
    assert whole.text == "officers are viewing the live feed"
