"""Figures for Prometheus: the catalogue, the log counters, and what is logged with a message."""

from __future__ import annotations

import logging
import math
import re
import threading
from collections.abc import Iterator, Mapping
from types import MappingProxyType
from typing import Any

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, disable_created_metrics
from prometheus_client.metrics_core import Metric

from lfb_site.observability import components, processes  # noqa: F401  (processes: before the first metric)

logger = logging.getLogger(__name__)

LEVELS = ("debug", "info", "warning", "error", "critical")
TYPES = {"Gauge": Gauge, "Counter": Counter, "Histogram": Histogram}
_FILES = ("incident", "mobilisation")

# Component → name → meaning. The names that users rely on; a name ends in that of its component.
CATALOGUE: dict[str, dict[str, str]] = {
    "data_preprocessing": {
        f"{name}_{file}": meaning.format(file=file)
        for file in _FILES
        for name, meaning in {
            "success": "1 where the last run put the {file} table in place, 0 where it failed",
            "download_size_in_bytes": "Size of the {file} source files, bytes",
            "downloaded_bytes": "Bytes of {file} files that came over the network",
            "expected_bytes": "Bytes that the publisher announced for the {file} files",
            "initial_count": "Rows of the {file} files as they came",
            "filtered_count": "Rows of the {file} files left by the filter of years",
            "record_saved": "Rows of the {file} table as stored",
            "download_duration_seconds": "Time to download the {file} files, seconds",
            "filter_duration_seconds": "Time to read, validate and filter the {file} files, seconds",
        }.items()
    },
    "build_features": {
        "incident_rows": "Rows of the incident table",
        "mobilisation_rows": "Rows of the mobilisation table",
        "station_rows": "Stations",
        "incident_cleaned_rows": "Incidents in the feature file",
        "mobilisation_cleaned_rows": "Mobilisations in the feature file",
        "saved_file_size": "Size of the feature file, bytes",
        "success": "1 where the last run put the feature file in place, 0 where it failed",
    },
    "train_model": {
        "original_data_size": "Size of the feature file, bytes",
        "processed_data_size": "Size of the training rows in memory, bytes",
        "mse": "Mean squared error on the test rows, seconds squared",
        "r2_score": "Share of the variance explained on the test rows",
        "mae": "Mean absolute error on the test rows, seconds",
        "max_error": "Largest error on the test rows, seconds",
    },
    "predict_model": {
        "num_features": "Inputs of the model that answered",
        "prediction_result": "The attendance time predicted last, seconds",
        "success": "1 where the last question was answered, 0 where it was refused",
    },
}

disable_created_metrics()  # a second series for each counter that nobody reads

_lock = threading.Lock()
# Beside the common registry, one for each component: what is pushed after a run of it.
registries = {component: CollectorRegistry() for component in components.COMPONENTS}
_made: dict[str, Any] = {}
_warned: set[str] = set()

_log_counters = {
    (level, component): Counter(f"{level}_logs_{component}", f"Log messages of level {level} from {component}")
    for component in components.COMPONENTS
    for level in LEVELS
}
for (_, _component), _counter in _log_counters.items():
    registries[_component].register(_counter)


class CountingHandler(logging.Handler):
    """Counts the messages of each component by level."""

    def emit(self, record: logging.LogRecord) -> None:
        level = LEVELS[min(max(record.levelno // 10, 1), 5) - 1]
        _log_counters[level, record.component].inc()  # type: ignore[attr-defined]


def record(
    component: str, metrics: Mapping[str, float | None], types: Mapping[str, str] = MappingProxyType({})
) -> None:
    """Keep figures of a component under `{name}_{component}`: gauges are set, counters add, histograms observe."""
    for name, value in metrics.items():
        metric = _metric(component, name, types.get(name, "Gauge"))
        if metric is None or value is None or not math.isfinite(value):
            continue
        if isinstance(metric, Gauge):
            metric.set(value)
        elif isinstance(metric, Counter):
            metric.inc(value)
        else:
            metric.observe(value)


def _metric(component: str, name: str, kind: str) -> Any:
    """The metric, made at its first use; None, with one warning, where the name is taken by another type."""
    full_name = re.sub(r"\W", "_", f"{name}_{component}", flags=re.ASCII)
    with _lock:
        if full_name not in _made:
            meaning = CATALOGUE.get(component, {}).get(name, f"{name} of {component}")
            more = {"multiprocess_mode": "mostrecent"} if kind == "Gauge" else {}
            try:
                _made[full_name] = TYPES[kind](full_name, meaning, **more)
            except ValueError as error:  # the name is somebody else's, or cannot be one
                _warn_once(full_name, "%s is not recorded: %s", full_name, error)
                return None
            registries[component].register(_made[full_name])
    found = _made[full_name]
    if not isinstance(found, TYPES[kind]):
        _warn_once(full_name, "%s is a %s and cannot be a %s", full_name, type(found).__name__, kind)
        return None
    return found


def _warn_once(key: str, message: str, *args: object) -> None:
    if key not in _warned:
        _warned.add(key)
        logger.warning(message, *args)


def on_measured(
    sender: Any, logger_name: str, metrics: Mapping[str, float], metric_types: Mapping[str, str], **more: Any
) -> None:
    record(components.of_logger(logger_name), metrics, metric_types)


class AlsoAsPromised:
    """The metrics of a registry, log counters also under the very name promised: the client adds `_total` to counters."""

    def __init__(self, registry: Any) -> None:
        self.registry = registry

    def collect(self) -> Iterator[Metric]:
        promised = {f"{level}_logs_{component}" for level, component in _log_counters}
        for metric in self.registry.collect():
            yield metric
            if metric.name in promised:
                plain = Metric(metric.name, metric.documentation, "unknown")
                for sample in metric.samples:
                    if sample.name == f"{metric.name}_total":
                        plain.add_sample(metric.name, sample.labels, sample.value)
                yield plain
