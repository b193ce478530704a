"""What looks like a claim and is none. All sentences are ours."""

from __future__ import annotations

import pytest
from said import Case, check, tried

from claimwire.pipelines.extract import By

NOBODYS: list[Case] = [
    ("Few remember that the square was once a lake.",),
    ("I think we all need a rest.",),
    ("You would think the sea was made of glass.",),
    ("Nobody said the road would be short.",),
    ("One might argue that the clock is slow.",),
    ("Let us say the train is late.",),
    ("It goes without saying that the cook was tired.",),
    ("That is to say, the shop was empty.",),
    ("Needless to say, the rain did not stop.",),
    ("We know that the moon has no air.",),
    ("If anyone says the lake is clean, the fish know better.",),
    ("Suppose that the price doubles by spring.",),
    ("You never know whether the bus will come.",),
    ("He would have said the garden was too small.",),
    ("Anyone could tell that the stew had burned.",),
    ("Guess what the children had built.",),
    ("Nobody knows where the statue went.",),
    ("You could say the evening was a success.",),
    ("Critics would say the scheme was doomed from the start.",),
    ("If the minister says yes, building could begin in the spring.",),
    ("No one is claiming that the new line will pay for itself.",),
    ("One might think that a town with two rivers would have enough water.",),
    ("I have come to love the rain in this town.",),
    ("I want to look back on the year before it ends.",),
    ("You could argue that the goal should never have stood.",),
    ("I think we should all be a little kinder to goalkeepers.",),
]

SAID_ONLY: list[Case] = [
    ("She said goodbye and left the room.",),
    ("He said hello to the porter every morning.",),
    ("They said their prayers and went to bed.",),
    ("The boy said nothing for an hour.",),
    ("She said yes on a beach in June.",),
    ("The twins said grace before the soup.",),
    ("He said sorry and paid for the glass.",),
    ("The actors said their lines without a mistake.",),
    ("She told a joke, and the room laughed.",),
    ("He told stories until the fire went out.",),
    ("The clock told the hour with a small bell.",),
    ("They have little to say to each other.",),
    ("He said so twice.",),
    ("She called her mother from the station.",),
    ("The guests said thanks and drove home.",),
    ("She said goodnight to the guard.",),
    ("He told the time by the sun.",),
    ("The film tells the story of two brothers.",),
    ("Needless to say, the spare key did not fit either.",),
    (
        "The two leaders said their vows of friendship to nobody in particular and spoke for an "
        "hour behind closed doors.",
        "? The two leaders | said | their vows of friendship to nobody in particular",
    ),
    ("The club posted a picture of the new kit.",),
    ("She found herself out of work at forty.",),
    ("Tenants pay according to the size of their flats.",),
    ("The crew said goodbye to the old ferry on Saturday with a brass band and a good deal of beer.",),
    (
        "She declined to say whether the contract had been signed.",
        "? She | declined | to say whether the contract had been signed",
    ),
    ("The spokesman did not respond to a request for comment.",),
    ("Thinking about the sea, he fell asleep.",),
]

QUESTIONS: list[Case] = [
    ("Asked whether he would resign, the minister smiled.",),
    ("Will the bridge hold another winter?",),
    ("Who says the moon is dry?",),
    ("Did the mayor say the road was closed?",),
    ("When asked about the money, the treasurer left the room.",),
    ("What did the pilot say before the landing?",),
    ("Has the company said why the lift failed?",),
    ("A reporter asked how long the repair would take.",),
    ("Why would anyone claim that the well is full?",),
    ("The minister was asked if the tunnel was safe.",),
    ("Could the team say that it was ready?",),
    ("Does the report say who paid?",),
    ("The spokesman was asked about the missing files.",),
    ("Reporters asked whether the king was ill.",),
    ("Is it true that the ship was empty?",),
    ("Would the bridge hold? Nobody asked.",),
    ("The journalist asked whether the mine would reopen.",),
    ("Reporters asked whether he would resign. The minister walked past them to his car.",),
    ("Asked about the fire, the owner closed the door.",),
    ("When asked whether he would sing again, the tenor smiled.",),
    ("Do you think the council should sell the park? Write to us by Friday.",),
    ("What would it take to bring the ferry back? More than a petition, perhaps.",),
    ("“Will you publish the letter?” a journalist shouted as the car pulled away.",),
    ("“Why did the ferry turn back?” a reporter called from the quay.",),
]

