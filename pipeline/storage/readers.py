"""Reads the published tables, whatever they are packed in, as chunks of text cells under published column names."""

from __future__ import annotations

import codecs
import csv
import gzip
import re
import shutil
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import IO, Any

import fastexcel
import numpy as np
import pyarrow as pa
import pyarrow.csv

from pipeline.core.columns import HeaderMatch, recognise
from pipeline.core.errors import DataError, MissingColumnError
from pipeline.core.parse import MISSING_WORDS
from pipeline.core.progress import Progress, silent
from pipeline.core.validate import RawChunk
from pipeline.storage.sniffing import require_whole

CHUNK_ROWS = 100_000
# Arrow reads up to 32 blocks ahead of the rows it hands out: with blocks of 16 MiB that is half a gigabyte.
BLOCK_BYTES = 2 * 2**20
CSV_CHUNK_ROWS = 40_000  # blocks are put together to at least this many rows
HEADER_SEARCH_ROWS = 30  # titles and notes may stand above the header


def read_table(path: Path, *, progress: Progress = silent, name: str = "") -> Iterator[RawChunk]:
    """The rows of one published file: CSV (UTF-8 or Windows-1252), workbook, or a .gz or .zip of these.

    Raises SourceError for what is no whole table file, DataError or MissingColumnError for a header that does not fit.
    """
    name = name or path.name
    kind = require_whole(path, name)
    if kind == "xlsx":
        yield from _read_workbook(path, name, progress)
    elif kind == "zip":
        yield from _read_archive(path, name, progress)
    else:
        yield from _read_csv(path, name, progress, is_gzip=kind == "gzip")


def header_of(path: Path) -> HeaderMatch:
    """The kind of file, from its header alone. Raises like `read_table`."""
    for chunk in read_table(path):
        return recognise(list(chunk.frame.columns))
    raise DataError(f"{path.name} holds no rows.", code="no_rows")


def _read_archive(path: Path, name: str, progress: Progress) -> Iterator[RawChunk]:
    """Every table in a .zip, one after another; members go through a temporary file, never into memory whole."""
    with zipfile.ZipFile(path) as archive:
        members = [
            member
            for member in sorted(archive.infolist(), key=lambda member: member.filename)
            if not member.is_dir()
            and not member.filename.startswith("__MACOSX/")
            and member.filename.lower().endswith((".csv", ".xlsx", ".gz"))
        ]
        if not members:
            raise DataError(
                f"{name} holds no CSV file and no workbook.", code="no_table", hint="Check that it is the file meant."
            )
        for member in members:
            with TemporaryDirectory(prefix="lfb-unzip-") as folder:
                unpacked = Path(folder) / "member"
                with archive.open(member) as source, unpacked.open("wb") as target:
                    shutil.copyfileobj(source, target, 2**20)
                yield from read_table(unpacked, progress=progress, name=f"{name}/{Path(member.filename).name}")


def _read_csv(path: Path, name: str, progress: Progress, *, is_gzip: bool) -> Iterator[RawChunk]:
    if is_gzip and _gzip_holds_workbook(path):
        raise DataError(f"{name} is a packed workbook.", code="no_table", hint="Unpack it, or save it as CSV.")
    encoding = "utf8" if _is_utf8(path, is_gzip) else "cp1252"
    header = _csv_header(path, encoding, is_gzip, name)
    match = recognise(header)
    ragged: list[tuple[int, str]] = []

    def keep_ragged(row: Any) -> str:
        ragged.append((row.number if row.number is not None else -1, row.text or ""))
        return "skip"

    total = path.stat().st_size
    next_row = 2  # the header is row 1 of the file
    with _opened(path, is_gzip) as stream:
        counted = _CountedStream(stream)
        reader = _open_csv(counted, header, match, encoding, keep_ragged)
        for table in _tables(reader, name):
            progress(f"read {name}", min(counted.position(), total), total)
            yield _chunk(table, match, name, next_row, tuple(ragged))
            next_row += table.num_rows + len(ragged)
            ragged.clear()
    if ragged:
        yield _chunk(_no_rows(match), match, name, next_row, tuple(ragged))


def _tables(reader: Any, name: str) -> Iterator[pa.Table]:
    """The batches of a CSV reader put together to tables of CSV_CHUNK_ROWS or a little more; the last may be shorter."""
    batches: list[Any] = []
    rows = 0
    while True:
        try:
            batch = reader.read_next_batch()
        except StopIteration:
            break
        except pa.ArrowInvalid as error:
            raise DataError(f"{name} cannot be read as a CSV file: {error}.", code="unreadable_csv") from error
        batches.append(batch)
        rows += batch.num_rows
        if rows >= CSV_CHUNK_ROWS:
            yield pa.Table.from_batches(batches)
            batches, rows = [], 0
    if batches:
        yield pa.Table.from_batches(batches)


def _notes_on(match: HeaderMatch, name: str) -> tuple[str, ...]:
    """What of a table is not taken over, so that a new column of the publisher does not go unnoticed."""
    if not match.unknown:
        return ()
    return (f"{name}: columns that are not known were left out: {', '.join(match.unknown)}",)


