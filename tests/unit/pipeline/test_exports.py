"""Tables as files."""

import io

import openpyxl
import pytest

from pipeline.exports import csv_text, safe_cell, workbook_bytes

HEADER, ROWS = ("name", "calls", "mean"), [["St. James's, South", 7, 300.25], ["hidden", None, None], ["=1+1", 5, 1.0]]


def test_csv_keeps_numbers_quotes_commas_and_leaves_the_unknown_empty():
    assert csv_text(HEADER, ROWS).splitlines() == [
        "name,calls,mean",
        '"St. James\'s, South",7,300.25',
        "hidden,,",
        "'=1+1,5,1.0",
    ]


def test_the_workbook_holds_numbers_as_numbers_and_no_formula():
    book = openpyxl.load_workbook(io.BytesIO(workbook_bytes(HEADER, ROWS, {"Source": "LFB", "Note": "@SUM(A1)"})))
    assert book.sheetnames == ["Figures", "About"]
    values = list(book["Figures"].iter_rows(values_only=True))
    assert values == [HEADER, ("St. James's, South", 7, 300.25), ("hidden", None, None), ("'=1+1", 5, 1)]
    assert all(cell.data_type != "f" for sheet in book for row in sheet.iter_rows() for cell in row)
    assert book["Figures"].freeze_panes == "A2"


def test_shares_are_numbers_shown_as_per_cent():
    rows = [["Acton", 0.703], ["hidden", None]]
    book = openpyxl.load_workbook(io.BytesIO(workbook_bytes(("name", "share_within_limit"), rows, {})))
    shown, hidden = (row[1] for row in book["Figures"].iter_rows(min_row=2))
    assert (shown.value, shown.number_format) == (0.703, "0.0%")
    assert hidden.value is None


@pytest.mark.parametrize("text", ["=cmd|'/c calc'!A0", "+1", "-1", "@x", "\tx", "a\x00b"])
def test_text_that_a_spreadsheet_would_run_is_made_harmless(text):
    safe = safe_cell(text)
    assert not safe.startswith(("=", "+", "-", "@", "\t"))
    assert "\x00" not in safe
