"""Who is meant by a pronoun, a role, a surname or "the company": each in a small article written for this project."""

from __future__ import annotations

from functools import cache
from types import SimpleNamespace

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from claimwire.pipelines.extract import By, Extraction, load
from claimwire.schemas import Speaker

EXTRACTORS: list[By] = ["tagger", "rules"]


@cache
def extract(by: By, text: str) -> Extraction:
    (found,) = load(by=by, which="all").pipe([SimpleNamespace(id="", text=text)])
    return found


def speaker(by: By, text: str, words: str) -> Speaker | None:
    """Who makes the shortest claim that holds the words."""
    fitting = [claim for claim in extract(by, text).claims if words in claim.text]
    assert fitting, f"no claim holds {words!r}; found {[c.text for c in extract(by, text).claims]}"
    return min(fitting, key=lambda claim: len(claim.text)).speaker


def check(by: By, text: str, words: str, name: str | None) -> None:
    found = speaker(by, text, words)
    assert found is not None
    assert found.name == name


# -- pronouns

PRONOUNS = [
    ("Anna Holm visited the yard on Monday. She said the ship was ready.", "the ship was ready", "Anna Holm"),
    ('Tom Reed grows plums. "The frost took half of them," he said.', "The frost took half", "Tom Reed"),
    ("Anna Holm met Tom Reed at the harbour. She said the crane was too old.", "the crane was too old", "Anna Holm"),
    ("Anna Holm met Tom Reed at the harbour. He said the crane would be mended.", "would be mended", "Tom Reed"),
    (
        "Tom Reed told the council that Paul Stone had sold the boats. He said the price was a secret.",
        "the price was a secret",
        "Tom Reed",
    ),
    (
        "Judge Carla Reyes opened the hearing. Lawyers argued for two hours. She said the case would go on in May.",
        "the case would go on in May",
        "Carla Reyes",
    ),
    (
        'Martin Falk runs the ferry. He bought it in 1998. He paints it himself. "It never sleeps," he said.',
        "It never sleeps",
        "Martin Falk",
    ),
    (
        'Erik Sand praised the crew.\n\n"They worked all night," he said.\n\nLater, he added that the pumps had held.',
        "the pumps had held",
        "Erik Sand",
    ),
    (
        "Mr. Alder opened the mill in spring. Ruth Alder closed it in autumn. She said nobody bought flour.",
        "nobody bought flour",
        "Ruth Alder",
    ),
    (
        "Oksana Melnyk leads the choir. Her brother Taras sings in it. She said they would tour Spain.",
        "they would tour Spain",
        "Oksana Melnyk",
    ),
    (
        'Nadia Simms answered questions for an hour. "I have nothing to hide," she told reporters.',
        "I have nothing to hide",
        "Nadia Simms",
    ),
    (
        "Greta Lund and her dog walked to the lighthouse. She warned that the path was icy.",
        "the path was icy",
        "Greta Lund",
    ),
    (
        "Spokeswoman Jo Marsh read the statement. She said the strike would end.",
        "the strike would end",
        "Jo Marsh",
    ),
    (
        'Peter Lang won the race. Before the start, coach Hanna Weiss hugged him. "I was afraid," he said.',
        "I was afraid",
        "Peter Lang",
    ),
    (
        "Hanna Weiss has trained runners since 2001. Peter Lang is her best. She believes that he can win again.",
        "he can win again",
        "Hanna Weiss",
    ),
    (
        '"The bridge is safe," Tom Reed said. "I crossed it with my children," he added.',
        "I crossed it with my children",
        "Tom Reed",
    ),
]


@pytest.mark.parametrize("by", EXTRACTORS)
@pytest.mark.parametrize(("text", "words", "name"), PRONOUNS)
def test_a_pronoun_means_who_stands_out_among_those_of_its_gender(by: By, text: str, words: str, name: str) -> None:
    check(by, text, words, name)


# -- roles

