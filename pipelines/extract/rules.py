"""The rules by which claims are found, each with what the later steps have to know about it.

A rule's ``kind`` is the module of ``finding/`` that applies it; its name is its key in ``data/precision.tsv``.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Literal

Kind = Literal["verbs", "hearsay", "nouns", "phrases", "quotations", "lines", "tagged"]
Place = Literal["alone", "within", "apart"]


@dataclass(frozen=True)
class Rule:
    """How a claim was found."""

    name: str
    kind: Kind
    tagger: bool = False
    """The tagger found it, so its precision is counted by tenths of the tagger's score."""
    clear: bool = False
    """The form leaves no doubt about the parts: the tagger changes none of them."""
    spoken: bool = False
    """Speech or thought that may stand by itself, where the tagger finds no claim."""
    nests: bool = False
    """May report speech within somebody else's speech."""
    quotes: bool = False
    """What is said is a quotation."""
    place: Place | None = None
    """Where the claim lies, if only a rule found it and not the tagger: as a part of one of the tagger's claims
    (``alone``), as speech within one (``within``), or outside of all (``apart``)."""

    def at(self, place: Place) -> Rule:
        """The rule for the claims that only it found, at a place."""
        return replace(self, place=place)

    def key(self, score: float) -> str:
        """The claims that are right equally often, as ``data/precision.tsv`` names them."""
        if self.tagger:
            return f"{self.name} {min(9, int(score * 10)) / 10}"
        return f"{self.name} {self.place}" if self.place else self.name


# The mayor said the bridge would close. - by passive voice: It was announced by the mayor that ...
CLAUSE = Rule("clause", "verbs", spoken=True, nests=True)
CLAUSE_PASSIVE = Rule("clause passive", "verbs")
# The cause, say researchers at the college, is a mite.
PARENTHESIS = Rule("parenthesis", "verbs", clear=True, spoken=True)
# The mayor vowed to repair the bridge.
INFINITIVE = Rule("infinitive", "verbs", nests=True)
# The mayor denied taking bribes.
GERUND = Rule("gerund", "verbs", spoken=True)
# The mayor warned of a flood. - He was accused by the mayor of theft.
PREPOSITION = Rule("preposition", "verbs")
PREPOSITION_PASSIVE = Rule("preposition passive", "verbs")
# The mayor blasted the plan.
OBJECT = Rule("object", "verbs", nests=True)

# The bridge is said to be unsafe.
SAID_TO = Rule("said to", "hearsay")
# It is rumoured that the bridge is unsafe.
IT_IS_SAID = Rule("it is said", "hearsay")
# The bridge has reportedly been closed.
HEARSAY = Rule("hearsay", "hearsay")

# The mayor rejected the claim that the bridge was unsafe.
NOUN = Rule("noun", "nouns", spoken=True)
# The mayor's view is that the bridge is safe.
NOUN_IS = Rule("noun is", "nouns", clear=True, spoken=True)
# The mayor is adamant that the bridge is safe.
ADJECTIVE = Rule("adjective", "nouns", spoken=True, nests=True)

# According to the mayor, the bridge is safe.
ACCORDING = Rule("according", "phrases", spoken=True, nests=True)
# In the mayor's view, the bridge is safe. - For the mayor, ... - As the mayor put it, ...
PHRASE = Rule("phrase", "phrases", clear=True, spoken=True)

# “The bridge is safe,” said the mayor.
QUOTE = Rule("quote", "quotations", spoken=True, nests=True, quotes=True)
# The mayor had one answer: “The bridge is safe.”
COLON = Rule("colon", "quotations", clear=True, spoken=True, nests=True, quotes=True)
# “The bridge is safe,” said the mayor. [next paragraph:] “It will stay open.”
CONTINUED = Rule("continued", "quotations", spoken=True, quotes=True)

# The ministry released a statement: [next paragraph:] The bridge is safe.
ANNOUNCED = Rule("announced", "quotations", clear=True, spoken=True)

# “The bridge is safe.” - Ann Lee
SIGNED = Rule("signed", "lines", clear=True)
# LEE: The bridge is safe.
DIALOGUE = Rule("dialogue", "lines", clear=True)
# Bridge is safe, insists mayor
HEADLINE = Rule("headline", "lines", clear=True)

TAGGER = Rule("tagger", "tagged", tagger=True)
TAGGER_AND_RULES = Rule("tagger and rules", "tagged", tagger=True)

RULES = (
    CLAUSE, CLAUSE_PASSIVE, PARENTHESIS, INFINITIVE, GERUND, PREPOSITION, PREPOSITION_PASSIVE, OBJECT,
    SAID_TO, IT_IS_SAID, HEARSAY,
    NOUN, NOUN_IS, ADJECTIVE,
    ACCORDING, PHRASE,
    QUOTE, COLON, CONTINUED, ANNOUNCED,
    SIGNED, DIALOGUE, HEADLINE,
    TAGGER, TAGGER_AND_RULES,
)  # fmt: skip
