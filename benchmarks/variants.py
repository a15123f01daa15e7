"""Variants of the forecast that `accuracy.py` judges beside it: without an input, or with one more."""

from __future__ import annotations

from itertools import pairwise
from typing import Any

import numpy as np
import pandas as pd

from pipeline.core.boosting import BLIND_COLUMNS, PLACE_COLUMNS, BoostedAttendance
from pipeline.core.evaluate import INNER_BOROUGHS
from pipeline.core.geo import to_grid
from pipeline.core.trees import EXPLAINED, Trees

LEFT_OUT = {
    "hour": ("hour",),
    "weekday": ("weekday",),
    "station": ("station",),
    "place": EXPLAINED["place"],
    "direction and diagonals": ("direction", "along_northeast_m", "along_southeast_m"),
}
# Crossings of the Thames for fire engines, west to east; degrees, to about 100 m.
CROSSINGS = (
    (51.4037, -0.3425), (51.4112, -0.3086), (51.4573, -0.3072), (51.4601, -0.3143), (51.4871, -0.2874), (51.4731, -0.2700),
    (51.4669, -0.2131), (51.4649, -0.1879), (51.4811, -0.1726), (51.4848, -0.1499), (51.4874, -0.1267), (51.4941, -0.1237),
    (51.5009, -0.1220), (51.5086, -0.1169), (51.5098, -0.1044), (51.5087, -0.0942), (51.5079, -0.0877), (51.5055, -0.0754),
    (51.5040, -0.0500), (51.5015, -0.0035),
)  # fmt: skip
MOUTH = (51.4960, 0.2300)  # where the river leaves London: nothing but ferries in between


class TimeAlone(BoostedAttendance):
    """The trees that know the place, where the rows have one, without probabilities: all that mean errors need."""

    def fit(self, X: pd.DataFrame, y: Any) -> Any:
        self.stations_ = tuple(sorted(X["station_name"].unique()))
        columns = self.blind_columns if X["incident_easting_m"].isna().all() else self.place_columns
        self.trees = Trees.fit(columns, self._columns(X), np.asarray(y, dtype="float64"), self.seed)
        return self

    def predict(self, X: Any) -> Any:
        return self.trees.predict(self._columns(X))


def without(columns: tuple[str, ...]) -> type[TimeAlone]:
    class Without(TimeAlone):
        place_columns = tuple(name for name in PLACE_COLUMNS if name not in columns)
        blind_columns = tuple(name for name in BLIND_COLUMNS if name not in columns)

    return Without


def with_columns(**makers: Any) -> type[TimeAlone]:
    """The chosen model with more columns, from the rows and what each maker learnt of the training rows."""

    class With(TimeAlone):
        place_columns = (*PLACE_COLUMNS, *makers)

        def fit(self, X: pd.DataFrame, y: Any) -> Any:
            self.makers = {name: make(X, y) for name, make in makers.items()}
            return super().fit(X, y)

        def _columns(self, X: Any) -> dict[str, Any]:
            return {**super()._columns(X), **{name: column(X) for name, column in self.makers.items()}}

    return With


def road_km(X: pd.DataFrame, y: Any) -> Any:
    """Straight kilometres, or by the best crossing where the line cuts the river."""
    river = np.array([to_grid(*place) for place in (*CROSSINGS, MOUTH)], dtype=float).reshape(-1, 2)
    bridges = river[:-1]

    def column(rows: pd.DataFrame) -> np.ndarray:
        home = rows[["station_easting_m", "station_northing_m"]].to_numpy(float)
        there = rows[["incident_easting_m", "incident_northing_m"]].to_numpy(float)
        cut = np.zeros(len(rows), dtype=bool)
        for start, end in pairwise(river):
            cut ^= (_side(start, end, home) != _side(start, end, there)) & (
                _side2(home, there, start) != _side2(home, there, end)
            )
        over = np.min(
            np.hypot(*(home[:, None] - bridges).transpose(2, 0, 1))
            + np.hypot(*(there[:, None] - bridges).transpose(2, 0, 1)),
            axis=1,
        )
        return np.where(cut, over / 1000, rows["distance_km"].to_numpy(float))

    return column


