"""Counts and times the answers given, and logs each of them."""

from __future__ import annotations

import time
from collections.abc import Callable
from functools import wraps
from typing import TYPE_CHECKING, Any

from prometheus_client import Counter, Histogram

from pipeline.core.errors import PipelineError
from pipeline.measured_log import get_logger

if TYPE_CHECKING:
    from predictions.actions.predict_attendance import Answer

logger = get_logger("predictions")

answered = Counter("lfb_predictions", "Questions asked of the model", ["outcome"])
for _outcome in ("answered", "failed"):
    answered.labels(_outcome)  # seen from the start, at 0
latency = Histogram(
    "lfb_prediction_duration_seconds",
    "Time to answer one question, without the web request around it, seconds",
    buckets=(0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 1, 5),
)
value = Histogram(
    "lfb_predicted_attendance_seconds",
    "Attendance times predicted, seconds",
    buckets=(120, 180, 240, 300, 360, 420, 480, 540, 600, 720, 900, 1200),
)


def watched(predict: Callable[..., Answer]) -> Callable[..., Answer]:
    """Wrap a function that answers one question."""

    @wraps(predict)
    def watched_predict(*args: Any, **named: Any) -> Answer:
        started = time.perf_counter()
        try:
            answer = predict(*args, **named)
        except PipelineError as error:
            answered.labels("failed").inc()
            logger.warning("%s: %s", error.code, error.message, metrics={"success": 0})
            raise
        took = time.perf_counter() - started
        count_answered(1)
        latency.observe(took)
        value.observe(answer.seconds)
        logger.debug(
            "%s, %.3f km: %.1f s by version %d in %.2f ms",
            answer.station, answer.distance_km, answer.seconds, answer.version.number, 1_000 * took,
            metrics={"num_features": len(answer.version.feature_names), "prediction_result": answer.seconds, "success": 1},
        )  # fmt: skip
        return answer

    return watched_predict


def count_answered(rows: int) -> None:
    answered.labels("answered").inc(rows)
