"""Train a model, judge it on the last period, store and register it."""

from __future__ import annotations

import logging
import shutil
from collections.abc import Sequence
from pathlib import Path
from typing import TypeVar

import pandas as pd
from django.conf import settings
from django.utils import timezone

from pipeline import openings, registry, reporting
from pipeline.actions.track_models import track_after_training
from pipeline.core import calendar, habits, splits
from pipeline.core.baselines import BASELINES
from pipeline.core.boosting import BoostedAttendance
from pipeline.core.errors import ParameterError
from pipeline.core.estimators import AttendanceEstimator, LinearAttendance
from pipeline.core.evaluate import Evaluation, evaluate
from pipeline.core.forecasts import ESTIMATORS
from pipeline.core.params import TrainModelParams
from pipeline.core.results import FileRecord, StepResult
from pipeline.core.wording import readable_count, readable_seconds
from pipeline.models import ModelVersion, VersionState
from pipeline.runs import RunContext
from pipeline.storage import artifacts, hashing, manifests, paths, tables
from pipeline.storage.outputs import OutputSet

logger = logging.getLogger(__name__)

STAGES = 5
Estimator = TypeVar("Estimator", bound=AttendanceEstimator)
# Role of each file of a version → its name in the version's folder.
FILES = {
    "estimator": "linear_regression_model.pkl",
    "encoder": "onehot_encoder.pkl",
    "facts": "facts.json",
    "report": "evaluation.html",
    "report_json": "evaluation.json",
}


def train_model(params: TrainModelParams, context: RunContext) -> StepResult:
    """Train on all but the last period of the feature file, and register the version with its evaluation."""
    model_dir = Path(settings.LFB_MODEL_DIR)
    data_path = confined_data_path(params.data_path)
    targets = {
        "estimator": paths.confine(params.model_path, model_dir, known_as="models", suffixes=(".pkl",)),
        "encoder": paths.confine(params.encoder_path, model_dir, known_as="models", suffixes=(".pkl",)),
    }
    _require_free(targets, model_dir)
    context.progress("train", 0, STAGES)
    features, data_record = load_features(data_path)
    split = splits.split_by_time(features)
    train, notes = _training_rows(split.train, params)
    context.progress("train", 1, STAGES)
    estimator = fit(ESTIMATORS[params.estimator](), train)
    linear = estimator if isinstance(estimator, LinearAttendance) else fit(LinearAttendance(), train)
    context.progress("evaluate", 2, STAGES)
    opened = openings.opening(split.holdout_period, len(split.holdout))
    notes.append(openings.sentence(opened))
    evaluation = evaluate_fitted(estimator, split, others=[linear], seed=params.seed, training_rows=len(train))
    claims = habits.claims(
        split,
        speed_band_kmh=settings.LFB_SPEED_BAND_KMH,
        attendance_band_seconds=settings.LFB_ATTENDANCE_BAND_SECONDS,
        seed=params.seed,
    )
    version, outputs = _store(
        estimator,
        linear,
        evaluation,
        claims,
        split,
        targets,
        data_record,
        params,
        notes,
        context,
        training_rows=len(train),
    )
    context.progress("track", 4, STAGES)
    tracked = track_after_training(version)
    scores = evaluation.model.overall
    return StepResult(
        rows_in=len(features),
        rows_out=len(train),
        metrics={
            "original_data_size": data_record.bytes,
            "processed_data_size": int(train.memory_usage(deep=True).sum()),
            "mse": scores.mse,
            "r2_score": scores.r2_score if scores.r2_score is not None else 0.0,
            "mae": scores.mae,
            "max_error": scores.max_error,
        },
        inputs=(data_record,),
        outputs=tuple(outputs),
        notes=(*notes, *_summary(evaluation, version), *filter(None, [tracked])),
        details={"version": version.number, "in_use": version.state == VersionState.CHAMPION, "opened": opened},
        is_sample=data_record.is_sample,
    )


def confined_data_path(named: str) -> Path:
    """A feature file named by a client, inside the data folder."""
    return paths.confine(named, Path(settings.LFB_DATA_DIR), known_as="data", suffixes=(".csv", ".parquet"))


def _require_free(targets: dict[str, Path], model_dir: Path) -> None:
    """The contract's files may go anywhere in the model folder but into the versions, which never change."""
    if len(set(targets.values())) < len(targets):
        raise ParameterError(
            "The model and the encoder need two different files.", hint="Choose another path for one of the two."
        )
    for name, path in targets.items():
        if (model_dir / "versions").resolve() in path.parents:
            raise ParameterError(
                f"{path.name} cannot be written among the stored versions.", hint=f"Choose another path for the {name}."
            )


def load_features(data_path: Path) -> tuple[pd.DataFrame, FileRecord]:
    """The feature rows of a file, and its record. The Parquet twin is read where it holds the same rows."""
    if not data_path.exists():
        tables.read_features(data_path)  # raises the error that says what to do
    manifest = manifests.read_manifest(data_path)
    record = hashing.file_record("features", data_path, is_sample=bool(manifest.get("is_sample")))
    twin = data_path.with_suffix(".parquet")
    same_rows = data_path.suffix == ".csv" and manifest.get("csv_sha256") == record.sha256 and twin.exists()
    features = tables.read_features(twin if same_rows else data_path)
    return calendar.fill_time_of_call(features), record


