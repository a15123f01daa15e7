"""The models that can be trained, by name; the first is the one trained unless another is asked for."""

from __future__ import annotations

from collections.abc import Callable

from pipeline.core.boosting import BoostedAttendance
from pipeline.core.estimators import AttendanceEstimator, LinearAttendance

ESTIMATORS: dict[str, Callable[[], AttendanceEstimator]] = {
    BoostedAttendance.name: BoostedAttendance,
    LinearAttendance.name: LinearAttendance,
}
