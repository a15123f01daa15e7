"""Geometry of small bar charts: how long the runs of a step took, and how many rows they gave."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

from pipeline.core.wording import readable_count, readable_duration

WIDTH, HEIGHT = 240, 48
WIDEST_BAR = 20.0
LEAST_HEIGHT = 1.0  # a run that took no time, or gave no rows, is still there


@dataclass(frozen=True)
class EndedRun:
    """A run that has ended, as far as a chart wants to know."""

    number: int
    status: str
    day: str
    seconds: float
    rows: int | None


@dataclass(frozen=True)
class Bar:
    x: float
    y: float
    width: float
    height: float
    status: str
    text: str


@dataclass(frozen=True)
class Bars:
    """One chart: a bar for each run, the oldest first, and in words what it shows."""

    heading: str
    latest: str
    most: str
    bars: tuple[Bar, ...]
    width: int = WIDTH
    height: int = HEIGHT


def draw_runs(runs: Sequence[EndedRun]) -> list[Bars]:
    """How long the runs took, and how many rows came out of those that say so; nothing from fewer than two runs."""
    durations = [(run, run.seconds) for run in runs]
    rows = [(run, float(run.rows)) for run in runs if run.rows is not None]
    charts = (
        _draw("Took", durations, readable_duration),
        _draw("Rows", rows, lambda value: readable_count(round(value))),
    )
    return [chart for chart in charts if chart]


def _draw(heading: str, values: Iterable[tuple[EndedRun, float]], words: Callable[[float], str]) -> Bars | None:
    known = list(values)
    if len(known) < 2:
        return None
    most = max(value for _, value in known)
    step = min(WIDTH / len(known), WIDEST_BAR)
    bars = []
    for place, (run, value) in enumerate(known):
        height = max(HEIGHT * value / most if most else 0.0, LEAST_HEIGHT)
        text = f"Run {run.number}, {run.day}: {words(value)}, {run.status}"
        bars.append(Bar(place * step, HEIGHT - height, step * 0.8, height, run.status, text))
    return Bars(heading, words(known[-1][1]), words(most), tuple(bars))
