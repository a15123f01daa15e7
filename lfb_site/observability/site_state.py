"""What the records and the queues tell at the moment they are asked: runs, workers, data, the model in use."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterator

from django.db import DatabaseError
from django.db.models import Count, OuterRef, QuerySet, Subquery
from prometheus_client.metrics_core import GaugeMetricFamily, Metric

from pipeline import queues
from pipeline.models import DatasetRun, ModelVersion, RunStatus

# Name → meaning and labels: everything that SiteState exports.
GAUGES: dict[str, tuple[str, tuple[str, ...]]] = {
    "lfb_database_up": ("1 where the database answers", ()),
    "lfb_queue_up": ("1 where the server of the job queues answers", ()),
    "lfb_queue_depth": ("Jobs in the queue that no worker has taken", ("queue",)),
    "lfb_queue_oldest_seconds": ("Age of the oldest run that a worker could begin now, seconds", ()),
    "lfb_workers": ("Workers alive", ()),
    "lfb_workers_busy": ("Workers that execute a run", ()),
    "lfb_runs": ("Runs on record", ("step", "status")),
    "lfb_run_last_success": ("1 where the run that ended last succeeded, 0 where it failed or crashed", ("step",)),
    "lfb_run_last_duration_seconds": ("Duration of the run that ended last, seconds", ("step",)),
    "lfb_run_last_end_timestamp_seconds": ("When the last run ended, seconds since 1970", ("step",)),
    "lfb_run_last_success_timestamp_seconds": ("When a run last succeeded, seconds since 1970", ("step",)),
    "lfb_data_processed_timestamp_seconds": ("When the table was last put in place, seconds since 1970", ("dataset",)),
    "lfb_model_version": ("Number of the model version in use", ()),
    "lfb_model_is_sample": ("1 where the version in use was trained on generated data", ()),
    "lfb_model_promoted_timestamp_seconds": ("When the version in use was put in use, seconds since 1970", ()),
    "lfb_model_data_until_timestamp_seconds": ("Last day of the data that judged the version in use", ()),
    "lfb_model_mae_seconds": ("Mean absolute error of a version on its test rows, seconds", ("which",)),
    "lfb_model_r2_score": ("Share of the variance that a version explains on its test rows", ("which",)),
    "lfb_model_recent_mae_seconds": ("Mean absolute error of the version in use on calls after its test, seconds", ()),
    "lfb_model_recent_rows": ("Engines sent after the test of the version in use that it was judged on", ()),
    "lfb_model_recent_coverage": ("Share of those that its 90 % interval held", ()),
    "lfb_model_recent_worse": ("1 where it does worse on them than in its test, beyond chance", ()),
    "lfb_model_input_shift": ("Population stability index of an input against the training", ("input",)),
}
Put = Callable[..., None]  # name, value, labels
_JUDGED = (RunStatus.SUCCEEDED, RunStatus.FAILED, RunStatus.CRASHED)


class SiteState:
    """A collector for Prometheus. It answers whatever is away: what is not known is left out."""

    def collect(self) -> Iterator[Metric]:
        found: dict[str, list[tuple[tuple[str, ...], float]]] = {name: [] for name in GAUGES}

        def put(name: str, value: float, *labels: str) -> None:
            found[name].append((labels, float(value)))

        try:
            _runs(put)
            _data(put)
            _model(put)
            _queue(put)
        except DatabaseError:
            put("lfb_database_up", 0)
        else:
            put("lfb_database_up", 1)
        for name, (meaning, labels) in GAUGES.items():
            family = GaugeMetricFamily(name, meaning, labels=labels)
            for values, number in found[name]:
                family.add_metric(values, number)
            yield family


def _queue(put: Put) -> None:
    state = queues.state()
    put("lfb_queue_up", state.connected)
    if not state.connected:
        return
    for name, depth in (state.by_queue or {}).items():
        put("lfb_queue_depth", depth, name)
    put("lfb_queue_oldest_seconds", state.oldest_seconds)
    put("lfb_workers", state.workers)
    put("lfb_workers_busy", state.busy_workers)


def _runs(put: Put) -> None:
    for step, status, count in DatasetRun.objects.order_by().values_list("step", "status").annotate(Count("pk")):
        put("lfb_runs", count, step, status)
    for run in _last_of_each_step(DatasetRun.objects.filter(status__in=_JUDGED, started_at__isnull=False)):
        put("lfb_run_last_success", run.status == RunStatus.SUCCEEDED, run.step)
        put("lfb_run_last_duration_seconds", run.duration.total_seconds(), run.step)
        put("lfb_run_last_end_timestamp_seconds", run.finished_at.timestamp(), run.step)
    for run in _last_of_each_step(DatasetRun.objects.succeeded()):
        put("lfb_run_last_success_timestamp_seconds", run.finished_at.timestamp(), run.step)


def _last_of_each_step(runs: QuerySet[DatasetRun]) -> QuerySet[DatasetRun]:
    latest = runs.filter(step=OuterRef("step")).order_by("-finished_at", "-pk").values("pk")[:1]
    return runs.filter(pk=Subquery(latest)).only("step", "status", "started_at", "finished_at")


def _data(put: Put) -> None:
    seen: set[str] = set()
    runs = DatasetRun.objects.of_step("process_data").succeeded().order_by("-finished_at")
    for finished_at, parameters in runs.values_list("finished_at", "parameters")[:50]:
        for dataset in parameters.get("datasets", ()):
            if dataset not in seen:
                seen.add(dataset)
                put("lfb_data_processed_timestamp_seconds", finished_at.timestamp(), dataset)


def _model(put: Put) -> None:
    version = ModelVersion.objects.in_use().defer("evaluation").first()
    newest = ModelVersion.objects.defer("evaluation").order_by("-number").first()
    for which, found in (("in use", version), ("newest", newest)):
        if found is not None:
            put("lfb_model_mae_seconds", found.metrics["mae"], which)
            if "r2_score" in found.metrics:
                put("lfb_model_r2_score", found.metrics["r2_score"], which)
    if version is not None:
        put("lfb_model_version", version.number)
        put("lfb_model_is_sample", version.is_sample)
        put("lfb_model_promoted_timestamp_seconds", version.promoted_at.timestamp())
        put("lfb_model_data_until_timestamp_seconds", _midnight(version.tested_to))
        _since_its_test(put, version.number)


def _since_its_test(put: Put, number: int) -> None:
    """By the last run that judged the version in use on later calls, if one did."""
    found = DatasetRun.objects.that_monitored(number).values_list("details__monitoring", flat=True).first()
    if found is None:
        return
    put("lfb_model_recent_mae_seconds", found["overall"]["mae"])
    put("lfb_model_recent_rows", found["overall"]["n"])
    put("lfb_model_recent_coverage", found["overall"]["coverage"]["90"])
    put("lfb_model_recent_worse", found["is_worse"])
    for name, index in found["input_shifts"]:
        put("lfb_model_input_shift", index, name)


def _midnight(day: dt.date) -> float:
    return dt.datetime(day.year, day.month, day.day, tzinfo=dt.UTC).timestamp()
