"""The latest runs of each step, drawn."""

from __future__ import annotations

from django.db.models import F, QuerySet, Window
from django.db.models.functions import RowNumber
from django.utils import timezone

from pipeline import steps
from pipeline.core.run_charts import Bars, EndedRun, draw_runs
from pipeline.models import DatasetRun, RunStatus

DRAWN_RUNS = 40
DRAWN_STATUSES = (RunStatus.SUCCEEDED, RunStatus.FAILED, RunStatus.CRASHED)


def draw_steps(runs: QuerySet[DatasetRun]) -> list[tuple[str, list[Bars]]]:
    """Title and charts of each step that ran at least twice among `runs`, in the steps' order; one query."""
    rank = Window(RowNumber(), partition_by=F("step"), order_by=F("pk").desc())
    ended = runs.order_by().filter(status__in=DRAWN_STATUSES, started_at__isnull=False)
    latest = ended.annotate(rank=rank).filter(rank__lte=DRAWN_RUNS)
    by_step: dict[str, list[EndedRun]] = {}
    for run in latest.only("step", "status", "started_at", "queued_at", "finished_at", "rows_out").order_by("pk"):
        by_step.setdefault(run.step, []).append(_ended(run))
    drawn = [(step.title, draw_runs(by_step.get(step.name, ()))) for step in steps.every()]
    return [(title, charts) for title, charts in drawn if charts]


def _ended(run: DatasetRun) -> EndedRun:
    day = f"{timezone.localtime(run.queued_at):%-d %b %Y, %H:%M}"
    return EndedRun(run.pk, run.get_status_display().lower(), day, run.duration.total_seconds(), run.rows_out)  # type: ignore[union-attr]
