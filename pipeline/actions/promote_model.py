"""Put a version in use, or go back, at a person's wish: on record, and told to MLflow."""

from __future__ import annotations

import logging

from django.conf import settings
from django.contrib.auth.models import User

from pipeline import registry, runs
from pipeline.core.errors import ParameterError, QueueUnavailableError
from pipeline.models import ModelVersion, Trigger, VersionState

logger = logging.getLogger(__name__)


def promote_model(version: ModelVersion, *, by: User, reason: str, trigger: Trigger) -> ModelVersion:
    """Put `version` in use at once. Raises ParameterError where it is."""
    if version.state == VersionState.CHAMPION:
        raise ParameterError(f"Version {version.number} is in use already.", code="already_in_use")
    promoted = registry.promote(version, by=by, by_name=by.get_username(), reason=reason)
    _tell_mlflow(by, trigger)
    return promoted


def roll_back_model(*, by: User, trigger: Trigger, reason: str = "") -> ModelVersion:
    """Put the version back in use that was before. Raises MissingInputError where there is none."""
    promoted = registry.roll_back(by=by, by_name=by.get_username(), reason=reason)
    _tell_mlflow(by, trigger)
    return promoted


def _tell_mlflow(by: User, trigger: Trigger) -> None:
    """In the background: the promotion holds whether or not MLflow hears of it now."""
    if not settings.MLFLOW_ENABLED:
        return
    try:
        runs.enqueue("track_models", by=by, trigger=trigger)
    except QueueUnavailableError:
        logger.warning("MLflow is told of the promotion at night: the job queue does not answer")
