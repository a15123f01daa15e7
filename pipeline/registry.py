"""The one place that knows which model version is in use, and the only one that changes it."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from django.conf import settings
from django.db import transaction
from django.db.models import Max
from django.utils import timezone

from pipeline.core.errors import ArtifactError, MissingInputError, NoModelError, PipelineError
from pipeline.models import DatasetRun, ModelVersion, Promotion, VersionState
from pipeline.remembered import Remembered

if TYPE_CHECKING:
    import pandas as pd

    from pipeline.core.estimators import AttendanceEstimator


logger = logging.getLogger(__name__)

SYSTEM = "training"  # who promotes where no person does


def current() -> ModelVersion:
    """The version in use. Raises NoModelError where there is none."""
    version = ModelVersion.objects.in_use().first()
    if version is None:
        raise NoModelError("No model version is in use yet, so no time can be predicted.")
    return version


@dataclass(frozen=True)
class Serving:
    """The version in use with its estimator, ready to answer."""

    version: ModelVersion
    estimator: AttendanceEstimator


def serving() -> Serving:
    """The version in use from the memory of this process, at most LFB_REFRESH_SECONDS old.

    Raises NoModelError, or ArtifactError where its files are not the recorded ones.
    """
    return _serving.get()


def _load_serving(kept: Serving | None) -> Serving:
    stamp = ModelVersion.objects.in_use().values_list("pk", "promoted_at", "mlflow_run_id").first()
    if kept is not None and stamp == (kept.version.pk, kept.version.promoted_at, kept.version.mlflow_run_id):
        return kept
    version = current()
    return Serving(version, _estimator_in_use(version))


def _estimator_in_use(version: ModelVersion) -> AttendanceEstimator:
    """From where LFB_MODEL_SOURCE says; its own files where MLflow does not have the recorded ones."""
    if settings.LFB_MODEL_SOURCE == "mlflow":
        from pipeline.registered_models import registered_estimator

        try:
            return registered_estimator(version)
        except PipelineError as error:
            logger.warning("version %s is served from its own files: %s", version.number, error.message)
    return estimator_of(version)


_serving: Remembered[Serving] = Remembered(_load_serving)


def get(number: int | None) -> ModelVersion:
    """The version with this number; the one in use for None."""
    if number is None:
        return current()
    version = ModelVersion.objects.filter(number=number).first()
    if version is None:
        known = ", ".join(str(found) for found in ModelVersion.objects.values_list("number", flat=True)[:20])
        raise MissingInputError(
            f"There is no model version {number}.",
            code="unknown_version",
            hint=f"Known versions: {known}." if known else "Train one: manage.py train_model",
        )
    return version


@dataclass(frozen=True)
class TrainedModel:
    """What training hands over to be registered."""

    estimator: str
    seed: int
    parameters: dict[str, Any]
    feature_names: Sequence[str]
    datasets: list[dict[str, Any]]
    is_sample: bool
    trained_from: Any
    trained_to: Any
    tested_from: Any
    tested_to: Any
    training_rows: int
    tested_rows: int
    metrics: dict[str, float]
    evaluation: dict[str, Any]
    files: list[dict[str, Any]]


def next_number() -> int:
    """The number that the next version will get; it stays free while the step's lock is held."""
    return (ModelVersion.objects.aggregate(highest=Max("number"))["highest"] or 0) + 1


@transaction.atomic
def register(trained: TrainedModel, run_id: int) -> ModelVersion:
    """Record a trained model as the next version, a challenger until it is promoted."""
    run = DatasetRun.objects.get(pk=run_id)
    return ModelVersion.objects.create(
        number=next_number(), run=run, code_version=run.code_version, state=VersionState.CHALLENGER, **vars(trained)
    )


@transaction.atomic
def promote(version: ModelVersion, *, by: Any = None, by_name: str, reason: str) -> ModelVersion:
    """Put `version` in use, retire the one that was, and keep on record who did so and why."""
    former = ModelVersion.objects.select_for_update().in_use().exclude(pk=version.pk).first()
    if former is not None:
        former.state, former.state_reason = VersionState.RETIRED, f"replaced by version {version.number}"
        former.save(update_fields=["state", "state_reason"])
    version.state, version.state_reason = VersionState.CHAMPION, reason
    version.promoted_at, version.promoted_by, version.promoted_by_name = timezone.now(), by, by_name
    version.save(update_fields=["state", "state_reason", "promoted_at", "promoted_by", "promoted_by_name"])
    Promotion.objects.create(
        version=version, former=former, at=version.promoted_at, by=by, by_name=by_name, reason=reason
    )
    transaction.on_commit(_serving.forget)
    return version


def former() -> ModelVersion:
    """The version that was in use last before the present one. Raises MissingInputError without one."""
    found = ModelVersion.objects.retired().filter(promoted_at__isnull=False).order_by("-promoted_at").first()
    if found is None:
        raise MissingInputError(
            "No version was in use before the present one, so there is nothing to roll back to.",
            code="no_former_version",
            hint="Promote a version by its number instead.",
        )
    return found


