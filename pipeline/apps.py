"""The pipeline app: loads the station facts once its tables are there."""

from django.apps import AppConfig


class PipelineConfig(AppConfig):
    name = "pipeline"
    verbose_name = "Data and models"
