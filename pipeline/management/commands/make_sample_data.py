"""Generates both input files in the published format."""

from __future__ import annotations

from typing import Any

from django.core.management.base import CommandParser

from pipeline.core.params import SAMPLE_FORMATS
from pipeline.management.base import StepCommand


class Command(StepCommand):
    help = "Generate incident and mobilisation files in the published format, calibrated to published figures."
    step = "make_sample_data"

    def add_step_arguments(self, parser: CommandParser) -> None:
        parser.add_argument(
            "--incidents", type=int, metavar="N", help="How many incidents (default: a year's, 126,000)."
        )
        parser.add_argument(
            "--years", type=_years, metavar="2022,2023", help="Years they are spread over (default: 2023)."
        )
        parser.add_argument("--seed", type=int, help="The same seed gives the same bytes (default: 1).")
        parser.add_argument("--output-dir", metavar="FOLDER", help="Where the files go (default: data/sample).")
        parser.add_argument("--format", choices=SAMPLE_FORMATS, help="csv (default) or xlsx, which is slow.")

    def parameters(self, options: dict[str, Any]) -> dict[str, Any]:
        return {name: options[name] for name in ("incidents", "years", "seed", "output_dir", "format")}


def _years(text: str) -> list[int]:
    return [int(part) for part in text.split(",")]
