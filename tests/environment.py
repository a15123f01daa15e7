"""Sets the environment before Django reads it: nothing of the developer's own data or settings is touched."""

import os
import shutil
import tempfile
from pathlib import Path

_BASE = Path(tempfile.mkdtemp(prefix="lfb-tests-"))
_KEPT = ("LFB_REAL_DATA_DIR", "DJANGO_SETTINGS_MODULE")

for _name in [name for name in os.environ if name.startswith(("LFB_", "DJANGO_")) and name not in _KEPT]:
    del os.environ[_name]
os.environ |= {
    "LFB_DATA_DIR": str(_BASE / "data"),
    "LFB_MODEL_DIR": str(_BASE / "models"),
    "LFB_LOG_DIR": str(_BASE / "logs"),
    "DJANGO_STATIC_ROOT": str(_BASE / "static"),
    "DJANGO_DEBUG": "1",
    "LFB_CODE_VERSION": "test",
}
(_BASE / "static").mkdir()


def pytest_unconfigure() -> None:
    shutil.rmtree(_BASE, ignore_errors=True)
