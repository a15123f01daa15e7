"""Days and clocks: bank holidays of England, and London's clock against GMT."""

from __future__ import annotations

from functools import cache

import holidays
import pandas as pd

LONDON = "Europe/London"


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


def gmt_to_london(moments: pd.Series) -> pd.Series:
    """datetime64 without zone, from GMT to the clock on London's walls; missing stays missing."""
    local: pd.Series = moments.dt.tz_localize("UTC").dt.tz_convert(LONDON).dt.tz_localize(None)
    return local
