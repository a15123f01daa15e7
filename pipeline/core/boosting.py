"""The forecast: gradient-boosted trees on top of the distance law, with probabilities from a period of their own.

LightGBM stores its trees as text, so a stored forecast is read without running code, and the same rows always give the
same text: one thread, fixed seed, deterministic mode.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Self

import lightgbm
import numpy as np
import numpy.typing as npt
import pandas as pd

from pipeline.core.baselines import KolesarDistanceLaw, kolesar_curve
from pipeline.core.columns import require_known_when_sent
from pipeline.core.errors import DataError
from pipeline.core.residuals import ResidualDistribution
from pipeline.core.trips import question_columns, trip_columns

Floats = npt.NDArray[np.float64]

CALIBRATION_SHARE = 0.2  # the last part of the training rows, by time: where probabilities are learnt
ROUNDS = 200
# Each of these pays; what was tried and did not is in docs/decisions.
PLACE_COLUMNS = (
    "distance_km", "station", "hour", "pump_order", "incident_easting_m", "incident_northing_m", "east_km", "north_km",
)  # fmt: skip
# Without the place of the incident: what station and distance alone allow.
BLIND_COLUMNS = ("distance_km", "station", "hour", "pump_order", "station_easting_m", "station_northing_m")
CATEGORIES = ("station",)

# The "fair" loss is quadratic for small errors and linear for large ones: it heeds the typical call, not the odd one,
# and unlike the absolute error it can be held to rise with distance.
PARAMETERS: dict[str, Any] = {
    "objective": "fair", "fair_c": 20.0, "learning_rate": 0.05, "num_leaves": 31, "min_data_in_leaf": 30, "lambda_l2": 5.0,
    "feature_fraction": 0.7, "bagging_fraction": 0.8, "bagging_freq": 1, "cat_smooth": 20.0, "cat_l2": 20.0,
    "monotone_constraints_method": "basic", "num_threads": 1, "deterministic": True, "force_row_wise": True, "verbose": -1,
}  # fmt: skip

# Columns that are explained together, in the words of the page.
EXPLAINED = {
    "distance": ("distance_km",),
    "hour": ("hour",),
    "station": ("station", "station_easting_m", "station_northing_m", "pump_order"),
    "place": ("incident_easting_m", "incident_northing_m", "east_km", "north_km"),
}


@dataclass(frozen=True)
class Trees:
    """The distance law and the trees that correct it, on one set of columns."""

    columns: tuple[str, ...]
    law: tuple[float, float, float]  # a, b and d* of the distance law
    booster: lightgbm.Booster

    @classmethod
    def fit(cls, columns: tuple[str, ...], values: Mapping[str, Floats], y: Floats, seed: int) -> Self:
        law = KolesarDistanceLaw().fit(pd.DataFrame({"distance_km": values["distance_km"]}), y)
        curve = (law.a_, law.b_, law.d_star_)
        rows = lightgbm.Dataset(
            _matrix(columns, values),
            y,
            init_score=kolesar_curve(values["distance_km"], *curve),
            feature_name=list(columns),
            categorical_feature=[name for name in CATEGORIES if name in columns],
        )
        rises = [int(name == "distance_km") for name in columns]
        booster = lightgbm.train(
            PARAMETERS | {"seed": seed, "monotone_constraints": rises}, rows, num_boost_round=ROUNDS
        )
        return cls(columns, curve, booster)

    def corrections(self, values: Mapping[str, Floats]) -> Floats:
        """Seconds that the trees add to the law, shape (n,)."""
        return np.asarray(self.booster.predict(_matrix(self.columns, values), num_threads=1))

    def predict(self, values: Mapping[str, Floats]) -> Floats:
        """Seconds, shape (n,); never below 0."""
        return np.maximum(kolesar_curve(values["distance_km"], *self.law) + self.corrections(values), 0.0)

    def contributions(self, values: Mapping[str, Floats]) -> dict[str, Floats]:
        """Seconds by group of inputs, and the part that is the same for all ("typical"): they add up to the prediction."""
        shares = np.asarray(self.booster.predict(_matrix(self.columns, values), pred_contrib=True, num_threads=1))
        by_column = dict(zip(self.columns, shares[:, :-1].T, strict=True))
        zero = np.zeros(len(shares))
        found = {
            group: sum((by_column[name] for name in names if name in by_column), zero)
            for group, names in EXPLAINED.items()
        }
        typical_law = float(kolesar_curve(np.array([1.5]), *self.law)[0])  # half of all engines go about this far
        found["distance"] = found["distance"] + kolesar_curve(values["distance_km"], *self.law) - typical_law
        return {"typical": shares[:, -1] + typical_law, **found}

    def cuts(self, column: str) -> Floats:
        """Where the trees split `column`, rising: between two neighbours its value makes no difference."""
        place = self.columns.index(column)
        found = set[float]()
        branches = [tree["tree_structure"] for tree in self.booster.dump_model()["tree_info"]]
        while branches:
            branch = branches.pop()
            if "split_feature" in branch:
                branches += [branch["left_child"], branch["right_child"]]
                if branch["split_feature"] == place:
                    found.add(float(branch["threshold"]))
        return np.array(sorted(found))

    def as_dict(self) -> dict[str, Any]:
        return {"columns": list(self.columns), "law": list(self.law), "trees": self.booster.model_to_string()}

    @classmethod
    def from_dict(cls, stored: Mapping[str, Any]) -> Self:
        booster = lightgbm.Booster(model_str=stored["trees"])
        a, b, d_star = stored["law"]
        return cls(tuple(stored["columns"]), (a, b, d_star), booster)


UNKNOWN = -1.0  # stands for NaN in keys, since NaN equals nothing


class Timetable:
    """What trees say of trips from each station whatever the place: their corrections, by distance and hour.

    Trees are steps in distance, so that their sum is one number between two cuts. Looking it up is exact, and some
    hundred times as fast as asking the trees for every hour of the day. Stations are filled in when first asked for.
    """

    def __init__(self, trees: Trees) -> None:
        self.trees = trees
        self.cuts = trees.cuts("distance_km")
        self.rows: dict[tuple[float, ...], Floats] = {}

    def seconds(self, values: Mapping[str, Floats]) -> Floats:
        """Seconds by hour for each row of `values`, shape (n, 24); the rows' own hours are not looked at."""
        others = [name for name in self.trees.columns if name not in ("distance_km", "hour")]
        step = np.searchsorted(self.cuts, values["distance_km"], side="left")
        if len(step) == 1:  # one question: no need to sort
            found = self._corrections(others, [float(values[name][0]) for name in others])[step]
        else:
            keys = np.column_stack([np.nan_to_num(values[name], nan=UNKNOWN) for name in others])
            distinct, of_row = np.unique(keys, axis=0, return_inverse=True)
            found = np.empty((len(keys), 24))
            for number, key in enumerate(distinct):
                chosen = np.ravel(of_row) == number
                found[chosen] = self._corrections(others, key.tolist())[step[chosen]]
        law = kolesar_curve(values["distance_km"], *self.trees.law)
        return np.maximum(law[:, None] + found, 0.0)

    def _corrections(self, others: Sequence[str], key: Sequence[float]) -> Floats:
        """Shape (cuts + 1, 24), for the station and pump order of `key`."""
        name = tuple(UNKNOWN if math.isnan(value) else value for value in key)
        if name not in self.rows:
            steps = np.append(self.cuts, self.cuts[-1] + 1.0 if len(self.cuts) else 0.0)
            values = {"distance_km": np.repeat(steps, 24), "hour": np.tile(np.arange(24.0), len(steps))}
            known = [math.nan if value == UNKNOWN else value for value in name]
            values |= {other: np.full(len(steps) * 24, value) for other, value in zip(others, known, strict=True)}
            self.rows[name] = self.trees.corrections(values).reshape(-1, 24)
        return self.rows[name]