def roll_back(*, by: Any = None, by_name: str, reason: str = "") -> ModelVersion:
    """Put the former version back in use. Raises MissingInputError without one."""
    told = f"rolled back from version {current().number}" + (f": {reason}" if reason else "")
    return promote(former(), by=by, by_name=by_name, reason=told)


def consider(version: ModelVersion, holdout: pd.DataFrame) -> None:
    """Put a fresh version in use where none is, or where it passes the gate on `holdout`, the rows it was tested on.

    Sample data always give way to real data, and a version in use whose files cannot be read gives way to any.
    """
    champion = ModelVersion.objects.in_use().first()
    if champion is None:
        _promote_after(None, version, "the first version")
    elif champion.is_sample and not version.is_sample:
        _promote_after(champion, version, f"trained on real data, version {champion.number} on sample data")
    elif version.is_sample and not champion.is_sample:
        _note(version, f"version {champion.number} in use was trained on real data, this one on sample data")
    else:
        _compare_with(champion, version, holdout)


def _compare_with(champion: ModelVersion, version: ModelVersion, holdout: pd.DataFrame) -> None:
    from pipeline.core import gate

    try:
        in_use = gate.Champion(f"version {champion.number}", estimator_of(champion), champion.trained_to)
    except ArtifactError as error:
        _promote_after(champion, version, f"version {champion.number} cannot be used any more: {error.message}")
        return
    verdict = gate.judge(
        holdout,
        estimator_of(version),  # as it was stored: that is what will answer
        in_use,
        trained_to=version.trained_to,
        rules=gate.GateRules(
            margin_seconds=settings.LFB_GATE_MARGIN_SECONDS,
            newer_seconds=settings.LFB_GATE_NEWER_SECONDS,
            borough_seconds=settings.LFB_GATE_BOROUGH_SECONDS,
            borough_rows=settings.LFB_GATE_BOROUGH_ROWS,
            coverage=settings.LFB_GATE_COVERAGE,
        ),
        seed=version.seed,
    )
    version.gate = verdict.as_dict() | {"champion": champion.number}
    version.save(update_fields=["gate"])
    if verdict.passed:
        _promote_after(champion, version, verdict.reason)
    else:
        _note(version, verdict.reason)


@transaction.atomic
def _promote_after(champion: ModelVersion | None, version: ModelVersion, reason: str) -> None:
    """Promote, unless somebody put another version in use while the two were compared."""
    in_use = ModelVersion.objects.select_for_update().in_use().first()
    if in_use == champion:
        promote(version, by_name=SYSTEM, reason=reason)
    else:
        _note(version, "another version was put in use while this one was judged")


def _note(version: ModelVersion, reason: str) -> None:
    version.state_reason = reason
    version.save(update_fields=["state_reason"])


def compare(versions: Sequence[ModelVersion]) -> dict[str, Any]:
    """Versions side by side: their recorded figures, and whether the rows that judged them were the same."""
    names = list(dict.fromkeys(name for version in versions for name in version.metrics))
    judged_on = {
        (version.tested_from, version.tested_to, version.tested_rows, *(entry["sha256"] for entry in version.datasets))
        for version in versions
    }
    return {
        "versions": versions,
        "same_test_rows": len(judged_on) == 1,
        "figures": [
            {"name": name, "values": {str(version.number): version.metrics.get(name) for version in versions}}
            for name in names
        ],
    }


def read_file(version: ModelVersion, role: str) -> bytes:
    """The bytes of one of the version's files. Raises MissingInputError without one, ArtifactError where it was changed."""
    from pipeline.storage.artifacts import read_verified

    entry = version.file(role)
    if entry is None:
        raise MissingInputError(f"Version {version.number} has no {role}.", code="no_such_file")
    return read_verified(Path(settings.LFB_MODEL_DIR) / str(entry["path"]), str(entry["sha256"]))


def estimator_of(version: ModelVersion) -> AttendanceEstimator:
    """The fitted estimator of `version`; its files are loaded only if their hashes match the recorded ones."""
    return _load(str(settings.LFB_MODEL_DIR), version.estimator, _files_of(version))


def linear_of(version: ModelVersion) -> AttendanceEstimator:
    """The documented linear model that was trained beside `version` (or is it)."""
    return _load(str(settings.LFB_MODEL_DIR), "linear", _files_of(version))


def _files_of(version: ModelVersion) -> tuple[tuple[str, str, str], ...]:
    return tuple((entry["name"], entry["path"], entry["sha256"]) for entry in version.files)


# Versions never change once registered, so the key says all; a few are kept so that a roll-back is instant.
@lru_cache(maxsize=4)
def _load(model_dir: str, estimator: str, files: tuple[tuple[str, str, str], ...]) -> AttendanceEstimator:
    from pipeline.storage import artifacts

    return artifacts.load_estimator(estimator, {name: (Path(model_dir) / path, sha256) for name, path, sha256 in files})
