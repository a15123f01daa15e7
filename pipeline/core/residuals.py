"""How far reality strays from predictions: the probabilities behind "within 6 minutes"."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Self

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]

BANDS = 10  # of equal numbers of training rows, by predicted time
POINTS = 201  # of each band's distribution
MIN_ROWS_PER_BAND = 100


@dataclass(frozen=True)
class ResidualDistribution:
    """Quantiles of actual ÷ predicted, by band of the predicted time.

    `edges` are the predicted seconds between bands, shape (bands − 1,); `ratios` the quantiles of each band at evenly
    spaced probabilities, shape (bands, POINTS). Ratios, because errors grow with the time itself; bands, because short
    trips stray relatively more: pumps already on the road arrive at once whatever the distance.
    """

    edges: Floats
    ratios: Floats

    @classmethod
    def of(cls, predicted: Floats, actual: Floats) -> Self:
        """From training rows: predicted and actual seconds, shape (n,), n ≥ 1."""
        bands = int(np.clip(len(predicted) // MIN_ROWS_PER_BAND, 1, BANDS))
        edges = np.unique(np.quantile(predicted, np.linspace(0, 1, bands + 1)[1:-1]))
        band = np.searchsorted(edges, predicted, side="right")
        ratio = actual / np.maximum(predicted, 1.0)
        levels = np.linspace(0, 1, POINTS)
        ratios = np.stack([np.quantile(ratio[band == number], levels) for number in np.unique(band)])
        # A constant prediction fills one band alone.
        return cls(
            edges if len(ratios) == len(edges) + 1 else np.empty(0),
            ratios if len(ratios) == len(edges) + 1 else ratios[:1],
        )

    def share_within(self, predicted: Floats, seconds: float) -> Floats:
        """P(actual ≤ seconds) for each predicted time, shape (n,), each from 0 to 1."""
        band = np.searchsorted(self.edges, predicted, side="right")
        limit = seconds / np.maximum(predicted, 1.0)
        levels = np.linspace(0, 1, POINTS)
        shares = np.empty(len(predicted))
        for number in np.unique(band):
            rows = band == number
            shares[rows] = np.interp(limit[rows], self.ratios[number], levels, left=0.0, right=1.0)
        return shares

    def as_dict(self) -> dict[str, list[float] | list[list[float]]]:
        return {"edges": self.edges.tolist(), "ratios": self.ratios.tolist()}

    @classmethod
    def from_dict(cls, stored: dict[str, list[float] | list[list[float]]]) -> Self:
        return cls(np.asarray(stored["edges"], dtype="float64"), np.asarray(stored["ratios"], dtype="float64"))
