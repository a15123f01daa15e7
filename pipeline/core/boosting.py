"""The forecast: boosted trees for trips whose place is known and for those without, with probabilities from a period of
their own.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import cached_property
from typing import Any, Self

import lightgbm
import numpy as np
import numpy.typing as npt
import pandas as pd

from pipeline.core.columns import require_known_when_sent
from pipeline.core.errors import DataError
from pipeline.core.residuals import ResidualDistribution
from pipeline.core.trees import DAYS, HOURS, MONDAY, Timetable, Trees
from pipeline.core.trips import question_columns, trip_columns

Floats = npt.NDArray[np.float64]

CALIBRATION_SHARE = 0.2  # the last part of the training rows, by time: where probabilities are learnt
# Each of these pays; what was tried and did not is in docs/decisions.
PLACE_COLUMNS = (
    "distance_km", "station", "hour", "weekday", "pump_order", "incident_easting_m", "incident_northing_m",
    "along_northeast_m", "along_southeast_m", "east_km", "north_km", "direction",
)  # fmt: skip
# Without the place of the incident: what station and distance alone allow.
BLIND_COLUMNS = ("distance_km", "station", "hour", "weekday", "pump_order", "station_easting_m", "station_northing_m")

EXPLAINED_BY = ("typical", "distance", "hour", "weekday", "station", "place")


class BoostedAttendance:
    """Attendance time from everything known when the engine is sent.

    Rows must come in the order of their calls: the last fifth is held back once, to learn how far the trees stray from
    what they have not seen, and the probabilities and intervals follow from that. Then the trees learn from all rows.

    A question may leave out the incident's place (a second set of trees knows station and distance alone), the hour and
    the day of the week (answers of all hours, and of all days, are averaged, weighted by the training calls);
    a missing pump order means the first.
    """

    name = "boosted"
    title = "Boosted trees on distance, place and time"
    inputs: tuple[str, ...] = (
        "distance_km", "station_name", "hour", "weekday", "pump_order", "incident_easting_m", "incident_northing_m",
        "station_easting_m", "station_northing_m",
    )  # fmt: skip

    place_columns = PLACE_COLUMNS
    blind_columns = BLIND_COLUMNS

    def __init__(self, seed: int = 0) -> None:
        self.seed = seed

    def fit(self, X: pd.DataFrame, y: Floats) -> Self:
        """Learn from rows in order of call and their attendance times, seconds, shape (n,). Raises LeakError, DataError."""
        require_known_when_sent(self.inputs)
        X, y = X[list(self.inputs)].reset_index(drop=True), np.asarray(y, dtype="float64")
        held_back = int(len(y) * CALIBRATION_SHARE)
        if not np.isfinite(y).all() or held_back < 10:
            raise DataError(
                f"{len(y)} rows, {int(np.count_nonzero(~np.isfinite(y)))} of them without a time, are not enough to train on.",
                code="no_target",
                hint="Use a longer period: check LFB_YEARS and the files processed.",
            )
        self.stations_ = tuple(sorted(X["station_name"].unique()))
        self.hour_shares_, self.weekday_shares_ = _shares(X["hour"], HOURS), _shares(X["weekday"], DAYS)
        values = self._columns(X)
        first = {name: column[:-held_back] for name, column in values.items()}
        later = {name: column[-held_back:] for name, column in values.items()}
        self.residuals_ = {}
        for kind, columns in (("placed", self.place_columns), ("blind", self.blind_columns)):
            trial = Trees.fit(columns, first, y[:-held_back], self.seed)
            self.residuals_[kind] = ResidualDistribution.of(trial.predict(later), y[-held_back:])
        self.trees_ = {
            kind: Trees.fit(columns, values, y, self.seed)
            for kind, columns in (("placed", self.place_columns), ("blind", self.blind_columns))
        }
        return self

    def _columns(self, X: Any) -> dict[str, Floats]:
        """What the trees look at where the place is known."""
        return question_columns(X, self.stations_)

    def predict(self, X: pd.DataFrame | Mapping[str, Any]) -> Floats:
        """Seconds for each row; `X` may be a frame or a mapping of equally long arrays with the same names."""
        return self.assess(X, levels=(), limits=())[0]

    def predict_within(self, X: pd.DataFrame | Mapping[str, Any], seconds: float) -> Floats:
        return self.assess(X, levels=(), limits=(seconds,))[1]

    def predict_quantile(self, X: pd.DataFrame | Mapping[str, Any], level: float) -> Floats:
        return self.assess(X, levels=(level,), limits=())[1]

    def assess(
        self, X: pd.DataFrame | Mapping[str, Any], *, levels: Sequence[float], limits: Sequence[float]
    ) -> list[Floats]:
        """The predicted seconds, then the quantile at each level, then the probability within each limit."""
        is_placed = self._is_placed(X)
        found = np.empty((1 + len(levels) + len(limits), len(is_placed)))
        for kind, chosen in (("placed", is_placed), ("blind", ~is_placed)):
            if not chosen.any():
                continue
            part = X if chosen.all() else {name: np.asarray(X[name])[chosen] for name in self.inputs}
            predicted = self._placed(part) if kind == "placed" else self._blind(part)
            residuals = self.residuals_[kind]
            found[:, chosen] = np.vstack(
                [predicted, residuals.quantiles(predicted, levels), residuals.shares_within(predicted, limits)]
            )
        return list(found)

    def _is_placed(self, X: Any) -> npt.NDArray[np.bool_]:
        known: npt.NDArray[np.bool_] = ~np.isnan(np.asarray(X["incident_easting_m"], dtype="float64"))
        return known

    def _placed(self, X: Any) -> Floats:
        values, trees = self._columns(X), self.trees_["placed"]
        on_monday = self._over_hours(values, lambda rows: {"seconds": trees.seconds(rows)})["seconds"]
        return np.maximum(on_monday + self.weeks_["placed"][_moments(values)], 0.0)

    def _blind(self, X: Any) -> Floats:
        """By the timetable."""
        values = trip_columns(X, self.stations_)
        on_monday = self.timetable_.seconds(values)
        day, hour = _moments(values)
        at_hour = on_monday[np.arange(len(hour)), np.minimum(hour, HOURS - 1)]
        found = np.where(hour == HOURS, on_monday @ self.hour_shares_, at_hour)
        return np.maximum(found + self.weeks_["blind"][day, hour], 0.0)

    @cached_property
    def timetable_(self) -> Timetable:
        return Timetable(self.trees_["blind"])

    @cached_property
    def weeks_(self) -> dict[str, Floats]:
        """Seconds that each day adds to Monday, by kind of trees; shape (8, 25), the last of each the mean by shares."""
        found = {}
        for kind, trees in self.trees_.items():
            days = np.vstack([trees.week, self.weekday_shares_ @ trees.week])
            found[kind] = np.column_stack([days, days @ self.hour_shares_])
        return found

    def explain(self, X: pd.DataFrame | Mapping[str, Any]) -> dict[str, Floats]:
        """Seconds by group (typical, distance, hour, weekday, station, place) that add up to the prediction, row by row.

        The day's part is what it adds to the average day at the same hour: nothing where no day is given.
        """
        values, is_placed = self._columns(X), self._is_placed(X)
        found = {group: np.zeros(len(is_placed)) for group in EXPLAINED_BY}
        for kind, chosen in (("placed", is_placed), ("blind", ~is_placed)):
            if not chosen.any():
                continue
            rows = {name: column[chosen] for name, column in values.items()}
            parts, week = self._over_hours(rows, self.trees_[kind].contributions), self.weeks_[kind]
            day, hour = _moments(rows)
            parts["weekday"] = week[day, hour] - week[DAYS, hour]
            parts["hour"] = parts["hour"] + week[DAYS, hour]
            for group, seconds in parts.items():
                found[group][chosen] = seconds
        return found

    def _over_hours(self, values: dict[str, Floats], answer: Any) -> dict[str, Floats]:
        """The answer on a Monday at the hour given; where none is, the mean over the day, by the hours' shares of calls."""
        values = {**values, "weekday": np.full(len(values["hour"]), MONDAY)}
        found: dict[str, Floats] = answer(values)
        open_rows = np.flatnonzero(np.isnan(values["hour"]))
        if len(open_rows):
            spread = {name: np.repeat(column[open_rows], HOURS) for name, column in values.items()}
            spread["hour"] = np.tile(np.arange(float(HOURS)), len(open_rows))
            for name, seconds in answer(spread).items():
                found[name] = found[name].copy()
                found[name][open_rows] = seconds.reshape(-1, HOURS) @ self.hour_shares_
        return found

    def as_dict(self) -> dict[str, Any]:
        """Everything that serving needs, fit for JSON."""
        return {
            "estimator": self.name,
            "seed": self.seed,
            "lightgbm": lightgbm.__version__,
            "stations": list(self.stations_),
            "hour_shares": self.hour_shares_.tolist(),
            "weekday_shares": self.weekday_shares_.tolist(),
            "residuals": {kind: residuals.as_dict() for kind, residuals in self.residuals_.items()},
            "trees": {kind: trees.as_dict() for kind, trees in self.trees_.items()},
        }

    @classmethod
    def from_dict(cls, stored: Mapping[str, Any]) -> Self:
        """The fitted forecast from what `as_dict` gave. Raises ValueError where its trees look at other columns than these."""
        if {*stored["trees"]["placed"]["columns"]} - {*PLACE_COLUMNS}:
            raise ValueError("the stored trees look at columns that are no longer made")
        estimator = cls(stored["seed"])
        estimator.stations_ = tuple(stored["stations"])
        estimator.hour_shares_ = np.asarray(stored["hour_shares"], dtype="float64")
        # Versions of before the day was asked about have no shares of it, and trees to which it makes no difference.
        estimator.weekday_shares_ = np.asarray(stored.get("weekday_shares", [1 / DAYS] * DAYS), dtype="float64")
        estimator.residuals_ = {
            kind: ResidualDistribution.from_dict(found) for kind, found in stored["residuals"].items()
        }
        estimator.trees_ = {kind: Trees.from_dict(found) for kind, found in stored["trees"].items()}
        return estimator


def _shares(column: pd.Series, count: int) -> Floats:
    """Each whole number's share of the rows; none is quite without."""
    counts = np.bincount(column.to_numpy(dtype="int64"), minlength=count) + 1.0
    return np.asarray(counts / counts.sum())


def _moments(values: Mapping[str, Floats]) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.int64]]:
    """Day and hour of each row as positions; one past the last stands for one that is not given."""
    day, hour = values["weekday"], values["hour"]
    return (
        np.where(np.isnan(day), DAYS, day).astype(np.int64),
        np.where(np.isnan(hour), HOURS, hour).astype(np.int64),
    )
