"""Where the real published files lie, for the tests that can use them."""

import os
from pathlib import Path

PROJECT_ROOT = Path(__file__).resolve().parent.parent


def real_data_dir() -> Path | None:
    """The folder of real files: LFB_REAL_DATA_DIR, else the sibling folder; None where there is none."""
    named = os.environ.get("LFB_REAL_DATA_DIR")
    folder = Path(named) if named else PROJECT_ROOT.parent / "shared" / "data"
    return folder if folder.is_dir() else None
