"""The book of response times: rows by group, hidden ones among them."""

import pandas as pd
import pytest

from pipeline.core.response_groups import FIGURE_NAMES, LONDON
from pipeline.response_times import Book, in_order

STANDARDS = {
    "first": {"mean_seconds": 360, "within_seconds": 600, "within_share": 0.9},
    "second": {"mean_seconds": 480, "within_seconds": 720, "within_share": 0.95},
}


@pytest.fixture
def book():
    """London and two boroughs; Sutton has too few calls to be shown."""
    shown, hidden = (300.0, 290.0, 500.0, 0.8, 0.89999998), (float("nan"),) * 5
    rows = [(LONDON, 40, *shown), ("Ealing", 36, *shown), ("Sutton", None, *hidden)]
    totals = pd.DataFrame(rows, columns=["borough", "calls", *FIGURE_NAMES]).assign(group="", name="", year=0, pump=1)
    return Book((0, 0, 0), {"total": totals}, {"standards": STANDARDS, "is_sample": False})


def test_a_hidden_borough_is_named_as_a_shown_one(book):
    rows = book.rows("borough", "first")
    assert [(row.group, row.name, row.borough) for row in rows] == [("Ealing",) * 3, ("Sutton",) * 3]


def test_a_hidden_group_has_no_figures(book):
    _, sutton = book.rows("borough", "first")
    assert {value for name, value in vars(sutton).items() if name not in ("group", "name", "borough")} == {None}


def test_standards_are_met_to_the_precision_that_is_stored(book):
    total = book.total("first")
    assert (total.calls, total.meets_average, total.meets_limit) == (40, True, True)


@pytest.mark.parametrize("sort", ["mean", "-mean", "calls", "-calls"])
def test_hidden_groups_come_last_whichever_way_rows_are_sorted(book, sort):
    assert in_order(book.rows("borough", "first"), sort)[-1].name == "Sutton"
