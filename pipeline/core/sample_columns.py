"""Generated calls as the columns of the two published files: every cell text, missing ones NA."""

from __future__ import annotations

from functools import partial

import numpy as np
import numpy.typing as npt
import pandas as pd

from pipeline.core import sample_rates as rates
from pipeline.core.boroughs import BOROUGH_CODES
from pipeline.core.columns import published_names
from pipeline.core.sample_calls import SampleCalls, as_text, pick

Floats = npt.NDArray[np.float64]


def incident_columns(calls: SampleCalls) -> pd.DataFrame:
    """The incident file's columns."""
    generator, count, called_at = calls.generator, len(calls.called_at), calls.called_at
    # What is drawn from the generator is drawn in this order: another one would give other files.
    kind = _kind_columns(calls)
    hidden = kind["PropertyCategory"] == "Dwelling"
    found = {
        "IncidentNumber": calls.numbers,
        "DateOfCall": called_at.dt.strftime("%Y-%m-%d"),
        "CalYear": as_text(called_at.dt.year),
        "TimeOfCall": called_at.dt.strftime("%H:%M:%S"),
        "HourOfCall": as_text(called_at.dt.hour),
        **kind,
        **_place_columns(calls, hidden),
        **_address_columns(calls, hidden),
        **_attendance_columns(calls),
        "FRS": pd.Series("London", index=range(count), dtype="str"),
        "NumCalls": as_text(1 + (generator.random(count) < 0.165) + (generator.random(count) < 0.03)),
    }
    return pd.DataFrame({name: found[name] for name in published_names("incident")})


def _kind_columns(calls: SampleCalls) -> dict[str, pd.Series]:
    """What it was: group, category, kind of property."""
    generator, count = calls.generator, len(calls.called_at)
    category = pick({name: share for name, (share, _) in rates.PROPERTIES.items()}, count, generator)
    kinds = [rates.PROPERTIES[name][1] for name in category]
    choice = generator.random(count)
    property_type = pd.Series([kind[int(at * len(kind))] for kind, at in zip(kinds, choice, strict=True)], dtype="str")
    stop = np.array([""] * count, dtype=object)
    # One in six is published with a blank behind.
    property_type = property_type.where(generator.random(count) > 0.83, property_type + " ")
    for group, codes in rates.STOP_CODES.items():
        chosen = calls.groups == group
        stop[chosen] = pick(codes, int(chosen.sum()), generator)
    special = pd.Series(pick(rates.SPECIAL_SERVICES, count, generator), dtype="str")
    return {
        "IncidentGroup": pd.Series(calls.groups, dtype="str"),
        "StopCodeDescription": pd.Series(stop, dtype="str"),
        "SpecialServiceType": special.where(calls.groups == "Special Service"),
        "PropertyCategory": pd.Series(category, dtype="str"),
        "PropertyType": property_type,
    }


