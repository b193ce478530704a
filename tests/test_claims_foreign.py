"""Sentences in another language within an English article are passed over. All sentences are ours."""

from __future__ import annotations

import pytest
from said import extract

from claimwire.pipelines.extract import By
from claimwire.pipelines.extract.foreign import is_foreign

FOREIGN = [
    "Nous sommes là pour vous et nous ne partirons pas.",
    "Le maire dit que le pont est sûr et que personne ne doit avoir peur.",
    "« Le pont est fermé et la ville est dans le noir », dit le maire de Norvik.",
    "Une minute de silence sera observée lundi à midi dans toute la ville.",
    "RT @norvik: les pompiers sont sur place, ne prenez pas la route du port",
    "Die Polizei bittet darum, keine Videos zu verbreiten.",
    "Wir sind in der Stadt und es geht uns gut.",
    "No hay palabras para lo que ha pasado en la ciudad.",
    "El gobierno dice que el puente se cerrará este mes.",
    "Il ponte è chiuso e la città non ha acqua.",
    "A ponte está fechada e não há água na cidade.",
    "De brug is dicht en er is geen water in de stad.",
    "Мост закрыт, воды в городе нет.",
    "橋は 閉鎖されました。",
    "La alcaldesa dijo que no sabía nada de lo que pasó en el puerto.",
]
ENGLISH = [
    "The Le Monde report said no.",
    "“Nous sommes là pour vous et nous ne partirons pas,” said the mayor of Norvik.",
    "The mayor told Le Soir de Norvik: “Nous sommes là pour vous.”",
    "Les Lunes and La La Lune won.",
    "Marta de la Cruz denied all charges.",
    "Die Norviker Welt reported a fire.",
    "“Je suis Norvik” was on every wall.",
    "Los Montes, El Puerto, San Marco and Las Villas.",
    "Real Norvik beat Los Blancos de la Torre 3-1.",
    "Jean-Luc de la Tour du Pin, Le Havre.",
    "Mayor denies bribes",
    "Norvik Bridge Closes Again",
    "C'est la vie, she wrote.",
    "Ann van der Holm, Norvik",
    "He sang “Ne me quitte pas” to the crowd.",
    "PSV 2, AZ 1",
    "",
]


@pytest.mark.parametrize("sentence", FOREIGN)
def test_a_sentence_of_small_words_of_one_other_language_is_foreign(sentence: str) -> None:
    assert is_foreign(sentence)


@pytest.mark.parametrize("sentence", ENGLISH)
def test_foreign_names_and_quotations_make_no_english_sentence_foreign(sentence: str) -> None:
    assert not is_foreign(sentence)


@pytest.mark.parametrize("by", ["tagger", "rules"])
@pytest.mark.parametrize("sentence", FOREIGN)
def test_a_foreign_sentence_yields_no_claim_and_costs_its_neighbours_none(sentence: str, by: By) -> None:
    text = f"The mayor said that the bridge was safe.\n\n{sentence}\n\nAnn Lee denied that it was late."
    assert [claim.text for claim in extract(text, by).claims] == ["that the bridge was safe", "that it was late"]


@pytest.mark.parametrize("by", ["tagger", "rules"])
def test_a_foreign_quotation_of_an_english_reporter_is_a_claim(by: By) -> None:
    (claim,) = extract("“Nous sommes là pour vous et nous ne partirons pas,” said Ann Lee.", by).claims
    assert claim.speaker is not None
    assert claim.speaker.name == "Ann Lee"
