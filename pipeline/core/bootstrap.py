"""How certain a mean is: intervals over whole incidents, drawn again and again with a fixed seed."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import pandas as pd

Floats = npt.NDArray[np.float64]

DRAWS = 1_000
MAX_UNITS = 20_000  # more incidents than this are drawn in lots: the interval stays the same, the time stays short
_DRAWS_AT_ONCE = 50


def incident_bootstrap(incident_numbers: pd.Series, values: Floats, *, seed: int) -> list[tuple[float, float]]:
    """The middle 95 % of the mean of each column of `values`, shape (n, k), over draws of whole incidents.

    Pumps of one incident come and go together, and all columns share the draws, so differences are paired. Poisson
    weights give each incident as many places in a draw as resampling would. Memory is bounded however many rows.
    """
    generator = np.random.default_rng(seed)
    codes, distinct = pd.factorize(incident_numbers)
    units = len(distinct)
    if units > MAX_UNITS:
        # Lots are made by chance, not by time: incidents side by side may be alike, and lots must not be.
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
