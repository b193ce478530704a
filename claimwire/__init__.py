"""Turns news feeds and topics into who said what.

>>> import claimwire
>>> [(claim.speaker.text, claim.text) for claim in claimwire.extract("The bridge is closed, Mayor Verr said.").claims]
[('Mayor Verr', 'The bridge is closed')]

``claimwire.extract`` finds the claims and entities of a text. ``claimwire.read`` gives what the command has written, as
records (``EnrichedArticle``, ``Claim``, ...) or as a data frame. ``claimwire.beam`` has the transforms of the pipeline.
The command is in ``claimwire.pipelines.cli``. Each name is imported when it is first used, so that ``import claimwire``
costs nothing.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from claimwire import beam
    from claimwire.errors import ClaimwireError, UsageError
    from claimwire.pipelines.extract import Extraction, extract
    from claimwire.pipelines.read.reading import Records, read
    from claimwire.schemas import (
        Article,
        Claim,
        ClaimMessage,
        Cue,
        DeadLetter,
        Duplicate,
        EnrichedArticle,
        Entity,
        Event,
        Provenance,
        Quantity,
        RawArticle,
        Source,
        Speaker,
        decode,
        encode,
    )

    __version__: str

__all__ = [
    "Article",
    "Claim",
    "ClaimMessage",
    "ClaimwireError",
    "Cue",
    "DeadLetter",
    "Duplicate",
    "EnrichedArticle",
    "Entity",
    "Event",
    "Extraction",
    "Provenance",
    "Quantity",
    "RawArticle",
    "Records",
    "Source",
    "Speaker",
    "UsageError",
    "__version__",
    "beam",
    "decode",
    "encode",
    "extract",
    "read",
]

_ELSEWHERE = {
    "ClaimwireError": "claimwire.errors",
    "UsageError": "claimwire.errors",
    "Extraction": "claimwire.pipelines.extract",
    "extract": "claimwire.pipelines.extract",
    "Records": "claimwire.pipelines.read.reading",
    "read": "claimwire.pipelines.read.reading",
}


if not TYPE_CHECKING:  # a type checker would take any name for one of this module's

    def __getattr__(name: str) -> Any:
        if name not in __all__:
            raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
        if name == "beam":
            return import_module("claimwire.beam")
        if name == "__version__":
            value: Any = import_module("importlib.metadata").version("claimwire")
        else:
            value = getattr(import_module(_ELSEWHERE.get(name, "claimwire.schemas")), name)
        globals()[name] = value  # found at once from now on
        return value


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
