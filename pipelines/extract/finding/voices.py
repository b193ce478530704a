"""Who can speak, by the name in front of a colon or behind a dash."""

from __future__ import annotations

import re
from collections.abc import Sequence

from claimwire.pipelines.extract.wordlists import cue_verbs, sections
from claimwire.schemas import Entity


class Voices:
    """The people and bodies of an article, and whatever is called by a role."""

    def __init__(self, text: str, entities: Sequence[Entity]) -> None:
        roles = sections("roles.txt")
        self._roles = roles["person"] | roles["organization"] | roles["group"] | roles["document"] | roles["anonymous"]
        self._titles = roles["title"]
        self._names = {
            text[start:end].lower()
            for entity in entities
            if entity.label in {"PERSON", "ORG", "NORP"}
            for start, end in entity.mentions
        }
        self._surnames = {
            entity.name.split()[-1].lower()
            for entity in entities
            if entity.label == "PERSON" and entity.name and entity.name.split()
        }
        self._nobody = sections("labels.txt")["nobody"]

    def hears(self, who: str) -> bool:
        """Whether a label names somebody who can speak."""
        lower = who.lower().removeprefix("the ")
        words = lower.split()
        if not words or self.nobody(who) or (words[1:] and words[0] in cue_verbs() and lower not in self._names):
            return False  # "Said Jones: ..." is a sentence
        last = words[-1].removesuffix("s") if words[-1] not in self._roles else words[-1]
        return (
            lower in self._names
            or words[-1] in self._surnames
            or last in self._roles
            or (words[0].rstrip(".") in self._titles and len(words) > 1)
        )

    def role(self, word: str) -> bool:
        """Whether people or bodies are called by a word."""
        return word.lower() in self._roles or word.lower().rstrip(".") in self._titles

    def nobody(self, who: str) -> bool:
        """Whether a label speaks for nobody ("Photo", "Read more")."""
        words = re.sub(r"[\d.]+$", "", who.lower()).split()
        return not words or " ".join(words) in self._nobody or words[0] in self._nobody or words[-1] in self._nobody
