"""Backtests a model before the last period."""

from __future__ import annotations

from typing import Any

from django.core.management.base import CommandParser

from pipeline.core.params import BACKTEST_WAYS, ESTIMATOR_NAMES
from pipeline.management.base import StepCommand, add_data_path


class Command(StepCommand):
    help = "Train and judge a model over and over on the rows before the last period; its folds share the workers."
    step = "backtest_model"

    def add_step_arguments(self, parser: CommandParser) -> None:
        parser.add_argument(
            "--way",
            choices=BACKTEST_WAYS,
            help="What each fold predicts: the days after those it learnt from (period, the default), or stations it never saw.",
        )
        parser.add_argument("--folds", type=int, help="How many (default: 5).")
        parser.add_argument(
            "--estimator", choices=ESTIMATOR_NAMES, help=f"Which model (default: {ESTIMATOR_NAMES[0]})."
        )
        add_data_path(parser)

    def parameters(self, options: dict[str, Any]) -> dict[str, Any]:
        return {name: options[name] for name in ("way", "folds", "estimator", "data_path")}
