"""Geometry of the charts on pages: values in, SVG coordinates, paths and colour classes out."""

from __future__ import annotations

import datetime as dt
import math
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

SHADES = 7
SECOND_STEPS = (5, 10, 15, 20, 30, 60, 90, 120, 180, 240)
SHARE_STEPS = (0.005, 0.01, 0.02, 0.05, 0.1, 0.2)
LONDON_LATITUDE = 51.5
NUMBER_WIDTH, NUMBER_HEIGHT = 27, 12  # of what stands on a shape, as 5:12
YEAR_WIDTH = 70  # of what stands below a chart, as Mar 2017


@dataclass(frozen=True)
class Scale:
    """Shades 0 (least) to SHADES − 1 for values: the classes between `edges`, the outer ones open."""

    edges: tuple[float, ...]

    def shade(self, value: float) -> int:
        """
        >>> [Scale((300, 330, 360)).shade(value) for value in (299, 300, 345, 400)]
        [0, 2, 4, 6]
        """
        place = sum(value >= edge for edge in self.edges)
        return round(place * (SHADES - 1) / max(len(self.edges), 1))

    def classes(self) -> list[tuple[int, float | None, float | None]]:
        """Shade, lower and upper edge of each class; None where it is open."""
        bounds = [None, *self.edges, None]
        middles = [self.shade(low if low is not None else -math.inf) for low in bounds[:-1]]
        return list(zip(middles, bounds[:-1], bounds[1:], strict=True))


def make_scale(values: Iterable[float], steps: Sequence[float]) -> Scale:
    """Edges at round numbers, as fine as SHADES classes allow, over the middle 90 % of the values.

    >>> make_scale([290, 300, 320, 350, 390], SECOND_STEPS).edges
    (300, 315, 330, 345, 360, 375)
    >>> make_scale([], SECOND_STEPS).edges
    ()
    """
    known = sorted(values)
    if not known:
        return Scale(())
    low, high = (known[round((len(known) - 1) * level)] for level in (0.05, 0.95))
    for step in steps:
        first, last = math.floor(low / step) + 1, math.ceil(high / step) - 1
        if last - first < SHADES - 1:
            break
    return Scale(tuple(round(number * step, 6) for number in range(first, min(last, first + SHADES - 2) + 1)))


@dataclass(frozen=True)
class Shape:
    """One outline as an SVG path, and the middle of its largest part, where there may be room for a number."""

    path: str
    x: float
    y: float
    has_room: bool = True


@dataclass(frozen=True)
class Outlines:
    """Shapes by borough name in a drawing of that size, and the projection from degrees to its coordinates."""

    width: int
    height: int
    shapes: Mapping[str, Shape]
    corner: tuple[float, float]
    scale: float

    def place(self, longitude: float, latitude: float) -> tuple[float, float]:
        """Coordinates of a point in the drawing."""
        return _place(_flat(longitude, latitude), self.corner, self.scale)


def _flat(longitude: float, latitude: float) -> tuple[float, float]:
    """North up, a degree of longitude shortened as at London."""
    return longitude * math.cos(math.radians(LONDON_LATITUDE)), -latitude


def _place(point: tuple[float, float], corner: tuple[float, float], scale: float) -> tuple[float, float]:
    return 2 + (point[0] - corner[0]) * scale, 2 + (point[1] - corner[1]) * scale


def draw_outlines(geojson: Mapping[str, Any], width: int = 480) -> Outlines:
    """Borough name → shape, from MultiPolygons in degrees, north up; a degree of longitude is shortened as at London."""
    polygons = {
        feature["properties"]["borough_name"]: [
            [_flat(longitude, latitude) for longitude, latitude in polygon[0]]
            for polygon in feature["geometry"]["coordinates"]
        ]
        for feature in geojson["features"]
    }
    points = [point for rings in polygons.values() for ring in rings for point in ring]
    left, top = (min(point[axis] for point in points) for axis in (0, 1))
    right, bottom = (max(point[axis] for point in points) for axis in (0, 1))
    scale = (width - 4) / (right - left)
    shapes = {
        name: [[_place(point, (left, top), scale) for point in ring] for ring in rings]
        for name, rings in polygons.items()
    }
    height = math.ceil((bottom - top) * scale) + 4
    return Outlines(width, height, _without_crowding(shapes), (left, top), scale)


def _without_crowding(outlines: Mapping[str, list[list[tuple[float, float]]]]) -> dict[str, Shape]:
    """Where the number of a small shape would lie on that of a larger one, there is no room for it."""
    boxes = {name: _box(max(rings, key=len)) for name, rings in outlines.items()}
    taken: list[tuple[float, float]] = []
    shapes = {}
    for name in sorted(outlines, key=lambda name: boxes[name][2] * boxes[name][3], reverse=True):
        x, y, _, _ = boxes[name]
        path = "".join("M" + "L".join(f"{x:.1f},{y:.1f}" for x, y in ring) + "Z" for ring in outlines[name])
        has_room = all(abs(x - other[0]) > NUMBER_WIDTH or abs(y - other[1]) > NUMBER_HEIGHT for other in taken)
        if has_room:
            taken.append((x, y))
        shapes[name] = Shape(path, round(x, 1), round(y, 1), has_room)
    return {name: shapes[name] for name in outlines}


