"""What a reader asks of the page: the conditions of ``claimwire show`` as query parameters."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import NamedTuple
from urllib.parse import urlencode

from claimwire.errors import UsageError
from claimwire.pipelines.read import times
from claimwire.pipelines.read.filters import Filter
from claimwire.pipelines.read.words import search

KINDS = ("statement", "belief", "intention", "attitude")
NAMES = ("q", "speaker", "outlet", "place", "story", "since", "until", "min_worth", "min_confidence", "named", "kind")
"""The parameters; ``kind`` may be there several times."""
_LONGEST = 200


class Asked(NamedTuple):
    """What was asked, as it was given, and what it means."""

    given: tuple[tuple[str, str], ...]
    """Parameters that say something, in the order of ``NAMES``."""
    wanted: Filter
    problem: str | None
    """Why it means nothing; then everything is wanted."""

    def value(self, name: str) -> str:
        """What was given for a parameter."""
        return next((value for key, value in self.given if key == name), "")

    def has(self, name: str, value: str) -> bool:
        """Whether a parameter was given with a value."""
        return (name, value) in self.given

    def url(self, path: str = "/", **more: object) -> str:
        """An address with these conditions and more parameters."""
        return address(path, [*self.given, *((name, str(value)) for name, value in more.items())])

    def without(self, name: str, value: str) -> str:
        """The address with one condition less."""
        return address("/", [pair for pair in self.given if pair != (name, value)])


def address(path: str, parameters: Iterable[tuple[str, str]]) -> str:
    """A path with its parameters."""
    query = urlencode(list(parameters))
    return f"{path}?{query}" if query else path


def asked(parameters: Iterable[tuple[str, str]]) -> Asked:
    """What the parameters of an address ask for. Those of others are passed over."""
    pairs = [(name, value.strip()) for name, value in parameters if name in NAMES and value.strip()]
    given = tuple(sorted(dict.fromkeys(pairs), key=lambda pair: NAMES.index(pair[0])))
    try:
        return Asked(given, _wanted(given), None)
    except UsageError as error:
        return Asked(given, Filter(), str(error).removeprefix("--"))


def _wanted(given: tuple[tuple[str, str], ...]) -> Filter:
    values = dict(given)
    if any(len(value) > _LONGEST for value in values.values()):
        raise UsageError(f"a condition has more than {_LONGEST} characters; use fewer words")
    kinds = frozenset(value for name, value in given if name == "kind")
    if unknown := sorted(kinds - set(KINDS)):
        raise UsageError(f"kind {unknown[0]!r} is none; there are {', '.join(KINDS)}")
    return Filter(
        speaker=search(values["speaker"]) if "speaker" in values else None,
        about=search(values["q"]) if "q" in values else None,
        since=times.since(values.get("since")),
        until=times.until(values.get("until")),
        kinds=kinds,
        confidence=_share("min_confidence", values),
        worth=_share("min_worth", values),
        named="named" in values,
        outlet=values.get("outlet"),
        place=values.get("place"),
        story=values.get("story"),
    )


def _share(name: str, values: dict[str, str]) -> float:
    text = values.get(name, "0")
    try:
        share = float(text)
    except ValueError:
        share = -1.0
    if not 0 <= share <= 1:
        raise UsageError(f"{name} {text!r} is none; write a number from 0 to 1, e.g. 0.7")
    return share


_SAID = {
    "q": "about {}",
    "speaker": "speaker {}",
    "outlet": "from {}",
    "place": "mentions {}",
    "story": "in the story {:.12}",
    "since": "since {}",
    "until": "until {}",
    "min_worth": "worth {} or more",
    "min_confidence": "confidence {} or more",
    "kind": "{}",
    "named": "speaker is named",
}


def conditions_said(asked: Asked) -> Iterator[tuple[str, str]]:
    """Each condition in words, with the address without it."""
    for name, value in asked.given:
        yield _SAID[name].format(value), asked.without(name, value)
