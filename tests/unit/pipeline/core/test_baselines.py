"""What every model has to beat, checked by hand and on made-up roads."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.core.baselines import KolesarDistanceLaw, MeanBaseline, StationHourMedian, kolesar_curve


def rows_of(stations: list[str], hours: list[float]) -> pd.DataFrame:
    return pd.DataFrame({"station_name": pd.Series(stations, dtype="str"), "hour": hours})


def test_the_mean_is_the_mean() -> None:
    rows = pd.DataFrame(index=range(4))

    assert MeanBaseline().fit(rows, np.array([100.0, 200.0, 300.0, 400.0])).predict(rows.iloc[:2]).tolist() == [
        250,
        250,
    ]


def test_the_median_falls_back_from_cell_to_station_to_all() -> None:
    # Acton at 8 h: ten rows, median 300; Acton at 9 h: one row of 900, too thin; Soho: three rows at 200.
    rows = rows_of(["Acton"] * 11 + ["Soho"] * 3, [8] * 10 + [9] + [8] * 3)
    seconds = np.array([290.0] * 5 + [310.0] * 5 + [900.0] + [200.0] * 3)

    baseline = StationHourMedian().fit(rows, seconds)
    asked = rows_of(["Acton", "Acton", "Acton", "Soho", "Nowhere"], [8, 9, np.nan, 8, 8])

    # All of Acton: sixth of 11 sorted rows, 310; all rows: between the 7th and 8th of 14, 290.
    assert baseline.predict(asked).tolist() == [300.0, 310.0, 310.0, 200.0, 290.0]


@given(
    a=st.floats(0, 300),
    b=st.floats(1, 500),
    d_star=st.floats(0.1, 20),
)
def test_the_two_pieces_meet_in_value_and_slope(a: float, b: float, d_star: float) -> None:
    step = d_star * 1e-5
    below, at, above = kolesar_curve(np.array([d_star - step, d_star, d_star + step]), a, b, d_star)

    assert below < at < above
    assert (above - at) / step == pytest.approx((at - below) / step, rel=1e-3)
    assert (above - at) / step == pytest.approx(b / (2 * np.sqrt(d_star)), rel=1e-3)


def test_the_curve_follows_the_law_on_either_side() -> None:
    # a = 60, b = 200, d* = 4: slope beyond is 200 ÷ (2·2) = 50 s a km, from 60 + 400 = 460 s.
    assert kolesar_curve(np.array([0.25, 1.0, 4.0, 6.0]), 60, 200, 4.0).tolist() == [160, 260, 460, 560]


@pytest.mark.parametrize(("a", "b", "d_star"), [(80.0, 185.0, 1.5), (10.0, 190.0, 1.4), (65.0, 205.0, 2.5)])
def test_parameters_are_recovered_in_spite_of_outliers(a: float, b: float, d_star: float) -> None:
    generator = np.random.default_rng(7)
    distance = generator.gamma(2.2, 0.9, 20_000)
    seconds = kolesar_curve(distance, a, b, d_star) + generator.laplace(0, 30, 20_000)
    seconds[:300] = generator.uniform(0, 40, 300)  # pumps that were on the road already
    rows = pd.DataFrame({"distance_km": distance})

    law = KolesarDistanceLaw().fit(rows, seconds)

    assert law.a_ == pytest.approx(a, abs=8)
    assert law.b_ == pytest.approx(b, rel=0.05)
    assert law.d_star_ == pytest.approx(d_star, rel=0.12)


def test_a_law_without_a_straight_part_is_recovered_too() -> None:
    distance = np.linspace(0.05, 9, 4_000)
    law = KolesarDistanceLaw().fit(pd.DataFrame({"distance_km": distance}), 67 + 201 * np.sqrt(distance))

    assert law.predict(pd.DataFrame({"distance_km": [1.0, 4.0]})) == pytest.approx([268, 469], abs=1)


def test_the_law_fits_a_single_row_without_falling_over() -> None:
    rows = pd.DataFrame({"distance_km": [1.0]})

    assert KolesarDistanceLaw().fit(rows, np.array([250.0])).predict(rows)[0] == pytest.approx(250, abs=1)


def test_the_law_is_not_led_astray_by_a_few_wild_times() -> None:
    distance = np.linspace(0.1, 6, 3_000)
    seconds = kolesar_curve(distance, 80, 185, 1.5)
    wild = seconds.copy()
    wild[::50] = 1_200
    rows = pd.DataFrame({"distance_km": distance})

    assert KolesarDistanceLaw().fit(rows, wild).predict(rows) == pytest.approx(seconds, abs=12)
