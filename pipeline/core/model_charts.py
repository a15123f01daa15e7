"""Geometry of a model's charts: reliability diagram, errors by version, and bars beside a table's rows."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from pipeline.core.charts import Axes, Mark, levels_between, round_bounds
from pipeline.core.wording import readable_share

ERROR_STEPS = (0.5, 1, 2, 5, 10, 20, 50, 100)
BAR_WIDTH = 100


@dataclass(frozen=True)
class Frame:
    """The size of the drawing, the edges of its plot area, and the ticks of both axes."""

    width: int
    height: int
    left: int
    top: int
    right: int
    bottom: int
    across: list[Mark]
    up: list[Mark]


@dataclass(frozen=True)
class Curve:
    """Said against seen chances of one limit: a line, its points with what stands behind them, and the farthest miss."""

    name: str
    kind: int
    points: list[tuple[float, float, str]]
    farthest: str

    @property
    def line(self) -> str:
        return " ".join(f"{x},{y}" for x, y, _ in self.points)


@dataclass(frozen=True)
class Reliability:
    frame: Frame
    curves: list[Curve]


def draw_reliability(
    bins_of: Mapping[str, Sequence[Mapping[str, float]]], width: int = 480, height: int = 340
) -> Reliability | None:
    """Limit in seconds → bins with `said`, `seen` (0 to 1) and `n`. None where there are no bins."""
    if not any(bins_of.values()):
        return None
    axes = Axes(62, 12, width - 26, height - 46, first=0, last=1, low=0, high=1)
    shares = (0.0, 0.25, 0.5, 0.75, 1.0)
    frame = Frame(
        width, height, axes.left, axes.top, axes.right, axes.bottom,
        across=[Mark(axes.across(share), readable_share(share)) for share in shares],
        up=[Mark(axes.up(share), readable_share(share)) for share in shares],
    )  # fmt: skip
    curves = []
    for kind, (limit, bins) in enumerate(bins_of.items()):
        points = [
            (
                axes.across(entry["said"]),
                axes.up(entry["seen"]),
                f"said {entry['said'] * 100:.0f} %, seen {entry['seen'] * 100:.0f} %, n {entry['n']:,.0f}",
            )
            for entry in bins
        ]
        worst = max(bins, key=lambda entry: abs(entry["said"] - entry["seen"]), default=None)
        told = f"{worst['said'] * 100:.0f} % was said and {worst['seen'] * 100:.0f} % seen" if worst else "no figures"
        curves.append(Curve(f"within {float(limit) / 60:g} min", kind, points, told))
    return Reliability(frame, curves)


@dataclass(frozen=True)
class Judged:
    """One version on the chart: its place, its 95 % interval where known, and what is said of it."""

    number: int
    x: float
    y: float
    low: float | None
    high: float | None
    state: str
    is_sample: bool
    text: str


@dataclass(frozen=True)
class Versions:
    frame: Frame
    judged: list[Judged]


def draw_versions(versions: Sequence[Mapping[str, Any]], width: int = 560, height: int = 250) -> Versions | None:
    """Mean error by version, in the order given: number, mae, low, high (seconds, None where unknown), state, is_sample.

    None where there is no version. The scale need not begin at 0: the differences are what is looked for.
    """
    if not versions:
        return None
    values = [entry[name] for entry in versions for name in ("mae", "low", "high") if entry[name] is not None]
    low, high, step = round_bounds(values, ERROR_STEPS)
    # Each version in the middle of a column of its own.
    axes = Axes(62, 16, width - 18, height - 44, first=-0.5, last=len(versions) - 0.5, low=low, high=high)
    every = math.ceil(len(versions) / 12)
    frame = Frame(
        width, height, axes.left, axes.top, axes.right, axes.bottom,
        across=[Mark(axes.across(place), str(entry["number"])) for place, entry in enumerate(versions) if place % every == 0],
        up=[Mark(axes.up(level), f"{level:g}") for level in levels_between(low, high, step)],
    )  # fmt: skip
    judged = [
        Judged(
            number=entry["number"],
            x=axes.across(place),
            y=axes.up(entry["mae"]),
            low=None if entry["low"] is None else axes.up(entry["low"]),
            high=None if entry["high"] is None else axes.up(entry["high"]),
            state=entry["state"],
            is_sample=entry["is_sample"],
            text=f"version {entry['number']}: {entry['mae']:.1f} s",
        )
        for place, entry in enumerate(versions)
    ]
    return Versions(frame, judged)


@dataclass(frozen=True)
class Bar:
    """One group of rows: its scores, and how long its bar is, 0 to BAR_WIDTH."""

    name: str
    scores: Mapping[str, Any]
    length: float


def bars(groups: Mapping[str, Mapping[str, Any]], *, worst: int | None = None) -> list[Bar]:
    """Groups with a bar for their mean error; the `worst` of them, the largest error first, where asked.

    >>> [(bar.name, bar.length) for bar in bars({"a": {"mae": 40}, "b": {"mae": 80}}, worst=1)]
    [('b', 100.0)]
    """
    largest = max((scores["mae"] for scores in groups.values()), default=0) or 1
    drawn = [Bar(name, scores, round(BAR_WIDTH * scores["mae"] / largest, 1)) for name, scores in groups.items()]
    if worst is not None:
        drawn = sorted(drawn, key=lambda bar: -bar.scores["mae"])[:worst]
    return drawn
