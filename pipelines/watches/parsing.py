"""A watch, out of a mapping of YAML."""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from difflib import get_close_matches
from itertools import zip_longest
from typing import Any, get_args

from claimwire.errors import UsageError
from claimwire.pipelines.extract.quantities import singular
from claimwire.pipelines.notify.targets import TargetError, check_form
from claimwire.pipelines.read.words import Search, SearchError, search
from claimwire.pipelines.watches.watch import Digest, EntityIs, FigureIs, Means, Near, SpeakerIs, Watch, slug
from claimwire.schemas import ClaimKind
from claimwire.schemas.records import SpeakerType

DEFAULT_THRESHOLD = 0.6
"""Of ``means``: how sure it must be that a claim says what is asked for. docs/watches.md says what that gives."""
_DEFAULT_KM = 25.0
_LONGEST_NAME = 200
_LONGEST_SENTENCE = 500
_DISTANCE = re.compile(r"(\d+(?:\.\d+)?)\s*(km|m|miles?|mi)", re.IGNORECASE)
_KM = {"km": 1.0, "m": 0.001, "mile": 1.609344, "miles": 1.609344, "mi": 1.609344}
_COORDINATES = re.compile(r"\s*(-?\d+(?:\.\d+)?)\s*[,\s]\s*(-?\d+(?:\.\d+)?)\s*")
_DOMAIN = re.compile(r"(?:[\w-]+\.)+[\w-]+")
_OF_ARTICLES = ("words", "entity", "place", "outlet", "carriers")
_SETTINGS = ("name", "notify", "digest", "of")


class WatchError(UsageError):
    """A watch that cannot be understood; the message names it, the key, and what would be right."""


def parse_watches(given: Iterable[Any], places: Iterable[str] = ()) -> tuple[Watch, ...]:
    """The watches of a list of mappings, in their order; ``places`` says for messages where each stands.

    Raises WatchError.
    """
    watches: list[Watch] = []
    known: dict[str, str] = {}
    for number, (each, place) in enumerate(zip_longest(given, places), 1):
        try:
            watch = parse_watch(each, f"watch {number}")
            if watch.slug in known:
                same = "" if known[watch.slug] == watch.name else f" (as {known[watch.slug]!r}, but for case and signs)"
                raise WatchError(f"watch {watch.name!r}: there is another one with this name{same}; give each its own")
        except WatchError as error:
            raise WatchError(f"{place}: {error}" if place else str(error)) from None
        known[watch.slug] = watch.name
        watches.append(watch)
    return tuple(watches)


def parse_watch(given: Any, where: str = "watch") -> Watch:
    """The watch that a mapping has; ``where`` stands in messages until its name is known. Raises WatchError."""
    if not isinstance(given, Mapping):
        raise WatchError(f"{where}: a watch is its name and conditions, e.g. {{name: Bridges, words: bridge}}")
    values = {str(key).replace("-", "_"): value for key, value in given.items() if value is not None}
    name = values.get("name")
    if not isinstance(name, str | int | float) or isinstance(name, bool) or not slug(str(name)):
        raise WatchError(f"{where}: it needs a name with a letter or a digit, e.g. name: Bridges")
    name = " ".join(str(name).split())
    if len(name) > _LONGEST_NAME:
        raise WatchError(f"{where}: its name is longer than {_LONGEST_NAME} characters")
    where = f"watch {name!r}"
    parsed: dict[str, Any] = {}
    for key, value in values.items():
        if key == "name":
            continue
        if key not in _KEYS:
            near = get_close_matches(key, _KEYS, 1)
            hint = f"did you mean {near[0]}?" if near else f"there are name, {', '.join(_KEYS)}"
            raise WatchError(f"{where}: there is no condition {key!r}; {hint}")
        try:
            parsed[key] = _KEYS[key](value)
        except (ValueError, SearchError) as error:
            raise WatchError(f"{where}: {key}: {error}") from None
    conditions = {key: value for key, value in values.items() if key not in _SETTINGS}
    if not conditions:
        raise WatchError(f"{where}: it has no condition, so everything would match; give one, e.g. words: bridge")
    watch = Watch(name=name, given={key: values[key] for key in _KEYS if key in conditions}, **parsed)
    if watch.of == "articles" and watch.needs_claims:
        asked = next(key for key in conditions if key not in _OF_ARTICLES)
        raise WatchError(f"{where}: {asked} is asked of claims; leave out of: articles")
    return watch


