"""How far reality strays from predictions: the probabilities behind "within 6 minutes"."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Self

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]

BANDS = 10  # of about equal numbers of training rows, by predicted time
POINTS = 201  # of each band's distribution
MIN_ROWS_PER_BAND = 100
_LEVELS = np.linspace(0, 1, POINTS)


@dataclass(frozen=True)
class ResidualDistribution:
    """Quantiles of actual ÷ predicted, by band of the predicted time.

    `edges` are the predicted seconds between bands, shape (bands − 1,); `ratios` the quantiles of each band at evenly
    spaced probabilities, shape (bands, POINTS). Ratios, because errors grow with the time itself; bands, because short
    trips stray relatively more: pumps already on the road arrive at once whatever the distance. They come from the
    training rows, so a model with many parameters looks a little surer than it is: the Brier score shows by how much.
    """

    edges: Floats
    ratios: Floats

    @classmethod
    def of(cls, predicted: Floats, actual: Floats) -> Self:
        """From training rows: predicted and actual seconds, shape (n,), n ≥ 1."""
        edges = _band_edges(predicted)
        band = np.searchsorted(edges, predicted, side="right")
        ratio = actual / np.maximum(predicted, 1.0)
        # Of n rows the k-th smallest is the quantile at k ÷ (n + 1): so many of those to come fall below it on average.
        quantiles = [np.quantile(ratio[band == number], _LEVELS, method="weibull") for number in range(len(edges) + 1)]
        ratios = np.stack(quantiles)
        return cls(edges, ratios)

    def share_within(self, predicted: Floats, seconds: float) -> Floats:
        """P(actual ≤ seconds) for each predicted time, shape (n,), each from 0 to 1; NaN where the time is NaN."""
        found: Floats = self.shares_within(predicted, (seconds,))[0]
        return found

    def quantile(self, predicted: Floats, level: float) -> Floats:
        """The seconds within which a share `level` (0 to 1) of engines with each predicted time arrive, shape (n,)."""
        found: Floats = self.quantiles(predicted, (level,))[0]
        return found

    def shares_within(self, predicted: Floats, limits: Sequence[float]) -> Floats:
        """As `share_within`, for several limits in seconds; shape (limits, n)."""
        ratio = np.asarray(limits, dtype="float64")[:, None] / np.maximum(predicted, 1.0)
        shares = np.empty(ratio.shape)
        for number, rows in self._bands(predicted):
            shares[:, rows] = np.interp(ratio[:, rows], self.ratios[number], _LEVELS, left=0.0, right=1.0)
        return shares

    def quantiles(self, predicted: Floats, levels: Sequence[float]) -> Floats:
        """As `quantile`, for several levels; shape (levels, n)."""
        found = np.empty((len(levels), len(predicted)))
        for number, rows in self._bands(predicted):
            found[:, rows] = np.interp(levels, _LEVELS, self.ratios[number])[:, None]
        return found * np.maximum(predicted, 1.0)

    def _bands(self, predicted: Floats) -> Iterator[tuple[int, Any]]:
        """The bands that the predicted times fall into, and which rows fall into each."""
        if len(predicted) == 1:  # one question: no need to sort
            yield int(np.searchsorted(self.edges, predicted[0], side="right")), slice(None)
            return
        band = np.searchsorted(self.edges, predicted, side="right")
        for number in np.unique(band):
            yield int(number), band == number

    def as_dict(self) -> dict[str, list[float] | list[list[float]]]:
        return {"edges": self.edges.tolist(), "ratios": self.ratios.tolist()}

    @classmethod
    def from_dict(cls, stored: dict[str, list[float] | list[list[float]]]) -> Self:
        return cls(np.asarray(stored["edges"], dtype="float64"), np.asarray(stored["ratios"], dtype="float64"))


def _band_edges(predicted: Floats) -> Floats:
    """Predicted seconds that cut the rows into bands, none of them nearly empty.

    Edges are predictions that occur: where one value takes a large share of the rows (a median of a whole station)
    quantiles fall on it more than once, and values between two predictions would make bands without a row.
    """
    bands = int(np.clip(len(predicted) // MIN_ROWS_PER_BAND, 1, BANDS))
    ordered = np.sort(predicted)
    edges: list[float] = []
    last = 0
    for edge in np.unique(np.quantile(ordered, np.linspace(0, 1, bands + 1)[1:-1], method="higher")):
        place = int(np.searchsorted(ordered, edge, side="left"))  # rows below the edge
        if min(place - last, len(ordered) - place) >= MIN_ROWS_PER_BAND // 2:
            edges.append(float(edge))
            last = place
    return np.array(edges, dtype="float64")
