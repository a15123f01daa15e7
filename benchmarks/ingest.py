"""Measures reading, validating and storing the published files, on generated data: time and memory a row, and limits.

Each measurement runs in a process of its own, so that its peak memory is its own. `--quick` takes small files.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

import pandas as pd  # noqa: E402
import pyarrow as pa  # noqa: E402
import pyarrow.csv  # noqa: E402
from openpyxl import Workbook  # noqa: E402

from pipeline.core.columns import columns_of, published_names  # noqa: E402
from pipeline.core.sample import SampleParams, sample_chunks  # noqa: E402
from pipeline.core.validate import Validator  # noqa: E402
from pipeline.storage.process import peak_memory_bytes, reset_peak_memory  # noqa: E402
from pipeline.storage.readers import read_table  # noqa: E402
from pipeline.storage.tables import RejectsWriter, TableWriter  # noqa: E402

YEARS = tuple(range(2016, 2026))
WARM_UP_ROWS = 2_000
FLAT_WITHIN = 1.2
FULL = {"runs": {100_000: 5, 1_000_000: 3, 3_000_000: 2}, "workbook_rows": 700_000, "compared_rows": 50_000}
QUICK = {"runs": {20_000: 1, 60_000: 1}, "workbook_rows": 20_000, "compared_rows": 5_000}
LIMITS_MB = {"workbook": 3_000, "csv": 1_500}
WORKBOOK_RATIO = 8.0


def stations() -> pd.DataFrame:
    path = ROOT / "pipeline" / "reference" / "stations.csv"
    return pd.read_csv(path, parse_dates=["closed"]).astype({"station_name": "str"})


def incident_chunks(rows: int) -> Iterator[pd.DataFrame]:
    for incidents, _ in sample_chunks(SampleParams(rows, YEARS), stations()):
        yield incidents


def make_csv(path: Path, rows: int) -> None:
    """As the publisher writes it: text cells, NULL for what is missing."""
    schema = pa.schema([(name, pa.large_string()) for name in published_names("incident")])
    with pyarrow.csv.CSVWriter(path, schema) as writer:
        for chunk in incident_chunks(rows):
            writer.write(pa.Table.from_pandas(chunk.fillna("NULL"), schema=schema, preserve_index=False))


def make_workbook(path: Path, rows: int) -> None:
    """As the publisher's workbooks: real dates, times and numbers, empty cells for what is missing."""
    book = Workbook(write_only=True)
    sheet = book.create_sheet("Sheet1")
    sheet.append(published_names("incident"))
    for chunk in incident_chunks(rows):
        for row in _workbook_cells(chunk).itertuples(index=False, name=None):
            sheet.append(row)
    book.save(path)


def _workbook_cells(chunk: pd.DataFrame) -> pd.DataFrame:
    cells = {}
    for column in columns_of("incident"):
        text = chunk[column.published]
        if column.kind in ("integer", "number"):
            values = pd.to_numeric(text).astype(object)
        elif column.kind == "date":
            values = pd.Series(
                pd.to_datetime(text, format="%Y-%m-%d").dt.to_pydatetime(), index=text.index, dtype=object
            )
        elif column.kind == "time":
            values = pd.to_datetime(text, format="%H:%M:%S").dt.time
        else:
            values = text.astype(object)
        cells[column.published] = values.where(text.notna(), None)
    return pd.DataFrame(cells, dtype=object)


def ingest(path: Path, folder: Path) -> dict[str, int]:
    """Read, validate and write one incident file, as the step does."""
    validator = Validator("incident", stations()["station_name"].tolist())
    with (
        RejectsWriter(folder / "rejects.csv", "incident") as rejected,
        TableWriter(folder / "out.csv", folder / "out.parquet", columns_of("incident")) as writer,
    ):
        for chunk in read_table(path):
            checked = validator.check(chunk)
            writer.write(checked.frame)
            rejected.write(checked.rejects)
    return {"rows": validator.rows_read, "kept": validator.rows_kept, "rejected": validator.rows_rejected}


