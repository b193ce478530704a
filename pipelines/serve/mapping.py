"""Where places stand on the map: an equirectangular one, cut to where the points are."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import NamedTuple

from claimwire.pipelines.serve.looking import Place

WIDTH, HEIGHT = 1000, 520
"""Of the map, in units of its drawing."""
_MARGIN = 0.12
_LEAST_DEGREES = 12.0
_NORTH, _SOUTH = 84.0, -58.0
_LABELS = 24
_LETTER, _LINE = 8.0, 15.0
"""The room of a label, in units of the drawing."""
_SMALLEST, _LARGEST = 3.5, 14.0


Box = tuple[float, float, float, float]
"""Left, top, right, bottom."""


class Dot(NamedTuple):
    """A place on the map."""

    place: Place
    x: float
    y: float
    radius: float
    label: tuple[float, float] | None
    """Where its name begins, on the line of writing; None where there is no room for it."""


class Map(NamedTuple):
    """A map with its points."""

    dots: tuple[Dot, ...]
    land: tuple[float, float, float, float]
    """Where the picture of the whole world stands: x, y, width, height."""
    meridians: tuple[tuple[float, str], ...]
    parallels: tuple[tuple[float, str], ...]
    """Lines of the graticule: where, and how many degrees."""


class _Frame(NamedTuple):
    west: float
    north: float
    across: float
    """Units per degree of longitude."""
    down: float
    """Units per degree of latitude."""

    def at(self, lat: float, lon: float) -> tuple[float, float]:
        return (lon - self.west) * self.across, (self.north - lat) * self.down


def drawn_map(places: Sequence[Place]) -> Map:
    """A map of places, those of most claims first; without any it is that of the world."""
    frame = _frame(places)
    most = max((place.claims for place in places), default=1)
    points = [frame.at(place.lat, place.lon) for place in places]
    radii = [max(_SMALLEST, _LARGEST * math.sqrt(place.claims / most)) for place in places]
    taken = [(x - r, y - r, x + r, y + r) for (x, y), r in zip(points, radii, strict=True)]
    dots = []
    for number, (place, (x, y), radius) in enumerate(zip(places, points, radii, strict=True)):
        box = _room(place.name, x, y, radius, taken) if number < _LABELS else None
        if box:
            taken.append(box)
        label = (round(box[0], 1), round(box[3] - _LINE / 4, 1)) if box else None
        dots.append(Dot(place, round(x, 1), round(y, 1), round(radius, 1), label))
    x, y = frame.at(90, -180)
    return Map(
        # The smaller ones are drawn last, so that none hides another.
        tuple(sorted(dots, key=lambda dot: -dot.radius)),
        (round(x, 1), round(y, 1), round(360 * frame.across, 1), round(180 * frame.down, 1)),
        tuple(_lines(frame.west, WIDTH / frame.across, frame.across, "E", "W")),
        tuple(
            (HEIGHT - where, said)
            for where, said in _lines(frame.north - HEIGHT / frame.down, HEIGHT / frame.down, frame.down, "N", "S")
        ),
    )


def _frame(places: Sequence[Place]) -> _Frame:
    """The part of the world that has all the places, undistorted in its middle."""
    north = max((place.lat for place in places), default=_NORTH)
    south = min((place.lat for place in places), default=_SOUTH)
    west = min((place.lon for place in places), default=-180.0)
    east = max((place.lon for place in places), default=180.0)
    middle, centre = (north + south) / 2, (west + east) / 2
    flat = max(math.cos(math.radians(middle)), 0.3)
    high = max(north - south, _LEAST_DEGREES) * (1 + 2 * _MARGIN)
    wide = max((east - west) * (1 + 2 * _MARGIN), _LEAST_DEGREES)
    down = min(HEIGHT / high, WIDTH / (wide * flat))
    down = max(down, WIDTH / 360 / flat)  # no wider than the world
    across = down * flat
    begin = max(min(centre - WIDTH / across / 2, 180 - WIDTH / across), -180.0)
    return _Frame(begin, middle + HEIGHT / down / 2, across, down)


def _room(name: str, x: float, y: float, radius: float, taken: Sequence[Box]) -> Box | None:
    """The room of a name beside, above or below its point, where there is some."""
    width = _LETTER * len(name)
    beyond = radius + 4
    for left, top in (
        (x + beyond, y - _LINE / 2),
        (x - beyond - width, y - _LINE / 2),
        (x - width / 2, y - beyond - _LINE),
        (x - width / 2, y + beyond),
    ):
        box = (left, top, left + width, top + _LINE)
        inside = left >= 0 and top >= 0 and box[2] <= WIDTH and box[3] <= HEIGHT
        if inside and not any(_overlap(box, other) for other in taken):
            return box
    return None


def _overlap(one: Box, other: Box) -> bool:
    return one[0] < other[2] and other[0] < one[2] and one[1] < other[3] and other[1] < one[3]


def _lines(begin: float, length: float, scale: float, more: str, less: str) -> list[tuple[float, str]]:
    """The lines of the graticule between two degrees: about six of them."""
    step = next((size for size in (1, 2, 5, 10, 15, 30) if length / size <= 8), 45)
    first = math.ceil(begin / step) * step
    found = []
    for degree in range(first, math.floor(begin + length) + 1, step):
        said = f"{abs(degree)}°{more if degree > 0 else less if degree < 0 else ''}"
        found.append((round((degree - begin) * scale, 1), said))
    return found
