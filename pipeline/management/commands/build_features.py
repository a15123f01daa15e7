"""Joins incidents, mobilisations and stations, and builds the features."""

from __future__ import annotations

from typing import Any

from django.core.management.base import CommandParser

from pipeline.core.params import ROW_ORIGINS
from pipeline.management.base import StepCommand


class Command(StepCommand):
    help = "Build global_data.csv: one row for each engine sent, with what is known when it leaves."
    step = "build_features"

    def add_step_arguments(self, parser: CommandParser) -> None:
        parser.add_argument(
            "--rows-from",
            choices=ROW_ORIGINS,
            help="Take the rows from mobilisations, or from the incident file alone (default: whichever is there).",
        )

    def parameters(self, options: dict[str, Any]) -> dict[str, Any]:
        return {"rows_from": options["rows_from"]}
