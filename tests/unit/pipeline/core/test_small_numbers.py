"""Hiding small groups, and what would give them away."""

import numpy as np
import pytest

from pipeline.core.small_numbers import hidden_groups


def hidden(calls, *families):
    families = families or ([0] * len(calls),)
    return hidden_groups(np.array(calls), [np.array(family) for family in families]).tolist()


@pytest.mark.parametrize(
    ("calls", "wanted"),
    [
        ([], []),
        ([4], [True]),
        ([5], [False]),
        ([5, 6, 900], [False, False, False]),
        ([4, 900, 7], [True, False, True]),  # the total minus 900 and 7 would tell
        ([4, 3, 900], [True, True, False]),  # seven calls behind two groups: neither can be told
        ([1, 2, 900, 80], [True, True, False, True]),  # three calls in all: a statement on fewer than five
        ([4, 5], [True, True]),
    ],
)
def test_a_small_group_is_hidden_with_what_would_tell_it(calls, wanted):
    assert hidden(calls) == wanted


def test_a_group_of_no_total_is_judged_alone():
    assert hidden([3, 50, 60], [-1, -1, -1]) == [True, False, False]


def test_totals_along_two_sides_are_both_protected():
    # Rows and columns of a square: hiding one cell needs a second in its row, one in its column, and their corner.
    calls = [2, 20, 30, 40, 50, 60, 70, 80, 90]
    rows, columns = [0, 0, 0, 1, 1, 1, 2, 2, 2], [0, 1, 2] * 3
    found = np.array(hidden(calls, rows, columns)).reshape(3, 3)
    assert found[0, 0]
    assert set(found.sum(axis=0)) <= {0, 2, 3}
    assert set(found.sum(axis=1)) <= {0, 2, 3}


@pytest.mark.parametrize("seed", range(5))
def test_no_shown_total_gives_a_hidden_group_away(seed):
    generator = np.random.default_rng(seed)
    calls = generator.integers(1, 30, 240)
    families = [np.repeat(np.arange(20), 12), np.tile(np.arange(12), 20)]
    found = hidden_groups(calls, families)
    assert found[calls < 5].all()
    for family in families:
        for number in np.unique(family):
            of_it = family == number
            behind = calls[of_it & found]
            assert len(behind) != 1
            assert not len(behind) or behind.sum() >= 5