def _matrix(columns: tuple[str, ...], values: Mapping[str, Floats]) -> Floats:
    return np.column_stack([values[name] for name in columns])


class BoostedAttendance:
    """Attendance time from everything known when the engine is sent.

    Rows must come in the order of their calls: the last fifth is held back once, to learn how far the trees stray from
    what they have not seen, and the probabilities and intervals follow from that. Then the trees learn from all rows.

    A question may leave out the incident's place (a second set of trees knows station and distance alone) and the hour
    (answers of all hours are averaged, each by its share of the training calls); a missing pump order means the first.
    """

    name = "boosted"
    title = "Boosted trees on distance, place and hour"
    inputs: tuple[str, ...] = (
        "distance_km", "station_name", "hour", "pump_order", "incident_easting_m", "incident_northing_m",
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
        counts = np.bincount(X["hour"].to_numpy(dtype="int64"), minlength=24) + 1.0
        self.hour_shares_ = counts / counts.sum()
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
        trees = self.trees_["placed"]
        return self._over_hours(self._columns(X), lambda rows: {"seconds": trees.predict(rows)})["seconds"]

    def _blind(self, X: Any) -> Floats:
        """By the timetable."""
        values = trip_columns(X, self.stations_)
        by_hour, hour = self.timetable_.seconds(values), values["hour"]
        is_open = np.isnan(hour)
        at_hour = by_hour[np.arange(len(hour)), np.where(is_open, 0, hour).astype("int64")]
        found: Floats = np.where(is_open, by_hour @ self.hour_shares_, at_hour)
        return found

    @cached_property
    def timetable_(self) -> Timetable:
        return Timetable(self.trees_["blind"])

    def explain(self, X: pd.DataFrame | Mapping[str, Any]) -> dict[str, Floats]:
        """Seconds by group (typical, distance, hour, station, place) that add up to the prediction, row by row."""
        values, is_placed = self._columns(X), self._is_placed(X)
        parts = {kind: self._over_hours(values, trees.contributions) for kind, trees in self.trees_.items()}
        return {group: np.where(is_placed, parts["placed"][group], parts["blind"][group]) for group in parts["placed"]}

    def _over_hours(self, values: dict[str, Floats], answer: Any) -> dict[str, Floats]:
        """The answer at the hour given; where none is, the mean over the day, weighted by the hours' shares of calls."""
        found: dict[str, Floats] = answer(values)
        open_rows = np.flatnonzero(np.isnan(values["hour"]))
        if len(open_rows):
            spread = {name: np.repeat(column[open_rows], 24) for name, column in values.items()}
            spread["hour"] = np.tile(np.arange(24.0), len(open_rows))
            for name, seconds in answer(spread).items():
                found[name] = found[name].copy()
                found[name][open_rows] = seconds.reshape(-1, 24) @ self.hour_shares_
        return found

    def as_dict(self) -> dict[str, Any]:
        """Everything that serving needs, fit for JSON."""
        return {
            "estimator": self.name,
            "seed": self.seed,
            "lightgbm": lightgbm.__version__,
            "stations": list(self.stations_),
            "hour_shares": self.hour_shares_.tolist(),
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
        estimator.residuals_ = {
            kind: ResidualDistribution.from_dict(found) for kind, found in stored["residuals"].items()
        }
        estimator.trees_ = {kind: Trees.from_dict(found) for kind, found in stored["trees"].items()}
        return estimator
