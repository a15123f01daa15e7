"""Raw cells → typed rows that can be trusted, and rejected rows with a reason each."""

from __future__ import annotations

import logging
from collections import Counter
from collections.abc import Callable, Collection
from dataclasses import dataclass, field
from functools import cache

import numpy as np
import numpy.typing as npt
import pandas as pd
import pandera.pandas as pa
from pandera.errors import SchemaErrors

from pipeline.core import geo
from pipeline.core.columns import Column, columns_of
from pipeline.core.parse import PARSERS, clean_text
from pipeline.core.seen_keys import SeenKeys
from pipeline.core.stations import match_stations

logger = logging.getLogger(__name__)

MAX_ATTENDANCE_SECONDS = 1_200  # the publisher leaves longer ones out

# Every reason for which a row is rejected, in the words a planner reads. Where several fit, the first here is given.
REASONS = {
    "wrong_number_of_cells": "the row has more or fewer cells than the header",
    "missing_key": "the incident or mobilisation number is missing",
    "bad_key": "the incident number is not written as LFB writes it",
    "bad_number": "a cell that holds a number cannot be read as one",
    "bad_date": "a cell that holds a date cannot be read as one",
    "bad_time": "a cell that holds a time cannot be read as one",
    "missing_call_time": "the date or the time of the call is missing",
    "missing_mobilised_time": "the time of mobilisation is missing",
    "missing_attendance_time": "the mobilisation has no attendance time",
    "impossible_time": "an hour is not within 0 to 23, or a duration is not within 0 to 1,200 seconds",
    "arrival_before_mobilisation": "the engine arrived before it was mobilised",
    "missing_place": "the incident has no grid reference",
    "coordinates_outside_london": "the grid reference lies outside London",
    "unknown_station": "the departing station is not in the list of stations",
    "duplicate_key": "the same number stands in an earlier row",
}

_BAD_BY_KIND = {
    "key": "bad_key", "integer": "bad_number", "number": "bad_number",
    "date": "bad_date", "time": "bad_time", "timestamp": "bad_time",
}  # fmt: skip

# Workbooks turn some of the numbers 1 and 2 in PerformanceReporting into the first days of Excel's calendar.
_DATES_FOR_NUMBERS = {"1900-01-01 00:00:00": "1", "1900-01-02 00:00:00": "2", "1900-01-01": "1", "1900-01-02": "2"}


@dataclass(frozen=True)
class RawChunk:
    """Some rows as read: every cell text, columns in published spelling, `rows` their places in the file.

    `ragged` holds rows that do not fit the header: their place and their text. `notes` are sentences on what the
    reader left out of the file, such as unknown columns.
    """

    frame: pd.DataFrame
    dataset: str
    file: str
    rows: npt.NDArray[np.int64]
    ragged: tuple[tuple[int, str], ...] = ()
    notes: tuple[str, ...] = ()


@dataclass(frozen=True)
class Validated:
    """Typed rows in snake_case, and the rejected ones: their raw cells, source_file, source_row and reason."""

    frame: pd.DataFrame
    rejects: pd.DataFrame


def type_columns(raw: pd.DataFrame, dataset: str) -> tuple[pd.DataFrame, dict[str, pd.Series]]:
    """All catalogue columns typed (absent ones empty), and for each reason the rows whose text does not fit."""
    typed: dict[str, pd.Series] = {}
    bad: dict[str, pd.Series] = {}
    empty = pd.Series(pd.NA, index=raw.index, dtype="str")
    for column in columns_of(dataset):
        cells = clean_text(raw[column.published]) if column.published in raw else empty
        if column.name == "performance_reporting":
            cells = cells.replace(_DATES_FOR_NUMBERS)
        typed[column.name], wrong = PARSERS[column.kind](cells)
        if column.kind in _BAD_BY_KIND and wrong.any():
            reason = _BAD_BY_KIND[column.kind]
            bad[reason] = bad[reason] | wrong if reason in bad else wrong
    return pd.DataFrame(typed), bad


