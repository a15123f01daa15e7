"""Judge the version in use on the calls that came after its test, and compare what it is asked with its training."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pandas as pd

from pipeline import registry
from pipeline.actions.fit_and_judge import confined_data_path, load_features
from pipeline.core import monitoring
from pipeline.core.errors import ArtifactError, NoModelError
from pipeline.core.params import MonitorModelParams
from pipeline.core.results import StepResult
from pipeline.core.wording import SHIFTED, WATCHED_INPUTS, readable_count, readable_percent, readable_signed
from pipeline.models import ModelVersion
from pipeline.runs import RunContext


def monitor_model(params: MonitorModelParams, context: RunContext) -> StepResult:
    """Score the version in use on all later rows of the feature file. Nothing to judge is no failure: a chain goes on."""
    try:
        version = registry.current()
        estimator = registry.estimator_of(version)
    except (NoModelError, ArtifactError) as error:  # the training that follows puts one in use that can be read
        return StepResult(notes=(f"{error.message} There is nothing to watch.",))
    features, data_record = load_features(confined_data_path(params.data_path))
    day = features["called_at"].dt.normalize()
    later = features[day > pd.Timestamp(version.tested_to)]
    found = StepResult(
        rows_in=len(features), rows_out=len(later), inputs=(data_record,), is_sample=data_record.is_sample,
        details={"version": version.number},
    )  # fmt: skip
    if data_record.is_sample != version.is_sample:
        return replace(found, notes=(_of_another_kind(version),))
    incidents = later["incident_number"].nunique()
    if incidents < monitoring.MIN_INCIDENTS:
        return replace(found, notes=(_too_few(version, incidents),))
    context.progress("score", 0, 2)
    since = monitoring.scores_since(estimator, later, seed=version.seed)
    context.progress("compare", 1, 2)
    trained_on = features[day.between(pd.Timestamp(version.trained_from), pd.Timestamp(version.trained_to))]
    shifts = monitoring.input_shifts(trained_on, later)
    tested = _tested(version)
    is_worse = bool(tested) and monitoring.is_worse(since["overall"], tested)
    return replace(
        found,
        metrics=_metrics(since["overall"], is_worse),
        notes=(_verdict(version, since["overall"], tested, is_worse), *_shift_notes(shifts)),
        details={
            "version": version.number,
            "monitoring": {
                **since, "tested": tested, "is_worse": is_worse, "input_shifts": shifts,
                "from": str(later["called_at"].min().date()), "to": str(later["called_at"].max().date()),
            },
        },
    )  # fmt: skip


def _metrics(overall: dict[str, Any], is_worse: bool) -> dict[str, float]:
    return {
        "recent_mae": overall["mae"],
        "recent_bias": overall["bias"],
        "recent_coverage_90": overall["coverage"]["90"],
        "recent_rows": overall["n"],
        "is_worse": float(is_worse),
    }


def _tested(version: ModelVersion) -> dict[str, float]:
    """The error of the version's own test with its interval, seconds; empty where none was kept."""
    judged: dict[str, Any] = next(iter(version.evaluation.get("models", [])), {})
    low, high = judged.get("mae_low"), judged.get("mae_high")
    return {} if low is None or high is None else {"mae": judged["overall"]["mae"], "mae_low": low, "mae_high": high}


def _of_another_kind(version: ModelVersion) -> str:
    learnt, later = ("sample", "real") if version.is_sample else ("real", "sample")
    return (
        f"Version {version.number} learnt from {learnt} data and the feature file holds {later} data: it is not judged."
    )


def _too_few(version: ModelVersion, incidents: int) -> str:
    came = "1 incident" if incidents == 1 else f"{readable_count(incidents)} incidents"
    return (
        f"{came} came after {version.tested_to:%d %B %Y}, the last day that version {version.number} was tested on: "
        f"{monitoring.MIN_INCIDENTS} are needed to judge it by."
    )


def _verdict(version: ModelVersion, overall: dict[str, Any], tested: dict[str, float], is_worse: bool) -> str:
    said = (
        f"Version {version.number} was off by {overall['mae']:.1f} s on average ({overall['mae_low']:.1f} to "
        f"{overall['mae_high']:.1f} s) on {readable_count(overall['n'])} engines since its test, bias "
        f"{readable_signed(overall['bias'])} s; its 90 % interval held {readable_percent(overall['coverage']['90'])}."
    )
    if not tested:
        return said
    compared = "more than chance explains: train anew" if is_worse else "no more than chance explains"
    change = readable_signed(overall["mae"] - tested["mae"])
    return f"{said} In its test it was off by {tested['mae']:.1f} s: {change} s, {compared}."


def _shift_notes(shifts: list[tuple[str, float]]) -> list[str]:
    changed = [f"{WATCHED_INPUTS[name]} ({index:.2f})" for name, index in shifts if index >= SHIFTED]
    return [f"Inputs that have shifted since the training (stability index): {', '.join(changed)}."] if changed else []
