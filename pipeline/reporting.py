"""The evaluation report: one HTML file that needs nothing else, and its JSON twin."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from django.template.loader import render_to_string

from pipeline.core import plots
from pipeline.core.estimators import AttendanceEstimator
from pipeline.core.evaluate import Evaluation
from pipeline.core.splits import Split
from pipeline.core.wording import readable_difference, readable_seconds
from pipeline.public_sources import LICENCE, borough_outlines

# Groupings that have a table of their own, in this order.
SHOWN_GROUPINGS = {
    "pump": "By pump",
    "inner_outer": "By half of London",
    "hour_band": "By hour of the call",
    "distance_band": "By distance from the station",
    "borough": "By borough",
}


def draw_plots(evaluation: Evaluation, estimator: AttendanceEstimator, split: Split) -> dict[str, str]:
    """Every plot of the report as SVG text."""
    predicted = estimator.predict(split.holdout)
    actual = split.holdout["attendance_seconds"].to_numpy(dtype="float64")
    model = evaluation.model
    return {
        "errors": plots.error_distribution(predicted - actual),
        "scatter": plots.predicted_against_actual(predicted, actual),
        "reliability": plots.reliability_curves(model.reliability),
        "hours": plots.error_by_hour({hour: vars(scores) for hour, scores in model.groups["hour"].items()}),
        "boroughs": plots.error_by_borough(
            {name: vars(scores) for name, scores in model.groups["borough"].items()}, borough_outlines()
        ),
    }


def compare(evaluation: Evaluation) -> list[str]:
    """One sentence a baseline: how far off it is on the same rows, and whether the model is better beyond chance."""
    off_by = {model.name: readable_seconds(model.overall.mae) for model in evaluation.models}
    return [
        f"{difference.baseline_title}: off by {off_by[difference.baseline]} on average. "
        + readable_difference(difference.seconds, difference.low, difference.high)
        for difference in evaluation.differences
    ]


def render_report(evaluation: Evaluation, drawn: dict[str, str], facts: dict[str, Any]) -> str:
    """The HTML. `facts` tells of the version: number, run, made_at, code_version, is_sample, notes."""
    groups = {heading: evaluation.model.groups[name] for name, heading in SHOWN_GROUPINGS.items()}
    context = {
        "evaluation": evaluation,
        "comparisons": compare(evaluation),
        "plots": drawn,
        "groups": groups,
        "licence": LICENCE,
        **facts,
    }
    return render_to_string("pipeline/evaluation_report.html", context)


def write_report(
    html_path: Path, json_path: Path, evaluation: Evaluation, html: str, *, is_sample: bool | None = None
) -> None:
    """Both files. `is_sample` is told in the JSON, too, where it is known."""
    content = evaluation.as_dict() | {"licence": LICENCE}
    if is_sample is not None:
        content["is_sample"] = is_sample
    html_path.write_text(html, encoding="utf-8")
    json_path.write_text(json.dumps(content, indent=1, ensure_ascii=False, allow_nan=False), encoding="utf-8")
