"""Writes the evaluation report of a stored model version."""

from __future__ import annotations

from typing import Any

from django.core.management.base import CommandParser

from pipeline.management.base import StepCommand, add_data_path


class Command(StepCommand):
    help = "Evaluate a stored model version beside the baselines; writes a report as HTML and JSON."
    step = "evaluate_model"

    def add_step_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("version", nargs="?", type=int, help="Number of the version (default: the one in use).")
        add_data_path(parser)

    def parameters(self, options: dict[str, Any]) -> dict[str, Any]:
        return {name: options[name] for name in ("version", "data_path")}
