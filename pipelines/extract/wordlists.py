"""The word lists in ``data/``: each is read once, and each file's header says where its words come from."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from functools import cache
from importlib.resources import files
from typing import Literal, NamedTuple, cast

DATA = files("claimwire.pipelines.extract") / "data"
CueClass = Literal["speech", "cognition", "evidence", "attitude"]


class CueVerb(NamedTuple):
    """A verb that attributes claims, with the frames (see ``cue_verbs.tsv``) in which it does so."""

    lemma: str
    class_: CueClass
    frames: frozenset[str]
    prepositions: frozenset[str]


class CueNoun(NamedTuple):
    """A noun that attributes a clause; ``document`` where it is itself what speaks, ``owned`` where it attributes
    a claim only with an owner ("his idea that ...")."""

    lemma: str
    class_: CueClass
    document: bool
    owned: bool


def any_of(names: Iterable[str]) -> str:
    """A regular expression for any of some names, the longest first."""
    return "|".join(map(re.escape, sorted(names, key=lambda name: (-len(name), name))))


def rows(name: str) -> Iterator[list[str]]:
    """The lines of ``data/NAME`` as columns, without comments and empty lines."""
    with (DATA / name).open(encoding="utf-8") as lines:
        for line in lines:
            if line.strip() and not line.startswith("#"):
                yield [column.strip() for column in line.rstrip("\n").split("\t")]


@cache
def words(name: str) -> frozenset[str]:
    """The lines of a plain list."""
    return frozenset(row[0] for row in rows(name))


@cache
def sections(name: str) -> dict[str, frozenset[str]]:
    """A list with ``[section]`` headings, as section -> words."""
    found: dict[str, set[str]] = {}
    section = ""
    for word, *_ in rows(name):
        if word.startswith("["):
            section = word.strip("[]")
        else:
            found.setdefault(section, set()).add(word)
    return {key: frozenset(value) for key, value in found.items()}


def _regular_forms(lemma: str, doubled: bool) -> tuple[str, str, str]:
    """Third person, past and present participle of a regular English verb."""
    if lemma.endswith("y") and lemma[-2] not in "aeou":
        return lemma[:-1] + "ies", lemma[:-1] + "ied", lemma + "ing"
    third = lemma + ("es" if lemma.endswith(("s", "sh", "ch", "x", "z", "o")) else "s")
    if lemma.endswith("e") and not lemma.endswith("ee"):
        return third, lemma + "d", lemma[:-1] + "ing"
    if lemma.endswith("ee"):
        return third, lemma + "d", lemma + "ing"
    stem = lemma + lemma[-1] if doubled else lemma
    return third, stem + "ed", stem + "ing"


@cache
def cue_verbs() -> dict[str, CueVerb]:
    """Every inflected form, lower case, of the cue verbs."""
    table: dict[str, CueVerb] = {}
    for row in rows("cue_verbs.tsv"):
        lemma, class_, letters, prepositions, irregular = [*row, "", "", ""][:5]
        verb = CueVerb(lemma, cast("CueClass", class_), frozenset(letters), frozenset(prepositions.split()))
        irregular_forms = irregular.split()
        third, ed, ing = _regular_forms(lemma, "*" in irregular_forms)
        past = [form for form in irregular_forms if form != "*"] or [ed]
        for form in (lemma, third, ing, *past):
            # "found" is of "find": where two lemmas share a form, the first in the file has it.
            table.setdefault(form, verb)
    return table


@cache
def cue_nouns() -> dict[str, CueNoun]:
    """Singular and plural, lower case, of the cue nouns."""
    table = {}
    for row in rows("cue_nouns.tsv"):
        lemma, class_, mark = [*row, ""][:3]
        noun = CueNoun(lemma, cast("CueClass", class_), document=mark == "d", owned=mark == "o")
        table[lemma] = noun
        table[lemma[:-1] + "ies" if lemma.endswith("y") else lemma + "s"] = noun
    return table


@cache
def cue_adjectives() -> dict[str, CueClass]:
    """The cue adjectives, lower case, with their classes."""
    return {word: cast("CueClass", class_) for word, class_ in rows("cue_adjectives.tsv")}


@cache
def triggers() -> tuple[frozenset[str], frozenset[str]]:
    """Words without one of which a sentence that quotes nothing holds no claim.

    Those that are always verbs, and those that are verbs only where no article, preposition or modal verb stands before
    them ("states", "a plan", "would say").
    """
    forms = {form: verb for form, verb in cue_verbs().items() if verb.frames - {"q"} or verb.prepositions}
    bare = {
        form for form, verb in forms.items() if form in (verb.lemma, *_regular_forms(verb.lemma, doubled=False)[:1])
    }
    hearsay = sections("particles.txt")["hearsay"]
    return frozenset({*forms.keys() - bare, *hearsay, "according"}), frozenset(bare)


@cache
def kinds() -> dict[str, str]:
    """Every form of a cue that tells the kind of a claim -> its section in ``kinds.txt``."""
    found: dict[str, str] = {}
    for section, lemmas in sections("kinds.txt").items():
        for lemma in sorted(lemmas):
            for form in (lemma, *_regular_forms(lemma, doubled=False)):
                found.setdefault(form, section)
    return found


@cache
def weights(name: str, by: str) -> dict[str, float]:
    """The features of a table with their weights, for the ``tagger`` or the ``rules``."""
    return {feature: float(tagger if by == "tagger" else alone) for feature, tagger, alone in rows(name)}


@cache
def precision() -> dict[str, float]:
    """Kinds of drafts -> the precision of their claims, where enough of them were measured."""
    return {rule: float(share) for rule, share, _ in rows("precision.tsv")}
