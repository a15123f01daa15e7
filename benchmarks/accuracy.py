"""How accurate the models are on published records: three sets, baselines beside them, and what each input brings.

    python benchmarks/accuracy.py FOLDER [--only first_pump_2017 …] [--ablation] [--stations]

FOLDER holds extracts of London Fire Brigade's records: `incidents_2017_jan_mar*.csv.gz`, `incidents_2023_sample_*.csv.gz`
and `travel_times_2020_2023.csv.gz` (IncidentNumber, Real in seconds, Distance in metres, Time as hour, Station).
Each set's last period is used for the table alone. The ablation and the candidates are judged before it, on rolling
origins, so that no choice is made by the rows that are reported. Writes benchmarks/results/accuracy.json.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from benchmarks.variants import CANDIDATES, LEFT_OUT, TimeAlone, without  # noqa: E402
from pipeline.core.baselines import BASELINES  # noqa: E402
from pipeline.core.boosting import BoostedAttendance  # noqa: E402
from pipeline.core.bootstrap import incident_bootstrap  # noqa: E402
from pipeline.core.estimators import LinearAttendance  # noqa: E402
from pipeline.core.evaluate import evaluate  # noqa: E402
from pipeline.core.splits import Split  # noqa: E402
from pipeline.core.stations import match_stations  # noqa: E402
from pipeline.storage.tables import read_features  # noqa: E402

# Set → where its last period begins, and the origins before it: choices are made by what lies between them.
SETS = {
    "first_pump_2017": ("2017-03-01", ("2017-01-29", "2017-02-05", "2017-02-12", "2017-02-19")),
    "first_pump_2023": ("2023-08-01", ("2023-04-01", "2023-05-01", "2023-06-01", "2023-07-01")),
    "travel_2020_2023": ("2022-10-01", ("2021-07-01", "2021-11-01", "2022-03-01", "2022-06-01")),
}


def first_pumps(folder: Path, pattern: str) -> pd.DataFrame:
    """Feature rows of the first pumps, made by the project's own two steps in a folder of their own."""
    sources = sorted(folder.glob(pattern))
    with tempfile.TemporaryDirectory() as place:
        environment = {
            "PATH": os.environ["PATH"], "LFB_DATA_DIR": f"{place}/data", "LFB_MODEL_DIR": f"{place}/models",
            "LFB_LOG_DIR": f"{place}/logs", "LFB_INCIDENT_SOURCES": ",".join(map(str, sources)), "LFB_CONSOLE_LEVEL": "ERROR",
        }  # fmt: skip
        for words in (
            ("migrate", "--verbosity=0"),
            ("process_data", "--type=incident"),
            ("build_features", "--rows-from=incident"),
        ):
            subprocess.run(
                [sys.executable, "manage.py", *words], cwd=ROOT, env=environment, check=True, stdout=subprocess.DEVNULL
            )
        rows = read_features(Path(place) / "data" / "global_data.parquet")
    return rows[rows["pump_order"] == 1].sort_values("called_at", kind="stable").reset_index(drop=True)


def travel_legs(folder: Path) -> pd.DataFrame:
    """The travel leg alone: its seconds stand where the attendance time stands elsewhere, and there is no place."""
    raw = pd.read_csv(folder / "travel_times_2020_2023.csv.gz")
    stations = pd.read_csv(ROOT / "pipeline" / "reference" / "stations.csv").set_index("station_name")
    rows = pd.DataFrame(
        {
            "incident_number": raw["IncidentNumber"],
            "called_at": pd.to_datetime(raw["IncidentNumber"].str[-8:], format="%d%m%Y", errors="coerce"),
            "attendance_seconds": raw["Real"],
            "distance_km": raw["Distance"] / 1000,
            "hour": raw["Time"],
            "station_name": match_stations(raw["Station"].astype("str"), pd.Series(stations.index)),
        }
    )
    rows = (
        rows.dropna(subset=["called_at", "station_name"]).sort_values("called_at", kind="stable").reset_index(drop=True)
    )
    missing = ("is_own_ground", "incident_easting_m", "incident_northing_m", "pump_order")
    rows = rows.assign(
        weekday=rows["called_at"].dt.day_of_week,
        station_easting_m=rows["station_name"].map(stations["easting_m"]),
        station_northing_m=rows["station_name"].map(stations["northing_m"]),
        property_category=pd.Series([None] * len(rows), dtype="str"),
        borough_name=pd.Series([None] * len(rows), dtype="str"),
        **dict.fromkeys(missing, np.nan),
    )
    return rows.assign(pump_order=1.0)


def split_at(rows: pd.DataFrame, start: str, end: str | None = None) -> Split:
    """Rows before `start`, and from then on up to `end`; an incident lies whole on one side by its call."""
    known = rows if end is None else rows[rows["called_at"] < end]
    is_later = known["called_at"] >= start
    return Split(known[~is_later].reset_index(drop=True), known[is_later].reset_index(drop=True))


def fit(estimator: Any, rows: pd.DataFrame) -> Any:
    return estimator.fit(rows, rows["attendance_seconds"].to_numpy(dtype="float64"))


