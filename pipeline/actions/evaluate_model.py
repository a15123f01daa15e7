"""Judge a stored model version on rows it was not trained on, and write the report."""

from __future__ import annotations

from pathlib import Path

import pandas as pd
from django.conf import settings
from django.utils import timezone

from pipeline import openings, registry, reporting
from pipeline.actions.train_model import STAGES, confined_data_path, evaluate_fitted, load_features
from pipeline.core import splits
from pipeline.core.params import EvaluateModelParams
from pipeline.core.results import StepResult
from pipeline.core.wording import readable_seconds
from pipeline.runs import RunContext
from pipeline.storage import hashing
from pipeline.storage.outputs import OutputSet


def evaluate_model(params: EvaluateModelParams, context: RunContext) -> StepResult:
    """Evaluate a version beside baselines on all rows of the file after the version's training period."""
    version = registry.get(params.version)
    features, data_record = load_features(confined_data_path(params.data_path))
    start = pd.Timestamp(version.trained_to) + pd.Timedelta(days=1)
    split = splits.split_by_time(features, start)
    context.progress("evaluate", 1, STAGES)
    estimator = registry.estimator_of(version)
    linear = registry.linear_of(version)
    evaluation = evaluate_fitted(estimator, split, others=[linear], seed=version.seed)
    opened = openings.opening(split.holdout_period, len(split.holdout))
    drawn = reporting.draw_plots(evaluation, estimator, split)
    facts = {
        "number": version.number,
        "is_sample": version.is_sample or data_record.is_sample,
        "notes": [
            f"The version was trained on {version.training_rows:,} rows, {version.trained_from} to {version.trained_to}.",
            openings.sentence(opened),
        ],
        "made_at": timezone.localtime(),
        "run": context.run_id,
        "code_version": version.code_version,
    }
    model_dir = Path(settings.LFB_MODEL_DIR)
    names = [f"reports/version-{version.number:04d}.{suffix}" for suffix in ("html", "json")]
    with OutputSet(model_dir, context.owner) as out:
        html = reporting.render_report(evaluation, drawn, facts)
        reporting.write_report(out.path(names[0]), out.path(names[1]), evaluation, html, is_sample=facts["is_sample"])
        out.commit()
    scores = evaluation.model.overall
    metrics = {"mse": scores.mse, "mae": scores.mae, "max_error": scores.max_error, "median_error": scores.median_error}
    return StepResult(
        rows_in=len(features),
        rows_out=len(split.holdout),
        metrics=metrics if scores.r2_score is None else metrics | {"r2_score": scores.r2_score},
        inputs=(data_record,),
        outputs=tuple(hashing.file_record(name, model_dir / name) for name in names),
        notes=tuple(
            f"{model.title}: MAE {readable_seconds(model.overall.mae)} ({model.overall.mae:.1f} s) on {model.overall.n:,} rows"
            for model in evaluation.models
        ),
        details={"version": version.number, "evaluation": evaluation.as_dict(), "opened": opened},
        is_sample=data_record.is_sample,
    )