def _place_columns(calls: SampleCalls, hidden: pd.Series) -> dict[str, pd.Series]:
    """Where it was; of a `hidden` one, a dwelling, the middle of its 100 m square alone."""
    places, london = calls.places, calls.london
    zero = pd.Series(calls.generator.random(len(hidden)) < rates.ZERO_COORDINATES)
    borough = pd.Series(london.boroughs[places.near[:, 0]], dtype="str")
    code = borough.map(BOROUGH_CODES)
    ward = borough + " sample ward " + as_text(places.ward)
    return {
        "IncGeo_BoroughCode": code,
        "IncGeo_BoroughName": borough.str.upper(),
        "ProperCase": borough.replace({"Hammersmith and Fulham": "Hammersmith And fulham"}),
        "IncGeo_WardCode": "S" + code.str[1:] + "-" + as_text(places.ward, 2),
        "IncGeo_WardName": ward.str.upper(),
        "IncGeo_WardNameNew": ward,
        "Easting_m": (as_text(places.easting) + ".0").mask(hidden),
        "Northing_m": (as_text(places.northing) + ".0").mask(hidden),
        "Easting_rounded": as_text(places.easting // 100 * 100 + 50),
        "Northing_rounded": as_text(places.northing // 100 * 100 + 50),
        "Latitude": _decimals(places.latitude).mask(zero, "0").mask(hidden),
        "Longitude": _decimals(places.longitude).mask(zero, "0").mask(hidden),
        "IncidentStationGround": pd.Series(london.names[places.ground], dtype="str"),
    }


def _address_columns(calls: SampleCalls, hidden: pd.Series) -> dict[str, pd.Series]:
    generator, count = calls.generator, len(hidden)
    missing = pd.Series(pd.NA, index=range(count), dtype="str")
    return {
        "AddressQualifier": pd.Series(pick(rates.ADDRESS_QUALIFIERS, count, generator), dtype="str"),
        "Postcode_full": missing,
        "Postcode_district": missing,
        "UPRN": as_text(np.where(hidden, 0, generator.integers(10**8, 10**9, count))),
        "USRN": as_text(generator.integers(20_000_000, 23_000_000, count)),
    }


def _attendance_columns(calls: SampleCalls) -> dict[str, pd.Series]:
    """Who came, how fast, and what it cost: an hour of each pump at the year's rate, in pounds."""
    first, second = _pump(calls, 1), _pump(calls, 2)
    pumps = calls.pumps.groupby("incident").agg(pumps=("order", "size"), stations=("station", "nunique"))
    pumps = pumps.reindex(range(len(calls.called_at)), fill_value=1)
    rate = pd.Series(np.where(calls.called_at.dt.year >= 2023, 388, 364))
    return {
        "FirstPumpArriving_AttendanceTime": first["seconds"],
        "FirstPumpArriving_DeployedFromStation": first["station"],
        "SecondPumpArriving_AttendanceTime": second["seconds"],
        "SecondPumpArriving_DeployedFromStation": second["station"],
        "NumStationsWithPumpsAttending": as_text(pumps["stations"]),
        "NumPumpsAttending": as_text(pumps["pumps"]),
        "PumpCount": as_text(pumps["pumps"]),
        "PumpMinutesRounded": as_text(60 * pumps["pumps"]),
        "Notional Cost (£)": as_text(rate * pumps["pumps"]),
    }


def _pump(calls: SampleCalls, order: int) -> pd.DataFrame:
    """Station name and seconds, as text, of the pump of this order; NA where there is none."""
    chosen = calls.pumps[calls.pumps["order"] == order].set_index("incident")
    found = pd.DataFrame(
        {
            "seconds": chosen["attendance"].astype("int64").astype("str") + ".0",
            "station": pd.Series(calls.london.names[chosen["station"]], index=chosen.index, dtype="str"),
        }
    )
    return found.reindex(range(len(calls.called_at)))


def mobilisation_columns(calls: SampleCalls, first_id: int) -> pd.DataFrame:
    """The mobilisation file's columns, in order of mobilisation, with a few rows twice."""
    generator, pumps, count = calls.generator, calls.pumps, len(calls.pumps)
    incident, order = pumps["incident"].to_numpy(), pumps["order"]
    called = calls.called_at.iloc[incident].reset_index(drop=True)
    after = partial(_moment_after, _mobilised_at(calls, called))
    unknown = pd.Series(generator.random(count) < 0.0044)
    code, station = _departures(calls)
    delay = _delays(calls)
    on_scene = np.round(np.exp(generator.normal(np.log(900), 0.7, count)))
    left = after(pumps["attendance"] + on_scene).mask(pd.Series(generator.random(count) < 0.017))
    is_home = generator.random(count) < rates.HOME_STATION
    frame = pd.DataFrame(
        {
            "IncidentNumber": calls.numbers.iloc[incident].reset_index(drop=True),
            "CalYear": as_text(called.dt.year),
            "HourOfCall": as_text(called.dt.hour),
            "ResourceMobilisationId": as_text(np.arange(first_id, first_id + count)),
            "Resource_Code": _codes(calls) + pd.Series(np.where(order == 1, "1", "2"), dtype="str"),
            "PerformanceReporting": pd.Series(np.where(order <= 2, order.astype("str"), "Not Used"), dtype="str"),
            "DateAndTimeMobilised": after(np.zeros(count)),
            "DateAndTimeMobile": after(pumps["turnout"]).mask(unknown),
            "DateAndTimeArrived": after(pumps["attendance"]),
            "TurnoutTimeSeconds": as_text(pumps["turnout"]).mask(unknown),
            "TravelTimeSeconds": as_text(pumps["travel"]).mask(unknown),
            "AttendanceTimeSeconds": as_text(pumps["attendance"]),
            "DateAndTimeLeft": left,
            "DateAndTimeReturned": pd.Series(pd.NA, index=range(count), dtype="str"),
            "DeployedFromStation_Code": code,
            "DeployedFromStation_Name": station,
            "DeployedFromLocation": pd.Series(np.where(is_home, "Home Station", "Other Station"), dtype="str"),
            "PumpOrder": as_text(order),
            "PlusCode_Code": pd.Series("Initial", index=range(count), dtype="str"),
            "PlusCode_Description": pd.Series("Initial Mobilisation", index=range(count), dtype="str"),
            "DelayCodeId": delay[0],
            "DelayCode_Description": delay[1],
        }
    )
    again = np.repeat(np.arange(count), 1 + (generator.random(count) < rates.DUPLICATED_MOBILISATIONS))
    return frame.iloc[again].reset_index(drop=True)


def _mobilised_at(calls: SampleCalls, called: pd.Series) -> pd.Series:
    """One to two minutes after the call, in GMT; the hour that comes twice in autumn is taken for winter time."""
    gmt = called.dt.tz_localize("Europe/London", ambiguous=np.zeros(len(called), bool), nonexistent="shift_forward")
    gmt = gmt.dt.tz_convert("UTC").dt.tz_localize(None)
    mobilised: pd.Series = gmt + pd.to_timedelta(calls.generator.integers(50, 130, len(called)), unit="s")
    return mobilised


def _codes(calls: SampleCalls) -> pd.Series:
    return pd.Series(calls.london.codes[calls.pumps["station"]], dtype="str")


def _departures(calls: SampleCalls) -> tuple[pd.Series, pd.Series]:
    """Code and name of the station of each pump; now and then one beyond London, which has no code."""
    generator, count = calls.generator, len(calls.pumps)
    beyond = pd.Series(generator.random(count) < rates.FROM_BEYOND_LONDON)
    elsewhere = pd.Series(pick(dict.fromkeys(rates.STATIONS_BEYOND_LONDON, 1.0), count, generator), dtype="str")
    station = pd.Series(calls.london.names[calls.pumps["station"]], dtype="str")
    return _codes(calls).mask(beyond), station.mask(beyond, elsewhere)


def _delays(calls: SampleCalls) -> pd.DataFrame:
    """Number (column 0) and words (column 1) of each pump's reason of delay, mostly missing."""
    shares = {f"{number}|{words}": share for (number, words), share in rates.DELAYS.items()}
    named = pd.Series(pick(shares, len(calls.pumps), calls.generator), dtype="str")
    given = named.where(calls.generator.random(len(calls.pumps)) < rates.DELAY_GIVEN)
    return given.str.split("|", n=1, expand=True).reindex(columns=[0, 1])


def _decimals(degrees: Floats) -> pd.Series:
    """Ten decimals, as published."""
    return pd.Series(np.char.mod("%.10f", degrees), dtype="str")


def _moment_after(start: pd.Series, seconds: object) -> pd.Series:
    moments = start + pd.to_timedelta(np.asarray(seconds, dtype="float64"), unit="s")
    text: pd.Series = moments.dt.strftime("%d/%m/%Y %H:%M:%S")
    return text