COMMANDS: list[Case] = [
    ("Say what you like, the soup was good.",),
    ("Tell your friends about our new app.",),
    ("Click here to read the full report.",),
    ("Write to us with your questions.",),
    ("Add the flour and stir until smooth.",),
    ("Note that the shop is closed on Mondays.",),
    ("Remember to bring a coat.",),
    ("Say cheese!",),
    ("Report any fault to the front desk.",),
    ("Call the number below to book a table.",),
    ("Explain your answer in fewer than fifty words.",),
    ("Imagine a city without cars.",),
    ("Ask your doctor before you take two.",),
    ("See page 4 for the full list.",),
    ("Claim your free ticket today.",),
    ("Sign up for our newsletter.",),
    ("Tell us what you think in the comments.",),
    ("Let me say this: rain is wet.",),
    ("Say hello to our new columnist, who will be writing here every other Thursday.",),
    ("Tell your doctor if you take blood thinners, and never share the tablets.",),
]

LYRICS: list[Case] = [
    ("♪ Say you will, say you won’t, say the river knows ♪",),
    ("The choir sang “Harbour of the Morning” in four parts.",),
    ("Oh, tell me that the night is long,\nOh, tell me that the wind is strong,\nOh, sing with me this little song.",),
    ("The crowd sang “Bring the sailors home” as the ship came in.",),
    ("“La la la, the moon is blue,” goes the chorus.",),
    ("The band opened with “Say It Was Rain” and closed with “Iron Bird”.",),
    ("♪ She said the sea would bring him back ♪",),
    ("The anthem “Stand, O Mountains” was played twice.",),
    ("The hymn “Now the Lamps Are Lit” filled the nave.",),
    ("Verse 2: You said the stars were ours to keep",),
    ("[Chorus] I heard you say the road was long",),
    ("The song ends with the line “and nobody knew her name”.",),
    ("The record’s first single is “They Say It Snows”.",),
    ("She hummed “Tell Me Lies of Summer” on the tram.",),
    ("The children sang “Ten Grey Geese” for the queen.",),
    ("She sang “Moon Over the Yard” at the funeral.",),
]

BOILERPLATE: list[Case] = [
    ("All rights reserved, said the publisher.",),
    ("Copyright 2024 The Valley Post. All rights reserved.",),
    ("The views expressed here are the author’s own.",),
    ("Read more: Minister says bridge will close",),
    ("Sign up here for our daily briefing.",),
    ("Reporting by Ann Holt; editing by Tom Reed.",),
    ("This material may not be published, broadcast or rewritten.",),
    ("Photo: Ann Holt",),
    ("Share this article with your friends.",),
    ("Updated: 12 May 2024, 10:31",),
    ("Source: National Statistics Office",),
    ("Contact: news@valleypost.example",),
    ("Listen: the full interview with the goalkeeper",),
    ("Related: Five dead in avalanche",),
    ("Follow us for the latest news.",),
    ("The Associated Press contributed to this report.",),
    ("We use cookies to make our site work.",),
    ("LISBON, May 4: The harbour was closed on Tuesday.",),
    ("© 2023 Harbour Media. All rights reserved.",),
    ("Subscribe to our newsletter for more stories.",),
    ("The post Five ways to say no appeared first on The Valley Post.",),
    ("We recommend that you use a more up to date browser.",),
    ("Your browser says it does not support video.",),
    ("Already a subscriber? Tell us what you think.",),
    ("Seguir leyendo",),
    ("Continue reading: what the minister said next",),
    ("How to prune roses in winter",),
    ("Analysis: the road to Lisbon",),
    ("Ukraine war: what we know on day 400",),
    ("Live: storm moves towards coast",),
    ("Recipe: lemon cake with poppy seeds",),
    ("Champions League: Porto beat Ajax in extra time",),
    ("Serves 4\nPrep time: 20 minutes\nCooking: one hour",),
    ("Date: 4 May\nPlace: Town Hall\nEntry: free",),
    ("He packed three things — a knife, a rope and “The Odyssey” — and left.",),
    ("The band — “louder than ever” — played until dawn.",),
    ("Copyright 2024 Eastern Wire. This material may not be published or rewritten without permission.",),
    ("Sign up for our morning briefing: we tell you what matters before breakfast.",),
    ('"Oh carry me over the water, oh carry me home," she sang as the lights went down.',),
    (
        "The opinions expressed in this column are those of the author and do not necessarily "
        "reflect the views of the newspaper.",
    ),
    ("Correction: an earlier version of this article gave the wrong date for the opening.",),
    ("CW: drowning, grief, bad weather",),
    ("Dana Reyes - Host\n\nMilo Brandt - Editor",),
    ("Read more: Why the council says the bridge must close",),
]

