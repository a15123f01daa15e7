"""Generated records look like the published ones."""

import re

import numpy as np
import pandas as pd
import pytest

from pipeline.core import columns, sample_rates
from pipeline.core.errors import ParameterError
from pipeline.core.sample import SampleParams, is_sample_number, sample_chunks


def make(stations, incidents=20_000, **options):
    pairs = list(sample_chunks(SampleParams(incidents, **{"years": (2023,), **options}), stations))
    return [pd.concat(frames, ignore_index=True) for frames in zip(*pairs, strict=True)]


@pytest.fixture(scope="module")
def generated(stations):
    return make(stations)


def test_columns_are_the_published_ones(generated):
    for dataset, frame in zip(("incident", "mobilisation"), generated, strict=True):
        assert list(frame.columns) == columns.published_names(dataset)


def test_the_same_seed_gives_the_same_rows_and_another_one_others(stations):
    first, again, other = (make(stations, 500, seed=seed)[0] for seed in (1, 1, 2))
    pd.testing.assert_frame_equal(first, again)
    assert not first.equals(other)


@pytest.mark.parametrize("incidents", [0, 1, 364, 5_001])
def test_exactly_as_many_incidents_as_asked_for(stations, incidents):
    pairs = list(sample_chunks(SampleParams(incidents, (2023,)), stations))
    assert sum(len(pair[0]) for pair in pairs) == incidents


def test_large_samples_come_in_small_pieces(stations):
    first = next(iter(sample_chunks(SampleParams(10_000_000, (2022, 2023)), stations)))
    assert len(first[0]) < 60_000


def test_every_row_names_itself_as_sample(generated):
    for frame in generated:
        assert is_sample_number(frame["IncidentNumber"]).all()


def test_published_numbers_are_not_taken_for_sample():
    assert not is_sample_number(pd.Series(["038967-19032023", "235138081", "9123451", None], dtype="str")).any()


@pytest.mark.parametrize(
    "wrong",
    [{"incidents": -1}, {"incidents": 1, "years": ()}, {"incidents": 1, "years": (1990,)}, {"incidents": 10**9}],
)
def test_impossible_sizes_and_years_are_refused(wrong):
    with pytest.raises(ParameterError):
        SampleParams(**wrong)


def seconds(frame, name):
    return pd.to_numeric(frame[name]).dropna()


# Target, tolerance, and how it is measured; targets are the published figures of 2021 to 2025 and of 2023.
CALIBRATION = {
    "first pump, mean": (314.4, 12, lambda i, m: seconds(i, "FirstPumpArriving_AttendanceTime").mean()),
    "first pump, median": (297, 12, lambda i, m: seconds(i, "FirstPumpArriving_AttendanceTime").median()),
    "first pump, 90th percentile": (475, 20, lambda i, m: seconds(i, "FirstPumpArriving_AttendanceTime").quantile(0.9)),
    "first pump within 6 min": (0.711, 0.03, lambda i, m: (seconds(i, "FirstPumpArriving_AttendanceTime") <= 360).mean()),
    "first pump within 10 min": (0.967, 0.012, lambda i, m: (seconds(i, "FirstPumpArriving_AttendanceTime") <= 600).mean()),
    "second pump, mean": (400.9, 20, lambda i, m: seconds(i, "SecondPumpArriving_AttendanceTime").mean()),
    "no first pump time": (0.057, 0.006, lambda i, m: i["FirstPumpArriving_AttendanceTime"].isna().mean()),
    "no second pump": (0.658, 0.02, lambda i, m: i["SecondPumpArriving_AttendanceTime"].isna().mean()),
    "false alarms": (0.489, 0.015, lambda i, m: (i["IncidentGroup"] == "False Alarm").mean()),
    "dwellings without exact place": (0.56, 0.02, lambda i, m: i["Easting_m"].isna().mean()),
    "first pump from its own ground": (0.735, 0.03, lambda i, m: (i["FirstPumpArriving_DeployedFromStation"] == i["IncidentStationGround"])[i["FirstPumpArriving_AttendanceTime"].notna()].mean()),
    "turnout, median": (71, 3, lambda i, m: seconds(m, "TurnoutTimeSeconds").median()),
    "turnout at 3 h, median": (106, 8, lambda i, m: seconds(m[m["HourOfCall"] == "3"], "TurnoutTimeSeconds").median()),
    "travel, mean": (287.6, 15, lambda i, m: seconds(m, "TravelTimeSeconds").mean()),
    "first in order": (0.663, 0.02, lambda i, m: (m["PumpOrder"] == "1").mean()),
    "home station": (0.964, 0.006, lambda i, m: (m["DeployedFromLocation"] == "Home Station").mean()),
    "delay code given": (0.27, 0.02, lambda i, m: m["DelayCodeId"].notna().mean()),
    "turnout missing": (0.0044, 0.002, lambda i, m: m["TurnoutTimeSeconds"].isna().mean()),
}  # fmt: skip


@pytest.mark.parametrize("name", CALIBRATION)
def test_figures_are_close_to_the_published_ones(generated, name):
    target, tolerance, measure = CALIBRATION[name]
    assert measure(*generated) == pytest.approx(target, abs=tolerance)


def test_hours_follow_the_published_shares(generated):
    shares = generated[0]["HourOfCall"].astype(int).value_counts(normalize=True).sort_index().to_numpy() * 100
    assert np.abs(shares - np.array(sample_rates.HOUR_SHARES)).max() < 0.6


def test_parts_add_up_and_times_are_the_incidents_own(generated):
    incidents, mobilisations = generated
    whole = mobilisations.dropna(subset=["TurnoutTimeSeconds"])
    parts = whole[["TurnoutTimeSeconds", "TravelTimeSeconds", "AttendanceTimeSeconds"]].astype(int)
    assert (parts.iloc[:, 0] + parts.iloc[:, 1] == parts.iloc[:, 2]).all()
    first = (
        mobilisations[mobilisations["PumpOrder"] == "1"].drop_duplicates("IncidentNumber").set_index("IncidentNumber")
    )
    both = incidents.set_index("IncidentNumber")[["FirstPumpArriving_AttendanceTime"]].join(
        first[["AttendanceTimeSeconds"]], how="inner"
    )
    assert (both["FirstPumpArriving_AttendanceTime"].astype(float) == both["AttendanceTimeSeconds"].astype(float)).all()


def test_the_known_dirt_is_there(generated):
    incidents, mobilisations = generated
    assert incidents["PropertyType"].str.endswith(" ").mean() > 0.75
    assert (incidents["Latitude"] == "0").any()
    assert (incidents["ProperCase"] == "Hammersmith And fulham").any()
    assert mobilisations["ResourceMobilisationId"].duplicated().any()
    assert mobilisations["DeployedFromStation_Name"].isin(sample_rates.STATIONS_BEYOND_LONDON).any()
    assert re.fullmatch(r"\d+\.0", incidents["FirstPumpArriving_AttendanceTime"].dropna().iloc[0])


def test_times_of_mobilisation_are_gmt(generated):
    _, mobilisations = generated
    summer = mobilisations[mobilisations["DateAndTimeMobilised"].str[3:5] == "07"]
    local = summer["HourOfCall"].astype(int)
    gmt = summer["DateAndTimeMobilised"].str[11:13].astype(int)
    assert ((local - gmt) % 24).isin([0, 1]).all()
    assert ((local - gmt) % 24 == 1).mean() > 0.9
