"""Places and distances."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.core import geo
from pipeline.core.distance import MAX_TRIP_KM, check_distance
from pipeline.core.errors import DistanceError

eastings, northings = st.floats(500_000, 565_000), st.floats(150_000, 205_000)


def test_a_known_place_is_found_in_both_grids():
    # Acton fire station, as surveyed.
    latitude, longitude = geo.to_wgs84([519_679], [180_078])
    assert latitude[0] == pytest.approx(51.50697, abs=5e-5)
    assert longitude[0] == pytest.approx(-0.27696, abs=5e-5)


@given(eastings, northings)
def test_there_and_back_is_the_same_place(easting, northing):
    back = geo.to_grid(*geo.to_wgs84([easting], [northing]))
    assert np.hypot(back[0][0] - easting, back[1][0] - northing) < 0.01


@given(eastings, northings, eastings, northings)
def test_distance_agrees_with_pythagoras_on_the_grid(e1, n1, e2, n2):
    measured = geo.distance_km(*geo.to_wgs84([e1], [n1]), *geo.to_wgs84([e2], [n2]))[0]
    # The grid's scale is within 0.04 % of the ground's in London; a sphere adds up to 0.3 %.
    assert measured == pytest.approx(np.hypot(e1 - e2, n1 - n2) / 1000, rel=0.004, abs=1e-6)


def test_missing_places_stay_missing():
    assert np.isnan(geo.to_wgs84([np.nan], [1.0])).all()
    assert np.isnan(geo.distance_km(np.nan, 0, 51, 0))


def test_no_places_give_no_places():
    assert len(geo.to_wgs84([], [])[0]) == 0


@pytest.mark.parametrize(
    ("easting", "northing", "inside"),
    [(530_000, 180_000, True), (400_000, 180_000, False), (530_000, 100_000, False), (0, 0, False), (np.nan, 1, False)],
)
def test_a_place_in_london_is_told_from_one_outside(easting, northing, inside):
    assert bool(geo.inside_london(easting, northing)) is inside


@pytest.mark.parametrize("kilometres", [0, 0.01, 5.2, MAX_TRIP_KM])
def test_distances_a_trip_can_have_pass(kilometres):
    assert check_distance(kilometres) == kilometres


@pytest.mark.parametrize("kilometres", [float("nan"), float("inf"), -float("inf"), -0.1, 60.1, 1e308])
def test_distances_no_trip_can_have_are_refused(kilometres):
    with pytest.raises(DistanceError) as caught:
        check_distance(kilometres)
    assert caught.value.code == "invalid_distance"
    assert "kilometres" in caught.value.hint
