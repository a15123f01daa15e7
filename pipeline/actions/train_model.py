"""Train a model, judge it on the last period, store and register it."""

from __future__ import annotations

import shutil
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pandas as pd
from django.conf import settings
from django.utils import timezone

from pipeline import openings, registry, reporting
from pipeline.actions.fit_and_judge import confined_data_path, evaluate_fitted, fit, load_features
from pipeline.actions.track_models import track_after_training
from pipeline.core import habits, splits
from pipeline.core.boosting import BoostedAttendance
from pipeline.core.errors import ParameterError
from pipeline.core.estimators import AttendanceEstimator, LinearAttendance
from pipeline.core.evaluate import Evaluation
from pipeline.core.forecasts import ESTIMATORS
from pipeline.core.params import TrainModelParams
from pipeline.core.results import FileRecord, StepResult
from pipeline.core.wording import readable_count, readable_seconds
from pipeline.models import ModelVersion, VersionState
from pipeline.runs import RunContext
from pipeline.storage import artifacts, hashing, manifests, paths
from pipeline.storage.outputs import OutputSet

STAGES = 5
# Role of each file of a version → its name in the version's folder.
FILES = {
    "estimator": "linear_regression_model.pkl",
    "encoder": "onehot_encoder.pkl",
    "facts": "facts.json",
    "report": "evaluation.html",
    "report_json": "evaluation.json",
}


@dataclass(frozen=True)
class _Trained:
    """What a training came to, before anything of it is stored."""

    estimator: AttendanceEstimator
    linear: LinearAttendance
    split: splits.Split
    training_rows: pd.DataFrame
    evaluation: Evaluation
    claims: Sequence[habits.Claim]
    opened: dict[str, Any]
    notes: tuple[str, ...]


def train_model(params: TrainModelParams, context: RunContext) -> StepResult:
    """Train on all but the last period of the feature file, and register the version with its evaluation."""
    data_path, targets = confined_data_path(params.data_path), _targets(params)
    context.progress("train", 0, STAGES)
    features, data_record = load_features(data_path)
    trained = _train(features, params, context)
    version, outputs = _store(trained, targets, data_record, params, context)
    context.progress("track", 4, STAGES)
    tracked = track_after_training(version)
    scores = trained.evaluation.model.overall
    return StepResult(
        rows_in=len(features),
        rows_out=len(trained.training_rows),
        metrics={
            "original_data_size": data_record.bytes,
            "processed_data_size": int(trained.training_rows.memory_usage(deep=True).sum()),
            "mse": scores.mse,
            "r2_score": scores.r2_score if scores.r2_score is not None else 0.0,
            "mae": scores.mae,
            "max_error": scores.max_error,
        },
        inputs=(data_record,),
        outputs=tuple(outputs),
        notes=(*trained.notes, *_summary(trained.evaluation, version), *filter(None, [tracked])),
        details={
            "version": version.number, "in_use": version.state == VersionState.CHAMPION, "opened": trained.opened,
        },
        is_sample=data_record.is_sample,
    )  # fmt: skip


def _train(features: pd.DataFrame, params: TrainModelParams, context: RunContext) -> _Trained:
    """Fit the estimator, and the linear one beside it, on the rows before the last period; judge both on that."""
    split = splits.split_by_time(features)
    rows, notes = _training_rows(split.train, params)
    context.progress("train", 1, STAGES)
    estimator = fit(ESTIMATORS[params.estimator](), rows)
    linear = estimator if isinstance(estimator, LinearAttendance) else fit(LinearAttendance(), rows)
    context.progress("evaluate", 2, STAGES)
    opened = openings.opening(split.holdout_period, len(split.holdout))
    evaluation = evaluate_fitted(estimator, split, others=[linear], seed=params.seed, training_rows=len(rows))
    claims = habits.claims(
        split,
        speed_band_kmh=settings.LFB_SPEED_BAND_KMH,
        attendance_band_seconds=settings.LFB_ATTENDANCE_BAND_SECONDS,
        seed=params.seed,
    )
    told = (*notes, openings.sentence(opened))
    return _Trained(estimator, linear, split, rows, evaluation, claims, opened, told)


def _targets(params: TrainModelParams) -> dict[str, Path]:
    """Where the contract's two files go: anywhere in the model folder but into the versions, which never change."""
    model_dir = Path(settings.LFB_MODEL_DIR)
    targets = {
        "estimator": paths.confine(params.model_path, model_dir, known_as="models", suffixes=(".pkl",)),
        "encoder": paths.confine(params.encoder_path, model_dir, known_as="models", suffixes=(".pkl",)),
    }
    if len(set(targets.values())) < len(targets):
        raise ParameterError(
            "The model and the encoder need two different files.", hint="Choose another path for one of the two."
        )
    for name, path in targets.items():
        if (model_dir / "versions").resolve() in path.parents:
            raise ParameterError(
                f"{path.name} cannot be written among the stored versions.", hint=f"Choose another path for the {name}."
            )
    return targets


def _training_rows(train: pd.DataFrame, params: TrainModelParams) -> tuple[pd.DataFrame, list[str]]:
    if params.speed_band_kmh is None or params.attendance_band_seconds is None:
        return train, []
    kept = splits.cut_training_bands(train, params.speed_band_kmh, params.attendance_band_seconds)
    return kept, [
        f"Training was cut by the plausibility bands: {readable_count(len(train) - len(kept))} of "
        f"{readable_count(len(train))} rows left out. The rows it is judged on are not cut."
    ]


