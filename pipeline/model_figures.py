"""The figures of model versions as pages show them: drawn, in words, and side by side."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from django.db.models import F

from pipeline import registry
from pipeline.core import charts, model_charts
from pipeline.core.params import BACKTEST_WAYS
from pipeline.core.wording import (
    PART_NAMES,
    WATCHED_INPUTS,
    readable_difference,
    readable_minutes,
    readable_percent,
    readable_shift,
    readable_signed,
)
from pipeline.models import DatasetRun, ModelVersion
from pipeline.public_sources import drawn_boroughs

MAX_COMPARED = 6
DRAWN_VERSIONS = 30
WORST = 5
TITLES = {
    "mae": "Mean error (MAE), s",
    "median_error": "Median error, s",
    "rmse": "Root mean squared error, s",
    "mse": "Mean squared error, s²",
    "max_error": "Largest error, s",
    "bias": "Bias (predicted − actual), s",
    "r2_score": "R²: share of the differences explained",
}
FAMILIES: dict[str, Callable[[str], str]] = {
    "brier": lambda limit: f"Brier score, {readable_minutes(float(limit))}",
    "coverage": lambda size: f"{size} % interval holds",
    "width": lambda size: f"Width of the {size} % interval, s",
}


def figure_title(name: str) -> str:
    """
    >>> figure_title("mae"), figure_title("brier_360"), figure_title("coverage_80")
    ('Mean error (MAE), s', 'Brier score, 6 min', '80 % interval holds')
    """
    family, _, key = name.partition("_")
    return FAMILIES[family](key) if family in FAMILIES else TITLES.get(name, name)


def figure_order(name: str) -> tuple[int, str]:
    """What figures are sorted by, so that every database gives them in the order of TITLES and FAMILIES.

    >>> sorted(["bias", "coverage_90", "coverage_80", "mae", "other"], key=figure_order)
    ['mae', 'bias', 'coverage_80', 'coverage_90', 'other']
    """
    known = [*TITLES, *FAMILIES]
    kind = name if name in TITLES else name.partition("_")[0]
    return (known.index(kind) if kind in known else len(known), name)


def figure_text(name: str, value: float | None) -> str:
    """
    >>> figure_text("mae", 53.24), figure_text("coverage_80", 0.8031), figure_text("r2_score", None)
    ('53.2', '80.3 %', '–')
    """
    if value is None:
        return "–"
    if name.startswith("coverage"):
        return readable_percent(value)
    if name == "bias":
        return readable_signed(value)
    decimals = 3 if name.startswith(("brier", "r2")) else 0 if name == "mse" else 1
    return f"{value:,.{decimals}f}".replace("-", "−")


def _best(name: str, values: Mapping[str, float | None]) -> str | None:
    """The number of the version that does best by this figure; None where no larger or smaller is better."""
    known = {number: value for number, value in values.items() if value is not None}
    if len(set(known.values())) < 2:
        return None
    if name == "r2_score":
        return max(known, key=lambda number: known[number])
    if name.startswith("coverage"):
        wanted = float(name.partition("_")[2]) / 100
        return min(known, key=lambda number: abs(known[number] - wanted))
    if name in ("mae", "median_error", "rmse", "mse", "max_error") or name.startswith("brier"):
        return min(known, key=lambda number: known[number])
    return None


@dataclass(frozen=True)
class ComparedRow:
    """One figure of every compared version, in their order, with the best one marked."""

    title: str
    cells: list[tuple[str, bool]]


def compared(versions: Sequence[ModelVersion]) -> dict[str, Any]:
    """Versions side by side. None is called the best where they were not judged on the same rows."""
    found = registry.compare(versions)
    numbers = [str(version.number) for version in versions]
    rows = []
    for figure in sorted(found["figures"], key=lambda figure: figure_order(figure["name"])):
        name, values = figure["name"], figure["values"]
        best = _best(name, values) if found["same_test_rows"] else None
        cells = [(figure_text(name, values[number]), number == best) for number in numbers]
        rows.append(ComparedRow(figure_title(name), cells))
    return {
        "versions": versions,
        "same_test_rows": found["same_test_rows"],
        "rows": rows,
        "boroughs": _side_by_side(versions),
    }


def _side_by_side(versions: Sequence[ModelVersion]) -> list[tuple[str, list[Mapping[str, Any] | None]]]:
    """Borough → its scores under each version; None where it had too few calls."""
    groups = [_judged(version).get("groups", {}).get("borough", {}) for version in versions]
    names = sorted({name for group in groups for name in group})
    return [(name, [group.get(name) for group in groups]) for name in names]


def _judged(version: ModelVersion) -> dict[str, Any]:
    """What the evaluation says of the version itself; empty where none was kept."""
    models: list[dict[str, Any]] = version.evaluation.get("models") or [{}]
    return models[0]


@dataclass(frozen=True)
class Comparison:
    """One baseline on the same rows."""

    title: str
    scores: Mapping[str, Any]
    mae_low: float | None
    mae_high: float | None
    is_model: bool
    verdict: str


def figures_of(version: ModelVersion) -> dict[str, Any]:
    """Everything that a page draws of one version, from the evaluation that was kept with it."""
    judged = _judged(version)
    groups = judged.get("groups", {})
    boroughs, hours = (by_name(groups.get(grouping, {})) for grouping in ("borough", "hour"))
    verdicts = {
        entry["baseline"]: readable_difference(entry["seconds"], entry["low"], entry["high"])
        for entry in version.evaluation.get("differences", [])
    }
    return {
        "title": judged.get("title", version.estimator),
        "judged": judged,
        "scores": judged.get("overall"),
        "bias": _bias_in_words(judged.get("overall") or {}),
        "chances": _chances(judged.get("overall") or {}),
        "coverage": _coverage(judged.get("overall") or {}),
        "baselines": [
            Comparison(
                entry["title"],
                entry["overall"],
                entry.get("mae_low"),
                entry.get("mae_high"),
                place == 0,
                verdicts.get(entry["name"], ""),
            )
            for place, entry in enumerate(version.evaluation.get("models", []))
        ],
        "standards": version.evaluation.get("standards", []),
        "influence": influence(version.evaluation.get("influence", {})),
        "reliability": model_charts.draw_reliability(judged.get("reliability", {})),
        "boroughs": model_charts.bars(boroughs),
        "worst_boroughs": model_charts.bars(boroughs, worst=WORST),
        "worst_hours": model_charts.bars(hours, worst=WORST),
        "hours": model_charts.bars(hours),
        "map": draw_map(boroughs),
    }


def _bias_in_words(scores: Mapping[str, Any]) -> str:
    bias = scores.get("bias") or 0.0
    if abs(bias) < 0.5:
        return "neither too long nor too short a time"
    return f"{abs(bias):.1f} s too {'long' if bias > 0 else 'short'} a time"


def _chances(scores: Mapping[str, Any]) -> list[dict[str, Any]]:
    return [
        {"limit": readable_minutes(float(limit)), "seen": seen, "said": scores["said"][limit]}
        for limit, seen in scores.get("within", {}).items()
    ]


def by_name(groups: Mapping[str, Any]) -> dict[str, Any]:
    """Groups in the order of their names: PostgreSQL keeps the keys of JSON in an order of its own, by their length."""
    return dict(sorted(groups.items()))


def influence(seconds_by_group: Mapping[str, float]) -> list[dict[str, Any]]:
    """What moves a prediction, largest first, each with the width of its bar in per cent of the largest."""
    longest = max(seconds_by_group.values(), default=0.0) or 1.0
    return [
        {"name": PART_NAMES.get(group, group), "seconds": seconds, "width": round(100 * seconds / longest, 1)}
        for group, seconds in sorted(seconds_by_group.items(), key=lambda item: -item[1])
    ]


def _coverage(scores: Mapping[str, Any]) -> list[dict[str, Any]]:
    """How much each interval holds, beside what it should."""
    return [
        {
            "size": size,
            "wanted": float(size) / 100,
            "held": held,
            "width": scores["width"][size],
            "at": round(held * 100, 1),
            "wanted_at": float(size),
        }
        for size, held in scores.get("coverage", {}).items()
    ]


def draw_map(groups: Mapping[str, Mapping[str, Any]]) -> dict[str, Any] | None:
    """The boroughs shaded by mean error, darker where it is larger; None without figures."""
    if not groups:
        return None
    scale = charts.make_scale([scores["mae"] for scores in groups.values()], charts.SECOND_STEPS)
    places = []
    for name, shape in drawn_boroughs().shapes.items():
        scores = groups.get(name)
        shade = scale.shade(scores["mae"]) if scores else None
        places.append({"name": name, "shape": shape, "scores": scores, "shade": shade})
    legend = [{"shade": shade, "text": _class_text(low, high)} for shade, low, high in scale.classes()]
    return {"outlines": drawn_boroughs(), "places": places, "legend": legend}


def _class_text(low: float | None, high: float | None) -> str:
    if low is None and high is None:
        return "all alike"
    if low is None:
        return f"under {high:g} s"
    return f"{low:g} s and more" if high is None else f"{low:g} to {high:g} s"


def since_its_test(version: ModelVersion) -> dict[str, Any] | None:
    """How the version did on the calls after its test, by the last run that judged it; None where none did."""
    runs = DatasetRun.objects.that_monitored(version.number)
    run = runs.only("pk", "finished_at", "details", "is_sample").first()
    if run is None:
        return None
    found: dict[str, Any] = run.details["monitoring"]
    shifts = [
        {"name": WATCHED_INPUTS[name], "index": index, "verdict": readable_shift(index)}
        for name, index in found["input_shifts"]
    ]
    return found | {
        "run": run.pk, "at": run.finished_at, "is_sample": run.is_sample,
        "drawn": model_charts.bars({month["month"]: month for month in found["months"]}), "shifts": shifts,
    }  # fmt: skip


def latest_backtests() -> list[dict[str, Any]]:
    """The last backtest of each way that ended well, with its run; one query a way."""
    found = []
    for way in BACKTEST_WAYS:
        ended = DatasetRun.objects.of_step("backtest_model").succeeded().filter(parameters__way=way)
        run = ended.only("pk", "finished_at", "details", "is_sample").first()
        if run is not None:
            found.append(run.details["backtest"] | {"run": run.pk, "at": run.finished_at, "is_sample": run.is_sample})
    return found


def draw_history() -> model_charts.Versions | None:
    """The mean error of the latest versions in the order they were made, with its interval; one query."""
    latest = ModelVersion.objects.order_by("-number").values(
        "number",
        "state",
        "is_sample",
        mae=F("metrics__mae"),
        low=F("evaluation__models__0__mae_low"),
        high=F("evaluation__models__0__mae_high"),
    )[:DRAWN_VERSIONS]
    return model_charts.draw_versions(list(reversed(latest)))
