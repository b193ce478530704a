"""The records of claimwire as JSON, JSON Schema, Arrow schemas and Beam coders.

This package imports no other part of the project.
"""

from claimwire.schemas.codec import decode, encode
from claimwire.schemas.records import (
    SCHEMA_VERSION,
    Article,
    Claim,
    ClaimKind,
    ClaimMessage,
    Cue,
    DeadLetter,
    Duplicate,
    EnrichedArticle,
    Entity,
    Event,
    Failure,
    KnowledgeBaseEntry,
    MessageQuantity,
    MessageSpeaker,
    Origin,
    Provenance,
    Quantity,
    RawArticle,
    Source,
    Span,
    Speaker,
)

__all__ = [
    "SCHEMA_VERSION",
    "Article",
    "Claim",
    "ClaimKind",
    "ClaimMessage",
    "Cue",
    "DeadLetter",
    "Duplicate",
    "EnrichedArticle",
    "Entity",
    "Event",
    "Failure",
    "KnowledgeBaseEntry",
    "MessageQuantity",
    "MessageSpeaker",
    "Origin",
    "Provenance",
    "Quantity",
    "RawArticle",
    "Source",
    "Span",
    "Speaker",
    "decode",
    "encode",
]
