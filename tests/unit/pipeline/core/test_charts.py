"""Where lines, shapes and shades go."""

import datetime as dt

import pytest

from pipeline.core.charts import SECOND_STEPS, SHADES, SHARE_STEPS, draw_outlines, draw_trend, make_scale
from pipeline.public_sources import borough_outlines


@pytest.mark.parametrize("values", [[300], [300, 300.1], list(range(200, 900, 7)), [0.5, 0.71, 0.99], [1e-9, 1_200]])
@pytest.mark.parametrize("steps", [SECOND_STEPS, SHARE_STEPS])
def test_every_value_has_a_shade_and_more_is_never_paler(values, steps):
    scale = make_scale(values, steps)
    shades = [scale.shade(value) for value in sorted(values)]
    assert shades == sorted(shades)
    assert all(0 <= shade < SHADES for shade in shades)
    assert len(scale.classes()) <= SHADES


def test_the_legend_meets_the_values():
    scale = make_scale([290, 300, 320, 350, 390], SECOND_STEPS)
    for shade, low, high in scale.classes():
        inside = (low + 1) if low is not None else high - 1
        assert scale.shade(inside) == shade


def test_outlines_cover_the_boroughs_with_north_at_the_top():
    drawn = draw_outlines(borough_outlines())
    assert len(drawn.shapes) == 33
    assert drawn.shapes["Enfield"].y < drawn.shapes["Westminster"].y < drawn.shapes["Croydon"].y
    assert drawn.shapes["Hillingdon"].x < drawn.shapes["Westminster"].x < drawn.shapes["Havering"].x
    assert 0.7 < drawn.height / drawn.width < 0.9  # London is some 58 km wide and 46 km high


def test_no_number_on_the_map_lies_on_another():
    shapes = draw_outlines(borough_outlines()).shapes.values()
    places = [(shape.x, shape.y) for shape in shapes if shape.has_room]
    assert 25 < len(places) < 33
    assert all(abs(x - u) > 27 or abs(y - v) > 12 for x, y in places for u, v in places if (x, y) != (u, v))


def months(*values, first=(2023, 1)):
    start = first[0] * 12 + first[1] - 1
    return {dt.date((start + place) // 12, (start + place) % 12 + 1, 1): value for place, value in enumerate(values)}


def points(text):
    return [tuple(map(float, point.split(","))) for point in text.split()]


def test_a_line_runs_from_left_to_right_and_larger_is_higher():
    drawn = draw_trend(months(300, 330, 310), [], steps=(10, 30))
    (line,) = map(points, drawn.lines)
    assert [x for x, _ in line] == sorted(x for x, _ in line)
    assert line[1][1] < line[2][1] < line[0][1]
    assert all(drawn.left <= x <= drawn.right and drawn.top <= y <= drawn.bottom for x, y in line)


@pytest.mark.parametrize(
    ("values", "lines", "dots"), [([300, None, 310, 320], 1, 3), ([300], 0, 1), ([None, 300, None], 0, 1)]
)
def test_a_month_without_a_figure_breaks_the_line(values, lines, dots):
    drawn = draw_trend(months(*values), [], steps=(10, 30))
    assert (len(drawn.lines), len(drawn.dots)) == (lines, dots)


def test_a_month_that_is_not_there_breaks_the_line_too():
    values = months(300, 310) | months(320, 330, first=(2023, 5))
    assert len(draw_trend(values, [], steps=(10, 30)).lines) == 2


@pytest.mark.parametrize("values", [{}, months(None, None)])
def test_nothing_known_draws_nothing(values):
    assert draw_trend(values, [], steps=(10,)) is None


def test_breaks_and_standard_stand_at_their_places():
    drawn = draw_trend(months(*[300] * 25), [dt.date(2024, 1, 1)], steps=(10, 60), reference=360)
    assert drawn.breaks[0].at == pytest.approx((drawn.left + drawn.right) / 2, abs=0.1)
    assert drawn.reference < points(drawn.lines[0])[0][1]
    assert [mark.text for mark in drawn.years] == ["2023", "2024", "2025"]


def test_long_series_name_few_years():
    assert len(draw_trend(months(*range(300, 500)), [], steps=(10, 60)).years) <= 7
