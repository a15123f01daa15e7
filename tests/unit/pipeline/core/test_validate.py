"""Good rows are typed, bad rows are rejected with their reason."""

import pandas as pd
import pytest

from pipeline.core.validate import REASONS, RawChunk, Validator
from tests.frames import chunk

STATIONS = ["Acton", "Ealing", "Old Kent Road"]


def check(dataset, *rows, **options):
    validator = Validator(dataset, STATIONS, **options)
    return validator, validator.check(chunk(dataset, *rows))


def test_a_good_incident_comes_out_typed():
    _, result = check("incident", {})
    row = result.frame.iloc[0]
    assert row["called_at"] == pd.Timestamp("2023-03-19 14:11:51")
    assert row["first_pump_attendance_seconds"] == 316
    assert row["property_type"] == "Woodland"
    assert row["easting_m"] == 519_900
    assert result.rejects.empty


def test_a_good_mobilisation_comes_out_typed():
    _, result = check("mobilisation", {})
    row = result.frame.iloc[0]
    assert row["mobilised_at"] == pd.Timestamp("2023-03-19 14:13")
    assert (row["turnout_seconds"], row["travel_seconds"], row["attendance_seconds"]) == (65, 251, 316)


BROKEN_INCIDENTS = {
    "missing_key": {"IncidentNumber": None},
    "bad_key": {"IncidentNumber": "n/k"},
    "bad_number": {"NumPumpsAttending": "two"},
    "bad_date": {"DateOfCall": "31/02/2023"},
    "bad_time": {"TimeOfCall": "25:00:00"},
    "missing_call_time": {"TimeOfCall": "NULL"},
    "impossible_time": {"FirstPumpArriving_AttendanceTime": "1201"},
    "missing_place": {"Easting_m": None, "Easting_rounded": None},
    "coordinates_outside_london": {"Easting_m": "400000"},
}
BROKEN_MOBILISATIONS = {
    "missing_key": {"ResourceMobilisationId": None},
    "bad_number": {"AttendanceTimeSeconds": "3.5"},
    "bad_time": {"DateAndTimeMobilised": "31/02/2023 10:00"},
    "missing_mobilised_time": {"DateAndTimeMobilised": None},
    "missing_attendance_time": {"AttendanceTimeSeconds": "NULL"},
    "impossible_time": {"TurnoutTimeSeconds": "-1"},
    "arrival_before_mobilisation": {"DateAndTimeArrived": "19/03/2023 14:12:59"},
    "unknown_station": {"DeployedFromStation_Name": "Surrey"},
}


@pytest.mark.parametrize(
    ("dataset", "reason", "cells"),
    [("incident", *item) for item in BROKEN_INCIDENTS.items()]
    + [("mobilisation", *item) for item in BROKEN_MOBILISATIONS.items()],
)
def test_each_fault_has_its_own_reason(dataset, reason, cells):
    validator, result = check(dataset, {}, cells)
    assert result.rejects["reason"].tolist() == [reason]
    assert result.rejects["source_row"].tolist() == [3]
    assert len(result.frame) == 1
    assert dict(validator.rejects) == {reason: 1}


def test_a_repeated_number_is_rejected_within_and_across_chunks():
    validator = Validator("incident", STATIONS)
    first = validator.check(chunk("incident", {}, {"IncidentNumber": "000001-19032023"}))
    second = validator.check(chunk("incident", {}))
    assert first.rejects["reason"].tolist() == second.rejects["reason"].tolist() == ["duplicate_key"]


def test_rows_that_do_not_fit_the_header_are_rejected_with_their_text():
    good = chunk("incident", {})
    ragged = RawChunk(good.frame, "incident", "file.csv", good.rows, ((3, "a,b"),))
    rejects = Validator("incident", STATIONS).check(ragged).rejects
    assert rejects[["reason", "source_row", "row_text"]].to_numpy().tolist() == [["wrong_number_of_cells", 3, "a,b"]]


def test_every_reason_is_tested_here_or_just_above():
    tested = set(BROKEN_INCIDENTS) | set(BROKEN_MOBILISATIONS) | {"duplicate_key", "wrong_number_of_cells"}
    assert tested == set(REASONS)


def test_rejected_rows_keep_the_cells_they_came_with():
    _, result = check("incident", {"DateOfCall": "soon"})
    assert result.rejects.loc[0, ["DateOfCall", "source_file"]].tolist() == ["soon", "file.csv"]


def test_a_note_of_the_reader_is_kept_once_and_logged(caplog):
    good = chunk("incident", {})
    noted = RawChunk(good.frame, "incident", "file.csv", good.rows, notes=("file.csv: column Colour left out",))
    validator = Validator("incident", STATIONS)
    for _ in range(2):
        validator.check(noted)
    assert validator.notes == ["file.csv: column Colour left out"]
    assert [record.getMessage() for record in caplog.records] == validator.notes


def test_other_years_are_left_out_but_not_rejected():
    validator, result = check("incident", {}, {"DateOfCall": "2022-12-31", "CalYear": "2022"}, years=frozenset({2023}))
    assert len(result.frame) == 1
    assert (validator.rows_of_other_years, validator.rows_rejected) == (1, 0)


def test_an_unknown_first_pump_keeps_the_incident_and_is_counted():
    validator, result = check("incident", {"FirstPumpArriving_DeployedFromStation": "Surrey"})
    assert len(result.frame) == 1
    assert dict(validator.unmatched_stations) == {"Surrey": 1}


def test_station_names_match_whatever_their_case_and_blanks():
    _, result = check("mobilisation", {"DeployedFromStation_Name": " OLD  KENT-ROAD "})
    assert result.rejects.empty


@pytest.mark.parametrize(("name", "column"), [("UPRN", "uprn"), ("Latitude", "latitude"), ("Longitude", "longitude")])
def test_zero_that_means_unknown_becomes_missing_and_is_counted(name, column):
    validator, result = check("incident", {name: "0.0"})
    assert pd.isna(result.frame.loc[0, column])
    assert validator.repairs[f"{column} of 0 taken as missing"] == 1


@pytest.mark.parametrize(
    ("text", "value"), [("1900-01-01 00:00:00", "1"), ("1900-01-02 00:00:00", "2"), ("Not Used", "Not Used")]
)
def test_performance_reporting_that_became_a_date_is_a_number_again(text, value):
    _, result = check("mobilisation", {"PerformanceReporting": text})
    assert result.frame.loc[0, "performance_reporting"] == value


def test_year_and_hour_follow_from_date_and_time_where_an_edition_lacks_them():
    _, result = check("incident", {"CalYear": None, "HourOfCall": None})
    assert result.frame.loc[0, ["cal_year", "hour_of_call"]].tolist() == [2023, 14]


def test_near_zero_and_longest_times_are_kept():
    _, result = check(
        "incident", {"FirstPumpArriving_AttendanceTime": "0"}, {"FirstPumpArriving_AttendanceTime": "1200"}
    )
    assert len(result.frame) == 2
