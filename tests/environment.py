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
if "PYTEST_XDIST_WORKER" in os.environ and "REDIS_URL" in os.environ:  # gw0, gw1 …: each empties a database of its own
    _database = os.environ["PYTEST_XDIST_WORKER"].removeprefix("gw")
    os.environ["REDIS_URL"] = f"{os.environ['REDIS_URL'].rpartition('/')[0]}/{_database}"
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


def pytest_configure() -> None:
    from django.conf import settings

    # Said aloud, because pytest-django knows that it needs no name of its own for each process only by this name.
    for database in settings.DATABASES.values():
        if "sqlite3" in database["ENGINE"]:
            database.setdefault("TEST", {})["NAME"] = ":memory:"


def pytest_unconfigure() -> None:
    shutil.rmtree(_BASE, ignore_errors=True)
