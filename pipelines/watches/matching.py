"""The watches of a run against one record: which of them its claims, or its article, meet."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import NamedTuple

from claimwire.pipelines.watches.conditions import checks_of, reasons
from claimwire.pipelines.watches.index import Index
from claimwire.pipelines.watches.meaning import Meanings
from claimwire.pipelines.watches.subject import Subject, subjects
from claimwire.pipelines.watches.watch import CONDITIONS, Watch
from claimwire.schemas import EnrichedArticle, Reason


class Met(NamedTuple):
    """A subject that meets a watch, but for what the watch asks of carriers."""

    watch: Watch
    subject: Subject
    why: tuple[Reason, ...]


class Matcher:
    """Finds what meets some watches. It remembers nothing: the same record always gives the same.

    Args:
        watches: With names of their own.
        claims_are_read: Whether runs read claims; else articles are matched in their place.
        indexed: Whether only those are compared that a quick look finds; else all are, with the same result.

    Raises ModelNotFoundError where a watch asks for a meaning, and the encoder is not installed.
    """

    def __init__(self, watches: Sequence[Watch], claims_are_read: bool = True, indexed: bool = True) -> None:
        self._claims_are_read = claims_are_read
        self._of_claims = _Some([watch for watch in watches if watch.of == "claims"], indexed)
        self._of_articles = _Some([watch for watch in watches if watch.of == "articles"], indexed)

    def met(self, record: EnrichedArticle) -> Iterator[Met]:
        """What of a record meets which watch: claims in their order, then the article; for each, watches in theirs."""
        claims, article = subjects(record, self._claims_are_read)
        for subject in claims:
            yield from self._of_claims.met(subject)
        if article:
            yield from self._of_articles.met(article)


class _Some:
    """Some watches, with what finds them quickly."""

    def __init__(self, watches: Sequence[Watch], indexed: bool) -> None:
        self._watches = watches
        self._checks = list(map(checks_of, watches))
        self._index = Index(watches) if indexed else None
        self._meanings = Meanings(watches)

    def met(self, subject: Subject) -> Iterator[Met]:
        for number in self._worth_a_look(subject):
            watch = self._watches[number]
            why = reasons(watch, subject, self._checks[number])
            if why is not None and watch.means:
                meant = self._meanings.reason(number, subject)
                why = [*why, meant] if meant else None
            if why is not None:
                yield Met(watch, subject, tuple(sorted(why, key=lambda reason: CONDITIONS.index(reason.condition))))

    def _worth_a_look(self, subject: Subject) -> Sequence[int]:
        if not self._watches:
            return ()
        if self._index is None:
            return range(len(self._watches))
        near = self._meanings.near(subject, self._index.by_meaning)
        return sorted({*self._index.candidates(subject), *near})
