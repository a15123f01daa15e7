"""Feature building over generated rows: time and peak memory per row, and the ratio to a per-row apply.

    python benchmarks/features.py [--quick]

Each size runs in a process of its own. The baselines are ways of the same conversion and distance by `apply`, with a
haversine in plain Python, timed on part of the same rows in the same run.
Writes benchmarks/results/features.json.
"""

from __future__ import annotations

import argparse
import json
import math
import multiprocessing
import sys
import time
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

SIZES = (100_000, 1_000_000, 3_000_000)
QUICK_SIZES = (20_000, 100_000)
APPLIED_ROWS = 5_000
HOME = (51.507, -0.277)  # the station that distances are measured from


def make_rows(mobilisations: int) -> tuple[Any, Any, Any]:
    """Incidents and mobilisations in validated form, about as many of the latter as asked, and the stations."""
    import numpy as np
    import pandas as pd

    stations = pd.read_csv(ROOT / "pipeline" / "reference" / "stations.csv").astype({"station_name": "str"})
    generator = np.random.default_rng(1)
    incidents = mobilisations * 2 // 3
    chosen = generator.integers(0, len(stations), incidents)
    called = pd.Timestamp("2018-01-01") + pd.to_timedelta(
        np.sort(generator.integers(0, 6 * 365 * 86_400, incidents)), unit="s"
    )
    numbers = pd.Series(np.arange(incidents)).astype("str")
    names = stations["station_name"].to_numpy()
    frame = pd.DataFrame(
        {
            "incident_number": numbers, "called_at": called, "property_category": "Dwelling",
            "borough_name": stations["borough_name"].str.upper().to_numpy()[chosen], "proper_case": stations["borough_name"].to_numpy()[chosen],
            "ward_code": "E05000001", "ward_name": "Ward", "ward_name_new": "Ward", "station_ground": names[chosen],
            "easting_m": stations["easting_m"].to_numpy()[chosen] + generator.integers(-2000, 2000, incidents).astype("float64"),
            "northing_m": stations["northing_m"].to_numpy()[chosen] + generator.integers(-2000, 2000, incidents).astype("float64"),
            "easting_rounded_m": np.nan, "northing_rounded_m": np.nan,
        }
    ).astype({"property_category": "str", "ward_code": "str", "ward_name": "str", "ward_name_new": "str"})  # fmt: skip
    of = np.sort(generator.integers(0, incidents, mobilisations))
    sent = pd.Series(called[of]) + pd.Timedelta(seconds=90)
    seconds = generator.integers(60, 900, mobilisations)
    pumps = pd.DataFrame(
        {
            "incident_number": numbers.iloc[of].reset_index(drop=True), "mobilisation_id": np.arange(mobilisations), "mobilised_at": sent,
            "returned_at": pd.NaT, "left_at": sent + pd.to_timedelta(seconds + 900, unit="s"), "turnout_seconds": 60, "travel_seconds": seconds - 60,
            "attendance_seconds": seconds, "station_name": names[(chosen[of] + generator.integers(0, 2, mobilisations)) % len(names)],
            "deployed_from_location": "Home Station", "pump_order": 1,
        }
    ).astype({"returned_at": "datetime64[us]", "station_name": "str", "deployed_from_location": "str", "pump_order": "Int64"})  # fmt: skip
    return frame, pumps, stations


def measure(rows: int, answers: Any) -> None:
    """Time and memory of building the features of so many mobilisations; runs in its own process."""
    from pipeline.core.features import mobilisation_rows
    from pipeline.storage.process import peak_memory_bytes, reset_peak_memory

    incidents, mobilisations, stations = make_rows(rows)
    mobilisation_rows(incidents.iloc[:1_000], mobilisations.iloc[:1_000], stations)  # what is done once is done now
    resident = int(Path("/proc/self/statm").read_text().split()[1]) * 4096
    reset_peak_memory()
    started = time.perf_counter()
    built = mobilisation_rows(incidents, mobilisations, stations)
    seconds = time.perf_counter() - started
    answers.put(
        {"rows": rows, "kept": len(built.frame), "seconds": seconds, "extra_bytes": peak_memory_bytes() - resident}
    )


