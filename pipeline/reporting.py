"""The evaluation report: one HTML file that needs nothing else, and its JSON twin."""

from __future__ import annotations

import json
from functools import cache
from pathlib import Path
from typing import Any

from django.conf import settings
from django.template.loader import render_to_string

from pipeline.core import plots
from pipeline.core.estimators import AttendanceEstimator
from pipeline.core.evaluate import Evaluation
from pipeline.core.splits import Split

LICENCE = (
    "Contains public sector information licensed under the Open Government Licence. "
    "Data published by London Fire Brigade via the London Datastore."
)


@cache
def borough_outlines() -> dict[str, Any]:
    path = Path(settings.BASE_DIR) / "lfb_site" / "static" / "lfb_site" / "london_boroughs.geojson"
    outlines: dict[str, Any] = json.loads(path.read_text())
    return outlines


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


def render_report(evaluation: Evaluation, drawn: dict[str, str], facts: dict[str, Any]) -> str:
    """The HTML. `facts` tells of the version: number, created, code version, sample or not, training notes."""
    shown_groups = {
        "By borough": evaluation.model.groups["borough"],
        "By hour of the call": evaluation.model.groups["hour_band"],
        "By half of London": evaluation.model.groups["inner_outer"],
        "By distance": evaluation.model.groups["distance_band"],
        "By pump": evaluation.model.groups["pump"],
    }
    context = {"evaluation": evaluation, "plots": drawn, "groups": shown_groups, "licence": LICENCE, **facts}
    return render_to_string("pipeline/evaluation_report.html", context)


def write_report(folder_html: Path, folder_json: Path, evaluation: Evaluation, html: str) -> None:
    folder_html.write_text(html, encoding="utf-8")
    folder_json.write_text(json.dumps(evaluation.as_dict(), indent=1, ensure_ascii=False), encoding="utf-8")
