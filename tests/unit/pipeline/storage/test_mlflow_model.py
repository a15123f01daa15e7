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
    trained = mlflow_model.write_data("linear", files, {}, tmp_path / "stored")
    loaded = mlflow_model._load_pyfunc(str(tmp_path / "stored"))
    assert not list((tmp_path / "stored").glob("*.pkl"))
    assert loaded.predict(rows)["attendance_seconds"].tolist() == trained.predict(rows).tolist()
    assert loaded.estimator.predict_quantile(rows, 0.9).tolist() == trained.predict_quantile(rows, 0.9).tolist()


def test_a_changed_file_is_not_logged(files: dict[str, tuple[Path, str]], tmp_path: Path) -> None:
    files["estimator"][0].write_bytes(b"something else")
    with pytest.raises(ArtifactError, match="SHA-256 differs"):
        mlflow_model.write_data("linear", files, {}, tmp_path / "stored")


class Echoes:
    """Says back one of the inputs."""

    inputs = ("distance_km", "station_name", "pump_order", "station_easting_m", "station_northing_m")

    def __init__(self, name: str) -> None:
        self.name = name

    def predict(self, rows: pd.DataFrame) -> np.ndarray:
        return rows[self.name].to_numpy()


@pytest.mark.parametrize(
    ("name", "told", "wanted"),
    [
        ("station_easting_m", {}, [519_679.0, None]),
        ("station_northing_m", {}, [180_078.0, None]),
        ("station_easting_m", {"station_easting_m": [None, 7.0]}, [519_679.0, 7.0]),
        ("station_easting_m", {"station_easting_m": [6.0, 7.0]}, [6.0, 7.0]),
        ("pump_order", {}, [1.0, 1.0]),
        ("pump_order", {"pump_order": [2.0, None]}, [2.0, 1.0]),
    ],
)
def test_what_is_left_out_is_filled_as_the_site_fills_it(name: str, told: dict, wanted: list) -> None:
    model = mlflow_model.AttendanceModel(Echoes(name), {"Acton": [519_679.0, 180_078.0]})
    rows = pd.DataFrame({"distance_km": [2.0, 3.0], "station_name": ["Acton", "Nowhere"], **told}, index=[5, 9])
    assert model.predict(rows)["attendance_seconds"].replace({np.nan: None}).tolist() == wanted


def test_every_input_of_every_model_has_an_example() -> None:
    for estimator in (BoostedAttendance, LinearAttendance):
        assert set(estimator.inputs) <= set(mlflow_model.EXAMPLE) <= {column.name for column in FEATURE_COLUMNS}
    assert json.dumps(mlflow_model.EXAMPLE)
