"""Tells what a file is by its contents, and whether all of it is there. Names and extensions prove nothing:
the publisher links CSV files as `.xlsx`, and an error page arrives under any name."""

from __future__ import annotations

import gzip
import struct
import zipfile
import zlib
from pathlib import Path

from pipeline.core.errors import SourceError

HEAD_BYTES = 4096
MAX_UNPACKED_BYTES = 20 * 2**30
BYTE_ORDER_MARK = b"\xef\xbb\xbf"
FETCH_HINT = "Fetch the file again."


def sniff(path: Path) -> str:
    """One of csv, xlsx, xls, gzip, zip, html, utf16, empty, unknown."""
    with path.open("rb") as stream:
        head = stream.read(HEAD_BYTES)
    kind = kind_of(head)
    return "xlsx" if kind == "zip" and _is_workbook(path, head) else kind


def kind_of(head: bytes) -> str:
    """What the first bytes of a file say that it is, as `sniff`, but that a workbook is a zip."""
    text = head.removeprefix(BYTE_ORDER_MARK).lstrip()
    if not text:
        return "empty"
    if head.startswith(b"PK\x03\x04"):
        return "zip"
    if head.startswith(b"\x1f\x8b"):
        return "gzip"
    if head.startswith(b"\xd0\xcf\x11\xe0"):
        return "xls"
    if head.startswith((b"\xff\xfe", b"\xfe\xff")):
        return "utf16"
    if (
        text[:512]
        .lower()
        .startswith((b"<!doctype", b"<html", b"<head", b"<body", b"<?xml", b"<!--", b"<meta", b"<script"))
    ):
        return "html"
    # What else a server answers with in place of a file: a JSON message, a line of plain text, a PDF.
    is_table = (
        b"\x00" not in head and not text.startswith((b"{", b"[", b"%PDF")) and any(mark in head for mark in b",;\t")
    )
    return "csv" if is_table else "unknown"


def _is_workbook(path: Path, head: bytes) -> bool:
    try:
        with zipfile.ZipFile(path) as archive:
            return "xl/workbook.xml" in archive.namelist()
    except (zipfile.BadZipFile, *DAMAGE):
        # The list of members stands at the end, which a truncated file lacks: judge by the first member.
        return b"[Content_Types].xml" in head or b"xl/" in head


# What the standard library raises, besides its own errors, on archives whose bytes make no sense.
DAMAGE = (zlib.error, EOFError, OSError, NotImplementedError, ValueError, OverflowError, struct.error, IndexError)


def require_whole(path: Path, source: str = "") -> str:
    """Raise SourceError unless `path` is a complete table file; returns what it is: csv, xlsx, gzip or zip.

    Codes: source_is_empty, source_is_html, source_not_a_table, source_is_protected, source_truncated, source_too_large.
    """
    kind, name = sniff(path), source or path.name
    if kind in _NO_TABLE:
        code, message, hint = _NO_TABLE[kind]
        raise SourceError(message.format(name=name), code=code, hint=hint)
    if kind in ("xlsx", "zip"):
        _require_whole_zip(path, name)
    if kind == "gzip":
        _require_whole_gzip(path, name)
    return kind


_NO_TABLE = {
    "empty": ("source_is_empty", "{name} is empty.", FETCH_HINT),
    "html": (
        "source_is_html",
        "{name} is a web page, not a table.",
        "The publisher changes its addresses: open the data set's page, copy the file's own link, and set it.",
    ),
    "xls": (
        "source_not_a_table",
        "{name} is a workbook of the old .xls kind, or one with a password.",
        "Save it as .xlsx without a password, or as CSV.",
    ),
    "utf16": (
        "source_not_a_table",
        "{name} is text in UTF-16, as Excel's “Unicode text”.",
        "Save it as “CSV UTF-8” or as .xlsx.",
    ),
    "unknown": (
        "source_not_a_table",
        "{name} is neither a CSV file nor an .xlsx workbook, nor a .gz or .zip of one.",
        "Check that it is the file meant.",
    ),
}


def _truncated(name: str, what: object) -> SourceError:
    return SourceError(f"{name} is cut short or damaged: {what}.", code="source_truncated", hint=FETCH_HINT)


def _too_large(name: str) -> SourceError:
    return SourceError(
        f"{name} unpacks to more than {MAX_UNPACKED_BYTES / 2**30:g} GiB.",
        code="source_too_large",
        hint="No published file is nearly as large: check that it is the file meant.",
    )


def _require_whole_zip(path: Path, name: str) -> None:
    try:
        with zipfile.ZipFile(path) as archive:
            members = archive.infolist()
            if any(member.flag_bits & 1 for member in members):
                raise SourceError(
                    f"{name} is protected by a password.",
                    code="source_is_protected",
                    hint="Unpack it, or save it without a password.",
                )
            if sum(member.file_size for member in members) > MAX_UNPACKED_BYTES:
                raise _too_large(name)
            broken = archive.testzip()
    except (zipfile.BadZipFile, *DAMAGE) as error:
        raise _truncated(name, error) from error
    if broken:
        raise _truncated(name, f"its part {broken} does not match its checksum")


def _require_whole_gzip(path: Path, name: str) -> None:
    unpacked = 0
    try:
        with gzip.open(path) as stream:
            while block := stream.read(2**20):
                unpacked += len(block)
                if unpacked > MAX_UNPACKED_BYTES:
                    raise _too_large(name)
    except (gzip.BadGzipFile, *DAMAGE) as error:
        raise _truncated(name, error) from error
