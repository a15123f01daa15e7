"""Splits by time: the last period is kept apart, and an incident lies whole on one side."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass

import pandas as pd

from pipeline.core.errors import DataError

HOLDOUT_SHARE = 0.2
MIN_ROWS = 50  # below this on either side no figure means anything


@dataclass(frozen=True)
class Split:
    """Rows to train on, and the later rows that are never trained on. Periods are first and last day, both included."""

    train: pd.DataFrame
    holdout: pd.DataFrame

    @property
    def train_period(self) -> tuple[dt.date, dt.date]:
        return period_of(self.train)

    @property
    def holdout_period(self) -> tuple[dt.date, dt.date]:
        return period_of(self.holdout)


def period_of(features: pd.DataFrame) -> tuple[dt.date, dt.date]:
    """First and last day of the calls."""
    return features["called_at"].min().date(), features["called_at"].max().date()


def holdout_start(called_at: pd.Series) -> pd.Timestamp:
    """The first moment of the last period: the last whole months that make about a fifth of the time.

    With less than three calendar months of data, the last fifth of the days. Depends on the dates alone, so that two
    trainings on the same file are tested on the same rows.
    """
    first, last = called_at.min().normalize(), called_at.max().normalize()
    months = (last.year - first.year) * 12 + last.month - first.month + 1
    if months >= 3:
        kept = max(1, round(months * HOLDOUT_SHARE))
        return pd.Timestamp(last.replace(day=1)) - pd.DateOffset(months=kept - 1)
    days = (last - first).days + 1
    return last - pd.Timedelta(days=max(1, round(days * HOLDOUT_SHARE)) - 1)


def split_by_time(features: pd.DataFrame, start: pd.Timestamp | None = None) -> Split:
    """Rows called before `start` (default: `holdout_start`) and from then on; pumps of one incident share the call.

    Raises DataError where either side would hold too few rows to learn from or to judge by.
    """
    if features.empty:
        raise DataError("The feature file holds no rows.", code="no_rows", hint="Run manage.py build_features.")
    start = holdout_start(features["called_at"]) if start is None else start
    is_holdout = features["called_at"] >= start
    # One incident number, one call: were it otherwise, the earliest call decides for all its pumps.
    straddling = features.loc[is_holdout, "incident_number"].isin(features.loc[~is_holdout, "incident_number"])
    is_holdout = is_holdout & ~straddling.reindex(features.index, fill_value=False)
    split = Split(features[~is_holdout].reset_index(drop=True), features[is_holdout].reset_index(drop=True))
    for rows, side in ((split.train, "before"), (split.holdout, "from")):
        if len(rows) < MIN_ROWS:
            raise DataError(
                f"Only {len(rows)} rows {side} {start:%d %B %Y}: at least {MIN_ROWS} are needed on either side.",
                code="too_few_rows",
                hint="Use a longer period: check LFB_YEARS and the files processed.",
            )
    return split


def cut_training_bands(
    train: pd.DataFrame, speed_band_kmh: tuple[float, float], attendance_band_seconds: tuple[float, float]
) -> pd.DataFrame:
    """Training rows within the original method's plausibility bands.

    The bands look at the target, so they may shape training alone: never call this on rows that are to be judged.
    """
    speed = train["distance_km"] / (train["attendance_seconds"] / 3600)
    return train[speed.between(*speed_band_kmh) & train["attendance_seconds"].between(*attendance_band_seconds)]