def _store(
    trained: _Trained,
    targets: dict[str, Path],
    data_record: FileRecord,
    params: TrainModelParams,
    context: RunContext,
) -> tuple[ModelVersion, list[FileRecord]]:
    """Put the version's files and the contract's two in place together, then register the version."""
    model_dir = Path(settings.LFB_MODEL_DIR).resolve()
    folder = f"versions/run-{context.run_id:06d}"
    context.progress("store", 3, STAGES)
    with OutputSet(model_dir, context.owner) as out:
        names = _write_version(out, folder, trained, data_record, context)
        for role, target in targets.items():
            shutil.copyfile(out.path(f"{folder}/{names[role]}"), out.path(str(target.relative_to(model_dir))))
        out.commit()
    files = [hashing.file_record(role, model_dir / folder / name) for role, name in names.items()]
    recorded = [record.as_dict() | {"path": f"{folder}/{names[record.name]}"} for record in files]
    version = registry.register(_to_register(trained, recorded, data_record, params), context.run_id)
    registry.consider(version, trained.split.holdout)
    contract = [hashing.file_record(target.name, target) for target in targets.values()]
    return version, [*contract, *files]


def _write_version(
    out: OutputSet, folder: str, trained: _Trained, data_record: FileRecord, context: RunContext
) -> dict[str, str]:
    """Stage every file of the version; the role of each → its name in the version's folder."""
    drawn = reporting.draw_plots(trained.evaluation, trained.estimator, trained.split)
    names = FILES | ({"forecast": "forecast.json"} if isinstance(trained.estimator, BoostedAttendance) else {})
    names |= {f"plot_{name}": f"plots/{name}.svg" for name in drawn}
    staged = {role: out.path(f"{folder}/{name}") for role, name in names.items()}
    if isinstance(trained.estimator, BoostedAttendance):
        artifacts.save_forecast(trained.estimator, staged["forecast"])
    artifacts.save_linear(trained.linear, staged["estimator"], staged["encoder"], staged["facts"])
    facts = {
        "number": registry.next_number(), "is_sample": data_record.is_sample, "notes": trained.notes,
        "made_at": timezone.localtime(), "run": context.run_id, "code_version": context.code_version,
        "claims": trained.claims,
    }  # fmt: skip
    html = reporting.render_report(trained.evaluation, drawn, facts)
    reporting.write_report(
        staged["report"], staged["report_json"], trained.evaluation, html, is_sample=data_record.is_sample
    )
    for name, svg in drawn.items():
        staged[f"plot_{name}"].write_text(svg, encoding="utf-8")
    return names


def _to_register(
    trained: _Trained, files: list[dict[str, Any]], data_record: FileRecord, params: TrainModelParams
) -> registry.TrainedModel:
    evaluation = trained.evaluation
    return registry.TrainedModel(
        estimator=trained.estimator.name,
        seed=params.seed,
        parameters=params.as_dict(),
        feature_names=list(trained.estimator.inputs),
        datasets=[data_record.as_dict(), *manifests.read_manifest(Path(data_record.path)).get("inputs", [])],
        is_sample=data_record.is_sample,
        trained_from=evaluation.trained_from,
        trained_to=evaluation.trained_to,
        tested_from=evaluation.tested_from,
        tested_to=evaluation.tested_to,
        training_rows=len(trained.training_rows),
        tested_rows=evaluation.tested_rows,
        metrics=_version_metrics(evaluation),
        evaluation=evaluation.as_dict() | {"claims": [claim.as_dict() for claim in trained.claims]},
        files=files,
    )


def _version_metrics(evaluation: Evaluation) -> dict[str, float]:
    scores = evaluation.model.overall
    metrics = {
        "mae": scores.mae,
        "median_error": scores.median_error,
        "rmse": scores.rmse,
        "mse": scores.mse,
        "max_error": scores.max_error,
        "bias": scores.bias,
        **{f"brier_{limit}": value for limit, value in scores.brier.items()},
        **{f"coverage_{size}": value for size, value in scores.coverage.items()},
        **{f"width_{size}": value for size, value in scores.width.items()},
    }
    return metrics if scores.r2_score is None else metrics | {"r2_score": scores.r2_score}


def _summary(evaluation: Evaluation, version: ModelVersion) -> list[str]:
    lines = [
        f"Version {version.number}, {version.get_state_display().lower()}: {version.state_reason}",
        f"Trained {evaluation.trained_from:%d %b %Y} to {evaluation.trained_to:%d %b %Y} "
        f"({readable_count(evaluation.training_rows)} engines), "
        f"tested {evaluation.tested_from:%d %b %Y} to {evaluation.tested_to:%d %b %Y} "
        f"({readable_count(evaluation.tested_rows)} engines)",
    ]
    for model in evaluation.models:
        scores = model.overall
        explained = "–" if scores.r2_score is None else f"{scores.r2_score:.3f}".replace("-", "−")
        chances = ", ".join(f"Brier {float(limit) / 60:g} min {value:.3f}" for limit, value in scores.brier.items())
        lines.append(
            f"  {model.title}: MAE {readable_seconds(scores.mae)} ({scores.mae:.1f} s), R² {explained}, {chances}"
        )
    return lines
