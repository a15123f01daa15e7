"""Generates records in the published format, for a first run without the real files, for tests and for benchmarks.

The figures follow `sample_rates`. Every generated incident number has 9 as its first digit, as in `900001-01012023`:
the published running number counts calls since New Year and has never come near 900,000. So the rows name themselves
as sample data wherever they are moved or converted to.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import pandas as pd

from pipeline.core import sample_rates as rates
from pipeline.core.errors import ParameterError
from pipeline.core.sample_calls import SampleCalls
from pipeline.core.sample_columns import incident_columns, mobilisation_columns
from pipeline.core.sample_places import Map

ROWS_A_CHUNK = 50_000
MAX_A_DAY = 99_999  # running numbers from 900001 to 999999


@dataclass(frozen=True)
class SampleParams:
    """How many incidents, spread over which years (in order), from which seed."""

    incidents: int
    years: tuple[int, ...] = (2022, 2023)
    seed: int = 1

    def __post_init__(self) -> None:
        if self.incidents < 0:
            raise ParameterError(f"{self.incidents} incidents cannot be made: wanted 0 or more.")
        if not self.years or min(self.years) < 2016 or max(self.years) > 2100:
            raise ParameterError("Sample data are made for years from 2016 on: name at least one.")
        if self.incidents / (300 * len(self.years)) > MAX_A_DAY:
            raise ParameterError(
                f"{self.incidents} incidents do not fit into {len(self.years)} years: name more years."
            )


def is_sample_number(incident_numbers: pd.Series) -> pd.Series:
    """bool: whether each incident number is a generated one."""
    return incident_numbers.str.fullmatch(r"9\d{5}-\d{8}").fillna(False).astype(bool)


def sample_chunks(params: SampleParams, stations: pd.DataFrame) -> Iterator[tuple[pd.DataFrame, pd.DataFrame]]:
    """Pairs of incidents and mobilisations in time order, at most about ROWS_A_CHUNK incidents each.

    Columns and spelling as published; all cells text, missing ones NA. The same parameters give the same rows.
    """
    london, next_id = Map.of(stations), 6_000_000
    for number, (first, days, count) in enumerate(_months(params)):
        generator = np.random.default_rng([params.seed, number])
        if count:
            calls = SampleCalls(_call_times(first, days, count, generator), london, generator)
            yield incident_columns(calls), mobilisation_columns(calls, next_id)
            next_id += len(calls.pumps)


def _months(params: SampleParams) -> list[tuple[pd.Timestamp, int, int]]:
    """First day, number of days, and incidents of each stretch of days; long months are cut so that chunks stay small."""
    days = pd.DatetimeIndex(
        np.concatenate([pd.date_range(f"{year}-01-01", f"{year}-12-31").to_numpy() for year in params.years])
    )
    weights = np.array(rates.MONTH_SHARES, dtype="float64")[days.month - 1]
    ends = np.round(np.cumsum(weights) / weights.sum() * params.incidents).astype("int64")
    per_day = np.diff(ends, prepend=0)
    step = int(np.clip(ROWS_A_CHUNK // max(1, per_day.max()), 1, 31))
    return [
        (days[at], len(days[at : at + step]), int(per_day[at : at + step].sum())) for at in range(0, len(days), step)
    ]


def _call_times(first: pd.Timestamp, days: int, count: int, generator: np.random.Generator) -> pd.Series:
    """Moments of the calls by London's clock, in order."""
    hours = generator.choice(24, size=count, p=np.array(rates.HOUR_SHARES) / sum(rates.HOUR_SHARES))
    seconds = generator.integers(0, days, count) * 86_400 + hours * 3600 + generator.integers(0, 3600, count)
    return pd.Series(first + pd.to_timedelta(np.sort(seconds), unit="s")).astype("datetime64[s]")
