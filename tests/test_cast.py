"""The cast of an article: names and their aliases are resolved once, and speakers in one pass over the cues."""

from __future__ import annotations

from itertools import permutations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from claimwire.pipelines.extract.article import Article
from claimwire.pipelines.extract.cast import Cast
from claimwire.pipelines.extract.cast.attention import Attention
from claimwire.pipelines.extract.cast.discourse import Discourse
from claimwire.pipelines.extract.cast.named import Named
from claimwire.pipelines.extract.cast.salience import Salience, outstanding
from claimwire.pipelines.extract.cast.speakers import find_speakers
from claimwire.pipelines.extract.drafts import Draft
from claimwire.pipelines.extract.entities import find_entities
from claimwire.pipelines.extract.entities.names import bare, fold, is_first_name, spelling, without_titles
from claimwire.pipelines.extract.rules import CLAUSE
from claimwire.pipelines.extract.tagger.names import Name
from claimwire.schemas import Entity, Span

TEXT = (
    "Finance Minister Anna Holm met Roger Reed, the mayor of Oslo, at the International Monetary Fund. "
    "Reed warned that taxes would rise. She said the IMF agreed. The minister denied it."
)


def entities(text: str, **labels: str) -> tuple[Entity, ...]:
    """The entities of a text, given what a recogniser finds: names with _ for spaces -> labels."""
    names = []
    for words, label in labels.items():
        name = words.replace("_", " ")
        start = text.index(name)
        names.append(Name(start, start + len(name), label, 0.9))
    return find_entities(text, sorted(names, key=lambda name: name.start))


@pytest.fixture
def cast() -> Cast:
    found = entities(TEXT, Anna_Holm="PERSON", Roger_Reed="PERSON", International_Monetary_Fund="ORG", IMF="ORG")
    return Cast(TEXT, found)


def draft(text: str, speaker: str, cue: str, content: str) -> Draft:
    """A claim in the making, by the words of its parts; the speaker's main word is the last."""

    def span(words: str) -> Span:
        start = text.index(words)
        return start, start + len(words)

    who = span(speaker)
    head = (who[0] + speaker.rfind(" ") + 1, who[1])
    said = span(content)
    return Draft(
        rule=CLAUSE, lemma=cue, class_="speech", content=[said], main=said, cue=[span(cue)], speaker=[who], head=head
    )  # fmt: skip


DRAFTS = [
    draft(TEXT, "Reed", "warned", "that taxes would rise"),
    draft(TEXT, "She", "said", "the IMF agreed"),
    draft(TEXT, "The minister", "denied", "it."),
]
# The words "Reed" stand first in "Roger Reed".
DRAFTS[0].head = (TEXT.index("Reed warned"), TEXT.index("Reed warned") + 4)
DRAFTS[0].speaker = [DRAFTS[0].head]


# -- names


@pytest.mark.parametrize(
    ("one", "other"), [("Zoë", "ZOE"), ("O’Neill", "ONeill"), ("J.R.", "jr"), ("Özil", "ozil"), ("Müller", "Muller")]
)
def test_a_folded_name_has_no_case_accents_or_apostrophes(one: str, other: str) -> None:
    assert fold(one) == fold(other)


@given(st.text(max_size=30))
def test_folding_twice_changes_nothing(name: str) -> None:
    assert fold(fold(name)) == fold(name)


def test_transcriptions_of_one_name_are_spelt_alike() -> None:
    assert spelling("Zelenskyy") == spelling("Zelenskiy") == spelling("Zelensky")
    assert fold("Zelenskyy") != fold("Zelensky")


def test_what_belongs_to_a_name() -> None:
    assert bare("Lee’s") == bare("Lee'") == "Lee"
    assert without_titles("Prime Minister Ann Lee") == ["Ann", "Lee"]
    assert without_titles("President") == ["President"]
    assert is_first_name("Zoë")
    assert not is_first_name("Parliament")


# -- the cast


def test_all_names_of_a_person_are_known_before_anybody_speaks(cast: Cast) -> None:
    by_name = {person.name: index for index, person in enumerate(cast.people.all)}
    named = {TEXT[start:end]: person for start, end, person in cast.people.mentions}
    assert named["Reed"] == named["Roger Reed"] == by_name["Roger Reed"]
    anna = cast.people.all[by_name["Anna Holm"]]
    assert anna.gender == "f"
    assert "minister" in anna.words
    assert [role.person for role in cast.people.roles["mayor"]] == [by_name["Roger Reed"]]


def test_a_body_is_known_by_its_initials(cast: Cast) -> None:
    (short,) = (index for index, entity in enumerate(cast.entities) if entity.name == "IMF")
    assert cast.entities[cast.bodies.full(short)].name == "International Monetary Fund"


def test_two_people_of_one_surname_stay_apart() -> None:
    text = "Ann Lee met Tom Lee. Lee left."
    cast = Cast(text, entities(text, Ann_Lee="PERSON", Tom_Lee="PERSON"))
    genders = [person.gender for person in cast.people.all]
    assert {cast.people.all[mention.person].name for mention in cast.people.mentions} == {"Ann Lee", "Tom Lee"}
    assert cast.people.bearer("Nobody", 0, genders) is None


def test_a_title_shows_who_of_two_is_meant() -> None:
    text = "Ann Lee met Tom Lee. Mr Lee left, Mrs. Lee stayed."
    cast = Cast(text, entities(text, Ann_Lee="PERSON", Tom_Lee="PERSON"))
    named = {start: cast.people.all[person].name for start, _, person in cast.people.mentions}
    assert named[text.index("Lee left")] == "Tom Lee"
    assert named[text.index("Lee stayed")] == "Ann Lee"


# -- speakers


def names(found: dict[Span, Named]) -> list[str | None]:
    return [found[each.head].name for each in DRAFTS]


def test_speakers_are_resolved_in_one_pass(cast: Cast) -> None:
    found = find_speakers(cast, Discourse(Article(TEXT), DRAFTS), DRAFTS)
    assert names(found) == ["Roger Reed", "Anna Holm", "Anna Holm"]
    assert [found[each.head].type for each in DRAFTS] == ["person"] * 3


def test_asking_twice_and_in_any_order_gives_the_same(cast: Cast) -> None:
    discourse = Discourse(Article(TEXT), DRAFTS)
    people = [*cast.people.all]
    first = find_speakers(cast, discourse, DRAFTS)
    for order in permutations(DRAFTS):
        assert find_speakers(cast, discourse, order) == first
    assert cast.people.all == people


def test_a_pronoun_shows_a_gender_to_the_pass_and_leaves_the_cast_as_it_is() -> None:
    text = "Robin Holm arrived. She left."
    cast = Cast(text, entities(text, Robin_Holm="PERSON"))
    attention = Attention(cast, Discourse(Article(text), []))
    assert attention.genders == [None]
    attention.read_to(len(text))
    assert attention.genders == ["f"]
    assert [person.gender for person in cast.people.all] == [None]


# -- salience


def test_the_last_mention_counts_most_and_who_does_not_stand_out_is_not_meant() -> None:
    salience = Salience()
    salience.add(1, 1.0, 3)
    salience.add(2, 1.0, 0)
    assert outstanding(salience.scores(), 1.2) == 2
    salience.add(1, 1.0, 0)
    assert outstanding(salience.scores(), 1.2) is None
    assert outstanding({}, 1.2) is None
