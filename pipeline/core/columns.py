"""The catalogue of columns: what each is called, holds and means, and when it is known."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from pipeline.core.errors import DataError, LeakError, MissingColumnError

# When a value is known, seen from the moment the engine is sent.
KNOWN = ("key", "call", "sent", "partly")  # before or at that moment; "partly": the final record may differ
OUTCOME = "outcome"  # only afterwards: never an input of a model


@dataclass(frozen=True)
class Column:
    """One column of a file or frame.

    `kind` is text, key, integer, number, date, time or timestamp; `variants` are other spellings seen in editions.
    """

    name: str
    published: str
    kind: str
    when_known: str
    meaning: str
    required: bool = False
    variants: tuple[str, ...] = ()


def _column(name: str, published: str, kind: str, when: str, meaning: str, *, required: bool = False) -> Column:
    return Column(name, published, kind, when, meaning, required)


def _incident(
    name: str, published: str, kind: str, when: str, meaning: str, *variants: str, required: bool = False
) -> Column:
    """One edition spells the columns of this file in snake case, and leaves out the prefix of places."""
    words = re.sub(r"(?<=[a-z])(?=[A-Z])", "_", published.removeprefix("IncGeo_"))
    in_snake_case = re.sub(r"[^A-Za-z0-9]+", "_", words).strip("_").lower()
    return Column(name, published, kind, when, meaning, required, (*variants, in_snake_case))


INCIDENT_COLUMNS = (
    _incident("incident_number", "IncidentNumber", "key", "key", "LFB's number of the incident", required=True),
    _incident("date_of_call", "DateOfCall", "date", "call", "date of the 999 call, local clock", required=True),
    _incident("cal_year", "CalYear", "integer", "call", "year of the call"),
    _incident("time_of_call", "TimeOfCall", "time", "call", "time of the 999 call, local clock", required=True),
    _incident("hour_of_call", "HourOfCall", "integer", "call", "hour of the call, 0 to 23, local clock"),
    _incident("incident_group", "IncidentGroup", "text", OUTCOME, "fire, special service or false alarm, as closed"),
    _incident("stop_code_description", "StopCodeDescription", "text", OUTCOME, "detailed category, as closed"),
    _incident("special_service_type", "SpecialServiceType", "text", OUTCOME, "kind of special service, as closed"),
    _incident("property_category", "PropertyCategory", "text", "partly", "kind of property"),
    _incident("property_type", "PropertyType", "text", "partly", "detailed kind of property"),
    _incident("address_qualifier", "AddressQualifier", "text", OUTCOME, "how the address relates to the incident"),
    _incident("postcode_full", "Postcode_full", "text", "call", "postcode, not published for dwellings"),
    _incident("postcode_district", "Postcode_district", "text", "call", "outward postcode"),
    _incident("uprn", "UPRN", "integer", "call", "unique property reference; 0 means hidden"),
    _incident("usrn", "USRN", "integer", "call", "unique street reference"),
    _incident("borough_code", "IncGeo_BoroughCode", "text", "call", "ONS code of the borough", "BoroughCode"),
    _incident("borough_name", "IncGeo_BoroughName", "text", "call", "borough, in capitals", "BoroughName"),
    _incident("proper_case", "ProperCase", "text", "call", "borough, readable"),
    _incident("ward_code", "IncGeo_WardCode", "text", "call", "ONS code of the ward", "WardCode"),
    _incident("ward_name", "IncGeo_WardName", "text", "call", "ward", "WardName"),
    _incident("ward_name_new", "IncGeo_WardNameNew", "text", "call", "ward after the last redrawing"),
    _incident("easting_m", "Easting_m", "number", "call", "British National Grid, metres; not for dwellings"),
    _incident("northing_m", "Northing_m", "number", "call", "British National Grid, metres; not for dwellings"),
    _incident("easting_rounded_m", "Easting_rounded", "number", "call", "middle of the 100 m square"),
    _incident("northing_rounded_m", "Northing_rounded", "number", "call", "middle of the 100 m square"),
    _incident("latitude", "Latitude", "number", "call", "WGS84, degrees; not for dwellings"),
    _incident("longitude", "Longitude", "number", "call", "WGS84, degrees; not for dwellings"),
    _incident("frs", "FRS", "text", "call", "fire service of the ground"),
    _incident("station_ground", "IncidentStationGround", "text", "call", "station ground of the incident"),
    _incident(
        "first_pump_attendance_seconds", "FirstPumpArriving_AttendanceTime", "integer", OUTCOME,
        "first pump: mobilised to arrived, seconds", required=True,
    ),
    _incident(
        "first_pump_station_name", "FirstPumpArriving_DeployedFromStation", "text", "sent",
        "station of the first pump", required=True,
    ),
    _incident(
        "second_pump_attendance_seconds", "SecondPumpArriving_AttendanceTime", "integer", OUTCOME,
        "second pump: mobilised to arrived, seconds",
    ),
    _incident("second_pump_station_name", "SecondPumpArriving_DeployedFromStation", "text", "sent", "station of the second pump"),
    _incident("stations_attending", "NumStationsWithPumpsAttending", "integer", OUTCOME, "stations with pumps attending"),
    _incident("pumps_attending", "NumPumpsAttending", "integer", OUTCOME, "pumps attending at once"),
    _incident("pump_count", "PumpCount", "integer", OUTCOME, "pumps in all"),
    _incident("pump_minutes", "PumpMinutesRounded", "integer", OUTCOME, "time of all pumps at the incident, minutes"),
    _incident("notional_cost_gbp", "Notional Cost (£)", "integer", OUTCOME, "cost at the year's rate, pounds"),
    _incident("calls", "NumCalls", "integer", OUTCOME, "calls received about the incident"),
)  # fmt: skip


MOBILISATION_COLUMNS = (
    _column("incident_number", "IncidentNumber", "key", "key", "LFB's number of the incident", required=True),
    _column("cal_year", "CalYear", "integer", "call", "year of the call"),
    _column("hour_of_call", "HourOfCall", "integer", "call", "hour of the call, 0 to 23, local clock"),
    _column("mobilisation_id", "ResourceMobilisationId", "integer", "key", "number of the mobilisation", required=True),
    _column("resource_code", "Resource_Code", "text", "sent", "call sign of the engine"),
    _column("performance_reporting", "PerformanceReporting", "text", OUTCOME, "1 or 2: counted as first or second to arrive"),
    _column("mobilised_at", "DateAndTimeMobilised", "timestamp", "sent", "engine mobilised, GMT", required=True),
    _column("mobile_at", "DateAndTimeMobile", "timestamp", OUTCOME, "wheels rolling, GMT"),
    _column("arrived_at", "DateAndTimeArrived", "timestamp", OUTCOME, "arrived, GMT"),
    _column("turnout_seconds", "TurnoutTimeSeconds", "integer", OUTCOME, "mobilised to rolling, seconds"),
    _column("travel_seconds", "TravelTimeSeconds", "integer", OUTCOME, "rolling to arrived, seconds"),
    _column("attendance_seconds", "AttendanceTimeSeconds", "integer", OUTCOME, "mobilised to arrived, seconds", required=True),
    _column("left_at", "DateAndTimeLeft", "timestamp", OUTCOME, "left the incident, GMT"),
    _column("returned_at", "DateAndTimeReturned", "timestamp", OUTCOME, "back at the station, GMT; not published since 2021"),
    _column("station_code", "DeployedFromStation_Code", "text", "sent", "code of the departing station"),
    _column("station_name", "DeployedFromStation_Name", "text", "sent", "departing station", required=True),
    _column("deployed_from_location", "DeployedFromLocation", "text", "sent", "home station or other"),
    _column("pump_order", "PumpOrder", "integer", "sent", "order of the pump at the incident"),
    _column("plus_code", "PlusCode_Code", "text", "sent", "kind of mobilisation"),
    _column("plus_code_description", "PlusCode_Description", "text", "sent", "kind of mobilisation, in words"),
    _column("delay_code_id", "DelayCodeId", "integer", OUTCOME, "reason of delay"),
    _column("delay_code_description", "DelayCode_Description", "text", OUTCOME, "reason of delay, in words"),
)  # fmt: skip

# In some editions, and of no use here: accepted without a word and not stored.
IGNORED = {
    "incident": {"timestamp_of_call", "PumpHoursRoundUp"},
    "mobilisation": {
        "BoroughName", "WardName", "TimeMobileTimezoneId", "TimeArrivedTimezoneId", "TimeLeftTimezoneId", "TimeReturnedTimezoneId",
    },
}  # fmt: skip


def _feature(name: str, kind: str, when: str, meaning: str, *, required: bool = False) -> Column:
    return _column(name, FEATURE_FILE_NAMES.get(name, name), kind, when, meaning, required=required)


# The three names that the contract fixes for the feature file; the others are spelled as in the frame.
FEATURE_FILE_NAMES = {
    "distance_km": "distance",
    "station_name": "DeployedFromStation_Name",
    "attendance_seconds": "AttendanceTimeSeconds",
}

FEATURE_COLUMNS = (
    _feature("incident_number", "key", "key", "LFB's number of the incident", required=True),
    _feature("called_at", "timestamp", "call", "999 call, local clock", required=True),
    _feature("pump_order", "integer", "sent", "1 first pump, 2 second, …"),
    _feature("station_name", "text", "sent", "departing station", required=True),
    _feature("distance_km", "number", "sent", "straight line from station to incident, km", required=True),
    _feature("hour", "integer", "call", "hour of the call, 0 to 23, local clock"),
    _feature("weekday", "integer", "call", "0 Monday to 6 Sunday"),
    _feature("month", "integer", "call", "1 to 12"),
    _feature("is_bank_holiday", "boolean", "call", "bank holiday in England"),
    _feature("borough_name", "text", "call", "borough of the incident"),
    _feature("ward_code", "text", "call", "ward of the incident"),
    _feature("ward_name", "text", "call", "ward of the incident"),
    _feature("station_ground", "text", "call", "station ground of the incident"),
    _feature("is_own_ground", "boolean", "sent", "the departing station is that of the ground"),
    _feature("is_home_station", "number", "sent", "1 sent from its home station, 0 from another, missing: not known"),
    _feature("property_category", "text", "partly", "kind of property"),
    _feature("incident_easting_m", "number", "call", "British National Grid, metres"),
    _feature("incident_northing_m", "number", "call", "British National Grid, metres"),
    _feature("incident_latitude", "number", "call", "WGS84, degrees"),
    _feature("incident_longitude", "number", "call", "WGS84, degrees"),
    _feature("station_easting_m", "number", "sent", "British National Grid, metres"),
    _feature("station_northing_m", "number", "sent", "British National Grid, metres"),
    _feature("engines_out_station", "number", "sent", "engines of the departing station already out"),
    _feature("engines_out_total", "number", "sent", "engines of all stations already out"),
    _feature("turnout_seconds", "number", OUTCOME, "mobilised to rolling, seconds"),
    _feature("travel_seconds", "number", OUTCOME, "rolling to arrived, seconds"),
    _feature("attendance_seconds", "number", OUTCOME, "mobilised to arrived, seconds", required=True),
)

_CATALOGUE = {"incident": INCIDENT_COLUMNS, "mobilisation": MOBILISATION_COLUMNS}


def columns_of(dataset: str) -> tuple[Column, ...]:
    """The columns of "incident" or "mobilisation" in published order."""
    return _CATALOGUE[dataset]


def published_names(dataset: str) -> list[str]:
    return [column.published for column in columns_of(dataset)]


@dataclass(frozen=True)
class HeaderMatch:
    """What a header row is: the kind of file, found → published spelling, and what was not understood."""

    dataset: str
    mapping: dict[str, str]
    absent: tuple[str, ...]
    unknown: tuple[str, ...]


def recognise(header: Sequence[str]) -> HeaderMatch:
    """Tell which of the two files a header row belongs to.

    Raises DataError (`unrecognised_file`) where it is neither, MissingColumnError where a needed column is missing.
    """
    found = [str(name).strip().lstrip("\ufeff") for name in header]
    matches = [_match(dataset, found) for dataset in _CATALOGUE]
    best = max(matches, key=lambda match: len(match.mapping) / len(_CATALOGUE[match.dataset]))
    if len(best.mapping) < 5:
        shown = ", ".join(found[:8]) or "nothing"
        raise DataError(
            f"The header is neither that of an incident file nor that of a mobilisation file: it starts with {shown}.",
            code="unrecognised_file",
            hint="Give one of the files that London Fire Brigade publishes, with its header row.",
        )
    missing = [
        column.published for column in columns_of(best.dataset) if column.required and column.published in best.absent
    ]
    if best.dataset == "incident":
        missing += _missing_place(best)
    if missing:
        raise MissingColumnError(
            f"The {best.dataset} file lacks {_plural('column', missing)} {', '.join(missing)}.",
            hint=f"Its columns are: {', '.join(found)}.",
            fields=dict.fromkeys(missing, "missing"),
        )
    return best


def _match(dataset: str, found: Sequence[str]) -> HeaderMatch:
    spelling = {
        variant: column.published for column in columns_of(dataset) for variant in (column.published, *column.variants)
    }
    mapping: dict[str, str] = {}
    for name in found:
        if name in spelling and spelling[name] not in mapping.values():
            mapping[name] = spelling[name]
    absent = tuple(name for name in published_names(dataset) if name not in mapping.values())
    unknown = tuple(name for name in found if name and name not in mapping and name not in IGNORED[dataset])
    return HeaderMatch(dataset, mapping, absent, unknown)


def _missing_place(match: HeaderMatch) -> list[str]:
    """An incident needs a place: the exact or the rounded grid reference."""
    has_exact = not {"Easting_m", "Northing_m"} & set(match.absent)
    has_rounded = not {"Easting_rounded", "Northing_rounded"} & set(match.absent)
    return [] if has_exact or has_rounded else ["Easting_rounded", "Northing_rounded"]


def _plural(word: str, things: Sequence[object]) -> str:
    return word if len(things) == 1 else f"{word}s"


# Under either spelling: what one file calls an outcome is none of a model's business in another.
_OUTCOMES = {
    spelling
    for column in (*INCIDENT_COLUMNS, *MOBILISATION_COLUMNS, *FEATURE_COLUMNS)
    if column.when_known == OUTCOME
    for spelling in (column.name, column.published)
}


def require_known_when_sent(names: Iterable[str]) -> None:
    """Refuse inputs that are not known when the engine is sent.

    Raises LeakError for a column that the catalogue marks as an outcome, or that it does not list at all.
    """
    may_feed = {column.name for column in FEATURE_COLUMNS if column.when_known in KNOWN} - _OUTCOMES
    leaking = [name for name in names if name not in may_feed]
    if leaking:
        raise LeakError(
            f"{', '.join(leaking)} cannot feed a prediction: not known when the engine is sent.",
            hint="Use columns that the catalogue lists as features known at the call or when the engine is sent.",
            fields=dict.fromkeys(leaking, "not known when the engine is sent"),
        )
