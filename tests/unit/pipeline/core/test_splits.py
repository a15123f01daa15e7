"""The split by time: what lies where, whole incidents, and too little data."""

from __future__ import annotations

import datetime as dt

import numpy as np
import pandas as pd
import pytest

from pipeline.core.errors import DataError, ParameterError
from pipeline.core.splits import (
    HoldoutRule,
    cut_training_bands,
    holdout_start,
    rolling_fold,
    split_by_time,
)


def calls(first: str, last: str, per_day: int = 10) -> pd.DataFrame:
    days = pd.date_range(first, last, freq="D").repeat(per_day)
    called_at = days + pd.to_timedelta(np.tile(np.arange(per_day), len(days) // per_day), unit="h")
    return pd.DataFrame(
        {"incident_number": [f"{number:06d}" for number in range(len(days))], "called_at": called_at, "pump_order": 1}
    )


@pytest.mark.parametrize(
    ("first", "last", "expected"),
    [
        ("2017-01-01", "2017-03-31", "2017-03-01"),  # 31 of 90 days; no smaller whole month there
        ("2017-01-03", "2017-03-31", "2017-03-01"),  # two days missing at the start change nothing
        ("2023-01-01", "2023-12-31", "2023-11-01"),  # 61 of 365 days are nearer to 73 than 92 are
        ("2023-01-01", "2023-09-30", "2023-08-01"),  # 61 of 273, wanted 54.6
        ("2023-01-01", "2023-07-03", "2023-06-01"),  # three days of July alone are no whole month
        ("2022-09-01", "2023-12-31", "2023-10-01"),  # 92 of 487, wanted 97
        ("2022-01-01", "2023-12-31", "2023-10-01"),  # a fifth would be five months: three are the most
        ("2009-01-01", "2023-12-05", "2023-09-01"),  # three whole ones, and the days of December
        ("2023-01-01", "2023-01-10", "2023-01-09"),  # the last fifth of ten days
        ("2023-01-30", "2023-03-02", "2023-02-25"),  # three month names, but 32 days: the last six
        ("2023-01-01", "2023-01-02", "2023-01-02"),
    ],
)
def test_the_last_period_is_up_to_three_whole_months_near_a_fifth_else_a_fifth_of_the_days(
    first: str, last: str, expected: str
) -> None:
    assert holdout_start(calls(first, last)["called_at"]) == pd.Timestamp(expected)


@pytest.mark.parametrize(
    ("rule", "expected"),
    [
        (HoldoutRule(months=1), dt.date(2023, 6, 1)),
        (HoldoutRule(months=3), dt.date(2023, 4, 1)),
        (HoldoutRule(start=dt.date(2023, 5, 17)), dt.date(2023, 5, 17)),
    ],
)
def test_the_last_period_can_be_named(rule: HoldoutRule, expected: dt.date) -> None:
    split = split_by_time(calls("2023-01-01", "2023-06-30"), rule=rule)

    assert split.holdout_period == (expected, dt.date(2023, 6, 30))
    assert split.train_period == (dt.date(2023, 1, 1), expected - dt.timedelta(days=1))


@pytest.mark.parametrize("wrong", [{"months": 0}, {"months": -1}, {"months": 2, "start": dt.date(2023, 1, 1)}])
def test_a_rule_that_makes_no_sense_is_refused(wrong: dict[str, object]) -> None:
    with pytest.raises(ParameterError):
        HoldoutRule(**wrong)  # type: ignore[arg-type]


def test_every_row_lies_on_exactly_one_side_and_the_input_is_unchanged() -> None:
    features = calls("2023-01-01", "2023-04-30")
    before = features.copy(deep=True)

    split = split_by_time(features)

    assert sorted([*split.train["incident_number"], *split.holdout["incident_number"]]) == [
        *features["incident_number"]
    ]
    assert split.train["called_at"].max() < split.holdout["called_at"].min()
    pd.testing.assert_frame_equal(features, before)


def test_pumps_of_one_incident_stay_together_on_the_side_of_the_earliest() -> None:
    features = calls("2023-01-01", "2023-04-30")
    features.loc[features.index[-1], "incident_number"] = features["incident_number"].iloc[0]

    split = split_by_time(features)

    assert not set(split.train["incident_number"]) & set(split.holdout["incident_number"])
    assert (split.train["incident_number"] == "000000").sum() == 2


@pytest.mark.parametrize(
    ("features", "code"),
    [
        (calls("2023-01-01", "2023-01-01").iloc[:0], "no_rows"),
        (calls("2023-01-01", "2023-01-01").iloc[:1], "too_few_days"),
        (calls("2023-01-01", "2023-01-01", per_day=24), "too_few_days"),
        (calls("2023-01-01", "2023-01-08"), "too_few_rows"),
    ],
    ids=["no rows", "one row", "one day", "80 rows, 20 of them to test on"],
)
def test_too_little_data_is_explained(features: pd.DataFrame, code: str) -> None:
    with pytest.raises(DataError) as caught:
        split_by_time(features)

    assert caught.value.code == code
    assert caught.value.hint


def test_an_incident_that_straddles_the_border_stays_with_its_first_call() -> None:
    features = calls("2023-01-01", "2023-04-30")
    start = holdout_start(features["called_at"])
    last = features.index[features["called_at"] < start][-1]
    twin = features.loc[[last]].assign(called_at=start + pd.Timedelta(seconds=1), pump_order=2)

    split = split_by_time(pd.concat([features, twin], ignore_index=True))

    assert (split.train["incident_number"] == features.loc[last, "incident_number"]).sum() == 2


def test_rolling_folds_train_on_the_past_alone() -> None:
    folds = [rolling_fold(calls("2023-01-01", "2023-01-30"), 2, fold) for fold in (1, 2)]

    assert [fold.train_period for fold in folds] == [
        (dt.date(2023, 1, 1), dt.date(2023, 1, 10)),
        (dt.date(2023, 1, 1), dt.date(2023, 1, 20)),
    ]
    assert [fold.holdout_period for fold in folds] == [
        (dt.date(2023, 1, 11), dt.date(2023, 1, 20)),
        (dt.date(2023, 1, 21), dt.date(2023, 1, 30)),
    ]


def test_a_rolling_fold_with_too_few_rows_is_refused() -> None:
    with pytest.raises(DataError, match="fold 1 of 3 has 10 rows"):
        rolling_fold(calls("2023-01-01", "2023-01-04"), 3, 1)


def test_bands_cut_by_speed_and_by_time() -> None:
    rows = pd.DataFrame(
        {
            # 1 km in 300 s is 12 km/h; 6 km in 300 s is 72 km/h; 0.2 km in 300 s is 2.4 km/h
            "distance_km": [1.0, 6.0, 0.2, 1.0, 3.0, 1.0, np.nan],
            "attendance_seconds": [300.0, 300.0, 300.0, 192.0, 540.0, 0.0, 300.0],
        }
    )
    frame = pd.concat([rows, *[rows.iloc[:1]] * 60], ignore_index=True)

    kept = cut_training_bands(frame, (5, 35), (193, 539))

    assert len(kept) == 61
    assert set(kept["distance_km"]) == {1.0}


def test_bands_that_leave_nothing_to_learn_from_are_refused() -> None:
    frame = pd.DataFrame({"distance_km": [1.0] * 100, "attendance_seconds": [1000.0] * 100})

    with pytest.raises(DataError, match="none of 100"):
        cut_training_bands(frame, (5, 35), (193, 539))