def repair(frame: pd.DataFrame, dataset: str) -> tuple[pd.DataFrame, dict[str, int]]:
    """Put right what is known to be written wrongly, and count it; nothing here is a guess.

    Zero stands for "hidden" in UPRN and for "unknown" in coordinates; the year and the hour follow from date and time.
    """
    if dataset != "incident":
        return frame, {}
    fixed, counts = frame.copy(), {}
    for name in ("uprn", "latitude", "longitude", "easting_m", "northing_m", "easting_rounded_m", "northing_rounded_m"):
        zero = (fixed[name] == 0).fillna(False).astype(bool)
        if zero.any():
            fixed[name] = fixed[name].mask(zero)
            counts[f"{name} of 0 taken as missing"] = int(zero.sum())
    hours = fixed["time_of_call"].dt.total_seconds().floordiv(3600).astype("Int64")
    for name, values in {"cal_year": fixed["date_of_call"].dt.year.astype("Int64"), "hour_of_call": hours}.items():
        fixed[name] = fixed[name].fillna(values)
    fixed["proper_case"] = fixed["proper_case"].fillna(fixed["borough_name"].str.title())
    fixed.insert(1, "called_at", fixed["date_of_call"] + fixed["time_of_call"])
    return fixed, counts


def _between(low: float, high: float, reason: str) -> pa.Check:
    return pa.Check.in_range(low, high, name=reason, error=reason)


def _check_of(column: Column) -> list[pa.Check]:
    if column.name == "hour_of_call":
        return [_between(0, 23, "impossible_time")]
    if column.name.endswith("_seconds"):
        return [_between(0, MAX_ATTENDANCE_SECONDS, "impossible_time")]
    return []


def _arrives_after_mobilisation(frame: pd.DataFrame) -> pd.Series:
    return ~(frame["arrived_at"] < frame["mobilised_at"])


def _place(frame: pd.DataFrame) -> tuple[pd.Series, pd.Series]:
    return frame["easting_m"].fillna(frame["easting_rounded_m"]), frame["northing_m"].fillna(
        frame["northing_rounded_m"]
    )


def _has_place(frame: pd.DataFrame) -> pd.Series:
    easting, northing = _place(frame)
    return easting.notna() & northing.notna()


def _is_inside_london(frame: pd.DataFrame) -> pd.Series:
    easting, northing = _place(frame)
    return pd.Series(geo.inside_london(easting, northing), index=frame.index) | ~_has_place(frame)


def _whole_frame(reason: str, check: Callable[[pd.DataFrame], pd.Series]) -> pa.Check:
    return pa.Check(check, name=reason, error=reason, ignore_na=False)


@cache
def schema_of(dataset: str) -> pa.DataFrameSchema:
    """The pandera schema of the typed frame, made from the catalogue; the name of each check is a reason."""
    columns = {column.name: pa.Column(checks=_check_of(column), nullable=True) for column in columns_of(dataset)}
    needed = {"incident_number": "missing_key"}
    if dataset == "incident":
        needed |= {"date_of_call": "missing_call_time", "time_of_call": "missing_call_time"}
        checks = [
            _whole_frame("missing_place", _has_place),
            _whole_frame("coordinates_outside_london", _is_inside_london),
        ]
    else:
        needed |= {
            "mobilisation_id": "missing_key",
            "mobilised_at": "missing_mobilised_time",
            "attendance_seconds": "missing_attendance_time",
        }
        checks = [_whole_frame("arrival_before_mobilisation", _arrives_after_mobilisation)]
    for name, reason in needed.items():
        there = pa.Check(lambda values: values.notna(), name=reason, error=reason, ignore_na=False)
        columns[name] = pa.Column(checks=[there, *columns[name].checks], nullable=True)
    return pa.DataFrameSchema(columns, checks=checks, strict=False)


def check_rules(frame: pd.DataFrame, dataset: str) -> dict[str, pd.Series]:
    """For each broken rule, by reason, the rows that break it."""
    try:
        schema_of(dataset).validate(frame, lazy=True)
    except SchemaErrors as errors:
        cases = errors.failure_cases
        return {
            str(reason): pd.Series(frame.index.isin(found["index"]), index=frame.index)
            for reason, found in cases.groupby("check")
        }
    return {}


