"""The estimator of a version from the files that MLflow holds of it, fetched once and checked against our own record."""

from __future__ import annotations

import logging
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

from django.conf import settings

from pipeline.core.errors import TrackingError
from pipeline.storage import locks, tracking

if TYPE_CHECKING:
    from pipeline.core.estimators import AttendanceEstimator
    from pipeline.models import ModelVersion

logger = logging.getLogger(__name__)

NEEDED = {"boosted": ("forecast",), "linear": ("facts", "estimator", "encoder")}
LONGEST_WAIT_SECONDS = 25.0  # a web worker that takes longer to answer is taken for dead


def store(*, timeout_seconds: float) -> tracking.Store:
    """The MLflow of the settings, waited for so long at most."""
    return tracking.Store(
        uri=settings.MLFLOW_TRACKING_URI,
        experiment=settings.MLFLOW_EXPERIMENT_NAME,
        folder=Path(settings.LFB_DATA_DIR) / "mlflow",
        timeout_seconds=timeout_seconds,
    )


def registered_estimator(version: ModelVersion) -> AttendanceEstimator:
    """Raises TrackingError where MLflow does not hold the version or does not answer, ArtifactError where what it
    holds are not the recorded files."""
    from pipeline.storage import artifacts

    if not settings.MLFLOW_ENABLED or not version.mlflow_run_id:
        raise TrackingError(f"Version {version.number} is not registered in MLflow yet.")
    files = _fetched_files(version, min(settings.MLFLOW_TIMEOUT_SECONDS, LONGEST_WAIT_SECONDS))
    return artifacts.load_estimator(version.estimator, files)


def fetch_ahead(version: ModelVersion) -> None:
    """Fetch the files before a web worker waits for them. A fault is only logged: they have files of their own."""
    try:
        _fetched_files(version, settings.MLFLOW_TIMEOUT_SECONDS)
    except TrackingError as error:
        logger.warning("version %s was not fetched ahead: %s", version.number, error.message)


def _fetched_files(version: ModelVersion, wait_seconds: float) -> dict[str, tuple[Path, str]]:
    folder = Path(settings.LFB_MODEL_DIR) / "registered"
    place = folder / version.mlflow_run_id
    entries = [entry for entry in version.files if entry["name"] in NEEDED[version.estimator]]
    names = {entry["name"]: Path(entry["path"]).name for entry in entries}
    with locks.held(folder / ".locks", version.mlflow_run_id, wait_seconds=wait_seconds):
        if not place.exists():
            _fetch(version.mlflow_run_id, list(names.values()), place, wait_seconds)
    return {entry["name"]: (place / names[entry["name"]], entry["sha256"]) for entry in entries}


def _fetch(run_id: str, names: list[str], place: Path, wait_seconds: float) -> None:
    """All files or none: they appear at once."""
    with tempfile.TemporaryDirectory(dir=place.parent) as folder:
        fetched = Path(folder) / "files"
        fetched.mkdir()
        tracking.fetch(store(timeout_seconds=wait_seconds), run_id, names, fetched)
        fetched.rename(place)