def read_only(path: Path, folder: Path) -> dict[str, int]:
    return {"rows": sum(len(chunk.frame) for chunk in read_table(path))}


def read_with_openpyxl(path: Path, folder: Path) -> dict[str, int]:
    return {"rows": len(pd.read_excel(path, engine="openpyxl"))}


WORK: dict[str, Callable[[Path, Path], dict[str, int]]] = {
    "ingest": ingest, "read_only": read_only, "read_with_openpyxl": read_with_openpyxl,
}  # fmt: skip


def work_alone(work: str, path: Path, warm_up: Path) -> dict[str, Any]:
    """Run in the child: what is loaded and built once does not count as cost of rows, so a small file goes first."""
    with tempfile.TemporaryDirectory(dir=path.parent) as folder:
        WORK[work](warm_up, Path(folder))
        reset_peak_memory()
        before, started, used = peak_memory_bytes(), time.perf_counter(), time.process_time()
        counts = WORK[work](path, Path(folder))
        seconds, cpu_seconds = time.perf_counter() - started, time.process_time() - used
    peak = peak_memory_bytes()
    return counts | {
        "seconds": seconds,
        "cpu_seconds": cpu_seconds,
        "peak_mb": peak / 1e6,
        "above_start_mb": (peak - before) / 1e6,
    }


def measure(work: str, path: Path, warm_up: Path) -> dict[str, Any]:
    command = [sys.executable, __file__, "--worker", work, str(path), str(warm_up)]
    done = subprocess.run(command, check=True, capture_output=True, text=True, cwd=ROOT)
    result: dict[str, Any] = json.loads(done.stdout)
    result["microseconds_a_row"] = result["seconds"] / result["rows"] * 1e6
    result["above_start_bytes_a_row"] = result["above_start_mb"] / result["rows"] * 1e6
    return result


def measure_csv(folder: Path, runs: dict[int, int]) -> list[dict[str, Any]]:
    """`runs` measurements of each number of rows, taken in turns, so that other work on the machine falls on all alike."""
    warm_up = folder / "warm_up.csv"
    make_csv(warm_up, WARM_UP_ROWS)
    for rows in runs:
        make_csv(folder / f"{rows}.csv", rows)
    taken: dict[int, list[dict[str, Any]]] = {rows: [] for rows in runs}
    for turn in range(max(runs.values())):
        for rows in (rows for rows, wanted in runs.items() if turn < wanted):
            taken[rows].append(measure("ingest", folder / f"{rows}.csv", warm_up))
    results = [_best(taken[rows]) for rows in runs]
    for rows, result in zip(runs, results, strict=True):
        show(f"CSV, {rows:,} rows", result)
        (folder / f"{rows}.csv").unlink()
    return results


def _best(taken: list[dict[str, Any]]) -> dict[str, Any]:
    """The fastest, since other work on the machine only ever adds time; with the highest memory of all, and every time."""
    best = min(taken, key=lambda run: run["seconds"])
    memory = {
        name: max(run[name] for run in taken) for name in ("peak_mb", "above_start_mb", "above_start_bytes_a_row")
    }
    return best | memory | {"all_seconds": [run["seconds"] for run in taken]}


def measure_workbook(folder: Path, rows: int) -> dict[str, Any]:
    warm_up, path = folder / "warm_up.xlsx", folder / "incidents.xlsx"
    make_workbook(warm_up, WARM_UP_ROWS)
    make_workbook(path, rows)
    result = measure("ingest", path, warm_up)
    show(f"workbook, {rows:,} rows × 39 columns", result)
    path.unlink()
    return result


