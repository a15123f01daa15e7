"""What stands behind an output: the run that wrote it, the files it was made from, and whether they are sample data."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from pipeline.core.results import FileRecord


def manifest_of(path: Path) -> Path:
    """Where the manifest of an output lies: `incident_data.csv` → `incident_data.manifest.json`."""
    return path.with_suffix(".manifest.json")


def write_manifest(
    path: Path, *, run_id: int, is_sample: bool, inputs: Sequence[FileRecord], facts: dict[str, Any] | None = None
) -> None:
    """Write the manifest to `path`, which the caller has staged."""
    content = {
        "run": run_id,
        "is_sample": is_sample,
        "inputs": [record.as_dict() for record in inputs],
        **(facts or {}),
    }
    path.write_text(json.dumps(content, indent=1, sort_keys=True))


def read_manifest(output: Path) -> dict[str, Any]:
    """The manifest of an output; empty where there is none, as for a file that somebody brought along."""
    try:
        content = json.loads(manifest_of(output).read_text())
    except (OSError, ValueError):
        return {}
    return content if isinstance(content, dict) else {}
