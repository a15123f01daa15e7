"""The order to MLflow's own process: what is shown of an address, and what a process that is no client amounts to."""

from __future__ import annotations

from pathlib import Path

import pytest

from pipeline.storage import tracking
from pipeline.storage.tracking import Store


def store(uri: str, folder: Path) -> Store:
    return Store(uri=uri, experiment="LFB_MLOPS", folder=folder, timeout_seconds=30)


@pytest.mark.parametrize(
    ("uri", "shown"),
    [
        ("sqlite:////srv/data/mlflow/mlflow.db", "the local store"),
        ("http://mlflow:9092", "http://mlflow:9092"),
        ("https://keeper:secret@mlflow.example/path", "https://…@mlflow.example/path"),
    ],
)
def test_an_address_is_shown_without_its_password(uri: str, shown: str, tmp_path: Path) -> None:
    assert store(uri, tmp_path).shown == shown


def test_a_damaged_store_is_named_before_mlflow_is_asked(tmp_path: Path) -> None:
    file = tmp_path / "mlflow.db"
    file.write_bytes(b"SQLite format 3\0" + b"\xff" * 5_000)
    found = tracking.track(store(f"sqlite:///{file}", tmp_path), [], {})
    assert "its store mlflow.db is damaged (" in found.error
    assert found.versions == {}


def test_what_a_library_prints_between_the_answers_is_passed_over() -> None:
    assert tracking._lines('Downloading: 100%\n{"number": 1}\nnoise {}\n') == [{"number": 1}]
