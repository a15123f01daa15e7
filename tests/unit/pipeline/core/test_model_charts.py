"""Places of marks against hand calculation."""

import pytest

from pipeline.core import model_charts


def entry(number, mae, low=None, high=None, state="retired", is_sample=False):
    return {"number": number, "mae": mae, "low": low, "high": high, "state": state, "is_sample": is_sample}


def test_chances_said_and_seen_lie_between_the_axes_in_proportion():
    drawn = model_charts.draw_reliability(
        {"360": [{"said": 0.0, "seen": 1.0, "n": 10}, {"said": 0.5, "seen": 0.25, "n": 10}]}
    )
    frame, curve = drawn.frame, drawn.curves[0]
    assert curve.points[0][:2] == (frame.left, frame.top)
    assert curve.points[1][:2] == (
        (frame.left + frame.right) / 2,
        pytest.approx(frame.bottom - (frame.bottom - frame.top) / 4, abs=0.05),
    )
    assert curve.name == "within 6 min"


def test_a_curve_tells_where_it_is_farthest_off():
    bins = [{"said": 0.5, "seen": 0.48, "n": 10}, {"said": 0.9, "seen": 0.7, "n": 1_234}]
    curve = model_charts.draw_reliability({"600": bins}).curves[0]
    assert curve.farthest == "90 % was said and 70 % seen"
    assert curve.points[1][2] == "said 90 %, seen 70 %, n 1,234"


@pytest.mark.parametrize("bins", [{}, {"360": []}])
def test_without_bins_no_reliability_is_drawn(bins):
    assert model_charts.draw_reliability(bins) is None


def test_versions_stand_in_order_and_larger_errors_higher():
    drawn = model_charts.draw_versions([entry(1, 80.0, 79.0, 81.0), entry(2, 60.0), entry(3, 70.0, 69.5, 70.5)])
    assert [judged.number for judged in drawn.judged] == [1, 2, 3]
    assert sorted(judged.x for judged in drawn.judged) == [judged.x for judged in drawn.judged]
    first, second, third = drawn.judged
    assert first.y < third.y < second.y
    assert first.high < first.y < first.low
    assert (second.low, second.high) == (None, None)


def test_every_mark_of_the_versions_lies_within_the_frame():
    drawn = model_charts.draw_versions([entry(1, 53.4, 52.0, 54.8), entry(2, 120.0, 110.0, 131.0)])
    heights = [place for judged in drawn.judged for place in (judged.low, judged.y, judged.high)]
    assert all(drawn.frame.top <= height <= drawn.frame.bottom for height in heights)
    assert len(drawn.frame.up) <= 8


def test_one_version_and_many_versions_are_drawn_without_crowding():
    assert len(model_charts.draw_versions([entry(1, 50.0)]).judged) == 1
    assert len(model_charts.draw_versions([entry(number, 50.0) for number in range(1, 31)]).frame.across) <= 12
    assert model_charts.draw_versions([]) is None


def test_bars_go_by_the_largest_error_and_the_worst_come_first():
    groups = {"a": {"mae": 20.0}, "b": {"mae": 80.0}, "c": {"mae": 40.0}}
    assert [(bar.name, bar.length) for bar in model_charts.bars(groups)] == [("a", 25.0), ("b", 100.0), ("c", 50.0)]
    assert [bar.name for bar in model_charts.bars(groups, worst=2)] == ["b", "c"]


@pytest.mark.parametrize("groups", [{}, {"a": {"mae": 0.0}}])
def test_bars_of_nothing_have_no_length(groups):
    assert all(bar.length == 0 for bar in model_charts.bars(groups))
