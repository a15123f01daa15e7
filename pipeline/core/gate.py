"""Whether a new model may take the place of the one in use: both judged on the same rows, which neither has seen."""

from __future__ import annotations

import datetime as dt
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from pipeline.core.bootstrap import incident_bootstrap
from pipeline.core.columns import require_known_when_sent
from pipeline.core.errors import LeakError
from pipeline.core.estimators import AttendanceEstimator
from pipeline.core.wording import readable_count

Floats = npt.NDArray[np.float64]

MIN_INCIDENTS = 100  # fewer common incidents tell nothing about two models
INTERVAL = (0.05, 0.95)


@dataclass(frozen=True)
class GateRules:
    """What is asked of a new model.

    `margin_seconds`: its mean error must be smaller by more than this, beyond chance (the whole 95 % interval).
    `newer_seconds`: where it was trained on newer data, it may instead be worse by less than this, beyond chance; 0: never.
    `borough_seconds`: no borough with at least `borough_rows` engines may be worse by more than this, and beyond chance.
    `coverage`: the share of times that its 90 % intervals must hold, from and to, unless chance explains the rest.
    """

    margin_seconds: float = 0.0
    newer_seconds: float = 0.0
    borough_seconds: float = 5.0
    borough_rows: int = 100
    coverage: tuple[float, float] = (0.87, 0.93)


@dataclass(frozen=True)
class Check:
    """One question of the gate, its answer, and the figures in words."""

    name: str
    passed: bool
    words: str


@dataclass(frozen=True)
class Verdict:
    """The answers of the gate; a model passes where all are yes. `reason` is a sentence for a planner."""

    checks: tuple[Check, ...]

    @property
    def passed(self) -> bool:
        return all(check.passed for check in self.checks)

    @property
    def reason(self) -> str:
        """What spoke against the model; where nothing did, how much better it is."""
        against = [check.words for check in self.checks if not check.passed]
        return "; ".join(against) or next(check.words for check in self.checks if check.name == "error")

    def as_dict(self) -> dict[str, Any]:
        return {"passed": self.passed, "checks": [asdict(check) for check in self.checks]}


@dataclass(frozen=True)
class Champion:
    """The model in use: what it is called in sentences, and the last day of its training rows."""

    title: str
    estimator: AttendanceEstimator
    trained_to: dt.date


def judge(
    rows: pd.DataFrame,
    challenger: AttendanceEstimator,
    champion: Champion,
    *,
    trained_to: dt.date,
    rules: GateRules,
    seed: int,
) -> Verdict:
    """Compare on the holdout `rows` of the challenger, those after the champion's own training period.

    On rows that the champion has learnt from it would look better than it is. `trained_to` is the last day of the
    challenger's training rows. Inputs and rows come first: without them there is nothing to compare.
    """
    common = rows[rows["called_at"] >= pd.Timestamp(champion.trained_to) + pd.Timedelta(days=1)].reset_index(drop=True)
    first = [_inputs(common, challenger, champion), _enough(rows, common, champion)]
    if not all(check.passed for check in first):
        return Verdict(tuple(first))
    actual = common["attendance_seconds"].to_numpy(dtype="float64")
    said, said_before = challenger.predict(common), champion.estimator.predict(common)
    for who, seconds in (("it", said), (champion.title, said_before)):
        if not np.isfinite(seconds).all():
            words = f"{who} has no answer for some of the engines it is tested on"
            return Verdict((*first, Check("answers", False, words)))
    worse_by = np.abs(said - actual) - np.abs(said_before - actual)
    held = _held(actual, challenger, common)
    error_interval, held_interval = incident_bootstrap(
        common["incident_number"], np.column_stack([worse_by, held]), seed=seed
    )
    is_newer = trained_to > champion.trained_to
    return Verdict(
        (
            *first,
            _error(worse_by, error_interval, champion.title, is_newer, rules),
            _boroughs(common, worse_by, champion.title, rules, seed),
            _coverage(float(held.mean()), held_interval, rules.coverage),
        )
    )


def _held(actual: Floats, challenger: AttendanceEstimator, rows: pd.DataFrame) -> Floats:
    """1.0 where the challenger's 90 % interval holds the actual seconds, else 0.0, shape (n,)."""
    low, high = (challenger.predict_quantile(rows, level) for level in INTERVAL)
    return ((actual >= low) & (actual <= high)).astype("float64")