DEEDS: list[Case] = [
    ("The train left at noon and arrived before three.",),
    ("The keeper found a wallet under the bench.",),
    ("The film shows on Tuesdays at the old cinema.",),
    ("The referee showed a red card after ten minutes.",),
    ("Workers found the pipe under the road.",),
    ("The clock reads half past four.",),
    ("The court rules on Friday.",),
    ("She added salt and a little sugar.",),
    ("The fund holds shares in forty firms.",),
    ("Rain fell on the harbour for three days.",),
    ("The museum charges nine euros.",),
    ("The general ordered a coffee and sat down.",),
    ("The team posted a profit of two million.",),
    ("The council set a date and closed the session.",),
    ("Kick-off: 20:45 at the Stade du Port",),
    ("Workers found a wallet in the mud.",),
    ("“Yes.”",),
]

BEYOND_RULES = frozenset(
    {
        "It goes without saying that the cook was tired.",
        "She called her mother from the station.",
        "The team posted a profit of two million.",
    }
)
"""What the rules alone do not get right, or put in another way: "who" with its noun, what goes on as its own claim."""

WRONG = frozenset(
    {
        "The referee showed a red card after ten minutes.",
    }
)


@pytest.mark.parametrize(("case", "by"), tried(NOBODYS, BEYOND_RULES, WRONG))
def test_beliefs_of_nobody(case: Case, by: By | None) -> None:
    check(case, by)


@pytest.mark.parametrize(("case", "by"), tried(SAID_ONLY, BEYOND_RULES, WRONG))
def test_said_goodbye(case: Case, by: By | None) -> None:
    check(case, by)


@pytest.mark.parametrize(("case", "by"), tried(QUESTIONS, BEYOND_RULES, WRONG))
def test_questions_put_by_the_reporter(case: Case, by: By | None) -> None:
    check(case, by)


@pytest.mark.parametrize(("case", "by"), tried(COMMANDS, BEYOND_RULES, WRONG))
def test_commands_to_the_reader(case: Case, by: By | None) -> None:
    check(case, by)


@pytest.mark.parametrize(("case", "by"), tried(LYRICS, BEYOND_RULES, WRONG))
def test_songs_and_their_titles(case: Case, by: By | None) -> None:
    check(case, by)


@pytest.mark.parametrize(("case", "by"), tried(BOILERPLATE, BEYOND_RULES, WRONG))
def test_boilerplate(case: Case, by: By | None) -> None:
    check(case, by)


@pytest.mark.parametrize(("case", "by"), tried(DEEDS, BEYOND_RULES, WRONG))
def test_deeds_by_verbs_that_also_speak(case: Case, by: By | None) -> None:
    check(case, by)
