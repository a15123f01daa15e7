"""Which groups of a table to hide, so that nothing is told of fewer than five calls."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

MIN_CALLS_SHOWN = 5  # no statistic on fewer calls


def hidden_groups(
    calls: npt.NDArray[np.integer], families: Sequence[npt.NDArray[np.integer]], least: int = MIN_CALLS_SHOWN
) -> npt.NDArray[np.bool_]:
    """bool, shape (n,): the groups of fewer than `least` calls, and those without which the former could be worked out.

    Each of `families`, shape (n,), numbers the sets of groups that add up to a total which is shown; −1: in no set.
    Where a set has a single hidden group, or its hidden ones come to fewer than `least` calls, total minus the others
    would tell; its smallest shown group is hidden too. Sets are gone through until nothing changes.

    >>> hidden_groups(np.array([3, 40, 7]), [np.array([0, 0, 0])]).tolist()
    [True, False, True]
    """
    hidden = np.asarray(calls < least)
    compact = [_compact(family) for family in families]
    found = True
    while found:
        found = False
        for rows, sets in compact:
            more = _complements(calls[rows], hidden[rows], sets, least)
            hidden[rows[more]] = True
            found = found or len(more) > 0
    return hidden


def _compact(family: npt.NDArray[np.integer]) -> tuple[npt.NDArray[np.intp], npt.NDArray[np.intp]]:
    """The rows that are in a set, and the sets numbered without gaps."""
    rows = np.flatnonzero(family >= 0)
    return rows, np.unique(family[rows], return_inverse=True)[1]


def _complements(
    calls: npt.NDArray[np.integer], hidden: npt.NDArray[np.bool_], sets: npt.NDArray[np.intp], least: int
) -> npt.NDArray[np.intp]:
    """Positions of the smallest shown group of every set that would give its hidden groups away."""
    if not hidden.any():
        return np.array([], dtype=np.intp)
    groups = np.bincount(sets, weights=hidden)
    behind = np.bincount(sets, weights=hidden * calls)
    tells = (groups > 0) & ((groups == 1) | (behind < least))
    shown = np.flatnonzero(~hidden & tells[sets])
    in_order = shown[np.lexsort((calls[shown], sets[shown]))]
    first = np.flatnonzero(np.diff(sets[in_order], prepend=-1))
    return np.asarray(in_order[first], dtype=np.intp)
