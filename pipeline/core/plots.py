"""The plots of the evaluation report, as SVG text: the same figures always give the same bytes."""

from __future__ import annotations

import io
import re
from collections.abc import Mapping, Sequence
from html import escape
from typing import Any

import matplotlib as mpl
import numpy as np
import numpy.typing as npt
from matplotlib.axes import Axes
from matplotlib.collections import PolyCollection
from matplotlib.figure import Figure
from matplotlib.ticker import FuncFormatter

from pipeline.core.wording import readable_count, readable_seconds

Floats = npt.NDArray[np.float64]
Groups = Mapping[str, Mapping[str, Any]]  # name of a group → its scores, as `evaluate` gives them

INK, ACCENT, SECOND, PALE, SOFT = "#1f2933", "#b3261e", "#1f5f99", "#a9c7e0", "#9aa5b1"
STYLE: Any = {
    "svg.hashsalt": "lfb", "svg.fonttype": "none", "font.family": "sans-serif", "font.size": 10, "text.color": INK,
    "axes.edgecolor": SOFT, "axes.labelcolor": INK, "axes.spines.top": False, "axes.spines.right": False, "axes.grid": True,
    "grid.color": "#e4e7eb", "xtick.color": INK, "ytick.color": INK, "axes.axisbelow": True, "figure.facecolor": "white",
    "hatch.color": SOFT, "hatch.linewidth": 0.6, "axes.unicode_minus": True,
}  # fmt: skip
MINUTES = FuncFormatter(lambda seconds, _: f"{seconds / 60:g}".replace("-", "−"))
PERCENT = FuncFormatter(lambda share, _: f"{share * 100:.0f} %")
LONGEST = 1_200  # seconds; no longer attendance is published
WIDEST_ERROR = 600
MAX_POINTS = 200_000  # a density looks the same with more
LONDON_LATITUDE = 51.5


def _figure(height: float = 3.8) -> tuple[Figure, Axes]:
    figure = Figure(figsize=(6.4, height), layout="constrained")
    return figure, figure.add_subplot()


def _svg(figure: Figure, name: str, title: str, description: str) -> str:
    """The figure as an SVG element that scales with the page and tells screen readers what it shows.

    Identifiers get `name` in front, since several plots share one page; the metadata block names outside hosts and
    is left out.
    """
    buffer = io.StringIO()
    figure.savefig(buffer, format="svg", metadata=dict.fromkeys(("Date", "Creator", "Format", "Type")))
    text = buffer.getvalue()
    text = re.sub(r"<metadata>.*?</metadata>\s*", "", text[text.index("<svg") :], flags=re.DOTALL)
    text = re.sub(r'(\bid="|url\(#|href="#)', rf"\g<1>{name}-", text)
    head, rest = text.split(">", 1)
    label = f'role="img" aria-labelledby="{name}-title {name}-desc"'
    words = f'<title id="{name}-title">{escape(title)}</title><desc id="{name}-desc">{escape(description)}</desc>'
    return f"{head} {label}>{words}{rest}"


def error_distribution(error: Floats) -> str:
    """Histogram of predicted minus actual seconds, shape (n,), n ≥ 1."""
    with mpl.rc_context(STYLE):
        figure, axes = _figure()
        shown = np.clip(error, -WIDEST_ERROR, WIDEST_ERROR)
        axes.hist(shown, bins=list(range(-WIDEST_ERROR, WIDEST_ERROR + 1, 20)), color=SECOND)
        axes.axvline(0, color=ACCENT, linewidth=1.5)
        axes.set(xlabel="predicted − actual, minutes (10 and more drawn at the edge)", ylabel="engines")
        axes.xaxis.set_major_formatter(MINUTES)
        axes.yaxis.set_major_formatter(FuncFormatter(lambda count, _: readable_count(int(count))))
        axes.set_xticks(np.arange(-WIDEST_ERROR, WIDEST_ERROR + 1, 120))
        low, high = (readable_seconds(float(value)) for value in np.quantile(error, [0.1, 0.9]))
        return _svg(
            figure,
            "errors",
            "Distribution of errors",
            f"Histogram of predicted minus actual time of {readable_count(len(error))} engines. The middle 80 % lie "
            f"between {low} and {high}; {readable_count(int(np.sum(error < 0)))} took longer than predicted.",
        )