ROLES = [
    (
        "Finance Minister Anna Holm flew to Oslo. The minister said the deal was close.",
        "the deal was close",
        "Anna Holm",
    ),
    (
        "Anna Holm, the party's chair, spoke in Bergen. Tom Reed listened. The chair said taxes would fall.",
        "taxes would fall",
        "Anna Holm",
    ),
    (
        "Party chair Anna Holm spoke in Bergen. Tom Reed listened. The chair said taxes would fall.",
        "taxes would fall",
        "Anna Holm",
    ),
    (
        "Sen. Paul Stone of Ohio came late. Anna Holm was on time. The senator said his train had stopped.",
        "his train had stopped",
        "Paul Stone",
    ),
    (
        "Paul Stone (D-Ohio) and Jack Mills (R-Iowa) argued on Monday. The Republican said the bill was dead.",
        "the bill was dead",
        "Jack Mills",
    ),
    (
        "Paul Stone (D-Ohio) and Jack Mills (R-Iowa) argued on Monday. The Democrat said the bill would pass.",
        "the bill would pass",
        "Paul Stone",
    ),
    (
        "Lena Fox, 45, lost her house in the flood. Tom Reed, 61, lost a barn. "
        "The 45-year-old said the water came at night.",
        "the water came at night",
        "Lena Fox",
    ),
    (
        "Lena Fox, a 45-year-old nurse, lost her house. The nurse said the water came at night.",
        "the water came at night",
        "Lena Fox",
    ),
    (
        "Mayor Ines Rocha toured the market. Trader Luis Prado showed her the roof. "
        "The mayor promised that it would be mended.",
        "it would be mended",
        "Ines Rocha",
    ),
    (
        "Former President Karl Adler spoke first. President Eva Blum spoke last. "
        "The former president said the war was lost.",
        "the war was lost",
        "Karl Adler",
    ),
    (
        "Vice President Omar Diaz met President Eva Blum. The vice president said the talks went well.",
        "the talks went well",
        "Omar Diaz",
    ),
    (
        "Neurosurgeon Ida Krogh left the firm in June. The neurosurgeon said she was tired.",
        "she was tired",
        "Ida Krogh",
    ),
    (
        "Viktor Hahn has owned hotels for thirty years. The Vienna businessman said the season was poor.",
        "the season was poor",
        "Viktor Hahn",
    ),
    (
        "Home Secretary Mary Oakes resigned. Her spokesman, Dan Price, read a letter. "
        "The spokesman said the decision was hers alone.",
        "the decision was hers alone",
        "Dan Price",
    ),
    (
        "The author, Ruth Alder, lives in Leeds. The writer said her next book was about bees.",
        "her next book was about bees",
        "Ruth Alder",
    ),
    (
        "Dr. Samir Haddad runs the clinic. The doctor said vaccines were running out.",
        "vaccines were running out",
        "Samir Haddad",
    ),
    (
        "Goalkeeper Mia Torres saved two penalties. The goalkeeper said she had guessed.",
        "she had guessed",
        "Mia Torres",
    ),
]


OFFICES = [
    ("Secretary of State Mary Oakes told reporters on Monday that the strait would stay open.", "Mary Oakes"),
    ("Mary Oakes arrived late. Secretary of State Oakes said that the strait would stay open.", "Mary Oakes"),
    ("US Secretary of State Mary Oakes said that the strait would stay open.", "Mary Oakes"),
    ("Chief of Staff Anna Holt said that the strait would stay open.", "Anna Holt"),
    ("Minister of Transport Bo Lind said that the strait would stay open.", "Bo Lind"),
]


@pytest.mark.parametrize("by", EXTRACTORS)
@pytest.mark.parametrize(("text", "name"), OFFICES)
def test_what_an_office_is_for_is_no_part_of_a_name(by: By, text: str, name: str) -> None:
    check(by, text, "the strait would stay open", name)


@pytest.mark.parametrize("by", EXTRACTORS)
@pytest.mark.parametrize(("text", "words", "name"), ROLES)
def test_a_role_means_who_is_said_to_have_it(by: By, text: str, words: str, name: str) -> None:
    check(by, text, words, name)


