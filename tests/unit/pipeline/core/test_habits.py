"""The bad habits flatter, and the honest figure stands beside them."""

import numpy as np
import pandas as pd
import pytest

from pipeline.core import habits
from pipeline.core.habits import claims
from pipeline.core.splits import Split
from tests.unit.pipeline.core.test_boosting import make_rows

BANDS = {"speed_band_kmh": (5, 35), "attendance_band_seconds": (193, 539)}


@pytest.fixture(scope="module")
def split():
    X, y = make_rows(4_000)
    rows = X.assign(
        incident_number=np.arange(len(y)).astype(str),
        attendance_seconds=y,
        travel_seconds=y - np.random.default_rng(1).normal(75, 5, len(y)),
    )
    return Split(rows.iloc[:3_000].reset_index(drop=True), rows.iloc[3_000:].reset_index(drop=True))


def test_a_leak_and_bands_claim_less_error_than_there_is(split):
    found = {claim.name: claim for claim in claims(split, **BANDS)}
    assert list(found) == ["honest", "random_split", "bands", "leak"]
    assert found["honest"].n == 1_000
    assert found["leak"].mae < found["honest"].mae / 2
    assert found["bands"].mae < found["honest"].mae
    assert found["bands"].n < found["honest"].n


def test_without_an_outcome_to_leak_that_claim_is_left_out(split):
    blank = [rows.assign(travel_seconds=np.nan) for rows in (split.train, split.holdout)]
    assert "leak" not in [claim.name for claim in claims(Split(*blank), **BANDS)]


def test_the_same_seed_gives_the_same_claims(split):
    assert claims(split, **BANDS, seed=3) == claims(split, **BANDS, seed=3)


def test_rows_are_not_changed(split):
    before = split.train.copy()
    claims(split, **BANDS)
    pd.testing.assert_frame_equal(split.train, before)


def test_of_a_long_period_incidents_are_drawn_and_the_count_says_so(split, monkeypatch):
    monkeypatch.setattr(habits, "MOST_INCIDENTS", 2_000)
    found = claims(split, **BANDS)
    assert found[0].n == 500
    assert found[0].flatters == 0
    assert found[-1].flatters == pytest.approx(found[0].mae - found[-1].mae)
