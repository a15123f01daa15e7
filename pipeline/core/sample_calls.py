"""Generated calls and the engines that answer them: what happened, from which station, how fast."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import numpy.typing as npt
import pandas as pd

from pipeline.core import sample_rates as rates
from pipeline.core.sample_places import Map, Places, area_pace, draw_places

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]

FIRST_NUMBER = 900_000


class SampleCalls:
    """Some incidents in time order, and the pumps sent to them.

    `pumps` has one row a pump: incident (position), order, station (index), distance_km, turnout, travel and attendance
    in seconds.
    """

    def __init__(self, called_at: pd.Series, london: Map, generator: np.random.Generator) -> None:
        self.called_at, self.london, self.generator = called_at, london, generator
        count = len(called_at)
        self.places: Places = draw_places(count, london, generator)
        self.groups = pick(rates.GROUPS, count, generator)
        rank = called_at.groupby(called_at.dt.normalize()).cumcount() + 1
        self.numbers = as_text(FIRST_NUMBER + rank) + "-" + called_at.dt.strftime("%d%m%Y")
        self.pumps = self._send_pumps()

    def _send_pumps(self) -> pd.DataFrame:
        generator, count = self.generator, len(self.called_at)
        attended = generator.random(count) >= _by_group(rates.NO_FIRST_PUMP, self.groups)
        second = attended & (generator.random(count) < _by_group(rates.SECOND_PUMP, self.groups))
        more = np.where(second & (generator.random(count) < rates.MORE_PUMPS), generator.integers(1, 4, count), 0)
        pumps = attended.astype("int64") + second + more
        incident = np.repeat(np.arange(count), pumps)
        order = np.arange(len(incident)) - np.repeat(np.cumsum(pumps) - pumps, pumps) + 1
        weights = np.array(rates.FIRST_PUMP_RANKS)
        rank_of_first = generator.choice(len(weights), size=count, p=weights / weights.sum())
        # The station of the ground is asked first, be it the nearest or the second.
        swapped = (self.places.ground != self.places.near[:, 0]) & (rank_of_first < 2)
        rank_of_first = np.where(swapped, 1 - rank_of_first, rank_of_first)
        rank = self._station_ranks(incident, order, rank_of_first)
        station = self.places.near[incident, rank]
        frame = pd.DataFrame({"incident": incident, "order": order, "station": station})
        frame["distance_km"] = self.places.near_km[incident, rank]
        self._time_pumps(frame)
        return self._order_by_arrival(frame)

    def _station_ranks(self, incident: Ints, order: Ints, rank_of_first: Ints) -> Ints:
        """Later pumps come from the first one's station now and then, else from the next nearest."""
        first = rank_of_first[incident]
        same = self.generator.random(len(incident)) < rates.SECOND_PUMP_SAME_STATION
        next_nearest = np.where(first < order - 1, order - 2, order - 1)
        step = self.generator.choice(3, size=len(incident), p=(0.5, 0.3, 0.2))
        rank = np.where(order == 1, first, np.where((order == 2) & same, first, next_nearest + step))
        return np.asarray(np.clip(rank, 0, self.places.near.shape[1] - 1))

    def _time_pumps(self, frame: pd.DataFrame) -> None:
        generator, count = self.generator, len(frame)
        incident = frame["incident"].to_numpy()
        hour = self.called_at.dt.hour.to_numpy()[incident]
        per_station = np.sin(np.arange(len(self.london.names)) * 12.9898) * np.sqrt(2) * rates.TURNOUT_STATION_SPREAD
        log_turnout = np.log(np.array(rates.TURNOUT_MEDIAN, dtype="float64"))[hour] + per_station[frame["station"]]
        frame["turnout"] = np.round(np.exp(log_turnout + rates.TURNOUT_SPREAD * generator.standard_normal(count)))
        distance = frame["distance_km"].to_numpy()
        root = np.sqrt(np.minimum(distance, rates.TRAVEL_TURN_KM))
        slope = rates.TRAVEL_PER_ROOT_KM / (2 * np.sqrt(rates.TRAVEL_TURN_KM))
        beyond = np.maximum(distance - rates.TRAVEL_TURN_KM, 0) * slope
        typical = rates.TRAVEL_AT_ZERO + rates.TRAVEL_PER_ROOT_KM * root + beyond
        by_hour = np.array(rates.TRAVEL_BY_HOUR, dtype="float64")[hour] / 280
        by_place = area_pace(self.places.easting[incident], self.places.northing[incident])
        stray = _skewed(count, generator) * rates.TRAVEL_SPREAD
        frame["travel"] = np.maximum(1, np.round(typical * np.exp(by_hour + by_place + stray)))
        running = generator.random(count) < _by_group(rates.RUNNING_CALLS, self.groups)[incident]
        frame.loc[running, "turnout"] = generator.integers(0, 15, int(running.sum()))
        frame.loc[running, "travel"] = generator.integers(0, 45, int(running.sum()))
        frame["attendance"] = frame["turnout"] + frame["travel"]

    def _order_by_arrival(self, frame: pd.DataFrame) -> pd.DataFrame:
        """Orders go by arrival, but for the odd pair; times beyond 1,200 s are not published."""
        frame = frame[frame["attendance"] <= 1_200].copy()
        stray = pd.Series(np.where(self.generator.random(len(frame)) < 0.02, 400.0, 0.0), index=frame.index)
        arrival = frame["attendance"] - stray
        frame["order"] = arrival.groupby(frame["incident"]).rank(method="first").astype("int64")
        return frame.sort_values(["incident", "order"], ignore_index=True)


def pick(shares: Mapping[str, float], count: int, generator: np.random.Generator) -> npt.NDArray[np.object_]:
    weights = np.array(list(shares.values()), dtype="float64")
    return np.array(list(shares), dtype=object)[generator.choice(len(weights), size=count, p=weights / weights.sum())]


def _by_group(shares: dict[str, float], groups: npt.NDArray[np.object_]) -> Floats:
    return np.array([shares[group] for group in groups], dtype="float64")


def as_text(values: object, width: int = 0) -> pd.Series:
    """Whole numbers as text, filled up with zeros."""
    return pd.Series(values).astype("int64").astype("str").str.zfill(width)


def _skewed(count: int, generator: np.random.Generator) -> Floats:
    """Skew-normal numbers of mean 0 and spread 1, the longer tail above."""
    delta = rates.TRAVEL_SKEW / np.sqrt(1 + rates.TRAVEL_SKEW**2)
    raw = delta * np.abs(generator.standard_normal(count)) + np.sqrt(1 - delta**2) * generator.standard_normal(count)
    return np.asarray((raw - delta * np.sqrt(2 / np.pi)) / np.sqrt(1 - 2 * delta**2 / np.pi))