# -- names

NAMES = [
    ('Ruth Alder owns the mill. "The wells are dry," said Alder.', "The wells are dry", "Ruth Alder"),
    ('Ruth Alder owns the mill. "The wells are dry," Mrs. Alder said.', "The wells are dry", "Ruth Alder"),
    ('Ruth Alder owns the mill. "The wells are dry," Ruth said.', "The wells are dry", "Ruth Alder"),
    (
        "Ruth Alder and her husband Tom Alder own the mill. Mr. Alder said the wells were dry.",
        "the wells were dry",
        "Tom Alder",
    ),
    (
        "Ruth Alder and her husband Tom Alder own the mill. Mrs. Alder said the wells were dry.",
        "the wells were dry",
        "Ruth Alder",
    ),
    ("Foreign Minister Ann Lee said the border was open.", "the border was open", "Ann Lee"),
    ("Ann Lee, the foreign minister, said the border was open.", "the border was open", "Ann Lee"),
    ("The foreign minister, Ann Lee, said the border was open.", "the border was open", "Ann Lee"),
    ("Ann Lee, 52, of Hull, said the border was open.", "the border was open", "Ann Lee"),
    ("Rep. Ann Lee (D-Maine) said the border was open.", "the border was open", "Ann Lee"),
    ("Campaign spokeswoman Ann Lee said the border was open.", "the border was open", "Ann Lee"),
    ("An aide to the mayor, Ann Lee, said the border was open.", "the border was open", "Ann Lee"),
    ("Ann B. Lee came home. Lee said the border was open.", "the border was open", "Ann B. Lee"),
    ("Harry Hurst III came home. Hurst said the border was open.", "the border was open", "Harry Hurst III"),
    ("Bill de Groot came home. Mr. de Groot said the border was open.", "the border was open", "Bill de Groot"),
    ("Retired Gen. Jack Mills came home. Mills said the border was open.", "the border was open", "Jack Mills"),
    ("Jack Mills's lawyer, Sue Park, said the border was open.", "the border was open", "Sue Park"),
]


@pytest.mark.parametrize("by", EXTRACTORS)
@pytest.mark.parametrize(("text", "words", "name"), NAMES)
def test_a_surname_a_first_name_and_a_title_give_the_full_name(by: By, text: str, words: str, name: str) -> None:
    check(by, text, words, name)


# -- organisations, places, groups and documents

BODIES = [
    ("Volvo closed a plant in Ghent. The company said sales had fallen.", "sales had fallen", "Volvo", "organization"),
    ("Volvo closed a plant in Ghent. It said sales had fallen.", "sales had fallen", "Volvo", "organization"),
    (
        "Deutsche Bank closed ten branches. Anna Holm lost her job. The bank said customers had moved online.",
        "customers had moved online",
        "Deutsche Bank",
        "organization",
    ),
    (
        "The European Commission met on Monday. The commission said the rules would change.",
        "the rules would change",
        "European Commission",
        "organization",
    ),
    (
        "The Supreme Court sat on Monday. The court said the law was void.",
        "the law was void",
        "Supreme Court",
        "organization",
    ),
    (
        "The International Monetary Fund met in Lima. The IMF said growth would slow.",
        "growth would slow",
        "International Monetary Fund",
        "organization",
    ),
    (
        "The University of Leeds closed two halls. The university said the roofs leaked.",
        "the roofs leaked",
        "University of Leeds",
        "organization",
    ),
    ("France recalled its envoy. The country said talks had failed.", "talks had failed", "France", "place"),
    ("Norway closed the strait. It said the ice was too thin.", "the ice was too thin", "Norway", "place"),
    ("Moscow said the ships had left. It warned that they would return.", "they would return", "Moscow", "place"),
    (
        "Republicans said the bill was dead. They warned that prices would rise.",
        "prices would rise",
        "Republicans",
        "group",
    ),
    ("Villagers said the harvest was lost. They warned that prices would rise.", "prices would rise", None, "group"),
    ("Union leaders met twice. They said the strike would go on.", "the strike would go on", None, "group"),
    ("A report said the dam leaked. It warned that the wall could break.", "the wall could break", None, "document"),
    ("The study said bees sleep. It also said that wasps do not.", "wasps do not", None, "document"),
    ("Ruth Alder and Tom Reed said the wells were dry.", "the wells were dry", None, "group"),
    ("Norway and Sweden said the herring would return.", "the herring would return", None, "group"),
]


