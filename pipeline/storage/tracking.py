"""MLflow behind two verbs, each in a process of its own that ends in time: track versions, fetch the files of one."""

from __future__ import annotations

import json
import os
import re
import signal
import sqlite3
import subprocess
import sys
import tempfile
from collections.abc import Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from pipeline.core.errors import TrackingError
from pipeline.core.wording import readable_duration

MODEL_NAME = "lfb-attendance-time"
# Nothing is sent to anybody but the server that was named, and that one is not waited for long.
QUIET = (
    "MLFLOW_DISABLE_TELEMETRY=true", "DO_NOT_TRACK=true", "MLFLOW_HTTP_REQUEST_TIMEOUT=10",
    "MLFLOW_HTTP_REQUEST_MAX_RETRIES=1", "MLFLOW_ENABLE_ARTIFACTS_PROGRESS_BAR=false",
    "GIT_PYTHON_REFRESH=quiet", "OMP_NUM_THREADS=1", "PYTHONWARNINGS=ignore",
)  # fmt: skip


@dataclass(frozen=True)
class Store:
    """Where MLflow keeps its records: the folder of our own SQLite store, or a server's address."""

    uri: str
    experiment: str
    folder: Path
    timeout_seconds: float

    @property
    def is_local(self) -> bool:
        return self.uri.startswith("sqlite:")

    @property
    def shown(self) -> str:
        """The address as it may be shown: without the password that it may hold."""
        return "the local store" if self.is_local else re.sub(r"//[^/@\s]*@", "//…@", self.uri)


@dataclass
class Tracked:
    """What MLflow holds after an order: version number → MLflow's run and version; and why the rest is missing."""

    versions: dict[int, tuple[str, int]] = field(default_factory=dict)
    error: str = ""


def track(store: Store, versions: Sequence[Mapping[str, Any]], aliases: Mapping[str, int | None]) -> Tracked:
    """Bring `versions` into MLflow where they are not, and set the aliases: name → number of a version.

    Never raises for what MLflow does or fails to do. One process at a time: a fresh store must not be made by two.
    """
    found = Tracked()
    for line in _order(store, {"do": "track", "versions": list(versions), "aliases": dict(aliases)}):
        if "number" in line:
            found.versions[line["number"]] = (line["run_id"], line["model_version"])
        found.error = found.error or line.get("error", "")
    return found


def fetch(store: Store, run_id: str, names: Sequence[str], folder: Path) -> None:
    """Copy the named files of a tracked version into `folder`. Raises TrackingError."""
    for line in _order(store, {"do": "fetch", "run_id": run_id, "names": list(names), "folder": str(folder)}):
        if "error" in line:
            raise TrackingError(
                f"The files of the registered version could not be fetched from MLflow: {line['error']}."
            )


def _order(store: Store, order: dict[str, Any]) -> list[dict[str, Any]]:
    """What the client answered, line by line; the last line is an error where it did not come to its end."""
    if store.is_local and (fault := _fault_of(store)):
        return [{"error": fault}]
    order |= {
        "uri": store.uri,
        "experiment": store.experiment,
        "model_name": MODEL_NAME,
        "artifact_location": (store.folder / "artifacts").as_uri() if store.is_local else None,
    }
    root = Path(__file__).resolve().parents[2]
    with tempfile.TemporaryDirectory() as workplace:  # MLflow leaves folders where it stands
        process = subprocess.Popen(  # noqa: S603
            ["/usr/bin/env", *QUIET, f"PYTHONPATH={root}", sys.executable, "-m", "pipeline.storage.mlflow_client"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            cwd=workplace,
            text=True,
            start_new_session=True,
        )
        try:
            output, _ = process.communicate(json.dumps(order), timeout=store.timeout_seconds)
        except subprocess.TimeoutExpired:
            os.killpg(process.pid, signal.SIGKILL)
            output, _ = process.communicate()
            late = f"it did not answer within {readable_duration(store.timeout_seconds)}"
            return [*_lines(output), {"error": late}]
    lines = _lines(output)
    if not any("done" in line or "error" in line for line in lines):
        lines.append({"error": f"its client ended with status {process.returncode}"})
    return lines


def _fault_of(store: Store) -> str:
    """What is wrong with the local store; its folder is made. MLflow itself tries a broken file again for minutes."""
    file = Path(store.uri.removeprefix("sqlite:///"))
    store.folder.mkdir(parents=True, exist_ok=True)
    file.parent.mkdir(parents=True, exist_ok=True)
    if not file.exists():
        return ""
    try:
        with closing(sqlite3.connect(file, timeout=store.timeout_seconds)) as database:
            ((found,),) = database.execute("PRAGMA quick_check(1)").fetchall()
    except sqlite3.Error as error:
        found = str(error)
    return (
        ""
        if found == "ok"
        else f"its store {file.name} is damaged ({found}): move it away, a new one is filled by itself"
    )


def _lines(output: str) -> list[dict[str, Any]]:
    """JSON lines; what a library may have printed between them is passed over."""
    return [json.loads(line) for line in output.splitlines() if line.startswith("{") and line.endswith("}")]
