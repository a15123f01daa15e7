"""What training, evaluation and backtests share: read the features, fit an estimator, judge it beside baselines."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TypeVar

import pandas as pd
from django.conf import settings

from pipeline.core import calendar, splits
from pipeline.core.baselines import BASELINES
from pipeline.core.estimators import AttendanceEstimator
from pipeline.core.evaluate import Evaluation, evaluate
from pipeline.core.results import FileRecord
from pipeline.storage import hashing, manifests, paths, tables

Estimator = TypeVar("Estimator", bound=AttendanceEstimator)


def confined_data_path(named: str) -> Path:
    """A feature file named by a client, inside the data folder."""
    return paths.confine(named, Path(settings.LFB_DATA_DIR), known_as="data", suffixes=(".csv", ".parquet"))


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
