"""The predictions app."""

from django.apps import AppConfig


class PredictionsConfig(AppConfig):
    name = "predictions"
    verbose_name = "Predictions"

    def ready(self) -> None:
        from pipeline import steps
        from predictions.steps import STEPS

        steps.add(*STEPS)