def haversine(latitude: float, longitude: float) -> float:
    phi_1, phi_2 = math.radians(HOME[0]), math.radians(latitude)
    half = math.sin((phi_2 - phi_1) / 2) ** 2
    half += math.cos(phi_1) * math.cos(phi_2) * math.sin(math.radians(longitude - HOME[1]) / 2) ** 2
    return 2 * 6371.0088 * math.asin(math.sqrt(half))


def apply_baselines(places: Any) -> dict[str, tuple[Any, float]]:
    """Ways to convert and measure row by row, as tutorials show them: distances, and seconds per row."""
    import pandas as pd
    from pyproj import Transformer

    shared = Transformer.from_crs(27700, 4326, always_xy=True)

    def as_series(row: Any) -> Any:
        longitude, latitude = shared.transform(row["easting_m"], row["northing_m"])
        return pd.Series({"latitude": latitude, "longitude": longitude})

    def two_columns(part: Any) -> Any:
        return part.apply(as_series, axis=1).apply(lambda row: haversine(row["latitude"], row["longitude"]), axis=1)

    def at_once(part: Any) -> Any:
        return part.apply(lambda row: haversine(*shared.transform(row["easting_m"], row["northing_m"])[::-1]), axis=1)

    def built_per_row(part: Any) -> Any:
        def one(row: Any) -> float:
            transformer = Transformer.from_crs(27700, 4326, always_xy=True)
            return haversine(*transformer.transform(row["easting_m"], row["northing_m"])[::-1])

        return part.apply(one, axis=1)

    ways = {
        "apply to latitude and longitude columns, then apply to distance": (two_columns, APPLIED_ROWS),
        "one apply, transformer shared": (at_once, APPLIED_ROWS),
        "one apply, transformer built for each row": (built_per_row, APPLIED_ROWS // 250),
    }
    found = {}
    for name, (way, rows) in ways.items():
        part = places.iloc[:rows]
        started = time.perf_counter()
        distances = way(part)
        found[name] = distances.to_numpy(), (time.perf_counter() - started) / rows
    return found


def compare_with_apply(rows: int) -> dict[str, float]:
    """How many times faster the vectorised conversion and distance are than each way of `apply`, on the same places."""
    from pipeline.core import geo

    places = make_rows(3 * rows // 2)[0][["easting_m", "northing_m"]].copy()
    geo.to_wgs84([530_000], [180_000])
    started = time.perf_counter()
    ours = geo.distance_km(*HOME, *geo.to_wgs84(places["easting_m"], places["northing_m"]))
    per_row_ours = (time.perf_counter() - started) / len(places)
    ratios = {}
    for name, (distances, per_row) in apply_baselines(places).items():
        if abs(ours[: len(distances)] - distances).max() > 1e-9:
            raise AssertionError(f"{name} measures other distances")
        ratios[name] = per_row / per_row_ours
    return ratios


def run(sizes: tuple[int, ...]) -> dict[str, Any]:
    context = multiprocessing.get_context("spawn")
    found = []
    for size in sizes:
        answers = context.Queue()
        process = context.Process(target=measure, args=(size, answers))
        process.start()
        found.append(answers.get())
        process.join()
    for entry in found:
        entry["microseconds_a_row"] = entry["seconds"] / entry["rows"] * 1e6
        entry["bytes_a_row"] = entry["extra_bytes"] / entry["rows"]
    return {
        "sizes": found,
        "time_ratio_largest_to_smallest": found[-1]["microseconds_a_row"] / found[0]["microseconds_a_row"],
        "memory_ratio_largest_to_smallest": found[-1]["bytes_a_row"] / found[0]["bytes_a_row"],
        "times_faster": compare_with_apply(1_000_000),
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--quick", action="store_true", help="small sizes, to see that it works")
    result = run(QUICK_SIZES if parser.parse_args().quick else SIZES)
    for entry in result["sizes"]:
        print(
            f"{entry['rows']:>9,} rows: {entry['microseconds_a_row']:.2f} µs and {entry['bytes_a_row']:.0f} bytes a row"
        )
    print(
        f"largest to smallest: time a row × {result['time_ratio_largest_to_smallest']:.2f}, memory × {result['memory_ratio_largest_to_smallest']:.2f}"
    )
    for name, ratio in result["times_faster"].items():
        print(f"conversion and distance: {ratio:,.0f} × faster than {name}")
    folder = ROOT / "benchmarks" / "results"
    folder.mkdir(exist_ok=True)
    (folder / "features.json").write_text(json.dumps(result, indent=1))


if __name__ == "__main__":
    main()
