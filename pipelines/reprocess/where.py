"""Which records are extracted again: ``extractor!=tagger 3``, ``outlet=courier.example``, ``since=2026-01-01``."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from fnmatch import fnmatchcase
from typing import NamedTuple

from claimwire.errors import UsageError
from claimwire.pipelines.read import times
from claimwire.pipelines.read.filters import Filter, record_matches
from claimwire.schemas import EnrichedArticle

_MADE: dict[str, Callable[[EnrichedArticle], str | None]] = {
    "model": lambda record: record.provenance.model,
    "extractor": lambda record: record.provenance.extractor,
    "version": lambda record: record.provenance.pipeline_version,
    "outlet": lambda record: record.article.source.domain,
}
_TIMES = ("since", "until")
_CONDITION = re.compile(r"\s*(\w+)\s*(!?=)\s*(.*?)\s*", re.DOTALL)


class ConditionError(UsageError):
    """A condition that means nothing; the message says what can be asked."""


class Condition(NamedTuple):
    """One condition on a record."""

    name: str
    negated: bool
    value: str
    """Of ``model`` and the like, a pattern: ``tagger*``."""
    period: Filter
    """Of ``since`` and ``until``."""

    def is_met(self, record: EnrichedArticle) -> bool:
        """Whether a record meets it."""
        if self.name in _TIMES:
            return record_matches(record, self.period)
        return fnmatchcase(_MADE[self.name](record) or "", self.value) is not self.negated


def condition(text: str) -> Condition:
    """The condition that is meant. Raises ConditionError, and NoTimeError for a time that is none."""
    match = _CONDITION.fullmatch(text)
    name = match[1] if match else ""
    if not match or (name not in _MADE and name not in _TIMES):
        raise ConditionError(
            f"{text!r} is not a condition; write NAME=VALUE or NAME!=VALUE, where NAME is one of "
            f"{', '.join((*_MADE, *_TIMES))} and * in VALUE stands for anything, e.g. extractor!='tagger 3'"
        )
    value = match[3]
    if name not in _TIMES:
        return Condition(name, match[2] == "!=", value, Filter())
    if match[2] == "!=":
        raise ConditionError(f"{text!r}: a time takes =; for the records before it write until={value}")
    period = Filter(since=times.since(value)) if name == "since" else Filter(until=times.until(value))
    return Condition(name, False, value, period)


def all_met(conditions: Iterable[Condition], record: EnrichedArticle) -> bool:
    """Whether a record meets all conditions."""
    return all(each.is_met(record) for each in conditions)