def _inputs(rows: pd.DataFrame, challenger: AttendanceEstimator, champion: Champion) -> Check:
    missing = sorted({*challenger.inputs, *champion.estimator.inputs} - set(rows.columns))
    if missing:
        return Check(
            "inputs", False, f"the rows it is tested on lack {', '.join(missing)}, so the two cannot be compared"
        )
    try:
        require_known_when_sent(challenger.inputs)
    except LeakError as error:
        return Check("inputs", False, error.message.rstrip("."))
    return Check("inputs", True, "its inputs are known when an engine is sent, and both models can read them")


def _enough(rows: pd.DataFrame, common: pd.DataFrame, champion: Champion) -> Check:
    """Rows that neither has seen; those of the champion's training period are left out and said."""
    incidents = common["incident_number"].nunique()
    left_out = len(rows) - len(common)
    words = f"compared on {readable_count(len(common))} engines that neither model was trained on"
    if incidents < MIN_INCIDENTS:
        words = (
            f"only {readable_count(incidents)} incidents were seen by neither it nor {champion.title}, "
            f"at least {MIN_INCIDENTS} are needed"
        )
    if left_out:
        words += f" ({readable_count(left_out)} engines left out: {champion.title} was trained on their period)"
    return Check("rows", incidents >= MIN_INCIDENTS, words)


def _error(worse_by: Floats, interval: tuple[float, float], title: str, is_newer: bool, rules: GateRules) -> Check:
    """The paired difference of the mean errors: below 0 the challenger is better."""
    difference, (low, high) = float(worse_by.mean()), interval
    n = f"the same {readable_count(len(worse_by))} engines"
    if high < -rules.margin_seconds:
        return Check("error", True, f"closer than {title} by {_span(-difference, -high, -low)} on {n}")
    if is_newer and high < rules.newer_seconds:
        within = f"no worse than {title} within {rules.newer_seconds:g} s ({_signed_span(difference, low, high)})"
        return Check("error", True, f"{within} on {n}, and trained on newer data")
    if low > 0:
        return Check("error", False, f"farther off than {title} by {_span(difference, low, high)} on {n}")
    if high < 0:
        words = f"closer than {title} by {_span(-difference, -high, -low)} on {n}, wanted more than {rules.margin_seconds:g} s"
        return Check("error", False, words)
    return Check("error", False, f"no clear difference from {title}: {_signed_span(difference, low, high)} on {n}")


def _boroughs(rows: pd.DataFrame, worse_by: Floats, title: str, rules: GateRules, seed: int) -> Check:
    groups = rows.groupby("borough_name").indices
    judged = {
        str(name): np.asarray(places, dtype=np.intp)
        for name, places in groups.items()
        if len(places) >= rules.borough_rows
    }
    worse = [
        words for name, places in sorted(judged.items()) if (words := _worse(name, rows, places, worse_by, rules, seed))
    ]
    if worse:
        return Check("boroughs", False, f"worse than {title} in {' and '.join(worse)}")
    return Check(
        "boroughs",
        True,
        f"worse by more than {rules.borough_seconds:g} s in none of {len(judged)} boroughs with at least "
        f"{rules.borough_rows} engines ({len(groups) - len(judged)} had fewer)",
    )


def _worse(
    name: str, rows: pd.DataFrame, places: npt.NDArray[np.intp], worse_by: Floats, rules: GateRules, seed: int
) -> str:
    """In words by how much one borough is worse; empty where it is not, or where chance explains it."""
    difference = float(worse_by[places].mean())
    if difference <= rules.borough_seconds:
        return ""
    ((low, high),) = incident_bootstrap(rows["incident_number"].iloc[places], worse_by[places, None], seed=seed)
    return f"{name} by {_span(difference, low, high)}, {readable_count(len(places))} engines" if low > 0 else ""


def _coverage(share: float, interval: tuple[float, float], wanted: tuple[float, float]) -> Check:
    low, high = interval
    words = f"its 90 % intervals held {100 * share:.1f} % of times"
    if high < wanted[0] or low > wanted[1]:
        return Check("intervals", False, f"{words}, wanted {100 * wanted[0]:g} to {100 * wanted[1]:g} %")
    return Check("intervals", True, words)


def _span(seconds: float, low: float, high: float) -> str:
    return f"{seconds:.1f} s (95 %: {low:.1f} to {high:.1f} s)"


def _signed_span(seconds: float, low: float, high: float) -> str:
    return f"{seconds + 0:+.1f} s (95 %: {low + 0:+.1f} to {high + 0:+.1f} s)".replace("-", "−")
