"""How extraction is put together: the steps of its pipeline, its rules, what it rejects and in which order."""

from __future__ import annotations

import warnings
from types import SimpleNamespace
from typing import Any

import pytest

from claimwire.pipelines.extract import LanguageWarning, extract, load, reject
from claimwire.pipelines.extract.article import Article
from claimwire.pipelines.extract.drafts import Draft, alike
from claimwire.pipelines.extract.finding.tagged import find_by_tagger
from claimwire.pipelines.extract.pipeline import STEPS, By, What, Which, Work, steps_for
from claimwire.pipelines.extract.rules import CLAUSE, COLON, CONTINUED, RULES, TAGGER, TAGGER_AND_RULES, Rule
from claimwire.pipelines.extract.tagger import Attribution
from claimwire.pipelines.extract.wordlists import precision
from claimwire.schemas import Span

# -- steps


@pytest.mark.parametrize("what", ["entities", "claims"])
@pytest.mark.parametrize("by", ["tagger", "rules"])
@pytest.mark.parametrize("which", ["statements", "all"])
def test_each_step_needs_only_what_the_steps_before_it_give(what: What, by: By, which: Which) -> None:
    given = {"id", "article", "only"}
    for step in steps_for(what, by, which):
        assert set(step.needs) <= given, step.name
        given |= set(step.gives)
    assert "entities" in given
    assert ("claims" in given) == (what == "claims")


def test_steps_name_fields_of_the_work_and_have_names_of_their_own() -> None:
    fields = set(Work.__dataclass_fields__)
    assert all({*step.needs, *step.gives} <= fields for step in STEPS)
    assert len({step.name for step in STEPS}) == len(STEPS)


def test_the_drafts_before_the_unlikely_are_left_out_are_there_for_calibration() -> None:
    article = SimpleNamespace(id="", text="The mayor said the bridge would stay closed. Ann Lee likes the sea.")
    ((entities, drafts),) = load(by="rules", which="all").drafts([article])
    assert [entity.text for entity in entities] == ["Ann Lee"]
    assert [draft.kind for draft in drafts] == ["clause"]


# -- rules


def test_rules_have_names_of_their_own() -> None:
    assert len({rule.name for rule in RULES}) == len(RULES)


def test_every_measured_precision_is_that_of_a_rule() -> None:
    tenths = [tenth / 10 + 0.05 for tenth in range(10)]
    keys = {rule.key(score) for rule in RULES for score in tenths}
    keys |= {rule.at(place).key(0.0) for rule in RULES for place in ("alone", "within", "apart")}
    assert precision().keys() <= keys


@pytest.mark.parametrize(
    ("rule", "score", "key"),
    [
        (CLAUSE, 0.0, "clause"),
        (CLAUSE.at("within"), 0.0, "clause within"),
        (TAGGER, 0.0, "tagger 0.0"),
        (TAGGER, 0.59, "tagger 0.5"),
        (TAGGER_AND_RULES, 1.0, "tagger and rules 0.9"),
    ],
)
def test_claims_of_one_key_are_counted_together(rule: Rule, score: float, key: str) -> None:
    assert rule.key(score) == key


# -- rejecting

TEXT = "Nobody said goodbye to the crew, did they?\n\nRead more: the mayor said goodbye."


def draft(text: str, cue: str, content: str, speaker: str = "", rule: Rule = CLAUSE, **more: Any) -> Draft:
    def span(words: str) -> list[Span]:
        return [(text.index(words), text.index(words) + len(words))] if words else []

    who = span(speaker)
    said = {"lemma": "say", "class_": "speech", "main": span(content)[0], "head": who[0] if who else (0, 0)} | more
    return Draft(rule=rule, content=span(content), cue=span(cue), speaker=who, **said)


def test_the_reasons_are_asked_in_their_order() -> None:
    names = [reason.__name__ for reason in reject.REASONS]
    assert names == [
        "printed", "credited", "foreign", "small_words", "voiceless", "quoted_phrase", "measures", "cites", "nobodys",
        "calls", "greets", "declines", "asks", "sings", "orders", "narrates", "relates",
    ]  # fmt: skip


def test_the_first_reason_that_fits_is_the_one_given() -> None:
    article = Article(TEXT)
    found = draft(TEXT, "said", "goodbye", "Nobody")
    assert reject.nobodys(article, found)
    assert reject.greets(article, found)
    assert reject.why_not(article, found) == "nobodys"


def test_a_claim_has_no_reason_against_it() -> None:
    text = "The mayor said the bridge would close."
    found = draft(text, "said", "the bridge would close", "The mayor")
    assert reject.why_not(Article(text), found) is None
    assert reject.claims(Article(text), [found]) == [found]


def test_of_a_draft_without_a_cue_only_the_paragraph_is_asked() -> None:
    text = "“Goodbye.”\n\nRead more: “Goodbye to all.”"
    article = Article(text)
    assert reject.why_not(article, draft(text, "", "“Goodbye.”", rule=CONTINUED)) is None
    assert reject.why_not(article, draft(text, "", "“Goodbye to all.”", rule=CONTINUED)) == "printed"


