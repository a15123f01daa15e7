"""The forecast alone, without web or database: one question at a time, and a million rows at once.

    python benchmarks/prediction.py [--quick]

The baseline is scikit-learn's histogram gradient boosting behind a one-hot encoder, trained on the same generated rows and
asked for one row as a frame of one line, as services that serve a pipeline do. Ours gives more: the time, four quantiles and
two chances. Prints ratios of medians in one run and writes benchmarks/results/prediction.json.
"""

from __future__ import annotations

import argparse
import json
import sys
import time
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from sklearn.compose import make_column_transformer  # noqa: E402
from sklearn.ensemble import HistGradientBoostingRegressor  # noqa: E402
from sklearn.pipeline import make_pipeline  # noqa: E402
from sklearn.preprocessing import OneHotEncoder  # noqa: E402

from pipeline.core.boosting import BoostedAttendance  # noqa: E402

TRAINING_ROWS = 20_000
LEVELS, LIMITS = (0.05, 0.1, 0.9, 0.95), (360.0, 600.0)
PLACE = ["incident_easting_m", "incident_northing_m"]


def make_rows(count: int) -> tuple[pd.DataFrame, np.ndarray]:
    """Trips from the real stations, of lengths and times such as engines have."""
    stations = pd.read_csv(ROOT / "pipeline" / "reference" / "stations.csv")
    generator = np.random.default_rng(1)
    chosen = stations.iloc[generator.integers(0, len(stations), count)].reset_index(drop=True)
    offset = generator.normal(0, 1_200, (count, 2))
    X = pd.DataFrame(
        {
            "distance_km": np.hypot(*offset.T) / 1000, "station_name": chosen["station_name"].astype("str"),
            "hour": generator.integers(0, 24, count).astype("float64"),
            "weekday": generator.integers(0, 7, count).astype("float64"), "pump_order": 1.0,
            "incident_easting_m": chosen["easting_m"] + offset[:, 0], "incident_northing_m": chosen["northing_m"] + offset[:, 1],
            "station_easting_m": chosen["easting_m"], "station_northing_m": chosen["northing_m"],
        }
    )  # fmt: skip
    seconds = (130 + 120 * np.sqrt(X["distance_km"].to_numpy())) * np.exp(generator.normal(0, 0.3, count))
    return X, np.clip(seconds, 1, 1_200)


def one_by_one(answer: Any, questions: list[Any]) -> float:
    """The median of the seconds that each question takes."""
    for question in questions[:20]:
        answer(question)
    took = []
    for question in questions:
        started = time.perf_counter()
        answer(question)
        took.append(time.perf_counter() - started)
    return float(np.median(took))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--quick", action="store_true", help="fewer rows")
    quick = parser.parse_args().quick
    X, y = make_rows(TRAINING_ROWS)
    ours = BoostedAttendance().fit(X, y)
    plain = make_pipeline(
        make_column_transformer((OneHotEncoder(sparse_output=False), ["station_name"]), remainder="passthrough"),
        HistGradientBoostingRegressor(max_iter=200),
    ).fit(X, y)

    asked, _ = make_rows(300 if quick else 2_000)
    placed = [{name: asked[name].to_numpy()[row : row + 1] for name in asked} for row in range(len(asked))]
    nowhere = [{**question, **dict.fromkeys(PLACE, np.array([np.nan]))} for question in placed]
    frames = [asked.iloc[[row]] for row in range(len(asked))]

    def assess(question: Any) -> Any:
        return ours.assess(question, levels=LEVELS, limits=LIMITS)

    single = {
        "scikit-learn pipeline, the time alone": one_by_one(plain.predict, frames[:300]),
        "forecast, station and distance and time": one_by_one(assess, nowhere),
        "forecast, with the place": one_by_one(assess, placed),
    }
    rows = 50_000 if quick else 1_000_000
    many, _ = make_rows(rows)
    blind = many.assign(**dict.fromkeys(PLACE, np.nan))
    at_once = {}
    for name, answer in (
        ("scikit-learn pipeline, the time alone", lambda: plain.predict(many)),
        ("forecast, station and distance and time", lambda: assess(blind)),
        ("forecast, with the place", lambda: assess(many)),
    ):
        started = time.perf_counter()
        answer()
        at_once[name] = time.perf_counter() - started
    baseline = next(iter(single))
    for name, seconds in single.items():
        print(
            f"one row: {name}: {1000 * seconds:.3f} ms, {single[baseline] / seconds:.1f} times as fast as the pipeline"
        )
    for name, seconds in at_once.items():
        print(
            f"{rows:,} rows: {name}: {seconds:.1f} s, {at_once[baseline] / seconds:.2f} times as fast as the pipeline"
        )
    folder = ROOT / "benchmarks" / "results"
    folder.mkdir(exist_ok=True)
    (folder / "prediction.json").write_text(json.dumps({"one_row": single, "rows": rows, "at_once": at_once}, indent=1))


if __name__ == "__main__":
    main()
