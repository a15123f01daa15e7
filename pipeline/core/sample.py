"""Generates records in the published format, for a first run without the real files, for tests and for benchmarks.

The figures follow `sample_rates`. Every generated incident number has 9 as its first digit, as in `900001-01012023`:
the published running number counts calls since New Year and has never come near 900,000. So the rows name themselves
as sample data wherever they are moved or converted to.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import partial

import numpy as np
import numpy.typing as npt
import pandas as pd

from pipeline.core import sample_rates as rates
from pipeline.core.boroughs import BOROUGH_CODES
from pipeline.core.errors import ParameterError
from pipeline.core.sample_places import Map, Places, area_pace, draw_places

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]

FIRST_NUMBER = 900_000
ROWS_A_CHUNK = 50_000
MAX_A_DAY = 99_999  # running numbers from 900001 to 999999


@dataclass(frozen=True)
class SampleParams:
    """How many incidents, spread over which years (in order), from which seed."""

    incidents: int
    years: tuple[int, ...] = (2022, 2023)
    seed: int = 1

    def __post_init__(self) -> None:
        if self.incidents < 0:
            raise ParameterError(f"{self.incidents} incidents cannot be made: wanted 0 or more.")
        if not self.years or min(self.years) < 2016 or max(self.years) > 2100:
            raise ParameterError("Sample data are made for years from 2016 on: name at least one.")
        if self.incidents / (300 * len(self.years)) > MAX_A_DAY:
            raise ParameterError(
                f"{self.incidents} incidents do not fit into {len(self.years)} years: name more years."
            )


def is_sample_number(incident_numbers: pd.Series) -> pd.Series:
    """bool: whether each incident number is a generated one."""
    return incident_numbers.str.fullmatch(r"9\d{5}-\d{8}").fillna(False).astype(bool)


def sample_chunks(params: SampleParams, stations: pd.DataFrame) -> Iterator[tuple[pd.DataFrame, pd.DataFrame]]:
    """Pairs of incidents and mobilisations in time order, at most about ROWS_A_CHUNK incidents each.

    Columns and spelling as published; all cells text, missing ones NA. The same parameters give the same rows.
    """
    london, next_id = Map.of(stations), 6_000_000
    for number, (first, days, count) in enumerate(_months(params)):
        generator = np.random.default_rng([params.seed, number])
        if count:
            chunk = _Chunk(_call_times(first, days, count, generator), london, generator)
            yield chunk.incidents(), chunk.mobilisations(next_id)
            next_id += len(chunk.pumps)


def _months(params: SampleParams) -> list[tuple[pd.Timestamp, int, int]]:
    """First day, number of days, and incidents of each stretch of days; long months are cut so that chunks stay small."""
    days = pd.DatetimeIndex(
        np.concatenate([pd.date_range(f"{year}-01-01", f"{year}-12-31").to_numpy() for year in params.years])
    )
    weights = np.array(rates.MONTH_SHARES, dtype="float64")[days.month - 1]
    ends = np.round(np.cumsum(weights) / weights.sum() * params.incidents).astype("int64")
    per_day = np.diff(ends, prepend=0)
    step = int(np.clip(ROWS_A_CHUNK // max(1, per_day.max()), 1, 31))
    return [
        (days[at], len(days[at : at + step]), int(per_day[at : at + step].sum())) for at in range(0, len(days), step)
    ]


def _call_times(first: pd.Timestamp, days: int, count: int, generator: np.random.Generator) -> pd.Series:
    """Moments of the calls by London's clock, in order."""
    hours = generator.choice(24, size=count, p=np.array(rates.HOUR_SHARES) / sum(rates.HOUR_SHARES))
    seconds = generator.integers(0, days, count) * 86_400 + hours * 3600 + generator.integers(0, 3600, count)
    return pd.Series(first + pd.to_timedelta(np.sort(seconds), unit="s")).astype("datetime64[s]")


def _pick(shares: Mapping[str, float], count: int, generator: np.random.Generator) -> npt.NDArray[np.object_]:
    weights = np.array(list(shares.values()), dtype="float64")
    return np.array(list(shares), dtype=object)[generator.choice(len(weights), size=count, p=weights / weights.sum())]


def _by_group(shares: dict[str, float], groups: npt.NDArray[np.object_]) -> Floats:
    return np.array([shares[group] for group in groups], dtype="float64")


def _text(values: object, width: int = 0) -> pd.Series:
    """Whole numbers as text, filled up with zeros."""
    return pd.Series(values).astype("int64").astype("str").str.zfill(width)


