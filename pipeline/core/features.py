"""From validated records to the rows a model learns from, and from one question to the same row.

`mobilisation_rows` and `incident_pump_rows` make one row an engine sent; `add_features` adds what is derived, the
same for a million training rows and for one prediction.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from pipeline.core import geo
from pipeline.core.boroughs import canonical_boroughs
from pipeline.core.calendar import is_bank_holiday
from pipeline.core.columns import FEATURE_COLUMNS
from pipeline.core.distance import MAX_TRIP_KM
from pipeline.core.stations import match_stations

FEATURE_NAMES = [column.name for column in FEATURE_COLUMNS]

# What the rows need of each file; nothing else is read from disk.
INCIDENT_NAMES = (
    "incident_number", "date_of_call", "time_of_call", "property_category", "borough_name", "proper_case", "ward_code",
    "ward_name", "ward_name_new", "easting_m", "northing_m", "easting_rounded_m", "northing_rounded_m", "station_ground",
    "first_pump_attendance_seconds", "first_pump_station_name", "second_pump_attendance_seconds", "second_pump_station_name",
)  # fmt: skip
MOBILISATION_NAMES = (
    "incident_number", "mobilisation_id", "mobilised_at", "returned_at", "left_at", "turnout_seconds", "travel_seconds",
    "attendance_seconds", "station_name", "deployed_from_location", "pump_order",
)  # fmt: skip
PLACE_NAMES = [
    "incident_number", "called_at", "property_category", "borough_name", "ward_code", "ward_name", "station_ground",
    "incident_easting_m", "incident_northing_m",
]  # fmt: skip

# Why a pump's row cannot be learnt from, in the words a planner reads. Where several fit, the first here is given.
REASONS = {
    "no_incident": "the mobilisation's incident is not in the incident file",
    "missing_station": "the departing station is not given",
    "unknown_station": "the departing station is not in the list of stations",
    "impossible_distance": "the incident is farther from the station than any trip in London",
}


@dataclass(frozen=True)
class PumpRows:
    """Rows that can be learnt from, rows that cannot (with `reason`), and station names that matched none."""

    frame: pd.DataFrame
    rejects: pd.DataFrame
    unmatched_stations: dict[str, int]


def mobilisation_rows(incidents: pd.DataFrame, mobilisations: pd.DataFrame, stations: pd.DataFrame) -> PumpRows:
    """One row a mobilisation, joined to its incident. Columns as in FEATURE_COLUMNS; times in seconds, places in metres."""
    out_station, out_total = engines_out(mobilisations)
    pumps = pd.DataFrame(
        {
            "incident_number": mobilisations["incident_number"],
            "pump_order": mobilisations["pump_order"].astype("float64"),
            "given_station": mobilisations["station_name"],
            "is_home_station": _home_station(mobilisations["deployed_from_location"]),
            "engines_out_station": out_station,
            "engines_out_total": out_total,
            "turnout_seconds": mobilisations["turnout_seconds"].astype("float64"),
            "travel_seconds": mobilisations["travel_seconds"].astype("float64"),
            "attendance_seconds": mobilisations["attendance_seconds"].astype("float64"),
        }
    )
    # An order that is not given is the engine's rank by arrival among those of its incident.
    ranks = pumps.groupby("incident_number")["attendance_seconds"].rank(method="first")
    pumps["pump_order"] = pumps["pump_order"].fillna(ranks)
    joined = pumps.merge(_places(incidents), on="incident_number", how="left", validate="m:1", indicator="found")
    has_incident = joined.pop("found") == "both"
    return _finish(joined, stations, {"no_incident": ~has_incident})


def incident_pump_rows(incidents: pd.DataFrame, stations: pd.DataFrame) -> PumpRows:
    """Up to two rows an incident, from its first and second pump's attendance time and station.

    Turnout, travel, home station and engines out are not known from the incident file: they stay missing.
    """
    places = _places(incidents)
    parts = []
    for order, pump in ((1.0, "first"), (2.0, "second")):
        seconds = incidents[f"{pump}_pump_attendance_seconds"].astype("float64")
        part = places.assign(
            pump_order=order, given_station=incidents[f"{pump}_pump_station_name"], attendance_seconds=seconds
        )
        parts.append(part[seconds.notna().to_numpy()])
    pumps = pd.concat(parts, ignore_index=True)
    for name in ("is_home_station", "engines_out_station", "engines_out_total", "turnout_seconds", "travel_seconds"):
        pumps[name] = np.nan
    return _finish(pumps, stations, {})


def _places(incidents: pd.DataFrame) -> pd.DataFrame:
    """What is known of each incident at the call. The rounded place is the middle of a 100 m square."""
    borough = canonical_boroughs(incidents["proper_case"])
    return pd.DataFrame(
        {
            "incident_number": incidents["incident_number"],
            "called_at": incidents["called_at"],
            "property_category": incidents["property_category"],
            "borough_name": borough.fillna(canonical_boroughs(incidents["borough_name"])),
            "ward_code": incidents["ward_code"],
            "ward_name": incidents["ward_name_new"].fillna(incidents["ward_name"]),
            "station_ground": incidents["station_ground"],
            "incident_easting_m": incidents["easting_m"].fillna(incidents["easting_rounded_m"]),
            "incident_northing_m": incidents["northing_m"].fillna(incidents["northing_rounded_m"]),
        }
    )[PLACE_NAMES]


def _home_station(locations: pd.Series) -> pd.Series:
    plain = locations.str.strip().str.lower()
    return plain.map({"home station": 1.0, "other station": 0.0}).astype("float64")


def _finish(pumps: pd.DataFrame, stations: pd.DataFrame, broken: dict[str, pd.Series]) -> PumpRows:
    pumps["station_name"] = match_stations(pumps["given_station"], stations["station_name"])
    unknown = pumps["station_name"].isna() & pumps["given_station"].notna()
    unmatched = {str(name): int(rows) for name, rows in pumps["given_station"][unknown].value_counts().items()}
    pumps = add_features(pumps, stations)
    broken = broken | {
        "missing_station": pumps["given_station"].isna(),
        "unknown_station": unknown,
        "impossible_distance": ~(pumps["distance_km"] <= MAX_TRIP_KM),
    }
    reasons = pd.Series(pd.NA, index=pumps.index, dtype="str")
    for reason in reversed(REASONS):
        if reason in broken:
            reasons[broken[reason].to_numpy()] = reason
    good = reasons.isna().to_numpy()
    names = ["incident_number", "called_at", "pump_order", "given_station", "attendance_seconds"]
    rejects = pumps.loc[~good, names].assign(reason=reasons[~good])
    frame = pumps.loc[good, FEATURE_NAMES].astype(dict.fromkeys(("pump_order", "hour", "weekday", "month"), "int64"))
    keys = ["called_at", "incident_number", "pump_order", "station_name"]
    return PumpRows(
        frame.sort_values(keys, kind="stable", ignore_index=True), rejects.reset_index(drop=True), unmatched
    )


def add_features(rows: pd.DataFrame, stations: pd.DataFrame) -> pd.DataFrame:
    """`rows` with everything that follows from the departing station, the incident's place and the moment of the call.

    Needs `station_name` (canonical), `called_at` (local clock, may be missing), `incident_easting_m`,
    `incident_northing_m` (metres, may be missing) and `station_ground`; a `distance_km` that is there is kept, which
    is how a question names its distance. Adds or replaces hour, weekday, month, is_bank_holiday, station_easting_m,
    station_northing_m, incident_latitude, incident_longitude, distance_km, is_own_ground.
    """
    places = stations.set_index("station_name")[["latitude", "longitude", "easting_m", "northing_m"]]
    home = places.reindex(rows["station_name"]).to_numpy(dtype="float64")
    latitude, longitude = geo.to_wgs84(rows["incident_easting_m"], rows["incident_northing_m"])
    measured = geo.distance_km(home[:, 0], home[:, 1], latitude, longitude)
    given = rows["distance_km"].to_numpy(dtype="float64") if "distance_km" in rows else np.full(len(rows), np.nan)
    called_at = rows["called_at"]
    ground = match_stations(rows["station_ground"], stations["station_name"]).fillna(rows["station_ground"])
    return rows.assign(
        station_ground=ground,
        hour=_whole(called_at.dt.hour),
        weekday=_whole(called_at.dt.day_of_week),
        month=_whole(called_at.dt.month),
        is_bank_holiday=is_bank_holiday(called_at),
        incident_latitude=latitude,
        incident_longitude=longitude,
        station_easting_m=home[:, 2],
        station_northing_m=home[:, 3],
        distance_km=np.where(np.isnan(given), measured, given),
        is_own_ground=(ground == rows["station_name"]).fillna(False).astype(bool),
    )


def _whole(values: pd.Series) -> pd.Series:
    """int64 where all are known, float64 with NaN otherwise, as in a question without a time."""
    return values.astype("float64") if values.isna().any() else values.astype("int64")


def engines_out(mobilisations: pd.DataFrame) -> tuple[npt.NDArray[np.float64], npt.NDArray[np.float64]]:
    """For each mobilisation, how many engines of its station, and of all stations, were already out when it was sent.

    An engine is out from `mobilised_at` until `returned_at`; where the return is not published (since 2021), until
    `left_at`; where neither is, it is left out of the count. Only the past enters: who was sent strictly earlier, and
    whether they were back by then. Counts are float64; NaN where the moment of mobilisation is missing.
    """
    start = mobilisations["mobilised_at"]
    end = mobilisations["returned_at"].fillna(mobilisations["left_at"])
    codes, _ = pd.factorize(mobilisations["station_name"])
    moment = start.astype("datetime64[s]").astype("int64").to_numpy()
    back = end.astype("datetime64[s]").astype("int64").to_numpy()
    counted = (start.notna() & end.notna()).to_numpy() & (back > moment) & (codes >= 0)
    asked = start.notna().to_numpy() & (codes >= 0)
    total = _open_intervals(moment[asked], moment[counted], back[counted])
    # One axis for all stations: each gets a stretch of its own, longer than the whole period.
    stretch = int(max(moment[asked].max(initial=0), back[counted].max(initial=0))) + 1
    shift = codes * stretch
    own = _open_intervals((moment + shift)[asked], (moment + shift)[counted], (back + shift)[counted])
    result = []
    for counts in (own, total):
        column = np.full(len(mobilisations), np.nan)
        column[asked] = counts
        result.append(column)
    return result[0], result[1]


def _open_intervals(at: npt.NDArray[Any], starts: npt.NDArray[Any], ends: npt.NDArray[Any]) -> npt.NDArray[np.int64]:
    """How many intervals began strictly before each moment and have not ended by it."""
    begun = np.searchsorted(np.sort(starts), at, side="left")
    # Every interval that ended by now had begun before: `ends > starts` for all.
    ended = np.searchsorted(np.sort(ends), at, side="right")
    return np.asarray(begun - ended)
