"""Words within words: who reports somebody's words, who goes on to speak, how far a content goes. All sentences are
ours."""

from __future__ import annotations

import pytest
from said import Case, check, extract, tried

from claimwire.pipelines.extract import By

REPORTED: list[Case] = [
    (
        "The family told officers that the boy was at home, Captain Holm said.",
        "Captain Holm | said | The family told officers that the boy was at home",
        "The family | told | the boy was at home",
    ),
    (
        "A ranger told reporters that two bears were seen, police said on Monday.",
        "police | said | A ranger told reporters that two bears were seen",
        "A ranger | told | two bears were seen",
    ),
    (
        "The police said the two men were hurt, Radio Lund reported.",
        "Radio Lund | reported | The police said the two men were hurt",
        "The police | said | the two men were hurt",
    ),
    (
        "Witnesses said the van hit a wall, according to Radio Lund.",
        "Radio Lund | according to | Witnesses said the van hit a wall",
        "Witnesses | said | the van hit a wall",
    ),
    (
        "The agency reports that an audit found that four bridges were unsafe.",
        "The agency | reports | an audit found that four bridges were unsafe",
        "? an audit | found | four bridges were unsafe",
    ),
    (
        "Holm said the figures show that the ferry carries half as many people.",
        "Holm | said | the figures show that the ferry carries half as many people",
        "? the figures | show | the ferry carries half as many people",
    ),
    (
        "“The inquiry found that the valve was open,” Ahlberg said.",
        "Ahlberg | said | The inquiry found that the valve was open",
        "? The inquiry | found | the valve was open",
    ),
    (
        "The union says the board promised to raise pay.",
        "The union | says | the board promised to raise pay",
        "the board | promised | to raise pay",
    ),
    (
        "Velde said the council is convinced the pier is safe.",
        "Velde | said | the council is convinced the pier is safe",
        "? the council | is convinced | the pier is safe",
    ),
    (
        "The firm plans to open a mine next year, Ahlberg said in late March.",
        "Ahlberg | said | The firm plans to open a mine next year",
        "? The firm | plans | to open a mine next year",
    ),
    (
        "The paper reported that Norway announced a new tax on salmon.",
        "The paper | reported | Norway announced a new tax on salmon",
        "? Norway | announced | a new tax on salmon",
    ),
    # Who stands behind a clause does not always report it.
    (
        "The letter said the company had been sold, but Holm denied it.",
        "The letter | said | the company had been sold",
        "? Holm | denied | it",
    ),
    (
        "The team says it has found gold in the lake, a claim that rivals doubt.",
        "The team | says | it has found gold in the lake",
    ),
    (
        "Holm said he drove to Lund and then asked his wife to call.",
        "Holm | said | he drove to Lund and then asked his wife to call",
        "? he | asked | to call",
    ),
    (
        "Vera Holm, a nurse who said the ward was full, resigned.",
        "Vera Holm, a nurse who | said | the ward was full",
    ),
    (
        "One man who spoke to Radio Lund accused the guards of locking the door.",
        "One man who spoke to Radio Lund | accused | the guards of locking the door",
    ),
]

GOES_ON: list[Case] = [
    (
        "The minister said the pier is closed and called it a ruin.",
        "The minister | said | the pier is closed",
        "The minister | called | it a ruin",
    ),
    (
        "Holm says the road has been repaired and described the delay as a scandal.",
        "Holm | says | the road has been repaired",
        "Holm | described | the delay as a scandal",
    ),
    (
        "The bank said prices have risen but added that wages would follow.",
        "The bank | said | prices have risen",
        "The bank | added | wages would follow",
    ),
    (
        "The coach says his team is tired and warned that more players would leave.",
        "The coach | says | his team is tired",
        "The coach | warned | more players would leave",
    ),
    # The same tense, or no word: what is said has two halves.
    (
        "The guide said the hut was locked and called the police.",
        "The guide | said | the hut was locked and called the police",
    ),
    (
        "The farmer said he sold the horse and told his wife.",
        "The farmer | said | he sold the horse and told his wife",
    ),
    (
        "The prisoners said they were fed well and asked for books.",
        "The prisoners | said | they were fed well and asked for books",
    ),
    ("The firm has said it will pay and apologised.", "The firm | has said | it will pay and apologised"),
]

