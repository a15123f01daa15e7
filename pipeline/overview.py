"""The state of the whole system at a glance: data, model, runs, queue and failures."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from typing import Any

from django.db.models import Max
from django.utils import timezone

from pipeline import queues, response_times, steps
from pipeline.core.errors import PipelineError
from pipeline.models import DatasetRun, ModelVersion, RunStatus, Schedule

FAILURE_DAYS = 7
SHOWN_FAILURES = 4
ALWAYS_SHOWN = ("process_data", "build_features", "train_model", "evaluate_model")
# What is long and not needed to say how a run went.
LEFT_OUT = ("log_excerpt", "details", "metrics", "inputs", "outputs", "parameters", "notes", "error_fields")


@dataclass(frozen=True)
class DataState:
    """The period of the calls that the features were built from, and how many days ago it ended."""

    first_day: dt.date
    last_day: dt.date
    age_days: int
    is_sample: bool


@dataclass(frozen=True)
class StepState:
    """A step and its latest run; None where it never ran."""

    title: str
    run: DatasetRun | None


@dataclass(frozen=True)
class SystemState:
    data: DataState | None
    version: ModelVersion | None
    since_its_test: dict[str, Any] | None  # how the version did on later calls; None where nothing judged it
    steps: list[StepState]
    active: list[DatasetRun]
    queue: queues.QueueState
    failures: list[DatasetRun]
    failure_count: int
    schedules: list[tuple[Schedule, dt.datetime]]  # with the time each is due next, the soonest first

    @property
    def failure_days(self) -> int:
        return FAILURE_DAYS


def system_state() -> SystemState:
    """Everything at this moment, in a number of queries that does not grow with the runs."""
    since = timezone.now() - dt.timedelta(days=FAILURE_DAYS)
    failed = DatasetRun.objects.filter(
        status__in=(RunStatus.FAILED, RunStatus.CRASHED), finished_at__gte=since
    ).order_by("-finished_at")
    version = ModelVersion.objects.in_use().defer("evaluation", "files", "datasets", "parameters").first()
    return SystemState(
        data=_data(),
        version=version,
        since_its_test=_since_its_test(version) if version else None,
        steps=_last_runs(),
        active=list(DatasetRun.objects.active().defer(*LEFT_OUT)[:20]),
        queue=queues.state(),
        failures=list(failed.defer(*LEFT_OUT)[:SHOWN_FAILURES]),
        failure_count=failed.count(),
        schedules=_schedules(),
    )


def _since_its_test(version: ModelVersion) -> dict[str, Any] | None:
    runs = DatasetRun.objects.that_monitored(version.number)
    return runs.values_list("details__monitoring", flat=True).first()


def _schedules() -> list[tuple[Schedule, dt.datetime]]:
    from pipeline.schedules import next_due

    now = timezone.now()
    due = [(schedule, next_due(schedule.cron, now)) for schedule in Schedule.objects.filter(enabled=True)]
    return sorted(due, key=lambda pair: pair[1])


def _data() -> DataState | None:
    try:
        book = response_times.book()
    except PipelineError:
        return None
    first, last = book.period
    return DataState(first, last, (timezone.localdate() - last).days, book.is_sample)


def _last_runs() -> list[StepState]:
    """The latest run of each step that ran, and of those that make up the pipeline."""
    latest = DatasetRun.objects.order_by().values("step").annotate(latest=Max("pk")).values("latest")
    by_step = {run.step: run for run in DatasetRun.objects.filter(pk__in=latest).defer(*LEFT_OUT)}
    return [
        StepState(step.title, by_step.get(step.name))
        for step in steps.every()
        if step.part_of is None and (step.name in by_step or step.name in ALWAYS_SHOWN)
    ]
