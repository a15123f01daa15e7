"""Finds keys that are repeated within millions of rows that come in chunks."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt
import pandas as pd


@dataclass
class SeenKeys:
    """Which keys came before, in eight bytes a key: 64-bit hashes in sorted runs that double in size.

    With ten million keys the chance of one false match is about 3 in a million.
    """

    runs: list[npt.NDArray[np.uint64]] = field(default_factory=list)

    def repeated(self, keys: pd.Series) -> npt.NDArray[np.bool_]:
        """Whether each key stood in an earlier call, or earlier in this one; remembers them all."""
        hashes = pd.util.hash_array(keys.to_numpy(dtype=object, na_value=""))
        repeated = pd.Series(hashes).duplicated().to_numpy()
        for run in self.runs:
            places = np.searchsorted(run, hashes).clip(max=len(run) - 1)
            repeated = repeated | (run[places] == hashes)
        self._remember(np.sort(hashes[~repeated]))
        return np.asarray(repeated)

    def _remember(self, fresh: npt.NDArray[np.uint64]) -> None:
        if not len(fresh):
            return
        while self.runs and len(self.runs[-1]) <= len(fresh):
            fresh = np.sort(np.concatenate([self.runs.pop(), fresh]))
        self.runs.append(fresh)
