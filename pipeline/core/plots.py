"""The plots of the evaluation report, as SVG text: the same figures always give the same bytes."""

from __future__ import annotations

import io
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

Floats = npt.NDArray[np.float64]

INK, ACCENT, SECOND, SOFT = "#1f2933", "#b3261e", "#1f5f99", "#9aa5b1"
STYLE: Any = {
    "svg.hashsalt": "lfb", "svg.fonttype": "none", "font.family": "sans-serif", "font.size": 10, "text.color": INK,
    "axes.edgecolor": SOFT, "axes.labelcolor": INK, "axes.spines.top": False, "axes.spines.right": False, "axes.grid": True,
    "grid.color": "#e4e7eb", "xtick.color": INK, "ytick.color": INK, "axes.axisbelow": True, "figure.facecolor": "white",
}  # fmt: skip
MINUTES = FuncFormatter(lambda seconds, _: f"{seconds / 60:g}")
MAX_POINTS = 200_000  # a density looks the same with more


def _figure(width: float = 6.4, height: float = 3.6) -> tuple[Figure, Axes]:
    figure = Figure(figsize=(width, height), layout="constrained")
    return figure, figure.add_subplot()


def _svg(figure: Figure, description: str) -> str:
    """The figure as an SVG element that names itself to screen readers and scales with the page."""
    buffer = io.StringIO()
    figure.savefig(buffer, format="svg", metadata={"Date": None, "Creator": None})
    text = buffer.getvalue()
    text = text[text.index("<svg") :]
    head, rest = text.split(">", 1)
    return (
        f'{head} role="img" aria-label="{escape(description, quote=True)}"><title>{escape(description)}</title>{rest}'
    )


def error_distribution(error: Floats) -> str:
    """Histogram of predicted minus actual seconds."""
    with mpl.rc_context(STYLE):
        figure, axes = _figure()
        shown = np.clip(error, -600, 600)
        axes.hist(shown, bins=list(range(-600, 601, 20)), color=SECOND)
        axes.axvline(0, color=ACCENT, linewidth=1.5)
        axes.set(xlabel="predicted − actual, minutes (beyond 10 min drawn at the edge)", ylabel="engines")
        axes.xaxis.set_major_formatter(MINUTES)
        axes.set_xticks(np.arange(-600, 601, 120))
        middle = np.quantile(error, [0.1, 0.9])
        return _svg(
            figure, f"Distribution of errors. The middle 80 % lie between {middle[0]:.0f} and {middle[1]:.0f} seconds."
        )


def predicted_against_actual(predicted: Floats, actual: Floats) -> str:
    """Density of actual over predicted minutes."""
    with mpl.rc_context(STYLE):
        figure, axes = _figure(height=4.4)
        step = max(1, len(actual) // MAX_POINTS)
        cells = axes.hexbin(
            predicted[::step],
            actual[::step],
            gridsize=45,
            extent=(0, 1200, 0, 1200),
            bins="log",
            cmap="Blues",
            mincnt=1,
            linewidths=0,
        )
        axes.plot([0, 1200], [0, 1200], color=ACCENT, linewidth=1.2)
        axes.set(xlabel="predicted, minutes", ylabel="actual, minutes", xlim=(0, 1200), ylim=(0, 1200))
        for axis in (axes.xaxis, axes.yaxis):
            axis.set_major_formatter(MINUTES)
            axis.set_ticks(np.arange(0, 1201, 240))
        figure.colorbar(cells, ax=axes, label="engines (log scale)")
        return _svg(figure, "Actual against predicted times. On the red line both agree.")


def reliability_curves(reliability: Mapping[str, Sequence[Mapping[str, float]]]) -> str:
    """Said against seen probability, one curve a limit (key: seconds)."""
    with mpl.rc_context(STYLE):
        figure, axes = _figure(4.6, 4.2)
        axes.plot([0, 1], [0, 1], color=SOFT, linestyle="--", linewidth=1)
        for (limit, bins), colour, marker in zip(reliability.items(), (ACCENT, SECOND, INK), "os^", strict=False):
            said, seen = [entry["said"] for entry in bins], [entry["seen"] for entry in bins]
            axes.plot(said, seen, color=colour, marker=marker, label=f"within {float(limit) / 60:g} min")
        percent = FuncFormatter(lambda share, _: f"{share * 100:.0f} %")
        axes.set(xlabel="chance said", ylabel="share seen", xlim=(0, 1.02), ylim=(0, 1.02))
        axes.xaxis.set_major_formatter(percent)
        axes.yaxis.set_major_formatter(percent)
        axes.legend(frameon=False, loc="upper left")
        return _svg(figure, "Reliability: chances said against shares seen. On the dashed line they agree.")


def error_by_hour(groups: Mapping[str, Mapping[str, Any]]) -> str:
    """Mean absolute error by hour of the call, with the bias as a line; groups as from `evaluate`."""
    with mpl.rc_context(STYLE):
        figure, axes = _figure()
        hours = [int(hour) for hour in groups]
        axes.bar(hours, [scores["mae"] for scores in groups.values()], color=SECOND, label="typical error")
        axes.plot(
            hours,
            [scores["bias"] for scores in groups.values()],
            color=ACCENT,
            marker="o",
            markersize=3,
            label="predicted − actual",
        )
        axes.axhline(0, color=INK, linewidth=0.8)
        axes.set(xlabel="hour of the call", ylabel="seconds")
        axes.set_xticks(range(0, 24, 3))
        axes.legend(frameon=False, ncols=2, loc="lower right", bbox_to_anchor=(1, 1))
        worst = max(groups, key=lambda hour: groups[hour]["mae"]) if groups else "–"
        return _svg(figure, f"Typical error by hour of the call. It is largest at {worst} h.")


def error_by_borough(groups: Mapping[str, Mapping[str, Any]], outlines: Mapping[str, Any]) -> str:
    """Map of the mean absolute error by borough; boroughs with too few calls stay blank."""
    with mpl.rc_context(STYLE):
        figure, axes = _figure(height=4.8)
        rings, values, blank = [], [], []
        for feature in outlines["features"]:
            scores = groups.get(feature["properties"]["borough_name"])
            for polygon in feature["geometry"]["coordinates"]:
                if scores is None:
                    blank.append(polygon[0])
                else:
                    rings.append(polygon[0])
                    values.append(scores["mae"])
        shapes = PolyCollection(rings, array=np.asarray(values), cmap="YlOrRd", edgecolors="white", linewidths=0.6)
        axes.add_collection(shapes)
        dark_above = np.quantile(values, 0) * 0.4 + np.quantile(values, 1) * 0.6 if values else 0.0
        axes.add_collection(PolyCollection(blank, facecolors="#f1f3f5", edgecolors=SOFT, linewidths=0.6))
        for feature in outlines["features"]:
            name = feature["properties"]["borough_name"]
            if name in groups:
                points = np.asarray(max(feature["geometry"]["coordinates"], key=lambda polygon: len(polygon[0]))[0])
                middle = (points.min(axis=0) + points.max(axis=0)) / 2
                colour = "white" if groups[name]["mae"] > dark_above else INK
                axes.annotate(f"{groups[name]['mae']:.0f}", middle, ha="center", va="center", fontsize=7, color=colour)
        axes.autoscale_view()
        axes.set_aspect(1 / np.cos(np.radians(51.5)))
        axes.set_axis_off()
        figure.colorbar(shapes, ax=axes, label="typical error, seconds", shrink=0.7)
        return _svg(
            figure, "Map of London: typical error in seconds by borough. The table beside it holds the same figures."
        )
