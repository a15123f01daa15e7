"""Intervals over whole incidents: width, pairing, seed."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from pipeline.core import bootstrap
from pipeline.core.bootstrap import incident_bootstrap


def numbers(count: int, pumps: int = 1) -> pd.Series:
    return pd.Series(np.repeat(np.arange(count), pumps).astype(str))


def width(interval: tuple[float, float]) -> float:
    return interval[1] - interval[0]


def test_the_interval_is_as_wide_as_theory_says() -> None:
    values = np.random.default_rng(1).normal(100, 20, (4_000, 1))

    (interval,) = incident_bootstrap(numbers(4_000), values, seed=0)

    assert interval[0] < values.mean() < interval[1]
    assert width(interval) == pytest.approx(2 * 1.96 * 20 / np.sqrt(4_000), rel=0.1)


def test_two_pumps_with_one_fate_count_as_one() -> None:
    fate = np.random.default_rng(2).normal(100, 20, (2_000, 1))
    values = np.repeat(fate, 2, axis=0)

    (whole,) = incident_bootstrap(numbers(2_000, pumps=2), values, seed=0)
    (apart,) = incident_bootstrap(numbers(4_000), values, seed=0)

    assert width(whole) == pytest.approx(width(apart) * np.sqrt(2), rel=0.15)


def test_columns_share_their_draws_so_a_constant_gap_is_certain() -> None:
    error = np.random.default_rng(3).normal(100, 20, 500)

    gap = incident_bootstrap(numbers(500), np.stack([error, error - (error + 7)], axis=1), seed=0)[1]

    assert gap == (pytest.approx(-7), pytest.approx(-7))


def test_drawing_in_lots_gives_about_the_same_interval(monkeypatch: pytest.MonkeyPatch) -> None:
    values = np.random.default_rng(4).normal(100, 20, (6_000, 1))
    (alone,) = incident_bootstrap(numbers(6_000), values, seed=0)
    monkeypatch.setattr(bootstrap, "MAX_UNITS", 1_500)

    (lots,) = incident_bootstrap(numbers(6_000), values, seed=0)

    assert lots != alone
    assert width(lots) == pytest.approx(width(alone), rel=0.15)


def test_the_same_seed_gives_the_same_intervals() -> None:
    values = np.random.default_rng(5).normal(100, 20, (300, 1))

    same = [incident_bootstrap(numbers(300), values, seed=seed) for seed in (8, 8, 9)]

    assert same[0] == same[1] != same[2]


def test_a_single_incident_does_not_divide_by_nothing() -> None:
    ((low, high),) = incident_bootstrap(numbers(1), np.array([[50.0]]), seed=0)

    assert 0 <= low <= high <= 50
