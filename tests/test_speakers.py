"""Who is meant by a pronoun, a role, a surname or "the company": each in a small article written for this project."""

from __future__ import annotations

from itertools import permutations
from types import SimpleNamespace

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from spoken import EXTRACTORS, Resolved, check, speaker

from claimwire.pipelines.extract import By, load

# -- pronouns

PRONOUNS = [
    # "Her husband" is a man.
    (
        "The judge's father Bassem Holm has said she was ill. Rania Falk has been held since July. Her husband, "
        "Ghassan Falk, said it was a mistake. “Nobody told us,” he said.",
        "Nobody told us",
        "Ghassan Falk",
    ),
    # Whom somebody is asked about does not answer.
    (
        "Paul Stone plays for Lunde. Karl Falk hopes that he will stay. Asked about Stone leaving, he added: "
        '"Nobody has called me."',
        "Nobody has called me",
        "Karl Falk",
    ),
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


# -- names that looked like others, as real pages had them

SEEN_IN_PAGES: list[Resolved] = [
    # The pronouns beside a name say more than a first name that no list has.
    (
        "Thorsen posted a film of her crash. Thorsen said she was ill. Tom Reed met Oma Thorsen. He said the road had "
        "a bend.",
        "the road had a bend",
        "Tom Reed",
    ),
    # "Dylan" is a man's name in the lists.
    (
        "Dylan Farr accused the director Tom Reed in May. Dylan Farr said she had told her mother. Dylan Farr wrote "
        "that she was afraid. Dylan Farr lost her case. Tom Reed lives in Lunde. He said the charge was false.",
        "the charge was false",
        "Tom Reed",
    ),
    (
        "Refugee Council Director Klaus-Ulrich Prell spoke on Monday. Prell said the camp was full.",
        "the camp was full",
        "Klaus-Ulrich Prell",
    ),
    ("Nicole Minor-Melvin came home. Minor-Melvin said the roof was gone.", "the roof was gone", "Nicole Minor-Melvin"),
    # Nobody: what stands before "police" told them, it does not own them.
    ("Anna Holm told police about it. Police said the yard was empty.", "the yard was empty", None),
    ("Officers searched a yard in Lunde. “It is sad,” said another Lunde resident.", "It is sad", None),
    ("An Afghan who had come in May said the camp was full.", "the camp was full", None),
    ("Erik Holm won in May. A spokesperson for Norway's Holm said the fund was legal.", "the fund was legal", None),
    (
        "Chief Cabinet secretary Yoshi Sugai spoke in Tokyo. The White House press secretary said the talks were over.",
        "the talks were over",
        None,
    ),
    ("Both told police they had slept. They said the door was open.", "the door was open", None),
    (
        "Ann Lee, the chair of the Board for Ports (BP) and Jan Clay, chair of the Fund (FF), said the port was full.",
        "the port was full",
        None,
    ),
]


@pytest.mark.parametrize("by", EXTRACTORS)
@pytest.mark.parametrize(("text", "words", "name"), SEEN_IN_PAGES)
def test_a_name_is_whose_the_words_are_or_null(by: By, text: str, words: str, name: str | None) -> None:
    check(by, text, words, name)


def test_the_end_of_a_title_is_nobody() -> None:
    text = "Tom Reed made a film in 2003. The film Kill Bill sold well. He said it was hard."
    check("tagger", text, "it was hard", "Tom Reed")


def test_an_unclear_he_makes_the_next_one_unclear() -> None:
    text = (
        "Tom Reed and Paul Stone met in the harbour in May. He laughed for a while. Anna Holm thanked Paul Stone. "
        "He said the price was a secret."
    )
    check("tagger", text, "the price was a secret", None)


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
    # Behind the office and what it is of, and in brackets.
    ("Norwegian Minister of Defence Jack Mills said the border was open.", "the border was open", "Jack Mills"),
    (
        "Chairman of the Lunde Council's Water and Roads Committee Jack Mills said the border was open.",
        "the border was open",
        "Jack Mills",
    ),
    ("He (Jack Mills) said the border was open.", "the border was open", "Jack Mills"),
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
    # Somebody without a name came up since.
    (
        'Tom Reed was on the stage. At 10 p.m., an officer at the gate sounds the alarm. "We got shots," he says.',
        "We got shots",
    ),
    ("Tom Reed sold the farm. A farmer from Arvo bought it. He paid too much, he said.", "He paid too much"),
    ("Tom Reed sued the city. His lawyer said the case was simple.", "the case was simple"),
    ("Anna Holm was away. Her spokesman said she would return.", "she would return"),
    ("Senator Paul Stone and Senator Jack Mills met. The senator said the bill was dead.", "the bill was dead"),
    ("Judge Carla Reyes and Judge Ida Krogh disagreed. The judge said the law was clear.", "the law was clear"),
    ("A woman called Tom Reed. The woman said the well was dry.", "the well was dry"),
    ("A senior official said the talks had failed.", "the talks had failed"),
    ("Tom Reed's neighbours moved away. A neighbour said the noise was too much.", "the noise was too much"),
    ("Supporters of Anna Holm said the count was wrong.", "the count was wrong"),
    ("A spokesman for Mayor Anna Holm said the count was wrong.", "the count was wrong"),
    ("A lawyer for Senator Tom Reed said the count was wrong.", "the count was wrong"),
    ("A friend of Actor Anna Holm said the count was wrong.", "the count was wrong"),
    # A country that only comes up is not "it".
    (
        "Prices will fall, an American brokerage said in a forecast for India. India's growth has slowed. "
        '"We see a long slump," it said.',
        "We see a long slump",
    ),
    ("India's growth has slowed. Rain was late this year. Prices will fall, it said.", "Prices will fall"),
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


# -- whose name it is, and whose it is not

NAMESAKES: list[Resolved] = [
    ("Tom Reed was found guilty of fraud. Mrs Reed said she had known nothing.", "she had known nothing", "Mrs Reed"),
    (
        "Tom Reed was found guilty of fraud. Mrs Reed wept. Mr Reed said the money was gone.",
        "the money was gone",
        "Tom Reed",
    ),
    (
        "Tom Reed was jailed. His wife, Ann Reed, was cleared. Mrs Reed said the jury was fair.",
        "the jury was fair",
        "Ann Reed",
    ),
    (
        "Tom Reed was jailed. His wife, Ann Reed, was cleared. Mr Reed said the jury was unfair.",
        "the jury was unfair",
        "Tom Reed",
    ),
    (
        "Sir Hugh Penrose bought the mill. Lady Penrose said it had never made money.",
        "never made money",
        "Lady Penrose",
    ),
    ("Sir Hugh Penrose bought the mill. Sir Hugh said it would make money.", "would make money", "Hugh Penrose"),
    ("Mary Alder ran the farm. Mr Alder said the soil was too wet.", "the soil was too wet", "Mr Alder"),
    ("Mary Alder ran the farm. Ms. Alder said the soil was too wet.", "the soil was too wet", "Mary Alder"),
    ("Azat Yilmaz ran the farm. Mr Yilmaz said the soil was too wet.", "the soil was too wet", "Azat Yilmaz"),
    ("Lord Hallam opened the fair. Lady Hallam said it was too loud.", "it was too loud", "Lady Hallam"),
]


@pytest.mark.parametrize("by", EXTRACTORS)
@pytest.mark.parametrize(("text", "words", "name"), NAMESAKES)
def test_a_surname_is_shared_by_husband_and_wife(by: By, text: str, words: str, name: str | None) -> None:
    check(by, text, words, name)


SEVERAL: list[Resolved] = [
    ("Tom Reed and the mayor said the bridge was safe.", "the bridge was safe", None),
    ("Anna Holm and her team said the virus was new.", "the virus was new", None),
    ("Kurt Falk, a former envoy, and Tim Marsh, an aide, said the call was odd.", "the call was odd", None),
    ("Anna Holm and two colleagues said the sample was spoiled.", "the sample was spoiled", None),
    ("The mayor and Tom Reed said the bridge was safe.", "the bridge was safe", None),
    ("Acme and its partners said the plant would close.", "the plant would close", None),
    ("Anna Holm, the head of research and development, said the drug worked.", "the drug worked", "Anna Holm"),
    ("The head of food and farming, Anna Holm, said the crops had failed.", "the crops had failed", "Anna Holm"),
    ("Anna Holm, daughter of Nils and Mary Holm, said the crops had failed.", "the crops had failed", "Anna Holm"),
    ("Tom Reed of Bangor and Lewis said the crops had failed.", "the crops had failed", "Tom Reed"),
    ("Engineer and author Tom Reed said the bridge was safe.", "the bridge was safe", "Tom Reed"),
]


@pytest.mark.parametrize("by", EXTRACTORS)
@pytest.mark.parametrize(("text", "words", "name"), SEVERAL)
def test_two_who_speak_together_have_no_one_name(by: By, text: str, words: str, name: str | None) -> None:
    check(by, text, words, name)


CREDITS: list[Resolved] = [
    (
        "Paul Stone builds rockets.\n\nBrendan Small/Getty Images\n\nHe said the engine was cheap.",
        "the engine was cheap",
        "Paul Stone",
    ),
    (
        "Paul Stone builds rockets.\n\nPhoto: Brendan Small\n\nHe said the engine was cheap.",
        "the engine was cheap",
        "Paul Stone",
    ),
    (
        "Paul Stone builds rockets.\n\nPhotograph by Brendan Small\n\nHe said the engine was cheap.",
        "the engine was cheap",
        "Paul Stone",
    ),
    (
        "Paul Stone builds rockets.\n\nBrendan Small | Reuters\n\nHe said the engine was cheap.",
        "the engine was cheap",
        "Paul Stone",
    ),
    (
        "Rockets get cheaper\nBy Brendan Small\nPaul Stone builds rockets. He said the engine was cheap.",
        "the engine was cheap",
        "Paul Stone",
    ),
    (
        "Paul Stone builds rockets. They were bought by Brendan Small. "
        "“I need three,” Small said. He said the engine was cheap.",
        "the engine was cheap",
        "Brendan Small",
    ),
]


@pytest.mark.parametrize("by", EXTRACTORS)
@pytest.mark.parametrize(("text", "words", "name"), CREDITS)
def test_who_took_the_picture_or_wrote_the_article_is_not_in_mind(
    by: By, text: str, words: str, name: str | None
) -> None:
    check(by, text, words, name)


AGES: list[Resolved] = [
    (
        "Paul Stone, 31, and Rui Costa, 37, left the club. The 37-year-old said the pay was late.",
        "the pay was late",
        "Rui Costa",
    ),
    ("Paul Stone, 31, joined the club. The 37-year-old said the pay was late.", "the pay was late", None),
    (
        "The striker Paul Stone, 31, joined the club. The 37-year-old striker said the pay was late.",
        "the pay was late",
        None,
    ),
    (
        "The striker Paul Stone, 31, joined the club. The 31-year-old striker said the pay was late.",
        "the pay was late",
        "Paul Stone",
    ),
    (
        "The 37-year-old told officer Paul Stone that the car was his. The 37-year-old said he had bought it.",
        "he had bought it",
        None,
    ),
    ("He sold Paul Stone a 37-year-old car. The 37-year-old said the price was fair.", "the price was fair", None),
    (
        "The 37-year-old farmer Paul Stone mended it. The 37-year-old said the price was fair.",
        "the price was fair",
        "Paul Stone",
    ),
]


@pytest.mark.parametrize("by", EXTRACTORS)
@pytest.mark.parametrize(("text", "words", "name"), AGES)
def test_an_age_means_nobody_of_another_age(by: By, text: str, words: str, name: str | None) -> None:
    check(by, text, words, name)


NAMED_THEMSELVES: list[Resolved] = [
    (
        "Prince Albert, the brother of the heir to the throne, Charles, said the interview was a success.",
        "the interview was a success",
        "Albert",
    ),
    ("Norway's ambassador to Chile Anna Dahl said the door was open.", "the door was open", "Anna Dahl"),
    ("The commander of Fort Harrow Jonas Weber said the gate was shut.", "the gate was shut", "Jonas Weber"),
    ("The commander of Fort Harrow, Jonas Weber, said the gate was shut.", "the gate was shut", "Jonas Weber"),
    ("Peter Lang — a manager at Tmall — said that the numbers were right.", "the numbers were right", "Peter Lang"),
    ("Zahava Gal-On, the head of the party, said the vote was a farce.", "the vote was a farce", "Zahava Gal-On"),
    ("Ann Lee-Marsh said the vote was a farce.", "the vote was a farce", "Ann Lee-Marsh"),
]


@pytest.mark.parametrize("by", EXTRACTORS)
@pytest.mark.parametrize(("text", "words", "name"), NAMED_THEMSELVES)
def test_a_speaker_with_a_name_is_not_called_by_another(by: By, text: str, words: str, name: str | None) -> None:
    check(by, text, words, name)


WHO: list[Resolved] = [
    ("Anna Holm, a nurse who says the ward is full, has left.", "the ward is full", "Anna Holm"),
    ("Anna Holm met a nurse who says the ward is full.", "the ward is full", None),
    ("Tom Reed, who believes the mine is safe, has left.", "the mine is safe", "Tom Reed"),
    ("The villagers, who say the well is dry, have left.", "the well is dry", None),
    ("Police spoke to Tom Reed, who said the gate was open.", "the gate was open", "Tom Reed"),
    ("The trial of Tom Reed heard from a guard who said the gate was open.", "the gate was open", None),
    ("Tom Reed hired Eva Lund, who said the gate was open.", "the gate was open", "Eva Lund"),
    ("Tom Reed's sister, who said the gate was open, left early.", "the gate was open", None),
]


@pytest.mark.parametrize("by", EXTRACTORS)
@pytest.mark.parametrize(("text", "words", "name"), WHO)
def test_who_means_its_noun(by: By, text: str, words: str, name: str | None) -> None:
    check(by, text, words, name)


TOLD: list[Resolved] = [
    ("Anna Holm was told by Tom Reed that the mine was safe.", "the mine was safe", "Tom Reed"),
    ("Anna Holm was warned by Tom Reed that the mine was flooded.", "the mine was flooded", "Tom Reed"),
    ("Anna Holm was repeatedly told by Tom Reed that the mine was safe.", "the mine was safe", "Tom Reed"),
    ("Tom Reed has been informed by the bank that the loan is due.", "the loan is due", None),
    ("Anna Holm told Tom Reed that the loan was due.", "the loan was due", "Anna Holm"),
    ("Anna Holm said Tom Reed was told the loan was due.", "Tom Reed was told the loan was due", "Anna Holm"),
]


@pytest.mark.parametrize("by", EXTRACTORS)
@pytest.mark.parametrize(("text", "words", "name"), TOLD)
def test_who_is_told_something_does_not_say_it(by: By, text: str, words: str, name: str | None) -> None:
    check(by, text, words, name)


BEFORE_COMMA: list[Resolved] = [
    (
        "When Acme Group, one of the largest brewers in Norway, told staff "
        "that it would close the plant, few believed it.",
        "it would close the plant",
        "Acme Group",
    ),
    ("Tom Reed, the mayor, said the bridge was safe.", "the bridge was safe", "Tom Reed"),
    ("After meeting Tom Reed, the mayor said the bridge was safe.", "the bridge was safe", None),
    (
        "Because Tom Reed, one of the four owners, had said that the bridge was safe, it was opened.",
        "the bridge was safe",
        "Tom Reed",
    ),
]


@pytest.mark.parametrize("by", EXTRACTORS)
@pytest.mark.parametrize(("text", "words", "name"), BEFORE_COMMA)
def test_an_apposition_belongs_to_the_name_before_it(by: By, text: str, words: str, name: str | None) -> None:
    check(by, text, words, name)


OF_STATES: list[Resolved] = [
    ("Russia's foreign ministry said the talks had failed.", "the talks had failed", "Russia's foreign ministry"),
    ("The French foreign ministry said the talks had failed.", "the talks had failed", "French foreign ministry"),
    ("Hong Kong police said 40 people had been held.", "40 people had been held", "Hong Kong police"),
    ("US forces said the strike was an accident.", "the strike was an accident", "US forces"),
    ("The Biden administration said the fund was empty.", "the fund was empty", "Biden administration"),
    (
        "Hong Kong police closed the square. Police said 40 people had been held.",
        "40 people had been held",
        None,  # other police may be meant
    ),
    (
        "Russia's foreign ministry recalled its envoy. The ministry said the talks had failed.",
        "the talks had failed",
        "Russia's foreign ministry",
    ),
    (
        "Russia's foreign ministry met France's foreign ministry. The ministry said the talks had failed.",
        "the talks had failed",
        None,
    ),
    ("Hong Kong police and Chinese police met. Police said 40 people had been held.", "40 people had been held", None),
    ("Hong Kong's new police chief took office. Police said 40 people had been held.", "40 people had been held", None),
    ("Local police said 40 people had been held.", "40 people had been held", None),
    ("The Norwegian government closed the strait. The government said the ice was thin.", "the ice was thin", None),
    ("A court in Norway said the law was clear.", "the law was clear", None),
]


@pytest.mark.parametrize("by", EXTRACTORS)
@pytest.mark.parametrize(("text", "words", "name"), OF_STATES)
def test_a_body_of_a_state_is_named_by_whose_it_is(by: By, text: str, words: str, name: str | None) -> None:
    check(by, text, words, name)


ACCUSERS: list[Resolved] = [
    (
        "Minister Maarja Holm rejected it. The party's leader, Rein Tamm, accused the minister of a lie and called on "
        'her to go.\n"If she knew, it is a scandal," he said.',
        "If she knew",
        "Rein Tamm",
    ),
    (
        "Minister Maarja Holm rejected it. The party's leader, Rein Tamm, accused the minister of a lie.\n"
        '"It is a scandal," he said.',
        "It is a scandal",
        "Rein Tamm",
    ),
    (
        'Rein Tamm asked Maarja Holm about the yard and warned her of the cost.\n"It is a scandal," she said.',
        "It is a scandal",
        "Maarja Holm",
    ),
    (
        "Rein Tamm, the party's leader, met Maarja Holm. The leader said the yard would close.",
        "the yard would close",
        "Rein Tamm",
    ),
]


@pytest.mark.parametrize("by", EXTRACTORS)
@pytest.mark.parametrize(("text", "words", "name"), ACCUSERS)
def test_who_accuses_somebody_is_not_the_accused(by: By, text: str, words: str, name: str | None) -> None:
    check(by, text, words, name)


DATELINES: list[Resolved] = [
    ("GDANSK, Poland (Corvane Press) - Orrin Yards will close, the company said.", "Orrin Yards will close", None),
    ("LISBON (Corvane Press) - Tom Reed won on Sunday. He said the road was bad.", "the road was bad", "Tom Reed"),
]


@pytest.mark.parametrize("by", EXTRACTORS)
@pytest.mark.parametrize(("text", "words", "name"), DATELINES)
def test_the_agency_of_a_dateline_says_nothing(by: By, text: str, words: str, name: str | None) -> None:
    check(by, text, words, name)


APPOSED: list[Resolved] = [
    (
        "The group, Harbour Workers Union, said the strike would go on.",
        "the strike would go on",
        "Harbour Workers Union",
    ),
    (
        "The group, Harbour Workers Union, said the strike would go on. "
        "Acme bought the dock from Nordsea. The group said it would pay.",
        "it would pay",
        "Harbour Workers Union",
    ),
    (
        "The Oslo Court of Appeal met. The Supreme Court sat, too. The EU's top court said the law was clear.",
        "the law was clear",
        "EU's top court",
    ),
    ("The Central Bank of Norway met. The investment bank said the law was clear.", "the law was clear", None),
    ("The Oslo District Court met. The appeals court said the law was clear.", "the law was clear", None),
    ("The Supreme Court met. The court said the law was clear.", "the law was clear", "Supreme Court"),
    ("Volvo recalled 20,000 cars. The Swedish carmaker said the brakes were safe.", "the brakes were safe", "Volvo"),
]


@pytest.mark.parametrize("by", EXTRACTORS)
@pytest.mark.parametrize(("text", "words", "name"), APPOSED)
def test_a_noun_for_a_body_means_one_that_it_fits(by: By, text: str, words: str, name: str | None) -> None:
    check(by, text, words, name)


ISSUED: list[Resolved] = [
    (
        "A 2018 survey by Penelope Abernathy found that papers were shrinking.",
        "papers were shrinking",
        "Penelope Abernathy",
    ),
    ("According to a report by Greenpeace, the reef is dying.", "the reef is dying", "Greenpeace"),
    ("According to a Greenpeace report, the reef is dying.", "the reef is dying", "Greenpeace"),
    ("Greenpeace's website says the reef is dying.", "the reef is dying", "Greenpeace"),
    ("A report by Greenpeace and Oxfam says the reef is dying.", "the reef is dying", None),
    ("A report about Greenpeace says the reef is dying.", "the reef is dying", None),
    ("A book about Penelope Abernathy says that papers are shrinking.", "papers are shrinking", None),
    ("A lawsuit against Volvo says the brakes failed.", "the brakes failed", None),
    ("The Volvo lawsuit says the brakes failed.", "the brakes failed", None),
]


@pytest.mark.parametrize("by", EXTRACTORS)
@pytest.mark.parametrize(("text", "words", "name"), ISSUED)
def test_a_document_speaks_in_the_name_of_who_issued_it(by: By, text: str, words: str, name: str | None) -> None:
    check(by, text, words, name)


HOLDERS: list[Resolved] = [
    (
        "Norway's ambassador to Chile, Anna Dahl, flew home. Norway's ambassador to Chile said the door was open.",
        "the door was open",
        "Anna Dahl",
    ),
    (
        "Norway's ambassador to Chile, Anna Dahl, flew home. Sweden's ambassador to Chile said the door was open.",
        "the door was open",
        None,
    ),
    (
        "Norway's ambassador to Chile, Anna Dahl, flew home. Norway's ambassador to Peru said the door was open.",
        "the door was open",
        None,
    ),
    (
        "Norway's finance minister, Anna Dahl, flew home. Norway's finance minister said the budget was balanced.",
        "the budget was balanced",
        "Anna Dahl",
    ),
    (
        "Norway's finance minister, Anna Dahl, flew home. Norway's health minister said the budget was balanced.",
        "the budget was balanced",
        None,
    ),
    (
        "The budget of the World Trade Organization grew. “It is fair,” says WTO.",
        "It is fair",
        "World Trade Organization",
    ),
]


@pytest.mark.parametrize("by", EXTRACTORS)
@pytest.mark.parametrize(("text", "words", "name"), HOLDERS)
def test_an_office_is_somebody_s_of_whom_the_article_says_so(by: By, text: str, words: str, name: str | None) -> None:
    check(by, text, words, name)


SPELT: list[Resolved] = [
    (
        "ROSIE CURTS: The vouchers take money from schools.\nHOST: Rosie Curts teaches maths.",
        "The vouchers take money",
        "Rosie Curts",
    ),
    ("The aid had been paused, Politico reported.", "The aid had been paused", "Politico"),
    (
        "Two people called Lee spoke. Ann Lee came with Tom Lee. In the end, Lee said the well was dry.",
        "the well was dry",
        "Lee",
    ),
]


@pytest.mark.parametrize("by", EXTRACTORS)
@pytest.mark.parametrize(("text", "words", "name"), SPELT)
def test_names_in_capitals_initials_and_names_that_the_recogniser_missed(
    by: By, text: str, words: str, name: str | None
) -> None:
    check(by, text, words, name)


IN_COURT: list[Resolved] = [
    ("Judge Carla Reyes opened the trial of Karl Brandt. The defendant said he was asleep.", "he was asleep", None),
    ("Judge Carla Reyes opened the trial of Karl Brandt. The prosecution said he was awake.", "he was awake", None),
    ("Judge Carla Reyes opened the trial of Karl Brandt. The judge said he was awake.", "he was awake", "Carla Reyes"),
    (
        "Karl Brandt is accused of stabbing Jonas Weber. Weber said he had seen the knife.",
        "he had seen the knife",
        "Jonas Weber",
    ),
    (
        "Karl Brandt is accused of stabbing Jonas Weber. The victim said he had seen the knife.",
        "he had seen the knife",
        None,
    ),
    (
        "Karl Brandt is accused of stabbing Jonas Weber. The accused said he had seen no knife.",
        "he had seen no knife",
        None,
    ),
    ("Karl Brandt is accused of robbing Ida Krogh. Krogh said the shop was dark.", "the shop was dark", "Ida Krogh"),
]


@pytest.mark.parametrize("by", EXTRACTORS)
@pytest.mark.parametrize(("text", "words", "name"), IN_COURT)
def test_in_court_the_sides_are_not_mixed_up(by: By, text: str, words: str, name: str | None) -> None:
    check(by, text, words, name)


OWN_WORDS: list[Resolved] = [
    ("Lunde Transport Police said the tunnel was closed.", "the tunnel was closed", "Lunde Transport Police"),
    ("The Holm County Sheriff's Office said the dog was found.", "the dog was found", "Holm County Sheriff's Office"),
    (
        "The boy drowned, according to the Holm County coroner's office.",
        "The boy drowned",
        "Holm County coroner's office",
    ),
    ("Lunde Township police said the pier was closed.", "the pier was closed", "Lunde Township police"),
    ("Norway's space agency said the probe was lost.", "the probe was lost", "Norway's space agency"),
    ("The pier had sunk, KLWX channel reported.", "The pier had sunk", "KLWX"),
    ("The pier had sunk, RNLB said.", "The pier had sunk", "RNLB"),
    ("Holm Steel Group Inc. said the mill would close.", "the mill would close", "Holm Steel Group Inc."),
    ("The Lunde Post said the pier had sunk.", "the pier had sunk", "Lunde Post"),
    # Nobody's name: what sort of police or office it is.
    ("Local police said the pier was closed.", "the pier was closed", None),
    ("The coroner's office said the boy had drowned.", "the boy had drowned", None),
    ("The local channel said the pier was closed.", "the pier was closed", None),
    ("The CEO said the mill would close.", "the mill would close", None),
]


@pytest.mark.parametrize("by", EXTRACTORS)
@pytest.mark.parametrize(("text", "words", "name"), OWN_WORDS)
def test_a_body_that_the_recogniser_missed_is_named_by_its_own_words(
    by: By, text: str, words: str, name: str | None
) -> None:
    check(by, text, words, name)


ONCE_MORE: list[Resolved] = [
    (
        "In a statement, Greenpeace said the reef was dying. The statement said the water was too warm.",
        "the water was too warm",
        "Greenpeace",
    ),
    (
        "According to a report by Greenpeace, the reef is dying. The report says the water is too warm.",
        "the water is too warm",
        "Greenpeace",
    ),
    ("Greenpeace's guidelines say that nets must be wide.", "nets must be wide", "Greenpeace"),
    (
        "Anna Holm said in a statement that the reef was dying. The statement said the water was too warm.",
        "the water was too warm",
        "Anna Holm",
    ),
    # Of two, of a spokesperson whose body has no name, or of nobody who has issued one
    (
        "In a statement, Greenpeace said the reef was dying. In a statement, Oxfam said the wells were dry. "
        "The statement said the water was too warm.",
        "the water was too warm",
        None,
    ),
    (
        "Spokeswoman Anna Holm said in a statement that the reef was dying. The statement said the water was too warm.",
        "the water was too warm",
        None,
    ),
    ("Greenpeace said the reef was dying. The statement said the water was too warm.", "the water was too warm", None),
    ("The letter said the water was too warm.", "the water was too warm", None),
]


@pytest.mark.parametrize("by", EXTRACTORS)
@pytest.mark.parametrize(("text", "words", "name"), ONCE_MORE)
def test_the_statement_is_that_of_who_said_something_in_one(by: By, text: str, words: str, name: str | None) -> None:
    check(by, text, words, name)


FITTING: list[Resolved] = [
    (
        "Deputies of the Holm County Sheriff's Office found the dog. The sheriff's office said it was well.",
        "it was well",
        "Holm County Sheriff's Office",
    ),
    (
        "Deputies of the Holm County Sheriff's Office met those of the Lunde County Sheriff's Office. "
        "The sheriff's office said it was late.",
        "it was late",
        None,
    ),
    (
        "The Oslo-based firm Acme makes boats. Acme sold twelve last year. The Oslo-based firm said sales were slow.",
        "sales were slow",
        "Acme",
    ),
    ("Microsoft sells phones. Microsoft sold few. The giant said prices fell.", "prices fell", "Microsoft"),
    (
        "Microsoft sells phones and Volvo sells lorries. The giant said prices fell.",
        "prices fell",
        None,
    ),
]


@pytest.mark.parametrize("by", EXTRACTORS)
@pytest.mark.parametrize(("text", "words", "name"), FITTING)
def test_a_noun_means_the_only_body_that_it_fits(by: By, text: str, words: str, name: str | None) -> None:
    check(by, text, words, name)


ONE_SURNAME: list[Resolved] = [
    (
        "Karl Brandt was shot on Friday.\nIda Brandt, his aunt, said the street was dark. Police came late.\n"
        "Brandt said nobody had called them.",
        "nobody had called them",
        "Ida Brandt",
    ),
    (
        "Karl Brandt runs the port. Brandt bought it in May.\nIda Brandt, his aunt, said the sea was rough.\n"
        "Brandt said the pier was new.",
        "the pier was new",
        "Karl Brandt",
    ),
    (
        "C.C. Brandt met Brandt Holm at the port. C.C. Brandt said the pier was new.",
        "the pier was new",
        "C.C. Brandt",
    ),
]


@pytest.mark.parametrize("by", EXTRACTORS)
@pytest.mark.parametrize(("text", "words", "name"), ONE_SURNAME)
def test_a_surname_is_that_of_who_has_spoken(by: By, text: str, words: str, name: str | None) -> None:
    check(by, text, words, name)


ONLY: list[Resolved] = [
    (
        "Tom Reed sold the mill. Reed said the price was low. "
        "The roof had gone. The wheel had rotted. The doors hung loose. The river ran low. "
        "Rats lived there. The path was wet. The gate was rust. Birds sat on it. He said it was a pity.",
        "it was a pity",
        "Tom Reed",
    ),
    (
        "Tom Reed sold the mill to Paul Stone. Reed said the price was low. "
        "The roof had gone. The wheel had rotted. The doors hung loose. "
        "The river ran low. Rats lived there. The path was wet. The gate was rust. Birds sat on it. "
        "He said it was a pity.",
        "it was a pity",
        None,
    ),
    (
        "Tom Reed sold the mill. Reed said the price was low. "
        "The roof had gone. The wheel had rotted. The doors hung loose. The river ran low. "
        "Rats lived there. The path was wet. A neighbour said it was sad. He said it was a pity.",
        "it was a pity",
        None,
    ),
]


@pytest.mark.parametrize("by", EXTRACTORS)
@pytest.mark.parametrize(("text", "words", "name"), ONLY)
def test_the_only_man_of_an_article_is_he_however_long_ago(by: By, text: str, words: str, name: str | None) -> None:
    check(by, text, words, name)


INTRODUCED_AGAIN: list[Resolved] = [
    (
        "Harbour spokesman Karl Brandt said the pier was safe. A spokesman for the navy said the ship had sunk. "
        "The spokesman said the crew was lost.",
        "the crew was lost",
        None,
    ),
    (
        "Harbour spokesman Karl Brandt said the pier was safe. The spokesman said the crew was well.",
        "the crew was well",
        "Karl Brandt",
    ),
    (
        "President Karl Brandt met ex-president Ida Krogh. The former president said the talks were short.",
        "the talks were short",
        "Ida Krogh",
    ),
    (
        "Iris's mother, 43-year-old Latoya Brandt, said the house was cold.",
        "the house was cold",
        "Latoya Brandt",
    ),
]


@pytest.mark.parametrize("by", EXTRACTORS)
@pytest.mark.parametrize(("text", "words", "name"), INTRODUCED_AGAIN)
def test_a_role_means_who_was_last_called_so(by: By, text: str, words: str, name: str | None) -> None:
    check(by, text, words, name)


# -- two names are exchanged

MEN = ["Tom Reed", "Paul Stone", "Karl Falk", "Erik Brandt", "Peter Lang", "Simon Marsh"]
WOMEN = ["Anna Holm", "Ruth Alder", "Greta Lund", "Carla Reyes", "Ida Krogh", "Hanna Weiss"]
SWAPPED = [
    (
        "{A} is accused of stabbing {B} in a bar. {b} told the court that the knife was black. {a} denied that he had "
        "been there. He said he was at home. The judge said the case would go on.",
        ["the knife was black", "he had been there", "he was at home", "the case would go on"],
    ),
    (
        "{A}, the mayor, met {B}, a builder. The mayor said the bridge was safe. “It will fall,” {b} warned. He added "
        "that the steel was cheap. Mr {a} said the steel was new.",
        ["the bridge was safe", "It will fall", "the steel was cheap", "the steel was new"],
    ),
    (
        "{A} and {B} said the well was dry. {A} blamed the drought. {B} said the pump had failed. According to {a}, "
        "the pump was new.",
        ["the well was dry", "the drought", "the pump had failed", "the pump was new"],
    ),
    (
        "{A}, 41, sued {B}, 52. The 52-year-old said the debt was paid. The 41-year-old said that it was not. The "
        "63-year-old said nothing had been signed.",
        ["the debt was paid", "it was not", "nothing had been signed"],
    ),
    (
        "{B} was told by {A} that the mine was safe. {b}, who says the mine is flooded, left. {a} believes that it can "
        "be saved.",
        ["the mine was safe", "the mine is flooded", "it can be saved"],
    ),
    (
        "{A} (D-Ohio) and {B} (R-Iowa) spoke last. The Democrat said the bill was fair. The Republican said that it "
        "was late.",
        ["the bill was fair", "it was late"],
    ),
    (
        "{A}, the mayor, said the crash was loud. The 23-year-old added that the road was closed. A lawyer said "
        "the case was weak. “It will be heard,” the lawyer, {B}, told the court.",
        ["the crash was loud", "the road was closed", "the case was weak", "It will be heard"],
    ),
]


def article(template: str, one: str, other: str) -> str:
    """A template about two people, with a woman's pronouns for women."""
    text = template.format(A=one, B=other, a=one.rsplit(maxsplit=1)[-1], b=other.rsplit(maxsplit=1)[-1])
    if one in WOMEN:
        text = text.replace(" he ", " she ").replace(" He ", " She ").replace("Mr ", "Ms ")
    return text


@pytest.mark.parametrize("by", EXTRACTORS)
@pytest.mark.parametrize(("template", "claims"), SWAPPED)
@settings(max_examples=12, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.sampled_from([*permutations(MEN, 2), *permutations(WOMEN, 2)]))
def test_exchanging_two_names_exchanges_the_speakers_and_nothing_else(
    by: By, template: str, claims: list[str], names: tuple[str, str]
) -> None:
    exchanged = dict([names, names[::-1]])
    for words in claims:
        before = speaker(by, article(template, *names), words)
        after = speaker(by, article(template, *names[::-1]), words)
        assert before is not None
        assert after is not None
        if by == "rules" and None in {before.name, after.name}:
            continue  # its recogniser does not see every name everywhere
        assert after.name == exchanged.get(before.name or "", before.name)
        assert after.type == before.type or by == "rules"


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
