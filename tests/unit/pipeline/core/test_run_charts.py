"""Small charts of runs."""

import pytest

from pipeline.core.run_charts import HEIGHT, LEAST_HEIGHT, WIDEST_BAR, WIDTH, EndedRun, draw_runs


def ended(number, seconds, rows=None, status="succeeded"):
    return EndedRun(number, status, "1 May", seconds, rows)


def test_each_run_has_a_bar_as_high_as_its_share_of_the_longest():
    took, rows = draw_runs([ended(1, 30, 100), ended(2, 60, 50, "failed"), ended(3, 15, 0)])
    assert [bar.height for bar in took.bars] == [HEIGHT / 2, HEIGHT, HEIGHT / 4]
    assert [bar.y + bar.height for bar in took.bars] == [HEIGHT] * 3
    assert [bar.x for bar in took.bars] == [0, WIDEST_BAR, 2 * WIDEST_BAR]
    assert (took.heading, took.latest, took.most) == ("Took", "15 s", "1 min 0 s")
    assert took.bars[1].text == "Run 2, 1 May: 1 min 0 s, failed"
    assert [bar.height for bar in rows.bars] == [HEIGHT, HEIGHT / 2, LEAST_HEIGHT]


def test_runs_that_gave_no_rows_leave_no_gap_in_the_rows():
    rows = draw_runs([ended(1, 1, 8), ended(2, 1), ended(3, 1, 8)])[1]
    assert [bar.text.partition(",")[0] for bar in rows.bars] == ["Run 1", "Run 3"]


@pytest.mark.parametrize("runs", [[], [ended(1, 5, 5)]])
def test_fewer_than_two_runs_are_no_chart(runs):
    assert draw_runs(runs) == []


def test_runs_that_took_no_time_are_drawn():
    assert [bar.height for bar in draw_runs([ended(1, 0.0), ended(2, 0.0)])[0].bars] == [LEAST_HEIGHT] * 2


def test_many_runs_share_the_width():
    bars = draw_runs([ended(number, 1) for number in range(60)])[0].bars
    assert bars[-1].x + bars[-1].width <= WIDTH
