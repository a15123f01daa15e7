"""Tables as downloads: CSV, and XLSX workbooks."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

# Spreadsheets take text that begins so for a formula.
_FORMULA = ("=", "+", "-", "@", "\t", "\r")
_CONTROL = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f]")


def safe_cell(value: Any) -> Any:
    """Text that no spreadsheet runs as a formula; anything else as it is.

    >>> safe_cell("=1+1"), safe_cell("Acton"), safe_cell(-3)
    ("'=1+1", 'Acton', -3)
    """
    if not isinstance(value, str):
        return value
    text = _CONTROL.sub("", value)
    return f"'{text}" if text.startswith(_FORMULA) else text


def csv_text(header: Sequence[str], rows: Iterable[Sequence[Any]]) -> str:
    """UTF-8 text with a header line; None becomes an empty cell."""
    written = io.StringIO()
    writer = csv.writer(written, lineterminator="\n")
    writer.writerow(header)
    writer.writerows([safe_cell(value) for value in row] for row in rows)
    return written.getvalue()


def _cell(sheet: Any, name: str, value: Any) -> Any:
    """What a sheet takes: a share as per cent, all else as it is."""
    if not name.startswith("share_") or value is None:
        return safe_cell(value)
    from openpyxl.cell import WriteOnlyCell

    cell = WriteOnlyCell(sheet, value=value)
    cell.number_format = "0.0%"
    return cell


def workbook_bytes(header: Sequence[str], rows: Iterable[Sequence[Any]], about: Mapping[str, Any]) -> bytes:
    """A workbook of two sheets, "Figures" with a fixed header line and "About"; written row by row."""
    from openpyxl import Workbook
    from openpyxl.cell import WriteOnlyCell
    from openpyxl.styles import Font

    book = Workbook(write_only=True)
    sheet = book.create_sheet("Figures")
    sheet.freeze_panes = "A2"
    for place, name in enumerate(header):
        sheet.column_dimensions[chr(ord("A") + place)].width = max(12, len(name) + 2)
    titles = [WriteOnlyCell(sheet, value=name) for name in header]
    for cell in titles:
        cell.font = Font(bold=True)
    sheet.append(titles)
    for row in rows:
        sheet.append([_cell(sheet, name, value) for name, value in zip(header, row, strict=True)])
    facts = book.create_sheet("About")
    facts.column_dimensions["A"].width, facts.column_dimensions["B"].width = 24, 100
    for name, value in about.items():
        facts.append([name, safe_cell(value)])
    written = io.BytesIO()
    book.save(written)
    return written.getvalue()
