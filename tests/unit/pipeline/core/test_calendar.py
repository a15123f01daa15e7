"""Bank holidays, and the parts of a moment of call."""

import pandas as pd

from pipeline.core.calendar import fill_time_of_call, is_bank_holiday


def test_bank_holidays_follow_proclamations():
    days = pd.Series(
        pd.to_datetime(["2011-04-29", "2022-06-03", "2022-09-19", "2023-05-08", "2023-05-09"]) + pd.Timedelta(hours=23)
    )
    assert is_bank_holiday(days).tolist() == [True, True, True, True, False]


def test_bank_holidays_agree_with_the_published_list(real_data):
    published = set(pd.read_csv(real_data / "bank_holidays_england_wales.csv")["date"])
    days = pd.Series(pd.date_range("2009-01-01", "2027-12-31"))
    found = set(days[is_bank_holiday(days)].dt.strftime("%Y-%m-%d"))
    assert published <= found
    # What is more are the feasts themselves where a weekday stands in for them.
    assert {pd.Timestamp(day).day_name() for day in found - published} <= {"Saturday", "Sunday"}


def test_no_moment_falls_on_no_bank_holiday():
    assert is_bank_holiday(pd.Series([pd.NaT], dtype="datetime64[s]")).tolist() == [False]
    assert is_bank_holiday(pd.Series([], dtype="datetime64[s]")).tolist() == []


def features(**columns):
    # The leap day, a Thursday, and the last second of a year, a Sunday.
    moments = pd.to_datetime(["2024-02-29 00:00:00", "2023-12-31 23:59:59"])
    missing = dict.fromkeys(("hour", "weekday", "month", "is_bank_holiday"), float("nan"))
    return pd.DataFrame({"called_at": moments, **missing, **columns})


def test_the_time_of_a_call_is_filled_from_its_moment():
    filled = fill_time_of_call(features())
    assert filled[["hour", "weekday", "month"]].to_numpy().tolist() == [[0, 3, 2], [23, 6, 12]]
    assert filled["is_bank_holiday"].tolist() == [False, False]


def test_a_time_of_call_that_is_given_stays():
    given = features(hour=[5, 6], weekday=[0, 1], month=[7, 8], is_bank_holiday=[True, False])
    pd.testing.assert_frame_equal(fill_time_of_call(given), given)
