"""Where the marks of a model's charts go: reliability curves, errors by version, and bars beside a table's rows."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from pipeline.core.charts import Mark

ERROR_STEPS = (0.5, 1, 2, 5, 10, 20, 50, 100)
BAR_WIDTH = 100


@dataclass(frozen=True)
class Frame:
    """The paper, and the lines that hold the marks."""

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
    left, top, right, bottom = 62, 12, width - 26, height - 46
    shares = (0.0, 0.25, 0.5, 0.75, 1.0)
    frame = Frame(
        width, height, left, top, right, bottom,
        across=[Mark(round(left + (right - left) * share, 1), f"{share:.0%}".replace("%", " %")) for share in shares],
        up=[Mark(round(bottom - (bottom - top) * share, 1), f"{share:.0%}".replace("%", " %")) for share in shares],
    )  # fmt: skip
    curves = []
    for kind, (limit, bins) in enumerate(bins_of.items()):
        points = [
            (
                round(left + (right - left) * entry["said"], 1),
                round(bottom - (bottom - top) * entry["seen"], 1),
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
    left, top, right, bottom = 62, 16, width - 18, height - 44
    values = [entry[name] for entry in versions for name in ("mae", "low", "high") if entry[name] is not None]
    step = next((step for step in ERROR_STEPS if (max(values) - min(values)) / step <= 5), ERROR_STEPS[-1])
    low = math.floor(min(values) / step) * step
    high = max(math.ceil(max(values) / step) * step, low + step)

    def up(value: float | None) -> float | None:
        return None if value is None else round(bottom - (bottom - top) * (value - low) / (high - low), 1)

    def across(place: int) -> float:
        return round(left + (right - left) * (place + 0.5) / len(versions), 1)

    every = math.ceil(len(versions) / 12)
    frame = Frame(
        width, height, left, top, right, bottom,
        across=[
            Mark(across(place), str(entry["number"])) for place, entry in enumerate(versions) if place % every == 0
        ],
        up=[Mark(up(low + step * place) or 0.0, f"{low + step * place:g}") for place in range(round((high - low) / step) + 1)],
    )  # fmt: skip
    judged = [
        Judged(
            entry["number"], across(place), up(entry["mae"]) or 0.0, up(entry["low"]), up(entry["high"]),
            entry["state"], entry["is_sample"], f"version {entry['number']}: {entry['mae']:.1f} s",
        )
        for place, entry in enumerate(versions)
    ]  # fmt: skip
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
