"""Judge a stored model version on rows it was not trained on, and write the report."""

from __future__ import annotations

from pathlib import Path

import pandas as pd
from django.conf import settings
from django.utils import timezone

from pipeline import openings, registry, reporting
from pipeline.actions.fit_and_judge import confined_data_path, evaluate_fitted, load_features
from pipeline.core import splits
from pipeline.core.evaluate import Evaluation, ModelEvaluation
from pipeline.core.params import EvaluateModelParams
from pipeline.core.results import FileRecord, StepResult
from pipeline.core.wording import readable_seconds
from pipeline.models import ModelVersion
from pipeline.runs import RunContext
from pipeline.storage import hashing
from pipeline.storage.outputs import OutputSet

STAGES = 3


def evaluate_model(params: EvaluateModelParams, context: RunContext) -> StepResult:
    """Evaluate a version beside baselines on all rows of the file after the version's training period."""
    version = registry.get(params.version)
    context.progress("read", 0, STAGES)
    features, data_record = load_features(confined_data_path(params.data_path))
    split = splits.split_by_time(features, pd.Timestamp(version.trained_to) + pd.Timedelta(days=1))
    context.progress("evaluate", 1, STAGES)
    estimator = registry.estimator_of(version)
    evaluation = evaluate_fitted(estimator, split, others=[registry.linear_of(version)], seed=version.seed)
    opened = openings.opening(split.holdout_period, len(split.holdout))
    context.progress("report", 2, STAGES)
    drawn = reporting.draw_plots(evaluation, estimator, split)
    is_sample = version.is_sample or data_record.is_sample
    outputs = _write_report(version, evaluation, drawn, openings.sentence(opened), context, is_sample=is_sample)
    scores = evaluation.model.overall
    metrics = {"mse": scores.mse, "mae": scores.mae, "max_error": scores.max_error, "median_error": scores.median_error}
    return StepResult(
        rows_in=len(features),
        rows_out=len(split.holdout),
        metrics=metrics if scores.r2_score is None else metrics | {"r2_score": scores.r2_score},
        inputs=(data_record,),
        outputs=outputs,
        notes=tuple(_line(model) for model in evaluation.models),
        details={"version": version.number, "evaluation": evaluation.as_dict(), "opened": opened},
        is_sample=data_record.is_sample,
    )


def _write_report(
    version: ModelVersion,
    evaluation: Evaluation,
    drawn: dict[str, str],
    opened: str,
    context: RunContext,
    *,
    is_sample: bool,
) -> tuple[FileRecord, ...]:
    """Put the report in place as HTML and JSON; the records of both."""
    facts = {
        "number": version.number,
        "is_sample": is_sample,
        "notes": [
            f"The version was trained on {version.training_rows:,} rows, {version.trained_from} to {version.trained_to}.",
            opened,
        ],
        "made_at": timezone.localtime(),
        "run": context.run_id,
        "code_version": version.code_version,
    }
    model_dir = Path(settings.LFB_MODEL_DIR)
    names = [f"reports/version-{version.number:04d}.{suffix}" for suffix in ("html", "json")]
    with OutputSet(model_dir, context.owner) as out:
        html = reporting.render_report(evaluation, drawn, facts)
        reporting.write_report(out.path(names[0]), out.path(names[1]), evaluation, html, is_sample=is_sample)
        out.commit()
    return tuple(hashing.file_record(name, model_dir / name) for name in names)


def _line(model: ModelEvaluation) -> str:
    mae = model.overall.mae
    return f"{model.title}: MAE {readable_seconds(mae)} ({mae:.1f} s) on {model.overall.n:,} rows"
