"""Statistical disclosure control: which cells of a table to suppress, so that none tells of fewer than five calls."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

MIN_CALLS_SHOWN = 5  # no statistic on fewer calls


def hidden_groups(
    calls: npt.NDArray[np.integer], families: Sequence[npt.NDArray[np.integer]], least: int = MIN_CALLS_SHOWN
) -> npt.NDArray[np.bool_]:
    """bool, shape (n,): the groups to suppress, of `calls` (n,) calls each.

    Primary suppression: groups of fewer than `least` calls. Secondary (complementary) suppression: where a total is
    shown, the total minus the other groups would give a suppressed one away. Each of `families`, shape (n,), numbers the
    sets of groups that add up to one shown total; −1: in no set. A set with a single suppressed group, or whose suppressed
    ones come to fewer than `least` calls together, loses its smallest shown group too, until nothing changes.

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
    """Secondary suppression: positions of the smallest shown group of every set that would give its hidden ones away."""
    if not hidden.any():
        return np.array([], dtype=np.intp)
    groups = np.bincount(sets, weights=hidden)
    behind = np.bincount(sets, weights=hidden * calls)
    tells = (groups > 0) & ((groups == 1) | (behind < least))
    shown = np.flatnonzero(~hidden & tells[sets])
    in_order = shown[np.lexsort((calls[shown], sets[shown]))]
    first = np.flatnonzero(np.diff(sets[in_order], prepend=-1))
    return np.asarray(in_order[first], dtype=np.intp)
