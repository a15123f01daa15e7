"""Reads a workbook of the published kind as chunks of text cells under published column names."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import fastexcel
import numpy as np
import pyarrow as pa

from pipeline.core.columns import HeaderMatch, recognise
from pipeline.core.errors import DataError, MissingColumnError
from pipeline.core.progress import Progress
from pipeline.core.validate import RawChunk
from pipeline.storage.headers import distinct_names, notes_on

CHUNK_ROWS = 100_000
HEADER_SEARCH_ROWS = 30  # titles and notes may stand above the header


def read_workbook(path: Path, name: str, progress: Progress) -> Iterator[RawChunk]:
    """The rows of every sheet that holds the table; other sheets are passed over, which the last chunk notes.

    Raises MissingColumnError for a sheet that is the table but lacks a needed column, since its rows would go missing
    unseen, and DataError where no sheet holds the table. `name` is for messages.
    """
    workbook = _open_workbook(path, name)
    sheets = workbook.sheet_names
    passed_over: list[str] = []
    problem: DataError | None = None
    found_table = False
    last: RawChunk | None = None
    for number, sheet in enumerate(sheets):
        progress(f"read {name}", number, len(sheets))
        cells = _load_sheet(workbook, sheet, name)
        try:
            place, match, header = _find_header(cells)
        except MissingColumnError:
            raise
        except DataError as error:
            problem = problem or error
            passed_over.append(f"{name}: sheet {sheet} was passed over. {error.message}")
            continue
        found_table = True
        for chunk in _sheet_chunks(cells, place, match, header, f"{name}, sheet {sheet}"):
            if last is not None:
                yield last
            last = chunk
    if not found_table:
        raise problem or DataError(f"{name} has no sheet with a table.", code="no_table")
    if last is not None:
        yield replace(last, notes=(*last.notes, *passed_over))


def _open_workbook(path: Path, name: str) -> Any:
    try:
        return fastexcel.read_excel(path)
    except fastexcel.FastExcelError as error:
        raise DataError(f"{name} cannot be read as a workbook: {error}", code="unreadable_workbook") from error


def _load_sheet(workbook: Any, sheet: str, name: str) -> pa.RecordBatch:
    try:
        # Every cell as text: the engine's own guesses differ from column to column and edition to edition.
        return workbook.load_sheet(sheet, header_row=None, dtypes="string").to_arrow()
    except fastexcel.FastExcelError as error:
        raise DataError(f"Sheet {sheet} of {name} cannot be read: {error}", code="unreadable_workbook") from error


def _find_header(cells: pa.RecordBatch) -> tuple[int, HeaderMatch, list[str]]:
    problem: DataError | None = None
    for place in range(min(HEADER_SEARCH_ROWS, cells.num_rows)):
        header = [str(column[place].as_py() or "") for column in cells.columns]
        try:
            return place, recognise(header), header
        except MissingColumnError:
            raise
        except DataError as error:
            problem = problem or error
    raise problem or DataError("The sheet is empty.", code="no_table")


def _sheet_chunks(
    cells: pa.RecordBatch, place: int, match: HeaderMatch, header: list[str], name: str
) -> Iterator[RawChunk]:
    wanted = [number for number, found in enumerate(distinct_names(header)) if found in match.mapping]
    names = [match.mapping[header[number]] for number in wanted]
    for start in range(place + 1, cells.num_rows, CHUNK_ROWS):
        part = cells.slice(start, CHUNK_ROWS).select(wanted).rename_columns(names)
        frame = part.to_pandas()
        # Sheets often end in rows that were once formatted and hold nothing.
        filled = frame.notna().any(axis=1).to_numpy()
        rows = np.arange(start + 1, start + 1 + len(frame), dtype="int64")
        yield RawChunk(
            frame[filled].reset_index(drop=True), match.dataset, name, rows[filled], notes=notes_on(match, name)
        )
