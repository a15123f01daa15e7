"""How the response times of a borough and of a year compare, in words, against a hand count."""

from __future__ import annotations

from collections.abc import Mapping

import pandas as pd
import pytest

from pipeline import response_times
from pipeline.actions.count_response_times import count_response_times, figures_path
from pipeline.core.response_groups import ALL_YEARS, LONDON
from pipeline.response_times_compared import comparisons
from pipeline.storage.response_times import write_figures


@pytest.fixture
def compare(folders):
    """The sentences on a borough and a year, where every month of each year had so many calls of so many seconds."""

    def _compare(seconds: Mapping[tuple[str, int], int], *, year=ALL_YEARS, borough=LONDON, months=12, calls=6):
        records = [
            (pd.Timestamp(at_year, month, 7), at_borough, value)
            for (at_borough, at_year), value in seconds.items()
            for month in range(1, months + 1)
            for _ in range(calls)
        ]
        called_at, boroughs, times = zip(*records, strict=True)
        incidents = pd.DataFrame(
            {
                "called_at": pd.Series(called_at).astype("datetime64[s]"),
                "first_pump_attendance_seconds": pd.array(times, dtype="Int64"),
                "second_pump_attendance_seconds": pd.array([pd.NA] * len(records), dtype="Int64"),
                **dict.fromkeys(("proper_case", "borough_name", "station_ground"), boroughs),
                **dict.fromkeys(("ward_code", "ward_name", "ward_name_new"), boroughs),
            }
        )
        counted = count_response_times(incidents, None, sorted(set(boroughs)))
        write_figures(counted.figures, counted.facts | {"is_sample": False, "sources_sha256": {}}, figures_path())
        return comparisons(response_times.book(), "first", year=year, borough=borough)

    return _compare


def test_a_borough_is_set_beside_london_and_ranked_from_the_nearer_end(compare):
    seconds = {("Brent", 2023): 400, ("Camden", 2023): 310, ("Ealing", 2023): 340}  # London: 350
    assert compare(seconds, year=2023, borough="Brent") == [
        "Brent is 50 s slower than London as a whole: the slowest of 3 boroughs by its average."
    ]
    assert compare(seconds, year=2023, borough="Ealing") == [
        "Ealing is 10 s faster than London as a whole: the 2nd fastest of 3 boroughs by its average."
    ]


def test_a_year_is_set_beside_the_one_before(compare):
    seconds = {("Brent", 2022): 330, ("Brent", 2023): 395}
    assert compare(seconds, year=2023) == ["2023 was 1 min 5 s slower than 2022."]
    assert compare(seconds, year=2022) == []


def test_all_years_are_judged_by_the_last_step_and_the_whole_way(compare):
    seconds = {("Brent", 2021): 360, ("Brent", 2022): 330, ("Brent", 2023): 330}
    assert compare(seconds) == ["2023 was as fast as 2022.", "2023 was 30 s faster than 2021."]


def test_what_is_not_whole_or_is_hidden_is_not_compared(compare):
    seconds = {("Brent", 2022): 330, ("Brent", 2023): 395, ("Camden", 2023): 300}
    assert compare(seconds, year=2023, months=11) == []
    assert compare(seconds, months=2, calls=2, borough="Camden") == []  # four calls
