"""Backtests: a model trained over and over on a part of the rows before the last period, judged on another part.

The last period itself stays closed: everything here sees only rows that come before it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd

from pipeline.core.errors import DataError, ParameterError
from pipeline.core.evaluate import Evaluation
from pipeline.core.splits import MIN_ROWS, Split, require_rows, rolling_fold, split_by_time

POOLED = ("mae", "coverage_80", "coverage_90", "width_90")  # means over the rows, so that folds add up by their n


def make_fold(features: pd.DataFrame, way: str, folds: int, fold: int) -> Split:
    """Fold `fold` (1 to `folds`) of the rows before the last period of `features`.

    "period": trains on all that came before a stretch of days, and is judged on that stretch (rolling origin).
    "station": trains without a group of stations, and is judged on the later engines of just these: what to expect of
    a new station, or of a ground that others serve after a closure. With as many folds as stations, one is left out
    at a time. Raises ParameterError for a fold that there is not, DataError for one with too few rows.
    """
    if not 1 <= fold <= folds:
        raise ParameterError(f"There is no fold {fold} of {folds}.", fields={"fold": "out of range"})
    before = split_by_time(features).train
    if way == "period":
        return rolling_fold(before, folds, fold)
    inside = split_by_time(before)
    names = np.array(sorted(before["station_name"].unique()))
    if folds > len(names):
        raise ParameterError(
            f"{folds} folds are more than the {len(names)} stations in the data.", fields={"folds": "too many"}
        )
    groups = np.random.default_rng(0).permutation(np.arange(len(names)) % folds)
    left_out = names[groups == fold - 1]
    is_kept, is_judged = ~inside.train["station_name"].isin(left_out), inside.holdout["station_name"].isin(left_out)
    split = Split(inside.train[is_kept].reset_index(drop=True), inside.holdout[is_judged].reset_index(drop=True))
    require_rows(split, f"fold {fold} of {folds}")
    return split


def fold_facts(fold: int, split: Split, evaluation: Evaluation) -> dict[str, Any]:
    """What is kept of a fold, for JSON: periods, n, the stations judged, the figures of each model, the differences."""
    found = evaluation.as_dict()
    return {
        "fold": fold,
        **{name: found[name] for name in ("trained_from", "trained_to", "tested_from", "tested_to", "tested_rows")},
        "training_rows": len(split.train),
        "stations": int(split.holdout["station_name"].nunique()),
        "models": [
            {"name": model["name"], "title": model["title"], "mae_low": model["mae_low"], "mae_high": model["mae_high"]}
            | _figures(model["overall"])
            for model in found["models"]
        ],
        "differences": found["differences"],
    }


def _figures(scores: Mapping[str, Any]) -> dict[str, Any]:
    plain = {name: scores[name] for name in ("n", "mae", "median_error", "rmse", "bias")}
    spread = {f"{name}_{size}": scores[name][size] for name in ("coverage", "width") for size in scores[name]}
    return plain | spread


def pool(folds: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """Each model over the rows of all folds: n and the means, in the order of the first fold's models."""
    found = []
    for place, model in enumerate(folds[0]["models"]):
        same = [fold["models"][place] for fold in folds]
        counts = np.array([figures["n"] for figures in same], dtype="float64")
        means = {name: float(np.average([figures[name] for figures in same], weights=counts)) for name in POOLED}
        found.append({"name": model["name"], "title": model["title"], "n": int(counts.sum()), **means})
    return found


def possible_folds(features: pd.DataFrame, way: str, folds: int) -> list[int]:
    """The folds that hold enough rows on both sides. Raises DataError where there is none."""
    found = []
    for fold in range(1, folds + 1):
        try:
            make_fold(features, way, folds, fold)
        except DataError:
            continue
        found.append(fold)
    if not found:
        raise DataError(
            f"No fold of {folds} holds at least {MIN_ROWS} rows to learn from and to judge by.",
            code="too_few_rows",
            hint="Ask for fewer folds, or use a longer period.",
        )
    return found