def _training_rows(train: pd.DataFrame, params: TrainModelParams) -> tuple[pd.DataFrame, list[str]]:
    if params.speed_band_kmh is None or params.attendance_band_seconds is None:
        return train, []
    kept = splits.cut_training_bands(train, params.speed_band_kmh, params.attendance_band_seconds)
    return kept, [
        f"Training was cut by the plausibility bands: {readable_count(len(train) - len(kept))} of "
        f"{readable_count(len(train))} rows left out. The rows it is judged on are not cut."
    ]


def fit(estimator: Estimator, rows: pd.DataFrame) -> Estimator:
    """The estimator, fitted on feature rows."""
    return estimator.fit(rows, rows["attendance_seconds"].to_numpy(dtype="float64"))


def evaluate_fitted(
    estimator: AttendanceEstimator,
    split: splits.Split,
    *,
    others: Sequence[AttendanceEstimator] = (),
    seed: int,
    training_rows: int | None = None,
) -> Evaluation:
    """Judge a fitted estimator beside `others`, fitted too, and beside baselines fitted here on the training rows."""
    baselines = [other for other in others if other.name != estimator.name]
    baselines += [fit(make(), split.train) for make in BASELINES.values()]
    standards = settings.LFB_STANDARDS["first"]
    limits = (standards["mean_seconds"], standards["within_seconds"])
    return evaluate(
        estimator,
        baselines,
        split,
        limits_seconds=limits,
        standards=settings.LFB_STANDARDS,
        training_rows=training_rows,
        seed=seed,
    )


def _store(
    estimator: AttendanceEstimator,
    linear: LinearAttendance,
    evaluation: Evaluation,
    claims: Sequence[habits.Claim],
    split: splits.Split,
    targets: dict[str, Path],
    data_record: FileRecord,
    params: TrainModelParams,
    notes: list[str],
    context: RunContext,
    *,
    training_rows: int,
) -> tuple[ModelVersion, list[FileRecord]]:
    """Put the version's files and the contract's two in place together, then register the version."""
    model_dir = Path(settings.LFB_MODEL_DIR).resolve()
    folder = f"versions/run-{context.run_id:06d}"
    context.progress("store", 3, STAGES)
    drawn = reporting.draw_plots(evaluation, estimator, split)
    with OutputSet(model_dir, context.owner) as out:
        names = FILES | ({"forecast": "forecast.json"} if isinstance(estimator, BoostedAttendance) else {})
        names |= {f"plot_{name}": f"plots/{name}.svg" for name in drawn}
        staged = {role: out.path(f"{folder}/{name}") for role, name in names.items()}
        artifacts.save_linear(linear, staged["estimator"], staged["encoder"], staged["facts"])
        if isinstance(estimator, BoostedAttendance):
            artifacts.save_forecast(estimator, staged["forecast"])
        for role, target in targets.items():
            shutil.copyfile(staged[role], out.path(str(target.relative_to(model_dir))))
        facts = {
            "number": registry.next_number(), "is_sample": data_record.is_sample, "notes": notes,
            "made_at": timezone.localtime(), "run": context.run_id, "code_version": context.code_version,
            "claims": claims,
        }  # fmt: skip
        html = reporting.render_report(evaluation, drawn, facts)
        reporting.write_report(
            staged["report"], staged["report_json"], evaluation, html, is_sample=data_record.is_sample
        )
        for name, svg in drawn.items():
            staged[f"plot_{name}"].write_text(svg, encoding="utf-8")
        out.commit()
    files = [hashing.file_record(role, model_dir / folder / name) for role, name in names.items()]
    version = registry.register(
        registry.TrainedModel(
            estimator=estimator.name,
            seed=params.seed,
            parameters=params.as_dict(),
            feature_names=list(estimator.inputs),
            datasets=[data_record.as_dict(), *manifests.read_manifest(Path(data_record.path)).get("inputs", [])],
            is_sample=data_record.is_sample,
            trained_from=evaluation.trained_from,
            trained_to=evaluation.trained_to,
            tested_from=evaluation.tested_from,
            tested_to=evaluation.tested_to,
            training_rows=training_rows,
            tested_rows=evaluation.tested_rows,
            metrics=_version_metrics(evaluation),
            evaluation=evaluation.as_dict() | {"claims": [claim.as_dict() for claim in claims]},
            files=[record.as_dict() | {"path": f"{folder}/{names[record.name]}"} for record in files],
        ),
        context.run_id,
    )
    registry.consider(version, split.holdout)
    contract = [hashing.file_record(target.name, target) for target in targets.values()]
    return version, [*contract, *files]


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
        explained = "–" if scores.r2_score is None else f"{scores.r2_score:.3f}"
        chances = ", ".join(f"Brier {float(limit) / 60:g} min {value:.3f}" for limit, value in scores.brier.items())
        lines.append(
            f"  {model.title}: MAE {readable_seconds(scores.mae)} ({scores.mae:.1f} s), R² {explained}, {chances}"
        )
    return lines
