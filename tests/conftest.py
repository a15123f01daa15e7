"""What all tests share: folders of their own, and small worlds to start from."""

from __future__ import annotations

import os
import tempfile
from pathlib import Path

# Before Django reads its settings: nothing of the developer's own data or environment is touched.
_BASE = Path(tempfile.mkdtemp(prefix="lfb-tests-"))
for _name in [
    name
    for name in os.environ
    if name.startswith(("LFB_", "DJANGO_")) and name not in ("LFB_REAL_DATA_DIR", "DJANGO_SETTINGS_MODULE")
]:
    del os.environ[_name]
os.environ |= {
    "LFB_DATA_DIR": str(_BASE / "data"),
    "LFB_MODEL_DIR": str(_BASE / "models"),
    "LFB_LOG_DIR": str(_BASE / "logs"),
    "DJANGO_DEBUG": "1",
    "LFB_CODE_VERSION": "test",
}  # fmt: skip

import pandas as pd  # noqa: E402
import pytest  # noqa: E402

from pipeline.models import Trigger  # noqa: E402
from tests.http_server import PublisherServer  # noqa: E402
from tests.real_data import real_data_dir  # noqa: E402


@pytest.fixture(autouse=True)
def folders(settings, tmp_path):
    """Every test has data, reference and model folders of its own, and no sources that lead outside."""
    for name in ("data", "models"):
        (tmp_path / name).mkdir()
    settings.LFB_DATA_DIR = tmp_path / "data"
    settings.LFB_REFERENCE_DIR = tmp_path / "data" / "ref"
    settings.LFB_MODEL_DIR = tmp_path / "models"
    settings.LFB_INCIDENT_SOURCES = ()
    settings.LFB_MOBILISATION_SOURCES = ()
    settings.LFB_YEARS = ()
    return tmp_path


@pytest.fixture(scope="session")
def stations() -> pd.DataFrame:
    """The shipped stations as the core wants them."""
    path = Path(__file__).resolve().parent.parent / "pipeline" / "reference" / "stations.csv"
    return pd.read_csv(path, parse_dates=["closed"]).astype({"station_name": "str"})


@pytest.fixture()
def publisher():
    """A publisher on this machine that can misbehave."""
    with PublisherServer() as server:
        yield server


@pytest.fixture()
def real_data() -> Path:
    folder = real_data_dir()
    if folder is None:
        pytest.skip("the real files are not here")  # they are not part of the project
    return folder


@pytest.fixture()
def start(db):
    """Start a step as a command does; the run comes back."""
    from pipeline import runs

    def _start(step: str, **given):
        return runs.start(step, given, by_name="tester", trigger=Trigger.COMMAND)

    return _start


@pytest.fixture()
def sample_sources(start, settings):
    """A small pair of generated files, set as the sources."""

    def _make(incidents: int = 3_000, **given):
        run = start("make_sample_data", incidents=incidents, years=(2023,), **given)
        assert run.status == "succeeded", run.error_message
        settings.LFB_INCIDENT_SOURCES, settings.LFB_MOBILISATION_SOURCES = ((output["path"],) for output in run.outputs)
        return run

    return _make


@pytest.fixture()
def trained(start, sample_sources):
    """A site with a model in use, trained on a small sample."""
    sample_sources()
    for step in ("process_data", "build_features", "train_model"):
        run = start(step)
        assert run.status == "succeeded", f"{run.error_code}: {run.error_message}"
    return run
