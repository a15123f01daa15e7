"""Where the real published files lie, for the tests that can use them."""

import os
from pathlib import Path

PROJECT_ROOT = Path(__file__).resolve().parent.parent
KNOWN_BY = "incidents_2023_sample_a.csv.gz"


def real_data_dir() -> Path | None:
    """The folder that LFB_REAL_DATA_DIR names, else one beside the project that holds them; None where there is none."""
    named = os.environ.get("LFB_REAL_DATA_DIR")
    if named:
        return Path(named) if Path(named).is_dir() else None
    return next((found.parent for found in sorted(PROJECT_ROOT.parent.glob(f"*/data/{KNOWN_BY}"))), None)
