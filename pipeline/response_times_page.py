"""What the response times page draws: key figures, map, trend, heat map and table for one choice of filters."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

from django.core.paginator import Paginator
from django.urls import reverse

from pipeline.core import charts
from pipeline.core.known_breaks import breaks_between
from pipeline.core.response_groups import ALL_YEARS, HOURS, LONDON, WEEKDAYS
from pipeline.core.wording import readable_minutes, readable_seconds, readable_share, unbroken
from pipeline.public_sources import OUTLINES_LICENCE, drawn_boroughs
from pipeline.response_times import GROUPINGS, Book, Row, in_order, measure_names
from pipeline.response_times_compared import comparisons

ROWS_ON_A_PAGE = 120
CALLS_OF_AN_EXTREME = 30  # fewer make the slowest hour by chance


@dataclass(frozen=True)
class Question:
    """The filters, cleaned."""

    pump: str
    year: int
    borough: str
    by: str
    measure: str
    sort: str = ""
    page: int = 1

    def address(self, **changes: Any) -> str:
        """The query string of this question with other answers; the page number does not survive a change."""
        asked = vars(self) | {"page": ""} | changes
        asked["year"] = asked["year"] or "all"
        return "?" + urlencode({name: value for name, value in asked.items() if value != ""})

    @property
    def is_share(self) -> bool:
        return self.measure.startswith("within")

    @property
    def place(self) -> str:
        return self.borough or "London"

    @property
    def period(self) -> str:
        return "all years" if self.year == ALL_YEARS else str(self.year)


def rows_asked(book: Book, question: Question) -> list[Row]:
    """The rows of the table: sorted, of the chosen borough; by borough all of them, so that it can be compared."""
    borough = LONDON if question.by == "borough" else question.borough
    return in_order(book.rows(question.by, question.pump, year=question.year, borough=borough), question.sort)


def readable_measure(question: Question, value: float | None) -> str:
    if value is None:
        return "–"
    return unbroken(readable_share(value) if question.is_share else readable_seconds(value))


def _readable_standard(question: Question, value: float) -> str:
    return readable_share(value) if question.is_share else readable_minutes(value)


def clock(seconds: float) -> str:
    """Minutes and seconds where there is little room: 312 → "5:12"."""
    whole = round(seconds)
    return f"{whole // 60}:{whole % 60:02d}"


def short_measure(question: Question, value: float) -> str:
    return f"{value * 100:.0f}" if question.is_share else clock(value)


def page_context(book: Book, question: Question) -> dict[str, Any]:
    """Everything the template shows, besides the form."""
    rows = rows_asked(book, question)
    table = Paginator(rows, ROWS_ON_A_PAGE).get_page(question.page)
    scale = _scale_maker(question)
    boroughs = book.rows("borough", question.pump, year=question.year)
    return {
        "book": book,
        "question": question,
        "standard": book.standard(question.pump),
        "total": book.total(question.pump, year=question.year, borough=question.borough),
        "map": _map(question, boroughs, scale),
        "compliance": _compliance(boroughs),
        "compared": comparisons(book, question.pump, year=question.year, borough=question.borough),
        "trend": _trend(book, question),
        "heat": _heat(book, question, scale),
        "table": table,
        "columns": _columns(book, question),
        "grouping": GROUPINGS[question.by],
        "measure_name": _measure_name(book, question),
        "unit": "per cent" if question.is_share else "minutes and seconds",
        "heat_address": question.address(by="hour_weekday", sort="") + "#table",
        "month_address": question.address(by="month", sort="") + "#table",
        "borough_address": question.address(by="ward", sort="", borough=""),
        "outlines_licence": OUTLINES_LICENCE,
        "shows_borough": question.by == "ward" and question.borough == LONDON,
        "downloads": {kind: reverse(f"response_times_{kind}") + question.address() for kind in ("csv", "xlsx")},
        "pages": {
            "before": question.address(page=table.number - 1) if table.has_previous() else "",
            "after": question.address(page=table.number + 1) if table.has_next() else "",
        },
    }


def _scale_maker(question: Question) -> Callable[[list[float]], charts.Scale]:
    steps = charts.SHARE_STEPS if question.is_share else charts.SECOND_STEPS
    return lambda values: charts.make_scale(values, steps)


def _shade(question: Question, scale: charts.Scale, value: float) -> int:
    """The strongest shade is the slowest: of shares the smallest."""
    shade = scale.shade(value)
    return charts.SHADES - 1 - shade if question.is_share else shade


def _legend(question: Question, scale: charts.Scale) -> list[dict[str, Any]]:
    """The classes from the least value to the largest."""
    strongest = charts.SHADES - 1
    return [
        {"shade": strongest - shade if question.is_share else shade, "text": _class_words(question, low, high)}
        for shade, low, high in scale.classes()
    ]


def _class_words(question: Question, low: float | None, high: float | None) -> str:
    if low is None and high is None:
        return "all"
    if low is None or high is None:
        return f"under {_edge(question, high)}" if low is None else f"{_edge(question, low)} and more"
    return f"{_edge(question, low)} to {_edge(question, high)}"


def _edge(question: Question, value: float | None) -> str:
    """Edges may be half a per cent apart, where the figures themselves are shown to one."""
    return f"{round((value or 0) * 100, 1):g}" if question.is_share else clock(value or 0)


def _map(question: Question, rows: list[Row], make_scale: Callable[[list[float]], charts.Scale]) -> dict[str, Any]:
    by_name = {row.borough: row for row in rows}
    values = [value for row in rows if (value := row.measure(question.measure)) is not None]
    scale = make_scale(values)
    places = []
    for name, shape in drawn_boroughs().shapes.items():
        row = by_name.get(name)
        value = row.measure(question.measure) if row else None
        places.append(
            {
                "name": name,
                "shape": shape,
                "shade": None if value is None else _shade(question, scale, value),
                "text": "" if value is None else short_measure(question, value),
                "words": readable_measure(question, value),
                "calls": row.calls if row else 0,
                "is_missed": bool(
                    row and row.meets_average is not None and not (row.meets_average and row.meets_limit)
                ),
                "is_chosen": name == question.borough,
                "address": question.address(borough=name) if row else "",
            }
        )
    return {
        "outlines": drawn_boroughs(), "places": places, "legend": _legend(question, scale), "ends": _ends(question, rows),
    }  # fmt: skip


def _ends(question: Question, rows: list[Row], *, calls: int = 0) -> list[tuple[Row, str]]:
    """The fastest and the slowest group of so many calls, with their measure in words; none where there are not two."""
    fastest_first = f"-{question.measure}" if question.is_share else question.measure
    known = in_order([row for row in rows if row.calls is not None and row.calls >= calls], fastest_first)
    ends = (known[0], known[-1]) if len(known) > 1 else ()
    return [(row, readable_measure(question, row.measure(question.measure))) for row in ends]


def _compliance(rows: list[Row]) -> dict[str, int]:
    known = [row for row in rows if row.meets_average is not None]
    return {
        "boroughs": len(known),
        "meet_average": sum(bool(row.meets_average) for row in known),
        "meet_limit": sum(bool(row.meets_limit) for row in known),
    }


def _trend(book: Book, question: Question) -> dict[str, Any]:
    """All months, whatever the period: a year says little without its neighbours."""
    rows = book.rows("month", question.pump, borough=question.borough)
    values = {dt.date.fromisoformat(f"{row.group}-01"): row.measure(question.measure) for row in rows}
    known = breaks_between(min(values), max(values)) if values else []
    standard = book.standard(question.pump)
    reference = {"mean": standard.mean_seconds, "within_limit": standard.within_share}.get(question.measure)
    steps = (0.01, 0.02, 0.05, 0.1, 0.2) if question.is_share else (10, 20, 30, 60, 120, 300)
    drawn = charts.draw_trend(values, [entry.day for entry in known], steps=steps, reference=reference)
    return {
        "drawn": drawn,
        "levels": [(level.at, _edge(question, level.value)) for level in drawn.levels] if drawn else [],
        "breaks": known,
        "reference": _readable_standard(question, reference) if reference else "",
        "first": readable_measure(question, next(iter(values.values()), None)),
        "last": readable_measure(question, next(reversed(values.values()), None)),
        "from": min(values, default=None),
        "to": max(values, default=None),
    }


def _heat(book: Book, question: Question, make_scale: Callable[[list[float]], charts.Scale]) -> dict[str, Any]:
    """One row an hour, one cell a weekday; at the ends the hour over the whole week, and the day over all hours."""
    rows = book.rows("hour_weekday", question.pump, year=question.year, borough=question.borough)
    found = {row.group: row for row in rows}
    by_hour, by_day = (
        {row.group: row for row in book.rows(group, question.pump, year=question.year, borough=question.borough)}
        for group in ("hour", "weekday")
    )
    drawn = [*rows, *by_hour.values(), *by_day.values()]
    values = [value for row in drawn if (value := row.measure(question.measure)) is not None]
    scale = make_scale(values)

    def cell(row: Row | None) -> dict[str, Any]:
        value = row.measure(question.measure) if row else None
        return {
            "shade": None if value is None else _shade(question, scale, value),
            "text": "–" if value is None else short_measure(question, value),
            "calls": row.calls if row else 0,
        }

    return {
        "rows": [
            {
                "hour": hour,
                "cells": [cell(found.get(f"{day} {hour}")) for day in WEEKDAYS],
                "whole_week": cell(by_hour.get(hour)),
                "all": by_hour.get(hour),
            }
            for hour in HOURS
        ],
        "whole": cell(book.total(question.pump, year=question.year, borough=question.borough)),
        "whole_days": [cell(by_day.get(day)) for day in WEEKDAYS],
        "days": WEEKDAYS,
        "legend": _legend(question, scale),
        "ends": _ends(question, list(by_hour.values()), calls=CALLS_OF_AN_EXTREME),
        "has_values": bool(values),
    }


def _measure_name(book: Book, question: Question) -> str:
    return measure_names(book.standard(question.pump))[question.measure]


def _columns(book: Book, question: Question) -> list[dict[str, str]]:
    """The headings, each with the address that sorts by it and what it is sorted by now."""
    words = {"name": GROUPINGS[question.by], "calls": "Calls", **measure_names(book.standard(question.pump))}
    if question.by == "ward" and question.borough == LONDON:
        words = {"name": words["name"], "borough": "Borough", **words}
    columns = []
    for name, text in words.items():
        is_up, is_down = question.sort == name, question.sort == f"-{name}"
        columns.append(
            {
                "text": text,
                "address": question.address(sort=f"-{name}" if is_up else name),
                "sorted": "ascending" if is_up else "descending" if is_down else "",
            }
        )
    return columns
