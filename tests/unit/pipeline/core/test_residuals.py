"""Probabilities from the residuals of training rows."""

from __future__ import annotations

import numpy as np
import pytest

from pipeline.core.residuals import ResidualDistribution


def test_a_constant_prediction_gives_the_shares_of_the_training_rows() -> None:
    actual = np.arange(1.0, 1001.0)
    distribution = ResidualDistribution.of(np.full(1000, 500.0), actual)

    shares = distribution.share_within(np.array([500.0]), 360)

    assert shares[0] == pytest.approx(0.36, abs=0.005)
    assert distribution.quantile(np.array([500.0]), 0.9)[0] == pytest.approx(900, abs=2)


def test_one_training_row_is_certain_of_what_it_saw() -> None:
    distribution = ResidualDistribution.of(np.array([300.0]), np.array([330.0]))

    assert distribution.share_within(np.array([300.0, 300.0]), 329).tolist() == [0.0, 0.0]
    assert distribution.share_within(np.array([300.0]), 331).tolist() == [1.0]


def test_heavily_tied_predictions_keep_each_its_own_distribution() -> None:
    # Most stations share one median: quantiles fall on it again and again, yet the two groups must not be mixed.
    predicted = np.r_[np.full(700, 200.0), np.full(300, 400.0)]
    actual = np.r_[np.linspace(100, 300, 700), np.full(300, 440.0)]

    distribution = ResidualDistribution.of(predicted, actual)

    assert distribution.share_within(np.array([400.0]), 439).tolist() == [0.0]
    assert distribution.share_within(np.array([400.0]), 441).tolist() == [1.0]
    assert distribution.share_within(np.array([200.0]), 200)[0] == pytest.approx(0.5, abs=0.01)


def test_probabilities_grow_with_the_limit_and_stay_within_0_and_1() -> None:
    generator = np.random.default_rng(1)
    predicted = generator.uniform(100, 900, 5_000)
    distribution = ResidualDistribution.of(predicted, predicted * generator.lognormal(0, 0.4, 5_000))

    shares = np.stack([distribution.share_within(predicted, limit) for limit in (0, 60, 360, 600, 5_000)])

    assert (np.diff(shares, axis=0) >= 0).all()
    assert shares.min() >= 0
    assert shares.max() <= 1


def test_the_quantile_is_the_inverse_of_the_share() -> None:
    generator = np.random.default_rng(2)
    predicted = generator.uniform(100, 900, 5_000)
    distribution = ResidualDistribution.of(predicted, predicted * generator.lognormal(0, 0.4, 5_000))
    asked = np.array([250.0])

    limit = distribution.quantile(asked, 0.9)[0]

    assert distribution.share_within(asked, limit)[0] == pytest.approx(0.9)


def test_no_row_a_missing_row_and_a_prediction_below_one_second_are_borne() -> None:
    distribution = ResidualDistribution.of(np.array([300.0, -20.0]), np.array([330.0, 10.0]))

    assert distribution.share_within(np.empty(0), 360).shape == (0,)
    assert np.isnan(distribution.share_within(np.array([np.nan]), 360)).all()
    assert 0 <= distribution.share_within(np.array([-20.0]), 360)[0] <= 1


def test_what_is_stored_comes_back_the_same() -> None:
    distribution = ResidualDistribution.of(np.linspace(100, 900, 500), np.linspace(120, 800, 500))

    again = ResidualDistribution.from_dict(distribution.as_dict())

    assert np.array_equal(again.edges, distribution.edges)
    assert np.array_equal(again.ratios, distribution.ratios)


def test_shares_agree_with_a_hand_calculation() -> None:
    distribution = ResidualDistribution.of(np.full(101, 100.0), np.arange(0.0, 202.0, 2.0))  # ratios 0, 0.02 … 2

    assert distribution.share_within(np.array([100.0, 200.0]), 100).tolist() == pytest.approx(
        [51 / 102, 26 / 102], abs=1e-4
    )
    assert distribution.share_within(np.array([100.0]), 500).tolist() == [1.0]


def test_few_rows_make_intervals_that_hold_on_average() -> None:
    generator = np.random.default_rng(3)
    held = []
    for _ in range(400):
        learnt, later = generator.lognormal(0, 0.4, 100), generator.lognormal(0, 0.4, 500)
        distribution = ResidualDistribution.of(np.full(100, 300.0), 300 * learnt)
        low, high = distribution.quantiles(np.array([300.0]), (0.05, 0.95))[:, 0]
        held.append(np.mean((300 * later >= low) & (300 * later <= high)))

    assert np.mean(held) == pytest.approx(0.9, abs=0.006)