def _side(start: np.ndarray, end: np.ndarray, points: np.ndarray) -> np.ndarray:
    return (end[0] - start[0]) * (points[:, 1] - start[1]) - (end[1] - start[1]) * (points[:, 0] - start[0]) > 0


def _side2(home: np.ndarray, there: np.ndarray, point: np.ndarray) -> np.ndarray:
    way = there - home
    return way[:, 0] * (point[1] - home[:, 1]) - way[:, 1] * (point[0] - home[:, 0]) > 0


def pace(X: pd.DataFrame, y: Any) -> Any:
    """Seconds a kilometre by borough and four-hour band, learnt on the training rows and drawn towards the mean."""
    key = X["borough_name"].astype("object").fillna("") + (X["hour"] // 4).astype(str)
    rows = pd.DataFrame({"key": key.to_numpy(), "y": np.asarray(y), "km": X["distance_km"].to_numpy() + 0.5})
    sums = rows.groupby("key")[["y", "km"]].sum()
    prior = rows["y"].sum() / rows["km"].sum()
    learnt = (sums["y"] + 50 * prior) / (sums["km"] + 50)
    return lambda Z: (
        (Z["borough_name"].astype("object").fillna("") + (Z["hour"] // 4).astype(str))
        .map(learnt)
        .fillna(prior)
        .to_numpy(float)
    )


def neighbour(which: int) -> Any:
    """Kilometres from the incident to the nearest station (0), to the second nearest (1); how many are nearer (2)."""

    def make(X: pd.DataFrame, y: Any) -> Any:
        places = X.drop_duplicates("station_name")[["station_easting_m", "station_northing_m"]].to_numpy(float)

        def column(rows: pd.DataFrame) -> np.ndarray:
            there = rows[["incident_easting_m", "incident_northing_m"]].to_numpy(float)
            apart = np.hypot(*(there[:, None] - places).transpose(2, 0, 1)) / 1000
            if which < 2:
                return np.sort(apart, axis=1)[:, which]
            return (apart < rows["distance_km"].to_numpy(float)[:, None] * 0.999 - 0.001).sum(axis=1).astype(float)

        return column

    return make


def property_mean(X: pd.DataFrame, y: Any) -> Any:
    """The mean time of the kind of property on the training rows."""
    learnt = pd.Series(np.asarray(y)).groupby(X["property_category"].to_numpy()).mean()
    return lambda Z: Z["property_category"].map(learnt).to_numpy(float)


def as_is(name: str) -> Any:
    return lambda X, y: lambda Z: Z[name].to_numpy(dtype=float)


def inner(X: pd.DataFrame, y: Any) -> Any:
    return lambda Z: Z["borough_name"].isin(INNER_BOROUGHS).to_numpy(dtype=float)


class Ensemble(TimeAlone):
    """Three seeds, averaged."""

    def fit(self, X: pd.DataFrame, y: Any) -> Any:
        self.members = [TimeAlone(seed).fit(X, y) for seed in range(3)]
        return self

    def predict(self, X: Any) -> Any:
        return np.mean([member.predict(X) for member in self.members], axis=0)


CANDIDATES = {
    "distance over the bridges": with_columns(road_km=road_km),
    "pace by borough and hours": with_columns(pace=pace),
    "inner or outer London": with_columns(inner=inner),
    "neighbouring stations": with_columns(nearest=neighbour(0), second=neighbour(1), rank=neighbour(2)),
    "station ground": with_columns(own=as_is("is_own_ground")),
    "kind of property": with_columns(property=property_mean),
    "month": with_columns(month=as_is("month")),
    "mean of three seeds": Ensemble,
}
