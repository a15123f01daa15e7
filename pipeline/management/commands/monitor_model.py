"""Watches the model in use on the calls that came after its test."""

from __future__ import annotations

from typing import Any

from django.core.management.base import CommandParser

from pipeline.management.base import StepCommand, add_data_path


class Command(StepCommand):
    help = "Judge the version in use on the calls that came after its test, and say whether its inputs have shifted."
    step = "monitor_model"

    def add_step_arguments(self, parser: CommandParser) -> None:
        add_data_path(parser)

    def parameters(self, options: dict[str, Any]) -> dict[str, Any]:
        return {"data_path": options["data_path"]}
