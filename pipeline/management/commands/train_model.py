"""Trains a model, evaluates it on the last period, saves and registers it."""

from __future__ import annotations

from typing import Any

from django.core.management.base import CommandParser

from pipeline.core.params import ESTIMATOR_NAMES
from pipeline.management.base import StepCommand, add_data_path


class Command(StepCommand):
    help = "Train on the feature file, evaluate on its last period, save model and encoder, register the version."
    step = "train_model"

    def add_step_arguments(self, parser: CommandParser) -> None:
        add_data_path(parser)
        parser.add_argument(
            "--model_path",
            "--model-path",
            "--ml_model_path",
            "--ml-model-path",
            metavar="PATH",
            help="Where the model goes.",
        )
        parser.add_argument("--encoder_path", "--encoder-path", metavar="PATH", help="Where the station encoder goes.")

        parser.add_argument(
            "--estimator",
            choices=ESTIMATOR_NAMES,
            help="The model to register (default: boosted). The documented linear model is always saved beside it.",
        )

    def parameters(self, options: dict[str, Any]) -> dict[str, Any]:
        return {name: options[name] for name in ("data_path", "model_path", "encoder_path", "estimator")}