def _box(ring: list[tuple[float, float]]) -> tuple[float, float, float, float]:
    """Middle, width and height."""
    (left, right), (top, bottom) = ((min(values), max(values)) for values in zip(*ring, strict=True))
    return (left + right) / 2, (top + bottom) / 2, right - left, bottom - top


@dataclass(frozen=True)
class Axes:
    """Linear axes: the edges of the plot area in SVG coordinates, and the values at them; y grows upwards."""

    left: int
    top: int
    right: int
    bottom: int
    first: float
    last: float
    low: float
    high: float

    def across(self, value: float) -> float:
        """In the middle where there is but one value."""
        share = (value - self.first) / (self.last - self.first) if self.last > self.first else 0.5
        return round(self.left + (self.right - self.left) * share, 1)

    def up(self, value: float) -> float:
        return round(self.bottom - (self.bottom - self.top) * (value - self.low) / (self.high - self.low), 1)


def round_bounds(values: Sequence[float], steps: Sequence[float]) -> tuple[float, float, float]:
    """Multiples of the finest step around the values with at most about five steps between them, and that step.

    >>> round_bounds([312, 355], (5, 10, 20))
    (310, 360, 10)
    """
    low, high = min(values), max(values)
    step = next((step for step in steps if (high - low) / step <= 5), steps[-1])
    floor = math.floor(low / step)
    return floor * step, max(math.ceil(high / step), floor + 1) * step, step


def levels_between(low: float, high: float, step: float) -> list[float]:
    """Every `step` from `low` to `high`, both included."""
    return [round(low + step * place, 6) for place in range(round((high - low) / step) + 1)]


@dataclass(frozen=True)
class Mark:
    """A place on an axis, and what stands there."""

    at: float
    text: str


@dataclass(frozen=True)
class Level:
    """A height, and the value that it stands for."""

    at: float
    value: float


@dataclass(frozen=True)
class Trend:
    """A line over months: `lines` are the points of its unbroken stretches, `dots` stands alone between gaps."""

    width: int
    height: int
    left: int
    top: int
    right: int
    bottom: int
    lines: list[str]
    dots: list[tuple[float, float]]
    years: list[Mark]
    levels: list[Level]
    breaks: list[Mark]
    reference: float | None


def draw_trend(
    values: Mapping[dt.date, float | None],
    breaks: Sequence[dt.date],
    *,
    steps: Sequence[float],
    reference: float | None = None,
    width: int = 480,
    height: int = 320,
) -> Trend | None:
    """Months (their first days, in order) → values; None leaves a gap. None where nothing is known.

    `reference` is a value to draw a line at; `breaks` are numbered from 1.
    """
    known = [value for value in values.values() if value is not None]
    if not known:
        return None
    months = {_month_number(day): value for day, value in values.items()}
    low, high, step = round_bounds(known if reference is None else [*known, reference], steps)
    axes = Axes(58, 22, width - 10, height - 26, min(months), max(months), low, high)
    stretches = _stretches(months, axes)
    is_sparse = len(known) <= 36
    return Trend(
        width, height, axes.left, axes.top, axes.right, axes.bottom,
        lines=[" ".join(f"{x},{y}" for x, y in stretch) for stretch in stretches if len(stretch) > 1],
        dots=[point for stretch in stretches if is_sparse or len(stretch) == 1 for point in stretch],
        years=[Mark(min(axes.across(month), width - YEAR_WIDTH / 2), text) for month, text in _year_marks(months)],
        levels=[Level(axes.up(level), level) for level in levels_between(low, high, step)],
        breaks=[
            Mark(axes.across(_month_number(day) + (day.day - 1) / 31), str(number))
            for number, day in enumerate(breaks, start=1)
        ],
        reference=axes.up(reference) if reference is not None else None,
    )  # fmt: skip


def _month_number(day: dt.date) -> int:
    return day.year * 12 + day.month - 1


def _stretches(months: Mapping[int, float | None], axes: Axes) -> list[list[tuple[float, float]]]:
    """The points of each run of months without a gap; the first run may be empty."""
    stretches: list[list[tuple[float, float]]] = [[]]
    previous = None
    for month, value in months.items():
        if value is None or (previous is not None and month != previous + 1):
            stretches.append([])
        if value is not None:
            stretches[-1].append((axes.across(month), axes.up(value)))
        previous = month
    return stretches


def _year_marks(months: Collection[int]) -> list[tuple[int, str]]:
    """The Januaries, not more than seven; the first and last month where there are fewer than two."""
    first, last = min(months), max(months)
    januaries = [month for month in range(first, last + 1) if month % 12 == 0]
    if len(januaries) < 2:
        ends = sorted({first, last})
        return [(month, f"{dt.date(month // 12, month % 12 + 1, 1):%b %Y}") for month in ends]
    return [(month, str(month // 12)) for month in januaries[:: math.ceil(len(januaries) / 7)]]
