"""The figures of the response times, from the memory of this process: asked by group, borough, year and pump."""

from __future__ import annotations

import datetime as dt
import math
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

from django.conf import settings

from pipeline.core.errors import ParameterError
from pipeline.core.response_groups import ALL_YEARS, FIGURE_NAMES, LONDON, PUMPS, SECONDS_NAMES, SHARE_NAMES
from pipeline.core.wording import readable_minutes
from pipeline.remembered import Remembered

if TYPE_CHECKING:
    import pandas as pd

# What figures can be shown by, in words; "borough" comes from the totals of the boroughs.
GROUPINGS = {
    "borough": "Borough",
    "ward": "Ward",
    "station_ground": "Station ground",
    "hour": "Hour of the call",
    "weekday": "Weekday",
    "hour_weekday": "Weekday and hour",
    "month": "Month",
    "delay_reason": "Reason of delay",
}
MEASURES = dict(zip(("mean", "median", "p90", "within_average", "within_limit"), FIGURE_NAMES, strict=True))


@dataclass(frozen=True)
class Standard:
    """What is asked of a pump: an average in seconds, and a share within a limit in seconds."""

    mean_seconds: float
    within_seconds: float
    within_share: float


def measure_names(standard: Standard) -> dict[str, str]:
    """Each measure in words, against this standard."""
    shares = (readable_minutes(seconds) for seconds in (standard.mean_seconds, standard.within_seconds))
    words = ("Average", "Median", "90th percentile", *(f"Within {limit}" for limit in shares))
    return dict(zip(MEASURES, words, strict=True))


@dataclass(frozen=True)
class Row:
    """The figures of one group: seconds and shares, all None where the group must not be shown."""

    group: str
    name: str
    borough: str
    calls: int | None = None
    mean_seconds: float | None = None
    median_seconds: float | None = None
    p90_seconds: float | None = None
    share_within_average: float | None = None
    share_within_limit: float | None = None
    meets_average: bool | None = None
    meets_limit: bool | None = None

    def measure(self, name: str) -> float | None:
        value: float | None = getattr(self, MEASURES[name])
        return value


@dataclass(frozen=True)
class Book:
    """All figures, by dimension, and what stands behind them."""

    stamp: tuple[int, int, int]
    tables: Mapping[str, pd.DataFrame]
    facts: Mapping[str, Any]

    @property
    def is_sample(self) -> bool:
        return bool(self.facts["is_sample"])

    @property
    def has_delays(self) -> bool:
        return "delay_reason" in self.tables

    @cached_property
    def period(self) -> tuple[dt.date, dt.date]:
        """First and last day of the calls."""
        return dt.date.fromisoformat(self.facts["from"]), dt.date.fromisoformat(self.facts["to"])

    @cached_property
    def years(self) -> list[int]:
        return sorted(int(year) for year in self.tables["total"]["year"].unique() if year != ALL_YEARS)

    @cached_property
    def boroughs(self) -> list[str]:
        return sorted(str(name) for name in self.tables["total"]["borough"].unique() if name != LONDON)

    @cached_property
    def whole_years(self) -> list[int]:
        """The years with calls in each of their months, in order."""
        months = [row.group for row in self.rows("month", "first")]
        return [year for year in self.years if sum(month.startswith(f"{year}-") for month in months) == 12]

    @property
    def usual_year(self) -> int:
        """What is shown unless asked otherwise: the last whole year, or the only one, else all years."""
        return max(self.whole_years or (self.years if len(self.years) == 1 else []), default=ALL_YEARS)

    def standard(self, pump: str) -> Standard:
        """The standard that the shares were counted against."""
        return Standard(**self.facts["standards"][pump])

    def rows(self, grouping: str, pump: str, *, year: int = ALL_YEARS, borough: str = LONDON) -> list[Row]:
        """The groups of one table in reading order; for "borough" and "ward" without a borough, those of all London."""
        dimension = "total" if grouping == "borough" else grouping
        if dimension not in self.tables:
            return []
        table = self.tables[dimension]
        chosen = table["pump"] == PUMPS[pump]
        chosen &= table["year"] == (ALL_YEARS if grouping == "month" else year)
        if grouping == "month" and year != ALL_YEARS:
            chosen &= table["group"].astype("str").str.startswith(f"{year}-")
        is_of_all = grouping in ("borough", "ward") and borough == LONDON
        chosen &= (table["borough"] != LONDON) if is_of_all else (table["borough"] == borough)
        return [self._row(record, grouping, pump) for record in table[chosen].itertuples(index=False)]

    def total(self, pump: str, *, year: int = ALL_YEARS, borough: str = LONDON) -> Row | None:
        """The figures of London or of one borough; None where there was no call."""
        return next(iter(self.rows("total", pump, year=year, borough=borough)), None)

    def _row(self, record: Any, grouping: str, pump: str) -> Row:
        is_borough = grouping == "borough"
        named = {
            "group": record.borough if is_borough else record.group,
            "name": record.borough if is_borough else record.name,
            "borough": record.borough,
        }
        if math.isnan(record.mean_seconds):
            return Row(**named)
        figures: dict[str, Any] = {name: round(float(getattr(record, name)), 2) for name in SECONDS_NAMES}
        # Six decimals: what is stored in single precision as 0.89999998 is the 90 % that the standard asks.
        figures |= {name: round(float(getattr(record, name)), 6) for name in SHARE_NAMES}
        asked = self.standard(pump)
        return Row(
            **named,
            **figures,
            calls=int(record.calls),
            meets_average=figures["mean_seconds"] <= asked.mean_seconds,
            meets_limit=figures["share_within_limit"] >= asked.within_share,
        )


def book() -> Book:
    """The figures as they stand, at most LFB_REFRESH_SECONDS old. Raises MissingInputError, DataError."""
    return remembered.get()


def _load(kept: Book | None) -> Book:
    from pipeline.actions.count_response_times import figures_path
    from pipeline.storage.response_times import read_figures

    path = figures_path()
    try:
        found = path.stat()
        stamp = (found.st_mtime_ns, found.st_size, found.st_ino)
    except FileNotFoundError:
        stamp = (0, 0, 0)
    if kept is not None and kept.stamp == stamp:
        return kept
    frame, facts = read_figures(path)
    tables = {"total": frame.iloc[:0]}
    tables |= {str(name): table for name, table in frame.groupby("dimension", observed=True, sort=False)}
    return Book(stamp, tables, facts)


remembered: Remembered[Book] = Remembered(_load)


def standards_have_changed(figures: Book) -> bool:
    """Whether the settings ask for other standards than the figures were counted against."""
    return dict(figures.facts["standards"]) != settings.LFB_STANDARDS


def in_order(rows: list[Row], sort: str) -> list[Row]:
    """Sorted by "name", "calls", "borough" or a measure, from the top with a "-" in front; hidden groups last.

    An empty `sort` leaves the reading order. Raises ParameterError for what cannot be sorted by.
    """
    if not sort:
        return rows
    name, downwards = sort.removeprefix("-"), sort.startswith("-")
    if name not in SORTABLE:
        raise ParameterError(
            f"Rows cannot be sorted by {sort!r}: wanted one of {', '.join(SORTABLE)}, with - in front for downwards.",
            fields={"sort": "unknown"},
        )
    attribute = MEASURES.get(name, name)
    shown = [row for row in rows if getattr(row, attribute) is not None]
    hidden = [row for row in rows if getattr(row, attribute) is None]
    return [*sorted(shown, key=lambda row: getattr(row, attribute), reverse=downwards), *hidden]


SORTABLE = ("name", "borough", "calls", *MEASURES)