@dataclass
class Validator:
    """Checks one file chunk by chunk, and counts what became of its rows.

    `station_names` are the known stations; empty `years` keep all years. Rows of other years are filtered, not rejected.
    """

    dataset: str
    station_names: Collection[str]
    years: frozenset[int] = frozenset()
    rows_read: int = 0
    rows_kept: int = 0
    rows_of_other_years: int = 0
    rejects: Counter[str] = field(default_factory=Counter)
    repairs: Counter[str] = field(default_factory=Counter)
    unmatched_stations: Counter[str] = field(default_factory=Counter)
    notes: list[str] = field(default_factory=list)
    seen: SeenKeys = field(default_factory=SeenKeys)

    def check(self, chunk: RawChunk) -> Validated:
        """Typed rows of the wanted years, and the rejected rows."""
        self.rows_read += len(chunk.frame) + len(chunk.ragged)
        self._keep_notes(chunk)
        typed, broken = type_columns(chunk.frame, self.dataset)
        typed, repaired = repair(typed, self.dataset)
        self.repairs.update(repaired)
        broken |= check_rules(typed, self.dataset)
        broken |= self._check_stations(typed)
        reasons = _first_reason(broken, typed.index)
        repeated = typed.index[reasons.isna()][self.seen.repeated(self._keys(typed[reasons.isna()]))]
        reasons[repeated] = "duplicate_key"
        rejects = _rejected_rows(chunk, reasons)
        self.rejects.update(_tally(rejects["reason"]))
        return Validated(self._of_wanted_years(typed[reasons.isna()]), rejects)

    def _keep_notes(self, chunk: RawChunk) -> None:
        """Each note once, though every chunk of a file may carry it; also into the log of the run."""
        for note in chunk.notes:
            if note not in self.notes:
                self.notes.append(note)
                logger.warning("%s", note)

    def _keys(self, frame: pd.DataFrame) -> pd.Series:
        key = "incident_number" if self.dataset == "incident" else "mobilisation_id"
        return frame[key].astype("str")

    def _check_stations(self, frame: pd.DataFrame) -> dict[str, pd.Series]:
        """An unknown station spoils a mobilisation. An incident stays: only that pump's time cannot be used."""
        names = (
            ["first_pump_station_name", "second_pump_station_name"] if self.dataset == "incident" else ["station_name"]
        )
        broken = {}
        for name in names:
            unknown = match_stations(frame[name], self.station_names).isna()
            unmatched = frame[name][unknown & frame[name].notna()]
            self.unmatched_stations.update(_tally(unmatched))
            if self.dataset == "mobilisation":
                broken["unknown_station"] = unknown
        return broken

    def _of_wanted_years(self, frame: pd.DataFrame) -> pd.DataFrame:
        if self.years:
            moment = "called_at" if self.dataset == "incident" else "mobilised_at"
            wanted = frame["cal_year"].fillna(frame[moment].dt.year).isin(self.years)
            self.rows_of_other_years += int((~wanted).sum())
            frame = frame[wanted]
        self.rows_kept += len(frame)
        return frame.reset_index(drop=True)

    @property
    def rows_rejected(self) -> int:
        return sum(self.rejects.values())


def _tally(words: pd.Series) -> dict[str, int]:
    return {str(word): int(rows) for word, rows in words.value_counts().items()}


def _first_reason(broken: dict[str, pd.Series], index: pd.Index) -> pd.Series:
    """For each row the first reason, in the order of REASONS; missing for good rows."""
    reasons = pd.Series(pd.NA, index=index, dtype="str")
    for reason in reversed(REASONS):
        if reason in broken:
            reasons[broken[reason].to_numpy(dtype=bool, na_value=False)] = reason
    return reasons


def _rejected_rows(chunk: RawChunk, reasons: pd.Series) -> pd.DataFrame:
    is_bad = reasons.notna().to_numpy()
    rejects = chunk.frame[is_bad].assign(
        source_file=chunk.file, source_row=chunk.rows[is_bad], reason=reasons[is_bad].to_numpy()
    )
    if chunk.ragged:
        rows, texts = zip(*chunk.ragged, strict=True)
        ragged = pd.DataFrame(
            {"source_file": chunk.file, "source_row": rows, "reason": "wrong_number_of_cells", "row_text": texts}
        )
        rejects = pd.concat([rejects, ragged], ignore_index=True)
    return rejects.reset_index(drop=True)
