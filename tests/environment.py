"""Sets the environment before Django reads it: nothing of the developer's own data or settings is touched."""

import os
import shutil
import tempfile
from pathlib import Path

_BASE = Path(tempfile.mkdtemp(prefix="lfb-tests-"))
_KEPT = ("LFB_REAL_DATA_DIR", "LFB_TEST_", "DJANGO_SETTINGS_MODULE")
_CLEARED = ("LFB_", "DJANGO_", "DATABASE_URL", "REDIS_URL", "MLFLOW_", "PUSHGATEWAY_")

for _name in [name for name in os.environ if name.startswith(_CLEARED) and not name.startswith(_KEPT)]:
    del os.environ[_name]
# The tests run on these where they are named, and on SQLite and a broker of their own where they are not.
for _name in ("DATABASE_URL", "REDIS_URL"):
    if _url := os.environ.get(f"LFB_TEST_{_name}"):
        os.environ[_name] = _url
os.environ |= {
    "LFB_DATA_DIR": str(_BASE / "data"),
    "LFB_MODEL_DIR": str(_BASE / "models"),
    "LFB_LOG_DIR": str(_BASE / "logs"),
    "DJANGO_STATIC_ROOT": str(_BASE / "static"),
    "DJANGO_DEBUG": "1",
    "LFB_CODE_VERSION": "test",
    "MLFLOW_ENABLED": "0",  # each training would wait for it; the tests of tracking switch it on
}
(_BASE / "static").mkdir()


def pytest_unconfigure() -> None:
    shutil.rmtree(_BASE, ignore_errors=True)
