"""Predicts one attendance time with the version in use."""

from __future__ import annotations

from typing import Any

from django.core.management.base import CommandParser

from pipeline.core.wording import readable_seconds
from pipeline.management.base import StepCommand
from pipeline.models import DatasetRun


class Command(StepCommand):
    help = "Predict the attendance time of an engine: seconds from mobilised to arrived."
    step = "predict"

    def add_step_arguments(self, parser: CommandParser) -> None:
        parser.add_argument(
            "--distance", type=float, required=True, metavar="KM", help="Straight line from station to incident."
        )
        parser.add_argument("--station", required=True, metavar="NAME", help="The departing station, such as Acton.")

    def parameters(self, options: dict[str, Any]) -> dict[str, Any]:
        return {"distance_km": options["distance"], "station": options["station"]}

    def report(self, run: DatasetRun) -> None:
        seconds = run.metrics["prediction_result"]
        self.stdout.write(f"{readable_seconds(seconds)} ({seconds:.1f} seconds) from {run.details['station']}")
        low, high = run.details["interval"]
        self.stdout.write(f"80 of 100 such engines take {readable_seconds(low)} to {readable_seconds(high)}.")
        self.stdout.write(f"Model version {run.details['version']}. For planning, not for dispatch.")
        for note in run.notes:
            self.stdout.write(note)
