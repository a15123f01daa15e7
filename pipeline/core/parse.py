"""Turns cells of text into typed columns, vectorised, and tells which cells could not be understood.

Every function takes a Series of dtype `str` (missing = NA) and returns the typed Series and a boolean Series that is
True where a text stood that does not fit the type.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pandas as pd

MISSING_WORDS = ("", "NULL", "null", "Null", "NaN", "nan", "None", "N/A", "#N/A")

Parsed = tuple[pd.Series, pd.Series]

# Day zero of Excel's serial dates, shifted by its false leap day of 1900.
EXCEL_EPOCH = pd.Timestamp("1899-12-30")
EXCEL_FIRST, EXCEL_LAST = 36_526, 73_050  # the years 2000 to 2099

DATE_FORMATS = (
    "%Y-%m-%d",
    "%d-%b-%y",
    "%d-%b-%Y",
    "%d %b %Y",
    "%d %b %y",
    "%d/%m/%Y",
    "%Y-%m-%d %H:%M:%S",
    "%Y-%m-%dT%H:%M:%S",
    "%d/%m/%Y %H:%M:%S",
    "%d/%m/%Y %H:%M",
)
TIMESTAMP_FORMATS = (
    "%Y-%m-%d %H:%M:%S",
    "%d/%m/%Y %H:%M:%S",
    "%d/%m/%Y %H:%M",
    "%Y-%m-%dT%H:%M:%S",
    "%d %b %Y %H:%M:%S",
    "%d-%b-%Y %H:%M:%S",
    "%Y-%m-%d %H:%M",
)


def clean_text(cells: pd.Series) -> pd.Series:
    """Cells without surrounding blanks; words that stand for "nothing here" become missing."""
    stripped = cells.str.strip()
    return stripped.mask(stripped.isin(MISSING_WORDS))


def parse_text(cells: pd.Series) -> Parsed:
    return cells, pd.Series(False, index=cells.index)


def parse_number(cells: pd.Series) -> Parsed:
    """float64; thousands separators and infinities are refused."""
    numbers = pd.to_numeric(cells, errors="coerce").astype("float64")
    numbers = numbers.where(np.isfinite(numbers))
    return numbers, cells.notna() & numbers.isna()


def parse_integer(cells: pd.Series) -> Parsed:
    """Int64 from `348`, `348.0` or `348.00`; a fraction is refused."""
    numbers, bad = parse_number(cells)
    fits = numbers.isna() | ((numbers == np.floor(numbers)) & (numbers.abs() < 2**53))
    return numbers.where(fits).astype("Int64"), bad | ~fits


def parse_key(cells: pd.Series) -> Parsed:
    """Incident numbers: `000008-01012018` as they are, older whole numbers without the `.0` of careless tools."""
    keys = cells.str.removesuffix(".00").str.removesuffix(".0")
    fits = keys.isna() | keys.str.fullmatch(r"\d{1,12}(?:-\d{8})?")
    return keys, ~fits


def parse_date(cells: pd.Series) -> Parsed:
    """datetime64, midnight, from any of the published spellings or an Excel serial number."""
    return _by_distinct_value(cells, lambda values: _parse_moments(values, DATE_FORMATS).dt.normalize())


def parse_timestamp(cells: pd.Series) -> Parsed:
    """datetime64 without zone; an offset is allowed only where it is zero (the published times are GMT)."""
    without_zone = cells.str.replace(r"(?:\.0+)?(?:\+00:00|Z)$", "", regex=True)
    moments = _parse_moments(without_zone, TIMESTAMP_FORMATS)
    return moments, cells.notna() & moments.isna()


def parse_time(cells: pd.Series) -> Parsed:
    """timedelta64 since midnight from `00:04:25`, `00:04`, a workbook's date-and-time, or a fraction of a day."""
    return _by_distinct_value(cells, _parse_times)


def _by_distinct_value(cells: pd.Series, parse: Callable[[pd.Series], pd.Series]) -> Parsed:
    """Parse each distinct text once: a million rows hold few dates and at most 86,400 times."""
    codes, distinct = pd.factorize(cells)
    parsed = parse(pd.Series(distinct, dtype="str")).to_numpy()
    values = pd.Series(pd.NaT, index=cells.index, dtype=parsed.dtype)
    known = codes >= 0
    values[known] = parsed[codes[known]]
    return values, cells.notna() & values.isna()


def _parse_moments(values: pd.Series, formats: tuple[str, ...]) -> pd.Series:
    moments = pd.Series(pd.NaT, index=values.index, dtype="datetime64[us]")
    for form in formats:
        waiting = moments.isna() & values.notna()
        if not waiting.any():
            return moments
        moments[waiting] = pd.to_datetime(values[waiting], format=form, errors="coerce").astype("datetime64[us]")
    waiting = moments.isna() & values.notna()
    serial = pd.to_numeric(values[waiting], errors="coerce")
    serial = serial[serial.between(EXCEL_FIRST, EXCEL_LAST)]
    seconds = (serial * 86_400).round()
    moments[serial.index] = (EXCEL_EPOCH + pd.to_timedelta(seconds, unit="s")).astype("datetime64[us]")
    return moments


def _parse_times(values: pd.Series) -> pd.Series:
    # Workbooks store a time of day as a moment on their day zero, read as `1899-12-31 00:04:25`.
    clock = values.str.replace(r"^\d{4}-\d\d-\d\d[ T]", "", regex=True)
    parts = clock.str.extract(r"^(\d{1,2}):(\d\d)(?::(\d\d)(?:\.\d+)?)?$").astype("float64")
    hours, minutes, seconds = parts[0], parts[1], parts[2].fillna(0.0)
    total = (hours * 3600 + minutes * 60 + seconds).where((hours < 24) & (minutes < 60) & (seconds < 60))
    fraction = pd.to_numeric(clock, errors="coerce")
    total = total.fillna((fraction.where((fraction >= 0) & (fraction < 1)) * 86_400).round())
    return pd.to_timedelta(total, unit="s").astype("timedelta64[s]")


PARSERS: dict[str, Callable[[pd.Series], Parsed]] = {
    "text": parse_text,
    "key": parse_key,
    "integer": parse_integer,
    "number": parse_number,
    "date": parse_date,
    "time": parse_time,
    "timestamp": parse_timestamp,
}
