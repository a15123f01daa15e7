"""The rows a model learns from."""

import numpy as np
import pandas as pd
import pytest

from pipeline.core.features import add_features, engines_out, incident_pump_rows, mobilisation_rows
from pipeline.core.validate import Validator
from tests.frames import chunk


def validated(dataset, stations, *rows):
    return Validator(dataset, stations["station_name"]).check(chunk(dataset, *rows)).frame


def test_an_incident_gives_a_row_for_each_timed_pump(stations):
    rows = incident_pump_rows(
        validated("incident", stations, {}, {"SecondPumpArriving_AttendanceTime": None}), stations
    )
    assert rows.frame[["pump_order", "station_name", "attendance_seconds"]].to_numpy().tolist() == [
        [1, "Acton", 316.0],
        [2, "Ealing", 402.0],
        [1, "Acton", 316.0],
    ]
    assert rows.rejects.empty


def test_derived_features_match_a_hand_calculation(stations):
    row = incident_pump_rows(validated("incident", stations, {}), stations).frame.iloc[0]
    # Acton stands at 519679, 180078; the incident is 221 m east and 178 m south of it.
    assert row["distance_km"] == pytest.approx(np.hypot(0.221, 0.178), rel=0.005)
    assert (row["hour"], row["weekday"], row["month"]) == (14, 6, 3)
    assert not row["is_bank_holiday"]
    assert row["is_own_ground"]
    assert row["borough_name"] == "Ealing"


def test_a_place_published_rounded_only_is_the_middle_of_its_square(stations):
    frame = incident_pump_rows(validated("incident", stations, {"Easting_m": None, "Northing_m": None}), stations).frame
    assert frame.loc[0, ["incident_easting_m", "incident_northing_m"]].tolist() == [519_950, 179_950]


def test_bank_holidays_are_known(stations):
    frame = incident_pump_rows(validated("incident", stations, {"DateOfCall": "2023-05-08"}), stations).frame
    assert frame["is_bank_holiday"].all()


def test_mobilisations_join_their_incident(stations):
    incidents = validated("incident", stations, {"IncidentNumber": "038967-19032023"})
    mobilisations = validated("mobilisation", stations, {}, {"IncidentNumber": "000009-19032023"})
    rows = mobilisation_rows(incidents, mobilisations, stations)
    assert rows.frame.loc[0, ["turnout_seconds", "travel_seconds", "is_home_station"]].tolist() == [65, 251, 1]
    assert rows.rejects["reason"].tolist() == ["no_incident"]


def test_a_pump_of_an_unknown_station_is_rejected_and_named(stations):
    incidents = validated("incident", stations, {"FirstPumpArriving_DeployedFromStation": "Surrey"})
    rows = incident_pump_rows(incidents, stations)
    assert rows.rejects["reason"].tolist() == ["unknown_station"]
    assert rows.unmatched_stations == {"Surrey": 1}
    assert rows.frame["station_name"].tolist() == ["Ealing"]


def test_rows_come_in_order_of_call_whatever_the_order_of_the_files(stations):
    incidents = validated("incident", stations, {"TimeOfCall": "15:00:00"}, {"TimeOfCall": "13:00:00"}, {})
    shuffled = incidents.iloc[[2, 0, 1]].reset_index(drop=True)
    pd.testing.assert_frame_equal(
        incident_pump_rows(incidents, stations).frame, incident_pump_rows(shuffled, stations).frame
    )


def test_no_rows_give_no_rows(stations):
    empty = validated("incident", stations, {}).iloc[:0]
    assert incident_pump_rows(empty, stations).frame.empty


def test_one_question_gets_the_same_features_as_the_training_row(stations):
    trained = incident_pump_rows(validated("incident", stations, {}), stations).frame.iloc[[0]]
    asked = trained[["station_name", "called_at", "incident_easting_m", "incident_northing_m", "station_ground"]]
    answered = add_features(asked, stations)
    for name in ("distance_km", "hour", "weekday", "month", "is_bank_holiday", "is_own_ground", "station_easting_m"):
        assert answered[name].tolist() == trained[name].tolist()


def test_a_question_that_names_its_distance_keeps_it(stations):
    asked = pd.DataFrame(
        {
            "station_name": ["Acton"], "called_at": [pd.NaT], "incident_easting_m": [np.nan], "incident_northing_m": [np.nan],
            "station_ground": pd.Series([None], dtype="str"), "distance_km": [5.2],
        }
    ).astype({"called_at": "datetime64[us]"})  # fmt: skip
    answered = add_features(asked, stations)
    assert answered.loc[0, "distance_km"] == 5.2
    assert np.isnan(answered.loc[0, "hour"])


def random_mobilisations(seed, count=300):
    generator = np.random.default_rng(seed)
    start = pd.Timestamp("2019-01-01") + pd.to_timedelta(generator.integers(0, 20_000, count), unit="s")
    length = pd.to_timedelta(generator.integers(1, 4_000, count), unit="s")
    frame = pd.DataFrame(
        {"station_name": generator.choice(["A", "B", "C"], count), "mobilised_at": start, "returned_at": start + length}
    )
    frame["left_at"] = frame["returned_at"]
    frame.loc[generator.random(count) < 0.3, "returned_at"] = pd.NaT
    frame.loc[generator.random(count) < 0.1, ["returned_at", "left_at"]] = pd.NaT
    return frame


def engines_out_by_hand(frame):
    end = frame["returned_at"].fillna(frame["left_at"])
    own, total = [], []
    for at, station in zip(frame["mobilised_at"], frame["station_name"], strict=True):
        out = (frame["mobilised_at"] < at) & (end > at)
        total.append(out.sum())
        own.append((out & (frame["station_name"] == station)).sum())
    return own, total


@pytest.mark.parametrize("seed", range(5))
def test_engines_out_agree_with_counting_one_by_one(seed):
    frame = random_mobilisations(seed)
    own, total = engines_out(frame)
    expected_own, expected_total = engines_out_by_hand(frame)
    assert own.tolist() == expected_own
    assert total.tolist() == expected_total


@pytest.mark.parametrize("seed", range(5))
def test_engines_out_never_look_into_the_future(seed):
    frame = random_mobilisations(seed)
    now = frame["mobilised_at"].quantile(0.5, interpolation="nearest")
    past = (frame["mobilised_at"] <= now).to_numpy()
    changed = frame.copy()
    changed.loc[~past, "station_name"] = "A"
    # Also what is only known later of engines already out: when exactly they came back.
    later = changed["returned_at"] > now
    changed.loc[later, "returned_at"] += pd.Timedelta(hours=3)
    for before, after in zip(engines_out(frame), engines_out(changed), strict=True):
        assert before[past].tolist() == after[past].tolist()


def test_engines_out_of_nothing_is_nothing():
    assert [len(counts) for counts in engines_out(random_mobilisations(0).iloc[:0])] == [0, 0]
