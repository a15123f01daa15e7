"""The pipeline app: loads the station facts once its tables are there."""

from django.apps import AppConfig
from django.db.models.signals import post_migrate


class PipelineConfig(AppConfig):
    name = "pipeline"
    verbose_name = "Data and models"

    def ready(self) -> None:
        from pipeline.reference_stations import load_missing_stations

        post_migrate.connect(load_missing_stations, sender=self)
