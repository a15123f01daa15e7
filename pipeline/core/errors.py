"""The one family of errors a user may meet: a stable code, a message a planner understands, and a hint."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any


class PipelineError(Exception):
    """An explained failure: what happened, and what to do about it.

    `code` is stable and machine-readable, `message` says what came and what was wanted, `hint` what to do,
    `fields` names the parameters or columns at fault. `http_status` is what the API answers.
    """

    code = "pipeline_error"
    http_status = 400
    default_hint = ""

    def __init__(
        self,
        message: str,
        *,
        code: str | None = None,
        hint: str | None = None,
        fields: Mapping[str, Any] | None = None,
    ) -> None:
        super().__init__(message)
        self.message = message
        self.code = code or type(self).code
        self.hint = type(self).default_hint if hint is None else hint
        self.fields = dict(fields or {})

    def as_dict(self) -> dict[str, Any]:
        """The JSON shape shared by every door."""
        return {"code": self.code, "message": self.message, "hint": self.hint, "fields": self.fields}


class ParameterError(PipelineError):
    """A parameter is missing, of the wrong kind or out of range."""

    code = "invalid_parameter"


class PathError(ParameterError):
    """A path given by a client leads outside the configured folders, or names something unusable."""

    code = "path_not_allowed"


class SourceError(PipelineError):
    """A source file could not be fetched or found, or is not what it should be."""

    code = "source_unavailable"
    http_status = 502


class DataError(PipelineError):
    """A file was read, yet its contents cannot be used."""

    code = "invalid_data"
    http_status = 422


class MissingColumnError(DataError):
    """A file lacks columns that are needed."""

    code = "missing_column"


class TooManyRejectsError(DataError):
    """More rows were rejected than the settings allow."""

    code = "too_many_rejects"


class MissingInputError(PipelineError):
    """A step needs the output of an earlier step, and it is not there."""

    code = "missing_input"
    http_status = 409


class LeakError(DataError):
    """A model was offered a column that is not known when the engine is sent."""

    code = "leaking_input"


class ArtifactError(PipelineError):
    """A model file is missing, was changed, or was made by an unknown hand."""

    code = "model_file_unusable"
    http_status = 409


class NoModelError(PipelineError):
    """No model version is in use yet."""

    code = "no_model_in_use"
    http_status = 503
    default_hint = "Train one: manage.py train_model"


class UnknownStationError(ParameterError):
    """The named station is not among the known ones."""

    code = "unknown_station"


class DistanceError(ParameterError):
    """The distance is not a number that a trip in London can have."""

    code = "invalid_distance"


class StepBusyError(PipelineError):
    """The same step is already running and would write the same output."""

    code = "step_busy"
    http_status = 409
    default_hint = "Wait until it has ended, then start again."


class QueueUnavailableError(PipelineError):
    """The server of the job queues does not answer."""

    code = "queue_unavailable"
    http_status = 503
    default_hint = "Start the whole site with `make run`, or check REDIS_URL; then start again."


class TrackingError(PipelineError):
    """MLflow does not do what was asked of it."""

    code = "tracking_failed"
    http_status = 503
    default_hint = "Check MLFLOW_TRACKING_URI and that the server runs; then: manage.py track_models"


class TimeLimitError(PipelineError):
    """A step took longer than it may."""

    code = "time_limit"
    default_hint = "If the files have grown, an administrator raises the limit of the step; otherwise start again."


class RunCancelled(BaseException):
    """Somebody asked for the run to end. Not an Exception, so that no step takes it for a fault of its own."""
