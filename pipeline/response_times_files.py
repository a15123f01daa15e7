"""The response times as rows of a file: every row says what it is of, so that it can stand alone."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from pipeline.core.small_numbers import MIN_CALLS_SHOWN
from pipeline.public_sources import LICENCE
from pipeline.response_times import Book, Row
from pipeline.response_times_page import Question

HIDING = (
    f"Groups of fewer than {MIN_CALLS_SHOWN} calls are hidden, and so is the smallest other group of a table, of the "
    "years or of the boroughs where a total would otherwise tell the hidden one by subtraction. Hidden rows have no "
    "figures."
)
HEADER = (
    "pump", "period", "borough", "by", "group", "name", "calls", "mean_seconds", "median_seconds", "p90_seconds",
    "average_standard_seconds", "share_within_average_standard", "meets_average",
    "limit_seconds", "share_within_limit", "share_wanted", "meets_limit", "is_sample",
)  # fmt: skip


def file_rows(book: Book, question: Question, rows: Iterable[Row]) -> list[list[Any]]:
    """One list a row, in the order of HEADER; None where a group is hidden."""
    standard = book.standard(question.pump)
    return [
        [
            question.pump, question.period, row.borough or "London", question.by, row.group, row.name, row.calls,
            row.mean_seconds, row.median_seconds, row.p90_seconds,
            standard.mean_seconds, row.share_within_average, row.meets_average,
            standard.within_seconds, row.share_within_limit, standard.within_share, row.meets_limit, book.is_sample,
        ]
        for row in rows
    ]  # fmt: skip


def about(book: Book, question: Question) -> dict[str, Any]:
    """What the sheet "About" says."""
    first, last = book.period
    facts: dict[str, Any] = {
        "What": f"Attendance times of the {question.pump} pump: mobilised to arrived, seconds, 1 to 1,200",
        "Calls of": question.period,
        "Data period": f"{first:%-d %B %Y} to {last:%-d %B %Y}",
        "Place": question.place,
        "Hidden rows": HIDING,
        "Source": LICENCE,
    }
    facts |= {f"SHA-256, {name}": digest for name, digest in book.facts["sources_sha256"].items()}
    if book.is_sample:
        facts = {"SAMPLE DATA": "Generated records, not London Fire Brigade's.", **facts}
    return facts