def compare_workbook_reading(folder: Path, rows: int) -> dict[str, Any]:
    warm_up, path = folder / "warm_up.xlsx", folder / "compared.xlsx"
    make_workbook(path, rows)
    ours, theirs = (measure(work, path, warm_up) for work in ("read_only", "read_with_openpyxl"))
    show(f"workbook reading, {rows:,} rows, this project", ours)
    show(f"workbook reading, {rows:,} rows, pandas with openpyxl", theirs)
    return {"this_project": ours, "pandas_openpyxl": theirs, "ratio": theirs["seconds"] / ours["seconds"]}


def show(what: str, result: dict[str, Any]) -> None:
    print(
        f"{what}: {result['seconds']:.1f} s, {result['microseconds_a_row']:.1f} µs a row ({result['cpu_seconds']:.1f} s of CPU), "
        f"peak {result['peak_mb']:,.0f} MB ({result['above_start_mb']:,.0f} MB above the start)",
        flush=True,
    )


def verdicts(report: dict[str, Any]) -> dict[str, dict[str, Any]]:
    """Each claim with its figure, its bound, and whether it holds."""
    csv = report["csv"]
    a_row = [run["microseconds_a_row"] for run in csv]
    # Reading in chunks, memory should not grow with the rows at all; growth in proportion would keep it flat a row.
    growth = csv[-1]["above_start_mb"] / csv[-2]["above_start_mb"]
    bounds = [
        ("time a row, slowest size to fastest", max(a_row) / min(a_row), FLAT_WITHIN, "at most"),
        ("memory above the start, largest size to the one before", growth, FLAT_WITHIN, "at most"),
        ("peak MB, largest CSV", csv[-1]["peak_mb"], LIMITS_MB["csv"], "at most"),
        ("peak MB, workbook", report["workbook"]["peak_mb"], LIMITS_MB["workbook"], "at most"),
        (
            "workbook reading, times faster than pandas with openpyxl",
            report["reading"]["ratio"],
            WORKBOOK_RATIO,
            "at least",
        ),
    ]
    return {
        name: {"figure": round(figure, 3), "bound": bound, "wanted": wanted,
               "holds": figure <= bound if wanted == "at most" else figure >= bound}
        for name, figure, bound, wanted in bounds
    }  # fmt: skip


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--quick", action="store_true", help="small files: does it run, not what it costs")
    parser.add_argument(
        "--folder", type=Path, help="where the generated files go for a while (default: a temporary folder)"
    )
    parser.add_argument("--worker", nargs=3, metavar=("WORK", "PATH", "WARM_UP"), help=argparse.SUPPRESS)
    given = parser.parse_args()
    if given.worker:
        work, path, warm_up = given.worker
        print(json.dumps(work_alone(work, Path(path), Path(warm_up))))
        return 0
    plan = QUICK if given.quick else FULL
    with tempfile.TemporaryDirectory(prefix="lfb-bench-", dir=given.folder) as name:
        folder = Path(name)
        report: dict[str, Any] = {
            "made": datetime.now(UTC).isoformat(timespec="seconds"), "quick": given.quick,
            "python": platform.python_version(), "processors": os.cpu_count(),
            "csv": measure_csv(folder, plan["runs"]),
            "workbook": measure_workbook(folder, plan["workbook_rows"]),
            "reading": compare_workbook_reading(folder, plan["compared_rows"]),
        }  # fmt: skip
    # Small files are smaller than a chunk and as short as the noise: they are measured, not judged.
    report["verdicts"] = {} if given.quick else verdicts(report)
    for what, verdict in report["verdicts"].items():
        held, wanted = "holds" if verdict["holds"] else "FAILS", f"{verdict['wanted']} {verdict['bound']}"
        print(f"{held}: {what}: {verdict['figure']} ({wanted})")
    results = ROOT / "benchmarks" / "results"
    results.mkdir(exist_ok=True)
    (results / ("ingest_quick.json" if given.quick else "ingest.json")).write_text(json.dumps(report, indent=2) + "\n")
    return 0 if all(verdict["holds"] for verdict in report["verdicts"].values()) else 1


if __name__ == "__main__":
    sys.exit(main())
