"""A logger that takes figures along with a message: `log.info("done", metrics={"rows": 5}, metric_types=["Gauge"])`."""

from __future__ import annotations

import logging
from collections.abc import Mapping, Sequence
from typing import Any

from pipeline.signals import measured

METRIC_TYPES = ("Gauge", "Counter", "Histogram")


class MeasuredLogger(logging.LoggerAdapter):  # type: ignore[type-arg]
    """A standard logger but for two more arguments of each call.

    `metrics` maps names to numbers; `metric_types` names the type of each in turn, a Gauge where it is left out. The
    figures are recorded whether or not the message's level is logged. Raises ValueError for a type that does not exist.
    """

    def log(  # type: ignore[override]  # the figures are what it has more
        self,
        level: int,
        msg: object,
        *args: object,
        metrics: Mapping[str, float] | None = None,
        metric_types: Sequence[str] = (),
        stacklevel: int = 1,
        **more: Any,
    ) -> None:
        types = _types_by_name(metrics or {}, metric_types)
        # One frame further up: where this was called is what the record should say.
        super().log(level, msg, *args, **more, stacklevel=stacklevel + 1)
        if metrics:
            # Robust: what cannot be recorded must not fail the work it tells of.
            measured.send_robust(MeasuredLogger, logger_name=self.logger.name, metrics=metrics, metric_types=types)


def _types_by_name(metrics: Mapping[str, float], metric_types: Sequence[str]) -> dict[str, str]:
    unknown = sorted(set(metric_types) - set(METRIC_TYPES))
    if unknown or len(metric_types) > len(metrics):
        raise ValueError(
            f"{len(metrics)} metrics came with the types {list(metric_types)}: wanted at most one of "
            f"{', '.join(METRIC_TYPES)} for each."
        )
    types = [*metric_types, *["Gauge"] * (len(metrics) - len(metric_types))]
    return dict(zip(metrics, types, strict=True))


def get_logger(name: str) -> MeasuredLogger:
    return MeasuredLogger(logging.getLogger(name), {})
