"""Tell MLflow of the versions on record: after training, and later of all that it missed."""

from __future__ import annotations

import logging
from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Any

from django.conf import settings

from pipeline import upkeep
from pipeline.core.errors import TrackingError
from pipeline.core.params import TrackModelsParams
from pipeline.core.results import StepResult
from pipeline.model_card import model_card
from pipeline.models import ModelVersion, Station, VersionState
from pipeline.registered_models import fetch_ahead, store
from pipeline.storage import locks, tracking

if TYPE_CHECKING:
    from pipeline.runs import RunContext

logger = logging.getLogger(__name__)

ALIASES = {"champion": VersionState.CHAMPION, "challenger": VersionState.CHALLENGER}


def track_models(params: TrackModelsParams, context: RunContext) -> StepResult:
    """Bring every version to MLflow that it does not hold. It is asked what it holds: a lost store is filled again."""
    if not settings.MLFLOW_ENABLED:
        return StepResult(notes=("MLflow is switched off (MLFLOW_ENABLED): nothing was tracked.",))
    versions = list(ModelVersion.objects.order_by("number"))
    if not versions:
        return StepResult(rows_in=0, rows_out=0, notes=("There is no version to track yet.",))
    before = {version.mlflow_run_id for version in versions}
    # Importing MLflow takes some seconds, each version a second or two.
    waits = store(timeout_seconds=settings.MLFLOW_TIMEOUT_SECONDS * (1 + len(versions) / 10))
    error = _track(versions, waits)
    held = ModelVersion.objects.exclude(mlflow_version=None).count()
    if error:
        raise TrackingError(f"MLflow at {waits.shown} did not take all {len(versions)} versions: {error}.")
    new = sum(version.mlflow_run_id not in before for version in versions)
    return StepResult(
        rows_in=len(versions),
        rows_out=held,
        notes=(f"MLflow at {waits.shown} holds {held} of {len(versions)} versions; {new} are new.",),
    )


def track_after_training(version: ModelVersion) -> str:
    """Tell MLflow of a fresh version; the note for the run's record. A fault of MLflow's never fails the training."""
    if not settings.MLFLOW_ENABLED:
        return ""
    try:
        error = _track([version, *_in_use_besides(version)], store(timeout_seconds=settings.MLFLOW_TIMEOUT_SECONDS))
    except Exception as fault:  # the version is registered: whatever happens here must not undo that
        logger.exception("version %s was not tracked", version.number)
        error = type(fault).__name__
    if not error:
        return f"Version {version.number} is tracked in MLflow as version {version.mlflow_version}."
    logger.warning("version %s was not tracked in MLflow: %s", version.number, error)
    return (
        f"Version {version.number} is registered here but not tracked in MLflow: {error}. "
        "It is caught up at night, or by manage.py track_models."
    )


def _in_use_besides(version: ModelVersion) -> Iterable[ModelVersion]:
    """The alias "champion" needs the version in use; another one that is not tracked yet waits for the night."""
    return ModelVersion.objects.in_use().exclude(pk=version.pk)


def _track(versions: list[ModelVersion], to: tracking.Store) -> str:
    """Track, keep on record where MLflow holds each version, and return what went wrong, if anything did."""
    with locks.held(upkeep.lock_folder(), "mlflow", wait_seconds=to.timeout_seconds) as is_mine:
        if not is_mine:
            return "another process has been speaking with MLflow all the while"
        found = tracking.track(to, [_described(version) for version in versions], _wanted_aliases())
    for version in versions:
        if version.number in found.versions:
            version.mlflow_run_id, version.mlflow_version = found.versions[version.number]
            if settings.LFB_MODEL_SOURCE == "mlflow" and version.state == VersionState.CHAMPION:
                fetch_ahead(version)
            version.save(update_fields=["mlflow_run_id", "mlflow_version"])
    return found.error.rstrip(".")


def _wanted_aliases() -> dict[str, int | None]:
    return {
        alias: ModelVersion.objects.filter(state=state).values_list("number", flat=True).order_by("-number").first()
        for alias, state in ALIASES.items()
    }


def _described(version: ModelVersion) -> dict[str, Any]:
    """A version as MLflow is told of it."""
    model_dir = Path(settings.LFB_MODEL_DIR).absolute()
    folder = version.files[0]["path"].rsplit("/", 1)[0]
    judged = version.file("forecast") or version.file("estimator") or {}
    return {
        "number": version.number,
        "estimator": version.estimator,
        "sha256": judged.get("sha256", ""),
        "description": f"{version}: {version.state_reason}",
        "metrics": {name: value for name, value in version.metrics.items() if value is not None}
        | {"training_rows": version.training_rows, "tested_rows": version.tested_rows},
        "params": _parameters(version),
        "tags": {
            "lfb.run": version.run_id,
            "lfb.estimator": version.estimator,
            "lfb.is_sample": version.is_sample,
            "mlflow.source.git.commit": version.code_version,
            "mlflow.source.name": "train_model",
            "mlflow.user": version.run.started_by_name,
        },
        "datasets": version.datasets,
        "stations": {name: place for name, *place in Station.objects.values_list("name", "easting_m", "northing_m")},
        "files": [
            {
                "role": entry["name"],
                "name": entry["path"].removeprefix(f"{folder}/"),
                "path": str(model_dir / entry["path"]),
                "sha256": entry["sha256"],
            }
            for entry in version.files
        ],
        "card": model_card(version),
    }


def _parameters(version: ModelVersion) -> dict[str, str]:
    days = {name: getattr(version, name) for name in ("trained_from", "trained_to", "tested_from", "tested_to")}
    return {
        name: str(value)
        for name, value in {
            **version.parameters, **days, "seed": version.seed, "inputs": ", ".join(version.feature_names)
        }.items()
    }  # fmt: skip
