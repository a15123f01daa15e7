"""Splits by time, grouped by incident: the last period is the holdout, and all pumps of an incident are on one side."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass

import numpy as np
import pandas as pd

from pipeline.core.errors import DataError, ParameterError

HOLDOUT_SHARE = 0.2
MAX_HOLDOUT_MONTHS = 3  # some 40,000 engines: enough to judge by, and what is served lags no farther behind
MIN_ROWS = 50  # below this on either side no figure means anything
MIN_DAYS = 2
THREE_MONTHS_DAYS = 80  # three months, of which a few days at either end may be missing

Period = tuple[dt.date, dt.date]


@dataclass(frozen=True)
class HoldoutRule:
    """How the last period is chosen: from a date, or so many calendar months, or (neither given) by `holdout_start`."""

    months: int | None = None
    start: dt.date | None = None

    def __post_init__(self) -> None:
        if self.months is not None and self.start is not None:
            raise ParameterError("The last period is given both in months and by a date: wanted one of the two.")
        if self.months is not None and self.months < 1:
            raise ParameterError(f"The last period cannot be {self.months} months long: wanted 1 or more.")

    def start_of(self, called_at: pd.Series) -> pd.Timestamp:
        """The first moment of the last period, at midnight."""
        if self.start is not None:
            return pd.Timestamp(self.start)
        if self.months is not None:
            return _month_start(called_at.max(), self.months - 1)
        return holdout_start(called_at)


AUTOMATIC = HoldoutRule()


@dataclass(frozen=True)
class Split:
    """Rows to train on, and the later rows that are never trained on. Periods are first and last day, both included."""

    train: pd.DataFrame
    holdout: pd.DataFrame

    @property
    def train_period(self) -> Period:
        return period_of(self.train)

    @property
    def holdout_period(self) -> Period:
        return period_of(self.holdout)


def period_of(features: pd.DataFrame) -> Period:
    """First and last day of the calls (`called_at`)."""
    return features["called_at"].min().date(), features["called_at"].max().date()


def _month_start(moment: pd.Timestamp, months_before: int) -> pd.Timestamp:
    return pd.Timestamp(moment.year, moment.month, 1) - pd.DateOffset(months=months_before)


def holdout_start(called_at: pd.Series) -> pd.Timestamp:
    """The first moment of the last period: the last calendar months that come nearest to a fifth of the days.

    At least one whole month is among them, however short the last one is, and at most MAX_HOLDOUT_MONTHS; with less
    than three months of data it is the last fifth of the days instead. Depends on the dates alone, so that two
    trainings on the same file are tested on the same rows.
    """
    first: pd.Timestamp = called_at.min().normalize()
    last: pd.Timestamp = called_at.max().normalize()
    days = (last - first).days + 1
    if days < THREE_MONTHS_DAYS:
        return last - pd.Timedelta(days=max(1, round(days * HOLDOUT_SHARE)) - 1)
    is_whole_month = last == last + pd.offsets.MonthEnd(0)
    fewest = 0 if is_whole_month else 1
    months = (last.year - first.year) * 12 + last.month - first.month
    most = min(max(months, fewest + 1), fewest + MAX_HOLDOUT_MONTHS)
    starts = [_month_start(last, before) for before in range(fewest, most)]
    return min(starts, key=lambda start: abs((last - start).days + 1 - days * HOLDOUT_SHARE))


def split_by_time(features: pd.DataFrame, start: pd.Timestamp | None = None, *, rule: HoldoutRule = AUTOMATIC) -> Split:
    """Rows called before `start` (default: as `rule` says) and from then on; pumps of one incident stay together.

    Reads `incident_number` and `called_at` (datetime64, local clock). Raises DataError where the rows span less than
    two days, or either side would hold too few rows to learn from or to judge by.
    """
    if features.empty:
        raise DataError("The feature file holds no rows.", code="no_rows", hint="Run manage.py build_features.")
    called_at = features["called_at"]
    start = rule.start_of(called_at) if start is None else start
    split = _divide(features, called_at >= start)
    _require_days(called_at)
    for rows, side in ((split.train, "before"), (split.holdout, "from")):
        if len(rows) < MIN_ROWS:
            raise DataError(
                f"Only {len(rows)} rows {side} {start:%d %B %Y}: at least {MIN_ROWS} are needed on either side.",
                code="too_few_rows",
                hint="Use a longer period: check LFB_YEARS and the files processed.",
            )
    return split


def _require_days(called_at: pd.Series) -> None:
    days = called_at.dt.normalize().nunique()
    if days < MIN_DAYS:
        raise DataError(
            f"The calls lie within {days} day: at least {MIN_DAYS} days are needed to train on one and test on another.",
            code="too_few_days",
            hint="Use a longer period: check LFB_YEARS and the files processed.",
        )


def _divide(features: pd.DataFrame, is_later: pd.Series) -> Split:
    """Two sides; where pumps of one incident fall on both, the earliest call decides for all of them."""
    later = is_later.to_numpy(dtype=bool)
    numbers = features["incident_number"]
    straddles = np.zeros(len(features), dtype=bool)
    straddles[later] = numbers[later].isin(numbers[~later].unique()).to_numpy(dtype=bool)
    later = later & ~straddles
    return Split(features[~later].reset_index(drop=True), features[later].reset_index(drop=True))


def rolling_fold(features: pd.DataFrame, folds: int, fold: int) -> Split:
    """Fold `fold` of 1 to `folds`: training rows that end where the test rows begin.

    The days are cut into `folds` + 1 stretches of equal length; fold k trains on the first k and tests on the next.
    Raises DataError where it has too few rows on a side.
    """
    called_at = features["called_at"]
    first = called_at.min().normalize()
    days = (called_at.max().normalize() - first).days + 1
    start, end = (first + pd.Timedelta(days=round(days * number / (folds + 1))) for number in (fold, fold + 1))
    known = features[called_at < end]
    split = _divide(known, known["called_at"] >= start)
    require_rows(split, f"fold {fold} of {folds}")
    return split


def require_rows(split: Split, title: str) -> None:
    """Raise DataError where a side of the fold `title` is too small for any figure to mean something."""
    fewest = min(len(split.train), len(split.holdout))
    if fewest < MIN_ROWS:
        raise DataError(
            f"A side of {title} has {fewest} rows: at least {MIN_ROWS} are needed.",
            code="too_few_rows",
            hint="Ask for fewer folds, or use a longer period.",
        )


def cut_training_bands(
    train: pd.DataFrame, speed_band_kmh: tuple[float, float], attendance_band_seconds: tuple[float, float]
) -> pd.DataFrame:
    """Training rows within the original method's plausibility bands: km/h from distance and time, and seconds.

    The bands look at the target, so they may shape training alone: never call this on rows that are to be judged.
    Raises DataError where not one row is left.
    """
    hours = (train["attendance_seconds"] / 3600).where(train["attendance_seconds"] > 0)
    speed = train["distance_km"] / hours
    kept = train[speed.between(*speed_band_kmh) & train["attendance_seconds"].between(*attendance_band_seconds)]
    if kept.empty:
        raise DataError(
            f"The bands leave none of {len(train)} training rows.",
            code="too_few_rows",
            hint="Widen LFB_SPEED_BAND_KMH and LFB_ATTENDANCE_BAND_SECONDS, or switch LFB_TRAIN_ON_BANDS off.",
        )
    return kept
