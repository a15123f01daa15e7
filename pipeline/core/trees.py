"""Gradient-boosted trees on top of the distance law, and their answers whatever the place, looked up.

LightGBM stores its trees as text, so stored trees are read without running code, and the same rows always give the same
text: one thread, fixed seed, deterministic mode.
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

Floats = npt.NDArray[np.float64]

ROUNDS = 200
CATEGORIES = ("station",)
HOURS, DAYS, MONDAY = 24, 7, 0.0
# What each day adds may differ by hour, not by trip. That is as close as trees without this bound, and a whole week can
# be looked up in place of being asked for.
BOUND = ("weekday", ("weekday", "hour"))

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
    "hour": ("hour", "weekday"),
    "station": ("station", "station_easting_m", "station_northing_m", "pump_order"),
    "place": (
        "incident_easting_m", "incident_northing_m", "along_northeast_m", "along_southeast_m", "east_km", "north_km", "direction",
    ),
}  # fmt: skip


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
        held = {"seed": seed, "monotone_constraints": [int(name == "distance_km") for name in columns]}
        bound, companions = BOUND
        if bound in columns:
            groups = [name for name in columns if name in companions], [name for name in columns if name != bound]
            held["interaction_constraints"] = [[columns.index(name) for name in group] for group in groups]
        return cls(columns, curve, lightgbm.train(PARAMETERS | held, rows, num_boost_round=ROUNDS))

    def corrections(self, values: Mapping[str, Floats]) -> Floats:
        """Seconds that the trees add to the law, shape (n,)."""
        return np.asarray(self.booster.predict(_matrix(self.columns, values), num_threads=1))

    def seconds(self, values: Mapping[str, Floats]) -> Floats:
        """The law with its corrections, shape (n,); where data are thin it may fall below 0."""
        found: Floats = kolesar_curve(values["distance_km"], *self.law) + self.corrections(values)
        return found

    def predict(self, values: Mapping[str, Floats]) -> Floats:
        """Seconds, shape (n,); never below 0."""
        return np.maximum(self.seconds(values), 0.0)

    @cached_property
    def week(self) -> Floats:
        """Seconds that each day adds to Monday at each hour, shape (7, 24): the same for every trip."""
        if "weekday" not in self.columns:
            return np.zeros((DAYS, HOURS))
        any_trip = {name: np.zeros(DAYS * HOURS) for name in self.columns}
        days, hours = np.repeat(np.arange(float(DAYS)), HOURS), np.tile(np.arange(float(HOURS)), DAYS)
        by_day = self.corrections({**any_trip, "weekday": days, "hour": hours}).reshape(DAYS, HOURS)
        return np.asarray(by_day - by_day[int(MONDAY)])

    def contributions(self, values: Mapping[str, Floats]) -> dict[str, Floats]:
        """Seconds by group of inputs, and the part that is the same for all ("typical"): they add up to `seconds`."""
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
    """What trees say of trips from each station whatever the place, on a Monday: their corrections, by distance and hour.

    Trees are steps in distance, so that their sum is one number between two cuts. Looking it up is exact, and some
    hundred times as fast as asking the trees for every hour of the day. Stations are filled in when first asked for.
    """

    def __init__(self, trees: Trees) -> None:
        self.trees = trees
        self.cuts = trees.cuts("distance_km")
        self.others = [name for name in trees.columns if name not in ("distance_km", "hour", "weekday")]
        self.rows: dict[tuple[float, ...], Floats] = {}
        # Orders that the trees do not tell apart share a row: nobody can fill the memory by asking for each.
        self.order_cuts = trees.cuts("pump_order")
        self.orders = np.append(self.order_cuts, self.order_cuts[-1] + 1.0 if len(self.order_cuts) else 1.0)

    def seconds(self, values: Mapping[str, Floats]) -> Floats:
        """Seconds by hour for each row of `values`, shape (n, 24); the rows' own hours and days are not looked at."""
        order = self.orders[np.searchsorted(self.order_cuts, values["pump_order"], side="left")]
        values = {**values, "pump_order": order}
        step = np.searchsorted(self.cuts, values["distance_km"], side="left")
        if len(step) == 1:  # one question: no need to sort
            found = self._corrections([float(values[name][0]) for name in self.others])[step]
        else:
            keys = np.column_stack([np.nan_to_num(values[name], nan=UNKNOWN) for name in self.others])
            distinct, of_row = np.unique(keys, axis=0, return_inverse=True)
            found = np.empty((len(keys), HOURS))
            for number, key in enumerate(distinct):
                chosen = np.ravel(of_row) == number
                found[chosen] = self._corrections(key.tolist())[step[chosen]]
        law = kolesar_curve(values["distance_km"], *self.trees.law)
        return np.asarray(law[:, None] + found)

    def _corrections(self, key: Sequence[float]) -> Floats:
        """Shape (cuts + 1, 24), for the station and pump order of `key`."""
        name = tuple(UNKNOWN if math.isnan(value) else value for value in key)
        if name not in self.rows:
            steps = np.append(self.cuts, self.cuts[-1] + 1.0 if len(self.cuts) else 0.0)
            count = len(steps) * HOURS
            values = {
                "distance_km": np.repeat(steps, HOURS),
                "hour": np.tile(np.arange(float(HOURS)), len(steps)),
                "weekday": np.full(count, MONDAY),
            }
            known = [math.nan if value == UNKNOWN else value for value in name]
            values |= {other: np.full(count, value) for other, value in zip(self.others, known, strict=True)}
            self.rows[name] = self.trees.corrections(values).reshape(-1, HOURS)
        return self.rows[name]


def _matrix(columns: tuple[str, ...], values: Mapping[str, Floats]) -> Floats:
    return np.column_stack([values[name] for name in columns])
