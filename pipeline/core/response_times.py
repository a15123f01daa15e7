"""How fast first and second pumps arrived: mean, median, 90th percentile and shares, by place, time and reason.

`attendances` makes one row a pump that arrived, `delays` the same with the reason of delay; `figures` counts them once
for every combination that a page asks for, so that no question touches the rows again.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt
import pandas as pd

from pipeline.core.boroughs import BOROUGH_CODES, canonical_boroughs
from pipeline.core.response_groups import ALL_YEARS, FIGURE_NAMES, HOURS, LONDON, NO_REASON, PUMPS, WEEKDAYS
from pipeline.core.small_numbers import hidden_groups
from pipeline.core.stations import match_stations
from pipeline.core.wording import readable_name

Integers = npt.NDArray[np.integer]
Standards = Mapping[str, Mapping[str, float]]

VALID_SECONDS = (1, 1_200)  # nought is a pump that was there already; longer times are not published
BOROUGHS = tuple(sorted(BOROUGH_CODES))

MOBILISATION_NAMES = (
    "incident_number", "performance_reporting", "pump_order", "attendance_seconds", "delay_code_description",
)  # fmt: skip
_SECONDS_BITS = 11  # 1,200 seconds fit


@dataclass(frozen=True)
class Attendances:
    """`frame` holds pump (1, 2), seconds, month (year × 12 + month − 1), weekday (0 Monday), hour, and the categories
    borough, ward, station_ground or delay_reason; `left_out` counts pumps by the reason why they are not in it."""

    frame: pd.DataFrame
    left_out: dict[str, int]
    ward_names: dict[str, str] = field(default_factory=dict)


def attendances(incidents: pd.DataFrame, station_names: Sequence[str]) -> Attendances:
    """The first and second pumps of validated incidents, as the publisher counts them.

    Wants called_at, proper_case, borough_name, ward_code, ward_name, ward_name_new, station_ground and both attendance
    times in seconds. A pump that did not come, or took longer than is published, has no time and no row.
    """
    places = _places(incidents)
    ground = match_stations(incidents["station_ground"], station_names).fillna(incidents["station_ground"])
    places["ward"] = incidents["ward_code"].astype("category").array
    places["station_ground"] = ground.astype("category").array
    parts, outside = [], 0
    for name, pump in PUMPS.items():
        seconds = incidents[f"{name}_pump_attendance_seconds"].astype("float64").to_numpy()
        valid = _is_valid(seconds) & (places["month"] >= 0).to_numpy()
        outside += int(np.count_nonzero(~np.isnan(seconds) & ~valid))
        parts.append(places[valid].assign(pump=pump, seconds=seconds[valid].astype("int64")))
    frame = pd.concat(parts, ignore_index=True)
    return Attendances(frame, {"not within 1 to 1,200 seconds": outside}, _ward_names(incidents, places["borough"]))


def delays(incidents: pd.DataFrame, mobilisations: pd.DataFrame) -> Attendances:
    """The mobilisations counted as first or second pump, with the reason of delay; place and time from the incident.

    Which pump counts says `performance_reporting`; where an edition lacks it, `pump_order`.
    """
    counted = mobilisations["performance_reporting"].fillna(mobilisations["pump_order"].astype("str"))
    pump = counted.map({"1": 1, "2": 2}).fillna(0).astype("int64").to_numpy()
    seconds = mobilisations["attendance_seconds"].astype("float64").to_numpy()
    rows = pd.Index(incidents["incident_number"]).get_indexer(pd.Index(mobilisations["incident_number"]))
    is_valid, is_pump = _is_valid(seconds), pump > 0
    chosen = is_pump & is_valid & (rows >= 0)
    frame = _places(incidents).iloc[rows[chosen]].reset_index(drop=True)
    reasons = mobilisations["delay_code_description"].fillna(NO_REASON)[chosen].astype("category")
    frame = frame.assign(pump=pump[chosen], seconds=seconds[chosen].astype("int64"), delay_reason=reasons.array)
    left_out = {
        "not within 1 to 1,200 seconds": int(np.count_nonzero(is_pump & ~is_valid)),
        "without their incident": int(np.count_nonzero(is_pump & is_valid & (rows < 0))),
    }
    return Attendances(frame[frame["month"] >= 0].reset_index(drop=True), left_out)


def _is_valid(seconds: npt.NDArray[np.floating]) -> npt.NDArray[np.bool_]:
    return np.asarray((seconds >= VALID_SECONDS[0]) & (seconds <= VALID_SECONDS[1]))


def _places(incidents: pd.DataFrame) -> pd.DataFrame:
    """Borough and moment of each incident, small; −1 for a month that is not known."""
    called_at = incidents["called_at"]
    month = (called_at.dt.year * 12 + called_at.dt.month - 1).fillna(-1).astype("int32").to_numpy()
    borough = canonical_boroughs(incidents["proper_case"]).fillna(canonical_boroughs(incidents["borough_name"]))
    return pd.DataFrame(
        {
            "month": month,
            "weekday": called_at.dt.day_of_week.fillna(0).astype("int8").to_numpy(),
            "hour": called_at.dt.hour.fillna(0).astype("int8").to_numpy(),
            "borough": pd.Categorical(borough, categories=list(BOROUGHS)),
        }
    )


def _ward_names(incidents: pd.DataFrame, boroughs: pd.Series) -> dict[str, str]:
    """Ward code → its latest name, in ordinary capitals: editions write `SOUTH ACTON` and `South Acton`.

    A redrawn ward often keeps its name under a new code; the names of both then show their codes.
    """
    named = pd.DataFrame({"code": incidents["ward_code"], "name": incidents["ward_name_new"]})
    named["name"] = named["name"].fillna(incidents["ward_name"])
    latest = named.assign(borough=boroughs.array).dropna(subset=["code", "name"]).drop_duplicates("code", keep="last")
    latest["name"] = latest["name"].map(readable_name)
    is_repeated = latest.duplicated(["borough", "name"], keep=False)
    latest.loc[is_repeated, "name"] += " (" + latest["code"] + ")"
    return {str(code): str(name) for code, name in zip(latest["code"], latest["name"], strict=True)}


@dataclass(frozen=True)
class _Dimension:
    """One way to part the rows. `codes`: group of each row, −1 in none; `groups`: code → name, in reading order.

    Each of `margins` maps code → number of the total that the group is part of. `by_year` is off where the groups
    lie within one year anyhow, `in_london` where they lie within one borough.
    """

    name: str
    codes: Integers
    groups: Sequence[str]
    margins: Sequence[Integers]
    by_year: bool = True
    in_london: bool = True


def _dimensions(frame: pd.DataFrame) -> Iterator[_Dimension]:
    if "delay_reason" in frame:
        yield _of_category("delay_reason", frame["delay_reason"])
        return
    weekday, hour = (frame[name].to_numpy(dtype="int64") for name in ("weekday", "hour"))
    month = frame["month"].to_numpy(dtype="int64")
    yield _whole("total", np.zeros(len(frame), dtype=np.int64), [""])
    yield _of_category("ward", frame["ward"], in_london=False)
    yield _of_category("station_ground", frame["station_ground"])
    yield _whole("hour", hour, HOURS)
    yield _whole("weekday", weekday, WEEKDAYS)
    cells = np.arange(168)
    names = [f"{day} {time}" for day in WEEKDAYS for time in HOURS]
    yield _Dimension("hour_weekday", weekday * 24 + hour, names, [cells // 24, cells % 24])
    months = np.arange(int(month.min()), int(month.max()) + 1) if len(month) else np.array([], dtype=np.int64)
    labels = [f"{value // 12:04d}-{value % 12 + 1:02d}" for value in months.tolist()]
    start = months[0] if len(months) else 0
    yield _Dimension("month", month - start, labels, [months // 12], by_year=False)


def _whole(name: str, codes: Integers, groups: Sequence[str]) -> _Dimension:
    return _Dimension(name, codes, groups, [np.zeros(len(groups), dtype=np.int64)])


def _of_category(name: str, column: pd.Series, *, in_london: bool = True) -> _Dimension:
    groups = [str(group) for group in column.cat.categories]
    codes = column.cat.codes.to_numpy(dtype="int64")
    return _Dimension(name, codes, groups, [np.zeros(len(groups), dtype=np.int64)], in_london=in_london)


def figures(counted: Attendances, standards: Standards) -> pd.DataFrame:
    """One row for each group of each dimension, for London and each borough, all years and each, and each pump.

    Columns: dimension, group, name (readable), borough ("" London), year (0 all), pump, calls, mean_seconds,
    median_seconds, p90_seconds (linear between neighbours), share_within_average (of pumps that took no longer than
    the standard's average) and share_within_limit. Groups that must not be shown have none of the figures, calls
    included; groups without calls have no row. `standards` maps "first" and "second" to mean_seconds and
    within_seconds.
    """
    frame = counted.frame
    years = np.unique(frame["month"].to_numpy(dtype="int64") // 12)
    year = np.searchsorted(years, frame["month"].to_numpy(dtype="int64") // 12) + 1
    borough = frame["borough"].cat.codes.to_numpy(dtype="int64") + 1
    pump, seconds = (frame[name].to_numpy(dtype="int64") for name in ("pump", "seconds"))
    parts = []
    for dimension in _dimensions(frame):
        cells = _Cells(dimension, years, year, borough)
        found = [cells.summarise(pump == number, seconds, number, standards[name]) for name, number in PUMPS.items()]
        parts.append(cells.name(pd.concat(found, ignore_index=True), counted.ward_names))
    return pd.concat(parts, ignore_index=True)


@dataclass(frozen=True)
class _Cells:
    """The combinations of one dimension's groups with years and boroughs, as numbers; 0 stands for all of them."""

    dimension: _Dimension
    years: Integers
    year: Integers
    borough: Integers

    def _pack(self, code: Integers, year: Integers | int, borough: Integers | int) -> Integers:
        return np.asarray((code * (len(self.years) + 1) + year) * (len(BOROUGHS) + 1) + borough, dtype=np.int64)

    def summarise(
        self, chosen: npt.NDArray[np.bool_], seconds: Integers, pump: int, standard: Mapping[str, float]
    ) -> pd.DataFrame:
        chosen = chosen & (self.dimension.codes >= 0)
        code, year, borough, seconds = (
            column[chosen] for column in (self.dimension.codes, self.year, self.borough, seconds)
        )
        placed = borough > 0
        tables = []
        for in_year in (False, True) if self.dimension.by_year else (False,):
            of_year = year if in_year else 0 * year
            if self.dimension.in_london:
                tables.append(_summarise(self._pack(code, of_year, 0), seconds, standard))
            inside = self._pack(code[placed], of_year[placed], borough[placed])
            tables.append(_summarise(inside, seconds[placed], standard))
        return pd.concat(tables, ignore_index=True).assign(pump=pump)

    def name(self, table: pd.DataFrame, ward_names: Mapping[str, str]) -> pd.DataFrame:
        """Names for numbers, in order, and nothing left of what must not be shown."""
        table = table.sort_values(["pump", "key"], ignore_index=True)
        rest, borough = np.divmod(table["key"].to_numpy(), len(BOROUGHS) + 1)
        code, year = np.divmod(rest, len(self.years) + 1)
        pump, calls = table["pump"].to_numpy(), table["calls"].to_numpy()
        shown = ~hidden_groups(calls, list(self._families(code, year, borough, pump)))
        groups = np.array([*self.dimension.groups], dtype=object)[code]
        named = pd.DataFrame(
            {
                "dimension": self.dimension.name,
                "group": groups,
                "name": [ward_names.get(group, group) for group in groups] if self.dimension.name == "ward" else groups,
                "borough": np.array([LONDON, *BOROUGHS], dtype=object)[borough],
                "year": np.array([ALL_YEARS, *self.years])[year].astype("int16"),
                "pump": pump.astype("int8"),
                "calls": pd.array(calls, dtype="Int32"),
            }
        ).astype(dict.fromkeys(("dimension", "group", "name", "borough"), "str"))
        named["calls"] = named["calls"].where(shown)
        for figure in FIGURE_NAMES:
            named[figure] = table[figure].where(shown).to_numpy()
        return named

    def _families(self, code: Integers, year: Integers, borough: Integers, pump: Integers) -> Iterator[Integers]:
        """What adds up to a total that is shown: the groups of one table, the years, the boroughs."""
        for margin in self.dimension.margins:
            yield self._pack(margin[code], year, borough) * 2 + pump - 1
        yield np.where(year > 0, self._pack(code, 0, borough) * 2 + pump - 1, -1)
        yield np.where(borough > 0, self._pack(code, year, 0) * 2 + pump - 1, -1)


def _summarise(keys: Integers, seconds: Integers, standard: Mapping[str, float]) -> pd.DataFrame:
    """The figures of each key, from one sort: key and seconds share a number."""
    packed = np.sort((keys << _SECONDS_BITS) | seconds)
    keys, seconds = packed >> _SECONDS_BITS, packed & ((1 << _SECONDS_BITS) - 1)
    starts = np.flatnonzero(np.diff(keys, prepend=-1))
    calls = np.diff(np.append(starts, len(keys)))
    if not len(keys):
        return pd.DataFrame({"key": keys, "calls": calls, **dict.fromkeys(FIGURE_NAMES, seconds.astype("float64"))})
    return pd.DataFrame(
        {
            "key": keys[starts],
            "calls": calls,
            "mean_seconds": np.add.reduceat(seconds, starts) / calls,
            "median_seconds": _quantile(seconds, starts, calls, 0.5),
            "p90_seconds": _quantile(seconds, starts, calls, 0.9),
            "share_within_average": _share(seconds, starts, calls, standard["mean_seconds"]),
            "share_within_limit": _share(seconds, starts, calls, standard["within_seconds"]),
        }
    )


def _quantile(seconds: Integers, starts: Integers, calls: Integers, level: float) -> npt.NDArray[np.float64]:
    """Linear between the two neighbours, of stretches of `seconds` that are in order."""
    place = (calls - 1) * level
    below = np.floor(place).astype("int64")
    above = np.minimum(below + 1, calls - 1)
    low, high = seconds[starts + below], seconds[starts + above]
    return np.asarray(low + (high - low) * (place - below))


def _share(seconds: Integers, starts: Integers, calls: Integers, limit: float) -> npt.NDArray[np.float64]:
    return np.asarray(np.add.reduceat((seconds <= limit).astype("int64"), starts) / calls)