def table(split: Split) -> dict[str, Any]:
    """Every figure of every model on the last period, printed and returned."""
    model = fit(BoostedAttendance(), split.train)
    others = [fit(LinearAttendance(), split.train), *(fit(make(), split.train) for make in BASELINES.values())]
    found = evaluate(model, others, split)
    print(
        f"  trained {found.trained_from} to {found.trained_to}, n {len(split.train):,}; tested {found.tested_from} to {found.tested_to}, n {found.tested_rows:,}"
    )
    for one in found.models:
        s = one.overall
        print(
            f"  {one.name:13} MAE {s.mae:6.1f} ({one.mae_low:.1f}–{one.mae_high:.1f})  median {s.median_error:5.1f}  RMSE {s.rmse:6.1f}  R² {s.r2_score:6.3f}"
            f"  Brier6 {s.brier['360']:.4f}  Brier10 {s.brier['600']:.4f}  pinball90 {s.pinball_90:5.2f}"
            f"  80 % {s.coverage['80']:.3f} wide {s.width['80']:.0f}  90 % {s.coverage['90']:.3f} wide {s.width['90']:.0f}"
        )
    for gap in found.differences:
        print(f"  boosted − {gap.baseline}: {gap.seconds:+.2f} s (95 %: {gap.low:+.2f} to {gap.high:+.2f})")
    held = {name: (s.n, s.coverage["90"]) for name, s in found.model.groups["borough"].items() if s.n >= 200}
    for name, (n, coverage) in sorted(held.items(), key=lambda item: item[1][1])[:3]:
        print(f"  lowest 90 % coverage: {name} {coverage:.3f} (n {n})")
    return found.as_dict()


def compare(splits: list[Split], makers: dict[str, Any]) -> dict[str, Any]:
    """Each variant against the chosen model on rows before the last period; a positive number: the variant is worse."""

    def errors(make: Any) -> np.ndarray:
        return np.concatenate(
            [
                np.abs(fit(make(), split.train).predict(split.holdout) - split.holdout["attendance_seconds"].to_numpy())
                for split in splits
            ]
        )

    chosen, tested = errors(TimeAlone), pd.concat([split.holdout for split in splits])
    print(
        f"  judged on n {len(chosen):,}, {splits[0].holdout_period[0]} to {splits[-1].holdout_period[1]}; chosen model {chosen.mean():.2f} s"
    )
    names, gaps = list(makers), np.stack([errors(make) - chosen for make in makers.values()], axis=1)
    intervals = incident_bootstrap(tested["incident_number"], gaps, seed=0)
    found = {}
    for name, gap, (low, high) in zip(names, gaps.mean(axis=0), intervals, strict=True):
        print(f"  {name:28} {gap:+.2f} s (95 %: {low:+.2f} to {high:+.2f})")
        found[name] = {"seconds": float(gap), "low": low, "high": high}
    return {"n": len(chosen), "mae": float(chosen.mean()), "differences": found}


def unseen_stations(split: Split) -> dict[str, Any]:
    """Each station's engines predicted by a model that never saw an engine of that station; ten stations at a time."""
    names = np.array(sorted(split.train["station_name"].unique()))
    group = dict(zip(names, np.random.default_rng(0).permutation(np.arange(len(names)) % 10), strict=True))
    of_row = split.holdout["station_name"].map(group)
    actual = split.holdout["attendance_seconds"].to_numpy(dtype="float64")
    seen = np.abs(fit(TimeAlone(), split.train).predict(split.holdout) - actual)
    unseen, linear = np.full(len(actual), np.nan), np.full(len(actual), np.nan)
    for number in range(10):
        train = split.train[split.train["station_name"].map(group) != number].reset_index(drop=True)
        rows = (of_row == number).to_numpy()
        for errors, make in ((unseen, TimeAlone), (linear, LinearAttendance)):
            errors[rows] = np.abs(fit(make(), train).predict(split.holdout[rows]) - actual[rows])
    known = ~np.isnan(unseen)
    found = {
        "n": int(known.sum()),
        "stations": len(names),
        "seen": float(seen[known].mean()),
        "unseen": float(unseen[known].mean()),
        "linear": float(linear[known].mean()),
    }
    print(
        f"  station left out: MAE {found['unseen']:.1f} s, linear {found['linear']:.1f} s; with it {found['seen']:.1f} s (n {found['n']:,}, {found['stations']} stations)"
    )
    return found


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("folder", type=Path)
    parser.add_argument("--only", nargs="*", choices=SETS, default=list(SETS))
    parser.add_argument("--ablation", action="store_true", help="what each input brings, and what candidates would")
    parser.add_argument("--stations", action="store_true", help="predict stations that were never seen")
    parser.add_argument("--no-table", action="store_true", help="leave the last period closed")
    asked = parser.parse_args()
    results: dict[str, Any] = {}
    for name in asked.only:
        print(name)
        last, origins = SETS[name]
        if name.startswith("first_pump"):
            rows = first_pumps(asked.folder, "incidents_2017_jan_mar*" if "2017" in name else "incidents_2023_sample_*")
        else:
            rows = travel_legs(asked.folder)
        found = results[name] = {}
        if not asked.no_table:
            found["table"] = table(split_at(rows, last))
        inside = [split_at(rows, *ends) for ends in pairwise((*origins, last))]
        if asked.ablation:
            given = {
                key: columns
                for key, columns in LEFT_OUT.items()
                if name.startswith("first_pump") or key in ("hour", "weekday", "station")
            }
            found["ablation"] = compare(inside, {f"without {key}": without(columns) for key, columns in given.items()})
            if name.startswith("first_pump"):
                found["candidates"] = compare(inside, CANDIDATES)
        if asked.stations:
            found["stations"] = unseen_stations(split_at(rows, origins[-2], last))
    folder = ROOT / "benchmarks" / "results"
    folder.mkdir(exist_ok=True)
    (folder / "accuracy.json").write_text(json.dumps(results, indent=1))


if __name__ == "__main__":
    main()
