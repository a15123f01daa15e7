"""The model as MLflow keeps it gives the same answers as the one that was trained, and no pickle is read."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from pipeline.core.boosting import BoostedAttendance
from pipeline.core.columns import FEATURE_COLUMNS
from pipeline.core.errors import ArtifactError
from pipeline.core.estimators import LinearAttendance
from pipeline.storage import artifacts, mlflow_model
from pipeline.storage.hashing import sha256_of


@pytest.fixture
def rows() -> pd.DataFrame:
    generator = np.random.default_rng(5)
    n = 400
    distance = generator.uniform(0.2, 6, n)
    return pd.DataFrame(
        {
            "distance_km": distance,
            "station_name": pd.Series(np.array(["Acton", "Soho", "Euston"])[np.arange(n) % 3], dtype="str"),
            "attendance_seconds": 150 + 80 * distance + generator.normal(0, 30, n),
        }
    )


@pytest.fixture
def files(rows: pd.DataFrame, tmp_path: Path) -> dict[str, tuple[Path, str]]:
    estimator = LinearAttendance().fit(rows, rows["attendance_seconds"].to_numpy())
    paths = {
        role: tmp_path / name for role, name in (("estimator", "m.pkl"), ("encoder", "e.pkl"), ("facts", "f.json"))
    }
    artifacts.save_linear(estimator, *paths.values())
    return {role: (path, sha256_of(path)) for role, path in paths.items()}


def test_the_linear_model_goes_through_skops_unchanged(
    files: dict[str, tuple[Path, str]], rows: pd.DataFrame, tmp_path: Path
) -> None:
    trained = mlflow_model.write_data("linear", files, tmp_path / "stored")
    loaded = mlflow_model._load_pyfunc(str(tmp_path / "stored"))
    assert not list((tmp_path / "stored").glob("*.pkl"))
    assert loaded.predict(rows)["attendance_seconds"].tolist() == trained.predict(rows).tolist()
    assert loaded.estimator.predict_quantile(rows, 0.9).tolist() == trained.predict_quantile(rows, 0.9).tolist()


def test_a_changed_file_is_not_logged(files: dict[str, tuple[Path, str]], tmp_path: Path) -> None:
    files["estimator"][0].write_bytes(b"something else")
    with pytest.raises(ArtifactError, match="SHA-256 differs"):
        mlflow_model.write_data("linear", files, tmp_path / "stored")


def test_every_input_of_every_model_has_an_example() -> None:
    for estimator in (BoostedAttendance, LinearAttendance):
        assert set(estimator.inputs) <= set(mlflow_model.EXAMPLE) <= {column.name for column in FEATURE_COLUMNS}
    assert json.dumps(mlflow_model.EXAMPLE)
