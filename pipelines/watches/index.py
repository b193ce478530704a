"""Which of many watches a claim or an article may meet: those that it is worth to look at.

Each watch is put under what must be there: a word of each of its alternatives, an outlet, a figure, a place. Of a
thousand watches a claim then has a handful to be compared with. One that asks for nothing of the kind is always looked
at, or, where it asks for a meaning, if the vectors are near (``meaning``).
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from claimwire.pipelines.read.words import Search, Term
from claimwire.pipelines.watches.subject import Subject
from claimwire.pipelines.watches.watch import Watch


class Index:
    """The watches of a run, by what must be in a text that they match."""

    def __init__(self, watches: Sequence[Watch]) -> None:
        self._by_word: dict[str, list[int]] = {}
        self._by_beginning: dict[str, list[int]] = {}
        self._by_outlet: dict[str, list[int]] = {}
        self._with_figure: list[int] = []
        self._with_place: list[int] = []
        self._rest: list[int] = []
        self.by_meaning: list[int] = []
        """The watches that are to be looked at where the meaning is near, and not else."""
        for number, watch in enumerate(watches):
            self._put(number, watch)
        self._lengths = sorted({len(beginning) for beginning in self._by_beginning})

    def candidates(self, subject: Subject) -> list[int]:
        """The numbers of the watches that it may meet, in their order; those ``by_meaning`` are not among them."""
        found = set(self._rest)
        if subject.claim and subject.claim.quantities:
            found.update(self._with_figure)
        if self._with_place and subject.places:
            found.update(self._with_place)
        if self._by_word or self._by_beginning:
            vocabulary = subject.vocabulary
            for word in vocabulary & self._by_word.keys():
                found.update(self._by_word[word])
            for length in self._lengths:
                for beginning in {word[:length] for word in vocabulary} & self._by_beginning.keys():
                    found.update(self._by_beginning[beginning])
        if self._by_outlet:
            domain = (subject.record.article.source.domain or "").removeprefix("www.")
            while domain:
                found.update(self._by_outlet.get(domain, ()))
                domain = domain.partition(".")[2]
        return sorted(found)

    def _put(self, number: int, watch: Watch) -> None:
        for searches in (
            watch.words,
            watch.speaker.named if watch.speaker else (),
            watch.entity.named if watch.entity else (),
        ):
            if searches:
                for table, key in {key for search in searches for key in _keys(search)}:
                    held = self._by_word if table == "word" else self._by_beginning
                    held.setdefault(key, []).append(number)
                return
        if watch.outlet:
            for outlet in dict.fromkeys(watch.outlet):
                self._by_outlet.setdefault(outlet, []).append(number)
        elif watch.figure:
            self._with_figure.append(number)
        elif watch.place:
            self._with_place.append(number)
        elif watch.means:
            self.by_meaning.append(number)
        else:
            self._rest.append(number)


def _keys(search: Search) -> Iterable[tuple[str, str]]:
    """Of what is searched, words of which one is in every text that has it: those of the term with the longest.

    As tables and keys: ``word``, or ``beginning``.
    """
    term = max(search.wanted, key=lambda term: min(len(max(run, key=len)) for run in term.runs))
    return [_key(term, run) for run in term.runs]


def _key(term: Term, run: tuple[str, ...]) -> tuple[str, str]:
    if not term.prefix:
        return "word", max(run, key=len)
    # The last word of the run may go on in the text, those before it not.
    return ("word", max(run[:-1], key=len)) if len(run) > 1 else ("beginning", run[-1])