def _listed(value: Any, example: str) -> list[str]:
    """A text, or a list of such, of which one is enough."""
    items = value if isinstance(value, list | tuple) else [value]
    if not items or not all(isinstance(item, str | int | float) and not isinstance(item, bool) for item in items):
        raise ValueError(f"it must be text, or a list of texts of which one is enough, e.g. {example}")
    if not all(str(item).strip() for item in items):
        raise ValueError(f"there is nothing in it; write e.g. {example}")
    return [str(item).strip() for item in items]


def _searches(value: Any, example: str) -> tuple[Search, ...]:
    return tuple(map(search, _listed(value, example)))


def _words(value: Any) -> tuple[Search, ...]:
    return _searches(value, "bridge, or ['\"grain deal\"', ukrain*]")


def _speaker(value: Any) -> SpeakerIs:
    if not isinstance(value, Mapping):
        return SpeakerIs(named=_searches(value, "Marsh, or {name: Marsh, role: minister, type: person}"))
    given = _only(value, ("name", "role", "type"))
    if not given:
        raise ValueError("give a name, role or type, e.g. {role: minister, type: person}")
    return SpeakerIs(
        named=_searches(given["name"], "Marsh") if "name" in given else (),
        role=_searches(given["role"], "minister") if "role" in given else (),
        type=_choices(given["type"], get_args(SpeakerType)) if "type" in given else frozenset(),
    )


def _entity(value: Any) -> EntityIs:
    if not isinstance(value, Mapping):
        return EntityIs(_searches(value, "Talvern, or {name: Talvern, label: GPE}"))
    given = _only(value, ("name", "label"))
    if not given:
        raise ValueError("give a name or a label, e.g. {name: Talvern, label: GPE}")
    return EntityIs(
        named=_searches(given["name"], "Talvern") if "name" in given else (),
        label=frozenset(label.upper() for label in _listed(given["label"], "GPE")) if "label" in given else frozenset(),
    )


def _place(value: Any) -> Near:
    given = _only(value, ("near", "within")) if isinstance(value, Mapping) else {"near": value}
    if "near" not in given:
        raise ValueError("say near what, e.g. {near: Odesa, within: 50 km}, or {near: [46.48, 30.73], within: 50 km}")
    km = _distance(given.get("within", _DEFAULT_KM))
    near = given["near"]
    if isinstance(near, Mapping):
        near = _only(near, ("lat", "lon"))
        near = [near.get("lat"), near.get("lon")]
    if isinstance(near, str) and (found := _COORDINATES.fullmatch(near)):
        near = [float(found[1]), float(found[2])]
    if isinstance(near, list | tuple):
        if len(near) != 2 or not all(isinstance(each, int | float) and not isinstance(each, bool) for each in near):
            raise ValueError("coordinates are two numbers, degrees north and east, e.g. [46.48, 30.73]")
        lat, lon = map(float, near)
        if not (-90 <= lat <= 90 and -180 <= lon <= 180):
            raise ValueError(f"[{lat:g}, {lon:g}] is nowhere; the first is degrees north (-90 to 90), the second east")
        return Near(None, lat, lon, km)
    if not isinstance(near, str):
        raise ValueError("near is the name of a town or coordinates, e.g. Odesa or [46.48, 30.73]")
    return Near(near.strip(), *_town(near.strip()), km)


def _town(name: str) -> tuple[float, float]:
    from claimwire.pipelines.extract.entities.places import cities, locate  # noqa: PLC0415 - the table of all towns

    town, comma, of = name.partition(",")
    city = locate(town, f", {of.strip()}" if comma else "", ())
    if city is None:
        found = cities(town)[:2]
        if len(found) > 1:
            there = " and ".join(f"[{each.lat:.2f}, {each.lon:.2f}] in {each.country}" for each in found)
            raise ValueError(f"several towns are called {town}, e.g. {there}; give the coordinates of the one you mean")
        raise ValueError(f"no town is known as {name!r}; give coordinates, e.g. near: [46.48, 30.73]")
    return city.lat, city.lon


def _distance(value: Any) -> float:
    if isinstance(value, str) and (found := _DISTANCE.fullmatch(value.strip())):
        km = float(found[1]) * _KM[found[2].lower()]
    elif isinstance(value, int | float) and not isinstance(value, bool):
        km = float(value)
    else:
        km = 0.0
    if not 0 < km <= 20_100:
        raise ValueError(f"within cannot be {value!r}: it must be a distance, e.g. 50 km or 30 miles")
    return km


def _outlet(value: Any) -> tuple[str, ...]:
    domains = [domain.lower().removeprefix("www.") for domain in _listed(value, "courier.example")]
    for domain in domains:
        if not _DOMAIN.fullmatch(domain):
            raise ValueError(f"{domain!r} is not a domain, e.g. courier.example")
    return tuple(domains)