@pytest.mark.parametrize("rule", [TAGGER, CLAUSE])
def test_only_the_tagger_takes_small_words_for_a_claim(rule: Rule) -> None:
    text = "They want about."
    found = draft(text, "want", "about", "They", rule)
    assert reject.small_words(Article(text), found) == (rule is TAGGER)


def test_a_draft_of_the_parse_stands_if_somebody_says_it() -> None:
    text = "The mayor said it would rain, and I think it will."
    article = Article(text)
    assert reject.stands(article, draft(text, "said", "it would rain", "The mayor"))
    assert reject.stands(article, draft(text, "said", "it would rain", alleged=True))
    assert not reject.stands(article, draft(text, "said", "it would rain"))
    assert not reject.stands(article, draft(text, "said", "it would rain", "The mayor", negated=True))
    assert not reject.stands(article, draft(text, "think", "it will", "I", lemma="think", class_="cognition"))


@pytest.mark.parametrize(
    ("found", "speaker"), [("Lunde", "Lunde Transport Police"), ("Lunde Transport Police", "Lunde Transport Police")]
)
def test_a_name_that_the_tagger_cut_before_its_cue_is_whole(found: str, speaker: str) -> None:
    text = "He is being held, Lunde Transport Police said."

    def at(words: str) -> Span:
        return text.index(words), text.index(words) + len(words)

    attribution = Attribution([at(found)], [at("said")], [at("He is being held")], 0.9, {})
    (draft,) = find_by_tagger(Article(text), [attribution])
    assert [text[start:end] for start, end in draft.speaker] == [speaker]


def test_who_does_little_but_ask_is_an_interviewer() -> None:
    turns = [("Host", "How are you?"), ("Ann", "Well."), ("Host", "And the boat?"), ("Ann", "Sold. Why?")]
    assert reject.interviewers(turns) == {"Host"}
    assert reject.interviewers([("Host", "Who?"), ("Host", "Why?")]) == set()
    assert reject.is_interview_question("Q", "No question mark.")
    assert not reject.is_interview_question("Ann", "Why?")


def test_beside_the_tagger_a_part_of_its_claim_is_left_out() -> None:
    text = "The mayor said the bridge would close."
    parts = {
        place: draft(text, "said", "the bridge would close", "The mayor", COLON.at(place))
        for place in ("alone", "within", "apart")
    }
    assert reject.likely([*parts.values()]) == [parts["within"], parts["apart"]]
    assert reject.is_unlikely(draft(text, "said", "the bridge would close", "The mayor", TAGGER, score=0.1))


def test_claims_within_claims_are_kept_to_a_depth() -> None:
    nested = [
        Draft(rule=CLAUSE, lemma="say", class_="speech", content=[(at, 100 - at)], main=(at, 100 - at), cue=[(at, at)])
        for at in range(9)
    ]
    assert reject.unnested(nested) == nested[:5]


def test_drafts_are_alike_by_what_their_contents_share() -> None:
    text = "The mayor said the bridge would close, Ann Lee told reporters."
    one = draft(text, "said", "the bridge would close", "The mayor")
    assert alike(one, one) == 2.0
    assert alike(one, draft(text, "told", "the bridge would close", "Ann Lee")) == 1.0
    whole = draft(text, "told", "The mayor said the bridge would close", "Ann Lee")
    assert alike(whole, one) == 0.0  # speech within speech


# -- what is no English text


@pytest.mark.parametrize(
    ("given", "named"),
    [
        (["The mayor said no."], "a list"),
        (None, "None"),
        (b"The mayor said no.", "a bytes"),
        (SimpleNamespace(id="a", text=None), "a SimpleNamespace"),
        (SimpleNamespace(text="The mayor said no."), "a SimpleNamespace"),
    ],
)
def test_what_is_no_text_is_refused_with_a_word_on_what_is_right(given: Any, named: str) -> None:
    with pytest.raises(TypeError, match=rf"takes a text \(str\) or an article.*not {named}; .*load\(\)\.pipe"):
        extract(given)


GERMAN = (
    "Der Minister sagte am Dienstag, die Brücke werde bis zum Sommer geschlossen bleiben. Nach Angaben der Polizei "
    "wurde bei dem Unfall niemand verletzt."
)


def test_a_text_in_another_language_is_read_with_a_warning() -> None:
    with pytest.warns(LanguageWarning, match=r"\(de\) than the model reads \(en\)"):
        extract(GERMAN)


def test_an_article_that_says_it_is_in_another_language_is_read_with_a_warning() -> None:
    with pytest.warns(LanguageWarning, match=r"\(fr\)"):
        extract(SimpleNamespace(id="a", text="Oui.", language="fr"))


@pytest.mark.parametrize("text", ["", "Ann Lee said no.", "The mayor said the bridge would stay closed."])
def test_an_english_text_is_read_without_a_warning(text: str) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        extract(text)
