"""Brings every version that MLflow does not hold there, and sets its aliases."""

from __future__ import annotations

from pipeline.management.base import StepCommand


class Command(StepCommand):
    help = "Track every model version that MLflow does not hold yet, and say there which one is in use."
    step = "track_models"