def _share(value: Any) -> float:
    if isinstance(value, int | float) and not isinstance(value, bool) and 0 <= value <= 1:
        return float(value)
    raise ValueError(f"it cannot be {value!r}: it must be a number from 0 to 1, the least that counts, e.g. 0.6")


def _carriers(value: Any) -> int:
    if isinstance(value, Mapping):
        value = _only(value, ("above",)).get("above")
    if isinstance(value, str) and (found := re.fullmatch(r"above (\d+)", value.strip())):
        value = int(found[1])
    if isinstance(value, int) and not isinstance(value, bool) and 0 <= value < 1_000_000:
        return value
    raise ValueError(f"they cannot be {value!r}: write e.g. above 10, for more than ten articles")


def _figure(value: Any) -> FigureIs:
    example = "e.g. {above: 100, unit: tank}, or {above: 1, below: 5}"
    if not isinstance(value, Mapping):
        raise ValueError(f"say above or below which number, {example}")
    given = _only(value, ("above", "below", "unit"))
    bounds = []
    for side in ("above", "below"):
        bound = given.get(side)
        if bound is not None and (
            isinstance(bound, bool) or not isinstance(bound, int | float) or not math.isfinite(bound)
        ):
            raise ValueError(f"{side} must be a number, {example}")
        bounds.append(None if bound is None else float(bound))
    above, below = bounds
    if above is None and below is None:
        raise ValueError(f"say above or below which number, {example}")
    if above is not None and below is not None and above >= below:
        raise ValueError(f"no number is above {above:g} and below {below:g}")
    units = _listed(given["unit"], "tank") if "unit" in given else []
    return FigureIs(above, below, frozenset(unit if unit.isupper() else singular(unit) for unit in units))


def _means(value: Any) -> Means:
    given = _only(value, ("text", "threshold")) if isinstance(value, Mapping) else {"text": value}
    if "text" not in given:
        raise ValueError('say what must be said, e.g. {text: "the bridge is unsafe", threshold: 0.6}')
    sentences = _listed(given["text"], '"the bridge is unsafe"')
    for sentence in sentences:
        if len(sentence) > _LONGEST_SENTENCE or len(re.findall(r"[^\W\d_]{2,}", sentence)) < 2:
            raise ValueError(
                f"{sentence[:40]!r} is not a sentence to compare with; write what must be said, as a sentence of "
                f'up to {_LONGEST_SENTENCE} characters, e.g. "the bridge is unsafe"'
            )
    return Means(tuple(sentences), _share(given.get("threshold", DEFAULT_THRESHOLD)))


def _notify(value: Any) -> tuple[str, ...]:
    targets = _listed(value, "mailto://desk@mail.example, or DESK_CHAT, the name of a variable that holds an address")
    try:
        return tuple(dict.fromkeys(map(check_form, targets)))
    except TargetError as error:
        raise ValueError(str(error)) from None


def _digest(value: Any) -> str:
    return _choice(value, get_args(Digest))


def _of(value: Any) -> str:
    return _choice(value, ("claims", "articles"))


def _kind(value: Any) -> frozenset[str]:
    return _choices(value, get_args(ClaimKind))


def _choice(value: Any, choices: Sequence[str]) -> str:
    if value in choices:
        return str(value)
    raise ValueError(f"it cannot be {value!r}: it must be one of {', '.join(choices)}")


def _choices(value: Any, choices: Sequence[str]) -> frozenset[str]:
    return frozenset(_choice(each, choices) for each in (value if isinstance(value, list | tuple) else [value]))


def _only(given: Mapping[Any, Any], keys: Sequence[str]) -> dict[str, Any]:
    for key in given:
        if key not in keys:
            near = get_close_matches(str(key), keys, 1)
            raise ValueError(
                f"there is no {key!r} in it; "
                + (f"did you mean {near[0]}?" if near else f"there are {', '.join(keys)}")
            )
    return {str(key): value for key, value in given.items() if value is not None}


_KEYS: dict[str, Callable[[Any], Any]] = {
    "of": _of,
    "speaker": _speaker,
    "words": _words,
    "entity": _entity,
    "place": _place,
    "outlet": _outlet,
    "kind": _kind,
    "worth": _share,
    "confidence": _share,
    "carriers": _carriers,
    "figure": _figure,
    "means": _means,
    "notify": _notify,
    "digest": _digest,
}
"""Of a watch beside its name; conditions in the order in which they are told."""
