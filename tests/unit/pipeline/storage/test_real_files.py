"""The real published files come through reading and validation whole, in every header and spelling seen."""

import pandas as pd
import pytest

from pipeline.core.validate import Validator
from pipeline.storage.readers import read_table

pytestmark = pytest.mark.real_data

# File, kind, rows read, rows rejected by reason; every rejected row was looked at. The one incident outside London is
# not geo-coded: its grid reference lies by Stevenage, its postcode district is SE1. The repeated mobilisations differ
# from the earlier row in borough or ward alone.
FILES = [
    ("incidents_2023_sample_a.csv.gz", "incident", 6_678, {}),
    ("incidents_2023_sample_b.csv.gz", "incident", 6_693, {}),
    ("incidents_2017_jan_mar_bigquery.csv.gz", "incident", 23_505, {"coordinates_outside_london": 1}),
    ("dwelling_fires_2009_attendance.csv.gz", "incident", 6_708, {}),
    ("header_samples/incidents_2009_ddMonyy_floatIncidentNumber.csv", "incident", 20, {}),
    ("header_samples/incidents_2009_ddMonyyyy_floats.csv", "incident", 20, {}),
    ("header_samples/incidents_2020_PumpHoursRoundUp.csv", "incident", 5, {}),
    ("header_samples/mobilisations_2009_22cols.csv", "mobilisation", 20, {}),
    ("header_samples/mobilisations_2020_22cols.csv", "mobilisation", 5, {}),
    ("header_samples/mobilisations_24cols_2021_2024.csv", "mobilisation", 11, {"duplicate_key": 3}),
]


def validate(path, stations):
    validator, frames = None, []
    for chunk in read_table(path):
        validator = validator or Validator(chunk.dataset, stations["station_name"].tolist())
        frames.append(validator.check(chunk).frame)
    return validator, pd.concat(frames, ignore_index=True)


@pytest.mark.parametrize(("name", "dataset", "rows", "rejects"), FILES, ids=[row[0] for row in FILES])
def test_a_real_file_is_understood_row_by_row(real_data, stations, name, dataset, rows, rejects):
    validator, frame = validate(real_data / name, stations)
    assert (validator.dataset, validator.rows_read, dict(validator.rejects)) == (dataset, rows, rejects)
    assert len(frame) == validator.rows_kept == rows - sum(rejects.values())
    assert dict(validator.unmatched_stations) == {}


def test_two_spellings_of_the_same_incidents_come_out_alike(real_data, stations):
    (_, first), (_, second) = (validate(real_data / f"incidents_2023_sample_{name}.csv.gz", stations) for name in "ab")
    pairs = first.merge(second, on="incident_number", suffixes=("", "_other"))
    assert len(pairs) == 2_408
    for name in ("called_at", "easting_rounded_m", "first_pump_attendance_seconds", "first_pump_station_name"):
        pd.testing.assert_series_equal(pairs[name], pairs[f"{name}_other"], check_names=False)


def test_the_two_2009_spellings_join_to_the_same_numbers(real_data, stations):
    folder = real_data / "header_samples"
    (_, floats), (_, whole) = (
        validate(folder / f"incidents_2009_{name}.csv", stations)
        for name in ("ddMonyy_floatIncidentNumber", "ddMonyyyy_floats")
    )
    assert floats["incident_number"].tolist() == whole["incident_number"].tolist()
    assert floats["called_at"].tolist() == whole["called_at"].tolist()
