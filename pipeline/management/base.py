"""The shell that every step's command shares: options, progress bar, JSON, error text and exit status."""

from __future__ import annotations

import getpass
import json
import sys
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from tqdm import tqdm

from pipeline import runs, steps
from pipeline.core.errors import PipelineError
from pipeline.core.wording import readable_bytes, readable_count, readable_duration
from pipeline.models import DatasetRun, RunStatus, Trigger


class ProgressBar:
    """A bar on standard error for whatever a step reports; nothing where standard error is not a terminal."""

    def __init__(self) -> None:
        self.bar: tqdm[Any] | None = None
        self.stage = ""

    def __call__(self, stage: str, done: int, total: int | None = None) -> None:
        if stage != self.stage:
            self.close()
            self.stage = stage
            # disable=None: only a terminal sees the bar. The delay spares what takes less than a second.
            self.bar = tqdm(total=total, desc=stage, unit="", unit_scale=True, disable=None, delay=1, leave=False)
        if self.bar is not None:
            self.bar.total = total
            self.bar.update(done - self.bar.n)

    def close(self) -> None:
        if self.bar is not None:
            self.bar.close()
            self.bar = None


class StepCommand(BaseCommand):
    """Starts one step as a run and tells how it ended. Subclasses name the step and read their options."""

    step: str
    requires_migrations_checks = True

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--json", action="store_true", help="Print the run's record as JSON on standard output.")
        self.add_step_arguments(parser)

    def add_step_arguments(self, parser: CommandParser) -> None:
        """Options of this step alone."""

    def parameters(self, options: dict[str, Any]) -> dict[str, Any]:
        """The step's parameters from the command's options; None stands for the default."""
        return {}

    def handle(self, *args: Any, **options: Any) -> None:
        bar = ProgressBar()
        try:
            run = runs.start(
                self.step,
                self.parameters(options),
                by_name=getpass.getuser(),
                trigger=Trigger.COMMAND,
                progress=bar,
            )
        except PipelineError as error:
            self.fail(error.as_dict(), options)
        finally:
            bar.close()
        if run.status != RunStatus.SUCCEEDED:
            self.fail(
                {
                    "code": run.error_code,
                    "message": run.error_message,
                    "hint": run.error_hint,
                    "fields": run.error_fields,
                    "run": run.pk,
                },
                options,
            )
        if options["json"]:
            self.stdout.write(json.dumps(run_as_dict(run), indent=2, ensure_ascii=False))
        else:
            self.report(run)

    def fail(self, error: dict[str, Any], options: dict[str, Any]) -> None:
        """End with a non-zero status, saying what happened and what to do."""
        if options["json"]:
            self.stdout.write(json.dumps(error, indent=2, ensure_ascii=False))
            sys.exit(1)
        hint = f"\n{error['hint']}" if error["hint"] else ""
        raise CommandError(f"{error['message']}{hint}\n[{error['code']}]")

    def report(self, run: DatasetRun) -> None:
        """What a person reads when the step has succeeded."""
        for line in summary_lines(run):
            self.stdout.write(line)


def add_data_path(parser: CommandParser) -> None:
    """The option of every command whose step reads a feature file, in the contract's spelling and in the usual one."""
    parser.add_argument("--data_path", "--data-path", metavar="PATH", help="Feature file (default: global_data.csv).")


def summary_lines(run: DatasetRun) -> list[str]:
    """The run in a few lines: rows, rejects, files, time and memory."""
    lines = []
    if run.is_sample:
        lines.append("SAMPLE DATA: generated, not London Fire Brigade's records.")
    if run.rows_in is not None and run.rows_out is not None:
        lines.append(f"{readable_count(run.rows_in)} rows in, {readable_count(run.rows_out)} rows out")
    for reason, rows in sorted(run.rejects.items(), key=lambda item: (-item[1], item[0])):
        lines.append(f"  rejected, {reason}: {readable_count(rows)}")
    lines += run.notes
    lines += [f"wrote {output['path']} ({readable_bytes(output['bytes'])})" for output in run.outputs]
    took = readable_duration(run.duration.total_seconds()) if run.duration else "no time"
    lines.append(f"Run {run.pk} succeeded in {took}, peak memory {readable_bytes(run.peak_memory_bytes or 0)}.")
    return lines


def run_as_dict(run: DatasetRun) -> dict[str, Any]:
    """The record for machines."""
    return {
        "run": run.pk,
        "step": run.step,
        "status": run.status,
        "started_by": run.started_by_name,
        "trigger": run.trigger,
        "parameters": steps.shown(run.parameters),
        "seconds": run.duration.total_seconds() if run.duration else None,
        "peak_memory_bytes": run.peak_memory_bytes,
        "code_version": run.code_version,
        "is_sample": run.is_sample,
        "inputs": run.inputs,
        "outputs": run.outputs,
        "rows_in": run.rows_in,
        "rows_out": run.rows_out,
        "rejects": run.rejects,
        "metrics": run.metrics,
        "notes": run.notes,
        "details": run.details,
    }