@pytest.mark.parametrize("by", EXTRACTORS)
@pytest.mark.parametrize(("text", "words", "name", "type_"), BODIES)
def test_bodies_and_groups_speak_too(by: By, text: str, words: str, name: str | None, type_: str) -> None:
    check(by, text, words, name)
    found = speaker(by, text, words)
    assert found is not None
    assert found.type == type_


# -- nobody

UNCLEAR = [
    ("Two men met in the harbour. He said the ship was late.", "the ship was late"),
    ("The weather was bad. She said the ship was late.", "the ship was late"),
    ("Ruth Alder and Anna Holm share a farm. She said it was late.", "it was late"),
    ("Anna Holm waited for an hour. He said the ship was late.", "the ship was late"),
    ("A spokesman for the port spoke to Tom Reed. The spokesman said the ship was late.", "the ship was late"),
    ("An officer stopped Tom Reed. The officer said the road was closed.", "the road was closed"),
    ("Tom Reed sued the city. His lawyer said the case was simple.", "the case was simple"),
    ("Anna Holm was away. Her spokesman said she would return.", "she would return"),
    ("Senator Paul Stone and Senator Jack Mills met. The senator said the bill was dead.", "the bill was dead"),
    ("Judge Carla Reyes and Judge Ida Krogh disagreed. The judge said the law was clear.", "the law was clear"),
    ("A woman called Tom Reed. The woman said the well was dry.", "the well was dry"),
    ("A senior official said the talks had failed.", "the talks had failed"),
    ("Tom Reed's neighbours moved away. A neighbour said the noise was too much.", "the noise was too much"),
    ("Supporters of Anna Holm said the count was wrong.", "the count was wrong"),
    ("Ford and Volvo merged. The company said jobs were safe.", "jobs were safe"),
    ("Leeds and Hull share a port. The city said the port would grow.", "the port would grow"),
    ("A Holm spokesman said the count was wrong. Anna Holm was away.", "the count was wrong"),
    (
        "Jonas Weber, director of the port, met the press. The director of the Hull Museum said the loan was late.",
        "the loan was late",
    ),
    ("Akim Holm and his brother, Samir, said the charge was false.", "the charge was false"),
]


@pytest.mark.parametrize("by", EXTRACTORS)
@pytest.mark.parametrize(("text", "words"), UNCLEAR)
def test_no_name_is_better_than_a_wrong_one(by: By, text: str, words: str) -> None:
    check(by, text, words, None)


# -- any text

_PIECES = st.sampled_from([
    "Ann Lee", "Tom Reed", "Mr. Reed", "Mrs. Lee", "Minister Ann Lee", "the minister", "The mayor", "he", "she",
    "it", "they", "said", "said that", "the well was dry", ",", ". ", "\n", '"', "“", "”", "the company",
    "Acme Bank", "the bank", "45,", "the 45-year-old", "(D-Ohio)", "his", "her spokesman", "Norway", "the country",
    "the IMF", "according to", "Lee", "Ruth",
])  # fmt: skip


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.lists(_PIECES, max_size=60).map(" ".join))
def test_names_come_from_the_article_and_their_entity_bears_them(text: str) -> None:
    for by in EXTRACTORS:
        (found,) = load(by=by, which="all").pipe([SimpleNamespace(id="", text=text)])
        for claim in found.claims:
            if claim.speaker is None or claim.speaker.name is None:
                continue
            assert claim.speaker.name in text or any(claim.speaker.name in e.name for e in found.entities)
            if claim.speaker.entity is not None:
                assert found.entities[claim.speaker.entity].name == claim.speaker.name
