"""Confidence intervals of means by a Poisson bootstrap, clustered by incident, with a fixed seed."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import pandas as pd

Floats = npt.NDArray[np.float64]

DRAWS = 1_000
MAX_UNITS = 20_000  # clusters; more incidents share them at random: the interval stays the same, the time bounded
_DRAWS_AT_ONCE = 50


def incident_bootstrap(incident_numbers: pd.Series, values: Floats, *, seed: int) -> list[tuple[float, float]]:
    """95 % percentile intervals (low, high) of the mean of each column of `values`, shape (n, k), k of them.

    A cluster bootstrap: the pumps of one incident are resampled together, since their errors are correlated. All columns
    share the draws, so that a column of differences gives a paired interval. Poisson(1) weights stand for resampling with
    replacement (Chamandy et al. 2012, "Estimating uncertainty for massive data streams"). Memory is bounded however many
    rows there are.
    """
    generator = np.random.default_rng(seed)
    codes, distinct = pd.factorize(incident_numbers)
    units = len(distinct)
    if units > MAX_UNITS:
        # At random and not in order of time: neighbouring incidents may be alike, and clusters must be independent.
        codes, units = generator.permutation(np.arange(units) % MAX_UNITS)[codes], MAX_UNITS
    columns = np.column_stack([np.ones(len(values)), values])
    sums = np.stack([np.bincount(codes, weights=column, minlength=units) for column in columns.T], axis=1)
    means = np.empty((DRAWS, values.shape[1]))
    for first in range(0, DRAWS, _DRAWS_AT_ONCE):
        drawn = generator.poisson(1.0, (_DRAWS_AT_ONCE, units)).astype("float64") @ sums
        # A draw without any row happens with a handful of incidents alone.
        means[first : first + _DRAWS_AT_ONCE] = drawn[:, 1:] / np.maximum(drawn[:, :1], 1.0)
    low, high = np.quantile(means, [0.025, 0.975], axis=0)
    return list(zip(low.tolist(), high.tolist(), strict=True))