def predicted_against_actual(predicted: Floats, actual: Floats) -> str:
    """Density of actual over predicted seconds, shape (n,) each, n ≥ 1, drawn in minutes."""
    with mpl.rc_context(STYLE):
        figure, axes = _figure()
        step = -(-len(actual) // MAX_POINTS)
        x, y = (np.clip(values[::step], 0, LONGEST) for values in (predicted, actual))
        cells = axes.hexbin(
            x, y, gridsize=(48, 24), extent=(0, LONGEST, 0, LONGEST), bins="log", cmap="Blues", mincnt=1, linewidths=0
        )
        axes.plot([0, LONGEST], [0, LONGEST], color=ACCENT, linewidth=1.2)
        axes.set(xlabel="predicted, minutes", ylabel="actual, minutes", xlim=(0, LONGEST), ylim=(0, LONGEST))
        for axis in (axes.xaxis, axes.yaxis):
            axis.set_major_formatter(MINUTES)
            axis.set_ticks(np.arange(0, LONGEST + 1, 240))
        plain = FuncFormatter(lambda count, _: readable_count(int(count)) if count >= 1 else "")
        figure.colorbar(cells, ax=axes, label="engines a cell", format=plain)
        early = readable_seconds(float(np.quantile(predicted, 0.1)))
        late = readable_seconds(float(np.quantile(predicted, 0.9)))
        return _svg(
            figure,
            "scatter",
            "Actual against predicted times",
            f"Density of {readable_count(len(actual))} engines. Predictions lie mostly between {early} and {late}; "
            f"on the line drawn across, prediction and actual time agree.",
        )


def reliability_curves(curves: Mapping[str, Sequence[Mapping[str, float]]]) -> str:
    """Said against seen probability, one curve a limit (key: seconds)."""
    with mpl.rc_context(STYLE):
        figure, axes = _figure()
        axes.plot([0, 1], [0, 1], color=SOFT, linestyle="--", linewidth=1)
        told = []
        for (limit, bins), colour, marker, line in zip(
            curves.items(), (ACCENT, SECOND, INK), "os^", ("-", "-.", ":"), strict=False
        ):
            name = f"within {float(limit) / 60:g} min"
            said, seen = [entry["said"] for entry in bins], [entry["seen"] for entry in bins]
            axes.plot(said, seen, color=colour, marker=marker, linestyle=line, label=name, alpha=0.85)
            farthest = max(bins, key=lambda entry: abs(entry["said"] - entry["seen"]), default=None)
            if farthest:
                told.append(
                    f"{name}, farthest off where {farthest['said']:.0%} was said and {farthest['seen']:.0%} seen"
                )
        axes.set(xlabel="chance said", ylabel="share seen", xlim=(0, 1.02), ylim=(0, 1.02))
        axes.xaxis.set_major_formatter(PERCENT)
        axes.yaxis.set_major_formatter(PERCENT)
        axes.legend(frameon=False, loc="upper left")
        return _svg(
            figure,
            "reliability",
            "Reliability: chances said against shares seen",
            "; ".join(told).capitalize() or "No curve.",
        )


def error_by_hour(groups: Groups) -> str:
    """Mean absolute error by hour of the call with n in each bar, and the bias as a line. Keys: "00" to "23"."""
    with mpl.rc_context(STYLE):
        figure, axes = _figure()
        hours = [int(hour) for hour in groups]
        for hour, scores in zip(hours, groups.values(), strict=True):
            axes.bar(hour, scores["mae"], color=PALE, width=0.85)
            axes.text(
                hour, scores["mae"] - 2, f"n {readable_count(scores['n'])}",
                rotation=90, ha="center", va="top", fontsize=7, color=INK,
            )  # fmt: skip
        biases = [scores["bias"] for scores in groups.values()]
        axes.plot(hours, biases, color=ACCENT, marker="o", markersize=3.5, markeredgecolor="white", label="bias")
        axes.axhline(0, color=INK, linewidth=0.8)
        axes.set(xlabel="hour of the call", ylabel="mean error (bars), bias (line), seconds", xlim=(-0.7, 23.7))
        axes.yaxis.label.set_fontsize(9)
        axes.set_xticks(range(0, 24, 3))
        return _svg(figure, "hours", "Mean error and bias by hour of the call", _extremes(groups, "at {} h"))


def error_by_borough(groups: Groups, outlines: Mapping[str, Any]) -> str:
    """Map of the mean absolute error by borough, with its number; boroughs with too few calls are hatched.

    `outlines` is a GeoJSON collection of MultiPolygons in WGS84 with the property `borough_name`.
    """
    with mpl.rc_context(STYLE):
        figure, axes = _figure(height=4.6)
        shapes = {feature["properties"]["borough_name"]: feature["geometry"] for feature in outlines["features"]}
        rings = [(name, polygon[0]) for name, shape in shapes.items() for polygon in shape["coordinates"]]
        hidden = [ring for name, ring in rings if name not in groups]
        axes.add_collection(PolyCollection(hidden, facecolors="#f1f3f5", edgecolors=SOFT, linewidths=0.6, hatch="////"))
        values = np.array([groups[name]["mae"] for name, _ in rings if name in groups])
        if len(values):
            shown = [ring for name, ring in rings if name in groups]
            colours = PolyCollection(shown, array=values, cmap="YlOrRd", edgecolors="white", linewidths=0.6)
            colours.set_clim(values.min() - 1, values.max() + 1)
            axes.add_collection(colours)
            figure.colorbar(colours, ax=axes, label="mean error, seconds", shrink=0.75)
            _write_numbers(axes, groups, shapes, dark_above=float(values.min() * 0.4 + values.max() * 0.6))
        axes.autoscale_view()
        axes.set_aspect(1 / np.cos(np.radians(LONDON_LATITUDE)))
        axes.set_axis_off()
        return _svg(figure, "boroughs", "Map of London: mean error by borough", _extremes(groups, "in {}"))


def _write_numbers(axes: Axes, groups: Groups, shapes: Mapping[str, Any], *, dark_above: float) -> None:
    for name, shape in shapes.items():
        if name in groups:
            outline = np.asarray(max(shape["coordinates"], key=lambda polygon: len(polygon[0]))[0])
            low, high = outline.min(axis=0), outline.max(axis=0)
            mae = groups[name]["mae"]
            axes.annotate(
                f"{mae:.0f}",
                (low + high) / 2,
                ha="center",
                va="center",
                fontsize=7.5 if high[0] - low[0] > 0.06 else 5.5,  # the City is tiny
                color="white" if mae > dark_above else INK,
            )


def _extremes(groups: Groups, place: str) -> str:
    """Where the error is smallest and largest, in words."""
    if not groups:
        return "No group holds enough calls to be shown."
    best, worst = (choose(groups, key=lambda name: groups[name]["mae"]) for choose in (min, max))
    return (
        f"The mean error is smallest {place.format(best)}, {groups[best]['mae']:.0f} seconds, and largest "
        f"{place.format(worst)}, {groups[worst]['mae']:.0f} seconds. The tables hold the figures."
    )
