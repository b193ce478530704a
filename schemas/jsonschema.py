"""JSON Schemas (draft 2020-12) of the published records, generated from the code."""

from __future__ import annotations

from typing import Any

import msgspec

from claimwire.schemas.records import (
    SCHEMA_VERSION,
    Article,
    Claim,
    ClaimMessage,
    DeadLetter,
    EnrichedArticle,
    Event,
    Match,
    RawArticle,
    Record,
    StoryMessage,
    ThreadMessage,
)

PUBLISHED: dict[str, type[Record]] = {
    "enriched-article": EnrichedArticle,
    "article": Article,
    "claim": Claim,
    "claim-message": ClaimMessage,
    "thread-message": ThreadMessage,
    "story-message": StoryMessage,
    "event": Event,
    "match": Match,
    "dead-letter": DeadLetter,
    "raw-article": RawArticle,
}


def json_schema(name: str) -> dict[str, Any]:
    """The JSON Schema of a published record.

    Args:
        name: A key of ``PUBLISHED``, e.g. ``enriched-article``.

    Raises:
        KeyError: There is no such record.
    """
    kind = PUBLISHED[name]
    (schema,), parts = msgspec.json.schema_components([kind], ref_template="#/$defs/{name}")
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "$id": f"urn:claimwire:{name}:{SCHEMA_VERSION}",
        "title": kind.__name__,
        **schema,
        "$defs": {part: _without_defaults(definition) for part, definition in sorted(parts.items())},
    }


def _without_defaults(definition: dict[str, Any]) -> dict[str, Any]:
    """Make all fields required, because all are always written; defaults only matter to code that builds records."""
    properties = {
        field: {key: value for key, value in rule.items() if key != "default"}
        for field, rule in definition["properties"].items()
    }
    return {**definition, "properties": properties, "required": list(properties)}
