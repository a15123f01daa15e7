"""Reads a CSV file of the published kind, packed or not, as chunks of text cells under published column names."""

from __future__ import annotations

import codecs
import csv
import gzip
import re
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Any

import numpy as np
import pyarrow as pa
import pyarrow.csv

from pipeline.core.columns import HeaderMatch, recognise
from pipeline.core.errors import DataError
from pipeline.core.parse import MISSING_WORDS
from pipeline.core.progress import Progress
from pipeline.core.validate import RawChunk
from pipeline.storage.headers import distinct_names, notes_on

# Arrow reads up to 32 blocks ahead of the rows it hands out: with blocks of 16 MiB that is half a gigabyte.
BLOCK_BYTES = 2 * 2**20
CSV_CHUNK_ROWS = 40_000  # blocks are put together to at least this many rows


def read_csv(path: Path, name: str, progress: Progress, *, is_gzip: bool) -> Iterator[RawChunk]:
    """The rows of a CSV file in UTF-8 or Windows-1252, rows that do not fit the header apart; `name` is for messages.

    Raises DataError for what is no CSV file of the published kind, MissingColumnError where a needed column is missing.
    """
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


def _open_csv(stream: Any, header: list[str], match: HeaderMatch, encoding: str, keep_ragged: Any) -> Any:
    wanted = [found for found in dict.fromkeys(header) if found in match.mapping]
    return pyarrow.csv.open_csv(
        pa.PythonFile(stream, mode="r"),
        # One thread reads in order, so that rows that do not fit are known by the time their neighbours arrive.
        read_options=pyarrow.csv.ReadOptions(
            column_names=distinct_names(header),
            skip_rows=1,
            block_size=BLOCK_BYTES,
            encoding=encoding,
            use_threads=False,
        ),
        parse_options=pyarrow.csv.ParseOptions(newlines_in_values=True, invalid_row_handler=keep_ragged),
        convert_options=pyarrow.csv.ConvertOptions(
            column_types=dict.fromkeys(distinct_names(header), pa.large_string()),
            include_columns=wanted,
            strings_can_be_null=True,
            null_values=list(MISSING_WORDS),
        ),
    )


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
    return RawChunk(frame, match.dataset, name, rows, ragged, notes_on(match, name))


def _no_rows(match: HeaderMatch) -> pa.RecordBatch:
    schema = pa.schema([(found, pa.large_string()) for found in match.mapping])
    return pa.RecordBatch.from_pylist([], schema=schema)
