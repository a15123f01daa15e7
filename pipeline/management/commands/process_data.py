"""Fetches, reads, validates, filters and stores the published files."""

from __future__ import annotations

from typing import Any

from django.core.management.base import CommandParser

from pipeline.core.params import DATASETS
from pipeline.management.base import StepCommand


class Command(StepCommand):
    help = "Fetch, read, validate, filter and store the incident and mobilisation files."
    step = "process_data"

    def add_step_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--type", choices=DATASETS, help="Process one kind of file only (default: both).")
        parser.add_argument(
            "--convert-to-pickle",
            action="store_true",
            help="Also store pickles beside the CSVs. With no --type: convert every processed CSV there is, fetching nothing.",
        )

        for dataset in DATASETS:
            parser.add_argument(
                f"--{dataset}-source",
                action="append",
                metavar="URL_OR_PATH",
                help=f"Where the {dataset} file is, once for each file (default: LFB_{dataset.upper()}_SOURCES).",
            )

    def parameters(self, options: dict[str, Any]) -> dict[str, Any]:
        return {
            "datasets": [options["type"]] if options["type"] else None,
            "convert_to_pickle": options["convert_to_pickle"],
            "incident_sources": options["incident_source"],
            "mobilisation_sources": options["mobilisation_source"],
        }