class _Chunk:
    """Some incidents in time order, and the pumps sent to them."""

    def __init__(self, called_at: pd.Series, london: Map, generator: np.random.Generator) -> None:
        self.called_at, self.london, self.generator = called_at, london, generator
        count = len(called_at)
        self.places: Places = draw_places(count, london, generator)
        self.groups = _pick(rates.GROUPS, count, generator)
        rank = called_at.groupby(called_at.dt.normalize()).cumcount() + 1
        self.numbers = _text(FIRST_NUMBER + rank) + "-" + called_at.dt.strftime("%d%m%Y")
        self.pumps = self._send_pumps()

    def _send_pumps(self) -> pd.DataFrame:
        """One row a pump: incident (position), order, station (index), distance_km, turnout, travel, attendance."""
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

    def incidents(self) -> pd.DataFrame:
        """The incident file's columns."""
        generator, count, places, london = self.generator, len(self.called_at), self.places, self.london
        property_category = _pick({name: share for name, (share, _) in rates.PROPERTIES.items()}, count, generator)
        kinds = [rates.PROPERTIES[name][1] for name in property_category]
        choice = generator.random(count)
        property_type = pd.Series(
            [kind[int(at * len(kind))] for kind, at in zip(kinds, choice, strict=True)], dtype="str"
        )
        property_type = property_type.where(generator.random(count) > 0.83, property_type + " ")
        stop = np.array([""] * count, dtype=object)
        for group, codes in rates.STOP_CODES.items():
            chosen = self.groups == group
            stop[chosen] = _pick(codes, int(chosen.sum()), generator)
        special = pd.Series(_pick(rates.SPECIAL_SERVICES, count, generator), dtype="str")
        hidden = pd.Series(property_category == "Dwelling")
        nearest = places.near[:, 0]
        borough = pd.Series(london.boroughs[nearest], dtype="str")
        code = borough.map(BOROUGH_CODES)
        ward = borough + " sample ward " + _text(places.ward)
        zero = pd.Series(generator.random(count) < rates.ZERO_COORDINATES)
        first, second = self._pump(1), self._pump(2)
        pumps = self.pumps.groupby("incident").agg(pumps=("order", "size"), stations=("station", "nunique"))
        pumps = pumps.reindex(range(count), fill_value=1)
        year, minutes = self.called_at.dt.year, 60 * pumps["pumps"]
        rate = pd.Series(np.where(self.called_at.dt.year >= 2023, 388, 364))
        return pd.DataFrame(
            {
                "IncidentNumber": self.numbers,
                "DateOfCall": self.called_at.dt.strftime("%Y-%m-%d"),
                "CalYear": _text(year),
                "TimeOfCall": self.called_at.dt.strftime("%H:%M:%S"),
                "HourOfCall": _text(self.called_at.dt.hour),
                "IncidentGroup": pd.Series(self.groups, dtype="str"),
                "StopCodeDescription": pd.Series(stop, dtype="str"),
                "SpecialServiceType": special.where(self.groups == "Special Service"),
                "PropertyCategory": pd.Series(property_category, dtype="str"),
                "PropertyType": property_type,
                "AddressQualifier": pd.Series(_pick(rates.ADDRESS_QUALIFIERS, count, generator), dtype="str"),
                "Postcode_full": pd.Series(pd.NA, index=range(count), dtype="str"),
                "Postcode_district": pd.Series(pd.NA, index=range(count), dtype="str"),
                "UPRN": _text(np.where(hidden, 0, generator.integers(10**8, 10**9, count))),
                "USRN": _text(generator.integers(20_000_000, 23_000_000, count)),
                "IncGeo_BoroughCode": code,
                "IncGeo_BoroughName": borough.str.upper(),
                "ProperCase": borough.replace({"Hammersmith and Fulham": "Hammersmith And fulham"}),
                "IncGeo_WardCode": "S" + code.str[1:] + "-" + _text(places.ward, 2),
                "IncGeo_WardName": ward.str.upper(),
                "IncGeo_WardNameNew": ward,
                "Easting_m": (_text(places.easting) + ".0").mask(hidden),
                "Northing_m": (_text(places.northing) + ".0").mask(hidden),
                "Easting_rounded": _text(places.easting // 100 * 100 + 50),
                "Northing_rounded": _text(places.northing // 100 * 100 + 50),
                "Latitude": _decimals(places.latitude).mask(zero, "0").mask(hidden),
                "Longitude": _decimals(places.longitude).mask(zero, "0").mask(hidden),
                "FRS": pd.Series("London", index=range(count), dtype="str"),
                "IncidentStationGround": pd.Series(london.names[places.ground], dtype="str"),
                "FirstPumpArriving_AttendanceTime": first["seconds"],
                "FirstPumpArriving_DeployedFromStation": first["station"],
                "SecondPumpArriving_AttendanceTime": second["seconds"],
                "SecondPumpArriving_DeployedFromStation": second["station"],
                "NumStationsWithPumpsAttending": _text(pumps["stations"]),
                "NumPumpsAttending": _text(pumps["pumps"]),
                "PumpCount": _text(pumps["pumps"]),
                "PumpMinutesRounded": _text(minutes),
                "Notional Cost (£)": _text(rate * pumps["pumps"]),
                "NumCalls": _text(1 + (generator.random(count) < 0.165) + (generator.random(count) < 0.03)),
            }
        )

    def _pump(self, order: int) -> pd.DataFrame:
        """Station name and seconds, as text, of the pump of this order; NA where there is none."""
        chosen = self.pumps[self.pumps["order"] == order].set_index("incident")
        found = pd.DataFrame(
            {
                "seconds": chosen["attendance"].astype("int64").astype("str") + ".0",
                "station": pd.Series(self.london.names[chosen["station"]], index=chosen.index, dtype="str"),
            }
        )
        return found.reindex(range(len(self.called_at)))

    def mobilisations(self, first_id: int) -> pd.DataFrame:
        """The mobilisation file's columns, in order of mobilisation, with a few rows twice."""
        generator, pumps, london = self.generator, self.pumps, self.london
        count, incident = len(pumps), pumps["incident"].to_numpy()
        called = self.called_at.iloc[incident].reset_index(drop=True)
        gmt = called.dt.tz_localize("Europe/London", ambiguous=np.zeros(count, bool), nonexistent="shift_forward")
        gmt = gmt.dt.tz_convert("UTC").dt.tz_localize(None)
        mobilised = gmt + pd.to_timedelta(generator.integers(50, 130, count), unit="s")
        after = partial(_moment_after, mobilised)
        unknown = pd.Series(generator.random(count) < 0.0044)
        station = pd.Series(london.names[pumps["station"]], dtype="str")
        code = pd.Series(london.codes[pumps["station"]], dtype="str")
        beyond = pd.Series(generator.random(count) < rates.FROM_BEYOND_LONDON)
        elsewhere = pd.Series(_pick(dict.fromkeys(rates.STATIONS_BEYOND_LONDON, 1.0), count, generator), dtype="str")
        delays = _pick(
            {f"{number}|{words}": share for (number, words), share in rates.DELAYS.items()}, count, generator
        )
        named = pd.Series(delays, dtype="str").where(generator.random(count) < rates.DELAY_GIVEN)
        delay = named.str.split("|", n=1, expand=True).reindex(columns=[0, 1])
        on_scene = np.round(np.exp(generator.normal(np.log(900), 0.7, count)))
        order = pumps["order"]
        frame = pd.DataFrame(
            {
                "IncidentNumber": self.numbers.iloc[incident].reset_index(drop=True),
                "CalYear": _text(called.dt.year),
                "HourOfCall": _text(called.dt.hour),
                "ResourceMobilisationId": _text(np.arange(first_id, first_id + count)),
                "Resource_Code": code + pd.Series(np.where(order == 1, "1", "2"), dtype="str"),
                "PerformanceReporting": pd.Series(np.where(order <= 2, order.astype("str"), "Not Used"), dtype="str"),
                "DateAndTimeMobilised": after(np.zeros(count)),
                "DateAndTimeMobile": after(pumps["turnout"]).mask(unknown),
                "DateAndTimeArrived": after(pumps["attendance"]),
                "TurnoutTimeSeconds": _text(pumps["turnout"]).mask(unknown),
                "TravelTimeSeconds": _text(pumps["travel"]).mask(unknown),
                "AttendanceTimeSeconds": _text(pumps["attendance"]),
                "DateAndTimeLeft": after(pumps["attendance"] + on_scene).mask(
                    pd.Series(generator.random(count) < 0.017)
                ),
                "DateAndTimeReturned": pd.Series(pd.NA, index=range(count), dtype="str"),
                "DeployedFromStation_Code": code.mask(beyond),
                "DeployedFromStation_Name": station.mask(beyond, elsewhere),
                "DeployedFromLocation": pd.Series(
                    np.where(generator.random(count) < rates.HOME_STATION, "Home Station", "Other Station"), dtype="str"
                ),
                "PumpOrder": _text(order),
                "PlusCode_Code": pd.Series("Initial", index=range(count), dtype="str"),
                "PlusCode_Description": pd.Series("Initial Mobilisation", index=range(count), dtype="str"),
                "DelayCodeId": delay[0],
                "DelayCode_Description": delay[1],
            }
        )
        again = np.repeat(np.arange(count), 1 + (generator.random(count) < rates.DUPLICATED_MOBILISATIONS))
        return frame.iloc[again].reset_index(drop=True)


def _skewed(count: int, generator: np.random.Generator) -> Floats:
    """Skew-normal numbers of mean 0 and spread 1, the longer tail above."""
    delta = rates.TRAVEL_SKEW / np.sqrt(1 + rates.TRAVEL_SKEW**2)
    raw = delta * np.abs(generator.standard_normal(count)) + np.sqrt(1 - delta**2) * generator.standard_normal(count)
    return np.asarray((raw - delta * np.sqrt(2 / np.pi)) / np.sqrt(1 - 2 * delta**2 / np.pi))


def _decimals(degrees: Floats) -> pd.Series:
    """Ten decimals, as published."""
    return pd.Series(np.char.mod("%.10f", degrees), dtype="str")


def _moment_after(start: pd.Series, seconds: object) -> pd.Series:
    moments = start + pd.to_timedelta(np.asarray(seconds, dtype="float64"), unit="s")
    text: pd.Series = moments.dt.strftime("%d/%m/%Y %H:%M:%S")
    return text
