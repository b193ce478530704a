"""Who relays what others say, who is told what to do, and where a claim ends that somebody else's words follow. All
sentences are ours."""

from __future__ import annotations

import pytest
from said import Case, check, tried

from claimwire.pipelines.extract import By

RELAYED: list[Case] = [
    # The one who relays has all of it, who said it only the rest.
    (
        "Police say the boat sank near the harbour when the storm began, Radio Lund's Ann Reed reported.",
        "Radio Lund's Ann Reed | reported | Police say the boat sank near the harbour when the storm began",
        "Police | say | the boat sank near the harbour when the storm began",
    ),
    (
        "The guards said the door was open all night, the Lunde Post reported.",
        "the Lunde Post | reported | The guards said the door was open all night",
        "The guards | said | the door was open all night",
    ),
    # Speech within speech ends where the words around it end.
    (
        "Holm said the crew told police there were so many leaks that the pump failed, the harbour paper reported.",
        "the harbour paper | reported | Holm said the crew told police there were so many leaks that the pump failed",
        "Holm | said | the crew told police there were so many leaks that the pump failed",
        "the crew | told | there were so many leaks that the pump failed",
    ),
    (
        "“The inquiry showed that a valve was left open, flooding two rooms,” said Ann Lee.",
        "Ann Lee | said | The inquiry showed that a valve was left open, flooding two rooms",
        "The inquiry | showed | a valve was left open, flooding two rooms",
    ),
    # ... but not where a second half begins.
    (
        "The mayor said the builders told her the pier was safe, but nobody checked the bolts.",
        "The mayor | said | the builders told her the pier was safe, but nobody checked the bolts",
        "the builders | told | the pier was safe",
    ),
    # Within a quotation.
    (
        "“They told us that the ferry was late,” said Ann Lee.",
        "Ann Lee | said | They told us that the ferry was late",
        "They | told | the ferry was late",
    ),
    # A quotation that stays open goes on.
    (
        "On Monday, the firm released a statement:\n\n“The facts are these: we were robbed, and nothing was lost.\n\n"
        "“Nobody likes to be robbed, and we will do what we can.”\n\nThe pier was quiet.",
        "the firm | released a statement | The facts are these: we were robbed, and nothing was lost",
        "the firm | | Nobody likes to be robbed, and we will do what we can",
    ),
    ("The album has the song “They Say It Rains”.",),
]
ASIDES: list[Case] = [
    (
        "The firm said the bridge was shut by Tom Holm, who reportedly left in May.",
        "The firm | said | the bridge was shut by Tom Holm",
        "- | reportedly | who ... left in May",
    ),
    ("The mayor said the pier was “safe.” The gates will open in May.", "The mayor | said | the pier was safe"),
    # What does not end the content stays in it.
    (
        "The court heard the boat, which reportedly sank in May, was new.",
        "The court | heard | the boat, which reportedly sank in May, was new",
        "- | reportedly | which ... sank in May",
    ),
    (
        "The firm said the bridge was shut by Tom Holm, who left in May.",
        "The firm | said | the bridge was shut by Tom Holm, who left in May",
    ),
]
TOLD: list[Case] = [
    ("Drivers were asked to stay at home.", "- | were asked | to stay at home"),
    ("Two women came to the door. One said the cellar was full of water.", "One | said | the cellar was full of water"),
    # What was is no part of what somebody means to do; what will be is.
    (
        "The mayor vowed to repair the pier when she took office last year.",
        "The mayor | vowed | to repair the pier",
    ),
    (
        "The mayor vowed to repair the pier when the ice melts.",
        "The mayor | vowed | to repair the pier when the ice melts",
    ),
    # Nobody in particular, and a word to the reader.
    ("One might say the cellar was full.",),
    ("Anyone with news of the fire is asked to call the Lunde police.",),
]
OBJECTS: list[Case] = [
    (
        "Police identified the victims late Sunday as Ann Reed, 51, and her son.",
        "Police | identified | the victims ... as Ann Reed, 51, and her son",
    ),
    ("The guard accused them of theft and threw them off the train.", "The guard | accused | them of theft"),
    (
        "The trial was moved because of the flood in Lund, believed to be the worst in a century.",
        "- | believed | the flood in Lund ... to be the worst in a century",
    ),
    (
        "The shares are not part of their pay; they are part of a bonus, the source said.",
        "the source | said | The shares are not part of their pay; they are part of a bonus",
    ),
]
BEYOND_RULES = frozenset(
    {
        "Holm said the crew told police there were so many leaks that the pump failed, the harbour paper reported.",
        "The mayor said the builders told her the pier was safe, but nobody checked the bolts.",
        "“The inquiry showed that a valve was left open, flooding two rooms,” said Ann Lee.",
        "The firm said the bridge was shut by Tom Holm, who reportedly left in May.",
        "Drivers were asked to stay at home.",
    }
)


@pytest.mark.parametrize(("case", "by"), tried(RELAYED, BEYOND_RULES))
def test_who_relays_has_all_of_it(case: Case, by: By | None) -> None:
    check(case, by)


@pytest.mark.parametrize(("case", "by"), tried(ASIDES, BEYOND_RULES))
def test_a_content_ends_before_what_is_somebody_elses(case: Case, by: By | None) -> None:
    check(case, by)


@pytest.mark.parametrize(("case", "by"), tried(TOLD, BEYOND_RULES))
def test_who_is_told_is_no_part_of_what_is_told(case: Case, by: By | None) -> None:
    check(case, by)


@pytest.mark.parametrize(("case", "by"), tried(OBJECTS, BEYOND_RULES))
def test_parts_of_objects_and_clauses(case: Case, by: By | None) -> None:
    check(case, by)
