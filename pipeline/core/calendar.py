"""Days of the calendar: bank holidays of England, and what a moment of call says of hour, weekday and month."""

from __future__ import annotations

from functools import cache

import holidays
import pandas as pd


@cache
def _bank_holidays(year: int) -> frozenset[pd.Timestamp]:
    return frozenset(pd.Timestamp(day) for day in holidays.country_holidays("GB", subdiv="ENG", years=year))


def is_bank_holiday(moments: pd.Series) -> pd.Series:
    """bool, same index: whether each datetime64 (local clock) falls on a bank holiday in England; False where missing.

    From the `holidays` package, which knows the days proclaimed once; a feast at a weekend counts beside its weekday in
    lieu. Each year is looked up once.
    """
    days = moments.dt.normalize()
    years = moments.dt.year.dropna().unique()
    found = {day for year in years for day in _bank_holidays(int(year))}
    is_holiday: pd.Series = days.isin(list(found))
    return is_holiday


def fill_time_of_call(features: pd.DataFrame) -> pd.DataFrame:
    """`features` with hour, weekday, month and is_bank_holiday taken from `called_at` (local clock) where they are missing.

    A feature file that was made elsewhere may leave them out: they follow from the moment of the call.
    """
    called_at = features["called_at"]
    from_call = {"hour": called_at.dt.hour, "weekday": called_at.dt.day_of_week, "month": called_at.dt.month}
    filled = {name: features[name].fillna(values).astype("int64") for name, values in from_call.items()}
    holiday = features["is_bank_holiday"]
    if holiday.isna().any():
        holiday = holiday.astype("boolean").fillna(is_bank_holiday(called_at)).astype("bool")
    return features.assign(**filled, is_bank_holiday=holiday)
