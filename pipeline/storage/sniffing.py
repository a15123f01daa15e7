"""Tells what a file is by its contents, and whether all of it is there. Names and extensions prove nothing:
the publisher links CSV files as `.xlsx`, and an error page arrives under any name."""

from __future__ import annotations

import gzip
import zipfile
import zlib
from pathlib import Path

from pipeline.core.errors import SourceError

HEAD_BYTES = 4096
MAX_UNPACKED_BYTES = 20 * 2**30


def sniff(path: Path) -> str:
    """One of csv, xlsx, xls, gzip, zip, html, empty, unknown."""
    with path.open("rb") as stream:
        head = stream.read(HEAD_BYTES)
    if not head.strip():
        return "empty"
    if head.startswith(b"PK\x03\x04"):
        return "xlsx" if _is_workbook(path, head) else "zip"
    if head.startswith(b"\x1f\x8b"):
        return "gzip"
    if head.startswith(b"\xd0\xcf\x11\xe0"):
        return "xls"
    if _looks_like_html(head):
        return "html"
    if b"\x00" in head:
        return "unknown"
    return "csv"


def _is_workbook(path: Path, head: bytes) -> bool:
    try:
        with zipfile.ZipFile(path) as archive:
            return "xl/workbook.xml" in archive.namelist()
    except zipfile.BadZipFile:
        # The list of members stands at the end, which a truncated file lacks: judge by the first member.
        return b"[Content_Types].xml" in head or b"xl/" in head


def _looks_like_html(head: bytes) -> bool:
    start = head.lstrip(b"\xef\xbb\xbf \t\r\n")[:512].lower()
    return start.startswith((b"<!doctype", b"<html", b"<head", b"<body", b"<?xml", b"<!--"))


def require_whole(path: Path, source: str = "") -> str:
    """Raise SourceError unless `path` is a complete table file; returns what it is.

    Codes: source_is_empty, source_is_html, source_not_a_table, source_truncated.
    """
    kind, name = sniff(path), source or path.name
    if kind == "empty":
        raise SourceError(f"{name} is empty.", code="source_is_empty", hint="Fetch the file again.")
    if kind == "html":
        raise SourceError(
            f"{name} is a web page, not a table.",
            code="source_is_html",
            hint="The publisher changes its addresses: open the data set's page, copy the file's own link, and set it.",
        )
    if kind in ("unknown", "xls"):
        raise SourceError(
            f"{name} is neither a CSV file nor an .xlsx workbook, nor a .gz or .zip of one.",
            code="source_not_a_table",
            hint="Save it as CSV or as .xlsx." if kind == "xls" else "Check that it is the file meant.",
        )
    if kind in ("xlsx", "zip"):
        _require_whole_zip(path, name)
    if kind == "gzip":
        _require_whole_gzip(path, name)
    return kind


def _truncated(name: str, what: str) -> SourceError:
    return SourceError(
        f"{name} is cut short or damaged: {what}.", code="source_truncated", hint="Fetch the file again."
    )


def _require_whole_zip(path: Path, name: str) -> None:
    try:
        with zipfile.ZipFile(path) as archive:
            if sum(member.file_size for member in archive.infolist()) > MAX_UNPACKED_BYTES:
                raise SourceError(f"{name} unpacks to more than 20 GiB.", code="source_too_large")
            broken = archive.testzip()
    except (zipfile.BadZipFile, zlib.error, EOFError, OSError, NotImplementedError) as error:
        raise _truncated(name, str(error)) from error
    if broken:
        raise _truncated(name, f"its part {broken} does not match its checksum")


def _require_whole_gzip(path: Path, name: str) -> None:
    unpacked = 0
    try:
        with gzip.open(path) as stream:
            while block := stream.read(2**20):
                unpacked += len(block)
                if unpacked > MAX_UNPACKED_BYTES:
                    raise SourceError(f"{name} unpacks to more than 20 GiB.", code="source_too_large")
    except (EOFError, zlib.error, gzip.BadGzipFile) as error:
        raise _truncated(name, str(error)) from error
