"""Stations, the record of every run, the timetable, the versions of the model and what was in use when."""

from pipeline.models.dataset_run import DatasetRun, RunStatus, Trigger
from pipeline.models.model_version import ModelVersion, VersionState
from pipeline.models.promotion import Promotion
from pipeline.models.schedule import Chain, IfMissed, Schedule
from pipeline.models.station import Station, StationKind

__all__ = [
    "Chain",
    "DatasetRun",
    "IfMissed",
    "ModelVersion",
    "Promotion",
    "RunStatus",
    "Schedule",
    "Station",
    "StationKind",
    "Trigger",
    "VersionState",
]
