"""Reads the published tables, whatever they are packed in, as chunks of text cells under published column names."""

from __future__ import annotations

import shutil
import zipfile
from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory

from pipeline.core.columns import HeaderMatch, recognise
from pipeline.core.errors import DataError
from pipeline.core.progress import Progress, silent
from pipeline.core.validate import RawChunk
from pipeline.storage.csv_reader import read_csv
from pipeline.storage.sniffing import require_whole
from pipeline.storage.workbook_reader import read_workbook


def read_table(path: Path, *, progress: Progress = silent, name: str = "") -> Iterator[RawChunk]:
    """The rows of one published file: CSV (UTF-8 or Windows-1252), workbook, or a .gz or .zip of these.

    Raises SourceError for what is no whole table file, DataError or MissingColumnError for a header that does not fit.
    """
    name = name or path.name
    kind = require_whole(path, name)
    if kind == "xlsx":
        yield from read_workbook(path, name, progress)
    elif kind == "zip":
        yield from _read_archive(path, name, progress)
    else:
        yield from read_csv(path, name, progress, is_gzip=kind == "gzip")


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
