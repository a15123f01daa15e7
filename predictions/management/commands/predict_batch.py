"""Predicts the attendance time of every row of a file."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

from django.core.management.base import CommandError, CommandParser

from pipeline.management.base import StepCommand
from pipeline.models import DatasetRun
from predictions.actions.predict_batch_file import answer_file, store_batch
from predictions.batches import FORMATS


class Command(StepCommand):
    help = "Predict many attendance times: a CSV with station, distance and so on in, the same CSV with two columns more out."
    step = "predict_batch"

    def add_step_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("questions", type=Path, help="CSV or JSON file, up to 100,000 rows.")
        parser.add_argument("--output", type=Path, help="Where the answer goes (default: FILE-answer.csv beside it).")

    def parameters(self, options: dict[str, Any]) -> dict[str, Any]:
        path: Path = options["questions"]
        form = path.suffix.lstrip(".").lower()
        if form not in FORMATS:
            raise CommandError(f"{path.name} is not a batch: wanted a file that ends in .csv or .json.")
        try:
            text = path.read_text(encoding="utf-8-sig")
        except (OSError, UnicodeDecodeError) as error:
            raise CommandError(f"{path} cannot be read: {error}.") from error
        self.output = options["output"] or path.with_name(f"{path.stem}-answer{path.suffix}")
        return {"batch": store_batch(text, form), "form": form}

    def report(self, run: DatasetRun) -> None:
        shutil.copyfile(answer_file(run.outputs[0]), self.output)
        self.stdout.write(f"{run.rows_out} of {run.rows_in} rows answered, in {self.output}")
        for reason, rows in run.rejects.items():
            self.stdout.write(f"  {reason}: {rows}")
