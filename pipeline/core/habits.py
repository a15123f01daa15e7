"""What flawed evaluations (random splits, outliers dropped by outcome, data leakage) would claim on the same rows.

For reports alone: nothing is served from here.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from pipeline.core.boosting import PLACE_COLUMNS
from pipeline.core.splits import HOLDOUT_SHARE, MIN_ROWS, Split, cut_training_bands
from pipeline.core.trees import Trees
from pipeline.core.trips import question_columns

Floats = npt.NDArray[np.float64]

LEAK = "travel_seconds"  # known only when the engine has arrived, and most of the answer
MOST_INCIDENTS = 30_000  # enough to tell the habits apart; a training must not take five times as long for them


@dataclass(frozen=True)
class Claim:
    """A mean absolute error, in seconds, the way it was come by, and by how much it flatters the honest one."""

    name: str
    title: str
    mae: float
    n: int
    flatters: float = 0.0

    def as_dict(self) -> dict[str, Any]:
        return asdict(self)


def claims(
    split: Split, *, speed_band_kmh: tuple[float, float], attendance_band_seconds: tuple[float, float], seed: int = 0
) -> list[Claim]:
    """The honest figure of one set of trees, then what each habit would have claimed in its place.

    The honest one trains on the earlier rows and is judged on all later ones. The habits: rows of all times shuffled
    into two heaps; both heaps cut to plausible times and speeds, which throws away the rows that are hard to predict;
    an outcome among the inputs, where the rows have one. Of longer periods so many incidents are drawn at random.
    """
    train, holdout = _drawn(split, seed)
    found = [_claim("honest", "Judged on the last period, all rows", train, holdout, seed)]
    everything = pd.concat([train, holdout], ignore_index=True)
    is_later = np.random.default_rng(seed).random(len(everything)) < HOLDOUT_SHARE
    shuffled = everything[~is_later], everything[is_later]
    title = "Rows of all times shuffled: days and incidents on both sides"
    found.append(_claim("random_split", title, shuffled[0], shuffled[1], seed))
    cut = [cut_training_bands(rows, speed_band_kmh, attendance_band_seconds) for rows in (train, holdout)]
    if min(len(rows) for rows in cut) >= MIN_ROWS:
        found.append(
            _claim("bands", "Hard rows thrown away by their outcome, also where it is judged", cut[0], cut[1], seed)
        )
    leaky = [rows[rows[LEAK].notna()] for rows in (train, holdout)]
    if min(len(rows) for rows in leaky) >= MIN_ROWS:
        found.append(_claim("leak", "The travel time itself among the inputs", leaky[0], leaky[1], seed, extra=(LEAK,)))
    return [replace(claim, flatters=found[0].mae - claim.mae) for claim in found]


def _drawn(split: Split, seed: int) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Both sides, or as large a share of either; the pumps of an incident stay together, the order of calls too."""
    sides = split.train, split.holdout
    numbers = [rows["incident_number"].unique() for rows in sides]
    share = MOST_INCIDENTS / sum(len(found) for found in numbers)
    if share >= 1:
        return sides
    generator = np.random.default_rng(seed)
    kept = [generator.choice(found, round(share * len(found)), replace=False) for found in numbers]
    train, holdout = (
        rows[rows["incident_number"].isin(chosen)].reset_index(drop=True)
        for rows, chosen in zip(sides, kept, strict=True)
    )
    return train, holdout


def _claim(
    name: str, title: str, train: pd.DataFrame, holdout: pd.DataFrame, seed: int, extra: Sequence[str] = ()
) -> Claim:
    stations = tuple(sorted(train["station_name"].unique()))

    def columns(rows: pd.DataFrame) -> dict[str, Floats]:
        return question_columns(rows, stations) | {other: rows[other].to_numpy(dtype="float64") for other in extra}

    actual = holdout["attendance_seconds"].to_numpy(dtype="float64")
    trees = Trees.fit(
        (*PLACE_COLUMNS, *extra), columns(train), train["attendance_seconds"].to_numpy(dtype="float64"), seed
    )
    return Claim(name, title, float(np.mean(np.abs(trees.predict(columns(holdout)) - actual))), len(actual))
