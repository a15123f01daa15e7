"""Stations, the record of every run, and the versions of the model."""

from pipeline.models.dataset_run import DatasetRun, RunStatus, Trigger
from pipeline.models.model_version import ModelVersion, VersionState
from pipeline.models.station import Station, StationKind

__all__ = ["DatasetRun", "ModelVersion", "RunStatus", "Station", "StationKind", "Trigger", "VersionState"]
