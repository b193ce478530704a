"""Makes the outline of the land behind the map of places, from Natural Earth (naturalearthdata.com, public domain).

    npm pack world-atlas@2.0.2 && tar xf world-atlas-2.0.2.tgz
    python -m training.outline package/land-110m.json pipelines/serve/static/land.svg

The package carries Natural Earth's land at 1:110m as TopoJSON, rings of arcs that are rows of steps
(github.com/topojson/topojson-specification). Coordinates become tenths of degrees, east and south. Borders are left
out: many are disputed, and the map has no opinion on them.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Iterable, Sequence
from itertools import accumulate, pairwise
from pathlib import Path
from typing import Any

_SCALE = 10
"""Steps per degree: 11 km at the equator, less than the width of a line on the map."""

_SOUTH = 60 * _SCALE

Point = tuple[int, int]


def main(argv: Sequence[str]) -> int:
    source, target = map(Path, argv)
    topology = json.loads(source.read_text(encoding="utf-8"))
    arcs = [_points(arc, topology["transform"]) for arc in topology["arcs"]]
    land = " ".join(
        _path(drawn)
        for part in _polygons(topology["objects"]["land"])
        for ring in part
        for drawn in _unrolled(_ring(ring, arcs))
    )
    target.write_text(
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="-1800 -900 3600 1800" width="3600" height="1800">\n'
        f"<!-- Land: Natural Earth 1:110m, public domain; made by training/outline.py -->\n"
        f'<path fill="#8c867a" fill-opacity=".26" d="{land}"/>\n'
        f"</svg>\n",
        encoding="utf-8",
    )
    return 0


def _points(arc: Sequence[Sequence[int]], transform: dict[str, Any]) -> list[Point]:
    """The points of an arc in steps, without those that fall together."""
    (wide, high), (left, low) = transform["scale"], transform["translate"]
    xs, ys = map(accumulate, zip(*arc, strict=True))
    points = [
        (round((x * wide + left) * _SCALE), -round((y * high + low) * _SCALE)) for x, y in zip(xs, ys, strict=True)
    ]
    return [point for at, point in enumerate(points) if not at or point != points[at - 1]]


def _polygons(geometry: dict[str, Any]) -> Iterable[list[list[int]]]:
    if geometry["type"] == "GeometryCollection":
        return [polygon for each in geometry["geometries"] for polygon in _polygons(each)]
    return geometry["arcs"] if geometry["type"] == "MultiPolygon" else [geometry["arcs"]]


def _ring(ring: Iterable[int], arcs: Sequence[list[Point]]) -> list[Point]:
    """A ring of arcs; one that is used backwards has its number complemented."""
    points: list[Point] = []
    for number in ring:
        part = arcs[number] if number >= 0 else arcs[~number][::-1]
        points += part[1:] if points and points[-1] == part[0] else part
    return points


def _unrolled(ring: Sequence[Point]) -> Iterable[list[Point]]:
    """A ring that crosses the 180th meridian without the jump, twice: at the right edge and at the left. The south,
    where nothing is said, is left out."""
    if min(y for _, y in ring) > _SOUTH:
        return
    turns = 0
    points: list[Point] = []
    for at, (x, y) in enumerate(ring):
        step = x - ring[at - 1][0] if at else 0
        turns -= round(step / (360 * _SCALE))
        points.append((x + turns * 360 * _SCALE, y))
    yield points
    for edge in (-1, 1):
        if any(abs(x) > 180 * _SCALE and (x > 0) == (edge < 0) for x, _ in points):
            yield [(x + edge * 360 * _SCALE, y) for x, y in points]


def _path(points: Sequence[Point]) -> str:
    """As a closed path of SVG, each point relative to the one before."""
    (x, y), *_ = points
    steps = " ".join(f"{b[0] - a[0]} {b[1] - a[1]}" for a, b in pairwise(points))
    return f"M{x} {y}l{steps.replace(' -', '-')}z"


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
