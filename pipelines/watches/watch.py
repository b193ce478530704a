"""A watch: what a desk wants to be told of."""

from __future__ import annotations

import hashlib
import re
import unicodedata
from functools import lru_cache
from typing import Any, Literal, NamedTuple

import msgspec

from claimwire.pipelines.read.words import Search

Digest = Literal["at once", "hourly", "daily"]
CONDITIONS = (
    "speaker", "words", "entity", "place", "outlet", "kind", "worth", "confidence", "figure", "carriers", "means",
)  # fmt: skip
"""The keys of conditions, in the order in which reasons are told."""


class SpeakerIs(NamedTuple):
    """Who must speak. Of each list one is enough; an empty one says nothing."""

    named: tuple[Search, ...] = ()
    """Words of the name, or of what stands for the speaker at the claim."""
    role: tuple[Search, ...] = ()
    """Words of what the speaker is: at the claim (``the finance minister``), or beside the name in the article."""
    type: frozenset[str] = frozenset()
    """As ``Speaker.type``."""


class EntityIs(NamedTuple):
    """What must be named."""

    named: tuple[Search, ...]
    """Words of the name; one of these is enough. Empty for any name of the label."""
    label: frozenset[str] = frozenset()
    """As ``Entity.label``; empty for all."""


class Near(NamedTuple):
    """Where a place that is named must be."""

    name: str | None
    """As the watch has it; None where it gives coordinates."""
    lat: float
    lon: float
    km: float


class FigureIs(NamedTuple):
    """Which number must be given."""

    above: float | None
    below: float | None
    units: frozenset[str]
    """What is counted, as ``Quantity.unit`` has it; empty for anything."""


class Means(NamedTuple):
    """What must be said, in whatever words."""

    sentences: tuple[str, ...]
    """One of these is enough."""
    threshold: float
    """How sure it must be, 0 to 1."""


class Watch(msgspec.Struct, frozen=True):
    """Conditions that must all hold. None, or an empty one, says nothing."""

    name: str
    of: Literal["claims", "articles"] = "claims"
    """``claims``: a claim must meet the conditions, or an article from which no claims were read at all; ``articles``:
    an article must, whatever is claimed in it."""
    speaker: SpeakerIs | None = None
    words: tuple[Search, ...] = ()
    """One of these is enough."""
    entity: EntityIs | None = None
    place: Near | None = None
    outlet: tuple[str, ...] = ()
    """Domains; those below them count too."""
    kind: frozenset[str] = frozenset()
    worth: float | None = None
    confidence: float | None = None
    carriers: int | None = None
    """More articles than so many must carry the thread."""
    figure: FigureIs | None = None
    means: Means | None = None
    notify: tuple[str, ...] = ()
    """Whom it tells, as ``claimwire.pipelines.notify.targets`` has it: without secrets."""
    digest: Digest = "at once"
    given: dict[str, Any] = {}
    """The conditions as they were written, by their keys; without ``notify``."""

    @property
    def slug(self) -> str:
        """The name as it may stand in a URL or in the name of a file. No two watches of a run have the same."""
        return slug(self.name)

    @property
    def key(self) -> str:
        """Of the watch and its conditions: another one where they are edited, whatever becomes of carriers."""
        conditions = {name: value for name, value in self.given.items() if name != "carriers"}
        given = msgspec.json.encode([self.slug, self.of, conditions], order="deterministic")
        return hashlib.sha256(given).hexdigest()[:32]

    @property
    def needs_claims(self) -> bool:
        """Whether it asks for what only a claim has."""
        return bool(
            self.speaker
            or self.kind
            or self.figure
            or self.means
            or self.worth is not None
            or self.confidence is not None
        )


@lru_cache(maxsize=4096)
def slug(name: str) -> str:
    """Letters and digits in lower case, without accents, with hyphens between words."""
    plain = "".join(c for c in unicodedata.normalize("NFKD", name.casefold()) if not unicodedata.combining(c))
    return "-".join(re.findall(r"\w+", plain.replace("_", " ")))
