"""From nothing to a model in use: live data where they can be had within seconds, sample data otherwise."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.core.management import call_command
from django.core.management.base import BaseCommand

from pipeline.core.params import DATASETS
from pipeline.models import ModelVersion
from pipeline.storage import sources


class Command(BaseCommand):
    help = "Fetch or make data, process, build features, train and evaluate, unless a model is in use already."

    def handle(self, *args: Any, **options: Any) -> None:
        version = ModelVersion.objects.in_use().first()
        if version is not None:
            self.stdout.write(f"Model version {version.number} is in use: nothing to do.")
            return
        chosen = {} if self.data_are_at_hand() else self.make_sample_data()
        self.call("process_data", **chosen)
        for name in ("build_features", "train_model", "evaluate_model"):
            self.call(name)

    def call(self, name: str, **options: Any) -> None:
        self.stdout.write(self.style.MIGRATE_HEADING(f"\n{name}"))
        call_command(name, stdout=self.stdout, stderr=self.stderr, **options)

    def data_are_at_hand(self) -> bool:
        """Whether every source is a file that is there, or an address that answers soon."""
        if sources.dropped_files(settings.LFB_DATA_DIR / "incoming"):
            self.stdout.write("Using the files in the incoming folder.")
            return True
        for source in (*settings.LFB_INCIDENT_SOURCES, *settings.LFB_MOBILISATION_SOURCES):
            # A path that is set and missing is the user's mistake: the step will say so.
            if sources.is_url(source) and not sources.reachable(source, settings.LFB_LIVE_DATA_TIMEOUT):
                self.stdout.write(f"The live data cannot be reached within {settings.LFB_LIVE_DATA_TIMEOUT:g} s.")
                return False
        self.stdout.write("Using the configured sources.")
        return True

    def make_sample_data(self) -> dict[str, list[str]]:
        """Generate both files, and name them as the sources to process."""
        self.stdout.write("Making sample data instead; everything shown from them is labelled so.")
        self.call("make_sample_data")
        folder = settings.LFB_DATA_DIR / "sample"
        return {f"{dataset}_source": [str(folder / f"{dataset}_sample.csv")] for dataset in DATASETS}
