"""Scores against hand calculations and a second method."""

from __future__ import annotations

import numpy as np
import pytest
from sklearn.metrics import brier_score_loss, mean_absolute_error, mean_pinball_loss, mean_squared_error, r2_score

from pipeline.core.scores import pinball, reliability, score


def test_scores_agree_with_a_hand_calculation() -> None:
    actual = np.array([300.0, 400.0, 700.0])
    predicted = np.array([310.0, 380.0, 640.0])

    scores = score(actual, predicted, {360: np.array([0.9, 0.4, 0.1])}, np.array([400.0, 500.0, 600.0]))

    assert (scores.n, scores.mae, scores.median_error, scores.max_error) == (3, 30, 20, 60)
    assert scores.bias == pytest.approx((10 - 20 - 60) / 3)
    assert scores.mse == pytest.approx((100 + 400 + 3600) / 3)
    assert scores.rmse == pytest.approx(np.sqrt(4100 / 3))
    # Mean 1400/3; squared distances from it add up to 260,000/3.
    assert scores.r2_score == pytest.approx(1 - 4100 / (260_000 / 3))
    assert scores.brier == {"360": pytest.approx((0.01 + 0.16 + 0.01) / 3)}
    assert scores.within == {"360": pytest.approx(1 / 3)}
    assert scores.said == {"360": pytest.approx(1.4 / 3)}
    assert (scores.actual_mean, scores.predicted_mean) == (pytest.approx(1400 / 3), pytest.approx(1330 / 3))
    # 100 s and 100 s too late at a tenth, 100 s too early at nine tenths.
    assert scores.pinball_90 == pytest.approx((10 + 10 + 90) / 3)


def test_scores_agree_with_scikit_learn() -> None:
    generator = np.random.default_rng(5)
    actual, predicted = generator.gamma(6, 55, 500), generator.gamma(6, 55, 500)
    share, late = generator.uniform(0, 1, 500), predicted * 1.4

    scores = score(actual, predicted, {600: share}, late)

    assert scores.mae == pytest.approx(mean_absolute_error(actual, predicted))
    assert scores.mse == pytest.approx(mean_squared_error(actual, predicted))
    assert scores.r2_score == pytest.approx(r2_score(actual, predicted))
    assert scores.brier["600"] == pytest.approx(brier_score_loss(actual <= 600, share))
    assert scores.pinball_90 == pytest.approx(mean_pinball_loss(actual, late, alpha=0.9))


def test_one_row_has_errors_but_no_share_explained() -> None:
    scores = score(np.array([300.0]), np.array([330.0]), {})

    assert (scores.mae, scores.r2_score, scores.pinball_90, scores.brier) == (30.0, None, None, {})


def test_an_arrival_at_the_very_limit_is_within_it() -> None:
    assert score(np.array([360.0]), np.array([360.0]), {360: np.array([1.0])}).brier == {"360": 0.0}


@pytest.mark.parametrize(("level", "expected"), [(0.5, 5.0), (0.9, 9.0), (0.1, 1.0)])
def test_the_pinball_loss_of_ten_seconds_too_early(level: float, expected: float) -> None:
    assert pinball(np.array([110.0]), np.array([100.0]), level) == pytest.approx(expected)


def test_reliability_finds_said_and_seen_in_bins_of_equal_size() -> None:
    said = np.repeat([0.2, 0.8], 100)
    happened = np.r_[np.arange(100) < 30, np.arange(100) < 70]  # 30 % and 70 %

    bins = reliability(said, happened)

    assert [entry["n"] for entry in bins] == [20] * 10
    assert [entry["said"] for entry in bins] == pytest.approx([0.2] * 5 + [0.8] * 5)
    assert sum(entry["seen"] * entry["n"] for entry in bins[:5]) == pytest.approx(30)
    assert sum(entry["seen"] * entry["n"] for entry in bins[5:]) == pytest.approx(70)


@pytest.mark.parametrize(("rows", "bins"), [(0, []), (1, [1]), (19, [19]), (20, [10, 10]), (10_000, [1000] * 10)])
def test_few_rows_make_few_bins(rows: int, bins: list[int]) -> None:
    assert [entry["n"] for entry in reliability(np.linspace(0, 1, rows), np.ones(rows, dtype=bool))] == bins


def test_a_sure_forecast_that_comes_true_lies_on_the_diagonal() -> None:
    bins = reliability(np.repeat([0.0, 1.0], 50), np.repeat([False, True], 50))

    assert [(entry["said"], entry["seen"]) for entry in bins] == [(0.0, 0.0)] * 5 + [(1.0, 1.0)] * 5
