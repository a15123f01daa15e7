"""The response times over two million generated calls: counting them once, and answering the page from what was counted.

    python benchmarks/response_times.py [--quick]

The baseline is what a page does that counts for each request: the same boroughs, hours and months by pandas groupby over
rows already in memory, with nothing drawn. The ratios compare it with the whole page, medians of the same run.
Writes benchmarks/results/response_times.json.
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))
os.environ.setdefault("DJANGO_SETTINGS_MODULE", "lfb_site.settings")

CALLS, QUICK_CALLS = 2_000_000, 50_000
YEARS = range(2009, 2026)
REQUESTS = 15
QUESTIONS: tuple[dict[str, str], ...] = (
    {},
    {"year": "all"},
    {"by": "ward", "pump": "second", "year": "all", "sort": "-p90"},
    {"by": "station_ground", "borough": "Camden", "measure": "within_limit"},
    {"by": "month", "borough": "Bromley", "year": "all"},
)


def make_calls(count: int) -> tuple[Any, Any]:
    """Validated incidents over the years, spread over stations, wards and hours, and the stations."""
    import numpy as np
    import pandas as pd

    stations = pd.read_csv(ROOT / "pipeline" / "reference" / "stations.csv").astype({"station_name": "str"})
    generator = np.random.default_rng(1)
    at = generator.integers(0, len(stations), count)
    days = (pd.Timestamp(f"{YEARS[-1]}-12-31") - pd.Timestamp(f"{YEARS[0]}-01-01")).days + 1
    seconds = np.sort(generator.integers(0, days * 86_400, count))
    borough = stations["borough_name"].to_numpy()[at]
    frame = pd.DataFrame(
        {
            "called_at": (pd.Timestamp(f"{YEARS[0]}-01-01") + pd.to_timedelta(seconds, unit="s")).astype("datetime64[s]"),
            "proper_case": borough, "borough_name": borough, "station_ground": stations["station_name"].to_numpy()[at],
            "ward_code": np.char.add("E0500", (at * 6 + generator.integers(0, 6, count)).astype("str")), "ward_name": "Ward", "ward_name_new": "Ward",
        }
    )  # fmt: skip
    frame = frame.astype(dict.fromkeys([name for name in frame if name != "called_at"], "str"))
    frame["first_pump_attendance_seconds"] = pd.array(
        generator.gamma(6, 53, count).clip(0, 1_250).astype("int64"), "Int64"
    )
    second = pd.array(generator.gamma(6, 66, count).clip(0, 1_250).astype("int64"), "Int64")
    second[generator.random(count) > 0.37] = pd.NA
    frame["second_pump_attendance_seconds"] = second
    return frame, stations["station_name"]


def per_request(rows: Any, year: int | None) -> int:
    """The figures of the plain page by groupby: boroughs, hours × weekdays, hours, months; of all years for None."""
    chosen = rows if year is None else rows[rows["called_at"].dt.year == year]
    keys = [
        (chosen, chosen["proper_case"]),
        (chosen, [chosen["called_at"].dt.day_of_week, chosen["called_at"].dt.hour]),
        (chosen, chosen["called_at"].dt.hour),
        (rows, rows["called_at"].dt.to_period("M")),
    ]
    groups = 0
    for part, key in keys:
        seconds = part["seconds"].groupby(key)
        found = [seconds.size(), seconds.mean(), seconds.median(), seconds.quantile(0.9)]
        found += [part["seconds"].le(limit).groupby(key).mean() for limit in (360, 600)]
        groups += len(found[0])
    return groups


def timed(ask: Callable[[], Any], times: int) -> list[float]:
    found = []
    for _ in range(times):
        started = time.perf_counter()
        ask()
        found.append(time.perf_counter() - started)
    return found


def count_once(incidents: Any, stations: Any) -> dict[str, Any]:
    """Time, memory and size of counting all calls and writing the figures."""
    from pipeline.actions.count_response_times import count_response_times, figures_path
    from pipeline.storage.process import peak_memory_bytes, reset_peak_memory
    from pipeline.storage.response_times import write_figures

    resident = int(Path("/proc/self/statm").read_text().split()[1]) * 4096
    reset_peak_memory()
    started = time.perf_counter()
    counted = count_response_times(incidents, None, stations)
    counting = time.perf_counter() - started
    extra = peak_memory_bytes() - resident
    write_figures(counted.figures, counted.facts | {"is_sample": True, "sources_sha256": {}}, figures_path())
    return {
        "calls": len(incidents),
        "rows_counted": len(counted.figures),
        "file_bytes": figures_path().stat().st_size,
        "counting_seconds": counting,
        "counting_extra_bytes": extra,
    }


def ask_pages() -> tuple[dict[str, list[float]], list[float]]:
    """The seconds of each page, by question, and those of a workbook."""
    from django.test import Client

    client = Client(HTTP_HOST="localhost")
    client.get("/response-times")  # templates are read once
    pages = {}
    for question in QUESTIONS:
        name = " ".join(f"{key}={value}" for key, value in question.items()) or "as it opens"
        pages[name] = timed(lambda asked=question: client.get("/response-times", asked), REQUESTS)
    return pages, timed(lambda: client.get("/response-times.xlsx", {"by": "ward"}), 3)


def count_each_time(incidents: Any) -> dict[str, float]:
    """The median seconds of the baseline, by question."""
    rows = incidents[incidents["first_pump_attendance_seconds"].between(1, 1_200)]
    rows = rows.assign(seconds=rows["first_pump_attendance_seconds"].astype("float64"))
    return {
        words: statistics.median(timed(lambda asked=year: per_request(rows, asked), 3))
        for words, year in (("as it opens", YEARS[-1]), ("year=all", None))
    }


def run(count: int) -> dict[str, Any]:
    folder = tempfile.TemporaryDirectory(prefix="lfb-bench-")
    os.environ |= {"LFB_DATA_DIR": folder.name, "DJANGO_DEBUG": "1"}
    import django

    django.setup()
    from pipeline import response_times

    incidents, stations = make_calls(count)
    counted = count_once(incidents, list(stations))
    (first_read,) = timed(response_times.book, 1)
    pages, workbook = ask_pages()
    groupby = count_each_time(incidents)
    return {
        **counted,
        "first_read_seconds": first_read,
        "page_seconds": {
            name: {"median": statistics.median(found), "worst": max(found)} for name, found in pages.items()
        },
        "workbook_seconds": statistics.median(workbook),
        "groupby_seconds": groupby,
        "times_faster_than_groupby": {
            words: seconds / statistics.median(pages[words]) for words, seconds in groupby.items()
        },
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--quick", action="store_true", help="few calls, to see that it works")
    result = run(QUICK_CALLS if parser.parse_args().quick else CALLS)
    print(
        f"{result['calls']:,} calls counted in {result['counting_seconds']:.1f} s with {result['counting_extra_bytes'] / 1e6:,.0f} MB: "
        f"{result['rows_counted']:,} rows, {result['file_bytes'] / 1e6:.1f} MB; first read {result['first_read_seconds']:.2f} s"
    )
    for name, found in result["page_seconds"].items():
        print(f"page {name}: median {found['median'] * 1000:.0f} ms, worst {found['worst'] * 1000:.0f} ms")
    print(f"workbook of all wards: {result['workbook_seconds'] * 1000:.0f} ms")
    for words, seconds in result["groupby_seconds"].items():
        print(
            f"page {words}: {result['times_faster_than_groupby'][words]:.0f} × faster than the same figures by groupby "
            f"for each request, {seconds * 1000:,.0f} ms without drawing"
        )
    folder = ROOT / "benchmarks" / "results"
    folder.mkdir(exist_ok=True)
    (folder / "response_times.json").write_text(json.dumps(result, indent=1))


if __name__ == "__main__":
    main()
