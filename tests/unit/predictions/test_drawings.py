"""Where the bars that draw an answer go."""

from __future__ import annotations

import pytest

from predictions.drawings import draw_reasons, draw_span


def test_reasons_reach_from_the_middle_to_the_side_that_they_pull_to() -> None:
    drawn = draw_reasons({"typical": 320.0, "distance": -60.0, "hour": 15.0, "place": 0.0})
    assert drawn["seconds"] == 320.0
    assert [(step["from"], step["width"]) for step in drawn["steps"]] == [(0.0, 50.0), (50.0, 12.5), (50.0, 0.0)]
    assert [step["slower"] for step in drawn["steps"]] == [False, True, True]


def test_a_few_seconds_do_not_look_large() -> None:
    assert draw_reasons({"typical": 320.0, "distance": 3.0})["steps"][0]["width"] == 5.0


def test_without_reasons_nothing_is_drawn() -> None:
    assert draw_reasons({}) == {}


def test_a_span_keeps_to_its_axis_however_far_it_reaches() -> None:
    near, far = draw_span(300, (240, 420), (360, 600)), draw_span(1100, (900, 1500), (360, 600))
    assert near["limits"] == [(360, pytest.approx(100 * 360 / 672, abs=0.01)), (600, pytest.approx(89.29, abs=0.01))]
    for drawn in (near, far):
        assert 0 < drawn["from"] < drawn["at"] < drawn["from"] + drawn["width"] < 100