def _open_csv(stream: Any, header: list[str], match: HeaderMatch, encoding: str, keep_ragged: Any) -> Any:
    wanted = [found for found in dict.fromkeys(header) if found in match.mapping]
    return pyarrow.csv.open_csv(
        pa.PythonFile(stream, mode="r"),
        # One thread reads in order, so that rows that do not fit are known by the time their neighbours arrive.
        read_options=pyarrow.csv.ReadOptions(
            column_names=_distinct(header), skip_rows=1, block_size=BLOCK_BYTES, encoding=encoding, use_threads=False
        ),
        parse_options=pyarrow.csv.ParseOptions(newlines_in_values=True, invalid_row_handler=keep_ragged),
        convert_options=pyarrow.csv.ConvertOptions(
            column_types=dict.fromkeys(_distinct(header), pa.large_string()),
            include_columns=wanted,
            strings_can_be_null=True,
            null_values=list(MISSING_WORDS),
        ),
    )


def _distinct(header: list[str]) -> list[str]:
    """Names that Arrow accepts: a repeated or empty one gets its place behind it."""
    seen: set[str] = set()
    names = []
    for place, found in enumerate(header):
        names.append(found if found and found not in seen else f"{found}#{place}")
        seen.add(found)
    return names


class _CountedStream:
    """A stream that Arrow reads from, and that tells how much of the file on disk is behind it."""

    def __init__(self, stream: IO[bytes]) -> None:
        self.stream = stream
        self.closed = False

    def read(self, size: int = -1) -> bytes:
        return self.stream.read(size)

    def position(self) -> int:
        raw = getattr(self.stream, "fileobj", None) or self.stream  # gzip: how far the packed file has been read
        return int(raw.tell())

    def readable(self) -> bool:
        return True

    def close(self) -> None:
        self.closed = True


@contextmanager
def _opened(path: Path, is_gzip: bool) -> Iterator[IO[bytes]]:
    with path.open("rb") as raw:
        if is_gzip:
            with gzip.GzipFile(fileobj=raw) as stream:
                yield stream  # type: ignore[misc]
        else:
            yield raw


def _is_utf8(path: Path, is_gzip: bool) -> bool:
    """Whether every byte fits UTF-8; older editions are Windows-1252, and differ first in the £ of the header."""
    decoder = codecs.getincrementaldecoder("utf-8")()
    with _opened(path, is_gzip) as stream:
        try:
            while block := stream.read(2**22):
                decoder.decode(block)
            decoder.decode(b"", final=True)
        except UnicodeDecodeError:
            return False
    return True


def _csv_header(path: Path, encoding: str, is_gzip: bool, name: str) -> list[str]:
    with _opened(path, is_gzip) as stream:
        line = stream.readline(2**16)
    text = line.decode("utf-8-sig" if encoding == "utf8" else encoding, errors="replace")
    # A lone carriage return ends a line too, as old Macintosh tools write it; `readline` does not stop there.
    text = re.split(r"[\r\n]", text, maxsplit=1)[0]
    if text.count(";") > text.count(","):
        raise DataError(
            f"{name} separates its cells by semicolons.",
            code="unrecognised_file",
            hint="Save it with commas between the cells.",
        )
    return next(csv.reader([text]), [])


def _gzip_holds_workbook(path: Path) -> bool:
    with gzip.open(path) as stream:
        return stream.read(4) == b"PK\x03\x04"


def _chunk(batch: Any, match: HeaderMatch, name: str, first_row: int, ragged: tuple[tuple[int, str], ...]) -> RawChunk:
    frame = batch.to_pandas().rename(columns=match.mapping)
    rows = np.arange(first_row, first_row + len(frame), dtype="int64")
    if ragged:
        # A row that does not fit shifts the number of every row behind it.
        places = np.array([row for row, _ in ragged if row > 0], dtype="int64")
        for place in np.sort(places):
            rows[rows >= place] += 1
    return RawChunk(frame, match.dataset, name, rows, ragged, _notes_on(match, name))


def _no_rows(match: HeaderMatch) -> pa.RecordBatch:
    schema = pa.schema([(found, pa.large_string()) for found in match.mapping])
    return pa.RecordBatch.from_pylist([], schema=schema)


def _read_workbook(path: Path, name: str, progress: Progress) -> Iterator[RawChunk]:
    """The rows of every sheet that holds the table; other sheets are passed over, which the last chunk notes.

    A sheet that is the table but lacks a needed column fails the whole file: its rows would go missing unseen.
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
    wanted = [number for number, found in enumerate(_distinct(header)) if found in match.mapping]
    names = [match.mapping[header[number]] for number in wanted]
    for start in range(place + 1, cells.num_rows, CHUNK_ROWS):
        part = cells.slice(start, CHUNK_ROWS).select(wanted).rename_columns(names)
        frame = part.to_pandas()
        # Sheets often end in rows that were once formatted and hold nothing.
        filled = frame.notna().any(axis=1).to_numpy()
        rows = np.arange(start + 1, start + 1 + len(frame), dtype="int64")
        yield RawChunk(
            frame[filled].reset_index(drop=True), match.dataset, name, rows[filled], notes=_notes_on(match, name)
        )