FAR: list[Case] = [
    ("The pier is old. It leaks in winter, Holm said. Nobody cares for it.", "Holm | said | It leaks in winter"),
    (
        "The mine had been shut. According to Ahlberg, 60 men worked there. Few had found new jobs.",
        "Ahlberg | According to | 60 men worked there",
    ),
    (
        "Ahlberg said Vera Holm, 34; Tom Reed, 8; and Eva Lund, 6, were all hurt in the crash.",
        "Ahlberg | said | Vera Holm, 34; Tom Reed, 8; and Eva Lund, 6, were all hurt in the crash",
    ),
    ("Holm said the pier was safe; the council closed it.", "Holm | said | the pier was safe"),
    (
        "Holm said the fall seemed “an accident,” but Reed was arrested on Friday.",
        "Holm | said | the fall seemed an accident",
    ),
    (
        "Half of the schools took part, according to a survey from May, though it is unclear how many pupils came.",
        "a survey from May | according to | Half of the schools took part",
    ),
    (
        "Hackers are feared to have stolen data from up to 44 million users in the raid.",
        "- | are feared | Hackers ... to have stolen data from up to 44 million users in the raid",
    ),
    (
        "Unlike his rivals, Holm said he would pay the tax.",
        "Holm | said | Unlike his rivals ... he would pay the tax",
    ),
    (
        "If it rains, the mayor said the race will start at noon.",
        "the mayor | said | If it rains ... the race will start at noon",
    ),
    ("In a hurry, Holm said he would pay the tax.", "Holm | said | he would pay the tax"),
    (
        '"They sell "seats" in a boat that never sails," Holm said.',
        "Holm | said | They sell seats in a boat that never sails",
    ),
    (
        '"The old way ("pay first") is gone," said Ahlberg. "The new way works."',
        "Ahlberg | said | The old way (pay first) is gone ... The new way works",
    ),
    ('"We counted 40 lights over the bay,” Holm told reporters.', "Holm | told | We counted 40 lights over the bay"),
    ('The shop sells "blue" and "green" cups, Holm said.', "Holm | said | The shop sells blue and green cups"),
    ("Police urged anyone with news of the fire to call the station.", "Police | urged | to call the station"),
    ("The board has asked residents to save water.", "The board | has asked | to save water"),
    ("The mayor called on both sides to sign the treaty.", "The mayor | called on | to sign the treaty"),
]

EMERGED: list[Case] = [
    ("It has emerged that the mayor had bought the field.", "- | has emerged | the mayor had bought the field"),
    ("It emerged on Monday that two guards were asleep.", "- | emerged | two guards were asleep"),
    ("It later transpired that the keys were lost.", "- | transpired | the keys were lost"),
    ("It was revealed that the dam had leaked for years.", "- | was revealed | the dam had leaked for years"),
    ("A new team emerged that could win the cup.",),
    ("The lake emerged from the fog.",),
]

SILENT = [
    "Pupils may read at home according to their own plans.",
    "The company declined to comment on the report.",
    "Two ministers refused to be named.",
    "Holm declined to answer questions about the sale.",
    "The airline has declined to disclose the price.",
    "The bank refused to discuss the case with reporters.",
    "A spokeswoman declined to elaborate.",
]

BEYOND_RULES = frozenset({
    "The coach says his team is tired and warned that more players would leave.",
    "Holm said the pier was safe; the council closed it.",
    "If it rains, the mayor said the race will start at noon.",
    "One man who spoke to Radio Lund accused the guards of locking the door.",
    "Police urged anyone with news of the fire to call the station.",
    "The team says it has found gold in the lake, a claim that rivals doubt.",
    "Unlike his rivals, Holm said he would pay the tax.",
})  # fmt: skip


@pytest.mark.parametrize(("case", "by"), tried(REPORTED, BEYOND_RULES))
def test_who_reports_words_has_all_of_them_and_their_speaker_only_the_own(case: Case, by: By | None) -> None:
    check(case, by)


@pytest.mark.parametrize(("case", "by"), tried(GOES_ON, BEYOND_RULES))
def test_a_content_ends_where_its_speaker_goes_on_in_another_tense(case: Case, by: By | None) -> None:
    check(case, by)


@pytest.mark.parametrize(("case", "by"), tried(FAR, BEYOND_RULES))
def test_a_content_goes_as_far_as_its_sentence_its_list_or_its_quotation(case: Case, by: By | None) -> None:
    check(case, by)


@pytest.mark.parametrize(("case", "by"), tried(EMERGED, BEYOND_RULES))
def test_what_emerges_is_alleged(case: Case, by: By | None) -> None:
    check(case, by)
    assert all(claim.modality == "alleged" for claim in extract(case[0], by).claims)


@pytest.mark.parametrize("text", SILENT)
def test_who_declines_to_comment_says_nothing(text: str) -> None:
    assert extract(text).claims == ()


def test_who_refuses_something_else_does() -> None:
    (claim,) = extract("Holm refused to pay the fine.").claims
    assert (claim.text, claim.kind) == ("to pay the fine", "intention")


@pytest.mark.parametrize(
    ("text", "speaker"),
    [
        ("The firm sent a letter that said the shop would close.", "a letter that"),
        ("The club denied claims made in a post that said the firm had lied.", "a post that"),
    ],
)
def test_a_letter_that_says_something_says_it_and_not_who_sent_it(text: str, speaker: str) -> None:
    claims = [claim for claim in extract(text).claims if claim.cue and claim.cue.lemma in {"say", "show"}]
    assert [claim.speaker and claim.speaker.text for claim in claims] == [speaker]


def test_police_alone_are_not_the_force_that_was_named_before() -> None:
    text = "Lunde police arrested a man on Friday. Police said that he had stolen a boat."
    (claim,) = extract(text).claims
    assert claim.speaker is not None
    assert claim.speaker.name is None
